// What the generated adaptors of sdbus-c++ 1.2 need.
#include "bus/adaptor.hpp"

#include <type_traits>

namespace apiary::bus {

namespace {

template <typename Number>
auto non_negative(sdbus::Variant const& variant) -> std::optional<Value> {
    auto const number = variant.get<Number>();
    return number < 0 ? std::optional<Value>{} : Value{static_cast<std::uint64_t>(number)};
}

auto to_value(sdbus::Variant const& variant) -> std::optional<Value> {
    auto const type = variant.peekValueType();
    if (type == "b") {
        return Value{variant.get<bool>()};
    }
    if (type == "s") {
        return Value{variant.get<std::string>()};
    }
    if (type == "as") {
        return Value{variant.get<std::vector<std::string>>()};
    }
    if (type == "t") {
        return Value{variant.get<std::uint64_t>()};
    }
    if (type == "u") {
        return Value{std::uint64_t{variant.get<std::uint32_t>()}};
    }
    if (type == "q") {
        return Value{std::uint64_t{variant.get<std::uint16_t>()}};
    }
    if (type == "i") {  // shells write small numbers as signed ones
        return non_negative<std::int32_t>(variant);
    }
    if (type == "x") {
        return non_negative<std::int64_t>(variant);
    }
    return std::nullopt;
}

}  // namespace

auto to_variant(Value const& value) -> sdbus::Variant {
    return std::visit(
        [](auto const& plain) -> sdbus::Variant {
            using Type = std::decay_t<decltype(plain)>;
            if constexpr (std::is_same_v<Type, ObjectPath>) {
                return sdbus::Variant{sdbus::ObjectPath{plain.path}};
            } else if constexpr (std::is_same_v<Type, Dict>) {
                return sdbus::Variant{to_variants(plain)};
            } else {
                return sdbus::Variant{plain};
            }
        },
        value.data);
}

auto to_variants(Dict const& entries) -> VariantMap {
    VariantMap map;
    for (auto const& entry : entries) {
        map.emplace(entry.key, to_variant(entry.value));
    }
    return map;
}

auto to_options(VariantMap const& map) -> Options {
    OptionMap options;
    for (auto const& [key, variant] : map) {
        options.emplace(key, to_value(variant));
    }
    return Options{std::move(options)};
}

auto to_error(Fault const& fault) -> sdbus::Error {
    return sdbus::Error{fault.name(), fault.what()};
}

}  // namespace apiary::bus
