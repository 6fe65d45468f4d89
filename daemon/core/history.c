/* A wait's history in fold order, and folding a wait anew when an event arrives late or is retracted. */
#include "daemon/core/register_internal.h"

#include "daemon/core/memory.h"

#include <stdlib.h>

static int compare_sorted(const void *left, const void *right) {
    const struct sorted_event *a = left;
    const struct sorted_event *b = right;
    if (a->effective_time != b->effective_time)
        return a->effective_time < b->effective_time ? -1 : 1;
    const struct event *first = &a->event->event;
    const struct event *second = &b->event->event;
    int order = text_compare(first->sequence, second->sequence);
    if (order == 0)
        order = event_type_rank(first->type) - event_type_rank(second->type);
    if (order == 0)
        order = text_compare(first->source, second->source);
    return order != 0 ? order : text_compare(first->id, second->id);
}

static bool is_retracted(const struct waiting_register *reg, const struct event *event) {
    return event->type != EVENT_RETRACTED && retractions_kind(reg->retractions, event->source, event->id) == RETRACTION_TAKES;
}

/* Loads and sorts every event of the wait that `keep` lets pass. */
static void load_sorted(struct waiting_register *reg, const struct record *record,
                        bool (*keep)(const struct waiting_register *reg, const struct event *event)) {
    const struct history_event *events;
    reg->sorted_seq = 0;
    size_t count = reg->history.load(reg->history.context, record->newest_seq, &events);
    memory_reserve((void **)&reg->sorted, &reg->sorted_capacity, count, sizeof *reg->sorted);
    reg->sorted_count = 0;
    for (size_t i = 0; i < count; i++)
        if (keep(reg, &events[i].event))
            reg->sorted[reg->sorted_count++] = (struct sorted_event){event_effective_time(&events[i].event, reg->calendar), &events[i]};
    if (reg->sorted_count > 1)
        qsort(reg->sorted, reg->sorted_count, sizeof *reg->sorted, compare_sorted);
}

static bool keep_folded(const struct waiting_register *reg, const struct event *event) {
    return event->type != EVENT_RETRACTED && !is_retracted(reg, event);
}

static bool keep_all(const struct waiting_register *reg, const struct event *event) {
    (void)reg;
    (void)event;
    return true;
}

struct wait_history register_load_history(struct waiting_register *reg, const struct record *record) {
    /* Registers recalled from one archive share the memory in which it shows a history. */
    if (reg->without_alerts || reg->sorted_seq != record->newest_seq) {
        load_sorted(reg, record, keep_folded);
        reg->sorted_seq = record->newest_seq;
    }
    memory_reserve((void **)&reg->sorted_events, &reg->sorted_events_capacity, reg->sorted_count, sizeof *reg->sorted_events);
    for (size_t i = 0; i < reg->sorted_count; i++)
        reg->sorted_events[i] = reg->sorted[i].event;
    return (struct wait_history){reg->sorted_events, reg->sorted_count};
}

void register_refold(struct waiting_register *reg, uint32_t wait) {
    struct record *record = register_record(reg, wait);
    load_sorted(reg, record, keep_folded);
    reg->sorted_seq = record->newest_seq;
    reg->refolds++;
    struct wait_state final;
    reg->person_before = record->state.person;
    wait_state_init(&record->state);
    record->last_rank = 0;
    record->flags &= (uint8_t) ~(RECORD_HAS_SEQUENCE | RECORD_HAS_FUTURE | RECORD_EXCLUDED | RECORD_STALE | RECORD_REACHES_BACK);
    size_t i = 0;
    for (; i < reg->sorted_count; i++) {
        const struct event *event = &reg->sorted[i].event->event;
        day_t day = calendar_day_of(reg->calendar, reg->sorted[i].effective_time);
        if (day > reg->today)
            break;
        wait_state_apply(&record->state, event, day, &reg->keeping_fold);
        register_note_folded(record, event, reg->sorted[i].effective_time);
    }
    if (i < reg->sorted_count) {
        record->flags |= RECORD_HAS_FUTURE;
        reg->next_event_day = calendar_day_of(reg->calendar, reg->sorted[i].effective_time);
    }
    final = record->state;
    for (; i < reg->sorted_count; i++)
        wait_state_apply(&final, &reg->sorted[i].event->event, calendar_day_of(reg->calendar, reg->sorted[i].effective_time), &reg->fold);
    if (wait_state_is_excluded(&final, reg->names))
        record->flags |= RECORD_EXCLUDED;
}

static enum effect effect_of_retraction(const struct waiting_register *reg, const struct event *event) {
    switch (retractions_kind(reg->retractions, event->retracts_source, event->retracts_id)) {
    case RETRACTION_TAKES:
        return EFFECT_APPLIED;
    case RETRACTION_CANNOT:
        return EFFECT_CANNOT_RETRACT;
    default:
        return EFFECT_RETRACTS_UNKNOWN;
    }
}

size_t register_outcomes(struct waiting_register *reg, uint32_t wait, const struct event_outcome **outcomes) {
    struct wait_state state;
    wait_state_init(&state);
    load_sorted(reg, register_record(reg, wait), keep_all);
    memory_reserve((void **)&reg->outcomes, &reg->outcome_capacity, reg->sorted_count, sizeof *reg->outcomes);
    for (size_t i = 0; i < reg->sorted_count; i++) {
        const struct event *event = &reg->sorted[i].event->event;
        day_t day = calendar_day_of(reg->calendar, reg->sorted[i].effective_time);
        enum effect effect;
        if (event->type == EVENT_RETRACTED)
            effect = effect_of_retraction(reg, event);
        else if (is_retracted(reg, event))
            effect = EFFECT_RETRACTED;
        else if (day > reg->today)
            effect = EFFECT_PENDING;
        else
            effect = wait_state_apply(&state, event, day, &reg->fold);
        reg->outcomes[i] = (struct event_outcome){reg->sorted[i].event, effect};
    }
    *outcomes = reg->outcomes;
    return reg->sorted_count;
}
