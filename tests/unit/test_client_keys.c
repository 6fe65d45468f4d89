/* The keys of libwaitlist's clients against a daemon that the test plays, with CURVE and a ZAP handler: what is accepted works, what is
 * not is said within seconds, and heals when the daemon's list is mended. */
#include <check.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include <waitlist/client.h>
#include <zmq.h>

#include "daemon/security/handshake.h"
#include "daemon/security/keyfile.h"

#define LIMIT_MS 20000  /* a limit, never a wait */
#define SECONDS_MS 6000 /* within which a refusal must be said */
#define FRAMES_MAX 16
#define FRAME_BYTES 1024

enum { INGEST, PUBLISH, QUERY, SOCKETS };

/* The daemon that is played: one thread with its sockets, its ZAP handler and the list of who may come in. */
struct fixture {
    void *context;
    void *control, *control_peer;
    void *zap;
    void *sockets[SOCKETS];
    char uri[SOCKETS][128];
    pthread_t thread;
    atomic_bool accepts; /* the client's key */
    atomic_uint asked;   /* questions of libzmq to the handler */
    char folder[64];
    struct waitlist_keys keys;            /* good ones */
    char other_public[WAITLIST_KEY_SIZE]; /* nobody's */
    struct waitlist_client *client;
};

struct message {
    char frame[FRAMES_MAX][FRAME_BYTES];
    size_t size[FRAMES_MAX];
    size_t count;
};

static bool receive(void *socket, struct message *message) {
    int more = 1;
    size_t size = sizeof more;

    message->count = 0;
    while (more != 0 && message->count < FRAMES_MAX) {
        int got = zmq_recv(socket, message->frame[message->count], FRAME_BYTES - 1, ZMQ_DONTWAIT);

        if (got < 0) {
            return false;
        }
        message->frame[message->count][got < FRAME_BYTES ? got : FRAME_BYTES - 1] = '\0';
        message->size[message->count++] = (size_t)got;
        (void)zmq_getsockopt(socket, ZMQ_RCVMORE, &more, &size);
    }
    return true;
}

static void send_text(void *socket, const char *text, int flags) {
    (void)zmq_send(socket, text, strlen(text), flags);
}

/* ZAP 1.0 (RFC 27): the key of the client is the last frame, 32 bytes. */
static void answer_zap(struct fixture *fixture) {
    struct message asked;
    unsigned char key[32];

    while (receive(fixture->zap, &asked)) {
        bool is_known = zmq_z85_decode(key, fixture->keys.client_public) != NULL && asked.count == 9 && asked.size[8] == sizeof key &&
                        memcmp(asked.frame[8], key, sizeof key) == 0;
        bool is_good = is_known && atomic_load(&fixture->accepts);

        atomic_fetch_add(&fixture->asked, 1);
        (void)zmq_send(fixture->zap, asked.frame[0], asked.size[0], ZMQ_SNDMORE);
        send_text(fixture->zap, "", ZMQ_SNDMORE);
        send_text(fixture->zap, "1.0", ZMQ_SNDMORE);
        (void)zmq_send(fixture->zap, asked.frame[3], asked.size[3], ZMQ_SNDMORE);
        send_text(fixture->zap, is_good ? "200" : "400", ZMQ_SNDMORE);
        send_text(fixture->zap, is_good ? "" : "this key is not listed", ZMQ_SNDMORE);
        send_text(fixture->zap, is_good ? "las" : "", ZMQ_SNDMORE);
        send_text(fixture->zap, "", 0);
    }
}

static void answer_senders(void *socket) {
    struct message batch;

    while (receive(socket, &batch)) {
        (void)zmq_send(socket, batch.frame[0], batch.size[0], ZMQ_SNDMORE);
        (void)zmq_send(socket, batch.frame[1], batch.size[1], ZMQ_SNDMORE);
        send_text(socket, "{\"v\":1,\"ok\":true,\"accepted\":1,\"duplicates\":0,\"seq\":9,\"quarantined\":[]}", 0);
    }
}

static void answer_questions(void *socket) {
    struct message question;

    while (receive(socket, &question)) {
        (void)zmq_send(socket, question.frame[0], question.size[0], ZMQ_SNDMORE);
        send_text(socket, "{\"v\":1,\"ok\":true,\"epoch\":\"e\",\"seq\":0,\"rows\":[],\"through\":0,\"positions\":[]}", 0);
    }
}

/* Every subscription is answered with a heartbeat. */
static void answer_subscribers(void *socket) {
    unsigned char seq[WAITLIST_SEQ_BYTES];
    struct message subscription;

    waitlist_seq_encode(0, seq);
    while (receive(socket, &subscription)) {
        send_text(socket, WAITLIST_TOPIC_HEARTBEAT, ZMQ_SNDMORE);
        (void)zmq_send(socket, seq, sizeof seq, ZMQ_SNDMORE);
        send_text(socket, "{\"v\":1,\"epoch\":\"e\",\"alert_seq\":0,\"journal_seq\":0}", 0);
    }
}

static void *serve(void *context) {
    struct fixture *fixture = context;
    zmq_pollitem_t items[] = {{.socket = fixture->control, .events = ZMQ_POLLIN},
                              {.socket = fixture->zap, .events = ZMQ_POLLIN},
                              {.socket = fixture->sockets[INGEST], .events = ZMQ_POLLIN},
                              {.socket = fixture->sockets[PUBLISH], .events = ZMQ_POLLIN},
                              {.socket = fixture->sockets[QUERY], .events = ZMQ_POLLIN}};

    while (zmq_poll(items, 5, -1) >= 0 && (items[0].revents & ZMQ_POLLIN) == 0) {
        answer_zap(fixture);
        answer_senders(fixture->sockets[INGEST]);
        answer_subscribers(fixture->sockets[PUBLISH]);
        answer_questions(fixture->sockets[QUERY]);
    }
    return NULL;
}

static void set_int(void *socket, int option, int value) {
    ck_assert_int_eq(zmq_setsockopt(socket, option, &value, sizeof value), 0);
}

static void bind_socket(struct fixture *fixture, int which, int type, const char *uri, const char *secret) {
    size_t size = sizeof fixture->uri[which];
    void *socket = zmq_socket(fixture->context, type);

    set_int(socket, ZMQ_LINGER, 0);
    if (secret != NULL) {
        set_int(socket, ZMQ_CURVE_SERVER, 1);
        ck_assert_int_eq(zmq_setsockopt(socket, ZMQ_CURVE_SECRETKEY, secret, WAITLIST_KEY_SIZE), 0);
        ck_assert_int_eq(zmq_setsockopt(socket, ZMQ_ZAP_DOMAIN, "query", 5), 0);
    }
    ck_assert_int_eq(zmq_bind(socket, uri), 0);
    ck_assert_int_eq(zmq_getsockopt(socket, ZMQ_LAST_ENDPOINT, fixture->uri[which], &size), 0);
    fixture->sockets[which] = socket;
}

/* has_curve: the daemon has a key. */
static void open_daemon(struct fixture *fixture, bool is_ipc, bool has_curve) {
    static const int types[SOCKETS] = {[INGEST] = ZMQ_ROUTER, [PUBLISH] = ZMQ_XPUB, [QUERY] = ZMQ_ROUTER};
    char secret[WAITLIST_KEY_SIZE], uri[128];

    memset(fixture, 0, sizeof *fixture);
    atomic_store(&fixture->accepts, true);
    strcpy(fixture->folder, "/tmp/waitlist-keys-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(fixture->folder));
    ck_assert_int_eq(zmq_curve_keypair(fixture->other_public, secret), 0);
    ck_assert_int_eq(zmq_curve_keypair(fixture->keys.client_public, fixture->keys.client_secret), 0);
    ck_assert_int_eq(zmq_curve_keypair(fixture->keys.server_public, secret), 0);
    fixture->context = zmq_ctx_new();
    fixture->zap = zmq_socket(fixture->context, ZMQ_ROUTER);
    ck_assert_int_eq(zmq_bind(fixture->zap, "inproc://zeromq.zap.01"), 0);
    for (int i = 0; i < SOCKETS; i++) {
        snprintf(uri, sizeof uri, is_ipc ? "ipc://%s/%d" : "tcp://127.0.0.1:*", fixture->folder, i);
        bind_socket(fixture, i, types[i], uri, has_curve ? secret : NULL);
    }
    fixture->control = zmq_socket(fixture->context, ZMQ_PAIR);
    fixture->control_peer = zmq_socket(fixture->context, ZMQ_PAIR);
    ck_assert_int_eq(zmq_bind(fixture->control, "inproc://control"), 0);
    ck_assert_int_eq(zmq_connect(fixture->control_peer, "inproc://control"), 0);
    ck_assert_int_eq(pthread_create(&fixture->thread, NULL, serve, fixture), 0);
}

static void open_client(struct fixture *fixture, const char *query, const struct waitlist_keys *keys) {
    const struct waitlist_endpoints endpoints = {fixture->uri[INGEST], fixture->uri[PUBLISH], query != NULL ? query : fixture->uri[QUERY]};

    fixture->client = waitlist_client_create(&endpoints);
    ck_assert_ptr_nonnull(fixture->client);
    if (keys != NULL) {
        ck_assert_int_eq(waitlist_client_use_keys(fixture->client, keys), WAITLIST_OK);
    }
}

static void open_fixture(struct fixture *fixture, const struct waitlist_keys *keys) {
    open_daemon(fixture, false, true);
    open_client(fixture, NULL, keys != NULL ? keys : &fixture->keys);
}

static void close_fixture(struct fixture *fixture) {
    waitlist_client_destroy(&fixture->client);
    send_text(fixture->control_peer, "end", 0);
    ck_assert_int_eq(pthread_join(fixture->thread, NULL), 0);
    for (int i = 0; i < SOCKETS; i++) {
        zmq_close(fixture->sockets[i]);
        if (strncmp(fixture->uri[i], "ipc://", 6) == 0) {
            (void)unlink(fixture->uri[i] + 6);
        }
    }
    zmq_close(fixture->zap);
    zmq_close(fixture->control);
    zmq_close(fixture->control_peer);
    zmq_ctx_term(fixture->context);
    ck_assert_int_eq(rmdir(fixture->folder), 0);
}

static long now_ms(void) {
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static enum waitlist_status ask(struct waitlist_query *query) {
    char *reply = NULL;
    enum waitlist_status status = waitlist_query_ask(query, "{\"op\":\"health\"}", LIMIT_MS, &reply);

    waitlist_free(reply);
    return status;
}

static enum waitlist_status ask_once(struct fixture *fixture) {
    struct waitlist_query *query = waitlist_query_create(fixture->client);
    long begun = now_ms();
    enum waitlist_status status = ask(query);

    ck_assert_int_lt(now_ms() - begun, SECONDS_MS);
    waitlist_query_destroy(&query);
    return status;
}

/* ---- Accepted */

START_TEST(a_listed_key_may_ask) {
    struct fixture fixture;

    open_fixture(&fixture, NULL);
    ck_assert_int_eq(ask_once(&fixture), WAITLIST_OK);
    ck_assert_uint_ge(atomic_load(&fixture.asked), 1); /* it was the handler that let it in */
    close_fixture(&fixture);
}
END_TEST

START_TEST(ipc_goes_without_keys) {
    struct fixture fixture;

    open_daemon(&fixture, true, false);
    open_client(&fixture, NULL, &fixture.keys);
    ck_assert_int_eq(ask_once(&fixture), WAITLIST_OK);
    close_fixture(&fixture);
}
END_TEST

START_TEST(a_client_may_do_without_again) {
    struct fixture fixture;

    open_daemon(&fixture, false, false);
    open_client(&fixture, NULL, &fixture.keys);
    ck_assert_int_eq(waitlist_client_use_keys(fixture.client, NULL), WAITLIST_OK);
    ck_assert_int_eq(ask_once(&fixture), WAITLIST_OK);
    close_fixture(&fixture);
}
END_TEST

/* ---- Refused */

START_TEST(an_unlisted_key_is_told_so) {
    struct fixture fixture;

    open_fixture(&fixture, NULL);
    atomic_store(&fixture.accepts, false);
    struct waitlist_query *query = waitlist_query_create(fixture.client);
    long begun = now_ms();

    ck_assert_int_eq(ask(query), WAITLIST_KEY_REFUSED);
    ck_assert_int_eq(ask(query), WAITLIST_KEY_REFUSED);
    ck_assert_int_lt(now_ms() - begun, SECONDS_MS);
    atomic_store(&fixture.accepts, true); /* the list was mended: the same object works */
    ck_assert_int_eq(ask(query), WAITLIST_OK);
    waitlist_query_destroy(&query);
    close_fixture(&fixture);
}
END_TEST

START_TEST(without_a_key) {
    struct fixture fixture;

    open_daemon(&fixture, false, true);
    open_client(&fixture, NULL, NULL);
    ck_assert_int_eq(ask_once(&fixture), WAITLIST_KEY_NEEDED);
    ck_assert_uint_eq(atomic_load(&fixture.asked), 0);
    close_fixture(&fixture);
}
END_TEST

START_TEST(nothing_goes_out_in_plain) {
    static const char *const far[] = {"tcp://192.0.2.1:5873", "tcp://waiting.invalid:5873", "tcp://[2001:db8::1]:5873",
                                      "tcp://127.0.0.1.example:1"};
    struct fixture fixture;
    struct waitlist_sender_totals totals;

    for (size_t i = 0; i < sizeof far / sizeof far[0]; i++) {
        open_daemon(&fixture, false, false);
        open_client(&fixture, far[i], NULL);
        ck_assert_int_eq(ask_once(&fixture), WAITLIST_KEY_NEEDED);
        close_fixture(&fixture);
    }
    const struct waitlist_endpoints endpoints = {far[0], NULL, NULL};
    struct waitlist_client *client = waitlist_client_create(&endpoints);
    struct waitlist_sender *sender = waitlist_sender_create(client, NULL);

    ck_assert_int_eq(waitlist_sender_submit(sender, "{}", 2, 1, 0), WAITLIST_OK);
    ck_assert_int_eq(waitlist_sender_flush(sender, LIMIT_MS), WAITLIST_KEY_NEEDED);
    waitlist_sender_totals(sender, &totals);
    ck_assert_uint_eq(totals.pending, 1);
    waitlist_sender_destroy(&sender);
    waitlist_client_destroy(&client);
}
END_TEST

START_TEST(this_machine_may_be_plain) {
    ck_assert(handshake_may_be_plain("ipc:///run/waitlistd/query.ipc"));
    ck_assert(handshake_may_be_plain("tcp://127.0.0.1:5873"));
    ck_assert(handshake_may_be_plain("tcp://127.8.0.1:5873"));
    ck_assert(handshake_may_be_plain("tcp://[::1]:5873"));
    ck_assert(handshake_may_be_plain("tcp://localhost:5873"));
    ck_assert(!handshake_may_be_plain("tcp://localhost.example:5873"));
    ck_assert(!handshake_may_be_plain("tcp://0.0.0.0:5873"));
    ck_assert(!handshake_may_be_plain("tcp://:5873"));
    ck_assert(!handshake_may_be_plain("tcp://128.0.0.1:5873"));
}
END_TEST

START_TEST(another_daemons_key) {
    struct fixture fixture;

    open_daemon(&fixture, false, true);
    struct waitlist_keys keys = fixture.keys;

    memcpy(keys.server_public, fixture.other_public, sizeof keys.server_public);
    open_client(&fixture, NULL, &keys);
    ck_assert_int_eq(ask_once(&fixture), WAITLIST_SERVER_KEY_WRONG);
    ck_assert_uint_eq(atomic_load(&fixture.asked), 0); /* nobody was told this client's key */
    close_fixture(&fixture);
}
END_TEST

START_TEST(a_daemon_without_a_key) {
    struct fixture fixture;

    open_daemon(&fixture, false, false);
    open_client(&fixture, NULL, &fixture.keys);
    ck_assert_int_eq(ask_once(&fixture), WAITLIST_SERVER_WITHOUT_KEY);
    close_fixture(&fixture);
}
END_TEST

START_TEST(nobody_is_still_nobody) {
    struct fixture fixture;

    open_daemon(&fixture, false, true);
    open_client(&fixture, "tcp://127.0.0.1:1", &fixture.keys);
    struct waitlist_query *query = waitlist_query_create(fixture.client);

    ck_assert_int_eq(waitlist_query_limits(query, 300, 1), WAITLIST_OK);
    ck_assert_int_eq(ask(query), WAITLIST_UNREACHABLE);
    waitlist_query_destroy(&query);
    close_fixture(&fixture);
}
END_TEST

/* ---- Lists of endpoints */

START_TEST(the_next_of_the_list_may_accept) {
    struct fixture refusing, accepting;
    char list[300];

    open_daemon(&refusing, false, true);
    open_daemon(&accepting, false, true);
    /* The first knows neither this key nor is known by it. */
    snprintf(list, sizeof list, "%s,%s", refusing.uri[QUERY], accepting.uri[QUERY]);
    open_client(&accepting, list, &accepting.keys);
    ck_assert_int_eq(ask_once(&accepting), WAITLIST_OK);
    close_fixture(&accepting);
    close_fixture(&refusing);
}
END_TEST

START_TEST(a_list_without_anybody_who_accepts) {
    struct fixture fixture;
    char list[300];

    open_daemon(&fixture, false, true);
    atomic_store(&fixture.accepts, false);
    snprintf(list, sizeof list, "%s,tcp://127.0.0.1:1", fixture.uri[QUERY]);
    open_client(&fixture, list, &fixture.keys);
    ck_assert_int_eq(ask_once(&fixture), WAITLIST_KEY_REFUSED);
    close_fixture(&fixture);
}
END_TEST

/* ---- What goes on by itself */

START_TEST(a_sender_loses_nothing) {
    struct fixture fixture;
    struct waitlist_sender_totals totals;

    open_fixture(&fixture, NULL);
    atomic_store(&fixture.accepts, false);
    struct waitlist_sender *sender = waitlist_sender_create(fixture.client, &(struct waitlist_sender_options){.batch = 1, .window = 2});
    long begun = now_ms();

    for (uint64_t i = 0; i < 2; i++) {
        ck_assert_int_eq(waitlist_sender_submit(sender, "{}", 2, i, 0), WAITLIST_OK);
    }
    ck_assert_int_eq(waitlist_sender_flush(sender, LIMIT_MS), WAITLIST_KEY_REFUSED);
    ck_assert_int_lt(now_ms() - begun, SECONDS_MS);
    atomic_store(&fixture.accepts, true);
    ck_assert_int_eq(waitlist_sender_flush(sender, LIMIT_MS), WAITLIST_OK);
    waitlist_sender_totals(sender, &totals);
    ck_assert_uint_eq(totals.accepted, 2);
    waitlist_sender_destroy(&sender);
    close_fixture(&fixture);
}
END_TEST

START_TEST(a_full_window_says_why) {
    struct fixture fixture;
    enum waitlist_status status = WAITLIST_OK;

    open_fixture(&fixture, NULL);
    atomic_store(&fixture.accepts, false);
    struct waitlist_sender *sender = waitlist_sender_create(fixture.client, &(struct waitlist_sender_options){.batch = 1, .window = 1});
    long begun = now_ms();

    for (uint64_t i = 0; status == WAITLIST_OK; i++) {
        ck_assert_uint_lt(i, 4);
        status = waitlist_sender_submit(sender, "{}", 2, i, LIMIT_MS);
    }
    ck_assert_int_eq(status, WAITLIST_KEY_REFUSED);
    ck_assert_int_lt(now_ms() - begun, SECONDS_MS);
    waitlist_sender_destroy(&sender);
    close_fixture(&fixture);
}
END_TEST

START_TEST(a_follower_says_it_each_time) {
    struct fixture fixture;
    struct waitlist_transition transition;
    enum waitlist_status status = WAITLIST_TIMEOUT;

    open_fixture(&fixture, NULL);
    atomic_store(&fixture.accepts, false);
    struct waitlist_follower *follower = waitlist_follower_create(fixture.client, NULL, NULL);
    long begun = now_ms();

    ck_assert_int_eq(waitlist_follower_next(follower, LIMIT_MS, &transition), WAITLIST_KEY_REFUSED);
    ck_assert_int_lt(now_ms() - begun, SECONDS_MS);
    ck_assert_int_eq(waitlist_follower_next(follower, 0, &transition), WAITLIST_TIMEOUT);            /* said already */
    ck_assert_int_eq(waitlist_follower_next(follower, LIMIT_MS, &transition), WAITLIST_KEY_REFUSED); /* tried again */
    atomic_store(&fixture.accepts, true);
    while (!waitlist_follower_is_live(follower) && now_ms() - begun < LIMIT_MS) {
        status = waitlist_follower_next(follower, 100, &transition);
        ck_assert(status == WAITLIST_TIMEOUT || status == WAITLIST_KEY_REFUSED);
    }
    ck_assert(waitlist_follower_is_live(follower));
    waitlist_follower_destroy(&follower);
    close_fixture(&fixture);
}
END_TEST

START_TEST(positions_say_it_too) {
    struct fixture fixture;
    long begun = now_ms();

    open_fixture(&fixture, NULL);
    atomic_store(&fixture.accepts, false);
    struct waitlist_positions *positions = waitlist_positions_create(fixture.client);

    ck_assert_int_eq(waitlist_positions_update(positions, LIMIT_MS), WAITLIST_KEY_REFUSED);
    ck_assert_int_lt(now_ms() - begun, SECONDS_MS);
    atomic_store(&fixture.accepts, true);
    while (!waitlist_positions_is_live(positions) && now_ms() - begun < LIMIT_MS) {
        (void)waitlist_positions_update(positions, 100);
    }
    ck_assert(waitlist_positions_is_live(positions));
    waitlist_positions_destroy(&positions);
    close_fixture(&fixture);
}
END_TEST

/* ---- What is no key */

START_TEST(keys_are_checked) {
    struct waitlist_client *client = waitlist_client_create(NULL);
    struct waitlist_keys good, keys;
    char secret[WAITLIST_KEY_SIZE];

    ck_assert_int_eq(zmq_curve_keypair(good.server_public, secret), 0);
    ck_assert_int_eq(zmq_curve_keypair(good.client_public, good.client_secret), 0);
    ck_assert_int_eq(waitlist_client_use_keys(client, &good), WAITLIST_OK);
    keys = good;
    memcpy(keys.client_secret, secret, sizeof secret); /* of another pair */
    ck_assert_int_eq(waitlist_client_use_keys(client, &keys), WAITLIST_INVALID);
    keys = good;
    keys.server_public[0] = '~';
    ck_assert_int_eq(waitlist_client_use_keys(client, &keys), WAITLIST_INVALID);
    keys = good;
    keys.client_secret[39] = '\0';
    ck_assert_int_eq(waitlist_client_use_keys(client, &keys), WAITLIST_INVALID);
    memset(&keys, '0', sizeof keys); /* no end */
    ck_assert_int_eq(waitlist_client_use_keys(client, &keys), WAITLIST_INVALID);
    waitlist_client_destroy(&client);
}
END_TEST

START_TEST(keys_come_from_files) {
    char folder[] = "/tmp/waitlist-keys-XXXXXX", own[128], own_public[140], server[128], server_public[140];
    char client_key[KEYFILE_KEY_SIZE], server_key[KEYFILE_KEY_SIZE], problem[WAITLIST_PROBLEM_SIZE];
    struct waitlist_keys keys;

    ck_assert_ptr_nonnull(mkdtemp(folder));
    snprintf(own, sizeof own, "%s/own.key", folder);
    snprintf(own_public, sizeof own_public, "%s.pub", own);
    snprintf(server, sizeof server, "%s/server.key", folder);
    snprintf(server_public, sizeof server_public, "%s.pub", server);
    ck_assert(keyfile_make(own, client_key, problem));
    ck_assert(keyfile_make(server, server_key, problem));
    ck_assert_int_eq(waitlist_keys_load(&keys, own, server_public, problem), WAITLIST_OK);
    ck_assert_str_eq(keys.client_public, client_key);
    ck_assert_str_eq(keys.server_public, server_key);
    ck_assert_str_eq(problem, "");
    ck_assert_int_eq(waitlist_keys_load(&keys, own, server_key, problem), WAITLIST_OK); /* the key itself */
    ck_assert_str_eq(keys.server_public, server_key);
    ck_assert_int_eq(waitlist_keys_load(&keys, own, server, problem), WAITLIST_INVALID);
    ck_assert_ptr_nonnull(strstr(problem, "holds a secret key"));
    ck_assert_int_eq(waitlist_keys_load(&keys, own_public, server_key, problem), WAITLIST_INVALID);
    ck_assert_ptr_nonnull(strstr(problem, "holds a public key"));
    ck_assert_int_eq(waitlist_keys_load(&keys, "/nowhere", server_key, problem), WAITLIST_INVALID);
    ck_assert_ptr_nonnull(strstr(problem, "/nowhere: No such file"));
    ck_assert_int_eq(waitlist_keys_load(&keys, own, "/nowhere", problem), WAITLIST_INVALID);
    ck_assert_ptr_nonnull(strstr(problem, "/nowhere: No such file"));
    ck_assert_int_eq(chmod(own, 0644), 0);
    ck_assert_int_eq(waitlist_keys_load(&keys, own, server_key, problem), WAITLIST_INVALID);
    ck_assert_ptr_nonnull(strstr(problem, "chmod 600"));
    for (size_t i = 0; i < sizeof keys; i++) {
        ck_assert_int_eq(((const char *)&keys)[i], 0);
    }
    (void)unlink(own);
    (void)unlink(own_public);
    (void)unlink(server);
    (void)unlink(server_public);
    ck_assert_int_eq(rmdir(folder), 0);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("client keys");
    TCase *cases = tcase_create("client keys");

    tcase_set_timeout(cases, 60);
    tcase_add_test(cases, a_listed_key_may_ask);
    tcase_add_test(cases, ipc_goes_without_keys);
    tcase_add_test(cases, a_client_may_do_without_again);
    tcase_add_test(cases, an_unlisted_key_is_told_so);
    tcase_add_test(cases, without_a_key);
    tcase_add_test(cases, nothing_goes_out_in_plain);
    tcase_add_test(cases, this_machine_may_be_plain);
    tcase_add_test(cases, another_daemons_key);
    tcase_add_test(cases, a_daemon_without_a_key);
    tcase_add_test(cases, nobody_is_still_nobody);
    tcase_add_test(cases, the_next_of_the_list_may_accept);
    tcase_add_test(cases, a_list_without_anybody_who_accepts);
    tcase_add_test(cases, a_sender_loses_nothing);
    tcase_add_test(cases, a_full_window_says_why);
    tcase_add_test(cases, a_follower_says_it_each_time);
    tcase_add_test(cases, positions_say_it_too);
    tcase_add_test(cases, keys_are_checked);
    tcase_add_test(cases, keys_come_from_files);
    suite_add_tcase(suite, cases);
    SRunner *runner = srunner_create(suite);

    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);

    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
