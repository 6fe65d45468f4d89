/* Checks of the log: one line a message whatever the values hold, levels, cuts, and complaints at doubling intervals. */
#include "daemon/system/log.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A pipe stands for stderr: what was written is read back at once. */
struct fixture {
    int in;
    int out;
    struct log *log;
    char got[8 * LOG_LINE_MAX];
};

static struct fixture open_log(enum log_level threshold, enum log_prefix prefix) {
    struct fixture fixture = {0};
    int ends[2];

    ck_assert_int_eq(pipe2(ends, O_NONBLOCK | O_CLOEXEC), 0);
    fixture.in = ends[0];
    fixture.out = ends[1];
    fixture.log = log_create(fixture.out, threshold, prefix);
    return fixture;
}

static void close_log(struct fixture *fixture) {
    log_destroy(&fixture->log);
    ck_assert_ptr_null(fixture->log);
    close(fixture->in);
    close(fixture->out);
}

static const char *written(struct fixture *fixture) {
    ssize_t length = read(fixture->in, fixture->got, sizeof fixture->got - 1);

    fixture->got[length > 0 ? length : 0] = '\0';
    return fixture->got;
}

START_TEST(a_line_is_prefix_message_and_fields) {
    struct fixture fixture = open_log(LOG_LEVEL_INFO, LOG_PREFIX_NUMBER);

    log_line(fixture.log, LOG_LEVEL_WARNING, "socket is public", LOG_STRING("endpoint", "tcp://127.0.0.1:5871"), LOG_NUMBER("offset", -3),
             LOG_COUNT("events", UINT64_MAX));
    ck_assert_str_eq(written(&fixture), "<4>socket is public endpoint=tcp://127.0.0.1:5871 offset=-3 events=18446744073709551615\n");
    log_line(fixture.log, LOG_LEVEL_INFO, "ready");
    ck_assert_str_eq(written(&fixture), "<6>ready\n");
    close_log(&fixture);
}
END_TEST

START_TEST(a_person_reads_names_of_levels) {
    struct fixture fixture = open_log(LOG_LEVEL_DEBUG, LOG_PREFIX_NAME);

    log_line(fixture.log, LOG_LEVEL_ERROR, "journal cannot be written", LOG_STRING("path", "/var/lib/waitlistd/journal.db"));
    log_line(fixture.log, LOG_LEVEL_DEBUG, "turn");
    ck_assert_str_eq(written(&fixture), "error: journal cannot be written path=/var/lib/waitlistd/journal.db\ndebug: turn\n");
    ck_assert_int_eq(log_prefix_for(fixture.out), LOG_PREFIX_NUMBER);
    close_log(&fixture);
}
END_TEST

START_TEST(no_value_breaks_the_line) {
    struct fixture fixture = open_log(LOG_LEVEL_INFO, LOG_PREFIX_NUMBER);
    struct text with_nul = {"a\0b", 3};
    struct text inside_a_buffer = {"urn:las and more", 7};

    log_line(fixture.log, LOG_LEVEL_INFO, "refused", LOG_STRING("spaces", "two words"), LOG_STRING("forged", "x\n<0>all lost level=0"),
             LOG_STRING("escape", "\x1b[2J"), LOG_TEXT("nul", with_nul));
    ck_assert_str_eq(written(&fixture),
                     "<6>refused spaces=\"two words\" forged=\"x\\x0a<0>all lost level=0\" escape=\"\\x1b[2J\" nul=\"a\\x00b\"\n");
    log_line(fixture.log, LOG_LEVEL_INFO, "refused", LOG_STRING("quote", "say \"hi\" \\"), LOG_STRING("empty", ""),
             LOG_STRING("absent", NULL), LOG_STRING("latin", "caf\xc3\xa9"), LOG_STRING("equals", "a=b"),
             LOG_TEXT("source", inside_a_buffer));
    ck_assert_str_eq(
        written(&fixture),
        "<6>refused quote=\"say \\\"hi\\\" \\\\\" empty=\"\" absent=- latin=\"caf\\xc3\\xa9\" equals=\"a=b\" source=urn:las\n");
    close_log(&fixture);
}
END_TEST

START_TEST(a_long_value_is_cut_and_the_line_still_ends) {
    struct fixture fixture = open_log(LOG_LEVEL_INFO, LOG_PREFIX_NUMBER);
    char plain[3 * LOG_LINE_MAX + 1];
    char escaped[3 * LOG_LINE_MAX + 1];
    const char *got;
    size_t length;

    memset(plain, 'x', sizeof plain - 1);
    plain[sizeof plain - 1] = '\0';
    memset(escaped, '\n', sizeof escaped - 1);
    escaped[sizeof escaped - 1] = '\0';

    log_line(fixture.log, LOG_LEVEL_INFO, "long", LOG_STRING("value", plain), LOG_STRING("after", "unseen"));
    got = written(&fixture);
    ck_assert_str_eq(got, "<6>long value=...\n");

    log_line(fixture.log, LOG_LEVEL_INFO, "long", LOG_STRING("value", escaped));
    got = written(&fixture);
    length = strlen(got);
    ck_assert_uint_le(length, LOG_LINE_MAX);
    ck_assert_uint_gt(length, LOG_LINE_MAX - 8);
    ck_assert_str_eq(got + length - 8, "\\x0a...\n");
    ck_assert_ptr_eq(strchr(got, '\n'), got + length - 1);
    close_log(&fixture);
}
END_TEST

START_TEST(lines_above_the_threshold_are_not_written) {
    struct fixture fixture = open_log(LOG_LEVEL_NOTICE, LOG_PREFIX_NUMBER);

    ck_assert(log_would_write(fixture.log, LOG_LEVEL_NOTICE));
    ck_assert(!log_would_write(fixture.log, LOG_LEVEL_INFO));
    log_line(fixture.log, LOG_LEVEL_INFO, "detail");
    ck_assert_str_eq(written(&fixture), "");
    log_set_threshold(fixture.log, LOG_LEVEL_INFO);
    log_line(fixture.log, LOG_LEVEL_INFO, "detail");
    ck_assert_str_eq(written(&fixture), "<6>detail\n");
    close_log(&fixture);
}
END_TEST

START_TEST(levels_have_names) {
    enum log_level level = LOG_LEVEL_ERROR;

    for (int candidate = LOG_LEVEL_ERROR; candidate <= LOG_LEVEL_DEBUG; candidate++) {
        ck_assert(log_level_of(log_level_name((enum log_level)candidate), &level));
        ck_assert_int_eq((int)level, candidate);
    }
    level = LOG_LEVEL_NOTICE;
    ck_assert(!log_level_of("loud", &level));
    ck_assert(!log_level_of("", &level));
    ck_assert_int_eq(level, LOG_LEVEL_NOTICE);
}
END_TEST

START_TEST(lost_lines_are_counted_and_told) {
    struct fixture fixture = open_log(LOG_LEVEL_INFO, LOG_PREFIX_NUMBER);
    char filler[4096];
    char drained[4096];

    memset(filler, '.', sizeof filler);
    while (write(fixture.out, filler, sizeof filler) > 0)
        continue;
    ck_assert_int_eq(errno, EAGAIN);
    log_line(fixture.log, LOG_LEVEL_INFO, "one");
    log_line(fixture.log, LOG_LEVEL_INFO, "two");
    while (read(fixture.in, drained, sizeof drained) > 0)
        continue;
    log_line(fixture.log, LOG_LEVEL_INFO, "three");
    log_line(fixture.log, LOG_LEVEL_INFO, "four");
    ck_assert_str_eq(written(&fixture), "<6>three\n<4>log lines lost lines=2\n<6>four\n");
    close_log(&fixture);
}
END_TEST

START_TEST(a_complaint_is_told_at_doubling_intervals) {
    struct fixture fixture = open_log(LOG_LEVEL_INFO, LOG_PREFIX_NUMBER);
    struct complaint complaint = {0};
    uint64_t told_at[8];
    size_t told = 0;

    /* Every 100 ms for a little over seven seconds: told at 0, after 1 s, 2 s more, 4 s more. */
    for (uint64_t now = 5000; now <= 12100; now += 100) {
        if (log_complaint(fixture.log, &complaint, now, LOG_LEVEL_WARNING, "frame refused", LOG_STRING("code", "too_large")))
            told_at[told++] = now;
    }
    ck_assert_uint_eq(told, 4);
    ck_assert_uint_eq(told_at[0], 5000);
    ck_assert_uint_eq(told_at[1], 6000);
    ck_assert_uint_eq(told_at[2], 8000);
    ck_assert_uint_eq(told_at[3], 12000);
    ck_assert_str_eq(written(&fixture), "<4>frame refused code=too_large\n<4>frame refused repeated=9 code=too_large\n"
                                        "<4>frame refused repeated=19 code=too_large\n<4>frame refused repeated=39 code=too_large\n");
    close_log(&fixture);
}
END_TEST

START_TEST(the_interval_grows_to_an_hour_and_a_silence_makes_it_new) {
    struct fixture fixture = open_log(LOG_LEVEL_ERROR, LOG_PREFIX_NUMBER);
    struct complaint complaint = {0};
    uint64_t now = 0;

    for (int i = 0; i < 30; i++) {
        ck_assert(log_complaint(fixture.log, &complaint, now, LOG_LEVEL_WARNING, "hidden"));
        ck_assert_uint_le(complaint.interval_ms, COMPLAINT_LAST_INTERVAL_MS);
        now = complaint.silent_until_ms;
    }
    ck_assert_uint_eq(complaint.interval_ms, COMPLAINT_LAST_INTERVAL_MS);
    ck_assert(log_complaint(fixture.log, &complaint, now + COMPLAINT_LAST_INTERVAL_MS, LOG_LEVEL_ERROR, "back"));
    ck_assert_uint_eq(complaint.interval_ms, COMPLAINT_FIRST_INTERVAL_MS);
    ck_assert_str_eq(written(&fixture), "<3>back\n");
    close_log(&fixture);
}
END_TEST

START_TEST(a_settled_complaint_says_so_once) {
    struct fixture fixture = open_log(LOG_LEVEL_INFO, LOG_PREFIX_NUMBER);
    struct complaint complaint = {0};

    log_settle(fixture.log, &complaint, "disk has room again");
    ck_assert_str_eq(written(&fixture), "");
    log_complaint(fixture.log, &complaint, 10, LOG_LEVEL_ERROR, "disk full");
    log_complaint(fixture.log, &complaint, 20, LOG_LEVEL_ERROR, "disk full");
    log_settle(fixture.log, &complaint, "disk has room again");
    log_settle(fixture.log, &complaint, "disk has room again");
    ck_assert_str_eq(written(&fixture), "<3>disk full\n<5>disk has room again repeated=1\n");
    ck_assert(log_complaint(fixture.log, &complaint, 30, LOG_LEVEL_ERROR, "disk full"));
    close_log(&fixture);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("log");
    TCase *lines = tcase_create("lines");
    TCase *complaints = tcase_create("complaints");
    SRunner *runner = srunner_create(suite);
    int failed;

    suite_add_tcase(suite, lines);
    suite_add_tcase(suite, complaints);
    tcase_add_test(lines, a_line_is_prefix_message_and_fields);
    tcase_add_test(lines, a_person_reads_names_of_levels);
    tcase_add_test(lines, no_value_breaks_the_line);
    tcase_add_test(lines, a_long_value_is_cut_and_the_line_still_ends);
    tcase_add_test(lines, lines_above_the_threshold_are_not_written);
    tcase_add_test(lines, levels_have_names);
    tcase_add_test(lines, lost_lines_are_counted_and_told);
    tcase_add_test(complaints, a_complaint_is_told_at_doubling_intervals);
    tcase_add_test(complaints, the_interval_grows_to_an_hour_and_a_silence_makes_it_new);
    tcase_add_test(complaints, a_settled_complaint_says_so_once);
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
