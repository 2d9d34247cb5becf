// The configuration and the address of the private bus, as text.
#include <string_view>

#include "bus/address.hpp"
#include "bus/policy_text.hpp"
#include "bus/private_bus.hpp"

namespace apiary::bus {

namespace {

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

auto private_bus_address(std::string const& socket_path) -> std::string {
    return "unix:path=" + escape_address(socket_path);
}

}  // namespace apiary::bus
