/* Checks of the thread that answers questions over the past: what it remembers, how many it takes, how it ends. */
#include "daemon/past/past.h"

#include "daemon/config/config.h"
#include "daemon/core/selection.h"

#include "tests/unit/journal_fixture.h"

#include <check.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { LIMIT_MS = 60000, IDLE_LONG_MS = 600000 };

struct scene {
    struct config *config;
    struct calendar *calendar;
    struct journal *journal;
    void *context;
    struct past *past;
};

/* What the answers of the thread are told by: a pipe that holds them until the check lets go, NULL when nothing does. */
static int gate[2] = {-1, -1};

static void add_policy(struct scene *scene, const char *from, int32_t standard) {
    struct holidays none = {0, NULL};
    day_t day;
    ck_assert(date_parse(text_of(from), &day));
    scene->config->policy.pathways[0].standard_days = standard;
    char *json = policy_to_json(&scene->config->policy, &none, day);
    journal_begin(scene->journal, NOON);
    journal_append_record(scene->journal, JOURNAL_RECORD_POLICY, text_of(json));
    commit(scene->journal);
    free(json);
}

static void add_referral(struct scene *scene, int number) {
    char bytes[400];
    snprintf(bytes, sizeof bytes,
             "{\"specversion\":\"1.0\",\"id\":\"e-%d\",\"source\":\"urn:test\",\"type\":\"asc.referral.received\",\"subject\":\"W-%d\","
             "\"time\":\"2025-02-01T09:00:00Z\",\"data\":{\"pathway\":\"%s\",\"team\":\"north\",\"person\":\"p-%d\"}}",
             number, number, scene->config->policy.pathways[0].name, number);
    commit_one(scene->journal, bytes);
}

static void open_scene(struct scene *scene, past_answer *answer, long idle_ms) {
    memset(scene, 0, sizeof *scene);
    scene->config = config_load(NULL, NULL, NULL);
    scene->calendar = config_calendar_of("Europe/London", &(struct holidays){0, NULL}, NULL, NULL);
    scene->journal = opened();
    add_policy(scene, "2025-02-01", 28);
    scene->context = zmq_ctx_new();
    scene->past = past_create(&(struct past_setup){scene->context, fixture_path(""), scene->calendar, answer, idle_ms});
    ck_assert_ptr_nonnull(scene->past);
    calendar_destroy(&scene->calendar); /* the thread has its own */
}

static void close_scene(struct scene *scene) {
    past_destroy(&scene->past);
    ck_assert_ptr_null(scene->past);
    zmq_ctx_term(scene->context);
    journal_close(&scene->journal);
    config_free(&scene->config);
}

static bool ask(struct scene *scene, const char *from, const char *request) {
    struct return_address address = {.routing_id_length = strlen(from), .delimiter = true};
    memcpy(address.routing_id, from, address.routing_id_length);
    char known[] = "t north\n"; /* spoiled at once: the question has its own */
    struct past_terms terms = {
        .today = 20000, .asked_at = INSTANT_NONE, .epoch = 100, .newest_alert_seq = 7, .backdated_days = 14, .known = text_of(known)};
    char note[] = "noted";
    terms.note = note;
    terms.note_size = sizeof note;
    bool taken = past_ask(scene->past, &address, &terms, text_of(request));
    memset(known, '?', sizeof known - 1);
    memset(note, '?', sizeof note - 1);
    return taken;
}

/* The next answer must be for `from`. */
static void told(struct scene *scene, const char *from, const char *expected) {
    zmq_pollitem_t item = {.socket = past_socket(scene->past), .events = ZMQ_POLLIN};
    struct return_address to;
    zmq_msg_t note, answer;
    ck_assert_int_eq(zmq_poll(&item, 1, LIMIT_MS), 1);
    zmq_msg_init(&note);
    zmq_msg_init(&answer);
    ck_assert(past_take(scene->past, &to, &note, &answer));
    ck_assert_uint_eq(to.routing_id_length, strlen(from));
    ck_assert(memcmp(to.routing_id, from, to.routing_id_length) == 0 && to.delimiter);
    ck_assert_uint_eq(zmq_msg_size(&note), sizeof "noted"); /* it comes back as it was handed over */
    ck_assert_str_eq(zmq_msg_data(&note), "noted");
    ck_assert_uint_eq(zmq_msg_size(&answer), strlen(expected));
    ck_assert_msg(memcmp(zmq_msg_data(&answer), expected, strlen(expected)) == 0, "%.*s, not %s", (int)zmq_msg_size(&answer),
                  (const char *)zmq_msg_data(&answer), expected);
    zmq_msg_close(&note);
    zmq_msg_close(&answer);
}

static char *copied(const char *text, size_t *length) {
    *length = strlen(text);
    return strdup(text);
}

/* "DATE" gives "waiting breach standard of W-1, empty before", as known now. */
static char *answer_position(struct chronicle *chronicle, const struct past_terms *terms, struct text request, size_t *length) {
    char text[120];
    day_t day;
    bool was_empty = chronicle_is_empty(chronicle);
    struct wait_filter filter = {0};
    struct summary summary;
    if (terms->backdated_days != 14 || !text_is(terms->known, "t north\n"))
        return copied("wrong lists", length);
    if (terms->today != 20000 || terms->epoch != 100 || terms->newest_alert_seq != 7 || !date_parse(request, &day))
        return copied("wrong terms", length);
    if (chronicle_refresh(chronicle) != JOURNAL_OK)
        return copied(chronicle_failure(chronicle), length);
    struct waiting_register *reg = chronicle_register(chronicle, day, journal_last_seq(chronicle_journal(chronicle)));
    if (chronicle_register(chronicle, day, journal_last_seq(chronicle_journal(chronicle))) != reg)
        return copied("made twice", length);
    register_summary(reg, NULL, 0, &filter, &summary);
    snprintf(text, sizeof text, "%u %u%s", summary.total.waiting, summary.total.breach, was_empty ? " read anew" : "");
    summary_free(&summary);
    return copied(text, length);
}

static char *answer_when_let_go(struct chronicle *chronicle, const struct past_terms *terms, struct text request, size_t *length) {
    char byte;
    (void)chronicle;
    (void)terms;
    (void)request;
    ck_assert_int_eq(read(gate[0], &byte, 1), 1);
    return copied("let go", length);
}

START_TEST(the_chronicle_is_kept_and_grows) {
    struct scene scene;
    open_scene(&scene, answer_position, IDLE_LONG_MS);
    ck_assert(ask(&scene, "a", "2025-02-20"));
    told(&scene, "a", "0 0 read anew");
    for (int number = 1; number <= 3; number++) {
        char expected[40];
        add_referral(&scene, number);
        ck_assert(ask(&scene, "b", "2025-02-20"));
        ck_assert(ask(&scene, "c", "2025-03-10"));
        snprintf(expected, sizeof expected, "%d 0", number);
        told(&scene, "b", expected);
        snprintf(expected, sizeof expected, "%d %d", number, number);
        told(&scene, "c", expected);
    }
    close_scene(&scene);
}
END_TEST

START_TEST(a_policy_holds_from_its_day) {
    struct scene scene;
    open_scene(&scene, answer_position, IDLE_LONG_MS);
    add_referral(&scene, 1);
    ck_assert(ask(&scene, "a", "2025-02-20"));
    told(&scene, "a", "1 0 read anew");
    add_policy(&scene, "2025-02-18", 5);
    ck_assert(ask(&scene, "a", "2025-02-17"));
    ck_assert(ask(&scene, "a", "2025-02-18"));
    ck_assert(ask(&scene, "a", "2025-02-20"));
    told(&scene, "a", "1 0");
    told(&scene, "a", "1 1");
    told(&scene, "a", "1 1");
    close_scene(&scene);
}
END_TEST

START_TEST(what_nobody_asks_for_is_given_back) {
    struct scene scene;
    open_scene(&scene, answer_position, 1);
    add_referral(&scene, 1);
    bool read_anew = false;
    /* Between two questions a millisecond passes sooner or later; then the second begins from nothing. */
    for (int turn = 0; turn < 1000 && !read_anew; turn++) {
        struct pollfd nothing = {.fd = -1};
        ck_assert(ask(&scene, "a", "2025-02-20"));
        zmq_pollitem_t item = {.socket = past_socket(scene.past), .events = ZMQ_POLLIN};
        struct return_address to;
        zmq_msg_t note, answer;
        ck_assert_int_eq(zmq_poll(&item, 1, LIMIT_MS), 1);
        zmq_msg_init(&note);
        zmq_msg_init(&answer);
        ck_assert(past_take(scene.past, &to, &note, &answer));
        read_anew = turn > 0 && zmq_msg_size(&answer) == strlen("1 0 read anew");
        zmq_msg_close(&note);
        zmq_msg_close(&answer);
        ck_assert_int_eq(poll(&nothing, 1, 2), 0);
    }
    ck_assert(read_anew);
    close_scene(&scene);
}
END_TEST

START_TEST(only_so_many_are_taken) {
    struct scene scene;
    ck_assert_int_eq(pipe(gate), 0);
    open_scene(&scene, answer_when_let_go, IDLE_LONG_MS);
    for (int i = 0; i < PAST_QUESTIONS_MAX; i++)
        ck_assert(ask(&scene, "a", "?"));
    ck_assert(!ask(&scene, "b", "?"));
    ck_assert_int_eq(write(gate[1], "1", 1), 1);
    told(&scene, "a", "let go");
    ck_assert(ask(&scene, "b", "?"));
    ck_assert(!ask(&scene, "c", "?"));
    for (int i = 1; i < PAST_QUESTIONS_MAX; i++) {
        ck_assert_int_eq(write(gate[1], "1", 1), 1);
        told(&scene, "a", "let go");
    }
    ck_assert_int_eq(write(gate[1], "1", 1), 1);
    told(&scene, "b", "let go");
    struct return_address to;
    zmq_msg_t note, answer;
    zmq_msg_init(&note);
    zmq_msg_init(&answer);
    ck_assert(!past_take(scene.past, &to, &note, &answer));
    zmq_msg_close(&note);
    zmq_msg_close(&answer);
    close_scene(&scene);
    close(gate[0]);
    close(gate[1]);
}
END_TEST

START_TEST(it_ends_while_questions_wait) {
    struct scene scene;
    open_scene(&scene, answer_position, IDLE_LONG_MS);
    add_referral(&scene, 1);
    for (int i = 0; i < PAST_QUESTIONS_MAX; i++)
        ck_assert(ask(&scene, "a", "2025-02-20"));
    close_scene(&scene);
    open_scene(&scene, answer_position, IDLE_LONG_MS);
    close_scene(&scene);
}
END_TEST

START_TEST(damage_is_told_and_leaves_nothing_behind) {
    struct scene scene;
    open_scene(&scene, answer_position, IDLE_LONG_MS);
    commit_one(scene.journal, "no event at all");
    ck_assert(ask(&scene, "a", "2025-02-20"));
    ck_assert(ask(&scene, "b", "2025-02-20"));
    told(&scene, "a", "the journal is damaged");
    told(&scene, "b", "the journal is damaged");
    close_scene(&scene);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("past thread");
    TCase *checks = tcase_create("past");
    SRunner *runner = srunner_create(suite);
    int failed;

    tcase_add_checked_fixture(checks, make_directory, remove_directory);
    tcase_set_timeout(checks, 100);
    tcase_add_test(checks, the_chronicle_is_kept_and_grows);
    tcase_add_test(checks, a_policy_holds_from_its_day);
    tcase_add_test(checks, what_nobody_asks_for_is_given_back);
    tcase_add_test(checks, only_so_many_are_taken);
    tcase_add_test(checks, it_ends_while_questions_wait);
    tcase_add_test(checks, damage_is_told_and_leaves_nothing_behind);
    suite_add_tcase(suite, checks);
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
