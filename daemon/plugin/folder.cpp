#include "plugin/folder.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <string_view>
#include <system_error>

#include "plugin/declaration.hpp"

namespace apiary::plugin {
namespace {

constexpr std::string_view suffix = ".so";

auto why_of(int error) -> std::string {
    return std::generic_category().message(error);
}

auto owner_fault(struct stat const& status, uid_t user) -> std::string {
    if (status.st_uid != 0 && status.st_uid != user) {
        return "belongs to uid " + std::to_string(status.st_uid) + ", and must belong to root" +
               (user == 0 ? "" : " or to uid " + std::to_string(user)) + ": chown it";
    }
    if ((status.st_mode & (S_IWGRP | S_IWOTH)) != 0) {
        return "can be written to by others than its owner: chmod go-w";
    }
    return {};
}

auto changed_ns(struct stat const& status) -> std::int64_t {
    auto const& when = status.st_mtim;
    return static_cast<std::int64_t>(when.tv_sec) * 1'000'000'000 + when.tv_nsec;
}

auto look_at(int folder, std::string const& folder_path, std::string const& file, uid_t user) -> PluginFile {
    PluginFile made;
    made.name = file.substr(0, file.size() - suffix.size());
    made.path = folder_path + "/" + file;
    // Not to wait for the other end of a pipe that somebody calls so.
    auto fd = std::make_shared<UniqueFd>(
        ::openat(folder, file.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
    struct stat status {};
    if (!*fd || ::fstat(fd->get(), &status) != 0) {
        made.fault = errno == ELOOP || errno == EMLINK ? "is a symbolic link: put the file itself there"
                                                       : "cannot be opened: " + why_of(errno);
        return made;
    }
    made.id = {
        .device = status.st_dev, .inode = status.st_ino, .size = status.st_size, .changed_ns = changed_ns(status)};
    if (!S_ISREG(status.st_mode)) {
        made.fault = "is no regular file";
    } else if (!is_plugin_name(made.name)) {
        made.fault =
            "has a name that no plugin has: 1 to 32 lower case letters, digits and '-', the first a letter, "
            "then .so";
    } else {
        made.fault = owner_fault(status, user);
    }
    if (made.fault.empty()) {
        made.fd = std::move(fd);
    }
    return made;
}

}  // namespace

auto scan_folder(std::string const& folder, uid_t user) -> FolderScan {
    FolderScan scan;
    UniqueFd opened{::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
    if (!opened) {
        if (errno != ENOENT) {
            scan.fault = "the folder of plugins " + folder + " cannot be read: " + why_of(errno);
        }
        return scan;
    }
    struct stat status {};
    if (::fstat(opened.get(), &status) != 0) {
        scan.fault = "the folder of plugins " + folder + " cannot be read: " + why_of(errno);
        return scan;
    }
    if (auto const fault = owner_fault(status, user); !fault.empty()) {
        scan.fault = "no plugin is taken from the folder " + folder + ", which " + fault;
        return scan;
    }
    int const fd = opened.get();
    DIR* const list = ::fdopendir(::fcntl(fd, F_DUPFD_CLOEXEC, 3));
    if (list == nullptr) {
        scan.fault = "the folder of plugins " + folder + " cannot be read: " + why_of(errno);
        return scan;
    }
    std::vector<std::string> names;
    while (auto const* const entry = ::readdir(list)) {  // NOLINT(concurrency-mt-unsafe): of a stream of our own
        std::string_view const name{entry->d_name};
        // A name that begins with a dot is somebody's half of a copy.
        if (name.size() > suffix.size() && name.ends_with(suffix) && name.front() != '.') {
            names.emplace_back(name);
        }
    }
    ::closedir(list);
    std::sort(names.begin(), names.end());
    if (names.size() > max_plugins) {
        scan.fault = "the folder of plugins " + folder + " has more than " + std::to_string(max_plugins) +
                     " files *.so: those after " + names[max_plugins - 1] + " are left out";
        names.resize(max_plugins);
    }
    for (auto const& name : names) {
        scan.files.push_back(look_at(fd, folder, name, user));
    }
    return scan;
}

}  // namespace apiary::plugin
