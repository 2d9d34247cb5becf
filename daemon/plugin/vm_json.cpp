#include "plugin/vm_json.hpp"

#include <algorithm>

namespace apiary::plugin {

namespace {

auto settings_to_json(Settings settings, Declaration const& declaration) -> Json {
    for (auto const& key : declaration.keys) {
        bool const set = std::ranges::any_of(settings, [&key](auto const& one) { return one.first == key.name; });
        if (!set && key.fallback) {
            settings.emplace_back(key.name, std::vector<std::string>{*key.fallback});
        }
    }
    for (auto& [name, values] : settings) {
        auto const key = std::ranges::find(declaration.keys, name, &Key::name);
        if (key != declaration.keys.end() && key->type == KeyType::boolean) {
            for (auto& value : values) {
                bool const yes = !value.empty() && (value.front() == 'y' || value.front() == 'Y' ||
                                                    value.front() == 't' || value.front() == 'T');
                value = yes ? "yes" : "no";
            }
        }
    }
    auto list = Json::array();
    for (auto& [key, values] : settings) {
        list.push_back(Json::array({std::move(key), Json(std::move(values))}));
    }
    return list;
}

}  // namespace

auto vm_frame(VmFacts facts) -> Json {
    return {{"name", std::move(facts.name)},
            {"id", facts.id},
            {"incarnation", facts.incarnation},
            {"run_folder", std::move(facts.run_folder)},
            {"settings", nullptr}};
}

auto vm_to_json(VmFacts facts, Declaration const& declaration) -> Json {
    auto settings = settings_to_json(std::move(facts.settings), declaration);
    auto frame = vm_frame(std::move(facts));
    frame["settings"] = std::move(settings);
    return frame;
}

auto SettingsTexts::of(DefinitionPtr const& definition, Describe const& describe, Declaration const& declaration)
    -> std::shared_ptr<std::string const> {
    if (auto const found = known_.find(definition.get());
        found != known_.end() && found->second.definition.lock() == definition) {
        return found->second.text;
    }
    if (known_.size() >= bound_) {
        std::erase_if(known_, [](auto const& one) { return one.second.definition.expired(); });
        bound_ = std::max(bound_, 2 * known_.size());
    }
    auto const settings = settings_to_json(describe(*definition, declaration.name), declaration);
    auto text = std::make_shared<std::string const>(settings.dump(-1, ' ', false, Json::error_handler_t::replace));
    known_.insert_or_assign(definition.get(), Known{definition, text});
    return text;
}

auto log_of(std::vector<Contribution> const& contributions) -> std::shared_ptr<UniqueFd> {
    auto const found = std::ranges::find_if(
        contributions, [](Contribution const& one) { return one.kind == "fd" && one.id == "log" && one.fd; });
    return found == contributions.end() ? nullptr : found->fd;
}

}  // namespace apiary::plugin
