/* A look at a configuration file before libconfig reads it, for what libconfig 1.5 does not report. */
#ifndef WAITLIST_CONFIG_SOURCE_H
#define WAITLIST_CONFIG_SOURCE_H

#include "daemon/config/config.h"

struct source_findings {
    size_t errors;
    bool unreadable; /* libconfig must not see the file */
};

/* Looks through `path` and the files it includes, which are named relative to `folder`:
 * - a whole number beyond 32 bits, of which libconfig would silently keep the lower 32 (4294967324 would be 28);
 * - a file or an included file that is no regular file, cannot be opened, is over 1 MiB or holds a NUL (libconfig ends the process
 *   when it is told to include a folder). */
struct source_findings config_source_check(const char *path, const char *folder, config_report *report, void *context);

/* The name for a complaint of the file that libconfig calls `file` (NULL: the main one, `path`); the caller frees. */
char *config_source_name(const char *file, const char *path, const char *folder);

#endif
