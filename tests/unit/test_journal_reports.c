/* Checks of the journal's reported positions: what is appended stays as it is, and a journal of version 1 gets a table for them. */
#include "daemon/journal/journal.h"

#include "tests/unit/journal_fixture.h"

#include <check.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void report_day(struct journal *journal, day_t day, const char *body) {
    struct journal_report report = {.day = day, .reconstructed = day % 2 != 0, .rule_version = 7, .body = text_of(body)};

    journal_append_report(journal, &report);
}

static void commit_report(struct journal *journal, day_t day, const char *body) {
    journal_begin(journal, NOON);
    report_day(journal, day, body);
    commit(journal);
}

static bool list_report(void *context, const struct journal_report *report) {
    struct listing *listing = context;
    size_t length = strlen(listing->text);

    (void)snprintf(listing->text + length, sizeof listing->text - length, "%d %.*s,", (int)report->day, (int)report->body.length,
                   report->body.at);
    return ++listing->count != listing->stop_after;
}

static const char *listed(struct journal *journal, day_t from, day_t to, size_t stop_after) {
    static struct listing listing;

    listing = (struct listing){.stop_after = stop_after};
    ck_assert_int_eq(journal_each_report(journal, from, to, list_report, &listing), JOURNAL_OK);
    return listing.text;
}

START_TEST(a_report_is_read_as_it_was_written) {
    struct journal *journal = opened();
    struct journal_report report = {0};

    ck_assert_int_eq(journal_last_report_day(journal), DAY_NONE);
    ck_assert_int_eq(journal_first_report_day(journal), DAY_NONE);
    ck_assert_int_eq(journal_read_report(journal, 100, &report), JOURNAL_NOT_FOUND);
    ck_assert_str_eq(listed(journal, DAY_NONE, INT32_MAX, 0), "");
    commit_one(journal, "event");
    journal_begin(journal, NOON + 5);
    report_day(journal, 100, "first");
    ck_assert_int_eq(journal_read_report(journal, 100, &report), JOURNAL_OK); /* before the commit, as all that is appended */
    commit(journal);
    commit_one(journal, "event");
    commit_report(journal, 103, "second");
    for (int opening = 0; opening < 2; opening++) {
        ck_assert_int_eq(journal_read_report(journal, 100, &report), JOURNAL_OK);
        ck_assert_int_eq(report.day, 100);
        ck_assert_uint_eq(report.after_seq, 1);
        ck_assert_int_eq(report.at, NOON + 5);
        ck_assert(!report.reconstructed);
        ck_assert_uint_eq(report.rule_version, 7);
        ck_assert(text_is(report.body, "first"));
        ck_assert_int_eq(journal_read_report(journal, 103, &report), JOURNAL_OK);
        ck_assert_uint_eq(report.after_seq, 2);
        ck_assert(report.reconstructed);
        ck_assert_int_eq(journal_read_report(journal, 101, &report), JOURNAL_NOT_FOUND);
        ck_assert_str_eq(listed(journal, DAY_NONE, INT32_MAX, 0), "100 first,103 second,");
        ck_assert_str_eq(listed(journal, DAY_NONE, INT32_MAX, 1), "100 first,");
        ck_assert_str_eq(listed(journal, 101, 103, 0), "103 second,");
        ck_assert_str_eq(listed(journal, 101, 102, 0), "");
        ck_assert_int_eq(journal_first_report_day(journal), 100);
        ck_assert_int_eq(journal_last_report_day(journal), 103);
        journal_close(&journal);
        journal = opened();
    }
    journal_close(&journal);
}
END_TEST

START_TEST(a_turn_that_is_rolled_back_reports_nothing) {
    struct journal *journal = opened();
    struct journal_report report;
    uint32_t pages;
    char *body = malloc(400000);

    ck_assert_ptr_nonnull(body);
    memset(body, 'b', 399999);
    body[399999] = '\0';
    journal_begin(journal, NOON);
    report_day(journal, 100, "first");
    ck_assert_int_eq(journal_last_report_day(journal), 100);
    journal_rollback(journal);
    ck_assert_int_eq(journal_last_report_day(journal), DAY_NONE);
    ck_assert_int_eq(journal_first_report_day(journal), DAY_NONE);
    ck_assert_int_eq(journal_read_report(journal, 100, &report), JOURNAL_NOT_FOUND);
    pages = journal_limit_pages(journal, 1);
    journal_begin(journal, NOON);
    report_day(journal, 100, body);
    ck_assert_int_eq(journal_commit(journal), JOURNAL_FULL);
    ck_assert_int_eq(journal_last_report_day(journal), DAY_NONE);
    ck_assert_uint_gt(pages, 0);
    (void)journal_limit_pages(journal, 0);
    commit_report(journal, 100, body);
    ck_assert_int_eq(journal_read_report(journal, 100, &report), JOURNAL_OK);
    ck_assert(text_is(report.body, body));
    free(body);
    journal_close(&journal);
}
END_TEST

/* What somebody with SQLite and the right to write might try. */
static const char *const changes[] = {
    "UPDATE report SET body = 'better' WHERE day = 100",
    "UPDATE report SET day = 102 WHERE day = 100",
    "DELETE FROM report WHERE day = 100",
    "DELETE FROM report",
    "INSERT INTO report VALUES (100, 1, 1, 0, 1, 'better')",
    "INSERT OR REPLACE INTO report VALUES (100, 1, 1, 0, 1, 'better')",
    "INSERT INTO report VALUES (99, 1, 1, 0, 1, 'forgotten')",
    "INSERT INTO report VALUES (101, 1, 1, 0, 1, 'better') ON CONFLICT (day) DO UPDATE SET body = excluded.body",
    "INSERT INTO report VALUES (102, 1, 1, 2, 1, 'neither live nor reconstructed')",
    "INSERT INTO report VALUES (102, 1, 1, 0, 1, x'00')",
};

START_TEST(what_was_reported_is_never_changed) {
    struct journal *journal = opened();
    sqlite3 *database = NULL;

    commit_report(journal, 100, "first");
    commit_report(journal, 101, "second");
    journal_close(&journal);
    ck_assert_int_eq(sqlite3_open(fixture_path(""), &database), SQLITE_OK);
    ck_assert_msg(sqlite3_exec(database, changes[_i], NULL, NULL, NULL) == SQLITE_CONSTRAINT, "%s: %s", changes[_i],
                  sqlite3_errmsg(database));
    ck_assert_int_eq(sqlite3_close(database), SQLITE_OK);
    journal = opened();
    ck_assert_str_eq(listed(journal, DAY_NONE, INT32_MAX, 0), "100 first,101 second,");
    journal_close(&journal);
}
END_TEST

static void copy_old_journal(const char *name) {
    FILE *from = fopen(name, "rb");
    FILE *to = fopen(fixture_path(""), "wb");
    char bytes[65536];
    size_t length;

    ck_assert_msg(from != NULL && to != NULL, "%s", name);
    while ((length = fread(bytes, 1, sizeof bytes, from)) > 0)
        ck_assert_uint_eq(fwrite(bytes, 1, length, to), length);
    ck_assert_int_eq(fclose(from), 0);
    ck_assert_int_eq(fclose(to), 0);
}

START_TEST(a_journal_of_version_1_gets_reports_and_keeps_all_else) {
    struct journal *journal = NULL;
    struct journal_event event;
    struct listing days = {.text = ""};
    char reason[256];

    copy_old_journal(TEST_DATA "/journals/version-1.db");
    ck_assert_int_eq(journal_open_reader(fixture_path(""), &journal, reason), JOURNAL_FAILED);
    ck_assert_ptr_null(journal);
    ck_assert_msg(strstr(reason, "version 1") != NULL, "%s", reason);
    for (int opening = 0; opening < 2; opening++) {
        journal = opened();
        ck_assert_str_eq(journal_epoch(journal), "36e9d0bb8e7a310ac58819f7e873b053");
        ck_assert_uint_eq(journal_last_seq(journal), 6);
        ck_assert_uint_eq(journal_last_alert_seq(journal), 3);
        ck_assert_uint_eq(journal_quarantine_count(journal), 1);
        ck_assert_int_eq(journal_read_event(journal, 6, &event), JOURNAL_OK);
        ck_assert_uint_eq(event.previous_seq, 3);
        ck_assert_int_eq(journal_last_report_day(journal), opening == 0 ? DAY_NONE : 20211);
        if (opening == 0)
            commit_report(journal, 20211, "since version 2");
        journal_close(&journal);
    }
    ck_assert_int_eq(number("PRAGMA user_version"), 3);
    ck_assert_int_eq(journal_open_reader(fixture_path(""), &journal, reason), JOURNAL_OK);
    ck_assert_str_eq(listed(journal, DAY_NONE, INT32_MAX, 0), "20211 since version 2,");
    ck_assert_int_eq(journal_each_record(journal, JOURNAL_RECORD_DAY, list_record, &days), JOURNAL_OK);
    ck_assert_uint_eq(days.count, 4);
    journal_close(&journal);
}
END_TEST

/* Whatever version a journal has, its tables are the same. */
START_TEST(a_migrated_journal_has_the_schema_of_a_new_one) {
    static const char schema[] = "SELECT count(*) FROM sqlite_schema AS here WHERE NOT EXISTS"
                                 " (SELECT 1 FROM other.sqlite_schema AS there WHERE there.name = here.name AND there.sql IS here.sql)";
    struct journal *journal = opened();
    sqlite3 *database = NULL;
    sqlite3_stmt *statement = NULL;
    char attach[200], renamed[160];

    journal_close(&journal);
    (void)snprintf(renamed, sizeof renamed, "%s/new.db", fixture_directory());
    ck_assert_int_eq(rename(fixture_path(""), renamed), 0);
    copy_old_journal(TEST_DATA "/journals/version-1.db");
    journal = opened();
    journal_close(&journal);
    (void)snprintf(attach, sizeof attach, "ATTACH '%s' AS other", fixture_path(""));
    ck_assert_int_eq(sqlite3_open(renamed, &database), SQLITE_OK);
    ck_assert_int_eq(sqlite3_exec(database, attach, NULL, NULL, NULL), SQLITE_OK);
    ck_assert_int_eq(sqlite3_prepare_v2(database, schema, -1, &statement, NULL), SQLITE_OK);
    ck_assert_int_eq(sqlite3_step(statement), SQLITE_ROW);
    ck_assert_int_eq(sqlite3_column_int(statement, 0), 0);
    ck_assert_int_eq(sqlite3_finalize(statement), SQLITE_OK);
    ck_assert_int_eq(sqlite3_close(database), SQLITE_OK);
    ck_assert_int_eq(remove(renamed), 0);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("journal reports");
    TCase *checks = tcase_create("reports");
    SRunner *runner;
    int failed;

    tcase_add_checked_fixture(checks, make_directory, remove_directory);
    tcase_add_test(checks, a_report_is_read_as_it_was_written);
    tcase_add_test(checks, a_turn_that_is_rolled_back_reports_nothing);
    tcase_add_loop_test(checks, what_was_reported_is_never_changed, 0, sizeof changes / sizeof changes[0]);
    tcase_add_test(checks, a_journal_of_version_1_gets_reports_and_keeps_all_else);
    tcase_add_test(checks, a_migrated_journal_has_the_schema_of_a_new_one);
    suite_add_tcase(suite, checks);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
