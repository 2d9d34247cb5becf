#include "samples.hpp"

#include <algorithm>
#include <cstdio>
#include <ctime>

namespace apiary::bench {

auto now_ns() -> std::int64_t {
    timespec time{};
    clock_gettime(CLOCK_MONOTONIC, &time);
    return std::int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
}

auto Samples::quantile(double which) const -> double {
    if (values_.empty()) {
        return 0;
    }
    auto sorted = values_;
    std::sort(sorted.begin(), sorted.end());
    auto const index = static_cast<std::size_t>(which * static_cast<double>(sorted.size() - 1));
    return static_cast<double>(sorted[index]) / 1000.0;
}

void print(char const* title, Samples const& limit, Samples const& ours) {
    std::printf("%s\n", title);
    for (auto const* const samples : {&limit, &ours}) {
        std::printf("  %-44s min %8.1f  p50 %8.1f  p99 %8.1f us  (%zu)\n", samples->name().c_str(),
                    samples->quantile(0), samples->quantile(0.5), samples->quantile(0.99), samples->count());
    }
    std::printf("  ratio of p50: %.2f   ratio of p99: %.2f\n\n", ours.quantile(0.5) / limit.quantile(0.5),
                ours.quantile(0.99) / limit.quantile(0.99));
}

}  // namespace apiary::bench
