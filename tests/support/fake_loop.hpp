// A loop whose clock moves only when a test says so. Descriptors are real and looked at with poll(2).
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <utility>

#include "vm/loop.hpp"

namespace apiary::test {

class FakeLoop : public Loop {
public:
    // Runs what is due now (posted callbacks, due timers, ready descriptors) until nothing is.
    void run_ready();
    // The same, and waits for descriptors until the condition holds; false: it still does not after 20 s of real time.
    [[nodiscard]] auto run_until(std::function<bool()> const& condition) -> bool;
    // Moves the clock on, running each timer at its own time.
    void advance(Duration by);
    // What the death of the process takes: all that was to run. Handles may be let go of before and after.
    void drop_all();
    // What is offloaded waits, as on a pool that is busy, until it is false again.
    bool hold_work = false;
    // Runs before each callback; what it throws leaves run_ready() and advance().
    std::function<void()> before_each;
    // Number of timers that are armed: at rest there must be none.
    [[nodiscard]] auto armed_timers() const -> std::size_t { return timers_.size(); }

    [[nodiscard]] auto now() const -> MonoTime override { return now_; }
    [[nodiscard]] auto wall() const -> WallTime override;
    void post(Callback callback) override { posted_.push_back(std::move(callback)); }
    [[nodiscard]] auto after(Duration delay, Callback callback) -> Handle override;
    [[nodiscard]] auto watch(int fd, Readiness readiness, Callback callback) -> Handle override;
    void offload(Callback work, Callback done) override;  // works at once, tells later

private:
    struct Entry;
    struct Watched;
    class Remover;
    [[nodiscard]] auto run_one() -> bool;
    [[nodiscard]] auto run_descriptors(int wait_ms = 0) -> bool;

    MonoTime now_{std::chrono::hours{1}};
    std::deque<Callback> posted_;
    std::deque<std::pair<Callback, Callback>> held_;
    std::multimap<MonoTime, std::shared_ptr<Entry>> timers_;
    std::map<std::uint64_t, std::shared_ptr<Watched>> watches_;
    std::uint64_t next_watch_ = 0;
};

}  // namespace apiary::test
