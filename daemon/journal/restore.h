/* Putting a journal back: what was there is kept aside, and what stands there afterwards has a new epoch, so that no alert seq which
 * somebody may have seen ever gets a second meaning. Offline: it takes the lock that a daemon holds. */
#ifndef WAITLIST_JOURNAL_RESTORE_H
#define WAITLIST_JOURNAL_RESTORE_H

#include "daemon/journal/highwater.h"
#include "daemon/journal/inspect.h"

struct journal_restore {
    const char *backup; /* NULL: what lies at `journal` is accepted as it is, under a new epoch */
    const char *journal;
    bool dry_run; /* everything but writing */
    instant_t now;
    journal_progress *progress;
    void *context;
};

enum journal_key { JOURNAL_KEY_KEPT, JOURNAL_KEY_COPIED, JOURNAL_KEY_NONE };

struct journal_restored {
    struct journal_summary restored;
    bool knows_before; /* that there was a journal here, and how far it had come: */
    struct highwater_mark before;
    char epoch[33];   /* the new one; empty after a dry run */
    char aside[4096]; /* the name under which what was there is kept; empty: there was nothing, or it was accepted */
    enum journal_key key;
};

/* JOURNAL_LOCKED while a daemon has the journal open. On any failure what was there is still there, or its name is in `aside` and the
 * message says so. */
enum journal_status journal_restore(const struct journal_restore *restore, struct journal_restored *restored, char message[256]);

#endif
