// posix_spawn and exec.
#include "main/program.hpp"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <filesystem>
#include <optional>
#include <system_error>
#include <thread>
#include <utility>

#include "main/own_path.hpp"
#include "vm/unique_fd.hpp"

extern char** environ;  // NOLINT(readability-redundant-declaration): not every platform's headers have it

namespace apiary {

namespace {

constexpr std::size_t most_messages = 16'384;

auto same_file(std::string const& one, std::string const& other) -> bool {
    struct stat first {};
    struct stat second {};
    return ::stat(one.c_str(), &first) == 0 && ::stat(other.c_str(), &second) == 0 && first.st_dev == second.st_dev &&
           first.st_ino == second.st_ino;
}

// `words` must outlive what is given.
auto pointers_to(std::vector<std::string>& words) -> std::vector<char*> {
    std::vector<char*> pointers;
    pointers.reserve(words.size() + 1);
    for (auto& word : words) {
        pointers.push_back(word.data());
    }
    pointers.push_back(nullptr);
    return pointers;
}

auto words_of(Program const& program) -> std::vector<std::string> {
    std::vector<std::string> words{program.path};
    words.insert(words.end(), program.arguments.begin(), program.arguments.end());
    return words;
}

// No signal of ours is held back in it, and a Ctrl-C in our terminal is not meant for it.
class SpawnSettings {
public:
    explicit SpawnSettings(int messages) {
        ::posix_spawn_file_actions_init(&actions_);
        ::posix_spawn_file_actions_addopen(&actions_, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
        ::posix_spawn_file_actions_addopen(&actions_, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
        ::posix_spawn_file_actions_adddup2(&actions_, messages, STDERR_FILENO);
        ::posix_spawnattr_init(&attributes_);
        sigset_t none;
        sigemptyset(&none);
        ::posix_spawnattr_setsigmask(&attributes_, &none);
        ::posix_spawnattr_setpgroup(&attributes_, 0);
        ::posix_spawnattr_setflags(&attributes_, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETPGROUP);
    }
    ~SpawnSettings() {
        ::posix_spawn_file_actions_destroy(&actions_);
        ::posix_spawnattr_destroy(&attributes_);
    }
    SpawnSettings(SpawnSettings const&) = delete;
    auto operator=(SpawnSettings const&) -> SpawnSettings& = delete;

    auto spawn(pid_t& child, std::vector<std::string> words) -> int {
        auto const pointers = pointers_to(words);
        return ::posix_spawn(&child, pointers.front(), &actions_, &attributes_, pointers.data(), environ);
    }

private:
    posix_spawn_file_actions_t actions_{};
    posix_spawnattr_t attributes_{};
};

// Until all writers are gone. False: the time was over before.
auto collect(int fd, std::string& text, std::chrono::steady_clock::time_point deadline) -> bool {
    std::array<char, 4096> buffer{};
    for (;;) {
        auto const left = std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
        pollfd waited{fd, POLLIN, 0};
        int const ready = left.count() > 0 ? ::poll(&waited, 1, static_cast<int>(left.count())) : 0;
        if (ready == 0) {
            return false;
        }
        auto const length = ready < 0 ? -1 : ::read(fd, buffer.data(), buffer.size());
        if (length == 0 || (length < 0 && errno != EINTR)) {
            return true;
        }
        if (length > 0) {
            text.append(buffer.data(), std::min(static_cast<std::size_t>(length), most_messages - text.size()));
        }
    }
}

// None: the time was over before it ended.
auto end_of(pid_t child, std::chrono::steady_clock::time_point deadline) -> std::optional<int> {
    // It has closed its end of the pipe, so it is ending, or odd: nothing portable waits for a process and a clock at
    // once.
    constexpr std::chrono::milliseconds pause{10};
    for (;;) {
        int status = 0;
        auto const got = ::waitpid(child, &status, WNOHANG);
        if (got == child || (got < 0 && errno != EINTR)) {
            return status;
        }
        if (std::chrono::steady_clock::now() >= deadline) {
            return std::nullopt;
        }
        std::this_thread::sleep_for(pause);
    }
}

}  // namespace

auto this_program(int argc, char const* const* argv) -> Program {
    Program program;
    program.path = own_path();
    if (argc > 0 && std::string{argv[0]}.find('/') != std::string::npos && same_file(argv[0], program.path)) {
        std::error_code error;
        auto const absolute = std::filesystem::absolute(argv[0], error);
        if (!error) {
            program.path = absolute.lexically_normal().string();
        }
    }
    for (int i = 1; i < argc; ++i) {
        program.arguments.emplace_back(argv[i]);
    }
    return program;
}

auto run_program(Program const& program, std::string const& argument, std::chrono::milliseconds limit) -> ProgramEnd {
    ProgramEnd end;
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) {
        end.fault = std::generic_category().message(errno);
        return end;
    }
    UniqueFd const reading{ends[0]};
    UniqueFd writing{ends[1]};
    auto words = words_of(program);
    words.push_back(argument);
    pid_t child = 0;
    int const error = SpawnSettings{writing.get()}.spawn(child, std::move(words));
    writing.reset();
    if (error != 0) {
        end.fault = std::generic_category().message(error);
        return end;
    }
    auto const deadline = std::chrono::steady_clock::now() + limit;
    auto status = collect(reading.get(), end.messages, deadline) ? end_of(child, deadline) : std::nullopt;
    end.in_time = status.has_value();
    if (!status) {
        ::kill(-child, SIGKILL);
        status = 0;
        while (::waitpid(child, &*status, 0) < 0 && errno == EINTR) {
        }
    }
    constexpr int by_signal = 128;
    end.status = WIFEXITED(*status) ? WEXITSTATUS(*status) : by_signal + WTERMSIG(*status);
    return end;
}

void execute(Program const& program) {
    auto words = words_of(program);
    auto const pointers = pointers_to(words);
    ::execv(pointers.front(), pointers.data());
}

}  // namespace apiary
