// The configuration of the private bus.
#include "bus/private_bus.hpp"

#include <gtest/gtest.h>

#include <string>

#include "bus/bus_probe.hpp"

namespace apiary::bus {
namespace {

TEST(PrivateBus, configurationHasOurPolicyAndNoLimitsOfItsOwn) {
    auto const config = private_bus_config("/run/apiary/bus");
    EXPECT_NE(config.find("<type>system</type>"), std::string::npos);
    EXPECT_NE(config.find("<listen>unix:path=/run/apiary/bus</listen>"), std::string::npos);
    EXPECT_NE(config.find("<allow own=\"org.apiary.Apiary1\"/>"), std::string::npos);
    EXPECT_NE(config.find("<allow send_destination=\"org.apiary.Apiary1\"/>"), std::string::npos);
    EXPECT_LT(config.find("<deny send_type=\"method_call\"/>"),
              config.find("<allow send_destination=\"org.apiary.Apiary1\"/>"));
    EXPECT_EQ(config.find("<limit"), std::string::npos);
}

TEST(PrivateBus, pathsAreEscapedAsAddressesAre) {
    EXPECT_NE(private_bus_config("/run/a b<&,;=%").find("unix:path=/run/a%20b%3c%26%2c%3b%3d%25<"), std::string::npos);
}

TEST(PrivateBus, addressIsEscapedAndHasNoGuid) {
    EXPECT_EQ(private_bus_address("/run/a b/bus"), "unix:path=/run/a%20b/bus");
}

TEST(PrivateBus, onlyABussAnswerIsAnAnswer) {
    std::string const guid = "0123456789abcdef0123456789abcdef";
    EXPECT_EQ(guid_in("OK " + guid), guid);
    EXPECT_EQ(guid_in("OK " + guid + "0"), "");
    EXPECT_EQ(guid_in("OK 0123456789ABCDEF0123456789abcdef"), "");
    EXPECT_EQ(guid_in("OK "), "");
    EXPECT_EQ(guid_in("REJECTED EXTERNAL"), "");
    EXPECT_EQ(guid_in(guid), "");
}

TEST(PrivateBus, addressFileLiesInTheRunFolder) {
    EXPECT_EQ(bus_address_file("/run/apiary"), "/run/apiary/bus-address");
}

}  // namespace
}  // namespace apiary::bus
