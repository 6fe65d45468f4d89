/* Who follows the alerts and how far each has come, as far as they say so (docs/protocol.md, follow.report). Not kept over a restart. */
#ifndef WAITLIST_QUERY_FOLLOWERS_H
#define WAITLIST_QUERY_FOLLOWERS_H

#include "daemon/core/policy.h"

#define FOLLOWERS_MAX 256 /* one more takes the place of the one that was silent for longest */
#define FOLLOWER_NAME_MAX 64

struct followers;

struct follower_figures {
    const char *name; /* valid until the next report */
    uint64_t alert_seq;
    int64_t at_ms; /* monotonic */
};

struct followers *followers_create(void);
void followers_destroy(struct followers **followers);
/* `name`: 1 to FOLLOWER_NAME_MAX bytes of A-Z a-z 0-9 _ -, which the caller has made sure of. False when another peer reports under it:
 * nobody says for somebody else that all is well. */
#define FOLLOWER_OWNED_MS (10 * 60 * INT64_C(1000)) /* since its last report */
bool followers_report(struct followers *followers, struct text peer, struct text name, uint64_t alert_seq, int64_t now_ms);
size_t followers_count(const struct followers *followers);
/* `place` from 0: those that are furthest behind first, then by name. */
void followers_at(const struct followers *followers, size_t place, struct follower_figures *figures);

#endif
