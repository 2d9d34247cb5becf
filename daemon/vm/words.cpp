// The spelling of every word of the contract, in one place.
#include <array>
#include <utility>

#include "vm/event.hpp"
#include "vm/job.hpp"
#include "vm/plugins.hpp"
#include "vm/state.hpp"

namespace apiary {
namespace {

template <typename Enum>
using Words = std::pair<Enum, std::string_view>;

constexpr auto states = std::to_array<Words<State>>({{State::stopped, "stopped"},
                                                     {State::starting, "starting"},
                                                     {State::running, "running"},
                                                     {State::paused, "paused"},
                                                     {State::stopping, "stopping"},
                                                     {State::failed, "failed"}});
constexpr auto sub_states = std::to_array<Words<SubState>>({{SubState::none, ""},
                                                            {SubState::queued, "queued"},
                                                            {SubState::waiting, "waiting"},
                                                            {SubState::prestart, "prestart"},
                                                            {SubState::loading, "loading"},
                                                            {SubState::launching, "launching"},
                                                            {SubState::rebooting, "rebooting"},
                                                            {SubState::saving, "saving"},
                                                            {SubState::migrating, "migrating"},
                                                            {SubState::io_error, "io-error"},
                                                            {SubState::not_adopted, "not-adopted"},
                                                            {SubState::acpi, "acpi"},
                                                            {SubState::killing, "killing"},
                                                            {SubState::poststop, "poststop"},
                                                            {SubState::backoff, "backoff"},
                                                            {SubState::suspended, "suspended"},
                                                            {SubState::undo_pending, "undo-pending"}});
constexpr auto targets = std::to_array<Words<Target>>(
    {{Target::stopped, "stopped"}, {Target::running, "running"}, {Target::paused, "paused"}});
constexpr auto reasons = std::to_array<Words<Reason>>({{Reason::none, ""},
                                                       {Reason::requested, "requested"},
                                                       {Reason::guest_poweroff, "guest-poweroff"},
                                                       {Reason::guest_reboot, "guest-reboot"},
                                                       {Reason::guest_halt, "guest-halt"},
                                                       {Reason::guest_panic, "guest-panic"},
                                                       {Reason::triple_fault, "triple-fault"},
                                                       {Reason::killed, "killed"},
                                                       {Reason::error, "error"},
                                                       {Reason::veto, "veto"},
                                                       {Reason::step_failed, "step-failed"},
                                                       {Reason::step_timeout, "step-timeout"},
                                                       {Reason::loader_timeout, "loader-timeout"},
                                                       {Reason::stop_timeout, "stop-timeout"},
                                                       {Reason::restart_limit, "restart-limit"},
                                                       {Reason::plugin_unavailable, "plugin-unavailable"},
                                                       {Reason::no_resources, "no-resources"},
                                                       {Reason::exec_failed, "exec-failed"},
                                                       {Reason::host_shutdown, "host-shutdown"},
                                                       {Reason::recovered, "recovered"},
                                                       {Reason::unknown, "unknown"}});
constexpr auto event_types = std::to_array<Words<EventType>>({{EventType::vm_added, "vm-added"},
                                                              {EventType::vm_changed, "vm-changed"},
                                                              {EventType::vm_removed, "vm-removed"},
                                                              {EventType::state, "state"},
                                                              {EventType::reboot, "reboot"},
                                                              {EventType::job_new, "job-new"},
                                                              {EventType::job_end, "job-end"},
                                                              {EventType::step, "step"},
                                                              {EventType::console, "console"},
                                                              {EventType::notice, "notice"}});
constexpr auto commands = std::to_array<Words<Command>>({{Command::start, "start"},
                                                         {Command::stop, "stop"},
                                                         {Command::poweroff, "poweroff"},
                                                         {Command::reset, "reset"},
                                                         {Command::pause, "pause"},
                                                         {Command::resume, "resume"},
                                                         {Command::fail_reset, "failreset"}});
constexpr auto plugin_states = std::to_array<Words<PluginState>>({{PluginState::starting, "starting"},
                                                                  {PluginState::running, "running"},
                                                                  {PluginState::ended, "ended"},
                                                                  {PluginState::disabled, "disabled"},
                                                                  {PluginState::unusable, "unusable"},
                                                                  {PluginState::absent, "absent"}});
constexpr auto results = std::to_array<Words<JobResult>>({{JobResult::running, "running"},
                                                          {JobResult::done, "done"},
                                                          {JobResult::failed, "failed"},
                                                          {JobResult::canceled, "canceled"},
                                                          {JobResult::superseded, "superseded"},
                                                          {JobResult::timeout, "timeout"}});

template <typename Enum, std::size_t N>
auto word(std::array<Words<Enum>, N> const& words, Enum value) -> std::string_view {
    for (auto const& [candidate, text] : words) {
        if (candidate == value) {
            return text;
        }
    }
    return "unknown";
}

template <typename Enum, std::size_t N>
auto value(std::array<Words<Enum>, N> const& words, std::string_view text) -> std::optional<Enum> {
    for (auto const& [candidate, spelling] : words) {
        if (spelling == text) {
            return candidate;
        }
    }
    return std::nullopt;
}

}  // namespace

auto to_string(PluginState state) -> std::string_view {
    return word(plugin_states, state);
}
auto to_string(State state) -> std::string_view {
    return word(states, state);
}
auto to_string(SubState state) -> std::string_view {
    return word(sub_states, state);
}
auto to_string(Target target) -> std::string_view {
    return word(targets, target);
}
auto to_string(Reason reason) -> std::string_view {
    return word(reasons, reason);
}
auto to_string(EventType type) -> std::string_view {
    return word(event_types, type);
}
auto to_string(Command command) -> std::string_view {
    return word(commands, command);
}
auto to_string(JobResult result) -> std::string_view {
    return word(results, result);
}
auto state_from(std::string_view text) -> std::optional<State> {
    return value(states, text);
}
auto sub_state_from(std::string_view text) -> std::optional<SubState> {
    return value(sub_states, text);
}
auto target_from(std::string_view text) -> std::optional<Target> {
    return value(targets, text);
}
auto reason_from(std::string_view text) -> std::optional<Reason> {
    return value(reasons, text);
}

}  // namespace apiary
