// Tells the bus what happened in a turn.
#include "bus/publisher.hpp"

#include <limits>
#include <utility>

#include "bus/event_record.hpp"
#include "bus/object_signals.hpp"
#include "bus/paths.hpp"
#include "bus/properties.hpp"
#include "bus/vm_objects.hpp"

namespace apiary::bus {

namespace {

auto added_signal(Vm const& vm, DefinitionPtr const& definition) -> Signal {
    return interfaces_added(vm_path(vm.name()), vm_interface,
                            all_properties(vm_properties(), facts_of(vm, definition)));
}

}  // namespace

Publisher::Publisher(Connection& connection, Engine const& engine, Lookup const& lookup, Authority const& authority,
                     Subscribers& subscribers)
    : connection_{connection},
      engine_{engine},
      lookup_{lookup},
      authority_{authority},
      subscribers_{subscribers},
      degraded_{!engine.journal().fault().empty()} {
    for (auto const& vm : engine_.list("", std::numeric_limits<std::size_t>::max())) {
        definitions_.emplace(vm->name(), vm->definition());
    }
    for (auto const* job : engine_.jobs()) {
        jobs_.emplace(job->id, *job);
    }
}

void Publisher::publish(Turn const& turn) {
    watch_durability(turn);
    for (auto const& change : turn.vms) {
        if (change.added) {
            vm_added(*change.vm);
        }
    }
    for (auto const* job : turn.jobs_added) {
        job_added(*job);
    }
    for (auto const& change : turn.vms) {
        if (!change.added && !change.removed) {
            vm_changed(change);
        }
    }
    for (auto const& happened : turn.events) {
        event(happened);
    }
    for (auto const* job : turn.jobs_changed) {
        job_changed(*job);
    }
    for (auto const* job : turn.jobs_ended) {
        job_changed(*job);
        job_ended(*job);
    }
    for (auto const& job : turn.jobs_removed) {
        jobs_.erase(job.id);
        removed(job_path(job.id), job_interface, job.audience, job.vm);
    }
    for (auto const& change : turn.vms) {
        if (change.removed) {
            definitions_.erase(change.vm->name());
            untold_.erase(change.vm->name());
            removed(vm_path(change.vm->name()), vm_interface,
                    change.audience_changed ? change.audience_before : change.vm->audience(), change.vm->name());
        }
    }
}

// A signal that cannot be made or sent costs that signal: the journal has what it said.
void Publisher::attempt(std::function<void()> const& send) {
    if (sd_bus_is_open(connection_.raw()) <= 0) {
        return;
    }
    try {
        send();
    } catch (std::exception const& error) {
        subscribers_.log(std::string{"A signal could not be sent: "} + error.what());
    }
}

auto Publisher::tell(Signal const& signal, Audience const& audience, std::string_view vm, std::optional<EventType> type)
    -> bool {
    bool told = true;
    attempt([&] {
        if (audience.visibility == Visibility::all && (told = subscribers_.broadcast(signal))) {
            return;
        }
        // Of what cannot be broadcast right now, subscribers hear all the same: each has a window of his own.
        subscribers_.unicast(signal, [&](Subscription const& to) {
            return lookup_.sees(*to.caller, audience) && to.filter.wants_vm(vm) &&
                   (!type || to.filter.wants_type(to_string(*type)));
        });
    });
    return told;
}

void Publisher::vm_added(Vm const& vm) {
    auto const definition = vm.definition();
    definitions_[vm.name()] = definition;
    tell(added_signal(vm, definition), vm.audience(), vm.name());
}

void Publisher::vm_changed(Turn::VmChange const& change) {
    auto const& vm = *change.vm;
    auto const definition = vm.definition();
    auto& published = definitions_[vm.name()];
    VmFacts const before{vm.name(), vm.id(), change.before, published.get(),
                         change.audience_changed ? change.audience_before : vm.audience()};
    auto changed = changed_properties(vm_properties(), before, facts_of(vm, definition));
    published = definition;
    if (change.audience_changed) {
        audience_changed(change);
    }
    if (changed.empty()) {
        return;
    }
    std::set<std::string> names;
    if (vm.audience().visibility == Visibility::all && !subscribers_.broadcasts_open()) {
        for (auto const& [name, value] : changed) {
            names.insert(name);
        }
    }
    if (!tell(properties_changed(vm_path(vm.name()), vm_interface, std::move(changed)), vm.audience(), vm.name())) {
        untold_[vm.name()].merge(names);
    }
}

void Publisher::catch_up() {
    for (auto const& [name, properties] : std::exchange(untold_, {})) {
        auto const vm = engine_.find(name);
        if (!vm || vm->audience().visibility != Visibility::all) {
            continue;
        }
        auto const definition = vm->definition();
        auto const facts = facts_of(*vm, definition);
        Dict now;
        for (auto const& property : properties) {
            if (auto const* found = find_property(vm_properties(), property)) {
                now.push_back({property, found->get(facts)});
            }
        }
        if (!tell(properties_changed(vm_path(vm->name()), vm_interface, std::move(now)), vm->audience(), vm->name())) {
            untold_[name] = properties;  // that soon again
        }
    }
    if (std::exchange(untold_degraded_, false)) {
        tell_degraded();
    }
}

// For who may see the VM only from now on it appears, for who could see it only until now it goes.
void Publisher::audience_changed(Turn::VmChange const& change) {
    auto const& vm = *change.vm;
    auto const& before = change.audience_before;
    auto const& after = vm.audience();
    auto const appears = added_signal(vm, vm.definition());
    auto const goes = interfaces_removed(vm_path(vm.name()), vm_interface);
    if (after.visibility == Visibility::all) {
        if (before.visibility != Visibility::all) {
            tell(appears, after, vm.name());
        }
        return;
    }
    bool const was_open = before.visibility == Visibility::all;
    if (was_open) {
        tell(goes, before, vm.name());
    }
    attempt([&] {
        subscribers_.unicast(goes, [&](Subscription const& to) {
            return !was_open && to.filter.wants_vm(vm.name()) && lookup_.sees(*to.caller, before) &&
                   !lookup_.sees(*to.caller, after);
        });
        subscribers_.unicast(appears, [&](Subscription const& to) {
            return to.filter.wants_vm(vm.name()) && lookup_.sees(*to.caller, after) &&
                   (was_open || !lookup_.sees(*to.caller, before));
        });
    });
}

void Publisher::event(Event const& event) {
    auto const& stream = engine_.journal().stream();
    auto details = details_of(event);
    if (event.vm.empty()) {
        Signal const signal{root_path, manager_interface, "Event", [&](Writer& out) {
                                out.number(event.seq);
                                out.text(stream);
                                out.number(to_micros(event.wall));
                                out.text(std::string{to_string(event.type)});
                                out.dict(details);
                            }};
        attempt([&] {
            subscribers_.unicast(signal, [&](Subscription const& to) {
                return authority_.may_see(*to.caller, event) && to.filter.wants_type(to_string(event.type));
            });
        });
        return;
    }
    Signal const signal{vm_path(event.vm), vm_interface, "Event", [&](Writer& out) {
                            out.number(event.seq);
                            out.number(event.vm_seq);
                            out.text(stream);
                            out.number(to_micros(event.wall));
                            out.text(event.vm);
                            for (auto const word : {to_string(event.type), to_string(event.state),
                                                    to_string(event.sub_state), to_string(event.reason)}) {
                                out.text(std::string{word});
                            }
                            out.dict(details);
                        }};
    tell(signal, event.audience, event.vm, event.type);
}

void Publisher::job_added(Job const& job) {
    jobs_[job.id] = job;
    auto const path = job_path(job.id);
    tell(interfaces_added(path, job_interface, all_properties(job_properties(), job)), job.audience, job.vm);
    tell({root_path, manager_interface, "JobNew",
          [&](Writer& out) {
              out.number(job.id);
              out.path(path);
              out.text(job.vm);
              out.text(std::string{to_string(job.command)});
          }},
         job.audience, job.vm);
}

void Publisher::job_changed(Job const& job) {
    auto const [published, is_new] = jobs_.try_emplace(job.id, job);
    if (is_new) {
        return;
    }
    auto changed = changed_properties(job_properties(), published->second, job);
    published->second = job;
    if (!changed.empty()) {
        tell(properties_changed(job_path(job.id), job_interface, std::move(changed)), job.audience, job.vm);
    }
}

void Publisher::job_ended(Job const& job) {
    tell({root_path, manager_interface, "JobEnded",
          [&](Writer& out) {
              out.number(job.id);
              out.path(job_path(job.id));
              out.text(job.vm);
              out.text(std::string{to_string(job.result)});
          }},
         job.audience, job.vm);
}

void Publisher::removed(std::string const& path, char const* interface, Audience const& audience, std::string_view vm) {
    tell(interfaces_removed(path, interface), audience, vm);
}

// Events say of themselves whether they could be written.
void Publisher::watch_durability(Turn const& turn) {
    if (turn.events.empty() || degraded_ == !turn.events.back().durable) {
        return;
    }
    degraded_ = !degraded_;
    tell_degraded();
}

void Publisher::tell_degraded() {
    auto const signal = properties_changed(root_path, manager_interface, {{"Degraded", {degraded_}}});
    attempt([&] {
        untold_degraded_ = !subscribers_.broadcast(signal);
        if (untold_degraded_) {
            subscribers_.unicast(signal, [](Subscription const&) { return true; });
        }
    });
}

}  // namespace apiary::bus
