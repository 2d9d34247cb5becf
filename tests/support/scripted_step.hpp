// A step that answers as a test says, and keeps books: which attempts were begun, and which are still to be undone.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "vm/step.hpp"

namespace apiary::test {

class ScriptedStep : public Step {
public:
    ScriptedStep(Loop& loop, std::string name) : loop_{loop}, name_{std::move(name)} {}

    enum class Answer { ok, veto, failed, silent, throws };

    // How it answers. A call that got no answer can be answered later.
    Answer prestart_answer = Answer::ok;
    Answer undo_answer = Answer::ok;
    Answer renew_answer = Answer::ok;
    int undo_failures = 0;             // so many undos fail before undo_answer holds
    std::set<std::string> silent_for;  // VMs to whose prestart it does not answer
    Reason reason = Reason::none;      // of a veto or failure
    std::string text = "no";
    std::vector<Contribution> gives;
    Duration deadline = std::chrono::seconds{60};
    bool applies = true;
    bool at_reboot = false;                   // renew() is wanted at each reboot
    bool intents_are_lost = false;            // the daemon may die between writing down an attempt and beginning it
    std::vector<std::string>* log = nullptr;  // gets "network:prestart" …

    struct Call {
        std::string what;  // prestart, poststop, cancel, renew
        std::string vm;
        StepCall call;
        Done done;  // empty: answered
    };
    std::vector<Call> calls;
    std::map<std::uint64_t, std::string> begun;  // attempts that are to be undone, of which VM
    std::set<std::uint64_t> ever_begun;
    std::vector<std::string> violations;

    [[nodiscard]] auto count(std::string_view what) const -> std::size_t;
    [[nodiscard]] auto unanswered() const -> std::size_t;
    // "prestart", "cancel", "poststop" of one VM in their order.
    [[nodiscard]] auto story(std::string_view vm = {}) const -> std::vector<std::string>;
    // Answers the oldest call that waits for one; false: none does.
    auto answer(StepResult result) -> bool;
    auto answer_newest(StepResult result) -> bool;

    [[nodiscard]] auto name() const -> std::string_view override { return name_; }
    [[nodiscard]] auto applies_to(Definition const&) const -> bool override { return applies; }
    [[nodiscard]] auto timeout() const -> Duration override { return deadline; }
    void prestart(StepCall call, Done done) override;
    void cancel(std::uint64_t attempt) override;
    void poststop(StepCall call, Done done) override;
    void renew(StepCall call, Done done) override;
    [[nodiscard]] auto renews_at_reboot() const -> bool override { return at_reboot; }

private:
    auto note(Call call) -> Call&;
    void give(Call& call, StepResult result);
    Loop& loop_;
    std::string name_;
};

}  // namespace apiary::test
