#include "plugin/host/serve.hpp"

#include <poll.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <future>
#include <memory>
#include <thread>
#include <utility>
#include <vector>

#include "plugin/host/calls.hpp"
#include "plugin/host/hello.hpp"
#include "plugin/host/loading.hpp"
#include "plugin/host/lock.hpp"
#include "plugin/host/output.hpp"
#include "plugin/host/own_descriptors.hpp"
#include "plugin/host/perform.hpp"
#include "plugin/host/rights.hpp"
#include "plugin/host/services.hpp"
#include "plugin/host/start.hpp"
#include "plugin/host/state.hpp"
#include "plugin/members.hpp"

namespace apiary::plugin::host {
namespace {

using namespace std::chrono_literals;

// Nothing of it is ever destroyed: threads of the plugin may still use it while the process ends.
struct Process {
    explicit Process(UniqueFd descriptor) : channel{std::move(descriptor)} {}

    Channel channel;
    apiary_self self{channel, true};
    Output output;
    UniqueFd lock;
    Loaded loaded;
    std::unique_ptr<Performer> performer;
    std::unique_ptr<Calls> calls;
};

// How long the plugin has when the daemon is gone.
constexpr auto grace = 2s;
constexpr int called_exit = 71;
Process* the_process = nullptr;

// exit() would run destructors under the feet of other threads, and could wait for them for ever. It is the last
// handler that is registered, so it is the first that runs.
void plugin_called_exit() {
    the_process->self.log(APIARY_ERROR, "the plugin called exit(), which ends its process");
    ::_exit(called_exit);
}

// Each program that runs takes some descriptors, and each call can run one. Programs themselves get the usual limit
// (child.hpp).
void make_room() {
    constexpr rlim_t enough = 16'384;
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < enough) {
        limit.rlim_cur = std::min(limit.rlim_max, enough);
        ::setrlimit(RLIMIT_NOFILE, &limit);
    }
}

auto rights_from(Json const& hello) -> Rights {
    return {.user = find_text(hello, "user"),
            .capabilities = texts_of(hello, "capabilities"),
            .no_network = flag_of(hello, "no_network")};
}

// Empty: it is there. What it does is in the order of what it needs: the lock may be root's, the keeper must not have
// more rights than the plugin, and is there before a line of the plugin is executed.
auto prepare(Process& process, Hello& hello, std::string const& file) -> std::string {
    auto& self = process.self;
    self.state_folder = text_of(hello.body, "state");
    self.set_bus(text_of(hello.body, "bus"));
    if (!self.state_folder.empty()) {
        auto lock = take_lock(self.state_folder);
        if (auto* fault = std::get_if<std::string>(&lock)) {
            return "its state folder cannot be locked: " + *fault;
        }
        process.lock = std::get<UniqueFd>(std::move(lock));
    }
    std::vector<std::string> warnings;
    if (auto fault = take_rights(rights_from(hello.body), warnings); !fault.empty()) {
        return fault;
    }
    if (!process.output.begin() ||
        !self.keeper.begin(process.channel.descriptor(), process.lock.get(), process.output.descriptor())) {
        return std::string{"its process cannot be set up: "} + std::strerror(errno);
    }
    for (int const one : {process.channel.descriptor(), process.lock.get(), process.output.descriptor()}) {
        closed_in_forks(one);
    }
    process.output.pass_on(self);
    for (auto const& warning : warnings) {
        self.log(APIARY_WARNING, warning);
    }
    auto loaded = load(hello.file.get(), file, services(self));
    hello.file.reset();
    if (auto* fault = std::get_if<std::string>(&loaded)) {
        return *fault;
    }
    process.loaded = std::get<Loaded>(std::move(loaded));
    process.performer = std::make_unique<Performer>(self, process.loaded);
    process.calls = std::make_unique<Calls>([&process](apiary_call& call) { process.performer->perform(call); });
    return {};
}

// In a thread, for init() may ask for secrets, which this one's reading brings.
void begin(Process& process) {
    std::thread{[&process] {
        if (auto const fault = process.performer->initialise(); !fault.empty()) {
            process.self.log(APIARY_ERROR, fault + "; the next call tries again");
        }
        if (!process.channel.send(to_frame(process.loaded.declaration))) {
            tell_failed(process.channel, "its declaration is larger than a frame may be");
        }
    }}.detach();
}

void take(Process& process, Frame& frame) {
    auto const type = type_of(frame);
    auto& body = frame.body;
    if (type == "call") {
        process.calls->add(std::make_shared<apiary_call>(frame));
    } else if (type == "cancel") {
        process.calls->cancel(number_of(body, "id"));
    } else if (type == "secret") {
        auto error =
            find_text(body, "value") ? 0 : static_cast<int>(std::min<std::uint64_t>(number_of(body, "error"), 4095));
        if (!find_text(body, "value") && error == 0) {
            error = EIO;
        }
        process.self.answer_secret(number_of(body, "ask"), {text_of(body, "value"), error});
        if (auto const value = body.find("value"); value != body.end() && value->is_string()) {
            auto& text = value->get_ref<std::string&>();
            ::explicit_bzero(text.data(), text.size());
        }
    } else if (type == "bus") {
        process.self.set_bus(text_of(body, "bus"));
    } else if (type == "quit") {
        process.calls->when_idle([&process] {
            process.performer->shut_down();
            process.output.finish();
            ::_exit(0);
        });
    }
}

// The daemon is gone. The keeper kills what still runs when this process has ended.
[[noreturn]] void end(Process& process) {
    auto const until = Clock::now() + grace;
    process.self.give_up_asking();
    process.calls->cancel_all();
    auto idle = std::make_shared<std::promise<void>>();
    process.calls->when_idle([&process, idle] {
        process.performer->shut_down();
        idle->set_value();
    });
    auto done = idle->get_future();
    done.wait_until(until);
    ::_exit(0);
}

void wait_for_frames(Process& process) {
    for (;;) {
        process.calls->tell_expired();
        int wait = -1;
        if (auto const deadline = process.calls->next_deadline()) {
            wait = milliseconds_until(*deadline);
        }
        pollfd watched{process.channel.descriptor(), POLLIN, 0};
        int const found = ::poll(&watched, 1, wait);
        if (found < 0 && errno != EINTR) {
            return;
        }
        if (found <= 0) {
            continue;
        }
        if ((watched.revents & POLLNVAL) != 0) {
            ::_exit(channel_lost);  // the plugin closed it
        }
        if (!process.channel.take()) {
            return;
        }
        while (auto frame = process.channel.received()) {
            take(process, *frame);
        }
    }
}

}  // namespace

auto serve(UniqueFd descriptor, std::string const& file) -> int {
    the_process = new Process{std::move(descriptor)};
    auto& process = *the_process;
    ::setsid();  // a terminal's signals are the daemon's to judge
    static_cast<void>(!::chdir("/"));
    make_room();
    ::signal(SIGPIPE, SIG_IGN);
    if (::getenv("PATH") == nullptr) {
        ::setenv("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", 1);
    }
    auto hello = receive_hello(process.channel);
    std::string fault;
    if (auto* text = std::get_if<std::string>(&hello)) {
        fault = *text;
        if (fault.empty()) {
            return 0;
        }
    } else {
        fault = prepare(process, std::get<Hello>(hello), file);
    }
    if (!fault.empty()) {
        tell_failed(process.channel, fault);
        ::_exit(1);
    }
    std::atexit(plugin_called_exit);
    begin(process);
    wait_for_frames(process);
    end(process);
}

}  // namespace apiary::plugin::host
