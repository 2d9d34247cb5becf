// What the services need of the process: one for each process, made before the plugin is loaded.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "plugin/host/channel.hpp"
#include "plugin/host/keeper.hpp"

// The plugin's handle of its host.
struct apiary_self {
    // `serves`: else it describes or configures, and nothing can be run or asked for.
    apiary_self(apiary::plugin::host::Channel& its, bool serves) : channel{its}, serving{serves} {}

    apiary::plugin::host::Channel& channel;
    bool const serving;
    apiary::plugin::host::Keeper keeper;
    std::string state_folder;  // empty: none

    // Bounded, so that nothing that a plugin says fills the daemon.
    void log(int level, std::string_view text, std::optional<std::uint64_t> call = {});

    void set_bus(std::string address);        // empty: none now
    [[nodiscard]] auto bus() -> char const*;  // null: none now; the text stays

    // Blocks until the daemon has answered. An errno where there is none.
    [[nodiscard]] auto ask_secret(std::string const& name) -> std::pair<std::string, int>;
    void answer_secret(std::uint64_t ask, std::pair<std::string, int> answer);
    void give_up_asking();  // the daemon is gone

private:
    [[nodiscard]] auto may_log() -> bool;

    std::mutex logging_;
    std::chrono::steady_clock::time_point filled_ = std::chrono::steady_clock::now();
    std::uint64_t room_ = log_burst, left_out_ = 0;
    // Lines that may come at once, and each second after that: a log is on a disk.
    static constexpr std::uint64_t log_burst = 5000, log_rate = 200;

    std::mutex mutex_;
    std::condition_variable answered_;
    std::deque<std::string> addresses_;  // all that ever were: a plugin may still hold the text of an earlier one
    std::string const* address_ = nullptr;
    bool gone_ = false;
    std::uint64_t asks_ = 0;
    std::map<std::uint64_t, std::optional<std::pair<std::string, int>>> open_;
};
