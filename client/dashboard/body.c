/* Bodies of requests that change something: from our own pages, as JSON, with the members that there are. */
#include "client/dashboard/gateway.h"

#include "daemon/config/config.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

static bool is_member(const struct body_form *form, const char *name) {
    for (size_t i = 0; form->names[i] != NULL; i++) {
        if (strcmp(form->names[i], name) == 0) {
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

static json_t *read_object(struct exchange *exchange, const struct body_form *form) {
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
        if (!is_member(form, name)) {
            exchange_problem(exchange, 400, "bad_request", form->unknown, NULL);
            json_decref(body);
            return NULL;
        }
        if (json_is_null(value)) {
            json_object_del(body, name);
        }
    }
    return body;
}

bool body_is_own(const struct gateway *gateway, struct exchange *exchange, const char *foreign) {
    bool is_own = guard_is_own_origin(exchange_header(exchange, "Sec-Fetch-Site"), exchange_header(exchange, "Origin"),
                                      exchange_header(exchange, "Host"), gateway->who->is_ambient);

    if (!is_own) {
        exchange_problem(exchange, 403, "forbidden", foreign, NULL);
    }
    return is_own;
}

json_t *body_take(const struct gateway *gateway, struct exchange *exchange, const struct body_form *form) {
    if (!body_is_own(gateway, exchange, form->foreign)) {
        return NULL;
    }
    if (!is_json(exchange_header(exchange, "Content-Type"))) {
        exchange_problem(exchange, 415, "bad_type", form->untyped, NULL);
        return NULL;
    }
    if (target_parameter_count(exchange_target(exchange)) > 0) {
        exchange_problem(exchange, 400, "bad_request", "there are no parameters here", NULL);
        return NULL;
    }
    return read_object(exchange, form);
}
