/* What the daemon publishes, complete and in order, as events in a ring: alerts that a publication missed are asked for, and every second
 * somebody is told whether the daemon lives. */
#ifndef WAITLIST_DASHBOARD_NEWS_H
#define WAITLIST_DASHBOARD_NEWS_H

#include "client/dashboard/event_text.h"
#include "client/dashboard/ring.h"
#include "client/dashboard/upstream.h"

#define NEWS_POLL_ITEMS 2
#define NEWS_SILENCE_MS 3000 /* without a heartbeat for so long the daemon counts as away, as when its connection is gone */

struct news;

/* `context` is ZeroMQ's; it and `upstream` outlive the news; `endpoint` is that of publications, borrowed; `keys` (NULL: none) are for it,
 * and copied. NULL with errno. */
struct news *news_create(void *context, const char *endpoint, const struct waitlist_keys *keys, struct upstream *upstream);
void news_destroy(struct news **news);

void news_poll(const struct news *news, zmq_pollitem_t items[NEWS_POLL_ITEMS]);
/* Takes what came, and says every second how the daemon is. */
void news_run(struct news *news, int64_t now_ms);
int64_t news_due_ms(const struct news *news);

const struct ring *news_ring(const struct news *news);
/* The last heartbeat event, for whoever comes new; borrowed until the next news_run. NULL: none yet. */
const char *news_heartbeat(const struct news *news, size_t *size);

bool news_is_live(const struct news *news);
/* Why there is no connection, as far as keys are the reason. */
enum handshake_failure news_refusal(const struct news *news);
/* The daemon's journal, "" before it was heard of; and the seq up to which alerts are in the ring or were before it began. */
const char *news_epoch(const struct news *news);
/* The daemon's clock in its last heartbeat, RFC 3339 in UTC with milliseconds; "" before the first. */
const char *news_clock(const struct news *news);
uint64_t news_alert_seq(const struct news *news);

struct news_figures {
    uint64_t positions, alerts, heartbeats; /* published and taken */
    uint64_t caught_up;                     /* alerts that had to be asked for */
    uint64_t spoiled;                       /* publications that are not of this protocol */
};
void news_figures(const struct news *news, struct news_figures *figures);

#endif
