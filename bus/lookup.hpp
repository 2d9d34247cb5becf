// From an object path to the VM or job behind it, for one caller: what he may not see is not there.
#pragma once

#include <string_view>
#include <vector>

#include "bus/authority.hpp"
#include "vm/engine.hpp"

namespace apiary::bus {

class Lookup {
public:
    Lookup(Engine const& engine, Authority const& authority) : engine_{engine}, authority_{authority} {}

    // Null: not there. The object is alive as long as the engine runs no other code.
    [[nodiscard]] auto vm_at(std::string_view path, Caller const& caller) const -> VmPtr;
    [[nodiscard]] auto vm_named(std::string_view name, Caller const& caller) const -> VmPtr;
    [[nodiscard]] auto job_at(std::string_view path, Caller const& caller) const -> Job const*;

    [[nodiscard]] auto sees(Caller const& caller, Audience const& audience) const -> bool;
    [[nodiscard]] auto all_vms(Caller const& caller) const -> std::vector<VmPtr>;
    [[nodiscard]] auto all_jobs(Caller const& caller) const -> std::vector<Job const*>;

private:
    Engine const& engine_;
    Authority const& authority_;
};

}  // namespace apiary::bus
