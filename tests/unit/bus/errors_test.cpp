// The error names.
#include "bus/errors.hpp"

#include <gtest/gtest.h>

#include <cerrno>
#include <new>
#include <set>
#include <string>

#include "contract.hpp"

namespace apiary::bus {
namespace {

constexpr std::string_view prefix = "org.apiary.Apiary1.Error.";

TEST(Errors, eachHasANameOfItsOwn) {
    std::set<std::string> names;
    for (auto const& [error, name] : error_names()) {
        EXPECT_TRUE(std::string_view{name}.starts_with(prefix)) << name;
        EXPECT_TRUE(names.insert(name).second) << name;
        EXPECT_STREQ(name_of(error), name);
    }
    EXPECT_EQ(names.size(), static_cast<std::size_t>(Error::journal_truncated) + 1);
}

TEST(Errors, eachIsDocumentedInTheContract) {
    std::string documentation;
    for (auto const& interface : testing::all_interfaces()) {
        documentation += testing::xml_text(interface);
    }
    for (auto const& entry : error_names()) {
        auto const name = std::string{entry.name}.substr(prefix.size());
        EXPECT_NE(documentation.find(name), std::string::npos) << name;
    }
}

TEST(Errors, everyRefusalHasItsOwn) {
    std::set<Error> errors;
    for (int kind = 0; kind <= static_cast<int>(Refusal::Kind::failed); ++kind) {
        EXPECT_TRUE(errors.insert(error_of(static_cast<Refusal::Kind>(kind))).second) << kind;
    }
}

TEST(Errors, textsAreFitForTheBus) {
    Fault const fault{Error::failed, std::string{"a\0b\xff", 4}};
    EXPECT_STREQ(fault.what(),
                 "a\xef\xbf\xbd"
                 "b\xef\xbf\xbd");
}

TEST(Errors, everyExceptionBecomesAReply) {
    struct Silent {};
    sd_bus_error error{};
    EXPECT_LT(guarded(&error, []() -> int { throw Fault{Error::no_console, "none"}; }), 0);
    EXPECT_STREQ(error.name, "org.apiary.Apiary1.Error.NoConsole");
    EXPECT_STREQ(error.message, "none");
    sd_bus_error_free(&error);
    EXPECT_LT(guarded(&error, []() -> int { throw std::runtime_error{"broken"}; }), 0);
    EXPECT_STREQ(error.name, "org.apiary.Apiary1.Error.Failed");
    sd_bus_error_free(&error);
    EXPECT_LT(guarded(&error, []() -> int { throw Silent{}; }), 0);
    EXPECT_STREQ(error.name, "org.apiary.Apiary1.Error.Failed");
    sd_bus_error_free(&error);
    EXPECT_EQ(guarded(&error, []() -> int { throw std::bad_alloc{}; }), -ENOMEM);
    EXPECT_EQ(guarded(&error, [] { return 1; }), 1);
}

TEST(Errors, aVmThatIsHiddenAndOneThatIsNotThereGetTheSameWords) {
    EXPECT_STREQ(no_such_vm("web").what(), "There is no VM 'web' that you may see.");
    EXPECT_EQ(no_such_vm("web").error(), Error::no_such_vm);
}

}  // namespace
}  // namespace apiary::bus
