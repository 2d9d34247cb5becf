// The sockets that speak devd's records.
#include "bus/devd_sockets.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <filesystem>

#include "bus/devd_record.hpp"
#include "support/fake_loop.hpp"
#include "support/temporary_folder.hpp"
#include "unit/bus/fake_engine.hpp"
#include "unit/bus/stream_reader.hpp"

namespace apiary::bus {
namespace {

using ::testing::ElementsAre;
using ::testing::StartsWith;
using testing::StreamReader;

class Devd : public ::testing::Test {
protected:
    Devd() { make(); }
    void make() {
        sockets = std::make_unique<DevdSockets>(
            loop, engine,
            DevdOptions{.run_dir = folder, .observers = {}, .master = {}, .log = [this](std::string text) {
                            said.push_back(std::move(text));
                        }});
    }
    // Who waits at the door: the loop has not come to him.
    auto knock(char const* name, int type) -> StreamReader {
        UniqueFd fd{::socket(AF_UNIX, type | SOCK_CLOEXEC, 0)};
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        (folder + '/' + name).copy(address.sun_path, sizeof address.sun_path - 1);
        EXPECT_EQ(::connect(fd.get(), reinterpret_cast<sockaddr const*>(&address), sizeof address), 0);
        return StreamReader{std::move(fd)};
    }
    auto connect(char const* name, int type) -> StreamReader {
        auto reader = knock(name, type);
        loop.run_ready();
        return reader;
    }
    auto stream() -> StreamReader { return connect(devd_stream_name, SOCK_STREAM); }
    auto packets() -> StreamReader { return connect(devd_packets_name, SOCK_SEQPACKET); }

    void happen(std::size_t count, Audience audience = {.owner = ::geteuid(), .group = {}, .visibility = {}}) {
        Turn turn;
        for (std::size_t i = 0; i < count; ++i) {
            Event event;
            event.vm = "web";
            event.audience = audience;
            event.details["text"] = std::string(400, 'x');
            engine.fake_journal().append(event);
            turn.events.push_back(event);
        }
        sockets->on_turn(turn);
        loop.run_ready();
    }

    test::FakeLoop loop;
    testing::FakeEngine engine;
    test::TemporaryFolder temporary;
    std::string const folder = temporary.path();
    std::vector<std::string> said;
    std::unique_ptr<DevdSockets> sockets;
};

TEST_F(Devd, both_tell_what_happens_from_now_on) {
    happen(1);
    auto one = stream();
    auto two = packets();
    happen(2);
    EXPECT_THAT(one.lines(), ElementsAre(StartsWith("!system=VMM subsystem=web type=NOTICE seq=2 "),
                                         StartsWith("!system=VMM subsystem=web type=NOTICE seq=3 ")));
    std::array<char, 8192> buffer{};
    for (std::uint64_t seq = 2; seq <= 3; ++seq) {  // a record is a packet
        auto const got = ::recv(two.fd(), buffer.data(), buffer.size(), MSG_DONTWAIT);
        ASSERT_GT(got, 0);
        std::string const record{buffer.data(), static_cast<std::size_t>(got)};
        EXPECT_TRUE(record.ends_with('\n') && record.find('\n') == record.size() - 1) << record;
        EXPECT_THAT(record, StartsWith("!system=VMM subsystem=web type=NOTICE seq=" + std::to_string(seq)));
    }
}

TEST_F(Devd, what_is_told_after_connect_returned_is_heard_though_the_loop_was_busy) {
    happen(1);
    auto one = knock(devd_stream_name, SOCK_STREAM);
    auto two = knock(devd_packets_name, SOCK_SEQPACKET);
    happen(1);
    EXPECT_THAT(one.lines(), ElementsAre(StartsWith("!system=VMM subsystem=web type=NOTICE seq=2 ")));
    EXPECT_THAT(two.lines(), ElementsAre(StartsWith("!system=VMM subsystem=web type=NOTICE seq=2 ")));
}

TEST_F(Devd, everybody_may_connect) {
    struct stat status {};
    for (auto const* name : {devd_stream_name, devd_packets_name}) {
        ASSERT_EQ(::stat((folder + '/' + name).c_str(), &status), 0);
        EXPECT_EQ(status.st_mode & 07777U, 0666U);
    }
}

TEST_F(Devd, who_does_not_read_is_dropped_and_the_others_are_not) {
    auto sleeper = packets();
    auto quick = stream();
    std::size_t records = 0;
    for (int turn = 0; turn < 40; ++turn) {
        happen(100);
        records += quick.lines().size();
    }
    EXPECT_EQ(records, 4000U);
    EXPECT_EQ(sockets->readers(), 2U);
    loop.advance(std::chrono::seconds{9});
    EXPECT_EQ(sockets->readers(), 2U);
    loop.advance(std::chrono::seconds{2});
    EXPECT_EQ(sockets->readers(), 1U);
    EXPECT_EQ(said.size(), 1U);
    happen(1);
    EXPECT_EQ(quick.lines().size(), 1U);
    EXPECT_EQ(loop.armed_timers(), 0U);
}

TEST_F(Devd, who_is_slow_but_reads_misses_nothing) {
    auto slow = stream();
    happen(1500);
    std::string text;
    for (int round = 0; round < 500 && std::ranges::count(text, '\n') < 1500; ++round) {
        text += slow.read(std::size_t{8} * 1024);
        loop.run_ready();
        loop.advance(std::chrono::seconds{1});
    }
    EXPECT_EQ(std::ranges::count(text, '\n'), 1500);
    EXPECT_TRUE(said.empty());
}

// As devd's own readers may: `socat - UNIX-CONNECT:… </dev/null` closes one direction at once.
TEST_F(Devd, who_speaks_or_closes_his_direction_goes_on_hearing) {
    std::vector<StreamReader> readers;
    for (std::size_t i = 0; i < DevdSockets::max_of_user; ++i) {
        readers.push_back(i % 2 == 0 ? stream() : packets());
        ASSERT_EQ(::send(readers.back().fd(), "words", 5, 0), 5);
        if (i % 3 != 0) {
            ASSERT_EQ(::shutdown(readers.back().fd(), SHUT_WR), 0);
        }
    }
    loop.run_ready();  // comes to an end: nobody stays readable
    happen(1);
    EXPECT_EQ(sockets->readers(), DevdSockets::max_of_user);
    for (auto& reader : readers) {
        EXPECT_EQ(reader.lines().size(), 1U);
        reader.close();
    }
    loop.run_ready();
    readers.clear();
    for (std::size_t i = 0; i < DevdSockets::max_of_user; ++i) {  // they are gone: their places are free
        readers.push_back(stream());
    }
    EXPECT_EQ(sockets->readers(), DevdSockets::max_of_user);
    ASSERT_EQ(::shutdown(readers.front().fd(), SHUT_WR), 0);
    loop.run_ready();
    readers.front().close();
    happen(1);  // the next event finds that he is gone
    EXPECT_EQ(sockets->readers(), DevdSockets::max_of_user - 1);
    EXPECT_TRUE(said.empty());
}

TEST_F(Devd, so_many_and_no_more) {
    std::vector<StreamReader> readers;
    for (std::size_t i = 0; i < DevdSockets::max_of_user; ++i) {
        readers.push_back(i % 2 == 0 ? stream() : packets());
    }
    auto turned_away = stream();
    static_cast<void>(turned_away.read());
    EXPECT_TRUE(turned_away.ended());
    EXPECT_EQ(sockets->readers(), DevdSockets::max_of_user);
    for (int i = 0; i < 100; ++i) {
        static_cast<void>(packets());
    }
    EXPECT_EQ(said.size(), 1U);  // the log is not his to fill
    readers.front().close();
    loop.run_ready();
    auto again = packets();
    happen(1);
    EXPECT_FALSE(again.read().empty());
}

TEST_F(Devd, takes_the_place_of_what_was_left_behind_and_leaves_nothing_behind) {
    auto const path = folder + '/' + devd_stream_name;
    sockets.reset();
    EXPECT_FALSE(std::filesystem::exists(path));
    {
        UniqueFd left{::socket(AF_UNIX, SOCK_STREAM, 0)};
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        path.copy(address.sun_path, sizeof address.sun_path - 1);
        ASSERT_EQ(::bind(left.get(), reinterpret_cast<sockaddr const*>(&address), sizeof address), 0);
    }
    make();
    EXPECT_TRUE(said.empty());
    happen(0);
    auto reader = stream();
    happen(1);
    EXPECT_EQ(reader.lines().size(), 1U);
}

TEST_F(Devd, a_file_in_its_place_stays_and_is_told) {
    auto const path = folder + '/' + devd_stream_name;
    sockets.reset();
    UniqueFd const file{::open(path.c_str(), O_CREAT | O_WRONLY, 0600)};
    make();
    EXPECT_EQ(said.size(), 1U);
    EXPECT_TRUE(std::filesystem::is_regular_file(path));
    auto reader = packets();
    happen(1);
    EXPECT_FALSE(reader.read().empty());
}

}  // namespace
}  // namespace apiary::bus
