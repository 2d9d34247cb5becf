#include "main/application.hpp"

#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <stdexcept>
#include <utility>
#include <vector>

#include "bus/devd_sockets.hpp"
#include "bus/private_bus.hpp"
#include "bus/service.hpp"
#include "hypervisor/hypervisors.hpp"
#include "main/asio_loop.hpp"
#include "main/configuration.hpp"
#include "main/durable_state.hpp"
#include "main/event_log.hpp"
#include "main/idle_backends.hpp"
#include "main/log.hpp"
#include "main/paths.hpp"
#include "main/reloads.hpp"
#include "main/session_mode.hpp"
#include "main/state_lock.hpp"
#include "plugin/required_plugins.hpp"
#include "supervision/supervision.hpp"
#include "vm/engine_core.hpp"

namespace apiary {
namespace {

auto hypervisor_options(Options const& options) -> hypervisor::Options {
    auto made = hypervisor::default_options();
    made.qemu = options.qemu;
    if (!options.bhyve.empty()) {
        made.bhyve = options.bhyve;
    }
    made.vars_dir = options.vars_dir;
    made.state_dir = options.state_dir;
    return made;
}

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

// Ends the daemon and leaves the VMs alone. The BSDs have few signals that mean nothing, and this is one.
auto leave_signal() -> int {
#ifdef SIGINFO
    return SIGINFO;
#else
    return SIGRTMIN;
#endif
}

// All VMs are at rest, and the rest of the end takes no time. A further signal must not cut it short: the private bus
// would be left behind, and whoever supervises us would hear of a daemon that was killed.
void hold_back_signals() {
    sigset_t signals;
    sigemptyset(&signals);
    for (int const number : {SIGTERM, SIGINT, SIGHUP, leave_signal()}) {
        sigaddset(&signals, number);
    }
    ::pthread_sigmask(SIG_BLOCK, &signals, nullptr);
}

auto vms_text(std::size_t count) -> std::string {
    return std::to_string(count) + (count == 1 ? " VM" : " VMs");
}

// The first thing that somebody new does: he starts it, and has written nothing yet.
auto hint_of_missing(std::vector<std::string> const& configs) -> std::string {
    struct stat status {};
    if (configs.empty()) {  // vmstated's folders alone
        return {};
    }
    if (::lstat(configs.front().c_str(), &status) == 0 || errno != ENOENT) {
        return {};
    }
    return "there is no configuration " + configs.front() +
           ": write one (apiary.conf(5) has an example), or name another with --config";
}

}  // namespace

class Application::Parts {
public:
    explicit Parts(Options options);
    auto run() -> int;

private:
    void apply_first();
    void open_bus();
    void connect(std::string address);
    void recover();
    void end(bool at_once);
    void leave();

    Options options_;
    AsioLoop loop_;
    StateLock state_lock_;
    RunLock run_lock_;
    std::unique_ptr<Supervisor> supervisor_;
    std::unique_ptr<Hypervisor> qemu_, bhyve_;
    std::vector<std::unique_ptr<Step>> steps_;
    Identities identities_;
    DurableState state_;
    Configuration configuration_;
    config::LoadResult first_;
    std::vector<DefinitionPtr> recovered_;  // of VMs that the last daemon left running, and of the others then
    EventLog event_log_;
    EngineCore engine_;
    Reloads reloads_{loop_, configuration_, engine_};
    std::unique_ptr<bus::DevdSockets> devd_;
    std::unique_ptr<bus::PrivateBus> private_bus_;
    std::unique_ptr<bus::BusService> bus_;
    Handle signals_;
    bool ending_ = false;
};

Application::Parts::Parts(Options options)
    : options_{prepare_directories(std::move(options))},
      state_lock_{options_.state_dir},
      run_lock_{options_.run_dir},
      supervisor_{make_supervisor(loop_, supervision_options(options_))},
      qemu_{hypervisor::make_qemu(loop_, *supervisor_, hypervisor_options(options_))},
      bhyve_{hypervisor::make_bhyve(loop_, *supervisor_, hypervisor_options(options_))},
      state_{loop_, options_, identities_},
      configuration_{options_, identities_, {qemu_.get(), bhyve_.get()}, hypervisor::default_backend()},
      engine_{[this] {
          steps_.push_back(plugin::make_required_plugins_step(loop_, {}));
          for (auto& step : make_steps(loop_, supervision_options(options_))) {
              steps_.push_back(std::move(step));
          }
          for (auto& step : hypervisor::make_steps(loop_, hypervisor_options(options_))) {
              steps_.push_back(std::move(step));
          }
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
      }()} {
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
    recover();  // guests of an earlier daemon have their numbers already: before the configuration asks for any
    first_ = configuration_.load();
    log_diagnostics(first_.diagnostics);
    if (!first_.ok && recovered_.empty()) {
        auto const hint = hint_of_missing(options_.configs);
        throw std::runtime_error{
            hint.empty() ? "the configuration is wrong: nothing was started (apiaryd --check says the same)" : hint};
    }
}

auto Application::Parts::run() -> int {
    if (options_.private_bus && ::geteuid() != 0) {
        throw std::runtime_error{
            "a private bus gives its name to root alone: run apiaryd as root (--check needs no root)"};
    }
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
    signals_ = loop_.on_signals({SIGTERM, SIGINT, SIGHUP, SIGUSR1, leave_signal()}, [this](int number) {
        if (number == leave_signal()) {
            leave();
            return;
        }
        if (number == SIGUSR1) {
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
    state_.set_bounds(first_.globals.journal_bytes, first_.globals.journal_age);
    reloads_.apply_first(first_, std::exchange(recovered_, {}));
    first_.definitions.clear();
    log::info("apiaryd " APIARY_VERSION " runs with " + vms_text(engine_.count()));
    loop_.run();
    hold_back_signals();
    if (bus_) {
        bus_->close();
    }
    if (devd_) {
        devd_->close();
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
        bus::PrivateBus::Callbacks{
            .ready =
                [this](std::string address) {
                    log::info("private bus: " + address);
                    connect(std::move(address));
                },
            .failed = [](std::string const& why) { log::error("private bus: " + why + "; the VMs are not touched"); }});
}

void Application::Parts::connect(std::string address) {
    bus::BusOptions options;
    options.address = std::move(address);
    options.name = options_.bus_name;
    options.observers = first_.globals.observers_gid;
    if (options_.session) {
        log::info("session bus: " + options.address);
        if (auto const remark = remark_on_session(); !remark.empty()) {
            log::warning(remark);
        }
        options.master = ::geteuid();
    }
    options.version = APIARY_VERSION;
    options.backend = to_string(hypervisor::default_backend());
    options.reload = [this](bool dry_run, Reloads::Done done) { reloads_.request(dry_run, std::move(done)); };
    options.configuration = [this] { return reloads_.last(); };
    options.shutdown = [this](bool force) { end(force); };
    options.leave = [this] { leave(); };
    options.log = [](bool problem, std::string const& text) {
        log::line(problem ? log::Level::warning : log::Level::info, text);
    };
    bus_ = std::make_unique<bus::BusService>(loop_, engine_, std::move(options));
    bus_->start();
}

void Application::Parts::end(bool at_once) {
    bool const again = std::exchange(ending_, true);
    reloads_.end();
    log::info(again || at_once ? "powering off all VMs" : "stopping all VMs; a second signal powers them off");
    if (!again) {
        engine_.shut_down([this] {
            log::info("all VMs are at rest: the daemon ends");
            loop_.stop();
        });
    }
    if (again || at_once) {
        engine_.shut_down({});  // the second time: no more waiting
    }
}

// The VMs run on; the next daemon takes them over.
void Application::Parts::leave() {
    if (ending_) {
        log::warning("all VMs are being stopped already: the daemon ends when they are at rest");
        return;
    }
    log::info("the daemon ends, the VMs are not touched");
    reloads_.end();
    engine_.close_turn();
    loop_.stop();
}

Application::Application(Options options) {
    raise_descriptor_limit();
    std::signal(SIGPIPE, SIG_IGN);  // NOLINT(cert-err33-c)
    parts_ = std::make_unique<Parts>(std::move(options));
}

Application::~Application() = default;

auto Application::run() -> int {
    return parts_->run();
}

auto check_configuration(Options const& options) -> int {
    IdleBackends const backends{hypervisor_options(options)};
    Identities identities;
    auto const result = Configuration{options, identities, backends.all(), hypervisor::default_backend()}.load();
    bool errors = !result.ok;
    for (auto const& diagnostic : result.diagnostics) {
        std::fprintf(stderr, "%s\n", config::format(diagnostic).c_str());
        errors = errors || diagnostic.severity == config::Severity::error;
    }
    if (auto const hint = hint_of_missing(options.configs); !result.ok && !hint.empty()) {
        std::fprintf(stderr, "%s\n", hint.c_str());
    }
    auto const& source = options.configs.empty() ? options.vmstated.front() : options.configs.front();
    std::printf("%s: %s%s\n", source.c_str(), vms_text(result.definitions.size()).c_str(),
                !result.ok ? "; the daemon would not start with it"
                : errors   ? "; see the errors above"
                           : ", no errors");
    return errors ? 1 : 0;
}

}  // namespace apiary
