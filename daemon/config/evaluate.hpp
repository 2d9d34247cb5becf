// Working out values: variables, arithmetic, and whose word each result is.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/tree.hpp"

namespace apiary::config {

// Whose word a text is. Trusted: every part of it was written in root's files.
struct Provenance {
    bool trusted = true;
    bool mixed = false;  // parts of it come from files of different owners, none of them root
    uid_t owner = 0;     // where not trusted: who owns the file

    void add(Provenance const& other);
    friend auto operator==(Provenance const&, Provenance const&) -> bool = default;
};

struct Text {
    std::string text;
    Provenance from;
};

using Variables = std::map<std::string, Text, std::less<>>;

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

// Nothing: it has no value, and that was reported. `written` is where the value stands.
[[nodiscard]] auto evaluate(Value const& value, Scope const& scope, Provenance const& written, Budget& budget,
                            EvaluateReport const& report) -> std::optional<Text>;

// An expression alone. Nothing: as above.
[[nodiscard]] auto calculate(std::vector<ArithmeticStep> const& steps, Scope const& scope, Provenance& from,
                             EvaluateReport const& report) -> std::optional<std::int64_t>;

}  // namespace apiary::config
