#include "hypervisor/guest_base.hpp"

#include <csignal>
#include <cstring>
#include <utility>

#include "hypervisor/channel.hpp"
#include "hypervisor/credentials.hpp"
#include "hypervisor/device_model.hpp"

namespace apiary::hypervisor {

namespace {

// QEMU answers within moments, unless it hangs; but a host that has just started its daemon again is busy.
constexpr Duration answer_deadline = std::chrono::seconds{30};

}  // namespace

GuestBase::GuestBase(Loop& loop, Supervisor& supervisor, LaunchRequest request, Sink sink)
    : loop_{loop},
      supervisor_{supervisor},
      request_{std::move(request)},
      sink_{std::make_shared<Sink>(std::move(sink))},
      log_tail_{Contributed{request_.contributions}.fd("log")} {}

void GuestBase::begin(bool as_owner) {
    // Without its descriptor a file would be opened by its path, with more rights than whoever wished for it has.
    for (auto const& one : request_.contributions) {
        if (one.kind == "fd" && (!one.fd || !*one.fd)) {
            fail(one.id + " was opened by an earlier apiaryd, and has to be opened anew: start the VM again");
            return;
        }
    }
    find_credentials(loop_, definition(), as_owner,
                     [this, alive = std::weak_ptr{alive_}](std::variant<Credentials, std::string> found) {
                         if (!alive.lock() || called_off_) {
                             return;
                         }
                         if (auto* text = std::get_if<std::string>(&found)) {
                             fail(std::move(*text));
                             return;
                         }
                         credentials_ = std::get<Credentials>(std::move(found));
                         prepare();
                     });
}

void GuestBase::adopt() {
    adoption_ = Adoption::asked;
    deadline_ = loop_.after(answer_deadline, [this] {
        answer_adoption({.kind = GuestEvent::Kind::unreachable, .text = why_unreachable()});
    });
    process_ = supervisor_.reattach(Reattachment{.run_dir = request_.run_dir, .launch = request_.launch},
                                    [this, alive = std::weak_ptr{alive_}](SupervisedEvent const& event) {
                                        if (alive.lock()) {
                                            on_supervised(event);
                                        }
                                    });
}

void GuestBase::answer_adoption(GuestEvent event) {
    auto const next = event.kind == GuestEvent::Kind::unreachable ? Adoption::unreachable : Adoption::answered;
    if (!awaits_answer() || adoption_ == next) {
        return;
    }
    adoption_ = next;
    emit(std::move(event));
    tell_orphaned();
    deadline_.reset();  // last: it may be what calls us
}

// The answer to adopt() comes first.
void GuestBase::tell_orphaned() {
    if (orphaned_ && adoption_ != Adoption::asked) {
        emit({.kind = GuestEvent::Kind::orphaned, .text = *std::exchange(orphaned_, std::nullopt)});
    }
}

auto GuestBase::guarded(std::function<void()> call) const -> std::function<void()> {
    return [alive = std::weak_ptr{alive_}, call = std::move(call)] {
        if (alive.lock()) {
            call();
        }
    };
}

void GuestBase::emit(GuestEvent event) {
    loop_.post([alive = std::weak_ptr{alive_}, sink = sink_, event = std::move(event)] {
        if (!alive.expired()) {
            (*sink)(event);
        }
    });
}

void GuestBase::refuse(unsigned request, std::string text) {
    emit({.kind = GuestEvent::Kind::request_failed, .request = request, .text = std::move(text)});
}

void GuestBase::spawn(SpawnRequest request) {
    request.run_dir = request_.run_dir;
    request.launch = request_.launch;
    request.title = definition().name;
    if (auto const log = Contributed{request_.contributions}.fd("log")) {
        request.log = duplicate(log->get());
    }
    process_ =
        supervisor_.spawn(std::move(request), [this, alive = std::weak_ptr{alive_}](SupervisedEvent const& event) {
            if (alive.lock()) {
                on_supervised(event);
            }
        });
}

void GuestBase::on_supervised(SupervisedEvent const& event) {
    switch (event.kind) {
        case SupervisedEvent::Kind::never_started:
            gone_ = true;
            answer_adoption({.kind = GuestEvent::Kind::absent, .text = {}});
            break;
        case SupervisedEvent::Kind::exec_failed:
            end_of_process();
            if (called_off_) {
                tell_exit(Reason::requested, {});
            } else {
                fail(event.text);
            }
            break;
        case SupervisedEvent::Kind::exited:
            end_of_process();
            on_process(event);
            break;
        case SupervisedEvent::Kind::started:
            if (is_adopted()) {
                on_alive();
            } else {
                on_process(event);
            }
            break;
        case SupervisedEvent::Kind::orphaned:
            orphaned_ = event.text;
            if (is_adopted()) {
                on_alive();
            } else {
                on_process(event);
            }
            tell_orphaned();
            break;
    }
}

// Its end is the answer, whatever else was on the way.
void GuestBase::end_of_process() {
    gone_ = true;
    if (is_adopted()) {
        adoption_ = Adoption::answered;
        deadline_.reset();
    }
}

void GuestBase::on_alive() {
    // What was asked for while nobody knew of a process may have reached none.
    if (last_signal_ != 0) {
        process_->signal(last_signal_);
    }
    if (!std::exchange(found_, true)) {
        on_found();
    }
}

void GuestBase::fail(std::string text) {
    emit({.kind = GuestEvent::Kind::exec_failed, .reason = Reason::exec_failed, .text = std::move(text)});
}

void GuestBase::add_last_words(std::string text, std::string_view joint, std::function<void(std::string)> done) {
    log_tail_.last_message(loop_, [alive = std::weak_ptr{alive_}, text = std::move(text), joint = std::string{joint},
                                   done = std::move(done)](std::string const& line) {
        if (alive.lock()) {
            done(line.empty() ? text : text + joint + line);
        }
    });
}

void GuestBase::fail_with_log(std::string text) {
    add_last_words(std::move(text), ": ", [this](std::string all) { fail(std::move(all)); });
}

void GuestBase::tell_exit(Reason reason, std::string text) {
    auto const tell = [this, reason](std::string all) {
        emit({.kind = GuestEvent::Kind::exited, .reason = reason, .text = std::move(all)});
    };
    switch (reason) {
        case Reason::error:
            add_last_words(std::move(text), ": ", tell);
            break;
        case Reason::killed:  // also by itself: an assertion that does not hold says so first
        case Reason::triple_fault:
        case Reason::unknown:
            add_last_words(std::move(text), "; its log ends with: ", tell);
            break;
        default:
            tell(std::move(text));
            break;
    }
}

auto GuestBase::call_off() -> bool {
    bool const first = !std::exchange(called_off_, true);
    if (process_) {
        return false;
    }
    if (first) {
        tell_exit(Reason::requested, {});
    }
    return true;
}

void GuestBase::kill() {
    if (!call_off()) {
        signal(SIGKILL);
    }
}

void GuestBase::signal(int number) {
    if (has_process()) {
        last_signal_ = is_adopted() && !found_ ? number : 0;
        process_->signal(number);
    }
}

void GuestBase::attach_console(UniqueFd viewer, ConsoleMode mode, bool force, std::function<void(ConsoleResult)> done) {
    if (!has_process()) {
        loop_.post([done = std::move(done)] { done(ConsoleResult::gone); });
        return;
    }
    process_->attach_console(std::move(viewer), mode, force, std::move(done));
}

void GuestBase::forget() {
    if (process_) {
        process_->forget();
    }
}

auto describe(ExitStatus const& status) -> std::string {
    if (!status.known) {
        return "ended, and nobody saw how";
    }
    if (!status.signaled) {
        return "ended with status " + std::to_string(status.value);
    }
    // The loop's thread is the only one that asks for the names of signals.
    auto const* name = ::strsignal(status.value);  // NOLINT(concurrency-mt-unsafe)
    return "was killed by signal " + std::to_string(status.value) + (name ? " (" + std::string{name} + ")" : "") +
           (status.core ? ", core dumped" : "");
}

}  // namespace apiary::hypervisor
