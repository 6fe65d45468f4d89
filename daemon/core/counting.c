/* Counting waits into their queue and cell, and the agenda of days on which a wait must be looked at again. */
#include "daemon/core/register_internal.h"

#include "daemon/core/memory.h"

#include <string.h>

static void contribution_of(const struct record *record, const struct clock_reading *reading, struct contribution *contribution) {
    const struct wait_state *state = &record->state;
    *contribution = (struct contribution){
        .status = reading->status,
        .stage = state->stage,
        .is_paused = reading->is_paused,
        .is_frozen = reading->is_frozen,
        .key = reading->is_frozen ? reading->days : reading->key,
        .standard = reading->standard,
        .contact_base = reading->contact_base,
        .contact_interval = reading->contact_interval,
    };
}

void register_note_queue(struct waiting_register *reg, uint32_t queue) {
    if (reg->members[queue].changed)
        return;
    reg->members[queue].changed = true;
    memory_reserve((void **)&reg->changed_queues, &reg->changed_capacity, reg->changed_count + 1, sizeof *reg->changed_queues);
    reg->changed_queues[reg->changed_count++] = queue;
}

static uint32_t queue_of(struct waiting_register *reg, const struct wait_state *state) {
    struct group_key key = {.team = state->team, .pathway = state->pathway};
    uint32_t queue = groups_of(reg->queues, &key);
    size_t before = reg->member_capacity;
    memory_reserve((void **)&reg->members, &reg->member_capacity, queue + (size_t)1, sizeof *reg->members);
    if (reg->member_capacity > before)
        memset(&reg->members[before], 0, (reg->member_capacity - before) * sizeof *reg->members);
    return queue;
}

static uint32_t cell_of(struct waiting_register *reg, const struct wait_state *state) {
    struct group_key key = {.team = state->team,
                            .district = state->district,
                            .client_group = state->client_group,
                            .pathway = state->pathway,
                            .priority = state->priority,
                            .stage = state->stage};
    return groups_of(reg->cells, &key);
}

static bool is_open(enum status status) {
    return status == STATUS_WAITING || status == STATUS_SCHEDULED;
}

static void add_member(struct waiting_register *reg, struct record *record, uint32_t wait, const struct clock_reading *reading) {
    struct members *members = &reg->members[record->queue];
    bool runs = reading->status == STATUS_WAITING && !reading->is_frozen;
    struct member member = {wait, runs ? reading->key : reading->days, (uint8_t)reading->status, runs};
    if (is_open(reading->status)) {
        memory_reserve((void **)&members->open, &members->open_capacity, members->open_count + 1, sizeof *members->open);
        record->member_place = (uint32_t)members->open_count;
        members->open[members->open_count++] = member;
    } else {
        memory_reserve((void **)&members->past, &members->past_capacity, members->past_count + 1, sizeof *members->past);
        record->member_place = (uint32_t)members->past_count;
        members->past[members->past_count++] = wait;
    }
}

static void remove_member(struct waiting_register *reg, const struct record *record, enum status status) {
    struct members *members = &reg->members[record->queue];
    uint32_t moved;
    if (is_open(status)) {
        members->open[record->member_place] = members->open[--members->open_count];
        moved = members->open[record->member_place].wait;
    } else {
        members->past[record->member_place] = members->past[--members->past_count];
        moved = members->past[record->member_place];
    }
    register_record(reg, moved)->member_place = record->member_place;
}

static void leave_agenda(struct waiting_register *reg, struct record *record) {
    if (record->wake_day == DAY_NONE)
        return;
    if (record->wake_previous != 0)
        register_record(reg, record->wake_previous)->wake_next = record->wake_next;
    else
        reg->wake_heads[record->wake_day - reg->wake_base] = record->wake_next;
    if (record->wake_next != 0)
        register_record(reg, record->wake_next)->wake_previous = record->wake_previous;
    record->wake_day = DAY_NONE;
    record->wake_next = record->wake_previous = 0;
}

static void enter_agenda(struct waiting_register *reg, struct record *record, uint32_t wait, day_t day) {
    /* Beyond the calendar's table nothing can be told; the last day of the table stands for all days after it. */
    if (day > calendar_last_day(reg->calendar))
        day = calendar_last_day(reg->calendar);
    if (day <= reg->today)
        return;
    size_t place = (size_t)(day - reg->wake_base);
    size_t before = reg->wake_capacity;
    memory_reserve((void **)&reg->wake_heads, &reg->wake_capacity, place + 1, sizeof *reg->wake_heads);
    if (reg->wake_capacity > before)
        memset(&reg->wake_heads[before], 0, (reg->wake_capacity - before) * sizeof *reg->wake_heads);
    record->wake_day = day;
    record->wake_previous = 0;
    record->wake_next = reg->wake_heads[place];
    if (record->wake_next != 0)
        register_record(reg, record->wake_next)->wake_previous = wait;
    reg->wake_heads[place] = wait;
}

uint32_t register_take_waking(struct waiting_register *reg, day_t day) {
    size_t place = (size_t)(day - reg->wake_base);
    return place < reg->wake_capacity ? reg->wake_heads[place] : 0;
}

static day_t next_change_by_time(const struct waiting_register *reg, const struct record *record, const struct clock_reading *reading) {
    if (reading->status == STATUS_SCHEDULED)
        return reading->start;
    if (reading->status != STATUS_WAITING || reg->without_alerts)
        return DAY_NONE;
    return alert_next_day(reading, register_pathway(reg, record), reg->calendar, reg->today);
}

/* The next day on which something about the wait changes by itself, beyond what the tallies' thresholds show. A wait whose known events go
 * on after today was folded just now, so that the day of the next one is at hand. */
static day_t next_wake(const struct waiting_register *reg, const struct record *record, const struct clock_reading *reading) {
    day_t day = next_change_by_time(reg, record, reading);
    day_t overdue = register_next_overdue(reg, record);
    if (overdue != DAY_NONE && (day == DAY_NONE || overdue < day))
        day = overdue;
    if ((record->flags & RECORD_HAS_FUTURE) && (day == DAY_NONE || reg->next_event_day < day))
        return reg->next_event_day;
    return day;
}

void register_count_wait(struct waiting_register *reg, uint32_t wait) {
    struct record *record = register_record(reg, wait);
    struct clock_reading reading;
    register_read_clock(reg, record, &reading);
    day_t wake = next_wake(reg, record, &reading);
    if (wake != DAY_NONE)
        enter_agenda(reg, record, wait, wake);
    if (record->state.stage == STAGE_NONE)
        return;
    reg->pathway_waits[record->state.pathway]++;
    record->flags |= RECORD_COUNTED;
    record->queue = queue_of(reg, &record->state);
    add_member(reg, record, wait, &reading);
    register_note_queue(reg, record->queue);
    if (!is_open(reading.status))
        return;
    record->cell = cell_of(reg, &record->state);
    struct contribution contribution;
    contribution_of(record, &reading, &contribution);
    tally_add(groups_at(reg->queues, record->queue)->tally, &contribution);
    tally_add(groups_at(reg->cells, record->cell)->tally, &contribution);
}

void register_uncount_wait(struct waiting_register *reg, uint32_t wait) {
    struct record *record = register_record(reg, wait);
    leave_agenda(reg, record);
    if (!(record->flags & RECORD_COUNTED))
        return;
    record->flags &= (uint8_t)~RECORD_COUNTED;
    reg->pathway_waits[record->state.pathway]--;
    struct clock_reading reading;
    register_read_clock(reg, record, &reading);
    remove_member(reg, record, reading.status);
    if (!is_open(reading.status))
        return;
    struct contribution contribution;
    contribution_of(record, &reading, &contribution);
    tally_remove(groups_at(reg->queues, record->queue)->tally, &contribution);
    tally_remove(groups_at(reg->cells, record->cell)->tally, &contribution);
    register_note_queue(reg, record->queue);
}
