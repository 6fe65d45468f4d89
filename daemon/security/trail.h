/* The access log: who looked at which wait, list or export, when, and what was denied; written before the answer leaves, and only ever
 * added to (docs/security.md, Access log).
 *
 * Files in a folder of their own, one for a UTC day and one more for each 64 MiB, each line linked to the one before it. One writer; it is
 * not thread-safe. Nothing here ends the process: a log that cannot be written says so, and whoever asks about people is told to come
 * again. */
#ifndef WAITLIST_SECURITY_TRAIL_H
#define WAITLIST_SECURITY_TRAIL_H

#include "daemon/security/trail_files.h"

#define TRAIL_FILE_BYTES ((uint64_t)64 << 20) /* a file is checked as a whole at each start: a fifth of a second */
#define TRAIL_REASON_SIZE 320

struct trail;

/* How far the log had come by what another place noted. */
struct trail_mark {
    uint64_t entries; /* 0: nothing was noted */
    char head[TRAIL_HEAD_SIZE];
};

struct trail_setup {
    const char *directory; /* copied; made with mode 0700 when it is not there */
    int retention_days;
    struct trail_mark known;
    uint64_t file_bytes; /* 0: TRAIL_FILE_BYTES; smaller in tests */
    /* Says what whoever runs the daemon must know; `reason` may be NULL. Called for a change, not for each failure. May be NULL. */
    void (*tell)(void *context, bool is_trouble, const char *message, const char *reason);
    void *context;
};

/* Opens the log: a line that a crash left unfinished is cut off, which an entry says; the newest file is checked, and when the chain is
 * broken a new file begins with an entry that names the place. A log that cannot be opened is tried again by trail_tick. */
struct trail *trail_create(const struct trail_setup *setup, instant_t now);
/* Writes what is held back, and syncs. */
void trail_destroy(struct trail **trail);

/* Whether an entry can be written now, as far as can be told; false counts as a look that was refused. To be asked before something is done
 * that must not be done without an entry. */
bool trail_is_ready(struct trail *trail, instant_t now);
/* One entry, with one write(2): it survives the process, and after the next trail_tick a power cut. False when it is not in the log. */
bool trail_append(struct trail *trail, const struct trail_entry *entry);
/* The same of something that outsiders can cause as often as they like: the first of an op, peer and reason is written at once, further
 * ones are counted and written together, after 1 second, then 2, 4, … to an hour. More kinds than TRAIL_KINDS_MAX at a time are one kind.
 */
#define TRAIL_KINDS_MAX 16
void trail_append_summed(struct trail *trail, const struct trail_entry *entry, int64_t monotonic_ms);

/* To be called at least each second: syncs, writes what is held back, tries again what failed, removes what is too old. */
void trail_tick(struct trail *trail, instant_t now, int64_t monotonic_ms);
/* Syncs now. False when that failed, or the log cannot be written. */
bool trail_sync(struct trail *trail);
void trail_set_retention(struct trail *trail, int days);

struct trail_figures {
    uint64_t entries; /* ever, those that were removed too */
    char head[TRAIL_HEAD_SIZE];
    uint64_t files;
    uint64_t refused;   /* looks refused since it cannot be written */
    const char *fault;  /* why it cannot be written; NULL when it can */
    const char *broken; /* what was found wrong with the chain at the start; NULL: nothing. Both borrowed until the next call */
};
void trail_figures(const struct trail *trail, struct trail_figures *figures);
/* How far it has come at the end of a day, as the journal keeps it: {"day","entries","chain"}; and read again. */
#define TRAIL_MARK_SIZE 160
void trail_mark_write(const struct trail *trail, day_t day, char text[TRAIL_MARK_SIZE]);
bool trail_mark_read(struct text text, struct trail_mark *mark);
const char *trail_directory(const struct trail *trail);

#endif
