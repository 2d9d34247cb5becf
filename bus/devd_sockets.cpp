// Two unix sockets that speak devd's records.
#include "bus/devd_sockets.hpp"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <system_error>
#include <utility>

#include "bus/devd_record.hpp"
#include "bus/peer.hpp"
#include "vm/spare_descriptors.hpp"

namespace apiary::bus {

namespace {

constexpr int backlog = 32;
constexpr int accepted_of_a_turn = 2 * backlog;  // more than can have connected before: Linux lets one more wait than
                                                 // asked for, FreeBSD half as many more
constexpr int devd_socket_bytes = 256 * 1024;    // as devd's
constexpr Duration devd_patience = std::chrono::seconds{10};
constexpr Duration pause_without_descriptors = std::chrono::seconds{1};
constexpr Duration quiet_time = std::chrono::minutes{1};  // a line of the log for each reader would be his to fill it

[[noreturn]] void fail(int error, char const* what) {
    throw std::system_error{error, std::generic_category(), what};
}

auto listening_socket(std::string const& path, bool packets) -> UniqueFd {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.size() >= sizeof address.sun_path) {
        fail(ENAMETOOLONG, "the path of a socket");
    }
    path.copy(address.sun_path, path.size());
    // What an earlier daemon left behind. Ours alone is the folder, and there is one daemon for it.
    struct stat status {};
    if (::lstat(path.c_str(), &status) == 0 && S_ISSOCK(status.st_mode)) {
        ::unlink(path.c_str());
    }
    UniqueFd socket{::socket(AF_UNIX, (packets ? SOCK_SEQPACKET : SOCK_STREAM) | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
    if (!socket) {
        fail(errno, "make it");
    }
    // Everybody may connect: what he hears is judged by who he is.
    if (::bind(socket.get(), reinterpret_cast<sockaddr const*>(&address), sizeof address) != 0 ||
        ::chmod(path.c_str(), 0666) != 0 || ::listen(socket.get(), backlog) != 0) {
        fail(errno, "listen on it");
    }
    return socket;
}

}  // namespace

DevdSockets::DevdSockets(Loop& loop, Engine& engine, DevdOptions options)
    : loop_{loop},
      engine_{engine},
      options_{std::move(options)},
      authority_{{options_.observers, options_.master}},
      published_{engine.journal().last()} {
    listen(devd_stream_name, false);
    listen(devd_packets_name, true);
    engine.add_observer(*this);
}

DevdSockets::~DevdSockets() {
    close();
}

void DevdSockets::listen(char const* name, bool packets) {
    auto const path = options_.run_dir + '/' + name;
    try {
        auto listener = std::make_unique<Listener>();
        listener->socket = listening_socket(path, packets);
        listener->path = path;
        listener->packets = packets;
        await(*listener);
        listeners_.push_back(std::move(listener));
    } catch (std::system_error const& error) {
        options_.log("there is no " + path + " for those who read devd's records: " + error.what());
    }
}

void DevdSockets::await(Listener& listener) {
    listener.watch = loop_.watch(listener.socket.get(), Readiness::readable, [this, &listener] { welcome(listener); });
}

void DevdSockets::welcome(Listener& listener) {
    for (int count = 0; count < accepted_of_a_turn; ++count) {
        UniqueFd socket{::accept4(listener.socket.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK)};
        if (socket) {
            admit(std::move(socket), listener.packets);
            continue;
        }
        if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
            look_away(listener);
            return;
        }
        if (errno != ECONNABORTED && errno != EINTR) {
            return;
        }
    }
}

// Who waits at the door keeps the socket readable: until there may be descriptors again, it is not looked at.
void DevdSockets::look_away(Listener& listener) {
    listener.watch.reset();
    listener.pause = loop_.after(pause_without_descriptors, [this, &listener] {
        try {
            await(listener);
        } catch (std::system_error const&) {
            look_away(listener);
        }
    });
}

void DevdSockets::admit(UniqueFd socket, bool packets) {
    auto const peer = peer_of(socket.get());
    if (!peer) {
        return;
    }
    forget_the_gone();
    if (!leaves_descriptors(socket.get())) {
        say("a reader of devd's records was turned away: hardly any file descriptors are left (apiaryd(8), LIMITS)");
        return;
    }
    if (!seats_.take(peer->uid)) {
        say("a reader of devd's records was turned away: user " + std::to_string(peer->uid) +
            " has 10 already, or all places are taken");
        return;
    }
    ::setsockopt(socket.get(), SOL_SOCKET, SO_SNDBUF, &devd_socket_bytes, sizeof devd_socket_bytes);
    auto const id = ++next_id_;
    PumpSettings settings;
    settings.after = published_;
    settings.packets = packets;
    settings.tells_position = false;
    settings.may_speak = true;  // devd lets them, and some close that direction at once
    settings.patience = devd_patience;
    settings.wanted = [this, caller = *peer](Event const& event) { return authority_.may_see(caller, event); };
    try {
        auto pump = std::make_unique<EventPump>(loop_, line_, engine_.journal(), published_, std::move(socket),
                                                std::make_unique<DevdRecords>(), std::move(settings),
                                                [this, id](EventPump::End how) { remove(id, how); });
        readers_.emplace(id, Reader{peer->uid, std::move(pump)});
    } catch (std::system_error const&) {  // no descriptor is left to watch him by
        seats_.give_back(peer->uid);
    }
}

// Their places are wanted now; until then nothing tells of them but the next event.
void DevdSockets::forget_the_gone() {
    for (auto at = readers_.begin(); at != readers_.end();) {
        auto& pump = *(at++)->second.pump;  // it may end, and be gone
        pump.end_if_gone();
    }
}

void DevdSockets::remove(std::uint64_t id, EventPump::End how) {
    auto const found = readers_.find(id);
    if (how != EventPump::End::closed) {
        say("a reader of devd's records was dropped: user " + std::to_string(found->second.uid) +
            " did not read for 10 seconds, or was left behind by the journal");
    }
    seats_.give_back(found->second.uid);
    readers_.erase(found);
}

void DevdSockets::say(std::string text) {
    if (said_at_ && loop_.now() - *said_at_ < quiet_time) {
        ++unsaid_;
        return;
    }
    said_at_ = loop_.now();
    if (auto const unsaid = std::exchange(unsaid_, 0); unsaid > 0) {
        text += " (and " + std::to_string(unsaid) + " more such things since the last time this was said)";
    }
    options_.log(std::move(text));
}

void DevdSockets::on_turn(Turn const& turn) {
    // Whoever was let in by the kernel before this was told is owed it, though the loop has not come to him yet.
    for (auto const& listener : listeners_) {
        if (listener->watch) {
            welcome(*listener);
        }
    }
    for (auto const& event : turn.events) {
        published_ = std::max(published_, event.seq);
    }
    for (auto const& [id, reader] : readers_) {
        reader.pump->wake();
    }
}

void DevdSockets::close() {
    for (auto at = readers_.begin(); at != readers_.end();) {
        auto& pump = *(at++)->second.pump;  // it may end, and be gone
        pump.tell_what_is_taken();
    }
    readers_.clear();
    for (auto const& listener : listeners_) {
        ::unlink(listener->path.c_str());
    }
    listeners_.clear();
}

}  // namespace apiary::bus
