/* Whatever answers and publishes to libwaitlist: a follower's seqs only rise, a sender accounts for each event once, cursors are read back.
 *
 * The library is linked without its sockets: what a link receives comes from the input, and nothing is sent. The first byte says who reads:
 * f a follower, p the positions, s a sender, c a cursor's file (the bytes behind it). Behind it messages with the byte 1D between them, of
 * frames with 1E between them; the first byte of a message says whether it is published (P) or an answer. */
#include "client/lib/internal.h"

#include "daemon/core/memory.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/place.h"

#include <stdlib.h>
#include <string.h>

enum { STEPS_MAX = 400, EVENTS = 24 };

/* What the links of the one client under test are still to receive. */
struct script {
    const unsigned char *at;
    const unsigned char *end;
    unsigned char batch_id[64]; /* the last one sent: answers take it where they say "=" */
    size_t batch_id_size;
};
static struct script script;

void link_init(struct link *link, struct waitlist_client *client, const struct endpoints *endpoints, int type, int queue,
               const char *const *topics) {
    memset(link, 0, sizeof *link);
    link->client = client;
    link->endpoints = endpoints;
    link->type = type;
    link->queue = queue;
    link->topics = topics;
}

bool link_open(struct link *link) {
    link->socket = link; /* never given to libzmq: see below */
    link->connected = true;
    link->opened_at = client_now();
    return true;
}

void link_close(struct link *link) {
    link->socket = NULL;
    link->connected = false;
}

bool link_next(struct link *link) {
    link_close(link);
    return link_open(link);
}

bool link_lost(struct link *link) {
    (void)link;
    return script.at != NULL && script.at < script.end && *script.at == 'L' && script.at++ != NULL;
}

bool link_is_due(const struct link *link) {
    (void)link;
    return script.at != NULL && script.at < script.end && *script.at == 'D' && script.at++ != NULL;
}

enum waitlist_status link_refused(struct link *link) {
    (void)link;
    return WAITLIST_OK;
}

bool link_is_refusal(enum waitlist_status status) {
    (void)status;
    return false;
}

enum waitlist_status link_wait(struct link *const links[], size_t count, int fd, int timeout_ms) {
    (void)links;
    (void)count;
    (void)fd;
    (void)timeout_ms;
    return WAITLIST_INTERRUPTED;
}

static void put_frame(zmq_msg_t *to, const struct piece *frame) {
    bool is_id = frame->size == 1 && frame->at[0] == '=';
    size_t size = is_id ? script.batch_id_size : frame->size;
    ENSURE(zmq_msg_init_size(to, size) == 0);
    if (size > 0)
        memcpy(zmq_msg_data(to), is_id ? script.batch_id : frame->at, size);
}

size_t link_receive(struct link *link, zmq_msg_t *frames, size_t maximum) {
    const unsigned char *next = script.at;
    struct piece message, frame;
    size_t count = 0;
    if (link->socket == NULL || !place_piece(&next, script.end, 0x1d, &message) || message.size == 0)
        return 0;
    if ((message.at[0] == 'P') != (link->type == ZMQ_SUB))
        return 0;
    script.at = next;
    const unsigned char *at = message.at + 1, *end = message.at + message.size;
    for (; place_piece(&at, end, 0x1e, &frame); count++)
        if (count < maximum)
            put_frame(&frames[count], &frame);
    return count;
}

void link_release(zmq_msg_t *frames, size_t count, size_t maximum) {
    for (size_t i = 0; i < count && i < maximum; i++)
        zmq_msg_close(&frames[i]);
}

/* In place of libzmq's: nothing leaves. */
int zmq_send(void *socket, const void *bytes, size_t size, int flags) {
    (void)socket;
    if ((flags & ZMQ_SNDMORE) != 0 && size <= sizeof script.batch_id) {
        memcpy(script.batch_id, bytes, size);
        script.batch_id_size = size;
    }
    return (int)size;
}

/* A message that nobody reads now would stay for ever. */
static bool skip_message(void) {
    struct piece message;
    return place_piece(&script.at, script.end, 0x1d, &message) && script.at != NULL;
}

static void follow(struct waitlist_client *client) {
    struct waitlist_follower *follower = waitlist_follower_create(client, NULL, NULL);
    struct waitlist_transition transition;
    struct waitlist_cursor cursor;
    uint64_t last = 0;
    ENSURE(waitlist_follower_report_as(follower, "fuzz"));
    for (int i = 0; i < STEPS_MAX; i++) {
        enum waitlist_status status = waitlist_follower_next(follower, 0, &transition);
        if (status == WAITLIST_OK) {
            ENSURE(transition.seq > last && transition.transition != NULL && transition.rule != NULL && transition.json != NULL);
            last = transition.seq;
        } else if (status == WAITLIST_EPOCH_CHANGED) {
            waitlist_follower_restart(follower, NULL);
            last = 0;
        } else if (!skip_message()) {
            break;
        }
        waitlist_follower_cursor(follower, &cursor);
        ENSURE(cursor.seq >= last && memchr(cursor.epoch, '\0', sizeof cursor.epoch) != NULL);
    }
    waitlist_follower_destroy(&follower);
}

static void note_position(void *context, const struct waitlist_position *position) {
    size_t *count = context;
    ENSURE(strlen(position->pathway) <= WAITLIST_NAME_BYTES_MAX && strlen(position->team) <= WAITLIST_NAME_BYTES_MAX);
    ENSURE(position->band_count <= WAITLIST_BANDS_MAX);
    ++*count;
}

static void watch(struct waitlist_client *client) {
    struct waitlist_positions *positions = waitlist_positions_create(client);
    for (int i = 0; i < STEPS_MAX; i++) {
        size_t count = 0;
        enum waitlist_status status = waitlist_positions_update(positions, 0);
        waitlist_positions_each(positions, note_position, &count);
        ENSURE(count <= WAITLIST_POSITION_TOPICS_MAX);
        if (status != WAITLIST_OK && status != WAITLIST_EPOCH_CHANGED && !skip_message())
            break;
    }
    waitlist_positions_destroy(&positions);
}

static void note_reply(void *context, const struct waitlist_batch_reply *reply) {
    uint64_t *accounted = context;
    ENSURE(reply->first_tag <= reply->last_tag && reply->last_tag < EVENTS);
    for (size_t i = 0; i < reply->quarantined_count; i++)
        ENSURE(reply->quarantined[i].tag >= reply->first_tag && reply->quarantined[i].tag <= reply->last_tag);
    *accounted += reply->events;
}

static void send_events(struct waitlist_client *client) {
    uint64_t accounted = 0;
    struct waitlist_sender_totals totals;
    struct waitlist_sender *sender =
        waitlist_sender_create(client, &(struct waitlist_sender_options){.batch = 4, .on_reply = note_reply, .context = &accounted});
    for (uint64_t i = 0; i < EVENTS; i++)
        ENSURE(waitlist_sender_submit(sender, "{}", 2, i, 0) == WAITLIST_OK);
    for (int i = 0; i < STEPS_MAX; i++)
        if (waitlist_sender_poll(sender, 0) != WAITLIST_OK && !skip_message())
            break;
    waitlist_sender_totals(sender, &totals);
    ENSURE(totals.submitted == EVENTS && totals.pending + accounted == EVENTS);
    ENSURE(totals.accepted + totals.duplicates + totals.quarantined + totals.refused + totals.pending == EVENTS);
    waitlist_sender_destroy(&sender);
}

static void read_cursor(const uint8_t *data, size_t size) {
    struct waitlist_cursor cursor, again;
    if (waitlist_cursor_load(place_write("cursor", data, size), &cursor) != WAITLIST_OK)
        return;
    const char *copy = place_path("copy");
    ENSURE(waitlist_cursor_save(copy, &cursor) == WAITLIST_OK && waitlist_cursor_load(copy, &again) == WAITLIST_OK);
    ENSURE(strcmp(cursor.epoch, again.epoch) == 0 && cursor.seq == again.seq);
}

static struct waitlist_client *client_once(void) {
    static struct waitlist_client *client;
    if (client == NULL)
        client = waitlist_client_create(NULL);
    ENSURE(client != NULL);
    return client;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct waitlist_client *client = client_once();
    if (size == 0)
        return 0;
    script = (struct script){.at = data + 1, .end = data + size};
    if (data[0] == 'f')
        follow(client);
    else if (data[0] == 'p')
        watch(client);
    else if (data[0] == 's')
        send_events(client);
    else if (data[0] == 'c')
        read_cursor(data + 1, size - 1);
    return 0;
}
