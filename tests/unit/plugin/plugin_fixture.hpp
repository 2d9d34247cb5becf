// A plugin whose process is the test: it reads the frames that the daemon writes, and answers.
#pragma once

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <deque>

#include "plugin/members.hpp"
#include "plugin/plugin_events.hpp"
#include "plugin/plugin_step.hpp"
#include "support/fake_loop.hpp"
#include "support/temporary_folder.hpp"

namespace apiary::plugin::test {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using Words = std::vector<std::string>;

struct FakeHost {
    UniqueFd channel;
    FrameReader reader;
    std::function<void(int)> ended;
    std::deque<Json> heard;  // but for hello
    bool greeted = false, killed = false;
};

class FakeSpawner : public Spawner {
public:
    [[nodiscard]] auto spawn(std::string const&, std::vector<std::string>, UniqueFd channel,
                             std::function<void(int)> ended) -> pid_t override {
        if (error != 0) {
            errno = error;
            return 0;
        }
        auto& host = hosts.emplace_back();
        host.channel.reset(::fcntl(channel.get(), F_DUPFD_CLOEXEC, 3));
        host.ended = std::move(ended);
        return 1000 + static_cast<pid_t>(hosts.size());
    }
    void kill(pid_t child) override { hosts.at(static_cast<std::size_t>(child) - 1001).killed = true; }
    std::deque<FakeHost> hosts;
    int error = 0;
};

class PluginFixture : public ::testing::Test {
protected:
    PluginFixture() {
        world.state_root = folder.path() + "/plugins";
        declaration.name = "web";
        declaration.version = "1";
        declaration.has = {.prestart = true, .poststop = true, .event = true};
        declaration.prestart_timeout = seconds{20};
        declaration.poststop_timeout = seconds{20};
        declaration.events = {"state"};
        plugin = std::make_unique<Plugin>(world, "web");
        step = std::make_unique<PluginStep>(world, *plugin);
    }
    ~PluginFixture() override {
        step->part();
        plugin.reset();
        loop.run_ready();
    }
    void take(ino_t inode = 1) {
        plugin->take({.name = "web",
                      .path = "/plugins/web.so",
                      .id = {.device = 1, .inode = inode},
                      .fd = std::make_shared<UniqueFd>(::open("/dev/null", O_RDONLY | O_CLOEXEC)),
                      .fault = {}},
                     declaration);
        run();
    }
    // The loop and all processes, until nothing happens.
    void run() {
        for (int i = 0; i < 4; ++i) {
            loop.run_ready();
            for (auto& host : spawner.hosts) {
                hear(host);
            }
        }
    }
    void hear(FakeHost& host) {
        while (host.channel && receive_some(host.channel.get(), host.reader, false) == Received::some) {
        }
        while (auto frame = host.reader.next()) {
            if (type_of(*frame) == "hello") {
                if (!silent) {
                    host.greeted = true;
                    say(to_frame(declaration), host);
                }
            } else {
                host.heard.push_back(std::move(frame->body));
            }
        }
        if (host.killed && host.ended) {
            end(host, 9);
        }
    }
    void say(Json frame, FakeHost& host) {
        OutgoingFrame out{std::move(frame)};
        ASSERT_EQ(send_some(host.channel.get(), out, false), Sent::all);
    }
    void end(FakeHost& host, int status) {
        host.channel.reset();
        if (auto const ended = std::exchange(host.ended, nullptr)) {
            ended(status);
        }
    }
    auto host() -> FakeHost& { return spawner.hosts.back(); }
    // What it heard, as words: "prestart 7", "cancel 1", "quit".
    auto heard(FakeHost& of) -> Words {
        Words all;
        for (auto const& one : of.heard) {
            all.push_back(one["t"] == "call"
                              ? one["what"].get<std::string>() + " " + std::to_string(number_of(one, "attempt"))
                              : one["t"].get<std::string>());
        }
        return all;
    }
    void answer(std::string const& what, std::string const& result = "ok", Json contributions = Json::array(),
                std::string const& text = {}) {
        auto& heard = host().heard;
        auto const call = std::ranges::find_if(heard, [&what](Json const& one) {
            return one["t"] == "call" && one["what"] == what && !one.contains("answered");
        });
        ASSERT_NE(call, heard.end()) << what;
        (*call)["answered"] = true;
        say({{"t", "end"}, {"id", (*call)["id"]}, {"result", result}, {"text", text}, {"contributions", contributions}},
            host());
        run();
    }
    auto call_of(std::uint64_t attempt, std::string const& vm = "vm") -> StepCall {
        auto made = std::make_shared<Definition>();
        made->name = vm;
        return {
            .definition = made, .id = 1, .incarnation = 1, .attempt = attempt, .run_dir = "/run", .contributions = {}};
    }
    auto prestart(std::uint64_t attempt, std::string const& vm = "vm") -> std::shared_ptr<std::optional<StepResult>> {
        auto result = std::make_shared<std::optional<StepResult>>();
        step->prestart(call_of(attempt, vm), [result](StepResult made) { *result = std::move(made); });
        run();
        return result;
    }
    auto poststop(std::uint64_t attempt, std::string const& vm = "vm") -> std::shared_ptr<std::optional<StepResult>> {
        auto result = std::make_shared<std::optional<StepResult>>();
        step->poststop(call_of(attempt, vm), [result](StepResult made) { *result = std::move(made); });
        run();
        return result;
    }

    apiary::test::FakeLoop loop;
    FakeSpawner spawner;
    apiary::test::TemporaryFolder const folder;
    Words log;
    PluginWorld world{.loop = loop,
                      .spawner = spawner,
                      .host_program = "/host",
                      .state_root = {},
                      .strike_limit = {},
                      .settings = [](Definition const&, std::string const&) { return Settings{}; },
                      .bus = {},
                      .log = [this](int, std::string const& text) { log.push_back(text); },
                      .note = [](std::string const&, std::map<std::string, std::string> const&) {},
                      .changed = [](std::string const&) {},
                      .availability = [](std::string const&) {}};
    Declaration declaration;
    bool silent = false;
    std::unique_ptr<Plugin> plugin;
    std::unique_ptr<PluginStep> step;
};

}  // namespace apiary::plugin::test
