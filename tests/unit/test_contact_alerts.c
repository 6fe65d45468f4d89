/* Checks of the rule contact_overdue: from which day, what ends it, and what late and corrected records make of it. */
#include "tests/unit/core_world.h"

#include <stdio.h>
#include <string.h>

/* Only contact is asked for: every 28 days, of priority 1 every 7. */
static struct world *asking_for_contact(const char *today) {
    struct world *world = world_create(today);
    struct policy policy;
    struct text missing;

    world_policy(&policy);
    policy.contact_by_priority[1] = 7;
    for (size_t i = 0; i < policy.pathway_count; i++) {
        struct pathway_policy *pathway = &policy.pathways[i];
        pathway->approaching.enabled = pathway->breach.enabled = pathway->escalation.enabled = false;
        pathway->contact_overdue = (struct alert_rule_policy){.enabled = true, .severity = SEVERITY_WARNING};
    }
    ck_assert(world_set_policy(world, &policy, &missing));
    return world;
}

START_TEST(from_the_day_after_the_interval_until_contact) {
    struct world *world = asking_for_contact("2025-04-01");

    REFER(world, "w1", .on = "2025-04-01");
    world_advance(world, "2025-04-29");
    ck_assert_str_eq(world_alerts(world), "");
    world_advance(world, "2025-04-30");
    ck_assert_str_eq(world_alerts(world), "raised contact_overdue w1 A 29/28 2025-04-30\n");
    ck_assert(world_view(world, "w1").no_contact);
    CONTACT(world, "w1", .on = "2025-04-30");
    ck_assert_str_eq(world_alerts(world), "resolved contact_overdue w1 A 29/28 2025-04-30 cleared\n");
    world_advance(world, "2025-05-28");
    ck_assert_str_eq(world_alerts(world), "");
    world_advance(world, "2025-05-29");
    ck_assert_str_eq(world_alerts(world), "raised contact_overdue w1 A 58/28 2025-05-29\n");
    TRANSFER(world, "w1", .on = "2025-05-29", .team = "B");
    COMPLETE(world, "w1", .on = "2025-05-29");
    ck_assert_str_eq(world_alerts(world), "moved contact_overdue w1 A>B 58/28 2025-05-29\n"
                                          "resolved contact_overdue w1 B 58/28 2025-05-29 completed\n");
    world_destroy(&world);
}
END_TEST

START_TEST(contact_that_is_recorded_late_corrects) {
    struct world *world = asking_for_contact("2025-05-10");

    REFER(world, "w1", .on = "2025-04-01");
    ck_assert_str_eq(world_alerts(world), "raised contact_overdue w1 A 39/28 2025-04-30 late\n");
    CONTACT(world, "w1", .on = "2025-04-20", .id = "call");
    ck_assert_str_eq(world_alerts(world), "resolved contact_overdue w1 A 39/28 2025-04-30 corrected\n");
    RETRACT(world, "w1", .on = "2025-05-10", .retracts = "call");
    ck_assert_str_eq(world_alerts(world), "raised contact_overdue w1 A 39/28 2025-04-30 late\n");
    CONTACT(world, "w1", .on = "2025-05-05"); /* after it had begun */
    ck_assert_str_eq(world_alerts(world), "resolved contact_overdue w1 A 39/28 2025-04-30 cleared\n");
    world_destroy(&world);
}
END_TEST

START_TEST(it_counts_calendar_days_and_no_pause) {
    struct world *world = asking_for_contact("2025-04-10");

    REFER(world, "w1", .on = "2025-04-01", .pathway = "working_excluding");
    PAUSE(world, "w1", .on = "2025-04-02");
    world_advance(world, "2025-04-30");
    ck_assert_str_eq(world_alerts(world), "raised contact_overdue w1 A 1/5 2025-04-30\n");
    RESUME(world, "w1", .on = "2025-04-30");
    ck_assert_str_eq(world_alerts(world), "");
    world_destroy(&world);
}
END_TEST

START_TEST(a_priority_has_its_own_interval) {
    struct world *world = asking_for_contact("2025-04-20");

    REFER(world, "w1", .on = "2025-04-01", .pathway = "prioritised");
    ck_assert_str_eq(world_alerts(world), "");
    TRIAGE(world, "w1", .on = "2025-04-20", .priority = 1);
    ck_assert_str_eq(world_alerts(world), "raised contact_overdue w1 A 19/2 2025-04-20\n");
    TRIAGE(world, "w1", .on = "2025-04-20", .priority = 3, .sequence = "2"); /* which has another standard too */
    ck_assert_str_eq(world_alerts(world), "resolved contact_overdue w1 A 19/14 2025-04-20 cleared\n");
    world_destroy(&world);
}
END_TEST

START_TEST(who_is_planned_is_not_overdue) {
    struct world *world = asking_for_contact("2025-04-01");

    REFER(world, "w1", .on = "2025-01-01", .clock_start = "2025-04-20");
    world_advance(world, "2025-05-18");
    ck_assert_str_eq(world_alerts(world), "");
    world_advance(world, "2025-05-19");
    ck_assert_str_eq(world_alerts(world), "raised contact_overdue w1 A 29/28 2025-05-19\n");
    world_destroy(&world);
}
END_TEST

START_TEST(a_restart_and_another_interval) {
    struct world *world = asking_for_contact("2025-05-10");
    struct policy policy;
    struct text missing;

    REFER(world, "w1", .on = "2025-04-01");
    world_alerts(world);
    world_restart(world, "2025-05-11", true);
    ck_assert_str_eq(world_alerts(world), "");
    ck_assert_str_eq(world_open_alerts(world), "contact_overdue w1 A 2025-04-30\n");
    policy = *register_policy(world_register(world));
    policy.contact_interval_days = 60;
    ck_assert(world_set_policy(world, &policy, &missing));
    ck_assert_str_eq(world_alerts(world), "resolved contact_overdue w1 A 40/28 2025-04-30 cleared\n");
    policy.contact_interval_days = 30;
    ck_assert(world_set_policy(world, &policy, &missing));
    /* Under the policy of the days before it held since the end of April. */
    ck_assert_str_eq(world_alerts(world), "raised contact_overdue w1 A 40/28 2025-04-30 late\n");
    world_pathway(&policy, "needs_assessment")->contact_overdue.enabled = false;
    ck_assert(world_set_policy(world, &policy, &missing));
    ck_assert_str_eq(world_alerts(world), "resolved contact_overdue w1 A 40/28 2025-04-30 cleared\n");
    world_destroy(&world);
}
END_TEST

int main(void) {
    const TTest *const tests[] = {from_the_day_after_the_interval_until_contact,
                                  contact_that_is_recorded_late_corrects,
                                  it_counts_calendar_days_and_no_pause,
                                  a_priority_has_its_own_interval,
                                  who_is_planned_is_not_overdue,
                                  a_restart_and_another_interval,
                                  NULL};

    return world_run("contact_alerts", tests);
}
