// A value of the bus's `a{sv}` dictionaries, without the bus: what the commands print and look into.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace apiary::ctl {

struct Value;
using Values = std::map<std::string, Value, std::less<>>;
using Strings = std::vector<std::string>;

struct Value : std::variant<bool, std::int64_t, std::uint64_t, double, std::string, Strings, Values> {
    using variant::variant;
    [[nodiscard]] auto as_variant() const -> variant const& { return *this; }
};

// What is absent or of another type is empty, zero, false: newer daemons may say things differently.
[[nodiscard]] auto text_of(Values const& values, std::string_view key) -> std::string;
[[nodiscard]] auto number_of(Values const& values, std::string_view key) -> std::uint64_t;
[[nodiscard]] auto real_of(Values const& values, std::string_view key) -> double;
[[nodiscard]] auto flag_of(Values const& values, std::string_view key, bool otherwise = false) -> bool;
[[nodiscard]] auto strings_of(Values const& values, std::string_view key) -> Strings;
[[nodiscard]] auto values_of(Values const& values, std::string_view key) -> Values;

// For people, on one line.
[[nodiscard]] auto shown(Value const& value) -> std::string;

}  // namespace apiary::ctl
