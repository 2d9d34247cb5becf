// A plugin's part in the starts and ends of VMs.
//
// The calls of one attempt are made one after the other: the undo of a prestart that was called off is sent when that
// prestart has ended, or its process is dead. So nothing is made after it was undone.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "plugin/plugin.hpp"
#include "vm/step.hpp"

namespace apiary::plugin {

class PluginStep : public Step {
public:
    PluginStep(PluginWorld& world, Plugin& plugin);
    ~PluginStep() override;
    PluginStep(PluginStep const&) = delete;
    auto operator=(PluginStep const&) -> PluginStep& = delete;

    [[nodiscard]] auto name() const -> std::string_view override { return name_; }
    [[nodiscard]] auto applies_to(Definition const& definition) const -> bool override;
    [[nodiscard]] auto timeout() const -> Duration override;
    [[nodiscard]] auto undo_timeout() const -> std::optional<Duration> override;
    void prestart(StepCall call, Done done) override;
    void cancel(std::uint64_t attempt) override;
    void poststop(StepCall call, Done done) override;
    void renew(StepCall call, Done done) override;
    [[nodiscard]] auto renews_at_reboot() const -> bool override;

    // The plugin is no more; who still has the step hears that.
    void part() { plugin_ = nullptr; }

private:
    struct Attempt {
        std::string vm;
        std::uint64_t under_way = 0;             // number of the call; 0: none
        std::deque<std::function<void()>> next;  // what is to follow
        // Of a prestart that the engine had called off: it does not know of them, and the undo needs them.
        std::vector<Contribution> contributed;
        std::shared_ptr<UniqueFd> log;  // of the VM, for the undo
    };
    void forget_given_up(std::string const& vm);
    void in_order(std::uint64_t attempt, std::function<void()> what);
    void make(std::string_view what, StepCall const& call, std::chrono::milliseconds timeout,
              std::shared_ptr<UniqueFd> log, Answered then);
    [[nodiscard]] auto log_now(std::string const& vm) const -> std::shared_ptr<UniqueFd>;
    void call_ended(std::uint64_t attempt, bool forget);

    PluginWorld& world_;
    Plugin* plugin_;
    std::string name_;
    std::map<std::uint64_t, Attempt> attempts_;
    std::shared_ptr<PluginStep*> self_;
};

}  // namespace apiary::plugin
