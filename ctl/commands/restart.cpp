// apiaryctl daemon restart
#include <algorithm>
#include <chrono>
#include <optional>
#include <ostream>
#include <string>

#include "ctl/commands/commands.hpp"
#include "ctl/failure.hpp"
#include "ctl/json_out.hpp"
#include "ctl/signals.hpp"
#include "ctl/text.hpp"

namespace apiary::ctl {

namespace {

// With thousands of VMs the next daemon has some seconds of work before it is on the bus.
constexpr std::chrono::seconds patience{60};
constexpr char const* what_to_do =
    "The VMs run on without a daemon. Its log tells why (journalctl -u apiaryd, or syslog); when that is mended, start "
    "apiaryd again: it goes on with them.";

[[noreturn]] void not_back(std::string const& text) {
    throw Failure{ExitCode::unreachable, text, what_to_do};
}

// Nothing: it is there again.
auto wait_for_the_next(Context& context, Client& client, SignalCatcher const& signals) -> std::optional<ExitCode> {
    using Clock = std::chrono::steady_clock;
    auto const deadline = Clock::now() + patience;
    bool gone = false;
    for (;;) {
        auto const left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now());
        auto const notice = client.next(signals.fd(), std::max(left, std::chrono::milliseconds{0}));
        switch (notice.kind) {
            case Notice::Kind::daemon_gone:
                gone = true;
                break;
            case Notice::Kind::daemon_back:
                return std::nullopt;
            case Notice::Kind::bus_lost:
                not_back("The bus has gone away, so it cannot be said whether the next daemon has come.");
            case Notice::Kind::interrupted:
                context.output.err << "Interrupted. The daemon goes on with it.\n";
                return exit_code_of_signal(SignalCatcher::caught());
            case Notice::Kind::timed_out:
                not_back((gone ? "The daemon has ended, and none has taken its place within "
                               : "The daemon has not ended within ") +
                         std::to_string(patience.count()) + " seconds.");
            default:
                break;
        }
    }
}

}  // namespace

auto daemon_restart(Context& context, Invocation const& asked) -> ExitCode {
    auto const client = context.connect();
    auto& output = context.output;
    SignalCatcher const signals;
    auto const before = client->daemon_info().version;
    client->restart(asked.force);
    if (!asked.wait) {
        output.out << (asked.json ? R"({"result":"asked"})" : "the daemon starts again") << '\n';
        return ExitCode::ok;
    }
    if (auto const cut_short = wait_for_the_next(context, *client, signals)) {
        return *cut_short;
    }
    auto const version = client->daemon_info().version;
    auto const vms =
        all_vms(*client, {.names = {}, .states = {"starting", "running", "paused", "stopping"}, .fields = {}})
            .vms.size();
    if (asked.json) {
        output.out << restart_json(before, version, vms) << '\n';
        return ExitCode::ok;
    }
    output.out << "apiaryd " << printable(version) << (version == before ? " is back" : " is there in place of ")
               << (version == before ? "" : printable(before)) << ": it goes on with " << vms
               << (vms == 1 ? " VM" : " VMs") << '\n';
    return ExitCode::ok;
}

}  // namespace apiary::ctl
