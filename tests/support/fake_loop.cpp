#include "support/fake_loop.hpp"

#include <poll.h>

#include <algorithm>
#include <chrono>
#include <utility>
#include <vector>

namespace apiary::test {

struct FakeLoop::Entry {
    Callback callback;
};

struct FakeLoop::Watched {
    int fd;
    Readiness readiness;
    Callback callback;
};

class FakeLoop::Remover : public Subscription {
public:
    explicit Remover(std::function<void()> remove) : remove_{std::move(remove)} {}
    ~Remover() override { remove_(); }
    Remover(Remover const&) = delete;
    auto operator=(Remover const&) -> Remover& = delete;

private:
    std::function<void()> remove_;
};

auto FakeLoop::wall() const -> WallTime {
    return WallTime{std::chrono::duration_cast<WallTime::duration>(now_.time_since_epoch())};
}

auto FakeLoop::after(Duration delay, Callback callback) -> Handle {
    auto entry = std::make_shared<Entry>(Entry{std::move(callback)});
    timers_.emplace(now_ + (delay > Duration::zero() ? delay : Duration::zero()), entry);
    return std::make_unique<Remover>([this, weak = std::weak_ptr{entry}] {
        auto const held = weak.lock();
        for (auto it = timers_.begin(); held && it != timers_.end(); ++it) {
            if (it->second == held) {
                timers_.erase(it);
                return;
            }
        }
    });
}

auto FakeLoop::watch(int fd, Readiness readiness, Callback callback) -> Handle {
    auto const key = next_watch_++;
    watches_.emplace(key, std::make_shared<Watched>(Watched{fd, readiness, std::move(callback)}));
    return std::make_unique<Remover>([this, key] { watches_.erase(key); });
}

void FakeLoop::offload(Callback work, Callback done) {
    if (hold_work) {
        held_.emplace_back(std::move(work), std::move(done));
        return;
    }
    work();
    post(std::move(done));
}

void FakeLoop::drop_all() {
    // What they hold may cancel timers, or post.
    while (!posted_.empty() || !timers_.empty() || !watches_.empty() || !held_.empty()) {
        auto const held = std::exchange(held_, {});
        auto const posted = std::exchange(posted_, {});
        auto const timers = std::exchange(timers_, {});
        auto const watches = std::exchange(watches_, {});
    }
}

auto FakeLoop::run_one() -> bool {
    if (before_each && (!posted_.empty() || (!timers_.empty() && timers_.begin()->first <= now_))) {
        before_each();
    }
    if (!hold_work && !held_.empty()) {
        auto [work, done] = std::move(held_.front());
        held_.pop_front();
        offload(std::move(work), std::move(done));
        return true;
    }
    if (!posted_.empty()) {
        auto const callback = std::move(posted_.front());
        posted_.pop_front();
        callback();
        return true;
    }
    if (!timers_.empty() && timers_.begin()->first <= now_) {
        auto const entry = timers_.begin()->second;
        timers_.erase(timers_.begin());
        entry->callback();
        return true;
    }
    return run_descriptors();
}

auto FakeLoop::run_descriptors(int wait_ms) -> bool {
    std::vector<pollfd> fds;
    std::vector<std::uint64_t> keys;
    for (auto const& [key, watched] : watches_) {
        fds.push_back(
            {watched->fd, static_cast<short>(watched->readiness == Readiness::readable ? POLLIN : POLLOUT), 0});
        keys.push_back(key);
    }
    if (fds.empty() || ::poll(fds.data(), fds.size(), wait_ms) <= 0) {
        return false;
    }
    for (std::size_t i = 0; i < fds.size(); ++i) {
        auto const it = watches_.find(keys[i]);  // an earlier callback may have ended it
        if (fds[i].revents != 0 && it != watches_.end()) {
            auto const held = it->second;
            held->callback();
        }
    }
    return true;
}

void FakeLoop::run_ready() {
    while (run_one()) {
    }
}

auto FakeLoop::run_until(std::function<bool()> const& condition) -> bool {
    using std::chrono::steady_clock;
    auto const end = steady_clock::now() + std::chrono::seconds{20};
    for (run_ready(); !condition(); run_ready()) {
        auto const left = std::chrono::duration_cast<std::chrono::milliseconds>(end - steady_clock::now()).count();
        if (left <= 0 || !run_descriptors(static_cast<int>(left))) {
            return false;
        }
    }
    return true;
}

void FakeLoop::advance(Duration by) {
    auto const end = now_ + by;
    run_ready();
    while (!timers_.empty() && timers_.begin()->first <= end) {
        now_ = std::max(now_, timers_.begin()->first);
        run_ready();
    }
    now_ = end;
    run_ready();
}

}  // namespace apiary::test
