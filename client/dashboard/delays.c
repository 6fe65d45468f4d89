/* Failures by address, in a table of fixed size. */
#include "client/dashboard/delays.h"

#include "daemon/core/memory.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define NETWORK_BYTES 8 /* of an IPv6 address that is one customer's */

struct failing {
    unsigned char address[DELAYS_ADDRESS_BYTES];
    unsigned failures; /* 0: the place is empty */
    int64_t last_ms;
};

struct delays {
    struct failing at[DELAYS_MAX];
};

struct delays *delays_create(void) {
    return memory_new(1, sizeof(struct delays));
}

void delays_destroy(struct delays **delays) {
    free(*delays);
    *delays = NULL;
}

static bool is_four(const unsigned char address[DELAYS_ADDRESS_BYTES]) {
    static const unsigned char mapped[12] = {[10] = 0xff, [11] = 0xff};

    return memcmp(address, mapped, sizeof mapped) == 0;
}

/* That of the address, else the one that is empty or the oldest. */
static struct failing *place_of(struct delays *delays, const unsigned char address[DELAYS_ADDRESS_BYTES]) {
    struct failing *best = &delays->at[0];

    for (size_t i = 0; i < DELAYS_MAX; i++) {
        struct failing *each = &delays->at[i];

        if (each->failures > 0 && memcmp(each->address, address, DELAYS_ADDRESS_BYTES) == 0) {
            return each;
        }
        if (best->failures > 0 && (each->failures == 0 || each->last_ms < best->last_ms)) {
            best = each;
        }
    }
    best->failures = 0;
    memcpy(best->address, address, DELAYS_ADDRESS_BYTES);
    return best;
}

int64_t delays_fail(struct delays *delays, const unsigned char address[DELAYS_ADDRESS_BYTES], int64_t now_ms, unsigned *failures) {
    unsigned char counted[DELAYS_ADDRESS_BYTES] = {0};
    int64_t delay = DELAYS_FIRST_MS;

    memcpy(counted, address, is_four(address) ? DELAYS_ADDRESS_BYTES : NETWORK_BYTES);
    struct failing *place = place_of(delays, counted);

    if (now_ms - place->last_ms >= DELAYS_FORGOTTEN_MS) {
        place->failures = 0;
    }
    place->failures += place->failures < UINT32_MAX ? 1 : 0;
    place->last_ms = now_ms;
    *failures = place->failures;
    for (unsigned i = 1; i < place->failures && delay < DELAYS_LONGEST_MS; i++) {
        delay *= 2;
    }
    return delay < DELAYS_LONGEST_MS ? delay : DELAYS_LONGEST_MS;
}
