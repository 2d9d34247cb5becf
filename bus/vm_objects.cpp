// The VMs on the bus.
#include "bus/vm_objects.hpp"

#include <array>
#include <string>
#include <utility>

#include "bus/errors.hpp"
#include "bus/fallback.hpp"
#include "bus/incoming.hpp"
#include "bus/paths.hpp"
#include "bus/reply.hpp"
#include "bus/value.hpp"
#include "bus/vm_config.hpp"
#include "config/describe.hpp"

namespace apiary::bus {

namespace {

constexpr auto commands = std::to_array<std::pair<std::string_view, Command>>({
    {"Start", Command::start},
    {"Stop", Command::stop},
    {"PowerOff", Command::poweroff},
    {"Reset", Command::reset},
    {"Pause", Command::pause},
    {"Resume", Command::resume},
    {"FailReset", Command::fail_reset},
});

}  // namespace

auto facts_of(Vm const& vm, DefinitionPtr const& definition) -> VmFacts {
    return {vm.name(), vm.id(), vm.status(), definition.get(), vm.audience()};
}

VmObjects::VmObjects(Connection& connection, Engine& engine, Doorkeeper const& door, Lookup const& lookup,
                     Authority const& authority)
    : connection_{connection},
      engine_{engine},
      door_{door},
      lookup_{lookup},
      authority_{authority},
      vtable_{make_vtable()} {
    sd_bus_slot* slot = nullptr;
    check(sd_bus_add_fallback_vtable(connection_.raw(), &slot, vm_prefix, vm_interface, vtable_.data(), on_find, this),
          "add the VM objects");
    objects_.reset(slot);
    check(sd_bus_add_node_enumerator(connection_.raw(), &slot, vm_prefix, on_enumerate, this), "add the list of VMs");
    enumerator_.reset(slot);
}

auto VmObjects::make_vtable() -> std::vector<sd_bus_vtable> {
    constexpr std::uint64_t open = SD_BUS_VTABLE_UNPRIVILEGED;  // rights are ours to check, not the library's
    std::vector<sd_bus_vtable> table;
    table.push_back(SD_BUS_VTABLE_START(0));
    for (auto const& [name, command] : commands) {
        table.push_back(SD_BUS_METHOD_WITH_ARGS(name.data(), SD_BUS_ARGS("a{sv}", options), SD_BUS_RESULT("o", job),
                                                on_method, open));
    }
    table.push_back(SD_BUS_METHOD_WITH_ARGS("OpenConsole", SD_BUS_ARGS("a{sv}", options), SD_BUS_RESULT("h", console),
                                            on_method, open));
    table.push_back(
        SD_BUS_METHOD_WITH_ARGS("GetPermissions", SD_BUS_NO_ARGS, SD_BUS_RESULT("as", rights), on_method, open));
    table.push_back(SD_BUS_METHOD_WITH_ARGS("GetConfig", SD_BUS_ARGS("a{sv}", options),
                                            SD_BUS_RESULT("a(sasa(suus)bb)", settings), on_method, open));
    table.push_back(SD_BUS_METHOD_WITH_ARGS("GetConfigDiff", SD_BUS_ARGS("a{sv}", options),
                                            SD_BUS_RESULT("a(sasas)", changes), on_method, open));
    table.push_back(
        SD_BUS_SIGNAL_WITH_ARGS("Event",
                                SD_BUS_ARGS("t", seq, "t", vm_seq, "s", stream, "t", time, "s", vm, "s", type, "s",
                                            state, "s", sub_state, "s", reason, "a{sv}", details),
                                0));
    finish_vtable(table, vm_properties(), on_property);
    return table;
}

auto VmObjects::on_find(sd_bus* /*bus*/, char const* path, char const* /*interface*/, void* self, void** found,
                        sd_bus_error* error) -> int {
    return guarded(error, [&] {
        auto const& objects = *static_cast<VmObjects*>(self);
        auto const* caller = objects.door_.caller();
        auto const vm = caller != nullptr ? objects.lookup_.vm_at(path, *caller) : nullptr;
        // The engine keeps it for the few calls until the library is done with the pointer.
        *found = const_cast<Vm*>(vm.get());
        return vm ? 1 : 0;
    });
}

auto VmObjects::on_enumerate(sd_bus* /*bus*/, char const* /*prefix*/, void* self, char*** paths, sd_bus_error* error)
    -> int {
    return guarded(error, [&] {
        auto const& objects = *static_cast<VmObjects*>(self);
        std::vector<std::string> visible;
        if (auto const* caller = objects.door_.caller()) {
            for (auto const& vm : objects.lookup_.all_vms(*caller)) {
                visible.push_back(vm_path(vm->name()));
            }
        }
        *paths = to_strv(visible);
        return 0;
    });
}

auto VmObjects::on_property(sd_bus* /*bus*/, char const* /*path*/, char const* /*interface*/, char const* property,
                            sd_bus_message* reply, void* vm, sd_bus_error* error) -> int {
    auto const& subject = *static_cast<Vm const*>(vm);
    auto const definition = subject.definition();
    return append_property(vm_properties(), property, reply, facts_of(subject, definition), error);
}

auto VmObjects::on_method(sd_bus_message* message, void* vm, sd_bus_error* error) -> int {
    return guarded(error, [&] {
        auto& objects = owner_of_slot<VmObjects>(sd_bus_message_get_bus(message));
        return objects.call(message, *static_cast<Vm const*>(vm));
    });
}

auto VmObjects::call(sd_bus_message* message, Vm const& vm) -> int {
    std::string_view const member = sd_bus_message_get_member(message);
    for (auto const& [name, what] : commands) {
        if (name == member) {
            return command(message, vm, what);
        }
    }
    if (member == "GetConfig") {
        return get_config(message, vm);
    }
    if (member == "GetConfigDiff") {
        return get_config_diff(message, vm);
    }
    return member == "OpenConsole" ? open_console(message, vm) : get_permissions(message, vm);
}

void VmObjects::require(Right right, Vm const& vm, std::string_view what) const {
    if (!authority_.on_vm(*door_.current(), vm.audience()).holds(right)) {
        throw Fault{Error::access_denied, std::string{what} + " needs the right '" + std::string{to_string(right)} +
                                              "' on the VM '" + vm.name() + "', which you do not have."};
    }
}

auto VmObjects::command(sd_bus_message* message, Vm const& vm, Command what) -> int {
    Options options{read_options(message)};
    CommandOptions settings;
    if (what == Command::fail_reset) {
        settings.force = options.flag("force").value_or(false);
    }
    options.finish();
    if (settings.force) {
        require(Right::admin, vm, "FailReset with 'force'");
    }
    auto const reply = std::make_shared<PendingReply>(message, connection_.toucher());
    engine_.command(what, vm.name(), settings, door_.current()->uid, [reply](Outcome<std::uint64_t> const& outcome) {
        if (auto const* job = std::get_if<std::uint64_t>(&outcome)) {
            reply->path(job_path(*job));
        } else {
            reply->fault(Fault{std::get<Refusal>(outcome)});
        }
    });
    return 1;
}

auto VmObjects::open_console(sd_bus_message* message, Vm const& vm) -> int {
    Options options{read_options(message)};
    auto const word = options.text("mode").value_or("read-write");
    bool const force = options.flag("force").value_or(false);
    options.finish();
    if (word != "read" && word != "read-write") {
        throw Fault{Error::invalid_argument, "'mode' must be 'read' or 'read-write'."};
    }
    auto const mode = word == "read" ? ConsoleMode::read : ConsoleMode::read_write;
    if (mode == ConsoleMode::read_write) {
        require(Right::console_write, vm, "A console to write to (use mode 'read' to watch)");
    }
    auto const reply = std::make_shared<PendingReply>(message, connection_.toucher());
    engine_.open_console(vm.name(), mode, force, door_.current()->uid,
                         [reply](Outcome<std::shared_ptr<UniqueFd>> const& outcome) {
                             auto const* console = std::get_if<std::shared_ptr<UniqueFd>>(&outcome);
                             if (console == nullptr) {
                                 reply->fault(Fault{std::get<Refusal>(outcome)});
                             } else if (*console && **console) {
                                 reply->descriptor((*console)->get());
                             }
                         });
    return 1;
}

auto VmObjects::get_config(sd_bus_message* message, Vm const& vm) -> int {
    Options options{read_options(message)};
    auto const which = options.text("which").value_or("running");
    options.finish();
    if (which != "running" && which != "pending") {
        throw Fault{Error::invalid_argument, "'which' must be 'running' or 'pending'."};
    }
    auto const definition = which == "running" ? vm.definition() : vm.next_definition();
    if (!definition) {
        throw Fault{Error::invalid_state, "Nothing is known of the definition of the VM '" + vm.name() + "'."};
    }
    sd_bus_message* made = nullptr;
    check(sd_bus_message_new_method_return(message, &made), "make a reply");
    MessagePtr const reply{made};
    Writer writer{made};
    append_settings(writer, config::describe(*definition));
    return sd_bus_send(nullptr, made, nullptr);
}

auto VmObjects::get_config_diff(sd_bus_message* message, Vm const& vm) -> int {
    Options{read_options(message)}.finish();
    auto const now = vm.definition(), next = vm.next_definition();
    std::vector<KeyChange> changes;
    if (next && next != now) {
        changes = changed_keys(now.get(), *next, ChangeEffect::next_cold_start);
        // What holds at once does so already, whatever the VM was started with.
        std::erase_if(changes, [](KeyChange const& change) { return change.effect == ChangeEffect::now; });
    }
    sd_bus_message* made = nullptr;
    check(sd_bus_message_new_method_return(message, &made), "make a reply");
    MessagePtr const reply{made};
    Writer writer{made};
    append_changes(writer, changes);
    return sd_bus_send(nullptr, made, nullptr);
}

auto VmObjects::get_permissions(sd_bus_message* message, Vm const& vm) -> int {
    sd_bus_message* made = nullptr;
    check(sd_bus_message_new_method_return(message, &made), "make a reply");
    MessagePtr const reply{made};
    Writer{made}.texts(authority_.on_vm(*door_.current(), vm.audience()).words());
    return sd_bus_send(nullptr, made, nullptr);
}

}  // namespace apiary::bus
