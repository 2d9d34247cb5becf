#include "plugin/contributions.hpp"

#include <algorithm>
#include <array>

namespace apiary::plugin {
namespace {

enum Place : unsigned { disk = 1, iso = 2, nic = 4, com = 8, kernel = 16, vnc = 32 };

struct Kind {
    std::string_view name;
    unsigned places;
    std::string_view ids;  // for people
};
constexpr std::array<Kind, 4> kinds{
    {{"fd", disk | iso | nic | com | kernel | vnc, "disk0, iso0, nic0 (and so on), com1, kernel, initrd or vnc"},
     {"file", disk | iso | com | kernel, "disk0, iso0 (and so on), com1, kernel or initrd"},
     {"tap", nic, "nic0, nic1 and so on"},
     {"skip", disk | iso, "disk0, iso0 and so on"}}};

auto is_number(std::string_view text) -> bool {
    return !text.empty() && text.size() <= 3 && (text.size() == 1 || text.front() != '0') &&
           std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

auto place_of(std::string_view id) -> unsigned {
    for (auto const& [name, place] :
         {std::pair{std::string_view{"disk"}, disk}, {"iso", iso}, {"nic", nic}, {"com", com}}) {
        if (id.starts_with(name) && is_number(id.substr(name.size()))) {
            return place;
        }
    }
    if (id == "kernel" || id == "initrd") {
        return kernel;
    }
    return id == "vnc" ? vnc : 0U;
}

auto printable(std::string_view text) -> bool {
    return std::none_of(text.begin(), text.end(), [](unsigned char c) { return c < 0x20 || c == 0x7f; });
}

auto is_interface(std::string_view name) -> bool {
    constexpr std::size_t longest = 15;
    return !name.empty() && name.size() <= longest && name != "." && name != ".." &&
           std::all_of(name.begin(), name.end(),
                       [](unsigned char c) { return c > 0x20 && c < 0x7f && c != '/' && c != ':' && c != ','; });
}

}  // namespace

auto refuse_contribution(std::string_view kind, std::string_view id, std::string_view value)
    -> std::optional<std::string> {
    if (id.empty() || id.size() > max_contribution_id || !printable(id)) {
        return "a contribution's id has 1 to " + std::to_string(max_contribution_id) + " printable characters";
    }
    if (value.size() > max_contribution_value) {
        return "a contribution's value has at most " + std::to_string(max_contribution_value) + " bytes";
    }
    if (kind == "note") {
        return std::nullopt;
    }
    auto const* const known =
        std::find_if(kinds.begin(), kinds.end(), [&](Kind const& one) { return one.name == kind; });
    if (known == kinds.end()) {
        return "no backend takes a contribution of kind \"" + std::string{kind.substr(0, max_contribution_id)} +
               "\": fd, file, tap, skip and note are known";
    }
    if ((known->places & place_of(id)) == 0) {
        return "a contribution of kind " + std::string{kind} + " is for " + std::string{known->ids} + ", not for " +
               std::string{id};
    }
    if (kind == "file" && (!value.starts_with('/') || !printable(value))) {
        return "a contribution of kind file has an absolute path as its value";
    }
    if (kind == "tap" && !is_interface(value)) {
        return "a contribution of kind tap has the name of a network interface as its value: 1 to 15 characters";
    }
    return std::nullopt;
}

}  // namespace apiary::plugin
