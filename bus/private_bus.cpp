// A message bus of our own.
#include "bus/private_bus.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <string_view>
#include <system_error>
#include <utility>

#include "bus/bus_process.hpp"
#include "bus/policy_text.hpp"
#include "vm/unique_fd.hpp"

namespace apiary::bus {

namespace {

constexpr std::size_t max_address = 4096;

// What Debian's and everybody's system bus says of those who come, without services that are started on demand.
constexpr std::string_view general_policy = R"(
  <policy context="default">
    <allow user="*"/>
    <deny own="*"/>
    <deny send_type="method_call"/>
    <allow send_type="signal"/>
    <allow send_requested_reply="true" send_type="method_return"/>
    <allow send_requested_reply="true" send_type="error"/>
    <allow receive_type="method_call"/>
    <allow receive_type="method_return"/>
    <allow receive_type="error"/>
    <allow receive_type="signal"/>
    <allow send_destination="org.freedesktop.DBus" send_interface="org.freedesktop.DBus"/>
    <allow send_destination="org.freedesktop.DBus" send_interface="org.freedesktop.DBus.Introspectable"/>
    <allow send_destination="org.freedesktop.DBus" send_interface="org.freedesktop.DBus.Properties"/>
    <deny send_destination="org.freedesktop.DBus" send_interface="org.freedesktop.DBus"
          send_member="UpdateActivationEnvironment"/>
    <deny send_destination="org.freedesktop.DBus" send_interface="org.freedesktop.DBus.Debug.Stats"/>
  </policy>
  <policy user="root">
    <allow send_destination="org.freedesktop.DBus" send_interface="org.freedesktop.DBus.Monitoring"/>
    <allow send_destination="org.freedesktop.DBus" send_interface="org.freedesktop.DBus.Debug.Stats"/>
  </policy>
)";

auto escape_address(std::string_view path) -> std::string {
    constexpr std::string_view plain = "-_/.*0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
    constexpr std::string_view digits = "0123456789abcdef";
    std::string escaped;
    for (char const character : path) {
        if (plain.find(character) != std::string_view::npos) {
            escaped += character;
        } else {
            auto const byte = static_cast<unsigned char>(character);
            escaped += {'%', digits[byte >> 4U], digits[byte & 15U]};
        }
    }
    return escaped;
}

void write_file(std::string const& path, std::string_view text) {
    auto const fail = [&] { throw std::system_error{errno, std::generic_category(), "write " + path}; };
    constexpr mode_t readable_by_all = 0644;
    auto const temporary = path + ".new";
    ::unlink(temporary.c_str());
    UniqueFd const file{
        ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, readable_by_all)};
    if (!file || ::fchmod(file.get(), readable_by_all) < 0) {  // whatever the umask
        fail();
    }
    while (!text.empty()) {
        auto const written = ::write(file.get(), text.data(), text.size());
        if (written < 0) {
            fail();
        }
        text.remove_prefix(static_cast<std::size_t>(written));
    }
    if (::rename(temporary.c_str(), path.c_str()) < 0) {
        fail();
    }
}

}  // namespace

auto bus_address_file(std::string const& run_dir) -> std::string {
    return run_dir + "/bus-address";
}

auto private_bus_config(std::string const& socket_path) -> std::string {
    // No limits are set: those that are built in are the system bus's.
    return "<!DOCTYPE busconfig PUBLIC \"-//freedesktop//DTD D-BUS Bus Configuration 1.0//EN\"\n"
           " \"http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd\">\n"
           "<busconfig>\n  <type>system</type>\n  <listen>unix:path=" +
           escape_address(socket_path) + "</listen>\n  <auth>EXTERNAL</auth>" + std::string{general_policy} +
           policy_text + "</busconfig>\n";
}

class PrivateBus::Impl {
public:
    Impl(Loop& loop, PrivateBusOptions options, Callbacks callbacks)
        : options_{std::move(options)}, callbacks_{std::move(callbacks)} {
        auto const socket = options_.run_dir + "/bus";
        auto const config = config_file();
        if (socket.size() >= sizeof(sockaddr_un::sun_path)) {
            throw std::system_error{
                ENAMETOOLONG, std::generic_category(),
                "the path of the bus's socket, " + socket + ", is too long: use another run folder"};
        }
        write_file(config, private_bus_config(socket));
        ::unlink(bus_address_file(options_.run_dir).c_str());
        ::unlink(socket.c_str());
        std::array<int, 2> ends{};
        if (::pipe2(ends.data(), O_CLOEXEC | O_NONBLOCK) < 0) {
            throw std::system_error{errno, std::generic_category(), "make a pipe"};
        }
        address_end_.reset(ends[0]);
        UniqueFd write_end{ends[1]};
        readable_ = loop.watch(address_end_.get(), Readiness::readable, [this] { read_address(); });
        process_ = start_bus_process(loop,
                                     {options_.program, "--nofork", "--nopidfile", "--nosyslog",
                                      "--config-file=" + config, "--print-address=" + std::to_string(inherited_number)},
                                     std::move(write_end), [this](std::string const& how) {
                                         auto const failed = callbacks_.failed;
                                         failed(options_.program + " has ended (" + how + "). Its messages are above.");
                                     });
    }

    ~Impl() {
        process_.reset();
        for (auto const& file : {bus_address_file(options_.run_dir), options_.run_dir + "/bus", config_file()}) {
            ::unlink(file.c_str());
        }
    }
    Impl(Impl const&) = delete;
    auto operator=(Impl const&) -> Impl& = delete;

private:
    [[nodiscard]] auto config_file() const -> std::string { return options_.run_dir + "/private-bus.conf"; }

    // It is written once the bus listens. Where it never comes, the end of the process tells.
    void read_address() {
        std::array<char, 512> buffer{};
        auto const length = ::read(address_end_.get(), buffer.data(), buffer.size());
        if (length < 0 && (errno == EAGAIN || errno == EINTR)) {
            return;
        }
        if (length <= 0 || address_.size() > max_address) {
            readable_.reset();
            return;
        }
        address_.append(buffer.data(), static_cast<std::size_t>(length));
        if (auto const end = address_.find('\n'); end != std::string::npos) {
            address_.resize(end);
            readable_.reset();
            auto const callbacks = callbacks_;  // they may destroy this
            try {
                write_file(bus_address_file(options_.run_dir), address_ + "\n");
            } catch (std::system_error const& error) {
                callbacks.failed(error.what());
                return;
            }
            callbacks.ready(std::string{address_});
        }
    }

    PrivateBusOptions options_;
    Callbacks callbacks_;
    UniqueFd address_end_;
    std::string address_;
    Handle readable_;
    std::unique_ptr<BusProcess> process_;
};

PrivateBus::PrivateBus(Loop& loop, PrivateBusOptions options, Callbacks callbacks)
    : impl_{std::make_unique<Impl>(loop, std::move(options), std::move(callbacks))} {}

PrivateBus::~PrivateBus() = default;

}  // namespace apiary::bus
