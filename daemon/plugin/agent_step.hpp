// An agent's part in the starts and ends of VMs.
#pragma once

#include <memory>
#include <string>

#include "plugin/agent.hpp"
#include "vm/step.hpp"

namespace apiary::plugin {

class AgentStep : public Step {
public:
    AgentStep(Loop& loop, std::shared_ptr<Agent> const& agent);

    [[nodiscard]] auto name() const -> std::string_view override { return name_; }
    [[nodiscard]] auto applies_to(Definition const& definition) const -> bool override;
    [[nodiscard]] auto timeout() const -> Duration override;
    [[nodiscard]] auto undo_timeout() const -> std::optional<Duration> override;
    void prestart(StepCall call, Done done) override;
    void cancel(std::uint64_t attempt) override;
    void poststop(StepCall call, Done done) override;

private:
    Loop& loop_;
    std::weak_ptr<Agent> agent_;  // a start that goes on with the steps of its beginning may have this longer
    AgentTerms terms_;
    std::string name_;
};

}  // namespace apiary::plugin
