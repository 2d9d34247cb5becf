// Sections, names, lists; values and comments are in scan_values.cpp.
#include "config/ucl/child/scan.hpp"

#include <utility>

#include "config/ucl/child/characters.hpp"

namespace apiary::config::ucl {

auto Scanner::run() -> std::optional<Fault> {
    if (!file()) {
        return fault_;
    }
    return std::nullopt;
}

auto Scanner::peek(std::size_t ahead) const -> char {
    return pos_ + ahead < text_.size() ? text_[pos_ + ahead] : '\0';
}

auto Scanner::fail(std::size_t at, std::string text) -> bool {
    fault_ = {at, std::move(text)};
    return false;
}

auto Scanner::fail_early(std::size_t at, std::string text) -> bool {
    dangerous_ = true;
    return fail(at, std::move(text));
}

auto Scanner::file() -> bool {
    if (auto const nul = text_.find('\0'); nul != std::string_view::npos) {
        return fail_early(nul, "NUL byte: a text cannot contain one");
    }
    if (!skip_blanks(true)) {
        return false;
    }
    if (peek() == '[') {
        return fail(pos_, "a list cannot stand here: a configuration is made of sections, such as vm NAME { }");
    }
    bool const braced = peek() == '{';
    stack_.push_back({false, braced, false, pos_});
    pos_ += braced ? 1 : 0;
    braces_ = braced ? 1 : 0;
    while (!stack_.empty()) {
        if (!(stack_.back().array ? element() : member())) {
            return false;
        }
    }
    return at_end() || fail(pos_, "nothing can follow the brace that closes the whole file");
}

// One `name = value`, or one name of those before a brace, or the end of the object.
auto Scanner::member() -> bool {
    if (!skip_blanks(true)) {
        return false;
    }
    if (at_end()) {
        for (auto frame = stack_.rbegin(); frame != stack_.rend(); ++frame) {
            if (frame->braced) {
                return fail(frame->at, "this brace is never closed");
            }
        }
        stack_.clear();
        return true;
    }
    if (peek() == '}') {
        return close();
    }
    Key name;
    if (!key(name)) {
        return false;
    }
    bool separated = false;
    if (!separator(separated)) {
        return false;
    }
    if (at_end()) {
        return fail(name.at, "a value is missing after this name");
    }
    if (!separated && names_go_on()) {
        if (++names_ >= most_names) {
            return fail_early(name.at, "too many names in a row: there can be " + std::to_string(most_names));
        }
        return open(false, false, &name);
    }
    return value(&name);
}

auto Scanner::element() -> bool {
    if (!skip_blanks(true)) {
        return false;
    }
    if (at_end()) {
        return fail(stack_.back().at, "this bracket is never closed");
    }
    return peek() == ']' ? close() : value(nullptr);
}

auto Scanner::key(Key& key) -> bool {
    if (peek() == '"') {
        return quoted_key(key);
    }
    if (peek() == '.') {
        return fail_early(pos_,
                          "macros are not available in UCL here: include and apply are keys, as in "
                          "include = [\"conf.d/*.ucl\"] and apply = [web]");
    }
    if (peek() == '$') {
        return fail(pos_, "a variable is set in a section of its own: vars { NAME = value }");
    }
    if (!starts_key(peek())) {
        return fail(pos_, "a name is needed here: of a key or a section");
    }
    key.at = pos_;
    while (continues_key(peek())) {
        ++pos_;
    }
    key.size = pos_ - key.at;
    switch (peek()) {
        case ' ':
        case '\t':
        case '=':
        case ':':
            return true;
        case '{':
        case '[':
            return fail(pos_, "a blank is missing before this: UCL takes it for a part of the name");
        default:
            return at_end() ? fail(key.at, "a value is missing after this name")
                            : fail(pos_, "this cannot be a part of a name, nor end it: put the name into quotes");
    }
}

auto Scanner::quoted_key(Key& key) -> bool {
    std::size_t const start = pos_++;
    key.at = pos_;
    while (!at_end() && peek() != '"' && peek() != '\n') {
        if (peek() == '\\') {
            return fail(pos_, "a name cannot have a backslash");
        }
        ++pos_;
    }
    if (peek() != '"') {
        return fail(start, "no closing \" follows");
    }
    key.size = pos_++ - key.at;
    return key.size > 0 || fail(start, "a name cannot be empty");
}

auto Scanner::separator(bool& found) -> bool {
    while (true) {
        if (!skip_blanks(false)) {
            return false;
        }
        if (peek() != '=' && peek() != ':') {
            return true;
        }
        if (found) {
            return fail(pos_, "one = or : is enough");
        }
        found = true;
        ++pos_;
    }
}

// libucl looks for a brace before the end of the line or statement.
auto Scanner::names_go_on() const -> bool {
    if (peek() == '{' || peek() == '[') {
        return false;
    }
    auto const found = text_.find_first_of(",;\n\r{[", pos_);
    return found != std::string_view::npos && (text_[found] == '{' || text_[found] == '[');
}

auto Scanner::open(bool array, bool braced, Key const* key) -> bool {
    if (braced && ++braces_ > deepest_nesting) {
        return fail_early(pos_, "sections and lists are nested too deep: there can be " +
                                    std::to_string(deepest_nesting) + " levels");
    }
    Node node;
    node.kind = array ? NodeKind::array : NodeKind::object;
    node.at = static_cast<std::uint32_t>(pos_);
    if (key != nullptr) {
        node.keyed = true;
        node.key_at = static_cast<std::uint32_t>(key->at);
        node.key_size = static_cast<std::uint32_t>(key->size);
    }
    nodes_.push_back(node);
    stack_.push_back({array, braced, true, pos_});
    pos_ += braced ? 1 : 0;
    names_ = braced ? 0 : names_;
    return true;
}

// The names before the brace are objects too, and end with it.
auto Scanner::close() -> bool {
    Frame const frame = stack_.back();
    if (!frame.braced) {
        return fail(pos_, "this brace closes nothing");
    }
    ++pos_;
    --braces_;
    do {
        if (stack_.back().noted) {
            nodes_.push_back({});
        }
        stack_.pop_back();
    } while (!stack_.empty() && !stack_.back().braced && stack_.back().noted);
    return stack_.empty() ? skip_blanks(true) : after_value(true);
}

auto Scanner::after_value(bool separated) -> bool {
    while (!at_end()) {
        char const c = peek();
        if (c == ' ' || c == '\t') {
            ++pos_;
        } else if (starts_comment()) {
            separated = true;
            if (!skip_comment()) {
                return false;
            }
        } else if (c == '\n' || c == '\r' || c == ';' || c == ',') {
            separated = true;
            ++pos_;
        } else {
            return separated || c == '}' || c == ']' || fail(pos_, "a ; or the end of the line is missing before this");
        }
    }
    return true;
}

}  // namespace apiary::config::ucl
