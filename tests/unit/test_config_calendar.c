/* Checks of the calendar: the shipped bank holidays, a council's own file, and the midnights of time zones. */
#include "tests/unit/config_fixture.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* ---- bank holidays ---- */

/* Easter Sunday by the anonymous Gregorian algorithm (Nature, 20 April 1876). */
static day_t easter_of(int year) {
    int a = year % 19, b = year / 100, c = year % 100, d = b / 4, e = b % 4, f = (b + 8) / 25, g = (b - f + 1) / 3;
    int h = (19 * a + b - d - g + 15) % 30, i = c / 4, k = c % 4, l = (32 + 2 * e + 2 * i - h - k) % 7, m = (a + 11 * h + 22 * l) / 451;
    int month = (h + l - 7 * m + 114) / 31, date = (h + l - 7 * m + 114) % 31 + 1;
    return day_from_civil(year, month, date);
}

static day_t first_monday(int year, int month) {
    day_t first = day_from_civil(year, month, 1);
    return first + (7 - day_of_week(first)) % 7;
}

static day_t last_monday_before(day_t day) {
    return day - 1 - day_of_week(day - 1);
}

static void add_day(struct holidays *holidays, day_t day) {
    size_t at = holidays->count++;
    for (; at > 0 && holidays->at[at - 1] > day; at--)
        holidays->at[at] = holidays->at[at - 1];
    holidays->at[at] = day;
}

/* A fixed holiday, or the first working day after it that is none yet. */
static void add_fixed(struct holidays *holidays, day_t day) {
    for (bool taken = true; taken;) {
        taken = day_of_week(day) >= 5;
        for (size_t i = 0; i < holidays->count; i++)
            taken = taken || holidays->at[i] == day;
        if (taken)
            day++;
    }
    add_day(holidays, day);
}

START_TEST(shipped_bank_holidays_are_right) {
    struct complaints complaints = {0};
    struct config *config = config_load(WAITLIST_SHIPPED_FOLDER "/waitlistd.conf", keep, &complaints);
    ck_assert_ptr_nonnull(config);
    struct holidays shipped;
    ck_assert(config_holidays(config, &shipped, keep, &complaints));
    expect_none(&complaints);

    day_t expected_days[200];
    struct holidays expected = {0, expected_days};
    for (int year = 2018; year <= 2028; year++) {
        day_t easter = easter_of(year);
        add_fixed(&expected, day_from_civil(year, 1, 1));
        add_day(&expected, easter - 2);
        add_day(&expected, easter + 1);
        add_day(&expected, year == 2020 ? day_from_civil(2020, 5, 8) : first_monday(year, 5)); /* VE day's 75th anniversary */
        add_day(&expected, year == 2022 ? day_from_civil(2022, 6, 2) : last_monday_before(day_from_civil(year, 6, 1)));
        add_day(&expected, last_monday_before(day_from_civil(year, 9, 1)));
        /* Boxing Day keeps its place when Christmas Day is a Sunday. */
        bool sunday = day_of_week(day_from_civil(year, 12, 25)) == 6;
        add_fixed(&expected, day_from_civil(year, 12, sunday ? 26 : 25));
        add_fixed(&expected, day_from_civil(year, 12, sunday ? 25 : 26));
    }
    add_day(&expected, day_from_civil(2022, 6, 3));  /* Platinum Jubilee */
    add_day(&expected, day_from_civil(2022, 9, 19)); /* state funeral of Queen Elizabeth II */
    add_day(&expected, day_from_civil(2023, 5, 8));  /* coronation of King Charles III */
    ck_assert_uint_eq(shipped.count, 11 * 8 + 3);
    ck_assert_uint_eq(shipped.count, expected.count);
    for (size_t i = 0; i < shipped.count; i++) {
        char left[DATE_SIZE], right[DATE_SIZE];
        date_format(shipped.at[i], left);
        date_format(expected.at[i], right);
        ck_assert_str_eq(left, right);
    }
    holidays_clear(&shipped);
    ck_assert_ptr_null(shipped.at);
    config_free(&config);
}
END_TEST

/* Published dates, one by one: Christmas on every day of the week, and the moved ones. */
/* Without a file of the usual name the delivered list stands in, the same to the day; a file that is there counts instead. */
START_TEST(the_delivered_list_stands_in) {
    struct complaints complaints = {0};
    struct config *shipped_config = config_load(WAITLIST_SHIPPED_FOLDER "/waitlistd.conf", keep, &complaints);
    struct config *config = load_good("# no calendar, and no file beside\n");
    struct holidays shipped, delivered, own;
    ck_assert(config_holidays(shipped_config, &shipped, keep, &complaints));
    ck_assert(config_holidays(config, &delivered, keep, &complaints));
    expect_none(&complaints);
    ck_assert_uint_eq(delivered.count, shipped.count);
    ck_assert_mem_eq(delivered.at, shipped.at, shipped.count * sizeof *shipped.at);
    write_text("bank-holidays.json", "{\"england-and-wales\":{\"events\":[{\"date\":\"2025-02-03\"}]}}");
    ck_assert(config_holidays(config, &own, keep, &complaints));
    ck_assert_uint_eq(own.count, 1);
    char *beside = path_of("bank-holidays.json");
    ck_assert_int_eq(remove(beside), 0);
    free(beside);
    holidays_clear(&own);
    holidays_clear(&delivered);
    holidays_clear(&shipped);
    config_free(&config);
    config_free(&shipped_config);
}
END_TEST

START_TEST(known_bank_holidays) {
    static const char *const known[] = {"2018-03-30", "2019-04-22", "2020-05-08", "2020-12-28", "2021-12-27", "2021-12-28",
                                        "2022-01-03", "2022-06-02", "2022-06-03", "2022-09-19", "2022-12-26", "2022-12-27",
                                        "2023-01-02", "2023-05-08", "2024-03-29", "2025-04-18", "2025-04-21", "2025-05-05",
                                        "2025-05-26", "2025-08-25", "2025-12-25", "2025-12-26", "2026-12-28"};
    static const char *const ordinary[] = {"2020-05-04", "2022-05-30", "2021-12-24", "2022-12-28",
                                           "2023-05-09", "2025-04-17", "2025-04-22"};
    struct complaints complaints = {0};
    struct config *config = config_load(WAITLIST_SHIPPED_FOLDER "/waitlistd.conf", keep, &complaints);
    struct calendar *calendar = config_calendar(config, keep, &complaints);
    expect_none(&complaints);
    ck_assert_ptr_nonnull(calendar);
    day_t day;
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        ck_assert(date_parse(text_of(known[i]), &day));
        ck_assert_msg(calendar_working_index(calendar, day) == calendar_working_index(calendar, day - 1), "%s counts", known[i]);
    }
    for (size_t i = 0; i < sizeof ordinary / sizeof ordinary[0]; i++) {
        ck_assert(date_parse(text_of(ordinary[i]), &day));
        ck_assert_msg(calendar_working_index(calendar, day) == calendar_working_index(calendar, day - 1) + 1, "%s does not count",
                      ordinary[i]);
    }
    ck_assert_int_eq(calendar_known_until(calendar), day_from_civil(2028, 12, 31));
    ck_assert_int_eq(calendar_last_day(calendar), day_from_civil(2100, 12, 31));
    calendar_destroy(&calendar);
    config_free(&config);
}
END_TEST

static const struct {
    const char *text;
    const char *message;
} holiday_errors[] = {
    {"{", "cannot read the bank holidays"},
    {"[]", "needs {\"england-and-wales\""},
    {"{\"scotland\":{\"division\":\"scotland\",\"events\":[{\"title\":\"x\",\"date\":\"2025-01-01\"}]}}", "needs {\"england-and-wales\""},
    {"{\"england-and-wales\":{\"events\":[]}}", "at least one event"},
    {"{\"england-and-wales\":{\"events\":[{\"title\":\"x\"}]}}", "event 1 of england-and-wales needs a \"date\""},
    {"{\"england-and-wales\":{\"events\":[{\"date\":\"2025-01-01\"},{\"date\":\"2025-02-29\"}]}}", "event 2 of england-and-wales"},
    {"{\"england-and-wales\":{\"events\":[\"2025-01-01\"]}}", "event 1 of england-and-wales"},
};

START_TEST(errors_of_the_calendar_file) {
    struct complaints complaints = {0};
    struct config *config = load_good("council = { calendar = \"holidays.json\"; };");
    write_text("holidays.json", holiday_errors[_i].text);
    ck_assert_ptr_null(config_calendar(config, keep, &complaints));
    ck_assert_uint_eq(complaints.count, 1);
    ck_assert_msg(strncmp(complaints.lines[0], config->calendar_path, strlen(config->calendar_path)) == 0, "%s", complaints.lines[0]);
    ck_assert_msg(strstr(complaints.lines[0], holiday_errors[_i].message) != NULL, "%s", complaints.lines[0]);
    clear(&complaints);
    config_free(&config);
}
END_TEST

START_TEST(calendar_files_of_a_councils_own) {
    struct complaints complaints = {0};
    struct config *config = load_good("council = { calendar = \"holidays.json\"; };");
    struct holidays holidays;
    ck_assert(!config_holidays(config, &holidays, keep, &complaints)); /* the file is not there */
    ck_assert_uint_eq(complaints.count, 1);
    ck_assert_ptr_nonnull(strstr(complaints.lines[0], "holidays.json"));
    clear(&complaints);
    /* Not in order, one twice; other divisions are passed over. */
    write_text(
        "holidays.json",
        "{\"scotland\":{\"events\":[{\"date\":\"2025-01-02\"}]},\"england-and-wales\":{\"division\":\"england-and-wales\",\"events\":["
        "{\"date\":\"2025-12-25\"},{\"date\":\"2025-01-01\"},{\"date\":\"2025-12-25\"}]}}");
    ck_assert(config_holidays(config, &holidays, keep, &complaints));
    expect_none(&complaints);
    ck_assert_uint_eq(holidays.count, 2);
    ck_assert_int_eq(holidays.at[0], day_from_civil(2025, 1, 1));
    ck_assert_int_eq(holidays.at[1], day_from_civil(2025, 12, 25));
    holidays_clear(&holidays);
    config_free(&config);

    config = load_good("council = { calendar = \"\"; };");
    ck_assert_ptr_null(config->calendar_path);
    struct calendar *calendar = config_calendar(config, keep, &complaints);
    ck_assert_ptr_nonnull(calendar);
    ck_assert_int_eq(calendar_known_until(calendar), DAY_NONE);
    calendar_destroy(&calendar);
    config_free(&config);
}
END_TEST

/* ---- zones ---- */

static const struct {
    const char *zone;
    const char *day;
    const char *midnight; /* its first instant */
} midnights[] = {
    {"Europe/London", "1970-01-01", "1969-12-31T23:00:00.000Z"}, /* British Standard Time all year */
    {"Europe/London", "2025-03-30", "2025-03-30T00:00:00.000Z"}, /* clocks go forward at 01:00 */
    {"Europe/London", "2025-03-31", "2025-03-30T23:00:00.000Z"},
    {"Europe/London", "2025-10-26", "2025-10-25T23:00:00.000Z"}, /* back at 02:00 */
    {"Europe/London", "2025-10-27", "2025-10-27T00:00:00.000Z"},
    {"Europe/London", "2090-07-01", "2090-06-30T23:00:00.000Z"}, /* beyond the zone file's own table */
    {"Europe/London", "2100-12-31", "2100-12-31T00:00:00.000Z"},
    {"UTC", "1970-01-01", "1970-01-01T00:00:00.000Z"},
    {"UTC", "2100-12-31", "2100-12-31T00:00:00.000Z"},
    {"America/Sao_Paulo", "2017-10-14", "2017-10-14T03:00:00.000Z"},
    {"America/Sao_Paulo", "2017-10-15", "2017-10-15T03:00:00.000Z"}, /* there was no midnight: the day began at 01:00 */
    {"America/Sao_Paulo", "2017-10-16", "2017-10-16T02:00:00.000Z"},
    {"America/Sao_Paulo", "2018-02-18", "2018-02-18T03:00:00.000Z"}, /* 23:00 came twice the evening before */
    {"America/Havana", "2024-11-03", "2024-11-03T04:00:00.000Z"},    /* midnight came twice: the first one */
    {"America/Havana", "2024-11-04", "2024-11-04T05:00:00.000Z"},
    {"America/St_Johns", "2006-10-29", "2006-10-29T02:30:00.000Z"}, /* back at 00:01 into the day before: the first one */
    {"America/St_Johns", "2006-10-30", "2006-10-30T03:30:00.000Z"},
    {"Pacific/Apia", "2011-12-29", "2011-12-29T10:00:00.000Z"},
    {"Pacific/Apia", "2011-12-30", "2011-12-30T09:59:59.999Z"}, /* a day that never was */
    {"Pacific/Apia", "2011-12-31", "2011-12-30T10:00:00.000Z"},
    {"Africa/Monrovia", "1970-01-01", "1970-01-01T00:44:30.000Z"}, /* an offset with seconds */
    {"Asia/Kathmandu", "2025-01-01", "2024-12-31T18:15:00.000Z"},
};

START_TEST(first_instants_of_days) {
    struct complaints complaints = {0};
    const struct holidays none = {0, NULL};
    struct calendar *calendar = config_calendar_of(midnights[_i].zone, &none, keep, &complaints);
    expect_none(&complaints);
    ck_assert_ptr_nonnull(calendar);
    day_t day;
    char got[INSTANT_SIZE];
    ck_assert(date_parse(text_of(midnights[_i].day), &day));
    instant_t start = calendar_day_start(calendar, day);
    instant_format(start, got);
    ck_assert_str_eq(got, midnights[_i].midnight);
    ck_assert_int_eq(calendar_day_of(calendar, start), day);
    if (day > 0)
        ck_assert_int_eq(calendar_day_of(calendar, start - 1), day - 1);
    calendar_destroy(&calendar);
}
END_TEST

/* Every hour of the table lies on the day that the C library gives it. */
START_TEST(every_hour_of_every_day_in_london) {
    struct complaints complaints = {0};
    const struct holidays none = {0, NULL};
    struct calendar *calendar = config_calendar_of("Europe/London", &none, keep, &complaints);
    ck_assert_ptr_nonnull(calendar);
    ck_assert_int_eq(setenv("TZ", "Europe/London", 1), 0);
    tzset();
    for (time_t at = 0; at < (time_t)47847 * 86400; at += 3600) {
        struct tm local;
        ck_assert_ptr_nonnull(localtime_r(&at, &local));
        day_t expected = day_from_civil(local.tm_year + 1900, local.tm_mon + 1, local.tm_mday);
        day_t last = calendar_last_day(calendar), got = calendar_day_of(calendar, (instant_t)at * 1000);
        if (got != (expected < last ? expected : last))
            ck_abort_msg("second %lld is on day %d, not %d", (long long)at, got, expected);
    }
    unsetenv("TZ");
    calendar_destroy(&calendar);
}
END_TEST

START_TEST(the_environment_is_as_before) {
    struct complaints complaints = {0};
    const struct holidays none = {0, NULL};
    time_t noon = 12 * 3600;
    struct tm local;
    ck_assert_int_eq(setenv("TZ", "America/New_York", 1), 0);
    tzset();
    struct calendar *calendar = config_calendar_of("Asia/Tokyo", &none, keep, &complaints);
    ck_assert_str_eq(getenv("TZ"), "America/New_York");
    ck_assert_int_eq(localtime_r(&noon, &local)->tm_hour, 7);
    calendar_destroy(&calendar);
    unsetenv("TZ");
    calendar = config_calendar_of("Asia/Tokyo", &none, keep, &complaints);
    ck_assert_ptr_null(getenv("TZ"));
    calendar_destroy(&calendar);
    ck_assert_ptr_null(config_calendar_of("Nowhere/Land", &none, keep, &complaints));
    ck_assert_uint_eq(complaints.count, 1);
    clear(&complaints);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("config_calendar");
    TCase *calendars = tcase_create("calendars");
    tcase_add_checked_fixture(calendars, set_up, tear_down);
    tcase_set_timeout(calendars, 60);
    tcase_add_test(calendars, shipped_bank_holidays_are_right);
    tcase_add_test(calendars, the_delivered_list_stands_in);
    tcase_add_test(calendars, known_bank_holidays);
    tcase_add_loop_test(calendars, errors_of_the_calendar_file, 0, (int)(sizeof holiday_errors / sizeof holiday_errors[0]));
    tcase_add_test(calendars, calendar_files_of_a_councils_own);
    tcase_add_loop_test(calendars, first_instants_of_days, 0, (int)(sizeof midnights / sizeof midnights[0]));
    tcase_add_test(calendars, every_hour_of_every_day_in_london);
    tcase_add_test(calendars, the_environment_is_as_before);
    suite_add_tcase(suite, calendars);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
