// One process of one plugin: begun, greeted, given calls, and its end. Who it belongs to (HostOwner) decides what
// follows.
//
// The process may be anything by now: what it writes is bounded and judged, and a channel that carries nonsense is its
// death. A call that is not answered in time is canceled; where that does not end it either, it hangs.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>

#include "plugin/call.hpp"
#include "plugin/declaration.hpp"
#include "plugin/spawner.hpp"
#include "vm/loop.hpp"

namespace apiary::plugin {

struct HostPlan {
    std::string program;  // apiary-plugin-host
    std::string path;     // of the plugin, for people
    std::shared_ptr<UniqueFd const> file;
    std::string state;  // its folder
    std::string bus;    // address; empty: none
    Declaration declaration;
    Duration start_patience = std::chrono::seconds{60};  // for the lock of an earlier one, init(), and the answer
    Duration quit_patience = std::chrono::seconds{10};   // for shutdown()
    Duration cancel_grace = std::chrono::seconds{5};     // for a call to end that was canceled for its deadline
    Duration last_words = std::chrono::seconds{1};       // for what else holds the channel, when the process has ended
};

// Called on the loop, never from within a call of a PluginProcess; it may destroy the PluginProcess in on_end() alone.
class HostOwner {
public:
    virtual ~HostOwner() = default;
    virtual void on_ready() = 0;
    virtual void on_answer(std::uint64_t id, Answer answer) = 0;  // `hung`: it is up to the owner to end the process
    // The process has ended and is reaped, and what it and its keeper said last was told. Calls that were not answered
    // are not answered any more.
    virtual void on_end(std::string const& why) = 0;
    // The loop has taken all that came for now.
    virtual void on_log(int level, std::string text, std::uint64_t id) = 0;
    virtual void on_line(std::uint64_t id, std::string text, bool is_error) = 0;
    virtual void on_emit(std::string vm, std::string text, std::map<std::string, std::string> details) = 0;
    virtual void on_secret(std::uint64_t ask, std::string name) = 0;
    virtual void on_spent(std::string why) = 0;  // it works, but another process is better for further calls
    virtual void on_room() = 0;                  // it has read what was in the way of calls: has_room()
};

class PluginProcess {
public:
    PluginProcess(Loop& loop, Spawner& spawner, HostOwner& owner, HostPlan plan);
    ~PluginProcess();
    PluginProcess(PluginProcess const&) = delete;
    auto operator=(PluginProcess const&) -> PluginProcess& = delete;

    // Once. A text: why it could not be begun; then it is of no use.
    [[nodiscard]] auto begin() -> std::string;
    [[nodiscard]] auto pid() const -> pid_t { return pid_; }
    [[nodiscard]] auto version() const -> std::string const& { return plan_.declaration.version; }
    [[nodiscard]] auto ready() const -> bool { return ready_ && !reaped_; }
    [[nodiscard]] auto was_ready() const -> bool { return ready_; }
    // It is dead: on_end() follows when the last that was said has been read.
    [[nodiscard]] auto ended() const -> bool { return reaped_; }

    // What it has not read yet is little enough for more calls. Not so: on_room() follows when it has read.
    [[nodiscard]] auto has_room() const -> bool { return channel_ && out_bytes_ < enough_waiting_bytes; }
    void call(std::uint64_t id, Call const& call);
    void cancel(std::uint64_t id);
    void answer_secret(std::uint64_t ask, std::string const* value, int error);  // null: `error`
    void tell_bus(std::string const& address);
    void quit();                 // when nothing is under way any more; killed if it does not end then
    void kill(std::string why);  // `why` is what on_end() says

    // A process that is slow to read is not given more calls than this, which are bounded in number but not in size by
    // anything else. What is no call cannot be held back: with this much of it the process is killed.
    static constexpr std::size_t enough_waiting_bytes = std::size_t{4} * 1024 * 1024;
    static constexpr std::size_t most_waiting_bytes = 4 * enough_waiting_bytes;

private:
    struct UnderWay {
        Handle timer;
        bool told = false, overdue = false;  // that it is canceled; that its time is over
        bool unwanted = false;               // it was called off, or may contribute nothing
    };
    void send(Json frame, std::vector<UniqueFd> descriptors = {});
    void send(OutgoingFrame out);
    void flush();
    void drain();
    void read();
    auto take_frames(int& left) -> bool;
    void handle(Frame& frame);
    void discard(std::vector<UniqueFd> descriptors);
    void tell_canceled(std::uint64_t id, UnderWay& call);
    void greet(Json const& frame);
    void finish_call(Frame& frame);
    void overdue(std::uint64_t id);
    void channel_ended(std::string why);
    void process_ended(int status);
    void over();

    Loop& loop_;
    Spawner& spawner_;
    HostOwner& owner_;
    HostPlan plan_;
    pid_t pid_ = 0;
    bool ready_ = false, quitting_ = false, reaped_ = false, flooded_ = false, goes_on_ = false;
    int status_ = -1;  // once it is reaped
    std::string why_;  // it is to end, or has lost its channel, for this
    UniqueFd channel_;
    Handle readable_, writable_;  // after the channel: go first
    FrameReader reader_;
    std::deque<OutgoingFrame> out_;
    std::size_t out_bytes_ = 0;
    std::map<std::uint64_t, UnderWay> under_way_;
    Handle timer_;  // of the start, or of the end
    std::shared_ptr<PluginProcess*> self_;
};

}  // namespace apiary::plugin
