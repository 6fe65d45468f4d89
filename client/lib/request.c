/* One question at a time, asked again elsewhere when no answer comes; a new connection each time, so that no late answer is taken for
 * another question's. */
#include "client/lib/internal.h"

#include <stdlib.h>
#include <string.h>

#define PATIENCE_MS 5000
#define CONNECT_MS 1000

void request_init(struct request *request, struct waitlist_client *client) {
    memset(request, 0, sizeof *request);
    link_init(&request->link, client, &client->query, ZMQ_DEALER, 16, NULL);
    request->patience_ms = PATIENCE_MS;
    request->connect_ms = CONNECT_MS;
}

void request_clear(struct request *request) {
    link_close(&request->link);
    free(request->text);
    request->text = NULL;
    request->state = REQUEST_IDLE;
}

static bool send_text(struct request *request) {
    request->sent_at = client_now();
    /* To where nothing may be sent nothing is: link_refused says so. */
    return request->link.retry_at != 0 || zmq_send(request->link.socket, request->text, strlen(request->text), ZMQ_DONTWAIT) >= 0;
}

bool request_ask(struct request *request, const char *text) {
    if (request->state == REQUEST_WAITING || request->link.retry_at != 0) {
        link_close(&request->link); /* the answer that is still to come belongs to nobody */
    }
    free(request->text);
    request->text = client_copy(text, strlen(text));
    request->state = REQUEST_WAITING;
    request->attempts = 1;
    return link_open(&request->link) && send_text(request);
}

/* Asks elsewhere when it is time to. */
static enum waitlist_status again(struct request *request, bool lost) {
    struct link *link = &request->link;
    int64_t now = client_now();

    if (link_is_due(link)) {
        /* Not an attempt: it never left. */
    } else if (lost || (link->connected && now - request->sent_at >= request->patience_ms)) {
        if (request->attempts == request->attempts_max) {
            request->state = REQUEST_IDLE;
            link_close(link);
            return WAITLIST_NO_REPLY;
        }
        request->attempts++;
    } else if (link->connected || link->endpoints->count == 1 || now - link->opened_at < request->connect_ms) {
        return WAITLIST_TIMEOUT; /* a single endpoint is tried on and on by ZeroMQ itself */
    }
    return link_next(link) && send_text(request) ? WAITLIST_TIMEOUT : WAITLIST_SYSTEM;
}

enum waitlist_status request_take(struct request *request, char **reply, size_t *size) {
    zmq_msg_t frame;
    bool lost = link_lost(&request->link);

    *reply = NULL;
    if (request->state == REQUEST_IDLE) {
        return WAITLIST_TIMEOUT;
    }
    if (link_receive(&request->link, &frame, 1) > 0) {
        *size = zmq_msg_size(&frame);
        *reply = client_copy(zmq_msg_data(&frame), *size);
        link_release(&frame, 1, 1);
        request->state = REQUEST_IDLE;
        return WAITLIST_OK;
    }
    return again(request, lost);
}

int64_t request_due(const struct request *request) {
    if (request->state == REQUEST_IDLE) {
        return 0;
    }
    if (request->link.connected) {
        return request->sent_at + request->patience_ms;
    }
    int64_t next_at = request->link.endpoints->count > 1 ? request->link.opened_at + request->connect_ms : 0;

    return client_earlier(next_at, request->link.retry_at);
}
