#include "path_trust.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <climits>
#include <deque>
#include <vector>

namespace apiary::hookcmd {
namespace {

constexpr int most_links = 40;  // as the kernel has it
constexpr mode_t others_write = S_IWGRP | S_IWOTH;

void prepend(std::string const& path, std::deque<std::string>& parts) {
    std::vector<std::string> its;
    for (std::size_t at = 0; at < path.size();) {
        auto const end = std::min(path.find('/', at), path.size());
        if (end != at && path.substr(at, end - at) != ".") {
            its.push_back(path.substr(at, end - at));
        }
        at = end + 1;
    }
    parts.insert(parts.begin(), its.begin(), its.end());
}

class Walk {
public:
    explicit Walk(uid_t user) : user_{user} {}

    auto look(std::string const& path) -> std::string {
        std::deque<std::string> parts;
        prepend(path, parts);
        std::string folder = "/";
        int links = 0;
        while (!parts.empty()) {
            auto const part = parts.front();
            parts.pop_front();
            if (part == "..") {  // it was judged on the way here
                auto const end = folder.rfind('/');
                folder = end == 0 || end == std::string::npos ? "/" : folder.substr(0, end);
                continue;
            }
            auto const next = (folder == "/" ? "" : folder) + "/" + part;
            struct stat found {};
            if (::lstat(next.c_str(), &found) != 0) {
                return {};
            }
            if (auto fault = judge(folder, found); !fault.empty()) {
                return fault;
            }
            if (!S_ISLNK(found.st_mode)) {
                folder = next;
                continue;
            }
            std::string target(PATH_MAX, '\0');
            ssize_t const length = ::readlink(next.c_str(), target.data(), target.size());
            if (length < 0 || ++links > most_links) {
                return {};  // it cannot be run either
            }
            target.resize(static_cast<std::size_t>(length));
            prepend(target, parts);
            folder = target.starts_with('/') ? "/" : folder;
        }
        return {};
    }

private:
    [[nodiscard]] auto is_trusted(uid_t owner) const -> bool { return owner == 0 || owner == user_; }

    // The folder that has `entry`.
    [[nodiscard]] auto judge(std::string const& folder, struct stat const& entry) const -> std::string {
        struct stat its {};
        if (::lstat(folder.c_str(), &its) != 0) {
            return {};
        }
        if (!is_trusted(its.st_uid)) {
            return "the folder " + folder + " belongs to uid " + std::to_string(its.st_uid) +
                   ", who could put another program there";
        }
        bool const kept = (its.st_mode & S_ISVTX) != 0 && is_trusted(entry.st_uid);
        if ((its.st_mode & others_write) != 0 && !kept) {
            return "others than its owner can write to the folder " + folder +
                   ", and could put another program there (chmod go-w)";
        }
        return {};
    }

    uid_t user_;
};

}  // namespace

auto unfit(std::string const& path, uid_t user) -> std::string {
    if (auto fault = exchangeable(path, user); !fault.empty()) {
        return fault;
    }
    struct stat found {};
    if (::stat(path.c_str(), &found) != 0) {
        return {};
    }
    if (found.st_uid != 0 && found.st_uid != user) {
        return "it belongs to uid " + std::to_string(found.st_uid) + ", who is not whom it would run as, nor root";
    }
    return (found.st_mode & others_write) != 0 ? "others than its owner can write to it (chmod go-w)" : std::string{};
}

auto exchangeable(std::string const& path, uid_t user) -> std::string {
    return Walk{user}.look(path);
}

}  // namespace apiary::hookcmd
