// From an object path to the VM, job or plugin behind it, for one caller.
#include "bus/lookup.hpp"

#include <algorithm>
#include <limits>

#include "bus/paths.hpp"

namespace apiary::bus {

auto Lookup::sees(Caller const& caller, Audience const& audience) const -> bool {
    return authority_.on_vm(caller, audience).holds(Right::see);
}

auto Lookup::vm_named(std::string_view name, Caller const& caller) const -> VmPtr {
    auto vm = engine_.find(name);
    return vm && sees(caller, vm->audience()) ? vm : nullptr;
}

auto Lookup::vm_at(std::string_view path, Caller const& caller) const -> VmPtr {
    auto const name = vm_name_of(path);
    auto vm = name ? vm_named(*name, caller) : nullptr;
    return vm && vm->name() == *name ? vm : nullptr;  // names differ in case: another path
}

auto Lookup::job_at(std::string_view path, Caller const& caller) const -> Job const* {
    auto const id = job_id_of(path);
    auto const* job = id ? engine_.job(*id) : nullptr;
    return job != nullptr && sees(caller, job->audience) ? job : nullptr;
}

auto Lookup::sees_plugins(Caller const& caller) const -> bool {
    return plugins_ != nullptr && authority_.everywhere(caller).holds(Right::see);
}

auto Lookup::plugin_at(std::string_view path, Caller const& caller) const -> std::optional<PluginStatus> {
    auto const name = sees_plugins(caller) ? plugin_name_of(path) : std::nullopt;
    return name ? plugins_->find(*name) : std::nullopt;
}

auto Lookup::all_plugins(Caller const& caller) const -> std::vector<PluginStatus> {
    return sees_plugins(caller) ? plugins_->list() : std::vector<PluginStatus>{};
}

auto Lookup::all_vms(Caller const& caller) const -> std::vector<VmPtr> {
    auto vms = engine_.list("", std::numeric_limits<std::size_t>::max());
    std::erase_if(vms, [&](VmPtr const& vm) { return !sees(caller, vm->audience()); });
    return vms;
}

auto Lookup::all_jobs(Caller const& caller) const -> std::vector<Job const*> {
    auto jobs = engine_.jobs();
    std::erase_if(jobs, [&](Job const* job) { return !sees(caller, job->audience); });
    return jobs;
}

}  // namespace apiary::bus
