/* Checks of the policy's journal record: canonical bytes, the round trip, and that nothing else is taken for one. */
#include "daemon/config/config.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const day_t some_holidays[] = {20089, 20196, 20199}; /* 2025-01-01, 2025-04-18, 2025-04-21 */
static const struct holidays calendar = {3, (day_t *)(uintptr_t)some_holidays};

static struct config *defaults(void) {
    struct config *config = config_load(NULL, NULL, NULL);
    ck_assert_ptr_nonnull(config);
    return config;
}

static const char golden[] =
    "{\"bands\":[7,14,28,42,84,182],\"calendar\":[\"2025-01-01\",\"2025-04-18\",\"2025-04-21\"],"
    "\"contact\":{\"by_priority\":{\"1\":7,\"2\":14},\"interval_days\":28},\"from\":\"2025-04-01\","
    "\"pathways\":[{\"alerts\":{\"approaching\":{\"enabled\":true,\"levels\":[7,1],\"severity\":\"info\"},"
    "\"breach\":{\"enabled\":true,\"levels\":[],\"severity\":\"warning\"},"
    "\"escalation\":{\"enabled\":true,\"levels\":[42,84,182],\"severity\":\"critical\"}},"
    "\"clock_stops_on\":\"ended\",\"completes_on\":\"asc.assessment.completed\",\"name\":\"ot_assessment\",\"pauses\":\"exclude\","
    "\"standard_by_priority\":{\"1\":2,\"2\":7},\"standard_days\":28,\"unit\":\"calendar_days\"}],\"v\":1}";

/* The record of the second default pathway alone, byte for byte: journals that exist depend on it. */
START_TEST(bytes_do_not_change) {
    struct config *config = defaults();
    struct policy *policy = &config->policy;
    policy->pathways[0] = policy->pathways[1];
    policy->pathway_count = 1;
    char *text = policy_to_json(policy, &calendar, day_from_civil(2025, 4, 1));
    ck_assert_str_eq(text, golden);
    free(text);
    config_free(&config);
}
END_TEST

START_TEST(round_trip) {
    struct config *config = defaults();
    config->policy.pathways[0].approaching.enabled = false;
    config->policy.pathways[0].breach.severity = SEVERITY_HIGH;
    config->policy.pathways[3].completes_on = EVENT_SERVICE_STARTED;
    config->policy.pathways[1].contact_overdue.enabled = true;
    config->policy.pathways[2].contact_overdue.severity = SEVERITY_CRITICAL;
    char *text = policy_to_json(&config->policy, &calendar, day_from_civil(2024, 2, 29));
    struct policy *policy = calloc(1, sizeof *policy);
    struct holidays holidays;
    day_t from;
    ck_assert(policy_from_json(text_of(text), policy, &holidays, &from));
    ck_assert(policy_equal(policy, &config->policy));
    ck_assert_int_eq(from, day_from_civil(2024, 2, 29));
    ck_assert_uint_eq(holidays.count, calendar.count);
    ck_assert_mem_eq(holidays.at, some_holidays, sizeof some_holidays);
    char *again = policy_to_json(policy, &holidays, from);
    ck_assert_str_eq(again, text);
    free(again);
    free(text);
    holidays_clear(&holidays);

    text = policy_to_json(&config->policy, NULL, from);
    ck_assert(policy_from_json(text_of(text), policy, &holidays, &from));
    ck_assert_uint_eq(holidays.count, 0);
    holidays_clear(&holidays);
    free(text);
    free(policy);
    config_free(&config);
}
END_TEST

/* A part of the golden record and what is put in its place. */
static const struct {
    const char *part;
    const char *replacement;
} spoilt[] = {
    {"\"v\":1", "\"v\":2"},
    {"\"v\":1", "\"v\":1.0"},
    {"\"v\":1", "\"v\":1,\"more\":0"},
    {"\"v\":1", "\"v\":1,\"v\":1"},
    {"\"bands\":[7,14,28,42,84,182],", ""},
    {"\"bands\":[7,14", "\"bands\":[14,7"},
    {"[7,14,28,42,84,182]", "[]"},
    {"[7,14,28,42,84,182]", "[0]"},
    {"[7,14,28,42,84,182]", "[\"7\"]"},
    {"[7,14,28,42,84,182]", "[1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16]"},
    {"2025-01-01", "2025-01-32"},
    {"2025-01-01", "2025-05-01"}, /* not in order */
    {"2025-01-01", "2025-01-01\\u0000"},
    {"\"from\":\"2025-04-01\"", "\"from\":20200"},
    {"\"interval_days\":28", "\"interval_days\":0"},
    {"\"interval_days\":28", "\"interval_days\":28,\"x\":1"},
    {"\"1\":7", "\"5\":7"},
    {"\"1\":7", "\"0\":7"},
    {"\"1\":7", "\"11\":7"},
    {"\"1\":7", "\"1\":3651"},
    {"{\"1\":2,\"2\":7}", "[]"},
    {"\"levels\":[7,1]", "\"levels\":[7,7]"},
    {"\"levels\":[7,1]", "\"levels\":[]"},
    {"\"levels\":[7,1]", "\"levels\":[1,2,3,4,5,6,7,8,9]"},
    {"\"levels\":[],", "\"levels\":[1],"},
    {"\"enabled\":true", "\"enabled\":1"},
    {"\"severity\":\"info\"", "\"severity\":\"mild\""},
    {"\"severity\":\"info\"", "\"severity\":null"},
    {"\"breach\":", "\"broken\":"},
    {"\"clock_stops_on\":\"ended\"", "\"clock_stops_on\":\"never\""},
    {"asc.assessment.completed", "asc.wait.closed"},
    {"\"name\":\"ot_assessment\"", "\"name\":\"ot assessment\""},
    {"\"name\":\"ot_assessment\"", "\"name\":\"\""},
    {"\"name\":\"ot_assessment\"", "\"label\":\"ot_assessment\""},
    {"\"pauses\":\"exclude\"", "\"pauses\":\"ignore\""},
    {"\"standard_days\":28", "\"standard_days\":28.5"},
    {"\"standard_days\":28", "\"standard_days\":4294967324"},
    {"\"unit\":\"calendar_days\"", "\"unit\":\"hours\""},
    {"\"pathways\":[{", "\"pathways\":[],\"paths\":[{"},
    {"\"v\":1}", "\"v\":1"},
    {"\"v\":1}", "\"v\":1}}"},
};

START_TEST(anything_else_is_refused) {
    const char *at = strstr(golden, spoilt[_i].part);
    ck_assert_ptr_nonnull(at);
    char *text;
    ck_assert_int_gt(asprintf(&text, "%.*s%s%s", (int)(at - golden), golden, spoilt[_i].replacement, at + strlen(spoilt[_i].part)), 0);
    struct policy *policy = calloc(1, sizeof *policy);
    struct holidays holidays;
    day_t from;
    ck_assert_msg(!policy_from_json(text_of(text), policy, &holidays, &from), "taken: %s", text);
    ck_assert_ptr_null(holidays.at);
    free(policy);
    free(text);
}
END_TEST

START_TEST(the_golden_record_itself_is_taken) {
    struct policy *policy = calloc(1, sizeof *policy);
    struct holidays holidays;
    day_t from;
    ck_assert(policy_from_json(text_of(golden), policy, &holidays, &from));
    ck_assert_uint_eq(policy->pathway_count, 1);
    holidays_clear(&holidays);
    ck_assert(!policy_from_json(TEXT_ABSENT, policy, &holidays, &from));
    ck_assert(!policy_from_json(text_of(""), policy, &holidays, &from));
    ck_assert(!policy_from_json(text_of("[]"), policy, &holidays, &from));
    free(policy);
}
END_TEST

START_TEST(a_pathway_twice_is_refused) {
    struct config *config = defaults();
    config->policy.pathways[1] = config->policy.pathways[0];
    char *text = policy_to_json(&config->policy, NULL, 0);
    struct policy *policy = calloc(1, sizeof *policy);
    struct holidays holidays;
    day_t from;
    ck_assert(!policy_from_json(text_of(text), policy, &holidays, &from));
    free(policy);
    free(text);
    config_free(&config);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("policy_json");
    TCase *record = tcase_create("record");
    tcase_add_test(record, bytes_do_not_change);
    tcase_add_test(record, round_trip);
    tcase_add_loop_test(record, anything_else_is_refused, 0, (int)(sizeof spoilt / sizeof spoilt[0]));
    tcase_add_test(record, the_golden_record_itself_is_taken);
    tcase_add_test(record, a_pathway_twice_is_refused);
    suite_add_tcase(suite, record);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
