#include "hypervisor/qemu_guest.hpp"

#include <unistd.h>

#include <csignal>
#include <utility>
#include <variant>

#include "hypervisor/arguments.hpp"
#include "hypervisor/channel.hpp"
#include "hypervisor/qemu_command.hpp"
#include "vm/kill_point.hpp"

namespace apiary::hypervisor {
namespace {

using Kind = GuestEvent::Kind;

template <typename T>
auto share(T&& fd) -> std::shared_ptr<UniqueFd> {
    return std::make_shared<UniqueFd>(std::forward<T>(fd));
}

}  // namespace

QemuGuest::QemuGuest(Loop& loop, Supervisor& supervisor, KvmProbe& kvm, Options const& options, LaunchRequest request,
                     Sink sink)
    : GuestBase{loop, supervisor, std::move(request), std::move(sink)},
      kvm_{kvm},
      options_{options},
      resets_{definition().loader != Loader::uefi} {}

// -- launch -----------------------------------------------------------------------------------------------------------

void QemuGuest::prepare() {
    auto answer = std::make_shared<KvmAnswer>();
    auto go_on = guarded([this, answer] {
        if (!is_called_off()) {
            launch_with(*answer);
        }
    });
    kvm_.ask([answer, go_on = std::move(go_on)](KvmAnswer found) {
        *answer = found;
        go_on();
    });
}

void QemuGuest::launch_with(KvmAnswer const& kvm) {
    auto control = make_control_socket(request().run_dir + "/qmp.sock");
    if (auto* text = std::get_if<std::string>(&control)) {
        fail(std::move(*text));
        return;
    }
    if (auto made = write_private_file(halted_file(), {}, ::geteuid()); auto* text = std::get_if<std::string>(&made)) {
        fail(std::move(*text));
        return;
    }
    APIARY_KILL_POINT("qmp.listening");
    auto& sockets = std::get<ControlSocket>(control);
    QemuParts parts{.definition = definition(),
                    .contributions = request().contributions,
                    .qemu = options_.qemu,
                    .ovmf_code = options_.ovmf_code,
                    .kvm = kvm.works,
                    .as_root = credentials().uid == 0,
                    .monitor = share(std::move(sockets.listener)),
                    .console = {},
                    .secret = {}};
    SpawnRequest spawning;
    if (console_port(definition())) {
        auto made = make_socket_pair();
        if (auto* text = std::get_if<std::string>(&made)) {
            fail(std::move(*text));
            return;
        }
        auto& pair = std::get<Pair>(made);
        spawning.console = std::move(pair.ours);
        parts.console = share(std::move(pair.theirs));
    }
    if (definition().graphics.on && definition().graphics.password) {
        auto made = make_secret_pipe(*definition().graphics.password, credentials().uid);
        if (auto* text = std::get_if<std::string>(&made)) {
            fail(std::move(*text));
            return;
        }
        parts.secret = share(std::get<UniqueFd>(std::move(made)));
    }
    auto command = qemu_command(parts);
    if (auto* text = std::get_if<std::string>(&command)) {
        fail(std::move(*text));
        return;
    }
    spawning.argv = std::get<QemuCommand>(command).argv;
    spawning.fds = std::get<QemuCommand>(command).fds;
    spawning.env = clean_environment();
    spawning.credentials = credentials();
    if (kvm.works && kvm.group && credentials().uid != 0) {
        spawning.credentials.groups.push_back(*kvm.group);
    }
    qmp_ = std::make_unique<Qmp>(loop(), std::move(sockets.connection), static_cast<Qmp::Listener&>(*this));
    spawn(std::move(spawning));
}

void QemuGuest::on_qmp_ready() {
    APIARY_KILL_POINT("qmp.ready");
    if (is_adopted()) {
        ask_how_it_is();
    } else if (Contributed{request().contributions}.fd("vnc") && definition().graphics.on) {
        hand_over_vnc();
    } else {
        run();
    }
}

void QemuGuest::hand_over_vnc() {
    auto listener = Contributed{request().contributions}.fd("vnc");
    auto const failed = [this](QmpMessage const& answer) {
        if (answer.kind == QmpMessage::Kind::error) {
            give_up("cannot offer the screen: " + answer.text);
            return true;
        }
        return false;
    };
    qmp_->execute(
        "getfd", R"({"fdname":"vnc"})",
        [this, failed](QmpMessage const& got) {
            if (failed(got)) {
                return;
            }
            qmp_->execute("display-update", R"({"type":"vnc","addresses":[{"type":"fd","str":"vnc"}]})",
                          [this, failed](QmpMessage const& shown) {
                              if (!failed(shown)) {
                                  run();
                              }
                          });
        },
        std::move(listener));
}

void QemuGuest::run() {
    qmp_->execute("cont", {}, [this](QmpMessage const& answer) {
        if (answer.kind == QmpMessage::Kind::error) {
            give_up("cannot run the guest: " + answer.text);
            return;
        }
        APIARY_KILL_POINT("qmp.ran");
        on_running();
        emit({.kind = Kind::up, .text = {}});
    });
}

void QemuGuest::on_running() {
    up_ = true;
    ::unlink(halted_file().c_str());
    APIARY_KILL_POINT("qmp.noted-running");
}

// There as long as the guest has not run yet. QEMU itself cannot tell a later daemon: it calls a guest that was reset
// while it was paused `prelaunch`, as it does one that never ran.
auto QemuGuest::halted_file() const -> std::string {
    return request().run_dir + "/halted";
}

void QemuGuest::give_up(std::string why) {
    if (trouble_.empty()) {
        trouble_ = std::move(why);
    }
    signal(SIGKILL);
}

// -- requests ---------------------------------------------------------------------------------------------------------

void QemuGuest::forward(std::string_view command, unsigned request) {
    if (!qmp_ || over_) {
        refuse(request, over_          ? "the guest is over"
                        : is_adopted() ? "the hypervisor cannot be asked: " + why_unreachable()
                                       : "the hypervisor does not run yet");
        return;
    }
    bool const pausing = command == "stop";
    pauses_asked_ += pausing ? 1 : 0;
    qmp_->execute(command, {}, [this, request, pausing](QmpMessage const& answer) {
        pauses_asked_ -= pausing ? 1 : 0;
        if (answer.kind == QmpMessage::Kind::error) {
            refuse(request, "QEMU: " + answer.text);
        } else {
            this->answer(request);
        }
    });
}

void QemuGuest::press_power_button(unsigned request) {
    forward("system_powerdown", request);
}

void QemuGuest::pause(unsigned request) {
    forward("stop", request);
}

void QemuGuest::resume(unsigned request) {
    forward("cont", request);
}

void QemuGuest::reset(unsigned request) {
    if (qmp_ && !over_ && ends_at_reboot(definition())) {
        allow_reset_then_forward(request);
    } else {
        forward("system_reset", request);
    }
}

// A guest that ends when it reboots of its own would end at our reset too. So the rule is lifted, until SeaBIOS has
// made its second reset of it.
void QemuGuest::allow_reset_then_forward(unsigned request) {
    qmp_->execute("set-action", R"({"reboot":"reset"})", [this, request](QmpMessage const& answer) {
        if (answer.kind == QmpMessage::Kind::error) {
            refuse(request, "QEMU: " + answer.text);
            return;
        }
        forward("system_reset", request);
        reboots_again_ = loop().after(std::chrono::microseconds{ResetMerger::doubling_us}, [this] {
            qmp_->execute("set-action", R"({"reboot":"shutdown"})", [](QmpMessage const&) {});
        });
    });
}

void QemuGuest::quit() {
    if (call_off()) {
        return;
    }
    quitting_ = true;
    if (qmp_ && qmp_->ready()) {
        qmp_->execute("quit", {}, [](QmpMessage const&) {});
        APIARY_KILL_POINT("qmp.quit");
    } else {
        signal(SIGTERM);
    }
}

// -- what QEMU says ---------------------------------------------------------------------------------------------------

void QemuGuest::on_qmp_event(QmpMessage const& event) {
    if (event.name == "RESET") {
        on_reset(event);
    } else if (event.name == "SHUTDOWN") {
        on_shutdown(event);
    } else if (event.name == "GUEST_PANICKED") {
        over(Reason::guest_panic, "the guest reported a panic");
    } else if (event.name == "STOP") {
        on_stop();
    } else if (event.name == "RESUME") {
        if (up_ && !over_) {
            emit({.kind = Kind::resumed, .text = {}});
        }
    } else if (event.name == "BLOCK_IO_ERROR") {
        io_trouble_ = "I/O error on " + (event.device.empty() ? std::string{"a disk"} : event.device) +
                      (event.reason.empty() ? "" : ": " + event.reason);
    }
}

void QemuGuest::on_reset(QmpMessage const& event) {
    bool const asked = event.reason == "host-qmp-system-reset";
    if (over_ || awaits_answer() || !resets_.begins_reboot(event.when_us, asked)) {
        return;
    }
    emit({.kind = Kind::reset, .reason = asked ? Reason::requested : Reason::guest_reboot, .text = {}});
}

// qemu: qapi/run-state.json, ShutdownCause.
void QemuGuest::on_shutdown(QmpMessage const& event) {
    auto const& cause = event.reason;
    if (cause == "guest-shutdown") {
        over(Reason::guest_poweroff, {});
    } else if (cause == "guest-reset") {
        over(Reason::guest_reboot, {});
    } else if (cause == "guest-panic") {
        over(Reason::guest_panic, "the guest reported a panic");
    } else if (cause == "host-signal") {
        terminated_ = true;
        if (!quitting_) {
            over(Reason::killed, "QEMU was told to end by a signal that is not ours");
        }
    } else if (cause == "host-error") {
        over(Reason::error, "QEMU ended the guest because of an error of its own");
    } else if (cause != "host-qmp-quit" || !quitting_) {
        over(Reason::unknown, "QEMU ended the guest: " + cause);
    }
}

void QemuGuest::over(Reason reason, std::string text) {
    if (over_) {
        return;
    }
    over_ = reason;
    GuestEvent event{.kind = Kind::ended, .reason = reason, .text = std::move(text)};
    if (awaits_answer()) {
        answer_adoption(std::move(event));
    } else {
        emit(std::move(event));
    }
}

void QemuGuest::on_stop() {
    if (!up_ || over_ || quitting_) {
        return;  // part of an end that is told already
    }
    if (pauses_asked_ > 0) {
        emit({.kind = Kind::paused, .reason = Reason::requested, .text = {}});
        return;
    }
    // Not ours: an I/O error, an error inside KVM, or somebody at another monitor.
    qmp_->execute("query-status", {}, [this](QmpMessage const& answer) { on_status(answer); });
}

void QemuGuest::on_status(QmpMessage const& answer) {
    if (over_ || answer.kind == QmpMessage::Kind::error) {
        return;
    }
    if (answer.status == "internal-error") {
        over(Reason::error, "the virtual CPU cannot go on (internal error of QEMU or KVM)");
    } else if (answer.status == "io-error") {
        emit({.kind = Kind::paused, .reason = Reason::error, .text = io_trouble_.empty() ? "I/O error" : io_trouble_});
    } else if (answer.status == "paused" || answer.status == "debug") {
        emit({.kind = Kind::paused, .text = {}});
    }
}

void QemuGuest::on_qmp_closed(bool misbehaved, std::string const& why) {
    if (awaits_answer()) {
        silence_ = why;
        if (misbehaved) {
            worth_trying_ = false;
            answer_adoption({.kind = Kind::unreachable, .text = why_unreachable()});
        } else {
            connect_later();
        }
    } else if (!up_ && misbehaved) {
        give_up(why);  // it will never be up
    }
}

// -- the end ----------------------------------------------------------------------------------------------------------

void QemuGuest::on_process(SupervisedEvent const& event) {
    if (event.kind != SupervisedEvent::Kind::exited) {
        return;
    }
    if (qmp_) {
        qmp_->drain();  // its last words may still be on the way
    }
    reboots_again_.reset();
    retry_.reset();
    on_exit(event.status);
}

auto QemuGuest::exit_reason(ExitStatus const& status) const -> Reason {
    if (over_) {
        return *over_;
    }
    if (is_called_off()) {
        return Reason::requested;
    }
    if (unfinished_) {
        return Reason::recovered;
    }
    if (!status.known) {
        return Reason::unknown;
    }
    if (status.signaled || terminated_) {
        return Reason::killed;
    }
    return status.value == 0 ? Reason::unknown : Reason::error;
}

void QemuGuest::on_exit(ExitStatus const& status) {
    auto const how = "QEMU " + describe(status);
    if (!up_ && !over_ && !is_called_off() && !is_adopted()) {
        auto const text = how + " before the guest ran";
        if (trouble_.empty()) {
            fail_with_log(text);
        } else {
            fail(text + ": " + trouble_);
        }
        return;
    }
    auto const reason = exit_reason(status);
    if (reason == Reason::recovered) {
        tell_exit(reason, "an earlier apiaryd ended while it was starting the guest, so it was ended too");
        return;
    }
    bool const ordinary = reason == over_ || reason == Reason::requested;
    tell_exit(reason, ordinary ? std::string{} : how);
}

}  // namespace apiary::hypervisor
