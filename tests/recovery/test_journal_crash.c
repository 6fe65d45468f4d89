/* Kills a process that appends and commits, again and again, and checks after each kill that what it had reported is there exactly once.
 *
 * The child draws its turns from the seed, reports each committed turn through a pipe, and is killed by a timer of its own with SIGKILL,
 * at any instant: while it opens, appends, commits or moves the write-ahead file. The content of every event follows from its seq and the
 * run of the child that wrote it, so a turn that was half there, twice there or mixed with a lost one would show. */
#include "daemon/journal/highwater.h"
#include "daemon/journal/journal.h"

#include "tests/seeded.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define ROUNDS 60
#define LENGTH_MAX 1500
#define NOON ((instant_t)1743508800000) /* 2025-04-01T12:00:00Z */

/* The state after a turn, as the child reports it and as the turn's own record says it. */
struct report {
    uint64_t last_seq;
    uint64_t last_alert_seq;
    uint64_t quarantined;
    uint64_t run; /* which child wrote the turn */
};

struct crash {
    char directory[64];
    char path[96];
    uint64_t seed;
    uint64_t state;
    struct report reported; /* the newest that came through the pipe */
    struct report found;    /* while a journal is checked: by its records so far */
    uint64_t seen;
    uint64_t checked_seq; /* whose content was compared in an earlier round */
};

static uint32_t content(const struct crash *crash, uint64_t seq, uint64_t run, char bytes[LENGTH_MAX]) {
    uint64_t state = (crash->seed + seq * 0x9e3779b97f4a7c15ULL + run) | 1;
    uint32_t length = (uint32_t)(draw(&state) % LENGTH_MAX);

    memset(bytes, (int)('a' + draw(&state) % 26), length);
    return length;
}

/* Every failure in the child is an exit code that the parent prints. */
static void append_turn(struct crash *crash, struct journal *journal, struct report *report) {
    uint64_t events = draw(&crash->state) % 3 == 0 ? draw(&crash->state) % 400 : draw(&crash->state) % 4;
    char bytes[LENGTH_MAX];
    char body[128];

    for (uint64_t i = 0; i < events; i++) {
        uint64_t seq = journal_last_seq(journal) + 1;
        uint32_t length = content(crash, seq, report->run, bytes);
        journal_append_event(journal, (struct text){bytes, length}, TEXT_ABSENT, seq / 2);
    }
    for (uint64_t alerts = draw(&crash->state) % 3; alerts > 0; alerts--)
        journal_append_alert(journal, journal_last_alert_seq(journal) + 1, journal_last_alert_seq(journal) / 2, text_of("{}"));
    if (draw(&crash->state) % 8 == 0) {
        struct journal_rejection rejection = {"bad_data", "m", NULL, TEXT_ABSENT, text_of(body), false};
        (void)snprintf(body, sizeof body, "rejected %llu", (unsigned long long)draw(&crash->state));
        rejection.bytes = text_of(body);
        journal_quarantine(journal, &rejection);
    }
    report->last_seq = journal_last_seq(journal);
    report->last_alert_seq = journal_last_alert_seq(journal);
    report->quarantined = journal_quarantine_count(journal);
    (void)snprintf(body, sizeof body, "%llu %llu %llu %llu", (unsigned long long)report->last_seq,
                   (unsigned long long)report->last_alert_seq, (unsigned long long)report->quarantined, (unsigned long long)report->run);
    journal_append_record(journal, JOURNAL_RECORD_DAY, text_of(body));
}

static void arm_timer(uint64_t microseconds) {
    struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGKILL};
    struct itimerspec when = {.it_value = {(time_t)(microseconds / 1000000), (long)(microseconds % 1000000) * 1000 + 1}};
    timer_t timer;

    if (timer_create(CLOCK_MONOTONIC, &event, &timer) != 0 || timer_settime(timer, 0, &when, NULL) != 0)
        _exit(10);
}

/* Appends until it is killed. */
_Noreturn static void run_child(struct crash *crash, uint64_t run, int out) {
    bool while_opening = draw(&crash->state) % 5 == 0;
    struct journal *journal = NULL;
    struct report report = {.run = run};
    char message[256];

    if (while_opening)
        arm_timer(draw(&crash->state) % 6000);
    if (journal_open(crash->path, &journal, message) != JOURNAL_OK) {
        (void)fprintf(stderr, "child: %s\n", message);
        _exit(11);
    }
    if (!while_opening)
        arm_timer(draw(&crash->state) % 60000);
    for (;;) {
        journal_begin(journal, NOON + (instant_t)run);
        append_turn(crash, journal, &report);
        if (draw(&crash->state) % 16 == 0) {
            journal_rollback(journal);
            continue;
        }
        if (journal_commit(journal) != JOURNAL_OK)
            _exit(12);
        if (write(out, &report, sizeof report) != sizeof report)
            _exit(13);
        if (draw(&crash->state) % 4 != 0 && journal_tidy(journal) != JOURNAL_OK)
            _exit(14);
    }
}

/* Runs a child until it is dead, and keeps its last report. */
static void kill_one(struct crash *crash, uint64_t run) {
    int ends[2];
    int status = 0;
    struct report report;
    ssize_t got;
    pid_t child;

    ck_assert_int_eq(pipe(ends), 0);
    child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0) {
        close(ends[0]);
        run_child(crash, run, ends[1]);
    }
    close(ends[1]);
    while ((got = read(ends[0], &report, sizeof report)) > 0) { /* a write to a pipe of so few bytes is whole or not there */
        ck_assert_int_eq(got, sizeof report);
        ck_assert_uint_ge(report.last_seq, crash->reported.last_seq);
        crash->reported = report;
    }
    ck_assert_int_eq(got, 0);
    close(ends[0]);
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert_msg(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL, "the child ended with status %x", (unsigned)status);
    draw(&crash->state); /* the next child draws other turns */
}

/* A crash may leave the beginning of a commit behind the last whole one; SQLite must not take it for one. */
static void append_garbage(struct crash *crash) {
    char name[128];
    char garbage[24 + 16384];
    size_t length = 1 + draw(&crash->state) % sizeof garbage;
    int descriptor;

    (void)snprintf(name, sizeof name, "%s-wal", crash->path);
    descriptor = open(name, O_WRONLY | O_APPEND | O_CLOEXEC);
    if (descriptor < 0) {
        ck_assert_int_eq(errno, ENOENT);
        return;
    }
    for (size_t i = 0; i < length; i++)
        garbage[i] = (char)draw(&crash->state);
    ck_assert_int_eq(write(descriptor, garbage, length), (ssize_t)length);
    ck_assert_int_eq(close(descriptor), 0);
}

static bool check_event(void *context, const struct journal_event *event) {
    struct crash *crash = context;
    uint64_t run = (uint64_t)(event->received - NOON);
    char bytes[LENGTH_MAX];
    uint32_t length;

    ck_assert_uint_eq(event->seq, ++crash->seen);
    ck_assert_uint_eq(event->previous_seq, event->seq / 2);
    if (event->seq > crash->checked_seq) {
        length = content(crash, event->seq, run, bytes);
        ck_assert(text_equal(event->bytes, (struct text){bytes, length}));
    }
    return true;
}

static bool check_alert(void *context, const struct journal_alert *alert) {
    struct crash *crash = context;

    ck_assert_uint_eq(alert->alert_seq, ++crash->seen);
    ck_assert_uint_eq(alert->previous_alert_seq, (alert->alert_seq - 1) / 2);
    return true;
}

/* Each turn's record says where the turn ended: the next one's events and alerts follow on from there. */
static bool check_record(void *context, const struct journal_record *record) {
    struct crash *crash = context;
    char body[128];
    char *at = body;
    uint64_t numbers[4];

    ck_assert_uint_lt(record->body.length, sizeof body);
    memcpy(body, record->body.at, record->body.length);
    body[record->body.length] = '\0';
    for (int i = 0; i < 4; i++)
        numbers[i] = strtoull(at, &at, 10);
    ck_assert_str_eq(at, "");
    ck_assert_uint_eq(record->after_seq, numbers[0]);
    ck_assert_uint_ge(numbers[0], crash->found.last_seq);
    ck_assert_uint_ge(numbers[1], crash->found.last_alert_seq);
    ck_assert_uint_ge(numbers[3], crash->found.run);
    crash->found = (struct report){numbers[0], numbers[1], numbers[2], numbers[3]};
    return true;
}

static void check_journal(struct crash *crash) {
    struct journal *journal = NULL;
    struct highwater_mark mark = {0};
    char message[256];

    ck_assert_int_ne(highwater_read(crash->path, &mark), HIGHWATER_DAMAGED); /* missing: killed while it made the journal */

    ck_assert_msg(journal_open(crash->path, &journal, message) == JOURNAL_OK, "%s", message);
    crash->found = (struct report){0};
    ck_assert_int_eq(journal_each_record(journal, JOURNAL_RECORD_DAY, check_record, crash), JOURNAL_OK);
    /* The high-water file: not behind what was reported, not ahead of what is there. */
    ck_assert(mark.last_seq >= crash->reported.last_seq && mark.last_seq <= crash->found.last_seq);
    ck_assert(mark.last_alert_seq >= crash->reported.last_alert_seq && mark.last_alert_seq <= crash->found.last_alert_seq);
    ck_assert_uint_ge(crash->found.last_seq, crash->reported.last_seq);
    ck_assert_uint_ge(crash->found.last_alert_seq, crash->reported.last_alert_seq);
    ck_assert_uint_ge(crash->found.quarantined, crash->reported.quarantined);
    ck_assert_uint_eq(journal_last_seq(journal), crash->found.last_seq);
    ck_assert_uint_eq(journal_last_alert_seq(journal), crash->found.last_alert_seq);
    ck_assert_uint_eq(journal_quarantine_count(journal), crash->found.quarantined);
    crash->seen = 0;
    ck_assert_msg(journal_each_event(journal, 1, check_event, crash) == JOURNAL_OK, "%s", journal_failure(journal));
    ck_assert_uint_eq(crash->seen, crash->found.last_seq);
    crash->checked_seq = crash->seen;
    crash->seen = 0;
    ck_assert_int_eq(journal_each_alert(journal, 0, check_alert, crash), JOURNAL_OK);
    ck_assert_uint_eq(crash->seen, crash->found.last_alert_seq);
    crash->reported = crash->found;
    journal_close(&journal);
}

START_TEST(what_was_reported_is_there_exactly_once_after_any_kill) {
    static const char *const suffixes[] = {"", "-wal", "-shm", ".lock", "-journal", ".highwater"};
    struct crash crash = {.seed = seed_of_run()};
    char name[128];
    int unreported = 0;

    crash.state = crash.seed;
    (void)snprintf(crash.directory, sizeof crash.directory, "/tmp/test_journal_crash.XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(crash.directory));
    (void)snprintf(crash.path, sizeof crash.path, "%s/journal.db", crash.directory);
    for (uint64_t round = 1; round <= ROUNDS; round++) {
        uint64_t reported;
        kill_one(&crash, round);
        reported = crash.reported.last_seq;
        if (draw(&crash.state) % 3 == 0)
            append_garbage(&crash);
        /* A second kill may come before anybody has looked; its child recovers what the first one left. */
        if (draw(&crash.state) % 3 == 0)
            continue;
        check_journal(&crash);
        unreported += crash.found.last_seq > reported;
    }
    check_journal(&crash);
    printf("%d kills, %llu events, %llu alerts, %llu rejections; %d times a turn was stored whose report was not read\n", ROUNDS,
           (unsigned long long)crash.found.last_seq, (unsigned long long)crash.found.last_alert_seq,
           (unsigned long long)crash.found.quarantined, unreported);
    ck_assert_uint_gt(crash.found.last_seq, 0);
    for (size_t i = 0; i < sizeof suffixes / sizeof *suffixes; i++) {
        (void)snprintf(name, sizeof name, "%s%s", crash.path, suffixes[i]);
        (void)unlink(name);
    }
    ck_assert_int_eq(rmdir(crash.directory), 0);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("journal crash");
    TCase *checks = tcase_create("journal crash");
    SRunner *runner = srunner_create(suite);
    int failed;

    tcase_set_timeout(checks, 250);
    tcase_add_test(checks, what_was_reported_is_there_exactly_once_after_any_kill);
    suite_add_tcase(suite, checks);
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
