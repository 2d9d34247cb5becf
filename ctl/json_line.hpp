// A document of --json, on one line.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

namespace apiary::ctl {

using Json = nlohmann::ordered_json;

// Whatever a newer daemon sends, the output stays valid JSON in valid UTF-8.
[[nodiscard]] inline auto line(Json const& json) -> std::string {
    return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace apiary::ctl
