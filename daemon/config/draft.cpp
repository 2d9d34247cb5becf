// Helpers of all setters.
#include "config/draft.hpp"

#include <algorithm>

namespace apiary::config {

auto Draft::find(std::string_view key) const -> Entry const* {
    auto const found =
        std::find_if(entries.begin(), entries.end(), [&](Entry const& entry) { return entry.key->name == key; });
    return found != entries.end() ? &*found : nullptr;
}

auto Assignment::host_path(std::string_view path) const -> HostPath {
    return {std::string{path}, trusted(), trusted() ? uid_t{0} : from.owner};
}

auto path_fault(Assignment& a, std::string_view path) -> ValueFault {
    constexpr std::size_t longest_path = 1023;  // the smaller PATH_MAX of the platforms
    if (path.empty()) {
        return "a path is needed";
    }
    if (path.size() > longest_path) {
        return "a path has at most " + std::to_string(longest_path) + " bytes";
    }
    if (path.front() != '/') {
        if (!a.trusted()) {
            return "a path in a file that does not belong to root must begin with '/'";
        }
        a.warning = "a relative path is taken relative to the daemon's working folder";
    }
    return std::nullopt;
}

}  // namespace apiary::config
