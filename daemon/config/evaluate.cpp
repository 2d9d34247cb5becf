// Values and variables; expressions are in arithmetic.cpp.
#include "config/evaluate.hpp"

#include <array>
#include <charconv>

#include "config/text.hpp"

namespace apiary::config {

auto Scope::find(std::string_view name) const -> Text const* {
    for (Variables const* variables : {arguments, local, global}) {
        if (variables != nullptr) {
            if (Text const* const found = variables->find(name)) {
                return found;
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

void append_number(std::string& out, std::int64_t number) {
    std::array<char, 24> digits{};
    auto const [end, error] = std::to_chars(digits.data(), digits.data() + digits.size(), number);
    out.append(digits.data(), end);
}

auto append_piece(Piece const& piece, Scope const& scope, std::string& out, Provenance& from,
                  EvaluateReport const& report) -> bool {
    if (piece.kind == Piece::Kind::text) {
        out += piece.text;
        return true;
    }
    if (piece.kind == Piece::Kind::arithmetic) {
        auto const number = calculate(piece.steps, scope, from, report);
        if (number) {
            append_number(out, *number);
        }
        return number.has_value();
    }
    Text const* const variable = scope.find(piece.text);
    if (variable == nullptr) {
        report(piece.at, "undefined variable " + quoted_text(piece.text));
        return false;
    }
    out += variable->text;
    from.add(variable->from);
    return true;
}

auto is_too_long(std::size_t size, Piece const& piece, EvaluateReport const& report) -> bool {
    if (size <= longest_value) {
        return false;
    }
    report(piece.at, "the value is longer than " + std::to_string(longest_value / 1024) + " KiB");
    return true;
}

auto append_pieces(Value const& value, Scope const& scope, std::string& out, Provenance& from,
                   EvaluateReport const& report) -> bool {
    for (Piece const& piece : value.pieces) {
        if (!append_piece(piece, scope, out, from, report) || is_too_long(out.size(), piece, report)) {
            return false;
        }
    }
    return true;
}

}  // namespace

auto evaluate(Value const& value, Scope const& scope, Provenance const& written, Budget& budget,
              EvaluateReport const& report, std::string& room) -> std::optional<TextView> {
    std::uint64_t steps = 1;
    for (Piece const& piece : value.pieces) {
        steps += 1 + piece.steps.size();
    }
    if (!budget.spend(steps, 0)) {
        return std::nullopt;  // reported once, by who watches over the budget
    }
    TextView out{{}, written};
    bool good = true;
    if (value.pieces.size() == 1 && value.pieces.front().kind == Piece::Kind::text) {
        out.text = value.pieces.front().text;
        good = !is_too_long(out.text.size(), value.pieces.front(), report);
    } else {
        room.clear();
        good = append_pieces(value, scope, room, out.from, report);
        out.text = room;
    }
    if (!budget.spend(0, out.text.size()) || !good) {
        return std::nullopt;
    }
    return out;
}

auto evaluate(Value const& value, Scope const& scope, Provenance const& written, Budget& budget,
              EvaluateReport const& report) -> std::optional<Text> {
    std::string room;
    auto const text = evaluate(value, scope, written, budget, report, room);
    return text ? std::optional{Text{std::string{text->text}, text->from}} : std::nullopt;
}

}  // namespace apiary::config
