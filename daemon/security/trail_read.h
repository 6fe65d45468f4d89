/* Looking something up in the access log, a bounded piece at a time; in the daemon while it writes, or in a copy. */
#ifndef WAITLIST_SECURITY_TRAIL_READ_H
#define WAITLIST_SECURITY_TRAIL_READ_H

#include "daemon/security/trail_files.h"

#define TRAIL_READ_BYTES ((uint64_t)1 << 20) /* of one piece: some milliseconds */

/* Between two lines. */
struct trail_place {
    uint64_t number; /* of the file; 0: the beginning, or the end where the newest come first */
    uint64_t offset;
};

/* Which entries, all of it at once. Texts are borrowed; absent: any. */
struct trail_query {
    instant_t from, to; /* both are included; INSTANT_NONE: any */
    struct text peer, user, op;
    struct text subject;        /* as it stands in the entry, alone or in its filter */
    enum trail_outcome outcome; /* TRAIL_OUTCOME_COUNT: any */
    bool oldest_first;
    size_t limit;
    uint64_t bytes; /* looked at at most, more or less by a block; at least one line is */
    struct trail_place place;
};

struct trail_reading {
    size_t count;
    bool is_complete; /* there is nothing more; else `place` is where to go on */
    struct trail_place place;
    uint64_t bytes;      /* looked at */
    uint64_t unreadable; /* lines that are none of ours */
};

/* Calls `each` for every entry asked for, up to the limit. False with errno. */
typedef void trail_take_entry(void *context, struct text line, const struct trail_parts *parts);
bool trail_read(const char *directory, const struct trail_query *query, trail_take_entry *each, void *context,
                struct trail_reading *reading);

#endif
