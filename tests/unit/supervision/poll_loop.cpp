#include "poll_loop.hpp"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>

namespace apiary::test {
namespace {

constexpr auto patience = std::chrono::seconds{60};
// What is waited for need not wake the loop: it is looked at this often.
constexpr auto glance = std::chrono::milliseconds{10};

}  // namespace

class PollLoop::Registration : public Subscription {
public:
    Registration(PollLoop& loop, std::uint64_t key) : loop_{loop}, key_{key} {}
    ~Registration() override { loop_.entries_.erase(key_); }
    Registration(Registration const&) = delete;
    auto operator=(Registration const&) -> Registration& = delete;

private:
    PollLoop& loop_;
    std::uint64_t key_;
};

PollLoop::PollLoop() {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0) {
        std::abort();
    }
    wake_read_.reset(ends[0]);
    wake_write_.reset(ends[1]);
}

PollLoop::~PollLoop() {
    for (auto& thread : threads_) {
        thread.join();
    }
}

auto PollLoop::now() const -> MonoTime {
    return std::chrono::time_point_cast<Duration>(std::chrono::steady_clock::now());
}

auto PollLoop::wall() const -> WallTime {
    return std::chrono::time_point_cast<WallTime::duration>(std::chrono::system_clock::now());
}

void PollLoop::post(Callback callback) {
    std::lock_guard const lock{mutex_};
    posted_.push_back(std::move(callback));
    (void)!::write(wake_write_.get(), "w", 1);
}

auto PollLoop::after(Duration delay, Callback callback) -> Handle {
    auto const key = next_++;
    entries_.emplace(key, std::make_shared<Entry>(Entry{.due = now() + delay, .callback = std::move(callback)}));
    return std::make_unique<Registration>(*this, key);
}

auto PollLoop::watch(int fd, Readiness readiness, Callback callback) -> Handle {
    auto const key = next_++;
    short const events = readiness == Readiness::readable ? POLLIN : POLLOUT;
    entries_.emplace(
        key, std::make_shared<Entry>(Entry{.fd = fd, .events = events, .due = {}, .callback = std::move(callback)}));
    return std::make_unique<Registration>(*this, key);
}

void PollLoop::offload(Callback work, Callback done) {
    threads_.emplace_back([this, work = std::move(work), done = std::move(done)]() mutable {
        work();
        work = nullptr;
        post(std::move(done));
    });
}

void PollLoop::run_posted() {
    char drained[64];
    while (::read(wake_read_.get(), drained, sizeof drained) > 0) {
    }
    std::deque<Callback> ready;
    {
        std::lock_guard const lock{mutex_};
        ready.swap(posted_);
    }
    for (auto& callback : ready) {
        callback();
    }
}

void PollLoop::turn(MonoTime until) {
    std::vector<pollfd> fds{{.fd = wake_read_.get(), .events = POLLIN, .revents = 0}};
    std::vector<std::uint64_t> keys{0};
    auto next = until;
    for (auto const& [key, entry] : entries_) {
        if (entry->fd >= 0) {
            fds.push_back({.fd = entry->fd, .events = entry->events, .revents = 0});
            keys.push_back(key);
        } else {
            next = std::min(next, entry->due);
        }
    }
    auto const wait = std::chrono::ceil<std::chrono::milliseconds>(next - now()).count();
    ::poll(fds.data(), fds.size(), static_cast<int>(std::max<std::int64_t>(wait, 0)));
    if (fds[0].revents != 0) {
        run_posted();
    }
    for (std::size_t i = 1; i < fds.size(); ++i) {
        if (auto const found = entries_.find(keys[i]); fds[i].revents != 0 && found != entries_.end()) {
            auto const entry = found->second;  // held: the callback may destroy its own handle
            entry->callback();
        }
    }
    for (auto const& [key, entry] : std::map{entries_}) {
        if (entry->fd < 0 && entry->callback && entry->due <= now() && entries_.contains(key)) {
            std::exchange(entry->callback, nullptr)();
            entry->due = MonoTime::max();
        }
    }
}

auto PollLoop::run_until(std::function<bool()> const& happened) -> bool {
    auto const deadline = now() + patience;
    while (!happened()) {
        if (now() >= deadline) {
            return false;
        }
        turn(std::min(deadline, now() + glance));
    }
    return true;
}

}  // namespace apiary::test
