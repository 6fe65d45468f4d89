/* How long to wait before the next attempt: twice as long each time, up to a limit, and never the same for two relays. */
#ifndef WAITLIST_RELAY_BACKOFF_H
#define WAITLIST_RELAY_BACKOFF_H

#include <stdint.h>

struct backoff {
    int64_t first_ms, last_ms;
    int64_t next_ms; /* 0: none failed yet */
};

/* Milliseconds to wait: half of the present step and a random part of the other half. `random` is any number. */
int64_t backoff_next(struct backoff *backoff, uint32_t random);
void backoff_settle(struct backoff *backoff);

#endif
