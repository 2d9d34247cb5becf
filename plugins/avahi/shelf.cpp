#include "plugins/avahi/shelf.hpp"

#include <avahi-common/alternative.h>
#include <avahi-common/error.h>
#include <avahi-common/malloc.h>
#include <avahi-common/strlst.h>
#include <avahi-common/timeval.h>

#include <algorithm>
#include <memory>
#include <new>
#include <utility>

namespace apiary::avahi {
namespace {

using std::chrono::milliseconds;

constexpr std::size_t most_services = 1000;  // of a connection; the rest of 1,024 is left to what may come
constexpr std::size_t at_once = 32;          // then who was stopped meanwhile is heard again
constexpr int most_names = 100;              // that are tried at once, where all are taken
constexpr milliseconds first_pause{1000}, last_pause{60'000};

}  // namespace

Shelf::Shelf(AvahiPoll const* poll, Say say) : poll_{poll}, say_{std::move(say)}, pause_{first_pause} {}

void Shelf::show(Service service) {
    auto const vm = service.vm;
    auto& entry = entries_[vm];
    entry.shelf = this;
    entry.service = std::move(service);
    entry.name = service_name(vm);
    entry.collided = entry.renamed = false;
    entry.outdated = true;
    to_place_.insert(vm);
}

void Shelf::hide(std::string const& vm) {
    auto const found = entries_.find(vm);
    if (found == entries_.end()) {
        return;
    }
    leave(found->second);
    to_place_.erase(vm);
    entries_.erase(found);
}

auto Shelf::work() -> bool {
    for (auto one = connections_.begin(); one != connections_.end();) {
        auto& connection = *one++;
        if (std::exchange(connection.changed, false)) {
            state_changed(connection);
        }
    }
    close_idle();
    for (std::size_t i = 0; i < at_once && timer_ == nullptr && !to_place_.empty(); ++i) {
        auto const vm = std::move(to_place_.extract(to_place_.begin()).value());
        place(entries_.at(vm));
    }
    if (timer_ == nullptr && to_place_.empty()) {
        pause_ = first_pause;
        last_trouble_.clear();
    }
    bool const changed = std::ranges::any_of(connections_, &Connection::changed);
    return changed || (timer_ == nullptr && !to_place_.empty());
}

void Shelf::state_changed(Connection& connection) {
    switch (connection.state) {
        case AVAHI_CLIENT_FAILURE: {
            int const error = avahi_client_errno(connection.client);
            lose(connection);
            // One that went away is waited for by the next connection; all else is not told when it is over.
            if (error != AVAHI_ERR_DISCONNECTED) {
                trouble(std::string{"Avahi is out of reach: "} + avahi_strerror(error) + " (tried again)");
                try_later();
            }
            break;
        }
        case AVAHI_CLIENT_S_RUNNING:
            if (std::exchange(absent_, false)) {
                say_(APIARY_INFO, {}, "avahi-daemon is there: screens are published");
            }
            for (auto& [vm, entry] : entries_) {
                if (entry.connection == &connection) {
                    to_place_.insert(vm);
                }
            }
            break;
        case AVAHI_CLIENT_CONNECTING:
            if (!std::exchange(absent_, true)) {
                say_(APIARY_INFO, {}, "avahi-daemon does not run: screens are published as soon as it does");
            }
            break;
        case AVAHI_CLIENT_S_REGISTERING:
        case AVAHI_CLIENT_S_COLLISION:
            // The host gets its name, perhaps another one; it stands in what is published. RUNNING follows.
            for (auto& [vm, entry] : entries_) {
                if (entry.connection == &connection && entry.group != nullptr) {
                    avahi_entry_group_reset(entry.group);
                }
            }
            break;
    }
}

void Shelf::lose(Connection& connection) {
    for (auto& [vm, entry] : entries_) {
        if (entry.connection == &connection) {
            entry.connection = nullptr;
            entry.group = nullptr;  // goes with its client
            entry.name = service_name(vm);
            entry.collided = entry.renamed = false;
            to_place_.insert(vm);
        }
    }
    avahi_client_free(connection.client);
    connections_.remove_if([&connection](Connection const& one) { return &one == &connection; });
}

void Shelf::close_idle() {
    connections_.remove_if([](Connection const& one) {
        if (one.count == 0) {
            avahi_client_free(one.client);
        }
        return one.count == 0;
    });
}

auto Shelf::connection_with_room() -> Connection* {
    for (auto& one : connections_) {
        if (one.count < one.room && one.state != AVAHI_CLIENT_FAILURE) {
            return &one;
        }
    }
    auto& made = connections_.emplace_back();
    made.room = most_services;
    int error = 0;
    made.client = avahi_client_new(poll_, AVAHI_CLIENT_NO_FAIL, on_client, &made, &error);
    if (made.client == nullptr) {
        connections_.pop_back();
        trouble(std::string{"Avahi is out of reach: "} + avahi_strerror(error) +
                " (it is on the system bus; tried again)");
        try_later();
        return nullptr;
    }
    return &made;
}

void Shelf::place(Entry& entry) {
    if (entry.connection == nullptr) {
        entry.connection = connection_with_room();
        if (entry.connection == nullptr) {
            to_place_.insert(entry.service.vm);
            return;
        }
        ++entry.connection->count;
    }
    auto& connection = *entry.connection;
    if (connection.state != AVAHI_CLIENT_S_RUNNING) {
        return;  // comes again when it is
    }
    if (entry.group == nullptr) {
        entry.group = avahi_entry_group_new(connection.client, on_group, &entry);
        if (entry.group == nullptr) {
            refused(entry, avahi_client_errno(connection.client));
            return;
        }
    } else if (entry.outdated || entry.collided) {
        if (int const error = avahi_entry_group_reset(entry.group); error != AVAHI_OK) {
            refused(entry, error);
            return;
        }
    } else if (avahi_entry_group_is_empty(entry.group) == 0) {
        return;  // it is there already
    }
    entry.outdated = false;
    if (std::exchange(entry.collided, false)) {
        rename(entry);
    }
    int error = add(entry);
    for (int tried = 1; error == AVAHI_ERR_COLLISION && tried < most_names; ++tried) {
        rename(entry);
        error = add(entry);
    }
    if (error == AVAHI_OK) {
        error = avahi_entry_group_commit(entry.group);
    }
    if (error != AVAHI_OK) {
        refused(entry, error);
    }
}

auto Shelf::add(Entry& entry) -> int {
    auto const& service = entry.service;
    AvahiStringList* texts = nullptr;
    for (auto one = service.txt.rbegin(); one != service.txt.rend(); ++one) {  // the list grows at its head
        auto* const longer = avahi_string_list_add(texts, one->c_str());
        if (longer == nullptr) {
            avahi_string_list_free(texts);
            throw std::bad_alloc{};
        }
        texts = longer;
    }
    std::unique_ptr<AvahiStringList, decltype(&avahi_string_list_free)> const txt{texts, avahi_string_list_free};
    auto const index = service.reach.address.empty() ? std::nullopt : interface_of(service.reach.address);
    auto const protocol = service.reach.family == Family::ipv4   ? AVAHI_PROTO_INET
                          : service.reach.family == Family::ipv6 ? AVAHI_PROTO_INET6
                                                                 : AVAHI_PROTO_UNSPEC;
    return avahi_entry_group_add_service_strlst(
        entry.group, index ? static_cast<AvahiIfIndex>(*index) : AVAHI_IF_UNSPEC, protocol, AvahiPublishFlags{},
        entry.name.c_str(), "_rfb._tcp", nullptr, nullptr, service.reach.port, txt.get());
}

void Shelf::rename(Entry& entry) {
    char* const other = avahi_alternative_service_name(entry.name.c_str());
    if (other == nullptr) {
        throw std::bad_alloc{};
    }
    entry.name = other;
    entry.renamed = true;
    avahi_free(other);
}

void Shelf::leave(Entry& entry) {
    if (entry.group != nullptr) {
        avahi_entry_group_free(entry.group);
        entry.group = nullptr;
    }
    if (entry.connection != nullptr) {
        --entry.connection->count;
        entry.connection = nullptr;
    }
}

void Shelf::refused(Entry& entry, int error) {
    auto& connection = *entry.connection;
    auto const& vm = entry.service.vm;
    auto const why = std::string{avahi_strerror(error)};
    switch (error) {
        case AVAHI_ERR_BAD_STATE:
        case AVAHI_ERR_DISCONNECTED:
        case AVAHI_ERR_NO_DAEMON:
            return;  // it is going down, or changes its name: what follows is told
        case AVAHI_ERR_TOO_MANY_OBJECTS:
            leave(entry);
            connection.room = connection.count;
            to_place_.insert(vm);
            if (connection.count == 0) {
                trouble("Avahi takes no more services: " + why +
                        " (objects-per-client-max and clients-max in avahi-daemon.conf)");
                try_later();
            }
            return;
        case AVAHI_ERR_DBUS_ERROR:
        case AVAHI_ERR_TIMEOUT:
        case AVAHI_ERR_TOO_MANY_CLIENTS:
        case AVAHI_ERR_NO_MEMORY:
            // It may have done half of it.
            if (entry.group != nullptr) {
                avahi_entry_group_reset(entry.group);
            }
            to_place_.insert(vm);
            trouble("Avahi does not publish what it is told to: " + why + " (tried again)");
            try_later();
            return;
        default:
            say_(APIARY_WARNING, vm, "its screen is not published: Avahi refuses " + entry.name + ": " + why);
            leave(entry);
            return;
    }
}

void Shelf::try_later() {
    if (timer_ != nullptr) {
        return;
    }
    timeval when{};
    avahi_elapse_time(&when, static_cast<unsigned>(pause_.count()), 0);
    timer_ = poll_->timeout_new(poll_, &when, on_time, this);
    pause_ = std::min(2 * pause_, last_pause);
}

// The same is not told again until it was over.
void Shelf::trouble(std::string const& text) {
    if (text != last_trouble_) {
        last_trouble_ = text;
        say_(APIARY_WARNING, {}, text);
    }
}

// The library is in the middle of something when it calls these: they only note what has happened.

void Shelf::on_client(AvahiClient* client, AvahiClientState state, void* connection) {
    auto& its = *static_cast<Connection*>(connection);
    its.client = client;
    its.state = state;
    its.changed = true;
}

void Shelf::on_group(AvahiEntryGroup*, AvahiEntryGroupState state, void* entry) {
    auto& its = *static_cast<Entry*>(entry);
    auto const& vm = its.service.vm;
    if (state == AVAHI_ENTRY_GROUP_COLLISION) {  // another host has this name
        its.collided = true;
        its.shelf->to_place_.insert(vm);
    } else if (state == AVAHI_ENTRY_GROUP_FAILURE) {
        its.shelf->say_(APIARY_WARNING, vm, "its screen is not published: Avahi gives it up");
    } else if (state == AVAHI_ENTRY_GROUP_ESTABLISHED && its.renamed) {
        its.shelf->say_(APIARY_INFO, vm,
                        "its screen is published as " + its.name + ": its own name is taken on this network");
    }
}

void Shelf::on_time(AvahiTimeout*, void* shelf) {
    auto& its = *static_cast<Shelf*>(shelf);
    its.poll_->timeout_free(its.timer_);
    its.timer_ = nullptr;
}

}  // namespace apiary::avahi
