#include "plugin/host/calls.hpp"

#include <pthread.h>

#include <algorithm>
#include <csignal>
#include <utility>

namespace apiary::plugin::host {
namespace {

// Threads that stay for the next call. More than these end when there is nothing to do.
constexpr std::size_t most_idle = 4;

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
constexpr std::size_t call_stack_size = std::size_t{2} * 1024 * 1024;
#else
constexpr std::size_t call_stack_size = std::size_t{256} * 1024;
#endif
#else
constexpr std::size_t call_stack_size = std::size_t{256} * 1024;
#endif

auto lane_of(apiary_call const& call) -> std::string {
    return call.vm ? std::to_string(call.vm->id) + '/' + call.vm->name : std::string{};
}

}  // namespace

void Calls::add(std::shared_ptr<apiary_call> call) {
    std::lock_guard const lock{mutex_};
    all_[call->id] = call;
    deadlines_.emplace(call->deadline, call);
    auto const name = lane_of(*call);
    auto& lane = lanes_[name];
    lane.waiting.push_back(std::move(call));
    if (std::exchange(lane.busy, true)) {
        return;
    }
    ready_.push_back(name);
    if (idle_ >= ready_.size()) {
        more_.notify_one();
    } else if (threads_ < most_threads && !begin_thread() && threads_ == 0) {
        // It waits until there is a thread: the next call tries again, and its deadline is the daemon's affair.
        return;
    }
}

auto Calls::begin_thread() -> bool {
    pthread_attr_t attributes;
    ::pthread_attr_init(&attributes);
    ::pthread_attr_setstacksize(&attributes, call_stack_size);
    ::pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    pthread_t thread{};
    bool const begun = ::pthread_create(&thread, &attributes, thread_main, this) == 0;
    ::pthread_attr_destroy(&attributes);
    threads_ += begun ? 1 : 0;
    return begun;
}

auto Calls::thread_main(void* calls) -> void* {
    static_cast<Calls*>(calls)->work();
    return nullptr;
}

void Calls::work() {
    std::unique_lock lock{mutex_};
    for (;;) {
        if (ready_.empty() && all_.empty() && then_) {
            auto const then = std::exchange(then_, nullptr);
            lock.unlock();
            then();
            lock.lock();
        }
        if (ready_.empty()) {
            if (idle_ >= most_idle) {
                --threads_;
                return;
            }
            ++idle_;
            more_.wait(lock, [this] { return !ready_.empty() || (then_ && all_.empty()); });
            --idle_;
            continue;
        }
        auto const name = std::move(ready_.front());
        ready_.pop_front();
        auto& lane = lanes_.at(name);
        auto const call = std::move(lane.waiting.front());
        lane.waiting.pop_front();
        // Its destructor runs also where the plugin ends the thread.
        struct Finish {
            Calls& calls;
            std::unique_lock<std::mutex>& lock;
            std::string const& name;
            std::shared_ptr<apiary_call> const& call;
            bool returned = false;
            ~Finish() {
                lock.lock();
                calls.finished(name, call);
                if (!returned) {
                    --calls.threads_;
                    calls.begin_thread();
                }
            }
        } finish{*this, lock, name, call};
        lock.unlock();
        perform_(*call);
        finish.returned = true;
    }
}

void Calls::finished(std::string const& name, std::shared_ptr<apiary_call> const& call) {
    all_.erase(call->id);
    auto const [from, to] = deadlines_.equal_range(call->deadline);
    if (auto const found = std::find_if(from, to, [&](auto const& one) { return one.second == call; }); found != to) {
        deadlines_.erase(found);
    }
    auto const lane = lanes_.find(name);
    if (lane->second.waiting.empty()) {
        lanes_.erase(lane);
    } else {
        ready_.push_back(name);
    }
}

void Calls::cancel(std::uint64_t id) {
    std::unique_lock lock{mutex_};
    auto const found = all_.find(id);
    auto const call = found == all_.end() ? nullptr : found->second;
    lock.unlock();
    if (call) {
        call->cancel();
    }
}

void Calls::cancel_all() {
    std::lock_guard const lock{mutex_};
    for (auto const& [id, call] : all_) {
        call->cancel();
    }
}

auto Calls::next_deadline() -> std::optional<Clock::time_point> {
    std::lock_guard const lock{mutex_};
    return deadlines_.empty() ? std::nullopt : std::optional{deadlines_.begin()->first};
}

void Calls::tell_expired() {
    std::lock_guard const lock{mutex_};
    while (!deadlines_.empty() && deadlines_.begin()->first <= Clock::now()) {
        deadlines_.begin()->second->expire();
        deadlines_.erase(deadlines_.begin());
    }
}

void Calls::when_idle(std::function<void()> then) {
    std::lock_guard const lock{mutex_};
    then_ = std::move(then);
    if (idle_ > 0) {
        more_.notify_all();
    } else if (all_.empty()) {
        begin_thread();
    }
}

}  // namespace apiary::plugin::host
