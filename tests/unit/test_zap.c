/* Checks of who comes in and by what name: through one socket with a plain and an encrypted endpoint, with a known key and others. */
#include "daemon/intake/request.h"
#include "daemon/security/zap.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zmq.h>

enum { LIMIT_MS = 20000, URI_SIZE = 256, KEY_SIZE = 41 };

struct key {
    char public_key[KEY_SIZE], secret_key[KEY_SIZE];
};

/* A daemon's side: one ROUTER socket bound to an IPC and two TCP endpoints, one of them with CURVE. */
struct scene {
    void *context;
    struct zap *zap;
    void *router;
    struct request *request;
    char folder[64];
    char ipc[URI_SIZE], plain[URI_SIZE], curve[URI_SIZE];
    struct key server, las, stranger;
    struct access_entry peer, local;
    char endpoint[URI_SIZE];
    int denials;
    char why[200], about[64];
    uint64_t arrivals;
    const char *kept_away;
};

static void bind_at(struct scene *scene, bool with_curve, const char *endpoint, char bound[URI_SIZE]) {
    char domain[ZAP_DOMAIN_SIZE];
    size_t size = URI_SIZE;
    int as_server = with_curve;
    zap_domain(domain, ACCESS_QUERY, with_curve, endpoint);
    ck_assert_int_eq(zmq_setsockopt(scene->router, ZMQ_ZAP_DOMAIN, domain, strlen(domain)), 0);
    ck_assert_int_eq(zmq_setsockopt(scene->router, ZMQ_CURVE_SERVER, &as_server, sizeof as_server), 0);
    if (with_curve)
        ck_assert_int_eq(zmq_setsockopt(scene->router, ZMQ_CURVE_SECRETKEY, scene->server.secret_key, KEY_SIZE), 0);
    ck_assert_int_eq(zmq_bind(scene->router, endpoint), 0);
    ck_assert_int_eq(zmq_getsockopt(scene->router, ZMQ_LAST_ENDPOINT, bound, &size), 0);
}

static void make_key(struct key *key) {
    ck_assert_int_eq(zmq_curve_keypair(key->public_key, key->secret_key), 0);
}

static void open_scene(struct scene *scene) {
    memset(scene, 0, sizeof *scene);
    strcpy(scene->folder, "/tmp/test_zap.XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(scene->folder));
    make_key(&scene->server);
    make_key(&scene->las);
    make_key(&scene->stranger);
    scene->context = zmq_ctx_new();
    scene->zap = zap_create(scene->context);
    ck_assert_ptr_nonnull(scene->zap);
    scene->router = zmq_socket(scene->context, ZMQ_ROUTER);
    snprintf(scene->endpoint, sizeof scene->endpoint, "ipc://%s/s", scene->folder);
    bind_at(scene, false, scene->endpoint, scene->ipc);
    bind_at(scene, true, "tcp://127.0.0.1:*", scene->curve);
    bind_at(scene, false, "tcp://127.0.0.1:*", scene->plain);
    scene->request = request_create();
    strcpy(scene->peer.name, "las");
    scene->peer.key = scene->las.public_key;
    strcpy(scene->local.name, "wall");
    scene->local.endpoint = scene->endpoint;
}

static void close_scene(struct scene *scene) {
    char path[128];
    request_destroy(&scene->request);
    zmq_close(scene->router);
    zap_destroy(&scene->zap);
    zmq_ctx_term(scene->context);
    snprintf(path, sizeof path, "%s/s", scene->folder);
    unlink(path);
    ck_assert_int_eq(rmdir(scene->folder), 0);
}

static bool note_arrival(void *context, enum access_socket socket, const char *peer, uint64_t *connection) {
    struct scene *scene = context;
    ck_assert_int_eq(socket, ACCESS_QUERY);
    *connection = ++scene->arrivals;
    return scene->kept_away == NULL || strcmp(scene->kept_away, peer) != 0;
}

static void note_denial(void *context, const struct access_denial *denial) {
    struct scene *scene = context;
    scene->denials++;
    ck_assert_int_eq(denial->socket, ACCESS_QUERY);
    ck_assert_str_eq(denial->what, "connect");
    ck_assert_uint_gt(denial->address.length, 0);
    snprintf(scene->why, sizeof scene->why, "%s", denial->why);
    snprintf(scene->about, sizeof scene->about, "%.*s", (int)denial->about.length, denial->about.length == 0 ? "" : denial->about.at);
}

/* Serves connections and gives the name behind the next message; NULL when somebody is refused instead. */
static const char *next_peer(struct scene *scene) {
    struct zap_lists lists = {1, &scene->peer, 1, &scene->local};
    struct zap_watch watch = {scene, note_arrival, note_denial};
    int before = scene->denials;
    for (;;) {
        zmq_pollitem_t items[] = {{.socket = zap_socket(scene->zap), .events = ZMQ_POLLIN},
                                  {.socket = scene->router, .events = ZMQ_POLLIN}};
        ck_assert_int_gt(zmq_poll(items, 2, LIMIT_MS), 0);
        if (items[0].revents != 0)
            ck_assert(zap_serve(scene->zap, &lists, &watch));
        if (scene->denials > before)
            return NULL;
        if (items[1].revents != 0 && request_receive(scene->request, scene->router) == RECEIVED)
            return scene->request->from.peer;
    }
}

/* A client that has sent a message. `key` NULL: without CURVE. */
static void *connect_to(struct scene *scene, const char *endpoint, const struct key *key) {
    void *client = zmq_socket(scene->context, ZMQ_DEALER);
    int none = 0;
    zmq_setsockopt(client, ZMQ_LINGER, &none, sizeof none);
    if (key != NULL) {
        ck_assert_int_eq(zmq_setsockopt(client, ZMQ_CURVE_SERVERKEY, scene->server.public_key, KEY_SIZE), 0);
        ck_assert_int_eq(zmq_setsockopt(client, ZMQ_CURVE_PUBLICKEY, key->public_key, KEY_SIZE), 0);
        ck_assert_int_eq(zmq_setsockopt(client, ZMQ_CURVE_SECRETKEY, key->secret_key, KEY_SIZE), 0);
    }
    ck_assert_int_eq(zmq_connect(client, endpoint), 0);
    ck_assert_int_eq(zmq_send(client, "hello", 5, 0), 5);
    return client;
}

/* Each endpoint of one socket keeps the mechanism and the domain that it was bound with. */
START_TEST(each_endpoint_has_its_own_name) {
    struct scene scene;
    open_scene(&scene);
    void *wall = connect_to(&scene, scene.ipc, NULL);
    ck_assert_str_eq(next_peer(&scene), "wall");
    void *plain = connect_to(&scene, scene.plain, NULL);
    ck_assert_str_eq(next_peer(&scene), ACCESS_LOCAL_NAME);
    void *las = connect_to(&scene, scene.curve, &scene.las);
    ck_assert_str_eq(next_peer(&scene), "las");
    struct zap_figures figures;
    zap_figures(scene.zap, &figures);
    ck_assert_uint_eq(figures.admitted, 3);
    ck_assert_uint_eq(figures.refused, 0);
    ck_assert_uint_eq(scene.arrivals, 3);
    zmq_close(wall);
    zmq_close(plain);
    zmq_close(las);
    close_scene(&scene);
}
END_TEST

START_TEST(a_key_that_is_not_listed_does_not_come_in) {
    struct scene scene;
    open_scene(&scene);
    void *stranger = connect_to(&scene, scene.curve, &scene.stranger);
    ck_assert_ptr_null(next_peer(&scene));
    ck_assert_str_eq(scene.why, "its key is not in security.peers");
    ck_assert_uint_eq(strlen(scene.about), ZAP_KEY_SHOWN);
    ck_assert_mem_eq(scene.about, scene.stranger.public_key, ZAP_KEY_SHOWN);
    void *las = connect_to(&scene, scene.curve, &scene.las);
    ck_assert_str_eq(next_peer(&scene), "las");
    struct zap_figures figures;
    zap_figures(scene.zap, &figures);
    ck_assert_uint_eq(figures.admitted, 1);
    ck_assert_uint_ge(figures.refused, 1);
    zmq_close(stranger);
    zmq_close(las);
    close_scene(&scene);
}
END_TEST

START_TEST(who_is_kept_away_does_not_come_in) {
    struct scene scene;
    open_scene(&scene);
    scene.kept_away = "las";
    void *las = connect_to(&scene, scene.curve, &scene.las);
    ck_assert_ptr_null(next_peer(&scene));
    ck_assert_str_eq(scene.why, "it is kept away for now");
    void *wall = connect_to(&scene, scene.ipc, NULL);
    ck_assert_str_eq(next_peer(&scene), "wall");
    zmq_close(las);
    zmq_close(wall);
    close_scene(&scene);
}
END_TEST

/* Messages from within the process have no name: nobody let them in. */
START_TEST(who_was_not_asked_about_has_no_name) {
    struct scene scene;
    open_scene(&scene);
    ck_assert_int_eq(zmq_bind(scene.router, "inproc://within"), 0);
    void *within = connect_to(&scene, "inproc://within", NULL);
    ck_assert_str_eq(next_peer(&scene), "");
    zmq_close(within);
    close_scene(&scene);
}
END_TEST

/* Anything else that reaches the handler is refused, or passed over, and does not keep it from the next. */
START_TEST(what_libzmq_would_not_ask_is_refused) {
    static const char *const questions[][12] = {
        {"", "1.0", "1", "query plain ipc:///x", "127.0.0.1", "", "PLAIN", "user", "password", NULL},
        {"", "1.0", "1", "query curve tcp://x", "127.0.0.1", "", "NULL", NULL},
        {"", "1.0", "1", "query curve tcp://x", "127.0.0.1", "", "CURVE", "short", NULL},
        {"", "1.0", "1", "query curve tcp://x", "127.0.0.1", "", "CURVE", "short", "more", NULL},
        {"", "2.0", "1", "query plain ipc:///x", "127.0.0.1", "", "NULL", NULL},
        {"", "1.0", "1", "", "127.0.0.1", "", "NULL", NULL},
        {"", "1.0", "1", "query", "127.0.0.1", "", "NULL", NULL},
        {"", "1.0", "1", "else plain ipc:///x", "127.0.0.1", "", "NULL", NULL},
    };
    enum { QUESTIONS = sizeof questions / sizeof questions[0] };
    struct scene scene;
    open_scene(&scene);
    struct zap_lists lists = {1, &scene.peer, 1, &scene.local};
    struct zap_watch silent = {.context = NULL};
    void *client = zmq_socket(scene.context, ZMQ_DEALER);
    int limit = LIMIT_MS, none = 0;
    zmq_setsockopt(client, ZMQ_RCVTIMEO, &limit, sizeof limit);
    zmq_setsockopt(client, ZMQ_LINGER, &none, sizeof none);
    ck_assert_int_eq(zmq_connect(client, "inproc://zeromq.zap.01"), 0);
    ck_assert_int_eq(zmq_send(client, "", 0, 0), 0); /* one frame: there is nothing to answer */
    for (int i = 0; i < QUESTIONS; i++)
        for (int frame = 0; questions[i][frame] != NULL; frame++)
            ck_assert_int_ge(
                zmq_send(client, questions[i][frame], strlen(questions[i][frame]), questions[i][frame + 1] == NULL ? 0 : ZMQ_SNDMORE), 0);
    ck_assert(zap_serve(scene.zap, &lists, &silent));
    static const char *const answer[] = {"", "1.0", "1", "400", "not let in", "", ""};
    for (int i = 0; i < QUESTIONS; i++)
        for (int frame = 0; frame < 7; frame++) {
            char bytes[64];
            int length = zmq_recv(client, bytes, sizeof bytes, 0);
            ck_assert_int_eq(length, (int)strlen(answer[frame]));
            ck_assert_mem_eq(bytes, answer[frame], (size_t)length);
        }
    struct zap_figures figures;
    zap_figures(scene.zap, &figures);
    ck_assert_uint_eq(figures.admitted, 0);
    ck_assert_uint_eq(figures.refused, QUESTIONS + 1);
    zmq_close(client);
    close_scene(&scene);
}
END_TEST

START_TEST(there_is_one_handler_in_a_context) {
    void *context = zmq_ctx_new();
    struct zap *zap = zap_create(context);
    ck_assert_ptr_nonnull(zap);
    ck_assert_ptr_null(zap_create(context));
    zap_destroy(&zap);
    ck_assert_ptr_null(zap);
    zap_destroy(&zap);
    zmq_ctx_term(context);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("zap");
    TCase *tests = tcase_create("zap");
    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, each_endpoint_has_its_own_name);
    tcase_add_test(tests, a_key_that_is_not_listed_does_not_come_in);
    tcase_add_test(tests, who_is_kept_away_does_not_come_in);
    tcase_add_test(tests, who_was_not_asked_about_has_no_name);
    tcase_add_test(tests, what_libzmq_would_not_ask_is_refused);
    tcase_add_test(tests, there_is_one_handler_in_a_context);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
