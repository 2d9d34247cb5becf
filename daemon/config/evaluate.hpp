// Working out values: variables, arithmetic, and whose word each result is.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/tree.hpp"
#include "config/variables.hpp"

namespace apiary::config {

// Where a variable is looked for, in this order. An assignment goes to `local`.
struct Scope {
    Variables const* arguments = nullptr;  // of the template that is being read
    Variables const* local = nullptr;
    Variables const* global = nullptr;

    [[nodiscard]] auto find(std::string_view name) const -> Text const*;
};

// What may still be spent on files of one owner: nested templates and variables can describe far more than a machine
// can hold.
struct Budget {
    std::uint64_t steps = 0;  // values and statements
    std::uint64_t bytes = 0;  // of their texts

    auto spend(std::uint64_t more_steps, std::uint64_t more_bytes) -> bool;  // false: it is used up
    [[nodiscard]] auto exhausted() const -> bool { return steps == 0 || bytes == 0; }
};

inline constexpr std::size_t longest_value = std::size_t{64} * 1024;

using EvaluateReport = std::function<void(Position, std::string)>;

// A text that stands in the tree or in the `room` that it was given.
struct TextView {
    std::string_view text;
    Provenance from;
};

// Nothing: it has no value, and that was reported. `written` is where the value stands. Changes `room` unless the value
// is a plain text.
[[nodiscard]] auto evaluate(Value const& value, Scope const& scope, Provenance const& written, Budget& budget,
                            EvaluateReport const& report, std::string& room) -> std::optional<TextView>;

// The same, for who keeps the text.
[[nodiscard]] auto evaluate(Value const& value, Scope const& scope, Provenance const& written, Budget& budget,
                            EvaluateReport const& report) -> std::optional<Text>;

// An expression alone. Nothing: as above.
[[nodiscard]] auto calculate(std::vector<ArithmeticStep> const& steps, Scope const& scope, Provenance& from,
                             EvaluateReport const& report) -> std::optional<std::int64_t>;

}  // namespace apiary::config
