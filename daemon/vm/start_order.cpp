#include "vm/start_order.hpp"

#include <algorithm>
#include <optional>

#include "vm/definition.hpp"

namespace apiary {

class StartOrder::Seat {
public:
    Vm const* vm = nullptr;
    Call call;
    std::vector<Seat*> after, before;  // those that it is after, those that are after it

    enum class Place { rest, waiting, queued, starting };
    Place place = Place::rest;
    bool coming = false;
    bool told = false;  // queued: the VM knows it
    std::uint64_t ticket = 0;
    std::size_t behind = 0;  // waiting: how many of `after` are on their way up
    std::optional<std::list<Held>::iterator> slot;

    enum class Walked { no, under_way, yes };
    Walked walked = Walked::no;
};

StartOrder::StartOrder(Loop& loop, std::size_t most, Duration longest) : loop_{loop}, most_{most}, longest_{longest} {}

StartOrder::~StartOrder() = default;

auto StartOrder::take_seat(Vm const& vm, Call call) -> Seat* {
    auto& seat = seats_[name_key(vm.name())];
    seat = std::make_unique<Seat>();
    seat->vm = &vm;
    seat->call = std::move(call);
    return seat.get();
}

void StartOrder::leave(Seat& seat) {
    note(seat, {});
    for (auto* const other : seat.after) {
        std::erase(other->before, &seat);
    }
    for (auto* const other : seat.before) {
        std::erase(other->after, &seat);
    }
    seats_.erase(name_key(seat.vm->name()));
}

auto StartOrder::find(std::string_view name) const -> Seat* {
    auto const it = seats_.find(name_key(name));
    return it == seats_.end() ? nullptr : it->second.get();
}

void StartOrder::arrange(After const& after) {
    for (auto const& [key, seat] : seats_) {
        seat->after.clear();
        seat->before.clear();
    }
    for (auto const& [name, names] : after) {
        if (auto* const seat = find(name)) {
            link(*seat, names);
        }
    }
    leave_out_circles();
    arranged_ = true;
    std::vector<Seat*> free;
    for (auto const& [key, seat] : seats_) {
        for (auto* const other : seat->after) {
            other->before.push_back(seat.get());
        }
        if (seat->place == Seat::Place::waiting) {
            seat->behind = static_cast<std::size_t>(std::ranges::count_if(seat->after, &Seat::coming));
            if (seat->behind == 0) {
                free.push_back(seat.get());
            }
        }
    }
    for (auto* const seat : free) {
        queue(*seat);
    }
    dispatch();
}

void StartOrder::link(Seat& seat, std::vector<std::string> const& names) {
    for (auto const& name : names) {
        ++looked_at_;
        if (auto* const other = find(name)) {
            seat.after.push_back(other);
        }
    }
}

// There are none in what one configuration says; but what is kept of one and new in another may make some.
void StartOrder::leave_out_circles() {
    for (auto const& [key, seat] : seats_) {
        seat->walked = Seat::Walked::no;
    }
    for (auto const& [key, seat] : seats_) {
        if (seat->walked == Seat::Walked::no) {
            walk(*seat);
        }
    }
}

void StartOrder::walk(Seat& from) {
    struct Stop {
        Seat* seat;
        std::size_t next = 0;
    };
    std::vector<Stop> way{{&from}};
    from.walked = Seat::Walked::under_way;
    while (!way.empty()) {
        auto& [seat, next] = way.back();
        if (next == seat->after.size()) {
            seat->walked = Seat::Walked::yes;
            way.pop_back();
            continue;
        }
        ++looked_at_;
        auto* const other = seat->after[next];
        if (other->walked == Seat::Walked::under_way) {
            seat->after.erase(seat->after.begin() + static_cast<std::ptrdiff_t>(next));
            continue;
        }
        ++next;
        if (other->walked == Seat::Walked::no) {
            other->walked = Seat::Walked::under_way;
            way.push_back({other});
        }
    }
}

auto StartOrder::ask(Seat const& seat) const -> Input {
    if (std::ranges::any_of(seat.after, &Seat::coming)) {
        return Input::behind;
    }
    return queue_.empty() && has_room() ? Input::start : Input::in_queue;
}

auto StartOrder::whom_it_is_behind(Seat const& seat) const -> std::vector<Vm const*> {
    std::vector<Vm const*> vms;
    for (auto const* const other : seat.after) {
        if (other->coming) {
            vms.push_back(other->vm);
        }
    }
    return vms;
}

auto StartOrder::whom_it_is_after(Seat const& seat) const -> std::vector<Vm const*> {
    std::vector<Vm const*> vms;
    vms.reserve(seat.after.size());
    for (auto const* const other : seat.after) {
        vms.push_back(other->vm);
    }
    return vms;
}

void StartOrder::note(Seat& seat, Standing const& standing) {
    using Wait = Standing::Wait;
    bool const waits = seat.place == Seat::Place::waiting || seat.place == Seat::Place::queued;
    // A turn that has come is taken with its slot; until the VM has heard of it, it says that it still waits.
    bool const called = seat.place == Seat::Place::starting && standing.wait != Wait::no;
    bool const same = (waits || called) && standing.wait != Wait::no && standing.ticket == seat.ticket;
    if (!same && standing.wait != Wait::no) {
        withdraw(seat);
        seat.ticket = standing.ticket;
        if (standing.wait == Wait::for_others) {
            wait(seat);
        } else {
            queue(seat);
            seat.told = true;
        }
    } else if (standing.wait == Wait::no && standing.starting && seat.place != Seat::Place::starting) {
        withdraw(seat);
        hold_slot(seat);
    } else if (standing.wait == Wait::no && !standing.starting) {
        withdraw(seat);
    }
    if (seat.coming != standing.coming) {
        seat.coming = standing.coming;
        came_or_went(seat);
    }
    dispatch();
}

void StartOrder::wait(Seat& seat) {
    seat.place = Seat::Place::waiting;
    seat.behind = static_cast<std::size_t>(std::ranges::count_if(seat.after, &Seat::coming));
    looked_at_ += seat.after.size();
    if (seat.behind == 0 && arranged_) {
        queue(seat);
    }
}

void StartOrder::queue(Seat& seat) {
    seat.place = Seat::Place::queued;
    seat.told = false;
    queue_.emplace(seat.ticket, &seat);
    arrived_.push_back(&seat);
}

void StartOrder::withdraw(Seat& seat) {
    std::erase(arrived_, &seat);
    if (seat.place == Seat::Place::queued) {
        queue_.erase({seat.ticket, &seat});
    }
    give_back_slot(seat);
    seat.place = Seat::Place::rest;
}

void StartOrder::hold_slot(Seat& seat) {
    seat.place = Seat::Place::starting;
    seat.slot = slots_.insert(slots_.end(), {&seat, loop_.now() + longest_});
}

void StartOrder::give_back_slot(Seat& seat) {
    if (seat.slot) {
        slots_.erase(*seat.slot);
        seat.slot.reset();
    }
}

void StartOrder::came_or_went(Seat& seat) {
    for (auto* const other : seat.before) {
        ++looked_at_;
        if (other->place != Seat::Place::waiting) {
            continue;
        }
        if (seat.coming) {
            ++other->behind;
        } else if (--other->behind == 0 && arranged_) {
            queue(*other);
        }
    }
}

void StartOrder::dispatch() {
    while (arranged_ && !queue_.empty() && has_room()) {
        auto& seat = *queue_.begin()->second;
        queue_.erase(queue_.begin());
        hold_slot(seat);
        seat.call(Input::admitted, seat.ticket);
    }
    for (auto* const seat : std::exchange(arrived_, {})) {
        if (seat->place == Seat::Place::queued && !std::exchange(seat->told, true)) {
            seat->call(Input::in_queue, seat->ticket);
        }
    }
    watch_slots();
}

void StartOrder::watch_slots() {
    if (queue_.empty() || slots_.empty()) {
        timer_ = nullptr;
        return;
    }
    if (timer_) {
        return;
    }
    timer_ = loop_.after(slots_.front().until - loop_.now(), [this] {
        timer_ = nullptr;
        while (!slots_.empty() && slots_.front().until <= loop_.now()) {
            give_back_slot(*slots_.front().seat);
        }
        dispatch();
    });
}

}  // namespace apiary
