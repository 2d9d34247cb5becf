// What all parts of one load share.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "config/accounts.hpp"
#include "config/diagnostic.hpp"
#include "config/draft.hpp"
#include "config/load.hpp"

namespace apiary::config {

struct Template {
    Section const* section = nullptr;
    SourceFile const* file = nullptr;
};
using Templates = std::unordered_map<std::string_view, Template>;

struct Context {
    Context(LoadOptions const& load_options)
        : options{load_options}, keys{load_options.plugin_keys}, accounts{*load_options.accounts} {}

    LoadOptions const& options;
    KeyTable keys;
    RememberedAccounts accounts;
    Diagnostics diagnostics;
    Variables global;
    Templates templates;                       // of trusted files
    std::map<uid_t, Templates> own_templates;  // of everybody else's: each sees root's and his own

    [[nodiscard]] auto trusts(uid_t owner) const -> bool { return owner == 0 || owner == options.trusted_uid; }
    void report(Mark const& mark, Severity severity, std::string_view vm, std::string_view key, std::string message);
    // Would it be shown at all? (Guessing what was meant costs time.)
    [[nodiscard]] auto listens(SourceFile const& file) const -> bool {
        return !diagnostics.full(file.index, file.from.trusted);
    }

    // What may still be spent on VMs of this file's owner.
    [[nodiscard]] auto budget(SourceFile const& file) -> Budget&;
    // The budget is used up: says so, once for each owner.
    void report_exhausted(Mark const& mark, std::string_view vm);

    // The template that a VM of `file` means by this name.
    [[nodiscard]] auto find_template(SourceFile const& file, std::string_view name) const -> Template const*;
    [[nodiscard]] auto template_names(SourceFile const& file) const -> std::vector<std::string_view>;

private:
    struct Account {
        Budget budget;
        bool told = false;
    };
    auto account(SourceFile const& file) -> Account&;
    std::map<uid_t, Account> budgets_;
};

}  // namespace apiary::config
