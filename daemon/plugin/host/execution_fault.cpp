#include "plugin/host/execution_fault.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <optional>
#include <string_view>

#include "vm/unique_fd.hpp"

namespace apiary::plugin::host {
namespace {

// As much as the kernel looks at. Nothing: it is no file that can be read.
auto beginning_of(std::string const& path, int file) -> std::optional<std::string> {
    UniqueFd opened;
    if (file < 0) {
        opened.reset(::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
        file = opened.get();
    }
    struct stat found {};
    if (file < 0 || ::fstat(file, &found) != 0 || !S_ISREG(found.st_mode)) {
        return std::nullopt;
    }
    std::array<char, 256> first{};
    ssize_t const got = ::pread(file, first.data(), first.size(), 0);
    return got < 0 ? std::nullopt : std::optional{std::string{first.data(), static_cast<std::size_t>(got)}};
}

auto is_script(std::string_view beginning) -> bool {
    return beginning.starts_with("#!");
}

// The first word behind #!.
auto interpreter_of(std::string_view beginning) -> std::string {
    auto line = beginning.substr(2, beginning.find('\n') - 2);
    line.remove_prefix(std::min(line.find_first_not_of(" \t"), line.size()));
    return std::string{line.substr(0, line.find_first_of(" \t"))};
}

auto missing_interpreter(std::string name) -> std::string {
    bool const of_windows = name.ends_with('\r');
    if (of_windows) {
        name.pop_back();
        return "its #! line ends with a carriage return, so that " + name +
               " is not found: give it the line ends of this system";
    }
    return "its interpreter, which its #! line names, is not there: " + name;
}

}  // namespace

auto execution_fault(std::string const& path, int file, int error) -> std::string {
    if (error != ENOENT && error != ENOEXEC) {
        return std::strerror(error);
    }
    auto const beginning = beginning_of(path, file);
    if (error == ENOENT && beginning && is_script(*beginning)) {
        auto const interpreter = interpreter_of(*beginning);
        if (!interpreter.empty() && ::access(interpreter.c_str(), F_OK) != 0 && (errno == ENOENT || errno == ENOTDIR)) {
            return missing_interpreter(interpreter);
        }
    }
    if (error == ENOEXEC && beginning && !is_script(*beginning)) {
        return beginning->empty() ? "it is empty"
                                  : "it has no #! line that names its interpreter, and it is no program of this system";
    }
    return std::strerror(error);
}

}  // namespace apiary::plugin::host
