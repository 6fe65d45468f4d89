/* `waitlistctl import cld`: a Client Level Data file becomes the events of finished waits, which are sent or, in a dry run, only counted.
 */
#ifndef WAITLIST_IMPORT_CLD_IMPORT_H
#define WAITLIST_IMPORT_CLD_IMPORT_H

#include <stdbool.h>

#include "client/ctl/ctl.h"

struct cld_import_options {
    const char *path;     /* the CLD file */
    const char *map_path; /* libconfig, as config/import/cld.conf; NULL: next to the configuration (-c), as import/cld.conf */
    bool dry_run;         /* reads and checks everything, sends nothing */
};

/* Prints the report on stdout in ctl->format. Exit codes: CTL_DONE every wait that the file yields is durable (or would be sent) and every
 * line could be read; CTL_REFUSED not so, the report says which; CTL_USAGE the map or the file cannot be used; CTL_UNREACHABLE. */
int cld_import_run(struct ctl_context *ctl, const struct cld_import_options *options);

#endif
