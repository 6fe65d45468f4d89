/* Any frames on the ingest socket of a real ledger: each message is answered once, with its batch id and an account of all its events.
 *
 * The input: messages with the byte 1D between them, of frames with 1E between them; an empty first frame is a REQ socket's delimiter. */
#include "daemon/core/memory.h"
#include "daemon/intake/intake.h"
#include "tests/fuzz/council.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/place.h"

#include <jansson.h>
#include <string.h>
#include <zmq.h>

enum { MESSAGES_MAX = 16, INPUTS_A_JOURNAL = 200 };

struct scene {
    void *context;
    void *server;
    void *sender;
    struct intake *intake;
    struct council *council;
    unsigned inputs;
};

static void note_denial(void *context, const struct access_denial *denial) {
    (void)context;
    ENSURE(denial->why != NULL);
}

static struct scene *scene_once(void) {
    static struct scene scene;
    if (scene.context == NULL) {
        int mandatory = 1;
        scene.context = zmq_ctx_new();
        scene.server = zmq_socket(scene.context, ZMQ_ROUTER);
        scene.sender = zmq_socket(scene.context, ZMQ_DEALER);
        ENSURE(zmq_setsockopt(scene.server, ZMQ_ROUTER_MANDATORY, &mandatory, sizeof mandatory) == 0);
        ENSURE(zmq_bind(scene.server, "inproc://ingest") == 0 && zmq_connect(scene.sender, "inproc://ingest") == 0);
        scene.intake = intake_create(scene.server, note_denial, NULL);
    }
    if (scene.inputs++ % INPUTS_A_JOURNAL == 0) {
        council_close(&scene.council);
        scene.council = council_open(false);
    }
    return &scene;
}

static void send_message(struct scene *scene, const struct piece *message) {
    const unsigned char *at = message->at, *end = message->at + message->size;
    struct piece frame;
    while (place_piece(&at, end, 0x1e, &frame))
        ENSURE(zmq_send(scene->sender, frame.at, frame.size, at != NULL ? ZMQ_SNDMORE : 0) >= 0);
}

static size_t receive(struct scene *scene, char *to, size_t room, bool *more) {
    int flag;
    size_t flag_size = sizeof flag;
    int size = zmq_recv(scene->sender, to, room, ZMQ_DONTWAIT);
    ENSURE(size >= 0 && (size_t)size <= room);
    ENSURE(zmq_getsockopt(scene->sender, ZMQ_RCVMORE, &flag, &flag_size) == 0);
    *more = flag != 0;
    return (size_t)size;
}

static void check_body(const char *body, size_t size, uint64_t seq) {
    json_t *reply = json_loadb(body, size, JSON_REJECT_DUPLICATES, NULL);
    const json_t *ok = json_object_get(reply, "ok");
    ENSURE(json_integer_value(json_object_get(reply, "v")) == 1 && json_is_boolean(ok));
    if (json_is_true(ok)) {
        ENSURE((uint64_t)json_integer_value(json_object_get(reply, "seq")) <= seq);
        ENSURE(json_is_array(json_object_get(reply, "quarantined")));
    } else {
        const json_t *error = json_object_get(reply, "error");
        ENSURE(json_string_length(json_object_get(error, "code")) > 0 && json_string_length(json_object_get(error, "message")) > 0);
    }
    json_decref(reply);
}

/* Its batch id where it has a good one, and one JSON object. */
static void check_answer(struct scene *scene, const struct piece *message, uint64_t seq) {
    static char bytes[1 << 22];
    const unsigned char *at = message->at, *end = message->at + message->size;
    struct piece id = {0};
    bool more, delimiter = place_piece(&at, end, 0x1e, &id) && id.size == 0;
    if (delimiter && !place_piece(&at, end, 0x1e, &id))
        id = (struct piece){0};
    if (delimiter)
        ENSURE(receive(scene, bytes, sizeof bytes, &more) == 0 && more);
    size_t size = receive(scene, bytes, sizeof bytes, &more);
    ENSURE(more);
    if (id.size >= 1 && id.size <= 32)
        ENSURE(size == id.size && memcmp(bytes, id.at, size) == 0);
    else
        ENSURE(size == 0);
    size = receive(scene, bytes, sizeof bytes, &more);
    ENSURE(!more);
    check_body(bytes, size, seq);
}

/* As many messages as one turn takes. */
static size_t turn(struct scene *scene, const struct piece *messages, size_t count) {
    struct ledger *ledger = scene->council->ledger;
    bool failed;
    ledger_begin(ledger, COUNCIL_NOW);
    intake_receive(scene->intake, ledger, false, &failed);
    size_t taken = intake_waiting(scene->intake);
    ENSURE(!failed && taken > 0 && taken <= count);
    ENSURE(ledger_commit(ledger) == JOURNAL_OK);
    intake_answer(scene->intake);
    for (size_t i = 0; i < taken; i++)
        check_answer(scene, &messages[i], journal_last_seq(ledger_journal(ledger)));
    return taken;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct scene *scene = scene_once();
    struct piece messages[MESSAGES_MAX];
    size_t count = 0, answered = 0;
    for (const unsigned char *at = data; count < MESSAGES_MAX && place_piece(&at, data + size, 0x1d, &messages[count]); count++)
        send_message(scene, &messages[count]);
    while (answered < count)
        answered += turn(scene, messages + answered, count - answered);
    ENSURE(zmq_recv(scene->sender, messages, 0, ZMQ_DONTWAIT) < 0); /* and nothing more */
    return 0;
}
