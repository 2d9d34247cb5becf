// Reading the options of a call.
#include <gtest/gtest.h>

#include <string>

#include "bus/errors.hpp"
#include "bus/incoming.hpp"

namespace apiary::bus {
namespace {

auto error_of_reading(auto read) -> Error {
    try {
        read();
    } catch (Fault const& fault) {
        return fault.error();
    }
    return Error::failed;
}

TEST(Options, knownOnesAreRead) {
    Options options{{{"force", Value{true}}, {"mode", Value{std::string{"read"}}}, {"max", Value{std::uint64_t{5}}}}};
    EXPECT_EQ(options.flag("force"), true);
    EXPECT_EQ(options.text("mode"), "read");
    EXPECT_EQ(options.number("max"), 5U);
    EXPECT_EQ(options.flag("absent"), std::nullopt);
    EXPECT_NO_THROW(options.finish());
}

TEST(Options, oneTextIsAListOfOne) {
    Options options{{{"one", Value{std::string{"a"}}}, {"two", Value{Texts{"a", "b"}}}}};
    EXPECT_EQ(options.texts("one"), Texts{"a"});
    EXPECT_EQ(options.texts("two"), (Texts{"a", "b"}));
}

TEST(Options, unknownOnesAreRefusedWhateverTheirType) {
    EXPECT_EQ(error_of_reading([] { Options{{{"x", Value{true}}}}.finish(); }), Error::invalid_option);
    EXPECT_EQ(error_of_reading([] { Options{{{"x", std::nullopt}}}.finish(); }), Error::invalid_option);
}

TEST(Options, wrongTypesAreRefused) {
    OptionMap const map{{"x", Value{std::string{"true"}}}, {"y", std::nullopt}};
    EXPECT_EQ(error_of_reading([&] { (void)Options{map}.flag("x"); }), Error::invalid_argument);
    EXPECT_EQ(error_of_reading([&] { (void)Options{map}.number("x"); }), Error::invalid_argument);
    EXPECT_EQ(error_of_reading([&] { (void)Options{map}.flag("y"); }), Error::invalid_argument);
    EXPECT_EQ(error_of_reading([&] { (void)Options{map}.text("y"); }), Error::invalid_argument);
    EXPECT_EQ(error_of_reading([&] { (void)Options{map}.texts("y"); }), Error::invalid_argument);
}

}  // namespace
}  // namespace apiary::bus
