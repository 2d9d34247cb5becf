// Files of configuration: how they are opened, and whose word they are.
//
// An interface, so that tests and fuzzers read files that they have made up (memory_files.hpp). The host's own are in
// source.cpp.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace apiary::config {

inline constexpr std::size_t largest_file = std::size_t{16} * 1024 * 1024;

// Which file it is, by whatever name.
struct FileId {
    std::uint64_t device = 0, number = 0;
    friend auto operator<=>(FileId const&, FileId const&) = default;
};

struct FileText {
    std::string name;  // for messages
    uid_t owner = 0;   // whose word it is: who owns the file, or who has included it
    std::string text;

    // What names in it are relative to, ending in '/'; nothing: the folder of `name`. Another one where `name` is a
    // symbolic link.
    std::optional<std::string> folder{};
    FileId id{};
    std::string real{};  // path without links
};

// Who wants a file to be read: root (or who runs the daemon), by the command line or by an .include in his files; or a
// user, by an .include in his. What a user asks for must be his own, or root's and readable for everybody, and becomes
// his word; no answer tells him what he could not have found out himself.
struct Asker {
    bool trusted = true;
    uid_t uid = 0;  // where not trusted
    friend auto operator==(Asker const&, Asker const&) -> bool = default;
};

// Why a file was not read, and whose trouble that is.
struct FileRefusal {
    std::string message;
    bool missing = false;  // there is no such file
    bool trusted = true;   // root's, or that of who runs the daemon
    uid_t owner = 0;
};

// A file that was opened and may be read.
struct FileLooks {
    FileId id;
    uid_t owner = 0;  // as FileText::owner
    std::uint64_t size = 0;
};

class Files {
public:
    virtual ~Files() = default;

    // Asked before the text is read; false: it is not wanted.
    using Wanted = std::function<bool(FileLooks const&)>;
    struct NotWanted {};
    using Answer = std::variant<FileText, FileRefusal, NotWanted>;

    // Nothing in it waits for others, as far as the file systems allow.
    [[nodiscard]] virtual auto read(std::string const& path, Asker const& asker, Wanted const& wanted) -> Answer = 0;

    struct Listing {
        std::vector<std::string> names;  // unordered, without . and ..
        bool complete = true;            // false: there were more than `most`
        bool trusted = true;             // the folder: whose it is
        uid_t owner = 0;
    };
    // The names in a folder; a refusal where there is none, or the asker may not look into it.
    [[nodiscard]] virtual auto list(std::string const& folder, Asker const& asker, std::size_t most)
        -> std::variant<Listing, FileRefusal> = 0;
};

// The host's. A file of root (or of `trusted_uid`) is read only where nobody else can write or replace it.
[[nodiscard]] auto system_files(uid_t trusted_uid) -> std::unique_ptr<Files>;

// "conf.d/a.conf" -> "conf.d/" and "a.conf"
[[nodiscard]] auto folder_part(std::string_view path) -> std::string_view;

}  // namespace apiary::config
