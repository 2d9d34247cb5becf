// The documents of --json. Their schema is documented in apiaryctl(1) and only ever grows.
#pragma once

#include <string>
#include <vector>

#include "ctl/live_list.hpp"
#include "ctl/model.hpp"
#include "ctl/operation.hpp"

namespace apiary::ctl {

struct VmStatus {
    VmRow row;       // fields: all properties
    Strings rights;  // the caller's
};

struct OverallStatus {
    DaemonInfo daemon;
    std::string bus;
    std::vector<VmRow> vms;
    std::vector<JobRow> jobs;
    Strings rights;
};

// Each is one line, without the newline.
[[nodiscard]] auto list_json(VmPage const& page) -> std::string;
[[nodiscard]] auto status_json(std::vector<VmStatus> const& vms) -> std::string;
[[nodiscard]] auto overall_json(OverallStatus const& status) -> std::string;
[[nodiscard]] auto operations_json(std::vector<Operation> const& operations) -> std::string;
[[nodiscard]] auto jobs_json(JobPage const& page) -> std::string;
[[nodiscard]] auto event_json(Event const& event, std::string const& stream) -> std::string;
[[nodiscard]] auto reload_json(Values const& result, bool dry_run) -> std::string;
[[nodiscard]] auto restart_json(std::string const& before, std::string const& version, std::size_t vms) -> std::string;
[[nodiscard]] auto stop_all_json(std::vector<LiveList::Row> const& vms, std::string const& result) -> std::string;
[[nodiscard]] auto version_json(DaemonInfo const* daemon) -> std::string;  // null: it does not answer

// Rows with all properties in their fields.
[[nodiscard]] auto plugins_json(std::vector<PluginRow> const& plugins) -> std::string;
struct PluginResult {
    std::string plugin, state;      // the state after it; empty: not known
    std::string error, error_name;  // empty: it was done
};
[[nodiscard]] auto plugin_results_json(PluginCommand command, std::vector<PluginResult> const& results) -> std::string;

[[nodiscard]] auto agents_json(std::vector<Values> const& agents) -> std::string;
struct AgentResult {
    std::string agent;
    std::string error, error_name;  // error: empty: it is unregistered
};
[[nodiscard]] auto agent_results_json(std::vector<AgentResult> const& results) -> std::string;

// Lines of `events` that are no events: `control` says what they tell.
[[nodiscard]] auto truncated_json(std::uint64_t oldest, std::string const& stream) -> std::string;
[[nodiscard]] auto control_json(std::string const& control, std::string const& stream) -> std::string;

struct CancelResult {
    std::uint64_t job = 0;
    std::string error, error_name;  // empty: the request was taken
};
[[nodiscard]] auto cancel_json(std::vector<CancelResult> const& results) -> std::string;

}  // namespace apiary::ctl
