#include "hypervisor/guest_base.hpp"

#include <csignal>
#include <cstring>
#include <utility>

#include "hypervisor/channel.hpp"
#include "hypervisor/credentials.hpp"
#include "hypervisor/device_model.hpp"

namespace apiary::hypervisor {

GuestBase::GuestBase(Loop& loop, Supervisor& supervisor, LaunchRequest request, Sink sink)
    : loop_{loop},
      supervisor_{supervisor},
      request_{std::move(request)},
      sink_{std::make_shared<Sink>(std::move(sink))},
      log_tail_{Contributed{request_.contributions}.fd("log")} {}

void GuestBase::begin(bool as_owner) {
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
        case SupervisedEvent::Kind::exec_failed:
            gone_ = true;
            if (called_off_) {
                tell_exit(Reason::requested, {});
            } else {
                fail(event.text);
            }
            break;
        case SupervisedEvent::Kind::exited:
            gone_ = true;
            on_process(event);
            break;
        case SupervisedEvent::Kind::started:
            on_process(event);
            break;
        case SupervisedEvent::Kind::orphaned:
            emit({.kind = GuestEvent::Kind::orphaned, .text = event.text});
            break;
    }
}

void GuestBase::fail(std::string text) {
    emit({.kind = GuestEvent::Kind::exec_failed, .reason = Reason::exec_failed, .text = std::move(text)});
}

void GuestBase::add_last_words(std::string text, std::function<void(std::string)> done) {
    log_tail_.last_message(loop_, [alive = std::weak_ptr{alive_}, text = std::move(text),
                                   done = std::move(done)](std::string const& line) {
        if (alive.lock()) {
            done(line.empty() ? text : text + ": " + line);
        }
    });
}

void GuestBase::fail_with_log(std::string text) {
    add_last_words(std::move(text), [this](std::string all) { fail(std::move(all)); });
}

void GuestBase::tell_exit(Reason reason, std::string text) {
    auto const tell = [this, reason](std::string all) {
        emit({.kind = GuestEvent::Kind::exited, .reason = reason, .text = std::move(all)});
    };
    if (reason == Reason::error) {
        add_last_words(std::move(text), tell);
    } else {
        tell(std::move(text));
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
