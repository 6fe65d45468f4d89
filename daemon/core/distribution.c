/* The distribution of days waited: from the counters of queues or cells where those tell enough, else from the single waits. */
#include "daemon/core/distribution.h"

#include "daemon/core/memory.h"
#include "daemon/core/selection_internal.h"

#include <stdlib.h>
#include <string.h>

struct collecting {
    const struct waiting_register *reg;
    struct distribution *distribution;
    enum day_unit unit; /* of the group being collected */
};

static struct distribution_standard *standard_of(struct distribution *distribution, int32_t days, enum day_unit unit) {
    for (size_t i = 0; i < distribution->standard_count; i++)
        if (distribution->standards[i].days == days && distribution->standards[i].unit == unit)
            return &distribution->standards[i];
    memory_reserve((void **)&distribution->standards, &distribution->standard_capacity, distribution->standard_count + 1,
                   sizeof *distribution->standards);
    struct distribution_standard *standard = &distribution->standards[distribution->standard_count++];
    *standard = (struct distribution_standard){.days = days, .unit = unit};
    return standard;
}

static void add_people(void *context, int32_t days, int32_t standard, uint32_t count) {
    struct collecting *collecting = context;
    struct distribution *distribution = collecting->distribution;
    size_t row = (size_t)days / DISTRIBUTION_ROW_DAYS;
    uint32_t over = days > standard ? count : 0;
    if (row >= DISTRIBUTION_ROWS_MAX - 1) {
        row = DISTRIBUTION_ROWS_MAX - 1;
        distribution->is_open = true;
    }
    if (row >= distribution->row_count)
        distribution->row_count = row + 1;
    distribution->rows[row].count += count;
    distribution->rows[row].over_standard += over;
    distribution->total.count += count;
    distribution->total.over_standard += over;
    standard_of(distribution, standard, collecting->unit)->count += count;
}

static void collect_groups(struct collecting *collecting, const struct ready_filter *filter, const struct groups *groups) {
    const struct waiting_register *reg = collecting->reg;
    for (uint32_t i = 0; i < groups_count(groups); i++) {
        const struct group *group = groups_at(groups, i);
        struct wait_state state;
        selection_group_state(group, &state);
        if (!ready_filter_fields_pass(filter, reg, &state))
            continue;
        collecting->unit = reg->pathways[group->key.pathway]->unit;
        tally_each_days(group->tally, reg->calendar, collecting->unit, reg->today, add_people, collecting);
    }
}

static void collect_wait(void *context, const struct wait_state *state, const struct clock_reading *reading) {
    struct collecting *collecting = context;
    if (reading->status != STATUS_WAITING)
        return;
    collecting->unit = collecting->reg->pathways[state->pathway]->unit;
    add_people(collecting, reading->days, reading->standard, 1);
}

static int compare_standards(const void *left, const void *right) {
    const struct distribution_standard *a = left;
    const struct distribution_standard *b = right;
    if (a->unit != b->unit)
        return a->unit < b->unit ? -1 : 1;
    return (a->days > b->days) - (a->days < b->days);
}

void register_distribution(const struct waiting_register *reg, const struct wait_filter *filter, struct distribution *distribution) {
    memset(distribution, 0, sizeof *distribution);
    struct collecting collecting = {.reg = reg, .distribution = distribution};
    struct ready_filter *ready = memory_new(1, sizeof *ready);
    ready_filter_init(ready, reg, filter);
    const struct groups *groups = selection_groups(reg, filter, NULL, 0);
    if (groups != NULL)
        collect_groups(&collecting, ready, groups);
    else
        selection_each_open(reg, ready, collect_wait, &collecting);
    free(ready);
    if (distribution->standard_count > 1)
        qsort(distribution->standards, distribution->standard_count, sizeof *distribution->standards, compare_standards);
}

void distribution_free(struct distribution *distribution) {
    free(distribution->standards);
    memset(distribution, 0, sizeof *distribution);
}
