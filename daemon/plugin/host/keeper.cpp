#include "plugin/host/keeper.hpp"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <deque>
#include <set>
#include <string>
#include <vector>

#include "plugin/frames.hpp"
#include "plugin/host/lines.hpp"
#include "plugin/host/own_descriptors.hpp"

namespace apiary::plugin::host {
namespace {

// A message like "free(): invalid pointer" is all that tells people why a plugin died.
void pass_on_last_words(int channel, int output) {
    constexpr std::size_t most_lines = 30;
    constexpr std::size_t most_bytes = std::size_t{256} * 1024;
    std::deque<std::string> last;
    Lines lines{[&](std::string const& line) {
        last.push_back(line);
        if (last.size() > most_lines) {
            last.pop_front();
        }
    }};
    std::vector<char> chunk(std::size_t{64} * 1024);
    std::size_t total = 0;
    for (ssize_t got = 0; total < most_bytes && (got = ::recv(output, chunk.data(), chunk.size(), MSG_DONTWAIT)) > 0;
         total += static_cast<std::size_t>(got)) {
        lines.take({chunk.data(), static_cast<std::size_t>(got)});
    }
    lines.end();
    for (auto const& line : last) {
        OutgoingFrame frame{{{"t", "log"}, {"level", 0}, {"text", line}}};
        if (send_some(channel, frame, false) != Sent::all) {
            return;
        }
    }
}

[[noreturn]] void keep(int socket, std::array<std::uint64_t, 2> const& cookie, int channel, int output) {
    std::set<pid_t> groups;
    for (;;) {
        KeeperRecord record;
        ssize_t const got = ::recv(socket, &record, sizeof record, 0);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got <= 0) {
            break;
        }
        if (got != sizeof record || record.cookie != cookie || record.group <= 1) {
            continue;
        }
        if (record.begins != 0) {
            groups.insert(record.group);
        } else {
            groups.erase(record.group);
        }
    }
    for (pid_t const group : groups) {
        ::kill(-group, SIGKILL);
    }
    pass_on_last_words(channel, output);
    ::_exit(0);
}

}  // namespace

auto Keeper::begin(int channel, int lock, int output) -> bool {
    std::array<int, 2> ends{};
    if (::getentropy(cookie_.data(), sizeof cookie_) != 0 ||
        ::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()) != 0) {
        return false;
    }
    UniqueFd const its{ends[1]};
    socket_.reset(move_up(ends[0]));
    if (!socket_) {
        return false;
    }
    pid_t const pid = ::fork();
    if (pid < 0) {
        return false;
    }
    if (pid == 0) {
        for (int number = 1; number < NSIG; ++number) {
            ::signal(number, SIG_IGN);  // it ends with the host, and with nothing else
        }
        auto kept = std::vector{channel, lock, output, its.get()};
        keep_only(std::move(kept));
        keep(its.get(), cookie_, channel, output);
    }
    closed_in_forks(socket_.get());
    return true;
}

void tell_ended(int keeper, KeeperRecord record, pid_t group) {
    record.group = group;
    record.begins = 0;
    while (::send(keeper, &record, sizeof record, MSG_NOSIGNAL) < 0 && errno == EINTR) {
    }
}

}  // namespace apiary::plugin::host
