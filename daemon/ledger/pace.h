/* The pace of work that nobody waits for, beside threads that somebody does wait for: bursts too short to be noticed, with rests between.
 *
 * A low priority is not enough. The scheduler lets whoever runs finish a slice of some milliseconds before it hands the processor to a
 * thread that was just woken, and what wakes to pass on a sync of the journal is a thread of the kernel, bound to that processor, which in
 * another control group, or in a session's own group, counts as no more urgent than the whole of ours. */
#ifndef WAITLIST_LEDGER_PACE_H
#define WAITLIST_LEDGER_PACE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct pace {
    int64_t began_ns;        /* of the burst, by the monotonic clock */
    const atomic_bool *stop; /* no more rests once this is true */
};

void pace_begin(struct pace *pace, const atomic_bool *stop);
/* Between two pieces of the work, each much shorter than a burst: rests when the burst was long enough. NULL: the work is in a hurry. */
void pace_rest(struct pace *pace);

#endif
