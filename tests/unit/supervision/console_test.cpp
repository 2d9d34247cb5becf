// The guest's console: its backlog, its viewers, the one writer, and those who are too slow.
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>

#include <optional>

#include "bench.hpp"
#include "supervision/run_folder.hpp"

namespace apiary::test {
namespace {

using Kind = SupervisedEvent::Kind;

class Console : public Bench {
protected:
    // A guest whose console is descriptor 3 of its script.
    auto guest(std::string const& text) -> std::unique_ptr<Spawned> {
        auto request = script(text);
        auto line = make_line();
        request.console = std::move(line.ours);
        request.fds.push_back({.fd = std::make_shared<UniqueFd>(std::move(line.theirs)), .number = 3});
        auto run = spawn(std::move(request));
        (void)wait_for(*run, Kind::started);
        return run;
    }
    // Answers each line; `quit` ends it.
    static constexpr auto echo =
        "echo hello >&3; while read -r line <&3; do [ \"$line\" = quit ] && exit 0; echo \"<$line>\" >&3; done";
    void quit(Spawned& run) {
        run.handle->signal(SIGKILL);
        (void)wait_for(run, Kind::exited);
    }
};

TEST_F(Console, ShowsWhatCameBeforeTheViewer) {
    auto const run = guest(echo);
    Terminal first;
    ASSERT_EQ(attach(*run, first, ConsoleMode::read), ConsoleResult::attached);
    EXPECT_TRUE(wait_for_text(first, "hello\n"));
    Terminal second;
    ASSERT_EQ(attach(*run, second, ConsoleMode::read), ConsoleResult::attached);
    EXPECT_TRUE(wait_for_text(second, "hello\n"));
    quit(*run);
}

TEST_F(Console, HasManyReadersAndOneWriter) {
    auto const run = guest(echo);
    Terminal writer;
    Terminal reader;
    Terminal refused;
    ASSERT_EQ(attach(*run, writer, ConsoleMode::read_write), ConsoleResult::attached);
    ASSERT_EQ(attach(*run, reader, ConsoleMode::read), ConsoleResult::attached);
    EXPECT_EQ(attach(*run, refused, ConsoleMode::read_write), ConsoleResult::busy);
    reader.type("ignored\n");
    writer.type("typed\n");
    EXPECT_TRUE(wait_for_text(reader, "<typed>"));
    EXPECT_TRUE(wait_for_text(writer, "<typed>"));
    writer.type("quit\n");
    EXPECT_EQ(wait_for(*run, Kind::exited).status.value, 0);
    EXPECT_EQ(reader.text(), "hello\n<typed>\n");
    EXPECT_TRUE(loop.run_until([&] { return (void)reader.text(), reader.ended(); }));
}

TEST_F(Console, GivesTheRightToWriteToWhoForcesIt) {
    auto const run = guest(echo);
    Terminal old;
    Terminal taker;
    ASSERT_EQ(attach(*run, old, ConsoleMode::read_write), ConsoleResult::attached);
    ASSERT_EQ(attach(*run, taker, ConsoleMode::read_write, true), ConsoleResult::attached);
    old.type("unheard\n");
    taker.type("heard\n");
    EXPECT_TRUE(wait_for_text(taker, "<heard>"));
    EXPECT_TRUE(wait_for_text(old, "<heard>"));  // it goes on reading
    EXPECT_EQ(old.text().find("unheard"), std::string::npos);
    quit(*run);
}

TEST_F(Console, IsFreeAgainWhenTheWriterLeaves) {
    auto const run = guest(echo);
    Terminal first;
    ASSERT_EQ(attach(*run, first, ConsoleMode::read_write), ConsoleResult::attached);
    first.type("last words\n");
    first.close();
    Terminal second;
    auto const attached = [&] { return attach(*run, second, ConsoleMode::read_write) == ConsoleResult::attached; };
    EXPECT_TRUE(loop.run_until(attached));
    EXPECT_TRUE(wait_for_text(second, "<last words>"));  // what it typed before it left was not lost
    quit(*run);
}

TEST_F(Console, OutlivesAWriterThatOnlyStopsTyping) {
    auto const run = guest(echo);
    Terminal writer;
    ASSERT_EQ(attach(*run, writer, ConsoleMode::read_write), ConsoleResult::attached);
    writer.type("one\n");
    ::shutdown(writer.fd(), SHUT_WR);
    EXPECT_TRUE(wait_for_text(writer, "<one>"));
    Terminal next;
    EXPECT_TRUE(loop.run_until([&] { return attach(*run, next, ConsoleMode::read_write) == ConsoleResult::attached; }));
    next.type("two\n");
    EXPECT_TRUE(wait_for_text(writer, "<two>"));
    quit(*run);
}

TEST_F(Console, TellsASlowViewerWhatItLost) {
    // 4 MiB, then a word: far more than socket and backlog hold together.
    auto const run =
        guest("read -r go <&3; head -c 4194304 /dev/zero | tr '\\0' x >&3; echo DONE >&3; read -r line <&3");
    Terminal fast;
    Terminal slow;
    ASSERT_EQ(attach(*run, slow, ConsoleMode::read), ConsoleResult::attached);
    ASSERT_EQ(attach(*run, fast, ConsoleMode::read_write), ConsoleResult::attached);
    fast.type("go\n");
    EXPECT_TRUE(wait_for_text(fast, "DONE"));  // the slow one held up neither the guest nor the fast one
    EXPECT_TRUE(wait_for_text(slow, "DONE"));
    auto const marker = slow.text().find("\r\n[apiary: ");
    ASSERT_NE(marker, std::string::npos);
    EXPECT_NE(slow.text().find(" bytes lost]\r\n", marker), std::string::npos);
    // What it lost and what it got are all that there was.
    std::size_t got = slow.text().size();
    std::size_t lost = 0;
    for (auto at = marker; at != std::string::npos; at = slow.text().find("\r\n[apiary: ", at + 1)) {
        lost += std::stoul(slow.text().substr(at + 11));
        got -= slow.text().find("]\r\n", at) + 3 - at;
    }
    EXPECT_EQ(got + lost, 4194304U + 5U);
    quit(*run);
}

TEST_F(Console, NeverDropsInputForAGuestThatReadsLate) {
    // The guest reads only after a signal; until then writer, shim and sockets fill up, and nobody spins or stalls.
    auto const run = guest(
        "trap 'go=1' USR1; echo ready >&3; while [ -z \"$go\" ]; do sleep 0.01; done; "
        "head -c 2000000 <&3 | tr -d y | wc -c >&3");
    Terminal writer;
    ASSERT_EQ(attach(*run, writer, ConsoleMode::read_write), ConsoleResult::attached);
    ASSERT_TRUE(wait_for_text(writer, "ready"));
    std::string const text(2000000, 'y');
    std::size_t typed = 0;
    bool stuck = false;
    auto const type_more = [&] {
        ssize_t const sent = ::send(writer.fd(), text.data() + typed, text.size() - typed, MSG_DONTWAIT | MSG_NOSIGNAL);
        typed += sent > 0 ? static_cast<std::size_t>(sent) : 0;
        stuck = sent <= 0;
        return typed == text.size();
    };
    ASSERT_TRUE(loop.run_until([&] { return type_more() || stuck; }));
    EXPECT_LT(typed, text.size());
    run->handle->signal(SIGUSR1);
    ASSERT_TRUE(loop.run_until(type_more));
    EXPECT_TRUE(wait_for_text(writer, "0\n"));  // all of it arrived, and it was all y
    EXPECT_EQ(wait_for(*run, Kind::exited).status.value, 0);
}

TEST_F(Console, SaysThatThereIsNone) {
    auto const run = spawn(script("exec sleep 1000"));
    (void)wait_for(*run, Kind::started);
    Terminal viewer;
    EXPECT_EQ(attach(*run, viewer, ConsoleMode::read), ConsoleResult::no_console);
    quit(*run);
    EXPECT_EQ(attach(*run, viewer, ConsoleMode::read), ConsoleResult::gone);
}

TEST_F(Console, RefusesWhatIsNoStreamSocketAndTooManyViewers) {
    auto const run = guest(echo);
    std::optional<ConsoleResult> result;
    run->handle->attach_console(UniqueFd{::open("/dev/null", O_RDWR | O_CLOEXEC)}, ConsoleMode::read, false,
                                [&](ConsoleResult answer) { result = answer; });
    ASSERT_TRUE(loop.run_until([&] { return result.has_value(); }));
    EXPECT_EQ(result, ConsoleResult::gone);
    std::vector<Terminal> viewers(16);
    for (auto& viewer : viewers) {
        EXPECT_EQ(attach(*run, viewer, ConsoleMode::read), ConsoleResult::attached);
    }
    Terminal one_more;
    EXPECT_EQ(attach(*run, one_more, ConsoleMode::read), ConsoleResult::busy);
    viewers.clear();
    EXPECT_TRUE(loop.run_until([&] { return attach(*run, one_more, ConsoleMode::read) == ConsoleResult::attached; }));
    quit(*run);
}

TEST_F(Console, MayBeATerminalThatTheGuestOpensLate) {
    UniqueFd master{::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC)};
    ASSERT_TRUE(master && ::grantpt(master.get()) == 0 && ::unlockpt(master.get()) == 0);
    auto request = script(std::string{"sleep 0.1; t="} + ::ptsname(master.get()) +
                          "; echo early >$t; exec 3<>$t; read -r line <&3; echo \"<$line>\" >&3; exec sleep 1000");
    request.console = std::move(master);
    auto const run = spawn(std::move(request));
    (void)wait_for(*run, Kind::started);
    Terminal viewer;
    ASSERT_EQ(attach(*run, viewer, ConsoleMode::read_write), ConsoleResult::attached);
    EXPECT_TRUE(wait_for_text(viewer, "early\r\n"));
    viewer.type("typed\n");
    EXPECT_TRUE(wait_for_text(viewer, "<typed>"));
    quit(*run);
}

TEST_F(Console, OutlivesTheDaemon) {
    auto run = guest(echo);
    Terminal viewer;
    ASSERT_EQ(attach(*run, viewer, ConsoleMode::read_write), ConsoleResult::attached);
    run.reset();
    supervisor.reset();
    viewer.type("still there\n");
    EXPECT_TRUE(wait_for_text(viewer, "<still there>"));
    supervisor = make_supervisor(loop, options);
    auto const again = reattach(run_dir);
    (void)wait_for(*again, Kind::started);
    Terminal late;
    ASSERT_EQ(attach(*again, late, ConsoleMode::read_write, true), ConsoleResult::attached);
    EXPECT_TRUE(wait_for_text(late, "hello\n<still there>\n"));
    late.type("quit\n");
    EXPECT_EQ(wait_for(*again, Kind::exited).status.value, 0);
}

TEST_F(Console, ShowsTheLastWordsOfADyingGuest) {
    auto const run = guest("read -r line <&3; head -c 30000 /dev/zero | tr '\\0' z >&3; echo END >&3; exit 5");
    Terminal viewer;
    ASSERT_EQ(attach(*run, viewer, ConsoleMode::read_write), ConsoleResult::attached);
    viewer.type("go\n");
    EXPECT_EQ(wait_for(*run, Kind::exited).status.value, 5);
    EXPECT_TRUE(wait_for_text(viewer, "END\n"));
    EXPECT_EQ(viewer.text().size(), 30004U);
}

}  // namespace
}  // namespace apiary::test
