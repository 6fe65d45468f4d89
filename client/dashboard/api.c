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

void api_ask(struct gateway *gateway, struct exchange *exchange, const json_t *question) {
    char *text = json_dumps(question, JSON_COMPACT);

    ENSURE(text != NULL);
    if (!upstream_ask(gateway->upstream, text, strlen(text), gateway->now_ms, told, exchange)) {
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
