#include "config/ucl/values.hpp"

#include <cstdint>
#include <utility>

#include "config/characters.hpp"
#include "config/parser.hpp"

namespace apiary::config::ucl {

struct Values::Translation {
    std::string text;
    std::vector<std::uint32_t> from;  // for each byte of it: its place in the document

    void add(char c, std::size_t at) {
        text += c;
        from.push_back(static_cast<std::uint32_t>(at));
    }
    void add(std::string_view more, std::size_t at) {
        for (char const c : more) {
            add(c, at);
        }
    }
};

namespace {

void put_utf8(std::string& out, std::uint32_t code) {
    if (code < 0x80) {
        out += static_cast<char>(code);
    } else if (code < 0x800) {
        out += static_cast<char>(0xC0U | (code >> 6U));
        out += static_cast<char>(0x80U | (code & 0x3FU));
    } else {
        out += static_cast<char>(0xE0U | (code >> 12U));
        out += static_cast<char>(0x80U | ((code >> 6U) & 0x3FU));
        out += static_cast<char>(0x80U | (code & 0x3FU));
    }
}

constexpr auto has_meaning(char c) -> bool {
    return c == '"' || c == '\\' || c == '$';
}

}  // namespace

auto decode_single(std::string_view raw) -> std::string {
    std::string text;
    for (std::size_t i = 0; i < raw.size(); ++i) {
        if (raw[i] == '\\' && i + 1 < raw.size() && (raw[i + 1] == '\'' || raw[i + 1] == '\n')) {
            ++i;
            text += raw[i] == '\n' ? std::string_view{} : raw.substr(i, 1);
        } else {
            text += raw[i];
        }
    }
    return text;
}

Values::Values(Document const& document, Tree& tree, Report report)
    : document_{document}, tree_{tree}, report_{std::move(report)} {}

auto Values::kept(std::string_view text) -> std::string_view {
    return text.empty() ? std::string_view{} : std::string_view{tree_.decoded.emplace_back(text)};
}

auto Values::constant(Node const& scalar, std::string text) -> Value {
    Value value;
    value.at = document_.value_place(scalar);
    Piece& piece = value.pieces.emplace_back();
    piece.at = value.at;
    piece.text = kept(text);
    return value;
}

auto Values::plain(Node const& scalar) -> std::string {
    auto const raw = document_.raw(scalar);
    switch (scalar.quoting) {
        case Quoting::single:
            return decode_single(raw);
        case Quoting::block:
            return std::string{raw};
        default:
            break;
    }
    std::string text;
    for (Piece const& piece : value(scalar).pieces) {
        text += piece.kind == Piece::Kind::variable ? "$" : "";
        text += piece.text;
    }
    return text;
}

auto Values::value(Node const& scalar) -> Value {
    auto const raw = document_.raw(scalar);
    bool const in_single = scalar.quoting == Quoting::single;
    bool const escapes = scalar.quoting != Quoting::block && raw.find('\\') != std::string_view::npos;
    if (in_single && escapes) {
        return constant(scalar, decode_single(raw));
    }
    if (!escapes && (in_single || raw.find('$') == std::string_view::npos)) {
        Value value;
        value.at = document_.value_place(scalar);
        Piece& piece = value.pieces.emplace_back();
        piece.at = value.at;
        piece.text = raw;
        return value;
    }
    if (Value simple; !escapes && split_variables(scalar, simple)) {
        return simple;
    }
    auto const translation = translate(scalar, "vm v{k=\"", "\";}", true);
    Section section;
    if (!read(translation, section) || section.body.size() != 1 || section.body.front().values.size() != 1) {
        return constant(scalar, {});
    }
    Value value = std::move(section.body.front().values.front());
    keep(value, translation);
    value.at = document_.value_place(scalar);
    return value;
}

// What most values are: text, $NAME and ${NAME}. False: it is more than that, which the lexer is to tell apart.
auto Values::split_variables(Node const& scalar, Value& into) -> bool {
    auto const raw = document_.raw(scalar);
    into.at = document_.value_place(scalar);
    auto const add = [&](Piece::Kind kind, std::size_t from, std::size_t size, std::size_t at) {
        Piece& piece = into.pieces.emplace_back();
        piece.kind = kind;
        piece.at = kind == Piece::Kind::text && at == 0 ? into.at : document_.position(scalar.at + at);
        piece.text = raw.substr(from, size);
    };
    std::size_t text = 0;
    for (std::size_t i = raw.find('$'); i != std::string_view::npos; i = raw.find('$', i)) {
        bool const braced = i + 1 < raw.size() && raw[i + 1] == '{';
        std::size_t const name = i + (braced ? 2 : 1);
        std::size_t end = name;
        if (end >= raw.size() || !is_name_start(raw[end])) {
            return false;
        }
        while (end < raw.size() && is_name_character(raw[end])) {
            ++end;
        }
        if (braced && (end >= raw.size() || raw[end] != '}')) {
            return false;
        }
        if (i > text) {
            add(Piece::Kind::text, text, i - text, text);
        }
        add(Piece::Kind::variable, name, end - name, i);
        text = i = end + (braced ? 1 : 0);
    }
    if (text < raw.size()) {
        add(Piece::Kind::text, text, raw.size() - text, text);
    }
    return true;
}

auto Values::target(Node const& scalar, ApplyTarget& into) -> bool {
    auto const raw = document_.raw(scalar);
    if (raw.find('(') == std::string_view::npos) {
        into.name = value(scalar);
        return true;
    }
    if (raw.back() != ')') {
        report_(document_.value_place(scalar),
                "a template with arguments is written in quotes, as one text: \"NAME(VALUE, VALUE)\"");
        return false;
    }
    auto const translation = translate(scalar, "vm v{.apply ", ";}", false);
    Section section;
    if (!read(translation, section)) {
        return false;
    }
    if (section.body.size() != 1 || section.body.front().targets.size() != 1) {
        report_(document_.value_place(scalar), "one template is needed here: NAME, or \"NAME(VALUE, VALUE)\"");
        return false;
    }
    into = std::move(section.body.front().targets.front());
    keep(into.name, translation);
    for (Value& argument : into.arguments) {
        keep(argument, translation);
    }
    return true;
}

// bmd's language knows all escapes of UCL but \u, and a " must not end the text.
auto Values::translate(Node const& scalar, std::string_view before, std::string_view after, bool in_quotes)
    -> Translation {
    Translation out;
    auto const raw = document_.raw(scalar);
    out.add(before, scalar.at);
    for (std::size_t i = 0; i < raw.size(); ++i) {
        if (raw[i] == '\\' && scalar.quoting == Quoting::block) {
            out.add("\\\\", scalar.at + i);
        } else if (raw[i] == '\\') {
            escape(raw, i, scalar, out, in_quotes);
        } else {
            if (raw[i] == '"' && in_quotes) {
                out.add('\\', scalar.at + i);
            }
            out.add(raw[i], scalar.at + i);
        }
    }
    out.add(after, scalar.at + scalar.size);
    return out;
}

// Where bmd's language is written in a text of UCL, UCL's own escapes are taken away first.
void Values::escape(std::string_view raw, std::size_t& index, Node const& scalar, Translation& out, bool in_quotes) {
    std::size_t const at = scalar.at + index;
    if (index + 1 >= raw.size()) {
        out.add("\\\\", at);
        return;
    }
    char const c = raw[++index];
    if (c == 'u') {
        unicode(raw, index, scalar, out, in_quotes);
    } else if (in_quotes || !(c == '"' || c == '\\' || c == '/')) {
        out.add('\\', at);
        out.add(c, at);
    } else {
        out.add(c, at);
    }
}

void Values::unicode(std::string_view raw, std::size_t& index, Node const& scalar, Translation& out, bool in_quotes) {
    std::size_t const at = scalar.at + index - 1;
    std::uint32_t code = 0;
    for (std::size_t i = 1; i <= 4; ++i) {
        int const digit = index + i < raw.size() ? hex_value(raw[index + i]) : -1;
        if (digit < 0) {
            report_(document_.position(at), "invalid escape: four hexadecimal digits follow \\u");
            return;
        }
        code = code * 16 + static_cast<std::uint32_t>(digit);
    }
    index += 4;
    if (code == 0 || (code >= 0xD800 && code < 0xE000)) {
        report_(document_.position(at), "invalid escape: there is no such character");
        return;
    }
    std::string bytes;
    put_utf8(bytes, code);
    if (in_quotes && has_meaning(bytes.front())) {
        out.add('\\', at);
    }
    out.add(bytes, at);
}

auto Values::read(Translation const& translation, Section& section) -> bool {
    Lines const lines{translation.text};
    Tree tree = parse(translation.text, [&](Position at, std::string text) {
        auto const offset = std::min(lines.offset(at), translation.from.size() - 1);
        report_(document_.position(translation.from[offset]), std::move(text));
    });
    if (tree.failed || tree.sections.size() != 1) {
        return false;
    }
    section = std::move(tree.sections.front());
    // Texts that the lexer has decoded would go with its tree.
    auto const own = [&](Value& value) {
        for (Piece& piece : value.pieces) {
            piece.text = kept(piece.text);
            for (ArithmeticStep& step : piece.steps) {
                step.text = kept(step.text);
            }
        }
    };
    for (Statement& statement : section.body) {
        for (Value& value : statement.values) {
            own(value);
        }
        for (ApplyTarget& target : statement.targets) {
            own(target.name);
            for (Value& argument : target.arguments) {
                own(argument);
            }
        }
    }
    return true;
}

// Positions in the translation to those in the document.
void Values::keep(Value& value, Translation const& translation) {
    Lines const lines{translation.text};
    auto const move = [&](Position& at) {
        auto const offset = std::min(lines.offset(at), translation.from.size() - 1);
        at = document_.position(translation.from[offset]);
    };
    move(value.at);
    for (Piece& piece : value.pieces) {
        move(piece.at);
        for (ArithmeticStep& step : piece.steps) {
            move(step.at);
        }
    }
}

}  // namespace apiary::config::ucl
