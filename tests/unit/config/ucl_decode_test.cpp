// The answers of apiary-ucl are those of a process that may have been taken over.
#include "config/ucl/decode.hpp"

#include <gtest/gtest.h>

#include <random>
#include <string>

#include "config/ucl/document.hpp"

namespace apiary::config::ucl {
namespace {

constexpr std::size_t text_size = 100;

auto scalar(std::uint32_t key_at, std::uint32_t key_size, std::uint32_t at, std::uint32_t size) -> Node {
    Node node;
    node.kind = NodeKind::scalar;
    node.keyed = key_size > 0;
    node.key_at = key_at;
    node.key_size = key_size;
    node.at = at;
    node.size = size;
    return node;
}

auto opening(NodeKind kind, std::uint32_t key_at, std::uint32_t key_size, std::uint32_t at) -> Node {
    auto node = scalar(key_at, key_size, at, 0);
    node.kind = kind;
    return node;
}

auto answer(std::vector<Node> const& nodes) -> std::string {
    std::string text{answer_tree};
    for (Node const& node : nodes) {
        put_node(text, node);
    }
    return text;
}

auto is_refused(std::vector<Node> const& nodes) -> bool {
    return !decode(answer(nodes), text_size).has_value();
}

TEST(UclDecode, WhatAChildOfOursSays) {
    std::vector<Node> const nodes{opening(NodeKind::object, 0, 2, 3),
                                  opening(NodeKind::array, 4, 4, 10),
                                  scalar(0, 0, 11, 3),
                                  Node{},
                                  scalar(20, 3, 30, 5),
                                  Node{}};
    auto const decoded = decode(answer(nodes), text_size);
    ASSERT_TRUE(decoded);
    EXPECT_EQ(std::get<std::vector<Node>>(*decoded), nodes);
}

TEST(UclDecode, FaultsAreMadeHarmless) {
    std::string text{answer_fault};
    put_number(text, 7);
    auto const decoded = decode(text + "bad \x1b[31m\n\xff", text_size);
    ASSERT_TRUE(decoded);
    EXPECT_EQ(std::get<TextFault>(*decoded).at, 7U);
    EXPECT_EQ(std::get<TextFault>(*decoded).text, "bad ?[31m??");
}

TEST(UclDecode, PlacesOutsideOfTheText) {
    EXPECT_FALSE(is_refused({scalar(0, 1, 50, 50)}));
    EXPECT_TRUE(is_refused({scalar(0, 1, 50, 51)}));
    EXPECT_TRUE(is_refused({scalar(0, 1, 101, 0)}));
    EXPECT_TRUE(is_refused({scalar(99, 2, 100, 0)}));
    EXPECT_TRUE(is_refused({scalar(1, 0xffffffff, 2, 1)}));
    EXPECT_TRUE(is_refused({scalar(0, 1, 0xffffffff, 0xffffffff)}));
    EXPECT_TRUE(is_refused({scalar(0, 1, 90, 0xffffffff)}));
    EXPECT_TRUE(is_refused({opening(NodeKind::array, 0, 1, 101), Node{}}));
}

// Each part of the text once: else a small text could become a large tree.
TEST(UclDecode, OverlappingParts) {
    EXPECT_TRUE(is_refused({scalar(0, 1, 5, 5), scalar(9, 1, 20, 1)}));
    EXPECT_TRUE(is_refused({scalar(0, 9, 5, 5)}));
    EXPECT_TRUE(is_refused({scalar(20, 1, 30, 1), scalar(0, 1, 5, 1)}));
}

TEST(UclDecode, Structure) {
    EXPECT_TRUE(is_refused({Node{}}));
    EXPECT_TRUE(is_refused({opening(NodeKind::object, 0, 1, 2)}));
    EXPECT_TRUE(is_refused({scalar(0, 0, 5, 1)})) << "a member without a name";
    EXPECT_TRUE(is_refused({opening(NodeKind::array, 0, 1, 2), scalar(3, 1, 5, 1), Node{}}))
        << "an element with a name";
    EXPECT_TRUE(is_refused({scalar(0, 1, 5, 0)})) << "nothing, and not in quotes";
    std::vector<Node> deep;
    for (unsigned i = 0; i < deepest_nesting * (most_names + 2); ++i) {
        deep.push_back(opening(NodeKind::object, 0, 1, 1));
    }
    EXPECT_TRUE(is_refused(deep));
}

TEST(UclDecode, BrokenBytes) {
    EXPECT_FALSE(decode({}, text_size));
    EXPECT_FALSE(decode("X", text_size));
    EXPECT_FALSE(decode("F", text_size));
    EXPECT_FALSE(decode(std::string("F\xff\xff\xff\xffway out", 12), text_size));
    EXPECT_FALSE(decode(std::string("T\x20", 2), text_size)) << "a bit that means nothing";
    EXPECT_FALSE(decode(std::string("T\x05", 2), text_size)) << "quotes around an object";
    EXPECT_FALSE(decode(std::string("T\x10", 2), text_size)) << "an end with a name";
    auto const good = answer({scalar(0, 1, 5, 5)});
    for (std::size_t size = 2; size < good.size(); ++size) {
        EXPECT_FALSE(decode(good.substr(0, size), text_size)) << size;
    }
    EXPECT_FALSE(decode(std::string(largest_answer(text_size) + 1, 'T'), text_size));
}

// Whatever the bytes: what is taken can be walked over without leaving the text.
TEST(UclDecode, RandomBytes) {
    std::mt19937 source{20261120};
    std::string const text(text_size, 'x');
    auto const good = answer({opening(NodeKind::object, 0, 2, 3), opening(NodeKind::array, 4, 4, 10),
                              scalar(0, 0, 11, 3), Node{}, scalar(20, 3, 30, 5), Node{}, scalar(40, 3, 50, 5)});
    unsigned taken = 0;
    for (int round = 0; round < 20'000; ++round) {
        std::string bytes = good;
        for (unsigned changes = source() % 4; changes > 0; --changes) {
            bytes[source() % bytes.size()] = static_cast<char>(source() % (round % 2 == 0 ? 256 : 32));
        }
        auto decoded = decode(bytes, text_size);
        if (!decoded || !std::holds_alternative<std::vector<Node>>(*decoded)) {
            continue;
        }
        ++taken;
        Document const document{text, std::move(std::get<std::vector<Node>>(*decoded))};
        std::size_t seen = 0;
        document.all([&](std::size_t index) {
            seen += document.key(document.node(index)).size() + document.raw(document.node(index)).size();
            (void)document.value_place(document.node(index));
        });
        ASSERT_LE(seen, text_size);
    }
    EXPECT_GT(taken, 100U);
}

}  // namespace
}  // namespace apiary::config::ucl
