// Who may do what.
#include "bus/authority.hpp"

#include <algorithm>

namespace apiary::bus {

namespace {

auto is_member(Caller const& caller, std::optional<gid_t> group) -> bool {
    return group && std::find(caller.groups.begin(), caller.groups.end(), *group) != caller.groups.end();
}

}  // namespace

auto to_string(Right right) -> std::string_view {
    switch (right) {
        case Right::see:
            return "see";
        case Right::console_read:
            return "console-read";
        case Right::console_write:
            return "console-write";
        case Right::operate:
            return "operate";
        case Right::admin:
            return "admin";
    }
    return "";
}

auto Rights::words() const -> std::vector<std::string> {
    std::vector<std::string> words;
    for (auto const right : {Right::see, Right::console_read, Right::console_write, Right::operate, Right::admin}) {
        if (holds(right)) {
            words.emplace_back(to_string(right));
        }
    }
    return words;
}

auto Authority::admits(Caller const& caller) const -> bool {
    return !options_.master || caller.uid == 0 || caller.uid == *options_.master;
}

auto Authority::everywhere(Caller const& caller) const -> Rights {
    if (caller.uid == 0 || caller.uid == options_.master) {
        return Rights::all();
    }
    return admits(caller) && is_member(caller, options_.observers) ? Rights{}.with(Right::see) : Rights{};
}

auto Authority::on_vm(Caller const& caller, Audience const& audience) const -> Rights {
    auto const general = everywhere(caller);
    if (general.holds(Right::admin) || !admits(caller)) {
        return general;
    }
    if (caller.uid == audience.owner || is_member(caller, audience.group)) {
        return Rights::all().without(Right::admin);
    }
    return audience.visibility == Visibility::all ? general.with(Right::see) : general;
}

auto Authority::may_see(Caller const& caller, Event const& event) const -> bool {
    auto const rights = event.vm.empty() ? everywhere(caller) : on_vm(caller, event.audience);
    return rights.holds(Right::see);
}

}  // namespace apiary::bus
