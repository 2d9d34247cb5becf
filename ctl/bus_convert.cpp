// Values and errors of the bus library in words of ours.
#include "ctl/bus_convert.hpp"

#include <array>
#include <charconv>
#include <string_view>

#include "ctl/signals.hpp"

namespace apiary::ctl {

namespace {

constexpr std::string_view our_errors = "org.apiary.Apiary1.Error.";

template <typename Signed>
auto as_signed(sdbus::Variant const& variant) -> Value {
    return Value{static_cast<std::int64_t>(variant.get<Signed>())};
}

template <typename Unsigned>
auto as_unsigned(sdbus::Variant const& variant) -> Value {
    return Value{static_cast<std::uint64_t>(variant.get<Unsigned>())};
}

auto value_from(sdbus::Variant const& variant) -> Value {
    auto const type = variant.peekValueType();
    if (type == "s") {
        return Value{variant.get<std::string>()};
    }
    if (type == "o") {
        return Value{std::string{variant.get<sdbus::ObjectPath>()}};
    }
    if (type == "b") {
        return Value{variant.get<bool>()};
    }
    if (type == "t") {
        return as_unsigned<std::uint64_t>(variant);
    }
    if (type == "u") {
        return as_unsigned<std::uint32_t>(variant);
    }
    if (type == "q") {
        return as_unsigned<std::uint16_t>(variant);
    }
    if (type == "y") {
        return as_unsigned<std::uint8_t>(variant);
    }
    if (type == "x") {
        return as_signed<std::int64_t>(variant);
    }
    if (type == "i") {
        return as_signed<std::int32_t>(variant);
    }
    if (type == "n") {
        return as_signed<std::int16_t>(variant);
    }
    if (type == "d") {
        return Value{variant.get<double>()};
    }
    if (type == "as") {
        return Value{variant.get<Strings>()};
    }
    if (type == "a{sv}") {
        return Value{values_from(variant.get<Dictionary>())};
    }
    return Value{"(a value of the type " + type + ')'};  // of a newer daemon
}

// "...oldest=NUMBER stream=ID" at the end of the text.
auto word_after(std::string_view text, std::string_view key) -> std::string_view {
    auto const found = text.rfind(key);
    if (found == std::string_view::npos) {
        return {};
    }
    auto const word = text.substr(found + key.size());
    return word.substr(0, word.find(' '));
}

[[noreturn]] void fail_truncated(std::string const& text) {
    std::uint64_t oldest = 0;
    auto const number = word_after(text, "oldest=");
    std::from_chars(number.data(), number.data() + number.size(), oldest);
    throw JournalTruncated{text, oldest, std::string{word_after(text, "stream=")}};
}

auto code_for(std::string_view name) -> ExitCode {
    struct Entry {
        std::string_view name;
        ExitCode code;
    };
    constexpr std::array table{
        Entry{"NoSuchVM", ExitCode::not_found},         Entry{"NoSuchJob", ExitCode::not_found},
        Entry{"NoSuchPlugin", ExitCode::not_found},     Entry{"UnknownObject", ExitCode::not_found},
        Entry{"AccessDenied", ExitCode::not_allowed},   Entry{"ServiceUnknown", ExitCode::unreachable},
        Entry{"NameHasNoOwner", ExitCode::unreachable}, Entry{"NoReply", ExitCode::unreachable},
        Entry{"Disconnected", ExitCode::unreachable},   Entry{"Timeout", ExitCode::unreachable},
        Entry{"ECONNRESET", ExitCode::unreachable},     Entry{"ENOTCONN", ExitCode::unreachable},
        Entry{"EPIPE", ExitCode::unreachable},          Entry{"ESHUTDOWN", ExitCode::unreachable},
    };
    for (auto const& entry : table) {
        if (entry.name == name) {
            return entry.code;
        }
    }
    return ExitCode::failed;
}

}  // namespace

auto values_from(Dictionary const& dictionary) -> Values {
    Values values;
    for (auto const& [key, variant] : dictionary) {
        values.emplace(key, value_from(variant));
    }
    return values;
}

void fail(sdbus::Error const& error) {
    std::string_view const whole = error.getName();
    std::string const name{whole.substr(whole.rfind('.') + 1)};
    if (name == "JournalTruncated") {
        fail_truncated(error.getMessage());
    }
    if (name == "EINTR") {  // a signal that a SignalCatcher has caught, while an answer was waited for
        throw Failure{exit_code_of_signal(SignalCatcher::caught()), "Interrupted before apiaryd had answered.",
                      "Whether it does what it was asked is not known: 'apiaryctl status' tells.", name};
    }
    auto const code = code_for(name);
    if (code == ExitCode::unreachable) {
        throw Failure{
            code, "apiaryd does not answer: " + error.getMessage(),
            "Nothing is known of what it did last. 'apiaryctl status' asks it anew; its log tells why it went.", name};
    }
    // Errors of the bus itself are told with their name: their texts are often too short to be understood.
    auto const text = whole.starts_with(our_errors) && !error.getMessage().empty()
                          ? error.getMessage()
                          : error.getMessage() + " (" + error.getName() + ')';
    throw Failure{code, text, {}, name};
}

}  // namespace apiary::ctl
