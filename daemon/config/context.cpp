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
    Provenance const& whose = (subject != nullptr ? subject : mark.file)->from;
    diagnostics.add(mark.file->index, whose.trusted,
                    {.file = mark.file->text->name,
                     .line = mark.at.line,
                     .column = mark.at.column,
                     .severity = severity,
                     .vm = std::string{vm},
                     .key = std::string{key},
                     .message = std::move(message),
                     .trusted = whose.trusted,
                     .owner = whose.trusted ? 0 : whose.owner});
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

auto Context::host_cpus() -> unsigned {
    if (!host_cpus_) {
        host_cpus_ = options.host->cpus();
    }
    return *host_cpus_;
}

auto Context::place_of(SourceFile const& file, std::string_view through) -> PlacePtr& {
    if (places_.size() <= file.index) {
        places_.resize(file.index + 1);
    }
    auto& place = through.empty() ? places_[file.index] : template_places_[{&file, through.data()}];
    if (!place) {
        place = std::make_shared<Origin::Place const>(Origin::Place{file.text->name, std::string{through}});
    }
    return place;
}

auto Context::stands_at(SourceFile const& file, Position at, std::string_view through, Origin const& origin) -> bool {
    if (at.line != origin.line || at.column != origin.column) {
        return false;
    }
    PlacePtr& place = place_of(file, through);
    if (place == origin.place) {
        return true;
    }
    if (!origin.place || *origin.place != *place) {
        return false;
    }
    place = origin.place;
    return true;
}

auto Context::find_template(SourceFile const& file, std::string_view name) -> Template* {
    if (auto const found = templates.find(name); found != templates.end()) {
        return &found->second;
    }
    for (auto& [owner, own] : own_templates) {
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
