// What the list methods of the manager give: pages of VMs, of jobs and of plugins that a caller may see.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "bus/incoming.hpp"
#include "bus/lookup.hpp"
#include "bus/properties.hpp"
#include "bus/service.hpp"

namespace apiary::bus {

// How many a page has at most; throws Fault where more is asked for than a page can have.
[[nodiscard]] auto page_size(std::uint32_t wanted) -> std::size_t;

struct VmQuery {
    std::set<State> states;       // empty: any
    std::set<std::string> names;  // as name_key(); empty: any
    std::vector<VmProperty const*> fields;
};
[[nodiscard]] auto read_vm_query(Options options) -> VmQuery;

struct VmPage {
    std::vector<VmPtr> vms;
    bool more = false;
};
[[nodiscard]] auto list_vms(Engine const& engine, Lookup const& lookup, Caller const& caller, std::string after,
                            std::size_t max, VmQuery const& query) -> VmPage;
[[nodiscard]] auto wanted_fields(Vm const& vm, VmQuery const& query) -> Dict;

struct JobQuery {
    std::set<std::string> names;  // of VMs, as name_key(); empty: any
    std::optional<bool> running;
};
[[nodiscard]] auto read_job_query(Options options) -> JobQuery;

struct JobPage {
    std::vector<Job const*> jobs;
    bool more = false;
};
[[nodiscard]] auto list_jobs(Engine const& engine, Lookup const& lookup, Caller const& caller, std::uint64_t after,
                             std::size_t max, JobQuery const& query) -> JobPage;
[[nodiscard]] auto shown_stage(Job const& job) -> std::string;

struct PluginQuery {
    std::set<PluginState> states;              // empty: any
    std::set<std::string, std::less<>> names;  // empty: any
    std::vector<PluginProperty const*> fields;
};
[[nodiscard]] auto read_plugin_query(Options options) -> PluginQuery;

struct PluginPage {
    std::vector<PluginStatus> plugins;
    bool more = false;
};
[[nodiscard]] auto list_plugins(Lookup const& lookup, Caller const& caller, std::string_view after, std::size_t max,
                                PluginQuery const& query) -> PluginPage;
[[nodiscard]] auto wanted_fields(PluginStatus const& plugin, PluginQuery const& query) -> Dict;

[[nodiscard]] auto shown_configuration(ConfigReport const& report) -> Dict;
[[nodiscard]] auto shown_report(ReloadReport const& report) -> Dict;

}  // namespace apiary::bus
