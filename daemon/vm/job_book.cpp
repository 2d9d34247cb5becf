#include "vm/job_book.hpp"

#include <algorithm>
#include <utility>

namespace apiary {

auto JobBook::add(Job job) -> Job& {
    job.started = loop_.wall();
    auto const id = job.id;
    auto& added = *jobs_.emplace(id, std::make_unique<Job>(std::move(job))).first->second;
    turns_.job_added(added);
    return added;
}

auto JobBook::restore(Job job) -> Job& {
    auto const id = job.id;
    return *jobs_.emplace(id, std::make_unique<Job>(std::move(job))).first->second;
}

void JobBook::progress(Job& job, std::string stage, double progress, bool cancelable) {
    auto const risen = std::max(job.progress, progress);
    if (job.stage == stage && job.progress == risen && job.cancelable == cancelable) {
        return;
    }
    job.stage = std::move(stage);
    job.progress = risen;
    job.cancelable = cancelable;
    turns_.job_changed(job);
}

void JobBook::finish(Job& job, JobResult result, Reason reason, std::string error) {
    job.result = result;
    job.reason = reason;
    job.error = std::move(error);
    job.stage.clear();
    job.cancelable = false;
    job.ended = loop_.wall();
    if (result == JobResult::done) {
        job.progress = 1.0;
    }
    turns_.job_changed(job);
    turns_.job_ended(job);
    ended_.push_back({loop_.now(), job.id, turns_.gathering()});
    if (ended_.size() > max_ended_jobs && !std::exchange(expiring_, true)) {
        turns_.after_commit([this] {
            loop_.post([this] {
                expiring_ = false;
                expire();
            });
        });
    }
    if (!timer_) {
        timer_ = loop_.after(job_retention, [this] { expire(); });
    }
}

void JobBook::expire() {
    auto const over = [this](Ended const& entry) {
        return entry.turn <= turns_.told() &&
               (ended_.size() > max_ended_jobs || entry.at + job_retention <= loop_.now());
    };
    while (!ended_.empty() && over(ended_.front())) {
        if (auto const it = jobs_.find(ended_.front().id); it != jobs_.end()) {
            turns_.job_removed(std::move(*it->second));
            jobs_.erase(it);
        }
        ended_.pop_front();
    }
    timer_ =
        ended_.empty() ? nullptr : loop_.after(ended_.front().at + job_retention - loop_.now(), [this] { expire(); });
}

auto JobBook::find(std::uint64_t id) const -> Job const* {
    auto const it = jobs_.find(id);
    return it == jobs_.end() ? nullptr : it->second.get();
}

auto JobBook::all() const -> std::vector<Job const*> {
    std::vector<Job const*> found;
    found.reserve(jobs_.size());
    for (auto const& [id, job] : jobs_) {
        found.push_back(job.get());
    }
    return found;
}

}  // namespace apiary
