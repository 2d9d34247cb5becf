// How the diagnostic of a key that nobody declares begins: a plugin that comes may declare it.
#pragma once

#include <string_view>

namespace apiary::config {

inline constexpr std::string_view unknown_key_words = "unknown key ";

}  // namespace apiary::config
