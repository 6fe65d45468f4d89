/* Checks of the alerts that the register raises, moves and resolves (rules, section 8). */
#include "tests/unit/core_world.h"

#include "daemon/core/memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct world *world_with(const char *pathway, const char *start) {
    struct world *world = world_create(start);

    REFER(world, "w1", .on = start, .pathway = pathway);
    return world;
}

START_TEST(a_wait_left_alone_passes_every_level) {
    struct world *world = world_with("needs_assessment", "2025-04-01");

    world_advance(world, "2025-04-22");
    ck_assert_str_eq(world_alerts(world), "");
    world_advance(world, "2025-04-23");
    ck_assert_str_eq(world_alerts(world), "raised approaching/7 w1 A 22/28 2025-04-23\n");
    world_advance(world, "2025-04-28");
    ck_assert_str_eq(world_alerts(world), "");
    world_advance(world, "2025-04-29");
    ck_assert_str_eq(world_alerts(world), "raised approaching/1 w1 A 28/28 2025-04-29\n");
    ck_assert_str_eq(world_open_alerts(world), "approaching/1 w1 A 2025-04-29\napproaching/7 w1 A 2025-04-23\n");
    world_advance(world, "2025-04-30");
    ck_assert_str_eq(world_alerts(world), "resolved approaching/1 w1 A 29/28 2025-04-29 breached\n"
                                          "resolved approaching/7 w1 A 29/28 2025-04-23 breached\n"
                                          "raised breach w1 A 29/28 2025-04-30\n");
    world_advance(world, "2025-05-13");
    ck_assert_str_eq(world_alerts(world), "");
    world_advance(world, "2025-05-14");
    ck_assert_str_eq(world_alerts(world), "raised escalation/42 w1 A 43/28 2025-05-14\n");
    world_advance(world, "2025-06-25");
    ck_assert_str_eq(world_alerts(world), "raised escalation/84 w1 A 85/28 2025-06-25\n");
    world_advance(world, "2025-10-01");
    ck_assert_str_eq(world_alerts(world), "raised escalation/182 w1 A 183/28 2025-10-01\n");
    world_advance(world, "2026-10-01");
    ck_assert_str_eq(world_alerts(world), "");
    ck_assert_str_eq(world_open_alerts(world), "breach w1 A 2025-04-30\nescalation/182 w1 A 2025-10-01\n"
                                               "escalation/42 w1 A 2025-05-14\nescalation/84 w1 A 2025-06-25\n");
    world_destroy(&world);
}
END_TEST

/* A machine that slept over several midnights: what came and went meanwhile is not told, what holds is, once, with its first day. */
START_TEST(days_slept_through_raise_what_holds_now) {
    struct world *world = world_with("needs_assessment", "2025-04-01");
    size_t count;

    REFER(world, "w2", .on = "2025-04-10");
    REFER(world, "w3", .on = "2025-04-10", .clock_start = "2025-05-02");
    world_advance(world, "2025-04-25");
    world_alerts(world);
    register_advance_to(world_register(world), world_day_of("2025-05-03"), 1000, NULL);
    const struct alert_transition *told = register_take_transitions(world_register(world), &count);
    ck_assert_uint_eq(count, 3);
    for (size_t i = 0; i < count; i++)
        ck_assert_int_eq(told[i].change,
                         told[i].rule == ALERT_APPROACHING && text_is(told[i].subject, "w1") ? ALERT_RESOLVED : ALERT_RAISED);
    ck_assert_str_eq(world_open_alerts(world), "approaching/7 w2 A 2025-05-02\nbreach w1 A 2025-04-30\n");
    ck_assert_str_eq(world_brief(world, "w1"), "waiting unallocated 32/28 breach no_contact");
    ck_assert_str_eq(world_brief(world, "w3"), "waiting unallocated 1/28");
    world_restart(world, "2025-05-03", true);
    ck_assert_str_eq(world_open_alerts(world), "approaching/7 w2 A 2025-05-02\nbreach w1 A 2025-04-30\n");
    world_destroy(&world);
}
END_TEST

START_TEST(a_transition_says_everything) {
    struct world *world = world_with("needs_assessment", "2025-04-01");
    size_t count;

    world_advance(world, "2025-04-20");
    world_alerts(world);
    register_advance(world_register(world), 1000);
    register_advance(world_register(world), 2000);
    register_take_transitions(world_register(world), &count);
    ck_assert_uint_eq(count, 0);
    register_advance(world_register(world), 3000);
    const struct alert_transition *raised = register_take_transitions(world_register(world), &count);
    ck_assert_uint_eq(count, 1);
    ck_assert_uint_eq(raised->alert_seq, 1);
    ck_assert_uint_eq(raised->raised_seq, 1);
    ck_assert_uint_eq(raised->previous_alert_seq, 0);
    ck_assert_int_eq(raised->at, 3000);
    ck_assert_int_eq(raised->severity, SEVERITY_INFO);
    ck_assert_int_eq(raised->reason, ALERT_REASON_NONE);
    ck_assert_str_eq(raised->pathway.at, "needs_assessment");
    ck_assert_ptr_null(raised->from_team.at);
    ck_assert(!raised->late);
    ck_assert_uint_eq(register_next_alert_seq(world_register(world)), 2);
    register_take_transitions(world_register(world), &count);
    ck_assert_uint_eq(count, 0);
    for (int day = 0; day < 7; day++)
        register_advance(world_register(world), 4000);
    const struct alert_transition *later = register_take_transitions(world_register(world), &count);
    ck_assert_uint_eq(count, 4); /* approaching/1; then both resolved and the breach */
    ck_assert_uint_eq(later[0].previous_alert_seq, 1);
    ck_assert_uint_eq(later[3].previous_alert_seq, 4);
    ck_assert_uint_eq(later[2].raised_seq, 1);
    ck_assert_uint_eq(later[3].raised_seq, 5);
    ck_assert_int_eq(later[3].severity, SEVERITY_HIGH);
    ck_assert_uint_eq(world_view(world, "w1").newest_alert_seq, 5);
    world_destroy(&world);
}
END_TEST

START_TEST(completed_and_closed_say_what_ended_it) {
    static const struct {
        enum event_type type;
        const char *pathway;
        const char *expected;
    } ends[] = {
        {EVENT_ASSESSMENT_COMPLETED, "needs_assessment", "resolved breach w1 A 34/28 2025-04-30 completed\n"},
        {EVENT_WAIT_CLOSED, "needs_assessment", "resolved breach w1 A 34/28 2025-04-30 closed\n"},
        {EVENT_ASSESSMENT_STARTED, "started", "resolved breach w1 A 34/28 2025-04-30 completed\n"},
        {EVENT_WAIT_CLOSED, "started", "resolved breach w1 A 34/28 2025-04-30 closed\n"},
    };

    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        struct world *world = world_with(ends[i].pathway, "2025-04-01");
        world_advance(world, "2025-05-05");
        world_alerts(world);
        SEND(world, ends[i].type, "w1", .on = "2025-05-05");
        ck_assert_str_eq(world_alerts(world), ends[i].expected);
        ck_assert_str_eq(world_open_alerts(world), "");
        world_destroy(&world);
    }
}
END_TEST

/* In one turn the assessment starts and the wait is closed: what stopped the clock counts. */
START_TEST(what_stopped_the_clock_gives_the_reason) {
    struct world *world = world_with("started", "2025-04-01");

    world_advance(world, "2025-05-05");
    world_alerts(world);
    world_hold(world);
    START(world, "w1", .on = "2025-05-05");
    CLOSE(world, "w1", .on = "2025-05-05");
    world_settle(world);
    ck_assert_str_eq(world_alerts(world), "resolved breach w1 A 34/28 2025-04-30 completed\n");
    world_destroy(&world);
}
END_TEST

START_TEST(an_end_before_the_breach_corrects) {
    struct world *world = world_with("needs_assessment", "2025-04-01");

    world_advance(world, "2025-05-05");
    world_alerts(world);
    COMPLETE(world, "w1", .on = "2025-04-25");
    ck_assert_str_eq(world_alerts(world), "resolved breach w1 A 24/28 2025-04-30 corrected\n");
    world_destroy(&world);
}
END_TEST

/* The earliest day of what came in during the turn decides, whichever came first. */
START_TEST(one_turn_with_news_of_several_days) {
    struct world *world = world_with("needs_assessment", "2025-04-01");

    world_advance(world, "2025-05-05");
    world_alerts(world);
    world_hold(world);
    CONTACT(world, "w1", .on = "2025-05-05");
    CONTACT(world, "w1", .on = "2025-05-04");
    COMPLETE(world, "w1", .on = "2025-04-25");
    world_settle(world);
    ck_assert_str_eq(world_alerts(world), "resolved breach w1 A 24/28 2025-04-30 corrected\n");
    world_destroy(&world);
}
END_TEST

/* A correction that leaves the alert open is remembered until it ends. */
START_TEST(a_doubt_is_kept_until_the_alert_ends) {
    struct world *world = world_with("needs_assessment", "2025-04-01");

    world_advance(world, "2025-05-20");
    world_alerts(world);
    world_hold(world);
    COMPLETE(world, "w1", .on = "2025-04-25");
    REOPEN(world, "w1", .on = "2025-05-10");
    world_settle(world);
    ck_assert_str_eq(world_alerts(world), "");
    COMPLETE(world, "w1", .on = "2025-05-20");
    ck_assert_str_eq(world_alerts(world), "resolved escalation/42 w1 A 49/28 2025-05-14 completed\n"
                                          "resolved breach w1 A 49/28 2025-04-30 corrected\n");
    world_destroy(&world);
}
END_TEST

START_TEST(a_late_completion_after_the_breach_completes) {
    struct world *world = world_with("needs_assessment", "2025-04-01");

    world_advance(world, "2025-05-05");
    ALLOCATE(world, "w1", .on = "2025-05-05");
    world_alerts(world);
    COMPLETE(world, "w1", .on = "2025-05-02"); /* refolds, and is read back to the breach */
    ck_assert_str_eq(world_alerts(world), "resolved breach w1 A 31/28 2025-04-30 completed\n");
    world_destroy(&world);
}
END_TEST

START_TEST(recorded_in_error_corrects_everything) {
    struct world *world = world_with("needs_assessment", "2025-04-01");

    world_advance(world, "2025-05-20");
    world_alerts(world);
    CLOSE(world, "w1", .on = "2025-05-20", .reason = "recorded_in_error");
    ck_assert_str_eq(world_alerts(world), "resolved escalation/42 w1 A 49/28 2025-05-14 corrected\n"
                                          "resolved breach w1 A 49/28 2025-04-30 corrected\n");
    world_destroy(&world);
}
END_TEST

START_TEST(an_earlier_referral_is_the_end_of_an_approach) {
    struct world *world = world_with("needs_assessment", "2025-04-01");

    world_advance(world, "2025-04-25");
    world_alerts(world);
    /* As known now the approach was over before the day on which it was raised. */
    REFER(world, "w1", .on = "2025-04-02", .clock_start = "2025-03-01");
    ck_assert_str_eq(world_alerts(world), "resolved approaching/7 w1 A 55/28 2025-04-23 corrected\n"
                                          "raised breach w1 A 55/28 2025-03-30 late\n"
                                          "raised escalation/42 w1 A 55/28 2025-04-13 late\n");
    world_destroy(&world);
}
END_TEST

START_TEST(a_retracted_referral_corrects) {
    struct world *world = world_create("2025-04-01");

    REFER(world, "w1", .on = "2025-04-01", .id = "wrong");
    world_advance(world, "2025-05-05");
    world_alerts(world);
    RETRACT(world, "w1", .on = "2025-05-05", .retracts = "wrong");
    ck_assert_str_eq(world_alerts(world), "resolved breach w1 A 0/28 2025-04-30 corrected\n");
    ck_assert_str_eq(world_brief(world, "w1"), "no referral");
    world_destroy(&world);
}
END_TEST

START_TEST(a_pause_under_exclude_ends_an_approach) {
    struct world *world = world_with("excluding", "2025-04-01");

    world_advance(world, "2025-04-25");
    ck_assert_str_eq(world_alerts(world), "raised approaching/7 w1 A 22/28 2025-04-23\n");
    PAUSE(world, "w1", .on = "2025-04-25");
    ck_assert_str_eq(world_alerts(world), "resolved approaching/7 w1 A 24/28 2025-04-23 paused\n");
    world_advance(world, "2025-05-05");
    ck_assert_str_eq(world_alerts(world), "");
    RESUME(world, "w1", .on = "2025-05-05");
    ck_assert_str_eq(world_alerts(world), "raised approaching/7 w1 A 24/28 2025-05-05\n");
    world_advance(world, "2025-05-10");
    ck_assert_str_eq(world_alerts(world), "raised approaching/1 w1 A 28/28 2025-05-09\n"
                                          "resolved approaching/1 w1 A 29/28 2025-05-09 breached\n"
                                          "resolved approaching/7 w1 A 29/28 2025-05-05 breached\n"
                                          "raised breach w1 A 29/28 2025-05-10\n");
    world_advance(world, "2025-05-12");
    PAUSE(world, "w1", .on = "2025-05-12");
    world_advance(world, "2025-12-01");
    ck_assert_str_eq(world_alerts(world), "");
    ck_assert_str_eq(world_open_alerts(world), "breach w1 A 2025-05-10\n");
    world_destroy(&world);
}
END_TEST

START_TEST(a_late_pause_under_exclude_corrects_the_breach) {
    struct world *world = world_with("excluding", "2025-04-01");

    world_advance(world, "2025-05-05");
    world_alerts(world);
    PAUSE(world, "w1", .on = "2025-04-20");
    ck_assert_str_eq(world_alerts(world), "resolved breach w1 A 19/28 2025-04-30 corrected\n");
    RESUME(world, "w1", .on = "2025-04-21");
    ck_assert_str_eq(world_alerts(world), "raised breach w1 A 33/28 2025-05-01 late\n");
    world_destroy(&world);
}
END_TEST

/* A transition keeps the standard under which its alert was raised. */
START_TEST(priorities_back_and_forth) {
    struct world *world = world_create("2025-04-01");

    REFER(world, "w1", .on = "2025-04-01", .pathway = "prioritised", .priority = 3);
    world_advance(world, "2025-04-04");
    TRIAGE(world, "w1", .on = "2025-04-04", .priority = 1, .id = "urgent");
    ck_assert_str_eq(world_alerts(world), "raised breach w1 A 3/2 2025-04-04\n");
    world_advance(world, "2025-04-06");
    TRIAGE(world, "w1", .on = "2025-04-06", .priority = 3);
    ck_assert_str_eq(world_alerts(world), "resolved breach w1 A 5/14 2025-04-04 standard_changed\n");
    world_advance(world, "2025-04-08");
    TRIAGE(world, "w1", .on = "2025-04-08", .priority = 1);
    ck_assert_str_eq(world_alerts(world), "raised breach w1 A 7/2 2025-04-08\n");
    RETRACT(world, "w1", .on = "2025-04-08", .retracts = "urgent");
    ck_assert_str_eq(world_alerts(world), "");
    world_advance(world, "2025-04-10");
    TRIAGE(world, "w1", .on = "2025-04-10", .priority = 2);
    ck_assert_str_eq(world_alerts(world), "resolved breach w1 A 9/28 2025-04-08 standard_changed\n");
    world_destroy(&world);
}
END_TEST

START_TEST(a_retracted_triage_corrects) {
    struct world *world = world_create("2025-04-01");

    REFER(world, "w1", .on = "2025-04-01", .pathway = "prioritised", .priority = 3);
    world_advance(world, "2025-04-04");
    TRIAGE(world, "w1", .on = "2025-04-04", .priority = 1, .id = "urgent");
    world_advance(world, "2025-04-06");
    ck_assert_str_eq(world_alerts(world), "raised breach w1 A 3/2 2025-04-04\n");
    RETRACT(world, "other", .on = "2025-04-06", .retracts = "urgent");
    ck_assert_str_eq(world_alerts(world), "resolved breach w1 A 5/14 2025-04-04 corrected\n");
    world_destroy(&world);
}
END_TEST

START_TEST(a_breach_that_remains_one_stays_open) {
    struct world *world = world_create("2025-04-01");

    REFER(world, "w1", .on = "2025-04-01", .pathway = "prioritised", .priority = 3);
    world_advance(world, "2025-04-20");
    ck_assert_str_eq(world_open_alerts(world), "breach w1 A 2025-04-16\n");
    world_alerts(world);
    TRIAGE(world, "w1", .on = "2025-04-20", .priority = 1);
    ck_assert_str_eq(world_alerts(world), "");
    CONTACT(world, "w1", .on = "2025-04-20");
    ALLOCATE(world, "w1", .on = "2025-04-20");
    ck_assert_str_eq(world_alerts(world), "");
    world_destroy(&world);
}
END_TEST

START_TEST(alerts_move_with_their_wait) {
    struct world *world = world_with("needs_assessment", "2025-04-01");

    world_advance(world, "2025-05-15");
    world_alerts(world);
    TRANSFER(world, "w1", .on = "2025-05-15", .team = "B");
    ck_assert_str_eq(world_alerts(world), "moved escalation/42 w1 A>B 44/28 2025-05-14\n"
                                          "moved breach w1 A>B 44/28 2025-04-30\n");
    ck_assert_str_eq(world_open_alerts(world), "breach w1 B 2025-04-30\nescalation/42 w1 B 2025-05-14\n");
    world_hold(world);
    TRANSFER(world, "w1", .time = "2025-05-15T10:00:00Z", .team = "C");
    TRANSFER(world, "w1", .time = "2025-05-15T11:00:00Z", .team = "B");
    world_settle(world);
    ck_assert_str_eq(world_alerts(world), "");
    /* Transferred and completed in one turn: told to both teams, then resolved. */
    world_hold(world);
    TRANSFER(world, "w1", .time = "2025-05-15T12:00:00Z", .team = "C");
    COMPLETE(world, "w1", .time = "2025-05-15T13:00:00Z");
    world_settle(world);
    ck_assert_str_eq(world_alerts(world), "moved escalation/42 w1 B>C 44/28 2025-05-14\n"
                                          "resolved escalation/42 w1 C 44/28 2025-05-14 completed\n"
                                          "moved breach w1 B>C 44/28 2025-04-30\n"
                                          "resolved breach w1 C 44/28 2025-04-30 completed\n");
    world_destroy(&world);
}
END_TEST

START_TEST(a_late_referral_is_in_breach_at_once) {
    struct world *world = world_create("2025-07-15");

    REFER(world, "w1", .on = "2025-04-01");
    ck_assert_str_eq(world_alerts(world), "raised breach w1 A 105/28 2025-04-30 late\n"
                                          "raised escalation/42 w1 A 105/28 2025-05-14 late\n"
                                          "raised escalation/84 w1 A 105/28 2025-06-25 late\n");
    REFER(world, "w2", .on = "2025-07-15", .clock_start = "2025-06-20");
    ck_assert_str_eq(world_alerts(world), "raised approaching/7 w2 A 25/28 2025-07-12 late\n");
    world_destroy(&world);
}
END_TEST

START_TEST(raised_again_it_is_a_new_alert) {
    struct world *world = world_with("needs_assessment", "2025-04-01");

    world_advance(world, "2025-05-05");
    COMPLETE(world, "w1", .on = "2025-05-05");
    world_alerts(world);
    world_advance(world, "2025-05-10");
    REOPEN(world, "w1", .on = "2025-05-10");
    ck_assert_str_eq(world_alerts(world), "raised breach w1 A 39/28 2025-05-10\n");
    world_advance(world, "2025-05-12");
    COMPLETE(world, "w1", .on = "2025-05-12");
    ck_assert_str_eq(world_alerts(world), "resolved breach w1 A 41/28 2025-05-10 completed\n");
    world_destroy(&world);
}
END_TEST

START_TEST(a_retracted_completion_mends_the_run) {
    struct world *world = world_with("needs_assessment", "2025-04-01");

    world_advance(world, "2025-05-05");
    COMPLETE(world, "w1", .on = "2025-05-05", .id = "wrong");
    world_alerts(world);
    world_advance(world, "2025-05-08");
    RETRACT(world, "w1", .on = "2025-05-08", .retracts = "wrong");
    ck_assert_str_eq(world_alerts(world), "raised breach w1 A 37/28 2025-04-30 late\n");
    world_destroy(&world);
}
END_TEST

START_TEST(a_scheduled_wait_raises_nothing_before_its_time) {
    struct world *world = world_create("2025-01-10");

    REFER(world, "w1", .on = "2025-01-10", .clock_start = "2025-06-01");
    world_advance(world, "2025-06-22");
    ck_assert_str_eq(world_alerts(world), "");
    world_advance(world, "2025-06-23");
    ck_assert_str_eq(world_alerts(world), "raised approaching/7 w1 A 22/28 2025-06-23\n");
    world_destroy(&world);
}
END_TEST

START_TEST(the_clock_back_to_a_later_start_clears) {
    struct world *world = world_create("2025-04-01");

    REFER(world, "w1", .on = "2025-04-01", .id = "first");
    REFER(world, "w1", .on = "2025-04-20", .clock_start = "2025-06-01", .id = "second");
    world_advance(world, "2025-05-02");
    world_alerts(world);
    RETRACT(world, "w1", .on = "2025-05-02", .retracts = "first");
    ck_assert_str_eq(world_alerts(world), "resolved breach w1 A 0/28 2025-04-30 corrected\n");
    ck_assert_str_eq(world_brief(world, "w1"), "scheduled unallocated 0/28");
    world_destroy(&world);
}
END_TEST

START_TEST(a_switched_off_rule_is_silent) {
    struct world *world = world_create("2025-04-01");
    struct policy policy;
    struct text missing;

    world_policy(&policy);
    world_pathway(&policy, "needs_assessment")->breach.enabled = false;
    ck_assert(world_set_policy(world, &policy, &missing));
    REFER(world, "w1", .on = "2025-04-01");
    world_advance(world, "2025-05-01");
    ck_assert_str_eq(world_alerts(world), "raised approaching/7 w1 A 22/28 2025-04-23\n"
                                          "raised approaching/1 w1 A 28/28 2025-04-29\n"
                                          "resolved approaching/1 w1 A 29/28 2025-04-29 breached\n"
                                          "resolved approaching/7 w1 A 29/28 2025-04-23 breached\n");
    world_pathway(&policy, "needs_assessment")->breach.enabled = true;
    ck_assert(world_set_policy(world, &policy, &missing));
    ck_assert_str_eq(world_alerts(world), "raised breach w1 A 30/28 2025-04-30 late\n");
    world_pathway(&policy, "needs_assessment")->breach.enabled = false;
    ck_assert(world_set_policy(world, &policy, &missing));
    ck_assert_str_eq(world_alerts(world), "resolved breach w1 A 30/28 2025-04-30 cleared\n");
    world_pathway(&policy, "needs_assessment")->breach.enabled = true;
    ck_assert(world_set_policy(world, &policy, &missing));
    world_advance(world, "2025-05-14");
    world_alerts(world);
    world_pathway(&policy, "needs_assessment")->breach.enabled = false;
    ck_assert(world_set_policy(world, &policy, &missing));
    ck_assert_str_eq(world_alerts(world), "resolved breach w1 A 43/28 2025-04-30 cleared\n");
    ck_assert_str_eq(world_open_alerts(world), "escalation/42 w1 A 2025-05-14\n");
    world_destroy(&world);
}
END_TEST

START_TEST(a_new_standard_begins_today) {
    struct world *world = world_with("needs_assessment", "2025-04-01");
    struct policy policy;
    struct text missing;

    world_advance(world, "2025-04-20");
    world_policy(&policy);
    world_pathway(&policy, "needs_assessment")->standard_days = 14;
    ck_assert(world_set_policy(world, &policy, &missing));
    ck_assert_str_eq(world_alerts(world), "raised breach w1 A 19/14 2025-04-20\n");
    ck_assert_str_eq(world_brief(world, "w1"), "waiting unallocated 19/14 breach");
    world_advance(world, "2025-04-25");
    world_pathway(&policy, "needs_assessment")->standard_days = 28;
    ck_assert(world_set_policy(world, &policy, &missing));
    ck_assert_str_eq(world_alerts(world), "resolved breach w1 A 24/28 2025-04-20 standard_changed\n"
                                          "raised approaching/7 w1 A 24/28 2025-04-25\n");
    world_advance(world, "2025-05-20");
    world_alerts(world);
    world_pathway(&policy, "needs_assessment")->standard_days = 45;
    ck_assert(world_set_policy(world, &policy, &missing));
    ck_assert_str_eq(world_alerts(world), "resolved escalation/42 w1 A 49/45 2025-05-14 standard_changed\n");
    world_restart(world, "2025-05-20", true);
    ck_assert_str_eq(world_alerts(world), "");
    ck_assert_str_eq(world_open_alerts(world), "breach w1 A 2025-04-30\n");
    world_destroy(&world);
}
END_TEST

/* The breach began at midnight; who is assessed that morning was in breach until then. */
START_TEST(assessed_on_the_day_of_the_breach) {
    struct world *world = world_with("needs_assessment", "2025-04-01");

    world_advance(world, "2025-04-30");
    world_alerts(world);
    COMPLETE(world, "w1", .on = "2025-04-30");
    ck_assert_str_eq(world_alerts(world), "resolved breach w1 A 29/28 2025-04-30 completed\n");
    world_destroy(&world);
}
END_TEST

/* Two changes on one day: the day counts by the last of them. */
START_TEST(a_policy_taken_back_the_same_day) {
    struct world *world = world_with("needs_assessment", "2025-04-01");
    struct policy policy;
    struct text missing;

    world_advance(world, "2025-04-20");
    world_policy(&policy);
    world_pathway(&policy, "needs_assessment")->standard_days = 14;
    ck_assert(world_set_policy(world, &policy, &missing));
    world_alerts(world);
    world_pathway(&policy, "needs_assessment")->standard_days = 28;
    ck_assert(world_set_policy(world, &policy, &missing));
    ck_assert_str_eq(world_alerts(world), "resolved breach w1 A 19/28 2025-04-20 standard_changed\n");
    world_advance(world, "2025-05-01");
    ck_assert_str_eq(world_open_alerts(world), "breach w1 A 2025-04-30\n");
    world_destroy(&world);
}
END_TEST

START_TEST(a_restart_raises_nothing_twice) {
    struct world *world = world_with("needs_assessment", "2025-04-01");

    REFER(world, "w2", .on = "2025-03-01", .team = "B");
    REFER(world, "w3", .on = "2025-03-20", .pathway = "excluding");
    world_advance(world, "2025-04-29");
    TRANSFER(world, "w2", .on = "2025-04-29", .team = "C");
    char before[4096];
    snprintf(before, sizeof before, "%s", world_open_alerts(world));
    ck_assert_uint_gt(strlen(before), 0);
    world_alerts(world);
    for (int i = 0; i < 2; i++) {
        world_restart(world, "2025-04-29", true);
        ck_assert_str_eq(world_alerts(world), "");
        ck_assert_str_eq(world_open_alerts(world), before);
    }
    COMPLETE(world, "w2", .on = "2025-04-29");
    ck_assert_str_eq(world_alerts(world), "resolved escalation/42 w2 C 59/28 2025-04-13 completed\n"
                                          "resolved breach w2 C 59/28 2025-03-30 completed\n");
    world_restart(world, "2025-04-29", true);
    ck_assert_str_eq(world_alerts(world), "");
    world_destroy(&world);
}
END_TEST

START_TEST(days_without_the_daemon_are_made_up) {
    struct world *world = world_with("needs_assessment", "2025-04-01");

    REFER(world, "w2", .on = "2025-04-03");
    world_advance(world, "2025-04-24");
    world_alerts(world);
    /* Down from the 24th to the 2nd of May: what held for a while only is not told. */
    world_restart(world, "2025-05-02", true);
    ck_assert_str_eq(world_alerts(world), "resolved approaching/7 w1 A 31/28 2025-04-23 breached\n"
                                          "raised breach w1 A 31/28 2025-04-30 late\n"
                                          "raised breach w2 A 29/28 2025-05-02\n");
    world_destroy(&world);
}
END_TEST

START_TEST(a_start_can_resolve_without_raising) {
    struct world *world = world_with("needs_assessment", "2025-04-01");

    world_advance(world, "2025-04-24");
    world_alerts(world);
    world_restart(world, "2025-05-02", false);
    ck_assert_str_eq(world_alerts(world), "resolved approaching/7 w1 A 31/28 2025-04-23 breached\n");
    CONTACT(world, "w1", .on = "2025-05-02");
    ck_assert_str_eq(world_alerts(world), "raised breach w1 A 31/28 2025-04-30 late\n");
    world_destroy(&world);
}
END_TEST

START_TEST(an_alert_log_without_its_beginning_is_read) {
    struct alert_transition moved = {.alert_seq = 7,
                                     .raised_seq = 3,
                                     .change = ALERT_MOVED,
                                     .rule = ALERT_BREACH,
                                     .subject = text_of("w1"),
                                     .pathway = text_of("needs_assessment"),
                                     .team = text_of("B"),
                                     .standard = 28,
                                     .occurred_on = world_day_of("2025-04-30")};
    struct alert_transition resolved = moved;

    struct policy policy;
    world_policy(&policy);
    struct policy_era era = {DAY_NONE, &policy};
    struct calendar *calendar = world_calendar_create();
    struct register_setup setup = {calendar, &era, 1, {NULL, NULL, NULL}, 1, false, NULL, NULL};
    struct waiting_register *reg = register_create(&setup);
    struct register_figures figures;
    register_replay_alert(reg, &moved);
    register_figures(reg, &figures);
    ck_assert_uint_eq(figures.open_alerts, 1);
    resolved.change = ALERT_RESOLVED;
    resolved.level = 1;
    register_replay_alert(reg, &resolved); /* nothing open of that level */
    register_figures(reg, &figures);
    ck_assert_uint_eq(figures.open_alerts, 1);
    resolved.level = ALERT_LEVEL_NONE;
    register_replay_alert(reg, &resolved);
    register_figures(reg, &figures);
    ck_assert_uint_eq(figures.open_alerts, 0);
    register_destroy(&reg);
    calendar_destroy(&calendar);
}
END_TEST

/* A normal midnight: thousands cross the standard together, and nobody else is looked at. */
START_TEST(thousands_breach_at_one_midnight) {
    enum { CROSSING = 5000, OTHERS = 5000 };
    struct world *world = world_create(NULL);
    struct register_figures figures;
    char subject[32];

    for (int i = 0; i < CROSSING + OTHERS; i++) {
        snprintf(subject, sizeof subject, "w-%05d", i);
        REFER(world, subject, .on = i < CROSSING ? "2025-04-01" : "2025-04-10", .team = i % 2 == 0 ? "A" : "B");
    }
    world_begin(world, "2025-04-29");
    register_figures(world_register(world), &figures);
    ck_assert_uint_eq(figures.open_alerts, 2 * CROSSING);
    register_advance(world_register(world), 0);
    size_t count;
    const struct alert_transition *transitions = register_take_transitions(world_register(world), &count);
    ck_assert_uint_eq(count, 3 * CROSSING);
    bool *raised = memory_new(CROSSING, sizeof *raised);
    for (size_t i = 0; i < count; i++) {
        ck_assert_uint_eq(transitions[i].alert_seq, 2 * CROSSING + 1 + i);
        if (transitions[i].change != ALERT_RAISED) {
            ck_assert_int_eq(transitions[i].reason, ALERT_REASON_BREACHED);
            continue;
        }
        int number = atoi(transitions[i].subject.at + 2);
        ck_assert_int_lt(number, CROSSING);
        ck_assert(!raised[number]);
        raised[number] = true;
        ck_assert_int_eq(transitions[i].occurred_on, world_day_of("2025-04-30"));
    }
    free(raised);
    register_figures(world_register(world), &figures);
    ck_assert_uint_eq(figures.touched_at_midnight, CROSSING);
    ck_assert_uint_eq(figures.open_alerts, CROSSING);
    ck_assert_uint_eq(figures.refolds, 0);
    ck_assert_uint_eq(figures.open, CROSSING + OTHERS);
    world_destroy(&world);
}
END_TEST

int main(void) {
    const TTest *const tests[] = {a_wait_left_alone_passes_every_level,
                                  days_slept_through_raise_what_holds_now,
                                  a_transition_says_everything,
                                  completed_and_closed_say_what_ended_it,
                                  what_stopped_the_clock_gives_the_reason,
                                  an_end_before_the_breach_corrects,
                                  one_turn_with_news_of_several_days,
                                  a_doubt_is_kept_until_the_alert_ends,
                                  a_late_completion_after_the_breach_completes,
                                  recorded_in_error_corrects_everything,
                                  an_earlier_referral_is_the_end_of_an_approach,
                                  a_retracted_referral_corrects,
                                  a_pause_under_exclude_ends_an_approach,
                                  a_late_pause_under_exclude_corrects_the_breach,
                                  priorities_back_and_forth,
                                  a_retracted_triage_corrects,
                                  a_breach_that_remains_one_stays_open,
                                  alerts_move_with_their_wait,
                                  a_late_referral_is_in_breach_at_once,
                                  raised_again_it_is_a_new_alert,
                                  a_retracted_completion_mends_the_run,
                                  a_scheduled_wait_raises_nothing_before_its_time,
                                  the_clock_back_to_a_later_start_clears,
                                  a_switched_off_rule_is_silent,
                                  assessed_on_the_day_of_the_breach,
                                  a_new_standard_begins_today,
                                  a_policy_taken_back_the_same_day,
                                  a_restart_raises_nothing_twice,
                                  days_without_the_daemon_are_made_up,
                                  a_start_can_resolve_without_raising,
                                  an_alert_log_without_its_beginning_is_read,
                                  thousands_breach_at_one_midnight,
                                  NULL};

    return world_run("register_alerts", tests);
}
