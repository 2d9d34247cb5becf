// From the invocation to its command.
#include "ctl/commands/commands.hpp"
#include "ctl/failure.hpp"
#include "ctl/hints.hpp"

namespace apiary::ctl {

namespace {

auto dispatch(Context& context, Invocation const& asked) -> ExitCode {
    using Action = Invocation::Action;
    switch (asked.action) {
        case Action::list:
            return list(context, asked);
        case Action::status:
            return status(context, asked);
        case Action::operate:
            return operate(context, asked);
        case Action::console:
            return console(context, asked);
        case Action::events:
            return events(context, asked);
        case Action::jobs:
            return jobs(context, asked);
        case Action::cancel:
            return cancel(context, asked);
        case Action::reload:
            return reload(context, asked);
        case Action::config_show:
            return config_show(context, asked);
        case Action::config_check:
            return config_check(context, asked);
        case Action::config_diff:
            return config_diff(context, asked);
        case Action::import:
            return import(context, asked);
        case Action::version:
            return version(context, asked);
        case Action::plugin_list:
            return plugin_list(context, asked);
        case Action::plugin_show:
            return plugin_show(context, asked);
        case Action::plugin_operate:
            return plugin_operate(context, asked);
        case Action::agent_list:
            return agent_list(context, asked);
        case Action::agent_unregister:
            return agent_unregister(context, asked);
        case Action::shutdown_all:
            return shutdown_all(context, asked);
        case Action::daemon_stop:
            return daemon_stop(context, asked);
        case Action::daemon_restart:
            return daemon_restart(context, asked);
    }
    return ExitCode::usage;
}

}  // namespace

auto run(Context& context, Invocation const& asked) -> ExitCode {
    try {
        return dispatch(context, asked);
    } catch (Failure const& failure) {
        auto const about = asked.vms.size() == 1 ? asked.vms.front() : std::string{};
        tell_failure(context.output, {}, with_hint(failure, hint_for(failure.error_name(), about)));
        return failure.code();
    }
}

}  // namespace apiary::ctl
