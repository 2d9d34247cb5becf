#include "supervision/children.hpp"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <optional>

namespace apiary::supervision {
namespace {

constexpr auto look_again = std::chrono::milliseconds{100};

class FileActions {
public:
    FileActions() { ok_ = ::posix_spawn_file_actions_init(&actions_) == 0; }
    ~FileActions() {
        if (ok_) {
            ::posix_spawn_file_actions_destroy(&actions_);
        }
    }
    FileActions(FileActions const&) = delete;
    auto operator=(FileActions const&) -> FileActions& = delete;
    [[nodiscard]] auto arrange(int input) -> bool {
        return ok_ && ::posix_spawn_file_actions_adddup2(&actions_, input, 0) == 0 &&
               ::posix_spawn_file_actions_addopen(&actions_, 1, "/dev/null", O_WRONLY, 0) == 0 &&
               ::posix_spawn_file_actions_addopen(&actions_, 2, "/dev/null", O_WRONLY, 0) == 0;
    }
    [[nodiscard]] auto get() const -> posix_spawn_file_actions_t const* { return &actions_; }

private:
    posix_spawn_file_actions_t actions_{};
    bool ok_ = false;
};

class Attributes {
public:
    Attributes() {
        sigset_t none;
        sigset_t all;
        ::sigemptyset(&none);
        ::sigfillset(&all);
        ok_ = ::posix_spawnattr_init(&attributes_) == 0;
        if (ok_) {
            ::posix_spawnattr_setsigmask(&attributes_, &none);
            ::posix_spawnattr_setsigdefault(&attributes_, &all);
            ::posix_spawnattr_setflags(&attributes_, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
        }
    }
    ~Attributes() {
        if (ok_) {
            ::posix_spawnattr_destroy(&attributes_);
        }
    }
    Attributes(Attributes const&) = delete;
    auto operator=(Attributes const&) -> Attributes& = delete;
    [[nodiscard]] auto get() const -> posix_spawnattr_t const* { return &attributes_; }

private:
    posix_spawnattr_t attributes_{};
    bool ok_ = false;
};

// A kill point of the shim that the fault injection has armed: nothing else of the daemon's environment goes to what it
// runs.
auto armed_kill_point() -> char* {
#ifndef APIARY_NO_KILL_POINTS
    static std::string setting;
    if (char const* const point = std::getenv("APIARY_SHIM_KILL_AT")) {  // NOLINT(concurrency-mt-unsafe): not changed
        setting = std::string{"APIARY_SHIM_KILL_AT="} + point;
        return setting.data();
    }
#endif
    return nullptr;
}

auto spawn_usually(std::string const& program, char* const* argv, int input) -> pid_t {
    FileActions actions;
    Attributes const attributes;
    if (!actions.arrange(input)) {
        errno = ENOMEM;
        return 0;
    }
    char* environment[] = {armed_kill_point(), nullptr};
    pid_t pid = 0;
    if (int const error = ::posix_spawn(&pid, program.c_str(), actions.get(), attributes.get(), argv, environment);
        error != 0) {
        errno = error;
        return 0;
    }
    return pid;
}

}  // namespace

// A process that executes another program keeps its children, and that program knows nothing of them. They are about to
// end; one that hangs on a file server is let be.
Children::~Children() {
    auto const deadline = std::chrono::steady_clock::now() + patience_;
    for (auto& [pid, child] : children_) {
        child.wait.reset();
        auto const left =
            std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now()).count();
        if (pollfd ended{child.process ? child.process->descriptor() : -1, POLLIN, 0}; child.process) {
            ::poll(&ended, 1, static_cast<int>(left > 0 ? left : 0));
        }
        ::waitpid(pid, nullptr, WNOHANG);
    }
}

auto Children::spawn(std::string const& program, std::vector<std::string> argv, UniqueFd input, Ended ended) -> pid_t {
    // Where the socket is descriptor 0 itself, dup2 would leave it to be closed on exec.
    if (input.get() <= 2) {
        input.reset(::fcntl(input.get(), F_DUPFD_CLOEXEC, 3));
    }
    if (!input) {
        errno = errno != 0 ? errno : ENOMEM;
        return 0;
    }
    std::vector<char*> arguments;
    arguments.reserve(argv.size() + 1);
    for (auto& argument : argv) {
        arguments.push_back(argument.data());
    }
    arguments.push_back(nullptr);
    auto const quick =
        armed_kill_point() != nullptr ? std::nullopt : spawner_.spawn(program, arguments.data(), input.get());
    pid_t const pid = quick ? *quick : spawn_usually(program, arguments.data(), input.get());
    if (pid != 0) {
        children_.try_emplace(pid).first->second.ended = std::move(ended);
        watch(pid);
    }
    return pid;
}

void Children::watch(pid_t pid) {
    auto& child = children_.at(pid);
    child.process = find_process({.pid = pid, .start = 0}).process;
    if (child.process) {
        child.wait = loop_.watch(child.process->descriptor(), Readiness::readable, [this, pid] { look(pid); });
    } else {  // out of descriptors, for now
        child.wait = loop_.after(look_again, [this, pid] { look(pid); });
    }
}

void Children::look(pid_t pid) {
    int status = -1;
    pid_t const got = ::waitpid(pid, &status, WNOHANG);
    if (got == pid || (got < 0 && errno == ECHILD)) {
        auto const ended = std::move(children_.at(pid).ended);
        children_.erase(pid);
        if (ended) {
            ended(got == pid ? status : -1);
        }
    } else if (auto& child = children_.at(pid); !child.process) {
        child.wait = loop_.after(look_again, [this, pid] { look(pid); });
    }
}

void Children::kill(pid_t pid) {
    if (children_.contains(pid)) {
        ::kill(pid, SIGKILL);  // it is ours and not reaped: the number is its own
    }
}

}  // namespace apiary::supervision
