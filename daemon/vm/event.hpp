// An event: one record of something that happened. Only the engine's transition function makes them; signals,
// properties, the journal, devd records, plugin calls and log lines are all views of these records.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "vm/definition.hpp"
#include "vm/loop.hpp"
#include "vm/state.hpp"

namespace apiary {

// Who may know of a VM: fixed at the event, so that old events keep the rights of their time.
struct Audience {
    uid_t owner = 0;
    std::optional<gid_t> group;
    Visibility visibility = Visibility::owner;
    friend auto operator==(Audience const&, Audience const&) -> bool = default;
};

enum class EventType {
    vm_added,    // a definition appeared
    vm_changed,  // another definition waits for the next cold start
    vm_removed,  // the VM is no more
    state,       // State or SubState changed
    reboot,      // the guest went through a reset
    job_new,     // an operation was accepted; `job` is this event's own seq
    job_end,     // details: result, and error where there is one
    step,        // a step began or ended: details step, phase, result
    console,     // somebody got the console: details mode, uid
    notice,      // something that a person should know: details text
};
[[nodiscard]] auto to_string(EventType) -> std::string_view;

struct Event {
    std::uint64_t seq = 0;     // of the whole journal, from 1, without gaps
    std::uint64_t vm_seq = 0;  // of this VM, from 1, without gaps; 0 where there is no VM
    WallTime wall;
    MonoTime mono;
    std::string vm;  // name
    EventType type = EventType::notice;
    State state = State::stopped;
    SubState sub_state = SubState::none;
    State old_state = State::stopped;
    SubState old_sub_state = SubState::none;
    Reason reason = Reason::none;
    std::uint64_t job = 0;          // 0: none
    std::uint64_t incarnation = 0;  // 0: never started
    std::map<std::string, std::string> details;
    bool durable = true;  // false: made while the store could not be written
    Audience audience;
};

// The journal keeps events for those who come late. Bounded: the oldest go first.
class Journal {
public:
    virtual ~Journal() = default;
    struct Page {
        std::vector<Event const*> events;    // valid until the next append or read
        std::uint64_t complete_through = 0;  // all that there is up to here was looked at
        bool truncated = false;              // `after` lies before the oldest event that is left
        std::uint64_t oldest = 0;            // seq of the oldest that is left; 0: none
    };
    // Gives the event its seq (and a job_new event that number as its job). Nothing is published that was not
    // committed.
    virtual void append(Event& event) = 0;
    // Makes what was appended durable, as far as the store can; false: it could not (the store is degraded).
    virtual auto commit() -> bool = 0;
    // False: for a moment commit() would have to wait for the disk. The turn is gathered on meanwhile.
    [[nodiscard]] virtual auto ready() const -> bool { return true; }
    // Runs once, as soon as it is ready again; where it is ready, on a later turn or from within the call.
    virtual void when_ready(std::function<void()> callback) {
        auto const run = std::move(callback);
        run();
    }
    // Why the last commit failed, and what to do; empty: it did not.
    [[nodiscard]] virtual auto fault() const -> std::string { return {}; }
    // vm_seq of the last event of the VM with this name that there ever was; 0: none.
    [[nodiscard]] virtual auto last_of(std::string_view vm) const -> std::uint64_t {
        (void)vm;
        return 0;
    }
    // Bytes on the heap that belong to its database: cached pages, which come and go within the database's bounds.
    [[nodiscard]] virtual auto database_heap() const -> std::uint64_t { return 0; }
    [[nodiscard]] virtual auto stream() const -> std::string const& = 0;  // identifies this numbering of events
    [[nodiscard]] virtual auto last() const -> std::uint64_t = 0;
    // Up to `max` events with seq > after for which `wanted` holds.
    [[nodiscard]] virtual auto read(std::uint64_t after, std::size_t max,
                                    std::function<bool(Event const&)> const& wanted) const -> Page = 0;
};

}  // namespace apiary
