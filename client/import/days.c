/* A count for every number of days. */
#include "client/import/days.h"

#include <stdlib.h>
#include <string.h>

#include "daemon/core/memory.h"

void days_init(struct days *days) {
    *days = (struct days){.counts = memory_new(DAYS_MAX + 1, sizeof *days->counts)};
}

void days_destroy(struct days *days) {
    free(days->counts);
    *days = (struct days){0};
}

void days_clear(struct days *days) {
    memset(days->counts, 0, ((size_t)days->longest + 1) * sizeof *days->counts);
    days->n = days->sum = 0;
    days->longest = 0;
}

void days_add(struct days *days, int32_t length) {
    ENSURE(length >= 0 && length <= DAYS_MAX);
    days->counts[length]++;
    days->n++;
    days->sum += (uint64_t)length;
    days->longest = length > days->longest ? length : days->longest;
}

int32_t days_rank(const struct days *days, uint64_t rank) {
    uint64_t behind = 0;
    int32_t length = -1;

    ENSURE(rank < days->n);
    while (behind <= rank) {
        behind += days->counts[++length];
    }
    return length;
}

double days_median(const struct days *days) {
    return ((double)days_rank(days, (days->n - 1) / 2) + (double)days_rank(days, days->n / 2)) / 2.0;
}

uint64_t days_within(const struct days *days, int32_t length) {
    uint64_t count = 0;

    for (int32_t i = 0; i <= length && i <= days->longest; i++) {
        count += days->counts[i];
    }
    return count;
}
