/* Restatement (rules, section 7): which waits count otherwise on a day than they did when it was reported, and the events that came since
 * and explain it. */
#ifndef WAITLIST_CORE_RESTATEMENT_H
#define WAITLIST_CORE_RESTATEMENT_H

#include "daemon/core/archive.h"
#include "daemon/core/selection.h"

/* A wait by its numbers in the two registers, 0 where it was not known. */
struct restated_wait {
    struct text subject; /* borrowed from the archive */
    uint32_t reported;
    uint32_t known;
    size_t first_event; /* of `event_seqs` */
    size_t event_count; /* one at least */
};

/* All is owned by the restatement, but what says otherwise. */
struct restatement {
    struct waiting_register *reported; /* the day as it was known when it was reported, of these waits and some others */
    struct waiting_register *known;    /* the same as it is known now */
    struct restated_wait *waits;       /* by subject as bytes */
    size_t wait_count;
    uint64_t *event_seqs; /* wait by wait, rising */
    size_t event_count;
};

/* `recall` says the day and what is known now; `reported_at` is the seq that was known when the day was reported. Only waits that pass the
 * filter's fields in one of the two count. The caller frees with restatement_free, before the archive. */
void archive_restate(struct archive *archive, const struct recall *recall, uint64_t reported_at, const struct wait_filter *filter,
                     struct restatement *restatement);
void restatement_free(struct restatement *restatement);

#endif
