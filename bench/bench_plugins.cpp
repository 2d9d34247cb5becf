// What a call of a plugin costs: an empty prestart and poststop, and a change of state, through the plugin's process
// and back on the loop; against the same functions called in the process of the loop, and against a bare exchange of as
// many bytes with another process over a socket pair.
//   bench_plugins FOLDER SAMPLES   FOLDER has empty.so, is root's (or the caller's), and nobody else's to write to
#include <apiary/plugin.h>
#include <dlfcn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <filesystem>
#include <functional>
#include <stdexcept>
#include <string>
#include <vector>

#include "main/asio_loop.hpp"
#include "plugin/plugin_events.hpp"
#include "plugin/plugin_step.hpp"
#include "plugin/scan.hpp"
#include "samples.hpp"
#include "supervision/children.hpp"

namespace {

using namespace apiary;
using bench::now_ns;
using bench::Samples;

constexpr int rounds = 5;                                      // so that what else goes on falls upon all alike
constexpr std::size_t asked_bytes = 260, answered_bytes = 80;  // as the frames of a prestart and its end

class Spawner : public plugin::Spawner {
public:
    explicit Spawner(supervision::Children& children) : children_{children} {}
    [[nodiscard]] auto spawn(std::string const& program, std::vector<std::string> argv, UniqueFd channel,
                             std::function<void(int)> ended) -> pid_t override {
        return children_.spawn(program, std::move(argv), std::move(channel), std::move(ended));
    }
    void kill(pid_t child) override { children_.kill(child); }

private:
    supervision::Children& children_;
};

// Another process that answers each message at once, and does nothing else.
class Echo {
public:
    explicit Echo(Loop& loop) {
        std::array<int, 2> ends{};
        if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()) != 0) {
            throw std::runtime_error{"no socket pair"};
        }
        ours_.reset(ends[0]);
        UniqueFd const theirs{ends[1]};
        child_ = ::fork();
        if (child_ == 0) {
            ours_.reset();
            std::array<char, 4096> buffer{};
            while (::recv(theirs.get(), buffer.data(), buffer.size(), 0) > 0 &&
                   ::send(theirs.get(), buffer.data(), answered_bytes, MSG_NOSIGNAL) > 0) {
            }
            ::_exit(0);
        }
        readable_ = loop.watch(ours_.get(), Readiness::readable, [this] {
            std::array<char, 4096> buffer{};
            if (::recv(ours_.get(), buffer.data(), buffer.size(), MSG_DONTWAIT) > 0) {
                auto const done = std::move(done_);
                done();
            }
        });
    }
    ~Echo() {
        readable_.reset();
        ours_.reset();
        ::waitpid(child_, nullptr, 0);
    }
    Echo(Echo const&) = delete;
    auto operator=(Echo const&) -> Echo& = delete;

    void ask(std::function<void()> done) {
        done_ = std::move(done);
        std::array<char, asked_bytes> const message{};
        if (::send(ours_.get(), message.data(), message.size(), MSG_NOSIGNAL) < 0) {
            throw std::runtime_error{"the other process is gone"};
        }
    }

private:
    UniqueFd ours_;
    pid_t child_ = 0;
    std::function<void()> done_;
    Handle readable_;
};

class Bench {
public:
    explicit Bench(std::string const& folder) : state_{folder + "/state"} {
        std::filesystem::create_directories(world_.state_root);
        plugin::Inspector inspector{world_.host_program};
        auto scan = plugin::scan_plugins(
            {.folders = {folder}, .user = ::geteuid(), .state_root = world_.state_root, .key_owner = {}}, inspector);
        if (scan.plugins.size() != 1 || !scan.plugins[0].declaration) {
            throw std::runtime_error{"no plugin in " + folder + ": " +
                                     (scan.plugins.empty() ? "" : scan.plugins[0].fault)};
        }
        auto const path = scan.plugins[0].file.path;
        plugin_.take(std::move(scan.plugins[0].file), std::move(*scan.plugins[0].declaration));
        void* const loaded = ::dlopen(path.c_str(), RTLD_NOW);
        auto const entry = reinterpret_cast<apiary_plugin const* (*)(apiary_host const*)>(
            loaded != nullptr ? ::dlsym(loaded, "apiary_plugin_entry") : nullptr);
        if (entry == nullptr) {
            throw std::runtime_error{path + " cannot be loaded"};
        }
        direct_ = entry(nullptr);
        auto made = std::make_shared<Definition>();
        made->name = "bench";
        definition_ = made;
        turn_.events.push_back({.seq = 1, .vm = "bench", .type = EventType::state});
    }

    // The function alone, and nothing around it; at once. The others are run by run().
    void call_bare(Samples& samples, int count) {
        constexpr int at_once = 1000;
        auto* const volatile function = direct_->prestart;
        for (int i = 0; i < count; i += at_once) {
            auto const begin = now_ns();
            for (int k = 0; k < at_once; ++k) {
                function(nullptr, nullptr);
            }
            samples.add(now_ns() - begin);
        }
    }
    void call_in_process(Samples& samples, int count) {
        each(samples, count, [this](std::function<void()> done) {
            direct_->prestart(nullptr, nullptr);
            loop_.post(std::move(done));
        });
    }
    void exchange(Samples& samples, int count) {
        each(samples, count, [this](std::function<void()> done) { echo_.ask(std::move(done)); });
    }
    void prestart(Samples& samples, int count) {
        each(samples, count, [this](std::function<void()> const& done) {
            step_.prestart(call(++attempt_), [done](StepResult const& result) { check(result, done); });
        });
    }
    void poststop(Samples& samples, int count) {
        each(samples, count, [this](std::function<void()> const& done) {
            step_.poststop(call(++attempt_), [done](StepResult const& result) { check(result, done); });
        });
    }
    // How long the daemon's loop is busy with telling, and how long it takes until the plugin has heard and answered.
    void event(Samples& told, Samples& heard, int count) {
        each(ignored_, count, [this, &told](std::function<void()> const& done) {
            auto const begin = now_ns();
            events_.on_turn(turn_);
            told.add(now_ns() - begin);
            fence(done);
        });
        each(heard, count, [this](std::function<void()> const& done) { fence(done); });
    }

    void run() {
        loop_.post([this] { next(); });
        loop_.run();
    }

private:
    // One more event about the same VM: until it was heard and answered.
    void fence(std::function<void()> const& done) {
        plugin_.call({.frame = event_,
                      .settings = none_,
                      .timeout = std::chrono::seconds{10},
                      .vm = "bench",
                      .log = nullptr,
                      .is_event = true},
                     [done](plugin::Answer const&) { done(); });
    }
    static void check(StepResult const& result, std::function<void()> const& done) {
        if (result.kind != StepResult::Kind::ok) {
            std::fprintf(stderr, "bench_plugins: %s\n", result.text.c_str());
            std::exit(1);
        }
        done();
    }
    [[nodiscard]] auto call(std::uint64_t attempt) const -> StepCall {
        return {.definition = definition_,
                .id = 1,
                .incarnation = 1,
                .attempt = attempt,
                .run_dir = "/run/apiary/vm/1/1",
                .contributions = {}};
    }
    using One = std::function<void(std::function<void()>)>;
    struct Phase {
        Samples& samples;
        int left;
        One one;
    };
    // One after the other, each from the loop and back on it; in run().
    void each(Samples& samples, int count, One one) { phases_.push_back({samples, count, std::move(one)}); }
    void next() {
        if (phases_.empty()) {
            loop_.stop();
            return;
        }
        auto const begin = now_ns();
        phases_.front().one([this, begin] {
            auto& phase = phases_.front();
            phase.samples.add(now_ns() - begin);
            if (--phase.left == 0) {
                phases_.pop_front();
            }
            loop_.post([this] { next(); });
        });
    }

    std::deque<Phase> phases_;
    Samples ignored_{""};
    Turn turn_;
    std::string state_;
    AsioLoop loop_;
    supervision::Children children_{loop_};
    Spawner spawner_{children_};
    Echo echo_{loop_};
    plugin::PluginWorld world_{.loop = loop_,
                               .spawner = spawner_,
                               .host_program = APIARY_BENCH_HOST,
                               .state_root = state_,
                               .strike_limit = {},
                               .settings = [](Definition const&, std::string const&) { return plugin::Settings{}; },
                               .bus = {},
                               .log = [](int, std::string const&) {},
                               .note = [](std::string const&, std::map<std::string, std::string> const&) {},
                               .changed = [](std::string const&) {},
                               .availability = [](std::string const&) {}};
    plugin::Plugin plugin_{world_, "empty"};
    plugin::PluginStep step_{world_, plugin_};
    plugin::PluginEvents events_{[this](auto const& visit) { visit(plugin_); },
                                 [](std::string_view) { return nullptr; },
                                 [](Definition const&) { return std::string{}; }};
    apiary_plugin const* direct_ = nullptr;
    DefinitionPtr definition_;
    std::uint64_t attempt_ = 0;
    plugin::Json event_{
        {"t", "call"},
        {"what", "event"},
        {"timeout", 10'000},
        {"vm", plugin::vm_frame({.name = "bench", .id = 0, .incarnation = 1, .run_folder = {}, .settings = {}})},
        {"event", {{"seq", 1}, {"type", "state"}, {"fields", {{"state", "running"}, {"old-state", "starting"}}}}}};
    std::shared_ptr<std::string const> none_ = std::make_shared<std::string const>("[]");
};

void run(std::string const& folder, int count) {
    Bench bench{folder};
    Samples warm{""}, bare{"limit: 1,000 calls of its function"}, direct{"limit: in process, and a turn of the loop"},
        exchange{"limit: bare exchange with another process"}, prestart{"prestart through the plugin's process"},
        poststop{"poststop through the plugin's process"}, told{"a change of state: the daemon's loop is busy"},
        heard{"a change of state: until it is answered"};
    bench.prestart(warm, 100);
    for (int i = 0; i < rounds; ++i) {
        bench.call_bare(bare, count);
        bench.call_in_process(direct, count / rounds);
        bench.exchange(exchange, count / rounds);
        bench.prestart(prestart, count / rounds);
        bench.poststop(poststop, count / rounds);
        bench.event(told, heard, count / rounds);
    }
    bench.run();
    bench::print("empty prestart, against 1,000 calls of its function", bare, prestart);
    bench::print("empty prestart, against a direct call", direct, prestart);
    bench::print("empty prestart, against a bare exchange", exchange, prestart);
    bench::print("empty poststop, against a bare exchange", exchange, poststop);
    bench::print("change of state, against a direct call: what the loop does", direct, told);
    bench::print("change of state, against a bare exchange: round trip", exchange, heard);
}

}  // namespace

auto main(int argc, char** argv) -> int {
    try {
        if (argc != 3) {
            throw std::runtime_error{"usage: bench_plugins FOLDER SAMPLES"};
        }
        run(argv[1], std::atoi(argv[2]));
        return 0;
    } catch (std::exception const& error) {
        std::fprintf(stderr, "bench_plugins: %s\n", error.what());
        return 1;
    }
}
