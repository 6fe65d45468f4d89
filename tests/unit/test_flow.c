/* Checks of flow: every sentence of the rules' section 6, the periods, the groups and the filters. */
#include "tests/unit/core_world.h"

#include "daemon/core/flow.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SHOWN_BYTES = 1 << 14 };

struct shown {
    char text[SHOWN_BYTES];
    size_t length;
};

__attribute__((format(printf, 2, 3))) static void put(struct shown *shown, const char *format, ...) {
    va_list arguments;

    va_start(arguments, format);
    int length = vsnprintf(shown->text + shown->length, sizeof shown->text - shown->length, format, arguments);
    va_end(arguments);
    ck_assert_int_ge(length, 0);
    shown->length += (size_t)length;
    ck_assert_uint_lt(shown->length, sizeof shown->text);
}

static void put_count(struct shown *shown, const char *name, uint32_t count) {
    if (count != 0)
        put(shown, " %s %u", name, count);
}

/* "2025-04-01..2025-04-30 A/unknown: started 1 completed 1 within 1 days 29 29.0 29.0 29": what is 0 is left out; the days are the longest,
 * the median, the mean and the p90. */
static void put_row(struct shown *shown, const struct flow_row *row, size_t key_count) {
    const struct flow *flow = &row->flow;
    char from[DATE_SIZE], to[DATE_SIZE];

    date_format(row->from, from);
    date_format(row->to, to);
    put(shown, "%s%s", from, row->from == row->to ? "" : "..");
    put(shown, "%s", row->from == row->to ? "" : to);
    for (size_t i = 0; i < key_count; i++)
        put(shown, "%s%.*s", i == 0 ? " " : "/", (int)row->keys[i].length, row->keys[i].at);
    put(shown, ":");
    put_count(shown, "started", flow->started);
    put_count(shown, "completed", flow->completed);
    put_count(shown, "within", flow->completed_within_standard);
    put_count(shown, "closed", flow->closed);
    for (size_t i = 0; i < flow->reason_count; i++)
        put(shown, " %.*s %u", (int)flow->reasons[i].reason.length, flow->reasons[i].reason.at, flow->reasons[i].count);
    put_count(shown, "reopened", flow->reopened);
    put_count(shown, "in", flow->transferred_in);
    put_count(shown, "out", flow->transferred_out);
    put_count(shown, "contacts", flow->contacts);
    ck_assert_uint_eq(flow->n, flow->completed);
    if (flow->n > 0) {
        put(shown, " days %d %d.%d %d.%d %d", flow->longest, flow->median_tenths / 10, flow->median_tenths % 10, flow->mean_tenths / 10,
            flow->mean_tenths % 10, flow->p90);
    } else {
        ck_assert_int_eq(flow->longest, POSITION_NULL);
        ck_assert_int_eq(flow->median_tenths, POSITION_NULL);
        ck_assert_int_eq(flow->mean_tenths, POSITION_NULL);
        ck_assert_int_eq(flow->p90, POSITION_NULL);
    }
    put(shown, "\n");
}

static void expect_filtered(struct world *world, enum flow_step step, const char *from, const char *to, const char *fields,
                            const struct wait_filter *filter, const char *expected) {
    struct field_name names[GROUP_BY_MAX];
    struct flow_request request = {world_day_of(from), world_day_of(to), step, names, 0, filter};
    struct flow_table table;
    struct shown *shown = calloc(1, sizeof *shown);

    ck_assert_ptr_nonnull(shown);
    while (*fields != '\0') {
        size_t length = strcspn(fields, " ");
        ck_assert(field_name_of((struct text){fields, (uint32_t)length}, &names[request.group_by_count++]));
        fields += length + (fields[length] == ' ' ? 1 : 0);
    }
    ck_assert(register_flow(world_register(world), &request, &table));
    for (size_t i = 0; i < table.row_count; i++)
        put_row(shown, &table.rows[i], request.group_by_count);
    ck_assert_str_eq(shown->text, expected);
    flow_table_free(&table);
    ck_assert_uint_eq(table.row_count, 0);
    free(shown);
}

static void expect(struct world *world, enum flow_step step, const char *from, const char *to, const char *fields, const char *expected) {
    struct wait_filter everyone = {0};

    expect_filtered(world, step, from, to, fields, &everyone, expected);
}

static void expect_day(struct world *world, const char *day, const char *expected) {
    struct shown *shown = calloc(1, sizeof *shown);

    ck_assert_ptr_nonnull(shown);
    put(shown, "%s:%s\n", day, expected);
    expect(world, STEP_ALL, day, day, "", shown->text);
    free(shown);
}

START_TEST(people_start_on_their_start_day) {
    struct world *world = world_create("2025-07-01");

    REFER(world, "plain", .on = "2025-04-03");
    REFER(world, "earlier", .on = "2025-04-10", .clock_start = "2025-04-01");
    REFER(world, "planned", .on = "2025-04-03", .clock_start = "2025-06-01");
    REFER(world, "tomorrow", .on = "2025-04-03", .clock_start = "2026-06-01");
    expect(world, STEP_DAY, "2025-04-01", "2025-04-03", "", "2025-04-01: started 1\n2025-04-02:\n2025-04-03: started 1\n");
    expect_day(world, "2025-04-10", "");
    expect(world, STEP_ALL, "2025-04-11", "2025-07-01", "", "2025-04-11..2025-07-01: started 1\n");
    expect_day(world, "2025-06-01", " started 1");
    world_destroy(&world);
}
END_TEST

/* The rules' example 15, and what a reopening makes of it. */
START_TEST(a_stop_before_the_start_starts_too) {
    struct world *world = world_create("2025-07-01");

    REFER(world, "w", .on = "2025-01-10", .clock_start = "2025-06-01");
    COMPLETE(world, "w", .on = "2025-05-20");
    expect_day(world, "2025-01-10", "");
    expect_day(world, "2025-05-20", " started 1 completed 1 within 1 days 0 0.0 0.0 0");
    expect_day(world, "2025-06-01", "");
    REOPEN(world, "w", .on = "2025-05-25");
    expect_day(world, "2025-05-20", " started 1 completed 1 within 1 days 0 0.0 0.0 0");
    expect_day(world, "2025-05-25", "");
    expect_day(world, "2025-06-01", " reopened 1");
    CLOSE(world, "w", .on = "2025-05-28", .reason = "died");
    expect_day(world, "2025-05-28", " closed 1 died 1 reopened 1");
    expect_day(world, "2025-06-01", "");
    world_destroy(&world);
}
END_TEST

START_TEST(every_stop_that_is_no_removal_is_a_completion) {
    struct world *world = world_create("2025-07-01");

    REFER(world, "assessed", .on = "2025-04-01");
    COMPLETE(world, "assessed", .on = "2025-04-11");
    REFER(world, "begun", .on = "2025-04-01", .pathway = "started");
    START(world, "begun", .on = "2025-04-12");
    REFER(world, "not_begun", .on = "2025-04-01", .pathway = "started");
    COMPLETE(world, "not_begun", .on = "2025-04-13");
    REFER(world, "left", .on = "2025-04-01", .pathway = "started");
    CLOSE(world, "left", .on = "2025-04-14", .reason = "withdrawn");
    REFER(world, "wrong", .on = "2025-04-01", .pathway = "review");
    COMPLETE(world, "wrong", .on = "2025-04-15");
    expect(world, STEP_DAY, "2025-04-11", "2025-04-15", "",
           "2025-04-11: completed 1 within 1 days 10 10.0 10.0 10\n2025-04-12: completed 1 within 1 days 11 11.0 11.0 11\n"
           "2025-04-13: completed 1 within 1 days 12 12.0 12.0 12\n2025-04-14: closed 1 withdrawn 1\n2025-04-15:\n");
    world_destroy(&world);
}
END_TEST

START_TEST(one_stop_counts_once) {
    struct world *world = world_create("2025-07-01");

    REFER(world, "w", .on = "2025-04-01", .pathway = "started");
    START(world, "w", .on = "2025-04-10");
    CONTACT(world, "w", .on = "2025-04-11");
    TRANSFER(world, "w", .on = "2025-04-12", .team = "B");
    CLOSE(world, "w", .on = "2025-04-13", .reason = "died");
    COMPLETE(world, "w", .on = "2025-04-14");
    CONTACT(world, "w", .on = "2025-04-15");
    expect(
        world, STEP_DAY, "2025-04-10", "2025-04-15", "",
        "2025-04-10: completed 1 within 1 days 9 9.0 9.0 9\n2025-04-11: contacts 1\n2025-04-12:\n2025-04-13:\n2025-04-14:\n2025-04-15:\n");
    REOPEN(world, "w", .on = "2025-04-20");
    START(world, "w", .on = "2025-04-22");
    expect(world, STEP_DAY, "2025-04-20", "2025-04-22", "",
           "2025-04-20: reopened 1\n2025-04-21:\n2025-04-22: completed 1 within 1 days 21 21.0 21.0 21\n");
    world_destroy(&world);
}
END_TEST

START_TEST(within_the_standard_of_the_end_of_the_stops_day) {
    struct world *world = world_create("2025-07-01");

    REFER(world, "in_time", .on = "2025-04-01");
    COMPLETE(world, "in_time", .on = "2025-04-29");
    REFER(world, "late", .on = "2025-04-01");
    COMPLETE(world, "late", .on = "2025-04-30");
    expect_day(world, "2025-04-29", " completed 1 within 1 days 28 28.0 28.0 28");
    expect_day(world, "2025-04-30", " completed 1 days 29 29.0 29.0 29");
    /* Three days of fourteen when the assessment starts, of two when the day ends. */
    struct policy policy;
    world_policy(&policy);
    world_pathway(&policy, "prioritised")->stops_on = STOP_ON_STARTED;
    world_destroy(&world);
    world = world_create(NULL);
    world_set_eras(world, &(struct policy_era){DAY_NONE, &policy}, 1);
    REFER(world, "urgent", .on = "2025-05-01", .pathway = "prioritised", .priority = 3);
    START(world, "urgent", .time = "2025-05-04T08:00:00Z");
    world_begin(world, "2025-07-01");
    expect_day(world, "2025-05-04", " completed 1 within 1 days 3 3.0 3.0 3");
    TRIAGE(world, "urgent", .time = "2025-05-04T18:00:00Z", .priority = 1);
    expect_day(world, "2025-05-04", " completed 1 days 3 3.0 3.0 3");
    TRIAGE(world, "urgent", .on = "2025-05-05", .priority = 3);
    expect_day(world, "2025-05-04", " completed 1 days 3 3.0 3.0 3");
    world_destroy(&world);
}
END_TEST

START_TEST(by_the_policy_of_the_stops_day) {
    struct policy strict, before, between, none;
    struct world *world = world_create(NULL);

    world_policy(&before);
    world_policy(&between);
    world_policy(&strict);
    world_pathway(&between, "needs_assessment")->unit = UNIT_WORKING_DAYS;
    world_pathway(&strict, "needs_assessment")->standard_days = 5;
    none = before; /* the pathway came later */
    snprintf(none.pathways[0].name, sizeof none.pathways[0].name, "%s", "another");
    const struct policy_era eras[] = {{world_day_of("2025-03-01"), &none},
                                      {world_day_of("2025-03-10"), &before},
                                      {world_day_of("2025-05-01"), &between},
                                      {world_day_of("2025-06-01"), &strict}};
    world_set_eras(world, eras, 4);
    REFER(world, "before", .on = "2025-01-01");
    COMPLETE(world, "before", .on = "2025-01-21");
    REFER(world, "a", .on = "2025-04-10");
    COMPLETE(world, "a", .on = "2025-04-30");
    REFER(world, "b", .on = "2025-04-10");
    COMPLETE(world, "b", .on = "2025-05-01");
    REFER(world, "c", .on = "2025-05-25");
    COMPLETE(world, "c", .on = "2025-05-31");
    REFER(world, "d", .on = "2025-05-26");
    COMPLETE(world, "d", .on = "2025-06-01");
    world_begin(world, "2025-07-01");
    expect_day(world, "2025-01-21", " completed 1 within 1 days 20 20.0 20.0 20"); /* no policy yet knew of it: the first that does */
    expect_day(world, "2025-04-30", " completed 1 within 1 days 20 20.0 20.0 20");
    expect_day(world, "2025-05-01", " completed 1 within 1 days 13 13.0 13.0 13");
    expect_day(world, "2025-05-31", " completed 1 within 1 days 4 4.0 4.0 4");
    expect_day(world, "2025-06-01", " completed 1 days 6 6.0 6.0 6");
    world_destroy(&world);
}
END_TEST

START_TEST(closings_by_reason) {
    static const char *const reasons[] = {"withdrawn", "died", "other", "died", "moved_away"};
    struct world *world = world_create("2025-07-01");
    char subject[8];

    for (size_t i = 0; i < sizeof reasons / sizeof reasons[0]; i++) {
        snprintf(subject, sizeof subject, "w%zu", i);
        REFER(world, subject, .on = "2025-04-01");
        CLOSE(world, subject, .on = "2025-04-02", .reason = reasons[i]);
    }
    expect_day(world, "2025-04-02", " closed 5 died 2 moved_away 1 other 1 withdrawn 1");
    world_destroy(&world);
}
END_TEST

START_TEST(what_was_no_wait_counts_nothing) {
    struct world *world = world_create("2025-07-01");

    REFER(world, "error", .on = "2025-04-01");
    CONTACT(world, "error", .on = "2025-04-02");
    TRANSFER(world, "error", .on = "2025-04-03", .team = "B");
    COMPLETE(world, "error", .on = "2025-04-04");
    REOPEN(world, "error", .on = "2025-04-05");
    expect(world, STEP_ALL, "2025-04-01", "2025-04-30", "",
           "2025-04-01..2025-04-30: started 1 completed 1 within 1 reopened 1 in 1 out 1 contacts 1 days 3 3.0 3.0 3\n");
    CLOSE(world, "error", .on = "2025-06-20", .reason = "recorded_in_error");
    REFER(world, "twice", .on = "2025-04-01");
    CLOSE(world, "twice", .on = "2025-04-20", .reason = "duplicate");
    CONTACT(world, "nobody", .on = "2025-04-02");
    REFER(world, "retracted", .on = "2025-04-03", .id = "wrong");
    RETRACT(world, "retracted", .on = "2025-04-04", .retracts = "wrong");
    expect(world, STEP_ALL, "2025-01-01", "2025-07-01", "", "2025-01-01..2025-07-01:\n");
    REOPEN(world, "twice", .on = "2025-04-25");
    expect(world, STEP_ALL, "2025-01-01", "2025-07-01", "", "2025-01-01..2025-07-01: started 1 closed 1 duplicate 1 reopened 1\n");
    world_destroy(&world);
}
END_TEST

START_TEST(transfers_of_people_who_wait) {
    struct world *world = world_create("2025-07-01");

    REFER(world, "moved", .on = "2025-04-01", .team = "A", .district = "Wyre");
    TRANSFER(world, "moved", .time = "2025-04-03T08:00:00Z", .team = "B", .district = "Fylde");
    TRANSFER(world, "moved", .time = "2025-04-03T09:00:00Z", .team = "C", .district = "Pendle");
    expect(world, STEP_ALL, "2025-04-03", "2025-04-03", "team district", "2025-04-03 A/Wyre: out 1\n2025-04-03 C/Pendle: in 1\n");
    REFER(world, "back", .on = "2025-04-01", .team = "A");
    TRANSFER(world, "back", .time = "2025-04-04T08:00:00Z", .team = "B");
    TRANSFER(world, "back", .time = "2025-04-04T09:00:00Z", .team = "A");
    TRANSFER(world, "back", .on = "2025-04-05", .team = "A");
    expect(world, STEP_ALL, "2025-04-04", "2025-04-05", "", "2025-04-04..2025-04-05:\n");
    /* It also ends on the day: it left one team and was completed by the other. */
    REFER(world, "ends", .on = "2025-04-01", .team = "A");
    TRANSFER(world, "ends", .time = "2025-04-10T08:00:00Z", .team = "B");
    COMPLETE(world, "ends", .time = "2025-04-10T09:00:00Z");
    TRANSFER(world, "ends", .on = "2025-04-11", .team = "C");
    expect(world, STEP_ALL, "2025-04-10", "2025-04-11", "team",
           "2025-04-10..2025-04-11 A: out 1\n2025-04-10..2025-04-11 B: completed 1 within 1 in 1 days 9 9.0 9.0 9\n");
    /* Not yet waiting, or only since that day. */
    REFER(world, "planned", .on = "2025-04-15", .clock_start = "2025-05-10", .team = "A");
    TRANSFER(world, "planned", .on = "2025-05-01", .team = "B");
    REFER(world, "new", .on = "2025-05-02", .team = "A");
    TRANSFER(world, "new", .on = "2025-05-02", .team = "B");
    REFER(world, "due", .on = "2025-04-15", .clock_start = "2025-05-20", .team = "A");
    TRANSFER(world, "due", .on = "2025-05-20", .team = "B");
    expect(world, STEP_ALL, "2025-05-01", "2025-05-31", "team", "2025-05-01..2025-05-31 B: started 3\n");
    world_destroy(&world);
}
END_TEST

/* A stop and a reopening between two midnights: nobody moved but from team to team. */
START_TEST(a_day_full_of_events) {
    struct world *world = world_create("2025-07-01");

    REFER(world, "w", .on = "2025-04-01", .team = "A");
    COMPLETE(world, "w", .time = "2025-04-05T07:00:00Z");
    REOPEN(world, "w", .time = "2025-04-05T08:00:00Z");
    TRANSFER(world, "w", .time = "2025-04-05T09:00:00Z", .team = "B");
    CLOSE(world, "w", .time = "2025-04-05T10:00:00Z", .reason = "died");
    REOPEN(world, "w", .time = "2025-04-05T11:00:00Z");
    expect(world, STEP_ALL, "2025-04-05", "2025-04-05", "team",
           "2025-04-05 A: out 1\n2025-04-05 B: completed 1 within 1 closed 1 died 1 reopened 2 in 1 days 4 4.0 4.0 4\n");
    world_destroy(&world);
}
END_TEST

START_TEST(values_of_the_end_of_the_day) {
    struct world *world = world_create("2025-07-01");
    struct wait_filter filter = world_filter("priority", "2");

    REFER(world, "w", .time = "2025-04-01T08:00:00Z", .client_group = "older", .dimensions = "area=a");
    TRIAGE(world, "w", .time = "2025-04-01T15:00:00Z", .priority = 2, .dimensions = "area=b");
    ALLOCATE(world, "w", .time = "2025-04-02T15:00:00Z", .worker = "kim");
    CONTACT(world, "w", .time = "2025-04-02T08:00:00Z");
    TRIAGE(world, "w", .on = "2025-04-03", .priority = 1);
    CONTACT(world, "w", .time = "2025-04-03T08:00:00Z");
    COMPLETE(world, "w", .on = "2025-04-04");
    expect(world, STEP_DAY, "2025-04-01", "2025-04-04", "priority dimension.area worker stage",
           "2025-04-01 2/b/unknown/unallocated: started 1\n2025-04-02 2/b/kim/allocated: contacts 1\n"
           "2025-04-03 1/b/kim/allocated: contacts 1\n2025-04-04 1/b/kim/completed: completed 1 within 1 days 3 3.0 3.0 3\n");
    expect_filtered(world, STEP_ALL, "2025-04-01", "2025-04-04", "", &filter, "2025-04-01..2025-04-04: started 1 contacts 1\n");
    world_destroy(&world);
}
END_TEST

START_TEST(groups_and_filters) {
    struct world *world = world_create("2025-07-01");
    struct wait_filter filter = world_filter("team", "B");

    REFER(world, "a/1", .on = "2025-04-01", .team = "B", .district = "Wyre");
    REFER(world, "a/2", .on = "2025-04-01", .team = "A", .pathway = "review");
    REFER(world, "b/1", .on = "2025-04-01", .team = "B", .pathway = "review", .district = "unknown");
    REFER(world, "b", .on = "2025-04-02", .team = "B");
    expect(world, STEP_MONTH, "2025-04-01", "2025-05-31", "pathway team",
           "2025-04-01..2025-04-30 needs_assessment/B: started 2\n2025-04-01..2025-04-30 review/A: started 1\n"
           "2025-04-01..2025-04-30 review/B: started 1\n");
    expect(world, STEP_ALL, "2025-04-01", "2025-04-30", "district",
           "2025-04-01..2025-04-30 Wyre: started 1\n2025-04-01..2025-04-30 unknown: started 3\n");
    expect_filtered(world, STEP_ALL, "2025-04-01", "2025-04-30", "", &filter, "2025-04-01..2025-04-30: started 3\n");
    filter.subject_prefix = text_of("b/");
    expect_filtered(world, STEP_ALL, "2025-04-01", "2025-04-30", "", &filter, "2025-04-01..2025-04-30: started 1\n");
    expect_filtered(world, STEP_ALL, "2025-04-01", "2025-04-30", "team", &filter, "2025-04-01..2025-04-30 B: started 1\n");
    filter = world_filter("team", "nobody");
    expect_filtered(world, STEP_ALL, "2025-04-01", "2025-04-30", "", &filter, "2025-04-01..2025-04-30:\n");
    expect_filtered(world, STEP_ALL, "2025-04-01", "2025-04-30", "team", &filter, "");
    world_destroy(&world);
}
END_TEST

/* The rules' example 19 of those who were completed. */
START_TEST(statistics_of_the_completed) {
    static const char *const referred[] = {"2025-05-22", "2025-05-12", "2025-05-03", "2025-04-22"};
    struct world *world = world_create("2025-07-01");
    char subject[8];

    for (size_t i = 0; i < 4; i++) {
        snprintf(subject, sizeof subject, "w%zu", i);
        REFER(world, subject, .on = referred[i]);
        COMPLETE(world, subject, .on = "2025-06-01");
    }
    expect_day(world, "2025-06-01", " completed 4 within 2 days 40 24.5 24.8 40");
    world_destroy(&world);
}
END_TEST

START_TEST(periods) {
    static const struct {
        enum flow_step step;
        const char *day;
        const char *end;
    } cases[] = {
        {STEP_DAY, "2025-04-01", "2025-04-01"},     {STEP_WEEK, "2025-04-07", "2025-04-13"},    {STEP_WEEK, "2025-04-13", "2025-04-13"},
        {STEP_WEEK, "2025-12-29", "2026-01-04"},    {STEP_MONTH, "2024-02-01", "2024-02-29"},   {STEP_MONTH, "2025-12-31", "2025-12-31"},
        {STEP_QUARTER, "2025-04-01", "2025-06-30"}, {STEP_QUARTER, "2025-09-30", "2025-09-30"}, {STEP_QUARTER, "2025-11-05", "2025-12-31"},
        {STEP_QUARTER, "2026-01-01", "2026-03-31"}, {STEP_ALL, "2026-01-01", "2027-07-03"},     {STEP_MONTH, "2027-07-01", "2027-07-03"},
    };
    static const char *const names[] = {"day", "week", "month", "quarter", "all"};
    struct world *world = world_create("2025-07-01");

    for (size_t i = 0; i < FLOW_STEP_COUNT; i++)
        ck_assert_str_eq(flow_step_name((enum flow_step)i), names[i]);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        ck_assert_int_eq(flow_period_end(cases[i].step, world_day_of(cases[i].day), world_day_of("2027-07-03")),
                         world_day_of(cases[i].end));
    REFER(world, "first", .on = "2025-04-01");
    REFER(world, "monday", .on = "2025-04-07");
    REFER(world, "out_before", .on = "2025-03-31");
    REFER(world, "last", .on = "2025-04-16");
    REFER(world, "out_behind", .on = "2025-04-17");
    expect(world, STEP_WEEK, "2025-04-01", "2025-04-16", "",
           "2025-04-01..2025-04-06: started 1\n2025-04-07..2025-04-13: started 1\n2025-04-14..2025-04-16: started 1\n");
    expect(world, STEP_MONTH, "2025-03-31", "2025-05-01", "", "2025-03-31: started 1\n2025-04-01..2025-04-30: started 4\n2025-05-01:\n");
    expect(world, STEP_QUARTER, "2024-12-31", "2025-07-01", "",
           "2024-12-31:\n2025-01-01..2025-03-31: started 1\n2025-04-01..2025-06-30: started 4\n2025-07-01:\n");
    world_destroy(&world);
}
END_TEST

START_TEST(too_many_rows) {
    struct world *world = world_create("2025-07-01");
    struct wait_filter everyone = {0};
    struct flow_request request = {0, FLOW_ROWS_MAX - 1, STEP_DAY, NULL, 0, &everyone};
    struct flow_table table;

    REFER(world, "w", .on = "2025-04-01");
    ck_assert(register_flow(world_register(world), &request, &table));
    ck_assert_uint_eq(table.row_count, FLOW_ROWS_MAX);
    flow_table_free(&table);
    request.to++;
    ck_assert(!register_flow(world_register(world), &request, &table));
    ck_assert_uint_eq(table.row_count, 0);
    world_destroy(&world);
}
END_TEST

/* Two teams with a contact on each of so many days that their rows together are one too many. */
START_TEST(too_many_rows_of_groups) {
    enum { CONTACTS = FLOW_ROWS_MAX / 2 };
    static const char *const teams[] = {"A", "B"};
    struct world *world = world_create(NULL);
    struct wait_filter everyone = {0};
    struct field_name team = {FIELD_TEAM, TEXT_ABSENT};
    day_t from = world_day_of("1970-02-01");
    struct flow_request request = {from, from + CONTACTS - 1, STEP_DAY, &team, 1, &everyone};
    struct flow_table table;
    char date[DATE_SIZE];

    for (size_t i = 0; i < 2; i++) {
        REFER(world, teams[i], .on = "1970-01-02", .team = teams[i]);
        for (day_t day = from; day <= from + CONTACTS; day++) {
            date_format(day, date);
            CONTACT(world, teams[i], .on = date);
        }
    }
    world_begin(world, "2060-01-01");
    ck_assert(register_flow(world_register(world), &request, &table));
    ck_assert_uint_eq(table.row_count, FLOW_ROWS_MAX);
    for (size_t i = 0; i < table.row_count; i++) {
        ck_assert_int_eq(table.rows[i].from, from + (day_t)(i / 2));
        ck_assert(text_is(table.rows[i].keys[0], teams[i % 2]));
        ck_assert_uint_eq(table.rows[i].flow.contacts, 1);
    }
    flow_table_free(&table);
    request.to++;
    ck_assert(!register_flow(world_register(world), &request, &table));
    world_destroy(&world);
}
END_TEST

int main(void) {
    const TTest *const tests[] = {people_start_on_their_start_day,
                                  a_stop_before_the_start_starts_too,
                                  every_stop_that_is_no_removal_is_a_completion,
                                  one_stop_counts_once,
                                  within_the_standard_of_the_end_of_the_stops_day,
                                  by_the_policy_of_the_stops_day,
                                  closings_by_reason,
                                  what_was_no_wait_counts_nothing,
                                  transfers_of_people_who_wait,
                                  a_day_full_of_events,
                                  values_of_the_end_of_the_day,
                                  groups_and_filters,
                                  statistics_of_the_completed,
                                  periods,
                                  too_many_rows,
                                  too_many_rows_of_groups,
                                  NULL};

    return world_run("flow", tests);
}
