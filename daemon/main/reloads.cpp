#include "main/reloads.hpp"

#include <algorithm>
#include <memory>
#include <string>
#include <utility>

#include "config/keep.hpp"
#include "main/log.hpp"

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

}  // namespace

void Reloads::apply_first(std::vector<DefinitionPtr> definitions, config::Globals globals) {
    applied_ = definitions;
    globals_ = std::move(globals);
    engine_.apply(std::move(definitions), true);
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
    configuration_.load(loop_, [this, request](config::LoadResult result) {
        reading_ = false;
        if (ended_) {
            answer(request->done, is_ending());
            return;
        }
        read(*request, std::move(result));
        next();
    });
}

void Reloads::read(Request const& request, config::LoadResult result) {
    if (result.ok) {
        config::keep_dropped(result, applied_);
        if (result.globals != globals_) {
            result.diagnostics.push_back(
                {.severity = config::Severity::warning,
                 .message = "what the global sections say has changed: that takes effect at the daemon's next start"});
        }
    }
    if (!request.dry_run) {
        log_diagnostics(result.diagnostics);
    }
    bus::ReloadReport report;
    for (auto const& diagnostic : result.diagnostics) {
        report.diagnostics.push_back(config::format(diagnostic));
    }
    if (!result.ok) {
        if (!request.dry_run) {
            log::error("the configuration is wrong: nothing was changed");
        }
        std::string text = "the configuration is wrong, nothing was changed";
        for (auto const& diagnostic : report.diagnostics) {
            text += "\n" + diagnostic;
        }
        answer(request.done, Refusal{Refusal::Kind::config_invalid, std::move(text)});
        return;
    }
    Engine::Changes changes;
    if (request.dry_run) {
        changes = engine_.preview(result.definitions);
    } else {
        applied_ = result.definitions;
        changes = engine_.apply(std::move(result.definitions), false);
        log::info("configuration: " + std::to_string(changes.added.size()) + " VMs are new, " +
                  std::to_string(changes.changed.size()) + " changed, " + std::to_string(changes.removed.size()) +
                  " gone");
    }
    report.added = std::move(changes.added);
    report.changed = std::move(changes.changed);
    report.removed = std::move(changes.removed);
    // The VMs take their definitions from their inboxes: who has the answer finds it done.
    loop_.post([this, done = request.done, report = std::move(report)]() mutable {
        engine_.close_turn();
        answer(done, std::move(report));
    });
}

}  // namespace apiary
