// Where the daemon's message bus is: the rules by which apiaryctl finds it.
#pragma once

#include <sys/stat.h>

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace apiary::ctl {

struct BusChoice {
    std::string address;  // of the bus; empty: the system bus, wherever the bus library knows it to be
    std::string origin;   // who said so, for people
};

struct BusSearch {
    std::vector<BusChoice> choices;   // to be tried in this order
    std::vector<std::string> passed;  // what was looked at and not taken, each with its reason
    std::string advice;               // what to do where the daemon is on none of them
    // Another bus that people mean at times; with what to say where the daemon is on that one.
    std::optional<BusChoice> elsewhere;
    std::string word_of_elsewhere;
};

using Environment = std::function<std::optional<std::string>(std::string const& name)>;
[[nodiscard]] auto process_environment() -> Environment;

// In this order, the first that says anything wins: `option` (--address; empty: not given), APIARY_BUS_ADDRESS, and
// then the private bus's address file (in APIARY_RUN_DIR or the daemon's own run folder) followed by the system bus.
[[nodiscard]] auto find_bus(std::string const& option, Environment const& environment) -> BusSearch;

// The bus of the user's own daemon (--session): DBUS_SESSION_BUS_ADDRESS, or else the socket `bus` in XDG_RUNTIME_DIR.
[[nodiscard]] auto find_session_bus(Environment const& environment) -> BusSearch;

// Why a file (or the folder that it is in) is not to be believed: who could write it could have us talk to a bus of
// his. Nothing: believe it. `also`: a user besides root whose word is as good.
[[nodiscard]] auto why_not_believed(struct stat const& file, std::optional<uid_t> also) -> std::optional<std::string>;

// The address in a file; or, with an empty address, why there is none.
struct AddressFile {
    std::string address;
    std::string fault;
};
[[nodiscard]] auto read_address_file(std::string const& path, std::optional<uid_t> also) -> AddressFile;

}  // namespace apiary::ctl
