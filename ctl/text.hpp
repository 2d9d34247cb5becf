// Words and figures for people.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace apiary::ctl {

[[nodiscard]] auto lower(std::string_view text) -> std::string;  // ASCII letters only, as names are compared

// Texts come from configurations, hypervisors and guests: no control character of theirs reaches the terminal.
// Newlines become blanks too, unless they are wanted.
[[nodiscard]] auto printable(std::string_view text, bool newlines = false) -> std::string;

// How many columns a terminal needs for it: code points (nothing wider is expected).
[[nodiscard]] auto columns_of(std::string_view text) -> std::size_t;
// At most `columns` wide; what is cut off is replaced by `ellipsis`.
[[nodiscard]] auto cut(std::string_view text, std::size_t columns, std::string_view ellipsis) -> std::string;

[[nodiscard]] auto bytes_text(std::uint64_t bytes) -> std::string;         // "512M", "1.5G"
[[nodiscard]] auto utc_text(std::uint64_t microseconds) -> std::string;    // "2026-11-20T18:00:22.123456Z"; empty for 0
[[nodiscard]] auto local_text(std::uint64_t microseconds) -> std::string;  // "2026-11-20 18:00:22.123"
[[nodiscard]] auto micros_text(std::uint64_t microseconds) -> std::string;  // of a time that something takes: "1.5 ms"
[[nodiscard]] auto percent_text(double fraction) -> std::string;            // "40%"
[[nodiscard]] auto state_text(std::string_view state, std::string_view sub_state)
    -> std::string;                                                   // "starting/prestart"
[[nodiscard]] auto shell_word(std::string_view text) -> std::string;  // quoted for a shell where that is needed

}  // namespace apiary::ctl
