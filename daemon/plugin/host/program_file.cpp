#include "plugin/host/program_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <memory>

#include "plugin/host/child.hpp"

namespace apiary::plugin::host {
namespace {

constexpr mode_t others_write = S_IWGRP | S_IWOTH;

struct Free {
    void operator()(char* text) const { std::free(text); }
};

// No link in it, and each folder root's or the owner's alone.
auto stands_for_itself(std::string const& path, uid_t owner) -> bool {
    std::unique_ptr<char, Free> const real{::realpath(path.c_str(), nullptr)};
    if (!real || path != real.get()) {
        return false;
    }
    for (auto end = path.rfind('/'); end != std::string::npos;
         end = end == 0 ? std::string::npos : path.rfind('/', end - 1)) {
        std::string const folder = end == 0 ? "/" : path.substr(0, end);
        struct stat found {};
        if (::lstat(folder.c_str(), &found) != 0 || !S_ISDIR(found.st_mode) ||
            (found.st_uid != 0 && found.st_uid != owner) || (found.st_mode & others_write) != 0) {
            return false;
        }
    }
    return true;
}

}  // namespace

auto open_owned(std::string const& path, uid_t owner) -> std::variant<ProgramFile, ProgramFault> {
    // Without waiting: it may be a pipe. Close on execution comes later, where that is known.
    UniqueFd file{::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC)};
    struct stat found {};
    if (!file || ::fstat(file.get(), &found) != 0) {
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
    if (stands_for_itself(path, owner)) {
        return ProgramFile{.path = path, .file = {}};
    }
    std::array<char, 2> first{};
    bool const script = ::pread(file.get(), first.data(), first.size(), 0) == 2 && first[0] == '#' && first[1] == '!';
    if (file.get() < first_free) {
        file.reset(::fcntl(file.get(), F_DUPFD_CLOEXEC, first_free));
    }
    return ProgramFile{.path = path, .file = std::move(file), .is_script = script};
}

}  // namespace apiary::plugin::host
