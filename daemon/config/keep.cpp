// Which of the definitions of before live on, and which of the new ones must wait for their name.
#include "config/keep.hpp"

#include <cstddef>
#include <map>
#include <set>
#include <string>
#include <utility>

#include "config/text.hpp"

namespace apiary::config {

namespace {

auto warning_about(Definition const& definition, std::string message) -> Diagnostic {
    return {.file = definition.origin.file,
            .severity = Severity::warning,
            .vm = definition.name,
            .key = {},
            .message = std::move(message)};
}

void remove(LoadResult& loaded, std::set<std::size_t> const& indices) {
    for (auto index = indices.rbegin(); index != indices.rend(); ++index) {
        auto const offset = static_cast<std::ptrdiff_t>(*index);
        loaded.definitions.erase(loaded.definitions.begin() + offset);
        if (*index < loaded.ids.size()) {
            loaded.ids.erase(loaded.ids.begin() + offset);
        }
    }
}

}  // namespace

void keep_dropped(LoadResult& loaded, std::vector<DefinitionPtr> const& applied) {
    std::set<std::string> const files{loaded.dropped_files.begin(), loaded.dropped_files.end()};
    std::set<std::string> names;
    for (auto const& name : loaded.dropped_vms) {
        names.insert(name_key(name));
    }
    std::map<std::string, std::size_t> present;
    for (std::size_t i = 0; i < loaded.definitions.size(); ++i) {
        present.emplace(name_key(loaded.definitions[i]->name), i);
    }

    std::set<std::size_t> refused;
    std::vector<DefinitionPtr> kept;
    for (auto const& old : applied) {
        auto const key = name_key(old->name);
        if (!files.contains(old->origin.file) && !names.contains(key)) {
            continue;
        }
        if (auto const other = present.find(key); other != present.end()) {
            auto const& wish = *loaded.definitions[other->second];
            if (wish.file_owner == 0 || wish.file_owner == old->file_owner) {
                continue;
            }
            loaded.diagnostics.push_back({.file = wish.origin.file,
                                          .line = wish.origin.line,
                                          .column = wish.origin.column,
                                          .vm = wish.name,
                                          .key = "name",
                                          .message = "there is a VM " + quoted_text(wish.name) + " already"});
            refused.insert(other->second);
        }
        loaded.diagnostics.push_back(
            warning_about(*old, "it keeps the definition that it has until what is wrong with the new one is mended"));
        kept.push_back(old);
    }
    remove(loaded, refused);
    for (auto& definition : kept) {
        loaded.definitions.push_back(std::move(definition));
    }
}

}  // namespace apiary::config
