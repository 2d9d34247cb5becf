// Members of a frame, by name and type. What is absent, or of another type, is the fallback: what a frame lacks is
// judged by who needs it.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "plugin/frames.hpp"

namespace apiary::plugin {

[[nodiscard]] auto type_of(Frame const& frame) -> std::string_view;  // its "t"
[[nodiscard]] auto find_text(Json const& object, char const* name) -> std::optional<std::string>;
[[nodiscard]] auto text_of(Json const& object, char const* name) -> std::string;
[[nodiscard]] auto flag_of(Json const& object, char const* name) -> bool;
[[nodiscard]] auto number_of(Json const& object, char const* name, std::uint64_t fallback = 0) -> std::uint64_t;
[[nodiscard]] auto signed_of(Json const& object, char const* name, std::int64_t fallback = 0) -> std::int64_t;
[[nodiscard]] auto texts_of(Json const& object, char const* name) -> std::vector<std::string>;
// An object of texts.
[[nodiscard]] auto named_texts_of(Json const& object, char const* name) -> std::map<std::string, std::string>;
// An array of arrays of three texts each; nothing: one of them is something else. Absent: none.
struct Triple {
    std::string first, second, third;
    auto operator==(Triple const&) const -> bool = default;
};
[[nodiscard]] auto triples_of(Json const& object, char const* name) -> std::optional<std::vector<Triple>>;
[[nodiscard]] auto to_json(std::vector<Triple> const& triples) -> Json;

// The first `most` bytes, without half a character at the end.
[[nodiscard]] auto shortened(std::string_view text, std::size_t most) -> std::string;

}  // namespace apiary::plugin
