/* The daemon's clocks and the moments at which something is due. */
#include "daemon/timers.h"

#include <time.h>

static int64_t milliseconds(clockid_t clock) {
    struct timespec time;
    clock_gettime(clock, &time);
    return (int64_t)time.tv_sec * 1000 + time.tv_nsec / 1000000;
}

struct moment timers_read(instant_t simulated) {
    return (struct moment){simulated != INSTANT_NONE ? simulated : milliseconds(CLOCK_REALTIME), milliseconds(CLOCK_MONOTONIC)};
}

void timer_start(struct timer *timer, int64_t monotonic_ms, int64_t every_ms) {
    *timer = (struct timer){monotonic_ms + every_ms, every_ms};
}

bool timer_take(struct timer *timer, int64_t monotonic_ms) {
    if (monotonic_ms < timer->next_ms)
        return false;
    timer->next_ms = monotonic_ms + timer->every_ms;
    return true;
}
