// Places at which the fault injection ends the daemon with SIGKILL: after each durable write, and before and after each
// thing that it does to the host or tells anybody.
//
//     APIARY_KILL_POINT("run-folder.made");
//
// Each is known to the program from the moment it is built (the linker gathers them), so that a test can see to it that
// none is forgotten: `apiaryd --list-kill-points` prints their names. One of them is armed by the environment:
// APIARY_KILL_AT=run-folder.made:3 ends the daemon at the third passage. Packages are built with the CMake option
// APIARY_KILL_POINTS=OFF, and then there is nothing of all this in the program.
#pragma once

#ifdef APIARY_NO_KILL_POINTS

#define APIARY_KILL_POINT(point) static_cast<void>(0)

#else

#include <string_view>
#include <vector>

namespace apiary {

struct KillPoint {
    char const* name;
};

void pass(KillPoint const& point) noexcept;  // any thread

// All points of this program, sorted.
[[nodiscard]] auto kill_points() -> std::vector<std::string_view>;

}  // namespace apiary

#define APIARY_KILL_POINT(point)                                                                             \
    do {                                                                                                     \
        [[gnu::section("apiary_kill_points"), gnu::used]] static constinit ::apiary::KillPoint here_{point}; \
        ::apiary::pass(here_);                                                                               \
    } while (false)

#endif
