/* The position of a group (rules, section 6): counts and statistics of the days waited, built from counters or from single waits. */
#ifndef WAITLIST_CORE_POSITION_H
#define WAITLIST_CORE_POSITION_H

#include "daemon/core/clock.h"

#define POSITION_NULL (-1) /* a statistic of an empty group */

struct position {
    uint32_t waiting;
    uint32_t unallocated;
    uint32_t allocated;
    uint32_t in_progress;
    uint32_t paused;
    uint32_t breach;
    uint32_t due;
    uint32_t scheduled;
    uint32_t no_contact;
    int32_t longest;
    int32_t median_tenths; /* tenths of a day */
    int32_t mean_tenths;   /* tenths of a day, half up */
    int32_t p90;           /* nearest rank */
    size_t band_count;
    uint32_t bands[POLICY_BANDS_MAX + 1];
};

/* Collects what is counted and how many wait how many days; reusable. */
struct position_builder;

struct position_builder *position_builder_create(void);
void position_builder_destroy(struct position_builder **builder);
void position_builder_clear(struct position_builder *builder);
/* `count` people who wait `days` days (0 or more). */
void position_builder_add_days(struct position_builder *builder, int32_t days, uint32_t count);
/* How many wait each number of days, for 0 to `days_max`, to be added to in place; valid until the builder is used otherwise. */
uint32_t *position_builder_days(struct position_builder *builder, int32_t days_max);
/* Adds all that another one has collected. */
void position_builder_add(struct position_builder *builder, const struct position_builder *other);
/* The plain counts, to be changed in place: waiting, stages, paused, breach, due, scheduled, no_contact. */
struct position *position_builder_counts(struct position_builder *builder);
/* Computes the statistics and the bands from the policy's upper edges. */
void position_builder_finish(struct position_builder *builder, const struct policy *policy, struct position *position);

#endif
