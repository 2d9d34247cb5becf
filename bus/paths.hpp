// Object paths: of VMs and plugins by their names, of jobs by their ids. Decoded strictly: each object has exactly one
// path.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace apiary::bus {

inline constexpr char const* root_path = "/org/apiary/Apiary1";
inline constexpr char const* vm_prefix = "/org/apiary/Apiary1/vm";
inline constexpr char const* job_prefix = "/org/apiary/Apiary1/job";
inline constexpr char const* plugin_prefix = "/org/apiary/Apiary1/plugin";

inline constexpr char const* manager_interface = "org.apiary.Apiary1.Manager";
inline constexpr char const* journal_interface = "org.apiary.Apiary1.Journal";
inline constexpr char const* vm_interface = "org.apiary.Apiary1.VM";
inline constexpr char const* job_interface = "org.apiary.Apiary1.Job";
inline constexpr char const* agents_interface = "org.apiary.Apiary1.Agents";
inline constexpr char const* agent_interface = "org.apiary.Apiary1.Agent";  // of others: the daemon calls it
inline constexpr char const* plugin_interface = "org.apiary.Apiary1.Plugin";

[[nodiscard]] auto vm_path(std::string_view name) -> std::string;
[[nodiscard]] auto job_path(std::uint64_t id) -> std::string;
[[nodiscard]] auto plugin_path(std::string_view name) -> std::string;

// Nothing where the path is not exactly what vm_path(), plugin_path() or job_path() would give.
[[nodiscard]] auto vm_name_of(std::string_view path) -> std::optional<std::string>;
[[nodiscard]] auto plugin_name_of(std::string_view path) -> std::optional<std::string>;
[[nodiscard]] auto job_id_of(std::string_view path) -> std::optional<std::uint64_t>;

}  // namespace apiary::bus
