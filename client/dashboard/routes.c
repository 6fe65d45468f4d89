/* Which handler answers which address, and by which method. */
#include "client/dashboard/gateway.h"

#include "daemon/core/memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define API "/api/v1/"

static void answer_healthz(struct gateway *gateway, struct exchange *exchange) {
    static const char form[] = "{\"status\":\"ok\",\"daemon\":\"%s\",\"version\":\"" WAITLIST_VERSION "\"}";
    char *text = NULL;
    int size = asprintf(&text, form, news_is_live(gateway->news) ? "live" : "away");

    ENSURE(size > 0);
    exchange_answer(exchange, 200, "application/json", text, (size_t)size);
}

static void answer_api(struct gateway *gateway, struct exchange *exchange) {
    const char *name = target_path(exchange_target(exchange)) + strlen(API);
    const char *ending = strrchr(name, '.');

    if (ending == NULL || strcmp(ending, ".csv") != 0) {
        api_answer(gateway, exchange, name);
        return;
    }
    char *bare = strndup(name, (size_t)(ending - name));

    ENSURE(bare != NULL);
    csv_answer(gateway, exchange, bare);
    free(bare);
}

static void answer_stream(struct gateway *gateway, struct exchange *exchange) {
    streams_answer(gateway->streams, exchange, gateway->who);
}

/* OPTIONS is answered for all of them. */
#define TAKES(method) (1u << (method))
#define READ (TAKES(HTTP_GET) | TAKES(HTTP_HEAD))

struct route {
    const char *path;
    bool is_prefix; /* everything below it */
    unsigned methods;
    enum access_role needs; /* what the daemon answers it guards itself, for each question; OPEN: anybody may come */
    void (*answer)(struct gateway *gateway, struct exchange *exchange);
};
#define OPEN ACCESS_ROLE_COUNT

/* The first that fits. */
static const struct route routes[] = {
    {"/healthz", false, READ, OPEN, answer_healthz},
    {SIGN_IN_PATH, false, READ | TAKES(HTTP_POST), OPEN, sign_in_answer},
    {SIGN_OUT_PATH, false, TAKES(HTTP_POST), OPEN, sign_in_out},
    {"/metrics", false, READ, ACCESS_VIEWER, metrics_answer},
    {API "me", false, READ, ACCESS_VIEWER, sign_in_tell},
    {API "stream", false, READ, ACCESS_VIEWER, answer_stream},
    {ACKNOWLEDGE_PATH, true, TAKES(HTTP_POST), ACCESS_VIEWER, acknowledge_answer},
    {EVIDENCE_PATH, false, READ | TAKES(HTTP_POST), ACCESS_ANALYST, evidence_answer},
    {EVIDENCE_PATH "/", true, READ | TAKES(HTTP_DELETE), ACCESS_ANALYST, evidence_answer_one},
    {API, true, READ, ACCESS_VIEWER, answer_api},
    {"/", true, READ, ACCESS_VIEWER, pages_answer},
};

static const struct route *route_of(const char *path) {
    for (size_t i = 0; i < sizeof routes / sizeof routes[0]; i++) {
        const struct route *route = &routes[i];

        if (route->is_prefix ? strncmp(path, route->path, strlen(route->path)) == 0 : strcmp(path, route->path) == 0) {
            return route;
        }
    }
    memory_broken(); /* every path begins with a slash */
}

/* For the header Allow, at most 32 bytes. */
static void say_allowed(const struct route *route, char *text) {
    static const struct {
        enum http_method method;
        const char *name;
    } names[] = {{HTTP_GET, "GET, "}, {HTTP_HEAD, "HEAD, "}, {HTTP_POST, "POST, "}, {HTTP_DELETE, "DELETE, "}};

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if ((route->methods & TAKES(names[i].method)) != 0) {
            text = stpcpy(text, names[i].name);
        }
    }
    (void)stpcpy(text, "OPTIONS");
}

static bool is_open(const struct gateway *gateway, const struct route *route, const char *path) {
    return route->needs == OPEN || (route->answer == pages_answer && pages_are_open(gateway, path));
}

static void answer_somebody(struct gateway *gateway, struct exchange *exchange, const struct route *route) {
    char detail[96];

    gateway->who = sign_in_demand(gateway, exchange);
    if (gateway->who == NULL) {
        return;
    }
    if (access_has(&gateway->who->rights, route->needs)) {
        route->answer(gateway, exchange);
    } else {
        snprintf(detail, sizeof detail, "this needs the role %s%s", access_role_name(route->needs),
                 route->needs == ACCESS_ADMIN ? "" : " or more");
        exchange_problem(exchange, 403, "forbidden", detail, NULL);
    }
    identity_release(&gateway->who);
}

void routes_handle(void *context, struct exchange *exchange) {
    struct gateway *gateway = context;
    enum http_method method = exchange_method(exchange);

    if (!guard_knows_host(gateway->guard, exchange_header(exchange, "Host"))) {
        exchange_problem(exchange, 421, "wrong_host",
                         "the gateway is not called by this name: dashboard.host_names lists those that it has", NULL);
        return;
    }
    if (exchange_target(exchange) == NULL) {
        exchange_refuse_target(exchange);
        return;
    }
    const struct route *route = route_of(target_path(exchange_target(exchange)));
    char allowed[48];

    say_allowed(route, allowed);
    if (method == HTTP_OPTIONS) {
        exchange_set_header(exchange, "Allow", allowed);
        exchange_answer(exchange, 204, NULL, NULL, 0);
    } else if ((route->methods & TAKES(method)) == 0) {
        exchange_set_header(exchange, "Allow", allowed);
        exchange_problem(exchange, 405, "method_not_allowed", "this address does not take this method", NULL);
    } else if (is_open(gateway, route, target_path(exchange_target(exchange)))) {
        route->answer(gateway, exchange);
    } else {
        answer_somebody(gateway, exchange, route);
    }
}
