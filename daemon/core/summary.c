/* Positions of groups: from the counters of queues or cells where those tell enough, else from the single waits. */
#include "daemon/core/selection_internal.h"

#include "daemon/core/memory.h"

#include <stdlib.h>
#include <string.h>

enum { FIRST_SLOTS = 256 };

struct gathered {
    uint32_t values[GROUP_BY_MAX];
    struct position_builder *builder;
};

/* The groups of one summary, found by the numbers of their keys. */
struct gathering {
    struct waiting_register *reg;
    const struct field_name *group_by;
    size_t group_by_count;
    struct ready_filter filter;
    struct gathered *groups;
    size_t count;
    size_t capacity;
    uint32_t *slots;
    size_t slot_count;
    struct position_builder *total;
    uint32_t unknown; /* the number of a value that somebody sent as "unknown", or NAME_ABSENT */
    bool overflow;
};

static size_t gathering_slot(const struct gathering *gathering, const uint32_t values[GROUP_BY_MAX]) {
    size_t bytes = GROUP_BY_MAX * sizeof values[0];
    size_t mask = gathering->slot_count - 1;
    size_t slot = text_hash((struct text){(const char *)values, (uint32_t)bytes}, 1) & mask;
    while (gathering->slots[slot] != 0 && memcmp(gathering->groups[gathering->slots[slot] - 1].values, values, bytes) != 0)
        slot = (slot + 1) & mask;
    return slot;
}

static void gathering_grow(struct gathering *gathering) {
    free(gathering->slots);
    gathering->slot_count *= 2;
    gathering->slots = memory_new(gathering->slot_count, sizeof *gathering->slots);
    for (size_t i = 0; i < gathering->count; i++)
        gathering->slots[gathering_slot(gathering, gathering->groups[i].values)] = (uint32_t)(i + 1);
}

/* The builder of the group to which the state belongs; NULL beyond the limit. */
static struct position_builder *builder_of(struct gathering *gathering, const struct wait_state *state) {
    uint32_t values[GROUP_BY_MAX] = {0};
    for (size_t i = 0; i < gathering->group_by_count; i++)
        values[i] = key_of_state(gathering->reg, state, &gathering->group_by[i], gathering->unknown);
    size_t slot = gathering_slot(gathering, values);
    if (gathering->slots[slot] != 0)
        return gathering->groups[gathering->slots[slot] - 1].builder;
    if (gathering->count == SUMMARY_ROWS_MAX) {
        gathering->overflow = true;
        return NULL;
    }
    memory_reserve((void **)&gathering->groups, &gathering->capacity, gathering->count + 1, sizeof *gathering->groups);
    struct gathered *group = &gathering->groups[gathering->count++];
    memcpy(group->values, values, sizeof values);
    group->builder = position_builder_create();
    gathering->slots[slot] = (uint32_t)gathering->count;
    if (gathering->count * 2 > gathering->slot_count)
        gathering_grow(gathering);
    return group->builder;
}

static void gather_from_groups(struct gathering *gathering, const struct groups *groups) {
    struct waiting_register *reg = gathering->reg;
    for (uint32_t i = 0; i < groups_count(groups); i++) {
        const struct group *group = groups_at(groups, i);
        if (tally_is_empty(group->tally))
            continue;
        struct wait_state state;
        selection_group_state(group, &state);
        if (!ready_filter_fields_pass(&gathering->filter, reg, &state))
            continue;
        enum day_unit unit = reg->pathways[group->key.pathway]->unit;
        struct position_builder *builder = builder_of(gathering, &state);
        if (builder != NULL)
            tally_collect(group->tally, reg->calendar, unit, reg->today, builder);
    }
}

static void count_wait(const struct wait_state *state, const struct clock_reading *reading, struct position_builder *builder) {
    struct position *counts = position_builder_counts(builder);
    if (reading->status == STATUS_SCHEDULED) {
        counts->scheduled++;
        return;
    }
    counts->waiting++;
    counts->unallocated += state->stage == STAGE_UNALLOCATED;
    counts->allocated += state->stage == STAGE_ALLOCATED;
    counts->in_progress += state->stage == STAGE_IN_PROGRESS;
    counts->paused += reading->is_paused;
    counts->breach += reading->breach;
    counts->due += reading->due;
    counts->no_contact += clock_has_no_contact(reading);
    position_builder_add_days(builder, reading->days, 1);
}

static void gather_wait(void *context, const struct wait_state *state, const struct clock_reading *reading) {
    struct gathering *gathering = context;
    struct position_builder *builder = builder_of(gathering, state);
    if (builder != NULL)
        count_wait(state, reading, builder);
}

static int compare_rows(const void *left, const void *right) {
    const struct summary_row *a = left;
    const struct summary_row *b = right;
    int order = 0;
    for (size_t i = 0; order == 0 && i < GROUP_BY_MAX; i++)
        order = text_compare(a->keys[i], b->keys[i]);
    return order;
}

static void finish_rows(struct gathering *gathering, struct summary *summary) {
    const struct policy *policy = register_policy(gathering->reg);
    summary->rows = memory_new(gathering->count, sizeof *summary->rows);
    for (size_t i = 0; i < gathering->count; i++) {
        struct gathered *group = &gathering->groups[i];
        position_builder_add(gathering->total, group->builder);
        struct summary_row *row = &summary->rows[summary->row_count++];
        position_builder_finish(group->builder, policy, &row->position);
        for (size_t key = 0; key < gathering->group_by_count; key++)
            row->keys[key] = text_of_value(gathering->reg, &gathering->group_by[key], group->values[key]);
    }
    if (summary->row_count > 1)
        qsort(summary->rows, summary->row_count, sizeof *summary->rows, compare_rows);
    position_builder_finish(gathering->total, policy, &summary->total);
}

static void gathering_clear(struct gathering *gathering) {
    for (size_t i = 0; i < gathering->count; i++)
        position_builder_destroy(&gathering->groups[i].builder);
    position_builder_destroy(&gathering->total);
    free(gathering->groups);
    free(gathering->slots);
}

bool register_summary(struct waiting_register *reg, const struct field_name *group_by, size_t group_by_count,
                      const struct wait_filter *filter, struct summary *summary) {
    ENSURE(group_by_count <= GROUP_BY_MAX);
    memset(summary, 0, sizeof *summary);
    struct gathering *gathering = memory_new(1, sizeof *gathering);
    gathering->reg = reg;
    gathering->group_by = group_by;
    gathering->group_by_count = group_by_count;
    gathering->slot_count = FIRST_SLOTS;
    gathering->slots = memory_new(FIRST_SLOTS, sizeof *gathering->slots);
    gathering->total = position_builder_create();
    gathering->unknown = names_find(reg->names, text_of(KEY_UNKNOWN));
    ready_filter_init(&gathering->filter, reg, filter);
    const struct groups *groups = selection_groups(reg, filter, group_by, group_by_count);
    if (groups != NULL)
        gather_from_groups(gathering, groups);
    else
        selection_each_open(reg, &gathering->filter, gather_wait, gathering);
    bool fits = !gathering->overflow;
    if (fits)
        finish_rows(gathering, summary);
    gathering_clear(gathering);
    free(gathering);
    return fits;
}

void summary_free(struct summary *summary) {
    free(summary->rows);
    memset(summary, 0, sizeof *summary);
}
