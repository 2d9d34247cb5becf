#include "hypervisor/bhyve_guest.hpp"

#include <unistd.h>

#include <csignal>
#include <utility>
#include <variant>

#include "hypervisor/bhyve_command.hpp"
#include "hypervisor/bhyve_exit.hpp"
#include "hypervisor/channel.hpp"

namespace apiary::hypervisor {

using Kind = GuestEvent::Kind;

BhyveGuest::BhyveGuest(Loop& loop, Supervisor& supervisor, VmmControl& vmm, Options const& options,
                       LaunchRequest request, Sink sink)
    : GuestBase{loop, supervisor, std::move(request), std::move(sink)}, vmm_{vmm}, options_{options} {}

void BhyveGuest::prepare() {
    SpawnRequest spawning;
    std::string console;
    if (console_port(definition())) {
        auto made = make_terminal(credentials().uid);
        if (auto* text = std::get_if<std::string>(&made)) {
            fail(std::move(*text));
            return;
        }
        auto& terminal = std::get<Terminal>(made);
        console = terminal.path;
        spawning.console = std::move(terminal.master);
        // The child keeps it open: else the shim would read an end of file before bhyve has opened it.
        spawning.fds.push_back({.fd = std::make_shared<UniqueFd>(std::move(terminal.slave)), .number = -1});
    }
    auto command = bhyve_command({.definition = definition(),
                                  .contributions = request().contributions,
                                  .id = request().id,
                                  .numbering = options_.bhyve_slots == Slots::bmd ? Numbering::bmd : Numbering::stable,
                                  .bhyve = options_.bhyve,
                                  .bootrom = options_.bhyve_code,
                                  .console = console,
                                  .acpi_flag = options_.bhyve_wants_acpi_flag});
    if (auto* text = std::get_if<std::string>(&command)) {
        fail(std::move(*text));
        return;
    }
    auto& built = std::get<BhyveCommand>(command);
    auto file_name = configuration_file();
    if (!built.file.empty()) {
        auto made = write_private_file(file_name, built.file, credentials().uid);
        if (auto* text = std::get_if<std::string>(&made)) {
            fail(std::move(*text));
            return;
        }
        file_ = file_name;
        if (credentials().uid != ::geteuid()) {
            // The run folder is closed to him; the file is his.
            auto fd = std::make_shared<UniqueFd>(std::get<UniqueFd>(std::move(made)));
            int const number = static_cast<int>(built.fds.size()) + 3;
            built.fds.push_back({.fd = std::move(fd), .number = number});
            file_name = "/dev/fd/" + std::to_string(number);
        }
    }
    for (auto& fd : spawning.fds) {
        fd.number = static_cast<int>(built.fds.size()) + 3;
    }
    spawning.fds.insert(spawning.fds.begin(), built.fds.begin(), built.fds.end());
    spawning.argv = complete(built, file_name);
    spawning.env = clean_environment();
    spawning.env.insert(spawning.env.end(), definition().bhyve_env.begin(), definition().bhyve_env.end());
    spawning.credentials = credentials();
    spawn(std::move(spawning));
}

// bhyve(8), SIGNAL HANDLING: SIGTERM is the ACPI power button.
void BhyveGuest::press_power_button(unsigned request) {
    signal(SIGTERM);
    answer(request);
}

void BhyveGuest::reset(unsigned request) {
    auto result = std::make_shared<std::string>();
    auto tell = guarded([this, request, result] {
        if (result->empty()) {
            answer(request);
        } else {
            refuse(request, "cannot reset the guest: " + *result);
        }
    });
    vmm_.force_reset(definition().name, [result, tell = std::move(tell)](std::string text) {
        *result = std::move(text);
        tell();
    });
}

void BhyveGuest::pause(unsigned request) {
    refuse(request, "bhyve cannot pause a guest");
}

void BhyveGuest::resume(unsigned request) {
    refuse(request, "bhyve cannot pause a guest");
}

// Through /dev/vmm the guest's disks are closed in order; without it there is no way to tell bhyve to end but one.
void BhyveGuest::quit() {
    if (call_off()) {
        return;
    }
    if (vmm_.available()) {
        vmm_.force_poweroff(definition().name, [](std::string const& /*if it fails: kill() comes next*/) {});
    } else {
        signal(SIGKILL);
    }
}

void BhyveGuest::on_process(SupervisedEvent const& event) {
    using Process = SupervisedEvent::Kind;
    if (event.kind == Process::started || event.kind == Process::orphaned) {
        if (!std::exchange(up_, true)) {
            emit({.kind = Kind::up, .text = {}});
        }
    } else if (event.kind == SupervisedEvent::Kind::exited) {
        if (is_adopted()) {
            file_ = configuration_file();
        }
        if (!file_.empty()) {
            ::unlink(file_.c_str());
        }
        on_exit(event.status);
    }
}

void BhyveGuest::on_found() {
    answer_adoption({.kind = Kind::up, .text = {}});
}

auto BhyveGuest::configuration_file() const -> std::string {
    return request().run_dir + "/bhyve.conf";
}

void BhyveGuest::on_exit(ExitStatus const& status) {
    auto end = std::make_shared<BhyveEnd>(bhyve_end(status));
    if (is_called_off()) {
        *end = {.reason = Reason::requested, .text = {}};
    }
    if (end->reason == Reason::guest_reboot || !vmm_.available()) {
        tell_exit(end->reason, end->text);
        return;
    }
    // bhyve leaves the VM in the kernel behind, with its memory (bhyve(8), -D and -M are for who has no manager).
    auto tell = guarded([this, end] { tell_exit(end->reason, end->text); });
    vmm_.destroy(definition().name,
                 [tell = std::move(tell)](std::string const& /*left for the next start*/) { tell(); });
}

}  // namespace apiary::hypervisor
