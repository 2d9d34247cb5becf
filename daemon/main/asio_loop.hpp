// The daemon's event loop on standalone Asio: one thread, and a small pool for what may block.
#pragma once

#include <memory>

#include "vm/loop.hpp"

namespace apiary {

class AsioLoop : public Loop {
public:
    AsioLoop();
    ~AsioLoop() override;  // waits for offloaded work; callbacks that are left are dropped
    AsioLoop(AsioLoop const&) = delete;
    auto operator=(AsioLoop const&) -> AsioLoop& = delete;

    void run();   // until stop()
    void stop();  // any thread

    // Runs `callback` with the number each time that one of `signals` arrives.
    [[nodiscard]] auto on_signals(std::initializer_list<int> signals, std::function<void(int)> callback) -> Handle;

    [[nodiscard]] auto now() const -> MonoTime override;
    [[nodiscard]] auto wall() const -> WallTime override;
    void post(Callback callback) override;
    [[nodiscard]] auto after(Duration delay, Callback callback) -> Handle override;
    [[nodiscard]] auto watch(int fd, Readiness readiness, Callback callback) -> Handle override;
    void offload(Callback work, Callback done) override;

private:
    struct Context;
    std::unique_ptr<Context> context_;
};

}  // namespace apiary
