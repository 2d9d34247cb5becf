// An agent's part in the starts and ends of VMs.
#include "plugin/agent_step.hpp"

#include <utility>

namespace apiary::plugin {
namespace {

// For a call to be sent at all: others may be under way.
constexpr auto agent_slack = std::chrono::seconds{90};

auto agent_result(AgentTerms const& terms, AgentAnswer answer, bool begun) -> StepResult {
    StepResult result{
        .kind = StepResult::Kind::failed, .reason = Reason::none, .text = std::move(answer.text), .contributions = {}};
    switch (answer.kind) {
        case AgentAnswer::Kind::ok:
            return {};
        case AgentAnswer::Kind::veto:
            result.kind = StepResult::Kind::veto;
            break;
        case AgentAnswer::Kind::late:
            result.reason = Reason::step_timeout;
            break;
        case AgentAnswer::Kind::gone:
            if (!begun && !terms.needed) {
                return {};  // as if it had gone before the start
            }
            result.kind = begun ? StepResult::Kind::failed : StepResult::Kind::veto;
            result.reason = Reason::plugin_unavailable;
            break;
        case AgentAnswer::Kind::failed:
            break;
    }
    if (result.text.empty()) {
        result.text = "it gave no reason";
    }
    if (!terms.poststop) {
        result.text = "agent " + terms.name + ": " + result.text;  // the step's name does not tell
    }
    return result;
}

auto agent_call(AgentCall::What what, StepCall const& call, std::chrono::milliseconds timeout) -> AgentCall {
    return {.what = what,
            .vm = call.definition->name,
            .id = call.id,
            .incarnation = call.incarnation,
            .attempt = call.attempt,
            .run_folder = call.run_dir,
            .timeout = timeout};
}

}  // namespace

AgentStep::AgentStep(Loop& loop, std::shared_ptr<Agent> const& agent)
    : loop_{loop},
      agent_{agent},
      terms_{agent->terms()},
      name_{terms_.poststop ? std::string{agent_step_prefix} + terms_.name : std::string{agents_step}} {}

auto AgentStep::applies_to(Definition const& definition) const -> bool {
    return (terms_.prestart || terms_.poststop) && covers(terms_, definition.name);
}

auto AgentStep::timeout() const -> Duration {
    return agent_slack + terms_.prestart_timeout;
}

// The prestart may have to end first.
auto AgentStep::undo_timeout() const -> std::optional<Duration> {
    return timeout() + terms_.poststop_timeout;
}

void AgentStep::prestart(StepCall call, Done done) {
    if (!terms_.prestart) {
        loop_.post([done = std::move(done)] { done({}); });
        return;
    }
    auto then = [terms = terms_, done = std::move(done)](AgentAnswer answer, bool begun) {
        done(agent_result(terms, std::move(answer), begun));
    };
    if (auto const agent = agent_.lock()) {
        agent->call(agent_call(AgentCall::What::prestart, call, terms_.prestart_timeout), std::move(then));
    } else {
        loop_.post([then = std::move(then)] { then({.kind = AgentAnswer::Kind::gone, .text = "it is gone"}, false); });
    }
}

void AgentStep::cancel(std::uint64_t attempt) {
    if (auto const agent = agent_.lock()) {
        agent->cancel(attempt);
    }
}

void AgentStep::poststop(StepCall call, Done done) {
    if (!terms_.poststop) {
        loop_.post([done = std::move(done)] { done({}); });
        return;
    }
    auto then = [done = std::move(done)](AgentAnswer answer, bool) {
        if (answer.kind == AgentAnswer::Kind::ok) {
            done({});
            return;
        }
        done({.kind = StepResult::Kind::failed,
              .reason = answer.kind == AgentAnswer::Kind::gone   ? Reason::plugin_unavailable
                        : answer.kind == AgentAnswer::Kind::late ? Reason::step_timeout
                                                                 : Reason::none,
              .text = answer.text.empty() ? "it gave no reason" : std::move(answer.text),
              .contributions = {}});
    };
    if (auto const agent = agent_.lock()) {
        agent->call(agent_call(AgentCall::What::poststop, call, terms_.poststop_timeout), std::move(then));
    } else {
        loop_.post([then = std::move(then)] { then({.kind = AgentAnswer::Kind::gone, .text = "it is gone"}, false); });
    }
}

}  // namespace apiary::plugin
