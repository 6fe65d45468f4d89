/* Who may ask: by which name the gateway is called, and from which site. */
#ifndef WAITLIST_DASHBOARD_GUARD_H
#define WAITLIST_DASHBOARD_GUARD_H

#include <stdbool.h>

struct guard;

/* `address` is what is listened on, "127.0.0.1" or "[::1]"; `host_names` further names with commas or blanks between, or NULL. Both are
 * copied. On another address than loopback every name is allowed when none is listed. */
struct guard *guard_create(const char *address, bool is_loopback, const char *host_names);
void guard_destroy(struct guard **guard);

/* Whether a Host header ("localhost:8090"; NULL: there is none) names this gateway. A foreign page whose own name was made to point here
 * is told apart by it. */
bool guard_knows_host(const struct guard *guard, const char *host);
/* Whether a request that changes something comes from our own pages, or, unless it `must_say`, from no browser at all. The others are
 * headers or NULL. A request that is believed for what browsers send by themselves must say where it is from. */
bool guard_is_own_origin(const char *fetch_site, const char *origin, const char *host, bool must_say);

#endif
