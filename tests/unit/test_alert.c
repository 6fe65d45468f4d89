/* Checks of the alert rules by themselves (rules, section 8): which conditions exist, when they hold, and since when. */
#include "tests/unit/core_world.h"

#include <string.h>

static struct clock_reading reading_of(int32_t days, int32_t standard) {
    return (struct clock_reading){
        .status = STATUS_WAITING, .start = 20000, .stop = DAY_NONE, .days = days, .standard = standard, .breach = days > standard};
}

static const struct alert_condition approaching_7 = {ALERT_APPROACHING, 7, SEVERITY_INFO};
static const struct alert_condition approaching_1 = {ALERT_APPROACHING, 1, SEVERITY_INFO};
static const struct alert_condition breach = {ALERT_BREACH, ALERT_LEVEL_NONE, SEVERITY_HIGH};
static const struct alert_condition escalation_42 = {ALERT_ESCALATION, 42, SEVERITY_CRITICAL};

START_TEST(names_are_the_documents_words) {
    static const char *const reasons[] = {"", "corrected", "completed", "closed", "breached", "paused", "standard_changed", "cleared"};

    for (int rule = 0; rule < ALERT_RULE_COUNT; rule++)
        ck_assert_int_eq(alert_rule_of(text_of(alert_rule_name((enum alert_rule)rule))), rule);
    ck_assert_int_eq(alert_rule_of(text_of("escalation")), ALERT_ESCALATION);
    ck_assert_int_eq(alert_rule_of(text_of("contact_overdue")), ALERT_CONTACT_OVERDUE);
    ck_assert_int_eq(alert_rule_of(text_of("feed_silent")), ALERT_FEED_SILENT);
    ck_assert_int_eq(alert_rule_of(text_of("nonsense")), ALERT_RULE_COUNT);
    ck_assert(alert_rule_is_about_waits(ALERT_CONTACT_OVERDUE) && !alert_rule_is_about_waits(ALERT_FEED_SILENT));
    for (int change = 0; change < ALERT_CHANGE_COUNT; change++)
        ck_assert_int_eq(alert_change_of(text_of(alert_change_name((enum alert_change)change))), change);
    ck_assert_int_eq(alert_change_of(text_of("moved")), ALERT_MOVED);
    ck_assert_int_eq(alert_change_of(TEXT_ABSENT), ALERT_CHANGE_COUNT);
    for (int reason = 0; reason < ALERT_REASON_COUNT; reason++)
        ck_assert_str_eq(alert_reason_name((enum alert_reason)reason), reasons[reason]);
    ck_assert_str_eq(severity_name(SEVERITY_INFO), "info");
    ck_assert_str_eq(severity_name(SEVERITY_WARNING), "warning");
    ck_assert_str_eq(severity_name(SEVERITY_HIGH), "high");
    ck_assert_str_eq(severity_name(SEVERITY_CRITICAL), "critical");
}
END_TEST

START_TEST(levels_make_sense_for_their_standard_only) {
    struct alert_condition conditions[ALERT_CONDITIONS_MAX];
    struct policy policy;

    world_policy(&policy);
    struct pathway_policy *pathway = &policy.pathways[0];
    ck_assert_uint_eq(alert_conditions(pathway, 28, conditions), 6);
    ck_assert(conditions[0].rule == ALERT_APPROACHING && conditions[0].level == 7 && conditions[0].severity == SEVERITY_INFO);
    ck_assert(conditions[2].rule == ALERT_BREACH && conditions[2].severity == SEVERITY_HIGH);
    ck_assert(conditions[5].rule == ALERT_ESCALATION && conditions[5].level == 182 && conditions[5].severity == SEVERITY_CRITICAL);
    ck_assert_uint_eq(alert_conditions(pathway, 7, conditions), 5); /* approaching 7 is not below 7 */
    ck_assert_uint_eq(alert_conditions(pathway, 8, conditions), 6);
    ck_assert_uint_eq(alert_conditions(pathway, 1, conditions), 4);   /* nor 1 below 1 */
    ck_assert_uint_eq(alert_conditions(pathway, 42, conditions), 5);  /* escalation 42 is not above 42 */
    ck_assert_uint_eq(alert_conditions(pathway, 400, conditions), 3); /* approaching twice, breach */
    pathway->approaching.enabled = false;
    ck_assert_uint_eq(alert_conditions(pathway, 28, conditions), 4);
    pathway->breach.enabled = false;
    ck_assert_uint_eq(alert_conditions(pathway, 28, conditions), 3);
    pathway->escalation.enabled = false;
    ck_assert_uint_eq(alert_conditions(pathway, 28, conditions), 0);
    pathway->contact_overdue = (struct alert_rule_policy){.enabled = true, .severity = SEVERITY_WARNING};
    ck_assert_uint_eq(alert_conditions(pathway, 28, conditions), 1);
    ck_assert(conditions[0].rule == ALERT_CONTACT_OVERDUE && conditions[0].level == ALERT_LEVEL_NONE);
}
END_TEST

START_TEST(conditions_hold_from_their_threshold) {
    static const struct {
        const struct alert_condition *condition;
        int32_t first;
        int32_t last;
    } table[] = {{&approaching_7, 22, 28}, {&approaching_1, 28, 28}, {&breach, 29, 3650}, {&escalation_42, 43, 3650}};

    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        ck_assert_int_eq(alert_threshold(table[i].condition, 28), table[i].first);
        for (int32_t days = 0; days <= 3650; days++) {
            struct clock_reading reading = reading_of(days, 28);
            ck_assert_int_eq(alert_holds(table[i].condition, &reading), days >= table[i].first && days <= table[i].last);
        }
    }
}
END_TEST

START_TEST(conditions_are_about_waits_that_wait) {
    struct clock_reading reading = reading_of(50, 28);

    reading.status = STATUS_ENDED;
    ck_assert(!alert_holds(&breach, &reading));
    reading.status = STATUS_EXCLUDED;
    ck_assert(!alert_holds(&breach, &reading));
    reading.status = STATUS_NONE;
    ck_assert(!alert_holds(&breach, &reading));
    reading = reading_of(25, 28);
    reading.is_paused = true;
    ck_assert(alert_holds(&approaching_7, &reading));
    reading.is_frozen = true;
    ck_assert(!alert_holds(&approaching_7, &reading));
    reading = reading_of(50, 28);
    reading.is_paused = reading.is_frozen = true;
    ck_assert(alert_holds(&breach, &reading));
    ck_assert(alert_holds(&escalation_42, &reading));
    reading = reading_of(50, 42);
    ck_assert(!alert_holds(&escalation_42, &reading));
    reading = reading_of(5, 7);
    ck_assert(!alert_holds(&approaching_7, &reading));
}
END_TEST

/* The agenda: from day to day the next look is where the first condition begins or `approaching` ends. */
START_TEST(the_next_day_to_look_is_the_next_threshold) {
    static const int32_t thresholds[] = {22, 28, 29, 43, 85, 183};
    struct calendar *calendar = world_calendar_create();
    struct policy policy;

    world_policy(&policy);
    struct pathway_policy *pathway = &policy.pathways[0];
    for (int32_t days = 0; days < 200; days++) {
        struct clock_reading reading = reading_of(days, 28);
        reading.key = 20000;
        day_t expected = DAY_NONE;
        for (size_t i = sizeof thresholds / sizeof thresholds[0]; i > 0; i--)
            if (thresholds[i - 1] > days)
                expected = 20000 + thresholds[i - 1];
        ck_assert_int_eq(alert_next_day(&reading, pathway, calendar, 20000 + days), expected);
    }
    struct clock_reading frozen = reading_of(25, 28);
    frozen.is_frozen = true;
    ck_assert_int_eq(alert_next_day(&frozen, pathway, calendar, 20025), DAY_NONE);
    /* Contact is asked for in calendar days, also of somebody whose clock stands still. */
    pathway->contact_overdue.enabled = true;
    frozen.contact_base = 20010;
    frozen.contact_interval = 28;
    ck_assert_int_eq(alert_next_day(&frozen, pathway, calendar, 20025), 20039);
    ck_assert_int_eq(alert_next_day(&frozen, pathway, calendar, 20039), DAY_NONE);
    struct clock_reading both = reading_of(25, 28);
    both.key = 20000;
    both.contact_base = 20024;
    both.contact_interval = 2;
    ck_assert_int_eq(alert_next_day(&both, pathway, calendar, 20025), 20027);
    both.contact_interval = 9;
    ck_assert_int_eq(alert_next_day(&both, pathway, calendar, 20025), 20028);
    pathway->contact_overdue.enabled = false;
    pathway->approaching.enabled = pathway->breach.enabled = pathway->escalation.enabled = false;
    struct clock_reading quiet = reading_of(3, 28);
    quiet.key = 20000;
    ck_assert_int_eq(alert_next_day(&quiet, pathway, calendar, 20003), 20029);
    /* Where the calendar ends, tomorrow stands for the day that it cannot tell. */
    day_t last = calendar_last_day(calendar);
    struct clock_reading late = reading_of(3, 28);
    pathway->unit = UNIT_WORKING_DAYS;
    late.key = calendar_working_index(calendar, last) - 3;
    ck_assert_int_eq(alert_next_day(&late, pathway, calendar, last), last + 1);
    calendar_destroy(&calendar);
}
END_TEST

/* --- looking back -------------------------------------------------------------------------------------------------- */

static uint8_t first_pathway(const void *context, struct text name) {
    (void)context;
    (void)name;
    return 0;
}

/* A history of one wait, to be looked back upon without a register. */
struct past {
    struct calendar *calendar;
    struct names *names;
    struct policy policies[2];
    struct policy_era eras[2];
    const struct pathway_policy *pathways[1];
    struct fold fold;
    struct look_back look_back;
    struct history_event events[8];
    const struct history_event *order[8];
    struct wait_history history;
};

static void past_open(struct past *past) {
    memset(past, 0, sizeof *past);
    past->calendar = world_calendar_create();
    past->names = names_create(1);
    world_policy(&past->policies[0]);
    past->policies[0].pathways[0].standard_by_priority[1] = 2;
    past->policies[1] = past->policies[0];
    past->eras[0] = (struct policy_era){DAY_NONE, &past->policies[0]};
    past->pathways[0] = &past->policies[0].pathways[0];
    past->fold =
        (struct fold){.calendar = past->calendar, .names = past->names, .pathways = past->pathways, .pathway_number = first_pathway};
    past->look_back = (struct look_back){&past->fold, past->eras, 1};
    past->history.events = past->order;
}

static void past_close(struct past *past) {
    names_destroy(&past->names);
    calendar_destroy(&past->calendar);
}

static struct event *past_add(struct past *past, enum event_type type, const char *day) {
    struct history_event *added = &past->events[past->history.count];

    past->order[past->history.count++] = added;
    added->event = (struct event){.type = type,
                                  .time = calendar_day_start(past->calendar, world_day_of(day)) + 9 * 3600000,
                                  .pathway = text_of("needs_assessment"),
                                  .team = text_of("A"),
                                  .worker = text_of("w"),
                                  .reason = text_of("other"),
                                  .clock_start = DAY_NONE};
    return &added->event;
}

static void begins(const struct past *past, const struct alert_condition *condition, const char *today, const char *expected) {
    day_t first = alert_run_start(&past->look_back, &past->history, condition, world_day_of(today));
    char text[DATE_SIZE] = "-";

    if (first != DAY_NONE)
        date_format(first, text);
    ck_assert_str_eq(text, expected);
}

static bool held(const struct past *past, const struct alert_condition *condition, const char *day) {
    return alert_held_on(&past->look_back, &past->history, condition, world_day_of(day));
}

START_TEST(a_run_begins_where_the_threshold_was_reached) {
    struct past past;

    past_open(&past);
    begins(&past, &breach, "2025-05-20", "-");
    past_add(&past, EVENT_REFERRAL_RECEIVED, "2025-04-01");
    begins(&past, &breach, "2025-03-31", "-");
    begins(&past, &breach, "2025-04-29", "-");
    begins(&past, &breach, "2025-04-30", "2025-04-30");
    begins(&past, &breach, "2025-05-20", "2025-04-30");
    begins(&past, &approaching_7, "2025-04-22", "-");
    begins(&past, &approaching_7, "2025-04-29", "2025-04-23");
    begins(&past, &approaching_7, "2025-04-30", "-");
    begins(&past, &approaching_1, "2025-04-29", "2025-04-29");
    begins(&past, &escalation_42, "2025-05-20", "2025-05-14");
    past_add(&past, EVENT_WAIT_ALLOCATED, "2025-05-05");
    past_add(&past, EVENT_CONTACT_MADE, "2025-05-06");
    begins(&past, &breach, "2025-05-20", "2025-04-30");
    past_close(&past);
}
END_TEST

START_TEST(an_end_breaks_the_run) {
    struct past past;

    past_open(&past);
    past_add(&past, EVENT_REFERRAL_RECEIVED, "2025-04-01");
    past_add(&past, EVENT_ASSESSMENT_COMPLETED, "2025-05-05");
    past_add(&past, EVENT_WAIT_REOPENED, "2025-05-10");
    begins(&past, &breach, "2025-05-04", "2025-04-30");
    begins(&past, &breach, "2025-05-07", "-");
    begins(&past, &breach, "2025-05-20", "2025-05-10");
    ck_assert(held(&past, &breach, "2025-04-30"));
    ck_assert(held(&past, &breach, "2025-05-04"));
    ck_assert(held(&past, &breach, "2025-05-05")); /* until the assessment */
    ck_assert(!held(&past, &breach, "2025-05-06"));
    ck_assert(held(&past, &breach, "2025-05-10"));
    past_close(&past);
}
END_TEST

START_TEST(a_day_closed_and_reopened_is_not_lost) {
    struct past past;

    past_open(&past);
    past_add(&past, EVENT_REFERRAL_RECEIVED, "2025-04-01");
    past_add(&past, EVENT_ASSESSMENT_COMPLETED, "2025-05-05");
    past_add(&past, EVENT_WAIT_REOPENED, "2025-05-05");
    begins(&past, &breach, "2025-05-20", "2025-04-30");
    past_close(&past);
}
END_TEST

START_TEST(priorities_back_and_forth_make_several_runs) {
    struct past past;

    past_open(&past);
    past_add(&past, EVENT_REFERRAL_RECEIVED, "2025-04-01")->priority = 3;
    past_add(&past, EVENT_REFERRAL_TRIAGED, "2025-04-04")->priority = 1;
    begins(&past, &breach, "2025-04-03", "-");
    begins(&past, &breach, "2025-04-06", "2025-04-04");
    past_add(&past, EVENT_REFERRAL_TRIAGED, "2025-04-08")->priority = 2;
    begins(&past, &breach, "2025-04-08", "-");
    past_add(&past, EVENT_REFERRAL_TRIAGED, "2025-04-12")->priority = 1;
    begins(&past, &breach, "2025-04-20", "2025-04-12");
    begins(&past, &escalation_42, "2025-05-20", "2025-05-14");
    ck_assert(held(&past, &breach, "2025-04-04"));
    ck_assert(!held(&past, &breach, "2025-04-10"));
    /* Over the days at standard 2 there was no approaching at 7. */
    begins(&past, &approaching_7, "2025-04-20", "-");
    past_close(&past);
}
END_TEST

START_TEST(an_excluded_pause_breaks_only_what_it_stops) {
    struct past past;

    past_open(&past);
    past.policies[0].pathways[0].pauses = PAUSES_EXCLUDE;
    past_add(&past, EVENT_REFERRAL_RECEIVED, "2025-04-01");
    past_add(&past, EVENT_WAIT_PAUSED, "2025-04-25");
    past_add(&past, EVENT_WAIT_RESUMED, "2025-05-02");
    begins(&past, &approaching_7, "2025-04-24", "2025-04-23");
    begins(&past, &approaching_7, "2025-04-28", "-");
    begins(&past, &approaching_7, "2025-05-05", "2025-05-02");
    begins(&past, &breach, "2025-05-06", "-");
    begins(&past, &breach, "2025-05-07", "2025-05-07");
    past_add(&past, EVENT_WAIT_PAUSED, "2025-05-10");
    begins(&past, &breach, "2025-06-10", "2025-05-07");
    past_add(&past, EVENT_WAIT_RESUMED, "2025-05-20");
    begins(&past, &breach, "2025-06-10", "2025-05-07");
    past_close(&past);
}
END_TEST

START_TEST(what_counts_nowhere_never_held) {
    struct past past;

    past_open(&past);
    past_add(&past, EVENT_REFERRAL_RECEIVED, "2025-04-01");
    past_add(&past, EVENT_WAIT_CLOSED, "2025-05-20")->reason = text_of("recorded_in_error");
    begins(&past, &breach, "2025-05-10", "-");
    ck_assert(!held(&past, &breach, "2025-05-10"));
    past_close(&past);
}
END_TEST

START_TEST(each_day_is_judged_by_its_own_policy) {
    struct past past;

    past_open(&past);
    past.policies[1].pathways[0].standard_days = 14;
    past.eras[1] = (struct policy_era){world_day_of("2025-04-20"), &past.policies[1]};
    past.look_back.era_count = 2;
    past_add(&past, EVENT_REFERRAL_RECEIVED, "2025-04-01");
    begins(&past, &breach, "2025-04-19", "-");
    begins(&past, &breach, "2025-04-20", "2025-04-20");
    begins(&past, &breach, "2025-05-20", "2025-04-20");
    past.policies[0].pathways[0].standard_days = 14;
    past.policies[1].pathways[0].standard_days = 10;
    begins(&past, &breach, "2025-05-20", "2025-04-16");
    /* A pathway that is gone keeps its last rules; before it was known its first ones hold. */
    past.policies[1].pathways[0].name[0] = 'x';
    begins(&past, &breach, "2025-05-20", "2025-04-16");
    past.policies[0].pathways[0].name[0] = 'x';
    past.policies[1].pathways[0].name[0] = 'n';
    past.pathways[0] = &past.policies[1].pathways[0];
    begins(&past, &breach, "2025-04-11", "-");
    begins(&past, &breach, "2025-04-19", "2025-04-12");
    begins(&past, &breach, "2025-05-20", "2025-04-12");
    ck_assert(held(&past, &breach, "2025-04-12") && !held(&past, &breach, "2025-04-11"));
    past_close(&past);
}
END_TEST

START_TEST(events_without_a_referral_are_no_run) {
    struct past past;

    past_open(&past);
    past_add(&past, EVENT_WAIT_ALLOCATED, "2025-01-01");
    past_add(&past, EVENT_REFERRAL_RECEIVED, "2025-04-01");
    begins(&past, &breach, "2025-03-01", "-");
    begins(&past, &breach, "2025-05-01", "2025-04-30");
    ck_assert(!held(&past, &breach, "2025-01-01"));
    past_close(&past);
}
END_TEST

int main(void) {
    const TTest *const tests[] = {names_are_the_documents_words,
                                  levels_make_sense_for_their_standard_only,
                                  conditions_hold_from_their_threshold,
                                  conditions_are_about_waits_that_wait,
                                  the_next_day_to_look_is_the_next_threshold,
                                  a_run_begins_where_the_threshold_was_reached,
                                  an_end_breaks_the_run,
                                  a_day_closed_and_reopened_is_not_lost,
                                  priorities_back_and_forth_make_several_runs,
                                  an_excluded_pause_breaks_only_what_it_stops,
                                  what_counts_nowhere_never_held,
                                  each_day_is_judged_by_its_own_policy,
                                  events_without_a_referral_are_no_run,
                                  NULL};

    return world_run("alert", tests);
}
