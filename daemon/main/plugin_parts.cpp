#include "main/plugin_parts.hpp"

#include <unistd.h>

#include <cstdlib>
#include <utility>

#include "main/log.hpp"
#include "main/paths.hpp"
#include "main/plugin_keys.hpp"
#include "supervision/log_step.hpp"

namespace apiary {
namespace {

auto level_of(int level) -> log::Level {
    switch (level) {
        case 0:
            return log::Level::error;
        case 1:
            return log::Level::warning;
        case 2:
            return log::Level::info;
        default:
            return log::Level::debug;
    }
}

auto vms_up(Engine const& engine) -> std::vector<std::string> {
    std::vector<std::string> names;
    for (auto const& vm : engine.list({}, engine.count())) {
        if (auto const state = vm->status().state; state != State::stopped && state != State::failed) {
            names.push_back(vm->name());
        }
    }
    return names;
}

// A host that has lost its channel gives what its plugin does 2 s (host/serve.cpp), and ends. One that outlives the
// daemon's program would be a dead child of the next one's, which knows nothing of it.
constexpr auto end_of_hosts = std::chrono::milliseconds{2500};

}  // namespace

class PluginParts::Spawner : public plugin::Spawner {
public:
    explicit Spawner(supervision::Children& children) : children_{children} {}
    [[nodiscard]] auto spawn(std::string const& program, std::vector<std::string> argv, UniqueFd channel,
                             std::function<void(int status)> ended) -> pid_t override {
        return children_.spawn(program, std::move(argv), std::move(channel), std::move(ended));
    }
    void kill(pid_t child) override { children_.kill(child); }

private:
    supervision::Children& children_;
};

PluginParts::PluginParts(Loop& loop, Options const& options, std::function<EngineCore&()> const& engine,
                         std::function<void()> const& steps_changed,
                         std::function<void(std::vector<std::string> const& plugins)> keys_changed)
    : children_{loop, end_of_hosts},
      spawner_{std::make_unique<Spawner>(children_)},
      agents_{loop, [](int level, std::string const& text) { log::line(level_of(level), text); }, steps_changed} {
    auto request = plugin_request(options);
    request.state_root = options.state_dir + "/plugins";
    plugin::PluginWorld world{
        .loop = loop,
        .spawner = *spawner_,
        .host_program = helper_path("apiary-plugin-host"),
        .state_root = request.state_root,
        .strike_limit = {.most = options.plugin_strikes},
        .settings = settings_for,
        .bus = {},
        .log = [](int level, std::string const& text) { log::line(level_of(level), text); },
        .note = [engine](std::string const& vm,
                         std::map<std::string, std::string> details) { engine().note(vm, std::move(details)); },
        .changed = {},
        .availability = {},
        .log_path =
            [folder = options.log_dir](Definition const& vm) {
                auto const& own = vm.err_logfile;
                return !own           ? folder + '/' + supervision::log_file_name(vm.name)
                       : own->trusted ? own->path
                                      : std::string{};
            },
        .vms_up = {},
        .state_now = {}};
    book_ = std::make_unique<plugin::Book>(
        plugin::BookHands{.world = std::move(world),
                          .scan = std::move(request),
                          .find = [engine](std::string_view name) { return engine().find(name); },
                          .up = [engine] { return vms_up(engine()); },
                          .awaited = [engine] { return engine().awaited_steps(); },
                          .steps_changed = steps_changed,
                          .keys_changed = std::move(keys_changed)});
}

PluginParts::~PluginParts() = default;

auto address_for_plugins(std::string const& address) -> std::string {
    if (!address.empty()) {
        return address;
    }
    char const* const system = std::getenv("DBUS_SYSTEM_BUS_ADDRESS");  // NOLINT(concurrency-mt-unsafe): not changed
    return system != nullptr && *system != '\0' ? system : "unix:path=/var/run/dbus/system_bus_socket";
}

}  // namespace apiary
