#include "main/config_program_json.hpp"

#include <variant>

namespace apiary {

namespace {

constexpr std::string_view hex_digits = "0123456789abcdef";

auto byte(std::string_view text, std::size_t at) -> unsigned {
    return static_cast<unsigned char>(text[at]);
}

// The length of the UTF-8 sequence at `at`; 0: there is none.
auto sequence_length(std::string_view text, std::size_t at) -> std::size_t {
    unsigned const lead = byte(text, at);
    if (lead < 0x80) {
        return 1;
    }
    std::size_t const length = lead >= 0xc2 && lead < 0xe0 ? 2 : lead >= 0xe0 && lead < 0xf0 ? 3 : lead >= 0xf0 ? 4 : 0;
    if (length == 0 || lead > 0xf4 || at + length > text.size()) {
        return 0;
    }
    for (std::size_t i = 1; i < length; ++i) {
        if ((byte(text, at + i) & 0xc0) != 0x80) {
            return 0;
        }
    }
    unsigned const second = byte(text, at + 1);
    bool const overlong = (lead == 0xe0 && second < 0xa0) || (lead == 0xf0 && second < 0x90);
    bool const surrogate = lead == 0xed && second >= 0xa0;
    bool const too_large = lead == 0xf4 && second >= 0x90;
    return overlong || surrogate || too_large ? 0 : length;
}

auto is_utf8(std::string_view text) -> bool {
    for (std::size_t at = 0; at < text.size();) {
        std::size_t const length = sequence_length(text, at);
        if (length == 0) {
            return false;
        }
        at += length;
    }
    return true;
}

auto in_hex(std::string_view text) -> std::string {
    std::string made;
    made.reserve(text.size() * 2);
    for (std::size_t i = 0; i < text.size(); ++i) {
        made += hex_digits[byte(text, i) >> 4U];
        made += hex_digits[byte(text, i) & 0xfU];
    }
    return made;
}

}  // namespace

void JsonText::separate() {
    if (!first_) {
        out_ += ',';
    }
    if (new_line_) {
        out_ += '\n';
    } else if (!first_) {
        out_ += ' ';
    }
    first_ = new_line_ = false;
}

void JsonText::quoted(std::string_view value) {
    out_ += '"';
    for (std::size_t i = 0; i < value.size(); ++i) {
        unsigned const c = byte(value, i);
        if (c == '"' || c == '\\') {
            out_ += '\\';
            out_ += value[i];
        } else if (c < ' ' || c == 0x7f) {
            out_ += "\\u00";
            out_ += hex_digits[c >> 4U];
            out_ += hex_digits[c & 0xfU];
        } else {
            out_ += value[i];
        }
    }
    out_ += '"';
}

void JsonText::text(std::string_view value) {
    if (is_utf8(value)) {
        separate();
        quoted(value);
        return;
    }
    open('{');
    key("hex");
    text(in_hex(value));
    close('}');
}

void JsonText::number(std::int64_t value) {
    separate();
    out_ += std::to_string(value);
}

void JsonText::flag(bool value) {
    separate();
    out_ += value ? "true" : "false";
}

void JsonText::null() {
    separate();
    out_ += "null";
}

void JsonText::key(std::string_view name) {
    separate();
    quoted(is_utf8(name) ? name : in_hex(name));
    out_ += ": ";
    first_ = true;
}

void JsonText::open(char bracket) {
    separate();
    out_ += bracket;
    first_ = true;
}

void JsonText::close(char bracket) {
    out_ += bracket;
    first_ = false;
}

void JsonText::line() {
    new_line_ = true;
}

void JsonText::neutral(config::Neutral const& value) {
    struct Write {
        JsonText& json;
        void operator()(config::Neutral::Null) const { json.null(); }
        void operator()(bool on) const { json.flag(on); }
        void operator()(std::int64_t amount) const { json.number(amount); }
        void operator()(std::string const& words) const { json.text(words); }
        void operator()(config::NeutralList const& items) const {
            json.open('[');
            for (auto const& item : items) {
                json.neutral(item);
            }
            json.close(']');
        }
        void operator()(config::NeutralRecord const& fields) const {
            json.open('{');
            for (auto const& [name, field] : fields) {
                json.key(name);
                json.neutral(field);
            }
            json.close('}');
        }
    };
    std::visit(Write{*this}, value.data);
}

}  // namespace apiary
