// How often a plugin may die or hang in calls before it is disabled.
#pragma once

#include <deque>

#include "vm/loop.hpp"

namespace apiary::plugin {

struct StrikeLimit {
    // Three: one is bad luck, two may have one cause (an upgrade, a full disk); within the time that it takes to come
    // back and be needed again.
    unsigned most = 3;  // 0: never disabled
    Duration window = std::chrono::minutes{10};
};

class Strikes {
public:
    explicit Strikes(StrikeLimit limit) : limit_{limit} {}

    // True: one too many.
    auto add(MonoTime now) -> bool {
        stamps_.push_back(now);
        if (stamps_.size() > most_kept) {
            stamps_.pop_front();
        }
        return limit_.most != 0 && count(now) >= limit_.most;
    }
    [[nodiscard]] auto count(MonoTime now) const -> unsigned {
        unsigned recent = 0;
        for (auto const stamp : stamps_) {
            recent += now - stamp < limit_.window ? 1U : 0U;
        }
        return recent;
    }
    void clear() { stamps_.clear(); }
    [[nodiscard]] auto limit() const -> StrikeLimit const& { return limit_; }

private:
    static constexpr std::size_t most_kept = 1000;
    StrikeLimit limit_;
    std::deque<MonoTime> stamps_;
};

}  // namespace apiary::plugin
