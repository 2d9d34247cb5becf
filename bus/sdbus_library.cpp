// What is special to sdbus-c++ 1.2 about connections.
#include "bus/sdbus_library.hpp"

#include <sdbus-c++/sdbus-c++.h>

#include <stdexcept>

#include "bus/paths.hpp"

namespace apiary::bus {

namespace {

// 1.2 cannot be given an sd_bus and does not give its own away; but each of its messages knows the one it was made for.
class Peek : public sdbus::Message {
public:
    static auto bus_of(sdbus::Message const& message) -> sd_bus* {
        return sd_bus_message_get_bus(static_cast<sd_bus_message*>(message.*(&Peek::msg_)));
    }
};

struct BusClose {
    void operator()(sd_bus* bus) const { sd_bus_close_unref(bus); }
};

// Throws where nobody listens there. 1.2 loses its sd_bus whenever it cannot connect to a given address, and a daemon
// whose bus is away tries for days.
void knock(std::string const& address) {
    sd_bus* made = nullptr;
    check(sd_bus_new(&made), "make a bus connection");
    std::unique_ptr<sd_bus, BusClose> const bus{made};
    check(sd_bus_set_address(made, address.c_str()), "the bus address cannot be used");
    check(sd_bus_set_bus_client(made, 1), "make a bus client");
    check(sd_bus_start(made), "connect to the bus");
}

}  // namespace

auto open_connection(std::string const& address) -> ConnectionPtr {
    if (!address.empty()) {
        knock(address);
    }
    return address.empty() ? sdbus::createSystemBusConnection() : sdbus::createSessionBusConnectionWithAddress(address);
}

auto raw_bus(sdbus::IConnection& connection) -> sd_bus* {
    auto const proxy = sdbus::createProxy(connection, "org.freedesktop.DBus", root_path);
    auto const call = proxy->createMethodCall("org.freedesktop.DBus.Peer", "Ping");  // never sent
    sd_bus* const bus = Peek::bus_of(call);
    if (bus == nullptr) {
        throw std::runtime_error{"this version of sdbus-c++ hides its connection"};
    }
    return bus;
}

}  // namespace apiary::bus
