#include "supervision/shim_supervised.hpp"

#include <algorithm>
#include <csignal>
#include <system_error>

#include "supervision/packet_socket.hpp"
#include "supervision/protocol.h"
#include "supervision/run_folder.hpp"
#include "supervision/tickets.hpp"
#include "vm/kill_point.hpp"
#include "vm/spare_descriptors.hpp"

namespace apiary::supervision {
namespace {

constexpr Duration first_pause = std::chrono::milliseconds{5};
constexpr Duration longest_pause = std::chrono::seconds{1};
constexpr std::size_t attaching_max = 64;

auto lost_output(std::uint64_t bytes) -> std::string {
    return bytes == 0 ? std::string{} : std::to_string(bytes) + " bytes of the hypervisor's output are not in its log";
}

auto console_result(std::uint32_t result) -> ConsoleResult {
    switch (result) {
        case APIARY_RESULT_DONE:
            return ConsoleResult::attached;
        case APIARY_RESULT_NO_CONSOLE:
            return ConsoleResult::no_console;
        case APIARY_RESULT_BUSY:
            return ConsoleResult::busy;
        default:
            return ConsoleResult::gone;
    }
}

}  // namespace

ShimSupervised::ShimSupervised(Loop& loop, std::string run_dir, std::uint64_t number, Sink sink)
    : loop_{loop}, run_dir_{std::move(run_dir)}, number_{number}, sink_{std::move(sink)}, pause_{first_pause} {}

void ShimSupervised::later(void (ShimSupervised::*what)()) {
    loop_.post([this, what, weak = std::weak_ptr{alive_}] {
        if (!weak.expired()) {
            (this->*what)();
        }
    });
}

void ShimSupervised::emit(SupervisedEvent const& event) {
    auto const sink = sink_;
    sink(event);
}

void ShimSupervised::end(SupervisedEvent const& event) {
    stage_ = Stage::over;
    wait_.reset();
    process_.reset();
    emit(event);
}

// -- beginnings ------------------------------------------------------------------------------------------------------

void ShimSupervised::launch(UniqueFd setup, std::vector<OutgoingMessage> record) {
    connect(std::move(setup));
    for (auto& part : record) {
        connection_->send(std::move(part));
    }
}

void ShimSupervised::adopt(bool remembered) {
    adopting_ = true;
    tidies_up_ = !remembered;
    if (auto const record = read_traces(run_dir_, number_).pid) {
        id_ = record->process;
    }
    later(&ShimSupervised::look_in_folder);
}

void ShimSupervised::fail(std::string text) {
    loop_.post([this, text = std::move(text), weak = std::weak_ptr{alive_}] {
        if (!weak.expired()) {
            end({.kind = SupervisedEvent::Kind::exec_failed, .pid = 0, .status = {}, .text = text});
        }
    });
}

// -- the connection
// -----------------------------------------------------------------------------------------------------

void ShimSupervised::connect(UniqueFd socket) {
    connection_ = std::make_unique<ShimConnection>(
        loop_, std::move(socket), [this](IncomingMessage const& message) { on_message(message); },
        [this] { on_closed(); });
}

void ShimSupervised::take_process(IncomingMessage const& message) {
    id_.pid = message.i32(APIARY_FIELD_PID).value_or(id_.pid);
    id_.start = message.u64(APIARY_FIELD_START).value_or(id_.start);
}

void ShimSupervised::on_message(IncomingMessage const& message) {
    if (stage_ == Stage::over) {
        return;
    }
    switch (message.type()) {
        case APIARY_MSG_GREETING:
            on_greeting(message);
            break;
        case APIARY_MSG_STARTED:
            take_process(message);
            APIARY_KILL_POINT("shim.started");
            stage_ = Stage::up;
            emit({.kind = SupervisedEvent::Kind::started, .pid = id_.pid, .status = {}, .text = {}});
            break;
        case APIARY_MSG_EXEC_FAILED:
            end({.kind = SupervisedEvent::Kind::exec_failed,
                 .pid = 0,
                 .status = {},
                 .text = message.text(APIARY_FIELD_TEXT)});
            break;
        case APIARY_MSG_EXITED:
            APIARY_KILL_POINT("shim.exited");
            report_end(message);
            break;
        case APIARY_MSG_ANSWER:
            on_answer(message);
            break;
        default:
            break;
    }
}

void ShimSupervised::on_greeting(IncomingMessage const& message) {
    auto const phase = message.u32(APIARY_FIELD_PHASE);
    pause_ = first_pause;
    if (phase == APIARY_PHASE_WAITING) {
        return;
    }
    auto const number = message.u64(APIARY_FIELD_NUMBER).value_or(0);
    if (phase == APIARY_PHASE_ENDED && number_ != 0 && number != 0 && number != number_) {
        // It waits for somebody to take note of the launch before the one that is meant; who asks for the next has.
        connection_->send(OutgoingMessage{APIARY_MSG_FORGET});
        return;
    }
    take_process(message);
    if (phase == APIARY_PHASE_ENDED) {
        report_end(message);
    } else if (phase == APIARY_PHASE_RUNNING && stage_ == Stage::launching) {
        stage_ = Stage::up;
        emit({.kind = SupervisedEvent::Kind::started, .pid = id_.pid, .status = {}, .text = {}});
    }
}

void ShimSupervised::report_end(IncomingMessage const& message) {
    take_process(message);
    auto const kind = message.u32(APIARY_FIELD_KIND);
    int const value = message.i32(APIARY_FIELD_VALUE).value_or(0);
    if (kind == APIARY_KIND_EXEC_FAILED) {
        end({.kind = SupervisedEvent::Kind::exec_failed,
             .pid = 0,
             .status = {},
             .text = "the hypervisor could not be executed: " + std::generic_category().message(value)});
        return;
    }
    end({.kind = SupervisedEvent::Kind::exited,
         .pid = id_.pid,
         .status = {.known = kind.has_value(),
                    .signaled = kind == APIARY_KIND_SIGNALED,
                    .value = value,
                    .core = message.u32(APIARY_FIELD_CORE) == 1U},
         .text = lost_output(message.u64(APIARY_FIELD_DROPPED).value_or(0))});
}

void ShimSupervised::on_answer(IncomingMessage const& message) {
    auto const waiting = attaching_.find(message.request());
    if (waiting != attaching_.end()) {
        auto const done = std::move(waiting->second);
        attaching_.erase(waiting);
        done(console_result(message.u32(APIARY_FIELD_RESULT).value_or(APIARY_RESULT_GONE)));
    }
}

void ShimSupervised::on_closed() {
    connection_.reset();
    for (auto const unanswered = std::exchange(attaching_, {}); auto const& [request, done] : unanswered) {
        loop_.post([done = done] { done(ConsoleResult::gone); });
    }
    if (stage_ == Stage::over) {
        return;
    }
    if (pause_ == first_pause) {
        look_in_folder();
    } else {  // it did not even greet us
        look_later();
    }
}

// -- without the shim
// -------------------------------------------------------------------------------------------------------

void ShimSupervised::look_later() {
    wait_ = loop_.after(pause_, [this] { look_in_folder(); });
    pause_ = std::min(pause_ * 2, longest_pause);
}

void ShimSupervised::look_in_folder() {
    wait_.reset();
    // Before the lock is asked for: protocol.h says why.
    if (adopting_ && !called_off_) {
        called_off_ = void_tickets(run_dir_);
        if (!called_off_) {
            look_later();
            return;
        }
    }
    APIARY_KILL_POINT("tickets.voided");
    // Asked before the exit record: the shim writes that first and lets go of its lock then.
    bool const shim_lives = lock_is_held(run_dir_, shim_lock_file);
    if (!shim_lives) {
        auto const record = read_traces(run_dir_, number_).exit;
        // Of a launch that had not come to its process, a record can only be of an earlier run in the same folder.
        if (record &&
            (id_.pid == 0 ? adopting_ || (number_ != 0 && record->launch == number_) : record->process == id_)) {
            look_at_exit(*record);
        } else {
            on_orphan();
        }
        return;
    }
    // It may have dropped us for being slow, or be just about to end.
    auto socket = connect_packet_socket(run_dir_ + '/' + socket_file);
    bool const affordable = socket && leaves_descriptors(socket.get());
    if (auto const peer = affordable ? peer_uid(socket.get()) : std::nullopt;
        peer && (*peer == 0 || *peer == ::geteuid())) {
        APIARY_KILL_POINT("shim.found");
        connect(std::move(socket));
        pause_ = std::min(pause_ * 2, longest_pause);
    } else {
        look_later();
    }
}

void ShimSupervised::look_at_exit(ExitRecord const& record) {
    id_ = record.process;
    if (record.exec_error != 0) {
        end({.kind = SupervisedEvent::Kind::exec_failed,
             .pid = 0,
             .status = {},
             .text = "the hypervisor could not be executed: " + std::generic_category().message(record.exec_error)});
    } else {
        end({.kind = SupervisedEvent::Kind::exited,
             .pid = id_.pid,
             .status = record.status,
             .text = lost_output(record.dropped)});
    }
}

void ShimSupervised::on_orphan() {
    bool const never_heard_of = id_.pid == 0 && !adopting_;
    if (auto const record = id_.pid == 0 ? read_traces(run_dir_, number_).pid : std::nullopt) {
        id_ = record->process;
    }
    auto found = find_process(id_);
    if (id_.pid == 0 ? !lives_by_its_lock() : found.gone) {
        if (never_heard_of) {
            id_ = {};
            fail("the shim ended before it had started the hypervisor");
        } else if (id_.pid == 0 && stage_ != Stage::orphaned) {
            look_at_nobody();
        } else {
            end({.kind = SupervisedEvent::Kind::exited, .pid = id_.pid, .status = {}, .text = {}});
        }
        return;
    }
    process_ = std::move(found.process);
    watch_orphan();
    if (stage_ != Stage::orphaned) {
        stage_ = Stage::orphaned;
        emit({.kind = SupervisedEvent::Kind::orphaned, .pid = id_.pid, .status = {}, .text = {}});
    }
}

// Where the pid record is gone, or of no use, the lock that the hypervisor inherits tells. But if there is a good one
// of another launch, then no later one has come to its process, whatever that one left behind.
auto ShimSupervised::lives_by_its_lock() const -> bool {
    auto const record = number_ != 0 ? read_pid_record(run_dir_) : std::nullopt;
    bool const of_another = record && record->launch != 0 && record->launch != number_;
    return !of_another && lock_is_held(run_dir_, vm_lock_file);
}

// No shim, no hypervisor, no exit record that could be believed.
void ShimSupervised::look_at_nobody() {
    auto const traces = read_traces(run_dir_, number_);
    if (!traces.any()) {
        end({.kind = SupervisedEvent::Kind::never_started, .pid = 0, .status = {}, .text = {}});
        return;
    }
    end({.kind = SupervisedEvent::Kind::exited,
         .pid = 0,
         .status = {},
         .text = traces.other_boot ? "the host was restarted since it ran" : "its records cannot be read"});
}

void ShimSupervised::watch_orphan() {
    if (process_) {
        wait_ = loop_.watch(process_->descriptor(), Readiness::readable, [this] {
            end({.kind = SupervisedEvent::Kind::exited, .pid = id_.pid, .status = {}, .text = {}});
        });
        return;
    }
    // Its pid record is gone, or there are no descriptors left just now: its lock tells when it ends.
    wait_ = loop_.after(longest_pause, [this] { on_orphan(); });
}

// -- requests
// ------------------------------------------------------------------------------------------------------------

void ShimSupervised::signal(int number) {
    if (stage_ == Stage::over) {
        return;
    }
    if (connection_) {
        connection_->send(OutgoingMessage{APIARY_MSG_SIGNAL, ++last_request_}.u32(APIARY_FIELD_VALUE,
                                                                                  static_cast<std::uint32_t>(number)));
    }
    // The last resort goes past the shim too: it may have been stopped, and to be killed twice is no worse than once.
    if (!connection_ || number == SIGKILL) {
        if (auto const found = find_process(id_); found.process) {
            (void)found.process->signal(number);
        }
    }
}

void ShimSupervised::attach_console(UniqueFd viewer, ConsoleMode mode, bool force,
                                    std::function<void(ConsoleResult)> done) {
    if (!connection_ || stage_ == Stage::over || attaching_.size() >= attaching_max) {
        loop_.post([done = std::move(done)] { done(ConsoleResult::gone); });
        return;
    }
    auto const request = ++last_request_;
    attaching_.emplace(request, std::move(done));
    OutgoingMessage message{APIARY_MSG_ATTACH, request};
    message.descriptor(APIARY_FIELD_VIEWER_FD, std::make_shared<UniqueFd>(std::move(viewer)))
        .u32(APIARY_FIELD_WRITER, mode == ConsoleMode::read_write ? 1 : 0)
        .u32(APIARY_FIELD_FORCE, force ? 1 : 0);
    connection_->send(std::move(message));
}

void ShimSupervised::forget() {
    if (connection_) {
        connection_->send(OutgoingMessage{APIARY_MSG_FORGET});
    }
    APIARY_KILL_POINT("exit-record.remove");
    remove_exit_record(run_dir_, id_);
    APIARY_KILL_POINT("exit-record.removed");
    if (tidies_up_ && stage_ == Stage::over) {  // no step of this daemon's made the folder, so none will remove it
        loop_.offload([run_dir = run_dir_] { (void)remove_run_folder(run_dir); }, [] {});
    }
}

}  // namespace apiary::supervision
