/* The query socket (interfaces, 1.3): a JSON request in, a JSON reply out, one handler for each op. */
#ifndef WAITLIST_QUERY_QUERY_H
#define WAITLIST_QUERY_QUERY_H

#include "daemon/intake/intake.h"
#include "daemon/ledger/ledger.h"
#include "daemon/publish/publish.h"

#define QUERY_BYTES_MAX 65536       /* a longer request is refused as bad_request */
#define QUERY_TURN_MAX 32           /* requests answered between two turns of ingest */
#define QUERY_ALERTS_MAX 1000       /* rows of one `alerts` reply */
#define QUERY_ALERTS_SCAN_MAX 20000 /* log rows looked at for one reply; `through` says how far it came */

struct query;

/* What the loop knows and `health` tells; and what only the loop can do. */
struct daemon_state {
    struct ledger *ledger;
    struct intake *intake;
    struct publisher *publisher;
    instant_t now;
    uint64_t uptime_s;
    double loop_lag_ms; /* the longest turn of the last ten seconds */
    bool read_only;
    bool simulated_clock;
    uint64_t queries_dropped;
    /* Sets the simulated clock and does every midnight between; false with a reason when `now` lies in the past or the journal failed. */
    bool (*set_clock)(void *context, instant_t now, const char **reason);
    void *context;
};

struct query *query_create(void *socket);
void query_destroy(struct query **query);
/* Answers up to QUERY_TURN_MAX requests. Returns how many; `*failed` says that the socket is broken. */
size_t query_serve(struct query *query, struct daemon_state *state, bool *failed);

#endif
