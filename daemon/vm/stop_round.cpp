#include "vm/stop_round.hpp"

#include <algorithm>
#include <utility>

namespace apiary {
namespace {

constexpr std::size_t most_named = 5;

auto is_at_rest(VmStatus const& status) -> bool {
    return status.state == State::stopped || status.state == State::failed;
}

auto is_up(VmStatus const& status) -> bool {
    return status.state == State::running || status.state == State::paused;
}

// "(acpi, 280 s left)"
auto doing(Vm const& vm, WallTime now) -> std::string {
    auto const& status = vm.status();
    auto text = std::string{status.sub_state == SubState::none ? to_string(status.state) : to_string(status.sub_state)};
    if (status.sub_state == SubState::acpi) {
        if (auto const definition = vm.next_definition()) {
            auto const left = definition->stop_timeout - (now - status.since);
            auto const seconds = std::chrono::duration_cast<std::chrono::seconds>(left).count();
            text += ", " + std::to_string(std::max<std::int64_t>(seconds, 0)) + " s left";
        }
    } else if (!status.step.empty()) {
        text += " " + status.step;
    }
    return " (" + text + ")";
}

}  // namespace

StopRound::StopRound(std::vector<VmPtr> const& vms, After const& after, Tell tell, Kept kept)
    : tell_{std::move(tell)}, kept_{kept}, left_{vms.size()} {
    members_.reserve(vms.size());
    for (auto const& vm : vms) {
        index_.emplace(vm.get(), members_.size());
        members_.emplace_back().vm = vm;
    }
    for (std::size_t i = 0; i < members_.size(); ++i) {
        for (auto const* const other : after(*members_[i].vm)) {
            if (auto const it = index_.find(other); it != index_.end()) {
                members_[i].after.push_back(it->second);
                members_[it->second].before.push_back(i);
                ++members_[it->second].in_the_way;
            }
        }
    }
    put_in_order();
}

void StopRound::put_in_order() {
    std::vector<std::size_t> ahead(members_.size());
    order_.reserve(members_.size());
    for (std::size_t i = 0; i < members_.size(); ++i) {
        ahead[i] = members_[i].before.size();
        if (ahead[i] == 0) {
            order_.push_back(i);
        }
    }
    for (std::size_t next = 0; next < order_.size(); ++next) {
        for (auto const other : members_[order_[next]].after) {
            if (--ahead[other] == 0) {
                order_.push_back(other);
            }
        }
    }
}

void StopRound::begin() {
    for (auto const i : order_) {
        auto& member = members_[i];
        if (member.in_the_way == 0 || member.vm->status().state == State::starting) {
            tell(member);
        }
    }
}

void StopRound::hurry(Tell tell) {
    tell_ = std::move(tell);
    for (auto const i : order_) {
        if (!members_[i].over) {
            members_[i].told = true;
            tell_(*members_[i].vm);
        }
    }
}

void StopRound::tell(Member& member) {
    if (!member.told && !member.over) {
        member.told = true;
        tell_(*member.vm);
    }
}

void StopRound::note(Vm const& vm) {
    auto const it = index_.find(&vm);
    if (it == index_.end() || members_[it->second].over) {
        return;
    }
    auto& member = members_[it->second];
    auto const& status = vm.status();
    if (is_at_rest(status)) {
        at_rest(member);
    } else if (member.told && status.target == Target::stopped) {
        member.heard = true;
    } else if (member.heard && is_up(status)) {
        stays_up(member);  // somebody has canceled it
    }
}

void StopRound::refused(Vm const& vm) {
    if (auto const it = index_.find(&vm); it != index_.end() && !members_[it->second].over) {
        stays_up(members_[it->second]);
    }
}

void StopRound::at_rest(Member& member) {
    if (member.vm->status().target != Target::stopped) {
        tell(member);  // it has ended by itself, and would be started again
    }
    member.over = true;
    --left_;
    go_on(member);
}

void StopRound::go_on(Member const& member) {
    for (auto const other : member.after) {
        if (--members_[other].in_the_way == 0) {
            tell(members_[other]);
        }
    }
}

void StopRound::stays_up(Member& member) {
    member.over = true;
    --left_;
    if (kept_ == Kept::nobody) {
        go_on(member);
        return;
    }
    std::vector<std::size_t> used = member.after;
    while (!used.empty()) {
        auto& other = members_[used.back()];
        used.pop_back();
        if (!other.over && !other.told) {
            other.over = true;
            --left_;
            used.insert(used.end(), other.after.begin(), other.after.end());
        }
    }
}

auto StopRound::plan() const -> std::vector<Engine::Stopping> {
    std::vector<Engine::Stopping> all;
    all.reserve(members_.size());
    for (auto const i : order_) {
        auto& made = all.emplace_back();
        made.name = members_[i].vm->name();
        for (auto const other : members_[i].before) {
            made.behind.push_back(members_[other].vm->name());
        }
    }
    return all;
}

template <typename Each>
void StopRound::each_under_way(std::size_t most, Each each) const {
    for (auto it = order_.begin(); it != order_.end() && most != 0; ++it) {
        auto const& member = members_[*it];
        bool const not_yet_heard = !member.heard && is_up(member.vm->status());
        if (!member.over && member.told && !not_yet_heard) {
            each(*member.vm);
            --most;
        }
    }
}

auto StopRound::text(WallTime now) const -> std::string {
    auto text = std::to_string(size() - left_) + " of " + std::to_string(size()) +
                (size() == 1 ? " VM is" : " VMs are") + " at rest";
    std::size_t named = 0;
    each_under_way(most_named, [&](Vm const& vm) {
        text += (named++ == 0 ? "; waiting for " : ", ") + vm.name() + doing(vm, now);
    });
    if (auto const more = left_ - named; named != 0 && more != 0) {
        text += " and " + std::to_string(more) + " more";
    }
    return text;
}

auto StopRound::signature() const -> std::string {
    auto text = std::to_string(left_);
    each_under_way(most_named, [&text](Vm const& vm) {
        text += "/" + vm.name() + "/" + std::string{to_string(vm.status().sub_state)};
    });
    return text;
}

}  // namespace apiary
