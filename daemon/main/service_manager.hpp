// What the service manager that started us is told (sd_notify(3)): ready, how many VMs, how long the end may still
// take.
//
// Written here because nothing on the loop may wait, and libsystemd's own function waits when the manager is slow. It
// is one datagram to the socket that $NOTIFY_SOCKET names; where nothing is named, or on a system without it, nothing
// happens.
#pragma once

#include <deque>
#include <string>

#include "vm/loop.hpp"
#include "vm/unique_fd.hpp"

namespace apiary {

class ServiceManager {
public:
    // `address`: as in NOTIFY_SOCKET; empty: there is none.
    ServiceManager(Loop& loop, std::string const& address);

    void ready(std::string const& status);       // also after restarting()
    void restarting(std::string const& status);  // under the same pid
    // The end has begun. From now on the manager's own limit for it does not count, as long as there is a sign of life
    // within `stop_patience` of the last.
    void stopping(std::string const& status);
    void still_stopping(std::string const& status);

    [[nodiscard]] auto present() const -> bool { return static_cast<bool>(socket_); }

    static constexpr std::chrono::seconds stop_patience{60};

private:
    void send(std::string text);
    void flush();

    Loop& loop_;
    UniqueFd socket_;
    std::deque<std::string> waiting_;
    Handle writable_;
};

}  // namespace apiary
