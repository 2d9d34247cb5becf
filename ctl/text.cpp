// Words and figures for people.
#include "ctl/text.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <ctime>

namespace apiary::ctl {

namespace {

constexpr std::uint64_t microseconds_per_second = 1'000'000;

auto is_continuation(char byte) -> bool {
    return (static_cast<unsigned char>(byte) & 0xC0U) == 0x80U;
}

auto date_text(std::uint64_t microseconds, char const* format, bool utc) -> std::string {
    auto const seconds = static_cast<std::time_t>(microseconds / microseconds_per_second);
    std::tm parts{};
    if ((utc ? gmtime_r(&seconds, &parts) : localtime_r(&seconds, &parts)) == nullptr) {
        return std::to_string(microseconds);
    }
    std::array<char, 64> buffer{};
    return {buffer.data(), std::strftime(buffer.data(), buffer.size(), format, &parts)};
}

auto fraction_text(std::uint64_t microseconds, std::size_t digits) -> std::string {
    auto text = std::to_string(microseconds_per_second + microseconds % microseconds_per_second);
    return '.' + text.substr(1, digits);
}

}  // namespace

auto lower(std::string_view text) -> std::string {
    std::string result{text};
    for (auto& letter : result) {
        if (letter >= 'A' && letter <= 'Z') {
            letter = static_cast<char>(letter - 'A' + 'a');
        }
    }
    return result;
}

auto printable(std::string_view text, bool newlines) -> std::string {
    std::string result;
    result.reserve(text.size());
    for (std::size_t i = 0; i < text.size(); ++i) {
        auto const byte = static_cast<unsigned char>(text[i]);
        if (byte == 0xC2 && i + 1 < text.size() && static_cast<unsigned char>(text[i + 1]) < 0xA0) {
            ++i;  // U+0080 to U+009F: a terminal may take them for escape sequences
            result += '?';
        } else if (byte == '\n' && newlines) {
            result += '\n';
        } else if (byte == '\n' || byte == '\t') {
            result += ' ';
        } else if (byte < 0x20 || byte == 0x7F) {
            result += '?';
        } else {
            result += text[i];
        }
    }
    return result;
}

auto columns_of(std::string_view text) -> std::size_t {
    return text.size() - static_cast<std::size_t>(std::ranges::count_if(text, is_continuation));
}

auto cut(std::string_view text, std::size_t columns, std::string_view ellipsis) -> std::string {
    if (columns_of(text) <= columns) {
        return std::string{text};
    }
    if (columns < columns_of(ellipsis)) {
        return {};
    }
    std::size_t const kept = columns - columns_of(ellipsis);
    std::size_t end = 0;
    for (std::size_t count = 0; end < text.size(); ++end) {
        if (!is_continuation(text[end]) && count++ == kept) {
            break;
        }
    }
    return std::string{text.substr(0, end)} + std::string{ellipsis};
}

auto bytes_text(std::uint64_t bytes) -> std::string {
    constexpr std::string_view units = "KMGTPE";
    constexpr std::uint64_t step = 1024;
    if (bytes < step) {
        return std::to_string(bytes);
    }
    std::size_t unit = 0;
    std::uint64_t scale = step;
    while (unit + 1 < units.size() && bytes / scale >= step) {
        scale *= step;
        ++unit;
    }
    // At most one digit after the point.
    std::uint64_t const tenths = bytes / scale * 10 + bytes % scale / (scale / 10);
    auto text = std::to_string(tenths / 10);
    if (tenths % 10 != 0) {
        text += '.' + std::to_string(tenths % 10);
    }
    return text + units[unit];
}

auto utc_text(std::uint64_t microseconds) -> std::string {
    if (microseconds == 0) {
        return {};
    }
    return date_text(microseconds, "%Y-%m-%dT%H:%M:%S", true) + fraction_text(microseconds, 6) + 'Z';
}

auto local_text(std::uint64_t microseconds) -> std::string {
    return date_text(microseconds, "%Y-%m-%d %H:%M:%S", false) + fraction_text(microseconds, 3);
}

auto micros_text(std::uint64_t microseconds) -> std::string {
    constexpr std::uint64_t milli = 1000, second = 1'000'000, tenths = 10;
    if (microseconds < milli) {
        return std::to_string(microseconds) + " us";
    }
    auto const unit = microseconds < second ? milli : second;
    return std::to_string(microseconds / unit) + '.' + std::to_string(microseconds % unit * tenths / unit) +
           (unit == milli ? " ms" : " s");
}

auto percent_text(double fraction) -> std::string {
    auto const whole = std::lround(std::clamp(fraction, 0.0, 1.0) * 100.0);
    return std::to_string(whole) + '%';
}

auto state_text(std::string_view state, std::string_view sub_state) -> std::string {
    std::string text{state};
    if (!sub_state.empty()) {
        text += '/';
        text += sub_state;
    }
    return text;
}

auto shell_word(std::string_view text) -> std::string {
    constexpr std::string_view harmless = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-+:@%/,";
    if (!text.empty() && text.find_first_not_of(harmless) == std::string_view::npos) {
        return std::string{text};
    }
    std::string quoted = "'";
    for (char const letter : text) {
        if (letter == '\'') {
            quoted += "'\\''";
        } else {
            quoted += letter;
        }
    }
    return quoted + '\'';
}

}  // namespace apiary::ctl
