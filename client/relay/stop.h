/* The wish to end, for all threads: a descriptor that becomes readable and stays so. */
#ifndef WAITLIST_RELAY_STOP_H
#define WAITLIST_RELAY_STOP_H

#include <stdbool.h>
#include <stdint.h>

struct stop {
    int descriptor;
};

bool stop_open(struct stop *stop);
void stop_close(struct stop *stop);
void stop_ask(const struct stop *stop);
bool stop_is_asked(const struct stop *stop);
/* Waits so long unless the end is asked for before; true when it is. */
bool stop_wait(const struct stop *stop, int64_t ms);

/* The monotonic clock, and the time of day since 1970, in milliseconds. */
int64_t stop_now_ms(void);
int64_t stop_wall_ms(void);

#endif
