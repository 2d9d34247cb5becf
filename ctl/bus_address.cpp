// Finding the bus.
#include "ctl/bus_address.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <system_error>

#include "ctl/text.hpp"
#include "ctl/unique_fd.hpp"

namespace apiary::ctl {

namespace {

constexpr char const* address_option = "--address";
constexpr char const* address_variable = "APIARY_BUS_ADDRESS";
constexpr char const* run_dir_variable = "APIARY_RUN_DIR";
#ifdef __FreeBSD__
constexpr char const* default_run_dir = "/var/run/apiary";
#else
constexpr char const* default_run_dir = "/run/apiary";
#endif
constexpr char const* address_file = "/bus-address";
constexpr char const* session_variable = "DBUS_SESSION_BUS_ADDRESS";
constexpr char const* runtime_variable = "XDG_RUNTIME_DIR";
constexpr char const* general_advice =
    "Start it as root (apiaryd; where there is no system bus: apiaryd --private-bus), or say which bus it is on with "
    "--address or APIARY_BUS_ADDRESS, or where its run folder is with APIARY_RUN_DIR. For VMs of your own: apiaryd "
    "--session, which apiaryctl --session commands.";

auto words_of(int error) -> std::string {
    return std::generic_category().message(error);
}

// One line, and nothing that is no address: "unix:path=/x" or several of them, separated by ';'.
auto is_address(std::string_view text) -> bool {
    return text.find(':') != std::string_view::npos && text == printable(text) &&
           text.find_first_of(" \t\n") == std::string_view::npos;
}

auto first_line(std::string_view text) -> std::string_view {
    auto line = text.substr(0, text.find('\n'));
    while (!line.empty() && (line.back() == ' ' || line.back() == '\r')) {
        line.remove_suffix(1);
    }
    return line;
}

// A path within an address.
auto escaped(std::string_view path) -> std::string {
    constexpr std::string_view plain = "-_/.*0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
    constexpr std::string_view digits = "0123456789abcdef";
    std::string text;
    for (char const character : path) {
        auto const byte = static_cast<unsigned char>(character);
        if (plain.find(character) != std::string_view::npos) {
            text += character;
        } else {
            text += {'%', digits[byte >> 4U], digits[byte & 15U]};
        }
    }
    return text;
}

auto session_bus(Environment const& environment) -> std::optional<BusChoice> {
    if (auto const address = environment(session_variable)) {
        return BusChoice{*address, "session bus"};
    }
    auto const folder = environment(runtime_variable);
    if (folder && folder->starts_with('/')) {
        return BusChoice{"unix:path=" + escaped(*folder + "/bus"), "session bus"};
    }
    return std::nullopt;
}

}  // namespace

auto process_environment() -> Environment {
    return [](std::string const& name) -> std::optional<std::string> {
        char const* const value = std::getenv(name.c_str());
        return value == nullptr || *value == '\0' ? std::nullopt : std::optional<std::string>{value};
    };
}

auto why_not_believed(struct stat const& file, std::optional<uid_t> also) -> std::optional<std::string> {
    if (file.st_uid != 0 && file.st_uid != also) {
        return "it belongs to user " + std::to_string(file.st_uid) + " and not to root";
    }
    if ((file.st_mode & (S_IWGRP | S_IWOTH)) != 0) {
        return "others than its owner may write to it";
    }
    return std::nullopt;
}

auto read_address_file(std::string const& path, std::optional<uid_t> also) -> AddressFile {
    // The folder first: who may write to it may put another file of root's in this one's place.
    auto const folder = path.substr(0, path.rfind('/'));
    struct stat status {};
    if (::stat(folder.c_str(), &status) != 0) {
        return {{}, words_of(errno)};
    }
    if (auto const why = why_not_believed(status, also)) {
        return {{}, "not believed: its folder: " + *why};
    }
    UniqueFd const file{::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)};
    if (!file) {
        return {{}, errno == ELOOP ? "not believed: it is a symbolic link" : words_of(errno)};
    }
    if (::fstat(file.get(), &status) != 0) {
        return {{}, words_of(errno)};
    }
    if (!S_ISREG(status.st_mode)) {
        return {{}, "not believed: it is not a regular file"};
    }
    if (auto const why = why_not_believed(status, also)) {
        return {{}, "not believed: " + *why};
    }
    std::array<char, 4096> buffer{};
    auto const size = ::read(file.get(), buffer.data(), buffer.size());
    if (size < 0) {
        return {{}, words_of(errno)};
    }
    auto const line = first_line({buffer.data(), static_cast<std::size_t>(size)});
    if (!is_address(line)) {
        return {{}, "it holds no address of a bus"};
    }
    return {std::string{line}, {}};
}

auto find_bus(std::string const& option, Environment const& environment) -> BusSearch {
    if (!option.empty()) {
        return {.choices = {{option, address_option}},
                .passed = {},
                .advice = general_advice,
                .elsewhere = {},
                .word_of_elsewhere = {}};
    }
    if (auto const address = environment(address_variable)) {
        return {.choices = {{*address, address_variable}},
                .passed = {},
                .advice = general_advice,
                .elsewhere = {},
                .word_of_elsewhere = {}};
    }
    BusSearch search;
    auto const run_dir = environment(run_dir_variable);
    // Who names the folder himself may also have written the file.
    auto const also = run_dir ? std::optional{::geteuid()} : std::nullopt;
    auto const path = run_dir.value_or(default_run_dir) + address_file;
    auto file = read_address_file(path, also);
    if (file.fault.empty()) {
        search.choices.push_back({std::move(file.address), path});
    } else {
        search.passed.push_back(path + ": " + file.fault);
    }
    search.choices.push_back({{}, "system bus"});
    search.advice = general_advice;
    search.elsewhere = session_bus(environment);
    search.word_of_elsewhere = "Your own apiaryd is on your session bus: add --session.";
    return search;
}

auto find_session_bus(Environment const& environment) -> BusSearch {
    BusSearch search;
    if (auto choice = session_bus(environment)) {
        search.choices.push_back(std::move(*choice));
    } else {
        search.passed.push_back(std::string{"session bus: neither "} + session_variable + " nor " + runtime_variable +
                                " is set");
    }
    search.advice = "Start it: apiaryd --session (with systemd: systemctl --user start apiaryd).";
    search.elsewhere = BusChoice{{}, "system bus"};
    search.word_of_elsewhere = "The apiaryd of this host is on the system bus: leave out --session.";
    return search;
}

}  // namespace apiary::ctl
