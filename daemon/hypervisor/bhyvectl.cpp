// /dev/vmm through bhyvectl(8): a short-lived child, watched by the closing of a pipe.
#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <utility>

#include "hypervisor/guest_base.hpp"
#include "hypervisor/vmm_control.hpp"
#include "vm/unique_fd.hpp"

namespace apiary::hypervisor {
namespace {

// The kernel may wait for virtual CPUs that do not stop: then the VM is left as it is, and a thread of the pool is free
// again.
constexpr int deadline_ms = 10'000;
constexpr int kill_grace_ms = 1'000;

// True: the other end of the pipe is closed everywhere, so the program is gone.
auto closed_within(int pipe, int milliseconds) -> bool {
    pollfd watched{.fd = pipe, .events = POLLIN, .revents = 0};
    int result = 0;
    do {
        result = ::poll(&watched, 1, milliseconds);
    } while (result < 0 && errno == EINTR);
    return result > 0;
}

auto describe_wait(int status) -> std::string {
    if (WIFSIGNALED(status)) {
        return describe({.known = true, .signaled = true, .value = WTERMSIG(status)});
    }
    return describe({.known = true, .value = WEXITSTATUS(status)});
}

// Blocks; runs on a thread of the pool.
auto run(std::string const& path, std::string const& vm, char const* command) -> std::string {
    std::array<int, 2> ends{-1, -1};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) {
        return path + ": " + std::strerror(errno);
    }
    UniqueFd const lifeline{ends[0]};
    UniqueFd held{ends[1]};
    auto const name = "--vm=" + vm;
    std::array<char const*, 4> const argv{path.c_str(), name.c_str(), command, nullptr};
    std::array<char const*, 1> const environment{nullptr};
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    for (int const number : {0, 1, 2}) {
        posix_spawn_file_actions_addopen(&actions, number, "/dev/null", O_RDWR, 0);
    }
    posix_spawn_file_actions_adddup2(&actions, held.get(), 3);
    pid_t child = -1;
    int const error = ::posix_spawn(&child, path.c_str(), &actions, nullptr, const_cast<char* const*>(argv.data()),
                                    const_cast<char* const*>(environment.data()));
    posix_spawn_file_actions_destroy(&actions);
    held.reset();
    if (error != 0) {
        return path + ": " + std::strerror(error);
    }
    bool const in_time = closed_within(lifeline.get(), deadline_ms);
    if (!in_time) {
        ::kill(child, SIGKILL);
        if (!closed_within(lifeline.get(), kill_grace_ms)) {
            return path + " " + command + " hangs in the kernel";
        }
    }
    int status = 0;
    if (::waitpid(child, &status, 0) != child) {
        return path + ": " + std::strerror(errno);
    }
    if (!in_time) {
        return path + " " + command + " did not end in time";
    }
    return status == 0 ? std::string{} : path + " " + command + " " + describe_wait(status);
}

class Bhyvectl : public VmmControl {
public:
    Bhyvectl(Loop& loop, std::string path) : loop_{loop}, path_{std::move(path)} {}

    [[nodiscard]] auto available() const -> bool override { return !path_.empty(); }
    void force_reset(std::string const& vm, Done done) override { ask(vm, "--force-reset", std::move(done)); }
    void force_poweroff(std::string const& vm, Done done) override { ask(vm, "--force-poweroff", std::move(done)); }
    void destroy(std::string const& vm, Done done) override { ask(vm, "--destroy", std::move(done)); }

private:
    void ask(std::string const& vm, char const* command, Done done) {
        if (path_.empty()) {
            loop_.post([done = std::move(done)] { done("this needs bhyvectl(8) and /dev/vmm, which are not here"); });
            return;
        }
        auto result = std::make_shared<std::string>();
        loop_.offload([result, path = path_, vm, command] { *result = run(path, vm, command); },
                      [result, done = std::move(done)] { done(std::move(*result)); });
    }

    Loop& loop_;
    std::string path_;
};

}  // namespace

auto make_bhyvectl(Loop& loop, std::string path) -> std::unique_ptr<VmmControl> {
    return std::make_unique<Bhyvectl>(loop, std::move(path));
}

}  // namespace apiary::hypervisor
