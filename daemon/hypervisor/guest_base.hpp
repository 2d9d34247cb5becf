// What the guests of all backends have in common: the process under its shim, and the way to tell the engine.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "hypervisor/log_tail.hpp"
#include "vm/hypervisor.hpp"
#include "vm/loop.hpp"

namespace apiary::hypervisor {

class GuestBase : public Guest {
public:
    GuestBase(Loop& loop, Supervisor& supervisor, LaunchRequest request, Sink sink);
    GuestBase(GuestBase const&) = delete;
    auto operator=(GuestBase const&) -> GuestBase& = delete;

    // Begins the launch: finds the credentials, then prepare() goes on. Once, after the constructor.
    void begin(bool as_owner);

    [[nodiscard]] auto pid() const -> pid_t final { return process_ ? process_->pid() : 0; }
    void kill() override;
    void attach_console(UniqueFd viewer, ConsoleMode mode, bool force, std::function<void(ConsoleResult)> done) final;
    void forget() final;

protected:
    // The credentials are known; ends in spawn() or fail().
    virtual void prepare() = 0;
    // Of the process: started, exited, orphaned. (Its failed execution is told from here.)
    virtual void on_process(SupervisedEvent const& event) = 0;

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
    // The process is gone; the end of this guest. (Of an error, the last words of its log are told too.)
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
    void on_supervised(SupervisedEvent const& event);
    void add_last_words(std::string text, std::function<void(std::string)> done);

    Loop& loop_;
    Supervisor& supervisor_;
    LaunchRequest request_;
    std::shared_ptr<Sink> sink_;
    LogTail log_tail_;
    Credentials credentials_;
    bool called_off_ = false, gone_ = false;
    std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
    std::unique_ptr<Supervised> process_;
};

// "ended with status 1", "was killed by signal 9 (Killed)".
[[nodiscard]] auto describe(ExitStatus const& status) -> std::string;

}  // namespace apiary::hypervisor
