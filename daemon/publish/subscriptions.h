/* Who may hear what on the publishing socket: each subscription is narrowed to the rights of whoever sent it (daemon/security/topics.h). */
#ifndef WAITLIST_PUBLISH_SUBSCRIPTIONS_H
#define WAITLIST_PUBLISH_SUBSCRIPTIONS_H

#include "daemon/config/config.h"

#define SUBSCRIPTION_BYTES_MAX 1024     /* a longer frame from a subscriber cuts it off, by libzmq; no topic is so long */
#define SUBSCRIPTIONS_TURN_MAX 1024     /* read between two turns of ingest, */
#define SUBSCRIPTIONS_TURN_TOPICS 32768 /* or until they have become so many topics */
#define SUBSCRIPTIONS_BLOCKED_MAX 64    /* peers kept away at once; the one kept away first makes room */
#define SUBSCRIPTIONS_BLOCKED_MS 60000  /* so long, after what no subscriber sends */

struct subscriptions;

enum subscriptions_state {
    SUBSCRIPTIONS_WELL,
    /* A peer sent what no subscriber sends, or more than AUDIENCE_SUBSCRIPTIONS_MAX subscriptions. libzmq cannot cut it off, and of the
     * former libzmq 4.3 confuses who subscribed, so that what could not safely be granted is lost: only a new socket mends that. The peer
     * is kept away from it for SUBSCRIPTIONS_BLOCKED_MS. */
    SUBSCRIPTIONS_SPOILT,
    SUBSCRIPTIONS_BROKEN /* the socket is */
};

struct subscriptions_figures {
    uint64_t denied;  /* subscriptions of which nothing was granted */
    uint64_t blocked; /* times that a peer was kept away */
};

/* Somebody begins to hear alerts, and so of people: of which topics; or hears them no longer. Absent: his connection ended. */
typedef void subscriptions_heard(void *context, const char *peer, bool begins, struct text subscription);

/* `socket`: an XPUB with ZMQ_XPUB_MANUAL, `monitor`: of its connections since before it was bound; borrowed. `denied` is told of every
 * subscription of which nothing is granted. */
struct subscriptions *subscriptions_create(void *socket, void *monitor, access_denied *denied, subscriptions_heard *heard, void *context);
void subscriptions_destroy(struct subscriptions **subscriptions);
/* Goes on with a new socket, whose subscribers come back by themselves. The one before is not touched any more, and may be closed. */
void subscriptions_move(struct subscriptions *subscriptions, void *socket, void *monitor);

/* The number that the messages of a connection carry as ZAP_CONNECTION; 0 when the peer is kept away for now. */
uint64_t subscriptions_admit(struct subscriptions *subscriptions, const char *peer, int64_t now_ms);
/* Reads what subscribers sent. To be called whenever the socket has something to read, and once a second. */
enum subscriptions_state subscriptions_take(struct subscriptions *subscriptions, const struct config *config, int64_t now_ms);
/* Whether something was granted by the pathways of another configuration than this one. */
bool subscriptions_are_outdated(const struct subscriptions *subscriptions, const struct config *config);
void subscriptions_figures(const struct subscriptions *subscriptions, struct subscriptions_figures *figures);

#endif
