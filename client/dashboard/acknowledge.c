/* Somebody deals with an alert: the one thing that a page can change. */
#include "client/dashboard/gateway.h"

#include "daemon/config/config.h"
#include "daemon/core/memory.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define ALERT_ID_BYTES_MAX 64
#define USER_BYTES_MAX 128

static const char *const members[] = {"by", "note", "expected_by"};

static bool is_member(const char *name) {
    for (size_t i = 0; i < sizeof members / sizeof members[0]; i++) {
        if (strcmp(members[i], name) == 0) {
            return true;
        }
    }
    return false;
}

/* "application/json" with or without a charset. A foreign page's form cannot send it unasked. */
static bool is_json(const char *type) {
    static const char json[] = "application/json";

    return type != NULL && strncasecmp(type, json, strlen(json)) == 0 && strchr("; \t", type[strlen(json)]) != NULL;
}

static void set(json_t *object, const char *name, json_t *value) {
    ENSURE(value != NULL && json_object_set_new(object, name, value) == 0);
}

/* The body as an object without members that are null; NULL after refusing. */
static json_t *read_body(struct exchange *exchange) {
    size_t size;
    const char *bytes = exchange_body(exchange, &size);
    json_error_t error;
    json_t *body = json_loadb(bytes == NULL ? "" : bytes, size, JSON_REJECT_DUPLICATES, &error);
    char text[120];
    const char *name;
    json_t *value;
    void *next;

    if (!json_is_object(body)) {
        snprintf(text, sizeof text, body == NULL ? "the body is not JSON at byte %d" : "the body is one JSON object", error.position);
        exchange_problem(exchange, 400, "bad_request", text, NULL);
        json_decref(body);
        return NULL;
    }
    json_object_foreach_safe(body, next, name, value) {
        if (!is_member(name)) {
            exchange_problem(exchange, 400, "bad_request", "the body has the members by, note and expected_by, and no others", NULL);
            json_decref(body);
            return NULL;
        }
        if (json_is_null(value)) {
            json_object_del(body, name);
        }
    }
    return body;
}

/* Whoever the reverse proxy says is asking goes before what the body says. False after refusing. */
static bool take_user(const struct gateway *gateway, struct exchange *exchange, json_t *body) {
    const char *name = gateway->config->user_header;
    const char *user = name == NULL ? NULL : exchange_header(exchange, name);
    json_t *text = user == NULL || strlen(user) > USER_BYTES_MAX ? NULL : json_string(user); /* NULL also for what is not UTF-8 */

    if (name == NULL) {
        return true;
    }
    if (text == NULL || user[0] == '\0') {
        exchange_problem(exchange, 403, "forbidden", "nobody is signed in: the reverse proxy does not say who asks", NULL);
        json_decref(text);
        return false;
    }
    set(body, "by", text);
    return true;
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
    } else if (!guard_is_own_origin(exchange_header(exchange, "Sec-Fetch-Site"), exchange_header(exchange, "Origin"),
                                    exchange_header(exchange, "Host"))) {
        exchange_problem(exchange, 403, "forbidden", "another site's page may not acknowledge alerts", NULL);
    } else if (!is_json(exchange_header(exchange, "Content-Type"))) {
        exchange_problem(exchange, 415, "bad_type", "an acknowledgement is application/json", NULL);
    } else if (target_parameter_count(exchange_target(exchange)) > 0) {
        exchange_problem(exchange, 400, "bad_request", "there are no parameters here", NULL);
    } else {
        body = read_body(exchange);
    }
    if (body != NULL && take_user(gateway, exchange, body)) {
        set(body, "v", json_integer(WAITLIST_PROTOCOL_VERSION));
        set(body, "op", json_string(WAITLIST_OP_ALERT_ACK));
        set(body, "alert_id", json_string(alert));
        api_ask(gateway, exchange, body);
    }
    json_decref(body);
    free(alert);
}
