// What a caller sent: measured before anything is done with it, and options read from it.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "bus/sd_bus.hpp"
#include "bus/value.hpp"

namespace apiary::bus {

// Looks at the body of a message, and rewinds it: its length in bytes, or nothing where it has more than any call of
// this API needs. The bus lets 32 MiB pass, and to unpack an array of that many bytes takes seconds.
[[nodiscard]] auto measured_body(sd_bus_message* message) -> std::optional<std::size_t>;

// The options or the filter of a call. A value of a type that no option has is kept as nothing.
using OptionMap = std::map<std::string, std::optional<Value>>;
[[nodiscard]] auto read_options(sd_bus_message* message) -> OptionMap;

// Reads the options that a call knows; finish() refuses the others. All throw Fault.
class Options {
public:
    explicit Options(OptionMap map) : map_{std::move(map)} {}
    [[nodiscard]] auto flag(char const* key) -> std::optional<bool>;
    [[nodiscard]] auto text(char const* key) -> std::optional<std::string>;
    [[nodiscard]] auto number(char const* key) -> std::optional<std::uint64_t>;
    [[nodiscard]] auto texts(char const* key) -> std::optional<Texts>;  // one text, or several
    void finish() const;

private:
    auto take(char const* key) -> std::optional<Value>;
    OptionMap map_;
};

}  // namespace apiary::bus
