// Where one user's own daemon has its files and its bus.
#include "main/session_mode.hpp"

#include <fcntl.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <stdexcept>
#include <string_view>
#include <system_error>

#include "bus/address.hpp"

namespace apiary {
namespace {

constexpr char const* folder_name = "/apiary";
constexpr char const* runtime_variable = "XDG_RUNTIME_DIR";

// The specification: a path in these variables that is not absolute is to be ignored.
auto absolute_path(SessionSurroundings const& around, std::string const& name) -> std::optional<std::string> {
    auto value = around.variable(name);
    return value && value->starts_with('/') ? value : std::nullopt;
}

auto below_home(SessionSurroundings const& around, std::string const& variable, std::string_view fallback)
    -> std::string {
    if (auto const named = absolute_path(around, variable)) {
        return *named + folder_name;
    }
    auto home = absolute_path(around, "HOME").value_or(std::string{});
    if (home.empty()) {
        home = around.home_of_account();
    }
    if (!home.starts_with('/')) {
        throw std::runtime_error{"there is no place for " + std::string{fallback} + folder_name + ": neither " +
                                 variable +
                                 " nor HOME is set to an absolute path, and the account has no home: set one of them"};
    }
    return home + "/" + std::string{fallback} + folder_name;
}

auto runtime_folder(SessionSurroundings const& around) -> std::string {
    std::string const advice =
        ": log in in a way that makes it (pam_systemd, elogind, seatd and their like do), or set it to a folder that "
        "is "
        "yours, has mode 0700 and does not outlive the host's boot";
    auto const folder = absolute_path(around, runtime_variable);
    if (!folder) {
        throw std::runtime_error{std::string{runtime_variable} + " is not set (to an absolute path)" + advice};
    }
    struct stat found {};
    if (::stat(folder->c_str(), &found) != 0) {
        throw std::runtime_error{std::string{runtime_variable} + ", " + *folder +
                                 ", cannot be used: " + std::generic_category().message(errno) + advice};
    }
    bool const private_folder = S_ISDIR(found.st_mode) && found.st_uid == around.uid && (found.st_mode & 022) == 0;
    if (!private_folder) {
        throw std::runtime_error{std::string{runtime_variable} + ", " + *folder + ", is not a folder that user " +
                                 std::to_string(around.uid) + " owns and nobody else can write to" + advice};
    }
    return *folder;
}

}  // namespace

auto session_surroundings() -> SessionSurroundings {
    return {.variable = [](std::string const& name) -> std::optional<std::string> {
                char const* const value = std::getenv(name.c_str());
                return value == nullptr || *value == '\0' ? std::nullopt : std::optional<std::string>{value};
            },
            .home_of_account = []() -> std::string {
                std::array<char, 16384> buffer{};
                passwd entry{};
                passwd* found = nullptr;
                ::getpwuid_r(::geteuid(), &entry, buffer.data(), buffer.size(), &found);
                return found != nullptr && found->pw_dir != nullptr ? found->pw_dir : "";
            },
            .uid = ::geteuid()};
}

auto remark_on_session() -> std::string {
    constexpr char const* device = "/dev/kvm";
    if (::faccessat(AT_FDCWD, device, R_OK | W_OK, AT_EACCESS) == 0 || errno == ENOENT) {
        return {};
    }
    return std::string{device} + " cannot be opened (" + std::generic_category().message(errno) +
           "): guests are emulated, which is many times slower. Whoever may use KVM is in the group of that file";
}

void take_session_places(Options& options, SaidOptions const& said, SessionSurroundings const& around) {
    if (around.uid == 0) {
        throw std::runtime_error{
            "--session is for a user's own VMs, and this is root: run it as that user, or leave --session out"};
    }
    if (!said.config) {
        options.configs = {below_home(around, "XDG_CONFIG_HOME", ".config") + "/apiary.conf"};
    }
    if (!said.state_dir) {
        options.state_dir = below_home(around, "XDG_STATE_HOME", ".local/state");
    }
    if (!said.log_dir) {
        options.log_dir = options.state_dir + "/log";
    }
    if (!said.run_dir) {
        options.run_dir = runtime_folder(around) + folder_name;
    }
    if (!said.bus_address) {
        auto const named = around.variable("DBUS_SESSION_BUS_ADDRESS");
        options.bus_address = named ? *named : "unix:path=" + bus::escape_address(runtime_folder(around) + "/bus");
    }
}

}  // namespace apiary
