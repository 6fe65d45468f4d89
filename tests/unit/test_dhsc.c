/* DHSC's waiting-time method: the published examples, each rule at its edges, medians, several submissions, our own figures beside it. */
#include "client/import/dhsc.h"

#include <check.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ASSESS "Progress to assessment, review or reassessment"
#define PLAN "Progress to support planning or services"
#define CONTINUE "Continuation of support or services"
#define ADVICE "NFA: Information and advice or signposting"
#define COMMUNITY "Long term support: Community"
#define ST_MAX "Short term support: ST-Max"
#define LOW_LEVEL "Short term support: Ongoing low level"

static char folder[] = "/tmp/waitlist-dhsc-XXXXXX";
static struct cld_store *store;
static struct dhsc *dhsc;

/* The file under construction. */
static FILE *file;
static char path[128];
static int file_number;
static const char *period_end = "2026-03-31";
static const char *birth = "1944-06-15"; /* 80 at the start of 2025 */
static const char *person = "P1";

/* The requests of the last computation; their records are gone. */
static struct dhsc_request results[64];
static day_t started[64];
static size_t result_count;

static void keep_result(void *context, const struct dhsc_request *result) {
    (void)context;
    if (result_count < 64) {
        started[result_count] = result->request->start;
        results[result_count++] = *result;
    }
}

static void begin_file(void) {
    snprintf(path, sizeof path, "%s/%d.csv", folder, file_number++);
    file = fopen(path, "w");
    ck_assert_ptr_nonnull(file);
    fputs("LA Code,Reporting Period End Date,LA Person Unique Identifier,Date of Birth,Client Type,Event Type,", file);
    fputs("Event Start Date,Event End Date,Event Description,Event Outcome,Request: Route of Access,Assessment Type,", file);
    fputs("Service Type,Service Component\n", file);
}

static void setup(void) {
    memcpy(folder + sizeof folder - 7, "XXXXXX", 6);
    ck_assert_ptr_nonnull(mkdtemp(folder));
    file_number = 0;
    period_end = "2026-03-31";
    birth = "1944-06-15";
    person = "P1";
    store = cld_store_create(CLD_FOR_DHSC, NULL);
    begin_file();
}

static void teardown(void) {
    dhsc_destroy(&dhsc);
    cld_store_destroy(&store);
    rmdir(folder);
}

static void row(const char *client, const char *kind, const char *start, const char *end, const char *description, const char *outcome,
                const char *assessment, const char *service) {
    fprintf(file, "503,%s,%s,%s,%s,%s,%s,%s,%s,\"%s\",,%s,%s,\n", period_end, person, birth, client, kind, start, end, description, outcome,
            assessment, service);
}

static void request(const char *start, const char *outcome) {
    row("Service user", "Request", start, start, "", outcome, "", "");
}

static void conversation(const char *start, const char *outcome) {
    row("Service user", "Request", start, start, "First Conversation 1", outcome, "", "");
}

static void assessment_until(const char *start, const char *end, const char *outcome) {
    row("Service user", "Assessment", start, end, "", outcome, "Long term assessment", "");
}

static void assessment(const char *start, const char *outcome) {
    assessment_until(start, start, outcome);
}

static void service(const char *type, const char *start, const char *end) {
    row("Service user", "Service", start, end, "", "", "", type);
}

static void end_file(void) {
    char message[CLD_MESSAGE_BYTES];

    ck_assert_int_eq(fclose(file), 0);
    ck_assert_msg(cld_read_file(store, path, -1, NULL, NULL, message) == CLD_READ_DONE, "%s", message);
    unlink(path);
}

static void compute(void) {
    end_file();
    char message[CLD_MESSAGE_BYTES];

    ck_assert(cld_store_settle(store));
    result_count = 0;
    dhsc = dhsc_compute(store, keep_result, NULL, message);
    ck_assert_msg(dhsc != NULL, "%s", message);
}

/* What became of the request that started on a day; NULL: it did not pass rules 1 to 4. */
static const struct dhsc_request *result_of(const char *start) {
    day_t day = DAY_NONE;

    ck_assert(date_parse(text_of(start), &day));
    for (size_t i = 0; i < result_count; i++) {
        if (started[i] == day) {
            return &results[i];
        }
    }
    return NULL;
}

static void expect(const char *start, int to_response, int to_service) {
    const struct dhsc_request *result = result_of(start);

    ck_assert_msg(result != NULL, "the request of %s is not in the timeline", start);
    ck_assert_msg(result->to_response == to_response && result->to_service == to_service, "%s: %d / %d, not %d / %d", start,
                  result->to_response, result->to_service, to_response, to_service);
}

static size_t row_count(void) {
    size_t count;

    (void)dhsc_rows(dhsc, &count);
    return count;
}

static const struct dhsc_row *row_at(size_t at) {
    size_t count;
    const struct dhsc_row *rows = dhsc_rows(dhsc, &count);

    ck_assert_uint_lt(at, count);
    return &rows[at];
}

static void expect_nobody(enum dhsc_verdict why) {
    ck_assert_uint_eq(row_count(), 0);
    ck_assert_uint_eq(dhsc_verdict_count(dhsc, why), 1);
    ck_assert_uint_eq(dhsc_verdict_count(dhsc, DHSC_COUNTED), 0);
}

/* ---- The examples that the method gives, by their numbers */

START_TEST(vector_1) {
    request("2025-01-06", ASSESS);
    assessment("2025-02-03", PLAN);
    service(COMMUNITY, "2025-02-17", "");
    compute();
    expect("2025-01-06", 28, 42);
}
END_TEST

START_TEST(vector_2) {
    request("2025-01-06", ASSESS);
    assessment("2025-01-06", PLAN);
    service(COMMUNITY, "2025-01-06", "");
    compute();
    expect("2025-01-06", 0, 0);
}
END_TEST

/* A second request does not start the clock again: 35 days, where the retired method gave 21. */
START_TEST(vector_3) {
    request("2025-01-06", ASSESS);
    request("2025-01-20", ASSESS);
    assessment("2025-02-10", PLAN);
    compute();
    expect("2025-01-06", 35, -1);
    expect("2025-01-20", -1, -1);
    ck_assert_int_eq(result_of("2025-01-20")->verdict, DHSC_OVERLAPS);
    ck_assert_uint_eq(row_at(0)->n, 1);
}
END_TEST

START_TEST(vector_4) {
    request("2025-01-06", ADVICE);
    request("2025-01-20", ASSESS);
    assessment("2025-02-10", ADVICE);
    service(COMMUNITY, "2025-03-17", "");
    compute();
    ck_assert_ptr_null(result_of("2025-01-06"));
    expect("2025-01-20", 21, -1);
}
END_TEST

START_TEST(vector_6) {
    service(COMMUNITY, "2024-06-01", "");
    request("2025-01-06", ASSESS);
    assessment("2025-02-03", PLAN);
    compute();
    expect_nobody(DHSC_EXISTING_CLIENT);
}
END_TEST

START_TEST(vector_7) {
    service(COMMUNITY, "2023-06-01", "2023-12-05");
    request("2025-01-06", ASSESS);
    assessment("2025-02-03", CONTINUE);
    compute();
    expect("2025-01-06", 28, -1);
}
END_TEST

START_TEST(vector_10) {
    request("2025-01-06", ASSESS);
    compute();
    expect("2025-01-06", -1, -1);
    expect_nobody(DHSC_NOTHING_FOLLOWS);
}
END_TEST

START_TEST(vector_13) {
    request("2025-01-06", "");
    assessment("2025-02-03", PLAN);
    compute();
    expect_nobody(DHSC_NO_OUTCOME);
}
END_TEST

START_TEST(vector_14) {
    birth = "2000-06-15";
    request("2025-01-06", ASSESS);
    assessment("2025-02-03", PLAN);
    compute();
    expect_nobody(DHSC_UNDER_25);
}
END_TEST

START_TEST(vector_15) {
    conversation("2025-01-06", ASSESS);
    assessment("2025-02-03", PLAN);
    service(COMMUNITY, "2025-02-17", "");
    compute();
    expect("2025-01-06", 0, 42);
    ck_assert_uint_eq(row_at(0)->by_request, 1);
    ck_assert_uint_eq(row_at(0)->own.n, 0);
}
END_TEST

/* The median between two numbers, and in the middle of three; the days of the responses are 0, 7, 21, 28 and 10, 28, 35. */
START_TEST(vector_16) {
    static const char *const responses[] = {"2025-01-06", "2025-01-13", "2025-01-27", "2025-02-03"};
    static const char *const of_younger[] = {"2025-01-16", "2025-02-03", "2025-02-10"};
    static const char *const people[] = {"P1", "P2", "P3", "P4", "P5", "P6", "P7"};

    for (size_t i = 0; i < 7; i++) {
        person = people[i];
        birth = i < 4 ? "1944-06-15" : "1984-06-15";
        request("2025-01-06", ASSESS);
        assessment(i < 4 ? responses[i] : of_younger[i - 4], ADVICE);
    }
    compute();
    ck_assert_int_eq(row_at(0)->band, CLD_25_TO_64);
    ck_assert_double_eq(row_at(0)->median, 28.0);
    ck_assert_double_eq(row_at(1)->median, 14.0);
}
END_TEST

/* ---- The rules at their edges */

START_TEST(long_term_services_exclude_for_twelve_months) {
    service(COMMUNITY, "2023-06-01", "2024-01-06");
    request("2025-01-06", ASSESS);
    person = "P2";
    service(COMMUNITY, "2023-06-01", "2024-01-05");
    request("2025-01-06", ASSESS);
    person = "P3"; /* started on the day itself: not an existing client */
    request("2025-01-06", ASSESS);
    service(COMMUNITY, "2025-01-06", "");
    compute();
    ck_assert_uint_eq(dhsc_verdict_count(dhsc, DHSC_EXISTING_CLIENT), 1);
    ck_assert_uint_eq(dhsc_verdict_count(dhsc, DHSC_NOTHING_FOLLOWS), 1);
    ck_assert_uint_eq(dhsc_verdict_count(dhsc, DHSC_COUNTED), 1);
}
END_TEST

START_TEST(short_term_services_exclude_for_three_months) {
    service(ST_MAX, "2024-10-01", "2025-02-28");
    request("2025-05-31", ASSESS); /* three months before is the last day of February */
    person = "P2";
    service(ST_MAX, "2024-10-01", "2025-02-27");
    request("2025-05-31", ASSESS);
    person = "P3";
    service(LOW_LEVEL, "2024-10-01", "");
    request("2025-05-31", ASSESS);
    compute();
    ck_assert_uint_eq(dhsc_verdict_count(dhsc, DHSC_EXISTING_CLIENT), 1);
    ck_assert_uint_eq(dhsc_verdict_count(dhsc, DHSC_NOTHING_FOLLOWS), 2);
}
END_TEST

START_TEST(only_service_users_from_april_2023_are_asked) {
    row("Unpaid carer", "Request", "2025-01-06", "2025-01-06", "", ASSESS, "", "");
    person = "P2";
    request("2023-03-31", ASSESS);
    person = "P3";
    birth = "";
    request("2025-01-06", ASSESS);
    person = "P4";
    birth = "1944-06-15";
    request("2025-01-06", "Admitted to hospital");
    compute();
    ck_assert_uint_eq(dhsc_verdict_count(dhsc, DHSC_NOT_SERVICE_USER), 1);
    ck_assert_uint_eq(dhsc_verdict_count(dhsc, DHSC_TOO_EARLY), 1);
    ck_assert_uint_eq(dhsc_verdict_count(dhsc, DHSC_AGE_UNKNOWN), 1);
    ck_assert_uint_eq(dhsc_verdict_count(dhsc, DHSC_NO_FURTHER_ACTION), 1);
    ck_assert_uint_eq(row_count(), 0);
}
END_TEST

/* One assessment of a block that progresses is enough; a service between two ends the block. */
START_TEST(blocks_of_assessments) {
    request("2025-01-06", ASSESS);
    assessment("2025-01-20", ADVICE);
    assessment("2025-01-27", PLAN);
    service(COMMUNITY, "2025-02-03", "");
    person = "P2";
    request("2025-01-07", ASSESS);
    assessment("2025-01-20", ADVICE);
    service(LOW_LEVEL, "2025-01-25", "2025-01-26");
    assessment("2025-01-27", PLAN);
    compute();
    expect("2025-01-06", 14, 28);
    expect("2025-01-07", 13, -1);
}
END_TEST

START_TEST(a_service_before_the_assessment_is_the_response) {
    request("2025-01-06", PLAN);
    service(COMMUNITY, "2025-01-13", "");
    assessment("2025-01-20", ADVICE);
    person = "P2";
    request("2025-01-07", PLAN);
    service(COMMUNITY, "2025-01-13", "");
    compute();
    expect("2025-01-06", 7, 7);
    expect("2025-01-07", 6, 6);
    ck_assert_uint_eq(row_at(0)->by_service, 2);
    ck_assert_uint_eq(row_at(1)->by_type[CLD_COMMUNITY], 2);
}
END_TEST

START_TEST(conversations_answer_themselves_only_under_release_1) {
    conversation("2025-06-30", ASSESS);
    person = "P2";
    conversation("2025-07-01", ASSESS);
    assessment("2025-07-29", PLAN);
    person = "P3"; /* an assessment on the same day is the response */
    conversation("2025-06-02", ASSESS);
    assessment("2025-06-02", PLAN);
    compute();
    expect("2025-06-30", 0, -1);
    expect("2025-07-01", 28, -1);
    expect("2025-06-02", 0, -1);
    ck_assert_uint_eq(row_at(0)->by_request, 1);
    ck_assert_uint_eq(row_at(0)->by_assessment, 1);
}
END_TEST

/* After the follow-up a new request counts again; before the first service it does not. */
START_TEST(overlapping_requests) {
    request("2025-01-06", ASSESS);
    assessment("2025-01-13", PLAN);
    request("2025-01-20", ASSESS);
    service(LOW_LEVEL, "2025-02-03", "2025-02-10");
    request("2025-03-03", ASSESS);
    assessment("2025-03-10", ADVICE);
    compute();
    expect("2025-01-06", 7, 28);
    expect("2025-01-20", -1, -1);
    expect("2025-03-03", 7, -1);
    ck_assert_uint_eq(dhsc_verdict_count(dhsc, DHSC_OVERLAPS), 1);
}
END_TEST

/* Quarter and band are those of the response: this person turns 65 while waiting. */
START_TEST(quarters_and_bands_of_the_response) {
    birth = "1960-04-20";
    request("2025-03-24", ASSESS);
    assessment("2025-04-07", PLAN);
    compute();
    ck_assert_uint_eq(row_count(), 1);
    ck_assert_int_eq(row_at(0)->from, day_from_civil(2025, 4, 1));
    ck_assert_int_eq(row_at(0)->to, day_from_civil(2025, 6, 30));
    ck_assert_int_eq(row_at(0)->band, CLD_65_AND_ABOVE);
    ck_assert_str_eq(row_at(0)->la_code, "503");
    ck_assert_uint_eq(row_at(0)->all_assessments, 1);
    ck_assert_uint_eq(row_at(0)->all_requests, 0); /* that was in the quarter and the band before */
}
END_TEST

START_TEST(medians_and_our_own_figures) {
    const char *const ends[] = {"2025-01-06", "2025-01-20", "2025-02-03", "2025-02-10"};
    const char *const starts[] = {"2025-01-06", "2025-01-13", "2025-01-27", "2025-02-03"};
    char name[16];

    for (int i = 0; i < 4; i++) {
        snprintf(name, sizeof name, "P%d", i);
        person = name;
        request("2025-01-06", ASSESS);
        assessment_until(starts[i], ends[i], PLAN);
    }
    compute();
    ck_assert_uint_eq(row_count(), 1);
    ck_assert_double_eq(row_at(0)->median, 14.0); /* 0, 7, 21, 28 */
    ck_assert_uint_eq(row_at(0)->n, 4);
    ck_assert_uint_eq(row_at(0)->at_long, 4);
    ck_assert_uint_eq(row_at(0)->own.n, 4);
    ck_assert_double_eq(row_at(0)->own.median, 21.0); /* 0, 14, 28, 35 */
    ck_assert_double_eq(row_at(0)->own.mean, 19.3);   /* 19.25, half up */
    ck_assert_int_eq(row_at(0)->own.p90, 35);
    ck_assert_int_eq(row_at(0)->own.longest, 35);
    ck_assert_uint_eq(row_at(0)->own.within_standard, 3);
}
END_TEST

/* The newer submission has the last word, and a service that it no longer has ended with the older one's period. */
START_TEST(several_submissions) {
    period_end = "2024-03-31";
    request("2024-01-08", ASSESS);
    assessment("2024-02-05", PLAN);
    service(COMMUNITY, "2024-02-19", "");
    end_file();
    begin_file();
    period_end = "2025-12-31";
    request("2024-01-08", ADVICE);
    request("2025-06-02", ASSESS);
    assessment("2025-06-09", PLAN);
    compute();
    ck_assert_ptr_null(result_of("2024-01-08"));
    expect("2025-06-02", 7, -1); /* the service ended on 31 March 2024, more than twelve months before */
    ck_assert_uint_eq(cld_store_skip_count(store, CLD_SAME_EVENT), 1);
}
END_TEST

/* The same person's identifier at another authority is another person. */
START_TEST(authorities_are_apart) {
    request("2025-01-06", ASSESS);
    fputs("504,,P1,1944-06-15,Service user,Assessment,2025-02-03,2025-02-03,," PLAN ",,Long term assessment,,\n", file);
    compute();
    ck_assert_uint_eq(row_count(), 0);
    ck_assert_uint_eq(cld_store_person_count(store), 2);
}
END_TEST

/* The first assessment of a block progresses, and others follow it: all of the block do. */
START_TEST(assessments_behind_one_that_progresses) {
    request("2025-01-06", ASSESS);
    assessment("2025-01-20", PLAN);
    assessment("2025-01-27", ADVICE);
    assessment("2025-02-03", ADVICE);
    service(COMMUNITY, "2025-02-17", "");
    compute();
    expect("2025-01-06", 14, 42);
}
END_TEST

/* As many events as a person may have, and one more: then none of them counts, and the lines are told. */
START_TEST(as_many_events_as_a_person_may_have) {
    request("2025-01-06", ASSESS);
    for (int i = 1; i < DHSC_PERSON_EVENTS_MAX; i++) {
        fprintf(file, "503,2026-03-31,P1,1944-06-15,Service user,Service,2025-05-01,,,,,,%s,%d\n", COMMUNITY, i);
    }
    compute();
    ck_assert_uint_eq(cld_store_skip_count(store, CLD_NO_ONE_PERSON), 0);
    ck_assert_uint_eq(dhsc_verdict_count(dhsc, DHSC_COUNTED), 1);
    ck_assert_uint_eq(row_at(0)->all_services, DHSC_PERSON_EVENTS_MAX - 1);
}
END_TEST

START_TEST(one_event_too_many) {
    request("2025-01-06", ASSESS);
    for (int i = 0; i < DHSC_PERSON_EVENTS_MAX; i++) {
        fprintf(file, "503,2026-03-31,P1,1944-06-15,Service user,Service,2025-05-01,,,,,,%s,%d\n", COMMUNITY, i);
    }
    person = "P2";
    request("2025-01-06", ASSESS);
    assessment("2025-02-03", PLAN);
    compute();
    ck_assert_uint_eq(cld_store_skip_count(store, CLD_NO_ONE_PERSON), DHSC_PERSON_EVENTS_MAX + 1);
    ck_assert_uint_eq(dhsc_verdict_count(dhsc, DHSC_COUNTED), 1);
    ck_assert_uint_eq(row_at(0)->all_services, 0);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("dhsc");
    TCase *published = tcase_create("published examples");
    TCase *rules = tcase_create("rules");
    const TTest *const examples[] = {vector_1,  vector_2,  vector_3,  vector_4,  vector_6, vector_7,
                                     vector_10, vector_13, vector_14, vector_15, vector_16};
    const TTest *const edges[] = {assessments_behind_one_that_progresses,
                                  as_many_events_as_a_person_may_have,
                                  one_event_too_many,
                                  long_term_services_exclude_for_twelve_months,
                                  short_term_services_exclude_for_three_months,
                                  only_service_users_from_april_2023_are_asked,
                                  blocks_of_assessments,
                                  a_service_before_the_assessment_is_the_response,
                                  conversations_answer_themselves_only_under_release_1,
                                  overlapping_requests,
                                  quarters_and_bands_of_the_response,
                                  medians_and_our_own_figures,
                                  several_submissions,
                                  authorities_are_apart};

    tcase_add_checked_fixture(published, setup, teardown);
    tcase_add_checked_fixture(rules, setup, teardown);
    for (size_t i = 0; i < sizeof examples / sizeof examples[0]; i++) {
        tcase_add_test(published, examples[i]);
    }
    for (size_t i = 0; i < sizeof edges / sizeof edges[0]; i++) {
        tcase_add_test(rules, edges[i]);
    }
    suite_add_tcase(suite, published);
    suite_add_tcase(suite, rules);
    SRunner *runner = srunner_create(suite);

    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);

    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
