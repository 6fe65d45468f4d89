/* Questions and answers, by the lazy pirate: ask, wait a share of the time, ask again on a new connection to the next endpoint. */
#include "client/lib/internal.h"

#include <errno.h>
#include <stdlib.h>

#define CONNECT_MS 3000
#define ATTEMPTS 3
#define ATTEMPTS_MAX 100

struct waitlist_query {
    struct request request;
    int connect_ms;
    int attempts;
};

struct waitlist_query *waitlist_query_create(struct waitlist_client *client) {
    struct waitlist_query *query = client_new(sizeof *query);

    request_init(&query->request, client);
    query->connect_ms = CONNECT_MS;
    query->attempts = ATTEMPTS;
    return query;
}

void waitlist_query_destroy(struct waitlist_query **query) {
    if (*query == NULL) {
        return;
    }
    request_clear(&(*query)->request);
    free(*query);
    *query = NULL;
}

enum waitlist_status waitlist_query_limits(struct waitlist_query *query, int connect_ms, int attempts) {
    if (connect_ms < 1 || connect_ms > WAITLIST_TIMEOUT_MAX || attempts < 1 || attempts > ATTEMPTS_MAX) {
        return WAITLIST_INVALID;
    }
    query->connect_ms = connect_ms;
    query->attempts = attempts;
    return WAITLIST_OK;
}

/* The request with "v":1 in it, or NULL when it is no request. */
static char *complete(const char *request) {
    json_t *object = json_loads(request, JSON_REJECT_DUPLICATES, NULL);
    char *text = NULL;

    if (json_is_object(object) && json_text(object, "op") != NULL) {
        if (json_object_get(object, "v") == NULL) {
            CLIENT_CHECK(json_object_set_new(object, "v", json_integer(WAITLIST_PROTOCOL_VERSION)) == 0);
        }
        text = json_dumps(object, JSON_COMPACT);
        CLIENT_CHECK(text != NULL);
    }
    json_decref(object);
    return text;
}

static enum waitlist_status judge(const char *reply, size_t size) {
    json_t *object = json_from(reply, size);
    const json_t *ok = json_object_get(object, "ok");
    enum waitlist_status status = WAITLIST_BAD_REPLY;

    if (json_is_boolean(ok)) {
        status = json_is_true(ok) ? WAITLIST_OK : WAITLIST_REFUSED;
    }
    json_decref(object);
    return status;
}

/* OK with an answer, or why there is none. */
static enum waitlist_status await(struct waitlist_query *query, int timeout_ms, char **reply, size_t *size) {
    struct request *request = &query->request;
    struct link *links[] = {&request->link};
    int64_t deadline = client_deadline(timeout_ms);
    int64_t connect_by = client_earlier(client_now() + query->connect_ms, deadline);
    bool reached = request->link.connected;

    for (;;) {
        enum waitlist_status status = request_take(request, reply, size);

        if (status != WAITLIST_TIMEOUT) {
            return status;
        }
        reached = reached || request->link.connected;
        status = link_refused(&request->link);
        if (status != WAITLIST_OK) {
            return status;
        }
        int64_t until = client_earlier(request_due(request), reached ? deadline : connect_by);

        if (client_now() >= (reached ? deadline : connect_by)) {
            return reached ? WAITLIST_NO_REPLY : link_is_refusal(request->link.refusal) ? request->link.refusal : WAITLIST_UNREACHABLE;
        }
        status = link_wait(links, 1, -1, client_remaining(until));
        if (status == WAITLIST_INTERRUPTED || status == WAITLIST_SYSTEM) {
            return status;
        }
    }
}

enum waitlist_status waitlist_query_ask(struct waitlist_query *query, const char *request, int timeout_ms, char **reply) {
    char *text = complete(request);
    size_t size = 0;

    *reply = NULL;
    if (text == NULL) {
        return WAITLIST_INVALID;
    }
    int whole = timeout_ms < 0 || timeout_ms > WAITLIST_TIMEOUT_MAX ? WAITLIST_TIMEOUT_MAX : timeout_ms;

    query->request.patience_ms = whole / query->attempts + 1;
    query->request.attempts_max = query->attempts;
    query->request.connect_ms = query->connect_ms / (int)query->request.link.endpoints->count;
    enum waitlist_status status = WAITLIST_SYSTEM;

    if (request_ask(&query->request, text)) {
        status = await(query, whole, reply, &size);
    }
    free(text);
    if (status != WAITLIST_OK) {
        int reason = errno;

        request_clear(&query->request); /* whatever still comes on that connection is late */
        errno = reason;
        return status;
    }
    status = judge(*reply, size);
    if (status == WAITLIST_BAD_REPLY) {
        free(*reply);
        *reply = NULL;
    }
    return status;
}
