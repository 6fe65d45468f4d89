/* Answers of the daemon, counted by who holds them. */
#include "client/dashboard/answer.h"

#include "daemon/core/memory.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

struct answer {
    zmq_msg_t message;
    size_t holders;
};

struct answer *answer_create(zmq_msg_t *message) {
    struct answer *answer = memory_new(1, sizeof *answer);

    answer->holders = 1;
    ENSURE(zmq_msg_init(&answer->message) == 0 && zmq_msg_move(&answer->message, message) == 0);
    return answer;
}

struct answer *answer_hold(struct answer *answer) {
    answer->holders++;
    return answer;
}

void answer_release(void *answer) {
    struct answer *held = answer;

    if (--held->holders == 0) {
        (void)zmq_msg_close(&held->message);
        free(held);
    }
}

const char *answer_bytes(const struct answer *answer) {
    /* libzmq's accessors take the message without const and change nothing. */
    return zmq_msg_data((zmq_msg_t *)(uintptr_t)&answer->message);
}

size_t answer_size(const struct answer *answer) {
    return zmq_msg_size((zmq_msg_t *)(uintptr_t)&answer->message);
}

bool answer_is_ok(const struct answer *answer) {
    /* The daemon writes these members first; a snapshot of megabytes is not parsed to find them. */
    static const char usual[] = "{\"v\":1,\"ok\":true,";

    if (answer_size(answer) > strlen(usual) && memcmp(answer_bytes(answer), usual, strlen(usual)) == 0) {
        return true;
    }
    json_t *reply = json_loadb(answer_bytes(answer), answer_size(answer), 0, NULL);
    bool ok = json_is_true(json_object_get(reply, "ok"));

    json_decref(reply);
    return ok;
}
