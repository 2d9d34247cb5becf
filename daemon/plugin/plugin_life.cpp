// The process of a plugin: how it begins and ends, what its deaths cost, and what it says unasked.
#include <algorithm>
#include <utility>

#include "plugin/members.hpp"
#include "plugin/plugin.hpp"

namespace apiary::plugin {

void Plugin::begin() {
    if (pause_timer_) {
        return;
    }
    auto const now = world_.loop.now();
    if (now < not_before_) {
        pause_timer_ = world_.loop.after(not_before_ - now, [this] {
            pause_timer_ = nullptr;
            if (!host_ && fault().empty()) {
                begin();
            }
        });
        return;
    }
    host_ = std::make_unique<PluginProcess>(world_.loop, world_.spawner, static_cast<HostOwner&>(*this),
                                            HostPlan{.program = world_.host_program,
                                                     .path = file_.path,
                                                     .file = file_.fd,
                                                     .state = folder_.state(),
                                                     .bus = world_.bus,
                                                     .declaration = *declaration_});
    begun_ = now;
    if (std::exchange(begun_once_, true)) {
        ++restarts_;
    }
    if (auto const why = host_->begin(); !why.empty()) {
        host_ = nullptr;
        begin_failed(why);
    }
    world_.changed(name_);
}

// Whoever waits for it hears why when it has failed twice; the next call tries again.
void Plugin::begin_failed(std::string const& why) {
    error_ = why;
    say(0, why);
    not_before_ = world_.loop.now() + pause_;
    pause_ = std::min(pause_ * 2, timings.last_pause);
    if (tries_again()) {
        begin();
    } else {
        refuse_waiting();
        replay_all();
        pump();
    }
}

// A start that fails may have its cause in an instant (no memory, a kill that was meant for another one): it is tried
// once more for those that wait, unless it has cost them much time already.
auto Plugin::tries_again() -> bool {
    tried_again_ =
        !tried_again_ && !waiting_.empty() && fault().empty() && world_.loop.now() - begun_ < timings.long_life;
    return tried_again_;
}

void Plugin::on_ready() {
    tried_again_ = false;
    // Its file may be of another kind by now: then it is about to end.
    say(2, "version " + host_->version() + " runs as process " + std::to_string(host_->pid()));
    world_.changed(name_);
    replay_all();
    pump();
}

// The thread of a call that hangs cannot be had back but with its process. The calls of others that are under way may
// end first, those that come wait for the next process.
void Plugin::condemn(std::string const& why) {
    if (!condemned_.empty()) {
        // What one call hangs in, the next one does: a lock, a server that is gone. A death counts once, too, whatever
        // it costs.
        say(0, why);
        return;
    }
    condemned_ = why;
    drain_timer_ = world_.loop.after(timings.drain, [this] {
        if (host_) {
            host_->kill(condemned_ + ", and its process was killed for it");
        }
    });
    strike(why);
}

void Plugin::strike(std::string const& why) {
    error_ = why;
    say(0, why);
    if (strikes_.add(world_.loop.now()) && !disabled_) {
        auto const limit = strikes_.limit();
        disable(std::to_string(limit.most) + " deaths or hangs in calls within " +
                    std::to_string(std::chrono::duration_cast<std::chrono::seconds>(limit.window).count()) +
                    " s; the last: " + why,
                {});
    }
    world_.changed(name_);
}

void Plugin::on_end(std::string const& why) {
    auto const lost = std::exchange(under_way_, {});
    bool const was_ready = host_->was_ready();
    bool const expected = quit_sent_ && lost.empty();
    bool const hung = !std::exchange(condemned_, {}).empty();
    drain_timer_ = nullptr;
    auto const now = world_.loop.now();
    host_ = nullptr;
    for (auto const& [id, one] : lost) {
        ++calls_;
        ++failures_;
        advance(one.vm);
        world_.loop.post([answered = one.answered, why] {
            answered(
                {.kind = Answer::Kind::died, .text = "its process died during this call: " + why, .contributions = {}});
        });
    }
    bool const wanted = retiring_;
    if (now - begun_ >= timings.long_life) {
        pause_ = timings.first_pause;
        not_before_ = now;
    } else if (!expected) {
        not_before_ = now + pause_;
        pause_ = std::min(pause_ * 2, timings.last_pause);
    }
    if (!was_ready && !expected) {
        error_ = why;
        say(0, why);
        if (!wanted && !tries_again()) {
            // In a call, too: somebody waits for it to be ready.
            if ((!waiting_.empty() || !to_replay_.empty()) && !disabled_) {
                strike(why);
            }
            refuse_waiting();
        }
    } else if (!lost.empty() && !hung) {
        strike(why + ", in " + std::to_string(lost.size()) + (lost.size() == 1 ? " call" : " calls"));
    } else if (!expected && !hung) {
        error_ = why;
        say(1, why + (declaration_ && declaration_->replay ? "" : "; the next call starts it again"));
    }
    retired();
    world_.changed(name_);
    replay_all();
    pump();
}

auto Plugin::may_say() -> bool {
    if (!rate_.allows(world_.loop.now())) {
        ++said_too_much_;
        return false;
    }
    if (auto const lost = std::exchange(said_too_much_, 0); lost != 0) {
        say(1, std::to_string(lost) + " messages and events of it were left out: it says more than 100 a second");
    }
    return true;
}

void Plugin::on_log(int level, std::string text, std::uint64_t id) {
    if (!may_say()) {
        return;
    }
    auto const call = under_way_.find(id);
    say(std::clamp(level, 0, 3), text, call == under_way_.end() ? std::string{} : call->second.vm);
}

void Plugin::on_line(std::uint64_t id, std::string text, bool is_error) {
    auto const call = under_way_.find(id);
    if (call != under_way_.end() && !call->second.log && !call->second.log_path.empty()) {
        call->second.log = std::make_shared<UniqueFd>();
    }
    if (call != under_way_.end() && call->second.log) {
        lines_.write(call->second.log, call->second.log_path, call->second.vm, "[" + name_ + "] " + text);
    } else {
        on_log(is_error ? 1 : 2, std::move(text), id);
    }
}

void Plugin::on_emit(std::string vm, std::string text, std::map<std::string, std::string> details) {
    if (!may_say()) {
        return;
    }
    details.insert_or_assign("plugin", name_);
    details.insert_or_assign("text", std::move(text));
    world_.note(vm, std::move(details));
}

// Each is a file that is read, one after the other: a plugin that asks without end has nothing but its own answer of
// that.
void Plugin::on_secret(std::uint64_t ask, std::string name) {
    if (name.size() > longest_secret_name || asks_open_ >= most_asks) {
        host_->answer_secret(ask, nullptr, name.size() > longest_secret_name ? EINVAL : EAGAIN);
        return;
    }
    ++asks_open_;
    auto const found = std::make_shared<StateFolder::Secret>();
    writes_.offload(
        name_, [found, folder = folder_, name = std::move(name)] { *found = folder.secret(name); },
        [weak = std::weak_ptr{self_}, found, ask, pid = host_ ? host_->pid() : 0] {
            auto const self = weak.lock();
            if (!self || *self == nullptr) {
                return;
            }
            auto& plugin = **self;
            --plugin.asks_open_;
            if (!found->fault.empty()) {
                plugin.on_log(0, found->fault, 0);
            }
            if (plugin.host_ && plugin.host_->pid() == pid) {  // who asked
                plugin.host_->answer_secret(ask, found->value ? &*found->value : nullptr, found->error);
            }
        });
}

// What is called from now on is for the next process, as after an upgrade.
void Plugin::on_spent(std::string why) {
    if (retiring_ || !condemned_.empty()) {
        return;
    }
    error_ = std::move(why);
    say(1, error_ + "; it gets another process when its calls have ended");
    retire({});
}

}  // namespace apiary::plugin
