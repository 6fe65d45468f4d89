/* An answer of the daemon as it came, held by everybody who still sends it on: many pages may have asked the same. */
#ifndef WAITLIST_DASHBOARD_ANSWER_H
#define WAITLIST_DASHBOARD_ANSWER_H

#include <stdbool.h>
#include <zmq.h>

struct answer;

/* Takes the message. The caller holds the answer. */
struct answer *answer_create(zmq_msg_t *message);
struct answer *answer_hold(struct answer *answer);
/* The last one to let go frees it. The type fits a response's callback. */
void answer_release(void *answer);

const char *answer_bytes(const struct answer *answer);
size_t answer_size(const struct answer *answer);
/* Whether the daemon did what was asked ("ok":true). */
bool answer_is_ok(const struct answer *answer);

#endif
