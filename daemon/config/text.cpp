// Texts in messages, numbers, and guesses at what was meant.
#include "config/text.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstddef>
#include <numeric>

#include "config/characters.hpp"

namespace apiary::config {

namespace {

constexpr std::size_t longest_quote = 80;
constexpr std::size_t longest_word_to_guess = 40;

// Length of the well-formed UTF-8 sequence of a printable character at the start of `text`; 0: there is none.
auto utf8_length(std::string_view text) -> std::size_t {
    auto const byte = [&](std::size_t i) {
        return i < text.size() ? static_cast<unsigned>(static_cast<unsigned char>(text[i])) : 0U;
    };
    auto const follows = [&](std::size_t i) { return (byte(i) & 0xc0U) == 0x80U; };
    unsigned const first = byte(0);
    if (first >= 0xc2 && first <= 0xdf && follows(1)) {
        return first == 0xc2 && byte(1) < 0xa0 ? 0 : 2;  // U+0080 to U+009F are control characters
    }
    if (first >= 0xe0 && first <= 0xef && follows(1) && follows(2)) {
        bool const overlong = first == 0xe0 && byte(1) < 0xa0, surrogate = first == 0xed && byte(1) >= 0xa0;
        bool const direction = first == 0xe2 && (byte(1) == 0x80 || byte(1) == 0x81);  // marks that reorder text
        return overlong || surrogate || direction ? 0 : 3;
    }
    if (first >= 0xf0 && first <= 0xf4 && follows(1) && follows(2) && follows(3)) {
        bool const outside = (first == 0xf0 && byte(1) < 0x90) || (first == 0xf4 && byte(1) >= 0x90);
        return outside ? 0 : 4;
    }
    return 0;
}

void add_escaped(std::string& out, char c) {
    constexpr std::string_view digits = "0123456789abcdef";
    auto const byte = static_cast<unsigned char>(c);
    if (c == '\n') {
        out += "\\n";
    } else if (c == '\r') {
        out += "\\r";
    } else if (c == '\t') {
        out += "\\t";
    } else {
        out += "\\x";
        out += digits[byte >> 4U];
        out += digits[byte & 15U];
    }
}

auto distance(std::string_view a, std::string_view b) -> std::size_t {
    std::array<std::array<std::size_t, longest_word_to_guess + 3>, 3> rows{};
    auto* before = rows.data();
    auto* above = before + 1;
    auto* row = above + 1;
    std::iota(above->begin(), above->end(), std::size_t{0});
    for (std::size_t i = 1; i <= a.size(); ++i) {
        row->at(0) = i;
        for (std::size_t k = 1; k <= b.size(); ++k) {
            std::size_t const change = a[i - 1] == b[k - 1] ? 0 : 1;
            row->at(k) = std::min({above->at(k) + 1, row->at(k - 1) + 1, above->at(k - 1) + change});
            if (i > 1 && k > 1 && a[i - 1] == b[k - 2] && a[i - 2] == b[k - 1]) {
                row->at(k) = std::min(row->at(k), before->at(k - 2) + 1);
            }
        }
        std::swap(before, above);
        std::swap(above, row);
    }
    return above->at(b.size());
}

}  // namespace

auto quoted_text(std::string_view text) -> std::string {
    std::string out = "'";
    while (!text.empty()) {
        if (out.size() > longest_quote) {
            return out + "…'";
        }
        char const c = text.front();
        std::size_t length = 1;
        if (c >= ' ' && c <= '~') {
            out += c;
        } else if (std::size_t const wide = utf8_length(text); wide > 0) {
            out += text.substr(0, wide);
            length = wide;
        } else {
            add_escaped(out, c);
        }
        text.remove_prefix(length);
    }
    return out + "'";
}

auto lower(std::string_view text) -> std::string {
    std::string out{text};
    std::transform(out.begin(), out.end(), out.begin(), folded);
    return out;
}

auto equal_fold(std::string_view a, std::string_view b) -> bool {
    return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](char x, char y) { return folded(x) == folded(y); });
}

auto nearest(std::string_view word, std::vector<std::string_view> const& candidates) -> std::string_view {
    if (word.empty() || word.size() > longest_word_to_guess) {
        return {};
    }
    std::size_t best = word.size() < 4 ? 1 : 2;
    std::string_view found;
    std::string const folded = lower(word);
    for (std::string_view const candidate : candidates) {
        std::size_t const longer = std::max(candidate.size(), word.size()),
                          shorter = std::min(candidate.size(), word.size());
        if (longer - shorter > best || candidate.size() > longest_word_to_guess) {
            continue;
        }
        std::size_t const away = distance(folded, lower(candidate));
        if (away < best || (away == best && found.empty())) {
            best = away;
            found = candidate;
        }
    }
    return found;
}

auto did_you_mean(std::string_view word, std::vector<std::string_view> const& candidates) -> std::string {
    std::string_view const found = nearest(word, candidates);
    return found.empty() ? std::string{} : "; did you mean " + quoted_text(found) + "?";
}

auto list_of(std::vector<std::string_view> const& words) -> std::string {
    std::string out;
    for (std::size_t i = 0; i < words.size(); ++i) {
        if (i > 0) {
            out += i + 1 == words.size() ? " or " : ", ";
        }
        out += words[i];
    }
    return out;
}

auto parse_integer(std::string_view text) -> std::optional<std::int64_t> {
    text.remove_prefix(std::min(text.find_first_not_of(" \t\n"), text.size()));
    if (text.size() > 1 && text.front() == '+' && is_digit(text[1])) {
        text.remove_prefix(1);
    }
    std::int64_t value = 0;
    auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size()) {
        return std::nullopt;
    }
    return value;
}

auto parse_c_integer(std::string_view text) -> std::optional<std::int64_t> {
    std::string_view digits = text.substr(std::min(text.find_first_not_of(" \t\n"), text.size()));
    bool const negative = digits.starts_with('-');
    if (negative || digits.starts_with('+')) {
        digits.remove_prefix(1);
    }
    if (digits.size() < 2 || digits.front() != '0') {
        return parse_integer(text);
    }
    bool const hexadecimal = digits[1] == 'x' || digits[1] == 'X';
    digits.remove_prefix(hexadecimal ? 2 : 1);
    std::int64_t value = 0;
    auto const [end, error] =
        std::from_chars(digits.data(), digits.data() + digits.size(), value, hexadecimal ? 16 : 8);
    if (error != std::errc{} || end != digits.data() + digits.size() || digits.front() == '-') {
        return std::nullopt;
    }
    return negative ? -value : value;
}

auto parse_unsigned(std::string_view text) -> std::optional<std::uint64_t> {
    if (text.empty() || !is_digit(text.front())) {
        return std::nullopt;
    }
    std::uint64_t value = 0;
    auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size()) {
        return std::nullopt;
    }
    return value;
}

auto split(std::string_view text, char separator) -> std::vector<std::string_view> {
    std::vector<std::string_view> parts;
    while (true) {
        std::size_t const at = text.find(separator);
        parts.push_back(text.substr(0, at));
        if (at == std::string_view::npos) {
            return parts;
        }
        text.remove_prefix(at + 1);
    }
}

}  // namespace apiary::config
