#include "main/application.hpp"

#include <sys/resource.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <optional>
#include <stdexcept>
#include <utility>
#include <vector>

#include "bus/devd_sockets.hpp"
#include "bus/private_bus.hpp"
#include "bus/service.hpp"
#include "hypervisor/hypervisors.hpp"
#include "main/asio_loop.hpp"
#include "main/check.hpp"
#include "main/configuration.hpp"
#include "main/durable_state.hpp"
#include "main/event_log.hpp"
#include "main/log.hpp"
#include "main/paths.hpp"
#include "main/reloads.hpp"
#include "main/restarts.hpp"
#include "main/service_manager.hpp"
#include "main/signals.hpp"
#include "main/state_lock.hpp"
#include "main/witness_step.hpp"
#include "plugin/required_plugins.hpp"
#include "supervision/supervision.hpp"
#include "vm/engine_core.hpp"
#include "vm/kill_point.hpp"

namespace apiary {
namespace {

auto supervision_options(Options const& options) -> SupervisionOptions {
    SupervisionOptions made;
    made.shim = options.shim.empty() ? helper_path("apiary-shim") : options.shim;
    made.opener = helper_path("apiary-opener");
    made.run_root = options.run_dir + "/vm";
    made.log_dir = options.log_dir;
    made.report = [](std::string const& text) { log::warning(text); };
    return made;
}

// Each VM costs some descriptors; the default soft limit of 1,024 is for programs that use select(2).
void raise_descriptor_limit() {
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < limit.rlim_max) {
        limit.rlim_cur = limit.rlim_max;
        ::setrlimit(RLIMIT_NOFILE, &limit);
    }
}

auto notify_socket() -> std::string {
    char const* const socket = std::getenv("NOTIFY_SOCKET");
    return socket == nullptr ? "" : socket;
}

}  // namespace

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
    std::vector<std::unique_ptr<Step>> steps_;
    Observer* limits_ = nullptr;  // one of the steps
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

Application::Parts::Parts(Options options, Program program)
    : options_{prepare_directories(std::move(options))},
      service_manager_{loop_, notify_socket()},
      state_lock_{options_.state_dir},
      run_lock_{options_.run_dir},
      supervisor_{make_supervisor(loop_, supervision_options(options_))},
      qemu_{hypervisor::make_qemu(loop_, *supervisor_, hypervisor_options(options_))},
      bhyve_{hypervisor::make_bhyve(loop_, *supervisor_, hypervisor_options(options_))},
      state_{loop_, options_, identities_},
      configuration_{options_, identities_, {qemu_.get(), bhyve_.get()}, hypervisor::default_backend()},
      engine_{[this] {
          steps_.push_back(plugin::make_required_plugins_step(loop_, {}));
          auto built_in = make_steps(loop_, supervision_options(options_));
          limits_ = built_in.observer;
          for (auto& step : built_in.steps) {
              steps_.push_back(std::move(step));
          }
          for (auto& step : hypervisor::make_steps(loop_, hypervisor_options(options_))) {
              steps_.push_back(std::move(step));
          }
          add_witness(loop_, steps_);
          std::vector<Step*> steps;
          steps.reserve(steps_.size());
          for (auto const& step : steps_) {
              steps.push_back(step.get());
          }
          return EngineParts{.loop = loop_,
                             .journal = state_.journal(),
                             .supervisor = *supervisor_,
                             .identities = identities_,
                             .hypervisors = {qemu_.get(), bhyve_.get()},
                             .steps = std::move(steps),
                             .run_root = options_.run_dir + "/vm",
                             .memory = state_.memory()};
      }()},
      restarts_{loop_, std::move(program), [this] { come_back(); }} {
    engine_.add_observer(*limits_);
    engine_.add_observer(event_log_);
}

void Application::Parts::recover() {
    std::vector<std::string> run_dirs;
    if (auto* const memory = state_.memory()) {
        auto found = memory->recover();
        for (auto const& name : found.damaged) {
            log::error("what the state database has of VM " + name +
                       " cannot be read: it counts as stopped, unless its hypervisor is found running; what its steps "
                       "did on the host is not undone");
        }
        std::size_t under_way = 0;
        for (auto const& record : found.vms) {
            under_way += record.status.state != State::stopped && record.status.state != State::failed ? 1U : 0U;
        }
        if (found.same_boot && under_way != 0) {
            for (auto const& record : found.vms) {
                if (record.definition) {
                    recovered_.push_back(record.definition);
                }
            }
            log::info("an earlier daemon left " + vms_text(under_way) + " that are not at rest: going on with them");
        } else if (!found.same_boot && under_way != 0) {
            log::warning("the host was restarted while " + vms_text(under_way) + " ran");
        }
        run_dirs = engine_.recover(std::move(found));
    }
    for (auto const& record : supervisor_->find_running(run_dirs)) {
        log::warning(
            "VM " + record.name + " runs (" + record.run_dir +
            "), and the state database does not know it: it can be seen, reached over its console and powered off");
        engine_.found_running(record);
    }
}

void Application::Parts::apply_first() {
    APIARY_KILL_POINT("main.locked");
    recover();  // guests of an earlier daemon have their numbers already: before the configuration asks for any
    APIARY_KILL_POINT("main.recovered");
    first_ = configuration_.load();
    log_diagnostics(first_.diagnostics);
    if (!first_.ok && recovered_.empty()) {
        auto const hint = hint_of_missing(options_.configs);
        throw std::runtime_error{
            hint.empty() ? "the configuration is wrong: nothing was started (apiaryd --check says the same)" : hint};
    }
}

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

auto Application::Parts::run() -> int {
    if (options_.private_bus && ::geteuid() != 0) {
        throw std::runtime_error{
            "a private bus gives its name to root alone: run apiaryd as root (--check needs no root)"};
    }
    listen_to_signals();  // before the VMs are known: who asks for their end now is heard as soon as they are
    apply_first();
    if (!options_.no_devd) {
        devd_ = std::make_unique<bus::DevdSockets>(
            loop_, engine_,
            bus::DevdOptions{.run_dir = options_.run_dir,
                             .observers = first_.globals.observers_gid,
                             .master = options_.session ? std::optional{::geteuid()} : std::nullopt,
                             .log = [](std::string const& text) { log::warning(text); }});
    }
    open_bus();
    state_.set_bounds(first_.globals.journal_bytes, first_.globals.journal_age);
    reloads_.apply_first(first_, std::exchange(recovered_, {}));
    APIARY_KILL_POINT("main.applied");
    first_.definitions.clear();
    log::info("apiaryd " APIARY_VERSION " runs with " + vms_text(engine_.count()));
    loop_.run();
    // The rest of the end takes no time. A further signal must not cut it short: the private bus would be left behind,
    // and whoever supervises us would hear of a daemon that was killed.
    hold_back_signals();
    if (bus_) {
        bus_->close();
    }
    if (devd_) {
        devd_->close();
    }
    if (private_bus_ && !leaving_) {
        private_bus_->end();
    }
    state_.settle();
    return 0;
}

void Application::Parts::open_bus() {
    if (!options_.private_bus) {
        connect(options_.bus_address);
        return;
    }
    private_bus_ = std::make_unique<bus::PrivateBus>(
        loop_, bus::PrivateBusOptions{.run_dir = options_.run_dir},
        bus::PrivateBus::Callbacks{.ready =
                                       [this](std::string address, bool found) {
                                           log::info("private bus: " + address +
                                                     (found ? ", which an earlier daemon started" : ""));
                                           if (bus_) {
                                               bus_->start();
                                           } else {
                                               connect(std::move(address));
                                           }
                                       },
                                   .failed =
                                       [this](std::string const& why) {
                                           log::error("private bus: " + why + "; the VMs are not touched");
                                           if (!bus_) {
                                               service_manager_.ready(vms_text(engine_.count()) + ", no bus yet");
                                           }
                                       }});
}

void Application::Parts::connect(std::string address) {
    bus::BusOptions options;
    options.address = std::move(address);
    options.name = options_.bus_name;
    options.observers = first_.globals.observers_gid;
    if (options_.session) {
        log::info("session bus: " + options.address);
        options.master = ::geteuid();
    }
    options.version = APIARY_VERSION;
    options.backend = to_string(hypervisor::default_backend());
    options.reload = [this](bool dry_run, Reloads::Done done) { reloads_.request(dry_run, std::move(done)); };
    options.configuration = [this] { return reloads_.last(); };
    options.shutdown = [this](bool force) { end(force); };
    options.leave = [this] { leave(); };
    options.restart = [this](bool force, Restarts::Done done) { restarts_.request(force, std::move(done)); };
    options.settled = [this] {
        if (!ending_) {
            service_manager_.ready(vms_text(engine_.count()));
        }
    };
    options.log = [](bool problem, std::string const& text) {
        log::line(problem ? log::Level::warning : log::Level::info, text);
    };
    bus_ = std::make_unique<bus::BusService>(loop_, engine_, std::move(options));
    bus_->start();
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
        loop_.post([this] {
            loop_.post([this] {
                engine_.close_turn();
                loop_.stop();
            });
        });
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

Application::Application(Options options, Program program) {
    raise_descriptor_limit();
    std::signal(SIGPIPE, SIG_IGN);  // NOLINT(cert-err33-c)
    parts_ = std::make_unique<Parts>(std::move(options), std::move(program));
}

Application::~Application() = default;

auto Application::run() -> int {
    return parts_->run();
}

auto Application::comes_back() const -> bool {
    return parts_->comes_back();
}

}  // namespace apiary
