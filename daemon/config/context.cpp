// Shared state of a load: messages, budgets and the name space of templates.
#include "config/context.hpp"

#include <utility>

namespace apiary::config {

namespace {

// Ten thousand VMs of a hundred settings each are one million steps.
constexpr Budget trusted_budget{50'000'000, std::uint64_t{512} * 1024 * 1024};
constexpr Budget budget_of_others{200'000, std::uint64_t{16} * 1024 * 1024};
constexpr std::size_t most_names_to_guess = 500;

}  // namespace

void Context::report(Mark const& mark, Severity severity, std::string_view vm, std::string_view key,
                     std::string message) {
    diagnostics.add(mark.file->index, mark.file->from.trusted,
                    {mark.file->text->name, mark.at.line, mark.at.column, severity, std::string{vm}, std::string{key},
                     std::move(message)});
}

auto Context::account(SourceFile const& file) -> Account& {
    uid_t const owner = file.from.trusted ? options.trusted_uid : file.from.owner;
    auto const found = budgets_.find(owner);
    if (found != budgets_.end()) {
        return found->second;
    }
    return budgets_.emplace(owner, Account{file.from.trusted ? trusted_budget : budget_of_others, false}).first->second;
}

auto Context::budget(SourceFile const& file) -> Budget& {
    return account(file).budget;
}

void Context::report_exhausted(Mark const& mark, std::string_view vm) {
    if (!std::exchange(account(*mark.file).told, true)) {
        report(mark, Severity::error, vm, {},
               "the definitions of this owner's files are too large together: this VM and those after it are dropped");
    }
}

auto Context::find_template(SourceFile const& file, std::string_view name) const -> Template const* {
    if (auto const found = templates.find(name); found != templates.end()) {
        return &found->second;
    }
    for (auto const& [owner, own] : own_templates) {
        if (file.from.trusted || file.from.owner == owner) {
            if (auto const found = own.find(name); found != own.end()) {
                return &found->second;
            }
        }
    }
    return nullptr;
}

auto Context::template_names(SourceFile const& file) const -> std::vector<std::string_view> {
    std::vector<std::string_view> names;
    auto const add = [&](Templates const& some) {
        for (auto const& [name, found] : some) {
            if (names.size() < most_names_to_guess) {
                names.push_back(name);
            }
        }
    };
    add(templates);
    for (auto const& [owner, own] : own_templates) {
        if (file.from.trusted || file.from.owner == owner) {
            add(own);
        }
    }
    return names;
}

}  // namespace apiary::config
