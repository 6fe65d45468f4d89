/* A backup of a journal while its daemon writes: a complete database of one moment, checked before it gets its name. */
#ifndef WAITLIST_JOURNAL_BACKUP_H
#define WAITLIST_JOURNAL_BACKUP_H

#include "daemon/journal/inspect.h"

#define JOURNAL_BACKUP_NAME_MAX 128

/* 1 to 128 of A-Z a-z 0-9 . _ -, beginning with a letter or a digit, and no name that belongs to a database or is the daemon's. */
bool journal_backup_name_is_good(const char *name);

struct journal_backup {
    const char *journal_path;
    const char *directory; /* made (mode 0750) when it is missing and its parent is there */
    const char *name;      /* journal_backup_name_is_good; nothing of this name may be there */
    bool with_key;         /* copies the journal's key to NAME.key, mode 0600 */
    uint32_t bytes_per_s;  /* how fast it copies at most; 0: as fast as it can */
    journal_progress *progress;
    void *context;
};

/* To be called in a thread of its own, or another process: it opens a reader. A file of the name, of mode 0640, is complete, synced, and
 * sound; on any failure there is none. JOURNAL_FULL: the backup's disk has no room. */
enum journal_status journal_back_up(const struct journal_backup *backup, struct journal_summary *summary, char message[256]);

/* Deletes what runs that were killed left unfinished in the folder: as large as the journal, and with what may be redacted since. */
void journal_clear_backups(const char *directory);

#endif
