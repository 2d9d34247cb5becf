#include "vm/console_calls.hpp"

#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <optional>
#include <system_error>
#include <utility>

#include "vm/spare_descriptors.hpp"

namespace apiary {
namespace {

struct StreamPair {
    UniqueFd ours, theirs;
};

auto stream_pair() -> std::optional<StreamPair> {
    std::array<int, 2> fds{};
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds.data()) != 0) {
        return std::nullopt;
    }
    return StreamPair{UniqueFd{fds[0]}, UniqueFd{fds[1]}};
}

auto refusal_of(ConsoleResult result, std::string const& name) -> Refusal {
    switch (result) {
        case ConsoleResult::busy:
            return {Refusal::Kind::console_busy,
                    "VM " + name +
                        ": somebody else writes to its console; open it for reading, or take it over with force"};
        case ConsoleResult::no_console:
            return {Refusal::Kind::no_console, "VM " + name + " has no console: set com1 = auto in its definition"};
        default:
            return {Refusal::Kind::no_console, "VM " + name + ": its console has just gone"};
    }
}

}  // namespace

void ConsoleCalls::open(std::shared_ptr<Machine> const& machine, ConsoleMode mode, bool force, uid_t requester,
                        Engine::ConsoleReply reply) {
    auto* const guest = machine->guest();
    if (guest == nullptr) {
        refuse(std::move(reply), {Refusal::Kind::no_console, "VM " + machine->name() + " is " +
                                                                 std::string{to_string(machine->status().state)} +
                                                                 ": it has a console while it runs"});
        return;
    }
    if (calls_.size() >= max_console_calls) {
        refuse(std::move(reply), {Refusal::Kind::failed, "too many consoles are being opened at once"});
        return;
    }
    auto pair = stream_pair();
    if (!pair) {
        refuse(std::move(reply),
               {Refusal::Kind::failed, "no socket for the console: " + std::generic_category().message(errno)});
        return;
    }
    if (!leaves_descriptors(pair->theirs.get())) {
        refuse(std::move(reply), {Refusal::Kind::failed,
                                  "apiaryd has hardly any file descriptors left, and keeps those: close consoles and "
                                  "streams, or raise its limit (apiaryd(8), LIMITS)"});
        return;
    }
    auto const number = ++last_;
    calls_.emplace(number,
                   Call{.machine = machine,
                        .name = machine->name(),
                        .mode = mode,
                        .requester = requester,
                        .reply = std::move(reply),
                        .client = std::make_shared<UniqueFd>(std::move(pair->theirs)),
                        // The shim may be stopped: nobody is to wait for ever, nor to pile up sockets.
                        .deadline = world_.loop.after(world_.timings.control, [this, number] { give_up(number); })});
    guest->attach_console(std::move(pair->ours), mode, force, answer_for(number));
}

// The guest may go, and what it was asked for with it: then that is the answer.
auto ConsoleCalls::answer_for(std::uint64_t number) -> std::function<void(ConsoleResult)> {
    auto const later = [this, number, &loop = world_.loop, alive = std::weak_ptr{alive_}](ConsoleResult result) {
        loop.post([this, number, alive, result] {
            if (!alive.expired()) {
                answer(number, result);
            }
        });
    };
    auto const dropped = std::shared_ptr<void>{nullptr, [later](std::nullptr_t) { later(ConsoleResult::gone); }};
    return [later, dropped](ConsoleResult result) { later(result); };
}

void ConsoleCalls::answer(std::uint64_t number, ConsoleResult result) {
    auto taken = calls_.extract(number);
    if (taken.empty()) {
        return;
    }
    auto& call = taken.mapped();
    auto const machine = call.machine.lock();
    if (result != ConsoleResult::attached || !machine || machine->is_erased()) {
        refuse(std::move(call.reply), refusal_of(result, call.name));
        return;
    }
    machine->tell(EventType::console, {{"mode", call.mode == ConsoleMode::read ? "read" : "read-write"},
                                       {"uid", std::to_string(call.requester)}});
    world_.turns.after_commit([reply = std::move(call.reply), client = std::move(call.client)] { reply(client); });
}

void ConsoleCalls::give_up(std::uint64_t number) {
    auto taken = calls_.extract(number);
    if (!taken.empty()) {
        refuse(
            std::move(taken.mapped().reply),
            {Refusal::Kind::failed, "VM " + taken.mapped().name + ": its console does not answer; its shim may hang"});
    }
}

void ConsoleCalls::refuse(Engine::ConsoleReply reply, Refusal refusal) {
    world_.turns.after_commit([reply = std::move(reply), refusal = std::move(refusal)] { reply(refusal); });
}

}  // namespace apiary
