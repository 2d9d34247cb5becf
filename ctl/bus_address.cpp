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
        return {{{option, address_option}}, {}};
    }
    if (auto const address = environment(address_variable)) {
        return {{{*address, address_variable}}, {}};
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
    return search;
}

}  // namespace apiary::ctl
