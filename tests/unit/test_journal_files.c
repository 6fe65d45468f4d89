/* Checks of the journal's file: its lock, its readers, what is refused, what damage is noticed. */
#include "daemon/journal/journal.h"

#include "tests/unit/journal_fixture.h"

#include <check.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static char message[256]; /* of journal_open */

START_TEST(a_second_writer_is_refused_in_this_process_and_in_another) {
    struct journal *journal = opened();
    pid_t child;
    int status = 0;

    refused(JOURNAL_LOCKED, "another process");
    child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0) {
        struct journal *second = NULL;
        char reason[256];
        _exit(journal_open(fixture_path(""), &second, reason) == JOURNAL_LOCKED ? 42 : 1);
    }
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 42);
    commit_one(journal, "a");
    journal_close(&journal);
    journal = opened();
    journal_close(&journal);
}
END_TEST

START_TEST(a_reader_sees_commits_only_and_holds_nobody_up) {
    struct journal *journal = opened();
    sqlite3 *reader = NULL;
    sqlite3_stmt *statement = NULL;
    char bytes[9000] = {0};

    commit_one(journal, "a");
    ck_assert_int_eq(sqlite3_open_v2(fixture_path(""), &reader, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
    ck_assert_int_eq(sqlite3_prepare_v2(reader, "SELECT count(*) FROM segment", -1, &statement, NULL), SQLITE_OK);
    ck_assert_int_eq(sqlite3_step(statement), SQLITE_ROW);
    ck_assert_int_eq(sqlite3_column_int(statement, 0), 1);
    for (int turn = 0; turn < 700; turn++) { /* past the point where a commit moves the write-ahead file itself */
        journal_begin(journal, NOON);
        journal_append_event(journal, (struct text){bytes, sizeof bytes}, TEXT_ABSENT, 0);
        commit(journal);
    }
    ck_assert_int_eq(journal_tidy(journal), JOURNAL_OK);
    ck_assert_int_eq(sqlite3_reset(statement), SQLITE_OK);
    ck_assert_int_eq(sqlite3_step(statement), SQLITE_ROW);
    ck_assert_int_eq(sqlite3_column_int(statement, 0), 701);
    ck_assert_int_eq(sqlite3_finalize(statement), SQLITE_OK);
    ck_assert_int_eq(sqlite3_close(reader), SQLITE_OK);
    journal_close(&journal);
}
END_TEST

START_TEST(a_newer_journal_is_left_to_a_newer_release) {
    struct journal *journal = opened();

    journal_close(&journal);
    tamper("PRAGMA user_version = 4");
    refused(JOURNAL_NEWER, "version 4");
    tamper("PRAGMA user_version = 0");
    refused(JOURNAL_CORRUPT, "version 0");
    tamper("PRAGMA user_version = 3");
    journal = opened();
    journal_close(&journal);
}
END_TEST

static void write_file(const char *name, const char *text) {
    FILE *file = fopen(name, "w");

    ck_assert_ptr_nonnull(file);
    ck_assert_int_ge(fputs(text, file), 0);
    ck_assert_int_eq(fclose(file), 0);
}

START_TEST(what_is_no_journal_is_refused_and_left_alone) {
    off_t size;

    write_file(fixture_path(""), "subject,pathway\n1,review\n");
    refused(JOURNAL_CORRUPT, "not a database");
    ck_assert_int_eq(size_of(fixture_path("")), 25);
    ck_assert_int_eq(unlink(fixture_path("")), 0);
    tamper("CREATE TABLE meta (name TEXT); PRAGMA user_version = 1");
    size = size_of(fixture_path(""));
    refused(JOURNAL_CORRUPT, "no journal");
    ck_assert_int_eq(size_of(fixture_path("")), size);
    ck_assert_int_eq(number("SELECT journal_mode = 'delete' FROM pragma_journal_mode"), 1);
    ck_assert_int_eq(unlink(fixture_path("")), 0);
    ck_assert_int_eq(mkdir(fixture_path(""), 0700), 0);
    refused(JOURNAL_FAILED, "directory");
    ck_assert_int_eq(rmdir(fixture_path("")), 0);
    ck_assert_int_eq(mkfifo(fixture_path(""), 0600), 0);
    refused(JOURNAL_CORRUPT, "no file");
}
END_TEST

START_TEST(a_path_that_cannot_be_is_refused) {
    struct journal *journal = NULL;

    ck_assert_int_eq(journal_open("/nonexistent/journal.db", &journal, message), JOURNAL_FAILED);
    ck_assert_ptr_null(journal);
    ck_assert_ptr_nonnull(strstr(message, "No such file"));
}
END_TEST

START_TEST(an_empty_file_or_an_unfinished_journal_becomes_one) {
    struct journal *journal;

    write_file(fixture_path(""), "");
    journal = opened();
    commit_one(journal, "a");
    journal_close(&journal);
    ck_assert_int_eq(unlink(fixture_path("")), 0);
    ck_assert_int_eq(unlink(fixture_path(".highwater")), 0);
    tamper("PRAGMA page_size = 16384; PRAGMA journal_mode = WAL");
    journal = opened();
    commit_one(journal, "a");
    check_event(journal, 1, "a", 0, NOON);
    journal_close(&journal);
}
END_TEST

START_TEST(a_relative_name_is_a_file_whatever_it_looks_like) {
    struct journal *journal = NULL;

    ck_assert_int_eq(chdir(fixture_directory()), 0);
    ck_assert_int_eq(journal_open(":memory:", &journal, message), JOURNAL_OK);
    commit_one(journal, "a");
    journal_close(&journal);
    ck_assert_int_gt(size_of(":memory:"), 0);
    ck_assert_int_eq(unlink(":memory:"), 0);
    ck_assert_int_eq(unlink(":memory:.lock"), 0);
    ck_assert_int_eq(unlink(":memory:.highwater"), 0);
    ck_assert_int_eq(chdir("/"), 0);
}
END_TEST

START_TEST(a_shortened_file_is_refused) {
    struct journal *journal = opened();

    fill(journal, 4, 500);
    journal_close(&journal);
    ck_assert_int_eq(truncate(fixture_path(""), size_of(fixture_path("")) - 3 * 16384), 0);
    refused(JOURNAL_CORRUPT, "malformed");
    ck_assert_int_eq(truncate(fixture_path(""), 8192), 0);
    refused(JOURNAL_CORRUPT, "malformed");
}
END_TEST

/* Each of these is done to a journal of 2,000 events in four turns. */
static const char *const damages[] = {
    "UPDATE segment SET body = CAST(replace(CAST(body AS TEXT), 'eee', 'exe') AS BLOB)",
    "UPDATE segment SET body = substr(body, 1, length(body) - 1)",
    "UPDATE segment SET body = x''",
    "UPDATE segment SET received = received + 1",
    "UPDATE segment SET count = count + 1",
    "UPDATE segment SET count = 0",
    "UPDATE segment SET count = 1 << 40",
    "DELETE FROM segment",
    "UPDATE segment SET first_seq = first_seq + 1",
};

START_TEST(damage_is_noticed_by_whoever_reads) {
    struct journal *journal = opened();
    struct journal_event event;
    struct listing listing = {0};
    char sql[256];

    fill(journal, 4, 500);
    journal_close(&journal);
    /* In the middle: opening does not look there. */
    (void)snprintf(sql, sizeof sql, "%s WHERE first_seq = (SELECT max(first_seq) FROM segment WHERE first_seq <= 700)", damages[_i]);
    tamper(sql);
    journal = opened();
    ck_assert_int_eq(journal_each_event(journal, 1, list_event, &listing), JOURNAL_CORRUPT);
    ck_assert_uint_ge(listing.count, 500);
    ck_assert_uint_lt(listing.count, 700);
    /* Of the damaged segment's events at least one cannot be read, and none is read wrongly. */
    for (uint64_t seq = 600; seq <= 800; seq++) {
        enum journal_status status = journal_read_event(journal, seq, &event);
        ck_assert(status == JOURNAL_OK || status == JOURNAL_CORRUPT);
        if (status == JOURNAL_OK) {
            ck_assert_uint_eq(event.bytes.length, 347);
            ck_assert_uint_eq(event.previous_seq, seq - 1);
        } else {
            listing.stop_after++;
        }
    }
    ck_assert_uint_gt(listing.stop_after, 0);
    ck_assert_ptr_nonnull(strstr(journal_failure(journal), "damaged"));
    journal_close(&journal);
}
END_TEST

START_TEST(damage_at_the_end_is_noticed_when_opening) {
    struct journal *journal = opened();

    fill(journal, 2, 500);
    journal_close(&journal);
    tamper("UPDATE segment SET received = received + 1 WHERE first_seq = (SELECT max(first_seq) FROM segment)");
    refused(JOURNAL_CORRUPT, "damaged");
    tamper("DELETE FROM segment; DELETE FROM meta");
    refused(JOURNAL_CORRUPT, "epoch");
}
END_TEST

START_TEST(a_missing_alert_is_noticed) {
    struct journal *journal = opened();
    struct journal_alert alert;
    struct listing listing = {0};

    journal_begin(journal, NOON);
    for (uint64_t seq = 1; seq <= 3; seq++)
        journal_append_alert(journal, seq, 0, text_of("x"));
    commit(journal);
    tamper("DELETE FROM alert WHERE alert_seq = 2");
    ck_assert_int_eq(journal_read_alert(journal, 2, &alert), JOURNAL_CORRUPT);
    ck_assert_int_eq(journal_each_alert(journal, 0, list_alert, &listing), JOURNAL_CORRUPT);
    ck_assert_str_eq(listing.text, "x");
    journal_close(&journal);
}
END_TEST

START_TEST(a_damaged_quarantine_row_is_noticed) {
    struct journal *journal = opened();
    struct journal_rejection rejection = {"bad_data", "m", NULL, TEXT_ABSENT, text_of("{}"), false};

    journal_begin(journal, NOON);
    journal_quarantine(journal, &rejection);
    commit(journal);
    tamper("UPDATE quarantine SET bytes = x'00'");
    journal_begin(journal, NOON);
    journal_quarantine(journal, &rejection);
    journal_append_alert(journal, 1, 0, text_of("not written any more"));
    ck_assert_int_eq(journal_commit(journal), JOURNAL_CORRUPT);
    ck_assert_uint_eq(journal_last_alert_seq(journal), 0);
    journal_close(&journal);
}
END_TEST

static void add_checks_of_files(Suite *suite) {
    TCase *checks = tcase_create("files");

    tcase_add_checked_fixture(checks, make_directory, remove_directory);
    tcase_set_timeout(checks, 100);
    tcase_add_test(checks, a_second_writer_is_refused_in_this_process_and_in_another);
    tcase_add_test(checks, a_reader_sees_commits_only_and_holds_nobody_up);
    tcase_add_test(checks, a_newer_journal_is_left_to_a_newer_release);
    tcase_add_test(checks, what_is_no_journal_is_refused_and_left_alone);
    tcase_add_test(checks, a_path_that_cannot_be_is_refused);
    tcase_add_test(checks, an_empty_file_or_an_unfinished_journal_becomes_one);
    tcase_add_test(checks, a_relative_name_is_a_file_whatever_it_looks_like);
    tcase_add_test(checks, a_shortened_file_is_refused);
    tcase_add_loop_test(checks, damage_is_noticed_by_whoever_reads, 0, sizeof damages / sizeof *damages);
    tcase_add_test(checks, damage_at_the_end_is_noticed_when_opening);
    tcase_add_test(checks, a_missing_alert_is_noticed);
    tcase_add_test(checks, a_damaged_quarantine_row_is_noticed);
    suite_add_tcase(suite, checks);
}

int main(void) {
    Suite *suite = suite_create("journal files");
    SRunner *runner = srunner_create(suite);
    int failed;

    add_checks_of_files(suite);
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
