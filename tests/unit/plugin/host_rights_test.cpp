// What a plugin's process may do.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <pwd.h>

#include <string>

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
