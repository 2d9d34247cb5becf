// The services that are to be shown, and the connections to avahi-daemon that show them. For one thread.
//
// One connection may hold as many services as Avahi lets it (objects-per-client-max, 1,024 if nobody has changed it),
// so there are as many connections as are needed, and none while there is nothing to show. Nothing here asks again and
// again: a client of Avahi's library waits on the bus for an avahi-daemon that is not there. Only where there is not
// even a bus, or where Avahi refuses, it is tried again, with growing pauses, as long as there is something to show.
#pragma once

#include <avahi-client/client.h>
#include <avahi-client/publish.h>
#include <avahi-common/watch.h>

#include <chrono>
#include <list>
#include <map>
#include <set>
#include <string>

#include "plugins/avahi/publisher.hpp"

namespace apiary::avahi {

class Shelf {
public:
    Shelf(AvahiPoll const* poll, Say say);
    ~Shelf() = default;  // its connections end with the process (publisher.hpp)
    Shelf(Shelf const&) = delete;
    auto operator=(Shelf const&) -> Shelf& = delete;

    void show(Service service);
    void hide(std::string const& vm);
    // Some of what is to be done; after each turn of the poll. True: there is more that can be done at once.
    [[nodiscard]] auto work() -> bool;

private:
    struct Connection {
        AvahiClient* client = nullptr;
        AvahiClientState state = AVAHI_CLIENT_CONNECTING;
        bool changed = false;
        std::size_t count = 0, room = 0;  // services that it has, and may have
    };
    struct Entry {
        Shelf* shelf = nullptr;
        Service service;
        std::string name;  // that it has, or tries to have, on the network
        Connection* connection = nullptr;
        AvahiEntryGroup* group = nullptr;
        bool outdated = false;  // what its group has is not this
        bool collided = false, renamed = false;
    };

    void state_changed(Connection& connection);
    void lose(Connection& connection);
    void close_idle();
    auto connection_with_room() -> Connection*;
    void place(Entry& entry);
    auto add(Entry& entry) -> int;
    void rename(Entry& entry);
    void leave(Entry& entry);
    void refused(Entry& entry, int error);
    void try_later();
    void trouble(std::string const& text);

    static void on_client(AvahiClient* client, AvahiClientState state, void* connection);
    static void on_group(AvahiEntryGroup* group, AvahiEntryGroupState state, void* entry);
    static void on_time(AvahiTimeout* timer, void* shelf);

    AvahiPoll const* poll_;
    Say say_;
    std::list<Connection> connections_;
    std::map<std::string, Entry> entries_;  // by VM
    std::set<std::string> to_place_;
    AvahiTimeout* timer_ = nullptr;  // while it rests
    std::chrono::milliseconds pause_;
    std::string last_trouble_;  // told already
    bool absent_ = false;       // there is no avahi-daemon, and that is told
};

}  // namespace apiary::avahi
