// From an object path to the VM, job or plugin behind it, for one caller: what he may not see is not there.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "bus/authority.hpp"
#include "vm/engine.hpp"
#include "vm/plugins.hpp"

namespace apiary::bus {

class Lookup {
public:
    // `plugins`: null where there are none.
    Lookup(Engine const& engine, Authority const& authority, Plugins const* plugins = nullptr)
        : engine_{engine}, authority_{authority}, plugins_{plugins} {}

    // Null: not there. The object is alive as long as the engine runs no other code.
    [[nodiscard]] auto vm_at(std::string_view path, Caller const& caller) const -> VmPtr;
    [[nodiscard]] auto vm_named(std::string_view name, Caller const& caller) const -> VmPtr;
    [[nodiscard]] auto job_at(std::string_view path, Caller const& caller) const -> Job const*;

    [[nodiscard]] auto plugin_at(std::string_view path, Caller const& caller) const -> std::optional<PluginStatus>;

    [[nodiscard]] auto sees(Caller const& caller, Audience const& audience) const -> bool;
    [[nodiscard]] auto all_vms(Caller const& caller) const -> std::vector<VmPtr>;
    [[nodiscard]] auto all_jobs(Caller const& caller) const -> std::vector<Job const*>;
    // Plugins are matters of the daemon: who sees one sees all.
    [[nodiscard]] auto sees_plugins(Caller const& caller) const -> bool;
    [[nodiscard]] auto all_plugins(Caller const& caller) const -> std::vector<PluginStatus>;

private:
    Engine const& engine_;
    Authority const& authority_;
    Plugins const* plugins_;
};

}  // namespace apiary::bus
