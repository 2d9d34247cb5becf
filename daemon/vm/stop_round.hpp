// A stop of many VMs: each is told to stop when those of them that are after it are at rest, so in parallel as far as
// their order allows.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <unordered_map>
#include <vector>

#include "vm/engine.hpp"

namespace apiary {

class StopRound {
public:
    // Whom a VM is after, by its order of start.
    using After = std::function<std::vector<Vm const*>(Vm const&)>;
    // Tells it to stop; must not call back at once.
    using Tell = std::function<void(Vm const&)>;
    enum class Kept {
        whom_others_use,  // who stays up, for his stop was canceled or refused, keeps up those that he is after
        nobody,           // … is left behind
    };

    StopRound(std::vector<VmPtr> const& vms, After const& after, Tell tell, Kept kept);

    // Begins: whoever nobody is after, and whoever does not run yet (nobody can be using it).
    void begin();
    // No more waiting: all are told, by `tell`, those that are after others before these.
    void hurry(Tell tell);
    // Something of this VM has changed.
    void note(Vm const& vm);
    // It does not stop.
    void refused(Vm const& vm);

    [[nodiscard]] auto over() const -> bool { return left_ == 0; }
    [[nodiscard]] auto size() const -> std::size_t { return members_.size(); }
    [[nodiscard]] auto left() const -> std::size_t { return left_; }
    // In the order in which they are told, as far as there is one.
    [[nodiscard]] auto plan() const -> std::vector<Engine::Stopping>;
    // "7 of 12 VMs are at rest; waiting for web (acpi, 280 s left), then db": for people.
    [[nodiscard]] auto text(WallTime now) const -> std::string;
    // Of what is to be told again when it has changed.
    [[nodiscard]] auto signature() const -> std::string;

private:
    struct Member {
        VmPtr vm;
        std::vector<std::size_t> after, before;
        std::size_t in_the_way = 0;  // of `before`: those that are not over
        bool told = false;
        bool heard = false;  // that is what its Target says
        bool over = false;
    };
    void put_in_order();
    void tell(Member& member);
    void at_rest(Member& member);
    void stays_up(Member& member);
    void go_on(Member const& member);
    template <typename Each>
    void each_under_way(std::size_t most, Each each) const;

    Tell tell_;
    Kept kept_;
    std::vector<Member> members_;
    std::vector<std::size_t> order_;  // those that are after others before these
    std::unordered_map<Vm const*, std::size_t> index_;
    std::size_t left_ = 0;
};

}  // namespace apiary
