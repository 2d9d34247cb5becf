// Which of the definitions of before live on, and which of the new ones give way to them.
#include "config/keep.hpp"

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <map>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>

#include "config/text.hpp"

namespace apiary::config {

namespace {

constexpr std::size_t most_kept_shown = 5;

class Keeping {
public:
    Keeping(LoadResult& loaded, std::vector<DefinitionPtr> const& applied) : loaded_{loaded}, applied_{applied} {
        for (uid_t const owner : loaded.owners_with_errors) {
            owners_.emplace(owner, Owner{});
        }
        for (auto const& lost : loaded.lost_names) {
            lost_.emplace(name_key(lost.name), lost.owner);
        }
        for (std::size_t i = 0; i < loaded.definitions.size(); ++i) {
            present_.emplace(name_key(loaded.definitions[i]->name), i);
        }
        gives_way_.resize(loaded.definitions.size());
    }

    auto run() -> std::vector<VmChangePlan> {
        find_causes();
        for (std::size_t i = 0; i < gives_way_.size(); ++i) {
            gives_way_[i] = owners_.contains(loaded_.definitions[i]->file_owner);
        }
        for (auto const& old : applied_) {
            consider(old);
        }
        replace();
        for (auto& [owner, what] : owners_) {
            tell(owner, what);
        }
        return std::move(plans_);
    }

private:
    struct Owner {
        std::string file, cause;  // of the first error
        std::size_t kept = 0;
        std::string names;
    };

    void find_causes() {
        for (auto const& diagnostic : loaded_.diagnostics) {
            if (diagnostic.severity != Severity::error || diagnostic.trusted || diagnostic.harmless) {
                continue;
            }
            auto const owner = owners_.find(diagnostic.owner);
            if (owner != owners_.end() && owner->second.cause.empty()) {
                owner->second.file = diagnostic.file;
                owner->second.cause = format(diagnostic);
            }
        }
    }

    void consider(DefinitionPtr const& old) {
        auto const owner = owners_.find(old->file_owner);
        auto const key = name_key(old->name);
        if (owner == owners_.end() && !lost_.contains({key, old->file_owner})) {
            return;
        }
        if (auto const other = present_.find(key); other != present_.end()) {
            Definition const& wish = *loaded_.definitions[other->second];
            if (is_trusted(wish.file_owner)) {
                return;
            }
            if (!gives_way_[other->second]) {
                gives_way_[other->second] = true;
                refuse(wish);
            }
        }
        VmChangePlan plan{.name = old->name,
                          .action = ChangeAction::kept,
                          .keys = {},
                          .effect = ChangeEffect::none,
                          .why = "another user's file names a VM so, too"};
        if (owner != owners_.end()) {
            Owner& whose = owner->second;
            plan.why = whose.cause;
            if (whose.kept++ < most_kept_shown) {
                whose.names += (whose.names.empty() ? "" : ", ") + old->name;
            }
        }
        plans_.push_back(std::move(plan));
        kept_.push_back(old);
    }

    [[nodiscard]] auto is_trusted(uid_t owner) const -> bool { return owner == 0 || owner == loaded_.trusted_uid; }

    void refuse(Definition const& wish) {
        loaded_.diagnostics.push_back({.file = wish.origin.file(),
                                       .line = wish.origin.line,
                                       .column = wish.origin.column,
                                       .vm = wish.name,
                                       .key = "name",
                                       .message = "there is a VM " + quoted_text(wish.name) + " already",
                                       .trusted = false,
                                       .owner = wish.file_owner,
                                       .harmless = true});
    }

    void replace() {
        std::vector<DefinitionPtr> definitions;
        std::vector<unsigned> ids;
        definitions.reserve(loaded_.definitions.size() + kept_.size());
        ids.reserve(loaded_.ids.size());
        for (std::size_t i = 0; i < gives_way_.size(); ++i) {
            if (!gives_way_[i]) {
                definitions.push_back(std::move(loaded_.definitions[i]));
                ids.push_back(loaded_.ids.at(i));
            }
        }
        std::move(kept_.begin(), kept_.end(), std::back_inserter(definitions));
        loaded_.definitions = std::move(definitions);
        loaded_.ids = std::move(ids);
    }

    void tell(uid_t owner, Owner const& what) {
        std::string text = "of the files of uid " + std::to_string(owner) + " nothing is taken until that is mended";
        if (what.kept > 0) {
            auto const more = what.kept - std::min(what.kept, most_kept_shown);
            text += ": what they said before still holds (VM " + what.names +
                    (more > 0 ? " and " + std::to_string(more) + " more" : "") + ")";
        }
        loaded_.diagnostics.push_back({.file = what.file,
                                       .severity = Severity::warning,
                                       .vm = {},
                                       .key = {},
                                       .message = std::move(text),
                                       .trusted = false,
                                       .owner = owner});
    }

    LoadResult& loaded_;
    std::vector<DefinitionPtr> const& applied_;
    std::map<uid_t, Owner> owners_;                         // that have errors
    std::set<std::pair<std::string, uid_t>> lost_;          // names, and who would have had them
    std::unordered_map<std::string, std::size_t> present_;  // new definitions by name
    std::vector<bool> gives_way_;                           // of the new definitions
    std::vector<DefinitionPtr> kept_;
    std::vector<VmChangePlan> plans_;
};

}  // namespace

auto keep_applied(LoadResult& loaded, std::vector<DefinitionPtr> const& applied) -> std::vector<VmChangePlan> {
    if (loaded.owners_with_errors.empty() && loaded.lost_names.empty()) {
        return {};
    }
    return Keeping{loaded, applied}.run();
}

}  // namespace apiary::config
