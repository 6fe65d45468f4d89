/* Events that are made and have not arrived yet, earliest first: a binary heap. */
#ifndef WAITLIST_SIMULATE_PENDING_H
#define WAITLIST_SIMULATE_PENDING_H

#include "client/simulate/record.h"

struct pending {
    struct record *at;
    size_t count;
    size_t capacity;
};

void pending_push(struct pending *pending, const struct record *record);
/* The earliest, by arrival and then by order of creation; NULL when there is none. Borrowed until the next push or pop. */
const struct record *pending_first(const struct pending *pending);
void pending_pop(struct pending *pending);
void pending_clear(struct pending *pending);
void pending_free(struct pending *pending);

#endif
