#include "main/reloads.hpp"

#include <algorithm>
#include <iterator>
#include <memory>
#include <string>
#include <utility>

#include "config/keep.hpp"
#include "main/log.hpp"
#include "vm/kill_point.hpp"

namespace apiary {
namespace {

auto is_ending() -> Refusal {
    return {Refusal::Kind::shutting_down, "the daemon is ending: the configuration is not read again"};
}

void answer(Reloads::Done const& done, Outcome<bus::ReloadReport> outcome) {
    if (done) {
        done(std::move(outcome));
    }
}

auto texts_of(std::vector<config::Diagnostic> const& diagnostics) -> std::vector<std::string> {
    std::vector<std::string> texts;
    texts.reserve(diagnostics.size());
    for (auto const& diagnostic : diagnostics) {
        texts.push_back(config::format(diagnostic));
    }
    return texts;
}

auto names_of(ChangeAction action, bus::ReloadReport& report) -> std::vector<std::string>& {
    return action == ChangeAction::added     ? report.added
           : action == ChangeAction::removed ? report.removed
                                             : report.changed;
}

}  // namespace

void Reloads::apply_first(config::LoadResult first, std::vector<DefinitionPtr> before) {
    last_.globals = first.globals;
    bool const usable = before.empty() || (first.ok && !first.trusted_errors);
    if (!usable) {
        log::error("the configuration is wrong: the VMs stay as the last daemon had them");
        first.definitions = std::move(before);
    } else if (!before.empty()) {
        auto const told = first.diagnostics.size();
        (void)config::keep_applied(first, before);
        log_diagnostics({first.diagnostics.begin() + static_cast<std::ptrdiff_t>(told), first.diagnostics.end()});
    }
    note(first, texts_of(first.diagnostics), usable);
    applied_ = first.definitions;
    variables_ = std::move(first.variables);
    engine_.apply(std::move(first.definitions));
}

void Reloads::note(config::LoadResult const& result, std::vector<std::string> diagnostics, bool taken) {
    unknown_keys_ = result.unknown_keys;
    last_.files.clear();
    for (auto const& file : result.files) {
        last_.files.push_back(file.name);
    }
    last_.diagnostics = std::move(diagnostics);
    last_.taken = taken;
    last_.loaded = loop_.wall();
}

void Reloads::request(bool dry_run, Done done) {
    if (ended_) {
        answer(done, is_ending());
        return;
    }
    waiting_.push_back({dry_run, std::move(done)});
    next();
}

void Reloads::request() {
    if (std::ranges::none_of(waiting_, [](Request const& other) { return !other.done; })) {
        request(false, nullptr);
    }
}

void Reloads::keys_changed(std::vector<std::string> const& plugins) {
    auto text = std::string{plugins.size() == 1 ? "the plugin " : "the plugins "};
    for (std::size_t i = 0; i < plugins.size(); ++i) {
        text += (i == 0 ? "" : i + 1 == plugins.size() ? " and " : ", ") + plugins[i];
    }
    text += std::string{plugins.size() == 1 ? " has" : " have"} + " brought other keys, or taken some away";
    if (unknown_keys_) {
        log::info(text + ", and the configuration has keys that were not known: it is read again");
        request();
    } else {
        log::info(text + ": that holds from the next reading of the configuration on (apiaryctl reload)");
    }
}

void Reloads::end() {
    ended_ = true;
    for (auto const& request : std::exchange(waiting_, {})) {
        answer(request.done, is_ending());
    }
}

void Reloads::next() {
    if (reading_ || waiting_.empty()) {
        return;
    }
    reading_ = true;
    auto request = std::make_shared<Request>(std::move(waiting_.front()));
    waiting_.pop_front();
    configuration_.load(loop_, variables_, applied_, [this, request](config::LoadResult result) {
        reading_ = false;
        if (ended_) {
            answer(request->done, is_ending());
            return;
        }
        read(*request, std::move(result));
        next();
    });
}

// Root's files are taken as a whole or not at all, and with them everything.
void Reloads::refuse(Request const& request, std::vector<std::string> const& diagnostics) {
    if (!request.dry_run) {
        log::error("the configuration is wrong: nothing was changed");
    }
    std::string text = "the configuration is wrong, nothing was changed";
    for (auto const& diagnostic : diagnostics) {
        text += "\n" + diagnostic;
    }
    answer(request.done, Refusal{Refusal::Kind::config_invalid, std::move(text)});
}

void Reloads::read(Request const& request, config::LoadResult result) {
    bool const usable = result.ok && !result.trusted_errors;
    bus::ReloadReport report;
    std::vector<VmChangePlan> kept;
    if (usable) {
        kept = config::keep_applied(result, applied_);
        if (result.globals != last_.globals) {
            result.diagnostics.push_back(
                {.severity = config::Severity::warning,
                 .message = "what the global sections say has changed: that takes effect at the daemon's next start"});
        }
    }
    report.diagnostics = texts_of(result.diagnostics);
    if (!request.dry_run) {
        log_diagnostics(result.diagnostics);
        note(result, report.diagnostics, usable);
    }
    if (!usable) {
        refuse(request, report.diagnostics);
        return;
    }
    if (request.dry_run) {
        report.details = engine_.preview(result.definitions);
    } else {
        applied_ = result.definitions;
        variables_ = std::move(result.variables);
        APIARY_KILL_POINT("reload.apply");
        report.details = engine_.apply(std::move(result.definitions));
        APIARY_KILL_POINT("reload.applied");
        if (when_taken_) {
            when_taken_();
        }
    }
    for (auto const& plan : report.details) {
        names_of(plan.action, report).push_back(plan.name);
    }
    std::move(kept.begin(), kept.end(), std::back_inserter(report.details));
    if (!request.dry_run) {
        log::info("configuration: " + std::to_string(report.added.size()) + " VMs are new, " +
                  std::to_string(report.changed.size()) + " changed, " + std::to_string(report.removed.size()) +
                  " gone" + (kept.empty() ? "" : "; " + std::to_string(kept.size()) + " kept as they were"));
    }
    // The VMs take their definitions from their inboxes: who has the answer finds it done.
    loop_.post([this, done = request.done, report = std::move(report)]() mutable {
        engine_.close_turn([done, report = std::move(report)]() mutable { answer(done, std::move(report)); });
    });
}

}  // namespace apiary
