/* The archive: every accepted event in memory, small, grouped by wait; from it the register of any day and any date of knowledge is made.
 *
 * About 150 bytes an event. Events are added in seq order; a register recalled from it borrows it. Not thread-safe. */
#ifndef WAITLIST_CORE_ARCHIVE_H
#define WAITLIST_CORE_ARCHIVE_H

#include "daemon/core/register.h"

struct archive;

struct archive *archive_create(uint64_t hash_seed);
void archive_destroy(struct archive **archive);
/* `seq` must be archive_count + 1; the event's texts are copied. */
void archive_add(struct archive *archive, const struct event *event, uint64_t seq, instant_t received);
uint64_t archive_count(const struct archive *archive);
size_t archive_bytes(const struct archive *archive);
/* The event with this seq; its texts live as long as the archive. */
void archive_event(const struct archive *archive, uint64_t seq, struct history_event *event);

/* Which past is asked for. */
struct recall {
    const struct calendar *calendar; /* borrowed for the register's life */
    const struct policy_era *eras;   /* as for register_create; those that begin after `as_at` only lend the names of their pathways */
    size_t era_count;
    uint64_t known_at; /* the last seq that was known, at most archive_count */
    day_t as_at;
    bool goes_on;          /* register_advance may follow, as long as no other policy applies */
    const uint32_t *waits; /* only these, as archive_glance numbers them, each once; NULL: all */
    size_t wait_count;
};

/* The register as it stands at the end of a day, by what was known: its queries answer as those of the live one do. It has no alerts, takes
 * no events, and borrows the archive. */
struct waiting_register *archive_recall(struct archive *archive, const struct recall *recall);

/* The end of every day from `recall.as_at` to `to`, each under the policy in force then. */
struct walk {
    struct recall recall; /* its `calendar` and `goes_on` are of no importance */
    day_t to;
    /* The calendar of the policy in force on a day; borrowed for the walk. */
    const struct calendar *(*calendar_on)(void *context, day_t day);
    /* One day, with the register at its end, borrowed until `each` returns. False ends the walk. */
    bool (*each)(void *context, day_t day, struct waiting_register *reg);
    void *context;
};
/* Days that follow each other cost only what happened on them, so a year takes seconds a million events. */
void archive_walk(struct archive *archive, const struct walk *walk);

struct text archive_subject(const struct archive *archive, uint32_t wait); /* borrowed */
/* What tells at a glance whether an event matters, a few nanoseconds each. */
struct glance {
    instant_t time;
    uint32_t wait; /* of which it is part: the archive's own number of the subject, from 1 */
    enum event_type type;
};
struct glance archive_glance(const struct archive *archive, uint64_t seq);
/* The wait of the event that a retraction names, also of one that came later than the retraction; 0 when it has not come. */
uint32_t archive_wait_retracted(const struct archive *archive, uint64_t seq);

#endif
