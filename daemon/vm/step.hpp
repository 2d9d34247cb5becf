// A step: one part of getting a VM up (prestart), and its inverse (poststop).
//
// Built-in steps and those of plugins are the same thing to the engine. Steps run in their declared order; when one
// does not succeed, it and those before it are undone in reverse order (a step that vetoed cleanly has nothing to
// undo).
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "vm/definition.hpp"
#include "vm/loop.hpp"
#include "vm/state.hpp"
#include "vm/unique_fd.hpp"

namespace apiary {

// Something that a step adds to the VM that is being started: a typed record with an id. Kinds in use:
// "fd"        id = what it stands for ("disk0", "iso1", "kernel", "log" …): an opened file, in `fd`
// "tap"       id = "nic<n>": value = name of the network interface
// "file"      id = what it stands for: value = absolute path to use
// "skip"      id = what it stands for ("disk0", "iso1"): it is absent and may be (noexist)
// "credentials" id = "hypervisor": value = who it runs as (parse_credentials in supervisor.hpp)
struct Contribution {
    std::string kind, id, value;
    std::shared_ptr<UniqueFd> fd;  // not kept over a restart of the daemon
};

struct StepCall {
    DefinitionPtr definition;
    unsigned id = 0;  // the VM's number
    std::uint64_t incarnation = 0;
    std::uint64_t attempt = 0;  // unique; the undo of this call carries the same
    std::string run_dir;
    std::vector<Contribution> contributions;  // prestart: of the steps before it; poststop: its own
};

struct StepResult {
    enum class Kind {
        ok,
        veto,    // the step says no, cleanly: nothing to undo; `reason` says why, if it is more than that
        failed,  // it broke half-way: it is undone too
    };
    Kind kind = Kind::ok;
    Reason reason = Reason::none;  // none: veto or step_failed, by kind
    std::string text;              // the step's own words, for the user: what is wrong and what to do
    std::vector<Contribution> contributions;
};

// A step's name is what the record of an attempt is undone by, also by a later daemon. Built-in ones: lower case
// letters, digits, '-'. Those of plugins: this, which no built-in one can have, and the plugin's name.
inline constexpr std::string_view plugin_step_prefix = "plugin:";
[[nodiscard]] inline auto is_plugin_step(std::string_view step) -> bool {
    return step.starts_with(plugin_step_prefix);
}

class Step {
public:
    using Done = std::function<void(StepResult)>;
    virtual ~Step() = default;
    [[nodiscard]] virtual auto name() const -> std::string_view = 0;
    [[nodiscard]] virtual auto applies_to(Definition const&) const -> bool { return true; }
    [[nodiscard]] virtual auto timeout() const -> Duration { return std::chrono::seconds{60}; }

    // For one undo. None: what the engine has for all.
    [[nodiscard]] virtual auto undo_timeout() const -> std::optional<Duration> { return std::nullopt; }

    // `done` is called exactly once, on the loop; never from within the call itself (but see renew()). The engine may
    // have gone on by then (deadline, stop): a late answer is dropped, and the undo follows in any case.
    virtual void prestart(StepCall call, Done done) = 0;
    // A request to be quick about the prestart with this attempt id: its answer is not waited for any more.
    virtual void cancel(std::uint64_t attempt) { (void)attempt; }
    // Idempotent; also called for a prestart that never answered, or that a daemon had meant to call as it died. Result
    // kinds: ok, failed.
    virtual void poststop(StepCall call, Done done) = 0;
    // The daemon was restarted since the prestart with this attempt id, and the hypervisor is to be launched again:
    // what of the contributions did not outlive that (descriptors) is contributed anew. What is called off is not
    // undone otherwise than by the one poststop. Result kinds: ok, failed. `done` may be called from within the call.
    virtual void renew(StepCall call, Done done) {
        auto const answer = std::move(done);
        answer({.text = {}, .contributions = std::move(call.contributions)});
    }

    // renew() is also wanted at each reboot of a guest whose hypervisor is launched anew for it, before that.
    [[nodiscard]] virtual auto renews_at_reboot() const -> bool { return false; }
};

// All that there are now, in the order in which they run. Steps come and go (a plugin is installed, disabled, removed):
// a start goes on with those that there were as it began; an undo is for whoever has the step's name by then.
using Steps = std::vector<std::shared_ptr<Step>>;

// One that stays for as long as there are steps at all.
[[nodiscard]] inline auto lasting_step(Step& step) -> std::shared_ptr<Step> {
    return {std::shared_ptr<Step>{}, &step};
}

}  // namespace apiary
