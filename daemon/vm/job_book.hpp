// All jobs: those that run, and those that ended a short while ago.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <string>

#include "vm/turns.hpp"

namespace apiary {

// An ended job stays this long, so that a client that was told its path late still finds the result.
inline constexpr auto job_retention = std::chrono::seconds{60};
// … but no more than this many: a client that asks in a loop must not fill the daemon. The oldest go first.
inline constexpr std::size_t max_ended_jobs = 4096;

class JobBook {
public:
    JobBook(Loop& loop, Turns& turns) : loop_{loop}, turns_{turns} {}

    auto add(Job job) -> Job&;
    auto restore(Job job) -> Job&;  // of an earlier daemon: it is known already
    void progress(Job& job, std::string stage, double progress, bool cancelable);
    void finish(Job& job, JobResult result, Reason reason, std::string error);

    [[nodiscard]] auto find(std::uint64_t id) const -> Job const*;
    [[nodiscard]] auto all() const -> std::vector<Job const*>;

private:
    struct Ended {
        MonoTime at;
        std::uint64_t id;
        std::uint64_t turn;  // that tells of its end
    };
    void expire();

    Loop& loop_;
    Turns& turns_;
    std::map<std::uint64_t, std::unique_ptr<Job>> jobs_;
    std::deque<Ended> ended_;
    Handle timer_;
    bool expiring_ = false;  // posted, for there are too many
};

}  // namespace apiary
