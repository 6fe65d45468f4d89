/* Numbers of days, counted one by one: medians and other ranks of any number of them, exactly, in the same memory. */
#ifndef WAITLIST_IMPORT_DAYS_H
#define WAITLIST_IMPORT_DAYS_H

#include <stddef.h>
#include <stdint.h>

/* More than lie between any two dates that are read (years 1850 to 2199). */
#define DAYS_MAX 131071

struct days {
    uint64_t *counts; /* by number of days, 0 to DAYS_MAX; memory is taken as it is used, up to 1 MiB */
    uint64_t n, sum;
    int32_t longest;
};

void days_init(struct days *days);
void days_destroy(struct days *days);
/* Forgets all. */
void days_clear(struct days *days);
/* `length` is 0 to DAYS_MAX. */
void days_add(struct days *days, int32_t length);

/* The days of the `rank`-th (from 0) in ascending order; rank < n. */
int32_t days_rank(const struct days *days, uint64_t rank);
/* The continuous (interpolated) median; n is at least 1. */
double days_median(const struct days *days);
/* How many are at most so long. */
uint64_t days_within(const struct days *days, int32_t length);

#endif
