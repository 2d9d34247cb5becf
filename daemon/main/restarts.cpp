// The new program itself is asked: it may understand more, or less, than this one.
#include "main/restarts.hpp"

#include <chrono>
#include <utility>
#include <variant>

#include "main/log.hpp"

namespace apiary {

namespace {

// A caller's library waits 25 s for the reply.
constexpr std::chrono::seconds patience{20};

// Asked for with force too: a program that no longer understands its command line would end, and not be started again.
constexpr char const* check_argument = "--check-restart";

auto refused(Refusal::Kind kind, std::string text) -> Outcome<std::monostate> {
    log::warning("no restart: " + text);
    return Refusal{kind, std::move(text)};
}

auto with_messages(std::string const& text, std::string messages) -> std::string {
    messages.resize(messages.find_last_not_of('\n') + 1);
    return messages.empty() ? text : text + "\n" + messages;
}

}  // namespace

Restarts::Restarts(Loop& loop, Program program, std::function<void()> leave)
    : loop_{loop}, program_{std::move(program)}, leave_{std::move(leave)}, self_{std::make_shared<Restarts*>(this)} {}

Restarts::~Restarts() = default;

void Restarts::request(bool force, Done done) {
    if (ended_ || asking_) {
        done(Refusal{Refusal::Kind::shutting_down,
                     ended_ ? "the daemon is ending" : "another caller has asked for a restart: it is under way"});
        return;
    }
    asking_ = true;
    auto end = std::make_shared<ProgramEnd>();
    loop_.offload([end, program = program_] { *end = run_program(program, check_argument, patience); },
                  [self = std::weak_ptr{self_}, end, force, done = std::move(done)] {
                      if (auto const here = self.lock()) {
                          (*here)->asking_ = false;
                          (*here)->judged(force, *end, done);
                      }
                  });
}

void Restarts::judged(bool force, ProgramEnd const& end, Done const& done) {
    // What --check-restart ends with: see apiaryd(8).
    constexpr int wrong_configuration = 1;
    constexpr int too_old = 3;
    bool const forced = force && (end.status == wrong_configuration || end.status == too_old);
    auto const failed = [&](std::string const& how) {
        auto const text = program_.path + " " + how +
                          ": it cannot take this daemon's place, which goes on. Install it again, then try again";
        done(refused(Refusal::Kind::failed, with_messages(text, end.messages)));
    };
    if (ended_) {
        done(Refusal{Refusal::Kind::shutting_down, "the daemon is ending"});
    } else if (!end.fault.empty()) {
        failed("cannot be executed (" + end.fault + ")");
    } else if (!end.in_time) {
        failed("does not come to an end within " + std::to_string(patience.count()) + " s when it is asked to check");
    } else if (end.status == wrong_configuration && !forced) {
        done(refused(Refusal::Kind::config_invalid,
                     with_messages("the configuration is wrong, the daemon goes on", end.messages)));
    } else if (end.status != 0 && !forced) {
        failed("fails when it is asked to check (status " + std::to_string(end.status) + ")");
    } else {
        ended_ = true;
        done(std::monostate{});
        loop_.post([self = std::weak_ptr{self_}] {
            if (auto const here = self.lock()) {
                (*here)->leave_();
            }
        });
    }
}

}  // namespace apiary
