#include "plugin/contributions.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <memory>
#include <set>
#include <string_view>
#include <utility>

#include "plugin/members.hpp"
#include "plugin/protocol.hpp"

namespace apiary::plugin {
namespace {

constexpr std::size_t most = 256, longest = 4096;

// Of those in vm/step.hpp. Who a hypervisor runs as is not for plugins to say.
constexpr std::array<std::string_view, 4> kinds{"fd", "tap", "file", "skip"};

auto number_of_descriptor(std::string const& text) -> std::size_t {
    std::size_t number = max_descriptors;
    auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    return error == std::errc{} && end == text.data() + text.size() ? number : max_descriptors;
}

}  // namespace

auto to_json(std::vector<Contribution> const& contributions) -> Json {
    auto list = Json::array();
    for (auto const& one : contributions) {
        if (one.kind != "credentials") {
            list.push_back(Json::array({one.kind, one.id, one.kind == "fd" ? std::string{} : one.value}));
        }
    }
    return list;
}

auto contributions_from(Frame& frame) -> std::variant<std::vector<Contribution>, std::string> {
    auto const triples = triples_of(frame.body, "contributions");
    if (!triples || triples->size() > most) {
        return std::string{"its contributions are no list of kind, id and value, or more than "} + std::to_string(most);
    }
    std::vector<Contribution> made;
    std::set<std::pair<std::string_view, std::string_view>> seen;
    for (auto const& [kind, id, value] : *triples) {
        if (std::ranges::find(kinds, kind) == kinds.end()) {
            return "it contributed something of the kind \"" + shortened(kind, 64) + "\", which there is not";
        }
        bool const printable = std::ranges::all_of(id, [](unsigned char c) { return c > 0x20 && c < 0x7f; });
        if (id.empty() || id.size() > 64 || !printable || value.size() > longest ||
            value.find('\0') != std::string::npos) {
            return "the id or the value of what it contributed (" + kind + ") is empty, too long, or no text";
        }
        if (!seen.emplace(kind, id).second) {
            return "it contributed " + kind + " " + id + " twice";
        }
        if (kind == "file" && !value.starts_with('/')) {
            return "it contributed the file " + id + " with a path that is not absolute: " + shortened(value, 200);
        }
        Contribution one{.kind = kind, .id = id, .value = value, .fd = nullptr};
        if (kind == "fd") {
            auto const number = number_of_descriptor(value);
            if (number >= frame.descriptors.size() || !frame.descriptors[number]) {
                return "it contributed the descriptor " + id + ", which did not come";
            }
            one.value.clear();
            one.fd = std::make_shared<UniqueFd>(std::move(frame.descriptors[number]));
        }
        made.push_back(std::move(one));
    }
    return made;
}

}  // namespace apiary::plugin
