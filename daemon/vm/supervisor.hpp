// What the daemon asks of the process that stands between it and a hypervisor (apiary-shim). Implemented in
// supervision/.
#pragma once

#include <sys/types.h>

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
#include "vm/unique_fd.hpp"

namespace apiary {

struct ExitStatus {
    bool known = false;     // false: the process is gone and nobody saw how
    bool signaled = false;  // value is a signal, else an exit status
    int value = 0;
    bool core = false;
};

// A descriptor for the child. Shared, because a guest reboot may launch the hypervisor again with the same ones.
struct ChildFd {
    std::shared_ptr<UniqueFd> fd;
    int number = -1;  // what the child will know it as; >= 3
};

struct Credentials {
    uid_t uid = 0;
    gid_t gid = 0;
    std::vector<gid_t> groups;
};
// "uid:gid:group,group…": the value of the contribution "credentials" (step.hpp). Nothing: it is not of that form.
[[nodiscard]] auto to_string(Credentials const&) -> std::string;
[[nodiscard]] auto parse_credentials(std::string_view) -> std::optional<Credentials>;

struct SpawnRequest {
    std::string run_dir;            // absolute; holds the shim's socket, locks and exit record
    std::vector<std::string> argv;  // argv[0] is the absolute path that is executed
    std::vector<std::string> env;   // KEY=VALUE, all of it
    Credentials credentials;        // what the hypervisor runs as
    std::vector<ChildFd> fds;
    UniqueFd console;          // the shim's end of the guest's console; invalid: none
    UniqueFd log;              // where standard output and error go; invalid: nowhere
    std::string title;         // for ps: the VM's name
    std::uint64_t launch = 0;  // which launch in this run folder it is; 0: not told apart
};

struct SupervisedEvent {
    enum class Kind {
        started,        // the hypervisor was executed; pid is known
        exec_failed,    // it was not: text says why; nothing runs any more
        exited,         // status
        orphaned,       // the shim is gone, the hypervisor lives on: console and exit status are lost
        never_started,  // of reattach(): nothing was executed there for that launch, and nothing ever will be
    };
    Kind kind;
    pid_t pid = 0;
    ExitStatus status;
    std::string text;
};

enum class ConsoleMode { read, read_write };
enum class ConsoleResult { attached, no_console, busy, gone };

// One hypervisor process under its shim. Destroying the handle lets go of it: both live on.
class Supervised {
public:
    using Sink = std::function<void(SupervisedEvent const&)>;
    virtual ~Supervised() = default;
    [[nodiscard]] virtual auto pid() const -> pid_t = 0;  // of the hypervisor; 0: not (yet) known
    virtual void signal(int number) = 0;                  // also works where the shim is dead
    // Hands `viewer` (one end of a stream socket) to the shim, which writes the backlog and then all output to it and,
    // for the one writer, reads from it. `force` takes the right to write from another viewer (who goes on reading).
    virtual void attach_console(UniqueFd viewer, ConsoleMode mode, bool force,
                                std::function<void(ConsoleResult)> done) = 0;
    // The end was taken note of (durably): the exit record and the run folder may go.
    virtual void forget() = 0;
};

// What a run folder says about a guest that was started by this daemon or an earlier one.
struct RunRecord {
    std::string run_dir;
    std::string name;
    unsigned id = 0;
    std::uint64_t incarnation = 0;
    uid_t owner = 0;
    std::optional<gid_t> group;
    Visibility visibility = Visibility::owner;
    BackendKind backend = BackendKind::qemu;
    std::string boot_id;            // of the host when it was written
    std::int64_t started_us = 0;    // wall clock, microseconds
    std::vector<Setting> settings;  // the resolved definition
};

// What an earlier daemon spawned, or was about to spawn.
struct Reattachment {
    std::string run_dir;
    std::uint64_t launch = 0;  // as in its SpawnRequest; 0: whichever there is
    bool remembered = true;    // false: nobody will undo the steps of that run, so forget() removes its folder
};

class Supervisor {
public:
    virtual ~Supervisor() = default;
    // `sink` is called on the loop, never before spawn() has returned.
    [[nodiscard]] virtual auto spawn(SpawnRequest request, Supervised::Sink sink) -> std::unique_ptr<Supervised> = 0;

    // Run folders that nobody remembers, in which a shim or a hypervisor still lives. What is dead among them is
    // removed. Those in `remembered` are left alone: their exit records are yet to be read. Blocking: for the start of
    // the daemon.
    [[nodiscard]] virtual auto find_running(std::vector<std::string> const& remembered = {})
        -> std::vector<RunRecord> = 0;
    // `sink` is told how it is: started (shim and hypervisor live), orphaned, exited, exec_failed or never_started;
    // then whatever happens, as after spawn(). (Nothing, for as long as the shim is there and does not answer.)
    // Whatever it is, the launch that was asked about does not happen from now on if it had not happened before.
    [[nodiscard]] virtual auto reattach(Reattachment what, Supervised::Sink sink) -> std::unique_ptr<Supervised> = 0;
    // One of find_running().
    [[nodiscard]] auto reattach(RunRecord const& record, Supervised::Sink sink) -> std::unique_ptr<Supervised> {
        return reattach(Reattachment{.run_dir = record.run_dir, .remembered = false}, std::move(sink));
    }
};

}  // namespace apiary
