// Expressions: $(( 2 * ($ID + 1) )), turned into postfix order.
#include "config/parser_state.hpp"

namespace apiary::config {

namespace {
constexpr unsigned deepest_nesting = 100;  // of parentheses: each costs a few frames of stack
}

auto Parser::arithmetic(Piece& piece) -> bool {
    return sum(piece, 0) && expect(TokenKind::arith_close, "an operator or '))'");
}

auto Parser::sum(Piece& piece, unsigned depth) -> bool {
    if (!product(piece, depth)) {
        return false;
    }
    while (is(TokenKind::plus) || is(TokenKind::minus)) {
        ArithmeticStep const step{is(TokenKind::plus) ? ArithmeticStep::Kind::plus : ArithmeticStep::Kind::minus, false,
                                  token_.at, token_.text};
        advance();
        if (!product(piece, depth)) {
            return false;
        }
        piece.steps.push_back(step);
    }
    return true;
}

auto Parser::product(Piece& piece, unsigned depth) -> bool {
    if (!operand(piece, depth)) {
        return false;
    }
    while (is(TokenKind::times) || is(TokenKind::divide) || is(TokenKind::modulo)) {
        auto const kind = is(TokenKind::times)    ? ArithmeticStep::Kind::times
                          : is(TokenKind::divide) ? ArithmeticStep::Kind::divide
                                                  : ArithmeticStep::Kind::modulo;
        ArithmeticStep const step{kind, false, token_.at, token_.text};
        advance();
        if (!operand(piece, depth)) {
            return false;
        }
        piece.steps.push_back(step);
    }
    return true;
}

// A minus sign stands before a number, a variable or a group, once.
auto Parser::operand(Piece& piece, unsigned depth) -> bool {
    Position const at = token_.at;
    bool const negative = accept(TokenKind::minus);
    if (is(TokenKind::number)) {
        piece.steps.push_back({ArithmeticStep::Kind::number, negative, at, token_.text});
        advance();
        return true;
    }
    if (is(TokenKind::variable)) {
        piece.steps.push_back({ArithmeticStep::Kind::variable, false, token_.at, token_.text});
        advance();
    } else if (!group(piece, depth)) {
        return false;
    }
    if (negative) {
        piece.steps.push_back({ArithmeticStep::Kind::negate, false, at, {}});
    }
    return true;
}

auto Parser::group(Piece& piece, unsigned depth) -> bool {
    if (!is(TokenKind::paren_open)) {
        return fail(is(TokenKind::stray) ? "a number, a variable with its $, or '('" : "a number, a variable or '('");
    }
    if (depth >= deepest_nesting) {
        return fail("at most " + std::to_string(deepest_nesting) + " nested parentheses");
    }
    advance();
    return sum(piece, depth + 1) && expect(TokenKind::paren_close, "an operator or ')'");
}

}  // namespace apiary::config
