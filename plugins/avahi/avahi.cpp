// The plugin avahi: each VM whose screen others can reach appears on the network (mDNS/DNS-SD, _rfb._tcp) under its
// name.
//
// It hears what happens to VMs and takes part in nothing: a step would make VMs wait for what no VM needs. So whatever
// becomes of Avahi or of this plugin, VMs start and stop as before.
#include <apiary/plugin.hpp>

#include <unistd.h>

#include <array>
#include <mutex>
#include <set>

#include "plugins/avahi/publisher.hpp"

namespace {

namespace ap = apiary::plugins;
using namespace apiary::avahi;

auto host_name() -> std::string {
    std::array<char, 256> name{};
    return ::gethostname(name.data(), name.size() - 1) == 0 ? name.data() : "localhost";
}

// Is there a hypervisor that shows its screen?
auto is_up(ap::Call const& event) -> bool {
    auto const state = event.event_field("state").value_or("");
    return state == "running" || state == "paused" ||
           (state == "stopping" && event.event_field("sub-state") != "poststop");
}

class Avahi {
public:
    static auto declaration() -> ap::Declaration {
        return {.name = "avahi",
                .version = APIARY_VERSION,
                .doc = "Publishes the screens of VMs on the local network (mDNS)",
                .keys = {ap::Key::boolean("vnc_publish", "publish the VM's screen on the local network (mDNS)")
                             .fallback("yes")},
                .flags = APIARY_PLUGIN_NOT_NEEDED | APIARY_PLUGIN_REPLAY,
                .events = {"state"},
                .user = "nobody",
                .event_timeout = std::chrono::seconds{60}};  // the resolver takes its time to give up
    }

    explicit Avahi(ap::Host host)
        : publisher_{[host](apiary_level level, std::string const& vm, std::string const& text) {
              host.log(level, vm.empty() ? text : "VM " + vm + ": " + text);
          }} {}

    void event(ap::Call& call) {
        auto const vm = call.vm_name();
        if (!is_up(call)) {
            publisher_.hide(vm);
            std::lock_guard const lock{mutex_};
            explained_.erase(vm);
            return;
        }
        if (!call.flag("graphics")) {
            publisher_.hide(vm);
            return;
        }
        auto reach = call.flag("vnc_publish")
                         ? reach_of({.listen = std::string{call.setting("graphics_listen").value_or("")},
                                     .port = static_cast<std::uint16_t>(call.number("graphics_port").value_or(0)),
                                     .path = std::string{call.setting("graphics_path").value_or("")}},
                                    resolve_by_system)
                         : std::string{"vnc_publish is no"};
        if (auto const* const why = std::get_if<std::string>(&reach)) {
            publisher_.hide(vm);
            explain(call, vm, *why);
        } else {
            publisher_.show(service_for(vm, host_name(), std::get<Reach>(std::move(reach))));
        }
    }

private:
    // Once in a life: not at each of its reboots, and not when this process is another one.
    void explain(ap::Call& call, std::string const& vm, std::string const& why) {
        std::lock_guard const lock{mutex_};
        if (explained_.insert(vm).second && !call.event_field("replay")) {
            call.info("its screen is not published: " + why);
        }
    }

    std::mutex mutex_;
    std::set<std::string> explained_;  // VMs that are up
    Publisher publisher_;
};

}  // namespace

APIARY_PLUGIN(Avahi)
