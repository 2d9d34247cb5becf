// What the plugin avahi publishes, and of what it says why it does not.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "plugins/avahi/service.hpp"

namespace apiary::avahi {
namespace {

using ::testing::HasSubstr;

auto nobody(std::string const&) -> std::optional<std::string> {
    ADD_FAILURE() << "nobody is to be asked";
    return std::nullopt;
}

auto reach(std::string const& listen, Resolve const& resolve = nobody) -> std::variant<Reach, std::string> {
    return reach_of({.listen = listen, .port = 5901, .path = {}}, resolve);
}

auto reached(Family family, std::string const& address = {}) -> std::variant<Reach, std::string> {
    return Reach{.family = family, .address = address, .port = 5901};
}

TEST(AvahiReach, OfAllAddresses) {
    EXPECT_EQ(reach("0.0.0.0"), reached(Family::ipv4));
    EXPECT_EQ(reach("::"), reached(Family::any));
    EXPECT_EQ(reach("[::]"), reached(Family::any));
}

TEST(AvahiReach, OfOneAddress) {
    EXPECT_EQ(reach("192.0.2.7"), reached(Family::ipv4, "192.0.2.7"));
    EXPECT_EQ(reach("[2001:db8::1]"), reached(Family::ipv6, "2001:db8::1"));
    EXPECT_EQ(reach("fe80::1%eth0"), reached(Family::ipv6, "fe80::1"));
}

TEST(AvahiReach, OfThisHostAlone) {
    for (auto const* listen : {"127.0.0.1", "127.1.2.3", "::1", "[::1]", "::ffff:127.0.0.1"}) {
        auto const found = reach(listen);
        ASSERT_TRUE(std::holds_alternative<std::string>(found)) << listen;
        EXPECT_THAT(std::get<std::string>(found), HasSubstr(std::string{"listens on "} + listen));
    }
}

TEST(AvahiReach, OfAName) {
    auto const is = [](char const* address) {
        return [address](std::string const& name) -> std::optional<std::string> {
            EXPECT_EQ(name, "somewhere");
            return address == nullptr ? std::nullopt : std::optional<std::string>{address};
        };
    };
    EXPECT_EQ(reach("somewhere", is("192.0.2.7")), reached(Family::ipv4, "192.0.2.7"));
    EXPECT_EQ(reach("somewhere", is("0.0.0.0")), reached(Family::ipv4));
    EXPECT_THAT(std::get<std::string>(reach("somewhere", is("127.0.1.1"))), HasSubstr("this host alone"));
    EXPECT_THAT(std::get<std::string>(reach("somewhere", is(nullptr))), HasSubstr("no address"));
}

TEST(AvahiReach, OfASocketIsNone) {
    auto const found = reach_of({.listen = "0.0.0.0", .port = 5900, .path = "/run/screen"}, nobody);
    EXPECT_THAT(std::get<std::string>(found), HasSubstr("/run/screen (graphics_path)"));
}

TEST(AvahiReach, LoopbackHasAnInterfaceAndStrangersHaveNone) {
    EXPECT_EQ(resolve_by_system("127.0.0.1"), "127.0.0.1");
    EXPECT_TRUE(interface_of("127.0.0.1"));
    EXPECT_FALSE(interface_of("192.0.2.213"));
    EXPECT_FALSE(interface_of("nonsense"));
}

TEST(AvahiServices, SayWhoseTheyAre) {
    auto const made = service_for("web", "here", {.family = Family::ipv4, .address = {}, .port = 5901});
    EXPECT_EQ(made.vm, "web");
    ASSERT_EQ(made.txt.size(), 3U);
    EXPECT_EQ(made.txt[0], "vm=web");
    EXPECT_EQ(made.txt[1], "uuid=" + uuid_of("web", "here"));
    EXPECT_EQ(made.txt[2], "host=here");
}

TEST(AvahiServices, HaveAUuidOfVersionThree) {
    EXPECT_EQ(uuid_of("www", "example.com"), "5df41881-3aed-3515-88a7-2f4a814cf09e");  // of RFC 4122's errata
    EXPECT_NE(uuid_of("web", "here"), uuid_of("web", "there"));
    EXPECT_NE(uuid_of("web", "here"), uuid_of("mail", "here"));
}

TEST(AvahiServices, HaveNamesThatDnsCanCarry) {
    EXPECT_EQ(service_name("web"), "web");
    EXPECT_EQ(service_name(std::string(128, 'x')), std::string(63, 'x'));
    EXPECT_EQ(service_name(std::string(62, 'x') + " y"), std::string(62, 'x'));
    EXPECT_EQ(service_for(std::string(128, 'x'), std::string(300, 'h'), {}).txt[2].size(), 255U);
    EXPECT_EQ(service_for(std::string(128, 'x'), "h", {}).txt[0], "vm=" + std::string(128, 'x'));
}

}  // namespace
}  // namespace apiary::avahi
