// Events for people, one line each.
#pragma once

#include <string>

#include "ctl/model.hpp"
#include "ctl/terminal.hpp"

namespace apiary::ctl {

// "2026-11-20 18:00:22.123  42  web  state  stopped -> starting/prestart (requested)"
[[nodiscard]] auto event_text(Event const& event, Style const& style) -> std::string;

// The part that tells what happened.
[[nodiscard]] auto happening(Event const& event, Style const& style) -> std::string;

}  // namespace apiary::ctl
