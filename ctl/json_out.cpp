// The documents of --json.
#include "ctl/json_out.hpp"

#include <map>

#include "ctl/json_line.hpp"
#include "ctl/text.hpp"

namespace apiary::ctl {

namespace {

auto json_of(Value const& value) -> Json;

auto json_of(Values const& values) -> Json {
    auto json = Json::object();
    for (auto const& [key, value] : values) {
        json[key] = json_of(value);
    }
    return json;
}

auto json_of(Value const& value) -> Json {
    return std::visit(
        [](auto const& inner) -> Json {
            if constexpr (std::is_same_v<std::decay_t<decltype(inner)>, Values>) {
                return json_of(inner);
            } else {
                return inner;
            }
        },
        value.as_variant());
}

// Times stand there twice: to be read, and to be reckoned with.
void put_time(Json& json, std::string const& key, std::uint64_t microseconds) {
    json[key] = microseconds == 0 ? Json(nullptr) : Json(utc_text(microseconds));
    json[key + "_us"] = microseconds;
}

auto vm_json(VmRow const& row) -> Json {
    auto const& fields = row.fields;
    Json json{{"name", row.name},
              {"id", number_of(fields, "Id")},
              {"state", row.state},
              {"sub_state", row.sub_state},
              {"target", row.target},
              {"reason", row.reason},
              {"reason_text", text_of(fields, "ReasonText")},
              {"step", text_of(fields, "Step")}};
    put_time(json, "since", row.since);
    json["incarnation"] = number_of(fields, "Incarnation");
    json["backend"] = text_of(fields, "Backend");
    json["loader"] = text_of(fields, "Loader");
    json["cpus"] = number_of(fields, "Cpus");
    json["memory"] = number_of(fields, "Memory");
    json["owner"] = text_of(fields, "OwnerName");
    json["owner_uid"] = number_of(fields, "Owner");
    json["group"] = text_of(fields, "GroupName");
    json["visibility"] = text_of(fields, "Visibility");
    json["console"] = flag_of(fields, "Console");
    json["config_pending"] = flag_of(fields, "ConfigPending");
    json["hypervisor_pid"] = number_of(fields, "HypervisorPid");
    auto const job = job_id(text_of(fields, "Job"));
    json["job"] = job == 0 ? Json(nullptr) : Json(job);
    json["path"] = row.path;
    return json;
}

auto job_json(JobRow const& job) -> Json {
    return {{"id", job.id},       {"command", job.command},   {"vm", job.vm},
            {"stage", job.stage}, {"progress", job.progress}, {"result", job.result},
            {"path", job.path}};
}

}  // namespace

auto list_json(VmPage const& page) -> std::string {
    Json json{{"seq", page.seq}, {"vms", Json::array()}};
    for (auto const& row : page.vms) {
        json["vms"].push_back(vm_json(row));
    }
    return line(json);
}

auto status_json(std::vector<VmStatus> const& vms) -> std::string {
    Json json{{"vms", Json::array()}};
    for (auto const& vm : vms) {
        auto one = vm_json(vm.row);
        one["last_event"] = number_of(vm.row.fields, "LastEvent");
        one["graphics"] = json_of(values_of(vm.row.fields, "Graphics"));
        one["rights"] = vm.rights;
        json["vms"].push_back(std::move(one));
    }
    return line(json);
}

auto overall_json(OverallStatus const& status) -> std::string {
    std::map<std::string, std::uint64_t> states{{"failed", 0},   {"paused", 0},  {"running", 0},
                                                {"starting", 0}, {"stopped", 0}, {"stopping", 0}};
    for (auto const& vm : status.vms) {
        ++states[vm.state];
    }
    Json json{{"apiaryctl", APIARY_VERSION},
              {"daemon", status.daemon.version},
              {"api_version", status.daemon.api_version},
              {"bus", status.bus},
              {"stream", status.daemon.stream},
              {"backend", status.daemon.backend},
              {"features", status.daemon.features},
              {"degraded", status.daemon.degraded},
              {"vms", status.vms.size()},
              {"states", states},
              {"jobs", Json::array()},
              {"rights", status.rights}};
    for (auto const& job : status.jobs) {
        json["jobs"].push_back(job_json(job));
    }
    return line(json);
}

auto operations_json(std::vector<Operation> const& operations) -> std::string {
    Json json{{"results", Json::array()}};
    for (auto const& operation : operations) {
        json["results"].push_back({{"vm", operation.vm},
                                   {"command", to_string(operation.command)},
                                   {"job", operation.job.empty() ? Json(nullptr) : Json(job_id(operation.job))},
                                   {"result", operation.result},
                                   {"reason", operation.reason},
                                   {"error", operation.error},
                                   {"error_name", operation.error_name},
                                   {"exit_code", static_cast<int>(operation.code)}});
    }
    return line(json);
}

auto jobs_json(JobPage const& page) -> std::string {
    Json json{{"seq", page.seq}, {"jobs", Json::array()}};
    for (auto const& job : page.jobs) {
        json["jobs"].push_back(job_json(job));
    }
    return line(json);
}

auto event_json(Event const& event, std::string const& stream) -> std::string {
    Json json{{"seq", event.seq}, {"vm_seq", event.vm_seq}, {"stream", stream}};
    put_time(json, "time", event.time);
    json["vm"] = event.vm;
    json["type"] = event.type;
    json["state"] = event.state;
    json["sub_state"] = event.sub_state;
    json["reason"] = event.reason;
    json["details"] = json_of(event.details);
    return line(json);
}

auto reload_json(Values const& result, bool dry_run) -> std::string {
    return line({{"dry_run", dry_run},
                 {"added", strings_of(result, "added")},
                 {"changed", strings_of(result, "changed")},
                 {"removed", strings_of(result, "removed")},
                 {"diagnostics", strings_of(result, "diagnostics")}});
}

auto restart_json(std::string const& before, std::string const& version, std::size_t vms) -> std::string {
    return line({{"result", "done"}, {"before", before}, {"daemon", version}, {"vms", vms}});
}

auto stop_all_json(std::vector<LiveList::Row> const& vms, std::string const& result) -> std::string {
    auto rows = Json::array();
    for (auto const& vm : vms) {
        rows.push_back({{"name", vm.name},
                        {"state", vm.state},
                        {"sub_state", vm.sub_state},
                        {"reason", vm.reason},
                        {"at_rest", is_at_rest(vm.state)},
                        {"left_alone", vm.left_alone.empty() ? Json(nullptr) : Json(vm.left_alone)}});
    }
    return line({{"result", result}, {"vms", std::move(rows)}});
}

auto version_json(DaemonInfo const* daemon) -> std::string {
    return line({{"apiaryctl", APIARY_VERSION},
                 {"daemon", daemon == nullptr ? Json(nullptr) : Json(daemon->version)},
                 {"api_version", daemon == nullptr ? Json(nullptr) : Json(daemon->api_version)}});
}

auto truncated_json(std::uint64_t oldest, std::string const& stream) -> std::string {
    return line({{"control", "truncated"}, {"oldest", oldest}, {"stream", stream}});
}

auto control_json(std::string const& control, std::string const& stream) -> std::string {
    return line({{"control", control}, {"stream", stream}});
}

auto cancel_json(std::vector<CancelResult> const& results) -> std::string {
    Json json{{"results", Json::array()}};
    for (auto const& result : results) {
        json["results"].push_back({{"job", result.job},
                                   {"result", result.error.empty() ? "asked" : "refused"},
                                   {"error", result.error},
                                   {"error_name", result.error_name}});
    }
    return line(json);
}

auto plugins_json(std::vector<PluginRow> const& plugins) -> std::string {
    Json json{{"plugins", Json::array()}};
    for (auto const& row : plugins) {
        auto const& fields = row.fields;
        json["plugins"].push_back({{"name", row.name},
                                   {"version", row.version},
                                   {"description", text_of(fields, "Description")},
                                   {"state", row.state},
                                   {"last_error", row.error},
                                   {"phase", text_of(fields, "Phase")},
                                   {"path", text_of(fields, "Path")},
                                   {"keys", strings_of(fields, "Keys")},
                                   {"events", strings_of(fields, "Events")},
                                   {"pid", number_of(fields, "Pid")},
                                   {"restarts", number_of(fields, "Restarts")},
                                   {"calls", number_of(fields, "Calls")},
                                   {"failures", number_of(fields, "Failures")},
                                   {"under_way", number_of(fields, "UnderWay")},
                                   {"strikes", number_of(fields, "Strikes")},
                                   {"latency_mean_us", number_of(fields, "LatencyMean")},
                                   {"latency_max_us", number_of(fields, "LatencyMax")}});
    }
    return line(json);
}

auto plugin_results_json(PluginCommand command, std::vector<PluginResult> const& results) -> std::string {
    Json json{{"results", Json::array()}};
    for (auto const& result : results) {
        json["results"].push_back({{"plugin", result.plugin},
                                   {"command", to_string(command)},
                                   {"result", result.error.empty() ? "done" : "failed"},
                                   {"state", result.state.empty() ? Json(nullptr) : Json(result.state)},
                                   {"error", result.error},
                                   {"error_name", result.error_name}});
    }
    return line(json);
}

auto agents_json(std::vector<Values> const& agents) -> std::string {
    Json json{{"agents", Json::array()}};
    for (auto const& agent : agents) {
        bool const some = agent.contains("vms");
        json["agents"].push_back({{"name", text_of(agent, "name")},
                                  {"who", text_of(agent, "who")},
                                  {"present", flag_of(agent, "present")},
                                  {"needed", flag_of(agent, "needed")},
                                  {"order", number_of(agent, "order")},
                                  {"vms", some ? Json(strings_of(agent, "vms")) : Json(nullptr)},
                                  {"calls", strings_of(agent, "calls")},
                                  {"events", strings_of(agent, "events")},
                                  {"answered", number_of(agent, "answered")},
                                  {"failures", number_of(agent, "failures")},
                                  {"under_way", number_of(agent, "under-way")},
                                  {"waiting", number_of(agent, "waiting")},
                                  {"last_error", text_of(agent, "error")}});
    }
    return line(json);
}

auto agent_results_json(std::vector<AgentResult> const& results) -> std::string {
    Json json{{"results", Json::array()}};
    for (auto const& result : results) {
        json["results"].push_back({{"agent", result.agent},
                                   {"command", "unregister"},
                                   {"result", result.error.empty() ? "done" : "failed"},
                                   {"error", result.error},
                                   {"error_name", result.error_name}});
    }
    return line(json);
}

}  // namespace apiary::ctl
