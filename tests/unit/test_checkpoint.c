/* Checks of the checkpoint's file and of the thread that takes it: whole or left alone, whatever happens to it. */
#include "daemon/ledger/keeper.h"
#include "daemon/ledger/ledger_internal.h"

#include "tests/unit/journal_fixture.h"

#include <check.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { EVENTS = 40, LIMIT_S = 60 };

static const instant_t day_ms = 86400000;

static struct config *config_of(int checkpoint_events, const char *more) {
    char path[300];
    snprintf(path, sizeof path, "%s.conf", fixture_path(""));
    FILE *file = fopen(path, "w");
    ck_assert_ptr_nonnull(file);
    fprintf(file, "journal = { path = \"%s\"; checkpoint_events = %d; };\ncouncil = { calendar = \"\"; };\n%s\n", fixture_path(""),
            checkpoint_events, more);
    ck_assert_int_eq(fclose(file), 0);
    struct config *config = config_load(path, NULL, NULL);
    ck_assert_ptr_nonnull(config);
    return config;
}

static struct ledger *open_on(const struct config *config, instant_t now) {
    char message[LEDGER_MESSAGE_SIZE];
    struct ledger *ledger = ledger_open(&(struct ledger_setup){.config = config, .now = now}, message);
    ck_assert_msg(ledger != NULL, "%s", message);
    return ledger;
}

static struct ledger *open_at_noon(const struct config *config) {
    return open_on(config, NOON);
}

static void admit(struct ledger *ledger, int number, const char *type, int subject, int days_ago, const char *data) {
    char bytes[600], time[INSTANT_SIZE];
    struct admission admission;
    instant_format(NOON - days_ago * day_ms, time);
    snprintf(bytes, sizeof bytes,
             "{\"specversion\":\"1.0\",\"id\":\"e-%d\",\"source\":\"urn:test\",\"type\":\"asc.%s\",\"subject\":\"W-%d\",\"time\":\"%s\","
             "\"data\":%s}",
             number, type, subject, time, data);
    ledger_admit(ledger, text_of(bytes), &admission);
    ck_assert_msg(admission.verdict == VERDICT_ACCEPTED, "%s", admission.rejection.message);
}

/* Referrals of the last forty days, contacts, and a retraction, from event `from` on. */
static void send(struct ledger *ledger, int from, int count) {
    ledger_begin(ledger, NOON);
    for (int i = from; i < from + count; i++) {
        if (i % 7 == 3)
            admit(ledger, i, "contact.made", i / 2, 1, "{}");
        else if (i % 11 == 5)
            admit(ledger, i, "event.retracted", i, 1, "{\"id\":\"e-4\"}");
        else
            admit(ledger, i, "referral.received", i, i % EVENTS,
                  "{\"pathway\":\"needs_assessment\",\"team\":\"north\",\"person\":\"p-1\"}");
    }
    ck_assert_int_eq(ledger_commit(ledger), JOURNAL_OK);
}

/* A journal with events, and a checkpoint of all of them. */
static struct config *prepared(void) {
    struct config *config = config_of(1, "");
    struct ledger *ledger = open_at_noon(config);
    ck_assert_uint_eq(ledger_checkpoint(ledger)->seq, 0); /* there was nothing to keep */
    send(ledger, 1, EVENTS);
    ledger_close(&ledger);
    ck_assert_int_eq(size_of(fixture_path(".checkpoint")), -1);
    ledger = open_at_noon(config); /* replays it all, and keeps that */
    ck_assert_uint_eq(ledger_checkpoint_news(ledger)->from_seq, 0);
    ck_assert_uint_eq(ledger_checkpoint(ledger)->seq, EVENTS);
    ck_assert_int_eq(ledger_checkpoint(ledger)->at, NOON);
    ledger_close(&ledger);
    ck_assert_int_gt(size_of(fixture_path(".checkpoint")), 0);
    ck_assert_int_eq(size_of(fixture_path(".checkpoint.new")), -1);
    return config;
}

struct seen {
    struct register_figures figures;
    uint64_t alert_seq;
    uint64_t sources;
    uint64_t events;
};

static struct seen see(struct ledger *ledger) {
    struct seen seen;
    struct source_figures figures;
    memset(&seen, 0, sizeof seen);
    register_figures(ledger_register(ledger), &seen.figures);
    seen.figures.refolds = 0; /* since the start */
    seen.alert_seq = journal_last_alert_seq(ledger_journal(ledger));
    seen.sources = sources_count(ledger_sources(ledger));
    sources_at(ledger_sources(ledger), 0, &figures);
    seen.events = figures.events;
    return seen;
}

static void check_same(const struct seen *a, const struct seen *b) {
    ck_assert_uint_eq(a->figures.waits, b->figures.waits);
    ck_assert_uint_eq(a->figures.open, b->figures.open);
    ck_assert_uint_eq(a->figures.open_alerts, b->figures.open_alerts);
    ck_assert_uint_eq(a->figures.exceptions, b->figures.exceptions);
    ck_assert_uint_eq(a->alert_seq, b->alert_seq);
    ck_assert_uint_eq(a->sources, b->sources);
    ck_assert_uint_eq(a->events, b->events);
}

/* What a ledger says of itself after a start from `from_seq`. */
static struct seen seen_after_start(const struct config *config, uint64_t from_seq, const char *ignored) {
    struct ledger *ledger = open_at_noon(config);
    ck_assert_str_eq(ledger_checkpoint_news(ledger)->ignored, ignored);
    ck_assert_uint_eq(ledger_checkpoint_news(ledger)->from_seq, from_seq);
    struct seen seen = see(ledger);
    ledger_close(&ledger);
    return seen;
}

static char *copy_checkpoint(size_t *size) {
    FILE *file = fopen(fixture_path(".checkpoint"), "rb");
    ck_assert_ptr_nonnull(file);
    *size = (size_t)size_of(fixture_path(".checkpoint"));
    char *bytes = malloc(*size);
    ck_assert(bytes != NULL && fread(bytes, 1, *size, file) == *size);
    fclose(file);
    return bytes;
}

static void write_checkpoint(const char *bytes, size_t size) {
    FILE *file = fopen(fixture_path(".checkpoint"), "wb");
    ck_assert(file != NULL && fwrite(bytes, 1, size, file) == size && fclose(file) == 0);
}

START_TEST(a_start_goes_on_from_it) {
    struct config *config = prepared();
    struct stat status;
    ck_assert_int_eq(stat(fixture_path(".checkpoint"), &status), 0);
    ck_assert_uint_eq(status.st_mode & 0777, 0600);
    struct seen from_it = seen_after_start(config, EVENTS, "");
    ck_assert_int_eq(unlink(fixture_path(".checkpoint")), 0);
    struct seen anew = seen_after_start(config, 0, "");
    check_same(&from_it, &anew);
    ck_assert_uint_eq(anew.events, EVENTS);
    ck_assert_uint_gt(anew.figures.open_alerts, 0);

    struct ledger *ledger = open_at_noon(config); /* the last start wrote it again */
    ck_assert_uint_eq(ledger_checkpoint_news(ledger)->from_seq, EVENTS);
    send(ledger, 100, EVENTS);
    struct seen live = see(ledger);
    ledger_close(&ledger);
    struct seen with_tail = seen_after_start(config, EVENTS, "");
    check_same(&live, &with_tail);
    ck_assert_int_eq(unlink(fixture_path(".checkpoint")), 0);
    anew = seen_after_start(config, 0, "");
    check_same(&live, &anew);
    config_free(&config);
}
END_TEST

START_TEST(an_identity_from_before_it_is_known) {
    struct config *config = prepared();
    struct ledger *ledger = open_at_noon(config);
    struct admission admission;
    char bytes[600], time[INSTANT_SIZE];
    ledger_begin(ledger, NOON);
    instant_format(NOON - day_ms, time);
    snprintf(bytes, sizeof bytes,
             "{\"specversion\":\"1.0\",\"id\":\"e-1\",\"source\":\"urn:test\",\"type\":\"asc.referral.received\",\"subject\":\"W-1\","
             "\"time\":\"%s\",\"data\":{\"pathway\":\"needs_assessment\",\"team\":\"north\",\"person\":\"p-1\"}}",
             time);
    ledger_admit(ledger, text_of(bytes), &admission);
    ck_assert_int_eq(admission.verdict, VERDICT_DUPLICATE);
    journal_rollback(ledger_journal(ledger));
    ledger_close(&ledger);
    config_free(&config);
}
END_TEST

static void put_byte(size_t place, char byte) {
    int descriptor = open(fixture_path(".checkpoint"), O_WRONLY);
    ck_assert(descriptor >= 0 && pwrite(descriptor, &byte, 1, (off_t)place) == 1 && close(descriptor) == 0);
}

/* Reads it again and again into the same ledger. */
START_TEST(every_damage_is_found) {
    struct config *config = prepared();
    struct ledger *ledger = open_at_noon(config);
    struct checkpoint_mark mark;
    char message[CHECKPOINT_MESSAGE_SIZE];
    size_t size;
    char *bytes = copy_checkpoint(&size);
    ck_assert(checkpoint_read(ledger, &mark, message));
    for (size_t i = 0; i < size; i++) {
        put_byte(i, (char)(bytes[i] ^ (1 << (i % 8))));
        ck_assert_msg(!checkpoint_read(ledger, &mark, message), "byte %zu of %zu", i, size);
        ck_assert_str_ne(message, "");
        ck_assert_uint_eq(mark.seq, 0);
        put_byte(i, bytes[i]);
    }
    ck_assert(checkpoint_read(ledger, &mark, message));
    for (size_t cut = size; cut-- > 0;) {
        ck_assert_int_eq(truncate(fixture_path(".checkpoint"), (off_t)cut), 0);
        ck_assert_msg(!checkpoint_read(ledger, &mark, message), "cut off at %zu", cut);
    }
    write_checkpoint(bytes, size);
    ck_assert(checkpoint_read(ledger, &mark, message));
    FILE *file = fopen(fixture_path(".checkpoint"), "ab");
    ck_assert(file != NULL && fputc('x', file) == 'x' && fclose(file) == 0);
    ck_assert(!checkpoint_read(ledger, &mark, message));
    free(bytes);
    ck_assert_int_eq(ledger_replay(ledger), JOURNAL_OK);
    ledger_close(&ledger);
    config_free(&config);
}
END_TEST

START_TEST(what_cannot_be_used_is_left_alone) {
    struct config *config = prepared();
    size_t size;
    char *bytes = copy_checkpoint(&size);
    bytes[8]++;
    write_checkpoint(bytes, size);
    struct seen anew = seen_after_start(config, 0, "it was written by a newer release");
    ck_assert_uint_eq(anew.events, EVENTS);
    write_checkpoint("", 0);
    seen_after_start(config, 0, "it is damaged");
    ck_assert_int_eq(unlink(fixture_path(".checkpoint")), 0);
    ck_assert_int_eq(mkdir(fixture_path(".checkpoint"), 0700), 0);
    struct ledger *ledger = open_at_noon(config);
    ck_assert_str_eq(ledger_checkpoint_news(ledger)->ignored, "it is no file, or too large");
    ck_assert_str_ne(ledger_checkpoint_news(ledger)->unwritten, "");
    ck_assert_uint_eq(ledger_checkpoint(ledger)->seq, 0);
    ledger_close(&ledger);
    ck_assert_int_eq(rmdir(fixture_path(".checkpoint")), 0);
    ck_assert_int_eq(mkfifo(fixture_path(".checkpoint"), 0600), 0);
    seen_after_start(config, 0, "it is no file, or too large");
    free(bytes);
    config_free(&config);
}
END_TEST

/* The parts of a journal's past that SQL can take back. */
START_TEST(a_journal_that_went_back_is_not_mixed_up) {
    struct config *config = prepared();
    struct ledger *ledger = open_at_noon(config);
    size_t size;
    send(ledger, 100, EVENTS);
    ledger_close(&ledger);
    ck_assert_int_eq(unlink(fixture_path(".checkpoint")), 0);
    seen_after_start(config, 0, ""); /* writes one of 80 events */
    char *bytes = copy_checkpoint(&size);
    tamper("DELETE FROM segment WHERE first_seq > 40");
    tamper("DELETE FROM alert WHERE after_seq > 40");
    ck_assert_int_eq(unlink(fixture_path(".highwater")), 0); /* which would not let it start */
    seen_after_start(config, 0, "it is ahead of the journal");
    struct config *never = config_of(0, "");
    ledger = open_on(never, NOON + 1000); /* goes on otherwise, and then further than it had been */
    send(ledger, 300, 2 * EVENTS);
    ledger_close(&ledger);
    write_checkpoint(bytes, size);
    seen_after_start(never, 0, "the journal went on otherwise since");
    tamper("UPDATE meta SET value = '00000000000000000000000000000000' WHERE name = 'epoch'");
    ck_assert_int_eq(unlink(fixture_path(".highwater")), 0);
    write_checkpoint(bytes, size);
    seen_after_start(never, 0, "it belongs to another journal");
    ck_assert_int_eq(size_of(fixture_path(".checkpoint")), -1); /* a redaction would not find it */
    free(bytes);
    config_free(&never);
    config_free(&config);
}
END_TEST

START_TEST(other_rules_make_it_useless) {
    struct config *config = prepared();
    struct config *longer = config_of(0, "pathways = ( { name = \"needs_assessment\"; standard_days = 30; } );");
    seen_after_start(longer, EVENTS, ""); /* a standard folds nothing: and then it is in the journal */
    seen_after_start(longer, EVENTS, "");
    struct config *other = config_of(0, "pathways = ( { name = \"needs_assessment\"; completes_on = \"asc.review.completed\"; } );");
    seen_after_start(other, EVENTS, ""); /* begun under the old policy */
    seen_after_start(other, 0, "the policy, the bank holidays or the time zone's rules were others");
    config_free(&other);
    config_free(&longer);
    config_free(&config);
}
END_TEST

START_TEST(it_is_written_only_where_it_is_wanted) {
    struct config *config = config_of(EVENTS + 1, "");
    struct ledger *ledger = open_at_noon(config);
    send(ledger, 1, EVENTS);
    ledger_close(&ledger);
    seen_after_start(config, 0, "");
    ck_assert_int_eq(size_of(fixture_path(".checkpoint")), -1); /* too few events */
    struct config *never = config_of(0, "");
    seen_after_start(never, 0, "");
    ck_assert_int_eq(size_of(fixture_path(".checkpoint")), -1);
    config_free(&never);
    config_free(&config);
}
END_TEST

/* A limit of the process stands for a full disk. */
START_TEST(the_old_one_stays_until_the_new_one_is_whole) {
    struct config *config = prepared();
    struct ledger *ledger = open_at_noon(config);
    struct checkpoint_mark mark = {7, 7, 7, 7};
    char message[CHECKPOINT_MESSAGE_SIZE];
    struct rlimit limit = {1000, RLIM_INFINITY};
    off_t size = size_of(fixture_path(".checkpoint"));
    ck_assert_int_eq(ledger_replay(ledger), JOURNAL_OK);
    signal(SIGXFSZ, SIG_IGN);
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
    ck_assert(!checkpoint_write(ledger, NOON, &mark, message));
    limit.rlim_cur = RLIM_INFINITY;
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
    ck_assert_str_eq(message, "File too large");
    ck_assert_uint_eq(mark.seq, 7);
    ck_assert_int_eq(size_of(fixture_path(".checkpoint")), size);
    ck_assert_int_eq(size_of(fixture_path(".checkpoint.new")), -1);
    ck_assert(checkpoint_write(ledger, NOON + 5, &mark, message));
    ck_assert_uint_eq(mark.seq, EVENTS);
    ck_assert_int_eq(mark.at, NOON + 5);
    ledger_close(&ledger);
    config_free(&config);
}
END_TEST

static struct keeper_outcome outcome_of(struct keeper *keeper) {
    struct keeper_outcome outcome;
    time_t until = time(NULL) + LIMIT_S;
    while (!keeper_take(keeper, &outcome)) {
        ck_assert_int_lt(time(NULL), until);
        sched_yield();
    }
    return outcome;
}

START_TEST(the_thread_takes_it_while_the_ledger_goes_on) {
    struct config *config = config_of(0, "");
    struct ledger *ledger = open_at_noon(config);
    struct keeper *keeper = keeper_create(config->journal_path, ledger_calendar(ledger));
    struct keeper_outcome outcome;
    ck_assert_ptr_nonnull(keeper);
    ck_assert(!keeper_take(keeper, &outcome));
    for (int round = 0; round < 5; round++) {
        send(ledger, 1 + 200 * round, EVENTS);
        ck_assert(keeper_ask(keeper, NOON + round));
        ck_assert(!keeper_ask(keeper, NOON)); /* one at a time */
        for (int turn = 0; turn < 20; turn++)
            send(ledger, 100 + 200 * round + 4 * turn, 4);
        outcome = outcome_of(keeper);
        ck_assert_msg(outcome.written, "%s", outcome.message);
        ck_assert_int_eq(outcome.mark.at, NOON + round);
        ck_assert_uint_ge(outcome.mark.seq, (uint64_t)(120 * round + EVENTS));
        ck_assert_uint_le(outcome.mark.seq, journal_last_seq(ledger_journal(ledger)));
        ck_assert(!keeper_take(keeper, &outcome));
    }
    keeper_destroy(&keeper);
    ck_assert_ptr_null(keeper);
    keeper_destroy(&keeper);
    struct seen live = see(ledger);
    ledger_close(&ledger);
    struct seen again = seen_after_start(config, outcome.mark.seq, "");
    check_same(&live, &again);
    config_free(&config);
}
END_TEST

START_TEST(the_thread_tells_what_went_wrong) {
    struct config *config = prepared();
    struct ledger *ledger = open_at_noon(config);
    struct keeper *keeper = keeper_create("/nowhere/journal.db", ledger_calendar(ledger));
    ck_assert(keeper_ask(keeper, NOON));
    struct keeper_outcome outcome = outcome_of(keeper);
    ck_assert(!outcome.written);
    ck_assert_str_ne(outcome.message, "");
    keeper_destroy(&keeper);
    keeper = keeper_create(config->journal_path, ledger_calendar(ledger));
    send(ledger, 100, EVENTS);
    tamper("UPDATE segment SET body = zeroblob(40) WHERE first_seq > 40");
    ck_assert(keeper_ask(keeper, NOON));
    outcome = outcome_of(keeper);
    ck_assert(!outcome.written);
    ck_assert_ptr_nonnull(strstr(outcome.message, "damaged"));
    keeper_destroy(&keeper);
    ledger_close(&ledger);
    config_free(&config);
}
END_TEST

/* A history that cannot be read is no reason for the daemon to end. */
START_TEST(the_thread_gives_up_where_a_history_cannot_be_read) {
    struct config *config = prepared();
    struct ledger *ledger = open_at_noon(config);
    struct keeper *keeper = keeper_create(config->journal_path, ledger_calendar(ledger));
    ledger_begin(ledger, NOON);
    admit(ledger, 500, "contact.made", 1, 39, "{}"); /* so late that the history of W-1 is read */
    ck_assert_int_eq(ledger_commit(ledger), JOURNAL_OK);
    tamper("UPDATE segment SET body = zeroblob(40) WHERE first_seq = 1");
    ck_assert(keeper_ask(keeper, NOON));
    struct keeper_outcome outcome = outcome_of(keeper);
    ck_assert(!outcome.written);
    ck_assert_str_ne(outcome.message, "");
    keeper_destroy(&keeper);
    ledger_close(&ledger);
    config_free(&config);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("checkpoint");
    TCase *test_case = tcase_create("checkpoint");
    tcase_add_checked_fixture(test_case, make_directory, remove_directory);
    tcase_set_timeout(test_case, 2 * LIMIT_S);
    tcase_add_test(test_case, a_start_goes_on_from_it);
    tcase_add_test(test_case, an_identity_from_before_it_is_known);
    tcase_add_test(test_case, every_damage_is_found);
    tcase_add_test(test_case, what_cannot_be_used_is_left_alone);
    tcase_add_test(test_case, a_journal_that_went_back_is_not_mixed_up);
    tcase_add_test(test_case, other_rules_make_it_useless);
    tcase_add_test(test_case, it_is_written_only_where_it_is_wanted);
    tcase_add_test(test_case, the_old_one_stays_until_the_new_one_is_whole);
    tcase_add_test(test_case, the_thread_takes_it_while_the_ledger_goes_on);
    tcase_add_test(test_case, the_thread_tells_what_went_wrong);
    tcase_add_test(test_case, the_thread_gives_up_where_a_history_cannot_be_read);
    suite_add_tcase(suite, test_case);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
