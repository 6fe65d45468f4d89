/* Questions of pages to the daemon and back: what it answers goes out as it came. */
#include "client/dashboard/gateway.h"

#include "client/dashboard/problem.h"
#include "client/dashboard/question.h"
#include "daemon/core/memory.h"

#include <stdlib.h>
#include <string.h>

static void refuse_as_told(struct exchange *exchange, const struct answer *answer) {
    json_t *reply = json_loadb(answer_bytes(answer), answer_size(answer), 0, NULL);
    const json_t *error = json_object_get(reply, "error");
    const char *code = json_string_value(json_object_get(error, "code"));
    const char *message = json_string_value(json_object_get(error, "message"));

    if (code == NULL || message == NULL) {
        exchange_problem(exchange, 502, "bad_answer", "what the daemon answered is not of this protocol", NULL);
    } else {
        exchange_problem(exchange, problem_status(code), code, message, json_string_value(json_object_get(error, "pointer")));
    }
    json_decref(reply);
}

void api_refuse(struct exchange *exchange, enum upstream_outcome outcome, const struct answer *answer) {
    if (outcome == UPSTREAM_AWAY) {
        exchange_problem(exchange, 503, "daemon_away", "the daemon that keeps the waiting lists cannot be reached at the moment", NULL);
    } else if (outcome == UPSTREAM_LATE) {
        exchange_problem(exchange, 504, "no_answer", "the daemon did not answer in time", NULL);
    } else {
        refuse_as_told(exchange, answer);
    }
}

static void told(void *context, enum upstream_outcome outcome, struct answer *answer) {
    struct exchange *exchange = context;

    if (outcome == UPSTREAM_ANSWERED && answer_is_ok(answer)) {
        exchange_answer_shared(exchange, 200, "application/json", answer_bytes(answer), answer_size(answer), answer_release,
                               answer_hold(answer));
    } else {
        api_refuse(exchange, outcome, answer);
    }
}

/* Whether the question says both up to when things were known, an instant that has passed, and of which days: then nothing that comes
 * can change the answer. A seq would do as well, but no page knows one that others share. An answer about people is never kept: the daemon
 * would not know that it was looked at again, nor be asked whether it still may be. */
static bool is_settled(const struct gateway *gateway, const json_t *question) {
    const char *known_at = json_string_value(json_object_get(question, "known_at"));
    const char *now = news_clock(gateway->news);
    bool has_days = json_object_get(question, "as_at") != NULL ||
                    (json_object_get(question, "from") != NULL && json_object_get(question, "to") != NULL);

    /* In one notation the order of instants is that of their texts. */
    return !identity_shows_people(question) && has_days && known_at != NULL && strlen(known_at) == strlen(now) &&
           known_at[strlen(now) - 1] == 'Z' && strcmp(known_at, now) < 0;
}

void api_ask(struct gateway *gateway, struct exchange *exchange, json_t *question) {
    identity_ask_for(gateway->who, question);
    char *text = json_dumps(question, JSON_COMPACT);

    ENSURE(text != NULL);
    bool taken = is_settled(gateway, question)
                     ? upstream_ask_settled(gateway->upstream, text, strlen(text), gateway->now_ms, told, exchange)
                     : upstream_ask(gateway->upstream, text, strlen(text), gateway->now_ms, told, exchange);

    if (!taken) {
        exchange_problem(exchange, 503, "busy", "as many questions as are taken at once wait for their answers: ask again", NULL);
    }
    free(text);
}

void api_answer(struct gateway *gateway, struct exchange *exchange, const char *name) {
    struct question_fault fault;
    json_t *question = question_of(name, exchange_target(exchange), &fault);

    if (question == NULL) {
        exchange_problem(exchange, fault.is_unknown ? 404 : 400, fault.is_unknown ? "not_found" : "bad_request", fault.message,
                         fault.is_unknown ? NULL : fault.pointer);
        return;
    }
    api_ask(gateway, exchange, question);
    json_decref(question);
}
