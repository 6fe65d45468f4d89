/* waitlistctl verify of an access log. */
#ifndef WAITLIST_CTL_VERIFY_ACCESS_H
#define WAITLIST_CTL_VERIFY_ACCESS_H

#include "client/ctl/ctl.h"

#include "daemon/security/trail_verify.h"

struct verify_access_choice {
    struct ctl_context *ctl; /* its journal, if there is one, has heads of the log */
    const char *path;
    struct trail_mark noted; /* a head that was noted elsewhere; 0 entries: none */
};

/* Checks it and says what was found; gives the exit code. */
int verify_access(const struct verify_access_choice *choice);

#endif
