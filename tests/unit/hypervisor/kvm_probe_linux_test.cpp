// The KVM probe, with scripts in QEMU's place.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <optional>

#include "hypervisor/kvm_probe.hpp"
#include "support/fake_loop.hpp"
#include "unit/hypervisor/helpers.hpp"

namespace apiary::hypervisor {
namespace {

class KvmProbeTest : public testing::Test {
protected:
    KvmProbeTest() {
        if (::access("/dev/kvm", F_OK) != 0) {
            answers_without_device = true;
        }
    }

    // `script` runs with the monitor as descriptor 3.
    void provide_qemu(std::string const& script) const {
        std::ofstream{qemu} << "#!/bin/sh\necho ran >> " << folder.path() << "/runs\n" << script << "\n";
        ASSERT_EQ(::chmod(qemu.c_str(), 0700), 0);
    }
    auto runs() const -> long {
        std::ifstream file{folder.path() + "/runs"};
        return std::count(std::istreambuf_iterator<char>{file}, {}, '\n');
    }
    // The process is real, so it is waited for; the clock of the loop stands meanwhile.
    auto wait(std::optional<KvmAnswer> const& answer) -> bool {
        for (int rounds = 0; rounds < 5000 && !answer; ++rounds) {
            loop.run_ready();
            ::poll(nullptr, 0, 1);
        }
        return answer.has_value();
    }
    auto ask() -> bool {
        auto const probe = make_kvm_probe(loop, qemu, folder.path());
        std::optional<KvmAnswer> answer;
        probe->ask([&](KvmAnswer found) { answer = found; });
        EXPECT_FALSE(answer);
        EXPECT_TRUE(wait(answer));
        loop.run_ready();
        return answer && answer->works;
    }

    test::FakeLoop loop;
    test::TemporaryFolder folder;
    std::string qemu = folder.path() + "/qemu";
    bool answers_without_device = false;
};

constexpr auto greet_and_count = R"(printf '{"QMP": {}}\n' >&3; read line <&3; read line <&3; exit 85)";

TEST_F(KvmProbeTest, AGuestThatCountsIsAYesAndIsKept) {
    provide_qemu(greet_and_count);
    EXPECT_EQ(ask(), !answers_without_device);
    EXPECT_EQ(ask(), !answers_without_device);
    EXPECT_EQ(runs(), answers_without_device ? 0 : 1);
}

TEST_F(KvmProbeTest, AnotherQemuIsAskedAnew) {
    if (answers_without_device) {
        GTEST_SKIP() << "no /dev/kvm";
    }
    provide_qemu("exit 134");
    EXPECT_FALSE(ask());
    EXPECT_FALSE(ask());
    EXPECT_EQ(runs(), 1);
    provide_qemu(greet_and_count);
    EXPECT_TRUE(ask());
    EXPECT_EQ(runs(), 2);
}

TEST_F(KvmProbeTest, AGreetingIsNotEnough) {
    if (answers_without_device) {
        GTEST_SKIP() << "no /dev/kvm";
    }
    // A guest that stands still: the answer comes with the deadline, and the process is killed.
    provide_qemu(R"(printf '{"QMP": {}}\n' >&3; read line <&3; read line <&3; echo $$ > )" + folder.path() +
                 R"(/pid; exec sleep 1000)");
    auto const probe = make_kvm_probe(loop, qemu, folder.path());
    std::optional<KvmAnswer> answer;
    probe->ask([&](KvmAnswer found) { answer = found; });
    std::optional<KvmAnswer> second;
    probe->ask([&](KvmAnswer found) { second = found; });
    while (::access((folder.path() + "/pid").c_str(), F_OK) != 0) {
        loop.run_ready();
        ::poll(nullptr, 0, 1);
    }
    EXPECT_FALSE(answer);
    loop.advance(std::chrono::seconds{1});
    ASSERT_TRUE(answer && second);
    EXPECT_FALSE(answer->works);
    EXPECT_EQ(runs(), 1);
}

TEST_F(KvmProbeTest, NoQemuIsANo) {
    EXPECT_FALSE(ask());
}

}  // namespace
}  // namespace apiary::hypervisor
