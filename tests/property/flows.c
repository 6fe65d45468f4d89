/* Holding the flow of a register against the oracle, and law 7. */
#include "tests/property/flows.h"
#include "tests/property/fields.h"

#include <stdlib.h>
#include <string.h>

enum { TRANSITIONS_MAX = 4 * HISTORY_EVENTS_MAX, ROWS_MAX = 2000, SPAN_MAX = 70, WIDE_SPAN_MAX = 1000, GROUPS_MAX = 64 };

/* One row by the rules. */
struct expected_row {
    day_t from;
    day_t to;
    struct text keys[GROUP_BY_MAX];
    uint32_t counters[ORACLE_FLOW_CONTACT + 1];
    uint32_t within;
    size_t reason_count;
    struct text reasons[FLOW_REASONS_MAX];
    uint32_t reason_counts[FLOW_REASONS_MAX];
    size_t days_count;
    int32_t days[HISTORY_EVENTS_MAX];
};

struct expecting {
    const struct oracle *oracle;
    const struct flow_request *request;
    struct expected_row *rows;
    size_t row_count;
};

static bool same_period(enum flow_step step, day_t a, day_t b) {
    int year, month, date, other_year, other_month;
    day_to_civil(a, &year, &month, &date);
    day_to_civil(b, &other_year, &other_month, &date);
    switch (step) {
    case STEP_DAY:
        return a == b;
    case STEP_WEEK:
        return a - day_of_week(a) == b - day_of_week(b);
    case STEP_MONTH:
        return year == other_year && month == other_month;
    case STEP_QUARTER: /* of the financial year from April: its quarters begin with those of the calendar */
        return year == other_year && (month + 8) % 12 / 3 == (other_month + 8) % 12 / 3;
    case STEP_ALL:
        return true;
    }
    abort();
}

/* The row of the day's period and the keys; kept in order. */
static struct expected_row *row_of(struct expecting *expecting, day_t day, const struct text *keys) {
    const struct flow_request *request = expecting->request;
    struct expected_row row = {.from = day, .to = day};
    size_t at = 0;
    while (row.from > request->from && same_period(request->step, row.from - 1, day))
        row.from--;
    while (row.to < request->to && same_period(request->step, row.to + 1, day))
        row.to++;
    for (size_t i = 0; i < request->group_by_count; i++)
        row.keys[i] = keys[i];
    while (at < expecting->row_count &&
           (expecting->rows[at].from < row.from ||
            (expecting->rows[at].from == row.from && field_keys_compare(expecting->rows[at].keys, row.keys, request->group_by_count) < 0)))
        at++;
    struct expected_row *found = &expecting->rows[at];
    if (at < expecting->row_count && found->from == row.from && field_keys_compare(found->keys, row.keys, request->group_by_count) == 0)
        return found;
    if (expecting->row_count == ROWS_MAX)
        abort();
    memmove(found + 1, found, (expecting->row_count++ - at) * sizeof *found);
    *found = row;
    return found;
}

static void count_reason(struct expected_row *row, struct text reason) {
    size_t at = 0;
    while (at < row->reason_count && text_compare(row->reasons[at], reason) < 0)
        at++;
    if (at == row->reason_count || !text_equal(row->reasons[at], reason)) {
        for (size_t i = row->reason_count++; i > at; i--) {
            row->reasons[i] = row->reasons[i - 1];
            row->reason_counts[i] = row->reason_counts[i - 1];
        }
        row->reasons[at] = reason;
        row->reason_counts[at] = 0;
    }
    row->reason_counts[at]++;
}

static bool fields_pass(const struct wait_filter *filter, const struct oracle_wait *wait) {
    for (size_t i = 0; i < filter->field_count; i++) {
        bool any = false;
        for (size_t j = 0; j < filter->fields[i].value_count; j++)
            any |= text_equal(field_key(wait, &filter->fields[i].name), filter->fields[i].values[j]);
        if (!any)
            return false;
    }
    return true;
}

static void expect_transition(struct expecting *expecting, struct text subject, const struct oracle_transition *transition) {
    const struct flow_request *request = expecting->request;
    struct text keys[GROUP_BY_MAX];
    struct oracle_wait wait;
    oracle_measure(expecting->oracle, subject, transition->values_on, &wait);
    if (!fields_pass(request->filter, &wait))
        return;
    for (size_t i = 0; i < request->group_by_count; i++)
        keys[i] = field_key(&wait, &request->group_by[i]);
    struct expected_row *row = row_of(expecting, transition->day, keys);
    row->counters[transition->kind]++;
    if (transition->kind == ORACLE_FLOW_COMPLETED) {
        row->within += wait.days <= wait.standard;
        row->days[row->days_count++] = wait.days;
    }
    if (transition->kind == ORACLE_FLOW_CLOSED)
        count_reason(row, transition->reason);
}

static void expect_rows(struct expecting *expecting) {
    static const struct text none[GROUP_BY_MAX];
    const struct flow_request *request = expecting->request;
    struct oracle_transition *transitions = calloc(TRANSITIONS_MAX, sizeof *transitions);
    if (transitions == NULL)
        abort();
    for (day_t day = request->from; request->group_by_count == 0 && day <= request->to; day++)
        row_of(expecting, day, none);
    for (size_t i = 0; i < oracle_subject_count(expecting->oracle); i++) {
        struct text subject = oracle_subject(expecting->oracle, i);
        struct text prefix = request->filter->subject_prefix;
        if (subject.length < prefix.length || !text_equal((struct text){subject.at, prefix.length}, prefix))
            continue;
        size_t count = oracle_flow(expecting->oracle, subject, request->from, request->to, transitions, TRANSITIONS_MAX);
        for (size_t j = 0; j < count; j++)
            expect_transition(expecting, subject, &transitions[j]);
    }
    free(transitions);
}

/* The row that is being compared. */
struct comparing {
    const struct flow_row *row;
    enum flow_step step;
    struct verdict *verdict;
};

static void same(const struct comparing *comparing, const char *what, int64_t actual, int64_t expected) {
    char from[DATE_SIZE], to[DATE_SIZE];
    const struct flow_row *row = comparing->row;
    date_format(row->from, from);
    date_format(row->to, to);
    if (actual != expected)
        verdict_fail(comparing->verdict, "flow by %s, %s to %s, %.*s %.*s: %s is %lld, by the rules %lld", flow_step_name(comparing->step),
                     from, to, (int)row->keys[0].length, row->keys[0].at, (int)row->keys[1].length, row->keys[1].at, what,
                     (long long)actual, (long long)expected);
}

static void compare_reasons(const struct comparing *comparing, const struct flow *flow, const struct expected_row *expected) {
    same(comparing, "reasons", (int64_t)flow->reason_count, (int64_t)expected->reason_count);
    for (size_t i = 0; i < flow->reason_count && i < expected->reason_count; i++) {
        same(comparing, "the reason as expected", text_equal(flow->reasons[i].reason, expected->reasons[i]), 1);
        same(comparing, "closed by a reason", flow->reasons[i].count, expected->reason_counts[i]);
    }
}

static void compare_row(const struct comparing *comparing, struct expected_row *expected, const struct policy *policy) {
    const struct flow *flow = &comparing->row->flow;
    const uint32_t counters[] = {flow->started,        flow->completed,       flow->closed,  flow->reopened,
                                 flow->transferred_in, flow->transferred_out, flow->contacts};
    static const char *const names[] = {"started", "completed", "closed", "reopened", "transferred_in", "transferred_out", "contacts"};
    struct oracle_position position = {.longest = POSITION_NULL, .p90 = POSITION_NULL, .mean_tenths = POSITION_NULL};
    int32_t median = POSITION_NULL;
    if (expected->days_count > 0) {
        oracle_statistics(policy, expected->days, expected->days_count, &position);
        median = position.median_doubled * 5;
    }
    same(comparing, "its first day", comparing->row->from, expected->from);
    same(comparing, "its last day", comparing->row->to, expected->to);
    for (size_t i = 0; i < sizeof counters / sizeof counters[0]; i++)
        same(comparing, names[i], counters[i], expected->counters[i]);
    same(comparing, "completed_within_standard", flow->completed_within_standard, expected->within);
    same(comparing, "n", flow->n, (int64_t)expected->days_count);
    same(comparing, "longest", flow->longest, position.longest);
    same(comparing, "median", flow->median_tenths, median);
    same(comparing, "mean", flow->mean_tenths, position.mean_tenths);
    same(comparing, "p90", flow->p90, position.p90);
    compare_reasons(comparing, flow, expected);
}

static void compare_flow(struct waiting_register *reg, struct expecting *expecting, struct verdict *verdict) {
    const struct flow_request *request = expecting->request;
    struct flow_table table;
    expect_rows(expecting);
    if (!register_flow(reg, request, &table)) {
        verdict_fail(verdict, "the flow was refused");
        return;
    }
    for (size_t i = 0; i < table.row_count && i < expecting->row_count && !verdict->failed; i++) {
        struct comparing comparing = {&table.rows[i], request->step, verdict};
        if (field_keys_compare(table.rows[i].keys, expecting->rows[i].keys, request->group_by_count) != 0)
            verdict_fail(verdict, "row %zu of a flow has other keys than by the rules: %.*s", i, (int)table.rows[i].keys[0].length,
                         table.rows[i].keys[0].at);
        compare_row(&comparing, &expecting->rows[i], register_policy(reg));
    }
    if (table.row_count != expecting->row_count)
        verdict_fail(verdict, "a flow has %zu rows, by the rules %zu", table.row_count, expecting->row_count);
    flow_table_free(&table);
}

static void random_filter(struct random *random, const struct snapshot *snapshot, struct wait_filter *filter) {
    memset(filter, 0, sizeof *filter);
    filter->field_count = random_chance(random, 50) ? 0 : random_below(random, 3);
    for (size_t i = 0; i < filter->field_count; i++) {
        struct field_filter *field = &filter->fields[i];
        field->name = field_random(random);
        field->value_count = 1 + random_below(random, 3);
        for (size_t j = 0; j < field->value_count; j++)
            field->values[j] = field_random_value(random, snapshot, &field->name);
    }
    if (random_chance(random, 20))
        filter->subject_prefix = text_of(random_chance(random, 50) ? "w" : "w/1");
}

void compare_random_flow(struct waiting_register *reg, const struct oracle *oracle, day_t last, struct random *random,
                         struct verdict *verdict) {
    struct field_name fields[GROUP_BY_MAX];
    struct wait_filter filter;
    struct flow_request request = {.group_by = fields, .filter = &filter};
    struct expecting expecting = {oracle, &request, calloc(ROWS_MAX + 1, sizeof *expecting.rows), 0};
    struct snapshot *snapshot = calloc(1, sizeof *snapshot);
    if (expecting.rows == NULL || snapshot == NULL)
        abort();
    snapshot_make(oracle, last, snapshot);
    random_filter(random, snapshot, &filter);
    request.step = (enum flow_step)random_below(random, FLOW_STEP_COUNT);
    request.group_by_count = random_chance(random, 40) ? 0 : random_below(random, GROUP_BY_MAX + 1);
    for (size_t i = 0; i < request.group_by_count; i++)
        fields[i] = field_random(random);
    request.to = last - (random_chance(random, 50) ? 0 : random_between(random, 0, SPAN_MAX));
    request.from = request.to - random_between(random, 0, random_chance(random, 2) ? WIDE_SPAN_MAX : SPAN_MAX);
    compare_flow(reg, &expecting, verdict);
    free(expecting.rows);
    free(snapshot);
}

/* How many of a group waited before and after, and what the flow says of them. */
struct balance {
    struct text keys[2];
    int64_t before;
    int64_t after;
    int64_t flow;
};

struct balances {
    size_t key_count;
    size_t count;
    struct balance groups[GROUPS_MAX];
};

static struct balance *balance_of(struct balances *balances, const struct text *keys) {
    size_t at = 0;
    while (at < balances->count && field_keys_compare(balances->groups[at].keys, keys, balances->key_count) != 0)
        at++;
    if (at == GROUPS_MAX)
        abort();
    if (at == balances->count) {
        balances->groups[balances->count++] = (struct balance){.before = 0};
        for (size_t i = 0; i < balances->key_count; i++)
            balances->groups[at].keys[i] = keys[i];
    }
    return &balances->groups[at];
}

/* Adds who waits at the end of a day. */
static void add_waiting(struct balances *balances, const struct field_name *fields, struct waiting_register *reg,
                        const struct oracle *oracle, day_t day, bool is_after) {
    static const struct wait_filter everyone;
    struct summary summary = {0};
    if (reg != NULL && !register_summary(reg, fields, balances->key_count, &everyone, &summary))
        abort();
    for (size_t i = 0; i < summary.row_count; i++) {
        struct balance *balance = balance_of(balances, summary.rows[i].keys);
        *(is_after ? &balance->after : &balance->before) += summary.rows[i].position.waiting;
    }
    if (reg != NULL && balances->key_count == 0)
        *(is_after ? &balances->groups[0].after : &balances->groups[0].before) = summary.total.waiting;
    summary_free(&summary);
    for (size_t i = 0; reg == NULL && i < oracle_subject_count(oracle); i++) {
        struct text keys[2];
        struct oracle_wait wait;
        oracle_stand(oracle, oracle_subject(oracle, i), day, SIZE_MAX, &wait);
        if (wait.status != ORACLE_WAITING)
            continue;
        for (size_t key = 0; key < balances->key_count; key++)
            keys[key] = field_key(&wait, &fields[key]);
        struct balance *balance = balance_of(balances, keys);
        ++*(is_after ? &balance->after : &balance->before);
    }
}

static void add_flow(struct balances *balances, const struct field_name *fields, struct waiting_register *reg, day_t from, day_t to) {
    static const struct wait_filter everyone;
    struct flow_request request = {from, to, STEP_ALL, fields, balances->key_count, &everyone};
    struct flow_table table;
    bool by_team = balances->key_count > 0 && fields[balances->key_count - 1].field == FIELD_TEAM;
    if (!register_flow(reg, &request, &table))
        abort();
    for (size_t i = 0; i < table.row_count; i++) {
        const struct flow *flow = &table.rows[i].flow;
        struct balance *balance = balance_of(balances, table.rows[i].keys);
        balance->flow += (int64_t)flow->started + flow->reopened - flow->completed - flow->closed;
        if (by_team)
            balance->flow += (int64_t)flow->transferred_in - flow->transferred_out;
    }
    flow_table_free(&table);
}

void check_law_7(struct waiting_register *reg, const struct oracle *oracle, struct waiting_register *before, struct waiting_register *after,
                 day_t from, day_t to, struct verdict *verdict) {
    static const struct field_name groupings[][2] = {{{FIELD_PATHWAY, TEXT_ABSENT}, {FIELD_TEAM, TEXT_ABSENT}},
                                                     {{FIELD_TEAM, TEXT_ABSENT}, {FIELD_PATHWAY, TEXT_ABSENT}}};
    static const struct {
        size_t grouping;
        size_t key_count;
    } kinds[] = {{0, 0}, {0, 1}, {1, 1}, {0, 2}};
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        const struct field_name *fields = groupings[kinds[i].grouping];
        struct balances balances = {.key_count = kinds[i].key_count};
        if (balances.key_count == 0)
            balance_of(&balances, NULL);
        add_waiting(&balances, fields, before, oracle, from - 1, false);
        add_waiting(&balances, fields, after, oracle, to, true);
        add_flow(&balances, fields, reg, from, to);
        for (size_t group = 0; group < balances.count; group++) {
            const struct balance *balance = &balances.groups[group];
            if (balance->before + balance->flow != balance->after)
                verdict_fail(verdict, "law 7: day %d to %d: %.*s %.*s: %lld waited, the flow is %lld, %lld wait", from, to,
                             (int)balance->keys[0].length, balance->keys[0].at, (int)balance->keys[1].length, balance->keys[1].at,
                             (long long)balance->before, (long long)balance->flow, (long long)balance->after);
        }
    }
}
