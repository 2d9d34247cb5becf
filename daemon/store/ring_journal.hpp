// The journal in memory: a bounded ring. It does not outlive the process, so each has a stream id of its own.
#pragma once

#include <deque>

#include "vm/event.hpp"

namespace apiary::store {

class RingJournal : public Journal {
public:
    RingJournal(std::string stream, std::size_t capacity) : stream_{std::move(stream)}, capacity_{capacity} {}

    void append(Event& event) override;
    auto commit() -> bool override { return true; }
    [[nodiscard]] auto stream() const -> std::string const& override { return stream_; }
    [[nodiscard]] auto last() const -> std::uint64_t override { return last_; }
    [[nodiscard]] auto read(std::uint64_t after, std::size_t max, std::function<bool(Event const&)> const& wanted) const
        -> Page override;

private:
    std::string stream_;
    std::size_t capacity_;
    std::uint64_t last_ = 0;
    std::deque<Event> events_;  // seq last_ - size + 1 … last_
};

// 128 random bits in hexadecimal.
[[nodiscard]] auto make_stream_id() -> std::string;

}  // namespace apiary::store
