// Words for enumerations: records outlive the version that wrote them.
#include "store/record_codec.hpp"

#include <exception>

#include "store/json_types.hpp"

namespace apiary {

static void to_json(nlohmann::json& to, WallTime const& time) {
    to = time.time_since_epoch().count();
}

static void from_json(nlohmann::json const& from, WallTime& time) {
    time = WallTime{std::chrono::microseconds{from.get<std::int64_t>()}};
}

static void to_json(nlohmann::json& to, Audience const& audience) {
    to = {{"owner", audience.owner}, {"group", audience.group}, {"all", audience.visibility == Visibility::all}};
}

static void from_json(nlohmann::json const& from, Audience& audience) {
    from.at("owner").get_to(audience.owner);
    from.at("group").get_to(audience.group);
    audience.visibility = from.at("all").get<bool>() ? Visibility::all : Visibility::owner;
}

static void to_json(nlohmann::json& to, VmStatus const& status) {
    to = {{"state", to_string(status.state)},   {"sub_state", to_string(status.sub_state)},
          {"target", to_string(status.target)}, {"reason", to_string(status.reason)},
          {"reason_text", status.reason_text},  {"step", status.step},
          {"incarnation", status.incarnation},  {"job", status.job},
          {"last_event", status.last_event},    {"pid", status.hypervisor_pid}};
    to_json(to["since"], status.since);
}

static void from_json(nlohmann::json const& from, VmStatus& status) {
    using store::from_word;
    status.state = from_word(from.at("state").get<std::string>(), State::failed);
    status.sub_state = from_word(from.at("sub_state").get<std::string>(), SubState::undo_pending);
    status.target = from_word(from.at("target").get<std::string>(), Target::paused);
    status.reason = from_word(from.at("reason").get<std::string>(), Reason::unknown);
    from.at("reason_text").get_to(status.reason_text);
    from.at("step").get_to(status.step);
    from.at("incarnation").get_to(status.incarnation);
    from.at("job").get_to(status.job);
    from.at("last_event").get_to(status.last_event);
    from.at("pid").get_to(status.hypervisor_pid);
    from_json(from.at("since"), status.since);
}

static void to_json(nlohmann::json& to, AttemptRecord const& attempt) {
    to = {{"step", attempt.step}, {"id", attempt.id}, {"contributions", nlohmann::json::array()}};
    for (auto const& contribution : attempt.contributions) {
        to["contributions"].push_back({contribution.kind, contribution.id, contribution.value});
    }
}

static void from_json(nlohmann::json const& from, AttemptRecord& attempt) {
    from.at("step").get_to(attempt.step);
    from.at("id").get_to(attempt.id);
    for (auto const& contribution : from.at("contributions")) {
        attempt.contributions.push_back({.kind = contribution.at(0).get<std::string>(),
                                         .id = contribution.at(1).get<std::string>(),
                                         .value = contribution.at(2).get<std::string>(),
                                         .fd = nullptr});
    }
}

}  // namespace apiary

namespace apiary::store {
namespace {

auto bytes_of(json const& value) -> std::string {
    std::string bytes;
    json::to_cbor(value, bytes);
    return bytes;
}

auto vm_from(json const& from) -> VmRecord {
    VmRecord record;
    from.at("name").get_to(record.name);
    from.at("id").get_to(record.id);
    from.at("status").get_to(record.status);
    from.at("audience").get_to(record.audience);
    from.at("run_dir").get_to(record.run_dir);
    from.at("launched").get_to(record.launched);
    record.why = from_word(from.at("why").get<std::string>(), Reason::unknown);
    from.at("why_text").get_to(record.why_text);
    for (auto const& attempt : from.at("attempts")) {
        record.attempts.push_back(attempt.get<AttemptRecord>());
    }
    from.at("vanishing").get_to(record.vanishing);
    for (auto const& restart : from.at("restarts")) {
        from_json(restart, record.restarts.emplace_back());
    }
    // What earlier versions did not keep.
    record.launch = from.value("launch", std::uint64_t{0});
    record.once = from.value("once", false);
    record.stopped_by_hand = from.value("by_hand", false);
    record.job_canceled = from.value("canceled", false);
    record.boot_due = from.value("boot_due", false);
    if (from.contains("start_due")) {
        from_json(from.at("start_due"), record.start_due.emplace());
    }
    return record;
}

auto job_from(json const& from) -> Job {
    Job job;
    from.at("id").get_to(job.id);
    job.command = from_word(from.at("command").get<std::string>(), Command::fail_reset);
    from.at("vm").get_to(job.vm);
    from.at("requester").get_to(job.requester);
    from.at("stage").get_to(job.stage);
    from.at("progress").get_to(job.progress);
    from.at("cancelable").get_to(job.cancelable);
    from_json(from.at("started"), job.started);
    from.at("audience").get_to(job.audience);
    return job;
}

}  // namespace

auto encode(VmRecord const& record) -> std::string {
    json to{{"name", record.name},
            {"id", record.id},
            {"status", record.status},
            {"audience", record.audience},
            {"run_dir", record.run_dir},
            {"launched", record.launched},
            {"launch", record.launch},
            {"once", record.once},
            {"why", to_string(record.why)},
            {"why_text", record.why_text},
            {"attempts", record.attempts},
            {"vanishing", record.vanishing},
            {"restarts", json::array()},
            {"by_hand", record.stopped_by_hand},
            {"canceled", record.job_canceled},
            {"boot_due", record.boot_due}};
    if (record.start_due) {
        to_json(to["start_due"], *record.start_due);
    }
    for (auto const restart : record.restarts) {
        to_json(to["restarts"].emplace_back(), restart);
    }
    return bytes_of(to);
}

auto encode(Job const& job) -> std::string {
    json to{{"id", job.id},
            {"command", to_string(job.command)},
            {"vm", job.vm},
            {"requester", job.requester},
            {"stage", job.stage},
            {"progress", job.progress},
            {"cancelable", job.cancelable},
            {"audience", job.audience}};
    to_json(to["started"], job.started);
    return bytes_of(to);
}

auto decode_vm(std::string_view bytes) -> std::optional<VmRecord> {
    try {
        return vm_from(json::from_cbor(bytes));
    } catch (std::exception const&) {
        return std::nullopt;
    }
}

auto decode_job(std::string_view bytes) -> std::optional<Job> {
    try {
        return job_from(json::from_cbor(bytes));
    } catch (std::exception const&) {
        return std::nullopt;
    }
}

}  // namespace apiary::store
