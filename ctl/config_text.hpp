// Configurations and their changes for people.
#pragma once

#include <string>

#include "ctl/config_model.hpp"
#include "ctl/output.hpp"

namespace apiary::ctl {

void print_config(Output& output, VmConfig const& vm);
void print_plan(Output& output, VmPlan const& plan);

// "main.conf:3:12 (template base)"
[[nodiscard]] auto origin_text(ConfigOrigin const& origin) -> std::string;
// When a change holds, or what becomes of the VM; a word that is not known yet stands for itself.
[[nodiscard]] auto effect_text(std::string_view effect) -> std::string;

}  // namespace apiary::ctl
