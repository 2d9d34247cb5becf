// What the guests of all backends have in common: the process under its shim, and the way to tell the engine.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "hypervisor/log_tail.hpp"
#include "vm/hypervisor.hpp"
#include "vm/loop.hpp"

namespace apiary::hypervisor {

class GuestBase : public Guest {
public:
    GuestBase(Loop& loop, Supervisor& supervisor, LaunchRequest request, Sink sink);
    GuestBase(GuestBase const&) = delete;
    auto operator=(GuestBase const&) -> GuestBase& = delete;

    // One of these, once, after the constructor.
    // Begins the launch: finds the credentials, then prepare() goes on.
    void begin(bool as_owner);
    // Takes over what an earlier daemon launched: on_found() goes on if it lives.
    void adopt();

    [[nodiscard]] auto pid() const -> pid_t final { return process_ ? process_->pid() : 0; }
    void kill() override;
    void attach_console(UniqueFd viewer, ConsoleMode mode, bool force, std::function<void(ConsoleResult)> done) final;
    void forget() final;

protected:
    // The credentials are known; ends in spawn() or fail().
    virtual void prepare() = 0;
    // Of the process: exited; of one that was launched, started and orphaned (perhaps without `started` before) too.
    // (The rest is told from here.)
    virtual void on_process(SupervisedEvent const& event) = 0;
    // The process that is to be adopted lives; ends in answer_adoption().
    virtual void on_found() = 0;
    [[nodiscard]] virtual auto why_unreachable() const -> std::string { return "its shim does not answer"; }
    [[nodiscard]] auto was_found() const -> bool { return found_; }
    // `unreachable` may be followed by another answer; no other is followed by any.
    void answer_adoption(GuestEvent event);
    [[nodiscard]] auto is_adopted() const -> bool { return adoption_ != Adoption::none; }
    [[nodiscard]] auto awaits_answer() const -> bool {
        return adoption_ == Adoption::asked || adoption_ == Adoption::unreachable;
    }

    // Everything that the engine hears goes this way, and reaches it on a later turn: so whatever it does then (it may
    // destroy the guest) happens outside of our own doings.
    void emit(GuestEvent event);
    void answer(unsigned request) { emit({.kind = GuestEvent::Kind::request_done, .request = request, .text = {}}); }
    void refuse(unsigned request, std::string text);

    // `call` runs only if this guest still exists by then.
    [[nodiscard]] auto guarded(std::function<void()> call) const -> std::function<void()>;

    void spawn(SpawnRequest request);
    // The launch came to nothing: there is no process (any more).
    void fail(std::string text);
    // The same for a process that is gone: adds the last words of its log.
    void fail_with_log(std::string text);
    // The process is gone; the end of this guest. (Of an end that went wrong, the last words of its log are told too.)
    void tell_exit(Reason reason, std::string text);
    [[nodiscard]] auto is_called_off() const -> bool { return called_off_; }
    // Somebody (kill, quit) wants it gone, whatever it is doing. True: there is no process yet, and none will be.
    auto call_off() -> bool;
    [[nodiscard]] auto has_process() const -> bool { return process_ && !gone_; }
    void signal(int number);

    [[nodiscard]] auto definition() const -> Definition const& { return *request_.definition; }
    [[nodiscard]] auto request() const -> LaunchRequest const& { return request_; }
    [[nodiscard]] auto credentials() const -> Credentials const& { return credentials_; }
    [[nodiscard]] auto loop() const -> Loop& { return loop_; }

private:
    enum class Adoption { none, asked, unreachable, answered };
    void on_supervised(SupervisedEvent const& event);
    void on_alive();
    void end_of_process();
    void tell_orphaned();
    void add_last_words(std::string text, std::string_view joint, std::function<void(std::string)> done);

    Loop& loop_;
    Supervisor& supervisor_;
    LaunchRequest request_;
    std::shared_ptr<Sink> sink_;
    LogTail log_tail_;
    Credentials credentials_;
    bool called_off_ = false, gone_ = false;
    bool found_ = false;  // on_found() was called
    Adoption adoption_ = Adoption::none;
    std::optional<std::string> orphaned_;  // not told yet
    int last_signal_ = 0;
    Handle deadline_;  // of the answer to adopt()
    std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
    std::unique_ptr<Supervised> process_;
};

// "ended with status 1", "was killed by signal 9 (Killed)".
[[nodiscard]] auto describe(ExitStatus const& status) -> std::string;

}  // namespace apiary::hypervisor
