/* The checkpoint: what a replay of the journal comes to at some seq, in a file beside it, so that a start reads only what came since.
 *
 * It is never needed and may be deleted at any time; a file that is not whole, or not of this journal, program and policy, is left alone
 * and all events are replayed (docs/journal.md). */
#ifndef WAITLIST_LEDGER_CHECKPOINT_H
#define WAITLIST_LEDGER_CHECKPOINT_H

#include "daemon/core/calendar.h"

#define CHECKPOINT_MESSAGE_SIZE 256

struct ledger;

/* Which one: everything up to these seqs is in it. */
struct checkpoint_mark {
    uint64_t seq; /* 0: there is none */
    uint64_t alert_seq;
    instant_t at;       /* when it was taken */
    uint64_t redaction; /* the record of the newest redaction that it knows of, 0 without one: after a newer one it is not used */
};

struct checkpoint_news {
    uint64_t from_seq;                       /* up to here nothing had to be replayed */
    char ignored[CHECKPOINT_MESSAGE_SIZE];   /* why one that was there was not used; else "" */
    char unwritten[CHECKPOINT_MESSAGE_SIZE]; /* why one that should have been written was not; else "" */
};

/* Writes what the ledger has replayed, up to the last seq of its journal, before register_begin. In place of the file that was there once
 * it is whole and synced. False with a reason when it could not be written; the old one is then still there. */
bool checkpoint_write(const struct ledger *ledger, instant_t now, struct checkpoint_mark *mark, char message[CHECKPOINT_MESSAGE_SIZE]);

/* Makes the ledger's register, identities and sources as they were. False when there is no checkpoint (`message` is then empty) or it
 * cannot be used, and `message` says why; what was made is then of no use and must be made anew. */
bool checkpoint_read(struct ledger *ledger, struct checkpoint_mark *mark, char message[CHECKPOINT_MESSAGE_SIZE]);

/* Deletes what a run that was cut off left of one; only while nobody writes one. */
void checkpoint_clear_unfinished(const struct ledger *ledger);
/* Deletes the file: what it holds was redacted, or nobody knows what it holds. */
void checkpoint_forget(struct ledger *ledger);

#endif
