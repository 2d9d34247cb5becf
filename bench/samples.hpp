// Latencies of one kind, and how they compare with those of another.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace apiary::bench {

// CLOCK_MONOTONIC, nanoseconds.
[[nodiscard]] auto now_ns() -> std::int64_t;

class Samples {
public:
    explicit Samples(std::string name) : name_{std::move(name)} {}
    void add(std::int64_t nanoseconds) { values_.push_back(nanoseconds); }
    [[nodiscard]] auto name() const -> std::string const& { return name_; }
    [[nodiscard]] auto count() const -> std::size_t { return values_.size(); }
    [[nodiscard]] auto quantile(double which) const -> double;  // microseconds

private:
    std::string name_;
    std::vector<std::int64_t> values_;
};

// Two lines: the limit and ours, and the ratio of their medians.
void print(char const* title, Samples const& limit, Samples const& ours);

}  // namespace apiary::bench
