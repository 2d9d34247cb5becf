// One step for each folder: it is opened without following a link, and looked at before anything in it is.
#include "config/way.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <filesystem>
#include <system_error>
#include <utility>

namespace apiary::config {

namespace {

// Searching is all that is needed: a folder may be closed to reading.
#ifdef O_PATH
constexpr int folder_flags = O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
#else
constexpr int folder_flags = O_SEARCH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
#endif

constexpr unsigned most_links = 16;
constexpr std::size_t most_folders = 100;  // each costs a descriptor

// Takes the first component off a path; empty: there is none left.
auto take_component(std::string_view& path) -> std::string_view {
    while (path.starts_with('/')) {
        path.remove_prefix(1);
    }
    auto const component = path.substr(0, path.find('/'));
    path.remove_prefix(component.size());
    return component;
}

auto joined(std::string const& folder, std::string const& name) -> std::string {
    return folder == "/" ? folder + name : folder + "/" + name;
}

auto may(Asker const& asker, uid_t owner, mode_t mode, mode_t own, mode_t everybody) -> bool {
    return asker.trusted || (owner == asker.uid ? (mode & own) != 0 : (mode & everybody) == everybody);
}

}  // namespace

auto may_read(Asker const& asker, uid_t owner, mode_t mode) -> bool {
    return may(asker, owner, mode, S_IRUSR, S_IRGRP | S_IROTH);
}

auto may_search(Asker const& asker, uid_t owner, mode_t mode) -> bool {
    return may(asker, owner, mode, S_IXUSR, S_IXGRP | S_IXOTH);
}

auto read_link(int folder, std::string const& name) -> std::optional<std::string> {
    std::string target(PATH_MAX, '\0');
    ssize_t const length = ::readlinkat(folder, name.c_str(), target.data(), target.size());
    if (length < 0) {
        return std::nullopt;
    }
    target.resize(static_cast<std::size_t>(length));
    return target;
}

auto Ways::sticky(Folder const& folder) -> bool {
    return (folder.mode & S_ISVTX) != 0 && (folder.mode & (S_IWGRP | S_IWOTH)) != 0;
}

// What lies in doubt makes everything below it so.
auto Ways::folder_at(UniqueFd fd, std::string real, Folder const* from) const -> Step {
    struct stat status {};
    if (::fstat(fd.get(), &status) != 0) {
        return Astray{errno, from != nullptr ? from->owner : 0};
    }
    Folder folder{std::move(fd), std::move(real), status.st_uid, status.st_mode, {}};
    if (from != nullptr && from->doubt) {
        folder.doubt = from->doubt;
    } else if (!trusts(folder.owner)) {
        folder.doubt = Doubt{"the folder " + folder.real + " belongs to another user, who may replace it (chown root " +
                                 folder.real + ")",
                             folder.owner};
    } else if ((folder.mode & (S_IWGRP | S_IWOTH)) != 0 && !sticky(folder)) {
        bool const everybody = (folder.mode & S_IWOTH) != 0;
        folder.doubt = Doubt{std::string{everybody ? "everybody" : "a group"} + " may write the folder " + folder.real +
                                 ", and so replace it (chmod " + (everybody ? "go-w " : "g-w ") + folder.real + ")",
                             folder.owner};
    }
    return folder;
}

auto Ways::start(std::string_view path) -> Step {
    UniqueFd fd{::open(path.starts_with('/') ? "/" : ".", folder_flags)};
    if (!fd) {
        return Astray{errno, 0};
    }
    if (path.starts_with('/')) {
        return folder_at(std::move(fd), "/", nullptr);
    }
    // So that the folders above it are looked at as well.
    std::error_code error;
    auto const here = std::filesystem::current_path(error);
    auto root = start("/");
    if (error || std::holds_alternative<Astray>(root)) {
        return error ? Step{Astray{error.value(), 0}} : std::move(root);
    }
    return walk(std::get<Folder>(root), here.native(), Asker{}, 0);
}

auto Ways::through_link(Folder const& from, std::string const& component, Asker const& asker, unsigned links) -> Step {
    auto const target = read_link(from.fd.get(), component);
    if (!target) {
        return Astray{ENOTDIR, from.doubt ? from.doubt->owner : from.owner};
    }
    struct stat status {};
    bool const known = ::fstatat(from.fd.get(), component.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0;
    uid_t const owner = from.doubt ? from.doubt->owner : known ? status.st_uid : from.owner;
    if (links >= most_links) {
        return Astray{ELOOP, owner};
    }
    auto result = follow(from, *target, asker, links + 1);
    if (auto* const astray = std::get_if<Astray>(&result)) {
        astray->owner = trusts(owner) ? astray->owner : owner;  // it is the link that leads there
        return result;
    }
    auto& folder = std::get<Folder>(result);
    if (from.doubt) {
        folder.doubt = from.doubt;
    } else if (sticky(from) && !trusts(owner)) {
        folder.doubt =
            Doubt{"the link " + joined(from.real, component) + " on the way to it belongs to another user", owner};
    }
    return result;
}

auto Ways::step(Folder const& from, std::string const& component, Asker const& asker, unsigned links) -> Step {
    if (!may_search(asker, from.owner, from.mode)) {
        return Astray{EACCES, asker.uid};
    }
    UniqueFd fd{::openat(from.fd.get(), component.c_str(), folder_flags)};
    if (!fd) {
        int const error = errno;
        if (error == ENOTDIR || error == ELOOP || error == EMLINK) {
            return through_link(from, component, asker, links);
        }
        return Astray{error, from.doubt ? from.doubt->owner : from.owner};
    }
    return folder_at(
        std::move(fd),
        component == ".." ? std::filesystem::path{from.real}.parent_path().native() : joined(from.real, component),
        &from);
}

auto Ways::walk(Folder const& from, std::string_view path, Asker const& asker, unsigned links) -> Step {
    Step at = Astray{};
    Folder const* now = &from;
    for (auto component = take_component(path); !component.empty(); component = take_component(path)) {
        if (component == ".") {
            continue;
        }
        at = step(*now, std::string{component}, asker, links);
        if (std::holds_alternative<Astray>(at)) {
            return at;
        }
        now = &std::get<Folder>(at);
    }
    if (now == &from) {  // nothing to do: the same folder once more
        UniqueFd again{::fcntl(from.fd.get(), F_DUPFD_CLOEXEC, 0)};
        return again ? Step{Folder{std::move(again), from.real, from.owner, from.mode, from.doubt}}
                     : Step{Astray{errno, from.owner}};
    }
    return at;
}

auto Ways::follow(Folder const& from, std::string_view folder, Asker const& asker, unsigned links) -> Step {
    if (!folder.starts_with('/')) {
        return walk(from, folder, asker, links);
    }
    auto root = start("/");
    return std::holds_alternative<Astray>(root) ? std::move(root) : walk(std::get<Folder>(root), folder, asker, links);
}

// Goes back as far as the new way parts from the last one.
auto Ways::to(std::string_view folder, Asker const& asker) -> std::variant<Folder const*, Astray> {
    std::string const origin = folder.starts_with('/') ? "/" : ".";
    if (stops_.empty() || stops_.front().component != origin || asker != asker_) {
        stops_.clear();
        asker_ = asker;
        auto first = start(folder);
        if (auto const* const astray = std::get_if<Astray>(&first)) {
            return *astray;
        }
        stops_.push_back({origin, std::move(std::get<Folder>(first))});
    }
    std::size_t depth = 1;
    for (auto component = take_component(folder); !component.empty(); component = take_component(folder)) {
        if (component == ".") {
            continue;
        }
        if (depth < stops_.size() && stops_[depth].component == component) {
            ++depth;
            continue;
        }
        stops_.resize(depth);
        if (depth > most_folders) {
            return Astray{ENAMETOOLONG, stops_.back().folder.owner};
        }
        std::string name{component};
        auto next = step(stops_.back().folder, name, asker, 0);
        if (auto const* const astray = std::get_if<Astray>(&next)) {
            return *astray;
        }
        stops_.push_back({std::move(name), std::move(std::get<Folder>(next))});
        ++depth;
    }
    return &stops_[depth - 1].folder;
}

}  // namespace apiary::config
