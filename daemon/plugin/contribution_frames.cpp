#include "plugin/contribution_frames.hpp"

#include <charconv>
#include <map>
#include <memory>
#include <set>
#include <string_view>
#include <utility>

#include "plugin/contributions.hpp"
#include "plugin/members.hpp"
#include "plugin/protocol.hpp"

namespace apiary::plugin {
namespace {

auto number_of_descriptor(std::string const& text) -> std::size_t {
    std::size_t number = max_descriptors;
    auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    return error == std::errc{} && end == text.data() + text.size() ? number : max_descriptors;
}

auto contributed_twice(std::string const& kind, std::string const& id) -> std::string {
    return "it contributed " + kind + " " + id + " twice";
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
    if (!triples || triples->size() > max_contributions) {
        return std::string{"its contributions are no list of kind, id and value, or more than "} +
               std::to_string(max_contributions);
    }
    std::vector<Contribution> made;
    std::set<std::pair<std::string_view, std::string_view>> seen;
    std::map<std::size_t, std::size_t> numbers;  // of descriptors -> of contributions
    for (auto const& [kind, id, value] : *triples) {
        if (auto const fault = refuse_contribution(kind, id, value)) {
            return *fault;
        }
        if (!seen.emplace(kind, id).second) {
            return contributed_twice(kind, id);
        }
        Contribution one{.kind = kind, .id = id, .value = value, .fd = nullptr};
        if (kind == "fd") {
            auto const number = number_of_descriptor(value);
            if (number >= frame.descriptors.size() || !numbers.emplace(number, made.size()).second) {
                return "it contributed the descriptor " + id + ", which did not come";
            }
            one.value.clear();
        }
        made.push_back(std::move(one));
    }
    // Only now: until it is known that all is well, it is the frame's owner who decides where they are closed.
    for (auto const& [number, contribution] : numbers) {
        made[contribution].fd = std::make_shared<UniqueFd>(std::move(frame.descriptors[number]));
    }
    return made;
}

}  // namespace apiary::plugin
