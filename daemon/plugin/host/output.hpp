// What the plugin itself writes to its standard output and error: lines for the daemon's log.
#pragma once

#include <future>

#include "plugin/host/state.hpp"

namespace apiary::plugin::host {

class Output {
public:
    // From now on descriptors 1 and 2 are a socket, and 0 is nothing. False: errno says why.
    auto begin() -> bool;
    // Passes on what is written, in a thread of its own. What it has not passed on when the process dies is left to be
    // read (see keeper.hpp).
    void pass_on(apiary_self& self);
    // What is written from now on is lost; waits until what was written before is passed on, at most a second.
    void finish();
    [[nodiscard]] auto descriptor() const -> int { return readable_.get(); }

private:
    UniqueFd readable_, writable_;
    std::promise<void> passed_on_;
};

}  // namespace apiary::plugin::host
