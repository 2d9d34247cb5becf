// The channel's frames: whole, in pieces, with descriptors, and malformed in every way.
#include "plugin/frames.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "plugin/members.hpp"
#include "plugin/protocol.hpp"

namespace apiary::plugin {
namespace {

using ::testing::HasSubstr;

struct Channel {
    Channel() {
        std::array<int, 2> both{};
        EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, both.data()), 0);
        here.reset(both[0]);
        there.reset(both[1]);
    }
    UniqueFd here, there;
};

auto framed(std::string const& text) -> std::string {
    std::string bytes;
    for (unsigned i = 0; i < 4; ++i) {
        bytes += static_cast<char>((text.size() >> (8 * i)) & 0xff);
    }
    bytes += text;
    return bytes;
}

auto fault_of(std::string const& bytes, std::vector<UniqueFd> descriptors = {}) -> std::string {
    FrameReader reader;
    reader.take(bytes, std::move(descriptors));
    EXPECT_FALSE(reader.next());
    return reader.fault();
}

auto some_files(std::size_t count) -> std::vector<UniqueFd> {
    std::vector<UniqueFd> all;
    for (std::size_t i = 0; i < count; ++i) {
        all.emplace_back(::open("/dev/null", O_RDONLY | O_CLOEXEC));
    }
    return all;
}

auto inode_of(int fd) -> std::pair<dev_t, ino_t> {
    struct stat found {};
    EXPECT_EQ(::fstat(fd, &found), 0);
    return {found.st_dev, found.st_ino};
}

TEST(Frames, AreReadHoweverTheyAreCut) {
    std::string bytes;
    for (int i = 0; i < 20; ++i) {
        bytes += framed(Json{{"t", "log"}, {"text", std::string(static_cast<std::size_t>(i) * 7, 'x')}}.dump());
    }
    for (std::size_t piece : {std::size_t{1}, std::size_t{3}, std::size_t{50}, bytes.size()}) {
        FrameReader reader;
        std::size_t frames = 0;
        for (std::size_t at = 0; at < bytes.size(); at += piece) {
            reader.take(std::string_view{bytes}.substr(at, piece));
            while (auto const frame = reader.next()) {
                EXPECT_EQ(type_of(*frame), "log");
                EXPECT_EQ(text_of(frame->body, "text").size(), frames * 7);
                ++frames;
            }
        }
        EXPECT_EQ(frames, 20U);
        EXPECT_EQ(reader.fault(), "");
        EXPECT_FALSE(reader.in_the_middle());
    }
}

TEST(Frames, KnowThatTheyWereCutOff) {
    FrameReader reader;
    reader.take(framed(R"({"t":"log"})").substr(0, 6));
    EXPECT_FALSE(reader.next());
    EXPECT_EQ(reader.fault(), "");
    EXPECT_TRUE(reader.in_the_middle());
}

TEST(Frames, ThatAreMalformedAreAFault) {
    EXPECT_THAT(fault_of(std::string(4, '\0')), HasSubstr("0 bytes"));
    EXPECT_THAT(fault_of("\xff\xff\xff\xff"), HasSubstr("4294967295 bytes"));
    EXPECT_THAT(fault_of("Segmentation fault\n"), HasSubstr("bytes"));
    EXPECT_THAT(fault_of(framed("x")), HasSubstr("no JSON object"));
    EXPECT_THAT(fault_of(framed("[1]")), HasSubstr("no JSON object"));
    EXPECT_THAT(fault_of(framed("{}")), HasSubstr("what it is"));
    EXPECT_THAT(fault_of(framed(R"({"t":7})")), HasSubstr("what it is"));
    EXPECT_THAT(fault_of(framed("{\"t\":\"\xff\"}")), HasSubstr("no JSON object"));
    EXPECT_THAT(fault_of(framed(std::string(100'000, '['))), HasSubstr("too deep"));
    EXPECT_THAT(fault_of(framed("{\"t\":\"log\",\"x\":[" + std::string(max_values, ',') + "]}")),
                HasSubstr("too many"));
}

TEST(Frames, GiveNothingAfterAFault) {
    FrameReader reader;
    reader.take(framed("x"));
    EXPECT_FALSE(reader.next());
    reader.take(framed(R"({"t":"log"})"));
    EXPECT_FALSE(reader.next());
    EXPECT_THAT(reader.fault(), HasSubstr("no JSON object"));
}

TEST(Frames, MayHaveBracketsInTexts) {
    FrameReader reader;
    reader.take(framed(Json{{"t", "log"}, {"text", std::string(1000, '[') + "\\\"" + std::string(1000, '{')}}.dump()));
    EXPECT_TRUE(reader.next());
}

TEST(Frames, HaveAllTheDescriptorsThatTheySayOrNone) {
    EXPECT_THAT(fault_of(framed(R"({"t":"end","descriptors":1})")), HasSubstr("descriptors"));
    EXPECT_THAT(fault_of(framed(R"({"t":"end","descriptors":-1})"), some_files(1)), HasSubstr("descriptors"));
    EXPECT_THAT(fault_of(framed(R"({"t":"end","descriptors":4000000000})"), some_files(1)), HasSubstr("descriptors"));

    FrameReader reader;
    reader.take(framed(R"({"t":"end"})"), some_files(1));
    EXPECT_TRUE(reader.next());
    EXPECT_FALSE(reader.next());
    EXPECT_THAT(reader.fault(), HasSubstr("without a frame"));
}

TEST(Frames, DoNotGatherDescriptorsWithoutEnd) {
    FrameReader reader;
    for (int i = 0; i < 40 && reader.fault().empty(); ++i) {
        reader.take(i == 0 ? std::string_view{"\x80\0\0\0{", 5} : std::string_view{" "}, some_files(1));
        EXPECT_FALSE(reader.next());
    }
    EXPECT_THAT(reader.fault(), HasSubstr("more than 32 descriptors"));
}

TEST(Frames, OfAnySizeAreSentAsTheChannelTakesThem) {
    Channel channel;
    std::string const text(3 * 1024 * 1024, 'y');
    OutgoingFrame frame{{{"t", "log"}, {"text", text}}};
    ASSERT_TRUE(frame.valid());
    FrameReader reader;
    std::optional<Frame> got;
    int rounds = 0;
    while (!got) {
        ASSERT_NE(send_some(channel.here.get(), frame, false), Sent::gone);
        ASSERT_NE(receive_some(channel.there.get(), reader, false), Received::end);
        got = reader.next();
        ++rounds;
    }
    EXPECT_GT(rounds, 1);  // it did not fit at once
    EXPECT_TRUE(frame.done());
    EXPECT_EQ(text_of(got->body, "text"), text);
    EXPECT_EQ(receive_some(channel.there.get(), reader, false), Received::again);
}

TEST(Frames, AreNotMadeBeyondTheBounds) {
    EXPECT_FALSE((OutgoingFrame{{{"t", "log"}, {"text", std::string(max_frame, 'x')}}}.valid()));
    EXPECT_FALSE((OutgoingFrame{{{"t", "end"}}, some_files(max_descriptors + 1)}.valid()));
    EXPECT_TRUE((OutgoingFrame{{{"t", "end"}}, some_files(max_descriptors)}.valid()));
}

TEST(Frames, CarryTextThatIsNoUtf8) {
    Channel channel;
    OutgoingFrame frame{{{"t", "line"}, {"text", "a\xff"}}};
    EXPECT_EQ(send_some(channel.here.get(), frame, true), Sent::all);
    FrameReader reader;
    auto const got = receive_frame(channel.there.get(), reader);
    ASSERT_TRUE(got);
    EXPECT_EQ(text_of(got->body, "text"), "a\xef\xbf\xbd");
}

TEST(Frames, BringTheirOwnDescriptorsWhateverComesBeforeAndAfter) {
    Channel channel;
    std::array<std::pair<dev_t, ino_t>, 2> sent;
    std::size_t made = 0;
    for (int i = 0; i < 30; ++i) {
        std::vector<UniqueFd> descriptors;
        if (i == 10 || i == 11) {
            descriptors.emplace_back(::open(i == 10 ? "/dev/null" : "/dev/zero", O_RDONLY | O_CLOEXEC));
            sent.at(made++) = inode_of(descriptors.front().get());
        }
        OutgoingFrame frame{{{"t", "end"}, {"id", i}}, std::move(descriptors)};
        ASSERT_EQ(send_some(channel.here.get(), frame, true), Sent::all);
    }
    FrameReader reader;
    for (std::uint64_t i = 0; i < 30; ++i) {
        auto const frame = receive_frame(channel.there.get(), reader);
        ASSERT_TRUE(frame) << reader.fault();
        EXPECT_EQ(number_of(frame->body, "id", 99), i);
        bool const with = i == 10 || i == 11;
        ASSERT_EQ(frame->descriptors.size(), with ? 1U : 0U);
        if (with) {
            EXPECT_EQ(inode_of(frame->descriptors.front().get()), sent.at(i - 10));
            EXPECT_EQ(::fcntl(frame->descriptors.front().get(), F_GETFD), FD_CLOEXEC);
        }
    }
}

TEST(Frames, EndWithTheChannel) {
    Channel channel;
    channel.there.reset();
    OutgoingFrame frame{{{"t", "log"}}};
    EXPECT_EQ(send_some(channel.here.get(), frame, true), Sent::gone);
    FrameReader reader;
    EXPECT_FALSE(receive_frame(channel.here.get(), reader));
    EXPECT_EQ(reader.fault(), "");
}

TEST(Members, OfAnotherTypeAreAbsent) {
    Json const body{{"text", 7},
                    {"number", -1},
                    {"flag", "yes"},
                    {"list", Json::array({1, "a", nullptr})},
                    {"big", 0xffff'ffff'ffff'ffffU}};
    EXPECT_FALSE(find_text(body, "text"));
    EXPECT_EQ(number_of(body, "number", 3), 3U);
    EXPECT_EQ(signed_of(body, "number", 3), -1);
    EXPECT_EQ(signed_of(body, "big", 3), 3);
    EXPECT_FALSE(flag_of(body, "flag"));
    EXPECT_EQ(texts_of(body, "list"), std::vector<std::string>{"a"});
    EXPECT_TRUE(named_texts_of(body, "list").empty());
    EXPECT_EQ(text_of(Json::array(), "text"), "");
}

TEST(Members, TriplesAreRightOrNothing) {
    std::vector<Triple> const some{{"tap", "nic0", "tap7"}, {"fd", "disk0", "0"}};
    EXPECT_EQ(triples_of(Json{{"c", to_json(some)}}, "c"), some);
    EXPECT_EQ(triples_of(Json::object(), "c"), std::vector<Triple>{});
    EXPECT_FALSE(triples_of(Json{{"c", "x"}}, "c"));
    EXPECT_FALSE(triples_of(Json{{"c", Json::array({Json::array({"a", "b"})})}}, "c"));
    EXPECT_FALSE(triples_of(Json{{"c", Json::array({Json::array({"a", "b", 1})})}}, "c"));
}

TEST(Members, AreShortenedBetweenCharacters) {
    EXPECT_EQ(shortened("abc", 3), "abc");
    EXPECT_EQ(shortened("ab\xc3\xa4", 3), "ab");
    EXPECT_EQ(shortened("ab\xc3\xa4", 4), "ab\xc3\xa4");
}

}  // namespace
}  // namespace apiary::plugin
