// What the codecs of the store share: optional members, durations, enumerations as words.
#pragma once

#include <chrono>
#include <nlohmann/json.hpp>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>

namespace nlohmann {

template <typename T>
struct adl_serializer<std::optional<T>> {
    static void to_json(json& to, std::optional<T> const& from) { to = from ? json(*from) : json(nullptr); }
    static void from_json(json const& from, std::optional<T>& to) {
        to = from.is_null() ? std::nullopt : std::optional<T>{from.get<T>()};
    }
};

template <>
struct adl_serializer<std::chrono::seconds> {
    static void to_json(json& to, std::chrono::seconds from) { to = from.count(); }
    static void from_json(json const& from, std::chrono::seconds& to) {
        to = std::chrono::seconds{from.get<std::int64_t>()};
    }
};

}  // namespace nlohmann

namespace apiary::store {

using nlohmann::json;

// The enumerator of this word, of those up to `last`. Throws where there is none: a later version wrote it.
template <typename Enum>
auto from_word(std::string_view word, Enum last) -> Enum {
    for (int i = 0; i <= static_cast<int>(last); ++i) {
        if (to_string(static_cast<Enum>(i)) == word) {
            return static_cast<Enum>(i);
        }
    }
    throw std::out_of_range{"unknown word " + std::string{word}};
}

}  // namespace apiary::store
