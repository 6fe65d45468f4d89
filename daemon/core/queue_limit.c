/* Limits of queues. */
#include "daemon/core/queue_limit.h"

#include "daemon/core/register_internal.h"

static bool is_of(const struct waiting_register *reg, const struct queue_limit *limit, const struct group_key *queue) {
    return (limit->pathway.at == NULL || text_equal(limit->pathway, names_text(reg->pathway_names, queue->pathway + 1U))) &&
           (limit->team.at == NULL || text_equal(limit->team, names_text(reg->names, queue->team)));
}

static int64_t measure_of(const struct position *position, enum queue_measure measure) {
    const int64_t measures[] = {
        [MEASURE_WAITING] = position->waiting,
        [MEASURE_UNALLOCATED] = position->unallocated,
        [MEASURE_ALLOCATED] = position->allocated,
        [MEASURE_IN_PROGRESS] = position->in_progress,
        [MEASURE_PAUSED] = position->paused,
        [MEASURE_BREACH] = position->breach,
        [MEASURE_DUE] = position->due,
        [MEASURE_SCHEDULED] = position->scheduled,
        [MEASURE_NO_CONTACT] = position->no_contact,
        [MEASURE_LONGEST] = position->longest == POSITION_NULL ? 0 : position->longest,
    };
    return measures[measure];
}

int32_t register_queue_measure(const struct waiting_register *reg, const struct queue_limit *limit) {
    struct position position;
    position_builder_clear(reg->builder);
    for (uint32_t i = 0; i < groups_count(reg->queues); i++) {
        const struct group *queue = groups_at(reg->queues, i);
        if (is_of(reg, limit, &queue->key))
            tally_collect(queue->tally, reg->calendar, reg->pathways[queue->key.pathway]->unit, reg->today, reg->builder);
    }
    position_builder_finish(reg->builder, register_policy(reg), &position);
    int64_t value = measure_of(&position, limit->measure);
    return value < INT32_MAX ? (int32_t)value : INT32_MAX;
}

bool register_queue_limit_holds(const struct waiting_register *reg, const struct queue_limit *limit, int32_t *value) {
    *value = register_queue_measure(reg, limit);
    return *value >= limit->limit || (*value > limit->clears_at && register_is_standing(reg, ALERT_QUEUE_LIMIT, limit->name));
}
