/* Any bytes as the newest file of an access log: they are read to their end in both orders, checked, and gone on with. */
#include "daemon/core/memory.h"
#include "daemon/security/trail_read.h"
#include "daemon/security/trail_verify.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/place.h"

#include <string.h>

#define NOW INT64_C(1795348800000) /* 2026-11-22T12:00:00Z */
#define FILE_NAME "000001-2026-11-22.ndjson"

enum { PAGES_MAX = 100000, PIECE_BYTES = 1000, LIMIT = 7 };

struct seen {
    uint64_t count;
    uint64_t of_us; /* what this program wrote, when it came first */
};

static void see(void *context, struct text line, const struct trail_parts *parts) {
    struct seen *seen = context;
    ENSURE(line.length < TRAIL_LINE_MAX && parts->chain.length == TRAIL_HEAD_LENGTH);
    ENSURE(parts->what.length >= 2 && parts->what.at >= line.at && parts->what.at + parts->what.length <= line.at + line.length);
    if (seen->count++ == 0)
        seen->of_us = text_is(parts->op, "fuzz");
}

/* All of it, in small pieces. */
static struct seen read_all(bool oldest_first) {
    struct trail_query query = {.from = INSTANT_NONE,
                                .to = INSTANT_NONE,
                                .outcome = TRAIL_OUTCOME_COUNT,
                                .oldest_first = oldest_first,
                                .limit = LIMIT,
                                .bytes = PIECE_BYTES};
    struct trail_reading reading;
    struct seen seen = {0, 0};
    for (int page = 0;; page++) {
        ENSURE(page < PAGES_MAX);
        ENSURE(trail_read(place_folder(), &query, see, &seen, &reading));
        if (reading.is_complete)
            return seen;
        query.place = reading.place;
    }
}

static void verify(struct trail_verified *verified) {
    char message[TRAIL_REASON_SIZE];
    struct trail_verify_options options = {.marks = NULL};
    ENSURE(trail_verify(place_folder(), &options, verified, message));
    ENSURE((verified->faults == 0) == (verified->fault[0] == '\0'));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct trail_verified before, after;
    place_clear();
    (void)place_write(FILE_NAME, data, size);
    struct seen forward = read_all(true), backward = read_all(false);
    ENSURE(forward.count == backward.count);
    verify(&before);
    struct trail *trail = trail_create(&(struct trail_setup){.directory = place_folder(), .retention_days = 730}, NOW);
    struct trail_entry entry = {.at = NOW, .op = text_of("fuzz"), .rows = TRAIL_NO_ROWS, .outcome = TRAIL_OK};
    ENSURE(trail_append(trail, &entry));
    trail_destroy(&trail);
    verify(&after);
    ENSURE(after.unfinished == 0 && after.last_n > before.last_n);
    ENSURE(before.faults == 0 ? after.faults == 0 : after.faults >= before.faults);
    backward = read_all(false);
    ENSURE(backward.of_us == 1 && backward.count > forward.count);
    return 0;
}
