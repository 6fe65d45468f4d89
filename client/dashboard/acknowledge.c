/* Somebody deals with an alert: the one thing that a page can change. */
#include "client/dashboard/gateway.h"

#include "daemon/core/memory.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#define ALERT_ID_BYTES_MAX 64

static const struct body_form form = {.foreign = "another site's page may not acknowledge alerts",
                                      .untyped = "an acknowledgement is application/json",
                                      .unknown = "the body has the members by, note and expected_by, and no others",
                                      .names = {"by", "note", "expected_by"}};

static void set(json_t *object, const char *name, json_t *value) {
    ENSURE(value != NULL && json_object_set_new(object, name, value) == 0);
}

/* "a104" of "/api/v1/alerts/a104/ack"; NULL when the path is no such. The caller frees. */
static char *alert_of(const char *path) {
    const char *at = path + strlen(ACKNOWLEDGE_PATH);
    const char *slash = strchr(at, '/');
    size_t size = slash == NULL ? 0 : (size_t)(slash - at);

    return size > 0 && size <= ALERT_ID_BYTES_MAX && strcmp(slash, "/ack") == 0 ? strndup(at, size) : NULL;
}

void acknowledge_answer(struct gateway *gateway, struct exchange *exchange) {
    char *alert = alert_of(target_path(exchange_target(exchange)));
    json_t *body = NULL;

    if (alert == NULL) {
        exchange_problem(exchange, 404, "not_found", "there is nothing at this address", NULL);
    } else {
        body = body_take(gateway, exchange, &form);
    }
    if (body != NULL) {
        if (gateway->who->user[0] != '\0') { /* who is signed in acts in no other name */
            set(body, "by", json_string(gateway->who->user));
        }
        set(body, "v", json_integer(WAITLIST_PROTOCOL_VERSION));
        set(body, "op", json_string(WAITLIST_OP_ALERT_ACK));
        set(body, "alert_id", json_string(alert));
        api_ask(gateway, exchange, body);
    }
    json_decref(body);
    free(alert);
}
