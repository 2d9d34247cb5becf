// The console: its escapes, and the session between two ends of sockets and pipes.
#include "ctl/console.hpp"

#include <gtest/gtest.h>
#include <sys/socket.h>

#include <array>
#include <thread>

#include "ctl/escape.hpp"
#include "ctl/unique_fd.hpp"

namespace apiary::ctl {
namespace {

using Typed = EscapeFilter::Action;

auto passed(std::string_view input) -> std::string {
    EscapeFilter filter;
    std::string out;
    auto const result = filter.feed(input, out);
    EXPECT_EQ(result.action, Typed::none);
    EXPECT_EQ(result.taken, input.size());
    return out;
}

auto action_of(std::string_view input) -> Typed {
    EscapeFilter filter;
    std::string out;
    return filter.feed(input, out).action;
}

TEST(Escapes, count_at_the_beginning_of_a_line_only) {
    EXPECT_EQ(action_of("~."), Typed::quit);  // the very beginning is one
    EXPECT_EQ(action_of("ls\r~."), Typed::quit);
    EXPECT_EQ(action_of("ls\n~."), Typed::quit);
    EXPECT_EQ(action_of("~\x04"), Typed::quit);
    EXPECT_EQ(action_of("~?"), Typed::help);
    EXPECT_EQ(action_of("~\x1a"), Typed::suspend);
    EXPECT_EQ(passed("cd ~.\r"), "cd ~.\r");
    EXPECT_EQ(passed("ls ~/x\r"), "ls ~/x\r");
}

TEST(Escapes, other_letters_reach_the_guest_with_their_tilde) {
    EXPECT_EQ(passed("~x"), "~x");
    EXPECT_EQ(passed("~/bin/x\r"), "~/bin/x\r");
    EXPECT_EQ(passed("~\r"), "~\r");
    EXPECT_EQ(action_of("~\r~."), Typed::quit);  // Enter after a tilde begins a line too
}

TEST(Escapes, two_tildes_are_one) {
    EXPECT_EQ(passed("~~"), "~");
    EXPECT_EQ(passed("~~."), "~.");
    EXPECT_EQ(passed("~~\r"), "~\r");
}

TEST(Escapes, come_key_by_key_too) {
    EscapeFilter filter;
    std::string out;
    EXPECT_EQ(filter.feed("\r", out).action, Typed::none);
    EXPECT_EQ(filter.feed("~", out).action, Typed::none);
    EXPECT_EQ(out, "\r");
    EXPECT_EQ(filter.feed(".", out).action, Typed::quit);
}

TEST(Escapes, leave_what_follows_them) {
    EscapeFilter filter;
    std::string out;
    auto const result = filter.feed("a\r~?b", out);
    EXPECT_EQ(result.action, Typed::help);
    EXPECT_EQ(result.taken, 4U);
    EXPECT_EQ(filter.feed("~.", out).action, Typed::quit);  // after help, the line is still at its beginning
    EXPECT_EQ(out, "a\r");
}

struct Ends {
    UniqueFd ours, theirs;
};

auto socket_pair() -> Ends {
    std::array<int, 2> ends{};
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM, 0, ends.data()), 0);
    return {UniqueFd{ends[0]}, UniqueFd{ends[1]}};
}

auto pipe_pair() -> Ends {  // ours: to read
    std::array<int, 2> ends{};
    EXPECT_EQ(::pipe(ends.data()), 0);
    return {UniqueFd{ends[0]}, UniqueFd{ends[1]}};
}

void put(UniqueFd const& fd, std::string_view text) {
    ASSERT_EQ(::write(fd.get(), text.data(), text.size()), static_cast<ssize_t>(text.size()));
}

auto take(UniqueFd const& fd) -> std::string {
    std::array<char, 4096> buffer{};
    auto const size = ::read(fd.get(), buffer.data(), buffer.size());
    return {buffer.data(), static_cast<std::size_t>(std::max<ssize_t>(size, 0))};
}

class Session : public ::testing::Test {
protected:
    auto run(ConsoleOptions const& options = {}) -> ConsoleEnd {
        return run_console({.console = console_.ours.get(),
                            .input = keys_.ours.get(),
                            .output = screen_.theirs.get(),
                            .interrupt = signal_.ours.get()},
                           options);
    }

    Ends console_ = socket_pair();
    Ends keys_ = pipe_pair();
    Ends screen_ = pipe_pair();
    Ends signal_ = pipe_pair();
};

TEST_F(Session, ends_with_the_guest_and_shows_its_last_words) {
    put(console_.theirs, "login: ");
    console_.theirs = {};
    EXPECT_EQ(run(), ConsoleEnd::closed);
    EXPECT_EQ(take(screen_.ours), "login: ");
}

TEST_F(Session, ends_by_an_escape_after_passing_on_what_came_before) {
    put(keys_.theirs, "root\r~.never");
    EXPECT_EQ(run({.escapes = true}), ConsoleEnd::quit);
    EXPECT_EQ(take(console_.theirs), "root\r");
}

TEST_F(Session, a_script_is_passed_on_as_it_is) {
    put(keys_.theirs, "~.\r~~");
    keys_.theirs = {};
    put(signal_.theirs, "x");
    // The signal wins over what is typed, so first let the input be seen alone.
    auto const quiet = pipe_pair();
    std::string got;
    std::thread guest{[&] {
        while (got.size() < 5) {
            got += take(console_.theirs);
        }
        console_.theirs = {};
    }};
    auto const end = run_console({.console = console_.ours.get(),
                                  .input = keys_.ours.get(),
                                  .output = screen_.theirs.get(),
                                  .interrupt = quiet.ours.get()},
                                 {});
    guest.join();
    EXPECT_EQ(end, ConsoleEnd::closed);  // and the end of the input did not end the session
    EXPECT_EQ(got, "~.\r~~");
}

TEST_F(Session, to_read_only_sends_nothing) {
    std::string told;
    put(keys_.theirs, "rm -rf /\r~?~.");
    EXPECT_EQ(
        run({.read_only = true, .escapes = true, .suspend = {}, .tell = [&](std::string_view text) { told = text; }}),
        ConsoleEnd::quit);
    EXPECT_NE(told.find("Nothing that you type reaches the guest"), std::string::npos);
    console_.ours = {};
    EXPECT_EQ(take(console_.theirs), "");
}

TEST_F(Session, ends_by_a_signal) {
    put(signal_.theirs, "x");
    EXPECT_EQ(run(), ConsoleEnd::interrupted);
}

TEST_F(Session, ends_when_nobody_takes_the_output_also_while_the_guest_is_silent) {
    screen_.ours = {};
    EXPECT_EQ(run(), ConsoleEnd::output_closed);
}

TEST_F(Session, an_escape_works_also_when_the_guest_takes_nothing) {
    std::string const much(200'000, 'x');
    std::thread typist{[&] {
        // More than the socket and we keep: the rest waits in the pipe, and the signal must get through.
        static_cast<void>(::write(keys_.theirs.get(), much.data(), 60'000));
        put(signal_.theirs, "x");
    }};
    EXPECT_EQ(run({.escapes = true}), ConsoleEnd::interrupted);
    typist.join();
}

}  // namespace
}  // namespace apiary::ctl
