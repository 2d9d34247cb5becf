// A daemon that says what a test has it say, and notes what it is asked.
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <deque>
#include <functional>
#include <map>
#include <sstream>

#include "ctl/client.hpp"
#include "ctl/context.hpp"
#include "ctl/failure.hpp"
#include "ctl/json_out.hpp"

namespace apiary::ctl {

struct FakeDaemon {
    std::vector<VmRow> vms;  // sorted as the daemon would
    std::vector<JobRow> jobs;
    std::vector<PluginRow> plugins;
    std::vector<Values> agents;
    std::size_t page_size = 1000;
    std::map<std::string, Values> job_answers;  // by path
    std::map<std::string, Failure> refusals;    // of commands, by the VM's name
    std::deque<Notice> notices;                 // what next() gives; then `interrupted`
    std::vector<std::string> calls;
    std::vector<Event> journal;
    std::string stream = "s1";
    std::string version = "9.9", next_version = "9.9";  // the next: after a restart
    std::uint64_t journal_oldest = 1;
    std::function<void(Notice const&)> on_notice;  // just before next() gives it
    std::function<void()> on_open;                 // before a stream of events begins
    int away = 0;                                  // how often there is nobody to open one
    bool interrupts = false;                       // next() ends with a signal even where it has a time limit
    Values reloaded;
    std::vector<StopRow> stops;
    std::vector<VmPlan> plans;
    std::map<std::string, std::vector<ConfigSetting>> configs;  // by name of the VM
};

class FakeClient : public Client {
public:
    explicit FakeClient(FakeDaemon& daemon) : daemon_{daemon} {}

    [[nodiscard]] auto where() const -> std::string override { return "unix:path=/fake"; }
    auto daemon_info() -> DaemonInfo override {
        return {.version = daemon_.version,
                .stream = daemon_.stream,
                .backend = "qemu",
                .api_version = 1,
                .features = {},
                .degraded = false};
    }

    auto daemon_pid() -> int override { return 0; }
    auto list_vms(std::string const& after, VmFilter const& filter) -> VmPage override {
        daemon_.calls.push_back("list after '" + after + "'");
        VmPage page{.seq = 7, .vms = {}, .more = false};
        for (auto const& vm : daemon_.vms) {
            bool const named = filter.names.empty() || std::ranges::find(filter.names, vm.name) != filter.names.end();
            bool const in_state =
                filter.states.empty() || std::ranges::find(filter.states, vm.state) != filter.states.end();
            if (vm.name > after && named && in_state) {
                if (page.vms.size() == daemon_.page_size) {
                    page.more = true;
                    break;
                }
                page.vms.push_back(vm);
            }
        }
        return page;
    }

    auto list_jobs(std::uint64_t after, Strings const& /*vms*/) -> JobPage override {
        JobPage page{.seq = 7, .jobs = {}, .more = false};
        for (auto const& job : daemon_.jobs) {
            if (job.id > after && page.jobs.size() == daemon_.page_size) {
                page.more = true;
                break;
            }
            if (job.id > after) {
                page.jobs.push_back(job);
            }
        }
        return page;
    }

    auto list_plugins(std::string const& after, PluginFilter const& filter) -> PluginPage override {
        if (auto const refusal = daemon_.refusals.find("plugins"); refusal != daemon_.refusals.end()) {
            throw Failure{refusal->second};
        }
        PluginPage page;
        for (auto const& plugin : daemon_.plugins) {
            bool const in_state =
                filter.states.empty() || std::ranges::find(filter.states, plugin.state) != filter.states.end();
            if (plugin.name > after && in_state) {
                if (page.plugins.size() == daemon_.page_size) {
                    page.more = true;
                    break;
                }
                page.plugins.push_back(plugin);
            }
        }
        return page;
    }

    auto plugin_path(std::string const& name) -> std::string override {
        for (auto const& plugin : daemon_.plugins) {
            if (plugin.name == name) {
                return "/plugin/" + name;
            }
        }
        throw Failure{ExitCode::not_found, "There is no plugin '" + name + "'.", {}, "NoSuchPlugin"};
    }

    auto plugin_properties(std::string const& path) -> Values override {
        for (auto const& plugin : daemon_.plugins) {
            if ("/plugin/" + plugin.name == path) {
                auto all = plugin.fields;
                all.emplace("Name", Value{plugin.name});
                all.emplace("State", Value{plugin.state});
                all.emplace("Version", Value{plugin.version});
                all.emplace("LastError", Value{plugin.error});
                return all;
            }
        }
        throw Failure{ExitCode::not_found, "Unknown object", {}, "UnknownObject"};
    }

    void plugin_command(std::string const& path, PluginCommand command) override {
        daemon_.calls.push_back(std::string{to_string(command)} + ' ' + path);
        auto const name = path.substr(path.rfind('/') + 1);
        if (auto const refusal = daemon_.refusals.find(name); refusal != daemon_.refusals.end()) {
            throw Failure{refusal->second};
        }
        for (auto& plugin : daemon_.plugins) {
            // One that has no process is taken for one whose process begins with its first call.
            if (plugin.name == name && (command != PluginCommand::restart || plugin.state != "ended")) {
                plugin.state = command == PluginCommand::disable ? "disabled" : "starting";
            }
        }
    }

    auto list_agents() -> std::vector<Values> override {
        if (auto const refusal = daemon_.refusals.find("agents"); refusal != daemon_.refusals.end()) {
            throw Failure{refusal->second};
        }
        return daemon_.agents;
    }

    void unregister_agent(std::string const& name) override {
        daemon_.calls.push_back("unregister " + name);
        std::erase_if(daemon_.agents, [&](Values const& agent) { return text_of(agent, "name") == name; });
    }

    auto vm_path(std::string const& name) -> std::string override {
        for (auto const& vm : daemon_.vms) {
            if (vm.name == name) {
                return "/vm/" + name;
            }
        }
        throw Failure{ExitCode::not_found, "There is no VM '" + name + "'.", {}, "NoSuchVM"};
    }

    auto vm_properties(std::string const& path) -> Values override {
        for (auto const& vm : daemon_.vms) {
            if ("/vm/" + vm.name == path) {
                auto all = vm.fields;
                all.emplace("Name", Value{vm.name});
                all.emplace("State", Value{vm.state});
                return all;
            }
        }
        return {};
    }

    auto job_properties(std::string const& path) -> Values override {
        daemon_.calls.push_back("read " + path);
        auto const found = daemon_.job_answers.find(path);
        if (found == daemon_.job_answers.end()) {
            throw Failure{ExitCode::not_found, "no job", {}, "UnknownObject"};
        }
        return found->second;
    }

    auto rights(std::string const& /*vm*/) -> Strings override { return {"see"}; }

    auto command(std::string const& vm_path, Command command, bool force) -> std::string override {
        daemon_.calls.push_back(std::string{to_string(command)} + ' ' + vm_path + (force ? " force" : ""));
        if (auto const refusal = daemon_.refusals.find(vm_path.substr(4)); refusal != daemon_.refusals.end()) {
            throw Failure{refusal->second};
        }
        return job_path(10 + vm_path.size());  // another one for each length of name
    }

    void cancel(std::string const& job_path) override {
        daemon_.calls.push_back("cancel " + job_path);
        if (!daemon_.job_answers.contains(job_path)) {
            throw Failure{ExitCode::not_found, "Unknown object", {}, "UnknownObject"};
        }
    }

    auto reload(bool dry_run) -> ReloadResult override {
        daemon_.calls.emplace_back(dry_run ? "reload dry" : "reload");
        return {daemon_.reloaded, daemon_.plans};
    }
    auto vm_config(std::string const& vm_path, bool pending) -> std::vector<ConfigSetting> override {
        auto const name = vm_path.substr(vm_path.rfind('/') + 1);
        daemon_.calls.push_back((pending ? "pending config " : "config ") + name);
        auto const found = daemon_.configs.find(name);
        if (found == daemon_.configs.end()) {
            throw Failure{ExitCode::not_allowed, "You may not.", {}, "AccessDenied"};
        }
        return found->second;
    }
    auto stop_all(bool force) -> std::vector<StopRow> override {
        daemon_.calls.emplace_back(force ? "stop-all force" : "stop-all");
        return daemon_.stops;
    }
    void shutdown(bool force, bool keep_vms) override {
        daemon_.calls.push_back(std::string{"shutdown"} + (force ? " force" : "") + (keep_vms ? " keep-vms" : ""));
    }
    void restart(bool force) override {
        daemon_.calls.emplace_back(force ? "restart force" : "restart");
        if (auto const refusal = daemon_.refusals.find("restart"); refusal != daemon_.refusals.end()) {
            throw refusal->second;
        }
        daemon_.version = daemon_.next_version;
    }
    auto open_console(std::string const& /*vm_path*/, bool /*read_only*/, bool /*force*/) -> UniqueFd override {
        return {};
    }

    auto journal_stream() -> std::string override { return daemon_.stream; }
    auto journal_last() -> std::uint64_t override { return daemon_.journal.empty() ? 0 : daemon_.journal.back().seq; }

    auto open_journal(std::string const& asked, std::uint64_t after, EventFilter const& filter, bool from_oldest)
        -> UniqueFd override {
        daemon_.calls.push_back("journal after " + std::to_string(after));
        if (daemon_.away > 0) {
            --daemon_.away;
            throw Failure{ExitCode::unreachable, "not there"};
        }
        if (daemon_.on_open) {
            daemon_.on_open();
        }
        bool const gone = after + 1 < daemon_.journal_oldest || after > journal_last();
        if ((asked != daemon_.stream || gone) && !from_oldest) {
            throw JournalTruncated{"gone", daemon_.journal_oldest, daemon_.stream};
        }
        std::string text = R"({"control":"begin","after":0,"stream":")" + daemon_.stream + "\"}\n";
        for (auto const& event : daemon_.journal) {
            if (event.seq > after && event.time >= filter.since) {
                text += event_json(event, daemon_.stream) + '\n';
            }
        }
        text += R"({"control":"through","seq":)" + std::to_string(journal_last()) + "}\n";
        std::array<int, 2> ends{};
        EXPECT_EQ(::pipe(ends.data()), 0);
        EXPECT_EQ(::write(ends[1], text.data(), text.size()), static_cast<ssize_t>(text.size()));
        ::close(ends[1]);  // after it, the stream ends
        return UniqueFd{ends[0]};
    }

    void subscribe(EventFilter const& /*filter*/) override { daemon_.calls.emplace_back("subscribe"); }

    auto next(int /*interrupt*/, std::optional<std::chrono::milliseconds> timeout) -> Notice override {
        if (daemon_.notices.empty()) {
            Notice last;
            last.kind = timeout && !daemon_.interrupts ? Notice::Kind::timed_out : Notice::Kind::interrupted;
            return last;
        }
        auto notice = std::move(daemon_.notices.front());
        daemon_.notices.pop_front();
        if (daemon_.on_notice) {
            daemon_.on_notice(notice);
        }
        return notice;
    }

private:
    FakeDaemon& daemon_;
};

// What the commands get in a test: that daemon, and strings in place of the standard streams.
struct Scene {
    FakeDaemon daemon;
    std::ostringstream out, err;
    Output output{.out = out, .err = err, .out_style = {}, .err_style = {}};
    Context context{
        .output = output, .connect = [this] { return std::make_unique<FakeClient>(daemon); }, .read_configuration = {}};

    auto add_vm(std::string const& name, std::string const& state) -> VmRow& {
        auto& vm = daemon.vms.emplace_back();
        vm.name = name;
        vm.state = state;
        vm.path = "/vm/" + name;
        return vm;
    }
};

}  // namespace apiary::ctl
