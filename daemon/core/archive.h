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
};

/* The register as it stands at the end of a day, by what was known: its queries answer as those of the live one do. It has no alerts, takes
 * no events, and borrows the archive. */
struct waiting_register *archive_recall(struct archive *archive, const struct recall *recall);

#endif
