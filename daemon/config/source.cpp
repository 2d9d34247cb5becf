// The host's files, opened by rule: nothing that may block, grow without end, or be switched under our hands.
#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <system_error>
#include <utility>

#include "config/files.hpp"
#include "config/way.hpp"

namespace apiary::config {

namespace {

auto error_text(int error) -> std::string {
    return std::error_code{error, std::generic_category()}.message();
}

// As for bmd: what is found there are no files.
auto is_device_folder(std::string_view real) -> bool {
    return real == "/dev" || real.starts_with("/dev/");
}

// Reads to the end, which may have moved since the file's size was taken.
auto read_all(int fd, std::uint64_t size, std::string& text) -> std::optional<std::string> {
    std::size_t room = static_cast<std::size_t>(size) + 1;  // one more, so that the end shows at once
    while (text.size() <= largest_file) {
        std::size_t const before = text.size();
        text.resize(before + room);
        ssize_t const got = ::read(fd, text.data() + before, room);
        int const error = errno;
        text.resize(before + (got > 0 ? static_cast<std::size_t>(got) : 0));
        if (got == 0 || (got > 0 && before == 0 && static_cast<std::uint64_t>(got) == size)) {
            return std::nullopt;
        }
        if (got < 0 && error != EINTR) {
            return "cannot read: " + error_text(error);
        }
        room = std::size_t{64} * 1024;
    }
    return "the file grows while it is read";
}

class SystemFiles final : public Files {
public:
    explicit SystemFiles(uid_t trusted_uid) : ways_{trusted_uid} {}

    [[nodiscard]] auto read(std::string const& path, Asker const& asker, Wanted const& wanted) -> Answer override {
        if (path.size() >= PATH_MAX) {
            return refusal("cannot open: " + error_text(ENAMETOOLONG), asker, 0);
        }
        std::string_view const folder_name = folder_part(path);
        auto const way = ways_.to(folder_name, asker);
        if (auto const* const astray = std::get_if<Astray>(&way)) {
            return lost(*astray, asker);
        }
        std::string const name = path.substr(folder_name.size());
        if (name.empty() || name == "." || name == "..") {
            return refusal(folder_text, asker, std::get<Folder const*>(way)->owner);
        }
        return open(*std::get<Folder const*>(way), name, asker, wanted);
    }

    [[nodiscard]] auto list(std::string const& folder, Asker const& asker, std::size_t most)
        -> std::variant<Listing, FileRefusal> override {
        auto const way = ways_.to(folder, asker);
        if (auto const* const astray = std::get_if<Astray>(&way)) {
            return lost(*astray, asker);
        }
        Folder const& place = *std::get<Folder const*>(way);
        if (is_device_folder(place.real) || !may_read(asker, place.owner, place.mode)) {
            return refusal(denied_text, asker, place.owner);
        }
        int const fd = ::openat(place.fd.get(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        DIR* const opened = fd < 0 ? nullptr : ::fdopendir(fd);
        if (opened == nullptr) {
            auto const answer = refusal("cannot open: " + error_text(errno), asker, place.owner);
            UniqueFd const close_it{fd};
            return answer;
        }
        std::unique_ptr<DIR, void (*)(DIR*)> const dir{opened, [](DIR* d) { ::closedir(d); }};
        auto const blame = refusal({}, asker, place.doubt ? place.doubt->owner : place.owner);
        Listing listing{{}, true, blame.trusted, blame.owner};
        while (auto const* const entry = ::readdir(dir.get())) {
            std::string_view const name = static_cast<char const*>(entry->d_name);
            if (name == "." || name == "..") {
                continue;
            }
            if (listing.names.size() >= most) {
                listing.complete = false;
                break;
            }
            listing.names.emplace_back(name);
        }
        return listing;
    }

private:
    static constexpr char const* folder_text = "is a folder: name its files, as in FOLDER/*";
    static constexpr char const* denied_text = "access denied";

    // A user is to blame for what he asks for; and he is not told more than "no".
    [[nodiscard]] auto refusal(std::string message, Asker const& asker, uid_t owner) const -> FileRefusal {
        if (!asker.trusted) {
            return {std::move(message), false, false, asker.uid};
        }
        return {std::move(message), false, ways_.trusts(owner), owner};
    }

    [[nodiscard]] auto lost(Astray const& astray, Asker const& asker) const -> FileRefusal {
        bool const missing = astray.error == ENOENT || astray.error == ENOTDIR;
        if (!asker.trusted) {
            auto answer = refusal("no such file, or its owner may not read it", asker, 0);
            answer.missing = true;
            return answer;
        }
        auto answer = refusal("cannot open: " + error_text(astray.error), asker, astray.owner);
        answer.missing = missing;
        return answer;
    }

    // By a link, which is there.
    [[nodiscard]] auto led_astray(Astray const& astray, Asker const& asker) const -> FileRefusal {
        auto answer = lost(astray, asker);
        answer.missing = !asker.trusted;
        return answer;
    }

    // The last component may be a link, which leads into another folder.
    [[nodiscard]] auto open(Folder const& folder, std::string name, Asker const& asker, Wanted const& wanted)
        -> Answer {
        constexpr unsigned most_links = 8;
        Folder const* place = &folder;
        Folder elsewhere;
        std::optional<uid_t> link_owner;
        for (unsigned links = 0; links <= most_links; ++links) {
            uid_t const folder_owner = place->doubt ? place->doubt->owner : place->owner;
            if (is_device_folder(place->real)) {
                return refusal("access denied: not a regular file", asker, link_owner.value_or(folder_owner));
            }
            if (!asker.trusted && !may_open(*place, name, asker)) {
                return lost({ENOENT, 0}, asker);
            }
            UniqueFd const fd{
                ::openat(place->fd.get(), name.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC)};
            if (fd) {
                return opened(fd.get(), *place, asker, link_owner, {name, links > 0}, wanted);
            }
            int const error = errno;
            if (error != ELOOP && error != EMLINK) {
                Astray const astray{error, owner_of(*place, name, link_owner.value_or(folder_owner))};
                return link_owner ? led_astray(astray, asker) : lost(astray, asker);
            }
            struct stat status {};
            auto const target = read_link(place->fd.get(), name);
            if (!target || ::fstatat(place->fd.get(), name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) {
                return lost({errno, folder_owner}, asker);
            }
            if (link_owner && *link_owner != status.st_uid) {
                return refusal(foreign_link_text, asker, *link_owner);
            }
            link_owner = status.st_uid;
            std::string_view const target_folder = folder_part(*target);
            auto next = ways_.follow(*place, target_folder, asker);
            if (auto const* const astray = std::get_if<Astray>(&next)) {
                return led_astray({astray->error, *link_owner}, asker);
            }
            auto& there = std::get<Folder>(next);
            if (place->doubt) {
                there.doubt = place->doubt;
            }
            elsewhere = std::move(there);
            place = &elsewhere;
            name = target->substr(target_folder.size());
            if (name.empty() || name == "." || name == "..") {
                return refusal(folder_text, asker, *link_owner);
            }
        }
        return lost({ELOOP, *link_owner}, asker);
    }

    static constexpr char const* foreign_link_text =
        "access denied: a symbolic link to a file of another owner (make the owner of both the same, or name the file "
        "itself)";

    // Before a user's wish opens it: devices take some opening as a command.
    [[nodiscard]] static auto may_open(Folder const& folder, std::string const& name, Asker const& asker) -> bool {
        struct stat status {};
        if (!may_search(asker, folder.owner, folder.mode) ||
            ::fstatat(folder.fd.get(), name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) {
            return false;
        }
        return S_ISLNK(status.st_mode) || S_ISDIR(status.st_mode) ||
               (S_ISREG(status.st_mode) && may_read(asker, status.st_uid, status.st_mode));
    }

    // Of a file that is there, but cannot be opened.
    [[nodiscard]] auto owner_of(Folder const& folder, std::string const& name, uid_t otherwise) const -> uid_t {
        struct stat status {};
        bool const there = ::fstatat(folder.fd.get(), name.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0;
        return there && !ways_.trusts(status.st_uid) ? status.st_uid : otherwise;
    }

    // What is wrong with the opened file, by its status and place.
    [[nodiscard]] auto fault(struct stat const& status, Folder const& place) const -> std::optional<FileRefusal> {
        bool const trusted = ways_.trusts(status.st_uid);
        auto const no = [&](std::string text) { return refusal(std::move(text), Asker{}, status.st_uid); };
        if (S_ISDIR(status.st_mode)) {
            return no(folder_text);
        }
        if (!S_ISREG(status.st_mode)) {
            return no("access denied: not a regular file");
        }
        // Nor can a user bring in what another one has written: by a hard link to a file of his, for instance.
        if (place.doubt && (trusted || (!ways_.trusts(place.doubt->owner) && place.doubt->owner != status.st_uid))) {
            return refusal("access denied: " + place.doubt->text, Asker{}, place.doubt->owner);
        }
        if ((status.st_mode & S_IWOTH) != 0) {
            return no("access denied: everybody may write this file (chmod o-w)");
        }
        if (trusted && (status.st_mode & S_IWGRP) != 0) {
            return no("access denied: the file's group may write it (chmod g-w)");
        }
        if (status.st_size < 0 || static_cast<std::uintmax_t>(status.st_size) > largest_file) {
            return no("the file is larger than " + std::to_string(largest_file / (std::size_t{1024} * 1024)) + " MiB");
        }
        return std::nullopt;
    }

    struct Found {
        std::string const& name;  // in its folder
        bool through_link = false;
    };

    [[nodiscard]] auto opened(int fd, Folder const& place, Asker const& asker, std::optional<uid_t> link_owner,
                              Found const& found, Wanted const& wanted) const -> Answer {
        struct stat status {};
        if (::fstat(fd, &status) != 0) {
            return refusal("cannot open: " + error_text(errno), asker, place.owner);
        }
        // It may have been replaced since it was looked at.
        bool const his = status.st_uid == asker.uid || ways_.trusts(status.st_uid);
        if (!asker.trusted && (!his || !may_read(asker, status.st_uid, status.st_mode))) {
            return lost({EACCES, 0}, asker);
        }
        bool const both_trusted = link_owner && ways_.trusts(*link_owner) && ways_.trusts(status.st_uid);
        if (link_owner && *link_owner != status.st_uid && !both_trusted) {
            return refusal(foreign_link_text, asker, *link_owner);
        }
        if (auto no = fault(status, place)) {
            return asker.trusted ? std::move(*no) : refusal(std::move(no->message), asker, 0);
        }
        FileText file;
        file.owner = asker.trusted ? status.st_uid : asker.uid;
        file.id = {static_cast<std::uint64_t>(status.st_dev), static_cast<std::uint64_t>(status.st_ino)};
        auto const size = static_cast<std::uint64_t>(status.st_size);
        if (!wanted({file.id, file.owner, size})) {
            return NotWanted{};
        }
        if (auto text = read_all(fd, size, file.text)) {
            return refusal(std::move(*text), asker, status.st_uid);
        }
        file.real = place.real == "/" ? place.real : place.real + "/";
        if (found.through_link) {
            file.folder = file.real;
        }
        file.real += found.name;
        return file;
    }

    Ways ways_;
};

}  // namespace

auto system_files(uid_t trusted_uid) -> std::unique_ptr<Files> {
    return std::make_unique<SystemFiles>(trusted_uid);
}

auto folder_part(std::string_view path) -> std::string_view {
    auto const slash = path.rfind('/');
    return slash == std::string_view::npos ? std::string_view{} : path.substr(0, slash + 1);
}

}  // namespace apiary::config
