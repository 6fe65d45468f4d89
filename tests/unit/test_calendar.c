/* Checks of civil days, instants, local midnights and working days (rules, section 1). */
#include "tests/unit/core_world.h"

#include <string.h>

START_TEST(days_and_civil_dates_are_each_others_inverse) {
    int year, month, date;

    ck_assert_int_eq(day_from_civil(1970, 1, 1), 0);
    ck_assert_int_eq(day_from_civil(1969, 12, 31), -1);
    ck_assert_int_eq(day_from_civil(2000, 3, 1), 11017);
    ck_assert_int_eq(day_from_civil(-1, 1, 1), -719893);
    for (day_t day = day_from_civil(-5, 1, 1); day <= day_from_civil(2101, 1, 1); day++) {
        day_to_civil(day, &year, &month, &date);
        ck_assert_int_eq(day_from_civil(year, month, date), day);
    }
    day_to_civil(world_day_of("2024-02-29") + 1, &year, &month, &date);
    ck_assert(year == 2024 && month == 3 && date == 1);
}
END_TEST

START_TEST(years_before_a_day) {
    ck_assert_int_eq(day_years_before(world_day_of("2025-06-02"), 5), world_day_of("2020-06-02"));
    ck_assert_int_eq(day_years_before(world_day_of("2024-02-29"), 1), world_day_of("2023-02-28"));
    ck_assert_int_eq(day_years_before(world_day_of("2024-02-29"), 4), world_day_of("2020-02-29"));
    ck_assert_int_eq(day_years_before(world_day_of("2000-02-29"), 100), day_from_civil(1900, 2, 28)); /* no leap year */
    ck_assert_int_eq(day_years_before(day_from_civil(2100, 2, 28), 100), world_day_of("2000-02-28"));
    ck_assert_int_eq(day_years_before(world_day_of("2025-03-01"), 1), world_day_of("2024-03-01"));
    ck_assert_int_eq(day_years_before(world_day_of("2025-12-31"), 0), world_day_of("2025-12-31"));
}
END_TEST

START_TEST(weekdays_count_from_monday) {
    ck_assert_int_eq(day_of_week(world_day_of("2025-04-07")), 0);
    ck_assert_int_eq(day_of_week(world_day_of("2025-04-13")), 6);
    ck_assert_int_eq(day_of_week(0), 3);
    ck_assert_int_eq(day_of_week(-1), 2);
    ck_assert_int_eq(day_of_week(-4), 6);
}
END_TEST

START_TEST(a_date_is_exact_and_exists) {
    static const char *const refused[] = {"",           "2025-4-1",   "2025-04-1",  "2025-04-011", "2025/04-01", "2025-04/01",
                                          "0000-04-01", "2025-00-01", "2025-13-01", "2025-04-00",  "2025-04-31", "2025-02-29",
                                          "1900-02-29", "2o25-04-01", "2025-0a-01", "2025-04-0b",  "-025-04-01", "20250401  "};
    char text[DATE_SIZE];

    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        day_t day = 7;
        ck_assert_msg(!date_parse(text_of(refused[i]), &day), "accepted %s", refused[i]);
        ck_assert_int_eq(day, 7);
    }
    ck_assert_int_eq(world_day_of("2000-02-29"), 11016);
    ck_assert_int_eq(world_day_of("0001-01-01"), -719162);
    ck_assert_int_eq(world_day_of("9999-12-31"), 2932896);
    date_format(world_day_of("0079-08-24"), text);
    ck_assert_str_eq(text, "0079-08-24");
}
END_TEST

START_TEST(an_instant_is_rfc_3339) {
    char text[INSTANT_SIZE];

    ck_assert_int_eq(world_instant_of("1970-01-01T00:00:00Z"), 0);
    ck_assert_int_eq(world_instant_of("1970-01-01t00:00:01z"), 1000);
    ck_assert_int_eq(world_instant_of("1970-01-01T00:00:00.5Z"), 500);
    ck_assert_int_eq(world_instant_of("1970-01-01T00:00:00.1239999999Z"), 123);
    ck_assert_int_eq(world_instant_of("1970-01-01T01:30:00+01:30"), 0);
    ck_assert_int_eq(world_instant_of("1969-12-31T19:00:00.007-05:00"), 7);
    ck_assert_int_eq(world_instant_of("1970-01-01T00:00:00-00:00"), 0);
    instant_format(world_instant_of("2025-03-30T23:30:00.25+01:00"), text);
    ck_assert_str_eq(text, "2025-03-30T22:30:00.250Z");
    instant_format(-1, text);
    ck_assert_str_eq(text, "1969-12-31T23:59:59.999Z");
    instant_format(-86400000, text);
    ck_assert_str_eq(text, "1969-12-31T00:00:00.000Z");
}
END_TEST

START_TEST(other_instants_are_refused) {
    static const char *const refused[] = {
        "",
        "2025-04-01",
        "2025-04-01T08:00:00",
        "2025-04-01 08:00:00Z",
        "2025-02-30T08:00:00Z",
        "2025-04-01T24:00:00Z",
        "2025-04-01T08:60:00Z",
        "2025-04-01T08:00:60Z",
        "2025-04-01T23:59:60Z",
        "2025-04-01T8:00:000Z",
        "2025-04-01T08-00:00Z",
        "2025-04-01T08:00-00Z",
        "2025-04-01T08:00:0xZ",
        "2025-04-01T08:00:00.Z",
        "2025-04-01T08:00:00.1",
        "2025-04-01T08:00:00,1Z",
        "2025-04-01T08:00:00ZZ",
        "2025-04-01T08:00:00+",
        "2025-04-01T08:00:00+1",
        "2025-04-01T08:00:00+01",
        "2025-04-01T08:00:00+01:",
        "2025-04-01T08:00:00+01:0",
        "2025-04-01T08:00:00+0100",
        "2025-04-01T08:00:00+24:00",
        "2025-04-01T08:00:00+01:60",
        "2025-04-01T08:00:00+01:000",
        "2025-04-01T08:00:00 01:00",
    };

    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        instant_t instant = 7;
        ck_assert_msg(!instant_parse(text_of(refused[i]), &instant), "accepted %s", refused[i]);
        ck_assert_int_eq(instant, 7);
    }
}
END_TEST

START_TEST(a_day_is_the_local_one) {
    struct calendar *calendar = world_calendar_create();

    ck_assert_int_eq(calendar_day_of(calendar, world_instant_of("2025-03-30T00:59:59Z")), world_day_of("2025-03-30"));
    ck_assert_int_eq(calendar_day_of(calendar, world_instant_of("2025-03-30T22:59:59.999Z")), world_day_of("2025-03-30"));
    ck_assert_int_eq(calendar_day_of(calendar, world_instant_of("2025-03-30T23:00:00Z")), world_day_of("2025-03-31"));
    ck_assert_int_eq(calendar_day_of(calendar, world_instant_of("2025-10-25T23:00:00Z")), world_day_of("2025-10-26"));
    ck_assert_int_eq(calendar_day_of(calendar, world_instant_of("2025-10-26T23:30:00Z")), world_day_of("2025-10-26"));
    ck_assert_int_eq(calendar_day_of(calendar, world_instant_of("2025-10-27T00:00:00Z")), world_day_of("2025-10-27"));
    ck_assert_int_eq(calendar_day_start(calendar, world_day_of("2025-03-30")), world_instant_of("2025-03-30T00:00:00Z"));
    ck_assert_int_eq(calendar_day_start(calendar, world_day_of("2025-03-31")), world_instant_of("2025-03-30T23:00:00Z"));
    ck_assert_int_eq(calendar_day_start(calendar, world_day_of("2025-10-26")), world_instant_of("2025-10-25T23:00:00Z"));
    ck_assert_int_eq(calendar_day_start(calendar, world_day_of("2025-10-27")), world_instant_of("2025-10-27T00:00:00Z"));
    calendar_destroy(&calendar);
    ck_assert_ptr_null(calendar);
    calendar_destroy(&calendar);
}
END_TEST

START_TEST(beyond_the_table_the_last_day_stands) {
    struct calendar *calendar = world_calendar_create();
    day_t last = world_day_of("2069-12-31");

    ck_assert_int_eq(calendar_last_day(calendar), last);
    ck_assert_int_eq(calendar_day_of(calendar, world_instant_of("2200-01-01T00:00:00Z")), last);
    ck_assert_int_eq(calendar_day_of(calendar, world_instant_of("2069-12-31T12:00:00Z")), last);
    ck_assert_int_eq(calendar_day_of(calendar, world_instant_of("2069-12-30T12:00:00Z")), last - 1);
    ck_assert_int_eq(calendar_day_of(calendar, -1), 0);
    ck_assert_int_eq(calendar_day_of(calendar, 0), 0);
    ck_assert_int_eq(calendar_day_start(calendar, last + 1), calendar_day_start(calendar, last));
    ck_assert_int_eq(calendar_day_start(calendar, -1), 0);
    ck_assert_int_eq(calendar_working_index(calendar, last + 100), calendar_working_index(calendar, last));
    ck_assert_int_eq(calendar_day_of_working_index(calendar, 0), 0);
    ck_assert_int_eq(calendar_day_of_working_index(calendar, 1), 0); /* a Thursday */
    ck_assert_int_eq(calendar_day_of_working_index(calendar, INT32_MAX), last);
    calendar_destroy(&calendar);
}
END_TEST

START_TEST(weekends_and_bank_holidays_are_no_working_days) {
    struct calendar *calendar = world_calendar_create();
    int32_t thursday = calendar_working_index(calendar, world_day_of("2025-04-17"));

    ck_assert_int_eq(calendar_working_index(calendar, world_day_of("2025-04-18")), thursday); /* Good Friday */
    ck_assert_int_eq(calendar_working_index(calendar, world_day_of("2025-04-20")), thursday);
    ck_assert_int_eq(calendar_working_index(calendar, world_day_of("2025-04-21")), thursday); /* Easter Monday */
    ck_assert_int_eq(calendar_working_index(calendar, world_day_of("2025-04-22")), thursday + 1);
    ck_assert_int_eq(calendar_day_of_working_index(calendar, thursday), world_day_of("2025-04-17"));
    ck_assert_int_eq(calendar_day_of_working_index(calendar, thursday + 1), world_day_of("2025-04-22"));
    ck_assert_int_eq(calendar_known_until(calendar), world_day_of("2026-12-31"));
    calendar_destroy(&calendar);
}
END_TEST

START_TEST(a_calendar_needs_no_holidays) {
    static const instant_t midnights[] = {0, 86400000, 2 * 86400000};
    struct calendar_tables tables = {midnights, 3, NULL, 0};
    struct calendar *calendar = calendar_create(&tables);

    ck_assert_int_eq(calendar_known_until(calendar), DAY_NONE);
    ck_assert_int_eq(calendar_working_index(calendar, 1), 2);
    ck_assert_int_eq(calendar_working_index(calendar, 2), 2); /* a Saturday */
    calendar_destroy(&calendar);
}
END_TEST

/* Fourteen hours before and twelve behind UTC: the local date is at most one off. */
START_TEST(zones_far_from_utc_have_their_own_days) {
    static const int hours[] = {14, -12};

    for (int zone = 0; zone < 2; zone++) {
        instant_t midnights[40];
        struct calendar_tables tables = {midnights, 40, NULL, 0};
        for (int day = 0; day < 40; day++)
            midnights[day] = ((int64_t)day * 24 - hours[zone]) * 3600000;
        struct calendar *calendar = calendar_create(&tables);
        for (int day = 1; day < 39; day++) {
            ck_assert_int_eq(calendar_day_of(calendar, midnights[day]), day);
            ck_assert_int_eq(calendar_day_of(calendar, midnights[day] - 1), day - 1);
        }
        calendar_destroy(&calendar);
    }
}
END_TEST

static void make_a_calendar_of_one_day(void *context) {
    calendar_create(context);
}

START_TEST(a_calendar_of_one_day_is_our_own_bug) {
    static const instant_t midnight = 0;
    struct calendar_tables tables = {&midnight, 1, NULL, 0};

    ck_assert(world_breaks(make_a_calendar_of_one_day, &tables));
}
END_TEST

START_TEST(other_holidays_keep_the_midnights) {
    struct calendar *calendar = world_calendar_create();
    const day_t holiday = world_day_of("2025-07-01"); /* a Tuesday */
    struct calendar *other = calendar_with_holidays(calendar, &holiday, 1);

    ck_assert_int_eq(calendar_last_day(other), calendar_last_day(calendar));
    ck_assert_int_eq(calendar_day_start(other, holiday), calendar_day_start(calendar, holiday));
    ck_assert_int_eq(calendar_working_index(other, holiday), calendar_working_index(other, holiday - 1));
    ck_assert_int_eq(calendar_working_index(calendar, holiday), calendar_working_index(calendar, holiday - 1) + 1);
    ck_assert_int_eq(calendar_known_until(other), world_day_of("2025-12-31"));
    calendar_destroy(&calendar);
    calendar_destroy(&other);
}
END_TEST

int main(void) {
    const TTest *const tests[] = {days_and_civil_dates_are_each_others_inverse,
                                  weekdays_count_from_monday,
                                  years_before_a_day,
                                  a_date_is_exact_and_exists,
                                  an_instant_is_rfc_3339,
                                  other_instants_are_refused,
                                  a_day_is_the_local_one,
                                  beyond_the_table_the_last_day_stands,
                                  weekends_and_bank_holidays_are_no_working_days,
                                  a_calendar_needs_no_holidays,
                                  zones_far_from_utc_have_their_own_days,
                                  a_calendar_of_one_day_is_our_own_bug,
                                  other_holidays_keep_the_midnights,
                                  NULL};

    return world_run("calendar", tests);
}
