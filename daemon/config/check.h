/* Named checks of single configured texts: each gives NULL, or in a few words what is wrong and what to write. */
#ifndef WAITLIST_CONFIG_CHECK_H
#define WAITLIST_CONFIG_CHECK_H

#include "daemon/core/feed.h"

/* [A-Za-z0-9_-]{1,64} (rules, section 2). */
const char *config_check_name(const char *name);
/* Valid UTF-8. */
const char *config_check_utf8(const char *text);
/* The same, without control characters. */
const char *config_check_printable(const char *text);
/* "Mon-Fri 08:00-18:00" or "Sat 09:00-12:00"; the hours rise. `*read` is what they say when nothing is wrong. */
const char *config_check_hours(const char *hours, struct feed_hours *read);
/* The 40 characters of a CURVE public key in Z85. */
const char *config_check_public_key(const char *key);
/* ipc:// with an absolute path that fits a socket address; tcp:// on a numeric address, which is loopback unless the daemon `has_key`, and
 * then only when `allow_plain_loopback`; or inproc:// (tests). */
const char *config_check_endpoint(const char *uri, bool allow_plain_loopback, bool has_key);
/* A numeric address and a port for HTTP, "127.0.0.1:8090" or "[::1]:8090"; another than loopback only when `allow_beyond_loopback`. */
const char *config_check_address(const char *address, bool allow_beyond_loopback);

/* Addresses whose first `bits` bits are those; one of IPv4 stands as the IPv6 address that maps it. */
struct network {
    unsigned char address[16];
    unsigned bits;
};
/* "127.0.0.1", "::1", "10.1.0.0/16". `*read` is what it says when nothing is wrong. */
const char *config_check_network(const char *text, struct network *read);

#endif
