#include "main/timer_queue.hpp"

#include <utility>

namespace apiary {

void TimerQueue::State::update() {
    auto const wanted = entries.empty() ? std::nullopt : std::optional{entries.begin()->first};
    if (wanted == set) {
        return;
    }
    set = wanted;
    if (wanted) {
        alarm.set(*wanted);
    } else {
        alarm.clear();
    }
}

class TimerQueue::Timer : public Subscription {
public:
    Timer(std::shared_ptr<State> state, MonoTime when, std::weak_ptr<Entry> entry)
        : state_{std::move(state)}, when_{when}, entry_{std::move(entry)} {}
    ~Timer() override {
        auto const entry = entry_.lock();
        if (!entry) {
            return;  // it has run
        }
        auto const [first, last] = state_->entries.equal_range(when_);
        for (auto it = first; it != last; ++it) {
            if (it->second == entry) {
                state_->entries.erase(it);
                state_->update();
                return;
            }
        }
    }
    Timer(Timer const&) = delete;
    auto operator=(Timer const&) -> Timer& = delete;

private:
    std::shared_ptr<State> state_;
    MonoTime when_;
    std::weak_ptr<Entry> entry_;
};

auto TimerQueue::add(MonoTime when, Loop::Callback callback) -> Handle {
    auto entry = std::make_shared<Entry>(Entry{std::move(callback)});
    auto timer = std::make_unique<Timer>(state_, when, entry);
    state_->entries.emplace(when, std::move(entry));
    state_->update();
    return timer;
}

void TimerQueue::run_due(MonoTime now) {
    state_->alarm.take();
    state_->set.reset();
    auto& entries = state_->entries;
    while (!entries.empty() && entries.begin()->first <= now) {
        auto const entry = std::exchange(entries.begin()->second, nullptr);
        entries.erase(entries.begin());
        entry->callback();
    }
    state_->update();
}

}  // namespace apiary
