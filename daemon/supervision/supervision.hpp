// What the composition root needs of this folder: a supervisor, and the built-in steps.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "vm/engine.hpp"
#include "vm/loop.hpp"
#include "vm/step.hpp"
#include "vm/supervisor.hpp"

namespace apiary {

struct SupervisionOptions {
    std::string shim;      // absolute path of apiary-shim
    std::string opener;    // absolute path of apiary-opener
    std::string run_root;  // absolute; exists, 0700; holds <id>/<incarnation>/
    std::string log_dir;   // absolute; exists
    // Bytes of a hypervisor's output that are kept of one run; a log that is longer at a start is set aside first.
    std::uint64_t log_bound = std::uint64_t{16} * 1024 * 1024;
    Duration open_deadline = std::chrono::seconds{30};  // for the opening of one file
    std::function<void(std::string const&)> report;     // what a person should know; may be empty
};

// The loop must outlive what these give.
[[nodiscard]] auto make_supervisor(Loop& loop, SupervisionOptions const& options) -> std::unique_ptr<Supervisor>;

// run-folder, limits, host-files, log: in the order in which they run. One of them has to observe the engine.
struct BuiltInSteps {
    std::vector<std::unique_ptr<Step>> steps;
    Observer* observer = nullptr;
};
[[nodiscard]] auto make_steps(Loop& loop, SupervisionOptions const& options) -> BuiltInSteps;

}  // namespace apiary
