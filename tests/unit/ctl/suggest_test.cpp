// "Did you mean ...?"
#include "ctl/suggest.hpp"

#include <gtest/gtest.h>

namespace apiary::ctl {
namespace {

TEST(TypingDistance, counts_mistakes) {
    EXPECT_EQ(typing_distance("web", "web"), 0U);
    EXPECT_EQ(typing_distance("web", "WEB"), 0U);
    EXPECT_EQ(typing_distance("", "web"), 3U);
    EXPECT_EQ(typing_distance("strat", "start"), 1U);  // swapped neighbours are one mistake
    EXPECT_EQ(typing_distance("stat", "start"), 1U);
    EXPECT_EQ(typing_distance("kitten", "sitting"), 3U);
}

TEST(Suggestion, is_the_nearest_that_is_near_enough) {
    std::vector<std::string> const commands{"start", "status", "stop", "resume", "reset", "reload", "console"};
    EXPECT_EQ(suggestion("strat", commands), "start");
    EXPECT_EQ(suggestion("sotp", commands), "stop");
    EXPECT_EQ(suggestion("consle", commands), "console");
    EXPECT_EQ(suggestion("RELOAD", commands), "reload");
    EXPECT_EQ(suggestion("con", commands), "console");    // the only one that begins so
    EXPECT_EQ(suggestion("st", commands), std::nullopt);  // three begin so
    EXPECT_EQ(suggestion("migrate", commands), std::nullopt);
    EXPECT_EQ(suggestion("", commands), std::nullopt);
    EXPECT_EQ(suggestion(std::string(100'000, 'x'), commands), std::nullopt);
}

TEST(Suggestion, replaces_no_short_name_altogether) {
    EXPECT_EQ(suggestion("x", {"a", "b"}), std::nullopt);
    EXPECT_EQ(suggestion("wb", {"db", "web"}), "web");  // as near, but the first letter is the same
}

}  // namespace
}  // namespace apiary::ctl
