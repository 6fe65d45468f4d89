/* What the register shows of single waits and of queues. */
#include "daemon/core/register_internal.h"

#include <string.h>

static uint32_t exceptions_of(const struct record *record) {
    return (uint32_t)record->state.exceptions + record->retraction_exceptions;
}

/* When the breach began or will begin. A day behind excluded pauses cannot be told from the clock, which knows only their sum: then the
 * history is read, whose memory is no part of what the register says, so that a view leaves the register as it was. */
static day_t breach_day(const struct waiting_register *reg, const struct record *record, const struct clock_reading *reading) {
    const struct pathway_policy *pathway = register_pathway(reg, record);
    if (!reading->breach || pathway->pauses != PAUSES_EXCLUDE || reading->paused_days == 0)
        return clock_day_reaching(reading, pathway, reg->calendar, reading->standard + 1);
    struct wait_history history = register_load_history((struct waiting_register *)(uintptr_t)reg, record);
    struct look_back look_back = {&reg->fold, reg->eras, reg->era_count};
    return alert_day_reached(&look_back, &history, reading->standard + 1, reg->today);
}

static void view_clock(const struct waiting_register *reg, const struct record *record, struct wait_view *view) {
    register_read_clock(reg, record, &view->clock);
    view->has_days_to_breach = view->clock.status == STATUS_WAITING || view->clock.status == STATUS_SCHEDULED;
    view->breach_on = DAY_NONE;
    if (view->has_days_to_breach) {
        view->days_to_breach = view->clock.standard + 1 - view->clock.days;
        view->breach_on = breach_day(reg, record, &view->clock);
    }
    view->no_contact = clock_has_no_contact(&view->clock);
}

bool register_view(const struct waiting_register *reg, uint32_t wait, struct wait_view *view) {
    const struct record *record = register_record(reg, wait);
    const struct wait_state *state = &record->state;
    memset(view, 0, sizeof *view);
    view->subject = names_text(reg->subjects, wait);
    view->exceptions = exceptions_of(record);
    view->last_event_at = state->last_event_at;
    view->newest_seq = record->newest_seq;
    view->newest_alert_seq = record->newest_alert_seq;
    view->breach_on = view->last_contact = DAY_NONE;
    if (state->stage == STAGE_NONE)
        return false;
    view->pathway = names_text(reg->pathway_names, state->pathway + 1U);
    view->team = names_text(reg->names, state->team);
    view->district = names_text(reg->names, state->district);
    view->client_group = names_text(reg->names, state->client_group);
    view->person = texts_at(reg->people, state->person);
    view->worker = names_text(reg->names, state->worker);
    view->dimensions = names_text(reg->names, state->dimensions);
    view->reason = state->stage == STAGE_CLOSED ? names_text(reg->names, state->end_code) : TEXT_ABSENT;
    view->outcome = state->stage == STAGE_COMPLETED ? names_text(reg->names, state->end_code) : TEXT_ABSENT;
    view->priority = state->priority;
    view->impact = state->impact;
    view->likelihood = state->likelihood;
    view->stage = (enum stage)state->stage;
    view->last_contact = state->last_contact;
    view_clock(reg, record, view);
    return true;
}

uint32_t register_wait_count(const struct waiting_register *reg) {
    return register_count(reg);
}

bool register_ended_before(const struct waiting_register *reg, uint32_t wait, day_t before, struct wait_end *end) {
    const struct record *record = register_record(reg, wait);
    const struct wait_state *state = &record->state;
    if (state->ended == DAY_NONE || state->ended >= before || (record->flags & RECORD_HAS_FUTURE) != 0 ||
        calendar_day_of(reg->calendar, state->last_event_at) >= before)
        return false;
    *end = (struct wait_end){
        .subject = names_text(reg->subjects, wait),
        .pathway = names_text(reg->pathway_names, state->pathway + 1U),
        .ended = state->ended,
        .newest_seq = record->newest_seq,
    };
    return true;
}

size_t register_queue_count(const struct waiting_register *reg) {
    return groups_count(reg->queues);
}

void register_queue_names(const struct waiting_register *reg, size_t queue, struct text *pathway, struct text *team) {
    const struct group *group = groups_at(reg->queues, (uint32_t)queue);
    *pathway = names_text(reg->pathway_names, group->key.pathway + 1U);
    *team = names_text(reg->names, group->key.team);
}

void register_queue_position(const struct waiting_register *reg, size_t queue, struct position *position) {
    const struct group *group = groups_at(reg->queues, (uint32_t)queue);
    position_builder_clear(reg->builder);
    const struct pathway_policy *pathway = reg->pathways[group->key.pathway];
    tally_collect(group->tally, reg->calendar, pathway->unit, reg->today, reg->builder);
    position_builder_finish(reg->builder, register_policy(reg), position);
}

const uint32_t *register_take_changed_queues(struct waiting_register *reg, size_t *count) {
    *count = reg->changed_count;
    for (size_t i = 0; i < reg->changed_count; i++)
        reg->members[reg->changed_queues[i]].changed = false;
    reg->changed_count = 0;
    return reg->changed_queues;
}

void register_figures(const struct waiting_register *reg, struct register_figures *figures) {
    memset(figures, 0, sizeof *figures);
    for (uint32_t wait = 1; wait <= register_count(reg); wait++) {
        const struct record *record = register_record(reg, wait);
        figures->exceptions += exceptions_of(record);
        figures->waits += record->state.stage != STAGE_NONE;
    }
    for (uint32_t queue = 0; queue < groups_count(reg->queues); queue++) {
        figures->open += reg->members[queue].open_count;
    }
    figures->open_alerts = reg->open_alerts + reg->standing_count;
    figures->queues = groups_count(reg->queues);
    figures->cells = groups_count(reg->cells);
    figures->refolds = reg->refolds;
    figures->touched_at_midnight = reg->touched_at_midnight;
}
