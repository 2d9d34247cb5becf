// What a plugin may contribute to a VM that starts: the kinds that the backends take (vm/step.hpp). Both sides of the
// channel ask: the host to tell the plugin at once, the daemon because a plugin is not to be believed.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace apiary::plugin {

// Nothing: it may be. Else what is wrong with it, in plain words. Kinds:
// "fd"    disk<n>, iso<n>, nic<n>, com<n>, kernel, initrd, vnc: an opened file (of vnc: a listening socket)
// "file"  disk<n>, iso<n>, com<n>, kernel, initrd: absolute path to use instead of the one in the configuration
// "tap"   nic<n>: name of the network interface
// "skip"  disk<n>, iso<n>: without it
// "note"  any name: nothing to the VM; the plugin gets it back at poststop. Each plugin has notes of its own
[[nodiscard]] auto refuse_contribution(std::string_view kind, std::string_view id, std::string_view value)
    -> std::optional<std::string>;

inline constexpr std::size_t max_contributions = 256, max_contribution_value = 4096, max_contribution_id = 64;

}  // namespace apiary::plugin
