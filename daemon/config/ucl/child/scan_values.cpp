// The scanner: values, and what stands between them.
#include "config/ucl/child/characters.hpp"
#include "config/ucl/child/scan.hpp"

namespace apiary::config::ucl {

auto Scanner::starts_comment() const -> bool {
    return peek() == '#' || (peek() == '/' && peek(1) == '*');
}

// Comments nest, and a quote within one hides its end: that is libucl's way.
auto Scanner::skip_comment() -> bool {
    if (peek() == '#') {
        auto const end = text_.find('\n', pos_);
        pos_ = end == std::string_view::npos ? text_.size() : end;
        return true;
    }
    std::size_t const start = pos_;
    unsigned depth = 0;
    bool quoted = false;
    while (!at_end()) {
        char const c = peek();
        if (c == '"' && text_[pos_ - 1] != '\\') {
            quoted = !quoted;
        } else if (!quoted && c == '/' && peek(1) == '*') {
            ++depth;
            ++pos_;
        } else if (!quoted && c == '*' && peek(1) == '/') {
            ++pos_;
            if (--depth == 0) {
                ++pos_;
                return true;
            }
        }
        ++pos_;
    }
    return fail(start, quoted ? "this comment is never closed (a \" within it must be closed first)"
                              : "this comment is never closed");
}

auto Scanner::skip_blanks(bool lines) -> bool {
    while (!at_end()) {
        char const c = peek();
        if (is_blank(c) || (lines && c >= '\n' && c <= '\r')) {
            ++pos_;
        } else if (!starts_comment()) {
            return true;
        } else if (!skip_comment()) {
            return false;
        }
    }
    return true;
}

auto Scanner::value(Key const* key) -> bool {
    if (!skip_blanks(true)) {
        return false;
    }
    names_ = peek() == '{' ? 0 : names_;
    if (peek() == '{' || peek() == '[') {
        return open(peek() == '[', true, key);
    }
    if (key != nullptr && !stack_.back().braced && stack_.back().noted) {
        return fail(key->at, "a section is needed here, in braces: there are names before this one");
    }
    Node node;
    node.kind = NodeKind::scalar;
    if (key != nullptr) {
        node.keyed = true;
        node.key_at = static_cast<std::uint32_t>(key->at);
        node.key_size = static_cast<std::uint32_t>(key->size);
    }
    switch (peek()) {
        case '"':
            return doubled(node);
        case '\'':
            return single(node);
        case '<':
            if (peek(1) == '<') {
                return block(node);
            }
            [[fallthrough]];
        default:
            return bare(node);
    }
}

auto Scanner::scalar(Node node) -> bool {
    nodes_.push_back(node);
    return after_value(false);
}

auto Scanner::doubled(Node node) -> bool {
    std::size_t const start = pos_++;
    while (!at_end() && peek() != '"') {
        if (peek() == '\n') {
            break;
        }
        pos_ += peek() == '\\' ? 2 : 1;
    }
    if (at_end() || peek() != '"') {
        return fail(start, "no closing \" follows on this line");
    }
    node.quoting = Quoting::doubled;
    node.at = static_cast<std::uint32_t>(start + 1);
    node.size = static_cast<std::uint32_t>(pos_++ - node.at);
    return scalar(node);
}

auto Scanner::single(Node node) -> bool {
    std::size_t const start = pos_++;
    while (!at_end() && peek() != '\'') {
        pos_ += peek() == '\\' ? 2 : 1;
    }
    if (at_end()) {
        return fail(start, "no closing ' follows");
    }
    node.quoting = Quoting::single;
    node.at = static_cast<std::uint32_t>(start + 1);
    node.size = static_cast<std::uint32_t>(pos_++ - node.at);
    return scalar(node);
}

// <<WORD, lines, and WORD alone at the start of a line.
auto Scanner::block(Node node) -> bool {
    std::size_t const start = pos_;
    std::size_t word_end = pos_ + 2;
    while (word_end < text_.size() && text_[word_end] >= 'A' && text_[word_end] <= 'Z') {
        ++word_end;
    }
    if (word_end >= text_.size() || text_[word_end] != '\n') {
        return bare(node);
    }
    std::string const ending = "\n" + std::string{text_.substr(start + 2, word_end - start - 2)};
    if (ending.size() == 1) {
        return fail(start, "a word in capital letters is needed after <<, that ends the text");
    }
    for (auto found = text_.find(ending, word_end); found != std::string_view::npos;
         found = text_.find(ending, found + 1)) {
        std::size_t const after = found + ending.size();
        if (after >= text_.size() || (text_[after] != '\n' && text_[after] != ';' && text_[after] != ',')) {
            continue;
        }
        if (found == word_end) {
            return fail(start, "this text is empty");
        }
        node.quoting = Quoting::block;
        node.at = static_cast<std::uint32_t>(word_end + 1);
        node.size = static_cast<std::uint32_t>(found - node.at);
        pos_ = after;
        return scalar(node);
    }
    return fail(start, "no line follows that ends this text: " + ending.substr(1) + " alone");
}

// Pairs of braces and brackets belong to it; blanks at its end do not.
auto Scanner::bare(Node node) -> bool {
    std::size_t const start = pos_;
    std::size_t braces = 0, brackets = 0;
    for (; !at_end() && !starts_comment(); ++pos_) {
        char const c = peek();
        if (c == '\\') {
            ++pos_;
            continue;
        }
        bool const closes_own = (c == '}' && braces > 0) || (c == ']' && brackets > 0);
        braces += c == '{' ? 1 : 0;
        brackets += c == '[' ? 1 : 0;
        if (closes_own) {
            --(c == '}' ? braces : brackets);
        } else if (ends_bare(c)) {
            break;
        }
    }
    pos_ = pos_ > text_.size() ? text_.size() : pos_;
    std::size_t end = pos_;
    while (end > start && is_blank(text_[end - 1])) {
        --end;
    }
    if (end == start) {
        return fail(start, "a value is missing here");
    }
    node.at = static_cast<std::uint32_t>(start);
    node.size = static_cast<std::uint32_t>(end - start);
    return scalar(node);
}

}  // namespace apiary::config::ucl
