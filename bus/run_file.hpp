// Small files in the run folder, which is ours alone to write to: whole or not at all, and believed only if they are
// ours.
#pragma once

#include <string>
#include <string_view>

namespace apiary::bus {

// In place of what was there, readable by all. Throws std::system_error.
void write_run_file(std::string const& path, std::string_view text);

// At most 64 KiB. Empty: there is none, or it is not to be believed (another's, a link, writable by others).
[[nodiscard]] auto read_run_file(std::string const& path) -> std::string;

}  // namespace apiary::bus
