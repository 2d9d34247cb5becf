// All timers of the loop, on one alarm.
#pragma once

#include <map>
#include <memory>
#include <optional>

#include "main/alarm.hpp"

namespace apiary {

class TimerQueue {
public:
    TimerQueue() : state_{std::make_shared<State>()} {}

    [[nodiscard]] auto add(MonoTime when, Loop::Callback callback) -> Handle;
    [[nodiscard]] auto fd() const -> int { return state_->alarm.fd(); }  // readable: call run_due()
    void run_due(MonoTime now);

private:
    struct Entry {
        Loop::Callback callback;
    };
    using Entries = std::multimap<MonoTime, std::shared_ptr<Entry>>;
    // Shared with the handles, which may outlive the loop.
    struct State {
        Alarm alarm;
        Entries entries;
        std::optional<MonoTime> set;  // what the alarm is set to
        void update();
    };
    class Timer;
    std::shared_ptr<State> state_;
};

}  // namespace apiary
