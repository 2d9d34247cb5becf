#include "supervision/supervision.hpp"

#include "supervision/host_files_step.hpp"
#include "supervision/limits_step.hpp"
#include "supervision/log_step.hpp"
#include "supervision/run_folder_step.hpp"
#include "supervision/shim_supervisor.hpp"

namespace apiary {

auto make_supervisor(Loop& loop, SupervisionOptions const& options) -> std::unique_ptr<Supervisor> {
    return std::make_unique<supervision::ShimSupervisor>(loop, options);
}

auto make_steps(Loop& loop, SupervisionOptions const& options) -> BuiltInSteps {
    auto const opener = std::make_shared<supervision::Opener>(loop, options.opener, options.open_deadline);
    auto limits = std::make_unique<supervision::LimitsStep>(loop, supervision::read_limits);
    BuiltInSteps made{.steps = {}, .observer = limits.get()};
    auto& steps = made.steps;
    steps.push_back(std::make_unique<supervision::RunFolderStep>(loop));
    steps.push_back(std::move(limits));
    steps.push_back(std::make_unique<supervision::HostFilesStep>(loop, opener));
    steps.push_back(std::make_unique<supervision::LogStep>(loop, opener, options.log_dir, options.log_bound));
    return made;
}

}  // namespace apiary
