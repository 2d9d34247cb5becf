// Quoting and layout. What is written bare can be read by bmd too, whose lexer takes more words for reserved ones.
#include "config/write.hpp"

#include <algorithm>
#include <cstddef>
#include <utility>

#include "config/characters.hpp"
#include "config/text.hpp"

namespace apiary::config {

namespace {

constexpr std::size_t width = 118;
constexpr std::string_view indent = "    ";

auto is_bare_character(char c) -> bool {
    return is_name_character(c) || c == '.' || c == ':' || c == '-';
}

// Letters after any character, for bmd: its lexer knows ".apply" by "anything, then apply".
auto is_reserved(std::string_view part) -> bool {
    return part == "vm" || part == "global" || part == "template" || part.find("apply") != std::string_view::npos ||
           part.find("include") != std::string_view::npos;
}

auto is_bare_part(std::string_view part) -> bool {
    return std::all_of(part.begin(), part.end(), is_bare_character) && !is_reserved(part);
}

// "//" would begin a comment.
auto is_bare_value(std::string_view bytes) -> bool {
    if (bytes.empty() || bytes.find("//") != std::string_view::npos) {
        return false;
    }
    auto const parts = split(bytes, '/');
    return std::all_of(parts.begin(), parts.end(), is_bare_part);
}

void add_hexadecimal(std::string& out, char c) {
    constexpr std::string_view digits = "0123456789abcdef";
    auto const byte = static_cast<unsigned char>(c);
    out += "\\x";
    out += digits[byte >> 4U];
    out += digits[byte & 15U];
}

// How many bytes the printable character outside of ASCII takes that `text` begins with; 0: none is there.
auto printable_length(std::string_view text) -> std::size_t {
    auto const first = static_cast<unsigned char>(text.front());
    std::size_t const length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
    std::string_view const character = text.substr(0, length);
    std::string const shown = quoted_text(character);  // as it is, if it is fit to be shown
    bool const same = std::string_view{shown}.substr(1, shown.size() - 2) == character;
    return first >= 0xc2 && character.size() == length && same ? length : 0;
}

// Takes the character at `text`'s start over into `out` if it can be shown, else as \xHH.
void take_character(std::string_view& text, std::string& out) {
    char const c = text.front();
    std::size_t length = 1;
    if (static_cast<unsigned char>(c) < 0x80) {
        if (is_foreign(c) || c == '\r' || c == '\n' || c == '\t') {
            add_hexadecimal(out, c);
        } else {
            out += c;
        }
    } else if ((length = printable_length(text)) > 0) {
        out += text.substr(0, length);
    } else {
        add_hexadecimal(out, c);
        length = 1;
    }
    text.remove_prefix(length);
}

auto quoted(std::string_view bytes) -> std::string {
    std::string out = "\"";
    while (!bytes.empty()) {
        char const c = bytes.front();
        if (c == '"' || c == '\\' || c == '$') {
            out += '\\';
            out += c;
            bytes.remove_prefix(1);
        } else if (c == '\n' || c == '\t' || c == '\r') {
            out += c == '\n' ? "\\n" : c == '\t' ? "\\t" : "\\r";
            bytes.remove_prefix(1);
        } else {
            take_character(bytes, out);
        }
    }
    return out + '"';
}

}  // namespace

auto written_value(std::string_view bytes) -> std::string {
    return is_bare_value(bytes) ? std::string{bytes} : quoted(bytes);
}

auto written_name(std::string_view bytes) -> std::string {
    return !bytes.empty() && is_bare_part(bytes) ? std::string{bytes} : quoted(bytes);
}

auto written_line(std::string_view text) -> std::string {
    std::string out;
    out.reserve(text.size());
    while (!text.empty()) {
        if (text.front() == '\t') {
            out += ' ';
            text.remove_prefix(1);
        } else {
            take_character(text, out);
        }
    }
    return out;
}

void Writer::comment(std::string_view text, std::size_t hang) {
    std::size_t set_in = 0;
    for (std::string_view const part : split(text, '\n')) {
        std::string const line = written_line(part);
        std::string_view rest = line;
        do {
            std::string const prefix = std::string{inside_ ? indent : ""} + "#";
            std::size_t const room = width - prefix.size() - 1 - set_in;
            std::size_t taken = rest.size();
            if (taken > room) {
                auto const blank = rest.rfind(' ', room);
                auto const next = blank != std::string_view::npos && blank > 0 ? blank : rest.find(' ', room);
                taken = std::min(next, rest.size());
            }
            text_ += prefix;
            if (taken > 0) {
                text_ += ' ' + std::string(set_in, ' ') + std::string{rest.substr(0, taken)};
            }
            text_ += '\n';
            rest.remove_prefix(taken);
            rest.remove_prefix(std::min(rest.find_first_not_of(' '), rest.size()));
            set_in = hang;
        } while (!rest.empty());
    }
}

void Writer::verbatim_comment(std::string_view line) {
    text_ += "# " + written_line(line) + '\n';
}

void Writer::include(std::string_view path) {
    statement(".include " + quoted(path));
}

void Writer::open(std::string_view heading) {
    text_ += std::string{heading} + " {\n";
    inside_ = true;
}

void Writer::open_global() {
    open("global");
}

void Writer::open_vm(std::string_view name) {
    open("vm " + written_name(name));
}

void Writer::open_template(std::string_view name) {
    open("template " + written_name(name));
}

void Writer::close() {
    inside_ = false;
    text_ += "}\n";
}

void Writer::set(std::string_view key, std::vector<std::string> const& values, std::string_view remark) {
    if (values.empty()) {
        return;
    }
    std::string text{key};
    for (std::size_t i = 0; i < values.size(); ++i) {
        text += (i == 0 ? " = " : ", ") + written_value(values[i]);
    }
    statement(text, remark);
}

void Writer::append(std::string_view key, std::string_view value, std::string_view remark) {
    statement(std::string{key} + " += " + written_value(value), remark);
}

void Writer::variable(std::string_view name, std::string_view value) {
    statement('$' + std::string{name} + " = " + written_value(value));
}

// The remark goes behind the statement where there is room for it, else before it.
void Writer::statement(std::string const& statement, std::string_view remark) {
    std::string const line = (inside_ ? std::string{indent} : std::string{}) + statement + ';';
    std::string const shown = written_line(remark);
    if (shown.empty() || line.size() + shown.size() + 4 > width) {
        if (!shown.empty()) {
            comment(shown);
        }
        text_ += line + '\n';
        return;
    }
    text_ += line + "  # " + shown + '\n';
}

}  // namespace apiary::config
