/* Sending events: batches in a window, acknowledged by number, sent again whenever an answer may have been lost. */
#include "client/lib/batch.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#define BATCH_EVENTS 256
#define BATCH_BYTES (256 * 1024)
#define BATCH_BYTES_MIN (16 * 1024)
#define BATCH_BYTES_MAX (3 * 1024 * 1024) /* with room to the protocol's WAITLIST_BATCH_BYTES_MAX */
#define WINDOW 16
#define WINDOW_MAX 1024
#define RESEND_MS 10000
#define RETRY_MS 250
#define RETRY_MS_MAX 10000
#define CONNECT_MS 1000 /* then the next endpoint of the list is tried */
#define PREFIX_BYTES 8
#define ID_BYTES (PREFIX_BYTES + WAITLIST_SEQ_BYTES)

struct waitlist_sender {
    struct waitlist_sender_options options;
    struct link link;
    unsigned char prefix[PREFIX_BYTES]; /* random: batches of two senders never have the same id */
    uint64_t last_number;
    struct batch filling;
    struct batch *window; /* options.window of them */
    int64_t heard_at;     /* the last answer, or the first batch after silence */
    int64_t paused_until; /* 0: not read-only */
    int pause_ms;
    uint64_t refused_before; /* totals.refused at the last flush */
    struct waitlist_sender_totals totals;
};

static bool options_are_valid(struct waitlist_sender_options *options) {
    options->batch = options->batch == 0 ? BATCH_EVENTS : options->batch;
    options->batch_bytes = options->batch_bytes == 0 ? BATCH_BYTES : options->batch_bytes;
    options->window = options->window == 0 ? WINDOW : options->window;
    options->resend_ms = options->resend_ms == 0 ? RESEND_MS : options->resend_ms;
    options->retry_ms = options->retry_ms == 0 ? RETRY_MS : options->retry_ms;
    return options->batch <= WAITLIST_BATCH_EVENTS_MAX && options->batch_bytes >= BATCH_BYTES_MIN &&
           options->batch_bytes <= BATCH_BYTES_MAX && options->window <= WINDOW_MAX && options->resend_ms >= 100 &&
           options->resend_ms <= WAITLIST_TIMEOUT_MAX && options->retry_ms >= 10 && options->retry_ms <= RETRY_MS_MAX;
}

struct waitlist_sender *waitlist_sender_create(struct waitlist_client *client, const struct waitlist_sender_options *options) {
    struct waitlist_sender_options chosen = {0};

    if (options != NULL) {
        chosen = *options;
    }
    if (!options_are_valid(&chosen)) {
        errno = EINVAL;
        return NULL;
    }
    struct waitlist_sender *sender = client_new(sizeof *sender);

    sender->options = chosen;
    sender->window = client_new(chosen.window * sizeof *sender->window);
    /* Every batch of the window may stand in the socket twice: as sent, and sent again. */
    link_init(&sender->link, client, &client->ingest, ZMQ_DEALER, 2 * (int)chosen.window + 2, NULL);
    CLIENT_CHECK(getrandom(sender->prefix, sizeof sender->prefix, 0) == (ssize_t)sizeof sender->prefix);
    return sender;
}

void waitlist_sender_destroy(struct waitlist_sender **sender) {
    if (*sender == NULL) {
        return;
    }
    link_close(&(*sender)->link);
    for (size_t i = 0; i < (*sender)->options.window; i++) {
        batch_free(&(*sender)->window[i]);
    }
    batch_free(&(*sender)->filling);
    free((*sender)->window);
    free(*sender);
    *sender = NULL;
}

static void notify(const struct waitlist_sender *sender, enum waitlist_sender_notice notice, uint64_t detail) {
    if (sender->options.on_notice != NULL) {
        sender->options.on_notice(sender->options.context, notice, detail);
    }
}

/* False: the socket takes no more now. */
static bool send_batch(struct waitlist_sender *sender, struct batch *batch) {
    unsigned char id[ID_BYTES];

    memcpy(id, sender->prefix, PREFIX_BYTES);
    waitlist_seq_encode(batch->number, id + PREFIX_BYTES);
    if (zmq_send(sender->link.socket, id, sizeof id, ZMQ_SNDMORE | ZMQ_DONTWAIT) < 0) {
        return false;
    }
    if (zmq_send(sender->link.socket, batch->bytes, batch->size, ZMQ_DONTWAIT) < 0) {
        return false;
    }
    int64_t now = client_now();

    if (sender->totals.in_flight == 0) {
        sender->heard_at = now;
    }
    sender->totals.in_flight++;
    sender->totals.resent += batch->was_sent;
    batch->was_sent = true;
    batch->state = BATCH_FLIGHT;
    batch->sent_at = now;
    return true;
}

/* How many batches went out again. */
static uint64_t send_ready(struct waitlist_sender *sender) {
    uint64_t before = sender->totals.resent;

    if (sender->paused_until > client_now()) {
        return 0;
    }
    for (size_t i = 0; i < sender->options.window; i++) {
        if (sender->window[i].state == BATCH_READY && !send_batch(sender, &sender->window[i])) {
            break;
        }
    }
    return sender->totals.resent - before;
}

/* What was under way is to be sent again. */
static void recall(struct waitlist_sender *sender, struct batch *batch) {
    batch->state = BATCH_READY;
    sender->totals.in_flight--;
}

static bool reopen(struct waitlist_sender *sender, bool elsewhere) {
    for (size_t i = 0; i < sender->options.window; i++) {
        if (sender->window[i].state == BATCH_FLIGHT) {
            recall(sender, &sender->window[i]);
        }
    }
    if (!elsewhere) {
        link_close(&sender->link);
    }
    return elsewhere ? link_next(&sender->link) : link_open(&sender->link);
}

/* Batches without an answer for too long: alone when others are answered, all on a new connection when none is. */
static bool chase_overdue(struct waitlist_sender *sender) {
    int64_t now = client_now();

    for (size_t i = 0; i < sender->options.window; i++) {
        struct batch *batch = &sender->window[i];

        if (batch->state == BATCH_FLIGHT && now - batch->sent_at >= sender->options.resend_ms) {
            if (now - sender->heard_at >= sender->options.resend_ms) {
                return reopen(sender, true);
            }
            recall(sender, batch);
        }
    }
    return true;
}

/* What waited in the socket for a connection leaves only now. */
static void restart_patience(struct waitlist_sender *sender) {
    sender->heard_at = client_now();
    for (size_t i = 0; i < sender->options.window; i++) {
        sender->window[i].sent_at = sender->heard_at;
    }
}

static bool keep_connection(struct waitlist_sender *sender) {
    struct link *link = &sender->link;
    bool was_connected = link->connected;

    if (link->socket == NULL) {
        return link_open(link);
    }
    if (link_lost(link)) {
        return reopen(sender, link->endpoints->count > 1);
    }
    if (link->connected && !was_connected) {
        restart_patience(sender);
    }
    if (link_is_due(link) || (!link->connected && link->endpoints->count > 1 && client_now() - link->opened_at >= CONNECT_MS)) {
        return reopen(sender, true);
    }
    return !link->connected || chase_overdue(sender);
}

static void answered(struct waitlist_sender *sender, struct batch *batch, struct waitlist_batch_reply *reply) {
    struct waitlist_sender_totals *totals = &sender->totals;

    reply->first_tag = batch->tags[0];
    reply->last_tag = batch->tags[batch->count - 1];
    reply->events = batch->count;
    totals->in_flight--;
    totals->pending -= batch->count;
    totals->accepted += reply->accepted;
    totals->duplicates += reply->duplicates;
    totals->quarantined += reply->quarantined_count;
    totals->refused += reply->durable ? 0 : batch->count;
    totals->seq = reply->seq > totals->seq ? reply->seq : totals->seq;
    batch_clear(batch);
    if (sender->options.on_reply != NULL) {
        sender->options.on_reply(sender->options.context, reply);
    }
}

static void refused(struct waitlist_sender *sender, struct batch *batch, const char *code, const char *message) {
    struct waitlist_batch_reply reply = {.error_code = code, .error_message = message};

    answered(sender, batch, &reply);
}

static const char *or_empty(const char *text) {
    return text != NULL ? text : "";
}

/* False when an index is outside the batch. */
static bool read_quarantined(const struct batch *batch, const json_t *list, struct waitlist_quarantined *quarantined) {
    size_t i;
    const json_t *one;

    json_array_foreach(list, i, one) {
        int64_t index;

        if (!json_whole(one, "index", &index) || index < 0 || (uint64_t)index >= batch->count) {
            return false;
        }
        quarantined[i] = (struct waitlist_quarantined){.tag = batch->tags[index],
                                                       .id = or_empty(json_text(one, "id")),
                                                       .code = or_empty(json_text(one, "code")),
                                                       .pointer = or_empty(json_text(one, "pointer")),
                                                       .message = or_empty(json_text(one, "message"))};
    }
    return true;
}

static void take_durable(struct waitlist_sender *sender, struct batch *batch, const json_t *answer) {
    const json_t *list = json_object_get(answer, "quarantined");
    size_t count = json_array_size(list);
    struct waitlist_batch_reply reply = {.durable = true,
                                         .accepted = json_count(answer, "accepted"),
                                         .duplicates = json_count(answer, "duplicates"),
                                         .seq = json_count(answer, "seq"),
                                         .quarantined_count = count,
                                         .error_code = "",
                                         .error_message = ""};

    if (count > batch->count || reply.accepted + reply.duplicates + count != batch->count) {
        refused(sender, batch, "bad_reply", "the answer does not account for every event of the batch");
        return;
    }
    struct waitlist_quarantined *quarantined = client_new((count + 1) * sizeof *quarantined);

    reply.quarantined = quarantined;
    if (read_quarantined(batch, list, quarantined)) {
        answered(sender, batch, &reply);
    } else {
        refused(sender, batch, "bad_reply", "the answer names an event that is not in the batch");
    }
    free(quarantined);
}

/* Nothing was taken for now: all batches wait, longer each time. */
static void take_read_only(struct waitlist_sender *sender, struct batch *batch) {
    int64_t now = client_now();

    recall(sender, batch);
    if (sender->paused_until > now) {
        return; /* said by another batch of the same try */
    }
    sender->pause_ms = sender->paused_until == 0 ? sender->options.retry_ms : sender->pause_ms * 2;
    sender->pause_ms = sender->pause_ms > RETRY_MS_MAX ? RETRY_MS_MAX : sender->pause_ms;
    sender->paused_until = now + sender->pause_ms;
    notify(sender, WAITLIST_NOTICE_READ_ONLY, (uint64_t)sender->pause_ms);
}

static void take_answer(struct waitlist_sender *sender, struct batch *batch, const json_t *answer) {
    const json_t *ok = json_object_get(answer, "ok");
    const json_t *error = json_object_get(answer, "error");
    const char *code = json_text(error, "code");

    if (json_is_false(ok) && code != NULL && strcmp(code, WAITLIST_ERROR_READ_ONLY) == 0) {
        take_read_only(sender, batch);
        return;
    }
    if (sender->paused_until != 0) {
        sender->paused_until = 0;
        notify(sender, WAITLIST_NOTICE_WRITABLE, 0);
    }
    if (json_is_true(ok)) {
        take_durable(sender, batch, answer);
    } else if (code != NULL) {
        refused(sender, batch, code, or_empty(json_text(error, "message")));
    } else {
        refused(sender, batch, "bad_reply", "the answer is not of this protocol");
    }
}

static struct batch *batch_in_flight(struct waitlist_sender *sender, zmq_msg_t *id) {
    const unsigned char *bytes = zmq_msg_data(id);

    if (zmq_msg_size(id) != ID_BYTES || memcmp(bytes, sender->prefix, PREFIX_BYTES) != 0) {
        return NULL;
    }
    uint64_t number = waitlist_seq_decode(bytes + PREFIX_BYTES);

    for (size_t i = 0; i < sender->options.window; i++) {
        if (sender->window[i].state == BATCH_FLIGHT && sender->window[i].number == number) {
            return &sender->window[i];
        }
    }
    return NULL; /* answered already: it had been sent twice */
}

/* Takes all answers that are there; how many batches they were for. */
static size_t take_answers(struct waitlist_sender *sender) {
    zmq_msg_t frames[2];
    size_t taken = 0;
    size_t count;

    while ((count = link_receive(&sender->link, frames, 2)) > 0) {
        struct batch *batch = count == 2 ? batch_in_flight(sender, &frames[0]) : NULL;

        if (batch != NULL) {
            json_t *answer = json_from(zmq_msg_data(&frames[1]), zmq_msg_size(&frames[1]));

            sender->heard_at = client_now();
            take_answer(sender, batch, answer);
            json_decref(answer);
            taken++;
        }
        link_release(frames, count, 2);
    }
    return taken;
}

/* Puts what has gathered into the window. False when that is full. */
static bool dispatch(struct waitlist_sender *sender) {
    if (sender->filling.count == 0) {
        return true;
    }
    for (size_t i = 0; i < sender->options.window; i++) {
        struct batch *slot = &sender->window[i];

        if (slot->state == BATCH_FREE) {
            struct batch empty = *slot;

            *slot = sender->filling;
            slot->state = BATCH_READY;
            slot->number = ++sender->last_number;
            sender->filling = empty;
            return true;
        }
    }
    return false;
}

/* The clock's reading at which something must be done although nothing came; 0: none. */
static int64_t next_due(const struct waitlist_sender *sender) {
    int64_t due = sender->paused_until > client_now() ? sender->paused_until : 0;

    if (!sender->link.connected) {
        due = client_earlier(due, sender->link.retry_at);
        return sender->link.endpoints->count > 1 ? client_earlier(due, sender->link.opened_at + CONNECT_MS) : due;
    }
    for (size_t i = 0; i < sender->options.window; i++) {
        if (sender->window[i].state == BATCH_FLIGHT) {
            due = client_earlier(due, sender->window[i].sent_at + sender->options.resend_ms);
        }
    }
    return due;
}

/* One round: connection, answers, sending. OK: something was answered. */
static enum waitlist_status turn(struct waitlist_sender *sender) {
    if (!keep_connection(sender)) {
        return WAITLIST_SYSTEM;
    }
    size_t taken = take_answers(sender);
    (void)dispatch(sender);
    uint64_t again = send_ready(sender);

    if (again > 0) {
        notify(sender, WAITLIST_NOTICE_RESENT, again);
    }
    if (taken > 0) {
        return WAITLIST_OK;
    }
    enum waitlist_status refused = link_refused(&sender->link);

    return refused != WAITLIST_OK ? refused : WAITLIST_TIMEOUT;
}

static enum waitlist_status turn_until(struct waitlist_sender *sender, int64_t deadline) {
    struct link *links[] = {&sender->link};

    for (;;) {
        enum waitlist_status status = turn(sender);

        if (status != WAITLIST_TIMEOUT || client_now() >= deadline || sender->totals.pending == 0) {
            return status;
        }
        status = link_wait(links, 1, -1, client_remaining(client_earlier(next_due(sender), deadline)));
        if (status == WAITLIST_INTERRUPTED || status == WAITLIST_SYSTEM) {
            return status;
        }
    }
}

static bool has_room(const struct waitlist_sender *sender, size_t size) {
    const struct batch *filling = &sender->filling;

    return filling->count == 0 || (filling->count < sender->options.batch && filling->size + size + 1 <= sender->options.batch_bytes);
}

static enum waitlist_status make_room(struct waitlist_sender *sender, size_t size, int timeout_ms) {
    if (has_room(sender, size)) {
        return WAITLIST_OK;
    }
    int64_t deadline = client_deadline(timeout_ms);

    for (;;) {
        enum waitlist_status status = turn(sender);

        if (status == WAITLIST_SYSTEM) {
            return status;
        }
        if (has_room(sender, size)) {
            return WAITLIST_OK;
        }
        if (!link_is_refusal(status)) {
            if (client_now() >= deadline) {
                return WAITLIST_FULL;
            }
            status = turn_until(sender, deadline);
        }
        if (status == WAITLIST_INTERRUPTED || status == WAITLIST_SYSTEM || link_is_refusal(status)) {
            return status;
        }
    }
}

static enum waitlist_status add(struct waitlist_sender *sender, const char *event, size_t size, uint64_t tag, int timeout_ms) {
    enum waitlist_status status = make_room(sender, size, timeout_ms);

    if (status == WAITLIST_OK) {
        batch_add(&sender->filling, event, size, tag, sender->options.batch);
        sender->totals.submitted++;
        sender->totals.pending++;
    }
    return status;
}

enum waitlist_status waitlist_sender_submit(struct waitlist_sender *sender, const char *event, size_t size, uint64_t tag, int timeout_ms) {
    if (size > WAITLIST_SENDER_EVENT_MAX || batch_is_blank(event, size) || !batch_fits_one_line(event, size)) {
        return WAITLIST_INVALID;
    }
    return add(sender, event, size, tag, timeout_ms);
}

enum waitlist_status waitlist_sender_submit_lines(struct waitlist_sender *sender, const char *lines, size_t size, uint64_t first_tag,
                                                  int timeout_ms, size_t *taken) {
    int64_t deadline = client_deadline(timeout_ms);
    uint64_t tag = first_tag;

    *taken = 0;
    while (*taken < size) {
        const char *line = lines + *taken;
        const char *end = memchr(line, '\n', size - *taken);
        size_t length = end != NULL ? (size_t)(end - line) : size - *taken;

        if (!batch_is_blank(line, length)) {
            enum waitlist_status status = WAITLIST_INVALID;

            if (length <= WAITLIST_SENDER_EVENT_MAX) {
                status = add(sender, line, length, tag, client_remaining(deadline));
            }
            if (status != WAITLIST_OK) {
                return status;
            }
        }
        tag++;
        *taken += length + (end != NULL);
    }
    return WAITLIST_OK;
}

enum waitlist_status waitlist_sender_poll(struct waitlist_sender *sender, int timeout_ms) {
    enum waitlist_status status = turn_until(sender, client_deadline(timeout_ms));

    return status == WAITLIST_TIMEOUT && sender->totals.pending == 0 ? WAITLIST_OK : status;
}

enum waitlist_status waitlist_sender_flush(struct waitlist_sender *sender, int timeout_ms) {
    int64_t deadline = client_deadline(timeout_ms);

    while (sender->totals.pending > 0) {
        enum waitlist_status status = turn_until(sender, deadline);

        if (status == WAITLIST_TIMEOUT) {
            bool is_refused = link_is_refusal(sender->link.refusal);

            return sender->link.connected ? WAITLIST_TIMEOUT : is_refused ? sender->link.refusal : WAITLIST_UNREACHABLE;
        }
        if (status != WAITLIST_OK) {
            return status;
        }
    }
    bool all = sender->totals.refused == sender->refused_before;

    sender->refused_before = sender->totals.refused;
    return all ? WAITLIST_OK : WAITLIST_REFUSED;
}

void waitlist_sender_totals(const struct waitlist_sender *sender, struct waitlist_sender_totals *totals) {
    *totals = sender->totals;
    totals->connected = sender->link.connected;
}
