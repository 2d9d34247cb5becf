// One QEMU process: its launch, its control channel, and what its events and its exit mean. Its adoption is in
// qemu_adoption.cpp.
#pragma once

#include <optional>
#include <string>

#include "hypervisor/guest_base.hpp"
#include "hypervisor/hypervisors.hpp"
#include "hypervisor/kvm_probe.hpp"
#include "hypervisor/qmp.hpp"
#include "hypervisor/reset_merger.hpp"

namespace apiary::hypervisor {

class QemuGuest final : public GuestBase, private Qmp::Listener {
public:
    QemuGuest(Loop& loop, Supervisor& supervisor, KvmProbe& kvm, Options const& options, LaunchRequest request,
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
    [[nodiscard]] auto why_unreachable() const -> std::string override;
    void on_qmp_ready() override;
    void on_qmp_event(QmpMessage const& event) override;
    void on_qmp_closed(bool misbehaved, std::string const& why) override;

    void launch_with(KvmAnswer const& kvm);
    void hand_over_vnc();
    void run();
    void on_running();
    void connect_monitor();
    void connect_later();
    void ask_how_it_is();
    void on_found_status(QmpMessage const& answer);
    void on_found_over();
    [[nodiscard]] auto halted_file() const -> std::string;
    void give_up(std::string why);
    void forward(std::string_view command, unsigned request);
    void allow_reset_then_forward(unsigned request);
    void on_reset(QmpMessage const& event);
    void on_shutdown(QmpMessage const& event);
    void on_stop();
    void on_status(QmpMessage const& answer);
    void over(Reason reason, std::string text);
    void on_exit(ExitStatus const& status);
    [[nodiscard]] auto exit_reason(ExitStatus const& status) const -> Reason;

    KvmProbe& kvm_;
    Options const& options_;
    bool up_ = false;
    bool quitting_ = false;
    bool terminated_ = false;     // somebody sent the process a signal that ends it
    unsigned pauses_asked_ = 0;   // stop commands without an answer yet
    std::optional<Reason> over_;  // why the guest is over
    std::string trouble_;         // what went wrong before it was up
    std::string io_trouble_;      // the last I/O error
    ResetMerger resets_;
    // Of an adoption.
    bool unfinished_ = false;
    std::string silence_;       // what is wrong with its control channel
    bool worth_trying_ = true;  // … and whether that may change
    Duration pause_;
    std::unique_ptr<Qmp> qmp_;
    Handle reboots_again_;  // until then a reboot does not end the guest
    Handle retry_;
};

}  // namespace apiary::hypervisor
