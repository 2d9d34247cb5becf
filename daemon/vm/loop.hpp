// The event loop as the rest of the daemon sees it: one thread, no blocking, RAII subscriptions.
//
// Everything in daemon/ and bus/ runs on the loop's thread unless a comment says otherwise. Implementations: the Asio
// loop of the composition root (daemon/main/), and the fake loop of the tests, whose clock only moves when told to.
#pragma once

#include <chrono>
#include <functional>
#include <memory>

namespace apiary {

using Duration = std::chrono::nanoseconds;
using MonoTime = std::chrono::time_point<std::chrono::steady_clock, Duration>;
using WallTime = std::chrono::time_point<std::chrono::system_clock, std::chrono::microseconds>;

// A subscription: destroying it ends it, and no callback runs afterwards. May be destroyed inside its own callback.
class Subscription {
public:
    virtual ~Subscription() = default;
};
using Handle = std::unique_ptr<Subscription>;

enum class Readiness { readable, writable };

class Loop {
public:
    using Callback = std::function<void()>;
    virtual ~Loop() = default;

    [[nodiscard]] virtual auto now() const -> MonoTime = 0;
    [[nodiscard]] virtual auto wall() const -> WallTime = 0;

    // Runs `callback` on a later turn, in the order of the calls. The one member that any thread may call.
    virtual void post(Callback callback) = 0;

    // Runs `callback` once, no earlier than `delay` from now (0 or less: on the next turn).
    [[nodiscard]] virtual auto after(Duration delay, Callback callback) -> Handle = 0;

    // Runs `callback` whenever `fd` is ready, until the handle is destroyed. The caller keeps the descriptor open for
    // that long and closes it only afterwards. Hang-up and error count as ready. (A second watch takes a descriptor.)
    [[nodiscard]] virtual auto watch(int fd, Readiness readiness, Callback callback) -> Handle = 0;

    // Runs `work` on the bounded pool of threads (it must touch nothing but what it owns), then `done` on the loop.
    // For what may block: name service, stat and open, parsing.
    virtual void offload(Callback work, Callback done) = 0;
};

}  // namespace apiary
