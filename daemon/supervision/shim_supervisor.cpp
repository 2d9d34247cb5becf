#include "supervision/shim_supervisor.hpp"

#include <cerrno>
#include <charconv>
#include <filesystem>
#include <set>
#include <string_view>
#include <system_error>

#include "supervision/launch_record.hpp"
#include "supervision/packet_socket.hpp"
#include "supervision/run_folder.hpp"
#include "supervision/run_record.hpp"
#include "supervision/shim_supervised.hpp"
#include "supervision/tickets.hpp"
#include "vm/kill_point.hpp"

namespace apiary::supervision {
namespace {

namespace fs = std::filesystem;

// The sub-folders whose name is a number, which is what this daemon makes.
template <typename Number>
auto numbered_folders(std::string const& path) -> std::vector<Number> {
    std::vector<Number> numbers;
    std::error_code error;
    for (fs::directory_iterator at{path, error}, end; !error && at != end; at.increment(error)) {
        auto const name = at->path().filename().string();
        Number number{};
        auto const [stop, fault] = std::from_chars(name.data(), name.data() + name.size(), number);
        if (fault == std::errc{} && stop == name.data() + name.size() &&
            at->symlink_status(error).type() == fs::file_type::directory) {
            numbers.push_back(number);
        }
    }
    return numbers;
}

}  // namespace

ShimSupervisor::ShimSupervisor(Loop& loop, SupervisionOptions options)
    : loop_{loop}, options_{std::move(options)}, children_{loop} {}

void ShimSupervisor::report(std::string const& text) const {
    if (options_.report) {
        options_.report(text);
    }
}

auto ShimSupervisor::spawn(SpawnRequest request, Supervised::Sink sink) -> std::unique_ptr<Supervised> {
    auto supervised = std::make_unique<ShimSupervised>(loop_, request.run_dir, request.launch, std::move(sink));
    auto const ticket = issue_ticket(request.run_dir);
    if (!ticket.fault.empty()) {
        supervised->fail(ticket.fault);
        return supervised;
    }
    APIARY_KILL_POINT("ticket.issued");
    std::string title = request.title.empty() ? "?" : request.title.substr(0, 256);
    auto record = launch_record(std::move(request), options_.log_bound, ticket.name);
    if (auto* const fault = std::get_if<LaunchFault>(&record)) {
        supervised->fail(std::move(fault->text));
        return supervised;
    }
    auto sockets = packet_pair();
    if (!sockets) {
        supervised->fail("cannot make a socket for the shim: " + std::generic_category().message(errno));
        return supervised;
    }
    if (children_.spawn(options_.shim, {"apiary-shim", std::move(title)}, std::move(sockets->theirs)) == 0) {
        supervised->fail("cannot execute " + options_.shim + ": " + std::generic_category().message(errno));
        return supervised;
    }
    APIARY_KILL_POINT("shim.spawned");
    supervised->launch(std::move(sockets->ours), std::get<std::vector<OutgoingMessage>>(std::move(record)));
    APIARY_KILL_POINT("shim.told");
    return supervised;
}

auto ShimSupervisor::reattach(Reattachment what, Supervised::Sink sink) -> std::unique_ptr<Supervised> {
    auto supervised = std::make_unique<ShimSupervised>(loop_, std::move(what.run_dir), what.launch, std::move(sink));
    supervised->adopt(what.remembered);
    return supervised;
}

auto ShimSupervisor::find_running(std::vector<std::string> const& remembered) -> std::vector<RunRecord> {
    std::set<std::string_view> const others(remembered.begin(), remembered.end());
    std::vector<RunRecord> found;
    for (auto const id : numbered_folders<unsigned>(options_.run_root)) {
        auto const vm_dir = options_.run_root + '/' + std::to_string(id);
        for (auto const incarnation : numbered_folders<std::uint64_t>(vm_dir)) {
            if (auto const run_dir = vm_dir + '/' + std::to_string(incarnation); !others.contains(run_dir)) {
                examine(run_dir, id, incarnation, found);
            }
        }
    }
    return found;
}

void ShimSupervisor::examine(std::string const& run_dir, unsigned id, std::uint64_t incarnation,
                             std::vector<RunRecord>& found) {
    // A shim that the dead daemon had just spawned may still be on its way. (Where this cannot be done, the folder
    // cannot be removed either, and that is reported.)
    (void)void_tickets(run_dir);
    auto const inhabitants = who_lives_in(run_dir);
    auto const text = read_run_file(run_dir, record_file);
    auto record = run_record_from_json(text.value_or(""), run_dir);
    auto const* const damage = std::get_if<DamagedRecord>(&record);
    if (damage == nullptr && inhabitants.any()) {
        found.push_back(std::get<RunRecord>(std::move(record)));
        return;
    }
    auto const what_is_wrong = [&] {
        return run_dir + '/' + record_file + (text ? " is damaged (" + damage->text + ")" : " is missing");
    };
    if (inhabitants.any()) {
        // It runs, whatever the record says. With its name it is at least not started again; who may see it is not
        // known, so only root does.
        RunRecord sparse;
        sparse.run_dir = run_dir;
        sparse.name = inhabitants.pid ? inhabitants.pid->title : std::string{};
        sparse.id = id;
        sparse.incarnation = incarnation;
        if (!sparse.name.empty() && !name_fault(sparse.name)) {
            report(what_is_wrong() + ": the VM " + sparse.name + " runs there and is shown to root alone");
            found.push_back(std::move(sparse));
        } else {
            report(what_is_wrong() + ", and a hypervisor runs there: end it by hand, then remove the folder");
        }
        return;
    }
    if (damage != nullptr && text) {
        auto const aside = run_dir + ".damaged";
        std::error_code error;
        fs::rename(run_dir, aside, error);
        report(what_is_wrong() + (error ? ", and the folder cannot be set aside: " + error.message()
                                        : ": the folder was set aside as " + aside));
        return;
    }
    if (auto const fault = remove_run_folder(run_dir); !fault.empty()) {
        report(fault);
    }
}

}  // namespace apiary::supervision
