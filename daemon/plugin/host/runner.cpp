#include "plugin/host/runner.hpp"

#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <pwd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "plugin/host/execution_fault.hpp"
#include "plugin/host/lines.hpp"
#include "plugin/host/program_file.hpp"
#include "plugin/host/start.hpp"

namespace apiary::plugin::host {
namespace {

constexpr std::size_t most_logged = std::size_t{4} * 1024 * 1024;  // of one program: a log is on a disk
constexpr char const* too_many = "there are no more processes, or too many that were killed do not end";
constexpr char const* path_alone = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

struct Account {
    uid_t uid = 0;
    gid_t gid = 0;
    std::vector<gid_t> groups;
};

auto find_account(char const* name, int& error) -> std::optional<Account> {
    std::vector<char> buffer(std::size_t{16} * 1024);
    passwd entry{};
    passwd* found = nullptr;
    while ((error = ::getpwnam_r(name, &entry, buffer.data(), buffer.size(), &found)) == ERANGE &&
           buffer.size() < std::size_t{1024} * 1024) {
        buffer.resize(buffer.size() * 2);
    }
    if (found == nullptr) {
        return std::nullopt;
    }
    Account account{.uid = entry.pw_uid, .gid = entry.pw_gid, .groups = {}};
    int count = 64;
    for (;;) {
        account.groups.resize(static_cast<std::size_t>(count));
        int const before = count;
        if (::getgrouplist(name, entry.pw_gid, account.groups.data(), &count) >= 0) {
            break;
        }
        count = std::max(count, before * 2);
    }
    account.groups.resize(static_cast<std::size_t>(count));
    return account;
}

// Two ends, none of them among the lowest, which the child's own are put over.
struct Pipe {
    UniqueFd read, write;
    auto make() -> bool {
        std::array<int, 2> ends{};
        if (::pipe2(ends.data(), O_CLOEXEC) != 0) {
            return false;
        }
        read.reset(ends[0]);
        write = above_the_childs(UniqueFd{ends[1]});
        return write && ::fcntl(read.get(), F_SETFL, O_NONBLOCK) == 0;
    }
};

class Run {
public:
    Run(apiary_self& self, apiary_call& call, apiary_command const& command)
        : self_{self}, call_{call}, command_{command} {
        auto const limit =
            command.timeout_ms == 0 ? std::chrono::milliseconds::max() : std::chrono::milliseconds{command.timeout_ms};
        deadline_ =
            limit == std::chrono::milliseconds::max() ? call.deadline : std::min(call.deadline, Clock::now() + limit);
    }

    // Empty: it ran. Else why not.
    auto run(apiary_outcome& outcome) -> std::string {
        std::string fault = start(outcome);
        if (!fault.empty()) {
            return fault;
        }
        to_the_end(outcome);
        std::string const last = shortened(last_line_, sizeof outcome.last_line - 1);
        std::memcpy(outcome.last_line, last.c_str(), last.size() + 1);
        return {};
    }

private:
    auto failed(apiary_outcome& outcome, int error, std::string const& text = {}) -> std::string {
        outcome.error = error;
        return text.empty() ? std::strerror(error) : text;
    }

    auto start(apiary_outcome& outcome) -> std::string {
        std::string path = command_.path == nullptr ? std::string{} : command_.path;
        if (!path.starts_with('/')) {
            return failed(outcome, EINVAL, "it is no absolute path");
        }
        if (call_.is_over()) {
            return failed(outcome, ECANCELED, "the call was canceled, or its time is over");
        }
        std::optional<Account> account;
        if (command_.user != nullptr) {
            int error = 0;
            account = find_account(command_.user, error);
            if (!account) {
                return failed(outcome, error == 0 ? ENOENT : error,
                              std::string{"the account "} + command_.user + " is not there");
            }
            if (account->uid == ::geteuid()) {
                account.reset();
            }
        }
        ProgramFile program{.path = path, .file = {}};
        if ((command_.flags & APIARY_RUN_OWNED) != 0) {
            auto judged = open_owned(path, command_.owner);
            if (auto const* fault = std::get_if<ProgramFault>(&judged)) {
                return failed(outcome, fault->error, fault->text);
            }
            program = std::get<ProgramFile>(std::move(judged));
        }
        auto const nothing = above_the_childs(UniqueFd{::open("/dev/null", O_RDONLY | O_CLOEXEC)});
        bool const piped = nothing && output_.make() && errors_.make();
        canceling_ = piped ? call_.cancel_descriptor() : -1;
        if (canceling_ < 0) {
            return failed(outcome, errno);
        }
        std::array<char const*, 2> alone{path.c_str(), nullptr};
        std::array<char const*, 2> environment{path_alone, nullptr};
        ChildPlan plan{
            .path = program.path.c_str(),
            .file = program.file.get(),
            .is_script = program.is_script,
            .argv = const_cast<char* const*>(command_.argv == nullptr ? alone.data() : command_.argv),
            .envp = const_cast<char* const*>(command_.envp == nullptr ? environment.data() : command_.envp),
            .folder = command_.folder == nullptr ? "/" : command_.folder,
            .input = nothing.get(),
            .output = output_.write.get(),
            .errors = errors_.write.get(),
            .keeper = self_.keeper.descriptor(),
            .record = self_.keeper.record(),
        };
        if (account) {
            plan.change_user = true;
            plan.uid = account->uid;
            plan.gid = account->gid;
            plan.groups = account->groups.data();
            plan.group_count = account->groups.size();
        }
        auto started = start_child(plan, {.deadline = deadline_, .canceling = canceling_});
        if (started.how == Started::How::failed) {
            return failed(
                outcome, started.error,
                started.error == EAGAIN ? too_many : execution_fault(program.path, program.file.get(), started.error));
        }
        child_ = std::move(started.child);
        output_.write.reset();
        errors_.write.reset();
        if (started.how == Started::How::over) {
            kill(outcome);
        }
        return {};
    }

    void to_the_end(apiary_outcome& outcome) {
        Lines standard{[this](std::string const& line) { told(line, false); }};
        Lines error{[this](std::string const& line) { told(line, true); }};
        for (;;) {
            std::array<pollfd, 4> watched{{{child_.ended.get(), POLLIN, 0},
                                           {output_.read.get(), POLLIN, 0},
                                           {errors_.read.get(), POLLIN, 0},
                                           {killed_ ? -1 : canceling_, POLLIN, 0}}};
            if (::poll(watched.data(), watched.size(), milliseconds_until(killed_ ? given_up_ : deadline_)) < 0) {
                watched = {};
            }
            bool const over = watched[0].revents != 0;  // what it wrote before that is read below
            take(output_, standard);
            take(errors_, error);
            if (over) {
                end(outcome);
                break;
            }
            if (killed_ && Clock::now() >= given_up_) {
                leave();
                break;
            }
            if (!killed_ && (call_.was_canceled() || Clock::now() >= deadline_)) {
                kill(outcome);
            }
        }
        standard.end();
        error.end();
    }

    void kill(apiary_outcome& outcome) {
        // Canceled is also a call that was given up because its time was over.
        outcome.canceled = call_.was_canceled() && Clock::now() < deadline_ ? 1 : 0;
        outcome.timed_out = outcome.canceled == 0 ? 1 : 0;
        kill_child(child_);
        killed_ = true;
        given_up_ = Clock::now() + end_patience;
    }

    void leave() {
        self_.log(
            APIARY_WARNING,
            std::string{command_.path} + " (process " + std::to_string(child_.pid) +
                ") was killed and does not end: a system call that cannot be broken off, or a debugger, holds it. "
                "It is left behind",
            call_.id);
        leave_behind(std::move(child_));
    }

    void end(apiary_outcome& outcome) {
        auto const status = reap(child_);
        if (!status) {  // the plugin waits for all children
            outcome.error = ECHILD;
        } else if (WIFEXITED(*status)) {
            outcome.status = WEXITSTATUS(*status);
        } else if (WIFSIGNALED(*status)) {
            outcome.signal = WTERMSIG(*status);
        }
    }

    static void take(Pipe& pipe, Lines& lines) {
        std::array<char, 16384> chunk;
        // A program that writes without end is not to keep its end, or its time, from being seen.
        for (int i = 0; pipe.read && i < 16; ++i) {
            ssize_t const got = ::read(pipe.read.get(), chunk.data(), chunk.size());
            if (got > 0) {
                lines.take({chunk.data(), static_cast<std::size_t>(got)});
            } else if (got == 0 || (errno != EINTR && errno != EAGAIN)) {
                pipe.read.reset();
            } else if (errno == EAGAIN) {
                return;
            }
        }
    }

    void told(std::string const& line, bool is_error) {
        if (!line.empty()) {
            last_line_ = line;
        }
        if (command_.line == nullptr || (command_.flags & APIARY_RUN_TO_LOG) != 0) {
            log(line, is_error);
        }
        if (command_.line != nullptr) {
            command_.line(command_.context, is_error ? 1 : 0, line.c_str());
        }
    }
    void log(std::string const& line, bool is_error) {
        if (logged_ > most_logged) {
            return;
        }
        constexpr std::size_t frame = 64;  // an empty line costs something too
        logged_ += line.size() + frame;
        bool const enough = logged_ > most_logged;
        self_.channel.send({{"t", "line"},
                            {"id", call_.id},
                            {"text", enough ? "(it writes more than goes into the log)" : line},
                            {"error", is_error}});
    }

    apiary_self& self_;
    apiary_call& call_;
    apiary_command const& command_;
    Clock::time_point deadline_;
    Pipe output_, errors_;
    int canceling_ = -1;
    Child child_;
    bool killed_ = false;
    Clock::time_point given_up_;
    std::string last_line_;
    std::size_t logged_ = 0;
};

}  // namespace

auto run_program(apiary_self& self, apiary_call& call, apiary_command const& given, apiary_outcome* into) -> int {
    apiary_command command{};  // an older plugin's is shorter
    std::memcpy(&command, &given, std::min(std::size_t{given.size}, sizeof command));
    apiary_outcome outcome{.size = into == nullptr ? 0 : into->size, .status = -1};
    std::string const path = command.path == nullptr ? std::string{"(nothing)"} : command.path;
    std::string fault;
    if (!self.serving) {
        outcome.error = EPERM;
        fault = "configure() runs nothing";
    } else {
        fault = Run{self, call, command}.run(outcome);
    }
    if (!fault.empty()) {
        std::string const text = path + " cannot be run: " + fault;
        std::string const last = shortened(fault, sizeof outcome.last_line - 1);
        std::memcpy(outcome.last_line, last.c_str(), last.size() + 1);
        call.add_message({.level = APIARY_ERROR, .key = {}, .text = text});
        self.log(APIARY_ERROR, text, call.id);
    }
    if (into != nullptr) {
        std::memcpy(into, &outcome, std::min(std::size_t{into->size}, sizeof outcome));
    }
    if (!fault.empty()) {
        errno = outcome.error;
    }
    return fault.empty() ? 0 : -1;
}

}  // namespace apiary::plugin::host
