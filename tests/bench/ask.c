/* Asks the daemon one question again and again and times the answers, socket and JSON included. */
#include "tests/bench/measure.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <zmq.h>

enum { ANSWER_TIMEOUT_MS = 300000 };

static const char *const known[] = {"endpoint", "request", "times", KEY_ARGUMENTS, NULL};

static size_t times_in(const char *text, size_t length, const char *word) {
    size_t found = 0, word_length = strlen(word);
    for (const char *at = text, *end = text + length; (at = memmem(at, (size_t)(end - at), word, word_length)) != NULL; at += word_length)
        found++;
    return found;
}

int main(int count, char **words) {
    struct arguments arguments = arguments_take(count, words, known);
    const char *endpoint = argument_text(&arguments, "endpoint", "ipc:///run/waitlistd/query.ipc");
    const char *request = argument_text(&arguments, "request", "{\"v\":1,\"op\":\"summary\"}");
    void *context = zmq_ctx_new(), *socket = zmq_socket(context, ZMQ_REQ);
    struct samples samples = {NULL, 0, 0};
    size_t size = 0, rows = 0;
    int timeout = ANSWER_TIMEOUT_MS;
    if (socket != NULL)
        use_keys(&arguments, socket);
    if (socket == NULL || zmq_setsockopt(socket, ZMQ_RCVTIMEO, &timeout, sizeof timeout) != 0 || zmq_connect(socket, endpoint) != 0)
        give_up("%s: %s", endpoint, zmq_strerror(errno));
    for (uint64_t left = argument_number(&arguments, "times", 1); left > 0; left--) {
        zmq_msg_t reply;
        uint64_t began = clock_now();
        NEED(zmq_send(socket, request, strlen(request), 0) >= 0 && zmq_msg_init(&reply) == 0);
        if (zmq_msg_recv(&reply, socket, 0) < 0)
            give_up("no answer: %s", zmq_strerror(errno));
        samples_add(&samples, clock_now() - began);
        size = zmq_msg_size(&reply);
        if (times_in(zmq_msg_data(&reply), size, "\"ok\":true") != 1)
            give_up("refused: %.*s", (int)(size < 300 ? size : 300), (const char *)zmq_msg_data(&reply));
        rows = times_in(zmq_msg_data(&reply), size, "\"keys\":") + times_in(zmq_msg_data(&reply), size, "\"subject\":");
        zmq_msg_close(&reply);
    }
    printf("{\"rows\":%zu,\"bytes\":%zu,\"p50_ms\":%.4f,\"p99_ms\":%.4f,\"max_ms\":%.4f}\n", rows, size,
           (double)samples_percentile(&samples, 0.5) / 1e6, (double)samples_percentile(&samples, 0.99) / 1e6,
           (double)samples_percentile(&samples, 1.0) / 1e6);
    samples_free(&samples);
    zmq_close(socket);
    zmq_ctx_term(context);
    return EXIT_SUCCESS;
}
