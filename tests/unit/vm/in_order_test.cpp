// Work on one thing is done piece by piece, on different things at once.
#include "vm/in_order.hpp"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "support/fake_loop.hpp"

namespace apiary {
namespace {

// Its pool works when the test says so.
class SlowLoop : public test::FakeLoop {
public:
    void offload(Callback work, Callback done) override { held.emplace_back(std::move(work), std::move(done)); }
    void work_on(std::size_t index) {
        auto const [work, done] = std::move(held.at(index));
        held.erase(held.begin() + static_cast<std::ptrdiff_t>(index));
        work();
        post(done);
        run_ready();
    }
    std::vector<std::pair<Callback, Callback>> held;
};

class InOrderTest : public testing::Test {
protected:
    void add(std::string const& key, std::string const& name) {
        in_order_.offload(
            key, [this, name] { seen_ += name + ' '; }, [this, name] { seen_ += name + "-done "; });
    }
    SlowLoop loop_;
    InOrder in_order_{loop_};
    std::string seen_;
};

TEST_F(InOrderTest, ThePiecesOfOneThingFollowEachOther) {
    add("web", "make");
    add("web", "remove");
    add("web", "make-again");
    ASSERT_EQ(loop_.held.size(), 1U);
    loop_.work_on(0);
    ASSERT_EQ(loop_.held.size(), 1U);
    loop_.work_on(0);
    loop_.work_on(0);
    EXPECT_TRUE(loop_.held.empty());
    EXPECT_EQ(seen_, "make make-done remove remove-done make-again make-again-done ");
}

TEST_F(InOrderTest, DifferentThingsDoNotWaitForEachOther) {
    add("web", "slow");
    add("db", "quick");
    ASSERT_EQ(loop_.held.size(), 2U);
    loop_.work_on(1);
    EXPECT_EQ(seen_, "quick quick-done ");
    add("db", "next");
    ASSERT_EQ(loop_.held.size(), 2U);
    loop_.work_on(1);
    loop_.work_on(0);
    EXPECT_EQ(seen_, "quick quick-done next next-done slow slow-done ");
}

TEST_F(InOrderTest, MayGoWhileSomethingWaits) {
    {
        InOrder brief{loop_};
        brief.offload(
            "x", [] {}, [this] { seen_ += "first "; });
        brief.offload(
            "x", [] {}, [this] { seen_ += "second "; });
    }
    loop_.work_on(0);
    loop_.work_on(0);
    EXPECT_EQ(seen_, "first second ");
}

}  // namespace
}  // namespace apiary
