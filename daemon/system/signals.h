/* Signals as something to poll for: TERM and INT ask for the end, HUP for a reload, PIPE means nothing. */
#ifndef WAITLIST_SYSTEM_SIGNALS_H
#define WAITLIST_SYSTEM_SIGNALS_H

#include <stdbool.h>

struct signals;

/* What was asked for since the last look; both at once is possible. */
struct signal_requests {
    bool stop;
    bool reload;
};

/* Blocks the signals for the calling thread and all that it starts, so it comes before the first thread (and before zmq_ctx_new).
 * NULL with errno when the kernel gives no descriptor. At most one at a time: the signal mask is the process's. */
struct signals *signals_create(void);
/* Puts the mask of before back. */
void signals_destroy(struct signals **signals);

/* Readable when signals_take() has something to say; belongs to `signals`. */
int signals_descriptor(const struct signals *signals);
/* Never blocks. */
struct signal_requests signals_take(struct signals *signals);

#endif
