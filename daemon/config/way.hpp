// The way to a file, folder by folder: where it really leads, and who could make it lead elsewhere.
#pragma once

#include <sys/stat.h>
#include <sys/types.h>

#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "config/files.hpp"
#include "vm/unique_fd.hpp"

namespace apiary::config {

// Why a file that lies there is not taken for root's, though it belongs to root.
struct Doubt {
    std::string text;
    uid_t owner = 0;  // who put it there, or the folder's owner
};

struct Folder {
    UniqueFd fd;       // to start from, not to read
    std::string real;  // its path without links; "/" alone ends in a slash
    uid_t owner = 0;
    mode_t mode = 0;
    std::optional<Doubt> doubt;  // of it, or of what lies on the way to it
};

struct Astray {
    int error = 0;    // errno
    uid_t owner = 0;  // of the last folder that is there, or of what led away from root's folders before
};

// Remembers the folders of the last way: files are mostly asked for folder by folder.
class Ways {
public:
    explicit Ways(uid_t trusted_uid) : trusted_uid_{trusted_uid} {}

    // A user gets no further than his own right to search folders would let him. The folder is good until the next
    // call.
    [[nodiscard]] auto to(std::string_view folder, Asker const& asker) -> std::variant<Folder const*, Astray>;
    // The same from a folder on, for what a symbolic link in it says.
    [[nodiscard]] auto follow(Folder const& from, std::string_view folder, Asker const& asker, unsigned links = 1)
        -> std::variant<Folder, Astray>;

    [[nodiscard]] auto trusts(uid_t owner) const -> bool { return owner == 0 || owner == trusted_uid_; }
    // The folder's entries can be replaced by those alone who own them.
    [[nodiscard]] static auto sticky(Folder const& folder) -> bool;

private:
    using Step = std::variant<Folder, Astray>;
    struct Stop {
        std::string component;
        Folder folder;
    };

    [[nodiscard]] auto start(std::string_view path) -> Step;
    [[nodiscard]] auto walk(Folder const& from, std::string_view path, Asker const& asker, unsigned links) -> Step;
    [[nodiscard]] auto step(Folder const& from, std::string const& component, Asker const& asker, unsigned links)
        -> Step;
    [[nodiscard]] auto through_link(Folder const& from, std::string const& component, Asker const& asker,
                                    unsigned links) -> Step;
    [[nodiscard]] auto folder_at(UniqueFd fd, std::string real, Folder const* from) const -> Step;

    uid_t trusted_uid_;
    std::vector<Stop> stops_;  // the first is where it started
    Asker asker_;
};

// May he read (or search, for a folder) what has this owner and mode? Rights by groups are not counted: a right that
// everybody has is what his group and all others have.
[[nodiscard]] auto may_read(Asker const& asker, uid_t owner, mode_t mode) -> bool;
[[nodiscard]] auto may_search(Asker const& asker, uid_t owner, mode_t mode) -> bool;

// What the symbolic link says, or nothing where it is none (errno says more).
[[nodiscard]] auto read_link(int folder, std::string const& name) -> std::optional<std::string>;

}  // namespace apiary::config
