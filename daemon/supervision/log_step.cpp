#include "supervision/log_step.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <ctime>
#include <system_error>

#include "supervision/accounts.hpp"
#include "supervision/host_file.hpp"
#include "supervision/opener/opener.h"
#include "supervision/step_results.hpp"

namespace apiary::supervision {
namespace {

constexpr std::size_t longest_name = 200;  // file systems take 255 bytes

// What is done on the pool of threads; nothing else touches it meanwhile.
struct Opening {
    HostFile file;
    std::string header;
    std::uint64_t bound = 0;  // 0: a file of somebody else's choice is never set aside
    std::optional<Account> account;
    std::shared_ptr<UniqueFd> fd;
    std::string fault;

    static auto own_name() -> std::string {
        auto const own = find_account(::geteuid());
        return own ? own->name : "the daemon";
    }

    void look_up() { account = find_account(file.as); }

    void begin_ourselves() {
        open_ourselves();
        if (fault.empty()) {
            write_header();
        }
    }

    void open_ourselves() {
        // Read too: the last words of a hypervisor that gave up are told to whoever started it.
        constexpr int flags = O_RDWR | O_APPEND | O_CREAT | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY | O_NONBLOCK;
        auto const& path = file.path.path;
        struct stat status {};
        for (bool again = true; again;) {
            again = false;
            fd = std::make_shared<UniqueFd>(::open(path.c_str(), flags, 0640));
            if (!*fd || ::fstat(fd->get(), &status) != 0) {
                int const error = errno;
                fault = explain(file, APIARY_OPENER_REFUSED, error, 0, own_name());
                return;
            }
            if (!S_ISREG(status.st_mode)) {
                fault = explain(file, APIARY_OPENER_WRONG_TYPE, 0, status.st_mode, own_name());
                return;
            }
            if (bound != 0 && static_cast<std::uint64_t>(status.st_size) > bound) {
                again = ::rename(path.c_str(), (path + ".1").c_str()) == 0;
                bound = 0;
            }
        }
        ::fcntl(fd->get(), F_SETFL, ::fcntl(fd->get(), F_GETFL) & ~O_NONBLOCK);
    }

    // A log that cannot take even this is no log.
    void write_header() {
        ssize_t const wrote = ::write(fd->get(), header.data(), header.size());
        if (wrote != static_cast<ssize_t>(header.size())) {
            fault = "log " + file.path.path +
                    " cannot be written: " + std::generic_category().message(wrote < 0 ? errno : ENOSPC);
        }
    }
};

auto header_of(StepCall const& call, WallTime now) -> std::string {
    std::time_t const seconds = std::chrono::duration_cast<std::chrono::seconds>(now.time_since_epoch()).count();
    std::tm broken_down{};
    ::gmtime_r(&seconds, &broken_down);
    char date[32];
    std::strftime(date, sizeof date, "%Y-%m-%dT%H:%M:%SZ", &broken_down);
    return std::string{"=== "} + date + " start of " + call.definition->name + ", incarnation " +
           std::to_string(call.incarnation) + " ===\n";
}

}  // namespace

auto log_file_name(std::string_view vm) -> std::string {
    constexpr std::string_view plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-+@";
    std::string name;
    for (char const c : vm) {
        if (plain.find(c) != std::string_view::npos) {
            name += c;
        } else {
            char code[4];
            (void)std::snprintf(code, sizeof code, "%%%02X", static_cast<unsigned>(static_cast<unsigned char>(c)));
            name += code;
        }
    }
    if (name.size() > longest_name) {
        std::uint64_t hash = 14695981039346656037U;  // FNV-1a: tells long names apart
        for (char const c : vm) {
            hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211U;
        }
        char code[24];
        (void)std::snprintf(code, sizeof code, "%%-%016llx", static_cast<unsigned long long>(hash));
        name = name.substr(0, longest_name) + code;
    }
    return name + ".log";
}

class LogStep::Run : public std::enable_shared_from_this<Run> {
public:
    // `again`: the log of a start that has its header.
    Run(LogStep& step, StepCall const& call, Done done, bool again)
        : step_{step}, attempt_{call.attempt}, done_{std::move(done)}, opening_{std::make_shared<Opening>()} {
        auto const& own = call.definition->err_logfile;
        opening_->file = {
            .id = "log",
            .what = "log",
            .path = own.value_or(HostPath{.path = step.log_dir_ + '/' + log_file_name(call.definition->name)}),
            .operation = APIARY_OPEN_LOG,
            .noexist = false,
            .as = own && !own->trusted ? own->opened_as : ::geteuid(),
            .passed = true};
        opening_->header = again ? std::string{} : header_of(call, step.loop_.wall());
        opening_->bound = own || again ? 0 : step.bound_;
    }

    void start() {
        if (opening_->file.path.trusted) {
            work([](Opening& opening) { opening.begin_ourselves(); }, &Run::headed);
        } else {
            work([](Opening& opening) { opening.look_up(); }, &Run::open_as_user);
        }
    }

    void finish(StepResult result) {
        auto const self = shared_from_this();
        running_.reset();
        step_.runs_.erase(attempt_);
        auto const done = std::move(done_);
        done(std::move(result));
    }

private:
    void work(void (*what)(Opening&), void (Run::*then)()) {
        step_.loop_.offload([what, opening = opening_] { what(*opening); },
                            [then, weak = weak_from_this()] {
                                if (auto const self = weak.lock()) {
                                    ((*self).*then)();
                                }
                            });
    }

    void open_as_user() {
        if (!opening_->account) {
            finish(step_failed("user " + std::to_string(opening_->file.as) +
                               ", whose file names the log, has no account on this host (or name service is down)"));
            return;
        }
        running_ = step_.opener_->open(
            opening_->account->credentials, {{.operation = APIARY_OPEN_LOG, .path = opening_->file.path.path}},
            [this](OpenOutcome outcome) {
                auto const self = shared_from_this();
                if (outcome.answers.empty()) {
                    finish(step_failed("log " + opening_->file.path.path + ": " + outcome.trouble));
                    return;
                }
                auto& answer = outcome.answers.front();
                if (answer.fault != APIARY_OPENER_NONE) {
                    finish(step_veto(
                        explain(opening_->file, answer.fault, answer.error, answer.mode, opening_->account->name)));
                    return;
                }
                opening_->fd = std::move(answer.fd);
                opened();
            });
    }

    void opened() {
        work([](Opening& opening) { opening.write_header(); }, &Run::headed);
    }

    void headed() {
        if (!opening_->fault.empty()) {
            finish(step_failed(opening_->fault));
            return;
        }
        finish(step_ok({{.kind = "fd", .id = "log", .value = {}, .fd = std::move(opening_->fd)}}));
    }

    LogStep& step_;
    std::uint64_t attempt_;
    Done done_;
    std::shared_ptr<Opening> opening_;
    Handle running_;
};

void LogStep::prestart(StepCall call, Done done) {
    begin(call, std::move(done), false);
}

void LogStep::renew(StepCall call, Done done) {
    begin(call, std::move(done), true);
}

void LogStep::begin(StepCall const& call, Done done, bool again) {
    auto run = std::make_shared<Run>(*this, call, std::move(done), again);
    runs_.insert_or_assign(call.attempt, run);
    run->start();
}

void LogStep::cancel(std::uint64_t attempt) {
    auto const found = runs_.find(attempt);
    if (found != runs_.end()) {
        loop_.post([weak = std::weak_ptr{found->second}] {
            if (auto const run = weak.lock()) {
                run->finish(step_failed("it was canceled"));
            }
        });
    }
}

void LogStep::poststop(StepCall /*call*/, Done done) {
    loop_.post([done = std::move(done)] { done(step_ok()); });
}

}  // namespace apiary::supervision
