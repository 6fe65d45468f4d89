/* The way to the daemon: questions of many pages over one connection, answered in any order, each within its time. */
#ifndef WAITLIST_DASHBOARD_UPSTREAM_H
#define WAITLIST_DASHBOARD_UPSTREAM_H

#include "client/dashboard/answer.h"
#include "client/dashboard/monitored.h"

#include <stdint.h>

#define UPSTREAM_IN_FLIGHT_MAX 64 /* with the daemon at once: it keeps 128 answers for a peer that does not read */
#define UPSTREAM_POLL_ITEMS 2

enum upstream_outcome {
    UPSTREAM_ANSWERED,
    UPSTREAM_AWAY, /* there is no daemon at the endpoint, or it went before it answered */
    UPSTREAM_LATE, /* no answer within the time */
};

/* `answer` is borrowed for the call (hold it to keep it); NULL unless ANSWERED. The call may ask again. */
typedef void upstream_told(void *context, enum upstream_outcome outcome, struct answer *answer);

struct upstream_setup {
    void *context;                    /* ZeroMQ's; outlives the upstream */
    const char *endpoint;             /* of the daemon's queries; borrowed */
    const struct waitlist_keys *keys; /* for that endpoint, copied; NULL: none */
    size_t questions_max;             /* waiting and in flight; questions in the same words count once */
    int64_t timeout_ms;               /* from asking to the answer */
};

struct upstream_figures {
    size_t waiting;
    size_t in_flight;
    uint64_t asked;   /* sent to the daemon */
    uint64_t shared;  /* answered by the answer to a question in the same words that was under way */
    uint64_t kept;    /* answered by an answer that was kept */
    uint64_t refused; /* at the limit */
    uint64_t rested;  /* asked again later, as the daemon was busy */
    uint64_t late;    /* not answered in time */
    uint64_t away;    /* asked while there was no daemon */
};

struct upstream;

/* NULL with errno when libzmq refuses. */
struct upstream *upstream_create(const struct upstream_setup *setup);
/* Everybody who waits, and who asks from now on, is told UPSTREAM_AWAY. */
void upstream_release(struct upstream *upstream);
void upstream_destroy(struct upstream **upstream);

/* Asks; `told` is called once, later or at once (when there is no daemon). A question that the daemon is too busy for is asked again until
 * its time is over, and then has that answer. False at the limit: nothing was done. The text is copied. */
bool upstream_ask(struct upstream *upstream, const char *text, size_t size, int64_t now_ms, upstream_told *told, void *context);

/* The same for a question whose answer cannot change: asked again within a minute, it is answered at once by what was kept. */
bool upstream_ask_settled(struct upstream *upstream, const char *text, size_t size, int64_t now_ms, upstream_told *told, void *context);

/* Nobody of this context is told any more. */
void upstream_forget(struct upstream *upstream, const void *context);

/* What to poll for, UPSTREAM_POLL_ITEMS of them; then upstream_run, which also tells those whose time is over. */
void upstream_poll(const struct upstream *upstream, zmq_pollitem_t items[UPSTREAM_POLL_ITEMS]);
void upstream_run(struct upstream *upstream, int64_t now_ms);
/* When upstream_run has to be called although nothing came; INT64_MAX: never. */
int64_t upstream_due_ms(const struct upstream *upstream);

bool upstream_is_connected(const struct upstream *upstream);
/* Why not, as far as keys are the reason. */
enum handshake_failure upstream_refusal(const struct upstream *upstream);
void upstream_figures(const struct upstream *upstream, struct upstream_figures *figures);

#endif
