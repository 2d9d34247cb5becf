#include "plugins/test/host.hpp"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <filesystem>
#include <utility>
#include <vector>

#include "plugin/protocol.hpp"
#include "plugins/test/arguments.hpp"

extern char** environ;  // NOLINT(readability-redundant-declaration): FreeBSD's headers have none

namespace apiary::plugin_test {

using Clock = std::chrono::steady_clock;
using namespace std::chrono_literals;

Host::~Host() {
    if (pid_ > 0) {
        ::kill(pid_, SIGKILL);
        end(0ms);
    }
}

auto Host::begin(std::string const& program, std::string const& mode, std::string const& file, plugin::Json hello)
    -> std::string {
    std::vector<UniqueFd> descriptors;
    descriptors.emplace_back(::open(file.c_str(), O_RDONLY | O_CLOEXEC));
    if (!descriptors.front()) {
        return file + ": " + std::strerror(errno);
    }
    std::array<int, 2> ends{};
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0) {
        return std::strerror(errno);
    }
    channel_.reset(ends[0]);
    UniqueFd const its{ends[1]};
    std::vector<std::string> words{program, mode, std::filesystem::path{file}.filename()};
    auto const argv = pointers_to(words);
    posix_spawn_file_actions_t actions;
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawn_file_actions_adddup2(&actions, its.get(), plugin::channel_descriptor);
    int const error = ::posix_spawn(&pid_, program.c_str(), &actions, nullptr, argv.data(), environ);
    ::posix_spawn_file_actions_destroy(&actions);
    if (error != 0) {
        pid_ = -1;
        return program + ": " + std::strerror(error);
    }
    hello["t"] = "hello";
    hello["protocol"] = plugin::protocol_version;
    hello["version"] = APIARY_VERSION;
    plugin::OutgoingFrame frame{std::move(hello), std::move(descriptors)};
    static_cast<void>(send_some(channel_.get(), frame, true));
    return {};
}

void Host::send(plugin::Json body) {
    plugin::OutgoingFrame frame{std::move(body)};
    static_cast<void>(send_some(channel_.get(), frame, true));  // who is gone is heard of by receive()
}

auto Host::receive(std::chrono::milliseconds most, Other const& other) -> std::optional<plugin::Frame> {
    auto const until = Clock::now() + most;
    for (;;) {
        while (auto frame = reader_.next()) {
            if (!other(*frame)) {
                return frame;
            }
        }
        if (!reader_.fault().empty()) {
            trouble_ = "it wrote to the channel, which is the host's alone: " + reader_.fault();
            return std::nullopt;
        }
        auto const left = std::chrono::ceil<std::chrono::milliseconds>(until - Clock::now());
        if (left <= 0ms) {
            trouble_ = "it hangs";
            return std::nullopt;
        }
        pollfd watched{channel_.get(), POLLIN, 0};
        if (::poll(&watched, 1, static_cast<int>(left.count())) > 0 &&
            receive_some(channel_.get(), reader_, false) == plugin::Received::end) {
            trouble_ = "its process ended";
            return std::nullopt;
        }
    }
}

auto Host::end(std::chrono::milliseconds most) -> std::string {
    auto const until = Clock::now() + most;
    channel_.reset();
    int status = 0;
    bool killed = false;
    for (;;) {
        pid_t const got = pid_ > 0 ? ::waitpid(pid_, &status, killed ? 0 : WNOHANG) : -1;
        if (got == pid_ || (got < 0 && errno != EINTR)) {
            break;
        }
        if (!killed && Clock::now() >= until) {
            ::kill(pid_, SIGKILL);
            killed = true;
        } else if (!killed) {
            ::usleep(2000);  // a tool at a terminal may
        }
    }
    pid_ = -1;
    if (killed) {
        return "its process did not end, and was killed";
    }
    if (WIFSIGNALED(status)) {
        return "its process was killed by signal " + std::to_string(WTERMSIG(status)) + " (" +
               ::strsignal(WTERMSIG(status)) + ")";
    }
    return WEXITSTATUS(status) == 0 ? std::string{} : "its process ended with " + std::to_string(WEXITSTATUS(status));
}

}  // namespace apiary::plugin_test
