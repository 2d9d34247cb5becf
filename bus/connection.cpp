// A connection to the bus on the daemon's loop.
#include "bus/connection.hpp"

#include <fcntl.h>
#include <poll.h>

#include <cerrno>
#include <chrono>
#include <system_error>

#include "bus/errors.hpp"

namespace apiary::bus {

namespace {

// One drive ends after so many messages, or so long: others use the loop, too.
constexpr int max_messages = 64;
constexpr std::chrono::milliseconds max_drive{5};
constexpr std::uint64_t max_queued = 65'536;

auto duplicate(int fd) -> UniqueFd {
    UniqueFd copy{::fcntl(fd, F_DUPFD_CLOEXEC, 3)};
    if (!copy) {
        throw std::system_error{errno, std::generic_category(), "duplicate the bus's descriptor"};
    }
    return copy;
}

}  // namespace

Connection::Connection(Loop& loop, Engine& engine, ConnectionPtr connection, std::function<void(std::string)> on_lost)
    : loop_{loop},
      engine_{engine},
      connection_{std::move(connection)},
      on_lost_{std::move(on_lost)},
      bus_{raw_bus(*connection_)},
      self_{std::make_shared<Connection*>(this)} {
    int const fd = sd_bus_get_fd(bus_);
    check(fd, "get the bus's descriptor");
    // Two of our own: the loop can watch each for one thing, and drop the interest in writing when there is none.
    read_fd_ = duplicate(fd);
    write_fd_ = duplicate(fd);
    readable_ = loop_.watch(read_fd_.get(), Readiness::readable, [this] { drive(); });
    post_drive();
}

Connection::~Connection() {
    self_.reset();
    stop();
    // Closed first, so that letting go of it does not wait for what is still to be written.
    sd_bus_close(bus_);
}

void Connection::stop() {
    readable_.reset();
    writable_.reset();
    timer_.reset();
}

void Connection::touch() {
    if (!touch_posted_ && !lost_) {
        touch_posted_ = true;
        loop_.post([self = std::weak_ptr{self_}] {
            if (auto const here = self.lock()) {
                (*here)->touch_posted_ = false;
                (*here)->rearm();
            }
        });
    }
}

auto Connection::toucher() -> std::function<void()> {
    return [self = std::weak_ptr{self_}] {
        if (auto const here = self.lock()) {
            (*here)->touch();
        }
    };
}

void Connection::post_drive() {
    if (!drive_posted_ && !lost_) {
        drive_posted_ = true;
        loop_.post([self = std::weak_ptr{self_}] {
            if (auto const here = self.lock()) {
                (*here)->drive_posted_ = false;
                (*here)->drive();
            }
        });
    }
}

void Connection::give_up(std::string why) {
    if (!lost_) {
        lost_ = true;
        stop();
        loop_.post([self = std::weak_ptr{self_}, why = std::move(why)] {
            if (auto const here = self.lock()) {
                auto const on_lost = (*here)->on_lost_;  // it destroys the connection, and with it this function
                on_lost(why);
            }
        });
    }
}

auto Connection::takes_signals() const -> bool {
    std::uint64_t queued = 0;
    return !lost_ && sd_bus_get_n_queued_write(bus_, &queued) >= 0 && queued < max_queued;
}

void Connection::write_what_is_taken() {
    constexpr int max_writes = 256;
    std::uint64_t queued = 0;
    for (int count = 0; count < max_writes && !lost_; ++count) {
        if (sd_bus_get_n_queued_write(bus_, &queued) < 0 || queued == 0 || sd_bus_process(bus_, nullptr) <= 0) {
            return;
        }
    }
}

void Connection::drive() {
    auto const until = loop_.now() + max_drive;
    int result = 1;
    engine_.close_turn();  // who asks now hears of nothing that is not written
    for (int count = 0; result > 0 && count < max_messages && !lost_; ++count) {
        result = sd_bus_process(bus_, nullptr);
        engine_.close_turn();
        if (loop_.now() >= until) {
            break;
        }
    }
    if (lost_) {
        return;
    }
    if (result < 0) {
        give_up(std::generic_category().message(-result));
    } else if (result > 0) {
        post_drive();
    } else {
        rearm();
    }
}

void Connection::rearm() {
    if (lost_) {
        return;
    }
    int const events = sd_bus_get_events(bus_);
    std::uint64_t deadline = UINT64_MAX;
    if (int const result = sd_bus_get_timeout(bus_, &deadline); events < 0 || result < 0) {
        give_up(std::generic_category().message(events < 0 ? -events : -result));
        return;
    }
    if ((events & POLLOUT) == 0) {
        writable_.reset();
    } else if (!writable_) {
        writable_ = loop_.watch(write_fd_.get(), Readiness::writable, [this] { drive(); });
    }
    if (deadline == 0) {  // there is something to do already
        post_drive();
        return;
    }
    if (deadline == deadline_ && (timer_ || deadline == UINT64_MAX)) {
        return;
    }
    deadline_ = deadline;
    timer_.reset();
    if (deadline != UINT64_MAX) {
        auto const at = MonoTime{std::chrono::microseconds{deadline}};
        timer_ = loop_.after(at - loop_.now(), [this] {
            deadline_ = UINT64_MAX;
            drive();
        });
    }
}

}  // namespace apiary::bus
