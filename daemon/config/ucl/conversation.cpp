#include "config/ucl/conversation.hpp"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <optional>
#include <system_error>
#include <utility>

#include "config/ucl/stream.hpp"
#include "vm/unique_fd.hpp"

namespace apiary::config::ucl {
namespace {

using Clock = std::chrono::steady_clock;

auto error_text(int error) -> std::string {
    return std::error_code{error, std::generic_category()}.message();
}

// A process of ours: killed and reaped, whatever happens.
class Child {
public:
    Child() = default;
    Child(Child const&) = delete;
    auto operator=(Child const&) -> Child& = delete;
    ~Child() {
        if (pid_ > 0) {
            ::kill(pid_, SIGKILL);
            (void)reap();
        }
    }

    // Empty: it runs.
    auto start(ChildProgram const& program, int socket) -> std::string {
        posix_spawn_file_actions_t actions;
        posix_spawnattr_t attributes;
        ::posix_spawn_file_actions_init(&actions);
        ::posix_spawnattr_init(&attributes);
        sigset_t none, all;
        ::sigemptyset(&none);
        ::sigfillset(&all);
        bool const arranged =
            ::posix_spawn_file_actions_adddup2(&actions, socket, 0) == 0 &&
            ::posix_spawn_file_actions_adddup2(&actions, socket, 1) == 0 &&
            ::posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0) == 0 &&
            ::posix_spawnattr_setsigmask(&attributes, &none) == 0 &&
            ::posix_spawnattr_setsigdefault(&attributes, &all) == 0 &&
            ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF) == 0;
        auto uid = std::to_string(program.uid);
        auto gid = std::to_string(program.gid);
        auto path = program.path;
        std::array<char*, 4> arguments{path.data(), uid.data(), gid.data(), nullptr};
        std::array<char*, 1> environment{nullptr};
        int const error = arranged ? ::posix_spawn(&pid_, program.path.c_str(), &actions, &attributes, arguments.data(),
                                                   environment.data())
                                   : ENOMEM;
        ::posix_spawn_file_actions_destroy(&actions);
        ::posix_spawnattr_destroy(&attributes);
        if (error != 0) {
            pid_ = 0;
            return error_text(error);
        }
        return {};
    }

    void kill() const {
        if (pid_ > 0) {
            ::kill(pid_, SIGKILL);
        }
    }

    // Its status; nothing: somebody else has it.
    auto reap() -> std::optional<int> {
        int status = 0;
        pid_t got = 0;
        do {
            got = ::waitpid(pid_, &status, 0);
        } while (got < 0 && errno == EINTR);
        pid_ = 0;
        return got > 0 ? std::optional{status} : std::nullopt;
    }

private:
    pid_t pid_ = 0;
};

auto death_of(std::optional<int> status) -> std::string {
    if (!status || !WIFSIGNALED(*status)) {
        return "its reader (apiary-ucl) ended without an answer";
    }
    switch (WTERMSIG(*status)) {
        case SIGXCPU:
        case SIGALRM:
            return "it takes too long to read";
        case SIGSYS:
            return "its reader (apiary-ucl) wanted to do what it may not, and was ended";
        default:
            return "its reader (apiary-ucl) crashed over it (signal " + std::to_string(WTERMSIG(*status)) + ")";
    }
}

class Conversation {
public:
    Conversation(std::vector<std::string_view> const& texts, Patience const& patience, Answered const& answered)
        : texts_{texts}, patience_{patience}, answered_{answered} {}

    auto run(ChildProgram const& program) -> Trouble {
        int pair[2] = {-1, -1};
        if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0) {
            return {"no socket for its reader: " + error_text(errno), true};
        }
        UniqueFd ends[2] = {UniqueFd{pair[0]}, UniqueFd{pair[1]}};
        for (auto& end : ends) {
            // Above the standard descriptors: dup2 onto itself would leave it to be closed.
            end.reset(::fcntl(end.get(), F_DUPFD_CLOEXEC, 3));
            if (!end) {
                return {"no descriptor for its reader: " + error_text(errno), true};
            }
        }
        if (auto const error = child_.start(program, ends[1].get()); !error.empty()) {
            return {"its reader, " + program.path + ", cannot be started: " + error, true};
        }
        ends[1].reset();
        socket_ = std::move(ends[0]);
        ::fcntl(socket_.get(), F_SETFL, O_NONBLOCK);
        return talk();
    }

private:
    auto talk() -> Trouble {
        queue();
        deadline_ = Clock::now() + patience_.each;
        while (!done()) {
            auto const until = std::min(deadline_, patience_.until);
            auto const left = std::chrono::duration_cast<std::chrono::milliseconds>(until - Clock::now()).count();
            if (left <= 0) {
                child_.kill();
                return {"it takes too long to read", false};
            }
            pollfd wait{socket_.get(), static_cast<short>(POLLIN | (sending() ? POLLOUT : 0)), 0};
            if (::poll(&wait, 1, static_cast<int>(std::min<long long>(left, 60'000))) < 0 && errno != EINTR) {
                return {"cannot wait for its reader: " + error_text(errno), true};
            }
            if ((wait.revents & POLLOUT) != 0) {
                send();
            }
            if ((wait.revents & (POLLIN | POLLHUP | POLLERR)) != 0 && !receive()) {
                return silence();
            }
            if (!understand()) {
                child_.kill();
                return {"its reader (apiary-ucl) gave an answer that makes no sense", false};
            }
        }
        socket_.reset();
        return {};
    }

    [[nodiscard]] auto done() const -> bool { return stopped_ || next_ == texts_.size(); }
    [[nodiscard]] auto sending() const -> bool { return sent_ < texts_.size(); }

    // The size of the text before the text itself.
    void queue() {
        head_.clear();
        sent_of_ = 0;
        if (sending()) {
            put_number(head_, static_cast<std::uint32_t>(texts_[sent_].size()));
        }
    }

    void send() {
        while (sending()) {
            auto const part = sent_of_ < head_.size() ? std::string_view{head_}.substr(sent_of_)
                                                      : texts_[sent_].substr(sent_of_ - head_.size());
            ssize_t const put = part.empty() ? 0 : ::send(socket_.get(), part.data(), part.size(), MSG_NOSIGNAL);
            if (put < 0) {
                return;  // it is full, or nobody is there any more: reading will tell
            }
            sent_of_ += static_cast<std::size_t>(put);
            if (sent_of_ == head_.size() + texts_[sent_].size()) {
                ++sent_;
                queue();
            }
        }
        ::shutdown(socket_.get(), SHUT_WR);
    }

    // False: the child has said all that it will.
    auto receive() -> bool {
        std::array<char, 65536> buffer;
        ssize_t const got = ::recv(socket_.get(), buffer.data(), buffer.size(), 0);
        if (got < 0) {
            return errno == EAGAIN || errno == EINTR;
        }
        heard_.append(buffer.data(), static_cast<std::size_t>(got));
        return got > 0;
    }

    // Takes what is complete of what was heard. False: it cannot be right.
    auto understand() -> bool {
        std::size_t used = 0;
        std::string_view const heard{heard_};
        if (!greeted_) {
            if (heard.size() < greeting.size()) {
                return greeting.starts_with(heard) || heard.starts_with("apiary-ucl: ");
            }
            if (!heard.starts_with(greeting)) {
                return heard.starts_with("apiary-ucl: ") && heard.size() < 1000;
            }
            greeted_ = true;
            used = greeting.size();
        }
        while (!done() && heard.size() - used >= 4) {
            std::uint32_t size = 0;
            for (unsigned i = 0; i < 4; ++i) {
                size |= std::uint32_t{static_cast<unsigned char>(heard[used + i])} << (8 * i);
            }
            if (size == 0 || size > largest_answer(texts_[next_].size())) {
                return false;
            }
            if (heard.size() - used - 4 < size) {
                break;
            }
            stopped_ = !answered_(next_, heard.substr(used + 4, size));
            used += std::size_t{4} + size;
            ++next_;
            deadline_ = Clock::now() + patience_.each;
        }
        heard_.erase(0, used);
        return true;
    }

    // It ended before its time.
    auto silence() -> Trouble {
        socket_.reset();
        auto const status = child_.reap();
        if (greeted_) {
            return {death_of(status), false};
        }
        constexpr std::string_view complaint = "apiary-ucl: ";
        if (heard_.starts_with(complaint)) {
            std::string why = heard_.substr(complaint.size());
            why.erase(std::remove_if(why.begin(), why.end(), [](char c) { return c < ' ' || c > '~'; }), why.end());
            return {"its reader (apiary-ucl) cannot lock itself in: " + why, true};
        }
        return {"its reader (apiary-ucl) ended before it began", true};
    }

    std::vector<std::string_view> const& texts_;
    Patience const& patience_;
    Clock::time_point deadline_;  // of the next answer
    Answered const& answered_;
    Child child_;
    UniqueFd socket_;
    std::string head_, heard_;
    std::size_t sent_ = 0, sent_of_ = 0, next_ = 0;
    bool greeted_ = false, stopped_ = false;
};

}  // namespace

auto converse(ChildProgram const& program, std::vector<std::string_view> const& texts, Patience const& patience,
              Answered const& answered) -> Trouble {
    return Conversation{texts, patience, answered}.run(program);
}

}  // namespace apiary::config::ucl
