/* One request on a ROUTER socket. */
#include "daemon/intake/request.h"

#include "daemon/core/memory.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct request *request_create(void) {
    return memory_new(1, sizeof(struct request));
}

static size_t kept_frames(const struct request *request) {
    return request->frame_count < REQUEST_FRAMES_MAX ? request->frame_count : REQUEST_FRAMES_MAX;
}

static void give_back(struct request *request) {
    for (size_t i = 0; i < kept_frames(request); i++)
        zmq_msg_close(&request->frames[i]);
    request->frame_count = request->bytes = 0;
}

void request_destroy(struct request **request) {
    if (*request == NULL)
        return;
    give_back(*request);
    free(*request);
    *request = NULL;
}

struct text request_frame(const struct request *request, size_t frame) {
    zmq_msg_t *message = (zmq_msg_t *)(uintptr_t)&request->frames[frame];
    return (struct text){zmq_msg_data(message), (uint32_t)zmq_msg_size(message)};
}

static void take_frame(struct request *request, zmq_msg_t *message) {
    size_t size = zmq_msg_size(message);
    bool first = request->frame_count == 0 && !request->from.delimiter;
    request->bytes += size;
    if (first && size == 0) {
        request->from.delimiter = true;
        zmq_msg_close(message);
        return;
    }
    if (request->frame_count < REQUEST_FRAMES_MAX) {
        zmq_msg_init(&request->frames[request->frame_count]);
        zmq_msg_move(&request->frames[request->frame_count], message);
    }
    zmq_msg_close(message);
    request->frame_count++;
}

/* The name with which the handler of connections let it in. */
static void note_peer(struct return_address *from, zmq_msg_t *message) {
    const char *name = zmq_msg_gets(message, "User-Id");
    size_t length = name == NULL ? 0 : strlen(name);
    if (length <= NAME_MAX_BYTES)
        memcpy(from->peer, name == NULL ? "" : name, length + 1);
}

enum receive_result request_receive(struct request *request, void *socket) {
    zmq_msg_t message;
    bool is_named = false;
    give_back(request);
    memset(&request->from, 0, sizeof request->from);
    zmq_msg_init(&message);
    if (zmq_msg_recv(&message, socket, ZMQ_DONTWAIT) < 0) {
        zmq_msg_close(&message);
        return errno == EAGAIN || errno == EINTR ? RECEIVED_NOTHING : RECEIVE_FAILED;
    }
    ENSURE(zmq_msg_size(&message) <= ROUTING_ID_MAX);
    request->from.routing_id_length = zmq_msg_size(&message);
    memcpy(request->from.routing_id, zmq_msg_data(&message), request->from.routing_id_length);
    while (zmq_msg_more(&message)) {
        zmq_msg_close(&message);
        zmq_msg_init(&message);
        /* The rest of a message is always there: libzmq hands over whole messages only. */
        if (zmq_msg_recv(&message, socket, 0) < 0) {
            zmq_msg_close(&message);
            return RECEIVE_FAILED;
        }
        if (!is_named) /* every frame of a message says it but libzmq's own, the first */
            note_peer(&request->from, &message);
        is_named = true;
        zmq_msg_t frame;
        zmq_msg_init(&frame);
        zmq_msg_copy(&frame, &message);
        take_frame(request, &frame);
    }
    zmq_msg_close(&message);
    return RECEIVED;
}

static bool send_frame(void *socket, const void *bytes, size_t length, int flags) {
    return zmq_send(socket, bytes, length, flags | ZMQ_DONTWAIT) >= 0;
}

bool request_answer(void *socket, const struct return_address *to, struct text first, struct text second) {
    int more = ZMQ_SNDMORE;
    if (!send_frame(socket, to->routing_id, to->routing_id_length, more))
        return false;
    if (to->delimiter && !send_frame(socket, "", 0, more))
        return false;
    if (second.at == NULL)
        return send_frame(socket, first.at, first.length, 0);
    return send_frame(socket, first.at, first.length, more) && send_frame(socket, second.at, second.length, 0);
}
