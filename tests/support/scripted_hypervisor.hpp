// A backend whose guests do what a test says: it notes all that is asked of them, and tells the engine only what the
// test wants it to.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "vm/hypervisor.hpp"
#include "vm/loop.hpp"

namespace apiary::test {

// One hypervisor process, from its launch to its end, also when the engine has long let go of it.
struct Process {
    LaunchRequest request;
    pid_t pid = 0;
    bool alive = true;                                         // until the test (or an obedient hypervisor) ends it
    bool forgotten = false;                                    // forget() was called
    bool held = true;                                          // the engine has its handle
    std::vector<std::string> calls;                            // "press 3", "quit", "kill", …
    std::vector<std::function<void(ConsoleResult)>> consoles;  // attach_console() without an answer

    [[nodiscard]] auto last_request() const -> unsigned { return last_request_; }
    [[nodiscard]] auto count(std::string_view call) const -> std::size_t;  // by its first word

    // What the hypervisor says. It reaches the engine on a later turn.
    void say(GuestEvent event);
    void loaded();
    void up();
    void reset(Reason reason = Reason::guest_reboot);
    void paused();
    void resumed();
    void ended(Reason reason);
    void exited(Reason reason, std::string text = {});
    void exec_failed(std::string text);
    void refuse(unsigned of, std::string text);

    // What adopt() would tell of it now: up, paused, ended, exited, exec_failed, or unfinished.
    [[nodiscard]] auto state() const -> GuestEvent;

private:
    friend class ScriptedHypervisor;
    friend class ScriptedGuest;
    Loop* loop_ = nullptr;
    std::shared_ptr<Guest::Sink> sink_;
    unsigned last_request_ = 0;
    bool was_up_ = false, paused_ = false;
    std::optional<GuestEvent> over_, end_;  // what it said of that
};

class ScriptedHypervisor : public Hypervisor {
public:
    explicit ScriptedHypervisor(Loop& loop, BackendKind kind = BackendKind::qemu) : loop_{loop}, kind_{kind} {}

    // What it is like.
    bool loader = false;
    bool pausable = true;
    bool launches = true;  // false: launch() throws
    bool obedient =
        false;  // does at once as it is asked: up, reset, pause, resume, power-off, quit; kill it always obeys
    bool obeys_kill = true;

    // The processes outlive the engine that launched them, as real ones do. What adopt() tells is what became of the
    // latest with that run folder and launch number (an unfinished one is killed, of none, or of one that was
    // forgotten, it is absent), unless the test answers itself: then its event, or silence where there is none.
    std::function<std::optional<GuestEvent>(LaunchRequest const&)> adoption;
    std::vector<LaunchRequest> adoptions;  // all that was asked to be adopted

    std::vector<std::string>* log = nullptr;  // gets the first word of all that is asked, "launch" and "adopt"

    // All processes, oldest first.
    std::vector<std::shared_ptr<Process>> processes;
    // What no engine may do.
    std::vector<std::string> violations;

    [[nodiscard]] auto last() -> Process& { return *processes.back(); }
    [[nodiscard]] auto alive(std::string_view vm) const -> std::size_t;
    [[nodiscard]] auto alive() const -> std::size_t;

    [[nodiscard]] auto kind() const -> BackendKind override { return kind_; }
    [[nodiscard]] auto has_loader(Definition const&) const -> bool override { return loader; }
    [[nodiscard]] auto reboots_in_process() const -> bool override { return kind_ == BackendKind::qemu; }
    [[nodiscard]] auto can_pause() const -> bool override { return pausable; }
    [[nodiscard]] auto known_reasons() const -> std::vector<Reason> override { return {}; }
    [[nodiscard]] auto launch(LaunchRequest request, Guest::Sink sink) -> std::unique_ptr<Guest> override;
    [[nodiscard]] auto adopt(LaunchRequest request, Guest::Sink sink) -> std::unique_ptr<Guest> override;
    [[nodiscard]] auto faults(Definition const&) const -> std::vector<Fault> override { return {}; }

private:
    Loop& loop_;
    BackendKind kind_;
    pid_t next_pid_ = 1000;
};

}  // namespace apiary::test
