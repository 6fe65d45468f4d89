/* The steps of waiting, with jitter so that a target that comes back is not met by everybody at once. */
#include "client/relay/backoff.h"

int64_t backoff_next(struct backoff *backoff, uint32_t random) {
    int64_t step = backoff->next_ms > 0 ? backoff->next_ms : backoff->first_ms;

    if (step > backoff->last_ms) {
        step = backoff->last_ms;
    }
    backoff->next_ms = step > backoff->last_ms / 2 ? backoff->last_ms : step * 2;
    return step / 2 + (int64_t)((uint64_t)random % (uint64_t)(step - step / 2 + 1));
}

void backoff_settle(struct backoff *backoff) {
    backoff->next_ms = 0;
}
