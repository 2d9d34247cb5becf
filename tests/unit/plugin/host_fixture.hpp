// A real apiary-plugin-host with a real plugin, spoken to at the level of the protocol.
#pragma once

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <initializer_list>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "plugin/declaration.hpp"
#include "plugin/frames.hpp"
#include "plugin/members.hpp"
#include "plugin/protocol.hpp"
#include "support/temporary_folder.hpp"

namespace apiary::plugin {

using Settings = std::vector<std::pair<std::string, std::vector<std::string>>>;

class HostProcess {
public:
    HostProcess() = default;
    HostProcess(HostProcess const&) = delete;
    auto operator=(HostProcess const&) -> HostProcess& = delete;
    ~HostProcess() {
        channel.reset();
        if (pid_ > 0) {
            ::kill(pid_, SIGKILL);
            status();
        }
    }

    void begin(std::string const& mode, std::string const& plugin, Json const& hello = Json::object()) {
        std::array<int, 2> ends{};
        ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()), 0);
        channel.reset(ends[0]);
        UniqueFd const its{ends[1]};
        std::string const program = std::string{APIARY_BIN_DIR} + "/apiary-plugin-host";
        std::string const file = std::string{APIARY_TEST_PLUGINS} + "/" + plugin + ".so";
        std::vector<std::string> words{program, "--" + mode, plugin + ".so"};
        std::vector<char*> argv;
        for (auto& word : words) {
            argv.push_back(word.data());
        }
        argv.push_back(nullptr);
        posix_spawn_file_actions_t actions;
        ::posix_spawn_file_actions_init(&actions);
        ::posix_spawn_file_actions_adddup2(&actions, its.get(), 0);
        std::array<char*, 1> environment{nullptr};
        ASSERT_EQ(::posix_spawn(&pid_, program.c_str(), &actions, nullptr, argv.data(), environment.data()), 0);
        ::posix_spawn_file_actions_destroy(&actions);
        Json body{{"t", "hello"}, {"protocol", protocol_version}, {"version", "9"}};
        body.update(hello);
        std::vector<UniqueFd> descriptors;
        descriptors.emplace_back(::open(file.c_str(), O_RDONLY | O_CLOEXEC));
        ASSERT_TRUE(descriptors.front()) << file;
        send(std::move(body), std::move(descriptors));
    }

    void send(Json body, std::vector<UniqueFd> descriptors = {}) {
        OutgoingFrame frame{std::move(body), std::move(descriptors)};
        EXPECT_EQ(send_some(channel.get(), frame, true), Sent::all);
    }

    // The next frame of one of these types; others are kept in `passed`. A fault of the channel is in `fault`.
    auto wait_for(std::initializer_list<std::string_view> types) -> std::optional<Frame> {
        while (auto frame = receive_frame(channel.get(), reader)) {
            for (auto const type : types) {
                if (type_of(*frame) == type) {
                    return frame;
                }
            }
            passed.push_back(std::move(*frame));
        }
        return std::nullopt;
    }

    // The result of one call.
    auto end_of(std::uint64_t id) -> std::optional<Frame> {
        for (auto frame = std::move(ends_[id]); frame;) {
            return frame;
        }
        while (auto frame = wait_for({"end"})) {
            auto const its = number_of(frame->body, "id");
            if (its == id) {
                return frame;
            }
            ends_[its] = std::move(frame);
        }
        return std::nullopt;
    }

    // Texts of all `log` frames that were passed.
    [[nodiscard]] auto logged() const -> std::vector<std::string> {
        std::vector<std::string> all;
        for (auto const& frame : passed) {
            if (type_of(frame) == "log") {
                all.push_back(text_of(frame.body, "text"));
            }
        }
        return all;
    }

    // Waits for its end. As of waitpid(2).
    auto status() -> int {
        int status = -1;
        while (pid_ > 0 && ::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
        }
        pid_ = -1;
        return status;
    }
    void kill() const { ::kill(pid_, SIGKILL); }
    [[nodiscard]] auto pid() const -> pid_t { return pid_; }

    UniqueFd channel;
    FrameReader reader;
    std::vector<Frame> passed;

private:
    pid_t pid_ = -1;
    std::map<std::uint64_t, std::optional<Frame>> ends_;
};

inline auto vm_body(Settings const& settings, std::string const& name = "web", unsigned id = 7) -> Json {
    Json list = Json::array();
    for (auto const& [key, values] : settings) {
        list.push_back(Json::array({key, values}));
    }
    return {
        {"name", name}, {"id", id}, {"incarnation", 3}, {"run_folder", "/run/vm/7/3"}, {"settings", std::move(list)}};
}

struct HostFixture : ::testing::Test {
    HostFixture() { ::chmod(folder.path().c_str(), 0755); }  // plugins with a user of their own see into it
    // Begins a plugin's process, and waits until it is up.
    void serve(std::string const& plugin, Json hello = Json::object()) {
        hello["state"] = folder.path();
        host.begin("serve", plugin, hello);
        auto const answer = answer_secret_of_init();
        ASSERT_TRUE(answer) << host.reader.fault();
        ASSERT_EQ(type_of(*answer), "plugin") << answer->body.dump();
    }
    auto answer_secret_of_init() -> std::optional<Frame> {
        for (;;) {
            auto frame = host.wait_for({"plugin", "failed", "secret"});
            if (!frame || type_of(*frame) != "secret") {
                return frame;
            }
            host.send({{"t", "secret"}, {"ask", frame->body["ask"]}, {"error", ENOENT}});
        }
    }

    auto begin_call(std::string const& what, Settings const& settings, Json more = Json::object()) -> std::uint64_t {
        Json body{{"t", "call"},       {"id", ++last_id}, {"what", what},
                  {"timeout", 60'000}, {"attempt", 41},   {"vm", vm_body(settings)}};
        body.update(more);
        host.send(std::move(body));
        return last_id;
    }
    auto call(std::string const& what, Settings const& settings, Json more = Json::object()) -> std::optional<Frame> {
        return host.end_of(begin_call(what, settings, std::move(more)));
    }
    auto result_of(std::optional<Frame> const& end) -> std::string {
        return end ? text_of(end->body, "result") + ": " + text_of(end->body, "text") : "nothing";
    }

    apiary::test::TemporaryFolder const folder;
    HostProcess host;
    std::uint64_t last_id = 0;
};

}  // namespace apiary::plugin
