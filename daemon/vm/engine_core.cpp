#include "vm/engine_core.hpp"

#include <algorithm>
#include <iterator>
#include <unordered_set>
#include <utility>

namespace apiary {
namespace {

auto input_of(Command command, CommandOptions const& options) -> Input {
    switch (command) {
        case Command::start:
            return Input::start;
        case Command::stop:
            return Input::stop;
        case Command::poweroff:
            return Input::poweroff;
        case Command::reset:
            return Input::reset;
        case Command::pause:
            return Input::pause;
        case Command::resume:
            return Input::resume;
        case Command::fail_reset:
            break;
    }
    return options.force ? Input::give_up : Input::fail_reset;
}

auto lasting(std::vector<Step*> const& steps) -> std::shared_ptr<Steps const> {
    Steps made;
    for (auto* const step : steps) {
        made.push_back(lasting_step(*step));
    }
    return std::make_shared<Steps const>(std::move(made));
}

}  // namespace

EngineCore::EngineCore(EngineParts parts)
    : loop_{parts.loop},
      journal_{parts.journal},
      identities_{parts.identities},
      memory_{parts.memory},
      turns_{parts.loop, parts.journal},
      jobs_{parts.loop, turns_},
      world_{.loop = parts.loop,
             .turns = turns_,
             .jobs = jobs_,
             .supervisor = parts.supervisor,
             .hypervisors = std::move(parts.hypervisors),
             .steps = lasting(parts.steps),
             .run_root = std::move(parts.run_root),
             .timings = parts.timings,
             .order = {parts.loop, parts.max_starting, parts.timings.longest_start},
             .departed = Departed{turns_},
             .why_absent = std::move(parts.why_absent)},
      consoles_{world_},
      report_{std::move(parts.report)} {
    turns_.add_observer(world_.departed);
    if (memory_ != nullptr) {
        turns_.before_commit([this](Turn const& turn) { remember(turn); });
    }
}

EngineCore::~EngineCore() = default;

void EngineCore::set_steps(Steps steps) {
    world_.steps = std::make_shared<Steps const>(std::move(steps));
    for (auto const& [key, machine] : machines_) {
        machine->note_steps();
    }
}

auto EngineCore::awaited_steps() const -> std::set<std::string> {
    std::set<std::string> names;
    for (auto const& [key, machine] : machines_) {
        machine->name_awaited_steps(names);
    }
    return names;
}

void EngineCore::note(std::string_view vm, std::map<std::string, std::string> details) {
    if (vm.empty()) {
        Event event;
        event.details = std::move(details);
        turns_.emit(std::move(event));
    } else if (auto const found = machine(vm)) {
        found->tell(EventType::notice, std::move(details));
    }
}

auto EngineCore::machine(std::string_view name) const -> std::shared_ptr<Machine> {
    auto const it = machines_.find(name_key(name));
    return it == machines_.end() ? nullptr : it->second;
}

auto EngineCore::find(std::string_view name) const -> VmPtr {
    return machine(name);
}

auto EngineCore::list(std::string_view after, std::size_t max) const -> std::vector<VmPtr> {
    std::vector<VmPtr> page;
    page.reserve(std::min(max, machines_.size()));
    for (auto it = after.empty() ? machines_.begin() : machines_.upper_bound(name_key(after));
         it != machines_.end() && page.size() < max; ++it) {
        page.push_back(it->second);
    }
    return page;
}

void EngineCore::command(Command what, std::string_view vm, CommandOptions options, uid_t requester,
                         CommandReply reply) {
    auto const refuse = [this, &reply](Refusal refusal) {
        turns_.after_commit([reply = std::move(reply), refusal = std::move(refusal)] { reply(refusal); });
    };
    auto const found = machine(vm);
    if (!found) {
        refuse({Refusal::Kind::no_such_vm, "there is no VM " + std::string{vm}});
        return;
    }
    if (auto const* const backend = found->hypervisor();
        backend != nullptr && !backend->can_pause() && (what == Command::pause || what == Command::resume)) {
        refuse({Refusal::Kind::not_supported, "VM " + found->name() + ": backend " +
                                                  std::string{to_string(backend->kind())} + " cannot " +
                                                  std::string{to_string(what)}});
        return;
    }
    found->deliver({.kind = Message::Kind::command,
                    .input = input_of(what, options),
                    .cause = {Reason::requested, {}},
                    .requester = requester,
                    .reply = std::move(reply)});
}

void EngineCore::cancel(std::uint64_t job, uid_t requester, Reply reply) {
    auto const* const found = jobs_.find(job);
    auto const owner = found == nullptr ? nullptr : machine(found->vm);
    if (!owner) {
        turns_.after_commit([reply = std::move(reply), job] {
            reply(Refusal{Refusal::Kind::no_such_job, "there is no job " + std::to_string(job)});
        });
        return;
    }
    owner->deliver({.kind = Message::Kind::command,
                    .input = Input::cancel,
                    .cause = {Reason::requested, "canceled"},
                    .requester = requester,
                    .reply =
                        [reply = std::move(reply)](Outcome<std::uint64_t> const& outcome) {
                            if (auto const* const refusal = std::get_if<Refusal>(&outcome)) {
                                reply(*refusal);
                            } else {
                                reply(std::monostate{});
                            }
                        },
                    .job = job});
}

void EngineCore::open_console(std::string_view vm, ConsoleMode mode, bool force, uid_t requester, ConsoleReply reply) {
    if (auto const found = machine(vm)) {
        consoles_.open(found, mode, force, requester, std::move(reply));
        return;
    }
    turns_.after_commit([reply = std::move(reply), name = std::string{vm}] {
        reply(Refusal{Refusal::Kind::no_such_vm, "there is no VM " + name});
    });
}

auto EngineCore::add(std::string name, unsigned id, DefinitionPtr definition) -> Machine& {
    auto made = std::make_shared<Machine>(world_, std::move(name), id, std::move(definition));
    auto const key = name_key(made->name());
    made->on_erased = [this, key, weak = std::weak_ptr{made}] {
        auto const gone = weak.lock();
        if (auto const it = machines_.find(key); it != machines_.end() && it->second == gone) {
            turns_.removed(gone);
            world_.order.leave(gone->seat());
            gone->tell(EventType::vm_removed, {});
            machines_.erase(it);
        }
    };
    machines_.emplace(key, made);
    made->take_seat();
    return *made;
}

auto EngineCore::preview(std::vector<DefinitionPtr> const& definitions) const -> Changes {
    Changes read;
    std::unordered_set<Machine const*> wanted;
    wanted.reserve(definitions.size());
    for (auto const& definition : definitions) {
        auto const known = machine(definition->name);
        if (known) {
            wanted.insert(known.get());
            if (auto plan = known->plan(*definition)) {
                read.push_back(std::move(*plan));
            }
            continue;
        }
        // bmd's rule: boot = yes, oneshot and always start with the daemon, and when they are new at a reload.
        bool const starts = definition->boot != BootPolicy::no;
        read.push_back({.name = definition->name,
                        .action = ChangeAction::added,
                        .keys = {},
                        .effect = starts ? ChangeEffect::start : ChangeEffect::now,
                        .why = {}});
    }
    Changes changes;
    for (auto const& [key, known] : machines_) {
        if (!wanted.contains(known.get()) && !known->is_vanishing()) {
            changes.push_back(known->plan_of_vanishing());
        }
    }
    std::move(read.begin(), read.end(), std::back_inserter(changes));
    return changes;
}

auto EngineCore::apply(std::vector<DefinitionPtr> definitions) -> Changes {
    auto changes = preview(definitions);
    for (auto const& plan : changes) {
        if (plan.action == ChangeAction::removed) {
            machine(plan.name)->deliver({.kind = Message::Kind::vanish});
        }
    }
    StartOrder::After after;
    for (auto& definition : definitions) {
        if (!definition->after.empty()) {
            after.emplace_back(definition->name, definition->after);
        }
        if (auto const known = machine(definition->name)) {
            if (!known->renew(definition)) {
                known->deliver({.kind = Message::Kind::definition, .definition = std::move(definition)});
            }
            if (known->boot_is_due()) {
                known->deliver({.kind = Message::Kind::boot});
            }
            continue;
        }
        auto& made = add(definition->name, identities_.id_of(definition->name), definition);
        if (definition->boot != BootPolicy::no) {
            made.boots_first();
            made.deliver({.kind = Message::Kind::boot});
        }
        made.announce();
    }
    world_.order.arrange(after);
    return changes;
}

void EngineCore::found_running(RunRecord const& record) {
    if (auto const known = machine(record.name)) {
        if (known->at_rest() && known->status().sub_state != SubState::undo_pending) {
            known->adopt_found(record, false);  // what is known of it is older than that
            return;
        }
        known->tell(EventType::notice, {{"text", "a second hypervisor of this VM seems to run, in " + record.run_dir +
                                                     ": end one of them by hand"}});
        return;
    }
    identities_.reserve(record.name, record.id);
    add(record.name, record.id, nullptr).adopt_found(record, true);
}

}  // namespace apiary
