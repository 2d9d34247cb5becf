// The lexer for shell scripts that are read as data.
#include "config/import/shell_words.hpp"

#include <algorithm>
#include <utility>

#include "config/characters.hpp"

namespace apiary::config {

namespace {

constexpr std::string_view ends_a_word = " \t\n;&|<>()";

}  // namespace

auto ShellLexer::take() -> char {
    char const c = text_[pos_++];
    line_ += c == '\n' ? 1U : 0U;
    return c;
}

void ShellLexer::skip_blanks() {
    while (!at_end()) {
        if (peek() == ' ' || peek() == '\t') {
            take();
        } else if (peek() == '\\' && !at_end(1) && peek(1) == '\n') {
            take();
            take();
        } else {
            break;
        }
    }
    if (peek() == '#') {
        while (!at_end() && peek() != '\n') {
            take();
        }
    }
}

auto ShellLexer::next() -> ShellToken {
    skip_blanks();
    if (at_end()) {
        ShellToken end;
        end.line = line_;
        return end;
    }
    if (peek() == '\n') {
        ShellToken token;
        token.kind = ShellToken::Kind::newline;
        token.line = line_;
        take();
        skip_documents();
        return token;
    }
    return ends_a_word.find(peek()) != std::string_view::npos ? sign() : word();
}

void ShellLexer::skip_documents() {
    for (Document const& document : documents_) {
        while (!at_end()) {
            std::size_t const start = pos_, end = std::min(text_.find('\n', pos_), text_.size());
            while (pos_ < end) {
                ++pos_;
            }
            if (!at_end()) {
                take();
            }
            std::string_view line = text_.substr(start, end - start);
            while (document.tabs && line.starts_with('\t')) {
                line.remove_prefix(1);
            }
            if (line == document.delimiter) {
                break;
            }
        }
    }
    documents_.clear();
}

auto ShellLexer::sign() -> ShellToken {
    ShellToken token;
    token.kind = ShellToken::Kind::sign;
    token.line = line_;
    std::size_t length = 1;
    if (peek(1) == peek() && peek() != '(' && peek() != ')') {
        length = peek() == '<' && peek(2) == '-' ? 3 : 2;
    }
    token.sign = text_.substr(pos_, length);
    pos_ += length;
    return token;
}

void ShellLexer::add(ShellToken& word, ShellPart::Kind kind, std::string_view text) {
    if (kind == ShellPart::Kind::text && !word.parts.empty() && word.parts.back().kind == kind) {
        word.parts.back().text += text;
    } else {
        word.parts.push_back({kind, std::string{text}});
    }
}

void ShellLexer::broken(ShellToken& word, std::string message) const {
    word.kind = ShellToken::Kind::broken;
    word.line = line_;
    word.message = std::move(message);
}

auto ShellLexer::word() -> ShellToken {
    ShellToken token;
    token.kind = ShellToken::Kind::word;
    token.line = line_;
    std::size_t const start = pos_;
    if (is_name_start(peek())) {
        std::size_t length = 1;
        while (is_name_character(peek(length))) {
            ++length;
        }
        if (peek(length) == '=') {
            token.name = text_.substr(pos_, length);
            pos_ += length + 1;
        }
    }
    bool tilde = peek() == '~';  // a shell puts a home folder in its place
    while (!at_end() && token.kind == ShellToken::Kind::word && ends_a_word.find(peek()) == std::string_view::npos) {
        char const c = peek();
        if (c == '\'') {
            single_quotes(token);
        } else if (c == '"') {
            double_quotes(token);
        } else if (c == '\\') {
            backslash(token, false);
        } else if (c == '$' || c == '`') {
            dollar(token);
        } else {
            bool const home = c == '~' && tilde;
            add(token, home ? ShellPart::Kind::shell : ShellPart::Kind::text, text_.substr(pos_, 1));
            tilde = c == ':';
            take();
            continue;
        }
        tilde = false;
    }
    token.written = text_.substr(start, pos_ - start);
    return token;
}

void ShellLexer::single_quotes(ShellToken& word) {
    auto const end = text_.find('\'', pos_ + 1);
    if (end == std::string_view::npos) {
        broken(word, "no closing ' follows");
        return;
    }
    add(word, ShellPart::Kind::text, text_.substr(pos_ + 1, end - pos_ - 1));
    while (pos_ <= end) {
        take();
    }
}

void ShellLexer::double_quotes(ShellToken& word) {
    auto const start = pos_;
    auto const start_line = line_;
    take();
    add(word, ShellPart::Kind::text, {});
    while (!at_end() && peek() != '"' && word.kind == ShellToken::Kind::word) {
        if (peek() == '\\') {
            backslash(word, true);
        } else if (peek() == '$' || peek() == '`') {
            dollar(word);
        } else {
            add(word, ShellPart::Kind::text, text_.substr(pos_, 1));
            take();
        }
    }
    if (word.kind != ShellToken::Kind::word) {
        return;
    }
    if (at_end()) {
        pos_ = start;
        line_ = start_line;
        broken(word, "no closing \" follows");
        pos_ = text_.size();
        return;
    }
    take();
}

void ShellLexer::backslash(ShellToken& word, bool quoted) {
    take();
    if (at_end()) {
        add(word, ShellPart::Kind::text, "\\");
        return;
    }
    char const c = take();
    if (c == '\n') {
        return;
    }
    bool const special = !quoted || c == '$' || c == '`' || c == '"' || c == '\\';
    add(word, ShellPart::Kind::text, text_.substr(pos_ - (special ? 1 : 2), special ? 1 : 2));
}

// A variable is data; everything else that begins so is not.
void ShellLexer::dollar(ShellToken& word) {
    std::size_t const start = pos_;
    if (take() == '`') {
        skip_nested(word, "`");
    } else if (is_name_start(peek())) {
        while (is_name_character(peek())) {
            ++pos_;
        }
        add(word, ShellPart::Kind::variable, text_.substr(start + 1, pos_ - start - 1));
        return;
    } else if (peek() == '{') {
        std::size_t length = 1;
        while (is_name_character(peek(length))) {
            ++length;
        }
        if (length > 1 && is_name_start(peek(1)) && peek(length) == '}') {
            add(word, ShellPart::Kind::variable, text_.substr(pos_ + 1, length - 1));
            pos_ += length + 1;
            return;
        }
        take();
        skip_nested(word, "}");
    } else if (peek() == '(') {
        take();
        skip_nested(word, ")");
    } else if (is_digit(peek()) || std::string_view{"?$@#*!-"}.find(peek()) != std::string_view::npos) {
        take();
    } else {
        add(word, ShellPart::Kind::text, "$");
        return;
    }
    add(word, ShellPart::Kind::shell, text_.substr(start, pos_ - start));
}

// To the end of $(…), ${…} or `…`: brackets within are counted, quotes are passed over. It is only skipped, so a guess
// that is wrong for strange scripts does no harm beyond that line.
void ShellLexer::skip_nested(ShellToken& word, std::string_view closing) {
    std::size_t depth = 1;
    unsigned const start_line = line_;
    char const close = closing.front(), open = close == ')' ? '(' : close == '}' ? '{' : '\0';
    char quote = '\0';
    while (!at_end()) {
        char const c = take();
        if (c == '\\' && quote != '\'' && !at_end()) {
            take();
        } else if (quote != '\0') {
            quote = c == quote ? '\0' : quote;
        } else if (c == '\'' || c == '"') {
            quote = open != '\0' ? c : '\0';
        } else if (c == open) {
            ++depth;
        } else if (c == close && --depth == 0) {
            return;
        }
    }
    line_ = start_line;
    broken(word, "no closing " + std::string{closing} + " follows");
}

}  // namespace apiary::config
