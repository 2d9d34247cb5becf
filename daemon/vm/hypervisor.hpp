// A backend as the lifecycle engine sees it: it turns a definition into a running guest and a guest's doings into
// events. Implemented in hypervisor/ (one file set for each backend); the tests have a scripted one.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "vm/definition.hpp"
#include "vm/state.hpp"
#include "vm/step.hpp"
#include "vm/supervisor.hpp"

namespace apiary {

struct LaunchRequest {
    DefinitionPtr definition;
    unsigned id = 0;
    std::uint64_t incarnation = 0;
    std::string run_dir;
    std::vector<Contribution> contributions;  // of all steps
    // Which of the launches in this run folder it is (a guest's reboot may bring another): kept by who must know again
    // after a restart whether it happened. 0: not told apart.
    std::uint64_t launch = 0;
};

struct GuestEvent {
    enum class Kind {
        loaded,       // the external loader is done (only where has_loader() said there is one)
        up,           // the guest runs
        exec_failed,  // loader or hypervisor could not be executed or gave up before `up`; text; the process is gone
        reset,        // the guest went through a reset inside the process; reason guest_reboot or requested
        ended,        // the guest is over, the process still there: quit() comes next; reason
        exited,       // the process is gone; reason as far as the backend can know
        paused,
        resumed,
        request_done,    // the hypervisor took the request
        request_failed,  // it refused it, or cannot be asked; text
        orphaned,        // the shim died: no console, and the exit status will not be known
        absent,          // answer to adopt(): nothing was launched in that run folder, and nothing will be any more
        unfinished,      // answer to adopt(): launched, but not as far as to be up; it was killed, `exited` follows
        unreachable,     // answer to adopt(): it runs, but its control channel does not answer; text
    };
    Kind kind;
    Reason reason = Reason::none;
    unsigned request = 0;
    std::string text;
};

// A launched guest. Destroying the handle lets go of the processes without touching them.
// Requests never block and carry a number that comes back in request_done or request_failed; if the hypervisor is
// silent neither comes: deadlines are the engine's.
class Guest {
public:
    using Sink = std::function<void(GuestEvent const&)>;
    virtual ~Guest() = default;
    [[nodiscard]] virtual auto pid() const -> pid_t = 0;
    virtual void press_power_button(unsigned request) = 0;
    virtual void reset(unsigned request) = 0;
    virtual void pause(unsigned request) = 0;
    virtual void resume(unsigned request) = 0;
    virtual void quit() = 0;  // end the process in an orderly way (exited follows, unless it hangs)
    virtual void kill() = 0;  // end it now, by signal
    virtual void attach_console(UniqueFd viewer, ConsoleMode mode, bool force,
                                std::function<void(ConsoleResult)> done) = 0;
    virtual void forget() = 0;  // the exit was committed: its record may go
};

class Hypervisor {
public:
    virtual ~Hypervisor() = default;
    [[nodiscard]] virtual auto kind() const -> BackendKind = 0;
    // Can it pause and reset, and is there a loader to wait for?
    [[nodiscard]] virtual auto has_loader(Definition const&) const -> bool = 0;
    // May the guest be kept over its own reboot inside the process? (QEMU yes; bhyve ends and is launched again.)
    [[nodiscard]] virtual auto reboots_in_process() const -> bool = 0;
    [[nodiscard]] virtual auto can_pause() const -> bool = 0;
    // The reasons that it can tell apart in ended and exited.
    [[nodiscard]] virtual auto known_reasons() const -> std::vector<Reason> = 0;
    // `sink` is called on the loop, never before launch() has returned.
    [[nodiscard]] virtual auto launch(LaunchRequest request, Guest::Sink sink) -> std::unique_ptr<Guest> = 0;
    // Takes over what launch() of an earlier daemon with the same request made (its contributions come without
    // descriptors). `sink` is told how it is: `up` (it runs), `paused`, `ended` (the guest is over, with the reason as
    // far as it can still be known), `exited` (the process has ended meanwhile), exec_failed, absent, unfinished or
    // unreachable; then whatever happens, as after launch(). After `unreachable` one of up, paused, ended and
    // unfinished still follows if the control channel answers after all; kill(), the console and `exited` work without.
    // What happened inside the guest while nobody listened (resets) is not told.
    // An adopted guest needs none of the descriptors. Who launches again in the same run folder does: `exited` with
    // guest_reboot asks for that, where the guest does not reboot in the process, and so may `absent` and
    // `unfinished`. So the steps that contribute descriptors must have contributed them anew before launch(), and the
    // launch has another number.
    [[nodiscard]] virtual auto adopt(LaunchRequest request, Guest::Sink sink) -> std::unique_ptr<Guest> = 0;
    // Something in the definition that this backend cannot do, as a message for the user; nothing: all is well.
    // Used when a configuration is checked: no I/O, cheap. `key` names the setting at fault.
    struct Fault {
        std::string key, text;
    };
    [[nodiscard]] virtual auto faults(Definition const&) const -> std::vector<Fault> = 0;
};

}  // namespace apiary
