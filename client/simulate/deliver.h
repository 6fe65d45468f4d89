/* Where a simulated stream goes: into a file as NDJSON, or to a daemon, at full speed, at a rate, or at the pace of simulated days. */
#ifndef WAITLIST_SIMULATE_DELIVER_H
#define WAITLIST_SIMULATE_DELIVER_H

#include "client/simulate/simulate.h"

struct waitlist_client;

enum deliver_clock { CLOCK_NOT_DRIVEN, CLOCK_BY_HOUR, CLOCK_BY_DAY };
enum deliver_format { FORMAT_TABLE, FORMAT_JSON, FORMAT_CSV };

struct deliver_options {
    const char *path;       /* "-" is standard output; NULL: send to the daemon */
    day_t from;             /* events that arrive before this local day are made, but not delivered; DAY_NONE: all */
    day_t until;            /* a driven clock stands at 23:00 local time of this day at the end */
    double rate;            /* events a second at most; 0: no limit */
    double seconds_per_day; /* a simulated day takes so long; 0: no waiting */
    enum deliver_clock clock;
    enum deliver_format format; /* of the report of what was sent */
    const char *program;        /* for messages */
    const char *where;          /* for messages: the endpoints at which the daemon is looked for */
};

/* Exit codes of the command line. */
enum { DELIVER_DONE = 0, DELIVER_NOT_ALL = 1, DELIVER_USAGE = 2, DELIVER_UNREACHABLE = 3 };

int deliver_to_file(struct simulation *simulation, const struct deliver_options *options);
int deliver_to_daemon(struct simulation *simulation, const struct deliver_options *options, struct waitlist_client *client);

#endif
