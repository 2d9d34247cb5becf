// The calls that are under way, each in a thread of its own: those about one VM one after the other, in the order in
// which they came, those about different VMs at the same time.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "plugin/host/call.hpp"

namespace apiary::plugin::host {

class Calls {
public:
    // Performs one, to its end.
    using Perform = std::function<void(apiary_call&)>;
    explicit Calls(Perform perform) : perform_{std::move(perform)} {}

    void add(std::shared_ptr<apiary_call> call);
    void cancel(std::uint64_t id);
    void cancel_all();

    // The earliest deadline of a call that has not been told that its time is over.
    [[nodiscard]] auto next_deadline() -> std::optional<Clock::time_point>;
    void tell_expired();

    // `then` is called by a thread of its own, once nothing is under way.
    void when_idle(std::function<void()> then);

    static constexpr std::size_t most_threads = 512;

private:
    struct Lane {
        std::deque<std::shared_ptr<apiary_call>> waiting;
        bool busy = false;  // one of it is under way, or it stands among those that are ready
    };

    static auto thread_main(void* calls) -> void*;
    void work();
    auto begin_thread() -> bool;
    void finished(std::string const& lane, std::shared_ptr<apiary_call> const& call);

    Perform perform_;
    std::mutex mutex_;
    std::condition_variable more_;
    std::map<std::string, Lane> lanes_;
    std::deque<std::string> ready_;
    std::map<std::uint64_t, std::shared_ptr<apiary_call>> all_;
    std::multimap<Clock::time_point, std::shared_ptr<apiary_call>> deadlines_;
    std::function<void()> then_;
    std::size_t threads_ = 0, idle_ = 0;
};

}  // namespace apiary::plugin::host
