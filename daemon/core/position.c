/* The position of a group, from a histogram of days waited. */
#include "daemon/core/position.h"

#include "daemon/core/memory.h"

#include <stdlib.h>
#include <string.h>

struct position_builder {
    struct position counts;
    uint32_t *histogram; /* by days */
    size_t capacity;
    size_t used; /* days 0 to used - 1 have been touched */
};

struct position_builder *position_builder_create(void) {
    return memory_new(1, sizeof(struct position_builder));
}

void position_builder_destroy(struct position_builder **builder) {
    if (*builder == NULL)
        return;
    free((*builder)->histogram);
    free(*builder);
    *builder = NULL;
}

void position_builder_clear(struct position_builder *builder) {
    memset(&builder->counts, 0, sizeof builder->counts);
    if (builder->used > 0)
        memset(builder->histogram, 0, builder->used * sizeof *builder->histogram);
    builder->used = 0;
}

uint32_t *position_builder_days(struct position_builder *builder, int32_t days_max) {
    ENSURE(days_max >= 0);
    size_t needed = (size_t)days_max + 1;
    if (needed > builder->capacity) {
        size_t before = builder->capacity;
        memory_reserve((void **)&builder->histogram, &builder->capacity, needed, sizeof *builder->histogram);
        memset(builder->histogram + before, 0, (builder->capacity - before) * sizeof *builder->histogram);
    }
    if (needed > builder->used)
        builder->used = needed;
    return builder->histogram;
}

void position_builder_add_days(struct position_builder *builder, int32_t days, uint32_t count) {
    position_builder_days(builder, days)[days] += count;
}

void position_builder_add(struct position_builder *builder, const struct position_builder *other) {
    const struct position *counts = &other->counts;
    builder->counts.waiting += counts->waiting;
    builder->counts.unallocated += counts->unallocated;
    builder->counts.allocated += counts->allocated;
    builder->counts.in_progress += counts->in_progress;
    builder->counts.paused += counts->paused;
    builder->counts.breach += counts->breach;
    builder->counts.due += counts->due;
    builder->counts.scheduled += counts->scheduled;
    builder->counts.no_contact += counts->no_contact;
    if (other->used == 0)
        return;
    uint32_t *histogram = position_builder_days(builder, (int32_t)other->used - 1);
    for (size_t days = 0; days < other->used; days++)
        histogram[days] += other->histogram[days];
}

struct position *position_builder_counts(struct position_builder *builder) {
    return &builder->counts;
}

/* The days of the `rank`-th person (from 1) in order of days. */
static int32_t days_at_rank(const struct position_builder *builder, uint64_t rank) {
    size_t days = 0;
    uint64_t seen = builder->histogram[0];
    while (seen < rank) {
        ENSURE(++days < builder->used);
        seen += builder->histogram[days];
    }
    return (int32_t)days;
}

static void compute_statistics(const struct position_builder *builder, uint64_t count, uint64_t sum, struct position *position) {
    position->longest = position->median_tenths = position->mean_tenths = position->p90 = POSITION_NULL;
    if (count == 0)
        return;
    position->longest = days_at_rank(builder, count);
    position->median_tenths = (days_at_rank(builder, (count + 1) / 2) + days_at_rank(builder, count / 2 + 1)) * 5;
    position->mean_tenths = (int32_t)((sum * 20 + count) / (2 * count));
    position->p90 = days_at_rank(builder, (count * 9 + 9) / 10);
}

void position_builder_finish(struct position_builder *builder, const struct policy *policy, struct position *position) {
    *position = builder->counts;
    position->band_count = policy->band_count + 1;
    memset(position->bands, 0, sizeof position->bands);
    uint64_t count = 0, sum = 0;
    size_t band = 0;
    for (size_t days = 0; days < builder->used; days++) {
        while (band < policy->band_count && (int32_t)days > policy->bands[band])
            band++;
        position->bands[band] += builder->histogram[days];
        count += builder->histogram[days];
        sum += (uint64_t)builder->histogram[days] * days;
    }
    compute_statistics(builder, count, sum, position);
}
