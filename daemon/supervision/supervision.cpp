#include "supervision/supervision.hpp"

#include "supervision/host_files_step.hpp"
#include "supervision/log_step.hpp"
#include "supervision/run_folder_step.hpp"
#include "supervision/shim_supervisor.hpp"

namespace apiary {

auto make_supervisor(Loop& loop, SupervisionOptions const& options) -> std::unique_ptr<Supervisor> {
    return std::make_unique<supervision::ShimSupervisor>(loop, options);
}

auto make_steps(Loop& loop, SupervisionOptions const& options) -> std::vector<std::unique_ptr<Step>> {
    auto const opener = std::make_shared<supervision::Opener>(loop, options.opener, options.open_deadline);
    std::vector<std::unique_ptr<Step>> steps;
    steps.push_back(std::make_unique<supervision::RunFolderStep>(loop));
    steps.push_back(std::make_unique<supervision::HostFilesStep>(loop, opener));
    steps.push_back(std::make_unique<supervision::LogStep>(loop, opener, options.log_dir, options.log_bound));
    return steps;
}

}  // namespace apiary
