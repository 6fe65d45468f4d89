/* Packs of evidence in the gateway, with programs of the test's own and a made-up clock: the queue, limits of time and size, and what
 * stays. */
#include "client/dashboard/packs.h"

#include <check.h>
#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define LIMIT_MS 30000 /* for a program of two lines on a loaded machine */
#define MINUTE INT64_C(60000)
#define BEGIN "#!/bin/sh\nfor last; do :; done\nout=${last#--out=}\n"

struct stage {
    char folder[64];  /* of everything */
    char working[80]; /* where packs are made */
    char program[80];
    struct log *log;
    struct packs *packs;
};

static void set_up(struct stage *stage, const char *script, int64_t time_limit_ms) {
    struct packs_setup setup = {.command = stage->program, .query = "ipc:///nowhere", .time_limit_ms = time_limit_ms};

    snprintf(stage->folder, sizeof stage->folder, "/tmp/packs-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(stage->folder));
    snprintf(stage->working, sizeof stage->working, "%s/tmp", stage->folder);
    ck_assert_int_eq(mkdir(stage->working, 0700), 0);
    ck_assert_int_eq(setenv("TMPDIR", stage->working, 1), 0);
    snprintf(stage->program, sizeof stage->program, "%s/program", stage->folder);
    if (script != NULL) {
        FILE *file = fopen(stage->program, "w");

        ck_assert_ptr_nonnull(file);
        ck_assert_int_ge(fputs(script, file), 0);
        ck_assert_int_eq(fclose(file), 0);
        ck_assert_int_eq(chmod(stage->program, 0700), 0);
    }
    stage->log = log_create(STDERR_FILENO, LOG_LEVEL_ERROR, LOG_PREFIX_NAME);
    setup.log = stage->log;
    stage->packs = packs_create(&setup);
}

static bool is_empty(const char *path) {
    DIR *folder = opendir(path);
    int entries = 0;

    ck_assert_ptr_nonnull(folder);
    while (readdir(folder) != NULL) {
        entries++;
    }
    (void)closedir(folder);
    return entries == 2;
}

/* Whatever became of the packs, nothing of them may be left. */
static void tear_down(struct stage *stage) {
    packs_destroy(&stage->packs);
    ck_assert_ptr_null(stage->packs);
    log_destroy(&stage->log);
    ck_assert(is_empty(stage->working));
    (void)rmdir(stage->working);
    (void)unlink(stage->program);
    ck_assert_int_eq(rmdir(stage->folder), 0);
}

static const struct pack *ask(struct stage *stage, int64_t now_ms) {
    static const struct pack_request request = {.from = "2025-02-01", .to = "2025-07-31"};

    static const struct access_rights rights = {.roles = ACCESS_BIT(ACCESS_ANALYST)};
    struct identity *who = identity_create("jo", &rights);
    const struct pack *pack = packs_ask(stage->packs, &request, who, now_ms);

    identity_release(&who);
    return pack;
}

static void keep_id(const struct pack *pack, char id[PACK_ID_SIZE]) {
    ck_assert_ptr_nonnull(pack);
    ck_assert_uint_eq(strlen(pack->id), PACK_ID_SIZE - 1);
    memcpy(id, pack->id, PACK_ID_SIZE);
}

/* Runs at that moment until the pack is in the state and, if asked, the program has said so much. */
static const struct pack *await(struct stage *stage, const char *id, enum pack_state state, unsigned asked, int64_t now_ms) {
    zmq_pollitem_t items[PACKS_POLL_ITEMS];

    for (;;) {
        const struct pack *pack = packs_find(stage->packs, id, now_ms);

        ck_assert_ptr_nonnull(pack);
        if (pack->state == state && pack->asked >= asked) {
            return pack;
        }
        int count = packs_poll(stage->packs, items);

        ck_assert_msg(count > 0 && zmq_poll(items, count, LIMIT_MS) > 0, "nothing happens: %d %s", (int)pack->state, pack->message);
        packs_run(stage->packs, now_ms);
    }
}

START_TEST(one_that_is_done_is_kept_for_a_quarter_of_an_hour) {
    struct stage stage;
    char id[PACK_ID_SIZE], text[16] = "";

    set_up(&stage, BEGIN "echo 'progress 3 7' >&2\nprintf whole > $out\n", MINUTE);
    keep_id(ask(&stage, 0), id);
    const struct pack *pack = await(&stage, id, PACK_DONE, 3, 0);
    ck_assert_uint_eq(pack->questions, 7);
    ck_assert_uint_eq(pack->bytes, 5);
    ck_assert(pread(pack->file, text, sizeof text, 0) == 5 && strcmp(text, "whole") == 0);
    ck_assert_msg(is_empty(stage.working), "its file has no name any more");
    packs_run(stage.packs, PACKS_KEPT_MS - 1);
    ck_assert_ptr_nonnull(packs_find(stage.packs, id, PACKS_KEPT_MS - 1));
    packs_run(stage.packs, PACKS_KEPT_MS);
    ck_assert_ptr_null(packs_find(stage.packs, id, PACKS_KEPT_MS));
    tear_down(&stage);
}
END_TEST

START_TEST(one_at_a_time_and_three_wait) {
    struct stage stage;
    char ids[PACKS_WAITING_MAX + 1][PACK_ID_SIZE];

    set_up(&stage, BEGIN "echo 'progress 1 7' >&2\nexec sleep 600\n", MINUTE);
    for (size_t i = 0; i <= PACKS_WAITING_MAX; i++) {
        keep_id(ask(&stage, 0), ids[i]);
        const struct pack *pack = packs_find(stage.packs, ids[i], 0);
        ck_assert_int_eq(pack->state, i == 0 ? PACK_MAKING : PACK_WAITING);
        ck_assert_uint_eq(packs_before(stage.packs, pack), i);
    }
    ck_assert_ptr_null(ask(&stage, 0));
    packs_cancel(stage.packs, ids[2], 0);
    ck_assert_ptr_null(packs_find(stage.packs, ids[2], 0));
    packs_cancel(stage.packs, ids[0], 0);
    await(&stage, ids[1], PACK_MAKING, 1, 0);
    ck_assert_uint_eq(packs_before(stage.packs, packs_find(stage.packs, ids[3], 0)), 1);
    ck_assert_ptr_nonnull(ask(&stage, 0));
    tear_down(&stage);
}
END_TEST

START_TEST(one_that_nobody_asks_for_is_given_up_and_killed) {
    struct stage stage;
    char first[PACK_ID_SIZE], second[PACK_ID_SIZE];

    set_up(&stage, BEGIN "echo \"progress $$ $$\" >&2\nprintf half > $out.part\nexec sleep 600\n", 60 * MINUTE);
    keep_id(ask(&stage, 0), first);
    pid_t program = (pid_t)await(&stage, first, PACK_MAKING, 1, 0)->asked;
    keep_id(ask(&stage, 1), second);
    ck_assert_int_eq(kill(program, 0), 0);
    packs_run(stage.packs, PACKS_ABANDONED_MS - 1);
    ck_assert_int_eq(kill(program, 0), 0);
    ck_assert_ptr_nonnull(packs_find(stage.packs, second, PACKS_ABANDONED_MS));
    packs_run(stage.packs, PACKS_ABANDONED_MS);
    ck_assert(kill(program, 0) != 0 && errno == ESRCH);
    ck_assert_ptr_null(packs_find(stage.packs, first, PACKS_ABANDONED_MS));
    await(&stage, second, PACK_MAKING, 1, PACKS_ABANDONED_MS);
    tear_down(&stage);
}
END_TEST

START_TEST(one_that_takes_too_long_is_killed) {
    struct stage stage;
    char id[PACK_ID_SIZE];

    set_up(&stage, BEGIN "echo 'waitlistctl: no reason' >&2\necho \"progress $$ $$\" >&2\nexec sleep 600\n", MINUTE);
    keep_id(ask(&stage, 0), id);
    pid_t program = (pid_t)await(&stage, id, PACK_MAKING, 1, 0)->asked;
    packs_run(stage.packs, MINUTE);
    const struct pack *pack = packs_find(stage.packs, id, MINUTE);
    ck_assert_int_eq(pack->state, PACK_FAILED);
    ck_assert_ptr_nonnull(strstr(pack->message, "longer than it may"));
    ck_assert(kill(program, 0) != 0 && errno == ESRCH);
    tear_down(&stage);
}
END_TEST

static void fails_with(const char *script, const char *message) {
    struct stage stage;
    char id[PACK_ID_SIZE];

    set_up(&stage, script, MINUTE);
    keep_id(ask(&stage, 0), id);
    const struct pack *pack = await(&stage, id, PACK_FAILED, 0, 0);
    ck_assert_msg(strstr(pack->message, message) != NULL, "%s", pack->message);
    ck_assert_int_lt(pack->file, 0);
    tear_down(&stage);
}

START_TEST(why_one_fails_is_told) {
    fails_with(BEGIN "echo 'waitlistctl: because' >&2\necho 'waitlistctl: nothing was written' >&2\nprintf half > $out\nexit 1\n",
               "because");
    fails_with(BEGIN "exit 0\n", "without having made it");
    fails_with(BEGIN "kill -9 $$\n", "without having made it");
    fails_with(BEGIN "exec truncate -s 300M $out\n", "larger than 256 MiB");
    fails_with(NULL, "cannot be started");
    fails_with(BEGIN "head -c 2000 /dev/zero | tr '\\0' x >&2\necho >&2\necho 'waitlistctl: behind a long line' >&2\nexit 1\n",
               "behind a long line");
}
END_TEST

START_TEST(so_many_bytes_are_kept_and_no_more) {
    struct stage stage;
    char first[PACK_ID_SIZE], second[PACK_ID_SIZE];

    set_up(&stage, BEGIN "exec truncate -s 200M $out\n", MINUTE);
    keep_id(ask(&stage, 0), first);
    await(&stage, first, PACK_DONE, 0, 0);
    keep_id(ask(&stage, 1), second);
    await(&stage, second, PACK_DONE, 0, 1);
    ck_assert_ptr_null(packs_find(stage.packs, first, 1));
    ck_assert_ptr_nonnull(packs_find(stage.packs, second, 1));
    tear_down(&stage);
}
END_TEST

START_TEST(so_many_packs_are_kept_and_no_more) {
    struct stage stage;
    char first[PACK_ID_SIZE], id[PACK_ID_SIZE];

    set_up(&stage, BEGIN "printf whole > $out\n", MINUTE);
    keep_id(ask(&stage, 0), first);
    await(&stage, first, PACK_DONE, 0, 0);
    for (int64_t i = 1; i < PACKS_MAX; i++) {
        keep_id(ask(&stage, i), id);
        await(&stage, id, PACK_DONE, 0, i);
    }
    ck_assert_ptr_nonnull(packs_find(stage.packs, first, PACKS_MAX));
    keep_id(ask(&stage, PACKS_MAX), id);
    ck_assert_ptr_null(packs_find(stage.packs, first, PACKS_MAX));
    ck_assert_ptr_nonnull(packs_find(stage.packs, id, PACKS_MAX));
    tear_down(&stage);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("packs");
    TCase *packs = tcase_create("packs");
    tcase_set_timeout(packs, 120);
    tcase_add_test(packs, one_that_is_done_is_kept_for_a_quarter_of_an_hour);
    tcase_add_test(packs, one_at_a_time_and_three_wait);
    tcase_add_test(packs, one_that_nobody_asks_for_is_given_up_and_killed);
    tcase_add_test(packs, one_that_takes_too_long_is_killed);
    tcase_add_test(packs, why_one_fails_is_told);
    tcase_add_test(packs, so_many_bytes_are_kept_and_no_more);
    tcase_add_test(packs, so_many_packs_are_kept_and_no_more);
    suite_add_tcase(suite, packs);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
