// A run folder as the daemon sees it: who lives in it, what its records say, making and removing it. What its files are
// is described in protocol.h. All of this blocks, if only on a memory file system.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "supervision/process.hpp"
#include "vm/supervisor.hpp"

namespace apiary::supervision {

inline constexpr char const* shim_lock_file = "shim.lock";
inline constexpr char const* vm_lock_file = "vm.lock";
inline constexpr char const* socket_file = "sock";
inline constexpr char const* exit_file = "exit";
inline constexpr char const* record_file = "vm.json";

struct PidRecord {
    std::string boot;
    ProcessId process;
    std::uint64_t launch = 0;  // 0: not known
    std::string title;         // the VM's name
};

struct ExitRecord {
    std::string boot;
    ProcessId process;
    std::uint64_t launch = 0;  // 0: not known
    ExitStatus status;
    int exec_error = 0;  // nonzero: it was never executed
    std::uint64_t dropped = 0;
};

// Nothing: absent, damaged, or of another boot of the host.
[[nodiscard]] auto read_pid_record(std::string const& run_dir) -> std::optional<PidRecord>;
[[nodiscard]] auto read_exit_record(std::string const& run_dir) -> std::optional<ExitRecord>;

// What one launch (0: whichever) has left in its folder.
struct Traces {
    std::optional<PidRecord> pid;    // of this boot of the host
    std::optional<ExitRecord> exit;  // likewise
    bool other_boot = false;         // a record of another boot: no process that it names is meant any more
    bool damaged = false;            // a record that cannot be read
    [[nodiscard]] auto any() const -> bool { return pid || exit || other_boot || damaged; }
};
[[nodiscard]] auto read_traces(std::string const& run_dir, std::uint64_t launch) -> Traces;

void remove_exit_record(std::string const& run_dir, ProcessId const& of);  // nobody else's

// Cannot be told counts as held: the careful answer.
[[nodiscard]] auto lock_is_held(std::string const& run_dir, char const* lock_file) -> bool;

struct Inhabitants {
    bool shim = false;
    bool hypervisor = false;
    std::optional<PidRecord> pid;
    [[nodiscard]] auto any() const -> bool { return shim || hypervisor; }
};
[[nodiscard]] auto who_lives_in(std::string const& run_dir) -> Inhabitants;

// The result is what went wrong, in words; empty: nothing. To remove a folder is also to see to it that nothing is ever
// started in it by a shim that comes late; it waits for a moment for one that is on its way out.
[[nodiscard]] auto make_run_folder(std::string const& run_dir) -> std::string;
[[nodiscard]] auto remove_run_folder(std::string const& run_dir) -> std::string;  // also where there is none
[[nodiscard]] auto write_run_file(std::string const& run_dir, char const* name, std::string const& text) -> std::string;
[[nodiscard]] auto read_run_file(std::string const& run_dir, char const* name) -> std::optional<std::string>;

}  // namespace apiary::supervision
