// What ends the daemon, or asks something of it from outside the bus: signals, and the three ways to go: stopping all
// VMs, leaving them alone, and coming back as the program that is installed by then.
#include <csignal>
#include <string>
#include <utility>

#include "main/application_parts.hpp"
#include "main/check.hpp"
#include "main/log.hpp"
#include "main/signals.hpp"
#include "vm/kill_point.hpp"

namespace apiary {

void Application::Parts::listen_to_signals() {
    signals_ = loop_.on_signals({SIGTERM, SIGINT, SIGHUP, SIGUSR1, leave_signal()}, [this](int number) {
        if (leaving_) {
            leave_to_the_next(number);
        } else if (number == leave_signal()) {
            leave();
        } else if (number == SIGUSR1) {
            log::warning(
                "SIGUSR1: log files are not opened anew yet; rotate them by copying and truncating (they are "
                "opened for appending)");
        } else if (number == SIGHUP) {
            log::info("SIGHUP: the configuration is read again");
            reloads_.request();
        } else {
            end(false);
        }
    });
    let_signals_through();  // that came while the last run of the program made place for this one
}

void Application::Parts::end(bool at_once) {
    if (leaving_) {
        leave_to_the_next(SIGTERM);
        if (at_once) {
            leave_to_the_next(SIGINT);  // a second one of another kind: two of one are one
        }
        return;
    }
    bool const again = std::exchange(ending_, true);
    reloads_.end();
    restarts_.end();
    if (!again) {
        service_manager_.stopping("stopping all VMs");
        still_ending();
    }
    log::info(again || at_once ? "powering off all VMs" : "stopping all VMs; a second signal powers them off");
    if (!again) {
        engine_.shut_down([this] {
            APIARY_KILL_POINT("main.all-stopped");
            log::info("all VMs are at rest: the daemon ends");
            loop_.stop();
        });
    }
    if (again || at_once) {
        engine_.shut_down({});  // the second time: no more waiting
    }
}

// A service manager's own limit for the end knows nothing of VMs and their stop_timeouts.
void Application::Parts::still_ending() {
    if (!service_manager_.present()) {
        return;
    }
    sign_of_life_ = loop_.after(ServiceManager::stop_patience / 3, [this] {
        std::size_t left = 0;
        for (auto const& vm : engine_.list({}, engine_.count())) {
            auto const state = vm->status().state;
            left += state != State::stopped && state != State::failed ? 1U : 0U;
        }
        service_manager_.still_stopping("stopping all VMs: " + vms_text(left) + " left");
        still_ending();
    });
}

// The VMs run on; the next daemon takes them over.
void Application::Parts::leave() {
    if (ending_) {
        log::warning("all VMs are being stopped already: the daemon ends when they are at rest");
        return;
    }
    if (std::exchange(leaving_, true)) {
        return;
    }
    log::info(comes_back_ ? "the daemon starts again as " + restarts_.program().path + ", the VMs are not touched"
                          : "the daemon ends, the VMs are not touched");
    reloads_.end();
    restarts_.end();
    hold_back_signals();
    // Those that the loop has taken already are handed to their callback within these turns.
    last_turns_ = loop_.after(Duration::zero(), [this] {
        loop_.post([this] { loop_.post([this] { engine_.close_turn([this] { loop_.stop(); }); }); });
    });
}

// Who asks for something now asks the wrong one, and does not know: where there is a next one, it is told.
void Application::Parts::leave_to_the_next(int signal) {
    if (comes_back_) {
        pass_on(signal);
    }
}

void Application::Parts::come_back() {
    if (!ending_ && !leaving_) {
        comes_back_ = true;
        service_manager_.restarting("starting again, the VMs run on");
    }
    leave();
}

}  // namespace apiary
