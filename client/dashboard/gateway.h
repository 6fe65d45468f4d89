/* What the handlers of the gateway share: its parts, and the time of this turn. */
#ifndef WAITLIST_DASHBOARD_GATEWAY_H
#define WAITLIST_DASHBOARD_GATEWAY_H

#include "client/dashboard/assets.h"
#include "client/dashboard/guard.h"
#include "client/dashboard/http.h"
#include "client/dashboard/news.h"
#include "client/dashboard/packs.h"
#include "client/dashboard/streams.h"
#include "client/dashboard/upstream.h"

struct gateway {
    const struct dashboard_config *config;
    struct upstream *upstream;
    struct news *news;
    struct streams *streams;
    struct http *http;
    struct packs *packs;       /* NULL: no evidence is made from here */
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

/* ---- evidence.c: packs of evidence, asked for, followed, fetched and cancelled */
#define EVIDENCE_PATH "/api/v1/evidence"
void evidence_answer(struct gateway *gateway, struct exchange *exchange);
/* Everything below EVIDENCE_PATH "/". */
void evidence_answer_one(struct gateway *gateway, struct exchange *exchange);

/* ---- body.c: what a page sends to change something */
struct body_form {
    const char *foreign;  /* the sentence for another site's page, */
    const char *untyped;  /* for what is not application/json, */
    const char *unknown;  /* for members that there are not */
    const char *names[8]; /* of members, NULL after the last */
};
/* Whether it comes from our own pages; false after refusing. */
bool body_is_own(struct exchange *exchange, const char *foreign);
/* The body as an object without members that are null, the caller's; NULL after refusing. */
json_t *body_take(struct exchange *exchange, const struct body_form *form);
/* Who asks, as the reverse proxy says, the caller's to decref; NULL where it is not asked. False after refusing. */
bool body_user(const struct gateway *gateway, struct exchange *exchange, json_t **user);

/* ---- pages.c: what is read into memory at the start */
void pages_answer(struct gateway *gateway, struct exchange *exchange);

/* ---- routes.c: which handler; a http_setup's handle, its context is the gateway */
void routes_handle(void *gateway, struct exchange *exchange);

#endif
