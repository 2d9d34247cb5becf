// What a kill point does when it is the one that is armed.
#include "vm/kill_point.hpp"

#ifndef APIARY_NO_KILL_POINTS

#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <charconv>
#include <csignal>
#include <cstdlib>

// Made by every ELF linker for a section whose name is an identifier.
extern "C" {
extern apiary::KillPoint __start_apiary_kill_points[] __attribute__((weak));  // NOLINT(bugprone-reserved-identifier)
extern apiary::KillPoint __stop_apiary_kill_points[] __attribute__((weak));   // NOLINT(bugprone-reserved-identifier)
}

namespace apiary {
namespace {

class Armed {
public:
    Armed() noexcept {
        char const* const set = std::getenv("APIARY_KILL_AT");  // NOLINT(concurrency-mt-unsafe): nobody changes it
        std::string_view const text = set != nullptr ? set : "";
        auto const colon = text.find(':');
        name_ = text.substr(0, colon);
        int passage = 1;
        if (colon != std::string_view::npos) {
            std::from_chars(text.data() + colon + 1, text.data() + text.size(), passage);
        }
        left_ = passage;
    }
    void pass(KillPoint const& point) noexcept {
        if (!name_.empty() && name_ == point.name && --left_ == 0) {
            ::kill(::getpid(), SIGKILL);
        }
    }

private:
    std::string_view name_;
    std::atomic<int> left_{0};
};

}  // namespace

void pass(KillPoint const& point) noexcept {
    static Armed armed;
    armed.pass(point);
}

auto kill_points() -> std::vector<std::string_view> {
    std::vector<std::string_view> names;
    for (auto const* point = __start_apiary_kill_points; point < __stop_apiary_kill_points; ++point) {
        names.emplace_back(point->name);
    }
    std::sort(names.begin(), names.end());
    return names;
}

}  // namespace apiary

#endif
