// Where to begin in the journal, as people write it.
#include "ctl/since.hpp"

#include <array>
#include <charconv>
#include <chrono>
#include <ctime>
#include <limits>
#include <string>

#include "ctl/text.hpp"

namespace apiary::ctl {

namespace {

constexpr std::uint64_t second = 1'000'000;
constexpr std::uint64_t latest = std::numeric_limits<std::uint64_t>::max() / 4;

// Takes from the front of a text.
class Scanner {
public:
    explicit Scanner(std::string_view text) : text_{text} {}

    [[nodiscard]] auto at_end() const -> bool { return text_.empty(); }
    void skip_blanks() {
        while (!text_.empty() && text_.front() == ' ') {
            text_.remove_prefix(1);
        }
    }
    auto accept(std::string_view what) -> bool {
        bool const there = text_.starts_with(what);
        text_.remove_prefix(there ? what.size() : 0);
        return there;
    }
    auto number() -> std::optional<std::uint64_t> {
        std::uint64_t value = 0;
        auto const [end, error] = std::from_chars(text_.data(), text_.data() + text_.size(), value);
        if (error != std::errc{}) {
            return std::nullopt;
        }
        text_.remove_prefix(static_cast<std::size_t>(end - text_.data()));
        return value;
    }
    // Of exactly so many digits.
    auto digits(std::size_t count) -> std::optional<int> {
        int value = 0;
        if (text_.size() < count || text_.substr(0, count).find_first_not_of("0123456789") != std::string_view::npos) {
            return std::nullopt;
        }
        std::from_chars(text_.data(), text_.data() + count, value);
        text_.remove_prefix(count);
        return value;
    }
    auto letters() -> std::string_view {
        auto const end = text_.find_first_not_of("abcdefghijklmnopqrstuvwxyz");
        auto const word = text_.substr(0, end);
        text_.remove_prefix(word.size());
        return word;
    }
    // ".25" in microseconds; what is finer is dropped.
    auto fraction() -> std::optional<std::uint64_t> {
        if (!accept(".")) {
            return 0;
        }
        std::uint64_t value = 0, unit = second / 10;
        auto const before = text_.size();
        while (!text_.empty() && text_.front() >= '0' && text_.front() <= '9') {
            value += static_cast<std::uint64_t>(text_.front() - '0') * unit;
            unit /= 10;
            text_.remove_prefix(1);
        }
        return before == text_.size() ? std::nullopt : std::optional{value};
    }

private:
    std::string_view text_;
};

auto unit_of(std::string_view word) -> std::uint64_t {
    struct Unit {
        std::array<std::string_view, 5> words;
        std::uint64_t length;
    };
    constexpr std::array units{
        Unit{{"s", "sec", "secs", "second", "seconds"}, second},
        Unit{{"m", "min", "mins", "minute", "minutes"}, 60 * second},
        Unit{{"h", "hr", "hrs", "hour", "hours"}, 3600 * second},
        Unit{{"d", "day", "days", "day", "days"}, 86400 * second},
        Unit{{"w", "week", "weeks", "week", "weeks"}, std::uint64_t{7} * 86400 * second},
    };
    for (auto const& unit : units) {
        for (auto const candidate : unit.words) {
            if (candidate == word) {
                return unit.length;
            }
        }
    }
    return 0;
}

// "10 min ago", "1 h 30 min ago", "-90s"
auto before_now(std::string_view text, std::uint64_t now) -> std::optional<std::uint64_t> {
    Scanner scan{text};
    bool past = scan.accept("-");
    std::uint64_t length = 0;
    for (bool first = true;; first = false) {
        scan.skip_blanks();
        if (!first && scan.at_end()) {
            break;
        }
        if (!first && !past && scan.accept("ago")) {
            past = true;
            break;
        }
        auto const count = scan.number();
        scan.skip_blanks();
        auto const unit = unit_of(scan.letters());
        if (!count || unit == 0 || *count > latest / unit) {
            return std::nullopt;
        }
        length += *count * unit;
        if (length > latest) {
            return std::nullopt;
        }
    }
    if (!past || !scan.at_end()) {
        return std::nullopt;
    }
    return now > length ? now - length : 0;
}

auto in_range(int value, int least, int most) -> bool {
    return value >= least && value <= most;
}

struct Zone {
    bool local = true;
    int offset = 0;  // seconds east of UTC
};

auto zone(Scanner& scan) -> std::optional<Zone> {
    if (scan.at_end()) {
        return Zone{};
    }
    if (scan.accept("z")) {
        return Zone{false, 0};
    }
    int const sign = scan.accept("+") ? 1 : scan.accept("-") ? -1 : 0;
    auto const hours = scan.digits(2);
    scan.accept(":");
    auto const minutes = scan.digits(2);
    if (sign == 0 || !hours || !minutes || *hours > 23 || *minutes > 59) {
        return std::nullopt;
    }
    return Zone{false, sign * (*hours * 3600 + *minutes * 60)};
}

auto in_micros(std::tm parts, Zone const& where, std::uint64_t fraction) -> std::optional<std::uint64_t> {
    auto const day = parts.tm_mday;
    parts.tm_isdst = -1;
    auto const seconds = where.local ? std::mktime(&parts) : ::timegm(&parts) - where.offset;
    if (parts.tm_mday != day || seconds < 0) {  // the 31st of February
        return std::nullopt;
    }
    return static_cast<std::uint64_t>(seconds) * second + fraction;
}

// RFC 3339, with a blank for the T, and without seconds, time or zone too.
auto calendar(std::string_view text) -> std::optional<std::uint64_t> {
    Scanner scan{text};
    std::tm parts{};
    auto const year = scan.digits(4);
    bool good = scan.accept("-");
    auto const month = scan.digits(2);
    good = scan.accept("-") && good;
    auto const day = scan.digits(2);
    if (!good || !year || !month || !day || !in_range(*year, 1970, 9999) || !in_range(*month, 1, 12) ||
        !in_range(*day, 1, 31)) {
        return std::nullopt;
    }
    parts.tm_year = *year - 1900;
    parts.tm_mon = *month - 1;
    parts.tm_mday = *day;
    if (scan.at_end()) {
        return in_micros(parts, {}, 0);
    }
    if (!scan.accept("t") && !scan.accept(" ")) {
        return std::nullopt;
    }
    auto const hour = scan.digits(2);
    good = scan.accept(":");
    auto const minute = scan.digits(2);
    auto const seconds = scan.accept(":") ? scan.digits(2) : std::optional{0};
    auto const fraction = scan.fraction();
    scan.skip_blanks();
    auto const where = zone(scan);
    if (!good || !hour || !minute || !seconds || !fraction || !where || !scan.at_end() || *hour > 23 || *minute > 59 ||
        *seconds > 60) {
        return std::nullopt;
    }
    parts.tm_hour = *hour;
    parts.tm_min = *minute;
    parts.tm_sec = *seconds;
    return in_micros(parts, *where, *fraction);
}

auto midnight(std::uint64_t now, int days_ago) -> std::optional<std::uint64_t> {
    auto const seconds = static_cast<std::time_t>(now / second);
    std::tm parts{};
    if (::localtime_r(&seconds, &parts) == nullptr) {
        return std::nullopt;
    }
    parts.tm_hour = parts.tm_min = parts.tm_sec = 0;
    parts.tm_mday -= days_ago;
    parts.tm_isdst = -1;
    auto const begin = std::mktime(&parts);
    return begin < 0 ? std::nullopt : std::optional{static_cast<std::uint64_t>(begin) * second};
}

auto time_from(std::string_view text, std::uint64_t now) -> std::optional<std::uint64_t> {
    if (text == "now") {
        return now;
    }
    if (text == "today" || text == "yesterday") {
        return midnight(now, text == "today" ? 0 : 1);
    }
    if (text.starts_with('@')) {
        Scanner scan{text.substr(1)};
        auto const seconds = scan.number();
        auto const fraction = scan.fraction();
        bool const good = seconds && fraction && scan.at_end() && *seconds < latest / second;
        return good ? std::optional{*seconds * second + *fraction} : std::nullopt;
    }
    auto const date = calendar(text);
    return date ? date : before_now(text, now);
}

}  // namespace

auto now_in_micros() -> std::uint64_t {
    auto const now = std::chrono::system_clock::now().time_since_epoch();
    return static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::microseconds>(now).count());
}

auto parse_since(std::string_view text, std::uint64_t now) -> std::optional<Since> {
    Scanner scan{text};
    if (auto const number = scan.number(); number && scan.at_end()) {
        return Since{number, {}};
    }
    auto const time = time_from(lower(text), now);
    return time ? std::optional{Since{{}, time}} : std::nullopt;
}

}  // namespace apiary::ctl
