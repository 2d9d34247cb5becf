// Replies of the bus itself.
#include "bus/driver_reply.hpp"

#include <cstring>
#include <initializer_list>
#include <utility>

namespace apiary::bus {

namespace {

using Wanted = std::pair<std::string_view, std::optional<std::uint32_t>*>;

void read_numbers(sd_bus_message* reply, std::initializer_list<Wanted> wanted) {
    check(sd_bus_message_enter_container(reply, 'a', "{sv}"), "read what the bus tells");
    while (sd_bus_message_enter_container(reply, 'e', "sv") > 0) {
        char const* key = nullptr;
        check(sd_bus_message_read_basic(reply, 's', &key), "read what the bus tells");
        std::optional<std::uint32_t>* into = nullptr;
        for (auto const& [name, place] : wanted) {
            into = name == key ? place : into;
        }
        char const* contents = nullptr;
        check(sd_bus_message_peek_type(reply, nullptr, &contents), "read what the bus tells");
        if (into != nullptr && contents != nullptr && std::strcmp(contents, "u") == 0) {
            std::uint32_t number = 0;
            check(sd_bus_message_read(reply, "v", "u", &number), "read what the bus tells");
            *into = number;
        } else {
            check(sd_bus_message_skip(reply, "v"), "read what the bus tells");
        }
        check(sd_bus_message_exit_container(reply), "read what the bus tells");
    }
}

}  // namespace

auto number_in(sd_bus_message* reply, std::string_view key) -> std::optional<std::uint32_t> {
    std::optional<std::uint32_t> number;
    read_numbers(reply, {{key, &number}});
    return number;
}

auto process_in(sd_bus_message* reply) -> Process {
    Process process;
    read_numbers(reply, {{"UnixUserID", &process.uid}, {"ProcessID", &process.pid}});
    return process;
}

}  // namespace apiary::bus
