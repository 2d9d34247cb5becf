// What all parts of one load share.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "config/accounts.hpp"
#include "config/diagnostic.hpp"
#include "config/draft.hpp"
#include "config/load.hpp"

namespace apiary::config {

struct Template {
    Section const* section = nullptr;
    SourceFile const* file = nullptr;
    std::uint64_t applied_to = 0;  // number of the VM that it was last applied to (VmReader)
};
using Templates = std::unordered_map<std::string_view, Template>;

struct Context {
    Context(LoadOptions const& load_options)
        : options{load_options}, keys{load_options.plugin_keys}, accounts{*load_options.accounts} {}

    LoadOptions const& options;
    Files* files = nullptr;  // null: nothing can be opened
    KeyTable keys;
    RememberedAccounts accounts;
    Diagnostics diagnostics;
    // The file of the VM that is being read: what is wrong with it is its owner's trouble, also where it comes from a
    // template of root's.
    SourceFile const* subject = nullptr;
    bool unknown_keys = false;  // whether it was told or not
    Variables global;
    Templates templates;                       // of trusted files
    std::map<uid_t, Templates> own_templates;  // of everybody else's: each sees root's and his own

    [[nodiscard]] auto trusts(uid_t owner) const -> bool { return owner == 0 || owner == options.trusted_uid; }
    // `harmless`: see Diagnostic.
    void report(Mark const& mark, Severity severity, std::string_view vm, std::string_view key, std::string message,
                bool harmless = false);
    // Would it be shown at all? (Guessing what was meant costs time.)
    [[nodiscard]] auto listens(SourceFile const& file) const -> bool {
        return !diagnostics.full(file.index, file.from.trusted);
    }

    // What may still be spent on VMs of this file's owner.
    [[nodiscard]] auto budget(SourceFile const& file) -> Budget&;
    // The budget is used up: says so, once for each owner.
    void report_exhausted(Mark const& mark, std::string_view vm);

    // The template that a VM of `file` means by this name.
    [[nodiscard]] auto find_template(SourceFile const& file, std::string_view name) -> Template*;
    [[nodiscard]] auto template_names(SourceFile const& file) const -> std::vector<std::string_view>;

    [[nodiscard]] auto host_cpus() -> unsigned;  // as Host says, which is asked once

    // For origins; `through` stands in the tree.
    using PlacePtr = std::shared_ptr<Origin::Place const>;
    [[nodiscard]] auto place(SourceFile const& file, std::string_view through) -> PlacePtr const& {
        return place_of(file, through);
    }
    // Is that where the origin, of a load before, says? If so its place is taken for this load's too.
    [[nodiscard]] auto stands_at(SourceFile const& file, Position at, std::string_view through, Origin const& origin)
        -> bool;

private:
    using PlaceKey = std::pair<SourceFile const*, char const*>;
    struct PlaceHash {
        auto operator()(PlaceKey const& key) const -> std::size_t {
            return std::hash<void const*>{}(key.first) * 31 + std::hash<void const*>{}(key.second);
        }
    };

    struct Account {
        Budget budget;
        bool told = false;
    };
    auto account(SourceFile const& file) -> Account&;
    auto place_of(SourceFile const& file, std::string_view through) -> PlacePtr&;
    std::map<uid_t, Account> budgets_;
    std::optional<unsigned> host_cpus_;
    std::vector<PlacePtr> places_;  // by number of the file
    std::unordered_map<PlaceKey, PlacePtr, PlaceHash> template_places_;
};

}  // namespace apiary::config
