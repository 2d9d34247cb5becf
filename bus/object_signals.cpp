// The signals that tell of objects.
#include "bus/object_signals.hpp"

#include <utility>

#include "bus/paths.hpp"

namespace apiary::bus {

namespace {

constexpr char const* object_manager = "org.freedesktop.DBus.ObjectManager";
constexpr char const* properties_interface = "org.freedesktop.DBus.Properties";

}  // namespace

auto properties_changed(std::string path, char const* interface, Dict changed) -> Signal {
    return {std::move(path), properties_interface, "PropertiesChanged",
            [interface, changed = std::move(changed)](Writer& out) {
                out.text(interface);
                out.dict(changed);
                out.texts({});
            }};
}

auto interfaces_added(std::string const& path, char const* interface, Dict properties) -> Signal {
    return {root_path, object_manager, "InterfacesAdded",
            [path, interface, properties = std::move(properties)](Writer& out) {
                out.path(path);
                out.open('a', "{sa{sv}}");
                out.open('e', "sa{sv}");
                out.text(interface);
                out.dict(properties);
                out.close();
                out.close();
            }};
}

auto interfaces_removed(std::string const& path, char const* interface) -> Signal {
    return {root_path, object_manager, "InterfacesRemoved", [path, interface](Writer& out) {
                out.path(path);
                out.texts({interface});
            }};
}

}  // namespace apiary::bus
