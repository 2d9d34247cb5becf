// Small helpers on texts: for messages, and for reading numbers and words.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace apiary::config {

// For messages: in single quotes, shortened, and with everything escaped that could upset a terminal or a log.
[[nodiscard]] auto quoted_text(std::string_view text) -> std::string;

[[nodiscard]] auto lower(std::string_view text) -> std::string;
[[nodiscard]] auto equal_fold(std::string_view a, std::string_view b) -> bool;  // without case, ASCII

// The candidate that `word` is probably a misspelling of; empty: none is near.
[[nodiscard]] auto nearest(std::string_view word, std::vector<std::string_view> const& candidates) -> std::string_view;
// "; did you mean 'x'?", or nothing.
[[nodiscard]] auto did_you_mean(std::string_view word, std::vector<std::string_view> const& candidates) -> std::string;

// "a, b or c"
[[nodiscard]] auto list_of(std::vector<std::string_view> const& words) -> std::string;

// A decimal number with nothing around it but an optional sign and, as for bmd, blanks before it.
[[nodiscard]] auto parse_integer(std::string_view text) -> std::optional<std::int64_t>;
// The same, or hexadecimal (0x…) or octal (0…) as in C.
[[nodiscard]] auto parse_c_integer(std::string_view text) -> std::optional<std::int64_t>;
// Digits only.
[[nodiscard]] auto parse_unsigned(std::string_view text) -> std::optional<std::uint64_t>;

[[nodiscard]] auto split(std::string_view text, char separator) -> std::vector<std::string_view>;

}  // namespace apiary::config
