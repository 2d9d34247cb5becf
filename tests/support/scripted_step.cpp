#include "support/scripted_step.hpp"

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace apiary::test {

auto ScriptedStep::count(std::string_view what) const -> std::size_t {
    return static_cast<std::size_t>(
        std::count_if(calls.begin(), calls.end(), [what](Call const& call) { return call.what == what; }));
}

auto ScriptedStep::unanswered() const -> std::size_t {
    return static_cast<std::size_t>(
        std::count_if(calls.begin(), calls.end(), [](Call const& call) { return static_cast<bool>(call.done); }));
}

auto ScriptedStep::story(std::string_view vm) const -> std::vector<std::string> {
    std::vector<std::string> told;
    for (auto const& call : calls) {
        if (vm.empty() || call.vm == vm) {
            told.push_back(call.what);
        }
    }
    return told;
}

auto ScriptedStep::answer(StepResult result) -> bool {
    auto const it =
        std::find_if(calls.begin(), calls.end(), [](Call const& call) { return static_cast<bool>(call.done); });
    if (it == calls.end()) {
        return false;
    }
    give(*it, std::move(result));
    return true;
}

auto ScriptedStep::answer_newest(StepResult result) -> bool {
    auto const it =
        std::find_if(calls.rbegin(), calls.rend(), [](Call const& call) { return static_cast<bool>(call.done); });
    if (it == calls.rend()) {
        return false;
    }
    give(*it, std::move(result));
    return true;
}

auto ScriptedStep::note(Call call) -> Call& {
    if (log != nullptr) {
        log->push_back(name_ + ":" + call.what);
    }
    return calls.emplace_back(std::move(call));
}

void ScriptedStep::give(Call& call, StepResult result) {
    bool const prestart = call.what == "prestart";
    if (call.what != "renew" &&
        (prestart ? result.kind == StepResult::Kind::veto : result.kind == StepResult::Kind::ok)) {
        begun.erase(call.call.attempt);
    }
    loop_.post([done = std::exchange(call.done, nullptr), result = std::move(result)] { done(result); });
}

void ScriptedStep::prestart(StepCall call, Done done) {
    auto const vm = call.definition->name;
    for (auto const& [attempt, of] : begun) {
        if (of == vm) {
            violations.push_back(name_ + " of " + vm + " was begun while attempt " + std::to_string(attempt) +
                                 " was not undone");
        }
    }
    if (!begun.emplace(call.attempt, vm).second || !ever_begun.insert(call.attempt).second) {
        violations.push_back("attempt " + std::to_string(call.attempt) + " was begun twice");
    }
    auto& made = note(Call{"prestart", vm, std::move(call), std::move(done)});
    if (silent_for.contains(vm)) {
        return;
    }
    switch (prestart_answer) {
        case Answer::ok:
            give(made, {.text = {}, .contributions = gives});
            break;
        case Answer::veto:
            give(made, {.kind = StepResult::Kind::veto, .reason = reason, .text = text, .contributions = {}});
            break;
        case Answer::failed:
            give(made, {.kind = StepResult::Kind::failed, .reason = reason, .text = text, .contributions = {}});
            break;
        case Answer::silent:
            break;
        case Answer::throws:
            made.done = nullptr;
            throw std::runtime_error{text};
    }
}

void ScriptedStep::cancel(std::uint64_t attempt) {
    auto const it = begun.find(attempt);
    auto& made = note(Call{"cancel", it == begun.end() ? "" : it->second, {}, {}});
    made.call.attempt = attempt;
}

void ScriptedStep::poststop(StepCall call, Done done) {
    auto const vm = call.definition->name;
    if (!ever_begun.contains(call.attempt) && !intents_are_lost) {
        violations.push_back("attempt " + std::to_string(call.attempt) + " of " + name_ +
                             " was undone, but was never begun");
    }
    auto& made = note(Call{"poststop", vm, std::move(call), std::move(done)});
    if (undo_failures > 0) {
        --undo_failures;
        give(made, {.kind = StepResult::Kind::failed, .text = text, .contributions = {}});
        return;
    }
    switch (undo_answer) {
        case Answer::ok:
            give(made, {.text = {}, .contributions = {}});
            break;
        case Answer::veto:
        case Answer::failed:
            give(made, {.kind = StepResult::Kind::failed, .text = text, .contributions = {}});
            break;
        case Answer::silent:
            break;
        case Answer::throws:
            made.done = nullptr;
            throw std::runtime_error{text};
    }
}

void ScriptedStep::renew(StepCall call, Done done) {
    auto const vm = call.definition->name;
    if (!begun.contains(call.attempt)) {
        violations.push_back("attempt " + std::to_string(call.attempt) + " of " + name_ +
                             " was renewed, but is not begun");
    }
    auto& made = note(Call{"renew", vm, std::move(call), std::move(done)});
    if (renew_answer == Answer::ok) {
        give(made, {.text = {}, .contributions = gives});
    } else if (renew_answer != Answer::silent) {
        give(made, {.kind = StepResult::Kind::failed, .text = text, .contributions = {}});
    }
}

}  // namespace apiary::test
