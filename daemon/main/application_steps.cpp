// The steps of the daemon, built-in ones and those of plugins, in the order in which they run.
#include <iterator>
#include <utility>

#include "hypervisor/hypervisors.hpp"
#include "main/application_parts.hpp"
#include "main/check.hpp"
#include "main/log.hpp"
#include "main/paths.hpp"
#include "main/witness_step.hpp"
#include "plugin/required_plugins.hpp"
#include "supervision/supervision.hpp"

namespace apiary {

auto supervision_options(Options const& options) -> SupervisionOptions {
    SupervisionOptions made;
    made.shim = options.shim.empty() ? helper_path("apiary-shim") : options.shim;
    made.opener = helper_path("apiary-opener");
    made.run_root = options.run_dir + "/vm";
    made.log_dir = options.log_dir;
    made.report = [](std::string const& text) { log::warning(text); };
    return made;
}

// Plugins that prepare the host come after what they need themselves (the run folder, the log that has their words),
// and before the files of the VM are opened, which they may have made. Hooks are asked when everything is ready.
void Application::Parts::make_steps_of_all() {
    plugins_ = std::make_unique<PluginParts>(
        loop_, options_, [this]() -> EngineCore& { return engine_; }, [this] { set_steps(); },
        [this](std::vector<std::string> const& plugins) { reloads_.keys_changed(plugins); });
    first_steps_.push_back(plugin::make_required_plugins_step(
        loop_, [this](std::string const& name) { return plugins_->book().fault_of(name); }));
    auto built_in = make_steps(loop_, supervision_options(options_));
    limits_ = built_in.observer;
    for (auto& step : built_in.steps) {
        auto& place = step->name() == "host-files" ? middle_steps_ : first_steps_;
        place.push_back(std::move(step));
    }
    for (auto& step : hypervisor::make_steps(loop_, hypervisor_options(options_))) {
        middle_steps_.push_back(std::move(step));
    }
    add_witness(loop_, last_steps_);
}

void Application::Parts::set_steps() {
    Steps steps;
    auto const add = [&steps](std::vector<std::unique_ptr<Step>> const& built_in) {
        for (auto const& step : built_in) {
            steps.push_back(lasting_step(*step));
        }
    };
    auto const add_plugins = [&](plugin::Book::Part part) {
        auto of_plugins = plugins_->book().steps(part);
        std::move(of_plugins.begin(), of_plugins.end(), std::back_inserter(steps));
    };
    add(first_steps_);
    add_plugins(plugin::Book::Part::host);
    add(middle_steps_);
    add_plugins(plugin::Book::Part::hook);
    auto of_agents = plugins_->agents().steps();
    std::move(of_agents.begin(), of_agents.end(), std::back_inserter(steps));
    add(last_steps_);
    engine_.set_steps(std::move(steps));
}

// The configuration may name another folder of plugins: what is in it has a part in what the configuration means.
void Application::Parts::load_first() {
    first_ = configuration_.load();
    auto const& folder = first_.globals.plugin_directory;
    if (folder.empty()) {
        return;
    }
    if (options_.session) {
        log::warning("plugin_directory is without effect in a session: --plugin-dir names another folder");
        return;
    }
    plugins_->book().add_folder(folder);
    first_ = configuration_.load();
}

}  // namespace apiary
