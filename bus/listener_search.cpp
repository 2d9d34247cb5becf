// Finds who on the bus does not read.
#include "bus/listener_search.hpp"

#include <utility>

#include "bus/driver_reply.hpp"
#include "bus/errors.hpp"

namespace apiary::bus {

namespace {

constexpr char const* driver = "org.freedesktop.DBus";
constexpr char const* driver_path = "/org/freedesktop/DBus";
constexpr char const* statistics = "org.freedesktop.DBus.Debug.Stats";
constexpr std::size_t most_names = 4096;  // twice what a system bus admits
constexpr std::uint64_t worth_naming = std::uint64_t{1024} * 1024;

}  // namespace

ListenerSearch::ListenerSearch(Connection& connection, std::function<void(std::string)> done)
    : connection_{connection}, done_{std::move(done)} {
    ask(driver, "ListNames", on_names, nullptr);
}

void ListenerSearch::ask(char const* interface, char const* member, sd_bus_message_handler_t answer,
                         std::string const* name) {
    if (sd_bus_is_ready(connection_.raw()) <= 0) {
        return;
    }
    sd_bus_slot* slot = nullptr;
    int const result = name != nullptr ? sd_bus_call_method_async(connection_.raw(), &slot, driver, driver_path,
                                                                  interface, member, answer, this, "s", name->c_str())
                                       : sd_bus_call_method_async(connection_.raw(), &slot, driver, driver_path,
                                                                  interface, member, answer, this, "");
    check(result, "ask the bus about its connections");
    question_.reset(slot);
    connection_.touch();
}

auto ListenerSearch::on_names(sd_bus_message* reply, void* self, sd_bus_error* error) -> int {
    return guarded(error, [&] {
        auto& search = *static_cast<ListenerSearch*>(self);
        if (sd_bus_message_get_error(reply) == nullptr) {
            check(sd_bus_message_enter_container(reply, 'a', "s"), "read the names on the bus");
            char const* name = nullptr;
            while (sd_bus_message_read_basic(reply, 's', &name) > 0 && search.names_.size() < most_names) {
                if (*name == ':') {
                    search.names_.emplace_back(name);
                }
            }
        }
        search.next();
        return 1;
    });
}

void ListenerSearch::next() {
    if (!names_.empty()) {
        ask(statistics, "GetConnectionStats", on_kept, &names_.front());
    } else if (!worst_.empty()) {
        ask(driver, "GetConnectionCredentials", on_process, &worst_);
    } else {
        end();
    }
}

auto ListenerSearch::on_kept(sd_bus_message* reply, void* self, sd_bus_error* error) -> int {
    return guarded(error, [&] {
        auto& search = *static_cast<ListenerSearch*>(self);
        auto const kept =
            sd_bus_message_get_error(reply) == nullptr ? number_in(reply, "OutgoingBytes").value_or(0) : 0;
        if (kept >= worth_naming && kept > search.kept_) {
            search.kept_ = kept;
            search.worst_ = search.names_.front();
        }
        search.names_.pop_front();
        search.next();
        return 1;
    });
}

auto ListenerSearch::on_process(sd_bus_message* reply, void* self, sd_bus_error* error) -> int {
    return guarded(error, [&] {
        auto& search = *static_cast<ListenerSearch*>(self);
        if (sd_bus_message_get_error(reply) == nullptr) {
            auto const [uid, pid] = process_in(reply);
            search.process_ = " (user " + (uid ? std::to_string(*uid) : "unknown") + ", process " +
                              (pid ? std::to_string(*pid) : "unknown") + ")";
        }
        search.end();
        return 1;
    });
}

void ListenerSearch::end() {
    auto const done = std::move(done_);  // it may destroy this
    done(worst_.empty() ? std::string{}
                        : worst_ + process_ + ", for whom it keeps " + std::to_string(kept_ / worth_naming) + " MiB");
}

}  // namespace apiary::bus
