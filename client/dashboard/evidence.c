/* Packs of evidence over HTTP: asked for, followed, fetched, cancelled. */
#include "client/dashboard/gateway.h"

#include "daemon/config/config.h"
#include "daemon/core/calendar.h"
#include "daemon/core/memory.h"

#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <waitlist/protocol.h>

#define ENDING ".zip"
#define RETRY_S "20" /* about what a pack of a council's half year takes */

static const struct body_form form = {.foreign = "another site's page may not ask for evidence",
                                      .untyped = "the body is application/json",
                                      .unknown = "the body has the members from, to, known_at and audience, and no others",
                                      .names = {"from", "to", "known_at", "audience"}};

static void answer_json(struct exchange *exchange, int status, json_t *object) {
    char *text = object == NULL ? NULL : json_dumps(object, JSON_COMPACT);

    ENSURE(text != NULL);
    json_decref(object);
    exchange_answer(exchange, status, "application/json", text, strlen(text));
}

/* ---- Asking */

/* False after refusing. */
static bool take_day(struct exchange *exchange, const json_t *body, const char *name, char text[11], day_t *day) {
    const char *said = json_string_value(json_object_get(body, name));
    char pointer[16];

    if (said == NULL || !date_parse(text_of(said), day)) {
        snprintf(pointer, sizeof pointer, "/%s", name);
        exchange_problem(exchange, 400, "bad_request", "a day is written as 2025-07-31", pointer);
        return false;
    }
    snprintf(text, 11, "%s", said);
    return true;
}

static bool take_known_at(struct exchange *exchange, const json_t *body, char *text) {
    const json_t *said = json_object_get(body, "known_at");
    instant_t instant;

    if (said == NULL) {
        return true;
    }
    if (json_is_integer(said) && json_integer_value(said) >= 0) {
        snprintf(text, PACK_KNOWN_AT_SIZE, "%lld", (long long)json_integer_value(said));
        return true;
    }
    if (json_is_string(said) && json_string_length(said) < PACK_KNOWN_AT_SIZE &&
        instant_parse(text_of(json_string_value(said)), &instant)) {
        snprintf(text, PACK_KNOWN_AT_SIZE, "%s", json_string_value(said));
        return true;
    }
    exchange_problem(exchange, 400, "bad_request", "it is a seq of the journal, or an instant as 2025-08-01T09:00:00Z", "/known_at");
    return false;
}

static bool take_audience(struct exchange *exchange, const json_t *body, bool *publish) {
    const char *said = json_string_value(json_object_get(body, "audience"));

    *publish = said != NULL && strcmp(said, "publish") == 0;
    if (!*publish && (said == NULL || strcmp(said, "sensitive") != 0)) {
        exchange_problem(exchange, 400, "bad_request", "an audience is sensitive or publish", "/audience");
        return false;
    }
    return true;
}

static bool read_request(struct exchange *exchange, const json_t *body, struct pack_request *request) {
    day_t from, to;

    if (!take_day(exchange, body, "from", request->from, &from) || !take_day(exchange, body, "to", request->to, &to) ||
        !take_known_at(exchange, body, request->known_at) || !take_audience(exchange, body, &request->publish)) {
        return false;
    }
    if (from > to) {
        exchange_problem(exchange, 400, "bad_request", "the last day lies before the first", "/to");
    }
    return from <= to;
}

static json_t *describe(const struct packs *packs, const struct pack *pack) {
    static const char *const states[] = {
        [PACK_WAITING] = "waiting", [PACK_MAKING] = "making", [PACK_DONE] = "done", [PACK_FAILED] = "failed"};

    return json_pack("{s:s, s:s, s:s, s:s, s:s, s:i, s:i, s:i, s:I, s:s?}", "id", pack->id, "state", states[pack->state], "from",
                     pack->request.from, "to", pack->request.to, "audience", pack->request.publish ? "publish" : "sensitive", "before",
                     (int)packs_before(packs, pack), "asked", (int)pack->asked, "questions", (int)pack->questions, "bytes",
                     (json_int_t)pack->bytes, "message", pack->state == PACK_FAILED ? pack->message : NULL);
}

static void ask(struct gateway *gateway, struct exchange *exchange, const struct pack_request *request) {
    const struct pack *pack;

    if (!news_is_live(gateway->news)) {
        exchange_problem(exchange, 503, "daemon_away", "the daemon does not answer", NULL);
        return;
    }
    pack = packs_ask(gateway->packs, request, gateway->who, gateway->now_ms);
    if (pack == NULL) {
        exchange_set_header(exchange, "Retry-After", RETRY_S);
        exchange_problem(exchange, 503, "busy", "one pack of evidence is being made and as many wait as may: come again in a moment", NULL);
        return;
    }
    char address[sizeof EVIDENCE_PATH + 1 + PACK_ID_SIZE];

    snprintf(address, sizeof address, "%s/%s", EVIDENCE_PATH, pack->id);
    exchange_set_header(exchange, "Location", address);
    answer_json(exchange, 202, describe(gateway->packs, pack));
}

static void refuse_off(struct exchange *exchange) {
    exchange_problem(exchange, 404, "evidence_off",
                     "evidence is not made from here: dashboard.evidence.enabled in the configuration of the gateway lets it", NULL);
}

void evidence_answer(struct gateway *gateway, struct exchange *exchange) {
    if (exchange_method(exchange) != HTTP_POST) { /* a page wants to know before it shows its form */
        bool is_on = gateway->packs != NULL;

        answer_json(exchange, 200,
                    json_pack("{s:b, s:b, s:i, s:i}", "enabled", is_on, "signed", is_on && packs_are_signed(gateway->packs), "kept_s",
                              (int)(PACKS_KEPT_MS / 1000), "time_limit_s", gateway->config->evidence.time_limit_s));
        return;
    }
    if (gateway->packs == NULL) {
        refuse_off(exchange);
        return;
    }
    struct pack_request request = {.known_at = ""};
    json_t *body = body_take(gateway, exchange, &form);

    if (body != NULL && read_request(exchange, body, &request)) {
        ask(gateway, exchange, &request);
    }
    json_decref(body);
}

/* ---- One pack */

/* A pack on its way to who asked for it, once the access log says so. */
struct download {
    struct exchange *exchange;
    int file;
    size_t bytes;
    char disposition[80];
};

static void hand_over(void *context, enum upstream_outcome outcome, struct answer *answer) {
    struct download *download = context;

    if (outcome == UPSTREAM_ANSWERED && answer_is_ok(answer)) {
        exchange_set_header(download->exchange, "Content-Disposition", download->disposition);
        exchange_answer_file(download->exchange, 200, "application/zip", download->file, download->bytes);
    } else {
        (void)close(download->file);
        api_refuse(download->exchange, outcome, answer);
    }
    free(download);
}

static bool tell_of(struct gateway *gateway, const struct pack *pack, struct download *download) {
    json_t *question = json_pack("{s:i, s:s, s:s, s:s, s:s}", "v", WAITLIST_PROTOCOL_VERSION, "op", WAITLIST_OP_EXPORT, "kind", "download",
                                 "from", pack->request.from, "to", pack->request.to);

    ENSURE(question != NULL);
    identity_ask_for(gateway->who, question);
    char *text = json_dumps(question, JSON_COMPACT);

    ENSURE(text != NULL);
    bool taken = upstream_ask(gateway->upstream, text, strlen(text), gateway->now_ms, hand_over, download);

    free(text);
    json_decref(question);
    return taken;
}

static void fetch(struct gateway *gateway, struct exchange *exchange, const struct pack *pack) {
    int file = pack->state == PACK_DONE ? fcntl(pack->file, F_DUPFD_CLOEXEC, 0) : -1;

    if (pack->state != PACK_DONE) {
        exchange_problem(exchange, 409, "conflict", "the pack is not done", NULL);
        return;
    }
    if (file < 0) {
        exchange_problem(exchange, 503, "busy", "too many files are open", NULL);
        return;
    }
    struct download *download = memory_new(1, sizeof *download);

    *download = (struct download){.exchange = exchange, .file = file, .bytes = pack->bytes};
    snprintf(download->disposition, sizeof download->disposition, "attachment; filename=\"evidence-%s-%s%s" ENDING "\"", pack->request.from,
             pack->request.to, pack->request.publish ? "-published" : "-sensitive");
    if (!tell_of(gateway, pack, download)) {
        (void)close(file);
        free(download);
        exchange_problem(exchange, 503, "busy", "as many questions as are taken at once wait for their answers: ask again", NULL);
    }
}

void evidence_answer_one(struct gateway *gateway, struct exchange *exchange) {
    const char *name = target_path(exchange_target(exchange)) + strlen(EVIDENCE_PATH "/");
    size_t length = strnlen(name, PACK_ID_SIZE + sizeof ENDING);
    bool is_file = length == PACK_ID_SIZE - 1 + strlen(ENDING) && strcmp(name + PACK_ID_SIZE - 1, ENDING) == 0;
    char id[PACK_ID_SIZE] = "";

    if (gateway->packs == NULL) {
        refuse_off(exchange);
        return;
    }
    if (is_file || length == PACK_ID_SIZE - 1) {
        memcpy(id, name, PACK_ID_SIZE - 1);
    }
    const struct pack *pack = packs_find(gateway->packs, id, gateway->now_ms);

    if (pack == NULL || strcmp(pack->user, gateway->who->user) != 0) { /* another's is to them as one that never was */
        exchange_problem(exchange, 404, "not_found", "there is no such pack, or not any more", NULL);
    } else if (exchange_method(exchange) != HTTP_DELETE) {
        if (is_file) {
            fetch(gateway, exchange, pack);
        } else {
            answer_json(exchange, 200, describe(gateway->packs, pack));
        }
    } else if (body_is_own(gateway, exchange, form.foreign)) {
        packs_cancel(gateway->packs, id, gateway->now_ms);
        exchange_answer(exchange, 204, NULL, NULL, 0);
    }
}
