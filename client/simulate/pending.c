/* Events that have not arrived yet: a binary heap in an array. */
#include "client/simulate/pending.h"

#include <stdlib.h>

#include "daemon/core/memory.h"

static bool is_before(const struct record *a, const struct record *b) {
    return a->arrival != b->arrival ? a->arrival < b->arrival : a->order < b->order;
}

void pending_push(struct pending *pending, const struct record *record) {
    void *block = pending->at;
    memory_reserve(&block, &pending->capacity, pending->count + 1, sizeof(*pending->at));
    pending->at = block;
    size_t hole = pending->count++;
    while (hole > 0 && is_before(record, &pending->at[(hole - 1) / 2])) {
        pending->at[hole] = pending->at[(hole - 1) / 2];
        hole = (hole - 1) / 2;
    }
    pending->at[hole] = *record;
}

const struct record *pending_first(const struct pending *pending) {
    return pending->count == 0 ? NULL : &pending->at[0];
}

void pending_pop(struct pending *pending) {
    ENSURE(pending->count > 0);
    pending->count--;
    const struct record *last = &pending->at[pending->count];
    size_t hole = 0;
    for (;;) {
        size_t child = 2 * hole + 1;
        if (child >= pending->count) {
            break;
        }
        if (child + 1 < pending->count && is_before(&pending->at[child + 1], &pending->at[child])) {
            child++;
        }
        if (!is_before(&pending->at[child], last)) {
            break;
        }
        pending->at[hole] = pending->at[child];
        hole = child;
    }
    pending->at[hole] = *last;
}

void pending_clear(struct pending *pending) {
    pending->count = 0;
}

void pending_free(struct pending *pending) {
    free(pending->at);
    *pending = (struct pending){NULL, 0, 0};
}
