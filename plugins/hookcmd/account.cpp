#include "account.hpp"

#include <grp.h>
#include <pwd.h>

#include <cerrno>
#include <vector>

namespace apiary::hookcmd {
namespace {

// Both have the same form; a call's thread has a small stack, so the texts are elsewhere.
template <typename Entry, typename Ask>
auto find(std::string const& name, Ask ask) -> std::optional<Entry> {
    constexpr std::size_t first = std::size_t{16} * 1024, most = std::size_t{1024} * 1024;
    for (std::size_t size = first; size <= most; size *= 2) {
        std::vector<char> texts(size);
        Entry entry{};
        Entry* found = nullptr;
        int const error = ask(name.c_str(), &entry, texts.data(), texts.size(), &found);
        if (error != ERANGE) {
            return found == nullptr ? std::nullopt : std::optional{entry};
        }
    }
    return std::nullopt;
}

}  // namespace

auto find_uid(std::string const& user) -> std::optional<uid_t> {
    auto const found = find<passwd>(user, ::getpwnam_r);
    return found ? std::optional{found->pw_uid} : std::nullopt;
}

auto find_gid(std::string const& group) -> std::optional<gid_t> {
    auto const found = find<::group>(group, ::getgrnam_r);
    return found ? std::optional{found->gr_gid} : std::nullopt;
}

}  // namespace apiary::hookcmd
