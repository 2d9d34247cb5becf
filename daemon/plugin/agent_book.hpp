// The agents that there are, as steps and as hearers of events; and those that are needed, and gone.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>

#include "plugin/agent_step.hpp"
#include "vm/agents.hpp"

namespace apiary::plugin {

class AgentBook : public Agents, public Observer {
public:
    // `steps_changed`: steps() gives others.
    AgentBook(Loop& loop, Agent::Log log, std::function<void()> steps_changed);
    ~AgentBook() override;
    AgentBook(AgentBook const&) = delete;
    auto operator=(AgentBook const&) -> AgentBook& = delete;

    // In their order. The first is always there: it keeps VMs from starting that need one that is gone, and undoes for
    // those that have nothing to undo.
    [[nodiscard]] auto steps() const -> Steps;

    // The daemon ends: that agents are gone then is no news.
    void end() { agents_.clear(); }

    auto add(AgentTerms terms, std::unique_ptr<AgentPort> port) -> Outcome<Handle> override;
    auto remove(std::string_view name) -> bool override;
    [[nodiscard]] auto list() const -> std::vector<AgentStatus> override;

    void on_turn(Turn const& turn) override;

private:
    class Registration;
    class Needed;
    struct Entry {
        std::uint64_t number = 0;  // of the registration
        AgentTerms terms;
        std::shared_ptr<Agent> agent;  // null: gone, and needed
        std::shared_ptr<AgentStep> step;
        std::string error;  // the last that it had, where it is gone
    };
    void gone(std::string const& name, std::uint64_t number);
    [[nodiscard]] auto missed_by(Definition const& definition) const -> AgentTerms const*;

    Loop& loop_;
    Agent::Log log_;
    std::function<void()> steps_changed_;
    std::map<std::string, Entry, std::less<>> agents_;
    std::uint64_t last_number_ = 0;
    std::shared_ptr<Step> needed_;
    std::shared_ptr<AgentBook*> self_;
};

}  // namespace apiary::plugin
