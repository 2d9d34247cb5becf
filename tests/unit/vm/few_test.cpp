// A list that keeps its one element inside, and more of them elsewhere.
#include "vm/few.hpp"

#include <gtest/gtest.h>

#include <string>

namespace apiary {
namespace {

auto text(int number) -> std::string {
    return "a text that is too long to be kept in the string itself: " + std::to_string(number);
}

auto made(int count) -> Few<std::string> {
    Few<std::string> few;
    for (int i = 0; i < count; ++i) {
        few.push_back(text(i));
    }
    return few;
}

TEST(Few, HoldsAnyNumber) {
    for (int const count : {0, 1, 2, 3, 9}) {
        auto const few = made(count);
        ASSERT_EQ(few.size(), static_cast<std::size_t>(count));
        EXPECT_EQ(few.empty(), count == 0);
        for (int i = 0; i < count; ++i) {
            EXPECT_EQ(few.at(static_cast<std::size_t>(i)), text(i));
        }
        EXPECT_THROW(static_cast<void>(few.at(few.size())), std::out_of_range);
    }
}

TEST(Few, IsCopiedAndMoved) {
    for (int const from : {0, 1, 5}) {
        for (int const to : {0, 1, 5}) {
            auto source = made(from);
            auto target = made(to);
            target = source;
            EXPECT_EQ(target, source);
            target = made(to);
            target = std::move(source);
            EXPECT_EQ(target, made(from));
            auto again = std::move(target);
            EXPECT_EQ(again, made(from));
            target = again;  // one that was moved from can be used again
            EXPECT_EQ(target, again);
        }
    }
}

TEST(Few, TakesOneOfItsOwn) {
    auto few = made(1);
    for (int i = 0; i < 4; ++i) {
        few.push_back(few.front());
    }
    EXPECT_EQ(few, (Few<std::string>{text(0), text(0), text(0), text(0), text(0)}));
}

TEST(Few, IsEmptiedAndFilledAgain) {
    auto few = made(3);
    few.clear();
    EXPECT_TRUE(few.empty());
    few.emplace_back(text(7));
    EXPECT_EQ(few, Few<std::string>{text(7)});
}

TEST(Few, GoesToAVectorAndBack) {
    std::vector<std::string> const vector = made(3);
    EXPECT_EQ(vector.size(), 3U);
    EXPECT_EQ(Few<std::string>{vector}, made(3));
}

}  // namespace
}  // namespace apiary
