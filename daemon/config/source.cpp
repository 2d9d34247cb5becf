// Opening files by rule: nothing that may block, grow without end, or be switched under our hands.
#include "config/source.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <optional>
#include <system_error>

#include "vm/unique_fd.hpp"

namespace apiary::config {

namespace {

auto refusal(std::string const& path, std::string message, std::optional<uid_t> owner = {}) -> FileRefusal {
    Diagnostic diagnostic;
    diagnostic.file = path;
    diagnostic.message = std::move(message);
    return {std::move(diagnostic), owner.has_value(), owner.value_or(0)};
}

auto error_text(int error) -> std::string {
    return std::error_code{error, std::generic_category()}.message();
}

auto same_file(struct stat const& a, struct stat const& b) -> bool {
    return a.st_dev == b.st_dev && a.st_ino == b.st_ino && a.st_uid == b.st_uid;
}

auto trusts(uid_t owner, uid_t trusted_uid) -> bool {
    return owner == 0 || owner == trusted_uid;
}

// Whose trouble it is that there is no file: of the owner of the last folder on the way to it that is there. So a user
// who takes his file away, or puts a link to nowhere in its place, troubles himself alone.
auto owner_of_the_way(std::filesystem::path path) -> std::optional<uid_t> {
    std::error_code ignored;
    constexpr int most_links = 8;
    for (int links = 0; links < most_links && std::filesystem::is_symlink(path, ignored); ++links) {
        path = path.parent_path() / std::filesystem::read_symlink(path, ignored);
    }
    while (path.has_relative_path()) {
        path = path.parent_path();
        struct stat status {};
        if (::stat(path.empty() ? "." : path.c_str(), &status) == 0) {
            return status.st_uid;
        }
    }
    return std::nullopt;
}

// What is wrong with the opened file, by its status.
auto status_fault(struct stat const& status, uid_t trusted_uid) -> std::optional<std::string> {
    if (!S_ISREG(status.st_mode)) {
        return "not a regular file";
    }
    if ((status.st_mode & S_IWOTH) != 0) {
        return "access denied: everybody may write this file (chmod o-w)";
    }
    if (trusts(status.st_uid, trusted_uid) && (status.st_mode & S_IWGRP) != 0) {
        return "access denied: the file's group may write it (chmod g-w)";
    }
    if (status.st_size < 0 || static_cast<std::uintmax_t>(status.st_size) > largest_file) {
        return "the file is larger than " + std::to_string(largest_file / (std::size_t{1024} * 1024)) + " MiB";
    }
    return std::nullopt;
}

// Reads to the end, which may have moved since the file's size was taken.
auto read_all(int fd, std::string& text) -> std::optional<std::string> {
    constexpr std::size_t chunk = std::size_t{64} * 1024;
    while (text.size() <= largest_file) {
        std::size_t const before = text.size();
        text.resize(before + chunk);
        ssize_t const got = ::read(fd, text.data() + before, chunk);
        text.resize(before + (got > 0 ? static_cast<std::size_t>(got) : 0));
        if (got == 0) {
            return std::nullopt;
        }
        if (got < 0 && errno != EINTR) {
            return "cannot read: " + error_text(errno);
        }
    }
    return "the file grows while it is read";
}

}  // namespace

auto read_file(std::string const& path, uid_t trusted_uid) -> std::variant<FileText, FileRefusal> {
    struct stat before {};
    if (::lstat(path.c_str(), &before) != 0) {
        int const error = errno;
        return refusal(path, "cannot open: " + error_text(error), owner_of_the_way(path));
    }
    bool const link = S_ISLNK(before.st_mode);
    UniqueFd const fd{::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY | (link ? 0 : O_NOFOLLOW))};
    if (!fd) {
        int const error = errno;
        return refusal(path, "cannot open: " + error_text(error),
                       trusts(before.st_uid, trusted_uid) ? owner_of_the_way(path) : before.st_uid);
    }
    struct stat status {};
    if (::fstat(fd.get(), &status) != 0) {
        return refusal(path, "cannot open: " + error_text(errno));
    }
    struct stat after {};
    bool const stable = ::lstat(path.c_str(), &after) == 0 && same_file(before, after);
    if (!stable || (!link && !same_file(before, status))) {
        return refusal(path, "access denied: the file was replaced while it was opened",
                       trusts(before.st_uid, trusted_uid) ? owner_of_the_way(path) : before.st_uid);
    }
    if (link && !trusts(before.st_uid, trusted_uid) && before.st_uid != status.st_uid) {
        return refusal(path, "access denied: a symbolic link to a file of another owner", before.st_uid);
    }
    auto fault = status_fault(status, trusted_uid);
    FileText file{path, status.st_uid, {}};
    if (!fault) {
        fault = read_all(fd.get(), file.text);
    }
    if (fault) {
        return refusal(path, std::move(*fault), status.st_uid);
    }
    return file;
}

}  // namespace apiary::config
