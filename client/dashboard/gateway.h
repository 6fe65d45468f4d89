/* What the handlers of the gateway share: its parts, and the time of this turn. */
#ifndef WAITLIST_DASHBOARD_GATEWAY_H
#define WAITLIST_DASHBOARD_GATEWAY_H

#include "client/dashboard/assets.h"
#include "client/dashboard/gate.h"
#include "client/dashboard/guard.h"
#include "client/dashboard/http.h"
#include "client/dashboard/news.h"
#include "client/dashboard/packs.h"
#include "client/dashboard/plain_page.h"
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
    struct gate *gate;
    struct plain_style style;
    struct identity *who; /* asks what is being answered; NULL where anybody may */
    int64_t now_ms;       /* of this turn, on the monotonic clock */
};

/* ---- sign_in.c: signing in and out, and what becomes of those who have not */
#define SIGN_IN_PATH "/sign-in"
#define SIGN_OUT_PATH "/sign-out"
void sign_in_answer(struct gateway *gateway, struct exchange *exchange);
void sign_in_out(struct gateway *gateway, struct exchange *exchange);
/* GET /api/v1/me */
void sign_in_tell(struct gateway *gateway, struct exchange *exchange);
/* Who asks, for the caller to release; NULL after refusing, or after seeing to it that it will be refused. */
struct identity *sign_in_demand(struct gateway *gateway, struct exchange *exchange);

/* ---- api.c: questions as they come, answers as they are */

/* Asks the daemon what `name` with the parameters of the target says; answers the exchange. */
void api_answer(struct gateway *gateway, struct exchange *exchange, const char *name);
/* Asks the daemon a question that is made already, on behalf of who asks; answers the exchange with what it says. */
void api_ask(struct gateway *gateway, struct exchange *exchange, json_t *question);
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
bool body_is_own(const struct gateway *gateway, struct exchange *exchange, const char *foreign);
/* The body as an object without members that are null, the caller's; NULL after refusing. */
json_t *body_take(const struct gateway *gateway, struct exchange *exchange, const struct body_form *form);

/* ---- pages.c: what is read into memory at the start */
void pages_answer(struct gateway *gateway, struct exchange *exchange);
/* Whether what is at the path may be had by anybody: scripts and looks, which are everybody's. */
bool pages_are_open(const struct gateway *gateway, const char *path);

/* ---- routes.c: which handler; a http_setup's handle, its context is the gateway */
void routes_handle(void *gateway, struct exchange *exchange);

#endif
