// Places at which the fault injection ends the shim with SIGKILL, as daemon/vm/kill_point.hpp has them for the daemon:
// `apiary-shim --list-kill-points` prints them, and APIARY_SHIM_KILL_AT=NAME:FILE in its environment arms one. FILE
// gets a line with the name first, so that it is known outside that somebody died there.
#pragma once

#ifdef APIARY_NO_KILL_POINTS

#define KILL_POINT(point) ((void)0)

#else

struct kill_point {
    char const* name;
};
void kill_point_pass(struct kill_point const* point);
void kill_points_list(void);

#define KILL_POINT(point)                                                                             \
    do {                                                                                              \
        static struct kill_point here __attribute__((section("apiary_kill_points"), used)) = {point}; \
        kill_point_pass(&here);                                                                       \
    } while (0)

#endif
