// A value of a configuration without the types of any program: what is shown to people and to other programs.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace apiary::config {

struct Neutral;
using NeutralList = std::vector<Neutral>;
using NeutralRecord = std::vector<std::pair<std::string_view, Neutral>>;  // names are literals

struct Neutral {
    // No value at all: the key was not set and has no default.
    using Null = std::monostate;
    std::variant<Null, bool, std::int64_t, std::string, NeutralList, NeutralRecord> data;

    Neutral() = default;
    explicit Neutral(bool value) : data{value} {}
    explicit Neutral(std::int64_t value) : data{value} {}
    explicit Neutral(std::string value) : data{std::move(value)} {}
    explicit Neutral(std::string_view value) : data{std::string{value}} {}
    explicit Neutral(char const* value) : data{std::string{value}} {}
    explicit Neutral(NeutralList value) : data{std::move(value)} {}
    explicit Neutral(NeutralRecord value) : data{std::move(value)} {}

    [[nodiscard]] auto is_null() const -> bool { return std::holds_alternative<Null>(data); }
    friend auto operator==(Neutral const&, Neutral const&) -> bool = default;
};

}  // namespace apiary::config
