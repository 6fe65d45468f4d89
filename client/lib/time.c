/* The monotonic clock, and deadlines made of timeouts. */
#include "client/lib/internal.h"

#include <time.h>

int64_t client_now(void) {
    struct timespec now;

    CLIENT_CHECK(clock_gettime(CLOCK_MONOTONIC, &now) == 0);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int64_t client_deadline(int timeout_ms) {
    return client_now() + (timeout_ms < 0 || timeout_ms > WAITLIST_TIMEOUT_MAX ? WAITLIST_TIMEOUT_MAX : timeout_ms);
}

int client_remaining(int64_t deadline) {
    int64_t left = deadline - client_now();

    if (left <= 0) {
        return 0;
    }
    return left > WAITLIST_TIMEOUT_MAX ? WAITLIST_TIMEOUT_MAX : (int)left;
}

int64_t client_earlier(int64_t a, int64_t b) {
    if (a == 0 || b == 0) {
        return a == 0 ? b : a;
    }
    return a < b ? a : b;
}
