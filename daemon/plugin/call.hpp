// A call of one of a plugin's functions, and what came of it.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "plugin/frames.hpp"
#include "vm/step.hpp"

namespace apiary::plugin {

// Keys and their values, as `apiaryctl config` shows them.
using Settings = std::vector<std::pair<std::string, std::vector<std::string>>>;

struct Call {
    Json frame;                                   // of type `call`, but for its id: protocol.hpp
    std::shared_ptr<std::string const> settings;  // JSON that takes the place of the VM's, which are null in `frame`
    std::chrono::milliseconds timeout{0};
    std::string vm;                 // name; empty: it is about none
    std::shared_ptr<UniqueFd> log;  // of the VM, where what its programs print goes; null: not open now
    std::string log_path = {};  // … then it is opened by this name when there is something; empty: the daemon's log
    bool is_event = false;      // nobody waits for it: it may be dropped
};

struct Answer {
    enum class Kind {
        ok,
        veto,
        failed,
        died,     // its process ended meanwhile
        hung,     // it took too long, and did not end when it was canceled: its process is killed
        refused,  // it was not begun: `text` says why
    };
    Kind kind = Kind::ok;
    // Its function was left otherwise than by returning: it is dead, and its process lives only because the host stood
    // in between.
    bool broken = false;
    bool passing = false;  // refused for now: nothing has to be mended for the next one
    std::string text;      // empty, or in the plugin's or our own words
    std::vector<Contribution> contributions;
};
using Answered = std::function<void(Answer)>;

}  // namespace apiary::plugin
