// What becomes of children at the end of who has begun them.
#include "supervision/children.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>

#include <cerrno>
#include <csignal>

#include "support/fake_loop.hpp"

namespace apiary::supervision {
namespace {

TEST(ChildrenAtTheEnd, AreReapedWhenTheyHaveEndedByThemselves) {
    test::FakeLoop loop;
    pid_t child = 0;
    {
        Children children{loop, std::chrono::minutes{5}};
        child = children.spawn("/bin/sleep", {"sleep", "0.8"}, UniqueFd{::open("/dev/null", O_RDONLY | O_CLOEXEC)});
        ASSERT_GT(child, 0);
        EXPECT_EQ(children.count(), 1U);
    }
    EXPECT_EQ(::kill(child, 0), -1) << "it would be a dead child of the program that follows";
    EXPECT_EQ(errno, ESRCH);
}

}  // namespace
}  // namespace apiary::supervision
