// One call of one of the plugin's functions: what it is about, what came of it so far, and whether anybody still waits.
#pragma once

#include <apiary/plugin.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "plugin/frames.hpp"
#include "plugin/members.hpp"

namespace apiary::plugin::host {

using Clock = std::chrono::steady_clock;

struct Setting {
    std::string key;
    std::vector<std::string> values;
    std::vector<char const*> pointers;  // to the values, for functions of C
};

struct Vm {
    std::string name, run_folder;
    std::uint32_t id = 0;
    std::uint64_t incarnation = 0;
    std::vector<Setting> settings;

    // Null: it is not set.
    [[nodiscard]] auto find(std::string_view key) const -> Setting const*;
};
[[nodiscard]] auto vm_from(Json const& body) -> std::optional<Vm>;

struct Event {
    std::uint64_t seq = 0;
    std::string type;
    std::map<std::string, std::string> fields;
};

struct Message {
    int level = 0;
    std::string key, text;
};

}  // namespace apiary::plugin::host

// The plugin's handle of it. Members that the constructor sets do not change.
struct apiary_call {
    using Clock = apiary::plugin::host::Clock;

    // Of a frame `call` or `check`.
    explicit apiary_call(apiary::plugin::Frame const& frame);
    apiary_call(apiary_call const&) = delete;
    auto operator=(apiary_call const&) -> apiary_call& = delete;

    // Any thread.
    void cancel();
    [[nodiscard]] auto was_canceled() const -> bool { return canceled_; }
    [[nodiscard]] auto is_over() const -> bool { return canceled_ || Clock::now() >= deadline; }
    // Its time is over: what waits for its descriptor hears of it.
    void expire();
    [[nodiscard]] auto cancel_descriptor() -> int;  // -1: errno says why
    [[nodiscard]] auto time_left() const -> std::chrono::milliseconds;

    void add_message(apiary::plugin::host::Message message);
    [[nodiscard]] auto reason() const -> std::string;  // the last error
    [[nodiscard]] auto messages() const -> std::vector<apiary::plugin::host::Message>;

    // Empty: done. Else why not, for people.
    [[nodiscard]] auto contribute(apiary::plugin::Triple one, apiary::UniqueFd descriptor = {}) -> std::string;
    // What was contributed, with the numbers of the descriptors as values.
    [[nodiscard]] auto take_contributions(std::vector<apiary::UniqueFd>& descriptors)
        -> std::vector<apiary::plugin::Triple>;

    std::uint64_t id = 0;
    std::string what;
    std::optional<apiary::plugin::host::Vm> vm;
    std::uint64_t attempt = 0;
    std::vector<apiary::plugin::Triple> given;  // contributions that came with it
    apiary::plugin::host::Event event;
    Clock::time_point deadline;

private:
    void make_readable();

    std::atomic<bool> canceled_{false};
    mutable std::mutex mutex_;
    apiary::UniqueFd readable_, writable_;  // of a pipe, made when it is asked for
    bool expired_ = false;
    std::vector<apiary::plugin::host::Message> messages_;
    std::size_t message_bytes_ = 0;
    std::vector<apiary::plugin::Triple> made_;
    std::vector<apiary::UniqueFd> descriptors_;  // of those of kind fd, in order
};
