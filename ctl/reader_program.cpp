#include "ctl/reader_program.hpp"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <filesystem>
#include <system_error>

#include "ctl/failure.hpp"
#include "ctl/own_path.hpp"
#include "ctl/unique_fd.hpp"

extern char** environ;  // NOLINT(readability-redundant-declaration): not every platform's headers have it

namespace apiary::ctl {

namespace {

constexpr char const* name = "apiary-config";

[[noreturn]] void fail(std::string const& program, int why) {
    throw Failure{ExitCode::failed, program + " cannot be run: " + std::generic_category().message(why),
                  "It reads configurations for apiaryctl, and is installed with the daemon."};
}

auto read_all(int fd) -> std::string {
    std::string text;
    std::array<char, 65536> buffer{};
    for (;;) {
        auto const count = ::read(fd, buffer.data(), buffer.size());
        if (count > 0) {
            text.append(buffer.data(), static_cast<std::size_t>(count));
        } else if (count == 0 || errno != EINTR) {
            return text;
        }
    }
}

auto status_of(pid_t child) -> int {
    constexpr int base = 128;
    int status = 0;
    while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    return WIFEXITED(status) ? WEXITSTATUS(status) : base + WTERMSIG(status);
}

}  // namespace

auto reader_program() -> std::string {
    auto const here = std::filesystem::path{own_path()}.parent_path();
    for (auto const& folder : {here, here / APIARY_LIBEXECDIR_FROM_BINDIR}) {
        std::error_code error;
        if (auto const found = folder / name; std::filesystem::exists(found, error)) {
            return found.lexically_normal().string();
        }
    }
    return std::string{APIARY_LIBEXECDIR} + "/" + name;
}

auto run_reader(std::string const& program, std::vector<std::string> const& arguments) -> ReaderOutput {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) {
        fail(program, errno);
    }
    UniqueFd reader{ends[0]}, writer{ends[1]};
    posix_spawn_file_actions_t actions{};
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawn_file_actions_adddup2(&actions, writer.get(), STDOUT_FILENO);
    std::vector<char*> argv{const_cast<char*>(program.c_str())};
    for (auto const& argument : arguments) {
        argv.push_back(const_cast<char*>(argument.c_str()));
    }
    argv.push_back(nullptr);
    pid_t child = 0;
    int const why = ::posix_spawn(&child, program.c_str(), &actions, nullptr, argv.data(), environ);
    ::posix_spawn_file_actions_destroy(&actions);
    if (why != 0) {
        fail(program, why);
    }
    writer = UniqueFd{};
    ReaderOutput output;
    output.text = read_all(reader.get());
    output.status = status_of(child);
    return output;
}

}  // namespace apiary::ctl
