// Where the supervision tests happen: a folder, a loop, real shims, and real children for them.
#pragma once

#include <gtest/gtest.h>
#include <sys/socket.h>

#include <string>
#include <vector>

#include "poll_loop.hpp"
#include "supervision/process.hpp"
#include "supervision/supervision.hpp"
#include "support/temporary_folder.hpp"

namespace apiary::test {

// One end of a stream socket, read without waiting.
class Terminal {
public:
    Terminal() = default;
    explicit Terminal(UniqueFd fd) : fd_{std::move(fd)} {}
    auto text() -> std::string const&;  // all that arrived so far
    [[nodiscard]] auto ended() const -> bool { return ended_; }
    void type(std::string_view text);  // what is not taken at once is an error of the test
    void close() { fd_.reset(); }
    [[nodiscard]] auto fd() const -> int { return fd_.get(); }

private:
    UniqueFd fd_;
    std::string text_;
    bool ended_ = false;
};

// A stream socket pair: ours does not block.
struct Line {
    UniqueFd ours, theirs;
};
[[nodiscard]] auto make_line() -> Line;

[[nodiscard]] auto open_fds() -> std::vector<std::string>;  // what /proc/self/fd says

struct Spawned {
    std::unique_ptr<Supervised> handle;
    std::vector<SupervisedEvent> events;
    [[nodiscard]] auto saw(SupervisedEvent::Kind kind) const -> SupervisedEvent const*;
};

class Bench : public testing::Test {
protected:
    Bench();
    ~Bench() override;

    [[nodiscard]] auto make_run_dir(unsigned id = 1, unsigned incarnation = 1) -> std::string;
    // A request that runs the text as a shell script.
    [[nodiscard]] auto script(std::string const& text) -> SpawnRequest;
    [[nodiscard]] auto spawn(SpawnRequest request) -> std::unique_ptr<Spawned>;
    [[nodiscard]] auto reattach(std::string const& dir) -> std::unique_ptr<Spawned>;
    [[nodiscard]] auto wait_for(Spawned& run, SupervisedEvent::Kind kind) -> SupervisedEvent;
    // Attaches a viewer and waits for the answer.
    [[nodiscard]] auto attach(Spawned& run, Terminal& viewer, ConsoleMode mode, bool force = false) -> ConsoleResult;
    [[nodiscard]] auto wait_for_text(Terminal& terminal, std::string const& wanted) -> bool;
    [[nodiscard]] auto wait_until_gone(supervision::ProcessId const& process) -> bool;
    [[nodiscard]] auto shim_of(Spawned const& run) -> supervision::ProcessId;
    [[nodiscard]] auto read_file(std::string const& path) -> std::string;
    [[nodiscard]] auto open_log(std::string const& name) -> UniqueFd;

    PollLoop loop;
    TemporaryFolder temporary;
    std::string const root = temporary.path();
    std::string run_dir;  // of script(): <root>/run/1/1
    SupervisionOptions options;
    std::vector<std::string> reports;
    std::unique_ptr<Supervisor> supervisor;
};

void kill_process(supervision::ProcessId const& process, int signal);

}  // namespace apiary::test
