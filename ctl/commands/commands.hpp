// The commands. Each prints its result and returns the exit code, or throws Failure.
#pragma once

#include "ctl/context.hpp"
#include "ctl/exit_code.hpp"
#include "ctl/invocation.hpp"

namespace apiary::ctl {

[[nodiscard]] auto list(Context& context, Invocation const& asked) -> ExitCode;
[[nodiscard]] auto status(Context& context, Invocation const& asked) -> ExitCode;
[[nodiscard]] auto operate(Context& context, Invocation const& asked) -> ExitCode;
[[nodiscard]] auto console(Context& context, Invocation const& asked) -> ExitCode;
[[nodiscard]] auto events(Context& context, Invocation const& asked) -> ExitCode;
[[nodiscard]] auto jobs(Context& context, Invocation const& asked) -> ExitCode;
[[nodiscard]] auto cancel(Context& context, Invocation const& asked) -> ExitCode;
[[nodiscard]] auto reload(Context& context, Invocation const& asked) -> ExitCode;
[[nodiscard]] auto config_show(Context& context, Invocation const& asked) -> ExitCode;
[[nodiscard]] auto config_check(Context& context, Invocation const& asked) -> ExitCode;
[[nodiscard]] auto config_diff(Context& context, Invocation const& asked) -> ExitCode;
[[nodiscard]] auto import(Context& context, Invocation const& asked) -> ExitCode;
[[nodiscard]] auto version(Context& context, Invocation const& asked) -> ExitCode;
[[nodiscard]] auto plugin_list(Context& context, Invocation const& asked) -> ExitCode;
[[nodiscard]] auto plugin_show(Context& context, Invocation const& asked) -> ExitCode;
[[nodiscard]] auto plugin_operate(Context& context, Invocation const& asked) -> ExitCode;
[[nodiscard]] auto agent_list(Context& context, Invocation const& asked) -> ExitCode;
[[nodiscard]] auto agent_unregister(Context& context, Invocation const& asked) -> ExitCode;
[[nodiscard]] auto shutdown_all(Context& context, Invocation const& asked) -> ExitCode;
[[nodiscard]] auto daemon_stop(Context& context, Invocation const& asked) -> ExitCode;
[[nodiscard]] auto daemon_restart(Context& context, Invocation const& asked) -> ExitCode;

// The one that the invocation asks for; says what went wrong.
[[nodiscard]] auto run(Context& context, Invocation const& asked) -> ExitCode;

}  // namespace apiary::ctl
