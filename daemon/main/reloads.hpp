// Reading the configuration again while the daemon runs: one at a time, in the order in which it was asked for, so that
// what is read last is what holds.
#pragma once

#include <deque>
#include <functional>
#include <vector>

#include "bus/service.hpp"
#include "main/configuration.hpp"
#include "vm/engine_core.hpp"
#include "vm/loop.hpp"

namespace apiary {

class Reloads {
public:
    using Done = bus::BusOptions::ReloadDone;

    Reloads(Loop& loop, Configuration const& configuration, EngineCore& engine)
        : loop_{loop}, configuration_{configuration}, engine_{engine} {}

    // What the daemon starts with. `before`: the definitions of VMs that an earlier daemon left running, and of the
    // others then; what is wrong by now does not cost them theirs.
    void apply_first(config::LoadResult first, std::vector<DefinitionPtr> before = {});

    void request(bool dry_run, Done done);
    // On a signal: nobody waits for an answer, and two that were not begun yet are one.
    void request();

    // These plugins have brought keys, or taken some away. That holds from the next reading on; which is now where the
    // last one was told of keys that it did not know: they were ignored, maybe only because a plugin was slow to say
    // what it is.
    void keys_changed(std::vector<std::string> const& plugins);

    // Called when a configuration was taken.
    void when_taken(std::function<void()> callback) { when_taken_ = std::move(callback); }

    // The daemon is ending: nothing is read any more.
    void end();

    // Of what was read last, but for dry runs.
    [[nodiscard]] auto last() const -> bus::ConfigReport const& { return last_; }

private:
    struct Request {
        bool dry_run = false;
        Done done;  // none: a signal
    };
    void next();
    void read(Request const& request, config::LoadResult result);
    void refuse(Request const& request, std::vector<std::string> const& diagnostics);
    void note(config::LoadResult const& result, std::vector<std::string> diagnostics, bool taken);

    Loop& loop_;
    Configuration const& configuration_;
    EngineCore& engine_;
    std::vector<DefinitionPtr> applied_;
    config::GlobalVariables variables_;  // of the load that was taken last
    bus::ConfigReport last_;
    std::function<void()> when_taken_;
    std::deque<Request> waiting_;
    bool reading_ = false, ended_ = false, unknown_keys_ = false;
};

}  // namespace apiary
