/* Checks of the high-water file, of backups of a journal that is being written, and of putting one back. */
#include "daemon/journal/backup.h"
#include "daemon/journal/highwater.h"
#include "daemon/journal/restore.h"
#include "tests/unit/journal_fixture.h"

#include <check.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static char message[256];

static void remove_all(void) {
    char command[160];

    (void)snprintf(command, sizeof command, "rm -r '%s'", fixture_directory());
    ck_assert_int_eq(system(command), 0);
}

static const char *in(const char *name) {
    static char path[2][192];
    static int which;

    which = !which;
    (void)snprintf(path[which], sizeof path[which], "%s/%s", fixture_directory(), name);
    return path[which];
}

static void copy_file(const char *from, const char *to) {
    char bytes[4096];
    size_t size;
    FILE *source = fopen(from, "r"), *target = fopen(to, "w");

    ck_assert_ptr_nonnull(source);
    ck_assert_ptr_nonnull(target);
    while ((size = fread(bytes, 1, sizeof bytes, source)) > 0)
        ck_assert_uint_eq(fwrite(bytes, 1, size, target), size);
    ck_assert_int_eq(fclose(source), 0);
    ck_assert_int_eq(fclose(target), 0);
}

static void overwrite(const char *path, long at, const char *bytes) {
    int descriptor = open(path, O_WRONLY);

    ck_assert_int_ge(descriptor, 0);
    ck_assert_int_eq(pwrite(descriptor, bytes, strlen(bytes), at), (ssize_t)strlen(bytes));
    ck_assert_int_eq(close(descriptor), 0);
}

static void append_alert(struct journal *journal) {
    journal_begin(journal, NOON);
    journal_append_alert(journal, journal_last_alert_seq(journal) + 1, 0, text_of("{}"));
    commit(journal);
}

static struct highwater_mark reached(void) {
    struct highwater_mark mark;

    ck_assert_int_eq(highwater_read(fixture_path(""), &mark), HIGHWATER_FOUND);
    return mark;
}

static enum journal_status back_up(const char *name, journal_progress *progress, void *context, struct journal_summary *summary) {
    char directory[192];

    (void)snprintf(directory, sizeof directory, "%s", in("backups"));
    return journal_back_up(
        &(struct journal_backup){
            .journal_path = fixture_path(""), .directory = directory, .name = name, .progress = progress, .context = context},
        summary, message);
}

static enum journal_status restore(const char *backup, bool dry_run, struct journal_restored *restored) {
    return journal_restore(&(struct journal_restore){.backup = backup, .journal = fixture_path(""), .dry_run = dry_run, .now = NOON},
                           restored, message);
}

START_TEST(the_mark_follows_every_commit) {
    struct journal *journal = opened();
    struct highwater_mark mark = reached();

    ck_assert_str_eq(mark.epoch, journal_epoch(journal));
    ck_assert_uint_eq(mark.last_seq + mark.last_alert_seq, 0);
    ck_assert_int_eq(mark.last_report_day, DAY_NONE);
    ck_assert_ptr_null(journal_notice(journal));
    for (uint64_t seq = 1; seq <= 5; seq++) {
        commit_one(journal, "a");
        append_alert(journal);
        mark = reached();
        ck_assert_uint_eq(mark.last_seq, seq);
        ck_assert_uint_eq(mark.last_alert_seq, seq);
    }
    journal_begin(journal, NOON);
    append(journal, "b", 0);
    journal_rollback(journal);
    ck_assert_uint_eq(reached().last_seq, 5);
    journal_begin(journal, NOON);
    journal_append_report(journal, &(struct journal_report){.day = 20000, .rule_version = 1, .body = text_of("{}")});
    commit(journal);
    ck_assert_int_eq(reached().last_report_day, 20000);
    journal_close(&journal);
    journal = opened();
    ck_assert_ptr_null(journal_notice(journal));
    journal_close(&journal);
}
END_TEST

START_TEST(a_slot_that_was_cut_short_leaves_the_other) {
    struct highwater_mark mark = {.epoch = "0123456789abcdef0123456789abcdef", .last_seq = 7, .last_alert_seq = 2, .last_report_day = 3};
    struct highwater *highwater = highwater_open(fixture_path(""), &mark);
    struct highwater_mark found;
    struct stat about;

    ck_assert_int_ge(highwater_descriptor(highwater), 0);
    mark.last_seq = 8; /* in the first slot or the second, and its like in the other */
    ck_assert(highwater_note(highwater, &mark, NOON));
    mark.last_seq = 9;
    ck_assert(highwater_note(highwater, &mark, NOON + 60000));
    ck_assert(highwater_tidy(highwater));
    highwater_close(&highwater);
    ck_assert_int_eq(stat(fixture_path(".highwater"), &about), 0);
    ck_assert_int_eq(about.st_size, 1024);
    ck_assert_int_eq(about.st_mode & 0777, 0640);
    ck_assert_uint_eq(reached().last_seq, 9);
    for (long slot = 0; slot < 2; slot++) {
        copy_file(fixture_path(".highwater"), in("kept"));
        overwrite(fixture_path(".highwater"), slot * 512 + 60, "x");
        ck_assert_int_eq(highwater_read(fixture_path(""), &found), HIGHWATER_FOUND);
        ck_assert(found.last_seq == 8 || found.last_seq == 9);
        overwrite(fixture_path(".highwater"), (1 - slot) * 512 + 511, "x");
        ck_assert_int_eq(highwater_read(fixture_path(""), &found), HIGHWATER_DAMAGED);
        copy_file(in("kept"), fixture_path(".highwater"));
    }
    ck_assert_int_eq(truncate(fixture_path(".highwater"), 100), 0);
    ck_assert_int_eq(highwater_read(fixture_path(""), &found), HIGHWATER_DAMAGED);
    ck_assert_int_eq(highwater_read(in("no.db"), &found), HIGHWATER_MISSING);
}
END_TEST

START_TEST(an_older_copy_is_refused_until_it_is_accepted) {
    struct journal *journal = opened();
    struct journal_restored restored;
    char epoch[33];

    commit_one(journal, "a");
    append_alert(journal);
    journal_close(&journal);
    copy_file(fixture_path(""), in("old.db"));
    journal = opened();
    commit_one(journal, "b");
    memcpy(epoch, journal_epoch(journal), sizeof epoch);
    journal_close(&journal);
    copy_file(in("old.db"), fixture_path(""));
    refused(JOURNAL_OLDER, "ends at event 1 and alert 1, but had reached 2 and 1");
    ck_assert_int_eq(restore(NULL, true, &restored), JOURNAL_OK);
    ck_assert_str_eq(restored.epoch, "");
    refused(JOURNAL_OLDER, "restore --accept");
    ck_assert_int_eq(restore(NULL, false, &restored), JOURNAL_OK);
    ck_assert(restored.knows_before);
    ck_assert_uint_eq(restored.before.last_seq, 2);
    ck_assert_uint_eq(restored.restored.last_seq, 1);
    ck_assert_str_eq(restored.restored.epoch, epoch);
    journal = opened();
    ck_assert_str_eq(journal_epoch(journal), restored.epoch);
    ck_assert_str_ne(journal_epoch(journal), epoch);
    ck_assert_uint_eq(journal_last_seq(journal), 1);
    commit_one(journal, "c");
    journal_close(&journal);
}
END_TEST

START_TEST(fewer_alerts_alone_are_noticed_too) {
    struct journal *journal = opened();

    commit_one(journal, "a");
    journal_close(&journal);
    copy_file(fixture_path(""), in("old.db"));
    journal = opened();
    append_alert(journal);
    journal_close(&journal);
    copy_file(in("old.db"), fixture_path(""));
    refused(JOURNAL_OLDER, "an older copy");
}
END_TEST

START_TEST(another_journal_and_none_are_refused) {
    struct journal *journal = opened();

    commit_one(journal, "a");
    journal_close(&journal);
    ck_assert_int_eq(rename(fixture_path(""), in("away.db")), 0);
    refused(JOURNAL_OLDER, "the journal is gone");
    ck_assert_int_eq(size_of(fixture_path("")), -1);
    copy_file("/dev/null", fixture_path(""));
    refused(JOURNAL_OLDER, "there was one of 1 events");
    ck_assert_int_eq(unlink(fixture_path(".highwater")), 0);
    journal = opened();
    commit_one(journal, "b");
    journal_close(&journal);
    copy_file(in("away.db"), fixture_path(""));
    refused(JOURNAL_OLDER, "another journal was put here");
}
END_TEST

START_TEST(a_lost_or_damaged_mark_is_made_anew_and_said) {
    struct journal *journal = opened();

    commit_one(journal, "a");
    journal_close(&journal);
    ck_assert_int_eq(unlink(fixture_path(".highwater")), 0);
    journal = opened();
    ck_assert_ptr_nonnull(strstr(journal_notice(journal), "no high-water file"));
    ck_assert_uint_eq(reached().last_seq, 1);
    journal_close(&journal);
    ck_assert_int_eq(truncate(fixture_path(".highwater"), 0), 0);
    journal = opened();
    ck_assert_ptr_nonnull(strstr(journal_notice(journal), "damaged"));
    ck_assert_uint_eq(reached().last_seq, 1);
    journal_close(&journal);
}
END_TEST

START_TEST(a_name_stays_in_its_folder_and_is_no_file_of_the_daemon) {
    static const char *const good[] = {"a", "journal-20250401T120000Z.db", "A.b_c-9", "0"};
    static const char *const bad[] = {"",
                                      ".",
                                      "..",
                                      ".hidden",
                                      "-rf",
                                      "a/b",
                                      "../a",
                                      "a b",
                                      "a\nb",
                                      "é",
                                      "x-wal",
                                      "journal.db-shm",
                                      "x-journal",
                                      "x.key",
                                      "x.lock",
                                      "journal.db.highwater",
                                      "journal.db.checkpoint"};
    char name[131];

    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        ck_assert_msg(journal_backup_name_is_good(good[i]), "%s", good[i]);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        ck_assert_msg(!journal_backup_name_is_good(bad[i]), "%s", bad[i]);
    memset(name, 'a', sizeof name);
    name[129] = '\0';
    ck_assert(!journal_backup_name_is_good(name));
    name[128] = '\0';
    ck_assert(journal_backup_name_is_good(name));
}
END_TEST

/* Writes on while the backup is made: what was committed when it began is in it, and what comes later is not. */
struct meanwhile {
    struct journal *journal;
    uint64_t calls[3];
    uint64_t stop_after;
};

static bool write_meanwhile(void *context, enum journal_work work, uint64_t done, uint64_t total) {
    struct meanwhile *meanwhile = context;

    ck_assert(done <= total || work == JOURNAL_CHECKS_PAGES);
    meanwhile->calls[work]++;
    if (work == JOURNAL_COPIES && meanwhile->journal != NULL) {
        fill(meanwhile->journal, 3, 64);
        ck_assert_int_eq(journal_tidy(meanwhile->journal), JOURNAL_OK);
    }
    return meanwhile->calls[JOURNAL_COPIES] != meanwhile->stop_after;
}

START_TEST(a_backup_is_of_one_moment_while_events_go_on) {
    struct journal *journal = opened(), *copy;
    struct meanwhile meanwhile = {.journal = journal};
    struct journal_summary summary;
    struct journal_event event;
    struct stat about;

    fill(journal, 200, 64);
    append_alert(journal);
    journal_begin(journal, NOON);
    journal_append_report(journal, &(struct journal_report){.day = 20000, .rule_version = 1, .body = text_of("{}")});
    journal_quarantine(journal, &(struct journal_rejection){.code = "not_json", .message = "m", .pointer = "", .bytes = text_of("{")});
    commit(journal);
    ck_assert_msg(back_up("one.db", write_meanwhile, &meanwhile, &summary) == JOURNAL_OK, "%s", message);
    ck_assert_uint_gt(meanwhile.calls[JOURNAL_COPIES], 10);
    ck_assert_uint_gt(meanwhile.calls[JOURNAL_CHECKS_EVENTS], 0);
    ck_assert_uint_gt(journal_last_seq(journal), 12800);
    ck_assert_uint_eq(summary.last_seq, 12800);
    ck_assert_uint_eq(summary.last_alert_seq, 1);
    ck_assert_uint_eq(summary.quarantined, 1);
    ck_assert_uint_eq(summary.reports, 1);
    ck_assert_int_eq(summary.last_report_day, 20000);
    ck_assert_str_eq(summary.epoch, journal_epoch(journal));
    ck_assert_int_eq(stat(in("backups/one.db"), &about), 0);
    ck_assert_int_eq(about.st_mode & 0777, 0640);
    ck_assert_int_eq(access(in("backups/.one.db.part"), F_OK), -1);
    ck_assert_int_eq(journal_open(in("backups/one.db"), &copy, message), JOURNAL_OK);
    ck_assert_uint_eq(journal_last_seq(copy), 12800);
    ck_assert_int_eq(journal_read_event(copy, 12800, &event), JOURNAL_OK);
    journal_close(&copy);
    journal_close(&journal);
}
END_TEST

START_TEST(nothing_is_overwritten_and_what_is_given_up_leaves_nothing) {
    struct journal *journal = opened();
    struct meanwhile meanwhile = {.stop_after = 2};
    struct journal_summary summary;

    fill(journal, 50, 64);
    ck_assert_int_eq(back_up("one.db", write_meanwhile, &meanwhile, &summary), JOURNAL_STOPPED);
    ck_assert_int_eq(access(in("backups/one.db"), F_OK), -1);
    ck_assert_int_eq(access(in("backups/.one.db.part"), F_OK), -1);
    copy_file(fixture_path(".lock"), in("backups/.one.db.part")); /* of a run that was killed */
    ck_assert_msg(back_up("one.db", NULL, NULL, &summary) == JOURNAL_OK, "%s", message);
    ck_assert_int_eq(back_up("one.db", NULL, NULL, &summary), JOURNAL_FAILED);
    ck_assert_ptr_nonnull(strstr(message, "nothing is ever overwritten"));
    ck_assert_int_eq(symlink("/nowhere", in("backups/two.db")), 0);
    ck_assert_int_eq(back_up("two.db", NULL, NULL, &summary), JOURNAL_FAILED);
    ck_assert_int_eq(symlink(in("elsewhere"), in("backups/.three.db.part")), 0);
    ck_assert_int_eq(back_up("three.db", NULL, NULL, &summary), JOURNAL_OK);
    ck_assert_int_eq(access(in("elsewhere"), F_OK), -1);
    journal_close(&journal);
}
END_TEST

START_TEST(the_key_goes_along_only_when_asked) {
    struct journal *journal = opened();
    struct journal_summary summary;
    struct stat about;
    struct journal_backup backup = {.journal_path = fixture_path(""), .directory = fixture_directory(), .name = "one", .with_key = true};
    char path[192];

    (void)snprintf(path, sizeof path, "%s", fixture_path(""));
    backup.journal_path = path;
    commit_one(journal, "a");
    ck_assert_int_eq(journal_back_up(&backup, &summary, message), JOURNAL_FAILED); /* there is no key */
    ck_assert_int_eq(access(in("one"), F_OK), -1);
    ck_assert_int_eq(access(in(".one.part"), F_OK), -1);
    copy_file("/proc/self/comm", fixture_path(".key"));
    ck_assert_msg(journal_back_up(&backup, &summary, message) == JOURNAL_OK, "%s", message);
    ck_assert_int_eq(stat(in("one.key"), &about), 0);
    ck_assert_int_eq(about.st_mode & 0777, 0600);
    ck_assert_int_gt(about.st_size, 0);
    journal_close(&journal);
}
END_TEST

static const char *const damages[] = {
    "UPDATE segment SET body = zeroblob(length(body)) WHERE first_seq = (SELECT max(first_seq) FROM segment)",
    "UPDATE segment SET received = received + 1 WHERE first_seq = 1",
    "DELETE FROM segment WHERE first_seq = (SELECT first_seq FROM segment LIMIT 1 OFFSET 3)",
    "DELETE FROM segment WHERE first_seq = 1",
    "DELETE FROM alert WHERE alert_seq = 1",
    "DELETE FROM meta",
    "PRAGMA application_id = 7",
    "PRAGMA writable_schema = ON; DELETE FROM sqlite_schema WHERE name = 'record_by_kind'",
};

START_TEST(a_damaged_backup_is_refused_and_nothing_is_touched) {
    struct journal *journal = opened();
    struct journal_restored restored;
    struct journal_summary summary;

    fill(journal, 8, 64);
    append_alert(journal);
    append_alert(journal);
    journal_close(&journal);
    copy_file(fixture_path(""), in("sound.db"));
    tamper(damages[_i]);
    ck_assert_int_eq(rename(fixture_path(""), in("damaged.db")), 0);
    copy_file(in("sound.db"), fixture_path(""));
    ck_assert_int_ne(journal_inspect(in("damaged.db"), NULL, NULL, &summary, message), JOURNAL_OK);
    ck_assert_str_ne(message, "");
    ck_assert_int_ne(restore(in("damaged.db"), true, &restored), JOURNAL_OK);
    ck_assert_int_ne(restore(in("damaged.db"), false, &restored), JOURNAL_OK);
    ck_assert_str_eq(restored.aside, "");
    ck_assert_int_eq(size_of(fixture_path(".restoring")), -1);
    journal = opened();
    ck_assert_uint_eq(journal_last_seq(journal), 512);
    journal_close(&journal);
}
END_TEST

START_TEST(a_restore_keeps_what_was_there_and_begins_a_new_epoch) {
    struct journal *journal = opened();
    struct journal_restored restored;
    struct journal_summary summary;
    char epoch[33], name[4200];

    fill(journal, 8, 64);
    append_alert(journal);
    memcpy(epoch, journal_epoch(journal), sizeof epoch);
    ck_assert_int_eq(back_up("one.db", NULL, NULL, &summary), JOURNAL_OK);
    ck_assert_int_eq(restore(in("backups/one.db"), false, &restored), JOURNAL_LOCKED);
    fill(journal, 2, 10);
    append_alert(journal);
    journal_close(&journal);
    copy_file("/proc/self/comm", fixture_path(".checkpoint"));
    ck_assert_int_eq(restore(in("backups/one.db"), true, &restored), JOURNAL_OK);
    ck_assert_uint_eq(restored.before.last_seq, 532);
    ck_assert_uint_eq(restored.before.last_alert_seq, 2);
    ck_assert_uint_eq(restored.restored.last_seq, 512);
    ck_assert_int_eq(access(fixture_path(".checkpoint"), F_OK), 0);
    for (int i = 1; i <= 2; i++) {
        ck_assert_msg(restore(in("backups/one.db"), false, &restored) == JOURNAL_OK, "%s", message);
        ck_assert_ptr_nonnull(
            strstr(restored.aside, i == 1 ? "journal.db.before-restore-20250401T120000Z" : "journal.db.before-restore-20250401T120000Z-2"));
    }
    ck_assert_int_eq(access(fixture_path(".checkpoint"), F_OK), -1);
    journal = opened();
    ck_assert_uint_eq(journal_last_seq(journal), 512);
    ck_assert_uint_eq(journal_last_alert_seq(journal), 1);
    ck_assert_str_eq(journal_epoch(journal), restored.epoch);
    ck_assert_str_ne(journal_epoch(journal), epoch);
    ck_assert_str_eq(reached().epoch, restored.epoch);
    journal_close(&journal);
    (void)snprintf(name, sizeof name, "%s", in("journal.db.before-restore-20250401T120000Z"));
    ck_assert_int_eq(journal_inspect(name, NULL, NULL, &summary, message), JOURNAL_OK);
    ck_assert_uint_eq(summary.last_seq, 532);
    ck_assert_str_eq(summary.epoch, epoch);
}
END_TEST

START_TEST(a_restore_where_nothing_is_takes_the_key_along) {
    struct journal *journal = opened();
    struct journal_restored restored;
    struct journal_summary summary;

    fill(journal, 1, 64);
    ck_assert_int_eq(back_up("one.db", NULL, NULL, &summary), JOURNAL_OK);
    journal_close(&journal);
    ck_assert_int_eq(unlink(fixture_path("")), 0);
    ck_assert_int_eq(unlink(fixture_path(".highwater")), 0);
    ck_assert_int_eq(restore(in("backups/one.db"), true, &restored), JOURNAL_OK);
    ck_assert_int_eq(restored.key, JOURNAL_KEY_NONE);
    copy_file("/proc/self/comm", in("backups/one.db.key"));
    ck_assert_msg(restore(in("backups/one.db"), false, &restored) == JOURNAL_OK, "%s", message);
    ck_assert_int_eq(restored.key, JOURNAL_KEY_COPIED);
    ck_assert(!restored.knows_before);
    ck_assert_str_eq(restored.aside, "");
    ck_assert_int_gt(size_of(fixture_path(".key")), 0);
    journal = opened();
    ck_assert_uint_eq(journal_last_seq(journal), 64);
    journal_close(&journal);
    ck_assert_int_eq(restore(fixture_path(""), false, &restored), JOURNAL_FAILED);
    ck_assert_ptr_nonnull(strstr(message, "the journal itself"));
    ck_assert_int_eq(restore(in("none.db"), false, &restored), JOURNAL_NOT_FOUND);
}
END_TEST

/* A plain copy of a killed daemon's files is two files, and the events may all be in the second. */
START_TEST(a_copy_with_its_write_ahead_file_is_restored_whole) {
    struct journal *journal = opened();
    struct journal_restored restored;

    fill(journal, 4, 64);
    copy_file(fixture_path(""), in("copy.db"));
    copy_file(fixture_path("-wal"), in("copy.db-wal"));
    journal_close(&journal);
    ck_assert_msg(restore(in("copy.db"), true, &restored) == JOURNAL_OK, "%s", message);
    ck_assert_uint_eq(restored.restored.last_seq, 256);
    ck_assert_msg(restore(in("copy.db"), false, &restored) == JOURNAL_OK, "%s", message);
    journal = opened();
    ck_assert_uint_eq(journal_last_seq(journal), 256);
    journal_close(&journal);
}
END_TEST

START_TEST(a_backup_of_an_older_release_is_restored) {
    struct journal *journal;
    struct journal_restored restored;

    ck_assert_msg(restore(TEST_DATA "/journals/version-1.db", false, &restored) == JOURNAL_OK, "%s", message);
    ck_assert_int_eq(restored.restored.version, 1);
    journal = opened();
    ck_assert_str_eq(journal_epoch(journal), restored.epoch);
    ck_assert_uint_eq(journal_last_seq(journal), restored.restored.last_seq);
    journal_close(&journal);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("journal backup");
    TCase *checks = tcase_create("backup");
    SRunner *runner;
    int failed;

    tcase_add_checked_fixture(checks, make_directory, remove_all);
    tcase_add_test(checks, the_mark_follows_every_commit);
    tcase_add_test(checks, a_slot_that_was_cut_short_leaves_the_other);
    tcase_add_test(checks, an_older_copy_is_refused_until_it_is_accepted);
    tcase_add_test(checks, fewer_alerts_alone_are_noticed_too);
    tcase_add_test(checks, another_journal_and_none_are_refused);
    tcase_add_test(checks, a_lost_or_damaged_mark_is_made_anew_and_said);
    tcase_add_test(checks, a_name_stays_in_its_folder_and_is_no_file_of_the_daemon);
    tcase_add_test(checks, a_backup_is_of_one_moment_while_events_go_on);
    tcase_add_test(checks, nothing_is_overwritten_and_what_is_given_up_leaves_nothing);
    tcase_add_test(checks, the_key_goes_along_only_when_asked);
    tcase_add_loop_test(checks, a_damaged_backup_is_refused_and_nothing_is_touched, 0, sizeof damages / sizeof *damages);
    tcase_add_test(checks, a_restore_keeps_what_was_there_and_begins_a_new_epoch);
    tcase_add_test(checks, a_restore_where_nothing_is_takes_the_key_along);
    tcase_add_test(checks, a_copy_with_its_write_ahead_file_is_restored_whole);
    tcase_add_test(checks, a_backup_of_an_older_release_is_restored);
    suite_add_tcase(suite, checks);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
