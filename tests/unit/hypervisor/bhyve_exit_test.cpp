#include "hypervisor/bhyve_exit.hpp"

#include <gtest/gtest.h>
#include <sysexits.h>

#include <csignal>

#include "unit/hypervisor/helpers.hpp"

namespace apiary::hypervisor {
namespace {

auto after(int status) -> Reason {
    return bhyve_end({.known = true, .value = status}).reason;
}

TEST(BhyveExit, EachStatusHasItsReason) {
    EXPECT_EQ(after(0), Reason::guest_reboot);
    EXPECT_EQ(after(1), Reason::guest_poweroff);
    EXPECT_EQ(after(2), Reason::guest_halt);
    EXPECT_EQ(after(3), Reason::triple_fault);
    for (int const status : {4, 5, EX_USAGE, EX_SOFTWARE, EX_OSERR, 100, 255}) {
        EXPECT_EQ(after(status), Reason::error) << status;
        EXPECT_TRUE(test::holds(bhyve_end({.known = true, .value = status}).text, std::to_string(status)));
    }
}

TEST(BhyveExit, Signals) {
    for (int const signal : {SIGKILL, SIGABRT, SIGSEGV}) {
        auto const end = bhyve_end({.known = true, .signaled = true, .value = signal});
        EXPECT_EQ(end.reason, Reason::killed);
        EXPECT_TRUE(test::holds(end.text, "signal " + std::to_string(signal)));
    }
}

TEST(BhyveExit, NotSeen) {
    EXPECT_EQ(bhyve_end({}).reason, Reason::unknown);
}

}  // namespace
}  // namespace apiary::hypervisor
