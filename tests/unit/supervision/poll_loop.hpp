// A real loop on poll(2) that a test runs until what it waits for has happened.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "vm/loop.hpp"
#include "vm/unique_fd.hpp"

namespace apiary::test {

class PollLoop : public Loop {
public:
    PollLoop();
    ~PollLoop() override;
    PollLoop(PollLoop const&) = delete;
    auto operator=(PollLoop const&) -> PollLoop& = delete;

    // False: it did not happen within a deadline that only a broken program reaches.
    [[nodiscard]] auto run_until(std::function<bool()> const& happened) -> bool;

    [[nodiscard]] auto now() const -> MonoTime override;
    [[nodiscard]] auto wall() const -> WallTime override;
    void post(Callback callback) override;
    [[nodiscard]] auto after(Duration delay, Callback callback) -> Handle override;
    [[nodiscard]] auto watch(int fd, Readiness readiness, Callback callback) -> Handle override;
    void offload(Callback work, Callback done) override;

private:
    struct Entry {
        int fd = -1;  // -1: a timer
        short events = 0;
        MonoTime due;
        Callback callback;
    };
    class Registration;
    void turn(MonoTime until);
    void run_posted();
    std::mutex mutex_;  // of posted_
    std::deque<Callback> posted_;
    UniqueFd wake_read_, wake_write_;
    std::map<std::uint64_t, std::shared_ptr<Entry>> entries_;
    std::uint64_t next_ = 0;
    std::vector<std::thread> threads_;
};

}  // namespace apiary::test
