/* What the handlers of the gateway share: its parts, and the time of this turn. */
#ifndef WAITLIST_DASHBOARD_GATEWAY_H
#define WAITLIST_DASHBOARD_GATEWAY_H

#include "client/dashboard/assets.h"
#include "client/dashboard/guard.h"
#include "client/dashboard/http.h"
#include "client/dashboard/news.h"
#include "client/dashboard/streams.h"
#include "client/dashboard/upstream.h"

struct gateway {
    const struct dashboard_config *config;
    struct upstream *upstream;
    struct news *news;
    struct streams *streams;
    struct http *http;
    struct assets *assets;     /* NULL: there are none */
    const char *assets_reason; /* why not */
    struct guard *guard;
    int64_t now_ms; /* of this turn, on the monotonic clock */
};

/* ---- api.c: questions as they come, answers as they are */

/* Asks the daemon what `name` with the parameters of the target says; answers the exchange. */
void api_answer(struct gateway *gateway, struct exchange *exchange, const char *name);
/* Asks the daemon a question that is made already; answers the exchange with what it says. */
void api_ask(struct gateway *gateway, struct exchange *exchange, const json_t *question);
/* Answers as the daemon refused, or as it is not there. */
void api_refuse(struct exchange *exchange, enum upstream_outcome outcome, const struct answer *answer);

/* ---- csv.c: the same questions with their answers as CSV */
void csv_answer(struct gateway *gateway, struct exchange *exchange, const char *name);

/* ---- metrics.c: figures for monitoring */
void metrics_answer(struct gateway *gateway, struct exchange *exchange);

/* ---- acknowledge.c: POST /api/v1/alerts/{alert_id}/ack */
#define ACKNOWLEDGE_PATH "/api/v1/alerts/"
void acknowledge_answer(struct gateway *gateway, struct exchange *exchange);

/* ---- pages.c: what is read into memory at the start */
void pages_answer(struct gateway *gateway, struct exchange *exchange);

/* ---- routes.c: which handler; a http_setup's handle, its context is the gateway */
void routes_handle(void *gateway, struct exchange *exchange);

#endif
