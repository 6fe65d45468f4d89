/* Checks of the acts on what is quarantined, on a real ledger: retried through all checks, discarded, journalled, undone by a full disk. */
#include "daemon/ledger/ledger.h"

#include <check.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define NOON ((instant_t)1748779200000) /* 2025-06-01T12:00:00Z */

static char directory[64];
static struct config *config;
static struct ledger *ledger;

static void complain(void *context, const char *line) {
    (void)context;
    ck_abort_msg("%s", line);
}

/* The configuration with these pathways; the caller frees it. */
static struct config *configured(const char *pathways) {
    char path[96];
    FILE *file;

    (void)snprintf(path, sizeof path, "%s/conf", directory);
    file = fopen(path, "w");
    ck_assert_ptr_nonnull(file);
    fprintf(file, "council = { calendar = \"\"; };\njournal = { path = \"%s/journal.db\"; };\npathways = ( %s );\n", directory, pathways);
    ck_assert_int_eq(fclose(file), 0);
    return config_load(path, complain, NULL);
}

static void open_ledger(void) {
    char message[LEDGER_MESSAGE_SIZE];
    const struct ledger_setup setup = {.config = config, .now = NOON};

    ledger = ledger_open(&setup, message);
    ck_assert_msg(ledger != NULL, "%s", message);
}

static void set_up(void) {
    (void)snprintf(directory, sizeof directory, "/tmp/test_ledger.XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(directory));
    config = configured("{ name = \"dols\"; }");
    open_ledger();
}

static int delete_one(const char *path, const struct stat *about, int kind, struct FTW *place) {
    (void)about;
    (void)kind;
    (void)place;
    return remove(path);
}

static void tear_down(void) {
    ledger_close(&ledger);
    config_free(&config);
    ck_assert_int_eq(nftw(directory, delete_one, 8, FTW_DEPTH | FTW_PHYS), 0);
}

static enum verdict admit(const char *id, const char *subject, const char *pathway, const char *more) {
    char bytes[512];
    struct admission admission;
    int length =
        snprintf(bytes, sizeof bytes,
                 "{\"specversion\":\"1.0\",\"id\":\"%s\",\"source\":\"urn:t\",\"type\":\"asc.referral.received\",\"subject\":\"%s\","
                 "\"time\":\"2025-05-01T09:00:00Z\",\"data\":{\"pathway\":\"%s\",\"team\":\"north\",\"person\":\"P-1\"%s}}",
                 id, subject, pathway, more);

    ledger_admit(ledger, (struct text){bytes, (uint32_t)length}, &admission);
    return admission.verdict;
}

static void commit(void) {
    ck_assert_int_eq(ledger_commit(ledger), JOURNAL_OK);
}

static void learn_pathway(void) {
    char message[LEDGER_MESSAGE_SIZE];
    struct config *next = configured("{ name = \"dols\"; }, { name = \"carers\"; }");

    ck_assert_int_eq(ledger_reload(ledger, next, NOON, message), JOURNAL_OK);
    config_free(&config);
    config = next;
}

static struct quarantine_result act(bool discards, uint64_t id) {
    const struct quarantine_act by = {text_of("jo"), discards ? text_of("no use") : TEXT_ABSENT};
    struct quarantine_result result;

    if (discards)
        ck_assert_int_eq(ledger_quarantine_discard(ledger, id, &by, &result), JOURNAL_OK);
    else
        ck_assert_int_eq(ledger_quarantine_retry(ledger, id, &by, &result), JOURNAL_OK);
    return result;
}

static enum quarantine_state state_of(uint64_t id) {
    struct journal_quarantined row;

    ck_assert_int_eq(journal_read_quarantined(ledger_journal(ledger), id, 0, &row), JOURNAL_OK);
    return row.state;
}

/* Two that wait for a pathway, one with personal data, one that is no JSON: ids 1 to 4. */
static void quarantine_four(void) {
    struct admission admission;

    ledger_begin(ledger, NOON);
    ck_assert_int_eq(admit("e-1", "W-1", "carers", ""), VERDICT_QUARANTINED);
    ck_assert_int_eq(admit("e-2", "W-2", "carers", ""), VERDICT_QUARANTINED);
    ck_assert_int_eq(admit("e-3", "W-3", "carers", ",\"surname\":\"Qvist\""), VERDICT_QUARANTINED);
    ledger_admit(ledger, text_of("{broken"), &admission);
    ck_assert_int_eq(admission.verdict, VERDICT_QUARANTINED);
    commit();
}

static bool keep_last(void *context, const struct journal_record *record) {
    (void)snprintf(context, 256, "%.*s", (int)record->body.length, record->body.at);
    return true;
}

static void last_act(uint64_t id, const char *expected) {
    char text[256] = "";

    ck_assert_int_eq(journal_each_quarantine_act(ledger_journal(ledger), id, keep_last, text), JOURNAL_OK);
    ck_assert_str_eq(text, expected);
}

START_TEST(what_fails_again_goes_on_waiting_and_what_passes_is_an_event) {
    struct quarantine_result result;

    quarantine_four();
    ledger_begin(ledger, NOON);
    result = act(false, 1);
    ck_assert(result.outcome == OUTCOME_REJECTED && result.rejection.code == REJECT_UNKNOWN_PATHWAY && result.seq == 0);
    commit();
    ck_assert_int_eq(state_of(1), QUARANTINE_WAITING);
    last_act(1, "{\"id\":1,\"act\":\"retry\",\"by\":\"jo\",\"reason\":null,\"outcome\":\"rejected\",\"seq\":null,"
                "\"code\":\"unknown_pathway\"}");
    learn_pathway();
    ledger_begin(ledger, NOON);
    result = act(false, 1);
    ck_assert(result.outcome == OUTCOME_ACCEPTED && result.seq == 1);
    result = act(false, 1); /* once more: known by now */
    ck_assert(result.outcome == OUTCOME_DUPLICATE && result.seq == 1);
    ck_assert_int_eq(act(false, 3).outcome, OUTCOME_SCRUBBED);
    ck_assert_int_eq(act(false, 4).outcome, OUTCOME_REJECTED);
    ck_assert_int_eq(act(false, 99).outcome, OUTCOME_NOT_FOUND);
    ck_assert_int_eq(act(true, 1).outcome, OUTCOME_RETRIED);
    commit();
    ck_assert_int_eq(state_of(1), QUARANTINE_RETRIED);
    ck_assert_uint_eq(journal_last_seq(ledger_journal(ledger)), 1);
    ck_assert_uint_eq(journal_quarantine_count(ledger_journal(ledger)), 3);
    last_act(3, "");
    ledger_close(&ledger);
    open_ledger();
    ck_assert_uint_eq(journal_quarantine_count(ledger_journal(ledger)), 3);
    last_act(1, "{\"id\":1,\"act\":\"retry\",\"by\":\"jo\",\"reason\":null,\"outcome\":\"duplicate\",\"seq\":1,\"code\":null}");
}
END_TEST

START_TEST(what_was_discarded_can_still_be_retried) {
    quarantine_four();
    ledger_begin(ledger, NOON);
    ck_assert_int_eq(act(true, 2).outcome, OUTCOME_DISCARDED);
    ck_assert_int_eq(act(true, 3).outcome, OUTCOME_DISCARDED);
    ck_assert_int_eq(act(true, 99).outcome, OUTCOME_NOT_FOUND);
    ck_assert_int_eq(act(false, 2).outcome, OUTCOME_REJECTED);
    commit();
    ck_assert_int_eq(state_of(2), QUARANTINE_DISCARDED);
    ck_assert_uint_eq(journal_quarantine_count(ledger_journal(ledger)), 2);
    last_act(3, "{\"id\":3,\"act\":\"discard\",\"by\":\"jo\",\"reason\":\"no use\",\"outcome\":\"discarded\",\"seq\":null,\"code\":null}");
    learn_pathway();
    ledger_begin(ledger, NOON);
    ck_assert_int_eq(act(false, 2).outcome, OUTCOME_ACCEPTED);
    commit();
    ck_assert_int_eq(state_of(2), QUARANTINE_RETRIED);
}
END_TEST

START_TEST(the_reason_is_the_one_it_has_now) {
    struct journal_quarantined row;
    struct quarantine_result result;

    quarantine_four();
    learn_pathway();
    ledger_begin(ledger, NOON);
    ck_assert_int_eq(admit("e-1", "W-9", "dols", ""), VERDICT_ACCEPTED); /* the identity is taken meanwhile */
    result = act(false, 1);
    ck_assert(result.outcome == OUTCOME_REJECTED && result.rejection.code == REJECT_ID_CONFLICT);
    commit();
    ck_assert_int_eq(journal_read_quarantined(ledger_journal(ledger), 1, 0, &row), JOURNAL_OK);
    ck_assert(text_is(row.code, "id_conflict") && text_is(row.pointer, "/id") && row.state == QUARANTINE_WAITING && row.times == 1);
}
END_TEST

START_TEST(what_is_too_large_is_not_even_read) {
    struct admission admission;
    char *large = malloc(EVENT_BYTES_MAX + 1);

    ck_assert_ptr_nonnull(large);
    memset(large, ' ', EVENT_BYTES_MAX + 1);
    ledger_begin(ledger, NOON);
    ledger_admit(ledger, (struct text){large, EVENT_BYTES_MAX + 1}, &admission);
    const struct quarantine_result result = act(false, 1);
    ck_assert(result.outcome == OUTCOME_REJECTED && result.rejection.code == REJECT_TOO_LARGE);
    ck_assert_str_eq(result.rejection.message, admission.rejection.message);
    commit();
    free(large);
}
END_TEST

START_TEST(a_full_disk_undoes_a_retry) {
    struct journal *journal = ledger_journal(ledger);
    char more[64];
    int events = 0;

    quarantine_four();
    learn_pathway();
    ck_assert_uint_gt(journal_limit_pages(journal, 1), 1);
    ledger_begin(ledger, NOON);
    ck_assert_int_eq(act(false, 1).outcome, OUTCOME_ACCEPTED);
    ck_assert_uint_eq(journal_quarantine_count(journal), 3);
    for (; events < 2000; events++) {
        (void)snprintf(more, sizeof more, "f-%d", events);
        ck_assert_int_eq(admit(more, more, "dols", ""), VERDICT_ACCEPTED);
    }
    ck_assert_int_eq(ledger_commit(ledger), JOURNAL_FULL);
    ck_assert_int_eq(state_of(1), QUARANTINE_WAITING);
    ck_assert_uint_eq(journal_quarantine_count(journal), 4);
    ck_assert_uint_eq(journal_last_seq(journal), 0);
    last_act(1, "");
    ck_assert_uint_eq(journal_limit_pages(journal, 0), 0);
    ledger_begin(ledger, NOON);
    ck_assert_int_eq(act(false, 1).outcome, OUTCOME_ACCEPTED); /* nothing of it was left anywhere */
    commit();
    ck_assert_uint_eq(journal_last_seq(journal), 1);
    ck_assert_uint_eq(journal_quarantine_count(journal), 3);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("ledger quarantine");
    TCase *checks = tcase_create("acts");
    SRunner *runner;
    int failed;

    tcase_add_checked_fixture(checks, set_up, tear_down);
    tcase_add_test(checks, what_fails_again_goes_on_waiting_and_what_passes_is_an_event);
    tcase_add_test(checks, what_was_discarded_can_still_be_retried);
    tcase_add_test(checks, the_reason_is_the_one_it_has_now);
    tcase_add_test(checks, what_is_too_large_is_not_even_read);
    tcase_add_test(checks, a_full_disk_undoes_a_retry);
    suite_add_tcase(suite, checks);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
