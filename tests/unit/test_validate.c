/* The door's second half: every rule of the vocabulary, of personal data, pathways and times, by its code and its pointer. */
#include "tests/unit/intake_fixture.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct intake_fixture *fixture;

static void setup(void) {
    fixture = intake_fixture_create();
}

static void teardown(void) {
    intake_fixture_destroy(&fixture);
}

static bool take(struct text bytes, struct event *event, struct rejection *rejection) {
    return envelope_parse(fixture->envelope, bytes, event, rejection) &&
           envelope_validate(fixture->envelope, &fixture->rules, fixture->now, event, rejection);
}

/* An event of the type with these data, sent by `source`, at `time`. */
static enum reject_code take_event(const char *type, const char *data, const char *source, const char *time, struct event *event,
                                   struct rejection *rejection) {
    static char bytes[4096];
    snprintf(bytes, sizeof bytes,
             "{\"specversion\":\"1.0\",\"id\":\"e-1\",\"source\":\"%s\",\"type\":\"%s\",\"subject\":\"w-1\",\"time\":\"%s\",\"data\":%s}",
             source, type, time, data);
    take(text_of(bytes), event, rejection);
    return rejection->code;
}

static enum reject_code take_data(const char *type, const char *data, struct event *event, struct rejection *rejection) {
    return take_event(type, data, "/s", "2025-04-01T09:00:00Z", event, rejection);
}

START_TEST(every_good_event_is_taken) {
    size_t count;
    char **names = intake_fixture_folder("good", &count);
    for (size_t i = 0; i < count; i++) {
        struct event event;
        struct rejection rejection;
        struct text bytes = intake_fixture_read(names[i]);
        ck_assert_msg(take(bytes, &event, &rejection), "%s: %s %s %s", names[i], reject_code_name(rejection.code), rejection.pointer,
                      rejection.message);
        ck_assert_int_eq(rejection.code, REJECT_NONE);
        free((void *)bytes.at);
        free(names[i]);
    }
    free(names);
}
END_TEST

static void check_bad(void *context, char *columns[INTAKE_COLUMNS]) {
    bool *seen = context;
    struct event event;
    struct rejection rejection;
    struct text bytes = intake_fixture_read(columns[1]);
    ck_assert_msg(!take(bytes, &event, &rejection), "%s is taken", columns[0]);
    ck_assert_msg(strcmp(reject_code_name(rejection.code), columns[2]) == 0, "%s: %s, not %s: %s", columns[0],
                  reject_code_name(rejection.code), columns[2], rejection.message);
    ck_assert_msg(strcmp(rejection.pointer, columns[3]) == 0, "%s: at %s, not %s", columns[0], rejection.pointer, columns[3]);
    ck_assert_uint_gt(strlen(rejection.message), 10);
    seen[rejection.code] = true;
    free((void *)bytes.at);
}

START_TEST(every_bad_event_gets_its_code_and_pointer) {
    bool seen[REJECT_CODE_COUNT] = {false};
    ck_assert_uint_ge(intake_fixture_table("bad.tsv", check_bad, seen), 150);
    for (int code = REJECT_TOO_LARGE; code < REJECT_CODE_COUNT; code++) /* id_conflict needs the journal */
        ck_assert_msg(seen[code] || code == REJECT_ID_CONFLICT, "no bad event of code %s", reject_code_name((enum reject_code)code));
}
END_TEST

START_TEST(every_bad_file_is_in_the_table) {
    size_t count;
    char **names = intake_fixture_folder("bad", &count);
    bool seen[REJECT_CODE_COUNT];
    ck_assert_uint_eq(intake_fixture_table("bad.tsv", check_bad, seen), count);
    for (size_t i = 0; i < count; i++)
        free(names[i]);
    free(names);
}
END_TEST

START_TEST(a_referral_fills_the_event) {
    struct event event;
    struct rejection rejection;
    struct text bytes = intake_fixture_read("good/referral_full.json");
    ck_assert(take(bytes, &event, &rejection));
    ck_assert_int_eq(event.type, EVENT_REFERRAL_RECEIVED);
    ck_assert(text_is(event.pathway, "needs_assessment"));
    ck_assert(text_is(event.team, "north"));
    ck_assert(text_is(event.person, "p-1"));
    ck_assert(text_is(event.district, "lancaster"));
    ck_assert(text_is(event.client_group, "older_people"));
    ck_assert_int_eq(event.clock_start, day_from_civil(2025, 3, 28));
    ck_assert_uint_eq(event.priority, 2);
    ck_assert_uint_eq(event.impact, 5);
    ck_assert_uint_eq(event.likelihood, 1);
    ck_assert_uint_eq(event.dimension_count, 2);
    ck_assert(text_is(event.dimensions[0].name, "deprivation") && text_is(event.dimensions[0].value, "3"));
    ck_assert(text_is(event.dimensions[1].name, "language") && text_is(event.dimensions[1].value, "cy"));
    ck_assert_ptr_null(event.worker.at);
    ck_assert_ptr_null(event.retracts_id.at);
    free((void *)bytes.at);
}
END_TEST

START_TEST(what_a_type_does_not_have_is_ignored) {
    struct event event;
    struct rejection rejection;
    ck_assert_int_eq(take_data("asc.contact.made", "{\"team\":5,\"reason\":\"Free text\",\"priority\":\"x\",\"pathway\":\"unheard_of\"}",
                               &event, &rejection),
                     REJECT_NONE);
    ck_assert_ptr_null(event.team.at);
    ck_assert_ptr_null(event.reason.at);
    ck_assert_ptr_null(event.pathway.at);
    ck_assert_uint_eq(event.priority, 0);
    ck_assert_ptr_null(event.method.at);
}
END_TEST

START_TEST(every_field_reaches_the_event) {
    struct event event;
    struct rejection rejection;
    ck_assert_int_eq(take_data("asc.wait.allocated", "{\"worker\":\"w-7\"}", &event, &rejection), REJECT_NONE);
    ck_assert(text_is(event.worker, "w-7"));
    ck_assert_int_eq(take_data("asc.wait.transferred", "{\"team\":\"t\",\"district\":\"d\"}", &event, &rejection), REJECT_NONE);
    ck_assert(text_is(event.team, "t") && text_is(event.district, "d"));
    ck_assert_int_eq(take_data("asc.contact.made", "{\"method\":\"letter\"}", &event, &rejection), REJECT_NONE);
    ck_assert(text_is(event.method, "letter"));
    ck_assert_int_eq(take_data("asc.service.started", "{\"outcome\":\"care_at_home\"}", &event, &rejection), REJECT_NONE);
    ck_assert(text_is(event.outcome, "care_at_home"));
    ck_assert_int_eq(take_data("asc.referral.triaged", "{\"likelihood\":5}", &event, &rejection), REJECT_NONE);
    ck_assert_uint_eq(event.likelihood, 5);
    ck_assert_ptr_null(event.worker.at); /* nothing is left of the events before */
}
END_TEST

START_TEST(every_reason_for_closing) {
    static const char *const reasons[] = {
        "withdrawn", "declined",          "died",  "moved_away", "nhs_funded", "self_funded", "signposted", "admitted_to_hospital",
        "duplicate", "recorded_in_error", "other",
    };
    struct event event;
    struct rejection rejection;
    char data[128];
    for (size_t i = 0; i < sizeof reasons / sizeof reasons[0]; i++) {
        snprintf(data, sizeof data, "{\"reason\":\"%s\"}", reasons[i]);
        ck_assert_msg(take_data("asc.wait.closed", data, &event, &rejection) == REJECT_NONE, "%s", reasons[i]);
        ck_assert(text_is(event.reason, reasons[i]));
        /* Any code will do for the others. */
        ck_assert_int_eq(take_data("asc.wait.paused", data, &event, &rejection), REJECT_NONE);
    }
    ck_assert_int_eq(take_data("asc.wait.paused", "{\"reason\":\"anything_else_2\"}", &event, &rejection), REJECT_NONE);
}
END_TEST

START_TEST(a_retraction_names_its_own_source_by_default) {
    struct event event;
    struct rejection rejection;
    ck_assert_int_eq(take_data("asc.event.retracted", "{\"id\":\"e 0 \\u00e9\"}", &event, &rejection), REJECT_NONE);
    ck_assert(text_is(event.retracts_id, "e 0 \xc3\xa9") && text_is(event.retracts_source, "/s"));
    ck_assert_int_eq(take_data("asc.event.retracted", "{\"id\":\"e-0\",\"source\":\"/other\"}", &event, &rejection), REJECT_NONE);
    ck_assert(text_is(event.retracts_source, "/other") && text_is(event.source, "/s"));
}
END_TEST

START_TEST(a_source_can_be_exempted_from_the_number_check) {
    static const char *const at = "2025-04-01T09:00:00Z";
    struct event event;
    struct rejection rejection;
    ck_assert_int_eq(take_event("asc.wait.allocated", "{\"worker\":\"9434765919\"}", "/s", at, &event, &rejection), REJECT_PERSONAL_DATA);
    ck_assert_int_eq(take_event("asc.wait.allocated", "{\"worker\":\"9434765919\"}", "/lancashire/numeric", at, &event, &rejection),
                     REJECT_NONE);
    /* Only from the number check. */
    ck_assert_int_eq(take_event("asc.wait.allocated", "{\"worker\":\"a@b\"}", "/lancashire/numeric", at, &event, &rejection),
                     REJECT_PERSONAL_DATA);
    ck_assert_int_eq(take_event("asc.wait.allocated", "{\"worker\":\"w\",\"dob\":1}", "/lancashire/numeric", at, &event, &rejection),
                     REJECT_PERSONAL_DATA);
    ck_assert_str_eq(rejection.pointer, "/data/dob");
    ck_assert_int_eq(take_event("asc.wait.allocated", "{\"worker\":9434765919}", "/lancashire/numeric", at, &event, &rejection),
                     REJECT_BAD_DATA);
}
END_TEST

START_TEST(two_years_by_the_calendar) {
    static const char *const type = "asc.referral.received";
    static const char data[] = "{\"pathway\":\"review\",\"team\":\"t\",\"person\":\"p\",\"clock_start\":\"%s\"}";
    static const struct {
        const char *time, *start;
        enum reject_code code;
    } cases[] = {
        {"2024-02-29T09:00:00Z", "2026-02-28", REJECT_NONE},
        {"2024-02-29T09:00:00Z", "2026-03-01", REJECT_BAD_DATA},
        {"2022-02-28T09:00:00Z", "2024-02-28", REJECT_NONE},
        {"2022-02-28T09:00:00Z", "2024-02-29", REJECT_BAD_DATA},
        /* The event's day is London's: half past eleven in the evening, in summer, is the day after. */
        {"2025-04-30T23:30:00Z", "2027-05-01", REJECT_NONE},
        {"2025-04-30T22:30:00Z", "2027-05-01", REJECT_BAD_DATA},
        {"2024-12-31T23:30:00Z", "2026-12-31", REJECT_NONE},
        {"2024-12-31T23:30:00Z", "2027-01-01", REJECT_BAD_DATA},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct event event;
        struct rejection rejection;
        char text[256];
        snprintf(text, sizeof text, data, cases[i].start);
        ck_assert_msg(take_event(type, text, "/s", cases[i].time, &event, &rejection) == cases[i].code, "%s %s", cases[i].time,
                      cases[i].start);
    }
}
END_TEST

START_TEST(too_old_is_before_the_local_first_day) {
    struct event event;
    struct rejection rejection;
    fixture->rules.epoch = day_from_civil(2000, 7, 1);
    ck_assert_int_eq(take_event("asc.wait.resumed", "{}", "/s", "2000-06-30T23:00:00Z", &event, &rejection), REJECT_NONE);
    ck_assert_int_eq(take_event("asc.wait.resumed", "{}", "/s", "2000-06-30T22:59:59Z", &event, &rejection), REJECT_TIME_TOO_OLD);
    fixture->rules.epoch = 0; /* the calendar's own first day */
    ck_assert_int_eq(take_event("asc.wait.resumed", "{}", "/s", "1970-01-01T00:00:00Z", &event, &rejection), REJECT_NONE);
    ck_assert_int_eq(take_event("asc.wait.resumed", "{}", "/s", "1969-12-31T23:59:59Z", &event, &rejection), REJECT_TIME_TOO_OLD);
}
END_TEST

START_TEST(messages_say_what_to_do) {
    struct event event;
    struct rejection rejection;
    take_data("asc.wait.transferred", "{}", &event, &rejection);
    ck_assert_str_eq(rejection.message, "team is required");
    take_data("asc.referral.triaged", "{\"priority\":9}", &event, &rejection);
    ck_assert_str_eq(rejection.message, "priority must be a whole number from 1 to 4");
    take_data("asc.wait.closed", "{\"reason\":\"bored\"}", &event, &rejection);
    ck_assert_str_eq(rejection.message, "reason must be one of the reasons for closing a wait");
    take_data("asc.referral.triaged", "{}", &event, &rejection);
    ck_assert_str_eq(rejection.message, "one of priority, impact, likelihood, client_group, district, dimensions is required");
}
END_TEST

static void check_silence(void *context, char *columns[INTAKE_COLUMNS]) {
    static const char *const values[] = {"9434765919", "943 476", "example.org", "Mr Jones", "free text",
                                         "unheard",    "bored",   "wait 1",      "by-phone"};
    (void)context;
    struct event event;
    struct rejection rejection;
    struct text bytes = intake_fixture_read(columns[1]);
    take(bytes, &event, &rejection);
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++)
        ck_assert_msg(strstr(rejection.message, values[i]) == NULL && strstr(rejection.pointer, values[i]) == NULL, "%s tells %s",
                      columns[0], values[i]);
    free((void *)bytes.at);
}

START_TEST(messages_hold_no_value) {
    intake_fixture_table("bad.tsv", check_silence, NULL);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("validate");
    TCase *tests = tcase_create("events");
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(tests, every_good_event_is_taken);
    tcase_add_test(tests, every_bad_event_gets_its_code_and_pointer);
    tcase_add_test(tests, every_bad_file_is_in_the_table);
    tcase_add_test(tests, a_referral_fills_the_event);
    tcase_add_test(tests, what_a_type_does_not_have_is_ignored);
    tcase_add_test(tests, every_field_reaches_the_event);
    tcase_add_test(tests, every_reason_for_closing);
    tcase_add_test(tests, a_retraction_names_its_own_source_by_default);
    tcase_add_test(tests, a_source_can_be_exempted_from_the_number_check);
    tcase_add_test(tests, two_years_by_the_calendar);
    tcase_add_test(tests, too_old_is_before_the_local_first_day);
    tcase_add_test(tests, messages_say_what_to_do);
    tcase_add_test(tests, messages_hold_no_value);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
