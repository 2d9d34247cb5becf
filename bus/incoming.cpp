// What a caller sent.
#include "bus/incoming.hpp"

#include <array>
#include <cstring>

#include "bus/errors.hpp"
#include "bus/text.hpp"

namespace apiary::bus {

namespace {

constexpr std::size_t max_bytes = std::size_t{128} * 1024;
constexpr std::size_t max_elements = 2048;
constexpr unsigned max_depth = 6;
constexpr std::size_t shown = 64;

struct Budget {
    std::size_t elements = 0, bytes = 0;
};

auto walk_basic(sd_bus_message* message, char type, Budget& budget) -> bool {
    if (type == SD_BUS_TYPE_UNIX_FD) {
        return false;  // no call takes one
    }
    union {
        std::uint64_t number;
        char const* text;
    } value{};
    check(sd_bus_message_read_basic(message, type, &value), "read an argument");
    bool const is_text = type == SD_BUS_TYPE_STRING || type == SD_BUS_TYPE_OBJECT_PATH || type == SD_BUS_TYPE_SIGNATURE;
    budget.bytes += is_text ? std::strlen(value.text) + 8 : sizeof value;
    return budget.bytes <= max_bytes;
}

// False: too much, or a descriptor. NOLINTNEXTLINE(misc-no-recursion): bounded by max_depth
auto walk(sd_bus_message* message, Budget& budget, unsigned depth) -> bool {
    for (;;) {
        char type = 0;
        char const* contents = nullptr;
        int const more = sd_bus_message_peek_type(message, &type, &contents);
        check(more, "read a message");
        if (more == 0) {
            return true;
        }
        if (++budget.elements > max_elements) {
            return false;
        }
        if (contents == nullptr) {
            if (!walk_basic(message, type, budget)) {
                return false;
            }
            continue;
        }
        if (depth == max_depth) {
            return false;
        }
        check(sd_bus_message_enter_container(message, type, contents), "read a container");
        if (!walk(message, budget, depth + 1)) {
            return false;
        }
        check(sd_bus_message_exit_container(message), "leave a container");
    }
}

auto read_variant(sd_bus_message* message) -> std::optional<Value> {
    char type = 0;
    char const* contents = nullptr;
    check(sd_bus_message_peek_type(message, &type, &contents), "read an option");
    std::string const signature = text_or_empty(contents);
    if (signature == "as") {
        check(sd_bus_message_enter_container(message, 'v', "as"), "read an option");
        check(sd_bus_message_enter_container(message, 'a', "s"), "read an option");
        Texts texts;
        char const* text = nullptr;
        while (sd_bus_message_read_basic(message, 's', &text) > 0) {
            texts.emplace_back(text);
        }
        check(sd_bus_message_exit_container(message), "read an option");
        check(sd_bus_message_exit_container(message), "read an option");
        return Value{std::move(texts)};
    }
    if (signature.size() != 1 || std::strchr("bqutsix", signature[0]) == nullptr) {
        check(sd_bus_message_skip(message, "v"), "skip an option");
        return std::nullopt;
    }
    check(sd_bus_message_enter_container(message, 'v', signature.c_str()), "read an option");
    union {
        int flag;
        std::uint16_t small;
        std::uint32_t number;
        std::int32_t signed_number;
        std::uint64_t large;
        std::int64_t signed_large;
        char const* text;
    } value{};
    check(sd_bus_message_read_basic(message, signature[0], &value), "read an option");
    check(sd_bus_message_exit_container(message), "read an option");
    auto const non_negative = [](std::int64_t number) {
        return number < 0 ? std::optional<Value>{} : Value{static_cast<std::uint64_t>(number)};
    };
    switch (signature[0]) {
        case 'b':
            return Value{value.flag != 0};
        case 's':
            return Value{std::string{value.text}};
        case 'q':
            return Value{std::uint64_t{value.small}};
        case 'u':
            return Value{std::uint64_t{value.number}};
        case 't':
            return Value{value.large};
        case 'i':
            return non_negative(value.signed_number);  // shells write small numbers as signed ones
        case 'x':
            return non_negative(value.signed_large);
        default:
            return std::nullopt;
    }
}

[[noreturn]] void wrong_type(char const* key, char const* wanted) {
    throw Fault{Error::invalid_argument, std::string{"'"} + key + "' must be " + wanted + "."};
}

}  // namespace

auto measured_body(sd_bus_message* message) -> std::optional<std::size_t> {
    Budget budget;
    bool const fits = walk(message, budget, 0);
    check(sd_bus_message_rewind(message, 1), "rewind a message");
    return fits ? std::optional{budget.bytes} : std::nullopt;
}

auto read_options(sd_bus_message* message) -> OptionMap {
    OptionMap map;
    check(sd_bus_message_enter_container(message, 'a', "{sv}"), "read the options");
    while (sd_bus_message_enter_container(message, 'e', "sv") > 0) {
        char const* key = nullptr;
        check(sd_bus_message_read_basic(message, 's', &key), "read an option");
        map[key] = read_variant(message);
        check(sd_bus_message_exit_container(message), "read an option");
    }
    check(sd_bus_message_exit_container(message), "read the options");
    return map;
}

auto Options::take(char const* key) -> std::optional<Value> {
    auto node = map_.extract(key);
    if (node.empty()) {
        return std::nullopt;
    }
    // An empty dictionary is what none of the readers takes.
    return std::move(node.mapped()).value_or(Value{Dict{}});
}

auto Options::flag(char const* key) -> std::optional<bool> {
    auto const value = take(key);
    if (!value) {
        return std::nullopt;
    }
    auto const* flag = std::get_if<bool>(&value->data);
    if (flag == nullptr) {
        wrong_type(key, "a boolean");
    }
    return *flag;
}

auto Options::text(char const* key) -> std::optional<std::string> {
    auto const value = take(key);
    if (!value) {
        return std::nullopt;
    }
    auto const* text = std::get_if<std::string>(&value->data);
    if (text == nullptr) {
        wrong_type(key, "a string");
    }
    return *text;
}

auto Options::number(char const* key) -> std::optional<std::uint64_t> {
    auto const value = take(key);
    if (!value) {
        return std::nullopt;
    }
    if (auto const* number = std::get_if<std::uint64_t>(&value->data)) {
        return *number;
    }
    wrong_type(key, "a number that is not negative");
}

auto Options::texts(char const* key) -> std::optional<Texts> {
    auto value = take(key);
    if (!value) {
        return std::nullopt;
    }
    if (auto* text = std::get_if<std::string>(&value->data)) {
        return Texts{std::move(*text)};
    }
    auto* texts = std::get_if<Texts>(&value->data);
    if (texts == nullptr) {
        wrong_type(key, "a string or an array of strings");
    }
    return std::move(*texts);
}

void Options::finish() const {
    if (!map_.empty()) {
        throw Fault{Error::invalid_option, "The option '" + clean_text(map_.begin()->first, shown) +
                                               "' is not known here. Leave it out, or use a daemon that knows it."};
    }
}

}  // namespace apiary::bus
