// One bhyve process. It has no control channel: signals and /dev/vmm command it, and its exit status tells how it
// ended. So all that adoption needs is the process; its terminal is held by the shim.
#pragma once

#include <string>

#include "hypervisor/guest_base.hpp"
#include "hypervisor/hypervisors.hpp"
#include "hypervisor/vmm_control.hpp"

namespace apiary::hypervisor {

class BhyveGuest final : public GuestBase {
public:
    BhyveGuest(Loop& loop, Supervisor& supervisor, VmmControl& vmm, Options const& options, LaunchRequest request,
               Sink sink);

    void press_power_button(unsigned request) override;
    void reset(unsigned request) override;
    void pause(unsigned request) override;
    void resume(unsigned request) override;
    void quit() override;

private:
    void prepare() override;
    void on_process(SupervisedEvent const& event) override;
    void on_found() override;
    void on_exit(ExitStatus const& status);
    [[nodiscard]] auto configuration_file() const -> std::string;

    VmmControl& vmm_;
    Options const& options_;
    bool up_ = false;
    std::string file_;  // of -k; holds secrets
};

}  // namespace apiary::hypervisor
