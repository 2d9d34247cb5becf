// One plugin: its file, its process when there is one, the calls that wait for it and those that are under way.
//
// Calls are given to the process in the order in which they came, but of those about one VM (and of those about none)
// only one at a time: the next waits here, where its time does not run yet and it can be called off at once. While the
// process is exchanged, or has hung, all wait; what is under way ends first. Nothing of this ever waits on the loop.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "plugin/folder.hpp"
#include "plugin/lines.hpp"
#include "plugin/plugin_process.hpp"
#include "plugin/state_folder.hpp"
#include "plugin/strikes.hpp"
#include "plugin/vm_json.hpp"
#include "vm/in_order.hpp"
#include "vm/plugins.hpp"

namespace apiary::plugin {

class Plugin;

// What all plugins share; the composition root gives it.
struct PluginWorld {
    Loop& loop;
    Spawner& spawner;
    std::string host_program;  // apiary-plugin-host
    std::string state_root;    // <state>/plugins
    StrikeLimit strike_limit;
    // All that is set for a VM, with the secrets of this plugin alone.
    std::function<Settings(Definition const&, std::string const& plugin)> settings;
    std::string bus;                                         // address; empty: none (now)
    std::function<void(int level, std::string const&)> log;  // levels of plugin.h
    std::function<void(std::string const& vm, std::map<std::string, std::string> details)> note;
    std::function<void(std::string const& plugin)> changed;       // what its status shows
    std::function<void(std::string const& plugin)> availability;  // it can be called, or cannot any more
    // Of a VM's log, where we may open it ourselves; empty: it is somebody's own file.
    std::function<std::string(Definition const&)> log_path = [](Definition const&) { return std::string{}; };
    // Of plugins with replay: the names of VMs that are not at rest, and a call that tells what one is now.
    std::function<std::vector<std::string>()> vms_up = {};
    std::function<Call(Plugin& plugin, std::string const& vm)> state_now = {};
};

// How long things take at most. Tests take others.
struct PluginTimings {
    Duration first_pause = std::chrono::milliseconds{100},
             last_pause = std::chrono::minutes{1};  // before a new process
    Duration long_life = std::chrono::seconds{10};  // of a process: the pauses begin anew after it
    Duration drain = std::chrono::seconds{10};      // for the other calls, where one hangs
};

class Plugin : private HostOwner {
public:
    Plugin(PluginWorld& world, std::string name);
    ~Plugin() override;
    Plugin(Plugin const&) = delete;
    auto operator=(Plugin const&) -> Plugin& = delete;

    [[nodiscard]] auto name() const -> std::string const& { return name_; }
    [[nodiscard]] auto declaration() const -> Declaration const* { return declaration_ ? &*declaration_ : nullptr; }
    [[nodiscard]] auto file() const -> PluginFile const& { return file_; }
    // Why it cannot be called, as the end of a sentence about it; empty: it can.
    [[nodiscard]] auto fault() const -> std::string;
    [[nodiscard]] auto status() const -> PluginStatus;
    // It has no file. One that is disabled is that first: it has to be enabled, whatever becomes of its file.
    [[nodiscard]] auto is_absent() const -> bool { return absent_ && !disabled_; }
    // Nor a process: nothing is left of it here.
    [[nodiscard]] auto is_gone() const -> bool { return is_absent() && !host_; }

    // plugin.cpp: what becomes of it. Whatever process there is ends when its calls have.
    void take(PluginFile file, Declaration declaration);  // at first, or an upgrade: new calls are for the new one
    void take_unusable(PluginFile file, std::string why);
    void take_circle(std::string why);                                   // empty: it is in none
    void lose();                                                         // its file is gone
    void note_disabled(std::string why) { disabled_ = std::move(why); }  // by what an earlier daemon has kept
    using Done = Plugins::Done;
    void enable(Done done);
    void disable(std::string why, Done done);
    void restart(Done done);
    void begin_early();  // before anybody calls it
    void reload();
    void bus_changed();

    // plugin_calls.cpp. `answered` is called once, on the loop, never from within.
    auto call(Call call, Answered answered) -> std::uint64_t;
    [[nodiscard]] auto settings_of(DefinitionPtr const& definition) -> std::shared_ptr<std::string const>;
    void cancel(std::uint64_t id);

    PluginTimings timings;
    // The log of a VM that one of its steps holds, from prestart to poststop; null: none does.
    [[nodiscard]] auto log_of_vm(std::string const& vm) -> std::shared_ptr<UniqueFd>;
    std::map<std::string, std::weak_ptr<UniqueFd>> logs;

    static constexpr std::size_t most_under_way = 256;      // the host has 512 threads
    static constexpr std::size_t most_events = 16'384;      // that wait for it: 2 KiB each, at most
    static constexpr std::size_t most_events_of_a_vm = 64;  // beside the one that it is told of
    static constexpr std::size_t most_asks = 512;           // for secrets that are open: one of each thread of the host
    static constexpr std::size_t longest_secret_name = 128;

private:
    struct Waiting {
        std::uint64_t id;
        Call call;
        Answered answered;
        std::size_t missed = 0;  // events before it that were dropped
    };
    struct UnderWay {
        Answered answered;
        MonoTime since;
        std::string vm;
        std::shared_ptr<UniqueFd> log;
        std::string log_path;
    };

    void availability_changed();
    void retire(Done done);
    void retired();
    void refuse_waiting();
    void pump();
    void begin();
    void begin_failed(std::string const& why);
    auto tries_again() -> bool;
    void strike(std::string const& why);
    void write_disabled(std::optional<std::string> const& why, Done done);
    void say(int level, std::string const& text, std::string const& vm = {});
    auto make_room_for_event(std::string const& vm) -> bool;
    void advance(std::string const& vm);
    void refuse(Waiting& one, std::string const& text, bool passing);
    void replay_all();   // a process begins with nothing
    void replay_next();  // where nothing else can be sent
    void lost_event_of(std::string const& vm);
    auto may_say() -> bool;
    void condemn(std::string const& why);
    void rest();  // nothing is under way

    void on_ready() override;
    void on_answer(std::uint64_t id, Answer answer) override;
    void on_end(std::string const& why) override;
    void on_log(int level, std::string text, std::uint64_t id) override;
    void on_line(std::uint64_t id, std::string text, bool is_error) override;
    void on_emit(std::string vm, std::string text, std::map<std::string, std::string> details) override;
    void on_secret(std::uint64_t ask, std::string name) override;
    void on_spent(std::string why) override;
    void on_room() override { pump(); }

    PluginWorld& world_;
    std::string name_;
    StateFolder folder_;
    PluginFile file_;
    std::optional<Declaration> declaration_;
    std::string unusable_ = "is not there", circle_, error_;
    bool absent_ = true;
    std::optional<std::string> disabled_;

    std::unique_ptr<PluginProcess> host_;
    MonoTime begun_, not_before_;
    Duration pause_;
    Handle pause_timer_, drain_timer_;
    bool begun_once_ = false, tried_again_ = false;
    bool retiring_ = false, quit_sent_ = false;
    std::string condemned_;  // a call hung: why
    std::vector<Done> when_retired_;

    std::uint64_t last_id_ = 0;
    std::deque<Waiting> waiting_;  // to be sent: at most one of each VM, and none of one that has a call under way
    std::map<std::string, std::deque<Waiting>> lanes_;  // of those VMs: what comes after that call
    std::size_t events_waiting_ = 0, missed_ = 0;       // missed: before the next that is taken
    bool is_slow_ = false;
    std::set<std::string> to_replay_;  // names of VMs
    std::map<std::uint64_t, UnderWay> under_way_;

    Strikes strikes_;
    std::uint64_t calls_ = 0, failures_ = 0, answered_ = 0, restarts_ = 0;
    std::chrono::microseconds latency_sum_{0}, latency_most_{0};
    SettingsTexts settings_;
    Lines lines_;
    Rate rate_{1000, 100};
    std::size_t said_too_much_ = 0, asks_open_ = 0;
    InOrder writes_;
    std::shared_ptr<Plugin*> self_;
};

}  // namespace apiary::plugin
