#include "plugin/inspect.hpp"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <exception>
#include <system_error>
#include <thread>
#include <utility>

#include "plugin/members.hpp"
#include "plugin/protocol.hpp"
#include "plugin/spawner.hpp"
#include "plugin/vm_json.hpp"

namespace apiary::plugin {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr std::size_t longest_words = 2000, most_messages = 100;
constexpr int most_deaths = 3;  // of one checker: then it is not begun again

auto system_text(int error) -> std::string {
    return std::generic_category().message(error);
}

// A host for a moment: killed and reaped, whatever happens.
class ShortHost {
public:
    ShortHost() = default;
    ShortHost(ShortHost const&) = delete;
    auto operator=(ShortHost const&) -> ShortHost& = delete;
    ~ShortHost() { (void)end(); }

    // Empty: it runs, and was greeted.
    auto begin(std::string const& program, char const* mode, PluginFile const& file) -> std::string {
        int pair[2] = {-1, -1};
        if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0) {
            return "there is no socket for its process: " + system_text(errno);
        }
        UniqueFd theirs{pair[1]};
        channel_.reset(pair[0]);
        // Above the standard descriptors: dup2 onto itself would leave it to be closed.
        theirs.reset(::fcntl(theirs.get(), F_DUPFD_CLOEXEC, 3));
        UniqueFd copy{::fcntl(file.fd->get(), F_DUPFD_CLOEXEC, 3)};
        if (!theirs || !copy) {
            return "there is no descriptor for its process: " + system_text(errno);
        }
        if (int const error = spawn(program, mode, file.path, theirs.get()); error != 0) {
            return "its process, " + program + ", cannot be started: " + system_text(error);
        }
        std::vector<UniqueFd> descriptors;
        descriptors.push_back(std::move(copy));
        OutgoingFrame hello{Json{{"t", "hello"}, {"protocol", protocol_version}, {"version", APIARY_VERSION}},
                            std::move(descriptors)};
        (void)send_some(channel_.get(), hello, true);  // where nobody is, reading tells
        return {};
    }

    auto send(Json frame, Clock::time_point deadline) -> bool {
        OutgoingFrame out{std::move(frame)};
        for (;;) {
            auto const sent = out.valid() ? send_some(channel_.get(), out, false) : Sent::gone;
            if (sent != Sent::again) {
                return sent == Sent::all;
            }
            if (!wait(POLLOUT, deadline)) {
                return false;
            }
        }
    }

    // Nothing: why() says why not.
    auto receive(Clock::time_point deadline) -> std::optional<Frame> {
        for (;;) {
            if (auto frame = reader_.next()) {
                return frame;
            }
            if (!reader_.fault().empty()) {
                why_ = "it wrote to the daemon what makes no sense: " + reader_.fault();
                return std::nullopt;
            }
            if (!wait(POLLIN, deadline)) {
                why_ = "it did not answer in time";
                return std::nullopt;
            }
            if (receive_some(channel_.get(), reader_, false) == Received::end) {
                why_ = "its process " + end_text(end());
                return std::nullopt;
            }
        }
    }
    [[nodiscard]] auto why() const -> std::string const& { return why_; }

private:
    auto spawn(std::string const& program, char const* mode, std::string const& path, int channel) -> int {
        posix_spawn_file_actions_t actions;
        posix_spawnattr_t attributes;
        ::posix_spawn_file_actions_init(&actions);
        ::posix_spawnattr_init(&attributes);
        sigset_t none;
        sigset_t all;
        ::sigemptyset(&none);
        ::sigfillset(&all);
        bool const arranged =
            ::posix_spawn_file_actions_adddup2(&actions, channel, channel_descriptor) == 0 &&
            ::posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0) == 0 &&
            ::posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0) == 0 &&
            ::posix_spawnattr_setsigmask(&attributes, &none) == 0 &&
            ::posix_spawnattr_setsigdefault(&attributes, &all) == 0 &&
            ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF) == 0;
        std::array<std::string, 3> words{program, mode, path};
        std::array<char*, 4> arguments{words[0].data(), words[1].data(), words[2].data(), nullptr};
        std::array<char*, 1> environment{nullptr};
        int const error = arranged ? ::posix_spawn(&pid_, program.c_str(), &actions, &attributes, arguments.data(),
                                                   environment.data())
                                   : ENOMEM;
        ::posix_spawn_file_actions_destroy(&actions);
        ::posix_spawnattr_destroy(&attributes);
        pid_ = error == 0 ? pid_ : 0;
        return error;
    }

    auto wait(short events, Clock::time_point deadline) -> bool {
        for (;;) {
            auto const left = std::chrono::ceil<milliseconds>(deadline - Clock::now()).count();
            pollfd watched{channel_.get(), events, 0};
            int const ready = left <= 0 ? 0 : ::poll(&watched, 1, static_cast<int>(left));
            if (ready >= 0 || errno != EINTR) {
                return ready > 0;
            }
        }
    }

    auto end() -> int {
        channel_.reset();
        int status = -1;
        if (pid_ > 0) {
            ::kill(pid_, SIGKILL);
            pid_t got = 0;
            do {
                got = ::waitpid(pid_, &status, 0);
            } while (got < 0 && errno == EINTR);
            status = got == pid_ ? status : -1;
            pid_ = 0;
        }
        return status;
    }

    pid_t pid_ = 0;
    UniqueFd channel_;
    FrameReader reader_;
    std::string why_;
};

}  // namespace

auto Inspector::ask(PluginFile const& file) const -> Inspected {
    ShortHost host;
    if (auto why = host.begin(program_, "--describe", file); !why.empty()) {
        return {.declaration = std::nullopt, .fault = std::move(why)};
    }
    auto const deadline = Clock::now() + patience_;
    while (auto const frame = host.receive(deadline)) {
        if (type_of(*frame) == "failed") {
            return {.declaration = std::nullopt,
                    .fault = "it cannot be loaded: " + shortened(text_of(frame->body, "text"), longest_words)};
        }
        if (type_of(*frame) != "plugin") {
            continue;
        }
        if (auto const theirs = number_of(frame->body, "protocol"); theirs != protocol_version) {
            return {.declaration = std::nullopt,
                    .fault = program_ + " speaks version " + std::to_string(theirs) +
                             " of the protocol, this apiaryd version " + std::to_string(protocol_version) +
                             ": install both from one package"};
        }
        auto declaration = declaration_from(frame->body);
        std::string faults;
        for (auto const& fault : judge(declaration, file.name + ".so")) {
            faults += (faults.empty() ? "" : "; ") + fault;
        }
        if (!faults.empty()) {
            return {.declaration = std::nullopt, .fault = std::move(faults)};
        }
        return {.declaration = std::move(declaration), .fault = {}};
    }
    return {.declaration = std::nullopt, .fault = "it cannot be asked what it is: " + host.why()};
}

auto Inspector::describe(PluginFile const& file) -> Inspected {
    if (!file.fd) {
        return {.declaration = std::nullopt, .fault = file.fault};
    }
    {
        std::lock_guard const lock{mutex_};
        if (auto const found = known_.find(file.id); found != known_.end()) {
            return found->second;
        }
    }
    auto made = ask(file);
    std::lock_guard const lock{mutex_};
    if (known_.size() >= 4 * max_plugins) {
        known_.clear();
    }
    if (made.declaration) {  // what went wrong may go well the next time
        known_.insert_or_assign(file.id, made);
    }
    return made;
}

auto Inspector::describe(std::vector<PluginFile> const& files) -> std::vector<Inspected> {
    std::vector<Inspected> made(files.size());
    std::atomic<std::size_t> next{0};
    auto const work = [this, &files, &made, &next] {
        for (auto i = next++; i < files.size(); i = next++) {
            try {
                made[i] = describe(files[i]);
            } catch (std::exception const& error) {  // no memory: the next look may go well
                made[i] = {.declaration = std::nullopt,
                           .fault = std::string{"it cannot be asked what it is: "} + error.what()};
            }
        }
    };
    {
        struct Workers {
            std::vector<std::thread> threads;
            ~Workers() {
                for (auto& thread : threads) {
                    thread.join();
                }
            }
        } workers;
        workers.threads.reserve(files.size());
        try {
            while (workers.threads.size() + 1 < files.size()) {
                workers.threads.emplace_back(work);
            }
        } catch (std::system_error const&) {
            // A host that has no more threads: fewer do it, and it takes longer.
        }
        work();
    }
    return made;
}

class Checker::Child : public ShortHost {};

Checker::Checker(std::string host_program, PluginFile file, Declaration declaration, milliseconds patience)
    : program_{std::move(host_program)},
      file_{std::move(file)},
      declaration_{std::move(declaration)},
      patience_{patience} {}

Checker::~Checker() = default;

auto Checker::check(std::string const& vm, unsigned id, Settings settings) -> Checked {
    if (deaths_ >= most_deaths) {
        return {.ok = true, .messages = {}, .trouble = "it has failed for several VMs, and is not asked any more"};
    }
    auto const deadline = Clock::now() + patience_;
    auto const number = ++last_id_;
    std::string why;
    if (!child_) {
        child_ = std::make_unique<Child>();
        why = child_->begin(program_, "--configure", file_);
    }
    VmFacts facts{.name = vm, .id = id, .incarnation = 0, .run_folder = {}, .settings = std::move(settings)};
    if (why.empty()) {
        (void)child_->send({{"t", "check"}, {"id", number}, {"vm", vm_to_json(std::move(facts), declaration_)}},
                           deadline);
        while (auto const frame = child_->receive(deadline)) {
            auto const& body = frame->body;
            if (type_of(*frame) == "failed") {
                why = shortened(text_of(body, "text"), longest_words);
                break;
            }
            if (type_of(*frame) != "checked" || number_of(body, "id") != number) {
                continue;
            }
            Checked made{.ok = flag_of(body, "ok"), .messages = {}, .trouble = {}};
            auto const messages = body.find("messages");
            for (auto const& one : messages != body.end() && messages->is_array() ? *messages : Json::array()) {
                bool const fits = one.is_array() && one.size() == 3 && one[0].is_number_integer() &&
                                  (one[1].is_string() || one[1].is_null()) && one[2].is_string();
                if (fits && made.messages.size() < most_messages) {
                    made.messages.push_back({.level = one[0].get<int>(),
                                             .key = one[1].is_string() ? one[1].get<std::string>() : "",
                                             .text = shortened(one[2].get<std::string>(), longest_words)});
                }
            }
            return made;
        }
        why = why.empty() ? child_->why() : why;
    }
    child_ = nullptr;
    ++deaths_;
    return {.ok = true, .messages = {}, .trouble = std::move(why)};
}

}  // namespace apiary::plugin
