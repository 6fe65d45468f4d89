/* Asking for evidence: the same requests to a daemon or to a journal's file. */
#include "client/ctl/source.h"

#include "daemon/offline/offline.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A daemon that works at as many questions as it takes is asked again, for a minute at most. */
enum { BUSY_WAIT_MS = 250, BUSY_ATTEMPTS = 240, CONNECT_MS = 3000 };

/* The reply as an object when it is a good one; else NULL, with what was said against it. */
static json_t *good_reply(json_t *reply, struct source *source, char message[EVIDENCE_MESSAGE_SIZE], bool *is_busy) {
    const json_t *error = json_object_get(reply, "error");

    *is_busy = strcmp(ctl_text(error, "code"), WAITLIST_ERROR_BUSY) == 0;
    if (json_is_true(json_object_get(reply, "ok"))) {
        return reply;
    }
    source->code = CTL_REFUSED;
    snprintf(message, EVIDENCE_MESSAGE_SIZE, "refused: %s (%s)%s", ctl_text(error, "message"), ctl_text(error, "code"),
             ctl_forbidden_help(error));
    json_decref(reply);
    return NULL;
}

static json_t *ask_journal(struct source *source, const char *text, char message[EVIDENCE_MESSAGE_SIZE]) {
    size_t length;
    bool is_busy;
    char *got = offline_ask(source->ctl->offline, (struct text){text, (uint32_t)strlen(text)}, &length);
    json_t *reply = json_loadb(got, length, 0, NULL);

    free(got);
    return good_reply(reply, source, message, &is_busy);
}

static json_t *ask_daemon_once(struct source *source, const char *text, char message[EVIDENCE_MESSAGE_SIZE], bool *is_busy) {
    struct waitlist_query *query = waitlist_query_create(source->ctl->client);
    char *got = NULL;
    json_t *reply = NULL;

    *is_busy = false;
    (void)waitlist_query_limits(query, CONNECT_MS, 1); /* asked twice it would be computed twice */
    enum waitlist_status status = waitlist_query_ask(query, text, source->ctl->timeout_ms, &got);

    if (got != NULL) {
        reply = good_reply(json_loads(got, 0, NULL), source, message, is_busy);
    } else {
        source->code = ctl_explain(status, source->ctl->query);
        snprintf(message, EVIDENCE_MESSAGE_SIZE, "the daemon gave no answer");
    }
    waitlist_free(got);
    waitlist_query_destroy(&query);
    return reply;
}

static json_t *ask_daemon(struct source *source, const char *text, char message[EVIDENCE_MESSAGE_SIZE]) {
    bool is_busy = true;
    json_t *reply = NULL;

    for (int attempt = 0; attempt < BUSY_ATTEMPTS && reply == NULL && is_busy; attempt++) {
        reply = ask_daemon_once(source, text, message, &is_busy);
        if (reply == NULL && is_busy) {
            (void)poll(NULL, 0, BUSY_WAIT_MS);
        }
    }
    return reply;
}

static json_t *ask(void *context, const json_t *request, char message[EVIDENCE_MESSAGE_SIZE]) {
    struct source *source = context;
    json_t *versioned = json_pack("{s:i}", "v", WAITLIST_PROTOCOL_VERSION);

    json_object_update(versioned, (json_t *)(uintptr_t)request);
    if (source->ctl->behalf != NULL && source->ctl->journal == NULL) {
        (void)json_object_set(versioned, "on_behalf_of", source->ctl->behalf);
    }
    char *text = json_dumps(versioned, JSON_COMPACT);

    json_decref(versioned);
    json_t *reply = source->ctl->journal != NULL ? ask_journal(source, text, message) : ask_daemon(source, text, message);

    free(text);
    return reply;
}

bool source_open(struct source *source, struct ctl_context *ctl, struct evidence_source *evidence) {
    *source = (struct source){ctl, CTL_REFUSED};
    *evidence = (struct evidence_source){ask, source};
    return ctl->journal != NULL ? ctl_offline(ctl) != NULL : ctl_client(ctl) != NULL;
}

bool source_permits(const struct evidence_source *evidence, const char *kind, day_t from, day_t to, const json_t *known_at,
                    char message[EVIDENCE_MESSAGE_SIZE]) {
    const struct source *source = evidence->context;
    char first[DATE_SIZE], last[DATE_SIZE];

    if (source->ctl->journal != NULL) {
        return true;
    }
    date_format(from, first);
    date_format(to, last);
    json_t *request = json_pack("{s:s, s:s, s:s, s:s}", "op", WAITLIST_OP_EXPORT, "kind", kind, "from", first, "to", last);

    if (known_at != NULL) {
        json_object_set(request, "known_at", (json_t *)(uintptr_t)known_at);
    }
    json_t *reply = evidence->ask(evidence->context, request, message);
    bool may = reply != NULL;

    json_decref(request);
    json_decref(reply);
    return may;
}

void source_progress(void *context, unsigned done, unsigned total) {
    struct progress *progress = context;

    progress->total = done < total ? total : done + 1;
    progress_draw(progress, done, done, "");
}

void source_take_known_at(struct argp_state *state, const char *argument, json_t **known_at) {
    instant_t instant;
    char *end;
    unsigned long long seq = strtoull(argument, &end, 10);
    bool is_seq = argument[0] >= '0' && argument[0] <= '9' && *end == '\0' && seq <= INT64_MAX;

    if (!is_seq && !instant_parse(text_of(argument), &instant)) {
        argp_error(state, "--known-at is a seq, or an instant as 2025-08-01T09:00:00Z, not '%s'", argument);
    }
    json_decref(*known_at);
    *known_at = is_seq ? json_integer((json_int_t)seq) : json_string(argument);
}
