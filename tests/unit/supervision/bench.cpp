#include "bench.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "supervision/run_folder.hpp"

namespace apiary::test {

namespace fs = std::filesystem;
using supervision::find_process;
using supervision::ProcessId;

auto Terminal::text() -> std::string const& {
    char chunk[65536];
    while (fd_) {
        ssize_t const got = ::recv(fd_.get(), chunk, sizeof chunk, MSG_DONTWAIT);
        if (got > 0) {
            text_.append(chunk, static_cast<std::size_t>(got));
            continue;
        }
        ended_ = got == 0;
        break;
    }
    return text_;
}

void Terminal::type(std::string_view text) {
    ASSERT_EQ(::send(fd_.get(), text.data(), text.size(), MSG_DONTWAIT | MSG_NOSIGNAL),
              static_cast<ssize_t>(text.size()));
}

auto make_line() -> Line {
    int ends[2];
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    return {.ours = UniqueFd{ends[0]}, .theirs = UniqueFd{ends[1]}};
}

auto open_fds() -> std::vector<std::string> {
    std::vector<std::string> found;
    for (int fd = 0; fd < 1024; ++fd) {
        std::error_code error;
        auto const target = fs::read_symlink("/proc/self/fd/" + std::to_string(fd), error);
        if (!error) {
            found.push_back(std::to_string(fd) + " " + target.string());
        }
    }
    return found;
}

auto Spawned::saw(SupervisedEvent::Kind kind) const -> SupervisedEvent const* {
    auto const at = std::ranges::find(events, kind, &SupervisedEvent::kind);
    return at == events.end() ? nullptr : &*at;
}

void kill_process(ProcessId const& process, int signal) {
    auto const found = find_process(process);
    ASSERT_TRUE(found.process.has_value());
    ASSERT_TRUE(found.process->signal(signal));
}

Bench::Bench() {
    ::chmod(root.c_str(), 0711);  // the tests' unprivileged user looks into parts of it
    fs::create_directory(root + "/run");
    fs::permissions(root + "/run", fs::perms::owner_all);
    fs::create_directory(root + "/log");
    options = {.shim = APIARY_BIN_DIR "/apiary-shim",
               .opener = APIARY_BIN_DIR "/apiary-opener",
               .run_root = root + "/run",
               .log_dir = root + "/log",
               .report = [this](std::string const& text) { reports.push_back(text); }};
    supervisor = make_supervisor(loop, options);
    run_dir = make_run_dir();
}

Bench::~Bench() {
    // Nothing outlives its test.
    for (auto const& vm : fs::directory_iterator{root + "/run"}) {
        for (auto const& run : fs::directory_iterator{vm}) {
            auto const dir = run.path().string();
            if (auto const record = supervision::read_pid_record(dir)) {
                if (auto const found = find_process(record->process); found.process) {
                    (void)found.process->signal(SIGCONT);
                    (void)found.process->signal(SIGKILL);
                }
            }
            EXPECT_TRUE(loop.run_until([&] { return !supervision::lock_is_held(dir, supervision::shim_lock_file); }));
        }
    }
    supervisor.reset();
    // A shim that was told to forget removes its own files at the same time, and what is gone already stops
    // remove_all().
    std::error_code error;
    for (int tries = 0; fs::exists(root, error) && tries < 1000; ++tries) {
        fs::remove_all(root, error);
    }
    EXPECT_FALSE(fs::exists(root, error));
}

auto Bench::make_run_dir(unsigned id, unsigned incarnation) -> std::string {
    auto dir = options.run_root + '/' + std::to_string(id) + '/' + std::to_string(incarnation);
    EXPECT_EQ(supervision::make_run_folder(dir), "");
    return dir;
}

auto Bench::script(std::string const& text) -> SpawnRequest {
    SpawnRequest request;
    request.run_dir = run_dir;
    request.argv = {"/bin/sh", "-c", text};
    request.env = {"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C"};
    request.title = "guest one";
    return request;
}

auto Bench::spawn(SpawnRequest request) -> std::unique_ptr<Spawned> {
    auto run = std::make_unique<Spawned>();
    run->handle = supervisor->spawn(std::move(request),
                                    [at = run.get()](SupervisedEvent const& event) { at->events.push_back(event); });
    EXPECT_TRUE(run->events.empty());  // never before spawn() has returned
    return run;
}

auto Bench::reattach(std::string const& dir) -> std::unique_ptr<Spawned> {
    auto run = std::make_unique<Spawned>();
    RunRecord record;
    record.run_dir = dir;
    run->handle =
        supervisor->reattach(record, [at = run.get()](SupervisedEvent const& event) { at->events.push_back(event); });
    EXPECT_TRUE(run->events.empty());
    return run;
}

auto Bench::wait_for(Spawned& run, SupervisedEvent::Kind kind) -> SupervisedEvent {
    EXPECT_TRUE(loop.run_until([&] { return run.saw(kind) != nullptr; })) << "event " << static_cast<int>(kind);
    auto const* const seen = run.saw(kind);
    return seen != nullptr ? *seen : SupervisedEvent{};
}

auto Bench::attach(Spawned& run, Terminal& viewer, ConsoleMode mode, bool force) -> ConsoleResult {
    auto line = make_line();
    viewer = Terminal{std::move(line.ours)};
    std::optional<ConsoleResult> result;
    bool inside = true;
    run.handle->attach_console(std::move(line.theirs), mode, force, [&](ConsoleResult answer) {
        EXPECT_FALSE(inside);
        result = answer;
    });
    inside = false;
    EXPECT_TRUE(loop.run_until([&] { return result.has_value(); }));
    return result.value_or(ConsoleResult::gone);
}

auto Bench::wait_for_text(Terminal& terminal, std::string const& wanted) -> bool {
    auto const watch = loop.watch(terminal.fd(), Readiness::readable, [] {});
    return loop.run_until([&] { return terminal.text().find(wanted) != std::string::npos; });
}

auto Bench::wait_until_gone(ProcessId const& process) -> bool {
    auto const found = find_process(process);
    if (!found.process) {
        return found.gone;
    }
    auto const watch = loop.watch(found.process->descriptor(), Readiness::readable, [] {});
    return loop.run_until([&] { return found.process->ended(); });
}

auto Bench::shim_of(Spawned const& run) -> ProcessId {
    // After the name in parentheses: the state, then the parent.
    auto const stat = read_file("/proc/" + std::to_string(run.handle->pid()) + "/stat");
    std::istringstream rest{stat.substr(std::min(stat.rfind(')') + 1, stat.size()))};
    std::string state;
    ProcessId shim;
    rest >> state >> shim.pid;
    return shim;
}

auto Bench::read_file(std::string const& path) -> std::string {
    std::ifstream const file{path};
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
}

auto Bench::open_log(std::string const& name) -> UniqueFd {
    return UniqueFd{::open((root + "/log/" + name).c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0640)};
}

}  // namespace apiary::test
