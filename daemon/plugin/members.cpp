#include "plugin/members.hpp"

#include <limits>
#include <utility>

namespace apiary::plugin {
namespace {

auto find(Json const& object, char const* name) -> Json const* {
    if (!object.is_object()) {
        return nullptr;
    }
    auto const found = object.find(name);
    return found == object.end() ? nullptr : &*found;
}

}  // namespace

auto type_of(Frame const& frame) -> std::string_view {
    Json const* const type = find(frame.body, "t");
    return type != nullptr && type->is_string() ? std::string_view{type->get_ref<std::string const&>()}
                                                : std::string_view{};
}

auto find_text(Json const& object, char const* name) -> std::optional<std::string> {
    Json const* const value = find(object, name);
    return value != nullptr && value->is_string() ? std::optional{value->get<std::string>()} : std::nullopt;
}

auto text_of(Json const& object, char const* name) -> std::string {
    return find_text(object, name).value_or(std::string{});
}

auto flag_of(Json const& object, char const* name) -> bool {
    Json const* const value = find(object, name);
    return value != nullptr && value->is_boolean() && value->get<bool>();
}

auto number_of(Json const& object, char const* name, std::uint64_t fallback) -> std::uint64_t {
    Json const* const value = find(object, name);
    bool const fits = value != nullptr && value->is_number_integer() &&
                      (value->is_number_unsigned() || value->get<std::int64_t>() >= 0);
    return fits ? value->get<std::uint64_t>() : fallback;
}

auto signed_of(Json const& object, char const* name, std::int64_t fallback) -> std::int64_t {
    Json const* const value = find(object, name);
    if (value == nullptr || !value->is_number_integer()) {
        return fallback;
    }
    if (value->is_number_unsigned() &&
        value->get<std::uint64_t>() > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) {
        return fallback;
    }
    return value->get<std::int64_t>();
}

auto texts_of(Json const& object, char const* name) -> std::vector<std::string> {
    std::vector<std::string> all;
    if (Json const* const list = find(object, name); list != nullptr && list->is_array()) {
        for (auto const& one : *list) {
            if (one.is_string()) {
                all.push_back(one.get<std::string>());
            }
        }
    }
    return all;
}

auto named_texts_of(Json const& object, char const* name) -> std::map<std::string, std::string> {
    std::map<std::string, std::string> all;
    if (Json const* const inner = find(object, name); inner != nullptr && inner->is_object()) {
        for (auto const& [key, value] : inner->items()) {
            if (value.is_string()) {
                all.emplace(key, value.get<std::string>());
            }
        }
    }
    return all;
}

auto triples_of(Json const& object, char const* name) -> std::optional<std::vector<Triple>> {
    std::vector<Triple> all;
    Json const* const list = find(object, name);
    if (list == nullptr) {
        return all;
    }
    if (!list->is_array()) {
        return std::nullopt;
    }
    for (auto const& one : *list) {
        if (!one.is_array() || one.size() != 3 || !one[0].is_string() || !one[1].is_string() || !one[2].is_string()) {
            return std::nullopt;
        }
        all.push_back({one[0].get<std::string>(), one[1].get<std::string>(), one[2].get<std::string>()});
    }
    return all;
}

auto to_json(std::vector<Triple> const& triples) -> Json {
    Json list = Json::array();
    for (auto const& one : triples) {
        list.push_back({one.first, one.second, one.third});
    }
    return list;
}

auto shortened(std::string_view text, std::size_t most) -> std::string {
    if (text.size() <= most) {
        return std::string{text};
    }
    std::size_t end = most;
    while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0U) == 0x80U) {
        --end;
    }
    return std::string{text.substr(0, end)};
}

}  // namespace apiary::plugin
