/* The pace of work that nobody waits for. */
#include "daemon/ledger/pace.h"

#include <stddef.h>
#include <time.h>

/* A woken thread waits for one burst at most, and meets one in a third of all cases. The work takes three times as long for it. */
enum { BURST_NS = 200000, REST_NS = 400000, NS_A_SECOND = 1000000000 };

static int64_t monotonic_ns(void) {
    struct timespec time;
    (void)clock_gettime(CLOCK_MONOTONIC, &time);
    return (int64_t)time.tv_sec * NS_A_SECOND + time.tv_nsec;
}

void pace_begin(struct pace *pace, const atomic_bool *stop) {
    *pace = (struct pace){monotonic_ns(), stop};
}

void pace_rest(struct pace *pace) {
    if (pace == NULL || atomic_load_explicit(pace->stop, memory_order_relaxed) || monotonic_ns() - pace->began_ns < BURST_NS)
        return;
    (void)clock_nanosleep(CLOCK_MONOTONIC, 0, &(struct timespec){.tv_nsec = REST_NS}, NULL);
    pace->began_ns = monotonic_ns();
}
