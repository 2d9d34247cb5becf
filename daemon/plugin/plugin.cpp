// What becomes of a plugin: found, replaced, gone, disabled, enabled.
#include "plugin/plugin.hpp"

#include <algorithm>
#include <utility>

namespace apiary::plugin {

Plugin::Plugin(PluginWorld& world, std::string name)
    : world_{world},
      name_{std::move(name)},
      folder_{world.state_root, name_},
      pause_{timings.first_pause},
      strikes_{world.strike_limit},
      lines_{world.loop},
      writes_{world.loop},
      self_{std::make_shared<Plugin*>(this)} {}

Plugin::~Plugin() {
    *self_ = nullptr;
}

auto Plugin::fault() const -> std::string {
    if (disabled_) {
        auto const enabling = "`apiaryctl plugin enable " + name_ + "` brings it back";
        return "is disabled: " + *disabled_ +
               (absent_ ? ", and its file is not there: install it; " + enabling + " then" : "; " + enabling);
    }
    if (!unusable_.empty()) {
        return absent_ ? unusable_ + ": install it, or remove what needs it from the definition"
                       : "cannot be used: " + unusable_;
    }
    return circle_.empty() ? std::string{} : "cannot be used: " + circle_;
}

auto Plugin::status() const -> PluginStatus {
    PluginStatus status{.name = name_, .version = {}, .doc = {}, .path = file_.path};
    if (declaration_) {
        status.version = declaration_->version;
        status.doc = declaration_->doc;
        status.phase = to_string(declaration_->phase);
        status.events = declaration_->events;
        for (auto const& key : declaration_->keys) {
            status.keys.push_back(key.name);
        }
    }
    status.state = disabled_                                ? PluginState::disabled
                   : absent_                                ? PluginState::absent
                   : !unusable_.empty() || !circle_.empty() ? PluginState::unusable
                   : !host_ || host_->ended()               ? PluginState::ended
                   : host_->ready()                         ? PluginState::running
                                                            : PluginState::starting;
    status.error = disabled_            ? *disabled_ + (absent_ ? "; its file is not there" : "")
                   : !unusable_.empty() ? (absent_ ? "its file is not there" : unusable_)
                   : !circle_.empty()   ? circle_
                                        : error_;
    status.pid = host_ ? host_->pid() : 0;
    status.calls = calls_;
    status.failures = failures_;
    status.under_way = static_cast<std::uint32_t>(under_way_.size());
    status.strikes = strikes_.count(world_.loop.now());
    status.restarts = restarts_;
    if (answered_ != 0) {
        status.latency_mean = latency_sum_ / static_cast<std::int64_t>(answered_);
    }
    status.latency_most = latency_most_;
    return status;
}

void Plugin::say(int level, std::string const& text, std::string const& vm) {
    world_.log(level, "plugin " + name_ + (vm.empty() ? "" : ", VM " + vm) + ": " + text);
}

void Plugin::availability_changed() {
    world_.changed(name_);
    world_.availability(name_);
}

void Plugin::take(PluginFile file, Declaration declaration) {
    bool const upgrade = host_ != nullptr;
    if (upgrade) {
        say(2, "its file was replaced: version " + declaration.version +
                   " takes over when the calls under way have ended");
        retire([weak = std::weak_ptr{self_}](auto const&) {
            if (auto const self = weak.lock(); self && *self != nullptr) {
                (*self)
                    ->begin_early();  // as at the daemon's start: whether it runs at all is known before it is needed
            }
        });
    }
    file_ = std::move(file);
    declaration_ = std::move(declaration);
    settings_.clear();
    unusable_ = {};
    error_ = {};
    absent_ = false;
    not_before_ = {};
    pause_ = timings.first_pause;
    availability_changed();
    pump();
}

void Plugin::take_unusable(PluginFile file, std::string why) {
    if (!absent_ && unusable_ == why && file_.id == file.id) {
        return;
    }
    say(0, why);
    file_ = std::move(file);
    declaration_.reset();
    unusable_ = std::move(why);
    absent_ = false;
    refuse_waiting();
    retire({});
    availability_changed();
}

void Plugin::take_circle(std::string why) {
    if (circle_ == why) {
        return;
    }
    circle_ = std::move(why);
    if (!circle_.empty()) {
        say(0, circle_);
        refuse_waiting();
        retire({});
    }
    world_.changed(name_);
}

void Plugin::lose() {
    if (absent_) {
        return;
    }
    say(1,
        "its file " + file_.path + " is gone: VMs that need it do not start, and what is to be undone with it waits");
    unusable_ = "is not there";
    absent_ = true;
    file_.fd = nullptr;
    file_.id = {};
    refuse_waiting();
    retire({});
    availability_changed();
}

void Plugin::write_disabled(std::optional<std::string> const& why, Done done) {
    auto const fault = std::make_shared<std::string>();
    writes_.offload(
        name_, [fault, why = why, folder = folder_] { *fault = why ? folder.disable(*why) : folder.enable(); },
        [weak = std::weak_ptr{self_}, fault, disabled = why.has_value(), done = std::move(done)] {
            auto const self = weak.lock();
            if (self && *self != nullptr && !fault->empty()) {
                (*self)->say(0, "that it is " + std::string{disabled ? "disabled" : "enabled"} +
                                    " holds until the daemon ends: " + *fault);
            }
            if (done && fault->empty()) {
                done(std::monostate{});
            } else if (done) {
                done(Refusal{Refusal::Kind::failed, *fault});
            }
        });
}

void Plugin::enable(Done done) {
    bool const was = disabled_.has_value();
    disabled_.reset();
    strikes_.clear();
    error_ = {};
    not_before_ = {};
    pause_ = timings.first_pause;
    if (was) {
        say(2, "it is enabled");
        availability_changed();
    } else {
        world_.changed(name_);
    }
    write_disabled(std::nullopt, std::move(done));
    begin_early();
}

void Plugin::disable(std::string why, Done done) {
    disabled_ = why;
    say(1, "it is disabled: " + why);
    refuse_waiting();
    auto const both = std::make_shared<int>(2);  // written down, and at rest
    auto const outcome = std::make_shared<Outcome<std::monostate>>(std::monostate{});
    Done const one = [both, outcome, done = std::move(done)](Outcome<std::monostate> const& result) {
        if (std::holds_alternative<Refusal>(result)) {
            *outcome = result;
        }
        if (--*both == 0 && done) {
            done(*outcome);
        }
    };
    write_disabled(std::move(why), one);
    retire(one);
    availability_changed();
}

void Plugin::restart(Done done) {
    not_before_ = {};
    pause_ = timings.first_pause;
    retire([weak = std::weak_ptr{self_}, done = std::move(done)](Outcome<std::monostate> const& result) {
        if (auto const self = weak.lock(); self && *self != nullptr) {
            (*self)->begin_early();
        }
        if (done) {
            done(result);
        }
    });
}

// The process, if there is one, ends when nothing is under way; until then new calls wait.
void Plugin::retire(Done done) {
    if (done) {
        when_retired_.push_back(std::move(done));
    }
    pause_timer_ = nullptr;
    if (!host_) {
        retired();
        pump();  // calls may have waited for the pause to be over
        return;
    }
    retiring_ = true;
    if (under_way_.empty()) {
        rest();
    }
}

void Plugin::retired() {
    retiring_ = quit_sent_ = false;
    for (auto& done : std::exchange(when_retired_, {})) {
        world_.loop.post([done = std::move(done)] { done(std::monostate{}); });
    }
}

void Plugin::rest() {
    if (!host_) {
        return;
    }
    if (!condemned_.empty()) {
        host_->kill(condemned_);
    } else if (retiring_ && !std::exchange(quit_sent_, true)) {
        host_->quit();
    }
}

// One that says that it has to do with few VMs alone waits until there is a call for it.
void Plugin::begin_early() {
    bool const concerns_all = declaration_ && (declaration_->all_vms || !declaration_->own_events);
    if (concerns_all && fault().empty() && !host_ && !pause_timer_) {
        begin();
    }
}

void Plugin::reload() {
    if (host_ && host_->ready() && !retiring_ && declaration_ && declaration_->has.reload) {
        call({.frame = {{"t", "call"}, {"what", "reload"}, {"timeout", declaration_->event_timeout.count()}},
              .settings = nullptr,
              .timeout = declaration_->event_timeout,
              .vm = {},
              .log = nullptr},
             [](Answer const&) {});
    }
}

void Plugin::bus_changed() {
    if (host_) {
        host_->tell_bus(world_.bus);
    }
}

}  // namespace apiary::plugin
