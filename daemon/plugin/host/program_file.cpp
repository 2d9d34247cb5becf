#include "plugin/host/program_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <utility>

#include "plugin/host/start.hpp"

namespace apiary::plugin::host {
namespace {

constexpr mode_t others_write = S_IWGRP | S_IWOTH;

struct Free {
    void operator()(char* text) const { std::free(text); }
};

// The name without links of the file that was judged, if each folder in it is root's or the owner's alone: else
// nothing.
auto lasting_name(std::string const& path, struct stat const& judged, uid_t owner) -> std::string {
    std::unique_ptr<char, Free> const text{::realpath(path.c_str(), nullptr)};
    if (!text) {
        return {};
    }
    std::string real{text.get()};
    for (auto end = real.rfind('/'); end != std::string::npos;
         end = end == 0 ? std::string::npos : real.rfind('/', end - 1)) {
        std::string const folder = end == 0 ? "/" : real.substr(0, end);
        struct stat found {};
        if (::lstat(folder.c_str(), &found) != 0 || !S_ISDIR(found.st_mode) ||
            (found.st_uid != 0 && found.st_uid != owner) || (found.st_mode & others_write) != 0) {
            return {};
        }
    }
    // What the path leads to may be another file by now.
    struct stat found {};
    bool const same =
        ::lstat(real.c_str(), &found) == 0 && found.st_dev == judged.st_dev && found.st_ino == judged.st_ino;
    return same ? real : std::string{};
}

}  // namespace

auto open_owned(std::string const& path, uid_t owner) -> std::variant<ProgramFile, ProgramFault> {
    // To be looked at, not opened: it may be a device, which does something when it is.
    UniqueFd const looked_at{::open(path.c_str(), O_PATH | O_CLOEXEC)};
    struct stat found {};
    if (!looked_at || ::fstat(looked_at.get(), &found) != 0) {
        return ProgramFault{errno, std::strerror(errno)};
    }
    if (!S_ISREG(found.st_mode)) {
        return ProgramFault{EACCES, "it is no file"};
    }
    if (found.st_uid != owner) {
        return ProgramFault{EPERM, "it belongs to uid " + std::to_string(found.st_uid) + ", and has to belong to uid " +
                                       std::to_string(owner)};
    }
    if ((found.st_mode & others_write) != 0) {
        return ProgramFault{EPERM, "others than its owner can write to it (chmod go-w)"};
    }
    if (auto name = lasting_name(path, found, owner); !name.empty()) {
        return ProgramFile{.path = std::move(name), .file = {}};
    }
    // Close on execution comes later, where it is known whether it may.
    auto file = above_the_childs(open_again(looked_at.get()));
    if (!file) {
        return ProgramFault{errno, std::strerror(errno)};
    }
    std::array<char, 2> first{};
    bool const script = ::pread(file.get(), first.data(), first.size(), 0) == 2 && first[0] == '#' && first[1] == '!';
    return ProgramFile{.path = path, .file = std::move(file), .is_script = script};
}

}  // namespace apiary::plugin::host
