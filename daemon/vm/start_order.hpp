// In which order VMs start: after those that they are to start after, and only so many at once.
//
// Both are decided as a start is asked for. A VM waits while one that it is after is on its way up (starting itself, or
// about to be started); what has failed, was stopped, or is not about to start holds up nobody. Then it queues, by the
// time of the request, while as many as may be are starting.
//
// Nothing here costs anything for a VM that is not concerned: a change of one VM looks at those that are after it
// alone.
#pragma once

#include <cstdint>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "vm/engine.hpp"
#include "vm/loop.hpp"
#include "vm/table.hpp"

namespace apiary {

class StartOrder {
public:
    // A VM's place in it.
    class Seat;
    // Where a VM is in its life, as far as others must know.
    struct Standing {
        enum class Wait { no, for_others, in_queue };
        bool coming = false;       // starting, or about to be started
        bool starting = false;     // … and its start has begun
        Wait wait = Wait::no;      // … or is to begin when its turn has come
        std::uint64_t ticket = 0;  // of its request: the lower goes first
    };
    // Tells a VM that waits what follows: Input::in_queue or Input::admitted, for the start with that ticket. Must not
    // call back at once.
    using Call = std::function<void(Input, std::uint64_t ticket)>;

    // At most `most` are starting at once. Whoever takes longer than `longest` does not count any more: a guest that
    // never comes up must not keep others from it.
    StartOrder(Loop& loop, std::size_t most, Duration longest);
    ~StartOrder();
    StartOrder(StartOrder const&) = delete;
    auto operator=(StartOrder const&) -> StartOrder& = delete;

    void limit(std::size_t most) { most_ = most; }

    [[nodiscard]] auto take_seat(Vm const& vm, Call call) -> Seat*;  // until it leaves
    void leave(Seat& seat);

    // Who is after whom, all of it anew: names of VMs, which need not be there. What would close a circle is left out.
    // Nobody's turn comes before the first time.
    using After = std::vector<std::pair<std::string, std::vector<std::string>>>;
    void arrange(After const& after);

    // What a start would be, of a VM that is at rest: start (at once), behind or in_queue.
    [[nodiscard]] auto ask(Seat const& seat) const -> Input;
    // Those that it is behind, now.
    [[nodiscard]] auto whom_it_is_behind(Seat const& seat) const -> std::vector<Vm const*>;
    // To be told whenever that changes.
    void note(Seat& seat, Standing const& standing);

    // All that it is after.
    [[nodiscard]] auto whom_it_is_after(Seat const& seat) const -> std::vector<Vm const*>;

    // How many links between VMs were looked at so far.
    [[nodiscard]] auto looked_at() const -> std::uint64_t { return looked_at_; }

private:
    auto find(std::string_view name) const -> Seat*;
    void link(Seat& seat, std::vector<std::string> const& names);
    void leave_out_circles();
    void walk(Seat& from);
    void wait(Seat& seat);
    void queue(Seat& seat);
    void withdraw(Seat& seat);
    void hold_slot(Seat& seat);
    void give_back_slot(Seat& seat);
    void came_or_went(Seat& seat);
    void dispatch();
    void watch_slots();
    [[nodiscard]] auto has_room() const -> bool { return slots_.size() < most_; }

    struct Held {
        Seat* seat;
        MonoTime until;
    };

    Loop& loop_;
    std::size_t most_;
    Duration longest_;
    bool arranged_ = false;
    std::map<std::string, std::unique_ptr<Seat>, std::less<>> seats_;  // by name_key
    std::set<std::pair<std::uint64_t, Seat*>> queue_;                  // by ticket
    std::vector<Seat*> arrived_;  // in it just now, and not told yet that they have to stay there
    std::list<Held> slots_;       // the one that is held longest first
    Handle timer_;                // while somebody queues
    std::uint64_t looked_at_ = 0;
};

}  // namespace apiary
