#include "vm/supervisor.hpp"

#include <charconv>
#include <limits>

namespace apiary {
namespace {

// Takes a decimal number from the front of `text`; nothing: there is none, or it is no id.
template <typename Id>
auto take_id(std::string_view& text) -> std::optional<Id> {
    Id value{};
    auto const [stop, fault] = std::from_chars(text.data(), text.data() + text.size(), value);
    // The largest id means "leave it as it is" to the system's calls: nobody's credentials.
    if (fault != std::errc{} || value == std::numeric_limits<Id>::max()) {
        return std::nullopt;
    }
    text.remove_prefix(static_cast<std::size_t>(stop - text.data()));
    return value;
}

auto take(std::string_view& text, char wanted) -> bool {
    if (!text.starts_with(wanted)) {
        return false;
    }
    text.remove_prefix(1);
    return true;
}

}  // namespace

auto to_string(Credentials const& credentials) -> std::string {
    std::string text = std::to_string(credentials.uid) + ':' + std::to_string(credentials.gid) + ':';
    for (auto const group : credentials.groups) {
        text += (text.ends_with(':') ? "" : ",") + std::to_string(group);
    }
    return text;
}

auto parse_credentials(std::string_view text) -> std::optional<Credentials> {
    Credentials credentials;
    auto const uid = take_id<uid_t>(text);
    if (!uid || !take(text, ':')) {
        return std::nullopt;
    }
    auto const gid = take_id<gid_t>(text);
    if (!gid || !take(text, ':')) {
        return std::nullopt;
    }
    credentials.uid = *uid;
    credentials.gid = *gid;
    while (!text.empty()) {
        auto const group = take_id<gid_t>(text);
        if (!group) {
            return std::nullopt;
        }
        credentials.groups.push_back(*group);
        if (!text.empty() && (!take(text, ',') || text.empty())) {
            return std::nullopt;
        }
    }
    return credentials;
}

}  // namespace apiary
