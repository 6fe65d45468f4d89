/* Backups of the journal: one at a time, in a thread of its own with a reader of its own, while events go on. */
#ifndef WAITLIST_BACKUP_BACKUPS_H
#define WAITLIST_BACKUP_BACKUPS_H

#include "daemon/journal/backup.h"

/* How fast it copies: a disk that does nothing else would do many times as much, but then commits wait behind it (docs/performance.md). */
#define BACKUPS_BYTES_PER_S (32U << 20)

struct backups;

enum backups_state { BACKUPS_NONE, BACKUPS_COPIES, BACKUPS_CHECKS, BACKUPS_DONE, BACKUPS_FAILED };

/* Of the backup under way, or of the last one since the start. */
struct backups_status {
    enum backups_state state;
    char name[JOURNAL_BACKUP_NAME_MAX + 1];
    bool with_key;
    instant_t began;
    uint64_t done; /* bytes copied, or events checked, */
    uint64_t total;
    struct journal_summary summary; /* of BACKUPS_DONE */
    char message[256];              /* of BACKUPS_FAILED */
};

/* `directory`: where all of them go; NULL or "": `backups` beside the journal. Both are copied. */
struct backups *backups_create(const char *journal_path, const char *directory);
/* Gives the backup under way up, and waits for its thread. */
void backups_destroy(struct backups **backups);

/* An absolute path when the configured one is. */
const char *backups_directory(const struct backups *backups);
/* False when one is under way already, or no thread can be started. `name` must be good. */
bool backups_begin(struct backups *backups, const char *name, bool with_key, instant_t now);
void backups_status(struct backups *backups, struct backups_status *status);
/* True once after each backup that has ended. */
bool backups_take_end(struct backups *backups, struct backups_status *status);

#endif
