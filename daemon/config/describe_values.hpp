// The value of each key, read out of a definition.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "config/neutral.hpp"
#include "vm/definition.hpp"

namespace apiary::config {

struct KeyView {
    std::string_view key;
    Neutral (*value)(Definition const&);
    // How a configuration would say it, where that is not plain from the value.
    std::vector<std::string> (*texts)(Definition const&) = nullptr;
};

// Null: no part of a definition has this key (a plugin's).
[[nodiscard]] auto find_view(std::string_view key) -> KeyView const*;

// Texts of a value that is no record: yes, no, numbers, texts; one for each element of a list.
[[nodiscard]] auto plain_texts(Neutral const& value) -> std::vector<std::string>;

}  // namespace apiary::config
