#include "support/scripted_hypervisor.hpp"

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace apiary::test {

using Kind = GuestEvent::Kind;

auto Process::count(std::string_view call) const -> std::size_t {
    return static_cast<std::size_t>(std::count_if(calls.begin(), calls.end(), [call](std::string const& made) {
        return std::string_view{made}.substr(0, made.find(' ')) == call;
    }));
}

auto Process::state() const -> GuestEvent {
    if (end_) {
        return *end_;
    }
    if (over_) {
        return *over_;
    }
    if (!was_up_) {
        return {.kind = Kind::unfinished, .text = {}};
    }
    return {.kind = paused_ ? Kind::paused : Kind::up, .text = {}};
}

void Process::say(GuestEvent event) {
    switch (event.kind) {
        case Kind::up:
            was_up_ = true;
            break;
        case Kind::paused:
        case Kind::resumed:
            paused_ = event.kind == Kind::paused;
            break;
        case Kind::ended:
            over_ = event;
            break;
        case Kind::exited:
        case Kind::exec_failed:
            end_ = event;
            break;
        default:
            break;
    }
    loop_->post([sink = std::weak_ptr{sink_}, event = std::move(event)] {
        if (auto const held_sink = sink.lock()) {
            (*held_sink)(event);
        }
    });
}

void Process::loaded() {
    say({.kind = Kind::loaded, .text = {}});
}
void Process::up() {
    say({.kind = Kind::up, .text = {}});
}
void Process::reset(Reason reason) {
    say({.kind = Kind::reset, .reason = reason, .text = {}});
}
void Process::paused() {
    say({.kind = Kind::paused, .text = {}});
}
void Process::resumed() {
    say({.kind = Kind::resumed, .text = {}});
}
void Process::ended(Reason reason) {
    say({.kind = Kind::ended, .reason = reason, .text = {}});
}
void Process::exited(Reason reason, std::string text) {
    if (std::exchange(alive, false)) {
        say({.kind = Kind::exited, .reason = reason, .text = std::move(text)});
    }
}
void Process::exec_failed(std::string text) {
    if (std::exchange(alive, false)) {
        say({.kind = Kind::exec_failed, .text = std::move(text)});
    }
}
void Process::refuse(unsigned of, std::string text) {
    say({.kind = Kind::request_failed, .request = of, .text = std::move(text)});
}

class ScriptedGuest : public Guest {
public:
    ScriptedGuest(ScriptedHypervisor& hypervisor, std::shared_ptr<Process> process)
        : hypervisor_{hypervisor}, process_{std::move(process)}, sink_{process_->sink_} {}
    ~ScriptedGuest() override {
        if (process_->sink_ == sink_) {  // else another engine has it by now
            process_->held = false;
            process_->sink_ = nullptr;
            process_->consoles.clear();
        }
    }
    ScriptedGuest(ScriptedGuest const&) = delete;
    auto operator=(ScriptedGuest const&) -> ScriptedGuest& = delete;

    [[nodiscard]] auto pid() const -> pid_t override { return process_->pid; }
    void press_power_button(unsigned request) override {
        note("press", request);
        if (hypervisor_.obedient) {
            process_->ended(Reason::guest_poweroff);
        }
    }
    void reset(unsigned request) override {
        note("reset", request);
        if (hypervisor_.obedient) {
            process_->reset(Reason::requested);
        }
    }
    void pause(unsigned request) override {
        note("pause", request);
        if (hypervisor_.obedient) {
            process_->paused();
        }
    }
    void resume(unsigned request) override {
        note("resume", request);
        if (hypervisor_.obedient) {
            process_->resumed();
        }
    }
    void quit() override {
        note("quit");
        if (hypervisor_.obedient) {
            process_->exited(Reason::requested);
        }
    }
    void kill() override {
        note("kill");
        if (hypervisor_.obeys_kill) {
            process_->exited(Reason::killed);
        }
    }
    void attach_console(UniqueFd viewer, ConsoleMode mode, bool force,
                        std::function<void(ConsoleResult)> done) override {
        note("console");
        static_cast<void>(viewer);
        static_cast<void>(mode);
        static_cast<void>(force);
        process_->consoles.push_back(std::move(done));
    }
    void forget() override {
        note("forget");
        process_->forgotten = true;
        if (process_->alive) {
            hypervisor_.violations.emplace_back("a process that lives was forgotten");
        }
    }

private:
    void note(std::string what) {
        if (hypervisor_.log != nullptr) {
            hypervisor_.log->push_back(what.substr(0, what.find(' ')));
        }
        process_->calls.push_back(std::move(what));
    }
    void note(std::string const& what, unsigned request) {
        process_->last_request_ = request;
        note(what + " " + std::to_string(request));
        if (!process_->alive) {
            return;  // it has just ended, and the engine cannot know yet
        }
        process_->say({.kind = Kind::request_done, .request = request, .text = {}});
    }
    ScriptedHypervisor& hypervisor_;
    std::shared_ptr<Process> process_;
    std::shared_ptr<Guest::Sink> sink_;
};

auto ScriptedHypervisor::alive(std::string_view vm) const -> std::size_t {
    return static_cast<std::size_t>(std::count_if(processes.begin(), processes.end(), [vm](auto const& process) {
        return process->alive && process->request.definition->name == vm;
    }));
}

auto ScriptedHypervisor::alive() const -> std::size_t {
    return static_cast<std::size_t>(
        std::count_if(processes.begin(), processes.end(), [](auto const& process) { return process->alive; }));
}

auto ScriptedHypervisor::launch(LaunchRequest request, Guest::Sink sink) -> std::unique_ptr<Guest> {
    if (log != nullptr) {
        log->emplace_back("launch");
    }
    if (!launches) {
        throw std::runtime_error{"no process can be made"};
    }
    if (alive(request.definition->name) != 0) {
        violations.push_back("two hypervisors for " + request.definition->name);
    }
    for (auto const& contribution : request.contributions) {
        if (contribution.kind == "fd" && !contribution.fd) {
            violations.push_back("launched without the descriptor " + contribution.id);
        }
    }
    auto process = std::make_shared<Process>();
    process->request = std::move(request);
    process->pid = next_pid_++;
    process->loop_ = &loop_;
    process->sink_ = std::make_shared<Guest::Sink>(std::move(sink));
    processes.push_back(process);
    if (obedient) {
        if (loader) {
            process->loaded();
        }
        process->up();
    }
    return std::make_unique<ScriptedGuest>(*this, process);
}

auto ScriptedHypervisor::adopt(LaunchRequest request, Guest::Sink sink) -> std::unique_ptr<Guest> {
    if (log != nullptr) {
        log->emplace_back("adopt");
    }
    adoptions.push_back(request);
    auto const at = std::find_if(processes.rbegin(), processes.rend(), [&](auto const& process) {
        return !process->forgotten && process->request.run_dir == request.run_dir &&
               process->request.launch == request.launch;
    });
    auto process = at != processes.rend() ? *at : nullptr;
    auto answer = process ? process->state() : GuestEvent{.kind = Kind::absent, .text = {}};
    if (!process) {
        process = std::make_shared<Process>();
        process->request = std::move(request);
        process->alive = false;
        process->loop_ = &loop_;
    } else if (process->held) {
        violations.push_back("two engines hold the process of " + process->request.definition->name);
    }
    process->held = true;
    process->sink_ = std::make_shared<Guest::Sink>(std::move(sink));
    auto guest = std::make_unique<ScriptedGuest>(*this, process);
    if (adoption) {
        if (auto const scripted = adoption(adoptions.back())) {
            process->say(*scripted);
        }
        return guest;
    }
    process->say(answer);
    if (answer.kind == Kind::unfinished) {
        process->exited(Reason::recovered);
    }
    return guest;
}

}  // namespace apiary::test
