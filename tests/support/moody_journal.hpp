// A journal that is busy for a moment, or that cannot be written at all, as the test says.
#pragma once

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "store/ring_journal.hpp"

namespace apiary::test {

class MoodyJournal : public Journal {
public:
    void append(Event& event) override { ring_.append(event); }
    auto commit() -> bool override {
        ++commits;
        committed = works ? last() : committed;
        return works;
    }
    [[nodiscard]] auto ready() const -> bool override { return is_ready; }
    void when_ready(std::function<void()> callback) override { waiting.push_back(std::move(callback)); }
    [[nodiscard]] auto fault() const -> std::string override { return works ? "" : "the disk is full"; }
    [[nodiscard]] auto last_of(std::string_view) const -> std::uint64_t override { return 41; }
    [[nodiscard]] auto stream() const -> std::string const& override { return ring_.stream(); }
    [[nodiscard]] auto last() const -> std::uint64_t override { return ring_.last(); }
    [[nodiscard]] auto read(std::uint64_t after, std::size_t max, std::function<bool(Event const&)> const& wanted) const
        -> Page override {
        return ring_.read(after, max, wanted);
    }
    void become_ready() {
        is_ready = true;
        for (auto const& callback : std::exchange(waiting, {})) {
            callback();
        }
    }

    bool works = true, is_ready = true;
    int commits = 0;
    std::uint64_t committed = 0;  // the last event that is
    std::vector<std::function<void()>> waiting;

private:
    store::RingJournal ring_{"s", 1000};
};

}  // namespace apiary::test
