// The record of what runs in a run folder, as JSON (vm.json): written before the spawn, read by the next daemon.
#pragma once

#include <string>
#include <variant>

#include "vm/supervisor.hpp"

namespace apiary::supervision {

// Values of secret settings are left out.
[[nodiscard]] auto to_json(RunRecord const& record) -> std::string;

struct DamagedRecord {
    std::string text;  // what is wrong with it
};
// Members that are not known are ignored: a later version may have written them.
[[nodiscard]] auto run_record_from_json(std::string const& text, std::string const& run_dir)
    -> std::variant<RunRecord, DamagedRecord>;

}  // namespace apiary::supervision
