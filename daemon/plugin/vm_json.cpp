#include "plugin/vm_json.hpp"

#include <algorithm>

namespace apiary::plugin {

auto vm_to_json(VmFacts facts, Declaration const& declaration) -> Json {
    for (auto const& key : declaration.keys) {
        auto const& all = facts.settings;
        bool const set = std::ranges::any_of(all, [&key](auto const& one) { return one.first == key.name; });
        if (!set && key.fallback) {
            facts.settings.emplace_back(key.name, std::vector<std::string>{*key.fallback});
        }
    }
    for (auto& [name, values] : facts.settings) {
        auto const key = std::ranges::find(declaration.keys, name, &Key::name);
        if (key != declaration.keys.end() && key->type == KeyType::boolean) {
            for (auto& value : values) {
                bool const yes = !value.empty() && (value.front() == 'y' || value.front() == 'Y' ||
                                                    value.front() == 't' || value.front() == 'T');
                value = yes ? "yes" : "no";
            }
        }
    }
    auto settings = Json::array();
    for (auto& [key, values] : facts.settings) {
        settings.push_back(Json::array({std::move(key), Json(std::move(values))}));
    }
    return {{"name", std::move(facts.name)},
            {"id", facts.id},
            {"incarnation", facts.incarnation},
            {"run_folder", std::move(facts.run_folder)},
            {"settings", std::move(settings)}};
}

auto log_of(std::vector<Contribution> const& contributions) -> std::shared_ptr<UniqueFd> {
    auto const found = std::ranges::find_if(
        contributions, [](Contribution const& one) { return one.kind == "fd" && one.id == "log" && one.fd; });
    return found == contributions.end() ? nullptr : found->fd;
}

}  // namespace apiary::plugin
