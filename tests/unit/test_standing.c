/* Checks of alerts that are about no wait: what is open is what holds (law 8), whatever holds, over restarts and acknowledgements. */
#include "tests/unit/core_world.h"

#include "daemon/core/queue_limit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SUBJECTS = 6, ROUNDS = 400 };

static const char *const subjects[SUBJECTS] = {"urn:las", "urn:mosaic", "u", "quarantine", "needs/north/waiting", "\"odd\" \\ süd"};

static struct standing_condition condition(enum alert_rule rule, const char *subject, int32_t value, int32_t limit) {
    return (struct standing_condition){.rule = rule,
                                       .severity = SEVERITY_WARNING,
                                       .subject = text_of(subject),
                                       .value = value,
                                       .limit = limit,
                                       .occurred_on = world_day_of("2025-05-05")};
}

static void settle(struct world *world, const struct standing_condition *holding, size_t count) {
    world_settle_standing(world, holding, count);
}

START_TEST(what_holds_is_raised_and_what_no_longer_does_is_cleared) {
    struct world *world = world_create("2025-05-05");
    struct standing_condition holding[] = {condition(ALERT_FEED_SILENT, "urn:las", ALERT_VALUE_NONE, 120),
                                           condition(ALERT_QUARANTINE, "quarantine", 101, 100)};

    holding[0].occurred_on = world_day_of("2025-05-03");
    holding[1].pathway = text_of("needs_assessment");
    settle(world, holding, 2);
    ck_assert_str_eq(world_alerts(world), "raised feed_silent urn:las - -2147483648/120 2025-05-03 late\n"
                                          "raised quarantine quarantine - 101/100 2025-05-05\n");
    holding[1].value = 150; /* it holds on: nothing is told */
    settle(world, holding, 2);
    ck_assert_str_eq(world_alerts(world), "");
    settle(world, &holding[1], 1);
    ck_assert_str_eq(world_alerts(world), "resolved feed_silent urn:las - -2147483648/120 2025-05-03 cleared\n");
    ck_assert_str_eq(world_open_alerts(world), "quarantine quarantine - 2025-05-05\n");
    ck_assert(register_is_standing(world_register(world), ALERT_QUARANTINE, text_of("quarantine")));
    ck_assert(!register_is_standing(world_register(world), ALERT_FEED_SILENT, text_of("quarantine")));
    settle(world, NULL, 0);
    ck_assert_str_eq(world_alerts(world), "resolved quarantine quarantine - 101/100 2025-05-05 cleared\n");
    ck_assert_str_eq(world_open_alerts(world), "");
    world_destroy(&world);
}
END_TEST

START_TEST(alerts_of_waits_stay_what_they_are) {
    struct world *world = world_create("2025-05-05");
    struct register_figures figures;
    /* A source and a wait may have the same name. */
    struct standing_condition silent = condition(ALERT_FEED_SILENT, "w1", ALERT_VALUE_NONE, 60);
    uint64_t seq = 0;

    REFER(world, "w1", .on = "2025-04-01");
    settle(world, &silent, 1);
    ck_assert_str_eq(world_open_alerts(world), "breach w1 A 2025-04-30\nfeed_silent w1 - 2025-05-05\n");
    ck_assert_int_eq(world_acknowledge(world, "w1", 2, "jo", NULL, NULL, &seq), ACKNOWLEDGE_NOT_OPEN);
    ck_assert_int_eq(world_acknowledge_rule(world, ALERT_FEED_SILENT, "w1", 1, "jo", NULL, NULL, &seq), ACKNOWLEDGE_NOT_OPEN);
    ck_assert_int_eq(world_acknowledge_rule(world, ALERT_FEED_SILENT, "w1", 2, "jo", NULL, NULL, &seq), ACKNOWLEDGE_TAKEN);
    register_figures(world_register(world), &figures);
    ck_assert_uint_eq(figures.open_alerts, 2);
    ck_assert_uint_eq(figures.waits, 1);
    COMPLETE(world, "w1", .on = "2025-05-05");
    ck_assert_str_eq(world_open_alerts(world), "feed_silent w1 - 2025-05-05 warning by jo note - until -\n");
    world_destroy(&world);
}
END_TEST

START_TEST(it_can_be_acknowledged_and_overdue) {
    struct world *world = world_create("2025-05-05");
    struct standing_condition silent = condition(ALERT_FEED_SILENT, "urn:las", ALERT_VALUE_NONE, 60);
    uint64_t seq = 0;

    settle(world, &silent, 1);
    world_alerts(world);
    ck_assert_int_eq(world_acknowledge_rule(world, ALERT_FEED_SILENT, "urn:las", 1, "jo", "supplier called", "2025-05-05", &seq),
                     ACKNOWLEDGE_TAKEN);
    ck_assert_int_eq(world_acknowledge_rule(world, ALERT_FEED_SILENT, "urn:las", 1, "jo", "supplier called", "2025-05-05", &seq),
                     ACKNOWLEDGE_REPEATED);
    ck_assert_str_eq(world_alerts(world), "acknowledged feed_silent urn:las - -2147483648/60 2025-05-05 warning by jo note supplier called "
                                          "until 2025-05-05\n");
    world_restart(world, "2025-05-05", true);
    settle(world, &silent, 1);
    ck_assert_str_eq(world_alerts(world), "");
    world_advance(world, "2025-05-06");
    settle(world, &silent, 1);
    settle(world, &silent, 1);
    ck_assert_str_eq(world_alerts(world), "overdue feed_silent urn:las - -2147483648/60 2025-05-05 high by jo note supplier called "
                                          "until 2025-05-05 overdue\n");
    world_restart(world, "2025-05-06", true);
    ck_assert_str_eq(world_open_alerts(world),
                     "feed_silent urn:las - 2025-05-05 high by jo note supplier called until 2025-05-05 overdue\n");
    settle(world, NULL, 0);
    settle(world, &silent, 1); /* a new alert, which nobody has acknowledged */
    ck_assert_str_eq(world_open_alerts(world), "feed_silent urn:las - 2025-05-05\n");
    world_destroy(&world);
}
END_TEST

static int compare_lines(const void *a, const void *b) {
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* "feed_silent urn:las - 2025-05-05\n" of each, sorted. */
static const char *expected_open(const struct standing_condition *holding, size_t count) {
    static char text[4096];
    static char lines[3 * SUBJECTS][128];
    const char *sorted[3 * SUBJECTS];
    size_t length = 0;

    for (size_t i = 0; i < count; i++) {
        snprintf(lines[i], sizeof lines[i], "%s %s - 2025-05-05\n", alert_rule_name(holding[i].rule), holding[i].subject.at);
        sorted[i] = lines[i];
    }
    if (count > 1)
        qsort(sorted, count, sizeof sorted[0], compare_lines);
    text[0] = '\0';
    for (size_t i = 0; i < count; i++)
        length += (size_t)snprintf(text + length, sizeof text - length, "%s", sorted[i]);
    return text;
}

START_TEST(law_8_whatever_holds) {
    static const enum alert_rule rules[] = {ALERT_FEED_SILENT, ALERT_QUARANTINE, ALERT_QUEUE_LIMIT};
    struct world *world = world_create("2025-05-05");
    unsigned state = 20250505; /* of a generator of its own, so that every run is the same */

    for (int round = 0; round < ROUNDS; round++) {
        struct standing_condition holding[3 * SUBJECTS];
        size_t count = 0;
        for (size_t i = 0; i < 3 * SUBJECTS; i++) {
            state = state * 1103515245U + 12345U;
            if (state >> 16 & 1)
                holding[count++] = condition(rules[i % 3], subjects[i / 3], (int32_t)i, 1);
        }
        if (state >> 17 & 1)
            world_restart(world, "2025-05-05", true);
        settle(world, holding, count); /* which checks that seqs have no gap */
        ck_assert_str_eq(world_open_alerts(world), expected_open(holding, count));
    }
    world_destroy(&world);
}
END_TEST

/* Settles one limit; "raised 3" is open with 3 measured, "3" is not. */
static const char *settled(struct world *world, const struct queue_limit *limit) {
    static char text[64];
    int32_t value;
    bool holds = register_queue_limit_holds(world_register(world), limit, &value);
    struct standing_condition over = condition(ALERT_QUEUE_LIMIT, limit->name.at, value, limit->limit);

    over.occurred_on = register_today(world_register(world));
    settle(world, &over, holds ? 1 : 0);
    bool is_open = register_is_standing(world_register(world), ALERT_QUEUE_LIMIT, limit->name);
    snprintf(text, sizeof text, "%s%d", is_open ? "raised " : "", value);
    return text;
}

START_TEST(a_queue_reaches_its_limit_until_its_lower_one) {
    static const struct queue_limit limit = {{"long", 4}, {"needs_assessment", 16}, {"A", 1}, MEASURE_WAITING, 3, 1};
    struct world *world = world_create("2025-05-05");
    char id[16];

    ck_assert_str_eq(settled(world, &limit), "0");
    for (int i = 0; i < 3; i++) {
        ck_assert_str_eq(settled(world, &limit), i == 0 ? "0" : i == 1 ? "1" : "2");
        snprintf(id, sizeof id, "w%d", i);
        REFER(world, id, .on = "2025-05-01");
    }
    ck_assert_str_eq(settled(world, &limit), "raised 3");
    REFER(world, "other", .on = "2025-05-01", .team = "B");
    REFER(world, "another", .on = "2025-05-01", .pathway = "review");
    COMPLETE(world, "w0", .on = "2025-05-05");
    ck_assert_str_eq(settled(world, &limit), "raised 2");
    world_restart(world, "2025-05-05", true);
    ck_assert_str_eq(settled(world, &limit), "raised 2");
    COMPLETE(world, "w1", .on = "2025-05-05");
    ck_assert_str_eq(settled(world, &limit), "1");
    REFER(world, "w3", .on = "2025-05-01");
    ck_assert_str_eq(settled(world, &limit), "2");
    world_destroy(&world);
}
END_TEST

START_TEST(every_measure_of_any_queue) {
    static const struct {
        const char *pathway;
        const char *team;
        enum queue_measure measure;
        int32_t value;
    } table[] = {
        {NULL, NULL, MEASURE_WAITING, 4},    {NULL, "A", MEASURE_WAITING, 3},      {"review", NULL, MEASURE_WAITING, 1},
        {"review", "A", MEASURE_WAITING, 0}, {"review", "Z", MEASURE_LONGEST, 0},  {NULL, NULL, MEASURE_LONGEST, 34},
        {NULL, NULL, MEASURE_BREACH, 1},     {NULL, NULL, MEASURE_DUE, 1},         {NULL, NULL, MEASURE_UNALLOCATED, 2},
        {NULL, NULL, MEASURE_ALLOCATED, 1},  {NULL, NULL, MEASURE_IN_PROGRESS, 1}, {NULL, NULL, MEASURE_PAUSED, 1},
        {NULL, NULL, MEASURE_SCHEDULED, 1},  {NULL, NULL, MEASURE_NO_CONTACT, 1},
    };
    struct world *world = world_create("2025-05-05");

    REFER(world, "w1", .on = "2025-04-01");
    REFER(world, "w2", .on = "2025-04-10");
    ALLOCATE(world, "w2", .on = "2025-04-11");
    REFER(world, "w3", .on = "2025-05-01");
    START(world, "w3", .on = "2025-05-02");
    REFER(world, "w4", .on = "2025-05-01", .pathway = "review", .team = "B");
    PAUSE(world, "w4", .on = "2025-05-02");
    REFER(world, "w5", .on = "2025-05-01", .clock_start = "2025-06-01");
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        struct queue_limit limit = {text_of("x"), text_of(table[i].pathway), text_of(table[i].team), table[i].measure, 1, 0};
        ck_assert_int_eq(register_queue_measure(world_register(world), &limit), table[i].value);
    }
    world_destroy(&world);
}
END_TEST

START_TEST(law_8_of_queues) {
    static const struct queue_limit limit = {{"long", 4}, {NULL, 0}, {"A", 1}, MEASURE_WAITING, 6, 3};
    struct world *world = world_create("2025-05-05");
    unsigned state = 8;
    int waiting = 0, next = 0;
    bool is_open = false;
    char id[16], expected[64];

    for (int round = 0; round < ROUNDS; round++) {
        state = state * 1103515245U + 12345U;
        if ((state >> 16) % 5 < 2 + (unsigned)(round / 40) % 2) {
            snprintf(id, sizeof id, "w%d", next++);
            REFER(world, id, .on = "2025-05-01");
            waiting++;
        } else if (waiting > 0) {
            snprintf(id, sizeof id, "w%d", next - waiting);
            COMPLETE(world, id, .on = "2025-05-05");
            waiting--;
        }
        if ((state >> 20) % 16 == 0)
            world_restart(world, "2025-05-05", true);
        is_open = waiting >= limit.limit || (is_open && waiting > limit.clears_at);
        snprintf(expected, sizeof expected, "%s%d", is_open ? "raised " : "", waiting);
        ck_assert_str_eq(settled(world, &limit), expected);
    }
    ck_assert(strstr(world_alerts(world), "resolved queue_limit") != NULL);
    world_destroy(&world);
}
END_TEST

static void settle_without_a_subject(void *context) {
    struct standing_condition nameless = condition(ALERT_FEED_SILENT, "", 0, 0);
    register_settle_standing(context, &nameless, 1, 0);
}

START_TEST(no_subject_is_our_own_bug) {
    struct world *world = world_create("2025-05-05");

    ck_assert(world_breaks(settle_without_a_subject, world_register(world)));
    world_destroy(&world);
}
END_TEST

/* An alert log that begins in the midst of an alert's life. */
START_TEST(a_log_without_its_beginning_is_read) {
    struct world *world = world_create("2025-05-05");
    struct alert_transition later = {.alert_seq = 9,
                                     .raised_seq = 7,
                                     .change = ALERT_RESOLVED,
                                     .rule = ALERT_FEED_SILENT,
                                     .subject = text_of("urn:las"),
                                     .occurred_on = world_day_of("2025-05-01"),
                                     .at = world_instant_of("2025-05-02T09:00:00Z"),
                                     .by = text_of("jo"),
                                     .expected_by = DAY_NONE};
    size_t count;
    const struct policy_era *eras = world_eras(world, &count);
    struct waiting_register *reg =
        register_create(&(struct register_setup){.calendar = world_calendar(world), .eras = eras, .era_count = count});

    register_replay_alert(reg, &later);
    ck_assert(!register_is_standing(reg, ALERT_FEED_SILENT, text_of("urn:las")));
    later.change = ALERT_OVERDUE;
    register_replay_alert(reg, &later);
    ck_assert(register_is_standing(reg, ALERT_FEED_SILENT, text_of("urn:las")));
    register_destroy(&reg);
    world_destroy(&world);
}
END_TEST

int main(void) {
    const TTest *const tests[] = {what_holds_is_raised_and_what_no_longer_does_is_cleared,
                                  alerts_of_waits_stay_what_they_are,
                                  it_can_be_acknowledged_and_overdue,
                                  law_8_whatever_holds,
                                  a_queue_reaches_its_limit_until_its_lower_one,
                                  every_measure_of_any_queue,
                                  law_8_of_queues,
                                  no_subject_is_our_own_bug,
                                  a_log_without_its_beginning_is_read,
                                  NULL};

    return world_run("standing", tests);
}
