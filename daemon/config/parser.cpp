// Sections and statements; expressions are in parser_arithmetic.cpp.
#include "config/parser.hpp"

#include <utility>

#include "config/parser_state.hpp"
#include "config/text.hpp"

namespace apiary::config {

auto parse(std::string_view source, SyntaxReport const& report) -> Tree {
    return Parser{source, report}.run();
}

Parser::Parser(std::string_view source, SyntaxReport report)
    : report_{std::move(report)},
      lexer_{source, tree_.decoded, [this](Position at, std::string text) { this->report(at, std::move(text)); }} {}

auto Parser::run() -> Tree {
    advance();
    while (!is(TokenKind::end) && errors_ < most_syntax_errors) {
        top_level();
    }
    return std::move(tree_);
}

void Parser::report(Position at, std::string text) {
    tree_.failed = true;
    if (errors_ < most_syntax_errors) {
        ++errors_;
        report_(at, std::move(text));
    }
}

void Parser::advance() {
    last_ = token_;
    token_ = lexer_.next();
}

auto Parser::accept(TokenKind kind) -> bool {
    if (!is(kind)) {
        return false;
    }
    advance();
    return true;
}

auto Parser::fail(std::string const& wanted) -> bool {
    if (is(TokenKind::end)) {
        if (!lexer_.ended_inside()) {
            report(token_.at, "syntax error: the file ends here; expected " + wanted);
        }
        return false;
    }
    std::string_view const text = is(TokenKind::stray) && token_.text == "\n" ? "end of line" : token_.text;
    std::string const shown = is(TokenKind::variable) ? quoted_text("$" + std::string{text}) : quoted_text(text);
    report(token_.at, "syntax error at " + shown + ": expected " + wanted);
    lexer_.leave_arithmetic();
    return false;
}

auto Parser::expect(TokenKind kind, std::string_view wanted) -> bool {
    return accept(kind) || fail(std::string{wanted});
}

auto Parser::opens_section() const -> bool {
    return is(TokenKind::kw_global) || is(TokenKind::kw_vm) || is(TokenKind::kw_template) || is(TokenKind::kw_include);
}

// Expressions are not looked into while tokens are skipped.
void Parser::skip() {
    if (is(TokenKind::arith_open)) {
        lexer_.leave_arithmetic();
    }
    advance();
}

// After an error within a section: to the next ; or to where the section seems to end.
void Parser::skip_statement() {
    unsigned depth = 0;
    while (!is(TokenKind::end)) {
        if (opens_section() && token_.first_on_line) {
            return;
        }
        if (is(TokenKind::brace_open)) {
            ++depth;
        } else if (is(TokenKind::brace_close) && depth-- == 0) {
            return;
        } else if (is(TokenKind::semicolon) && depth == 0) {
            advance();
            return;
        }
        skip();
    }
}

void Parser::skip_to_section() {
    unsigned depth = 0;
    while (!is(TokenKind::end)) {
        if (opens_section() && (depth == 0 || token_.first_on_line)) {
            return;
        }
        if (is(TokenKind::brace_open)) {
            ++depth;
        } else if (is(TokenKind::brace_close) && depth > 0) {
            --depth;
        }
        skip();
    }
}

void Parser::top_level() {
    bool good = false;
    switch (token_.kind) {
        case TokenKind::kw_global:
            good = section(Section::Kind::global);
            break;
        case TokenKind::kw_vm:
            good = section(Section::Kind::vm);
            break;
        case TokenKind::kw_template:
            good = section(Section::Kind::template_);
            break;
        case TokenKind::kw_include:
            include();
            return;
        default:
            good = fail("a section: vm, template or global");
            advance();
    }
    if (!good) {
        skip_to_section();
    }
}

void Parser::include() {
    Include include;
    include.at = token_.at;
    include.sections_before = tree_.sections.size();
    advance();
    if (!value(include.path) || !expect(TokenKind::semicolon, "';' at the end of .include")) {
        skip_to_section();
        return;
    }
    tree_.includes.push_back(std::move(include));
}

auto Parser::section(Section::Kind kind) -> bool {
    Section section;
    section.kind = kind;
    section.at = section.name_at = token_.at;
    advance();
    if (kind != Section::Kind::global && !section_name(section)) {
        return false;
    }
    if (kind == Section::Kind::template_ && accept(TokenKind::paren_open) && !parameters(section)) {
        return false;
    }
    if (!expect(TokenKind::brace_open, "'{'")) {
        return false;
    }
    body(section);
    tree_.sections.push_back(std::move(section));
    return true;
}

auto Parser::section_name(Section& section) -> bool {
    if (!is(TokenKind::word) && !is(TokenKind::text)) {
        return fail(section.kind == Section::Kind::vm ? "the name of the VM" : "the name of the template");
    }
    section.name = token_.text;
    section.name_at = token_.at;
    advance();
    return true;
}

auto Parser::parameters(Section& section) -> bool {
    do {
        if (!is(TokenKind::word) && !is(TokenKind::text)) {
            return fail("the name of an argument, without $");
        }
        Parameter parameter;
        parameter.name = token_.text;
        advance();
        if (accept(TokenKind::assign)) {
            parameter.has_default = true;
            if (!value(parameter.default_value)) {
                return false;
            }
        }
        section.parameters.push_back(std::move(parameter));
    } while (accept(TokenKind::comma));
    return expect(TokenKind::paren_close, "',' or ')' after an argument");
}

void Parser::body(Section& section) {
    constexpr std::size_t usual_statements = 4;
    section.body.reserve(usual_statements);
    bool misplaced = false;
    while (errors_ < most_syntax_errors) {
        if (accept(TokenKind::brace_close)) {
            return;
        }
        if (is(TokenKind::kw_include)) {
            misplaced = true;
            report(token_.at, ".include stands outside of sections (is the '}' of the section of line " +
                                  std::to_string(section.at.line) + " missing before it?)");
            advance();
            skip_statement();
            continue;
        }
        if (misplaced && (is(TokenKind::end) || opens_section())) {
            return;  // it was missing, and that was said
        }
        if (is(TokenKind::end) || opens_section()) {
            (void)fail("a key, or the '}' of the section of line " + std::to_string(section.at.line));
            return;
        }
        if (!statement(section)) {
            skip_statement();
        }
    }
}

auto Parser::statement(Section& section) -> bool {
    Statement& statement = section.body.emplace_back();
    statement.at = token_.at;
    if (read_statement(statement)) {
        return true;
    }
    section.body.pop_back();
    return false;
}

auto Parser::read_statement(Statement& statement) -> bool {
    switch (token_.kind) {
        case TokenKind::kw_apply:
            statement.kind = Statement::Kind::apply;
            break;
        case TokenKind::variable:
            statement.kind = Statement::Kind::variable;
            break;
        case TokenKind::word:
        case TokenKind::text:
            break;
        default:
            return fail("a key, a variable, .apply or '}'");
    }
    statement.name = token_.text;
    advance();
    return statement.kind == Statement::Kind::apply ? apply(statement) : assignment(statement);
}

auto Parser::assignment(Statement& statement) -> bool {
    statement.append = is(TokenKind::append);
    if (!accept(TokenKind::append) && !expect(TokenKind::assign, "'=' or '+=' after " + quoted_text(statement.name))) {
        return false;
    }
    do {
        if (!value(statement.values.emplace_back())) {
            return false;
        }
    } while (accept(TokenKind::comma));
    if (is(TokenKind::assign) || is(TokenKind::append)) {
        return fail(last_.first_on_line
                        ? "';' (is it missing at the end of the line before?)"
                        : "';' (is one missing before " + quoted_text(last_.text) +
                              "? An equals sign within a value must be quoted, or have a backslash before it)");
    }
    if (is(TokenKind::paren_open) || is(TokenKind::paren_close)) {
        return fail("';' (a parenthesis within a value must be quoted, or have a backslash before it)");
    }
    return expect(TokenKind::semicolon, "';' at the end of the value");
}

auto Parser::apply(Statement& statement) -> bool {
    do {
        if (!target(statement.targets.emplace_back())) {
            return false;
        }
    } while (accept(TokenKind::comma));
    return expect(TokenKind::semicolon, "';' at the end of .apply");
}

auto Parser::target(ApplyTarget& target) -> bool {
    if (!value(target.name)) {
        return false;
    }
    if (!accept(TokenKind::paren_open)) {
        return true;
    }
    do {
        if (!value(target.arguments.emplace_back())) {
            return false;
        }
    } while (accept(TokenKind::comma));
    return expect(TokenKind::paren_close, "',' or ')' after an argument");
}

// Stops at the first token that belongs to no value; whether it may stand there is the caller's business.
auto Parser::value(Value& value) -> bool {
    value.at = token_.at;
    while (true) {
        auto kind = Piece::Kind::text;
        switch (token_.kind) {
            case TokenKind::word:
            case TokenKind::text:
                break;
            case TokenKind::variable:
                kind = Piece::Kind::variable;
                break;
            case TokenKind::arith_open:
                kind = Piece::Kind::arithmetic;
                break;
            default:
                return true;
        }
        Piece& piece = value.pieces.emplace_back();
        piece.kind = kind;
        piece.at = token_.at;
        piece.text = token_.text;
        advance();
        if (kind == Piece::Kind::arithmetic && !arithmetic(piece)) {
            return false;
        }
    }
}

}  // namespace apiary::config
