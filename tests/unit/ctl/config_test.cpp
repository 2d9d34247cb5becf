// Configurations: what apiary-config and the daemon tell, as it is shown.
#include "ctl/config_json.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "ctl/commands/commands.hpp"
#include "ctl/config_text.hpp"
#include "fake_client.hpp"
#include "support/temporary_folder.hpp"

namespace apiary::ctl {
namespace {

using Action = Invocation::Action;
using testing::ElementsAre;
using testing::HasSubstr;

constexpr auto document = R"({"load": "ok", "vm_count": 2, "vms": [
{"name": "web", "id": 0, "memory": "1G", "disk": [{"type": "nvme", "flags": [], "path": "/d"}], "err_logfile": {"hex": "ff41"},
 "graphics_password": "set", "boot": "no", "kernel": null,
 "origins": {"memory": [{"file": "a.conf", "line": 3, "column": 9, "template": "base"}],
             "disk": [{"file": "a.conf", "line": 4, "column": 9, "template": null}],
             "err_logfile": [{"file": "a.conf", "line": 5, "column": 9, "template": null}],
             "graphics_password": [{"file": "a.conf", "line": 6, "column": 9, "template": null}]},
 "section": [], "texts": {"name": ["web"], "memory": ["1G"], "disk": ["nvme:/d"], "err_logfile": [{"hex": "ff41"}], "boot": ["no"]},
 "secret": ["graphics_password"]},
{"name": "db", "origins": {}, "texts": {"memory": ["2G"]}, "memory": "2G", "secret": []}],
"globals": {}, "errors": [
{"severity": "error", "text": "a.conf:7:1: error: vm x: nope"}, {"severity": "warning", "text": "a.conf:8:1: warning: hm"}]})";

struct ConfigScene : Scene {
    std::vector<Strings> asked_reader;
    ReaderOutput answer{0, document};
    Invocation asked;

    ConfigScene() {
        context.read_configuration = [this](Strings const& words) {
            asked_reader.push_back(words);
            return answer;
        };
        asked.files = {"a.conf"};
    }
    auto go(Action action) -> ExitCode {
        asked.action = action;
        return run(context, asked);
    }
};

auto change() -> VmPlan {
    VmPlan plan;
    plan.name = "web";
    plan.action = "changed";
    plan.effect = "next-cold-start";
    plan.keys = {{"memory", {"1G"}, {"2G"}, "next-cold-start"},
                 {"boot", {}, {"yes"}, "now"},
                 {"disk", {"/a"}, {"/a", "/b"}, "next-cold-start"}};
    return plan;
}

TEST(ConfigDocument, IsRead) {
    auto const read = read_document(document);
    EXPECT_TRUE(read.loaded);
    EXPECT_EQ(read.vm_count, 2U);
    ASSERT_EQ(read.vms.size(), 2U);
    std::vector<std::string> keys;
    for (auto const& setting : read.vms[0].settings) {
        keys.push_back(setting.key);
    }
    EXPECT_THAT(keys, ElementsAre("name", "memory", "disk", "err_logfile", "graphics_password", "boot"));
    auto const& memory = read.vms[0].settings[1];
    EXPECT_THAT(memory.values, ElementsAre("1G"));
    EXPECT_TRUE(memory.given);
    EXPECT_EQ(origin_text(memory.origins.at(0)), "a.conf:3:9 (template base)");
    EXPECT_THAT(read.vms[0].settings[3].values, ElementsAre("\\xffA"));
    EXPECT_TRUE(read.vms[0].settings[4].secret);
    EXPECT_FALSE(read.vms[0].settings[5].given);
    EXPECT_EQ(read.errors.size(), 2U);
}

TEST(ConfigDocument, WhatIsNoneIsRefused) {
    for (char const* const text : {"", "{}", "[]", R"({"load": 1})", R"({"load": "ok", "vm_count": 0, "errors": 3})",
                                   R"({"load": "ok", "vm_count": 1, "vms": [{}], "errors": []})"}) {
        EXPECT_THROW((void)read_document(text), Failure) << text;
    }
}

TEST(ConfigShow, OfAFileNeedsNoDaemon) {
    ConfigScene scene;
    scene.context.connect = []() -> std::unique_ptr<Client> { throw Failure{ExitCode::unreachable, "nobody"}; };
    EXPECT_EQ(scene.go(Action::config_show), ExitCode::ok);
    EXPECT_THAT(scene.asked_reader, ElementsAre(ElementsAre("show", "--", "a.conf")));
    EXPECT_THAT(scene.out.str(), HasSubstr("memory             1G                a.conf:3:9 (template base)\n"));
    EXPECT_THAT(scene.out.str(), HasSubstr("graphics_password  (set, not shown)  a.conf:6:9\n"));
    EXPECT_THAT(scene.out.str(), HasSubstr("boot               no                default\n"));
    EXPECT_THAT(scene.out.str(), HasSubstr("\ndb\n"));
    EXPECT_EQ(scene.err.str(), "a.conf:7:1: error: vm x: nope\na.conf:8:1: warning: hm\n");
}

TEST(ConfigShow, OneVmOfAFile) {
    ConfigScene scene;
    scene.asked.vms = {"DB"};
    EXPECT_EQ(scene.go(Action::config_show), ExitCode::ok);
    EXPECT_THAT(scene.out.str(), testing::StartsWith("db\n"));
    scene.asked.vms = {"bd"};
    EXPECT_EQ(scene.go(Action::config_show), ExitCode::not_found);
    EXPECT_THAT(scene.err.str(), HasSubstr("There is no VM 'bd' in this configuration.\n  Did you mean 'db'?\n"));
}

TEST(ConfigShow, JsonOfAFileIsTheReadersOwn) {
    ConfigScene scene;
    scene.context.output.json = scene.asked.json = true;
    EXPECT_EQ(scene.go(Action::config_show), ExitCode::ok);
    EXPECT_EQ(scene.out.str(), document);
    EXPECT_THAT(scene.asked_reader.at(0), ElementsAre("show", "--secrets", "--", "a.conf"));
    scene.answer = {1, R"({"load": "fail"})"};
    EXPECT_EQ(scene.go(Action::config_show), ExitCode::failed);
}

TEST(ConfigShow, OptionsReachTheReader) {
    ConfigScene scene;
    scene.asked.backend = "bhyve";
    scene.asked.own_daemon = true;
    scene.asked.files = {"-x", "b"};
    EXPECT_EQ(scene.go(Action::config_show), ExitCode::ok);
    EXPECT_THAT(scene.asked_reader.at(0), ElementsAre("show", "--own-daemon", "--backend", "bhyve", "--", "-x", "b"));
}

TEST(ConfigShow, OfTheDaemonLeavesOutWhatOneMayNotAskFor) {
    ConfigScene scene;
    scene.asked.files.clear();
    scene.add_vm("web", "running");
    scene.add_vm("his", "running");
    ConfigSetting memory;
    memory.key = "memory";
    memory.values = {"1G"};
    memory.given = true;
    memory.origins = {{"/etc/a.conf", 2, 3, ""}};
    scene.daemon.configs["web"] = {memory};
    EXPECT_EQ(scene.go(Action::config_show), ExitCode::ok);
    EXPECT_THAT(scene.out.str(), HasSubstr("1G     /etc/a.conf:2:3\n"));
    EXPECT_THAT(scene.err.str(), HasSubstr("1 VM left out"));
    scene.asked.vms = {"his"};
    EXPECT_EQ(scene.go(Action::config_show), ExitCode::not_allowed);
    scene.asked.vms = {"web"};
    scene.asked.pending = true;
    scene.out.str("");
    scene.context.output.json = scene.asked.json = true;
    EXPECT_EQ(scene.go(Action::config_show), ExitCode::ok);
    EXPECT_EQ(scene.out.str(),
              R"({"load":"ok","which":"pending","vms":[{"name":"web","origins":{"memory":[{"file":"/etc/a.conf",)"
              R"("line":2,"column":3,"template":null}]},"texts":{"memory":["1G"]},"secret":[]}]})"
              "\n");
}

TEST(ConfigCheck, SaysWhatIsWrongAndWhere) {
    ConfigScene scene;
    scene.answer.status = 1;
    EXPECT_EQ(scene.go(Action::config_check), ExitCode::failed);
    EXPECT_EQ(scene.out.str(), "a.conf:7:1: error: vm x: nope\na.conf:8:1: warning: hm\n");
    EXPECT_EQ(scene.err.str(), "a.conf: 2 VMs, 1 error\n");
    scene.answer = {0, R"({"load": "ok", "vm_count": 1, "errors": []})"};
    scene.err.str("");
    EXPECT_EQ(scene.go(Action::config_check), ExitCode::ok);
    EXPECT_EQ(scene.err.str(), "a.conf: 1 VM, no errors\n");
}

TEST(ConfigCheck, AReaderThatFailsIsNoVerdict) {
    ConfigScene scene;
    scene.answer = {139, ""};
    EXPECT_EQ(scene.go(Action::config_check), ExitCode::failed);
    EXPECT_THAT(scene.err.str(), HasSubstr("apiary-config ended with 139"));
}

TEST(ConfigDiff, SaysWhatChangesAndWhen) {
    ConfigScene scene;
    VmPlan added, kept;
    added.name = "new";
    added.action = "added";
    added.effect = "start";
    kept.name = "lab";
    kept.action = "kept";
    kept.effect = "none";
    kept.why = "u.conf:1:2: syntax error";
    scene.daemon.plans = {change(), added, kept};
    EXPECT_EQ(scene.go(Action::config_diff), ExitCode::ok);
    EXPECT_THAT(scene.daemon.calls, ElementsAre("reload dry"));
    EXPECT_EQ(scene.out.str(),
              "changed web: takes effect at its next cold start\n"
              "    memory: 1G -> 2G\n"
              "    boot: (not set) -> yes; takes effect at once\n"
              "    disk: /a -> /a,/b\n"
              "added new: it is started\n"
              "kept lab: it keeps the definition that it has\n"
              "    u.conf:1:2: syntax error\n");
}

TEST(ConfigDiff, Nothing) {
    ConfigScene scene;
    EXPECT_EQ(scene.go(Action::config_diff), ExitCode::ok);
    EXPECT_EQ(scene.out.str(), "a reload would change nothing\n");
}

TEST(ConfigDiff, Json) {
    ConfigScene scene;
    scene.daemon.plans = {change()};
    scene.daemon.plans[0].keys.resize(1);
    scene.daemon.reloaded = {{"changed", Value{Strings{"web"}}}};
    scene.context.output.json = scene.asked.json = true;
    EXPECT_EQ(scene.go(Action::config_diff), ExitCode::ok);
    EXPECT_EQ(scene.out.str(),
              R"({"vms":[{"name":"web","action":"changed","effect":"next-cold-start","keys":[{"key":"memory",)"
              R"("before":["1G"],"after":["2G"],"effect":"next-cold-start"}]}],"complete":true,"added":[],)"
              R"("changed":["web"],"removed":[],"diagnostics":[]})"
              "\n");
}

TEST(Import, PrintsOrWritesAFileThatIsNotThere) {
    ConfigScene scene;
    scene.asked.manager = "vm-bhyve";
    scene.asked.files = {"/vm"};
    scene.answer = {0, "vm a { }\n"};
    EXPECT_EQ(scene.go(Action::import), ExitCode::ok);
    EXPECT_THAT(scene.asked_reader.at(0), ElementsAre("import", "--", "vm-bhyve", "/vm"));
    EXPECT_EQ(scene.out.str(), "vm a { }\n");
    test::TemporaryFolder const folder;
    scene.asked.output = folder.path() + "/out.conf";
    EXPECT_EQ(scene.go(Action::import), ExitCode::ok);
    std::ifstream file{scene.asked.output};
    std::stringstream text;
    text << file.rdbuf();
    EXPECT_EQ(text.str(), "vm a { }\n");
    EXPECT_EQ(scene.go(Action::import), ExitCode::failed);  // it is there now
    EXPECT_THAT(scene.err.str(), HasSubstr("File exists"));
}

TEST(Import, NothingAndHalf) {
    ConfigScene scene;
    scene.answer = {1, ""};
    EXPECT_EQ(scene.go(Action::import), ExitCode::failed);
    EXPECT_THAT(scene.err.str(), HasSubstr("Nothing was converted."));
    scene.answer = {1, "vm a { }\n"};
    EXPECT_EQ(scene.go(Action::import), ExitCode::failed);
    EXPECT_EQ(scene.out.str(), "vm a { }\n");
}

TEST(ReaderProgram, IsRunWithoutAShellAndHeard) {
    auto const said = run_reader("/bin/echo", {"a b", "$HOME;"});
    EXPECT_EQ(said.status, 0);
    EXPECT_EQ(said.text, "a b $HOME;\n");
    EXPECT_EQ(run_reader("/bin/false", {}).status, 1);
    EXPECT_THROW((void)run_reader("/no/such/program", {}), Failure);
}

}  // namespace
}  // namespace apiary::ctl
