// marker: keeps a file in its state folder for each VM that runs, and keeps VMs from starting that are on hold. A small
// plugin in C++: docs/writing-plugins.md goes through it.
#include <apiary/plugin.hpp>

#include <filesystem>
#include <fstream>
#include <string>

namespace {

namespace ap = apiary::plugins;

class Marker {
public:
    static auto declaration() -> ap::Declaration {
        return {.name = "marker",
                .version = "1.0",
                .doc = "Keeps a file for each VM that runs",
                .keys = {ap::Key::boolean("marker", "Keep a file for this VM").fallback("no"),
                         ap::Key::text("marker_hold", "Do not start the VM, and say this")}};
    }

    // Runs without rights and without an object, whenever the configuration is read.
    static void configure(ap::Call& call) {
        if (call.setting("marker_hold") == "") {
            call.refuse("marker_hold", "say why the VM is not to start");
        }
    }

    explicit Marker(ap::Host host) : folder_{host.state_folder()} {}

    void prestart(ap::Call& call) {
        if (auto const why = call.setting("marker_hold")) {
            throw ap::Veto{std::string{*why}};
        }
        if (!call.flag("marker")) {
            return;
        }
        // Named by the VM's number: poststop may come in another process, or twice, or where this function never came
        // so far.
        std::ofstream file{path(call)};
        if (!(file << call.vm_name() << ' ' << call.incarnation() << '\n').flush()) {
            throw std::runtime_error{"cannot write " + path(call).string()};
        }
        call.contribute("note", "marker", path(call).string());
    }

    void poststop(ap::Call& call) {
        std::filesystem::remove(path(call));  // no error if there is none
    }

private:
    [[nodiscard]] auto path(ap::Call const& call) const -> std::filesystem::path {
        return folder_ / ("vm" + std::to_string(call.vm_id()));
    }
    std::filesystem::path folder_;
};

}  // namespace

APIARY_PLUGIN(Marker)
