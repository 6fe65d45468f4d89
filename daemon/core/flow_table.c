/* Flow by period and group: the transitions of every wait, counted. */
#include "daemon/core/flow.h"
#include "daemon/core/selection_internal.h"

#include "daemon/core/memory.h"

#include <stdlib.h>
#include <string.h>

enum { FIRST_SLOTS = 256, DAYS_A_WEEK = 7, MONTHS_A_QUARTER = 3 };

const char *flow_step_name(enum flow_step step) {
    static const char *const names[FLOW_STEP_COUNT] = {"day", "week", "month", "quarter", "all"};
    return names[step];
}

static day_t month_end(day_t day, int months_a_period) {
    int year, month, date;
    day_to_civil(day, &year, &month, &date);
    int behind = ((month - 1) / months_a_period + 1) * months_a_period + 1; /* the month behind the period */
    return behind > 12 ? day_from_civil(year + 1, 1, 1) - 1 : day_from_civil(year, behind, 1) - 1;
}

day_t flow_period_end(enum flow_step step, day_t day, day_t to) {
    day_t end = to;
    if (step == STEP_DAY)
        end = day;
    else if (step == STEP_WEEK)
        end = day + DAYS_A_WEEK - 1 - day_of_week(day);
    else if (step != STEP_ALL)
        end = month_end(day, step == STEP_MONTH ? 1 : MONTHS_A_QUARTER);
    return end < to ? end : to;
}

struct counted {
    uint32_t period;
    uint32_t values[GROUP_BY_MAX];
    struct flow flow;
    uint32_t reasons[FLOW_REASONS_MAX];
    struct position_builder *days; /* of the completed */
};

struct counting {
    struct waiting_register *reg;
    const struct flow_request *request;
    struct ready_filter filter;
    struct counted *rows;
    size_t count;
    size_t capacity;
    uint32_t *slots;
    size_t slot_count;
    day_t *period_ends;
    size_t period_count;
    uint32_t unknown; /* the number of a value that somebody sent as "unknown", or NAME_ABSENT */
    bool overflow;
};

static size_t slot_of(const struct counting *counting, const uint32_t key[GROUP_BY_MAX + 1]) {
    size_t mask = counting->slot_count - 1;
    size_t slot = text_hash((struct text){(const char *)key, (GROUP_BY_MAX + 1) * sizeof key[0]}, 1) & mask;
    while (counting->slots[slot] != 0) {
        const struct counted *row = &counting->rows[counting->slots[slot] - 1];
        if (row->period == key[0] && memcmp(row->values, key + 1, sizeof row->values) == 0)
            break;
        slot = (slot + 1) & mask;
    }
    return slot;
}

static void grow(struct counting *counting) {
    free(counting->slots);
    counting->slot_count *= 2;
    counting->slots = memory_new(counting->slot_count, sizeof *counting->slots);
    for (size_t i = 0; i < counting->count; i++) {
        uint32_t key[GROUP_BY_MAX + 1] = {counting->rows[i].period};
        memcpy(key + 1, counting->rows[i].values, sizeof counting->rows[i].values);
        counting->slots[slot_of(counting, key)] = (uint32_t)(i + 1);
    }
}

static struct counted *row_of(struct counting *counting, const uint32_t key[GROUP_BY_MAX + 1]) {
    size_t slot = slot_of(counting, key);
    if (counting->slots[slot] != 0)
        return &counting->rows[counting->slots[slot] - 1];
    if (counting->count == FLOW_ROWS_MAX) {
        counting->overflow = true;
        return NULL;
    }
    memory_reserve((void **)&counting->rows, &counting->capacity, counting->count + 1, sizeof *counting->rows);
    struct counted *row = &counting->rows[counting->count++];
    memset(row, 0, sizeof *row);
    row->period = key[0];
    memcpy(row->values, key + 1, sizeof row->values);
    counting->slots[slot] = (uint32_t)counting->count;
    if (counting->count * 2 > counting->slot_count)
        grow(counting);
    return row;
}

/* The number of the period that a day of the range lies in. */
static uint32_t period_of(const struct counting *counting, day_t day) {
    size_t low = 0, high = counting->period_count - 1;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (counting->period_ends[middle] < day)
            low = middle + 1;
        else
            high = middle;
    }
    return (uint32_t)low;
}

static void count_reason(struct counted *row, uint32_t reason) {
    size_t i = 0;
    while (i < row->flow.reason_count && row->reasons[i] != reason)
        i++;
    ENSURE(i < FLOW_REASONS_MAX); /* the rules name eleven */
    if (i == row->flow.reason_count)
        row->reasons[row->flow.reason_count++] = reason;
    row->flow.reasons[i].count++;
}

static void count_completed(struct counted *row, const struct flow_transition *transition) {
    if (row->days == NULL)
        row->days = position_builder_create();
    row->flow.completed++;
    row->flow.completed_within_standard += transition->within_standard;
    position_builder_add_days(row->days, transition->days, 1);
}

static void count_transition(void *context, const struct flow_transition *transition) {
    struct counting *counting = context;
    uint32_t key[GROUP_BY_MAX + 1] = {period_of(counting, transition->day)};
    if (!ready_filter_fields_pass(&counting->filter, counting->reg, transition->state))
        return;
    for (size_t i = 0; i < counting->request->group_by_count; i++)
        key[i + 1] = key_of_state(counting->reg, transition->state, &counting->request->group_by[i], counting->unknown);
    struct counted *row = row_of(counting, key);
    if (row == NULL)
        return;
    uint32_t *const counters[] = {
        [FLOW_STARTED] = &row->flow.started,
        [FLOW_CLOSED] = &row->flow.closed,
        [FLOW_REOPENED] = &row->flow.reopened,
        [FLOW_TRANSFERRED_IN] = &row->flow.transferred_in,
        [FLOW_TRANSFERRED_OUT] = &row->flow.transferred_out,
        [FLOW_CONTACT] = &row->flow.contacts,
    };
    if (transition->kind == FLOW_COMPLETED)
        count_completed(row, transition);
    else
        ++*counters[transition->kind];
    if (transition->kind == FLOW_CLOSED)
        count_reason(row, transition->reason);
}

static int compare_reasons(const void *left, const void *right) {
    return text_compare(((const struct flow_reason *)left)->reason, ((const struct flow_reason *)right)->reason);
}

static void finish_row(struct counting *counting, struct counted *counted, struct flow_row *row) {
    const struct flow_request *request = counting->request;
    struct position position;
    row->from = counted->period == 0 ? request->from : counting->period_ends[counted->period - 1] + 1;
    row->to = counting->period_ends[counted->period];
    for (size_t i = 0; i < request->group_by_count; i++)
        row->keys[i] = text_of_value(counting->reg, &request->group_by[i], counted->values[i]);
    for (size_t i = 0; i < counted->flow.reason_count; i++)
        counted->flow.reasons[i].reason = names_text(counting->reg->names, counted->reasons[i]);
    if (counted->flow.reason_count > 1)
        qsort(counted->flow.reasons, counted->flow.reason_count, sizeof counted->flow.reasons[0], compare_reasons);
    row->flow = counted->flow;
    row->flow.n = counted->flow.completed;
    row->flow.longest = row->flow.median_tenths = row->flow.mean_tenths = row->flow.p90 = POSITION_NULL;
    if (counted->days == NULL)
        return;
    position_builder_finish(counted->days, register_policy(counting->reg), &position);
    row->flow.longest = position.longest;
    row->flow.median_tenths = position.median_tenths;
    row->flow.mean_tenths = position.mean_tenths;
    row->flow.p90 = position.p90;
}

static int compare_rows(const void *left, const void *right) {
    const struct flow_row *a = left;
    const struct flow_row *b = right;
    int order = (a->from > b->from) - (a->from < b->from);
    for (size_t i = 0; order == 0 && i < GROUP_BY_MAX; i++)
        order = text_compare(a->keys[i], b->keys[i]);
    return order;
}

static void finish_rows(struct counting *counting, struct flow_table *table) {
    table->rows = memory_new(counting->count, sizeof *table->rows);
    table->row_count = counting->count;
    for (size_t i = 0; i < counting->count; i++)
        finish_row(counting, &counting->rows[i], &table->rows[i]);
    if (table->row_count > 1)
        qsort(table->rows, table->row_count, sizeof *table->rows, compare_rows);
}

static void make_periods(struct counting *counting) {
    size_t capacity = 0;
    const struct flow_request *request = counting->request;
    for (day_t day = request->from; day <= request->to; day = counting->period_ends[counting->period_count - 1] + 1) {
        memory_reserve((void **)&counting->period_ends, &capacity, counting->period_count + 1, sizeof *counting->period_ends);
        counting->period_ends[counting->period_count++] = flow_period_end(request->step, day, request->to);
    }
    /* A chart wants a row for every period, also where nothing happened. */
    for (uint32_t period = 0; request->group_by_count == 0 && period < counting->period_count; period++)
        row_of(counting, (uint32_t[GROUP_BY_MAX + 1]){period});
}

static bool subject_passes(const struct waiting_register *reg, uint32_t wait, struct text prefix) {
    struct text subject = names_text(reg->subjects, wait);
    return prefix.length == 0 || (subject.length >= prefix.length && memcmp(subject.at, prefix.at, prefix.length) == 0);
}

static struct counting *counting_create(struct waiting_register *reg, const struct flow_request *request) {
    ENSURE(request->group_by_count <= GROUP_BY_MAX && request->from <= request->to);
    struct counting *counting = memory_new(1, sizeof *counting);
    counting->reg = reg;
    counting->request = request;
    counting->slot_count = FIRST_SLOTS;
    counting->slots = memory_new(FIRST_SLOTS, sizeof *counting->slots);
    ready_filter_init(&counting->filter, reg, request->filter);
    counting->unknown = names_find(reg->names, text_of(KEY_UNKNOWN));
    make_periods(counting);
    return counting;
}

static void counting_destroy(struct counting *counting) {
    for (size_t i = 0; i < counting->count; i++)
        position_builder_destroy(&counting->rows[i].days);
    free(counting->rows);
    free(counting->slots);
    free(counting->period_ends);
    free(counting);
}

/* Several countings of the same histories, and the wait whose history it is. */
struct flows {
    struct counting **each;
    size_t count;
    uint32_t wait;
};

static void count_for_each(void *context, const struct flow_transition *transition) {
    const struct flows *flows = context;
    for (size_t i = 0; i < flows->count; i++) {
        struct counting *counting = flows->each[i];
        const struct flow_request *request = counting->request;
        if (transition->day >= request->from && transition->day <= request->to &&
            subject_passes(counting->reg, flows->wait, request->filter->subject_prefix))
            count_transition(counting, transition);
    }
}

static void count_histories(struct waiting_register *reg, struct flows *flows) {
    struct look_back look_back = {&reg->fold, reg->eras, reg->era_count};
    day_t from = flows->each[0]->request->from, to = flows->each[0]->request->to;
    for (size_t i = 1; i < flows->count; i++) {
        from = flows->each[i]->request->from < from ? flows->each[i]->request->from : from;
        to = flows->each[i]->request->to > to ? flows->each[i]->request->to : to;
    }
    for (flows->wait = 1; flows->wait <= register_count(reg); flows->wait++) {
        const struct record *record = register_record(reg, flows->wait);
        if (record->newest_seq == 0)
            continue;
        struct wait_history history = register_load_history(reg, record);
        flow_of_wait(&look_back, &history, from, to, count_for_each, flows);
    }
}

bool register_flows(struct waiting_register *reg, const struct flow_request *requests, size_t count, struct flow_table *tables) {
    struct flows flows = {memory_new(count, sizeof(struct counting *)), count, 0};
    bool fits = true;
    memset(tables, 0, count * sizeof *tables);
    for (size_t i = 0; i < count; i++)
        flows.each[i] = counting_create(reg, &requests[i]);
    count_histories(reg, &flows);
    for (size_t i = 0; i < count; i++)
        fits = fits && !flows.each[i]->overflow;
    for (size_t i = 0; i < count; i++) {
        if (fits)
            finish_rows(flows.each[i], &tables[i]);
        counting_destroy(flows.each[i]);
    }
    free(flows.each);
    return fits;
}

bool register_flow(struct waiting_register *reg, const struct flow_request *request, struct flow_table *table) {
    return register_flows(reg, request, 1, table);
}

void flow_table_free(struct flow_table *table) {
    free(table->rows);
    memset(table, 0, sizeof *table);
}
