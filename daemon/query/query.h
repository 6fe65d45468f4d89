/* The query socket (docs/protocol.md, Query): a JSON request in, a JSON reply out, one handler for each op. */
#ifndef WAITLIST_QUERY_QUERY_H
#define WAITLIST_QUERY_QUERY_H

#include "daemon/backup/backups.h"
#include "daemon/intake/intake.h"
#include "daemon/ledger/ledger.h"
#include "daemon/past/past.h"
#include "daemon/publish/publish.h"
#include "daemon/query/followers.h"
#include "daemon/security/trail.h"

#define QUERY_BYTES_MAX 65536          /* a longer request is refused as bad_request */
#define QUERY_TURN_MAX 512             /* requests answered between two turns of ingest, */
#define QUERY_TURN_MS 50               /* or as many as are begun within this time */
#define QUERY_ALERTS_MAX 1000          /* rows of one `alerts` reply, and alerts of one `wait` */
#define QUERY_EVENTS_MAX 5000          /* events of one `wait`: the last ones */
#define QUERY_SOURCES_MAX 1000         /* sources of one `health`: those never heard of, then the ones heard of first */
#define QUERY_QUARANTINE_MAX 1000      /* rows of one `quarantine`, and events of one retry or discard: all of them are one turn */
#define QUERY_REDACT_MAX 500           /* events named in one `redact` */
#define QUERY_QUARANTINE_ACTS_MAX 1000 /* acts shown with one event: the oldest */
#define QUERY_RAW_MAX 1048576          /* bytes shown of one event, which can only be longer when it is `too_large` */
#define QUERY_ALERTS_SCAN_MAX 20000    /* log rows looked at for one reply; `through` says how far it came */
#define QUERY_LAG_DEGRADED_MS 2000     /* two heartbeats are missed, and people notice */

struct query;

/* What the loop knows and `health` tells; and what only the loop can do. */
struct daemon_state {
    struct ledger *ledger;
    struct intake *intake;
    struct publisher *publisher;
    struct checkpoint_mark checkpoint;
    struct backups *backups;
    struct trail *trail;         /* the access log */
    struct past *past;           /* answers what needs another register than today's */
    struct followers *followers; /* filled in by query_serve */
    instant_t now;
    int64_t monotonic_ms;
    uint64_t uptime_s;
    double loop_lag_ms; /* the longest turn of the last ten seconds */
    bool read_only;
    bool simulated_clock;
    uint64_t queries_dropped;
    uint64_t connections_refused;
    uint64_t subscriptions_refused;
    /* Sets the simulated clock and does every midnight between; false with a reason when `now` lies in the past or the journal failed. */
    bool (*set_clock)(void *context, instant_t now, const char **reason);
    /* Runs `change` as a turn of its own: it is committed, and its alerts are published, when this returns JOURNAL_OK. JOURNAL_FULL: the
     * disk is full, nothing was kept. After anything else the process ends. */
    enum journal_status (*change_journal)(void *context, enum journal_status (*change)(void *what, struct ledger *ledger), void *what);
    void *context;
};

struct query *query_create(void *socket);
void query_destroy(struct query **query);
/* Goes on with another socket. Answers of the past to who asked through the one before are dropped, and counted. */
void query_move(struct query *query, void *socket);
/* Answers the next request. False when there is none; `*failed` says that the socket is broken. */
bool query_serve(struct query *query, struct daemon_state *state, bool *failed);
/* Sends the next answer of the past to whoever asked. False when there is none. */
bool query_forward(struct query *query, struct daemon_state *state);
/* The past_answer of this daemon. */
char *query_answer_past(struct chronicle *chronicle, const struct past_terms *terms, struct text request, size_t *length);

#endif
