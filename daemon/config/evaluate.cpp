// Values and variables; expressions are in arithmetic.cpp.
#include "config/evaluate.hpp"

#include "config/text.hpp"

namespace apiary::config {

void Provenance::add(Provenance const& other) {
    if (other.trusted) {
        return;
    }
    mixed = mixed || other.mixed || (!trusted && owner != other.owner);
    if (trusted) {
        trusted = false;
        owner = other.owner;
    }
}

auto Scope::find(std::string_view name) const -> Text const* {
    for (Variables const* variables : {arguments, local, global}) {
        if (variables != nullptr) {
            if (auto const found = variables->find(name); found != variables->end()) {
                return &found->second;
            }
        }
    }
    return nullptr;
}

auto Budget::spend(std::uint64_t more_steps, std::uint64_t more_bytes) -> bool {
    if (more_steps >= steps || more_bytes >= bytes) {
        steps = bytes = 0;
        return false;
    }
    steps -= more_steps;
    bytes -= more_bytes;
    return true;
}

namespace {

auto piece_text(Piece const& piece, Scope const& scope, Text& out, EvaluateReport const& report) -> bool {
    if (piece.kind == Piece::Kind::text) {
        out.text += piece.text;
        return true;
    }
    if (piece.kind == Piece::Kind::arithmetic) {
        auto const number = calculate(piece.steps, scope, out.from, report);
        if (number) {
            out.text += std::to_string(*number);
        }
        return number.has_value();
    }
    Text const* const variable = scope.find(piece.text);
    if (variable == nullptr) {
        report(piece.at, "undefined variable " + quoted_text(piece.text));
        return false;
    }
    out.text += variable->text;
    out.from.add(variable->from);
    return true;
}

}  // namespace

auto evaluate(Value const& value, Scope const& scope, Provenance const& written, Budget& budget,
              EvaluateReport const& report) -> std::optional<Text> {
    std::uint64_t steps = 1;
    for (Piece const& piece : value.pieces) {
        steps += 1 + piece.steps.size();
    }
    if (!budget.spend(steps, 0)) {
        return std::nullopt;  // reported once, by who watches over the budget
    }
    Text out{{}, written};
    bool good = true;
    for (Piece const& piece : value.pieces) {
        good = piece_text(piece, scope, out, report);
        if (good && out.text.size() > longest_value) {
            report(piece.at, "the value is longer than " + std::to_string(longest_value / 1024) + " KiB");
            good = false;
        }
        if (!good) {
            break;
        }
    }
    if (!budget.spend(0, out.text.size()) || !good) {
        return std::nullopt;
    }
    return out;
}

}  // namespace apiary::config
