// Looking into dictionaries.
#include "ctl/value.hpp"

#include <algorithm>

namespace apiary::ctl {

namespace {

template <typename T>
auto look(Values const& values, std::string_view key) -> T const* {
    auto const found = values.find(key);
    return found == values.end() ? nullptr : std::get_if<T>(&found->second.as_variant());
}

template <typename T>
auto value_or_nothing(Values const& values, std::string_view key) -> T {
    auto const* const found = look<T>(values, key);
    return found == nullptr ? T{} : *found;
}

struct Shown {
    auto operator()(bool value) const -> std::string { return value ? "yes" : "no"; }
    auto operator()(std::int64_t value) const -> std::string { return std::to_string(value); }
    auto operator()(std::uint64_t value) const -> std::string { return std::to_string(value); }
    auto operator()(double value) const -> std::string { return std::to_string(value); }
    auto operator()(std::string const& value) const -> std::string { return value; }
    auto operator()(Strings const& value) const -> std::string {
        std::string all;
        for (auto const& text : value) {
            all += (all.empty() ? "" : ",") + text;
        }
        return all;
    }
    auto operator()(Values const& value) const -> std::string {
        std::string all;
        for (auto const& [key, inner] : value) {
            all += (all.empty() ? "" : " ") + key + '=' + shown(inner);
        }
        return all;
    }
};

}  // namespace

auto text_of(Values const& values, std::string_view key) -> std::string {
    return value_or_nothing<std::string>(values, key);
}

auto number_of(Values const& values, std::string_view key) -> std::uint64_t {
    if (auto const* const found = look<std::int64_t>(values, key)) {
        return static_cast<std::uint64_t>(std::max<std::int64_t>(*found, 0));
    }
    return value_or_nothing<std::uint64_t>(values, key);
}

auto real_of(Values const& values, std::string_view key) -> double {
    return value_or_nothing<double>(values, key);
}

auto flag_of(Values const& values, std::string_view key, bool otherwise) -> bool {
    auto const* const found = look<bool>(values, key);
    return found == nullptr ? otherwise : *found;
}

auto strings_of(Values const& values, std::string_view key) -> Strings {
    return value_or_nothing<Strings>(values, key);
}

auto values_of(Values const& values, std::string_view key) -> Values {
    return value_or_nothing<Values>(values, key);
}

auto shown(Value const& value) -> std::string {
    return std::visit(Shown{}, value.as_variant());
}

}  // namespace apiary::ctl
