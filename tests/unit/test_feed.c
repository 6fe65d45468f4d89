/* Checks of when a source counts as silent: within its hours, over nights, weekends, bank holidays and changes of the clock. */
#include "tests/unit/core_world.h"

#include "daemon/core/feed.h"

static const struct feed_hours always;
static const struct feed_hours office = {0, 4, 8 * 60, 18 * 60};
static const struct feed_hours saturdays = {5, 5, 9 * 60, 12 * 60};
static const struct feed_hours whole_days = {0, 4, 0, 24 * 60};

static const struct {
    const struct feed_hours *hours;
    int minutes;
    const char *heard;
    const char *silent;
} cases[] = {
    {&always, 1, "2025-06-04T12:00:00.500Z", "2025-06-04T12:01:00.500Z"},
    {&always, 525600, "2025-06-04T12:00:00Z", "2026-06-04T12:00:00Z"},
    /* Wednesday 4 June 2025, 09:00 local is 08:00 UTC. */
    {&office, 120, "2025-06-04T08:00:00Z", "2025-06-04T10:00:00Z"},
    {&office, 120, "2025-06-04T15:00:00Z", "2025-06-04T17:00:00Z"},  /* to the very end of the hours */
    {&office, 120, "2025-06-04T15:00:01Z", "2025-06-05T07:00:01Z"},  /* a second is left for the next morning */
    {&office, 120, "2025-06-04T20:00:00Z", "2025-06-05T09:00:00Z"},  /* heard in the evening */
    {&office, 120, "2025-06-04T03:00:00Z", "2025-06-04T09:00:00Z"},  /* and at night */
    {&office, 120, "2025-06-06T16:30:00Z", "2025-06-09T08:30:00Z"},  /* Friday evening: Monday morning */
    {&office, 120, "2025-06-07T12:00:00Z", "2025-06-09T09:00:00Z"},  /* Saturday */
    {&office, 1800, "2025-06-04T07:00:00Z", "2025-06-06T17:00:00Z"}, /* three days of ten hours */
    {&office, 120, "2025-04-17T16:00:00Z", "2025-04-22T08:00:00Z"},  /* over Easter */
    {&office, 60, "2025-03-28T18:00:00Z", "2025-03-31T08:00:00Z"},   /* the Friday before summer time */
    {&saturdays, 60, "2025-06-04T12:00:00Z", "2025-06-07T09:00:00Z"},
    {&saturdays, 240, "2025-06-04T12:00:00Z", "2025-06-14T09:00:00Z"},
    /* The day on which summer time begins has 23 hours, the one on which it ends 25; neither is a weekday. */
    {&whole_days, 1440, "2025-03-28T12:00:00Z", "2025-03-31T11:00:00Z"},
    {&whole_days, 1441, "2025-06-02T23:00:00Z", "2025-06-03T23:01:00Z"},
};

START_TEST(silence_counts_within_the_hours) {
    struct calendar *calendar = world_calendar_create();
    char told[INSTANT_SIZE], wanted[INSTANT_SIZE];

    instant_format(feed_silent_from(cases[_i].hours, cases[_i].minutes, world_instant_of(cases[_i].heard), calendar), told);
    instant_format(world_instant_of(cases[_i].silent), wanted);
    ck_assert_str_eq(told, wanted);
    calendar_destroy(&calendar);
}
END_TEST

START_TEST(hours_on_a_sunday_with_a_change_of_the_clock) {
    static const struct feed_hours sundays = {6, 6, 8 * 60, 18 * 60};
    struct calendar *calendar = world_calendar_create();
    char told[INSTANT_SIZE];

    instant_format(feed_silent_from(&sundays, 30, world_instant_of("2025-03-30T00:15:00Z"), calendar), told);
    ck_assert_str_eq(told, "2025-03-30T07:30:00.000Z");
    instant_format(feed_silent_from(&sundays, 30, world_instant_of("2025-10-25T12:00:00Z"), calendar), told);
    ck_assert_str_eq(told, "2025-10-26T08:30:00.000Z");
    calendar_destroy(&calendar);
}
END_TEST

START_TEST(beyond_the_calendar_nobody_is_silent) {
    static const struct feed_hours a_minute = {2, 2, 600, 601};
    struct calendar *calendar = world_calendar_create();

    ck_assert(feed_silent_from(&a_minute, 525600, world_instant_of("2025-06-04T12:00:00Z"), calendar) == INSTANT_NONE);
    calendar_destroy(&calendar);
}
END_TEST

static void ask_for_no_silence(void *context) {
    feed_silent_from(&always, 0, 0, context);
}

START_TEST(no_silence_is_our_own_bug) {
    struct calendar *calendar = world_calendar_create();

    ck_assert(world_breaks(ask_for_no_silence, calendar));
    calendar_destroy(&calendar);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("feed");
    TCase *group = tcase_create("feed");

    tcase_add_loop_test(group, silence_counts_within_the_hours, 0, (int)(sizeof cases / sizeof cases[0]));
    tcase_add_test(group, hours_on_a_sunday_with_a_change_of_the_clock);
    tcase_add_test(group, beyond_the_calendar_nobody_is_silent);
    tcase_add_test(group, no_silence_is_our_own_bug);
    suite_add_tcase(suite, group);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}
