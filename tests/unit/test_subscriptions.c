/* Checks of granting subscriptions over real sockets: to whoever sent them, also while libzmq takes one connection for another, and never
 * to one that has ended. */
#include "daemon/publish/subscriptions.h"

#include "daemon/publish/audience.h"
#include "daemon/security/zap.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zmq.h>

enum { LIMIT_MS = 20000, URI_SIZE = 128, GATHER_MS = 5, ROUNDS = 20 };

/* A publishing socket with one endpoint for a viewer and one for an analyst. */
struct scene {
    void *context, *socket, *monitor;
    struct zap *zap;
    struct subscriptions *subscriptions;
    struct config config;
    struct access_entry local[2];
    char folder[64], viewers[URI_SIZE], analysts[URI_SIZE];
    unsigned denials, sockets, began, ended;
};

static void note_denial(void *context, const struct access_denial *denial) {
    struct scene *scene = context;
    ck_assert_int_eq(denial->socket, ACCESS_PUBLISH);
    scene->denials++;
}

static void note_heard(void *context, const char *peer, bool begins, struct text subscription) {
    struct scene *scene = context;
    (void)subscription;
    ck_assert(strcmp(peer, "viewer") == 0 || strcmp(peer, "analyst") == 0);
    scene->began += begins;
    scene->ended += !begins;
}

static void bind_to(void *socket, const char *endpoint) {
    char domain[ZAP_DOMAIN_SIZE];
    zap_domain(domain, ACCESS_PUBLISH, false, endpoint);
    ck_assert_int_eq(zmq_setsockopt(socket, ZMQ_ZAP_DOMAIN, domain, strlen(domain)), 0);
    ck_assert_int_eq(zmq_bind(socket, endpoint), 0);
}

static void *make(struct scene *scene, int type) {
    int none = 0;
    void *socket = zmq_socket(scene->context, type);
    ck_assert_ptr_nonnull(socket);
    ck_assert_int_eq(zmq_setsockopt(socket, ZMQ_LINGER, &none, sizeof none), 0);
    return socket;
}

static void open_socket(struct scene *scene) {
    int yes = 1, none = 0;
    char endpoint[URI_SIZE];
    snprintf(endpoint, sizeof endpoint, "inproc://monitor-%u", scene->sockets++);
    scene->socket = make(scene, ZMQ_XPUB);
    scene->monitor = make(scene, ZMQ_PAIR);
    ck_assert_int_eq(zmq_setsockopt(scene->socket, ZMQ_XPUB_MANUAL, &yes, sizeof yes), 0);
    ck_assert_int_eq(zmq_setsockopt(scene->monitor, ZMQ_RCVHWM, &none, sizeof none), 0);
    ck_assert_int_eq(zmq_socket_monitor(scene->socket, endpoint, ZMQ_EVENT_ACCEPTED | ZMQ_EVENT_DISCONNECTED), 0);
    ck_assert_int_eq(zmq_connect(scene->monitor, endpoint), 0);
    bind_to(scene->socket, scene->viewers);
    bind_to(scene->socket, scene->analysts);
}

static void open_scene(struct scene *scene) {
    memset(scene, 0, sizeof *scene);
    strcpy(scene->folder, "/tmp/test_subscriptions.XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(scene->folder));
    snprintf(scene->viewers, sizeof scene->viewers, "ipc://%s/viewers", scene->folder);
    snprintf(scene->analysts, sizeof scene->analysts, "ipc://%s/analysts", scene->folder);
    scene->local[0] = (struct access_entry){.name = "viewer", .endpoint = scene->viewers, .rights = {.roles = ACCESS_BIT(ACCESS_VIEWER)}};
    scene->local[1] =
        (struct access_entry){.name = "analyst", .endpoint = scene->analysts, .rights = {.roles = ACCESS_BIT(ACCESS_ANALYST)}};
    scene->config.security.local = scene->local;
    scene->config.security.local_count = 2;
    scene->context = zmq_ctx_new();
    scene->zap = zap_create(scene->context);
    open_socket(scene);
    scene->subscriptions = subscriptions_create(scene->socket, scene->monitor, note_denial, note_heard, scene);
}

static void close_socket(struct scene *scene) {
    zmq_socket_monitor(scene->socket, NULL, 0);
    zmq_close(scene->monitor);
    zmq_close(scene->socket);
}

static void close_scene(struct scene *scene) {
    char path[URI_SIZE];
    subscriptions_destroy(&scene->subscriptions);
    close_socket(scene);
    zap_destroy(&scene->zap);
    zmq_ctx_term(scene->context);
    snprintf(path, sizeof path, "%s", scene->viewers + strlen("ipc://"));
    unlink(path);
    snprintf(path, sizeof path, "%s", scene->analysts + strlen("ipc://"));
    unlink(path);
    ck_assert_int_eq(rmdir(scene->folder), 0);
}

static bool admit(void *context, enum access_socket socket, const char *peer, uint64_t *connection) {
    struct scene *scene = context;
    ck_assert_int_eq(socket, ACCESS_PUBLISH);
    *connection = subscriptions_admit(scene->subscriptions, peer, 0);
    return *connection != 0;
}

static void let_in(struct scene *scene) {
    struct zap_lists lists = {0, NULL, 2, scene->local};
    struct zap_watch watch = {scene, admit, note_denial};
    ck_assert(zap_serve(scene->zap, &lists, &watch));
}

/* Lets in who comes until the publishing socket has something to read. */
static void await_message(struct scene *scene) {
    zmq_pollitem_t items[] = {{.socket = scene->socket, .events = ZMQ_POLLIN}, {.socket = zap_socket(scene->zap), .events = ZMQ_POLLIN}};
    do {
        ck_assert_int_gt(zmq_poll(items, 2, LIMIT_MS), 0);
        if (items[1].revents != 0)
            let_in(scene);
    } while (items[0].revents == 0);
}

static enum subscriptions_state take(struct scene *scene) {
    return subscriptions_take(scene->subscriptions, &scene->config, 0);
}

/* Lets what was sent gather in the socket unread, each in an order of its own: no check rests on it, but the confusion of libzmq does. */
static void gather(struct scene *scene) {
    zmq_pollitem_t nothing = {.socket = zap_socket(scene->zap), .events = ZMQ_POLLIN};
    int events;
    size_t size = sizeof events;
    if (zmq_poll(&nothing, 1, GATHER_MS) > 0)
        let_in(scene);
    ck_assert_int_eq(zmq_getsockopt(scene->socket, ZMQ_EVENTS, &events, &size), 0);
}

static void publish(struct scene *scene, const char *topic) {
    ck_assert_int_ge(zmq_send(scene->socket, topic, strlen(topic), 0), 0);
}

/* Whether `topic` is the next that comes, but for repetitions of what a client was let hear when it connected; another ends the check. */
static void must_hear(void *client, const char *topic) {
    char heard[64] = "heartbeat.";
    zmq_pollitem_t item = {.socket = client, .events = ZMQ_POLLIN};
    while (strncmp(heard, "heartbeat.", strlen("heartbeat.")) == 0 && strcmp(heard, topic) != 0) {
        ck_assert_int_gt(zmq_poll(&item, 1, LIMIT_MS), 0);
        int length = zmq_recv(client, heard, sizeof heard - 1, 0);
        ck_assert_int_ge(length, 0);
        heard[length] = '\0';
    }
    ck_assert_str_eq(heard, topic);
}

static void send_text(void *client, const char *text) {
    ck_assert_int_ge(zmq_send(client, text, strlen(text), 0), 0);
}

/* A client that has subscribed to `own`, and heard it once. */
static void *connect_to(struct scene *scene, const char *endpoint, const char *own) {
    char text[64];
    void *client = make(scene, ZMQ_XSUB);
    zmq_pollitem_t items[] = {{.socket = client, .events = ZMQ_POLLIN},
                              {.socket = scene->socket, .events = ZMQ_POLLIN},
                              {.socket = zap_socket(scene->zap), .events = ZMQ_POLLIN}};
    ck_assert_int_eq(zmq_connect(client, endpoint), 0);
    snprintf(text, sizeof text, "\001%s", own);
    send_text(client, text);
    while (items[0].revents == 0) {
        ck_assert_int_gt(zmq_poll(items, 3, LIMIT_MS), 0);
        if (items[2].revents != 0)
            let_in(scene);
        if (items[1].revents != 0) {
            ck_assert_int_eq(take(scene), SUBSCRIPTIONS_WELL);
            publish(scene, own);
        }
    }
    must_hear(client, own);
    return client;
}

START_TEST(each_has_what_it_may) {
    struct scene scene;
    open_scene(&scene);
    void *viewer = connect_to(&scene, scene.viewers, "heartbeat.v"), *analyst = connect_to(&scene, scene.analysts, "heartbeat.a");
    send_text(viewer, "\001");
    await_message(&scene);
    ck_assert_int_eq(take(&scene), SUBSCRIPTIONS_WELL);
    send_text(analyst, "\001al");
    await_message(&scene);
    ck_assert_int_eq(take(&scene), SUBSCRIPTIONS_WELL);
    publish(&scene, "alert.x");
    publish(&scene, "position.x");
    publish(&scene, "heartbeat.a");
    must_hear(viewer, "position.x");
    must_hear(viewer, "heartbeat.a");
    must_hear(analyst, "alert.x");
    must_hear(analyst, "heartbeat.a");
    ck_assert_uint_eq(scene.denials, 0);
    ck_assert_uint_eq(scene.began, 1);
    ck_assert_uint_eq(scene.ended, 0);
    send_text(viewer, "\001alert.");
    await_message(&scene);
    ck_assert_int_eq(take(&scene), SUBSCRIPTIONS_WELL);
    ck_assert_uint_eq(scene.denials, 1);
    struct subscriptions_figures figures;
    subscriptions_figures(scene.subscriptions, &figures);
    ck_assert_uint_eq(figures.denied, 1);
    zmq_close(viewer);
    zmq_close(analyst);
    close_scene(&scene);
}
END_TEST

/* After a message that is no subscription libzmq 4.3 says of each that waits that it came from the connection of the next. */
START_TEST(nobody_gets_anothers_subscription) {
    struct scene scene;
    open_scene(&scene);
    for (int round = 0; round < ROUNDS; round++) {
        void *viewer = connect_to(&scene, scene.viewers, "heartbeat.v"), *analyst = connect_to(&scene, scene.analysts, "heartbeat.a");
        send_text(viewer, "no subscription");
        gather(&scene);
        send_text(analyst, "\001alert.");
        gather(&scene);
        send_text(viewer, "\001position.");
        gather(&scene);
        bool is_spoilt = false;
        for (int i = 0; i < 4; i++)
            is_spoilt = take(&scene) == SUBSCRIPTIONS_SPOILT || is_spoilt;
        ck_assert(is_spoilt);
        ck_assert_uint_eq(subscriptions_admit(scene.subscriptions, "viewer", SUBSCRIPTIONS_BLOCKED_MS - 1), 0);
        ck_assert_uint_ne(subscriptions_admit(scene.subscriptions, "viewer", SUBSCRIPTIONS_BLOCKED_MS), 0);
        ck_assert_uint_ne(subscriptions_admit(scene.subscriptions, "analyst", 0), 0);
        publish(&scene, "alert.x");
        publish(&scene, "heartbeat.v.end");
        must_hear(viewer, "heartbeat.v.end");
        zmq_close(viewer);
        zmq_close(analyst);
        subscriptions_destroy(&scene.subscriptions); /* which forgets who is kept away */
        close_socket(&scene);
        open_socket(&scene);
        scene.subscriptions = subscriptions_create(scene.socket, scene.monitor, note_denial, note_heard, &scene);
    }
    close_scene(&scene);
}
END_TEST

/* What has ended by the time its subscription is read gets nothing, nor does who came in its place. */
START_TEST(who_has_ended_gets_nothing) {
    struct scene scene;
    open_scene(&scene);
    void *witness = connect_to(&scene, scene.viewers, "heartbeat.witness");
    for (int round = 0; round < ROUNDS; round++) {
        void *gone = connect_to(&scene, scene.analysts, "heartbeat.gone");
        send_text(gone, "\001alert.");
        gather(&scene);
        zmq_close(gone);
        gather(&scene);
        publish(&scene, "nothing");
        void *next = connect_to(&scene, scene.viewers, "heartbeat.next");
        ck_assert_int_eq(take(&scene), SUBSCRIPTIONS_WELL);
        publish(&scene, "alert.x");
        publish(&scene, "heartbeat.next.end");
        must_hear(next, "heartbeat.next.end");
        zmq_close(next);
    }
    publish(&scene, "heartbeat.witness.end");
    must_hear(witness, "heartbeat.witness.end");
    zmq_close(witness);
    close_scene(&scene);
}
END_TEST

START_TEST(too_many_subscriptions_are_the_end) {
    struct scene scene;
    char text[32];
    open_scene(&scene);
    void *viewer = connect_to(&scene, scene.viewers, "heartbeat.");
    enum subscriptions_state state = SUBSCRIPTIONS_WELL;
    for (int i = 0; i <= AUDIENCE_SUBSCRIPTIONS_MAX && state == SUBSCRIPTIONS_WELL; i++) {
        snprintf(text, sizeof text, "\001position.%d.", i);
        send_text(viewer, text);
        await_message(&scene);
        state = take(&scene);
        ck_assert(state == SUBSCRIPTIONS_WELL || i == AUDIENCE_SUBSCRIPTIONS_MAX - 1); /* one was the heartbeat's */
    }
    ck_assert_int_eq(state, SUBSCRIPTIONS_SPOILT);
    ck_assert_uint_eq(subscriptions_admit(scene.subscriptions, "viewer", 0), 0);
    zmq_close(viewer);
    close_scene(&scene);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("subscriptions");
    TCase *tests = tcase_create("subscriptions");
    tcase_set_timeout(tests, 100);
    tcase_add_test(tests, each_has_what_it_may);
    tcase_add_test(tests, nobody_gets_anothers_subscription);
    tcase_add_test(tests, who_has_ended_gets_nothing);
    tcase_add_test(tests, too_many_subscriptions_are_the_end);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
