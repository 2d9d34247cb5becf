// What the daemon is made of. Only application.cpp, which puts it together, and application_end.cpp know it.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "bus/devd_sockets.hpp"
#include "bus/private_bus.hpp"
#include "bus/service.hpp"
#include "main/application.hpp"
#include "main/asio_loop.hpp"
#include "main/configuration.hpp"
#include "main/durable_state.hpp"
#include "main/event_log.hpp"
#include "main/plugin_parts.hpp"
#include "main/reloads.hpp"
#include "main/restarts.hpp"
#include "main/service_manager.hpp"
#include "main/state_lock.hpp"
#include "supervision/supervision.hpp"
#include "vm/engine_core.hpp"

namespace apiary {

[[nodiscard]] auto supervision_options(Options const& options) -> SupervisionOptions;

class Application::Parts {
public:
    Parts(Options options, Program program);
    auto run() -> int;
    [[nodiscard]] auto comes_back() const -> bool { return comes_back_; }

private:
    void listen_to_signals();
    void apply_first();
    void open_bus();
    void connect(std::string address);
    void make_steps_of_all();
    void set_steps();
    void load_first();
    void recover();
    void end(bool at_once);
    void leave();
    void come_back();
    void leave_to_the_next(int signal);
    void still_ending();

    Options options_;
    AsioLoop loop_;
    ServiceManager service_manager_;
    StateLock state_lock_;
    RunLock run_lock_;
    std::unique_ptr<Supervisor> supervisor_;
    std::unique_ptr<Hypervisor> qemu_, bhyve_;
    // By their place among those of plugins, which come and go: before those that prepare the host, after them, and
    // after the hooks.
    std::vector<std::unique_ptr<Step>> first_steps_, middle_steps_, last_steps_;
    Observer* limits_ = nullptr;  // one of the steps
    std::unique_ptr<PluginParts> plugins_;
    Identities identities_;
    DurableState state_;
    Configuration configuration_;
    config::LoadResult first_;
    std::vector<DefinitionPtr> recovered_;  // of VMs that the last daemon left running, and of the others then
    EventLog event_log_;
    EngineCore engine_;
    Reloads reloads_{loop_, configuration_, engine_};
    Restarts restarts_;
    std::unique_ptr<bus::DevdSockets> devd_;
    std::unique_ptr<bus::PrivateBus> private_bus_;
    std::unique_ptr<bus::BusService> bus_;
    Handle signals_, sign_of_life_, last_turns_;
    bool ending_ = false, leaving_ = false, comes_back_ = false;
};

}  // namespace apiary
