// Written beside, then renamed.
#include "bus/run_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <system_error>

#include "vm/unique_fd.hpp"

namespace apiary::bus {

void write_run_file(std::string const& path, std::string_view text) {
    auto const fail = [&] { throw std::system_error{errno, std::generic_category(), "write " + path}; };
    constexpr mode_t readable_by_all = 0644;
    auto const temporary = path + ".new";
    ::unlink(temporary.c_str());
    UniqueFd const file{
        ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, readable_by_all)};
    if (!file || ::fchmod(file.get(), readable_by_all) < 0) {  // whatever the umask
        fail();
    }
    while (!text.empty()) {
        auto const written = ::write(file.get(), text.data(), text.size());
        if (written < 0) {
            fail();
        }
        text.remove_prefix(static_cast<std::size_t>(written));
    }
    if (::rename(temporary.c_str(), path.c_str()) < 0) {
        fail();
    }
}

auto read_run_file(std::string const& path) -> std::string {
    UniqueFd const file{::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)};
    struct stat status {};
    if (!file || ::fstat(file.get(), &status) != 0 || !S_ISREG(status.st_mode) || status.st_uid != ::geteuid() ||
        (status.st_mode & (S_IWGRP | S_IWOTH)) != 0) {
        return {};
    }
    constexpr std::size_t most = 65'536;
    std::string text;
    std::array<char, 4096> buffer{};
    ssize_t length = 0;
    while (text.size() < most && (length = ::read(file.get(), buffer.data(), buffer.size())) > 0) {
        text.append(buffer.data(), static_cast<std::size_t>(length));
    }
    return text;
}

}  // namespace apiary::bus
