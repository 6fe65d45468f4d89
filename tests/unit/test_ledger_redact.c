/* Checks that looking through the journal for a person gives signs of life. */
#include "daemon/ledger/ledger.h"

#include "tests/unit/journal_fixture.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>

enum { EVENTS = 10000, A_TURN = 1000, LIMIT_S = 60 };

static void count_signs(void *context, enum ledger_work work, uint64_t done, uint64_t total) {
    int *signs = context;
    (void)done;
    (void)total;
    *signs += work == LEDGER_COUNTS_WAITS;
}

static struct config *config_of_journal(void) {
    char path[300];
    snprintf(path, sizeof path, "%s.conf", fixture_path(""));
    FILE *file = fopen(path, "w");
    ck_assert_ptr_nonnull(file);
    fprintf(file, "journal = { path = \"%s\"; };\ncouncil = { calendar = \"\"; };\n", fixture_path(""));
    ck_assert_int_eq(fclose(file), 0);
    struct config *config = config_load(path, NULL, NULL);
    ck_assert_ptr_nonnull(config);
    return config;
}

static void send_all(struct ledger *ledger) {
    for (int i = 0; i < EVENTS; i++) {
        char bytes[400];
        struct admission admission;
        if (i % A_TURN == 0)
            ledger_begin(ledger, NOON);
        snprintf(bytes, sizeof bytes,
                 "{\"specversion\":\"1.0\",\"id\":\"e-%d\",\"source\":\"urn:test\",\"type\":\"asc.referral.received\",\"subject\":\"W-%d\","
                 "\"time\":\"2025-03-01T09:00:00Z\",\"data\":{\"pathway\":\"needs_assessment\",\"team\":\"north\",\"person\":\"p-%d\"}}",
                 i, i, i);
        ledger_admit(ledger, text_of(bytes), &admission);
        ck_assert_int_eq(admission.verdict, VERDICT_ACCEPTED);
        if (i % A_TURN == A_TURN - 1)
            ck_assert_int_eq(ledger_commit(ledger), JOURNAL_OK);
    }
}

START_TEST(a_long_search_feeds_the_watchdog) {
    struct config *config = config_of_journal();
    char message[LEDGER_MESSAGE_SIZE];
    int signs = 0;
    struct ledger_setup setup = {.config = config, .now = NOON, .progress = count_signs, .context = &signs};
    struct ledger *ledger = ledger_open(&setup, message);
    ck_assert_msg(ledger != NULL, "%s", message);
    send_all(ledger);
    signs = 0;
    struct redaction redaction = {.person = text_of("p-9999"), .by = text_of("jo"), .reason = text_of("asked")};
    struct redaction_result result;
    ledger_begin(ledger, NOON);
    ck_assert_int_eq(ledger_redact(ledger, &redaction, &result), JOURNAL_OK);
    ck_assert_int_eq(ledger_commit(ledger), JOURNAL_OK);
    ck_assert_uint_eq(result.redacted, 1);
    ck_assert_int_ge(signs, 2);
    ledger_close(&ledger);
    config_free(&config);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("ledger redact");
    TCase *test_case = tcase_create("ledger redact");
    tcase_add_checked_fixture(test_case, make_directory, remove_directory);
    tcase_set_timeout(test_case, LIMIT_S);
    tcase_add_test(test_case, a_long_search_feeds_the_watchdog);
    suite_add_tcase(suite, test_case);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
