/* The publishing socket (docs/protocol.md, Publish): alert transitions after their commit, positions that changed, a heartbeat a second. */
#ifndef WAITLIST_PUBLISH_PUBLISH_H
#define WAITLIST_PUBLISH_PUBLISH_H

#include "daemon/ledger/ledger.h"

#include <jansson.h>

#define PUBLISH_HEARTBEAT_MS 1000
#define PUBLISH_ALL_MS 10000 /* every topic again: a publisher drops the newest when a subscriber is slow */

struct publisher;

/* `socket`: a bound XPUB, borrowed. */
struct publisher *publisher_create(void *socket);
void publisher_destroy(struct publisher **publisher);

/* Goes on with another socket. The one before is not touched any more, and may be closed. */
void publisher_move(struct publisher *publisher, void *socket);
/* The transitions of the ledger's last committed turn. */
void publisher_alerts(struct publisher *publisher, const struct ledger *ledger);
/* Notes which queues changed; publisher_positions shows them. Returns whether something waits to be shown. */
bool publisher_note_changes(struct publisher *publisher, struct ledger *ledger);
/* The positions of the noted queues, their pathways and everything; `all`: of every queue. */
void publisher_positions(struct publisher *publisher, struct ledger *ledger, bool all);
void publisher_heartbeat(struct publisher *publisher, struct ledger *ledger, instant_t now);
/* Every position topic as an array of {"topic","keys","position"}: a new reference. */
json_t *publisher_snapshot(struct publisher *publisher, struct ledger *ledger);
uint64_t publisher_count(const struct publisher *publisher);
/* After the ledger made its register anew, queues are numbered anew: every topic is due. */
void publisher_forget_changes(struct publisher *publisher);

#endif
