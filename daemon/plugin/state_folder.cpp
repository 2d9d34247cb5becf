#include "plugin/state_folder.hpp"

#include <fcntl.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <filesystem>
#include <string_view>
#include <system_error>
#include <vector>

#include "vm/kill_point.hpp"
#include "vm/unique_fd.hpp"

namespace apiary::plugin {
namespace {

constexpr std::size_t largest_secret = std::size_t{64} * 1024, longest_reason = 4096;

auto fault_text(int error) -> std::string {
    return std::generic_category().message(error);
}

auto make_folder(std::string const& path, mode_t mode) -> std::string {
    if (::mkdir(path.c_str(), mode) == 0 || errno == EEXIST) {
        return {};
    }
    return "its folder " + path + " cannot be made: " + fault_text(errno);
}

// What lies in a folder that others may now go through, and was nobody's to reach before.
auto hide_files(std::string const& path) -> std::string {
    std::error_code error;
    for (auto const& entry : std::filesystem::directory_iterator{path, error}) {
        struct stat status {};
        auto const& file = entry.path();
        bool const hidden =
            ::lstat(file.c_str(), &status) == 0 && (!S_ISREG(status.st_mode) || (status.st_mode & 077U) == 0 ||
                                                    ::chmod(file.c_str(), status.st_mode & 0700U) == 0);
        if (!hidden && errno != ENOENT) {
            return file.string() + " cannot be hidden from the plugin's user: " + fault_text(errno);
        }
    }
    return error ? path + " cannot be read: " + error.message() : std::string{};
}

auto find_user(std::string const& name) -> std::optional<std::pair<uid_t, gid_t>> {
    std::vector<char> buffer(16384);
    passwd entry{};
    passwd* found = nullptr;
    if (::getpwnam_r(name.c_str(), &entry, buffer.data(), buffer.size(), &found) != 0 || found == nullptr) {
        return std::nullopt;
    }
    return std::pair{found->pw_uid, found->pw_gid};
}

auto read_all(int fd, std::size_t most) -> std::optional<std::string> {
    std::string text;
    std::array<char, 4096> part;
    for (;;) {
        ssize_t const got = ::read(fd, part.data(), part.size());
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0) {
            return std::nullopt;
        }
        if (got == 0) {
            return text;
        }
        text.append(part.data(), static_cast<std::size_t>(got));
        if (text.size() > most) {
            errno = EFBIG;
            return std::nullopt;
        }
    }
}

void sync_folder(std::string const& path) {
    UniqueFd const folder{::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
    if (folder) {
        ::fsync(folder.get());
    }
}

auto is_name_of_secret(std::string const& name) -> bool {
    return !name.empty() && name.size() <= 128 && name.front() != '.' && std::ranges::all_of(name, [](unsigned char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_' ||
               c == '-';
    });
}

}  // namespace

auto StateFolder::prepare(std::optional<std::string> const& user) const -> std::string {
    bool const other = user && ::geteuid() == 0;
    auto const account = other ? find_user(*user) : std::nullopt;
    if (other && !account) {
        return "it runs as the user " + *user + ", who has no account on this host: make it (a system account)";
    }
    // Another user's process must find its way to what is its own, and see nothing of what is beside it.
    for (auto const& folder : {root_, path_}) {
        if (auto fault = make_folder(folder, 0700); !fault.empty()) {
            return fault;
        }
    }
    auto const own = state();
    for (auto const& folder : {own, path_ + "/secrets"}) {
        if (auto fault = make_folder(folder, 0700); !fault.empty()) {
            return fault;
        }
    }
    if (!account) {
        return {};
    }
    auto const above = root_.substr(0, root_.rfind('/'));
    if (auto fault = hide_files(above); !fault.empty()) {
        return fault;
    }
    for (auto const& folder : {above, root_, path_}) {
        struct stat status {};
        bool const opened = ::stat(folder.c_str(), &status) == 0 &&
                            ((status.st_mode & S_IXOTH) != 0 ||
                             ::chmod(folder.c_str(), (status.st_mode & 0777U) | S_IXGRP | S_IXOTH) == 0);
        if (!opened) {
            return "its folder " + own + " cannot be made reachable for its user: " + fault_text(errno);
        }
    }
    if (::lchown(own.c_str(), account->first, account->second) != 0) {
        return "its folder " + own + " cannot be given to its user: " + fault_text(errno);
    }
    return {};
}

auto StateFolder::disabled() const -> std::optional<std::string> {
    UniqueFd const file{::open((path_ + "/disabled").c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC)};
    if (!file) {
        return errno == ENOENT ? std::nullopt : std::optional{"(the reason cannot be read: " + fault_text(errno) + ")"};
    }
    auto text = read_all(file.get(), longest_reason).value_or("(the reason cannot be read)");
    while (!text.empty() && text.back() == '\n') {
        text.pop_back();
    }
    return text;
}

auto StateFolder::disable(std::string const& why) const -> std::string {
    for (auto const& folder : {root_, path_}) {
        if (auto fault = make_folder(folder, 0700); !fault.empty()) {
            return fault;
        }
    }
    auto const path = path_ + "/disabled";
    auto const fresh = path + ".new";
    auto const text = why.substr(0, longest_reason - 1) + "\n";
    UniqueFd file{::open(fresh.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600)};
    bool const written = file && ::write(file.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size()) &&
                         ::fsync(file.get()) == 0;
    APIARY_KILL_POINT("plugin-disabled.write");
    if (!written || ::rename(fresh.c_str(), path.c_str()) != 0) {
        return path + " cannot be written: " + fault_text(errno);
    }
    APIARY_KILL_POINT("plugin-disabled.written");
    sync_folder(path_);
    return {};
}

auto StateFolder::enable() const -> std::string {
    auto const path = path_ + "/disabled";
    if (::unlink(path.c_str()) != 0 && errno != ENOENT) {
        return path + " cannot be removed: " + fault_text(errno);
    }
    APIARY_KILL_POINT("plugin-enabled.written");
    sync_folder(path_);
    return {};
}

auto StateFolder::secret(std::string const& name) const -> Secret {
    if (!is_name_of_secret(name)) {
        return {.value = std::nullopt, .error = ENOENT, .fault = {}};
    }
    auto const path = path_ + "/secrets/" + name;
    UniqueFd const file{::open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)};
    struct stat status {};
    if (!file || ::fstat(file.get(), &status) != 0) {
        return {.value = std::nullopt, .error = errno, .fault = {}};
    }
    if (!S_ISREG(status.st_mode) || (status.st_uid != 0 && status.st_uid != ::geteuid()) ||
        (status.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
        return {
            .value = std::nullopt,
            .error = EACCES,
            .fault = "the secret " + path + " must be a file of root's with mode 0600: it is not given to the plugin"};
    }
    auto value = read_all(file.get(), largest_secret);
    if (!value) {
        return {.value = std::nullopt, .error = errno, .fault = {}};
    }
    return {.value = std::move(value), .error = 0, .fault = {}};
}

}  // namespace apiary::plugin
