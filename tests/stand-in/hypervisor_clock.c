// Stands where a hypervisor would, for the benchmarks: first thing it writes the monotonic clock, in nanoseconds, as 8
// bytes to the FIFO (or file) that APIARY_CLOCK in its environment names; then it waits for a signal. Static and small,
// so that its own start is not what is measured.
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

int main(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    int64_t const nanoseconds = (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
    char const* const path = getenv("APIARY_CLOCK");
    int const file = path ? open(path, O_WRONLY | O_CLOEXEC) : -1;
    if (file < 0 || write(file, &nanoseconds, sizeof nanoseconds) != (ssize_t)sizeof nanoseconds) {
        return 4;
    }
    close(file);
    for (;;) {
        pause();
    }
}
