// What is kept of VMs and jobs as bytes, and back. CBOR, for the same reason as definitions are.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "vm/memory.hpp"

namespace apiary::store {

[[nodiscard]] auto encode(VmRecord const& record) -> std::string;  // without its definition
[[nodiscard]] auto encode(Job const& job) -> std::string;

// Nothing: damaged, or written by a later version in words that this one does not know.
[[nodiscard]] auto decode_vm(std::string_view bytes) -> std::optional<VmRecord>;
[[nodiscard]] auto decode_job(std::string_view bytes) -> std::optional<Job>;

}  // namespace apiary::store
