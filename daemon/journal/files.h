/* Files of the journal's folder that are made whole or not at all, and never over another. Those that fail leave errno. */
#ifndef WAITLIST_JOURNAL_FILES_H
#define WAITLIST_JOURNAL_FILES_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* The parts joined; the caller frees. */
char *files_path(const char *first, const char *second, const char *third, const char *fourth);
/* Renames, unless there is something of the new name (EEXIST). */
bool files_rename_new(const char *from, const char *to);
/* Tells how far the copy is, in bytes; false to give up. */
typedef bool files_progress(void *context, uint64_t done, uint64_t total);
/* Copies a file to a new name and syncs it; on failure there is none of that name. `progress` may be NULL; ECANCELED when it gave up. */
bool files_copy_new(const char *from, const char *to, mode_t mode, files_progress *progress, void *context);
/* So that new names in the folder of this path are there after a power cut. */
bool files_sync_directory_of(const char *path);

#endif
