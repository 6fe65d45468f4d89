/* The handler that libzmq asks who may come in. */
#include "daemon/security/zap.h"

#include "daemon/core/memory.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zmq.h>

/* RFC 27, in the order of its frames, behind those that a ROUTER socket and REQ's framing put first. */
enum { SENDER, DELIMITER, VERSION, REQUEST_ID, DOMAIN, ADDRESS, IDENTITY, MECHANISM, CREDENTIALS, FRAME_COUNT };
enum { KEY_BYTES = 32, METADATA_SIZE = 64, NUMBER_SIZE = 24 };

static const char zap_version[] = "1.0";
static const char with_curve[] = " curve ", without_curve[] = " plain ";

struct zap {
    void *socket;
    struct zap_figures figures;
};

/* What libzmq asks. */
struct zap_question {
    size_t frame_count; /* counts on beyond FRAME_COUNT */
    zmq_msg_t frames[FRAME_COUNT];
    char domain[ZAP_DOMAIN_SIZE];
    enum access_socket socket;
    bool is_curve;
    const char *endpoint; /* in `domain` */
    char key[ACCESS_KEY_LENGTH + 1];
};

struct zap *zap_create(void *context) {
    void *socket = zmq_socket(context, ZMQ_ROUTER);
    int none = 0;
    if (socket == NULL)
        return NULL;
    if (zmq_setsockopt(socket, ZMQ_LINGER, &none, sizeof none) != 0 || zmq_bind(socket, "inproc://zeromq.zap.01") != 0) {
        int error = errno;
        zmq_close(socket);
        errno = error;
        return NULL;
    }
    struct zap *zap = memory_new(1, sizeof *zap);
    zap->socket = socket;
    return zap;
}

void zap_destroy(struct zap **zap) {
    if (*zap == NULL)
        return;
    zmq_close((*zap)->socket);
    free(*zap);
    *zap = NULL;
}

void *zap_socket(const struct zap *zap) {
    return zap->socket;
}

void zap_figures(const struct zap *zap, struct zap_figures *figures) {
    *figures = zap->figures;
}

void zap_domain(char domain[ZAP_DOMAIN_SIZE], enum access_socket socket, bool is_curve, const char *endpoint) {
    int length = snprintf(domain, ZAP_DOMAIN_SIZE, "%s%s%s", access_socket_name(socket), is_curve ? with_curve : without_curve, endpoint);
    ENSURE(length > 0 && length < ZAP_DOMAIN_SIZE);
}

static struct text frame_of(const struct zap_question *question, size_t frame) {
    zmq_msg_t *message = (zmq_msg_t *)(uintptr_t)&question->frames[frame];
    return (struct text){zmq_msg_data(message), (uint32_t)zmq_msg_size(message)};
}

static void give_back(struct zap_question *question) {
    for (size_t i = 0; i < question->frame_count && i < FRAME_COUNT; i++)
        zmq_msg_close(&question->frames[i]);
    question->frame_count = 0;
}

/* Takes one whole message. 1, 0 when there is none, -1 when the socket is broken. */
static int receive(struct zap *zap, struct zap_question *question) {
    bool more = true;
    question->frame_count = 0;
    while (more) {
        zmq_msg_t frame;
        zmq_msg_init(&frame);
        if (zmq_msg_recv(&frame, zap->socket, question->frame_count == 0 ? ZMQ_DONTWAIT : 0) < 0) {
            zmq_msg_close(&frame);
            if (question->frame_count == 0 && (errno == EAGAIN || errno == EINTR))
                return 0;
            give_back(question);
            return -1;
        }
        more = zmq_msg_more(&frame);
        if (question->frame_count < FRAME_COUNT) {
            zmq_msg_init(&question->frames[question->frame_count]);
            zmq_msg_move(&question->frames[question->frame_count], &frame);
        }
        zmq_msg_close(&frame);
        question->frame_count++;
    }
    return 1;
}

/* Reads what zap_domain wrote. */
static bool read_domain(struct zap_question *question) {
    struct text domain = frame_of(question, DOMAIN);
    if (domain.length == 0 || domain.length >= ZAP_DOMAIN_SIZE || memchr(domain.at, '\0', domain.length) != NULL)
        return false;
    memcpy(question->domain, domain.at, domain.length);
    question->domain[domain.length] = '\0';
    for (int socket = ACCESS_INGEST; socket <= ACCESS_QUERY; socket++) {
        const char *called = access_socket_name((enum access_socket)socket);
        size_t name = strlen(called), kind = sizeof with_curve - 1;
        if (strncmp(question->domain, called, name) != 0)
            continue;
        question->socket = (enum access_socket)socket;
        question->is_curve = strncmp(question->domain + name, with_curve, kind) == 0;
        question->endpoint = question->domain + name + kind;
        return question->is_curve || strncmp(question->domain + name, without_curve, sizeof without_curve - 1) == 0;
    }
    return false;
}

/* The name of whoever asks; NULL with a reason when nobody of the kind is known. */
static const char *name_of(struct zap_question *question, const struct zap_lists *lists, const char **why) {
    size_t count = question->frame_count;
    *why = "it is not a question that libzmq asks";
    if (count < CREDENTIALS || !text_is(frame_of(question, VERSION), zap_version) || !read_domain(question))
        return NULL;
    struct text mechanism = frame_of(question, MECHANISM);
    if (!question->is_curve) {
        *why = "the endpoint takes no mechanism but NULL";
        if (!text_is(mechanism, "NULL"))
            return NULL;
        const struct access_entry *local = access_find_endpoint(lists->local, lists->local_count, question->endpoint);
        return local == NULL ? ACCESS_LOCAL_NAME : local->name;
    }
    *why = "the endpoint takes no mechanism but CURVE";
    if (!text_is(mechanism, "CURVE") || count != FRAME_COUNT || frame_of(question, CREDENTIALS).length != KEY_BYTES)
        return NULL;
    zmq_z85_encode(question->key, (const uint8_t *)frame_of(question, CREDENTIALS).at, KEY_BYTES);
    *why = "its key is not in security.peers";
    const struct access_entry *peer = access_find_key(lists->peers, lists->peer_count, text_of(question->key));
    return peer == NULL ? NULL : peer->name;
}

static bool send_frame(struct zap *zap, struct text frame, bool more) {
    return zmq_send(zap->socket, frame.at, frame.length, ZMQ_DONTWAIT | (more ? ZMQ_SNDMORE : 0)) >= 0;
}

/* One property as ZMTP writes it: the length of its name in one byte, the name, the length of its value in four, the value. */
static struct text connection_property(char bytes[METADATA_SIZE], uint64_t connection) {
    enum { NAME = sizeof ZAP_CONNECTION - 1 };
    char number[NUMBER_SIZE];
    if (connection == 0)
        return text_of("");
    int length = snprintf(number, sizeof number, "%llu", (unsigned long long)connection);
    bytes[0] = NAME;
    memcpy(bytes + 1, ZAP_CONNECTION, NAME);
    memset(bytes + 1 + NAME, 0, 3);
    bytes[1 + NAME + 3] = (char)length;
    memcpy(bytes + 1 + NAME + 4, number, (size_t)length);
    return (struct text){bytes, (uint32_t)(1 + NAME + 4 + length)};
}

/* Whoever is gone by now needs no answer: a ROUTER socket drops it. */
static void answer(struct zap *zap, const struct zap_question *question, const char *name, uint64_t connection) {
    char bytes[METADATA_SIZE];
    bool sent = send_frame(zap, frame_of(question, SENDER), true) && send_frame(zap, text_of(""), true) &&
                send_frame(zap, text_of(zap_version), true) && send_frame(zap, frame_of(question, REQUEST_ID), true) &&
                send_frame(zap, text_of(name == NULL ? "400" : "200"), true) &&
                send_frame(zap, text_of(name == NULL ? "not let in" : "OK"), true) &&
                send_frame(zap, text_of(name == NULL ? "" : name), true);
    if (sent)
        send_frame(zap, connection_property(bytes, name == NULL ? 0 : connection), false);
}

static void refuse(struct zap *zap, const struct zap_question *question, const struct zap_watch *watch, const char *why) {
    struct access_denial denial = {.socket = question->socket, .peer = "", .what = "connect", .why = why};
    if (question->frame_count > ADDRESS)
        denial.address = frame_of(question, ADDRESS);
    if (question->key[0] != '\0')
        denial.about = (struct text){question->key, ZAP_KEY_SHOWN};
    zap->figures.refused++;
    if (watch->denied != NULL)
        watch->denied(watch->context, &denial);
}

bool zap_serve(struct zap *zap, const struct zap_lists *lists, const struct zap_watch *watch) {
    for (int served = 0; served < ZAP_TURN_MAX; served++) {
        struct zap_question question = {.endpoint = NULL};
        const char *why;
        int received = receive(zap, &question);
        if (received <= 0)
            return received == 0;
        const char *name = name_of(&question, lists, &why);
        uint64_t connection = 0;
        if (name != NULL && watch->admits != NULL && !watch->admits(watch->context, question.socket, name, &connection)) {
            why = "it is kept away for now";
            name = NULL;
        }
        if (name == NULL)
            refuse(zap, &question, watch, why);
        else
            zap->figures.admitted++;
        if (question.frame_count > REQUEST_ID)
            answer(zap, &question, name, connection);
        give_back(&question);
    }
    return true;
}
