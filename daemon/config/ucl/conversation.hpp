// One child and its answers.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace apiary::config::ucl {

struct ChildProgram {
    std::string path;
    uid_t uid = 0;  // whom it becomes, if we are root
    gid_t gid = 0;
};

struct Trouble {
    std::string text;       // empty: all texts were answered
    bool of_child = false;  // no text is at fault: there is no child that could read any
};

struct Patience {
    std::chrono::steady_clock::time_point until;  // for all
    std::chrono::milliseconds each{0};            // for one text
};

// Starts a child and has the texts read, in their order. `answered` is called for each answer, with its number; an
// answer is as the child gave it. Blocks; the child has ended when it returns.
using Answered = std::function<bool(std::size_t, std::string_view)>;  // false: enough of this child
[[nodiscard]] auto converse(ChildProgram const& program, std::vector<std::string_view> const& texts,
                            Patience const& patience, Answered const& answered) -> Trouble;

}  // namespace apiary::config::ucl
