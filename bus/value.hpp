// A value as the bus knows it, between the parts that make it and the two ways of writing it (raw messages, sdbus-c++).
#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "bus/sd_bus.hpp"
#include "vm/loop.hpp"

namespace apiary::bus {

struct ObjectPath {
    std::string path;
    friend auto operator==(ObjectPath const&, ObjectPath const&) -> bool = default;
};

struct Entry;
using Dict = std::vector<Entry>;  // a{sv}
using Texts = std::vector<std::string>;

struct Value {
    std::variant<bool, std::uint16_t, std::uint32_t, std::uint64_t, double, std::string, ObjectPath, Texts, Dict> data;
};

struct Entry {
    std::string key;
    Value value;
};

[[nodiscard]] auto operator==(Value const& left, Value const& right) -> bool;
[[nodiscard]] auto operator==(Entry const& left, Entry const& right) -> bool;

// Microseconds since 1970.
[[nodiscard]] auto to_micros(WallTime time) -> std::uint64_t;

// Appends to a message, and counts roughly how long it becomes.
class Writer {
public:
    explicit Writer(sd_bus_message* message) : message_{message} {}
    [[nodiscard]] auto bytes() const -> std::size_t { return bytes_; }

    void text(char const* value);
    void text(std::string const& value) { text(value.c_str()); }
    void path(std::string const& value);
    void number(std::uint64_t value);
    void value(Value const& value);    // bare
    void variant(Value const& value);  // v
    void dict(Dict const& entries);    // a{sv}
    void texts(Texts const& values);   // as
    void open(char type, char const* contents);
    void close();

private:
    void basic(char type, void const* value, std::size_t size);
    sd_bus_message* message_;
    std::size_t bytes_ = 128;  // the header
};

}  // namespace apiary::bus
