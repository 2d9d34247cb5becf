// Signals that ask the program to end, turned into a readable descriptor while something has to be said or put back
// first.
#pragma once

#include "ctl/unique_fd.hpp"

namespace apiary::ctl {

// There can be one at a time. The second such signal is not caught any more: it ends the program at once.
class SignalCatcher {
public:
    SignalCatcher();  // SIGINT, SIGTERM, SIGHUP, SIGQUIT
    SignalCatcher(SignalCatcher const&) = delete;
    SignalCatcher(SignalCatcher&&) = delete;
    auto operator=(SignalCatcher const&) -> SignalCatcher& = delete;
    auto operator=(SignalCatcher&&) -> SignalCatcher& = delete;
    ~SignalCatcher();

    [[nodiscard]] auto fd() const -> int { return reader_.get(); }  // readable when one came
    [[nodiscard]] static auto caught() -> int;                      // the number of the last; 0: none yet

private:
    UniqueFd reader_, writer_;
};

}  // namespace apiary::ctl
