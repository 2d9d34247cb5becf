// Those who follow the journal over a descriptor.
#include "bus/journal_streams.hpp"

#include <fcntl.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>

#include "bus/errors.hpp"
#include "bus/journal_line.hpp"
#include "vm/spare_descriptors.hpp"

namespace apiary::bus {

namespace {

// What lies in the kernel for a reader who does not read.
constexpr int stream_socket_bytes = 64 * 1024;
constexpr Duration position_interval = std::chrono::seconds{1};

struct Ends {
    UniqueFd ours, theirs;
};

auto make_ends() -> Ends {
    std::array<int, 2> pair{};
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair.data()) != 0) {
        throw Fault{Error::failed, std::string{"A socket for the stream cannot be made: "} + std::strerror(errno)};
    }
    Ends ends{UniqueFd{pair[0]}, UniqueFd{pair[1]}};
    if (!leaves_descriptors(ends.theirs.get())) {
        throw Fault{Error::limits_exceeded,
                    "The daemon has hardly any file descriptors left, and keeps those. Close streams and consoles, or "
                    "raise its limit (apiaryd(8), LIMITS)."};
    }
    ::fcntl(ends.ours.get(), F_SETFL, O_NONBLOCK);
    ::setsockopt(ends.ours.get(), SOL_SOCKET, SO_SNDBUF, &stream_socket_bytes, sizeof stream_socket_bytes);
    return ends;
}

}  // namespace

JournalStreams::JournalStreams(Loop& loop, Engine const& engine, Authority::Options rights)
    : loop_{loop}, engine_{engine}, authority_{rights}, published_{engine.journal().last()} {}

auto JournalStreams::open(CallerPtr caller, JournalQuery query, std::uint64_t after) -> UniqueFd {
    auto ends = make_ends();
    auto const uid = caller->uid;
    if (!seats_.take(uid)) {
        throw Fault{Error::limits_exceeded,
                    "There are too many streams (16 for one user, 100 in all). Close one of them."};
    }
    auto const id = ++next_id_;
    auto form = std::make_unique<JournalLines>(engine_.journal().stream());
    PumpSettings settings;
    settings.after = after;
    settings.greeting = form->begin(after);
    settings.position_interval = position_interval;
    settings.wanted = [this, caller = std::move(caller), query = std::move(query)](Event const& event) {
        return query.wants(event) && authority_.may_see(*caller, event);
    };
    try {
        pumps_.emplace(
            id, Reader{uid, std::make_unique<EventPump>(loop_, line_, engine_.journal(), published_,
                                                        std::move(ends.ours), std::move(form), std::move(settings),
                                                        [this, id](EventPump::End) { remove(id); })});
    } catch (...) {  // no descriptor is left to watch it by
        seats_.give_back(uid);
        throw;
    }
    return std::move(ends.theirs);
}

void JournalStreams::remove(std::uint64_t id) {
    auto const found = pumps_.find(id);
    seats_.give_back(found->second.uid);
    pumps_.erase(found);
}

void JournalStreams::on_turn(Turn const& turn) {
    for (auto const& event : turn.events) {
        published_ = std::max(published_, event.seq);
    }
    for (auto const& [id, reader] : pumps_) {
        reader.pump->wake();
    }
}

void JournalStreams::close() {
    for (auto at = pumps_.begin(); at != pumps_.end();) {
        auto& pump = *(at++)->second.pump;  // it may end, and be gone
        pump.tell_what_is_taken();
    }
    pumps_.clear();
}

}  // namespace apiary::bus
