/* The daemon's clocks and the moments at which something is due. The loop reads the clocks once a turn and nobody else does. */
#ifndef WAITLIST_TIMERS_H
#define WAITLIST_TIMERS_H

#include "daemon/core/calendar.h"

/* The clocks as one turn sees them. */
struct moment {
    instant_t now;        /* civil time, UTC: the system's or the simulated one */
    int64_t monotonic_ms; /* never set back */
};

/* `simulated`: INSTANT_NONE for the system's clock. */
struct moment timers_read(instant_t simulated);

/* A repeated duty: due when `monotonic_ms` has reached `next_ms`. */
struct timer {
    int64_t next_ms;
    int64_t every_ms;
};

void timer_start(struct timer *timer, int64_t monotonic_ms, int64_t every_ms);
/* Whether it is due; then it is set for the next time (after a pause once, not many times). */
bool timer_take(struct timer *timer, int64_t monotonic_ms);

#endif
