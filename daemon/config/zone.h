/* The midnights of a time zone, from the system's zone files by way of the C library. */
#ifndef WAITLIST_CONFIG_ZONE_H
#define WAITLIST_CONFIG_ZONE_H

#include "daemon/config/config.h"

enum { ZONE_DAYS = 47847 }; /* 1970-01-01 to 2100-12-31 */

/* midnights[i]: the first instant of civil day i. False when the system has no such zone. TZ is another one for the time of the
 * call (config.h says what that means for other threads). */
bool config_zone_midnights(const char *zone, instant_t *midnights, size_t count);

#endif
