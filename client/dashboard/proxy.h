/* The council's reverse proxy: where it connects from, and what the members of its groups may do. */
#ifndef WAITLIST_DASHBOARD_PROXY_H
#define WAITLIST_DASHBOARD_PROXY_H

#include "client/dashboard/identity.h"
#include "daemon/config/config.h"

#define PROXY_GROUPS_MAX 1000 /* of one person */

enum proxy_verdict {
    PROXY_KNOWN,      /* the identity is whom the headers name */
    PROXY_NOBODY,     /* there are no such headers */
    PROXY_FOREIGN,    /* there are, but from somewhere that is no trusted proxy */
    PROXY_BROKEN,     /* they cannot be believed: twice, empty, too long, no text */
    PROXY_NO_GROUP,   /* none of the groups means anything here */
    PROXY_MANY_TEAMS, /* the groups together have more teams than one person may */
};

/* What came with a request. */
struct proxy_said {
    unsigned char address[16]; /* who is at the other end of the connection; IPv4 as the IPv6 address that maps it */
    const char *user;          /* NULL: no such header */
    const char *groups;
    bool is_repeated; /* one of the two came more than once */
};

/* `*identity` is the caller's when KNOWN. A mark @ in the name becomes the word at: names are kept with acknowledgements, where nothing may
 * look like an address for mail. */
enum proxy_verdict proxy_judge(const struct dashboard_config *config, const struct proxy_said *said, struct identity **identity);

#endif
