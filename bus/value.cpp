// A value as the bus knows it.
#include "bus/value.hpp"

#include <cstring>

namespace apiary::bus {

namespace {

struct Signature {
    auto operator()(bool) const { return "b"; }
    auto operator()(std::uint16_t) const { return "q"; }
    auto operator()(std::uint32_t) const { return "u"; }
    auto operator()(std::uint64_t) const { return "t"; }
    auto operator()(double) const { return "d"; }
    auto operator()(std::string const&) const { return "s"; }
    auto operator()(ObjectPath const&) const { return "o"; }
    auto operator()(Texts const&) const { return "as"; }
    auto operator()(Dict const&) const { return "a{sv}"; }
};

}  // namespace

auto operator==(Value const& left, Value const& right) -> bool {
    return left.data == right.data;
}

auto operator==(Entry const& left, Entry const& right) -> bool {
    return left.key == right.key && left.value == right.value;
}

auto to_micros(WallTime time) -> std::uint64_t {
    auto const count = time.time_since_epoch().count();
    return count > 0 ? static_cast<std::uint64_t>(count) : 0;
}

void Writer::basic(char type, void const* value, std::size_t size) {
    check(sd_bus_message_append_basic(message_, type, value), "append to a message");
    bytes_ += size;
}

void Writer::text(char const* value) {
    basic('s', value, std::strlen(value) + 8);
}

void Writer::path(std::string const& value) {
    basic('o', value.c_str(), value.size() + 8);
}

void Writer::number(std::uint64_t value) {
    basic('t', &value, sizeof value);
}

void Writer::open(char type, char const* contents) {
    check(sd_bus_message_open_container(message_, type, contents), "open a container");
    bytes_ += 8;
}

void Writer::close() {
    check(sd_bus_message_close_container(message_), "close a container");
}

void Writer::value(Value const& value) {
    struct Append {
        Writer& writer;
        void operator()(bool flag) const {
            int const number = flag ? 1 : 0;
            writer.basic('b', &number, sizeof number);
        }
        void operator()(std::uint16_t number) const { writer.basic('q', &number, sizeof number); }
        void operator()(std::uint32_t number) const { writer.basic('u', &number, sizeof number); }
        void operator()(std::uint64_t number) const { writer.number(number); }
        void operator()(double number) const { writer.basic('d', &number, sizeof number); }
        void operator()(std::string const& text) const { writer.text(text); }
        void operator()(ObjectPath const& object) const { writer.path(object.path); }
        void operator()(Texts const& texts) const { writer.texts(texts); }
        void operator()(Dict const& entries) const { writer.dict(entries); }
    };
    std::visit(Append{*this}, value.data);
}

void Writer::variant(Value const& value) {
    open('v', std::visit(Signature{}, value.data));
    this->value(value);
    close();
}

void Writer::dict(Dict const& entries) {
    open('a', "{sv}");
    for (auto const& entry : entries) {
        open('e', "sv");
        text(entry.key);
        variant(entry.value);
        close();
    }
    close();
}

void Writer::texts(Texts const& values) {
    open('a', "s");
    for (auto const& text_value : values) {
        text(text_value);
    }
    close();
}

}  // namespace apiary::bus
