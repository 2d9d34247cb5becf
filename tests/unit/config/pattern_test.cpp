// What a pattern matches.
#include "config/pattern.hpp"

#include <gtest/gtest.h>

#include <string>

namespace apiary::config {
namespace {

struct Matching {
    char const* pattern;
    char const* name;
    bool matches;
};
class Patterns : public testing::TestWithParam<Matching> {};

TEST_P(Patterns, Match) {
    auto const& [pattern, name, expected] = GetParam();
    EXPECT_EQ(Pattern{pattern}.matches(name), expected) << pattern << " on " << name;
}

INSTANTIATE_TEST_SUITE_P(
    Include, Patterns,
    testing::Values(Matching{"a", "a", true}, Matching{"a", "ab", false}, Matching{"", "", true},
                    Matching{"", "a", false}, Matching{"*", "", true}, Matching{"*", "abc", true},
                    Matching{"*", ".a", false}, Matching{".*", ".a", true}, Matching{"?a", ".a", false},
                    Matching{"[.]a", ".a", false}, Matching{"\\.a", ".a", true}, Matching{"a*", "a", true},
                    Matching{"a*c", "abcbc", true}, Matching{"a*c", "abcb", false}, Matching{"*a*b*", "xxaxxbxx", true},
                    Matching{"*a*b*", "xxbxxaxx", false}, Matching{"?", "a", true}, Matching{"?", "", false},
                    Matching{"a?c", "abc", true}, Matching{"[a-c]x", "bx", true}, Matching{"[a-c]x", "dx", false},
                    Matching{"[!a-c]x", "dx", true}, Matching{"[!a-c]x", "bx", false}, Matching{"[]a]", "]", true},
                    Matching{"[!]a]", "b", true}, Matching{"[a-]", "-", true}, Matching{"[\\]]", "]", true},
                    Matching{"[0-9][0-9]-*.conf", "10-a.conf", true}, Matching{"[0-9][0-9]-*.conf", "1-a.conf", false},
                    Matching{"[a", "[a", true}, Matching{"[a", "a", false}, Matching{"\\*", "*", true},
                    Matching{"\\*", "a", false}, Matching{"a\\", "a\\", true}));

TEST(Patterns, TakeTheirTimeAtWorst) {
    std::string stars;
    for (int i = 0; i < 100; ++i) {
        stars += "*a";
    }
    EXPECT_FALSE(Pattern{stars + "b"}.matches(std::string(250, 'a')));
    EXPECT_FALSE(Pattern{std::string(4000, '[')}.matches(std::string(250, '[')));
}

}  // namespace
}  // namespace apiary::config
