// The connection: its queue, and waiting on it.
#include "ctl/bus_link.hpp"

#include <poll.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <optional>
#include <string>

#include "apiary_introspection/Manager-proxy.hpp"

namespace apiary::ctl {

namespace {

// Any address goes in as the system bus's: sdbus-c++ 1.2 loses its sd_bus whenever it cannot connect to a given
// address, and whoever waits for a daemon tries often.
auto connection_to(BusChoice const& choice) -> std::unique_ptr<sdbus::IConnection> {
    static constexpr char const* variable = "DBUS_SYSTEM_BUS_ADDRESS";
    if (choice.address.empty()) {
        return sdbus::createSystemBusConnection();
    }
    auto const* const value = std::getenv(variable);
    auto const before = value == nullptr ? std::optional<std::string>{} : std::string{value};
    auto const restore = [&before] {
        if (before) {
            ::setenv(variable, before->c_str(), 1);
        } else {
            ::unsetenv(variable);
        }
    };
    ::setenv(variable, choice.address.c_str(), 1);
    try {
        auto connection = sdbus::createSystemBusConnection();
        restore();
        return connection;
    } catch (...) {
        restore();
        throw;
    }
}

// No exception may leave a handler of a match: it would pass through the C library and wedge the connection. A message
// that cannot be read is one of a newer daemon; what it tells is found by reading anew.
template <typename Body>
auto careful(std::deque<Notice>& queue, Body body) {
    return [&queue, body](sdbus::Message& message) {
        try {
            body(message);
        } catch (std::exception const&) {
            queue.push_back({.kind = Notice::Kind::missed, .path = {}, .values = {}, .event = {}});
        }
    };
}

auto notice(Notice::Kind kind, std::string path = {}) -> Notice {
    return {.kind = kind, .path = std::move(path), .values = {}, .event = {}};
}

}  // namespace

class BusLink::Manager final : public sdbus::ProxyInterfaces<org::apiary::Apiary1::Manager_proxy> {
public:
    Manager(sdbus::IConnection& connection, std::string const& owner, std::deque<Notice>& queue)
        : ProxyInterfaces{connection, owner, root_path}, queue_{queue} {
        registerProxy();
    }
    Manager(Manager const&) = delete;
    Manager(Manager&&) = delete;
    auto operator=(Manager const&) -> Manager& = delete;
    auto operator=(Manager&&) -> Manager& = delete;
    ~Manager() { unregisterProxy(); }

protected:
    void onEvent(std::uint64_t const& seq, std::string const& /*stream*/, std::uint64_t const& time,
                 std::string const& type, Dictionary const& details) override {
        auto told = notice(Notice::Kind::event);
        told.event.seq = seq;
        told.event.time = time;
        told.event.type = type;
        told.event.details = values_from(details);
        queue_.push_back(std::move(told));
    }
    void onJobNew(std::uint64_t const& /*id*/, sdbus::ObjectPath const& /*job*/, std::string const& /*vm*/,
                  std::string const& /*command*/) override {}
    void onJobEnded(std::uint64_t const& /*id*/, sdbus::ObjectPath const& job, std::string const& /*vm*/,
                    std::string const& /*result*/) override {
        queue_.push_back(notice(Notice::Kind::job_ended, job));
    }
    void onSignalsLost(std::uint64_t const& /*count*/, std::uint64_t const& /*seq*/) override {
        queue_.push_back(notice(Notice::Kind::missed));
    }
    void onSubscriptionEnded(std::string const& /*reason*/) override { queue_.push_back(notice(Notice::Kind::missed)); }

private:
    std::deque<Notice>& queue_;
};

BusLink::BusLink(BusChoice choice) : choice_{std::move(choice)}, connection_{connection_to(choice_)} {
    // First listen, then ask: no change of the owner falls between the two.
    owner_match_ = connection_->addMatch(
        std::string{"type='signal',sender='org.freedesktop.DBus',interface='org.freedesktop.DBus',"
                    "member='NameOwnerChanged',arg0='"} +
            service_name + '\'',
        careful(queue_, [this](sdbus::Message& message) {
            std::string name, before, after;
            message >> name >> before >> after;
            owner_changed(after);
        }));
    auto const bus = sdbus::createProxy(*connection_, "org.freedesktop.DBus", "/org/freedesktop/DBus");
    try {
        bus->callMethod("GetNameOwner")
            .onInterface("org.freedesktop.DBus")
            .withArguments(std::string{service_name})
            .storeResultsTo(owner_);
    } catch (sdbus::Error const& error) {
        if (error.getName() != "org.freedesktop.DBus.Error.NameHasNoOwner") {
            throw;
        }
    }
}

BusLink::~BusLink() {
    try {  // of a dead connection the library complains when it is to forget something
        matches_.clear();
        manager_.reset();
    } catch (sdbus::Error const&) {
        owner_.clear();
    }
}

auto BusLink::owner_pid() -> int {
    std::uint32_t pid = 0;
    try {
        sdbus::createProxy(*connection_, "org.freedesktop.DBus", "/org/freedesktop/DBus")
            ->callMethod("GetConnectionUnixProcessID")
            .onInterface("org.freedesktop.DBus")
            .withArguments(owner_)
            .storeResultsTo(pid);
    } catch (sdbus::Error const&) {
        return 0;
    }
    return static_cast<int>(pid);
}

void BusLink::listen() {
    matches_.clear();
    manager_.reset();
    if (owner_.empty()) {
        return;
    }
    manager_ = std::make_unique<Manager>(*connection_, owner_, queue_);
    auto const from_daemon = "type='signal',sender='" + owner_ + "',";
    matches_.push_back(connection_->addMatch(
        from_daemon + "interface='org.apiary.Apiary1.VM',member='Event',path_namespace='/org/apiary/Apiary1/vm'",
        careful(queue_, [this](sdbus::Message& message) { vm_event(message); })));
    matches_.push_back(
        connection_->addMatch(from_daemon + "interface='org.freedesktop.DBus.Properties',member='PropertiesChanged',"
                                            "path_namespace='/org/apiary/Apiary1/job'",
                              careful(queue_, [this](sdbus::Message& message) { job_changed(message); })));
}

void BusLink::owner_changed(std::string const& owner) {
    if (owner == owner_) {  // the answer to GetNameOwner said so before
        return;
    }
    if (!owner_.empty()) {
        queue_.push_back(notice(Notice::Kind::daemon_gone));
    }
    owner_ = owner;
    if (!owner_.empty()) {
        queue_.push_back(notice(Notice::Kind::daemon_back));
    }
}

void BusLink::job_changed(sdbus::Message& message) {
    auto told = notice(Notice::Kind::job_changed, message.getPath());
    std::string interface;
    Dictionary changed;
    message >> interface >> changed;
    told.values = values_from(changed);
    queue_.push_back(std::move(told));
}

void BusLink::vm_event(sdbus::Message& message) {
    auto told = notice(Notice::Kind::event, message.getPath());
    auto& event = told.event;
    std::string stream;
    Dictionary details;
    message >> event.seq >> event.vm_seq >> stream >> event.time >> event.vm >> event.type >> event.state >>
        event.sub_state >> event.reason >> details;
    event.details = values_from(details);
    queue_.push_back(std::move(told));
}

auto BusLink::drive() -> bool {
    try {
        // Until nothing is left: what earlier calls have read into the library's queue makes no descriptor readable.
        while (queue_.empty() && connection_->processPendingRequest()) {
        }
        return true;
    } catch (sdbus::Error const&) {
        return false;
    }
}

auto BusLink::next(int interrupt, std::optional<std::chrono::milliseconds> timeout) -> Notice {
    using Clock = std::chrono::steady_clock;
    auto const deadline = timeout ? std::optional{Clock::now() + *timeout} : std::nullopt;
    for (;;) {
        if (!drive() && queue_.empty()) {
            return notice(Notice::Kind::bus_lost);
        }
        if (!queue_.empty()) {
            auto first = std::move(queue_.front());
            queue_.pop_front();
            return first;
        }
        auto const bus = connection_->getEventLoopPollData();
        int wait = bus.getPollTimeout();
        if (deadline) {
            auto const left = std::chrono::ceil<std::chrono::milliseconds>(*deadline - Clock::now()).count();
            if (left <= 0) {
                return notice(Notice::Kind::timed_out);
            }
            wait = wait < 0 ? static_cast<int>(left) : std::min(wait, static_cast<int>(left));
        }
        std::array<pollfd, 2> waited{pollfd{bus.fd, bus.events, 0}, pollfd{interrupt, POLLIN, 0}};
        if (::poll(waited.data(), waited.size(), wait) > 0 && waited[1].revents != 0) {
            return notice(Notice::Kind::interrupted);
        }
    }
}

}  // namespace apiary::ctl
