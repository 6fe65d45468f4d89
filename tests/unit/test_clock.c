/* Checks of the clock of one wait (rules, section 5). */
#include "tests/unit/core_world.h"

#include <stdlib.h>

static struct world *world_with(const char *pathway, const char *start) {
    struct world *world = world_create(start);

    REFER(world, "w1", .on = start, .pathway = pathway);
    return world;
}

START_TEST(the_clock_starts_where_the_referral_says) {
    struct world *world = world_create("2025-04-10");

    REFER(world, "day", .on = "2025-04-10");
    REFER(world, "back", .on = "2025-04-10", .clock_start = "2025-04-01");
    REFER(world, "ahead", .on = "2025-04-10", .clock_start = "2025-04-12");
    REFER(world, "night", .time = "2025-04-08T23:30:00Z");
    ck_assert_str_eq(world_brief(world, "day"), "waiting unallocated 0/28");
    ck_assert_str_eq(world_brief(world, "back"), "waiting unallocated 9/28");
    ck_assert_str_eq(world_brief(world, "ahead"), "scheduled unallocated 0/28");
    ck_assert_str_eq(world_brief(world, "night"), "waiting unallocated 1/28");
    ck_assert_int_eq(world_view(world, "ahead").breach_on, world_day_of("2025-05-11"));
    ck_assert_int_eq(world_view(world, "ahead").days_to_breach, 29);
    ck_assert(world_view(world, "ahead").has_days_to_breach);
    world_advance(world, "2025-04-12");
    ck_assert_str_eq(world_brief(world, "ahead"), "waiting unallocated 0/28");
    world_destroy(&world);
}
END_TEST

START_TEST(breach_begins_the_day_after_the_standard) {
    struct world *world = world_with("needs_assessment", "2025-04-01");

    world_advance(world, "2025-04-22");
    ck_assert_str_eq(world_brief(world, "w1"), "waiting unallocated 21/28");
    ck_assert_int_eq(world_view(world, "w1").days_to_breach, 8);
    world_advance(world, "2025-04-23");
    ck_assert_str_eq(world_brief(world, "w1"), "waiting unallocated 22/28 due");
    world_advance(world, "2025-04-29");
    ck_assert_str_eq(world_brief(world, "w1"), "waiting unallocated 28/28 due");
    world_advance(world, "2025-04-30");
    ck_assert_str_eq(world_brief(world, "w1"), "waiting unallocated 29/28 breach no_contact");
    ck_assert_int_eq(world_view(world, "w1").days_to_breach, 0);
    world_advance(world, "2025-05-10");
    ck_assert_int_eq(world_view(world, "w1").days_to_breach, -10);
    ck_assert_int_eq(world_view(world, "w1").breach_on, world_day_of("2025-04-30"));
    world_destroy(&world);
}
END_TEST

START_TEST(an_ended_wait_stands_still) {
    struct world *world = world_with("needs_assessment", "2025-04-01");

    COMPLETE(world, "w1", .on = "2025-04-01");
    world_advance(world, "2025-06-01");
    struct wait_view view = world_view(world, "w1");
    ck_assert_str_eq(world_brief(world, "w1"), "ended completed 0/28");
    ck_assert(!view.has_days_to_breach);
    ck_assert_int_eq(view.days_to_breach, 0);
    ck_assert_int_eq(view.breach_on, DAY_NONE);
    ck_assert(!view.no_contact);
    world_destroy(&world);
}
END_TEST

START_TEST(ended_before_the_start_is_zero_days) {
    struct world *world = world_create("2025-04-10");

    REFER(world, "w1", .on = "2025-04-01", .clock_start = "2025-04-20", .pathway = "excluding");
    PAUSE(world, "w1", .on = "2025-04-02");
    CLOSE(world, "w1", .on = "2025-04-05");
    ck_assert_str_eq(world_brief(world, "w1"), "ended closed 0/28 early");
    ck_assert_str_eq(world_days(world, "w1"), "2025-04-20..2025-04-05 gross 0 paused 0 contact - reason other outcome -");
    REFER(world, "w2", .on = "2025-04-01", .clock_start = "2025-04-05");
    CLOSE(world, "w2", .on = "2025-04-05");
    ck_assert_str_eq(world_brief(world, "w2"), "ended closed 0/28");
    world_destroy(&world);
}
END_TEST

START_TEST(a_pause_before_the_start_counts_from_the_start) {
    struct world *world = world_create("2025-04-01");

    REFER(world, "w1", .on = "2025-04-01", .clock_start = "2025-04-10", .pathway = "excluding");
    PAUSE(world, "w1", .on = "2025-04-01");
    ck_assert_str_eq(world_brief(world, "w1"), "scheduled unallocated 0/28 paused");
    world_advance(world, "2025-04-15");
    ck_assert_str_eq(world_brief(world, "w1"), "waiting unallocated 0/28 paused");
    ck_assert_str_eq(world_days(world, "w1"), "2025-04-10..- gross 5 paused 5 contact - reason - outcome -");
    RESUME(world, "w1", .on = "2025-04-15");
    world_advance(world, "2025-04-20");
    ck_assert_str_eq(world_brief(world, "w1"), "waiting unallocated 5/28");
    ck_assert_str_eq(world_days(world, "w1"), "2025-04-10..- gross 10 paused 5 contact - reason - outcome -");
    REFER(world, "w2", .on = "2025-04-01", .clock_start = "2025-04-10", .pathway = "excluding");
    PAUSE(world, "w2", .on = "2025-04-02");
    RESUME(world, "w2", .on = "2025-04-09");
    ck_assert_str_eq(world_brief(world, "w2"), "waiting unallocated 10/28");
    world_destroy(&world);
}
END_TEST

/* Pause and resumption of one day count nothing; the day of the resumption is still paused, the day of the pause is not. */
START_TEST(paused_days_are_after_the_pause_up_to_the_resumption) {
    struct world *world = world_with("excluding", "2025-04-01");

    world_advance(world, "2025-04-20");
    PAUSE(world, "w1", .on = "2025-04-05");
    RESUME(world, "w1", .on = "2025-04-05");
    ck_assert_str_eq(world_brief(world, "w1"), "waiting unallocated 19/28");
    PAUSE(world, "w1", .on = "2025-04-06");
    RESUME(world, "w1", .on = "2025-04-07");
    ck_assert_str_eq(world_brief(world, "w1"), "waiting unallocated 18/28");
    PAUSE(world, "w1", .on = "2025-04-10");
    RESUME(world, "w1", .on = "2025-04-13");
    ck_assert_str_eq(world_brief(world, "w1"), "waiting unallocated 15/28");
    ck_assert_str_eq(world_days(world, "w1"), "2025-04-01..- gross 19 paused 4 contact - reason - outcome -");
    COMPLETE(world, "w1", .on = "2025-04-18");
    ck_assert_str_eq(world_brief(world, "w1"), "ended completed 13/28");
    world_destroy(&world);
}
END_TEST

START_TEST(counted_pauses_change_nothing_but_what_is_told) {
    struct world *world = world_with("needs_assessment", "2025-04-01");

    PAUSE(world, "w1", .on = "2025-04-01");
    world_advance(world, "2025-04-24");
    ck_assert_str_eq(world_brief(world, "w1"), "waiting unallocated 23/28 due paused");
    ck_assert_str_eq(world_days(world, "w1"), "2025-04-01..- gross 23 paused 23 contact - reason - outcome -");
    world_advance(world, "2025-04-30");
    ck_assert_str_eq(world_brief(world, "w1"), "waiting unallocated 29/28 breach paused no_contact");
    world_destroy(&world);
}
END_TEST

START_TEST(a_breach_under_an_excluded_pause_remains) {
    struct world *world = world_with("excluding", "2025-04-01");

    world_advance(world, "2025-05-05");
    PAUSE(world, "w1", .on = "2025-05-05");
    world_advance(world, "2025-05-25");
    ck_assert_str_eq(world_brief(world, "w1"), "waiting unallocated 34/28 breach paused no_contact");
    ck_assert_int_eq(world_view(world, "w1").breach_on, world_day_of("2025-04-30"));
    RESUME(world, "w1", .on = "2025-05-25");
    world_advance(world, "2025-05-26");
    ck_assert_str_eq(world_brief(world, "w1"), "waiting unallocated 35/28 breach no_contact");
    ck_assert_int_eq(world_view(world, "w1").breach_on, world_day_of("2025-04-30"));
    world_destroy(&world);
}
END_TEST

START_TEST(an_excluded_pause_moves_the_breach) {
    struct world *world = world_with("excluding", "2025-04-01");

    world_advance(world, "2025-04-20");
    PAUSE(world, "w1", .on = "2025-04-10");
    RESUME(world, "w1", .on = "2025-04-20");
    ck_assert_int_eq(world_view(world, "w1").breach_on, world_day_of("2025-05-10"));
    world_advance(world, "2025-05-02");
    ck_assert_str_eq(world_brief(world, "w1"), "waiting unallocated 21/28 no_contact");
    world_advance(world, "2025-05-03");
    ck_assert_str_eq(world_brief(world, "w1"), "waiting unallocated 22/28 due no_contact");
    world_advance(world, "2025-05-10");
    ck_assert_str_eq(world_brief(world, "w1"), "waiting unallocated 29/28 breach no_contact");
    world_destroy(&world);
}
END_TEST

START_TEST(the_start_of_the_assessment_stops_where_the_pathway_says) {
    struct world *world = world_with("started", "2025-04-01");

    world_advance(world, "2025-04-09");
    START(world, "w1", .on = "2025-04-09");
    ck_assert_str_eq(world_brief(world, "w1"), "ended in_progress 8/28");
    PAUSE(world, "w1", .on = "2025-04-09");
    world_advance(world, "2025-04-20");
    ck_assert_str_eq(world_brief(world, "w1"), "ended in_progress 8/28");
    COMPLETE(world, "w1", .on = "2025-04-20", .outcome = "plan");
    ck_assert_str_eq(world_brief(world, "w1"), "ended completed 8/28");
    ck_assert_str_eq(world_days(world, "w1"), "2025-04-01..2025-04-09 gross 8 paused 0 contact - reason - outcome plan");
    REOPEN(world, "w1", .on = "2025-04-20");
    ck_assert_str_eq(world_brief(world, "w1"), "waiting unallocated 19/28");
    CLOSE(world, "w1", .time = "2025-04-20T15:00:00Z");
    ck_assert_str_eq(world_brief(world, "w1"), "ended closed 19/28");
    world_destroy(&world);
}
END_TEST

START_TEST(on_other_pathways_it_goes_on) {
    struct world *world = world_with("needs_assessment", "2025-04-01");

    START(world, "w1", .on = "2025-04-01");
    world_advance(world, "2025-04-09");
    ck_assert_str_eq(world_brief(world, "w1"), "waiting in_progress 8/28");
    world_destroy(&world);
}
END_TEST

START_TEST(only_pauses_before_the_stop_count) {
    struct world *world = world_with("started_excluding", "2025-04-01");

    world_advance(world, "2025-04-20");
    PAUSE(world, "w1", .on = "2025-04-03");
    RESUME(world, "w1", .on = "2025-04-05");
    PAUSE(world, "w1", .on = "2025-04-08");
    START(world, "w1", .on = "2025-04-11");
    RESUME(world, "w1", .on = "2025-04-15");
    ck_assert_str_eq(world_brief(world, "w1"), "ended in_progress 5/28");
    ck_assert_str_eq(world_days(world, "w1"), "2025-04-01..2025-04-11 gross 10 paused 5 contact - reason - outcome -");
    COMPLETE(world, "w1", .on = "2025-04-18");
    ck_assert_str_eq(world_brief(world, "w1"), "ended completed 5/28");
    REOPEN(world, "w1", .on = "2025-04-19");
    ck_assert_str_eq(world_brief(world, "w1"), "waiting unallocated 10/28");
    world_destroy(&world);
}
END_TEST

START_TEST(an_assessment_that_starts_before_the_clock_ends_it_early) {
    struct world *world = world_create("2025-04-05");

    REFER(world, "w1", .on = "2025-04-01", .clock_start = "2025-04-10", .pathway = "started");
    START(world, "w1", .on = "2025-04-05");
    ck_assert_str_eq(world_brief(world, "w1"), "ended in_progress 0/28 early");
    world_destroy(&world);
}
END_TEST

START_TEST(working_days_leave_out_weekends_and_holidays) {
    static const struct {
        const char *day;
        const char *brief;
    } days[] = {
        {"2025-04-05", "waiting unallocated 0/5"},         {"2025-04-06", "waiting unallocated 0/5"},
        {"2025-04-07", "waiting unallocated 1/5 due"},     {"2025-04-11", "waiting unallocated 5/5 due"},
        {"2025-04-13", "waiting unallocated 5/5 due"},     {"2025-04-14", "waiting unallocated 6/5 breach"},
        {"2025-04-20", "waiting unallocated 9/5 breach"},  {"2025-04-21", "waiting unallocated 9/5 breach"},
        {"2025-04-22", "waiting unallocated 10/5 breach"},
    };
    struct world *world = world_with("working", "2025-04-04"); /* a Friday */

    ck_assert_str_eq(world_brief(world, "w1"), "waiting unallocated 0/5");
    for (size_t i = 0; i < sizeof days / sizeof days[0]; i++) {
        world_advance(world, days[i].day);
        ck_assert_str_eq(world_brief(world, "w1"), days[i].brief);
        ck_assert_int_eq(world_view(world, "w1").clock.gross_days, world_day_of(days[i].day) - world_day_of("2025-04-04"));
    }
    REFER(world, "weekend", .on = "2025-04-19", .pathway = "working");
    ck_assert_str_eq(world_brief(world, "weekend"), "waiting unallocated 1/5 due");
    ck_assert_int_eq(world_view(world, "weekend").breach_on, world_day_of("2025-04-29"));
    world_destroy(&world);
}
END_TEST

START_TEST(working_days_among_those_not_paused) {
    struct world *world = world_with("working_excluding", "2025-04-07"); /* a Monday */

    world_advance(world, "2025-04-22");
    PAUSE(world, "w1", .on = "2025-04-09");
    ck_assert_str_eq(world_brief(world, "w1"), "waiting unallocated 2/5 paused");
    ck_assert_str_eq(world_days(world, "w1"), "2025-04-07..- gross 15 paused 13 contact - reason - outcome -");
    RESUME(world, "w1", .on = "2025-04-15");
    ck_assert_str_eq(world_brief(world, "w1"), "waiting unallocated 5/5 due"); /* 16, 17 and 22 April */
    ck_assert_str_eq(world_days(world, "w1"), "2025-04-07..- gross 15 paused 6 contact - reason - outcome -");
    ck_assert_int_eq(world_view(world, "w1").breach_on, world_day_of("2025-04-23"));
    world_advance(world, "2025-04-23");
    ck_assert_str_eq(world_brief(world, "w1"), "waiting unallocated 6/5 breach");
    world_destroy(&world);
}
END_TEST

START_TEST(the_standard_follows_the_priority) {
    static const int32_t standards[] = {28, 2, 28, 14, 28};
    struct world *world = world_create("2025-04-10");
    char subject[2] = "0";

    for (uint8_t priority = 0; priority < PRIORITY_COUNT; priority++) {
        subject[0] = (char)('0' + priority);
        REFER(world, subject, .on = "2025-04-07", .pathway = "prioritised", .priority = priority);
        ck_assert_int_eq(world_view(world, subject).clock.standard, standards[priority]);
        ck_assert_int_eq(world_view(world, subject).clock.breach, priority == 1);
    }
    TRIAGE(world, "1", .on = "2025-04-10", .priority = 3);
    ck_assert_str_eq(world_brief(world, "1"), "waiting unallocated 3/14");
    world_destroy(&world);
}
END_TEST

START_TEST(contact_is_due_after_its_interval) {
    struct world *world = world_create("2025-04-01");
    struct policy policy;
    struct text missing;

    world_policy(&policy);
    policy.contact_by_priority[1] = 3;
    ck_assert(world_set_policy(world, &policy, &missing));
    REFER(world, "w1", .on = "2025-04-01", .priority = 1);
    CONTACT(world, "w1", .on = "2025-04-01");
    world_advance(world, "2025-04-04");
    ck_assert_str_eq(world_brief(world, "w1"), "waiting unallocated 3/28");
    world_advance(world, "2025-04-05");
    ck_assert_str_eq(world_brief(world, "w1"), "waiting unallocated 4/28 no_contact");
    ck_assert_uint_eq(world_position(world_register(world), NULL).no_contact, 1);
    CONTACT(world, "w1", .on = "2025-04-05");
    ck_assert_str_eq(world_brief(world, "w1"), "waiting unallocated 4/28");
    ck_assert_uint_eq(world_position(world_register(world), NULL).no_contact, 0);
    /* A contact before the clock starts counts from the start. */
    REFER(world, "w2", .on = "2025-04-05", .clock_start = "2025-04-07", .priority = 1);
    CONTACT(world, "w2", .on = "2025-04-05");
    world_advance(world, "2025-04-10");
    ck_assert_str_eq(world_brief(world, "w2"), "waiting unallocated 3/28");
    world_destroy(&world);
}
END_TEST

/* The clock against a plain recount, day by day: what `key` and `clock_day_reaching` promise. */
START_TEST(the_days_are_those_that_a_plain_count_gives) {
    static const char *const pathways[] = {"needs_assessment", "excluding", "working", "working_excluding"};
    struct calendar *calendar = world_calendar_create();
    struct policy policy;

    world_policy(&policy);
    for (int unpaused = 0; unpaused < 2; unpaused++)
        for (size_t i = 0; i < sizeof pathways / sizeof pathways[0]; i++) {
            const struct pathway_policy *pathway = world_pathway(&policy, pathways[i]);
            struct wait_state state;
            wait_state_init(&state);
            state.stage = STAGE_UNALLOCATED;
            state.start = world_day_of("2025-04-10");
            state.paused_since = unpaused ? DAY_NONE : world_day_of("2025-04-17");
            int32_t days = 0;
            for (day_t day = state.start; day < state.start + 60; day++) {
                bool works = day_of_week(day) < 5 && calendar_working_index(calendar, day) > calendar_working_index(calendar, day - 1);
                bool paused = !unpaused && day > state.paused_since && pathway->pauses == PAUSES_EXCLUDE;
                if (day > state.start && !paused && (works || pathway->unit == UNIT_CALENDAR_DAYS))
                    days++;
                struct clock_reading reading;
                clock_read(&state, false, pathway, calendar, day, &reading);
                ck_assert_int_eq(reading.days, days);
                if (!reading.is_frozen) {
                    ck_assert_int_eq(clock_index(calendar, pathway->unit, day) - reading.key, days);
                    ck_assert_int_le(clock_day_reaching(&reading, pathway, calendar, days), day);
                    ck_assert_int_gt(clock_day_reaching(&reading, pathway, calendar, days + 1), day);
                } else {
                    ck_assert_int_eq(clock_day_reaching(&reading, pathway, calendar, days + 1), DAY_NONE);
                }
            }
        }
    calendar_destroy(&calendar);
}
END_TEST

START_TEST(an_ended_or_excluded_clock_reaches_nothing) {
    struct calendar *calendar = world_calendar_create();
    struct clock_reading reading;
    struct wait_state state;
    struct policy policy;

    world_policy(&policy);
    wait_state_init(&state);
    clock_read(&state, false, &policy.pathways[0], calendar, 20000, &reading);
    ck_assert_int_eq(reading.status, STATUS_NONE);
    ck_assert_int_eq(reading.start, DAY_NONE);
    state.stage = STAGE_UNALLOCATED;
    state.start = 19990;
    clock_read(&state, true, &policy.pathways[0], calendar, 20000, &reading);
    ck_assert_int_eq(reading.status, STATUS_EXCLUDED);
    ck_assert_int_eq(clock_day_reaching(&reading, &policy.pathways[0], calendar, 29), DAY_NONE);
    ck_assert(!reading.breach);
    calendar_destroy(&calendar);
}
END_TEST

int main(void) {
    const TTest *const tests[] = {the_clock_starts_where_the_referral_says,
                                  breach_begins_the_day_after_the_standard,
                                  an_ended_wait_stands_still,
                                  ended_before_the_start_is_zero_days,
                                  a_pause_before_the_start_counts_from_the_start,
                                  paused_days_are_after_the_pause_up_to_the_resumption,
                                  counted_pauses_change_nothing_but_what_is_told,
                                  a_breach_under_an_excluded_pause_remains,
                                  an_excluded_pause_moves_the_breach,
                                  the_start_of_the_assessment_stops_where_the_pathway_says,
                                  on_other_pathways_it_goes_on,
                                  only_pauses_before_the_stop_count,
                                  an_assessment_that_starts_before_the_clock_ends_it_early,
                                  working_days_leave_out_weekends_and_holidays,
                                  working_days_among_those_not_paused,
                                  the_standard_follows_the_priority,
                                  contact_is_due_after_its_interval,
                                  the_days_are_those_that_a_plain_count_gives,
                                  an_ended_or_excluded_clock_reaches_nothing,
                                  NULL};

    return world_run("clock", tests);
}
