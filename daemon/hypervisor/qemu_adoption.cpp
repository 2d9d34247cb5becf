// A QEMU that an earlier daemon launched: its monitor listens in the run folder, and its run state tells what became of
// the guest. It needs none of the descriptors that it was launched with.
#include <algorithm>
#include <cerrno>
#include <csignal>
#include <system_error>

#include "hypervisor/channel.hpp"
#include "hypervisor/qemu_command.hpp"
#include "hypervisor/qemu_guest.hpp"
#include "vm/kill_point.hpp"

namespace apiary::hypervisor {
namespace {

using Kind = GuestEvent::Kind;

constexpr Duration first_pause = std::chrono::milliseconds{50};
constexpr Duration longest_pause = std::chrono::seconds{60};

}  // namespace

void QemuGuest::on_found() {
    pause_ = first_pause;
    connect_monitor();
}

// QEMU serves one client at a time. The connection of the daemon that died was closed with it; where somebody else
// sits at the monitor, ours waits in the queue, and the deadline of the answer passes.
void QemuGuest::connect_monitor() {
    auto socket = connect_to(request().run_dir + "/qmp.sock");
    if (!socket) {
        int const error = errno;
        silence_ = "cannot connect to its control channel: " + std::generic_category().message(error);
        // A full queue may empty itself, and so may the daemon's table of descriptors; who does not listen never will.
        worth_trying_ = error != ENOENT && error != ECONNREFUSED;
        connect_later();
        return;
    }
    APIARY_KILL_POINT("qmp.connected");
    silence_.clear();
    qmp_ = std::make_unique<Qmp>(loop(), std::move(socket), static_cast<Qmp::Listener&>(*this));
}

void QemuGuest::connect_later() {
    if (pause_ >= longest_pause && !worth_trying_) {
        return;
    }
    retry_ = loop().after(pause_, [this] { connect_monitor(); });
    pause_ = std::min(pause_ * 2, longest_pause);
}

auto QemuGuest::why_unreachable() const -> std::string {
    if (!was_found()) {
        return GuestBase::why_unreachable();
    }
    return silence_.empty() ? "QEMU does not answer on its control channel" : "QEMU: " + silence_;
}

void QemuGuest::ask_how_it_is() {
    if (ends_at_reboot(definition())) {
        // The rule may have been lifted for a reset that the earlier daemon did not live to see the end of.
        reboots_again_ = loop().after(std::chrono::microseconds{ResetMerger::doubling_us}, [this] {
            qmp_->execute("set-action", R"({"reboot":"shutdown"})", [](QmpMessage const&) {});
        });
    }
    qmp_->execute("query-status", {}, [this](QmpMessage const& answer) {
        if (answer.kind != QmpMessage::Kind::error && !over_) {
            on_found_status(answer);
        }
    });
}

// qemu: qapi/run-state.json, RunState.
void QemuGuest::on_found_status(QmpMessage const& answer) {
    APIARY_KILL_POINT("qmp.found");
    auto const& status = answer.status;
    bool const never_ran =
        (status == "prelaunch" || status == "inmigrate") && ::access(halted_file().c_str(), F_OK) == 0;
    if (never_ran) {
        unfinished_ = true;
        answer_adoption({.kind = Kind::unfinished, .text = {}});
        signal(SIGKILL);
    } else if (status == "shutdown") {
        on_found_over();
    } else if (status == "guest-panicked") {
        over(Reason::guest_panic, "the guest reported a panic");
    } else if (status == "internal-error") {
        over(Reason::error, "the virtual CPU cannot go on (internal error of QEMU or KVM)");
    } else if (status == "running" || status == "suspended") {  // the guest sleeps (ACPI S3), and may wake up
        on_running();
        answer_adoption({.kind = Kind::up, .text = {}});
    } else if (status == "io-error") {
        on_running();
        answer_adoption({.kind = Kind::paused, .reason = Reason::error, .text = "I/O error"});
    } else {
        on_running();
        bool const ordinary = status == "paused" || status == "debug" || status == "prelaunch";
        answer_adoption({.kind = Kind::paused, .text = ordinary ? std::string{} : "QEMU calls its state " + status});
    }
}

// The state is all that is left of the event. It is told by a power-off, and where a reboot ends the guest by that as
// well; QEMU's own end, by signal or `quit`, leaves no process to ask.
void QemuGuest::on_found_over() {
    if (ends_at_reboot(definition())) {
        over(Reason::unknown, "the guest powered off or rebooted while apiaryd was away");
    } else {
        over(Reason::guest_poweroff, {});
    }
}

}  // namespace apiary::hypervisor
