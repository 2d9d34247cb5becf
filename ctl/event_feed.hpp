// What comes over the stream of Journal.Open: bytes in, events out, each once, and the place to go on from.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ctl/model.hpp"

namespace apiary::ctl {

class EventFeed {
public:
    explicit EventFeed(EventFilter filter) : filter_{std::move(filter)} {}

    // A stream begins: everything up to this number is known, or is not wanted.
    void begin(std::uint64_t after);
    // What it says; pieces of lines are kept until the rest comes. Gives what to show. Throws Failure where this is no
    // such stream.
    [[nodiscard]] auto take(std::string_view bytes) -> std::vector<Event>;

    // Everything up to this number was told, or is not wanted: with it the next stream begins.
    [[nodiscard]] auto after() const -> std::uint64_t { return after_; }
    // Whose numbers these are, as its first line says; empty: that has not come yet.
    [[nodiscard]] auto stream() const -> std::string const& { return stream_; }
    // The newest event was reached once.
    [[nodiscard]] auto caught_up() const -> bool { return caught_up_; }
    // The journal has lost what comes next; this is the oldest that is left.
    [[nodiscard]] auto truncated() const -> std::optional<std::uint64_t> { return truncated_; }

private:
    void take_line(std::string_view line, std::vector<Event>& show);
    [[nodiscard]] auto wanted(Event const& event) const -> bool;

    EventFilter filter_;
    std::string partial_, stream_;
    std::uint64_t after_ = 0;
    bool caught_up_ = false;
    std::optional<std::uint64_t> truncated_;
};

}  // namespace apiary::ctl
