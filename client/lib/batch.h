/* One batch of events on its way: NDJSON and the callers' tags. */
#ifndef WAITLIST_CLIENT_LIB_BATCH_H
#define WAITLIST_CLIENT_LIB_BATCH_H

#include "client/lib/internal.h"

enum batch_state {
    BATCH_FREE,  /* empty */
    BATCH_READY, /* to be sent (again) */
    BATCH_FLIGHT /* sent, not answered */
};

struct batch {
    enum batch_state state;
    uint64_t number; /* its id on the wire, behind the sender's own prefix */
    char *bytes;
    size_t size, capacity;
    size_t count; /* events */
    uint64_t *tags;
    int64_t sent_at;
    bool was_sent;
};

void batch_clear(struct batch *batch); /* empties it; the memory stays */
void batch_free(struct batch *batch);
/* Nothing but blanks, tabs and line ends. */
bool batch_is_blank(const char *event, size_t size);
/* False when a line break stands inside a JSON string: elsewhere it means nothing, there it is an error that must not be hidden. */
bool batch_fits_one_line(const char *event, size_t size);
/* Line breaks become blanks. */
void batch_add(struct batch *batch, const char *event, size_t size, uint64_t tag, size_t limit);

#endif
