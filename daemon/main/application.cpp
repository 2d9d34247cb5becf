#include "main/application.hpp"

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <optional>
#include <stdexcept>
#include <thread>
#include <utility>
#include <vector>

#include "hypervisor/hypervisors.hpp"
#include "main/application_parts.hpp"
#include "main/check.hpp"
#include "main/log.hpp"
#include "main/paths.hpp"
#include "main/session_mode.hpp"
#include "main/signals.hpp"
#include "supervision/supervision.hpp"
#include "vm/kill_point.hpp"

namespace apiary {
namespace {

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

// A start is mostly the work of one processor. One guest that hangs in its loader must not hold up all others.
auto usual_starts() -> std::size_t {
    return std::max<std::size_t>(std::thread::hardware_concurrency(), 2);
}

}  // namespace

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
          return EngineParts{
              .loop = loop_,
              .journal = state_.journal(),
              .supervisor = *supervisor_,
              .identities = identities_,
              .hypervisors = {qemu_.get(), bhyve_.get()},
              .steps = {},  // set_steps()
              .run_root = options_.run_dir + "/vm",
              .memory = state_.memory(),
              .report = [](std::string const& text) { log::info(text); },
              .why_absent = [this](std::string_view plugin) { return plugins_->book().what_keeps(plugin); }};
      }()},
      restarts_{loop_, std::move(program), [this] { come_back(); }} {
    make_steps_of_all();
    engine_.add_observer(*limits_);
    engine_.add_observer(event_log_);
    engine_.add_observer(plugins_->book().observer());
    engine_.add_observer(plugins_->agents());
    plugins_->book().load();
    set_steps();
    configuration_.use_plugins(
        {.declared = [this] { return plugins_->book().declared(); },
         .look = [this](std::function<void()> then) { plugins_->book().look(std::move(then)); }});
    reloads_.when_taken([this] { plugins_->book().reload(); });
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
            log::info("an earlier daemon left " + vms_text(under_way) +
                      (under_way == 1 ? " that is not at rest: going on with it"
                                      : " that are not at rest: going on with them"));
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
    load_first();
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
    engine_.limit_starts(first_.globals.max_starting.value_or(usual_starts()));
    reloads_.apply_first(first_, std::exchange(recovered_, {}));
    APIARY_KILL_POINT("main.applied");
    first_.definitions.clear();
    plugins_->book().begin();
    log::info("apiaryd " APIARY_VERSION " runs with " + vms_text(engine_.count()));
    loop_.run();
    // The rest of the end takes no time. A further signal must not cut it short: the private bus would be left behind,
    // and whoever supervises us would hear of a daemon that was killed.
    hold_back_signals();
    plugins_->agents().end();
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
    plugins_->book().tell_bus(address_for_plugins(address));
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
    options.agents = &plugins_->agents();
    options.version = APIARY_VERSION;
    options.backend = to_string(hypervisor::default_backend());
    options.plugins = &plugins_->book();
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
