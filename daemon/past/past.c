/* The thread that answers questions over the past, and the loop's end of it. */
#include "daemon/past/past.h"

#include "daemon/core/memory.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

static const char endpoint[] = "inproc://past";

struct past {
    void *socket;
    void *thread_socket; /* the thread's alone while it runs */
    pthread_t thread;
    bool runs;
    size_t under_way;
    atomic_bool stop;
    struct chronicle *chronicle; /* the thread's alone while it runs */
    past_answer *answer;
    long idle_ms;
};

/* Takes the next frame if it is of this size. */
static bool take_frame(void *socket, void *frame, size_t size, int flags) {
    return zmq_recv(socket, frame, size, flags) == (int)size;
}

static bool send_text(void *socket, const char *text, size_t length) {
    return zmq_send(socket, text, length, 0) >= 0;
}

/* An empty message only wakes the thread up. */
static void answer_next(struct past *past) {
    struct return_address from;
    struct past_terms terms;
    zmq_msg_t known, teams, note, request;
    void *socket = past->thread_socket;
    if (!take_frame(socket, &from, sizeof from, 0))
        return;
    ENSURE(take_frame(socket, &terms, sizeof terms, 0));
    zmq_msg_init(&known);
    zmq_msg_init(&teams);
    zmq_msg_init(&note);
    zmq_msg_init(&request);
    ENSURE(zmq_msg_recv(&known, socket, 0) >= 0 && zmq_msg_recv(&teams, socket, 0) >= 0 && zmq_msg_recv(&note, socket, 0) >= 0 &&
           zmq_msg_recv(&request, socket, 0) >= 0);
    terms.known = (struct text){zmq_msg_data(&known), (uint32_t)zmq_msg_size(&known)};
    terms.teams = (struct text){zmq_msg_data(&teams), (uint32_t)zmq_msg_size(&teams)};
    terms.note = terms.note_size == 0 ? NULL : zmq_msg_data(&note);
    if (!atomic_load(&past->stop)) {
        size_t length;
        char *text =
            past->answer(past->chronicle, &terms, (struct text){zmq_msg_data(&request), (uint32_t)zmq_msg_size(&request)}, &length);
        ENSURE(zmq_send(socket, &from, sizeof from, ZMQ_SNDMORE) >= 0 && zmq_msg_send(&note, socket, ZMQ_SNDMORE) >= 0 &&
               send_text(socket, text, length));
        free(text);
    }
    zmq_msg_close(&known);
    zmq_msg_close(&teams);
    zmq_msg_close(&note);
    zmq_msg_close(&request);
}

static void *run(void *context) {
    struct past *past = context;
    while (!atomic_load(&past->stop)) {
        zmq_pollitem_t item = {.socket = past->thread_socket, .events = ZMQ_POLLIN};
        int ready = zmq_poll(&item, 1, chronicle_is_empty(past->chronicle) ? -1 : past->idle_ms);
        if (ready > 0)
            answer_next(past);
        else if (ready == 0)
            chronicle_forget(past->chronicle);
    }
    return NULL;
}

static void *open_socket(void *context, int (*attach)(void *socket, const char *address)) {
    int linger = 0;
    void *socket = zmq_socket(context, ZMQ_PAIR);
    if (socket != NULL && zmq_setsockopt(socket, ZMQ_LINGER, &linger, sizeof linger) == 0 && attach(socket, endpoint) == 0)
        return socket;
    if (socket != NULL)
        zmq_close(socket);
    return NULL;
}

struct past *past_create(const struct past_setup *setup) {
    struct past *past = memory_new(1, sizeof *past);
    atomic_init(&past->stop, false);
    past->answer = setup->answer;
    past->idle_ms = setup->idle_ms;
    past->chronicle = chronicle_create(setup->journal_path, setup->calendar, &past->stop);
    past->socket = open_socket(setup->context, zmq_bind);
    past->thread_socket = open_socket(setup->context, zmq_connect);
    past->runs = past->socket != NULL && past->thread_socket != NULL && pthread_create(&past->thread, NULL, run, past) == 0;
    if (!past->runs)
        past_destroy(&past);
    return past;
}

void past_destroy(struct past **pointer) {
    struct past *past = *pointer;
    if (past == NULL)
        return;
    if (past->runs) {
        atomic_store(&past->stop, true);
        ENSURE(send_text(past->socket, "", 0));
        ENSURE(pthread_join(past->thread, NULL) == 0);
    }
    chronicle_destroy(&past->chronicle);
    if (past->thread_socket != NULL)
        zmq_close(past->thread_socket);
    if (past->socket != NULL)
        zmq_close(past->socket);
    free(past);
    *pointer = NULL;
}

void *past_socket(const struct past *past) {
    return past->socket;
}

bool past_ask(struct past *past, const struct return_address *from, const struct past_terms *terms, struct text request) {
    if (past->under_way == PAST_QUESTIONS_MAX)
        return false;
    ENSURE(zmq_send(past->socket, from, sizeof *from, ZMQ_SNDMORE) >= 0);
    ENSURE(zmq_send(past->socket, terms, sizeof *terms, ZMQ_SNDMORE) >= 0);
    ENSURE(zmq_send(past->socket, terms->known.at, terms->known.length, ZMQ_SNDMORE) >= 0);
    ENSURE(zmq_send(past->socket, terms->teams.at, terms->teams.length, ZMQ_SNDMORE) >= 0);
    ENSURE(zmq_send(past->socket, terms->note, terms->note_size, ZMQ_SNDMORE) >= 0);
    ENSURE(send_text(past->socket, request.at, request.length));
    past->under_way++;
    return true;
}

bool past_is_busy(const struct past *past) {
    return past->under_way > 0;
}

bool past_take(struct past *past, struct return_address *to, zmq_msg_t *note, zmq_msg_t *answer) {
    if (!take_frame(past->socket, to, sizeof *to, ZMQ_DONTWAIT))
        return false;
    ENSURE(zmq_msg_recv(note, past->socket, 0) >= 0 && zmq_msg_recv(answer, past->socket, 0) >= 0);
    past->under_way--;
    return true;
}
