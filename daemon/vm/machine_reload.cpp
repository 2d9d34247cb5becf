// What a definition that was read means for the VM: which inputs of the state table it is, and what that comes to.
//
// A definition is two things. For the guest: it holds at once where there is none, else at the next cold start. And a
// boot policy, which may want the VM up, down or started anew.
#include <algorithm>
#include <utility>

#include "vm/machine.hpp"

namespace apiary {
namespace {

auto effect_at(VmStatus const& status, Input input) -> Effect {
    auto const* const row = find_row(status.state, status.sub_state, input);
    return row == nullptr ? Effect::none : row->effect;
}

auto shuts_down(Effect effect) -> bool {
    return effect == Effect::back_out || effect == Effect::kill || effect == Effect::quit ||
           effect == Effect::press_button || effect == Effect::wake_and_press || effect == Effect::call_off;
}

auto cause_of(Input policy) -> Cause {
    switch (policy) {
        case Input::autostop:
            return {Reason::requested, "its boot policy does not want it up any more"};
        case Input::restart:
            return {Reason::requested, "its definition has changed (reboot_on_change)"};
        default:
            return {};
    }
}

}  // namespace

auto Machine::judge(Definition const& definition) const -> Judgement {
    auto const known = next_definition();
    Judgement judgement;
    if (known && !vanishing_ && lacks_secrets(*known) && same_as_known(*known, definition)) {
        return judgement;  // the daemon was restarted, and this is what it had
    }
    if (!known || (known.get() != &definition && !same_settings(*known, definition))) {
        bool const same_guest = definition_ && same_for_the_guest(*definition_, definition);
        judgement.content = same_guest ? Input::adjust : Input::reload;
    }
    judge_policy(judgement, known.get(), definition);
    return judgement;
}

// bmd's rules, but that no change starts again what a person has stopped, or restarts a guest that cannot tell the
// difference.
void Machine::judge_policy(Judgement& judgement, Definition const* known, Definition const& definition) const {
    auto const boot = definition.boot;
    if (vanishing_) {  // it is back: as one that is new
        if (boot != BootPolicy::no) {
            judgement.policy = Input::autostart;
            judgement.delay = definition.boot_delay;
        }
        return;
    }
    if (known == nullptr) {
        return;
    }
    // What it runs with is another guest than the new one, and that is news.
    bool const differs =
        definition.reboot_on_change && definition_ && !same_for_the_guest(*definition_, definition) &&
        (!known->reboot_on_change || known->boot == BootPolicy::no || !same_for_the_guest(*known, definition));
    if (differs && boot != BootPolicy::no && (!stopped_by_hand_ || known->boot == BootPolicy::no)) {
        judgement.policy = Input::restart;
        judgement.delay = std::max<Duration>(definition.boot_delay, world_.timings.change_pause);
    } else if (boot != known->boot && boot == BootPolicy::oneshot && status_.sub_state == SubState::backoff) {
        judgement.policy = Input::autostop;  // it would be started once more than that
    } else if (boot == known->boot || boot == BootPolicy::oneshot) {
        return;
    } else {
        judgement.policy = boot == BootPolicy::no ? Input::autostop : Input::autostart;
    }
}

auto Machine::plan(Definition const& definition) const -> std::optional<VmChangePlan> {
    auto const judgement = judge(definition);
    if (!judgement.content && !judgement.policy && !vanishing_) {
        return std::nullopt;
    }
    auto const content = judgement.content ? effect_at(status_, *judgement.content) : Effect::none;
    auto const policy = judgement.policy ? effect_at(status_, *judgement.policy) : Effect::none;
    auto const known = next_definition();
    VmChangePlan plan{.name = name_, .action = ChangeAction::changed, .keys = {}, .why = {}};
    bool const waits = content == Effect::hold_definition;
    if (policy == Effect::plan_start) {
        plan.effect = ChangeEffect::start;
    } else if (policy == Effect::start_later) {
        plan.effect = ChangeEffect::restart;
    } else if (shuts_down(policy)) {
        plan.effect = judgement.policy == Input::restart ? ChangeEffect::restart : ChangeEffect::stop;
    } else if (vanishing_ && status_.state == State::stopping) {
        plan.effect = ChangeEffect::stop;
    } else {
        plan.effect = waits ? ChangeEffect::next_cold_start : ChangeEffect::now;
    }
    if (vanishing_) {
        plan.action = ChangeAction::added;  // it was told of as removed
    } else if (!definition_) {
        plan.keys = changed_keys(known.get(), definition, plan.effect);
        for (auto& change : plan.keys) {
            change.effect = plan.effect;  // nothing of it can hold for a guest that nobody here has started
        }
    } else {
        plan.keys = changed_keys(known.get(), definition,
                                 !waits                                 ? ChangeEffect::now
                                 : plan.effect == ChangeEffect::restart ? ChangeEffect::restart
                                                                        : ChangeEffect::next_cold_start);
    }
    return plan;
}

auto Machine::plan_of_vanishing() const -> VmChangePlan {
    auto const effect = effect_at(status_, Input::vanish);
    return {.name = name_,
            .action = ChangeAction::removed,
            .keys = {},
            .effect = effect == Effect::erase ? ChangeEffect::remove
                      : shuts_down(effect)    ? ChangeEffect::stop_and_remove
                                              : ChangeEffect::remove_at_rest,
            .why = {}};
}

auto Machine::renew(DefinitionPtr const& definition) -> bool {
    auto& known = pending_ ? pending_ : definition_;
    if (!inbox_.empty() || vanishing_ || !known || !(known == definition || same_as_known(*known, *definition))) {
        return false;
    }
    known = definition;  // the same, but it may stand elsewhere in the files now
    return true;
}

auto Machine::on_definition(DefinitionPtr definition) -> Effect {
    auto const judgement = judge(*definition);
    changed();
    vanishing_ = false;
    auto effect = Effect::none;
    if (judgement.content) {
        pending_ = std::move(definition);
        effect = react(*judgement.content);
    } else {
        (pending_ ? pending_ : definition_) = std::move(definition);
    }
    if (judgement.policy) {
        start_delay_ = judgement.delay;
        effect = react(*judgement.policy, cause_of(*judgement.policy));
    }
    return effect;
}

// At the start of the daemon, or as it is new.
auto Machine::on_boot() -> Effect {
    if (!std::exchange(boot_due_, false)) {
        return Effect::none;
    }
    changed();
    auto const definition = next_definition();
    if (!definition || definition->boot == BootPolicy::no) {
        return Effect::none;
    }
    start_delay_ = definition->boot_delay;
    return react(Input::autostart);
}

// A start of the daemon's own accord; anybody's stop ends the wait.
void Machine::plan_start(Duration delay, bool again) {
    start_due_ = world_.loop.wall() + std::chrono::duration_cast<WallTime::duration>(delay);
    start_timer_ = world_.loop.after(delay, [weak = weak_from_this(), again] {
        auto const self = weak.lock();
        if (!self) {
            return;
        }
        auto const due = std::move(self->start_timer_);  // ends with this call
        if (self->at_rest() && self->status_.target == Target::running && !self->world_.ending) {
            self->start_sent_ = true;
            self->deliver({.kind = Message::Kind::command,
                           .input = Input::start,
                           .cause = {Reason::requested, {}},
                           .reply =
                               [weak](Outcome<std::uint64_t> const& outcome) {
                                   auto const asker = weak.lock();
                                   auto const* const refusal = std::get_if<Refusal>(&outcome);
                                   if (asker && refusal != nullptr) {
                                       asker->planned_start_refused(*refusal);
                                   }
                               },
                           .again = again});
        }
    });
}

void Machine::drop_planned_start() {
    start_timer_ = nullptr;
    if (status_.sub_state == SubState::backoff) {
        react(Input::autostop, {Reason::host_shutdown, "the daemon is ending"});
    }
}

}  // namespace apiary
