// The properties of a VM.
#include <algorithm>
#include <array>

#include "bus/paths.hpp"
#include "bus/properties.hpp"
#include "bus/text.hpp"

namespace apiary::bus {

namespace {

constexpr std::size_t max_reason_text = 1024;
constexpr std::size_t max_text = 256;

template <typename Word>
auto word(Word value) -> Value {
    return {std::string{to_string(value)}};
}

auto graphics(VmFacts const& vm) -> Value {
    Dict screen;
    if (vm.definition != nullptr && vm.definition->graphics.on) {
        auto const& from = vm.definition->graphics;
        if (from.path) {
            screen.push_back({"path", {clean_text(from.path->path, max_reason_text)}});
        } else {
            screen.push_back({"listen", {clean_text(from.listen, max_text)}});
            screen.push_back({"port", {from.port}});
        }
        screen.push_back({"width", {std::uint32_t{from.width}}});
        screen.push_back({"height", {std::uint32_t{from.height}}});
        screen.push_back({"password", {from.password.has_value()}});
    }
    return {std::move(screen)};
}

auto has_console(Definition const& definition) -> bool {
    return std::any_of(std::begin(definition.com), std::end(definition.com),
                       [](ComPort const& port) { return port.kind == ComPort::Kind::automatic; });
}

// A value that comes from the definition, or `unknown` where there is none.
template <typename Get, typename Unknown>
auto from_definition(VmFacts const& vm, Get get, Unknown unknown) -> Value {
    return vm.definition != nullptr ? Value{get(*vm.definition)} : Value{std::move(unknown)};
}

constexpr auto vm_table = std::to_array<VmProperty>({
    {"Name", "s", Emits::constant, [](VmFacts const& vm) { return Value{vm.name}; }},
    {"Id", "u", Emits::constant, [](VmFacts const& vm) { return Value{std::uint32_t{vm.id}}; }},
    {"State", "s", Emits::changes, [](VmFacts const& vm) { return word(vm.status.state); }},
    {"SubState", "s", Emits::changes, [](VmFacts const& vm) { return word(vm.status.sub_state); }},
    {"Target", "s", Emits::changes, [](VmFacts const& vm) { return word(vm.status.target); }},
    {"Reason", "s", Emits::changes, [](VmFacts const& vm) { return word(vm.status.reason); }},
    {"ReasonText", "s", Emits::changes,
     [](VmFacts const& vm) { return Value{clean_text(vm.status.reason_text, max_reason_text)}; }},
    {"Step", "s", Emits::changes, [](VmFacts const& vm) { return Value{clean_text(vm.status.step, max_text)}; }},
    {"Incarnation", "t", Emits::changes, [](VmFacts const& vm) { return Value{vm.status.incarnation}; }},
    {"Since", "t", Emits::changes, [](VmFacts const& vm) { return Value{to_micros(vm.status.since)}; }},
    {"Job", "o", Emits::changes,
     [](VmFacts const& vm) { return Value{ObjectPath{vm.status.job != 0 ? job_path(vm.status.job) : "/"}}; }},
    {"LastEvent", "t", Emits::nothing, [](VmFacts const& vm) { return Value{vm.status.last_event}; }},
    {"HypervisorPid", "u", Emits::changes,
     [](VmFacts const& vm) { return Value{static_cast<std::uint32_t>(std::max(vm.status.hypervisor_pid, 0))}; }},
    {"ConfigPending", "b", Emits::changes, [](VmFacts const& vm) { return Value{vm.status.config_pending}; }},
    {"Backend", "s", Emits::changes,
     [](VmFacts const& vm) {
         return from_definition(
             vm, [](Definition const& d) { return std::string{to_string(d.backend)}; }, std::string{});
     }},
    {"Loader", "s", Emits::changes,
     [](VmFacts const& vm) {
         return from_definition(
             vm, [](Definition const& d) { return std::string{to_string(d.loader)}; }, std::string{});
     }},
    {"Memory", "t", Emits::changes,
     [](VmFacts const& vm) {
         return from_definition(
             vm, [](Definition const& d) { return d.memory_bytes; }, std::uint64_t{0});
     }},
    {"Cpus", "u", Emits::changes,
     [](VmFacts const& vm) {
         return from_definition(
             vm, [](Definition const& d) { return std::uint32_t{d.cpus.count()}; }, std::uint32_t{0});
     }},
    {"Owner", "u", Emits::changes, [](VmFacts const& vm) { return Value{std::uint32_t{vm.audience.owner}}; }},
    {"OwnerName", "s", Emits::changes,
     [](VmFacts const& vm) {
         return from_definition(
             vm, [](Definition const& d) { return clean_text(d.owner_name, max_text); }, std::string{});
     }},
    {"GroupName", "s", Emits::changes,
     [](VmFacts const& vm) {
         return from_definition(
             vm, [](Definition const& d) { return clean_text(d.group_name, max_text); }, std::string{});
     }},
    {"Visibility", "s", Emits::changes, [](VmFacts const& vm) { return word(vm.audience.visibility); }},
    {"Console", "b", Emits::changes, [](VmFacts const& vm) { return from_definition(vm, has_console, false); }},
    {"Graphics", "a{sv}", Emits::changes, graphics},
});

}  // namespace

auto vm_properties() -> std::span<VmProperty const> {
    return vm_table;
}

}  // namespace apiary::bus
