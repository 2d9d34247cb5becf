// Words and figures for people.
#include "ctl/text.hpp"

#include <gtest/gtest.h>

#include "ctl/value.hpp"

namespace apiary::ctl {
namespace {

TEST(Text, nothing_reaches_the_terminal_that_could_command_it) {
    EXPECT_EQ(printable("a\x1b[2Jb\x07\x7f"), "a?[2Jb??");
    EXPECT_EQ(printable("a\xC2\x9B"
                        "b"),
              "a?b");  // U+009B is an escape sequence too
    EXPECT_EQ(printable("a\nb\tc"), "a b c");
    EXPECT_EQ(printable("a\nb", true), "a\nb");
    EXPECT_EQ(printable("Zürich …"), "Zürich …");
}

TEST(Text, cuts_by_what_is_seen) {
    EXPECT_EQ(columns_of("Zürich"), 6U);
    EXPECT_EQ(cut("Zürich", 6, "…"), "Zürich");
    EXPECT_EQ(cut("Zürich", 4, "…"), "Zür…");
    EXPECT_EQ(cut("Zürich", 4, ".."), "Zü..");
    EXPECT_EQ(cut("Zürich", 1, ".."), "");
    EXPECT_EQ(cut("", 0, "…"), "");
}

TEST(Text, sizes) {
    EXPECT_EQ(bytes_text(0), "0");
    EXPECT_EQ(bytes_text(1023), "1023");
    EXPECT_EQ(bytes_text(1024), "1K");
    EXPECT_EQ(bytes_text(std::uint64_t{16} << 20U), "16M");
    EXPECT_EQ(bytes_text(std::uint64_t{1536} << 20U), "1.5G");
    EXPECT_EQ(bytes_text(std::uint64_t{2} << 60U), "2E");
}

TEST(Text, times_and_others) {
    EXPECT_EQ(utc_text(0), "");
    EXPECT_EQ(utc_text(1'795'199'021'000'042), "2026-11-20T18:23:41.000042Z");
    EXPECT_EQ(percent_text(0.134), "13%");
    EXPECT_EQ(percent_text(7.0), "100%");
    EXPECT_EQ(state_text("running", ""), "running");
    EXPECT_EQ(state_text("starting", "prestart"), "starting/prestart");
}

TEST(Text, words_for_a_shell) {
    EXPECT_EQ(shell_word("web-1.x"), "web-1.x");
    EXPECT_EQ(shell_word("Build box"), "'Build box'");
    EXPECT_EQ(shell_word("it's"), "'it'\\''s'");
    EXPECT_EQ(shell_word("$(reboot)"), "'$(reboot)'");
    EXPECT_EQ(shell_word(""), "''");
}

TEST(Value, what_is_absent_or_of_another_type_is_empty) {
    Values const values{{"text", Value{std::string{"x"}}},
                        {"number", Value{std::uint64_t{7}}},
                        {"negative", Value{std::int64_t{-7}}},
                        {"flag", Value{true}},
                        {"words", Value{Strings{"a", "b"}}}};
    EXPECT_EQ(text_of(values, "text"), "x");
    EXPECT_EQ(text_of(values, "number"), "");
    EXPECT_EQ(text_of(values, "nowhere"), "");
    EXPECT_EQ(number_of(values, "number"), 7U);
    EXPECT_EQ(number_of(values, "negative"), 0U);
    EXPECT_EQ(number_of(values, "text"), 0U);
    EXPECT_TRUE(flag_of(values, "flag"));
    EXPECT_TRUE(flag_of(values, "nowhere", true));
    EXPECT_EQ(strings_of(values, "words"), (Strings{"a", "b"}));
    EXPECT_EQ(shown(values.at("words")), "a,b");
    EXPECT_EQ(shown(Value{Values{{"a", Value{false}}, {"b", Value{std::string{"c"}}}}}), "a=no b=c");
}

}  // namespace
}  // namespace apiary::ctl
