/* How often each of any number of texts occurred, and the most frequent of them. */
#ifndef WAITLIST_CORE_COUNTS_H
#define WAITLIST_CORE_COUNTS_H

#include "daemon/core/names.h"

struct counts;

struct counted_text {
    struct text text; /* borrowed from the counts */
    uint64_t count;
};

struct counts *counts_create(uint64_t seed);
void counts_destroy(struct counts **counts);
void counts_add(struct counts *counts, struct text text);
/* How many different texts. */
size_t counts_distinct(const struct counts *counts);
/* The most frequent ones, at most `limit`, ties by their bytes. How many; the caller frees `*top` with free(). */
size_t counts_top(const struct counts *counts, size_t limit, struct counted_text **top);

#endif
