/* What the service manager is told (sd_notify(3)); every call does nothing when nobody listens. */
#ifndef WAITLIST_SYSTEM_NOTIFY_H
#define WAITLIST_SYSTEM_NOTIFY_H

#include <stdbool.h>
#include <stdint.h>

/* A status is shown by `systemctl status`: one line of our own words and figures, cut at 200 bytes, line ends become spaces.
 * Each function returns whether a listener took the message; that nobody listens is no error. */
bool notify_ready(const char *status);
/* `monotonic_us` is CLOCK_MONOTONIC when the reload began, which newer managers ask for; notify_ready() ends the reload. */
bool notify_reloading(uint64_t monotonic_us);
bool notify_stopping(const char *status);
bool notify_status(const char *status);
bool notify_watchdog(void);
/* Asks for more time to start: "not ready within the next `us`" (a long replay). */
bool notify_extend(uint64_t us);

/* How often notify_watchdog() is due: half of what the manager allows, in milliseconds; 0 when it does not watch this process. */
uint64_t notify_watchdog_interval_ms(void);

#endif
