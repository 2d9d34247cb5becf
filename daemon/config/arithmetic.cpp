// $(( )): whole numbers of 64 bits with C's rules, and an error wherever C would have none.
#include <algorithm>
#include <charconv>
#include <limits>

#include "config/characters.hpp"
#include "config/evaluate.hpp"
#include "config/text.hpp"

namespace apiary::config {

namespace {

using Kind = ArithmeticStep::Kind;
using Number = std::optional<std::int64_t>;

enum class Literal { good, not_a_number, too_large };

// A C literal without sign: 0x1f, 017, 15.
auto read_literal(std::string_view digits, bool negative, std::int64_t& out) -> Literal {
    int base = 10;
    if (digits.starts_with("0x") || digits.starts_with("0X")) {
        base = 16;
        digits.remove_prefix(2);
    } else if (digits.size() > 1 && digits.front() == '0') {
        base = 8;
    }
    std::uint64_t value = 0;
    auto const* const end = digits.data() + digits.size();
    auto const [stop, error] = std::from_chars(digits.data(), end, value, base);
    if (digits.empty() || stop != end || error == std::errc::invalid_argument) {
        return Literal::not_a_number;
    }
    auto const most = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
    if (error != std::errc{} || value > most + (negative ? 1U : 0U)) {
        return Literal::too_large;
    }
    out = negative ? static_cast<std::int64_t>(~value + 1U) : static_cast<std::int64_t>(value);
    return Literal::good;
}

class Calculator {
public:
    Calculator(Scope const& scope, Provenance& from, EvaluateReport const& report)
        : scope_{scope}, from_{from}, report_{report} {}

    auto run(std::vector<ArithmeticStep> const& steps) -> Number {
        for (ArithmeticStep const& step : steps) {
            Number const result = one(step);
            if (!result) {
                return std::nullopt;
            }
            stack_.push_back(*result);
        }
        return stack_.back();
    }

private:
    auto pop() -> std::int64_t {
        std::int64_t const value = stack_.back();
        stack_.pop_back();
        return value;
    }

    // `shown` gives the words for it, which are needed where something is wrong with it alone.
    template <typename Shown>
    auto literal(ArithmeticStep const& step, std::string_view digits, bool negative, Shown shown) -> Number {
        std::int64_t value = 0;
        switch (read_literal(digits, negative, value)) {
            case Literal::good:
                return value;
            case Literal::not_a_number:
                report_(step.at, shown() + " is not a number");
                return std::nullopt;
            case Literal::too_large:
                break;
        }
        report_(step.at, "arithmetic overflow: " + shown() + " does not fit in 64 bits");
        return std::nullopt;
    }

    auto variable(ArithmeticStep const& step) -> Number {
        Text const* const found = scope_.find(step.text);
        if (found == nullptr) {
            report_(step.at, "undefined variable " + quoted_text(step.text));
            return std::nullopt;
        }
        from_.add(found->from);
        std::string_view digits = found->text;
        digits.remove_prefix(std::min(digits.find_first_not_of(" \t\n"), digits.size()));  // as bmd takes it
        bool const negative = digits.starts_with('-');
        if (negative || digits.starts_with('+')) {
            digits.remove_prefix(1);
        }
        return literal(step, !digits.empty() && is_digit(digits.front()) ? digits : std::string_view{}, negative, [&] {
            return quoted_text("$" + std::string{step.text}) + ", which is " + quoted_text(found->text) + ",";
        });
    }

    auto one(ArithmeticStep const& step) -> Number {
        switch (step.kind) {
            case Kind::number:
                return literal(step, step.text, step.negative, [&] { return quoted_text(step.text); });
            case Kind::variable:
                return variable(step);
            case Kind::negate: {
                std::int64_t const value = pop();
                std::int64_t result = 0;
                return checked(step, __builtin_sub_overflow(std::int64_t{0}, value, &result), result);
            }
            default:
                return binary(step);
        }
    }

    auto binary(ArithmeticStep const& step) -> Number {
        std::int64_t const right = pop(), left = pop();
        std::int64_t result = 0;
        switch (step.kind) {
            case Kind::plus:
                return checked(step, __builtin_add_overflow(left, right, &result), result);
            case Kind::minus:
                return checked(step, __builtin_sub_overflow(left, right, &result), result);
            case Kind::times:
                return checked(step, __builtin_mul_overflow(left, right, &result), result);
            default:
                break;
        }
        if (right == 0) {
            report_(step.at, "division by zero");
            return std::nullopt;
        }
        if (right == -1) {  // the smallest number has no counterpart: the processor would trap
            bool const divides = step.kind == Kind::divide;
            bool const overflow = divides && __builtin_sub_overflow(std::int64_t{0}, left, &result);
            return checked(step, overflow, divides ? result : 0);
        }
        return step.kind == Kind::divide ? left / right : left % right;
    }

    auto checked(ArithmeticStep const& step, bool overflow, std::int64_t result) -> Number {
        if (overflow) {
            report_(step.at, "arithmetic overflow: the result does not fit in 64 bits");
            return std::nullopt;
        }
        return result;
    }

    Scope const& scope_;
    Provenance& from_;
    EvaluateReport const& report_;
    std::vector<std::int64_t> stack_;
};

}  // namespace

auto calculate(std::vector<ArithmeticStep> const& steps, Scope const& scope, Provenance& from,
               EvaluateReport const& report) -> std::optional<std::int64_t> {
    return Calculator{scope, from, report}.run(steps);
}

}  // namespace apiary::config
