#include "plugin/plugin_step.hpp"

#include <algorithm>
#include <utility>

#include "plugin/contribution_frames.hpp"
#include "plugin/contributions.hpp"
#include "plugin/vm_json.hpp"

namespace apiary::plugin {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

// For a call to be sent at all: a process that is begun for it, another one that hangs and is waited for.
constexpr auto slack = seconds{90};

auto result_of(Answer answer, bool prestart) -> StepResult {
    StepResult result{.kind = StepResult::Kind::failed,
                      .reason = Reason::none,
                      .text = std::move(answer.text),
                      .contributions = std::move(answer.contributions)};
    switch (answer.kind) {
        case Answer::Kind::ok:
            result.kind = StepResult::Kind::ok;
            break;
        case Answer::Kind::veto:
            if (prestart) {
                result.kind = StepResult::Kind::veto;
                result.contributions.clear();
            }
            if (result.text.empty()) {
                result.text = "it gave no reason";
            }
            break;
        case Answer::Kind::refused:
            // Only a fault that holds is told so: what may be over in a second does not keep a VM from being started
            // again.
            result.reason = !answer.passing ? Reason::plugin_unavailable
                            : prestart      ? Reason::step_failed
                                            : Reason::none;
            if (prestart) {
                result.kind = StepResult::Kind::veto;  // the plugin has not heard of it
            }
            break;
        case Answer::Kind::hung:
            result.reason = Reason::step_timeout;
            break;
        case Answer::Kind::failed:
            if (result.text.empty()) {
                result.text = "it failed, and gave no reason";
            }
            break;
        case Answer::Kind::died:
            break;
    }
    return result;
}

auto is_gone(Contribution const& one) -> bool {
    return one.kind == "fd" && !one.fd;
}

// What was not contributed anew holds, but for descriptors that are gone: those of an earlier daemon. Of what one thing
// of the VM is to be, only the new holds, of whatever kind; notes are about nothing but themselves.
void keep_others(std::vector<Contribution> const& before, std::vector<Contribution>& now) {
    auto const fresh = now.size();
    for (auto const& one : before) {
        bool const replaced = std::any_of(
            now.begin(), now.begin() + static_cast<std::ptrdiff_t>(fresh), [&one](Contribution const& other) {
                return other.id == one.id && (other.kind == "note") == (one.kind == "note");
            });
        if (!is_gone(one) && !replaced && now.size() < max_contributions) {
            now.push_back(one);
        }
    }
}

}  // namespace

PluginStep::PluginStep(PluginWorld& world, Plugin& plugin)
    : world_{world},
      plugin_{&plugin},
      name_{std::string{plugin_step_prefix} + plugin.name()},
      self_{std::make_shared<PluginStep*>(this)} {}

PluginStep::~PluginStep() {
    *self_ = nullptr;
}

auto PluginStep::applies_to(Definition const& definition) const -> bool {
    auto const* const declared = plugin_ != nullptr ? plugin_->declaration() : nullptr;
    return declared != nullptr && (declared->has.prestart || declared->has.poststop) &&
           (declared->all_vms || definition.plugin_settings.contains(declared->name));
}

auto PluginStep::timeout() const -> Duration {
    auto const* const declared = plugin_ != nullptr ? plugin_->declaration() : nullptr;
    return slack + (declared != nullptr ? declared->prestart_timeout : milliseconds{0});
}

// The prestart may have to end first.
auto PluginStep::undo_timeout() const -> std::optional<Duration> {
    auto const* const declared = plugin_ != nullptr ? plugin_->declaration() : nullptr;
    return timeout() + (declared != nullptr ? declared->poststop_timeout : milliseconds{0});
}

void PluginStep::in_order(std::uint64_t attempt, std::function<void()> what) {
    auto& own = attempts_[attempt];
    if (own.under_way != 0) {
        own.next.push_back(std::move(what));
    } else {
        what();
    }
}

void PluginStep::call_ended(std::uint64_t attempt, bool forget) {
    auto const found = attempts_.find(attempt);
    if (found == attempts_.end()) {
        return;
    }
    found->second.under_way = 0;
    if (!found->second.next.empty()) {
        auto const next = std::move(found->second.next.front());
        found->second.next.pop_front();
        next();
    } else if (forget) {
        attempts_.erase(found);
    }
}

void PluginStep::make(std::string_view what, StepCall const& call, milliseconds timeout, std::shared_ptr<UniqueFd> log,
                      Answered then) {
    auto const* const declared = plugin_ != nullptr ? plugin_->declaration() : nullptr;
    if (declared == nullptr) {
        world_.loop.post([then = std::move(then)] {
            then({.kind = Answer::Kind::refused, .text = "the plugin is not there now", .contributions = {}});
        });
        return;
    }
    VmFacts facts{.name = call.definition->name,
                  .id = call.id,
                  .incarnation = call.incarnation,
                  .run_folder = call.run_dir,
                  .settings = {}};
    Json frame{{"t", "call"},
               {"what", what},
               {"timeout", timeout.count()},
               {"vm", vm_frame(std::move(facts))},
               {"attempt", call.attempt},
               {"contributions", to_json(call.contributions)}};
    attempts_[call.attempt].under_way = plugin_->call({.frame = std::move(frame),
                                                       .settings = plugin_->settings_of(call.definition),
                                                       .timeout = timeout,
                                                       .vm = call.definition->name,
                                                       .log = std::move(log),
                                                       .log_path = world_.log_path(*call.definition)},
                                                      std::move(then));
}

// A VM does not start before what was begun for it is undone, or somebody has given that up, which no step is told of.
void PluginStep::forget_given_up(std::string const& vm) {
    std::erase_if(attempts_, [&vm](auto const& one) {
        return one.second.vm == vm && one.second.under_way == 0 && one.second.next.empty();
    });
}

void PluginStep::prestart(StepCall call, Done done) {
    forget_given_up(call.definition->name);
    auto const log = log_of(call.contributions);
    if (log && plugin_ != nullptr) {
        plugin_->logs.insert_or_assign(call.definition->name, log);
    }
    auto const* const declared = plugin_ != nullptr ? plugin_->declaration() : nullptr;
    auto& own = attempts_[call.attempt];
    own.vm = call.definition->name;
    own.log = declared != nullptr && declared->has.poststop ? log : nullptr;
    if (declared != nullptr && !declared->has.prestart) {
        world_.loop.post([done = std::move(done)] { done({}); });
        return;
    }
    auto const timeout = declared != nullptr ? declared->prestart_timeout : milliseconds{0};
    // A VM that can do without it starts without it.
    bool const dispensable = declared != nullptr && declared->not_needed;
    make("prestart", call, timeout, log,
         [weak = std::weak_ptr{self_}, attempt = call.attempt, dispensable, done = std::move(done)](Answer answer) {
             bool const refused = answer.kind == Answer::Kind::refused;
             auto result = refused && dispensable ? StepResult{} : result_of(std::move(answer), true);
             auto contributed = result.contributions;
             for (auto& one : contributed) {
                 one.fd = nullptr;  // the engine's to keep
             }
             bool const nothing_left = result.kind == StepResult::Kind::veto;
             done(std::move(result));
             auto const self = weak.lock();
             if (self && *self != nullptr) {
                 (*self)->attempts_[attempt].contributed = std::move(contributed);
                 (*self)->call_ended(attempt, nothing_left);
             }
         });
}

auto PluginStep::log_now(std::string const& vm) const -> std::shared_ptr<UniqueFd> {
    if (plugin_ == nullptr) {
        return nullptr;
    }
    return plugin_->log_of_vm(vm);
}

auto PluginStep::renews_at_reboot() const -> bool {
    auto const* const declared = plugin_ != nullptr ? plugin_->declaration() : nullptr;
    return declared != nullptr && declared->has.renew && declared->renew_at_reboot;
}

void PluginStep::cancel(std::uint64_t attempt) {
    auto const found = attempts_.find(attempt);
    if (found != attempts_.end() && found->second.under_way != 0 && plugin_ != nullptr) {
        plugin_->cancel(found->second.under_way);
    }
}

void PluginStep::poststop(StepCall call, Done done) {
    auto const* const declared = plugin_ != nullptr ? plugin_->declaration() : nullptr;
    if (declared != nullptr && !declared->has.poststop) {
        in_order(call.attempt, [this, attempt = call.attempt, done = std::move(done)] {
            world_.loop.post([done] { done({}); });
            call_ended(attempt, true);
        });
        return;
    }
    auto const attempt = call.attempt;
    in_order(attempt, [this, attempt, call = std::move(call), done = std::move(done)]() mutable {
        if (call.contributions.empty()) {
            call.contributions = attempts_[attempt].contributed;
        }
        attempts_[attempt].vm = call.definition->name;
        auto const* const now = plugin_ != nullptr ? plugin_->declaration() : nullptr;
        make("poststop", call, now != nullptr ? now->poststop_timeout : milliseconds{0}, log_now(call.definition->name),
             [weak = std::weak_ptr{self_}, attempt, done](Answer answer) {
                 auto result = result_of(std::move(answer), false);
                 result.contributions.clear();
                 bool const undone = result.kind == StepResult::Kind::ok;
                 done(std::move(result));
                 if (auto const self = weak.lock(); self && *self != nullptr) {
                     (*self)->call_ended(attempt, undone);
                 }
             });
    });
}

void PluginStep::renew(StepCall call, Done done) {
    auto const* const declared = plugin_ != nullptr ? plugin_->declaration() : nullptr;
    if (declared != nullptr && !declared->has.renew) {
        // It says that its contributions hold without descriptors: those that there were are of no use then.
        std::erase_if(call.contributions, is_gone);
        world_.loop.post([done = std::move(done), kept = std::move(call.contributions)] {
            done({.text = {}, .contributions = kept});
        });
        return;
    }
    auto const timeout = declared != nullptr ? declared->prestart_timeout : milliseconds{0};
    auto const attempt = call.attempt;
    in_order(attempt, [this, attempt, call = std::move(call), timeout, done = std::move(done)] {
        make("renew", call, timeout, log_now(call.definition->name),
             [weak = std::weak_ptr{self_}, attempt, before = call.contributions, done](Answer answer) {
                 auto result = result_of(std::move(answer), false);
                 if (result.kind == StepResult::Kind::ok) {
                     keep_others(before, result.contributions);
                 }
                 done(std::move(result));
                 if (auto const self = weak.lock(); self && *self != nullptr) {
                     (*self)->call_ended(attempt, false);
                 }
             });
    });
}

}  // namespace apiary::plugin
