// Configurations as JSON: what apiary-config prints, and the documents of `apiaryctl config --json`.
#pragma once

#include <string>
#include <vector>

#include "ctl/config_model.hpp"

namespace apiary::ctl {

// Throws Failure where it is no such document.
[[nodiscard]] auto read_document(std::string const& text) -> ConfigDocument;

// Each is one line, without the newline.
[[nodiscard]] auto config_json(std::vector<VmConfig> const& vms, bool pending) -> std::string;
[[nodiscard]] auto plan_json(std::vector<VmPlan> const& plans, Values const& result) -> std::string;

}  // namespace apiary::ctl
