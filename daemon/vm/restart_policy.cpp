#include "vm/restart_policy.hpp"

#include <algorithm>
#include <array>
#include <ctime>
#include <utility>

namespace apiary {
namespace {

// More of a row than this change nothing: 2^20 times any pause is beyond every bound.
constexpr std::size_t longest_row = 20;

auto utc_text(WallTime when) -> std::string {
    auto const seconds =
        std::chrono::system_clock::to_time_t(std::chrono::time_point_cast<std::chrono::system_clock::duration>(when));
    std::tm parts{};
    ::gmtime_r(&seconds, &parts);
    std::array<char, sizeof "9999-12-31T23:59:59Z"> text{};
    auto const length = std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%SZ", &parts);
    return {text.data(), length};
}

auto within_text(RestartLimit limit) -> std::string {
    return "within " + std::to_string(limit.within.count()) + " s";
}

}  // namespace

auto restarts_after(Reason why) -> bool {
    switch (why) {
        case Reason::none:
        case Reason::requested:
        case Reason::stop_timeout:        // the end of a stop
        case Reason::host_shutdown:       // the boot policy of the next daemon decides
        case Reason::plugin_unavailable:  // until somebody brings it
        case Reason::restart_limit:
            return false;
        default:
            return true;
    }
}

auto RestartHistory::count(RestartLimit limit, WallTime now) const -> std::size_t {
    return static_cast<std::size_t>(std::count_if(
        stamps_.begin(), stamps_.end(), [&](WallTime stamp) { return stamp <= now && now - stamp < limit.within; }));
}

auto RestartHistory::is_used_up(RestartLimit limit, WallTime now) const -> bool {
    return count(limit, now) >= std::min<std::size_t>(limit.restarts, most);
}

auto RestartHistory::pause(WallTime now, Duration first, Duration last) const -> Duration {
    auto later = now;
    std::size_t row = 0;
    for (auto stamp = stamps_.rbegin(); stamp != stamps_.rend() && row < longest_row; ++stamp, ++row) {
        if (*stamp > later || later - *stamp >= row_gap) {
            break;
        }
        later = *stamp;
    }
    auto pause = first;
    for (; row > 0 && pause < last; --row) {
        pause *= 2;
    }
    return std::min(pause, last);
}

void RestartHistory::add(WallTime at, RestartLimit limit) {
    stamps_.erase(std::remove_if(stamps_.begin(), stamps_.end(), [at](WallTime stamp) { return stamp > at; }),
                  stamps_.end());
    stamps_.push_back(at);
    auto const counts =
        std::find_if(stamps_.begin(), stamps_.end(), [&](WallTime stamp) { return at - stamp < limit.within; });
    auto const in_window = static_cast<std::size_t>(stamps_.end() - counts);
    auto const kept = std::min(std::max(in_window, longest_row), most);
    if (stamps_.size() > kept) {
        stamps_.erase(stamps_.begin(), stamps_.end() - static_cast<std::ptrdiff_t>(kept));
    }
}

auto limit_text(std::size_t restarts, RestartLimit limit, Reason last, std::string const& last_text) -> std::string {
    std::string text = limit.restarts == 0
                           ? "it may not be restarted (maxrestart is 0)"
                           : "it was restarted " + std::to_string(restarts) + (restarts == 1 ? " time " : " times ") +
                                 within_text(limit) + " (maxrestart, maxrestarttime)";
    text += "; its last end: " + std::string{to_string(last)};
    return last_text.empty() ? text : text + ": " + last_text;
}

auto restart_text(std::size_t restarts, RestartLimit limit, WallTime due, std::string const& last_text) -> std::string {
    auto const text = "it is started again at " + utc_text(due) + " (restart " + std::to_string(restarts) +
                      " of at most " + std::to_string(limit.restarts) + " " + within_text(limit) + ")";
    return last_text.empty() ? text : text + "; its end: " + last_text;
}

}  // namespace apiary
