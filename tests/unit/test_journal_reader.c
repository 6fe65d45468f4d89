/* Checks of the journal's second connection: it reads beside the writer, sees what was committed when it is told to, and changes nothing.
 */
#include "daemon/journal/journal.h"

#include "tests/unit/journal_fixture.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

static struct journal *reader_of(const char *path) {
    struct journal *reader = NULL;
    char message[256];

    ck_assert_msg(journal_open_reader(path, &reader, message) == JOURNAL_OK, "%s", message);
    return reader;
}

static void holds(struct journal *reader, const char *events) {
    struct listing listing = {.text = ""};

    ck_assert_int_eq(journal_each_event(reader, 1, list_event, &listing), JOURNAL_OK);
    ck_assert_str_eq(listing.text, events);
}

START_TEST(a_reader_sees_what_was_committed_when_it_looks) {
    struct journal *journal = opened();
    commit_one(journal, "a");
    struct journal *reader = reader_of(fixture_path(""));

    ck_assert_str_eq(journal_epoch(reader), journal_epoch(journal));
    holds(reader, "a");
    commit_one(journal, "b");
    holds(reader, "a");
    ck_assert_uint_eq(journal_last_seq(reader), 1);
    ck_assert_int_eq(journal_refresh(reader), JOURNAL_OK);
    holds(reader, "a,b");
    check_event(reader, 2, "b", 0, NOON);
    journal_begin(journal, NOON);
    append(journal, "c", 1);
    ck_assert_int_eq(journal_refresh(reader), JOURNAL_OK);
    ck_assert_uint_eq(journal_last_seq(reader), 2);
    journal_append_alert(journal, 1, 0, text_of("raised"));
    commit(journal);
    ck_assert_int_eq(journal_refresh(reader), JOURNAL_OK);
    holds(reader, "a,b,c");
    check_event(reader, 3, "c", 1, NOON);
    struct journal_alert alert;
    ck_assert_int_eq(journal_read_alert(reader, 1, &alert), JOURNAL_OK);
    ck_assert_uint_eq(alert.after_seq, 3);
    journal_close(&reader);
    journal_close(&journal);
}
END_TEST

START_TEST(a_reader_takes_no_lock_and_holds_no_writer_up) {
    struct journal *journal = opened();
    commit_one(journal, "a");
    struct journal *reader = reader_of(fixture_path(""));
    struct journal *second = reader_of(fixture_path(""));

    fill(journal, 700, 20);
    ck_assert_int_lt(size_of(fixture_path("-wal")), 8 << 20); /* it was emptied again and again: some 30 MB went through it */
    ck_assert_int_eq(journal_refresh(reader), JOURNAL_OK);
    ck_assert_uint_eq(journal_last_seq(reader), 14001);
    ck_assert_uint_eq(journal_last_seq(second), 1);
    journal_close(&reader);
    refused(JOURNAL_LOCKED, "another process");
    journal_close(&journal);
    journal = opened();
    commit_one(journal, "z");
    ck_assert_int_eq(journal_refresh(second), JOURNAL_OK);
    ck_assert_uint_eq(journal_last_seq(second), 14002);
    journal_close(&second);
    journal_close(&journal);
}
END_TEST

START_TEST(where_there_is_no_journal_none_is_made) {
    struct journal *reader = NULL;
    char message[256];

    ck_assert_int_eq(journal_open_reader(fixture_path(""), &reader, message), JOURNAL_NOT_FOUND);
    ck_assert_ptr_null(reader);
    ck_assert_ptr_nonnull(strstr(message, "cannot open"));
    ck_assert_int_eq(size_of(fixture_path("")), -1);
    ck_assert_int_eq(size_of(fixture_path(".lock")), -1);
}
END_TEST

static uint64_t seq_at(struct journal *journal, instant_t instant) {
    uint64_t seq = 99;

    ck_assert_int_eq(journal_seq_at(journal, instant, &seq), JOURNAL_OK);
    return seq;
}

START_TEST(the_last_seq_of_an_instant) {
    struct journal *journal = opened();

    ck_assert_uint_eq(seq_at(journal, NOON), 0);
    fill(journal, 100, 7); /* turn n at NOON + n holds the seqs 7n+1 to 7n+7 */
    struct journal *reader = reader_of(fixture_path(""));
    ck_assert_uint_eq(seq_at(reader, NOON - 1), 0);
    ck_assert_uint_eq(seq_at(reader, INSTANT_NONE), 0);
    for (uint64_t turn = 0; turn < 100; turn++)
        ck_assert_uint_eq(seq_at(reader, NOON + (instant_t)turn), 7 * turn + 7);
    ck_assert_uint_eq(seq_at(reader, INT64_MAX), 700);
    journal_begin(journal, NOON + 5); /* a clock that went back: received never does */
    append(journal, "late", 0);
    ck_assert_uint_eq(seq_at(journal, INT64_MAX), 700);
    commit(journal);
    ck_assert_uint_eq(seq_at(journal, NOON + 98), 693);
    ck_assert_uint_eq(seq_at(journal, NOON + 99), 701);
    ck_assert_uint_eq(seq_at(reader, NOON + 99), 700);
    journal_close(&reader);
    journal_close(&journal);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("journal reader");
    TCase *checks = tcase_create("reader");
    SRunner *runner = srunner_create(suite);
    int failed;

    tcase_add_checked_fixture(checks, make_directory, remove_directory);
    tcase_set_timeout(checks, 100);
    tcase_add_test(checks, a_reader_sees_what_was_committed_when_it_looks);
    tcase_add_test(checks, a_reader_takes_no_lock_and_holds_no_writer_up);
    tcase_add_test(checks, where_there_is_no_journal_none_is_made);
    tcase_add_test(checks, the_last_seq_of_an_instant);
    suite_add_tcase(suite, checks);
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
