/* Any frames on the query socket: one reply each, a JSON object with "v" and "ok"; a changed journal is taken back before the next.
 *
 * The input: frames with the byte 1E between them. What the loop answers, what the thread of the past does, and what is answered offline.
 */
#include "daemon/core/memory.h"
#include "daemon/offline/offline.h"
#include "daemon/query/query.h"
#include "tests/fuzz/council.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/place.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <zmq.h>

enum { PATIENCE_MS = 20000, REPLY_MAX = 1 << 24 };

struct scene {
    void *context;
    void *past_context; /* of its own, for a name that was bound is free only some time after its socket was closed */
    void *server;
    void *asker;
    void *publish;
    void *ingest;
    struct council *council;
    struct intake *intake;
    struct publisher *publisher;
    struct past *past;
    struct backups *backups;
    struct query *query;
    struct trail *trail;
    struct offline *offline;
    struct daemon_state state;
    bool changed;
};

static enum journal_status change_journal(void *context, enum journal_status (*change)(void *what, struct ledger *ledger), void *what) {
    struct scene *scene = context;
    scene->changed = true;
    ledger_begin(scene->council->ledger, COUNCIL_NOW);
    enum journal_status status = change(what, scene->council->ledger);
    ENSURE(status == JOURNAL_OK);
    ENSURE(ledger_commit(scene->council->ledger) == JOURNAL_OK);
    publisher_alerts(scene->publisher, scene->council->ledger);
    publisher_note_changes(scene->publisher, scene->council->ledger);
    ENSURE(journal_tidy(ledger_journal(scene->council->ledger)) == JOURNAL_OK);
    return JOURNAL_OK;
}

static bool set_clock(void *context, instant_t now, const char **reason) {
    (void)context;
    (void)now;
    *reason = "the clock stands";
    return false;
}

static void open_sockets(struct scene *scene) {
    int mandatory = 1;
    scene->context = zmq_ctx_new();
    scene->server = zmq_socket(scene->context, ZMQ_ROUTER);
    scene->asker = zmq_socket(scene->context, ZMQ_DEALER);
    scene->publish = zmq_socket(scene->context, ZMQ_XPUB);
    scene->ingest = zmq_socket(scene->context, ZMQ_ROUTER);
    ENSURE(zmq_setsockopt(scene->server, ZMQ_ROUTER_MANDATORY, &mandatory, sizeof mandatory) == 0);
    ENSURE(zmq_bind(scene->server, "inproc://query") == 0 && zmq_connect(scene->asker, "inproc://query") == 0);
}

static void note_denial(void *context, const struct access_denial *denial) {
    (void)context;
    ENSURE(denial->why != NULL);
}

static void open_state(struct scene *scene) {
    char message[OFFLINE_MESSAGE_SIZE];
    scene->council = council_open(false);
    struct ledger *ledger = scene->council->ledger;
    const struct config *config = scene->council->config;
    scene->intake = intake_create(scene->ingest, note_denial, NULL);
    scene->publisher = publisher_create(scene->publish);
    scene->query = query_create(scene->server);
    scene->past_context = zmq_ctx_new();
    scene->past = past_create(&(struct past_setup){.context = scene->past_context,
                                                   .journal_path = config->journal_path,
                                                   .calendar = ledger_calendar(ledger),
                                                   .answer = query_answer_past,
                                                   .idle_ms = PAST_IDLE_MS});
    scene->backups = backups_create(config->journal_path, place_path("backups"));
    scene->trail = trail_create(&(struct trail_setup){.directory = place_path("access"), .retention_days = 730}, COUNCIL_NOW);
    scene->offline = offline_open(config->journal_path, config, message);
    ENSURE(scene->past != NULL && scene->offline != NULL);
    scene->state = (struct daemon_state){.ledger = ledger,
                                         .intake = scene->intake,
                                         .publisher = scene->publisher,
                                         .past = scene->past,
                                         .checkpoint = {.at = INSTANT_NONE},
                                         .backups = scene->backups,
                                         .trail = scene->trail,
                                         .now = COUNCIL_NOW,
                                         .monotonic_ms = 1000,
                                         .simulated_clock = true,
                                         .set_clock = set_clock,
                                         .change_journal = change_journal,
                                         .context = scene};
}

static void close_state(struct scene *scene) {
    offline_close(&scene->offline);
    trail_destroy(&scene->trail);
    backups_destroy(&scene->backups);
    past_destroy(&scene->past);
    while (zmq_ctx_term(scene->past_context) != 0)
        ENSURE(errno == EINTR); /* the fuzzer has a clock */
    query_destroy(&scene->query);
    publisher_destroy(&scene->publisher);
    intake_destroy(&scene->intake);
    council_close(&scene->council);
    scene->changed = false;
}

static struct scene *scene_once(void) {
    static struct scene scene;
    if (scene.context == NULL)
        open_sockets(&scene);
    if (scene.council == NULL)
        open_state(&scene);
    return &scene;
}

static bool check_reply(const char *bytes, size_t size) {
    json_t *reply = json_loadb(bytes, size, JSON_REJECT_DUPLICATES, NULL);
    const json_t *ok = json_object_get(reply, "ok");
    bool is_ok = json_is_true(ok);
    ENSURE(json_integer_value(json_object_get(reply, "v")) == 1 && json_is_boolean(ok));
    if (!is_ok) {
        const json_t *error = json_object_get(reply, "error");
        const char *code = json_string_value(json_object_get(error, "code"));
        ENSURE(code != NULL && code[0] != '\0' && json_string_length(json_object_get(error, "message")) > 0);
        ENSURE(strcmp(code, "internal") != 0);
    }
    json_decref(reply);
    return is_ok;
}

/* The last frame of the one answer; false when there is none yet. */
static bool take_reply(struct scene *scene, bool *is_ok) {
    static char bytes[REPLY_MAX];
    int more = 1, size = 0;
    size_t more_size = sizeof more;
    while (more != 0) {
        size = zmq_recv(scene->asker, bytes, sizeof bytes, ZMQ_DONTWAIT);
        if (size < 0)
            return false;
        ENSURE((size_t)size <= sizeof bytes && zmq_getsockopt(scene->asker, ZMQ_RCVMORE, &more, &more_size) == 0);
    }
    *is_ok = check_reply(bytes, (size_t)size);
    return true;
}

static void ask(struct scene *scene, const uint8_t *data, size_t size, struct piece *last) {
    const unsigned char *at = data;
    while (place_piece(&at, data + size, 0x1e, last))
        ENSURE(zmq_send(scene->asker, last->at, last->size, at != NULL ? ZMQ_SNDMORE : 0) >= 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct scene *scene = scene_once();
    struct piece last = {0};
    bool failed, is_ok;
    ask(scene, data, size, &last);
    ENSURE(query_serve(scene->query, &scene->state, &failed) && !failed);
    if (!take_reply(scene, &is_ok)) {
        zmq_pollitem_t item = {.socket = past_socket(scene->past), .events = ZMQ_POLLIN};
        ENSURE(zmq_poll(&item, 1, PATIENCE_MS) == 1);
        ENSURE(query_forward(scene->query, &scene->state));
        ENSURE(take_reply(scene, &is_ok));
    }
    ENSURE(zmq_recv(scene->asker, &failed, 0, ZMQ_DONTWAIT) < 0); /* and nothing more */
    struct backups_status status;
    backups_status(scene->backups, &status);
    scene->changed = scene->changed || status.state != BACKUPS_NONE;
    size_t length;
    char *text = offline_ask(scene->offline, (struct text){(const char *)last.at, (uint32_t)last.size}, &length);
    (void)check_reply(text, length);
    free(text);
    if (scene->changed)
        close_state(scene); /* which waits for the backup's thread */
    return 0;
}
