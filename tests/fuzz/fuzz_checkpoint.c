/* A checkpoint's file with some bytes changed: refused, unless it is the same; never believed when a block is not whole.
 *
 * The input says which bytes change. Where its last byte is odd the checksums are made right again, so that what lies behind them is read
 * too: somebody who can write the file can do so as well, and must get a daemon that runs, if not a right one. */
#include "daemon/core/memory.h"
#include "daemon/ledger/ledger_internal.h"
#include "tests/fuzz/council.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/place.h"

#include <stdlib.h>
#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

enum { OPENING = 12, DIGEST = 16, BLOCK_HEAD = 4 + DIGEST, CHANGE = 4, DAYS = 30, DAY_MS = 86400000 };

struct base {
    struct council *council;
    unsigned char *bytes;
    size_t size;
    struct register_figures figures;
};

static struct base *base_once(void) {
    static struct base base;
    if (base.council == NULL) {
        base.council = council_open(true);
        base.bytes = place_read(place_path("journal.db.checkpoint"), &base.size);
        ENSURE(ledger_checkpoint_news(base.council->ledger)->from_seq > 0); /* it is used */
        register_figures(ledger_register(base.council->ledger), &base.figures);
    }
    return &base;
}

static size_t number_at(const unsigned char *at) {
    return (size_t)at[0] | (size_t)at[1] << 8 | (size_t)at[2] << 16 | (size_t)at[3] << 24;
}

/* As the daemon's own writer does it. */
static void seal(unsigned char *bytes, size_t size) {
    uint64_t chain = 0;
    for (size_t at = OPENING; at + BLOCK_HEAD <= size;) {
        size_t length = number_at(bytes + at);
        if (length > size - at - BLOCK_HEAD)
            return;
        XXH128_canonical_t canonical;
        XXH128_hash_t hash = XXH3_128bits_withSeed(bytes + at + BLOCK_HEAD, length, chain ^ length);
        XXH128_canonicalFromHash(&canonical, hash);
        memcpy(bytes + at + 4, canonical.digest, DIGEST);
        chain = hash.low64 + chain;
        at += BLOCK_HEAD + length;
    }
}

static size_t spoil(const struct base *base, unsigned char *bytes, const uint8_t *data, size_t size) {
    size_t length = base->size;
    memcpy(bytes, base->bytes, length);
    for (size_t i = 0; i + CHANGE <= size; i += CHANGE) {
        size_t place = ((size_t)data[i] << 16 | (size_t)data[i + 1] << 8 | data[i + 2]) % length;
        bytes[place] ^= data[i + 3];
    }
    if (size % CHANGE == 2 && size > 2)
        length = ((size_t)data[0] << 8 | data[1]) % length;
    return length;
}

/* A month of days, and everything that is known of each wait. */
static void use(struct waiting_register *reg, day_t today) {
    struct register_figures figures;
    struct wait_view view;
    register_begin(reg, today, COUNCIL_NOW, true);
    for (int day = 1; day <= DAYS; day++)
        register_advance(reg, COUNCIL_NOW + (instant_t)day * DAY_MS);
    register_figures(reg, &figures);
    for (uint32_t wait = 1; wait <= figures.waits; wait++)
        register_view(reg, wait, &view);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct base *base = base_once();
    struct ledger *ledger = base->council->ledger;
    char message[CHECKPOINT_MESSAGE_SIZE];
    struct checkpoint_mark mark;
    struct register_figures figures;
    unsigned char *bytes = memory_new(base->size, 1);
    size_t length = spoil(base, bytes, data, size);
    bool is_sealed = size > 0 && data[size - 1] % 2 != 0;
    if (is_sealed)
        seal(bytes, length);
    bool is_same = length == base->size && memcmp(bytes, base->bytes, length) == 0;
    place_write("journal.db.checkpoint", bytes, length);
    free(bytes);
    bool taken = checkpoint_read(ledger, &mark, message);
    ENSURE(taken || (message[0] != '\0' && mark.seq == 0));
    ENSURE(is_sealed || taken == is_same);
    if (!taken)
        return 0;
    register_figures(ledger->reg, &figures);
    ENSURE(!is_same || (figures.waits == base->figures.waits && figures.open_alerts == base->figures.open_alerts));
    use(ledger->reg, calendar_day_of(ledger->calendar, COUNCIL_NOW));
    return 0;
}
