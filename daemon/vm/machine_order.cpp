// A VM's part in the order of starts: whether a start begins, and what follows when its turn has come.
#include <algorithm>
#include <utility>

#include "vm/machine.hpp"

namespace apiary {
namespace {

// May the one be named to everybody who sees the other?
auto may_be_named(Audience const& one, Audience const& other) -> bool {
    return one.visibility == Visibility::all ||
           (other.visibility == Visibility::owner && one.owner == other.owner && one.group == other.group);
}

}  // namespace

void Machine::take_seat() {
    seat_ = world_.order.take_seat(*this, [weak = weak_from_this()](Input input, std::uint64_t ticket) {
        if (auto const self = weak.lock()) {
            self->deliver({.kind = Message::Kind::order, .input = input, .generation = ticket});
        }
    });
}

auto Machine::waits_for_its_turn() const -> bool {
    return status_.state == State::starting &&
           (status_.sub_state == SubState::waiting || status_.sub_state == SubState::queued);
}

// Whether those that are to start after it have something to wait for. Not while it waits to be tried again after a
// failure, or until the disk takes something again: that may go on for long.
auto Machine::is_coming() const -> bool {
    bool const planned = (start_timer_ || start_sent_) && !start_put_off_;
    return status_.state == State::starting ||
           (status_.state == State::stopping && status_.target == Target::running) ||
           (at_rest() && status_.sub_state == SubState::none && status_.target == Target::running && planned);
}

void Machine::note_order() {
    if (seat_ == nullptr || erased_) {
        return;
    }
    using Wait = StartOrder::Standing::Wait;
    bool const waits = waits_for_its_turn();
    world_.order.note(*seat_, {.coming = is_coming(),
                               .starting = status_.state == State::starting && !waits,
                               .wait = !waits                                   ? Wait::no
                                       : status_.sub_state == SubState::waiting ? Wait::for_others
                                                                                : Wait::in_queue,
                               .ticket = status_.job});
}

// At rest.
auto Machine::on_start(Message& command) -> Effect {
    auto const turn = world_.order.ask(*seat_);
    bool const known = find_row(status_.state, status_.sub_state, turn) != nullptr;
    auto cause = command.cause;
    if (known && turn == Input::behind && cause.text.empty()) {
        cause.text = "it waits for " + whom_it_is_behind();
    }
    auto const effect = react(known ? turn : Input::start, cause, &command);
    note_order();  // also where it was refused
    return effect;
}

auto Machine::whom_it_is_behind() const -> std::string {
    constexpr std::size_t most_named = 5;
    auto const others = world_.order.whom_it_is_behind(*seat_);
    std::string text;
    std::size_t named = 0;
    for (auto const* const other : others) {
        if (named < most_named && may_be_named(other->audience(), audience_)) {
            text += (named++ == 0 ? "VM " : ", ") + other->name();
        }
    }
    auto const more = others.size() - named;
    if (named == 0) {
        return more == 1 ? "another VM" : std::to_string(more) + " other VMs";
    }
    return text + (more == 0 ? "" : " and " + std::to_string(more) + " more");
}

auto Machine::on_turn_to_start(Message const& message) -> Effect {
    if (!waits_for_its_turn() || message.generation != status_.job) {
        return Effect::none;  // that start was called off
    }
    if (message.input == Input::admitted && !world_.turns.durable()) {
        return react(Input::step_failed, {Reason::error, "its turn to start has come, and " + why_not_stored()});
    }
    if (find_row(status_.state, status_.sub_state, message.input) == nullptr) {
        return Effect::none;  // in_queue: it knows
    }
    return react(message.input);
}

}  // namespace apiary
