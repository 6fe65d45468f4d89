/* Questions to the daemon: one DEALER, a name for each question, equal questions asked once. */
#include "client/dashboard/upstream.h"

#include "client/dashboard/kept.h"
#include "daemon/core/memory.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <waitlist/protocol.h>

/* How long a question rests that the daemon was too busy for: it takes eight about other days at once, and pages ask more than that. */
#define BUSY_MS 50

struct asker {
    struct asker *next;
    upstream_told *told;
    void *context;
};

struct question {
    struct question *next;
    uint64_t number; /* goes before the question and comes back before its answer; 0: not sent yet */
    int64_t deadline_ms;
    int64_t not_before_ms; /* when it may be sent again after a refusal as busy */
    struct answer *busy;   /* that refusal; NULL: none yet */
    struct asker *askers;  /* in the order of asking */
    bool is_settled;
    size_t size;
    char text[];
};

/* In the order of asking, so the first is the first whose time is over; sent ones stand before those that wait. */
struct upstream {
    struct upstream_setup setup;
    struct monitored connection;
    struct kept *kept;
    struct question *first;
    struct question **end;
    struct upstream_figures figures;
    uint64_t last_number;
    int64_t rests_until_ms; /* of the question that was put back last; 0: none rests */
};

struct upstream *upstream_create(const struct upstream_setup *setup) {
    struct upstream *upstream = memory_new(1, sizeof *upstream);

    upstream->setup = *setup;
    upstream->end = &upstream->first;
    upstream->kept = kept_create();
    if (!monitored_open(&upstream->connection, setup->context, ZMQ_DEALER, setup->endpoint, setup->keys, "questions")) {
        int reason = errno;

        kept_destroy(&upstream->kept);
        free(upstream);
        errno = reason;
        return NULL;
    }
    upstream->setup.keys = NULL; /* the socket has a copy */
    return upstream;
}

/* Takes the question at `*link` out of the list. */
static struct question *take_out(struct upstream *upstream, struct question **link) {
    struct question *question = *link;

    *link = question->next;
    if (upstream->end == &question->next) {
        upstream->end = link;
    }
    if (question->number == 0) {
        upstream->figures.waiting--;
    } else {
        upstream->figures.in_flight--;
    }
    return question;
}

/* Tells everybody and frees the question, which is in no list any more. */
static void tell(struct question *question, enum upstream_outcome outcome, struct answer *answer) {
    while (question->askers != NULL) {
        struct asker *asker = question->askers;

        question->askers = asker->next;
        asker->told(asker->context, outcome, answer);
        free(asker);
    }
    if (question->busy != NULL) {
        answer_release(question->busy);
    }
    free(question);
}

/* Those who ask anew while they are told find an empty list, or one that has only their own. */
static void tell_all_away(struct upstream *upstream) {
    struct question *question = upstream->first;

    kept_clear(upstream->kept);
    upstream->first = NULL;
    upstream->end = &upstream->first;
    upstream->figures.waiting = upstream->figures.in_flight = 0;
    while (question != NULL) {
        struct question *next = question->next;

        tell(question, UPSTREAM_AWAY, NULL);
        question = next;
    }
}

void upstream_release(struct upstream *upstream) {
    upstream->connection.connected = false;
    tell_all_away(upstream);
}

void upstream_destroy(struct upstream **upstream) {
    if (*upstream == NULL) {
        return;
    }
    upstream_release(*upstream);
    monitored_close(&(*upstream)->connection);
    kept_destroy(&(*upstream)->kept);
    free(*upstream);
    *upstream = NULL;
}

static void add_asker(struct question *question, upstream_told *told, void *context) {
    struct asker **end = &question->askers;
    struct asker *asker = memory_new(1, sizeof *asker);

    while (*end != NULL) {
        end = &(*end)->next;
    }
    *asker = (struct asker){NULL, told, context};
    *end = asker;
}

/* Sends what may go. */
static void send_waiting(struct upstream *upstream, int64_t now_ms) {
    for (struct question *question = upstream->first; question != NULL && upstream->figures.in_flight < UPSTREAM_IN_FLIGHT_MAX;
         question = question->next) {
        uint64_t number = upstream->last_number + 1;

        if (question->number != 0 || question->not_before_ms > now_ms) {
            continue;
        }
        if (zmq_send(upstream->connection.socket, &number, sizeof number, ZMQ_SNDMORE | ZMQ_DONTWAIT) < 0 ||
            zmq_send(upstream->connection.socket, question->text, question->size, ZMQ_DONTWAIT) < 0) {
            return; /* the connection goes at this moment: the monitor will say so */
        }
        question->number = upstream->last_number = number;
        upstream->figures.waiting--;
        upstream->figures.in_flight++;
        upstream->figures.asked++;
    }
}

static bool ask(struct upstream *upstream, const char *text, size_t size, int64_t now_ms, bool is_settled, upstream_told *told,
                void *context) {
    if (!upstream->connection.connected) {
        upstream->figures.away++;
        told(context, UPSTREAM_AWAY, NULL);
        return true;
    }
    for (struct question *other = upstream->first; other != NULL; other = other->next) {
        if (other->size == size && memcmp(other->text, text, size) == 0) {
            upstream->figures.shared++;
            add_asker(other, told, context);
            return true;
        }
    }
    if (upstream->figures.waiting + upstream->figures.in_flight >= upstream->setup.questions_max) {
        upstream->figures.refused++;
        return false;
    }
    struct question *question = memory_new(1, sizeof *question + size);

    question->deadline_ms = now_ms + upstream->setup.timeout_ms;
    question->size = size;
    question->is_settled = is_settled;
    memcpy(question->text, text, size);
    add_asker(question, told, context);
    *upstream->end = question;
    upstream->end = &question->next;
    upstream->figures.waiting++;
    send_waiting(upstream, now_ms);
    return true;
}

bool upstream_ask(struct upstream *upstream, const char *text, size_t size, int64_t now_ms, upstream_told *told, void *context) {
    return ask(upstream, text, size, now_ms, false, told, context);
}

bool upstream_ask_settled(struct upstream *upstream, const char *text, size_t size, int64_t now_ms, upstream_told *told, void *context) {
    struct answer *answer = kept_find(upstream->kept, text, size, now_ms);

    if (answer == NULL) {
        return ask(upstream, text, size, now_ms, true, told, context);
    }
    upstream->figures.kept++;
    answer_hold(answer); /* whoever is told may ask again, and what was kept be pushed out */
    told(context, UPSTREAM_ANSWERED, answer);
    answer_release(answer);
    return true;
}

void upstream_forget(struct upstream *upstream, const void *context) {
    for (struct question *question = upstream->first; question != NULL; question = question->next) {
        for (struct asker **link = &question->askers; *link != NULL;) {
            struct asker *asker = *link;

            if (asker->context != context) {
                link = &asker->next;
                continue;
            }
            *link = asker->next;
            free(asker);
        }
    }
}

/* The frames of one answer: the number of its question and the text. False when there is none now. */
static bool receive(struct upstream *upstream, uint64_t *number, zmq_msg_t *text) {
    void *socket = upstream->connection.socket;
    zmq_msg_t frame;
    size_t count = 0;
    bool more = true;

    *number = 0;
    while (more) {
        ENSURE(zmq_msg_init(&frame) == 0);
        if (zmq_msg_recv(&frame, socket, ZMQ_DONTWAIT) < 0) {
            (void)zmq_msg_close(&frame);
            return false;
        }
        more = zmq_msg_more(&frame) != 0;
        if (count == 0 && zmq_msg_size(&frame) == sizeof *number) {
            memcpy(number, zmq_msg_data(&frame), sizeof *number);
        } else if (count == 1) {
            (void)zmq_msg_move(text, &frame);
        }
        (void)zmq_msg_close(&frame);
        count++;
    }
    return true;
}

static bool is_busy(const struct answer *answer) {
    if (answer_is_ok(answer)) {
        return false;
    }
    json_t *reply = json_loadb(answer_bytes(answer), answer_size(answer), 0, NULL);
    const char *code = json_string_value(json_object_get(json_object_get(reply, "error"), "code"));
    bool busy = code != NULL && strcmp(code, WAITLIST_ERROR_BUSY) == 0;

    json_decref(reply);
    return busy;
}

/* Has the question wait in its place until the daemon may have room for it. */
static void rest(struct upstream *upstream, struct question *question, struct answer *busy, int64_t now_ms) {
    if (question->busy != NULL) {
        answer_release(question->busy);
    }
    question->busy = answer_hold(busy);
    question->number = 0;
    question->not_before_ms = now_ms + BUSY_MS;
    upstream->rests_until_ms = question->not_before_ms;
    upstream->figures.in_flight--;
    upstream->figures.waiting++;
    upstream->figures.rested++;
}

static void take_answers(struct upstream *upstream, int64_t now_ms) {
    uint64_t number;
    zmq_msg_t text;

    ENSURE(zmq_msg_init(&text) == 0);
    while (receive(upstream, &number, &text)) {
        struct question **link = &upstream->first;

        while (*link != NULL && (*link)->number != number) {
            link = &(*link)->next;
        }
        if (number != 0 && *link != NULL) { /* or it comes too late */
            struct answer *answer = answer_create(&text);

            if (is_busy(answer) && (*link)->deadline_ms > now_ms + BUSY_MS) {
                rest(upstream, *link, answer, now_ms);
            } else {
                if ((*link)->is_settled && answer_is_ok(answer)) {
                    kept_put(upstream->kept, (*link)->text, (*link)->size, answer, now_ms);
                }
                tell(take_out(upstream, link), UPSTREAM_ANSWERED, answer);
            }
            answer_release(answer);
        }
    }
    (void)zmq_msg_close(&text);
}

void upstream_run(struct upstream *upstream, int64_t now_ms) {
    /* What came over a connection before it broke is good, so answers go first. */
    take_answers(upstream, now_ms);
    if (monitored_look(&upstream->connection, now_ms) == MONITORED_LOST) {
        tell_all_away(upstream);
    }
    while (upstream->first != NULL && upstream->first->deadline_ms <= now_ms) {
        struct question *question = take_out(upstream, &upstream->first);

        upstream->figures.late++;
        tell(question, question->busy != NULL ? UPSTREAM_ANSWERED : UPSTREAM_LATE, question->busy);
    }
    if (upstream->rests_until_ms <= now_ms) {
        upstream->rests_until_ms = 0;
    }
    send_waiting(upstream, now_ms);
}

void upstream_poll(const struct upstream *upstream, zmq_pollitem_t items[UPSTREAM_POLL_ITEMS]) {
    items[0] = (zmq_pollitem_t){.socket = upstream->connection.socket, .events = ZMQ_POLLIN};
    items[1] = (zmq_pollitem_t){.socket = upstream->connection.monitor, .events = ZMQ_POLLIN};
}

int64_t upstream_due_ms(const struct upstream *upstream) {
    if (upstream->first == NULL) {
        return INT64_MAX;
    }
    return upstream->rests_until_ms != 0 && upstream->rests_until_ms < upstream->first->deadline_ms ? upstream->rests_until_ms
                                                                                                    : upstream->first->deadline_ms;
}

bool upstream_is_connected(const struct upstream *upstream) {
    return upstream->connection.connected;
}

enum handshake_failure upstream_refusal(const struct upstream *upstream) {
    return upstream->connection.refusal;
}

void upstream_figures(const struct upstream *upstream, struct upstream_figures *figures) {
    *figures = upstream->figures;
}
