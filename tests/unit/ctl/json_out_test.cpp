// The documents of --json: names and types of their members are a promise.
#include "ctl/json_out.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "ctl/failure.hpp"

namespace apiary::ctl {
namespace {

using Json = nlohmann::json;

TEST(JsonOut, an_event_is_one_line) {
    Event event;
    event.seq = 42;
    event.vm_seq = 7;
    event.time = 1'795'199'021'000'042;
    event.vm = "web";
    event.type = "state";
    event.state = "running";
    event.reason = "requested";
    event.details = {{"old-state", Value{std::string{"starting"}}}, {"job", Value{std::uint64_t{3}}}};
    EXPECT_EQ(event_json(event, "s1"),
              R"({"seq":42,"vm_seq":7,"stream":"s1","time":"2026-11-20T18:23:41.000042Z","time_us":1795199021000042,)"
              R"("vm":"web","type":"state","state":"running","sub_state":"","reason":"requested",)"
              R"("details":{"job":3,"old-state":"starting"}})");
}

TEST(JsonOut, whatever_texts_hold_it_stays_one_line_of_json) {
    Event event;
    event.vm = "a\"b\\c\nd\x1b";
    event.details = {{"text", Value{std::string{"bad utf-8: \xff\xfe"}}}};
    auto const line = event_json(event, "s");
    EXPECT_EQ(line.find('\n'), std::string::npos);
    auto const json = Json::parse(line);
    EXPECT_EQ(json["vm"], "a\"b\\c\nd\x1b");
    EXPECT_EQ(json["time"], nullptr);
    EXPECT_EQ(json["time_us"], 0);
}

TEST(JsonOut, numbers_keep_all_their_digits) {
    Event event;
    event.seq = 18'446'744'073'709'551'615U;
    EXPECT_NE(event_json(event, "s").find("\"seq\":18446744073709551615,"), std::string::npos);
}

TEST(JsonOut, a_list_has_all_members_also_where_nothing_is_known) {
    VmPage page;
    page.seq = 5;
    page.vms.emplace_back().name = "web";
    auto const json = Json::parse(list_json(page));
    EXPECT_EQ(json["seq"], 5);
    auto const& vm = json["vms"].at(0);
    for (char const* const text : {"name", "state", "sub_state", "target", "reason", "reason_text", "step", "backend",
                                   "loader", "owner", "group", "visibility", "path"}) {
        EXPECT_TRUE(vm[text].is_string()) << text;
    }
    for (char const* const number :
         {"id", "since_us", "incarnation", "cpus", "memory", "owner_uid", "hypervisor_pid"}) {
        EXPECT_TRUE(vm[number].is_number_unsigned()) << number;
    }
    EXPECT_TRUE(vm["console"].is_boolean());
    EXPECT_TRUE(vm["config_pending"].is_boolean());
    EXPECT_EQ(vm["job"], nullptr);
    EXPECT_EQ(vm["since"], nullptr);
}

TEST(JsonOut, a_status_has_more) {
    VmStatus status;
    status.row.fields = {{"Job", Value{std::string{"/org/apiary/Apiary1/job/12"}}},
                         {"Graphics", Value{Values{{"port", Value{std::uint64_t{5900}}}}}}};
    status.rights = {"see", "operate"};
    auto const vm = Json::parse(status_json({status}))["vms"].at(0);
    EXPECT_EQ(vm["job"], 12);
    EXPECT_EQ(vm["graphics"]["port"], 5900);
    EXPECT_EQ(vm["rights"], Json({"see", "operate"}));
    EXPECT_EQ(vm["last_event"], 0);
}

TEST(JsonOut, results_of_operations) {
    Operation done;
    done.vm = "web";
    done.job = job_path(3);
    done.result = "done";
    auto const refusal = refused("db", Command::stop, Failure{ExitCode::not_allowed, "no", {}, "AccessDenied"});
    EXPECT_EQ(operations_json({done, refusal}),
              R"({"results":[{"vm":"web","command":"start","job":3,"result":"done","reason":"","error":"",)"
              R"("error_name":"","exit_code":0},{"vm":"db","command":"stop","job":null,"result":"refused",)"
              R"("reason":"","error":"no","error_name":"AccessDenied","exit_code":4}]})");
}

TEST(JsonOut, others) {
    EXPECT_EQ(version_json(nullptr), R"({"apiaryctl":")" APIARY_VERSION R"(","daemon":null,"api_version":null})");
    EXPECT_EQ(truncated_json(7, "s"), R"({"control":"truncated","oldest":7,"stream":"s"})");
    EXPECT_EQ(control_json("stream-changed", "s"), R"({"control":"stream-changed","stream":"s"})");
    EXPECT_EQ(reload_json({{"added", Value{Strings{"web"}}}}, true),
              R"({"dry_run":true,"added":["web"],"changed":[],"removed":[],"diagnostics":[]})");
    EXPECT_EQ(cancel_json({{.job = 3, .error = {}, .error_name = {}}}),
              R"({"results":[{"job":3,"result":"asked","error":"","error_name":""}]})");
    EXPECT_EQ(jobs_json({}), R"({"seq":0,"jobs":[]})");
    OverallStatus overall;
    overall.vms.emplace_back().state = "running";
    EXPECT_EQ(Json::parse(overall_json(overall))["states"],
              Json({{"failed", 0}, {"paused", 0}, {"running", 1}, {"starting", 0}, {"stopped", 0}, {"stopping", 0}}));
}

}  // namespace
}  // namespace apiary::ctl
