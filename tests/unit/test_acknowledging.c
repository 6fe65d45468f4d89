/* Checks of acknowledged alerts: who may acknowledge what, what an open alert shows, and what comes of a day that passes. */
#include "tests/unit/core_world.h"

#include <stdio.h>
#include <string.h>

/* One wait in breach since 30 April, on 5 May; its alert is the first. */
static struct world *in_breach(void) {
    struct world *world = world_create("2025-05-05");

    REFER(world, "w1", .on = "2025-04-01");
    ck_assert_str_eq(world_alerts(world), "raised breach w1 A 34/28 2025-04-30 late\n");
    return world;
}

START_TEST(an_open_alert_shows_who_deals_with_it) {
    struct world *world = in_breach();
    uint64_t seq = 0;

    ck_assert_int_eq(world_acknowledge(world, "w1", 1, "jo", "visit booked", "2025-05-09", &seq), ACKNOWLEDGE_TAKEN);
    ck_assert_uint_eq(seq, 2);
    ck_assert_str_eq(world_alerts(world), "acknowledged breach w1 A 34/28 2025-04-30 high by jo note visit booked until 2025-05-09\n");
    ck_assert_str_eq(world_open_alerts(world), "breach w1 A 2025-04-30 high by jo note visit booked until 2025-05-09\n");
    ck_assert_uint_eq(world_view(world, "w1").newest_alert_seq, 2);
    COMPLETE(world, "w1", .on = "2025-05-05");
    ck_assert_str_eq(world_alerts(world), "resolved breach w1 A 34/28 2025-04-30 completed\n");
    ck_assert_str_eq(world_open_alerts(world), "");
    ck_assert_int_eq(world_acknowledge(world, "w1", 1, "jo", NULL, NULL, &seq), ACKNOWLEDGE_NOT_OPEN);
    ck_assert_str_eq(world_alerts(world), "");
    world_destroy(&world);
}
END_TEST

START_TEST(only_an_open_alert_can_be_acknowledged) {
    struct world *world = in_breach();
    uint64_t seq = 0;

    REFER(world, "w2", .on = "2025-05-01");
    ck_assert_int_eq(world_acknowledge(world, "w1", 2, "jo", NULL, NULL, &seq), ACKNOWLEDGE_NOT_OPEN);
    ck_assert_int_eq(world_acknowledge(world, "w2", 1, "jo", NULL, NULL, &seq), ACKNOWLEDGE_NOT_OPEN);
    ck_assert_int_eq(world_acknowledge(world, "nobody", 1, "jo", NULL, NULL, &seq), ACKNOWLEDGE_NOT_OPEN);
    ck_assert_str_eq(world_alerts(world), "");
    ck_assert_uint_eq(register_next_alert_seq(world_register(world)), 2);
    world_destroy(&world);
}
END_TEST

START_TEST(the_same_again_changes_nothing_and_anything_else_does) {
    struct world *world = in_breach();
    uint64_t seq = 0;

    ck_assert_int_eq(world_acknowledge(world, "w1", 1, "jo", NULL, NULL, &seq), ACKNOWLEDGE_TAKEN);
    world_alerts(world);
    seq = 0;
    ck_assert_int_eq(world_acknowledge(world, "w1", 1, "jo", NULL, NULL, &seq), ACKNOWLEDGE_REPEATED);
    ck_assert_uint_eq(seq, 2);
    ck_assert_str_eq(world_alerts(world), "");
    ck_assert_int_eq(world_acknowledge(world, "w1", 1, "sam", NULL, NULL, &seq), ACKNOWLEDGE_TAKEN);
    ck_assert_int_eq(world_acknowledge(world, "w1", 1, "sam", "called", NULL, &seq), ACKNOWLEDGE_TAKEN);
    ck_assert_int_eq(world_acknowledge(world, "w1", 1, "sam", "called", "2025-05-05", &seq), ACKNOWLEDGE_TAKEN);
    ck_assert_int_eq(world_acknowledge(world, "w1", 1, "sam", "called", "2025-05-05", &seq), ACKNOWLEDGE_REPEATED);
    ck_assert_uint_eq(seq, 5);
    ck_assert_str_eq(world_alerts(world), "acknowledged breach w1 A 34/28 2025-04-30 high by sam note - until -\n"
                                          "acknowledged breach w1 A 34/28 2025-04-30 high by sam note called until -\n"
                                          "acknowledged breach w1 A 34/28 2025-04-30 high by sam note called until 2025-05-05\n");
    ck_assert_str_eq(world_open_alerts(world), "breach w1 A 2025-04-30 high by sam note called until 2025-05-05\n");
    world_destroy(&world);
}
END_TEST

START_TEST(the_day_lies_between_today_and_a_year_ahead) {
    static const struct {
        const char *day;
        enum acknowledge_result result;
    } days[] = {{"2025-05-04", ACKNOWLEDGE_BAD_DAY},
                {"2026-05-07", ACKNOWLEDGE_BAD_DAY},
                {"2025-05-05", ACKNOWLEDGE_TAKEN},
                {"2026-05-06", ACKNOWLEDGE_TAKEN}};
    struct world *world = in_breach();
    uint64_t seq = 0;

    for (size_t i = 0; i < sizeof days / sizeof days[0]; i++)
        ck_assert_int_eq(world_acknowledge(world, "w1", 1, "jo", NULL, days[i].day, &seq), days[i].result);
    ck_assert_uint_eq(register_next_alert_seq(world_register(world)), 4);
    world_destroy(&world);
}
END_TEST

START_TEST(after_its_day_it_is_raised_to_the_next_severity_once) {
    struct world *world = in_breach();
    uint64_t seq = 0;

    world_acknowledge(world, "w1", 1, "jo", NULL, "2025-05-07", &seq);
    world_alerts(world);
    world_advance(world, "2025-05-07");
    ck_assert_str_eq(world_alerts(world), "");
    world_advance(world, "2025-05-08");
    ck_assert_str_eq(world_alerts(world), "overdue breach w1 A 37/28 2025-04-30 critical by jo note - until 2025-05-07 overdue\n");
    ck_assert_str_eq(world_open_alerts(world), "breach w1 A 2025-04-30 critical by jo note - until 2025-05-07 overdue\n");
    CONTACT(world, "w1", .on = "2025-05-08");
    world_advance(world, "2025-05-12");
    ck_assert_str_eq(world_alerts(world), "");
    ck_assert_int_eq(world_acknowledge(world, "w1", 1, "jo", NULL, "2025-05-07", &seq), ACKNOWLEDGE_REPEATED);
    /* Another acknowledgement has its own day; there is no severity above critical. */
    ck_assert_int_eq(world_acknowledge(world, "w1", 1, "jo", NULL, "2025-05-12", &seq), ACKNOWLEDGE_TAKEN);
    ck_assert_str_eq(world_open_alerts(world), "breach w1 A 2025-04-30 critical by jo note - until 2025-05-12\n");
    world_advance(world, "2025-05-13");
    ck_assert_str_eq(world_alerts(world), "acknowledged breach w1 A 41/28 2025-04-30 critical by jo note - until 2025-05-12\n"
                                          "overdue breach w1 A 42/28 2025-04-30 critical by jo note - until 2025-05-12 overdue\n");
    TRANSFER(world, "w1", .on = "2025-05-13", .team = "B");
    ck_assert_str_eq(world_alerts(world), "moved breach w1 A>B 42/28 2025-04-30\n");
    ck_assert_str_eq(world_open_alerts(world), "breach w1 B 2025-04-30 critical by jo note - until 2025-05-12 overdue\n");
    world_destroy(&world);
}
END_TEST

START_TEST(what_is_resolved_by_its_day_is_not_overdue) {
    struct world *world = world_create("2025-04-24");
    uint64_t seq = 0;

    REFER(world, "w1", .on = "2025-04-01");
    ck_assert_str_eq(world_alerts(world), "raised approaching/7 w1 A 23/28 2025-04-23 late\n");
    world_acknowledge(world, "w1", 1, "jo", NULL, "2025-04-29", &seq);
    world_alerts(world);
    world_advance(world, "2025-04-30");
    ck_assert_ptr_null(strstr(world_alerts(world), "overdue"));
    /* Raised again, it is a new alert that nobody has acknowledged. */
    ck_assert_str_eq(world_open_alerts(world), "breach w1 A 2025-04-30\n");
    world_destroy(&world);
}
END_TEST

START_TEST(a_second_alert_gets_none_of_what_was_said_of_the_first) {
    struct world *world = in_breach();
    uint64_t seq = 0;

    world_acknowledge(world, "w1", 1, "jo", "mine", "2025-05-09", &seq);
    uint64_t end = COMPLETE(world, "w1", .on = "2025-05-05", .id = "end");
    RETRACT(world, "w1", .on = "2025-05-05", .retracts = "end");
    ck_assert_uint_gt(end, 0);
    ck_assert_str_eq(world_open_alerts(world), "breach w1 A 2025-04-30\n");
    ck_assert_int_eq(world_acknowledge(world, "w1", 1, "jo", NULL, NULL, &seq), ACKNOWLEDGE_NOT_OPEN);
    ck_assert_int_eq(world_acknowledge(world, "w1", 4, "sam", NULL, NULL, &seq), ACKNOWLEDGE_TAKEN);
    ck_assert_str_eq(world_open_alerts(world), "breach w1 A 2025-04-30 high by sam note - until -\n");
    world_advance(world, "2025-05-12");
    ck_assert_ptr_null(strstr(world_alerts(world), "overdue"));
    world_destroy(&world);
}
END_TEST

START_TEST(a_restart_knows_it_and_tells_of_a_day_that_passed_meanwhile_once) {
    struct world *world = in_breach();
    uint64_t seq = 0;

    world_acknowledge(world, "w1", 1, "jo", "visit", "2025-05-07", &seq);
    world_alerts(world);
    world_restart(world, "2025-05-06", true);
    ck_assert_str_eq(world_alerts(world), "");
    ck_assert_str_eq(world_open_alerts(world), "breach w1 A 2025-04-30 high by jo note visit until 2025-05-07\n");
    ck_assert_int_eq(world_acknowledge(world, "w1", 1, "jo", "visit", "2025-05-07", &seq), ACKNOWLEDGE_REPEATED);
    world_restart(world, "2025-05-10", false); /* by a policy that is about to be replaced nothing is raised */
    ck_assert_str_eq(world_alerts(world), "");
    world_restart(world, "2025-05-10", true);
    ck_assert_str_eq(world_alerts(world), "overdue breach w1 A 39/28 2025-04-30 critical by jo note visit until 2025-05-07 overdue\n");
    world_restart(world, "2025-05-11", true);
    ck_assert_str_eq(world_alerts(world), "");
    ck_assert_str_eq(world_open_alerts(world), "breach w1 A 2025-04-30 critical by jo note visit until 2025-05-07 overdue\n");
    world_destroy(&world);
}
END_TEST

START_TEST(severities_rise_one_by_one) {
    struct policy policy;
    struct text missing;
    struct world *world = world_create("2025-05-05");
    uint64_t seq = 0;

    world_policy(&policy);
    world_pathway(&policy, "needs_assessment")->breach.severity = SEVERITY_INFO;
    ck_assert(world_set_policy(world, &policy, &missing));
    REFER(world, "w1", .on = "2025-04-01");
    static const char *const days[] = {"2025-05-05", "2025-05-06", "2025-05-07", "2025-05-08", "2025-05-09"};
    static const char *const severities[] = {" warning ", " high ", " critical ", " critical "};
    for (size_t i = 0; i < sizeof severities / sizeof severities[0]; i++) {
        ck_assert_int_eq(world_acknowledge(world, "w1", 1, "jo", NULL, days[i], &seq), ACKNOWLEDGE_TAKEN);
        world_alerts(world);
        world_advance(world, days[i + 1]);
        const char *told = world_alerts(world);
        ck_assert_msg(strncmp(told, "overdue ", 8) == 0 && strstr(told, severities[i]) != NULL, "%s", told);
    }
    world_destroy(&world);
}
END_TEST

int main(void) {
    const TTest *const tests[] = {an_open_alert_shows_who_deals_with_it,
                                  only_an_open_alert_can_be_acknowledged,
                                  the_same_again_changes_nothing_and_anything_else_does,
                                  the_day_lies_between_today_and_a_year_ahead,
                                  after_its_day_it_is_raised_to_the_next_severity_once,
                                  what_is_resolved_by_its_day_is_not_overdue,
                                  a_second_alert_gets_none_of_what_was_said_of_the_first,
                                  a_restart_knows_it_and_tells_of_a_day_that_passed_meanwhile_once,
                                  severities_rise_one_by_one,
                                  NULL};

    return world_run("acknowledging", tests);
}
