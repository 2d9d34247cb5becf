#include "supervision/limits_step.hpp"

#include "supervision/step_results.hpp"

namespace apiary::supervision {

auto LimitsStep::seat(Definition const& definition) const -> std::string {
    auto key = name_key(definition.name);
    give_back(key);
    auto const need = need_of(definition);
    auto refusal = shortage(read_(), need, sum_);
    if (refusal.empty()) {
        places_.emplace(std::move(key), need);
        sum_ += need;
    }
    return refusal;
}

auto LimitsStep::applies_to(Definition const& definition) const -> bool {
    return !seat(definition).empty();
}

void LimitsStep::prestart(StepCall call, Done done) {
    auto text = seat(*call.definition);  // there may be room by now
    loop_.post([text = std::move(text), done = std::move(done)] {
        done(text.empty() ? step_ok()
                          : StepResult{.kind = StepResult::Kind::veto,
                                       .reason = Reason::no_resources,
                                       .text = text,
                                       .contributions = {}});
    });
}

void LimitsStep::poststop(StepCall /*call*/, Done done) {
    loop_.post([done = std::move(done)] { done(step_ok()); });
}

void LimitsStep::on_turn(Turn const& turn) {
    if (places_.empty()) {
        return;
    }
    for (auto const& change : turn.vms) {
        auto const& status = change.vm->status();
        if (status.state != State::starting || status.sub_state != SubState::prestart || change.removed) {
            give_back(name_key(change.vm->name()));
        }
    }
}

void LimitsStep::give_back(std::string const& vm) const {
    if (auto const found = places_.find(vm); found != places_.end()) {
        sum_ -= found->second;
        places_.erase(found);
    }
}

}  // namespace apiary::supervision
