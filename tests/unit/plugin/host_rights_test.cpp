// What a plugin's process may do.
#include <gmock/gmock.h>
#include <grp.h>
#include <gtest/gtest.h>
#include <pwd.h>
#include <sched.h>
#include <sys/prctl.h>

#include <functional>
#include <string>

#include "plugin/host/rights.hpp"
#include "unit/plugin/host_fixture.hpp"

namespace apiary::plugin {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;

struct HostRights : HostFixture {
    void SetUp() override {
        if (::getuid() != 0) {
            GTEST_SKIP() << "only root can give rights up";
        }
    }
    auto rights(Json hello) -> std::vector<std::string> {
        serve("probe", std::move(hello));
        call("prestart", {{"rights", {}}});
        return host.logged();
    }
};

TEST_F(HostRights, AreTheDaemonsUnlessItDeclaresAUser) {
    EXPECT_THAT(rights({}), Contains(HasSubstr("uid 0 gid 0")));
    EXPECT_THAT(host.logged(), Contains(HasSubstr("NoNewPrivs:\t0")));
}

TEST_F(HostRights, AreThoseOfItsUser) {
    auto const* const nobody = ::getpwnam("nobody");
    ASSERT_NE(nobody, nullptr);
    auto const told = rights({{"user", "nobody"}});
    EXPECT_THAT(told, Contains("uid " + std::to_string(nobody->pw_uid) + " gid " + std::to_string(nobody->pw_gid) +
                               " groups " + std::to_string(nobody->pw_gid)));
    EXPECT_THAT(told, Contains("CapEff:\t0000000000000000 CapAmb:\t0000000000000000 NoNewPrivs:\t1"));
}

TEST_F(HostRights, KeepNamedCapabilities) {
    auto const told = rights({{"user", "nobody"}, {"capabilities", {"net_admin", "chown"}}});
    EXPECT_THAT(told, Contains("CapEff:\t0000000000001001 CapAmb:\t0000000000001001 NoNewPrivs:\t1"));
    // Programs that it runs have them too.
    call("prestart", {{"run", {"/bin/grep", "CapEff", "/proc/self/status"}}});
    EXPECT_THAT(host.logged(), Contains("out: CapEff:\t0000000000001001"));
}

TEST_F(HostRights, AreWithoutNetwork) {
    EXPECT_THAT(rights({{"no_network", true}, {"user", "nobody"}}), Contains("interfaces lo"));
    EXPECT_EQ(host.logged().back(), "interfaces lo");
}

// In a process of its own, for there is no way back. What it gives is the exit status of that.
auto as_other(std::function<int()> const& what) -> int {
    pid_t const pid = ::fork();
    if (pid == 0) {
        constexpr unsigned other = 12345;  // nobody's own number is that of users who are not known, too
        bool const done = ::setgroups(0, nullptr) == 0 && ::setgid(other) == 0 && ::setuid(other) == 0 &&
                          ::prctl(PR_SET_DUMPABLE, 1) == 0;  // as a process is that was never root
        ::_exit(done ? what() : 99);
    }
    int status = -1;
    ::waitpid(pid, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

TEST_F(HostRights, OfOthersThanRootStayTheirsWithoutNetwork) {
    if (as_other([] { return ::unshare(CLONE_NEWUSER | CLONE_NEWNET) == 0 ? 0 : 1; }) != 0) {
        GTEST_SKIP() << "a user cannot leave the network here";
    }
    EXPECT_EQ(as_other([] {
                  auto const uid = ::getuid();
                  auto const gid = ::getgid();
                  if (!host::leave_network().empty()) {
                      return 1;
                  }
                  struct stat own {};
                  bool const same = ::getuid() == uid && ::getgid() == gid;
                  return same && ::stat("/proc/self", &own) == 0 && own.st_uid == uid ? 0 : 2;
              }),
              0);
}

TEST_F(HostRights, ThatCannotBeHadAreTold) {
    auto const fault = [&](Json const& hello) {
        HostProcess one;
        one.begin("serve", "probe", hello);
        auto const frame = one.wait_for({"failed"});
        return frame ? text_of(frame->body, "text") : std::string{};
    };
    EXPECT_THAT(fault({{"user", "no-such-user"}}),
                HasSubstr("the account no-such-user, which it wants to run as, is not there"));
    EXPECT_THAT(fault({{"user", "nobody"}, {"capabilities", {"fly"}}}), HasSubstr("no capability fly"));
    EXPECT_THAT(fault({{"state", "/nonexistent"}}), HasSubstr("/nonexistent/lock: No such file"));
}

}  // namespace
}  // namespace apiary::plugin
