/* `waitlistctl import csv`: checks a whole file by its map, then sends the events of every row that the daemon can take. */
#ifndef WAITLIST_IMPORT_CSV_IMPORT_H
#define WAITLIST_IMPORT_CSV_IMPORT_H

#include "client/ctl/ctl.h"

struct csv_import_options {
    const char *path;
    const char *map_path;
    const char *report_path; /* NULL: none */
    bool dry_run;            /* sends nothing, needs no daemon */
    bool strict;             /* sends nothing unless every row can be taken */
    bool accept_dates;       /* sends also when a column has dates that only make sense with the month first */
};

/* The exit code: CTL_DONE when every row is taken, CTL_REFUSED when some are not, CTL_USAGE when map, configuration or file cannot be
 * used, CTL_UNREACHABLE. */
int csv_import_run(struct ctl_context *ctl, const struct csv_import_options *options);

#endif
