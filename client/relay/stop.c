/* The wish to end, and the clocks by which the relay waits. */
#include "client/relay/stop.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

static int64_t read_clock(clockid_t clock) {
    struct timespec now;

    (void)clock_gettime(clock, &now);
    return now.tv_sec * INT64_C(1000) + now.tv_nsec / 1000000;
}

int64_t stop_now_ms(void) {
    return read_clock(CLOCK_MONOTONIC);
}

int64_t stop_wall_ms(void) {
    return read_clock(CLOCK_REALTIME);
}

bool stop_open(struct stop *stop) {
    stop->descriptor = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    return stop->descriptor >= 0;
}

void stop_close(struct stop *stop) {
    if (stop->descriptor >= 0) {
        (void)close(stop->descriptor);
        stop->descriptor = -1;
    }
}

void stop_ask(const struct stop *stop) {
    const uint64_t one = 1;

    (void)!write(stop->descriptor, &one, sizeof one);
}

bool stop_is_asked(const struct stop *stop) {
    return stop_wait(stop, 0);
}

bool stop_wait(const struct stop *stop, int64_t ms) {
    struct pollfd wish = {.fd = stop->descriptor, .events = POLLIN};
    int64_t until = stop_now_ms() + ms;

    for (;;) {
        int64_t left = until - stop_now_ms();
        int ready = poll(&wish, 1, left <= 0 ? 0 : left > INT_MAX ? INT_MAX : (int)left);

        if (ready > 0) {
            return true;
        }
        if ((ready == 0 || errno != EINTR) && stop_now_ms() >= until) {
            return false;
        }
    }
}
