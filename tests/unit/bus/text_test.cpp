// Text made fit for the bus.
#include "bus/text.hpp"

#include <gtest/gtest.h>

#include <string>

namespace apiary::bus {
namespace {

constexpr std::size_t plenty = 1000;
std::string const bad = "\xef\xbf\xbd";

TEST(CleanText, keepsWhatIsValid) {
    for (std::string const text :
         {"", "plain", "tab\tand\nline", "h\xc3\xa9", "\xe2\x82\xac", "\xf0\x9f\x90\x9d", "\xef\xbf\xbf"}) {
        EXPECT_EQ(clean_text(text, plenty), text);
    }
}

TEST(CleanText, replacesWhatIsNot) {
    EXPECT_EQ(clean_text("a\xff"
                         "b",
                         plenty),
              "a" + bad + "b");
    EXPECT_EQ(clean_text(std::string{"\0", 1}, plenty), bad);
    EXPECT_EQ(clean_text("\xc3", plenty), bad);                                // cut off
    EXPECT_EQ(clean_text("\xc0\xaf", plenty), bad + bad);                      // overlong
    EXPECT_EQ(clean_text("\xe0\x80\xaf", plenty), bad + bad + bad);            // overlong
    EXPECT_EQ(clean_text("\xed\xa0\x80", plenty), bad + bad + bad);            // surrogate
    EXPECT_EQ(clean_text("\xf4\x90\x80\x80", plenty), bad + bad + bad + bad);  // beyond Unicode
    EXPECT_EQ(clean_text("\xe2\x82x", plenty), bad + bad + "x");
}

TEST(CleanText, cutsBetweenCharacters) {
    EXPECT_EQ(clean_text("abcdef", 3), "abc");
    EXPECT_EQ(clean_text("a\xe2\x82\xac", 3), "a");
    EXPECT_EQ(clean_text("a\xe2\x82\xac", 4), "a\xe2\x82\xac");
    EXPECT_EQ(clean_text("\xff\xff", 3), bad);
}

}  // namespace
}  // namespace apiary::bus
