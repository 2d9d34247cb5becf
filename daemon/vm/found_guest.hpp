// A guest of an earlier daemon: its control channel is not ours yet, its shim is.
#pragma once

#include <csignal>
#include <memory>
#include <utility>

#include "vm/hypervisor.hpp"
#include "vm/supervisor.hpp"

namespace apiary {

class FoundGuest : public Guest {
public:
    // Null: its shim could not be reached at all. It still counts as running, so that it is not started again.
    explicit FoundGuest(std::unique_ptr<Supervised> process) : process_{std::move(process)} {}

    [[nodiscard]] auto pid() const -> pid_t override { return process_ ? process_->pid() : 0; }
    void press_power_button(unsigned) override {}
    void reset(unsigned) override {}
    void pause(unsigned) override {}
    void resume(unsigned) override {}
    void quit() override { kill(); }
    void kill() override {
        if (process_) {
            process_->signal(SIGKILL);
        }
    }
    void attach_console(UniqueFd viewer, ConsoleMode mode, bool force,
                        std::function<void(ConsoleResult)> done) override {
        if (process_) {
            process_->attach_console(std::move(viewer), mode, force, std::move(done));
        } else {
            done(ConsoleResult::gone);
        }
    }
    void forget() override {
        if (process_) {
            process_->forget();
        }
    }

private:
    std::unique_ptr<Supervised> process_;
};

// What the engine is told of what its shim says; nothing: not worth telling.
[[nodiscard]] inline auto found_guest_event(SupervisedEvent const& seen) -> std::optional<GuestEvent> {
    using Kind = SupervisedEvent::Kind;
    switch (seen.kind) {
        case Kind::started:
            return std::nullopt;
        case Kind::orphaned:
            return GuestEvent{.kind = GuestEvent::Kind::orphaned, .text = seen.text};
        case Kind::exec_failed:    // it never ran: its run folder was all that was found
        case Kind::never_started:  // likewise
        case Kind::exited:
            break;
    }
    bool const killed = seen.kind == Kind::exited && seen.status.known && seen.status.signaled;
    auto text = seen.text;
    if (killed && text.empty()) {
        text = "the hypervisor was killed by signal " + std::to_string(seen.status.value);
    }
    return GuestEvent{
        .kind = GuestEvent::Kind::exited, .reason = killed ? Reason::killed : Reason::unknown, .text = std::move(text)};
}

}  // namespace apiary
