// The daemon on a message bus. What the composition root needs to know of bus/ is all here.
#pragma once

#include <sys/types.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "config/load.hpp"
#include "vm/agents.hpp"
#include "vm/engine.hpp"
#include "vm/loop.hpp"
#include "vm/plugins.hpp"

namespace apiary::bus {

// What a reload did, or would do.
struct ReloadReport {
    std::vector<std::string> added, changed, removed;  // names of VMs
    std::vector<std::string> diagnostics;              // messages with file:line:column
    std::vector<VmChangePlan> details;                 // of all these VMs, and of those that were kept
};

// What there is to tell of the configuration as a whole.
struct ConfigReport {
    std::vector<std::string> files;        // in the order of reading
    std::vector<std::string> diagnostics;  // of the last reading, with file:line:column
    bool taken = true;                     // false: the last reading changed nothing, because it was wrong
    WallTime loaded;                       // when that was
    config::Globals globals;               // that the daemon was started with
};

struct BusOptions {
    std::string address;  // empty: the system bus
    std::string name = "org.apiary.Apiary1";
    std::optional<gid_t> observers;  // members of this group see every VM
    std::optional<uid_t> master;     // on a session bus: its user; he alone (and root) is answered
    std::string version;
    std::string backend;                // default backend
    std::vector<std::string> features;  // words for what this daemon can do

    Plugins* plugins = nullptr;  // null: none are published; outlives the bus

    // Called on the loop; `done` once, at any later time, also on the loop.
    using ReloadDone = std::function<void(Outcome<ReloadReport>)>;
    std::function<void(bool dry_run, ReloadDone done)> reload;
    std::function<ConfigReport()> configuration;  // answers at once
    // Stop all VMs, then end the daemon; `force`: power them off.
    std::function<void(bool force)> shutdown;
    std::function<void()> leave;  // ends the daemon, and leaves the VMs as they are
    // The same, and a new run of the program takes its place; refuses where that could not do so. Called on the loop;
    // `done` once, at any later time, also on the loop, before anything ends.
    using RestartDone = std::function<void(Outcome<std::monostate>)>;
    std::function<void(bool force, RestartDone done)> restart;
    Agents* agents = nullptr;  // who takes them; null: nobody does. Outlives the bus
    // Once: the first try to get onto the bus has ended, well or not.
    std::function<void()> settled;
    // `problem`: the bus cannot be used; otherwise it can again. One line for each change.
    std::function<void(bool problem, std::string text)> log;
};

// Connects to the bus and stays connected: a bus that is not there, or goes away, is tried again with growing pauses,
// and the VMs do not notice. Owns everything that is on the bus. Lives on the loop's thread, and ends before loop and
// engine.
class BusService final : public Observer {
public:
    BusService(Loop& loop, Engine& engine, BusOptions options);  // adds itself to the engine's observers
    ~BusService() override;
    BusService(BusService const&) = delete;
    auto operator=(BusService const&) -> BusService& = delete;

    // Begins to connect, or tries it again before its time; returns at once.
    void start();
    // Leaves the bus for good, after what is still to be said was handed to the bus as far as it takes it right now.
    void close();
    [[nodiscard]] auto connected() const -> bool;  // and the name is ours

    void on_turn(Turn const& turn) override;

private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace apiary::bus
