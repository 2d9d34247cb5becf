// Where to begin, as people write it.
#include "ctl/since.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <ctime>

namespace apiary::ctl {
namespace {

constexpr std::uint64_t one_second = 1'000'000;
constexpr std::uint64_t now = 1'763'672'902 * one_second;  // 2025-11-20T21:08:22Z

class SinceTime : public ::testing::Test {
protected:
    void SetUp() override {
        ::setenv("TZ", "UTC-02", 1);  // two hours east
        ::tzset();
    }
    void TearDown() override {
        ::unsetenv("TZ");
        ::tzset();
    }
    static auto time(std::string_view text) -> std::optional<std::uint64_t> {
        auto const since = parse_since(text, now);
        return since ? since->time : std::nullopt;
    }
};

TEST_F(SinceTime, a_number_is_a_number) {
    EXPECT_EQ(parse_since("42", now)->seq, 42U);
    EXPECT_EQ(parse_since("42", now)->time, std::nullopt);
    EXPECT_EQ(parse_since("0", now)->seq, 0U);
    EXPECT_EQ(parse_since("18446744073709551615", now)->seq, ~std::uint64_t{0});
}

TEST_F(SinceTime, calendar) {
    EXPECT_EQ(time("2025-11-20T21:08:22Z"), now);
    EXPECT_EQ(time("2025-11-20t21:08:22.25z"), now + one_second / 4);
    EXPECT_EQ(time("2025-11-20T22:38:22+01:30"), now);
    EXPECT_EQ(time("2025-11-20 16:08:22 -0500"), now);
    EXPECT_EQ(time("2025-11-20 23:08:22"), now);  // local
    EXPECT_EQ(time("2025-11-20 23:08"), now - 22 * one_second);
    EXPECT_EQ(time("2025-11-20"), now - (23 * 3600 + 8 * 60 + 22) * one_second);
    EXPECT_EQ(time("today"), time("2025-11-20"));
    EXPECT_EQ(time("yesterday"), time("2025-11-19"));
    EXPECT_EQ(time("@1763672902"), now);
    EXPECT_EQ(time("@1763672902.000042"), now + 42);
    EXPECT_EQ(time("now"), now);
}

TEST_F(SinceTime, before_now) {
    EXPECT_EQ(time("10 min ago"), now - 600 * one_second);
    EXPECT_EQ(time("10min ago"), now - 600 * one_second);
    EXPECT_EQ(time("1 hour 30 minutes ago"), now - 5400 * one_second);
    EXPECT_EQ(time("-1h30m"), now - 5400 * one_second);
    EXPECT_EQ(time("2 days ago"), now - 172'800 * one_second);
    EXPECT_EQ(time("9999 weeks ago"), 0U);
}

TEST_F(SinceTime, what_is_neither) {
    for (auto const* text : {"",
                             "x",
                             "-",
                             "ago",
                             "10 min",
                             "ago 10 min",
                             "10 parsecs ago",
                             "2025-11-20T",
                             "2025-13-01",
                             "2025-02-30",
                             "2025-11-20T25:00",
                             "2025-11-20T21:08:22+1",
                             "2025-11-20T21:08:22.Z",
                             "2025-11-20T21:08:22Zx",
                             "@",
                             "@x",
                             "@1.",
                             "@99999999999999999999",
                             "99999999999999999999",
                             "99999999999999999999 s ago",
                             "-1h ago",
                             "1 h ago ago",
                             "+5"}) {
        EXPECT_FALSE(parse_since(text, now)) << text;
    }
}

}  // namespace
}  // namespace apiary::ctl
