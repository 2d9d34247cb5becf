// Reading the configuration again while the daemon runs: one at a time, in the order in which it was asked for, so that
// what is read last is what holds.
#pragma once

#include <deque>
#include <vector>

#include "bus/service.hpp"
#include "main/configuration.hpp"
#include "vm/engine.hpp"
#include "vm/loop.hpp"

namespace apiary {

class Reloads {
public:
    using Done = bus::BusOptions::ReloadDone;

    Reloads(Loop& loop, Configuration const& configuration, Engine& engine)
        : loop_{loop}, configuration_{configuration}, engine_{engine} {}

    // What the daemon starts with.
    void apply_first(std::vector<DefinitionPtr> definitions, config::Globals globals);

    void request(bool dry_run, Done done);
    // On a signal: nobody waits for an answer, and two that were not begun yet are one.
    void request();

    // The daemon is ending: nothing is read any more.
    void end();

private:
    struct Request {
        bool dry_run = false;
        Done done;  // none: a signal
    };
    void next();
    void read(Request const& request, config::LoadResult result);

    Loop& loop_;
    Configuration const& configuration_;
    Engine& engine_;
    std::vector<DefinitionPtr> applied_;
    config::Globals globals_;  // of the start
    std::deque<Request> waiting_;
    bool reading_ = false, ended_ = false;
};

}  // namespace apiary
