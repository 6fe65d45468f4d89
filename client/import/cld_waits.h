/* Finished waits from Client Level Data: which request an assessment answered, and the events of such a wait. */
#ifndef WAITLIST_IMPORT_CLD_WAITS_H
#define WAITLIST_IMPORT_CLD_WAITS_H

#include "client/import/cld.h"
#include "daemon/core/rules.h"

/* Printed with what an import yields. */
#define CLD_RULE_VERSION RULES_CLD

struct cld_wait {
    const struct cld_record *request;
    const struct cld_record *assessment; /* NULL: the request went no further and was closed */
    const char *pathway;                 /* "": the map wants no such wait; its lines are noted as not classified */
    bool classified;                     /* by a rule of the map; else the pathway is what the map says for the others */
};

/* Takes a wait, whose records live until it returns; false ends the walk. */
typedef bool (*cld_wait_sink)(void *context, const struct cld_wait *wait);

/* Calls `sink` for every wait of a settled store made CLD_FOR_WAITS, person by person, and notes the lines of which none comes.
 * The first assessment of the same person in the same role (service user, carer) on or after the request's day ends the wait; an earlier
 * request that is still waiting keeps the clock. It ends early, too, when the store has failed. */
void cld_waits_each(struct cld_store *store, const struct cld_map *map, cld_wait_sink sink, void *context);

#define CLD_WAIT_EVENTS_MAX 3
#define CLD_EVENT_BYTES 2048

struct cld_event {
    uint32_t line; /* of the row that it comes from */
    size_t length;
    char bytes[CLD_EVENT_BYTES]; /* one line of JSON, ended by a NUL */
};

/* The events of a wait: referral and closing, or referral, start and completion of the assessment; how many. The same rows give the same
 * events in every run with the same key. */
size_t cld_wait_events(const struct cld_store *store, const struct cld_map *map, const struct cld_wait *wait,
                       struct cld_event events[CLD_WAIT_EVENTS_MAX]);

#endif
