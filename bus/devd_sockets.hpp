// Two unix sockets that tell what happens to VMs as devd(8) tells what happens to devices: one of packets, a record
// each, and one of a stream. Each reader hears what he may see, from the time at which connect(2) returned to him on.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "bus/authority.hpp"
#include "bus/event_pump.hpp"
#include "bus/seats.hpp"
#include "vm/engine.hpp"
#include "vm/unique_fd.hpp"

namespace apiary::bus {

inline constexpr char const* devd_stream_name = "devd.pipe";
inline constexpr char const* devd_packets_name = "devd.seqpacket.pipe";

struct DevdOptions {
    std::string run_dir;             // only we may write there, all may look
    std::optional<gid_t> observers;  // members of this group hear of every VM
    std::optional<uid_t> master;     // where the daemon is one user's own: he alone (and root) hears anything
    std::function<void(std::string)> log;
};

class DevdSockets final : public Observer {
public:
    static constexpr std::size_t max_of_user = 10;    // as many as devd has in all
    static constexpr std::size_t max_of_others = 40;  // of all but root

    // Adds itself to the engine's observers. A socket that cannot be made is told to the log, and is not there.
    DevdSockets(Loop& loop, Engine& engine, DevdOptions options);
    ~DevdSockets() override;
    DevdSockets(DevdSockets const&) = delete;
    auto operator=(DevdSockets const&) -> DevdSockets& = delete;

    void on_turn(Turn const& turn) override;
    // Tells what is taken right now, ends all readers, and takes the sockets away.
    void close();
    [[nodiscard]] auto readers() const -> std::size_t { return readers_.size(); }

private:
    struct Listener {
        std::string path;
        UniqueFd socket;
        bool packets = false;
        Handle watch, pause;
    };
    struct Reader {
        uid_t uid = 0;
        std::unique_ptr<EventPump> pump;
    };
    void listen(char const* name, bool packets);
    void await(Listener& listener);
    void welcome(Listener& listener);
    void look_away(Listener& listener);
    void admit(UniqueFd socket, bool packets);
    void forget_the_gone();
    void remove(std::uint64_t id, EventPump::End how);
    void say(std::string text);

    Loop& loop_;
    ReadingLine line_{loop_};
    Engine const& engine_;
    DevdOptions options_;
    Authority authority_;
    std::uint64_t published_;
    Seats seats_{max_of_user, max_of_others};
    std::vector<std::unique_ptr<Listener>> listeners_;
    std::map<std::uint64_t, Reader> readers_;
    std::uint64_t next_id_ = 0;
    std::optional<MonoTime> said_at_;
    std::size_t unsaid_ = 0;
};

}  // namespace apiary::bus
