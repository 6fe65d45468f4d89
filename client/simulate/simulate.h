/* The synthetic council: a seeded stream of assessment events in order of arrival, and the command that writes or sends it. */
#ifndef WAITLIST_SIMULATE_SIMULATE_H
#define WAITLIST_SIMULATE_SIMULATE_H

#include "daemon/core/calendar.h"

enum simulate_scenario {
    SIMULATE_LANCASHIRE_2025, /* a county whose behaviour reproduces the published figures (docs/simulation.md) */
    SIMULATE_LOAD             /* even load for measurements: 39 queues, 2 % late records, 1 % duplicates */
};

#define SIMULATE_EVENTS_PER_WAIT_MAX 64

/* The same options give the same bytes on every machine. simulate_default fills them. */
struct simulate_options {
    enum simulate_scenario scenario;
    uint64_t seed;
    day_t begin; /* the council's first day of sending; lancashire-2025: the backlog of that day comes first, as an import */
    day_t until; /* the last local day on which an event may arrive */
    /* Scenario `load` only. */
    uint64_t events;          /* lines in all, duplicates included; 0: what the waits need */
    uint64_t open_waits;      /* waits that stay open; 0: one in twelve */
    uint32_t events_per_wait; /* 1-64; 0: 20, or fewer where `events` is not enough for `open_waits` */
};

/* One event as it arrives. The bytes are borrowed until the next call on the same simulation: JSON without a line end, not NUL-terminated.
 */
struct simulated_event {
    instant_t arrival; /* never before the event's own `time`; never falls from one event to the next */
    const char *bytes;
    size_t length;
};

struct simulation;

void simulate_default(enum simulate_scenario scenario, struct simulate_options *options);
/* What is wrong with the options as a sentence, or NULL. */
const char *simulate_check(const struct simulate_options *options);
/* The options must have passed simulate_check. Memory grows with the waits open at once (lancashire-2025) or not at all (load). */
struct simulation *simulate_create(const struct simulate_options *options);
void simulate_destroy(struct simulation **simulation);
/* The next event, or false at the end of the stream. */
bool simulate_next(struct simulation *simulation, struct simulated_event *out);
/* How far the stream is, 0 to 1, by simulated time or by events, whichever ends it. */
double simulate_progress(const struct simulation *simulation);

struct waitlist_client;

/* `waitlistctl simulate`: argv[0] is the name to show in messages. `client` is used with --send and --drive-clock only; it is not
 * destroyed, and `where` says in messages where it looks for the daemon. Returns the exit code of the command line: 0 done, 1 refused or
 * not all done, 2 usage, 3 cannot reach the daemon. */
int simulate_main(int argc, char **argv, struct waitlist_client *client, const char *where);

#endif
