/* What the files of the selection share; nobody else includes it. */
#ifndef WAITLIST_CORE_SELECTION_INTERNAL_H
#define WAITLIST_CORE_SELECTION_INTERNAL_H

#include "daemon/core/register_internal.h"
#include "daemon/core/selection.h"

#define FIELD_VALUE_NOBODY UINT32_MAX /* a value that no wait has */

/* A filter with its values as the register's numbers. */
struct ready_filter {
    const struct wait_filter *filter;
    bool accepts_unknown[FILTER_FIELDS_MAX];
    uint32_t values[FILTER_FIELDS_MAX][FILTER_VALUES_MAX];
};

void ready_filter_init(struct ready_filter *ready, const struct waiting_register *reg, const struct wait_filter *filter);
bool ready_filter_fields_pass(const struct ready_filter *ready, const struct waiting_register *reg, const struct wait_state *state);
bool ready_filter_passes(const struct ready_filter *ready, const struct waiting_register *reg, uint32_t wait,
                         const struct clock_reading *reading);
/* Whether waits of the queue can pass at all, by pathway and team alone. */
bool ready_filter_queue_passes(const struct ready_filter *ready, const struct waiting_register *reg, const struct group_key *queue);
/* The groups whose counters tell all that is asked: the queues, the cells, or NULL when only the single waits do. */
const struct groups *selection_groups(const struct waiting_register *reg, const struct wait_filter *filter,
                                      const struct field_name *group_by, size_t group_by_count);
/* What all waits of a group share. */
void selection_group_state(const struct group *group, struct wait_state *state);
/* Calls `each` for every wait that waits or is scheduled and passes. */
void selection_each_open(const struct waiting_register *reg, const struct ready_filter *filter,
                         void (*each)(void *context, const struct wait_state *state, const struct clock_reading *reading), void *context);
/* The number of a field's value; 0 when the wait has none. */
uint32_t field_of_state(const struct waiting_register *reg, const struct wait_state *state, const struct field_name *name);
/* The same as a group's key: a value sent as "unknown" (`unknown`: its number) is counted with the missing ones, so that no two rows have
 * the same keys. */
uint32_t key_of_state(const struct waiting_register *reg, const struct wait_state *state, const struct field_name *name, uint32_t unknown);
struct text text_of_value(const struct waiting_register *reg, const struct field_name *name, uint32_t value);

#endif
