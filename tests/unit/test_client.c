/* Checks of libwaitlist step by step: the daemon's side is played by the test itself, on plain sockets in a scratch directory. */
#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <waitlist/client.h>
#include <zmq.h>

#define LIMIT_MS 20000 /* a limit, never a wait */
#define EVENT "{\"id\":\"e\"}"

/* Both sides of one socket, and what the sender told. */
struct fixture {
    char directory[64];
    void *context;
    void *socket; /* ROUTER */
    struct waitlist_client *client;
    unsigned replies, refused, quarantined, resent, read_only, writable;
    uint64_t quarantined_tag;
    char code[64];
};

static void open_daemon(struct fixture *fixture, const char *name) {
    char uri[128];
    int none = 0;
    int limit = LIMIT_MS;

    snprintf(uri, sizeof uri, "ipc://%s/%s", fixture->directory, name);
    fixture->socket = zmq_socket(fixture->context, ZMQ_ROUTER);
    ck_assert_int_eq(zmq_setsockopt(fixture->socket, ZMQ_LINGER, &none, sizeof none), 0);
    ck_assert_int_eq(zmq_setsockopt(fixture->socket, ZMQ_RCVTIMEO, &limit, sizeof limit), 0);
    ck_assert_int_eq(zmq_bind(fixture->socket, uri), 0);
}

static void open_fixture(struct fixture *fixture, const char *name) {
    memset(fixture, 0, sizeof *fixture);
    strcpy(fixture->directory, "/tmp/waitlist-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(fixture->directory));
    fixture->context = zmq_ctx_new();
    open_daemon(fixture, name);
    fixture->client = waitlist_client_create_in(fixture->directory);
    ck_assert_ptr_nonnull(fixture->client);
}

static void close_fixture(struct fixture *fixture) {
    waitlist_client_destroy(&fixture->client);
    zmq_close(fixture->socket);
    zmq_ctx_term(fixture->context);
    for (const char *const *name = (const char *const[]){"ingest.ipc", "query.ipc", "publish.ipc", NULL}; *name != NULL; name++) {
        char path[128];

        snprintf(path, sizeof path, "%s/%s", fixture->directory, *name);
        unlink(path);
    }
    ck_assert_int_eq(rmdir(fixture->directory), 0);
}

/* The frames of one message as texts; ids are copied so that they can be sent back. */
struct message {
    char frame[4][2048];
    size_t size[4];
    size_t count;
};

static void receive(struct fixture *fixture, struct message *message) {
    int more = 1;
    size_t size = sizeof more;

    message->count = 0;
    while (more != 0) {
        ck_assert_uint_lt(message->count, 4);
        int got = zmq_recv(fixture->socket, message->frame[message->count], 2047, 0);

        ck_assert_msg(got >= 0, "nothing came: %s", zmq_strerror(errno));
        message->frame[message->count][got] = '\0';
        message->size[message->count++] = (size_t)got;
        ck_assert_int_eq(zmq_getsockopt(fixture->socket, ZMQ_RCVMORE, &more, &size), 0);
    }
}

/* Everything but the last frame goes back as it came. */
static void answer(struct fixture *fixture, const struct message *message, const char *json) {
    for (size_t i = 0; i + 1 < message->count; i++) {
        ck_assert_int_ge(zmq_send(fixture->socket, message->frame[i], message->size[i], ZMQ_SNDMORE), 0);
    }
    ck_assert_int_ge(zmq_send(fixture->socket, json, strlen(json), 0), 0);
}

static void on_reply(void *context, const struct waitlist_batch_reply *reply) {
    struct fixture *fixture = context;

    fixture->replies++;
    fixture->refused += !reply->durable;
    fixture->quarantined += (unsigned)reply->quarantined_count;
    if (reply->quarantined_count > 0) {
        fixture->quarantined_tag = reply->quarantined[0].tag;
    }
    snprintf(fixture->code, sizeof fixture->code, "%s", reply->error_code);
}

static void on_notice(void *context, enum waitlist_sender_notice notice, uint64_t detail) {
    struct fixture *fixture = context;

    ck_assert(notice == WAITLIST_NOTICE_WRITABLE || detail > 0);
    fixture->resent += notice == WAITLIST_NOTICE_RESENT ? (unsigned)detail : 0;
    fixture->read_only += notice == WAITLIST_NOTICE_READ_ONLY;
    fixture->writable += notice == WAITLIST_NOTICE_WRITABLE;
}

static struct waitlist_sender *open_sender(struct fixture *fixture, size_t batch, size_t window) {
    const struct waitlist_sender_options options = {.batch = batch,
                                                    .window = window,
                                                    .resend_ms = 100,
                                                    .retry_ms = 10,
                                                    .on_reply = on_reply,
                                                    .on_notice = on_notice,
                                                    .context = fixture};

    open_fixture(fixture, "ingest.ipc");
    return waitlist_sender_create(fixture->client, &options);
}

static void submit(struct waitlist_sender *sender, const char *event, uint64_t tag) {
    ck_assert_int_eq(waitlist_sender_submit(sender, event, strlen(event), tag, 0), WAITLIST_OK);
}

#define ALL_ACCEPTED "{\"v\":1,\"ok\":true,\"accepted\":1,\"duplicates\":0,\"seq\":9,\"quarantined\":[]}"

START_TEST(endpoints_are_checked) {
    const char *const bad[] = {"",
                               " , ",
                               "http://x",
                               "tcp://host",
                               "ipc://",
                               "tcp://:5871",
                               "ipc:///a,ipc:///b,ipc:///c,ipc:///d,ipc:///e,ipc:///f,ipc:///g,ipc:///h,ipc:///i"};

    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct waitlist_endpoints endpoints = {.query = bad[i]};

        errno = 0;
        ck_assert_ptr_null(waitlist_client_create(&endpoints));
        ck_assert_int_eq(errno, EINVAL);
    }
    ck_assert_ptr_null(waitlist_client_create_in("relative"));
    struct waitlist_client *client = waitlist_client_create(NULL);

    ck_assert_ptr_nonnull(client);
    waitlist_client_destroy(&client);
    ck_assert_ptr_null(client);
    waitlist_client_destroy(&client);
}
END_TEST

START_TEST(options_are_checked) {
    struct waitlist_client *client = waitlist_client_create(NULL);
    const struct waitlist_sender_options bad[] = {{.batch = 1025},   {.window = 1025}, {.batch_bytes = 100},
                                                  {.resend_ms = 99}, {.retry_ms = 9},  {.retry_ms = -1}};

    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        ck_assert_ptr_null(waitlist_sender_create(client, &bad[i]));
    }
    const struct waitlist_alert_filter filter = {.team = "not a name"};

    ck_assert_ptr_null(waitlist_follower_create(client, NULL, &filter));
    waitlist_client_destroy(&client);
}
END_TEST

START_TEST(seqs_are_big_endian) {
    unsigned char bytes[WAITLIST_SEQ_BYTES];

    waitlist_seq_encode(0x0102030405060708U, bytes);
    ck_assert_int_eq(bytes[0], 1);
    ck_assert_int_eq(bytes[7], 8);
    ck_assert_uint_eq(waitlist_seq_decode(bytes), 0x0102030405060708U);
}
END_TEST

START_TEST(events_become_lines) {
    struct fixture fixture;
    struct waitlist_sender *sender = open_sender(&fixture, 2, 1);
    struct message message;

    ck_assert_int_eq(waitlist_sender_submit(sender, " \t\r\n", 4, 0, 0), WAITLIST_INVALID);
    ck_assert_int_eq(waitlist_sender_submit(sender, "{\"a\":\"x\ny\"}", 11, 0, 0), WAITLIST_INVALID);
    submit(sender, "{\n  \"id\": \"quote \\\" and end\"\n}", 1);
    submit(sender, EVENT, 2);
    ck_assert_int_eq(waitlist_sender_poll(sender, 0), WAITLIST_TIMEOUT);
    receive(&fixture, &message);
    ck_assert_uint_eq(message.count, 3);
    ck_assert_uint_le(message.size[1], WAITLIST_BATCH_ID_BYTES_MAX);
    ck_assert_str_eq(message.frame[2], "{   \"id\": \"quote \\\" and end\" }\n" EVENT "\n");
    waitlist_sender_destroy(&sender);
    close_fixture(&fixture);
}
END_TEST

START_TEST(the_window_is_a_limit) {
    struct fixture fixture;
    struct waitlist_sender *sender = open_sender(&fixture, 1, 2);
    struct waitlist_sender_totals totals;
    struct message message;

    for (uint64_t i = 0; i < 3; i++) { /* two in the window, one gathering */
        submit(sender, EVENT, i);
    }
    ck_assert_int_eq(waitlist_sender_submit(sender, EVENT, strlen(EVENT), 3, 0), WAITLIST_FULL);
    receive(&fixture, &message);
    answer(&fixture, &message, ALL_ACCEPTED);
    ck_assert_int_eq(waitlist_sender_submit(sender, EVENT, strlen(EVENT), 3, LIMIT_MS), WAITLIST_OK);
    waitlist_sender_totals(sender, &totals);
    ck_assert_uint_eq(totals.submitted, 4);
    ck_assert_uint_eq(totals.accepted, 1);
    ck_assert_uint_eq(totals.pending, 3);
    ck_assert_uint_eq(totals.seq, 9);
    waitlist_sender_destroy(&sender);
    close_fixture(&fixture);
}
END_TEST

START_TEST(what_is_not_answered_is_sent_again) {
    struct fixture fixture;
    struct waitlist_sender *sender = open_sender(&fixture, 1, 4);
    struct message first;
    struct message again;

    submit(sender, EVENT, 7);
    ck_assert_int_eq(waitlist_sender_flush(sender, 0), WAITLIST_UNREACHABLE);
    receive(&fixture, &first);
    ck_assert_int_eq(waitlist_sender_poll(sender, 150), WAITLIST_TIMEOUT);
    receive(&fixture, &again);
    ck_assert_uint_eq(fixture.resent, 1);
    ck_assert_mem_eq(first.frame[1], again.frame[1], first.size[1]);
    answer(&fixture, &again, ALL_ACCEPTED);
    ck_assert_int_eq(waitlist_sender_flush(sender, LIMIT_MS), WAITLIST_OK);
    ck_assert_uint_eq(fixture.replies, 1);
    /* The same answer once more is nobody's. */
    answer(&fixture, &again, ALL_ACCEPTED);
    submit(sender, EVENT, 8);
    ck_assert_int_eq(waitlist_sender_poll(sender, 0), WAITLIST_TIMEOUT);
    ck_assert_uint_eq(fixture.replies, 1);
    waitlist_sender_destroy(&sender);
    close_fixture(&fixture);
}
END_TEST

START_TEST(a_dead_daemon_is_found_again) {
    struct fixture fixture;
    struct waitlist_sender *sender = open_sender(&fixture, 1, 4);
    struct message message;

    submit(sender, EVENT, 7);
    ck_assert_int_eq(waitlist_sender_poll(sender, 0), WAITLIST_TIMEOUT);
    receive(&fixture, &message);
    zmq_close(fixture.socket);
    open_daemon(&fixture, "ingest.ipc");
    struct waitlist_sender_totals totals = {.resent = 0};

    while (totals.resent == 0) {
        ck_assert_int_eq(waitlist_sender_poll(sender, 20), WAITLIST_TIMEOUT);
        waitlist_sender_totals(sender, &totals);
    }
    receive(&fixture, &message);
    answer(&fixture, &message, ALL_ACCEPTED);
    ck_assert_int_eq(waitlist_sender_flush(sender, LIMIT_MS), WAITLIST_OK);
    waitlist_sender_destroy(&sender);
    close_fixture(&fixture);
}
END_TEST

START_TEST(read_only_is_tried_again) {
    struct fixture fixture;
    struct waitlist_sender *sender = open_sender(&fixture, 1, 4);
    struct message message;

    submit(sender, EVENT, 7);
    for (int i = 0; i < 3; i++) {
        ck_assert_int_eq(waitlist_sender_poll(sender, 0), WAITLIST_TIMEOUT);
        /* The pause is over at once or a few milliseconds later; poll sends when it is. */
        if (i > 0) {
            ck_assert_int_eq(waitlist_sender_poll(sender, 60), WAITLIST_TIMEOUT);
        }
        receive(&fixture, &message);
        answer(&fixture, &message, "{\"v\":1,\"ok\":false,\"error\":{\"code\":\"read_only\",\"message\":\"full\"}}");
        ck_assert_int_eq(waitlist_sender_poll(sender, LIMIT_MS), WAITLIST_OK);
        ck_assert_uint_eq(fixture.read_only, (unsigned)i + 1);
    }
    ck_assert_int_eq(waitlist_sender_poll(sender, 90), WAITLIST_TIMEOUT);
    receive(&fixture, &message);
    answer(&fixture, &message, ALL_ACCEPTED);
    ck_assert_int_eq(waitlist_sender_flush(sender, LIMIT_MS), WAITLIST_OK);
    ck_assert_uint_eq(fixture.writable, 1);
    ck_assert_uint_eq(fixture.refused, 0);
    waitlist_sender_destroy(&sender);
    close_fixture(&fixture);
}
END_TEST

/* An answer, and what the sender must make of it: how many refused batches, which code. */
static const struct {
    const char *json;
    unsigned refused, quarantined;
    const char *code;
} answers[] = {
    {"{\"v\":1,\"ok\":true,\"accepted\":1,\"duplicates\":1,\"seq\":2,\"quarantined\":[]}", 0, 0, ""},
    {"{\"v\":1,\"ok\":true,\"accepted\":1,\"duplicates\":0,\"seq\":2,\"quarantined\":[{\"index\":1,\"id\":null,\"code\":\"bad_data\"}]}", 0,
     1, ""},
    {"{\"v\":1,\"ok\":true,\"accepted\":1,\"duplicates\":0,\"seq\":2,\"quarantined\":[{\"index\":2,\"code\":\"bad_data\"}]}", 1, 0,
     "bad_reply"},
    {"{\"v\":1,\"ok\":true,\"accepted\":1,\"duplicates\":0,\"seq\":2,\"quarantined\":[]}", 1, 0, "bad_reply"},
    {"{\"v\":1,\"ok\":false,\"error\":{\"code\":\"forbidden\",\"message\":\"no\"}}", 1, 0, "forbidden"},
    {"{\"v\":2,\"ok\":true}", 1, 0, "bad_reply"},
    {"rubbish", 1, 0, "bad_reply"},
    {"[]", 1, 0, "bad_reply"},
};

START_TEST(answers_are_not_believed_blindly) {
    struct fixture fixture;
    struct waitlist_sender *sender = open_sender(&fixture, 2, 4);
    struct message message;

    submit(sender, EVENT, 41);
    submit(sender, EVENT, 42);
    ck_assert_int_eq(waitlist_sender_poll(sender, 0), WAITLIST_TIMEOUT);
    receive(&fixture, &message);
    answer(&fixture, &message, answers[_i].json);
    ck_assert_int_eq(waitlist_sender_flush(sender, LIMIT_MS), answers[_i].refused > 0 ? WAITLIST_REFUSED : WAITLIST_OK);
    ck_assert_uint_eq(fixture.refused, answers[_i].refused);
    ck_assert_uint_eq(fixture.quarantined, answers[_i].quarantined);
    ck_assert_str_eq(fixture.code, answers[_i].code);
    if (answers[_i].quarantined > 0) {
        ck_assert_uint_eq(fixture.quarantined_tag, 42);
    }
    ck_assert_int_eq(waitlist_sender_flush(sender, 0), WAITLIST_OK);
    waitlist_sender_destroy(&sender);
    close_fixture(&fixture);
}
END_TEST

START_TEST(lines_keep_their_numbers) {
    struct fixture fixture;
    struct waitlist_sender *sender = open_sender(&fixture, 2, 1);
    struct message message;
    const char lines[] = "\n{\"a\":1}\r\n\n{\"b\":2}";
    size_t taken = 0;

    ck_assert_int_eq(waitlist_sender_submit_lines(sender, lines, strlen(lines), 10, 0, &taken), WAITLIST_OK);
    ck_assert_uint_eq(taken, strlen(lines));
    ck_assert_int_eq(waitlist_sender_poll(sender, 0), WAITLIST_TIMEOUT);
    receive(&fixture, &message);
    ck_assert_str_eq(message.frame[2], "{\"a\":1}\r\n{\"b\":2}\n");
    answer(&fixture, &message, answers[1].json);
    ck_assert_int_eq(waitlist_sender_flush(sender, LIMIT_MS), WAITLIST_OK);
    ck_assert_uint_eq(fixture.quarantined_tag, 13);
    waitlist_sender_destroy(&sender);
    close_fixture(&fixture);
}
END_TEST

START_TEST(questions_are_checked) {
    struct waitlist_client *client = waitlist_client_create_in("/tmp/waitlist-nobody");
    struct waitlist_query *query = waitlist_query_create(client);
    const char *const bad[] = {"", "[]", "{}", "{\"op\":1}", "{\"op\":\"a\",\"op\":\"b\"}", "{\"op\":\"health\""};
    char *reply;

    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        ck_assert_int_eq(waitlist_query_ask(query, bad[i], 0, &reply), WAITLIST_INVALID);
        ck_assert_ptr_null(reply);
    }
    ck_assert_int_eq(waitlist_query_limits(query, 0, 1), WAITLIST_INVALID);
    ck_assert_int_eq(waitlist_query_limits(query, 1, 0), WAITLIST_INVALID);
    ck_assert_int_eq(waitlist_query_limits(query, 50, 1), WAITLIST_OK);
    ck_assert_int_eq(waitlist_query_ask(query, "{\"op\":\"health\"}", LIMIT_MS, &reply), WAITLIST_UNREACHABLE);
    waitlist_query_destroy(&query);
    waitlist_client_destroy(&client);
}
END_TEST

START_TEST(statuses_have_words) {
    for (int status = WAITLIST_OK; status <= WAITLIST_SERVER_WITHOUT_KEY; status++) {
        ck_assert_uint_gt(strlen(waitlist_status_text((enum waitlist_status)status)), 3);
    }
    ck_assert_str_eq(waitlist_version(), WAITLIST_VERSION);
    waitlist_free(NULL);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("client");
    TCase *cases = tcase_create("client");

    tcase_set_timeout(cases, 60);
    tcase_add_test(cases, endpoints_are_checked);
    tcase_add_test(cases, options_are_checked);
    tcase_add_test(cases, seqs_are_big_endian);
    tcase_add_test(cases, events_become_lines);
    tcase_add_test(cases, the_window_is_a_limit);
    tcase_add_test(cases, what_is_not_answered_is_sent_again);
    tcase_add_test(cases, a_dead_daemon_is_found_again);
    tcase_add_test(cases, read_only_is_tried_again);
    tcase_add_loop_test(cases, answers_are_not_believed_blindly, 0, sizeof answers / sizeof answers[0]);
    tcase_add_test(cases, lines_keep_their_numbers);
    tcase_add_test(cases, questions_are_checked);
    tcase_add_test(cases, statuses_have_words);
    suite_add_tcase(suite, cases);
    SRunner *runner = srunner_create(suite);

    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);

    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
