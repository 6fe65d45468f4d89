/* How long somebody waits who failed to sign in: doubling with each failure from an address, forgotten after a while. */
#ifndef WAITLIST_DASHBOARD_DELAYS_H
#define WAITLIST_DASHBOARD_DELAYS_H

#include <stdint.h>

#define DELAYS_FIRST_MS 500
#define DELAYS_LONGEST_MS 30000
#define DELAYS_FORGOTTEN_MS (INT64_C(15) * 60 * 1000) /* after the last failure */
#define DELAYS_MAX 1024                               /* addresses; the one that failed longest ago goes for a new one */
#define DELAYS_ADDRESS_BYTES 16                       /* of IPv6; one of IPv4 as the IPv6 address that maps it */

struct delays;

struct delays *delays_create(void);
void delays_destroy(struct delays **delays);

/* One more failure from an address: milliseconds that its answer waits; `*failures` is how many there were. Of IPv6 the first 64 bits
 * count, as whoever has one such address has all. */
int64_t delays_fail(struct delays *delays, const unsigned char address[DELAYS_ADDRESS_BYTES], int64_t now_ms, unsigned *failures);

#endif
