/* The query socket: from frames to a handler and back. */
#include "daemon/query/ops.h"

#include "daemon/core/memory.h"
#include "daemon/intake/request.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MEMBERS_MAX = 11 };

struct op {
    const char *name;
    enum asker_need need;
    enum look_kind shows;
    json_t *(*answer)(struct question *question);
    const char *members[MEMBERS_MAX]; /* beside "v", "op" and "on_behalf_of" */
};

static const struct op ops[] = {
    {"health", ASKER_COUNTS, LOOK_NOBODY, op_health, {NULL}},
    {"config", ASKER_COUNTS, LOOK_NOBODY, op_config, {NULL}},
    {"backup", ASKER_EVERYTHING, LOOK_PEOPLE, op_backup, {"name", "with_key", NULL}},
    {"backup.status", ASKER_EVERYTHING, LOOK_NOBODY, op_backup_status, {NULL}},
    {"clock.set", ASKER_EVERYTHING, LOOK_NOBODY, op_clock_set, {"now", NULL}},
    {"summary", ASKER_COUNTS, LOOK_BY_PEOPLE, op_summary, {"group_by", "filter", "as_at", "known_at", "basis", NULL}},
    {"distribution", ASKER_COUNTS, LOOK_BY_PEOPLE, op_distribution, {"filter", "as_at", "known_at", NULL}},
    {"flow", ASKER_COUNTS, LOOK_BY_PEOPLE, op_flow, {"from", "to", "step", "group_by", "filter", "known_at", "each", NULL}},
    {"series", ASKER_COUNTS, LOOK_BY_PEOPLE, op_series, {"from", "to", "step", "group_by", "filter", "known_at", "basis", "each", NULL}},
    {"access",
     ASKER_ALL,
     LOOK_PEOPLE,
     op_access,
     {"from", "to", "user", "peer", "subject", "of", "outcome", "order", "limit", "cursor", NULL}},
    {"restatement", ASKER_PEOPLE, LOOK_PEOPLE, op_restatement, {"day", "from", "to", "group_by", "filter", "known_at", "limit", NULL}},
    {"snapshot", ASKER_COUNTS, LOOK_ALERTS, op_snapshot, {NULL}},
    {"waits", ASKER_PEOPLE, LOOK_PEOPLE, op_waits, {"filter", "sort", "limit", "cursor", "as_at", "known_at", NULL}},
    {"wait", ASKER_PEOPLE, LOOK_PEOPLE, op_wait, {"subject", "as_at", "known_at", NULL}},
    {"alerts", ASKER_PEOPLE, LOOK_PEOPLE, op_alerts, {"since", "state", "filter", "limit", NULL}},
    {"alert.ack", ASKER_ACTS, LOOK_PEOPLE, op_alert_ack, {"alert_id", "by", "note", "expected_by", NULL}},
    {"follow.report", ASKER_FOLLOWS, LOOK_NOBODY, op_follow_report, {"name", "epoch", "alert_seq", NULL}},
    {"exceptions", ASKER_PEOPLE, LOOK_PEOPLE, op_exceptions, {"filter", "as_at", "known_at", "limit", "cursor", NULL}},
    {"data_quality", ASKER_ALL, LOOK_PEOPLE, op_data_quality, {"from", "to", "as_at", "known_at", NULL}},
    {"policies", ASKER_COUNTS, LOOK_NOBODY, op_policies, {"known_at", NULL}},
    {"alert_figures", ASKER_ALL, LOOK_NOBODY, op_alert_figures, {"from", "to", "known_at", NULL}},
    {"export", ASKER_ALL, LOOK_PEOPLE, op_export, {"kind", "from", "to", "known_at", NULL}},
    {"quarantine", ASKER_ALL, LOOK_PEOPLE, op_quarantine, {"state", "code", "source", "id", "limit", "after", NULL}},
    {"quarantine.retry", ASKER_EVERYTHING, LOOK_PEOPLE, op_quarantine_retry, {"ids", "code", "after", "by", "reason", NULL}},
    {"redact", ASKER_EVERYTHING, LOOK_PEOPLE, op_redact, {"events", "subject", "person", "by", "reason", NULL}},
    {"retention", ASKER_EVERYTHING, LOOK_PEOPLE, op_retention, {"dry_run", "limit", "after", "by", "reason", NULL}},
    {"quarantine.discard", ASKER_EVERYTHING, LOOK_PEOPLE, op_quarantine_discard, {"ids", "code", "after", "by", "reason", NULL}},
};

/* What a journal can answer without a daemon; all but the last two also as it would have been answered at an instant (asked_at). */
static const char *const of_a_journal[] = {"summary",    "distribution", "flow",     "series",        "restatement", "waits",     "alerts",
                                           "exceptions", "data_quality", "policies", "alert_figures", "wait",        "quarantine"};
enum { OF_A_JOURNAL = sizeof of_a_journal / sizeof of_a_journal[0], OF_AN_INSTANT = OF_A_JOURNAL - 2 };

struct query {
    void *socket;
    struct request *request;
    struct followers *followers;
    uint32_t sockets; /* how many there were before this one */
};

struct query *query_create(void *socket) {
    struct query *query = memory_new(1, sizeof *query);
    query->socket = socket;
    json_object_seed(0); /* before a second thread makes objects */
    query->request = request_create();
    query->followers = followers_create();
    return query;
}

void query_destroy(struct query **query) {
    if (*query == NULL)
        return;
    request_destroy(&(*query)->request);
    followers_destroy(&(*query)->followers);
    free(*query);
    *query = NULL;
}

void query_move(struct query *query, void *socket) {
    query->socket = socket;
    query->sockets++;
}

json_t *question_refuse(struct question *question, const char *code, const char *message, const char *pointer) {
    json_decref(question->refusal);
    question->refusal = wire_error(code, message, pointer);
    return NULL;
}

/* Whether the op is one of the first so many that a journal can answer. */
static bool is_among(const struct op *op, size_t count) {
    for (size_t i = 0; i < count; i++)
        if (strcmp(op->name, of_a_journal[i]) == 0)
            return true;
    return false;
}

static bool is_member_of(const struct op *op, const char *name) {
    if (strcmp(name, "v") == 0 || strcmp(name, "op") == 0 || strcmp(name, "on_behalf_of") == 0)
        return true;
    if (strcmp(name, "asked_at") == 0)
        return is_among(op, OF_AN_INSTANT);
    for (size_t i = 0; i < MEMBERS_MAX && op->members[i] != NULL; i++)
        if (strcmp(op->members[i], name) == 0)
            return true;
    return false;
}

static bool members_are_known(struct question *question, const struct op *op) {
    const char *name;
    json_t *value;
    json_object_foreach((json_t *)(uintptr_t)question->request, name, value) {
        char message[160], pointer[POINTER_SIZE];
        if (is_member_of(op, name))
            continue;
        snprintf(message, sizeof message, "%s takes no member of this name", op->name);
        argument_pointer(pointer, "", name);
        question_refuse(question, "bad_request", message, pointer);
        return false;
    }
    return true;
}

bool question_has_member(const struct question *question, const char *name) {
    for (size_t i = 0; question->op_name != NULL && i < sizeof ops / sizeof ops[0]; i++)
        if (strcmp(ops[i].name, question->op_name) == 0)
            return is_member_of(&ops[i], name);
    return false;
}

/* False after refusing, and when the other thread answers: what was known at another instant is never the loop's to say. */
static bool can_be_answered(struct question *question, const struct op *op) {
    if (question->chronicle != NULL) {
        bool can = is_among(op, OF_A_JOURNAL);
        if (!can)
            question_refuse(question, "forbidden", "only a running daemon can answer this: a journal alone cannot", "/op");
        return can;
    }
    if (json_object_get(question->request, "asked_at") == NULL)
        return true;
    question->needs_known = true;
    question->is_for_the_past = true;
    return false;
}

/* An op about people that forgot whom the asker is limited to has no answer for him. */
static json_t *limited_reply(struct question *question, json_t *reply) {
    bool is_answered = reply != NULL || question->text != NULL;
    if (question->asker == NULL || !question->asker->is_limited || !is_answered)
        return reply;
    if (question->need == ASKER_PEOPLE && !question->was_limited) {
        json_decref(reply);
        free(question->text);
        question->text = NULL;
        return question_refuse(question, "internal", "the answer was not limited to your teams, so it is not given", NULL);
    }
    if (question->was_limited && reply != NULL && json_object_get(reply, "each") == NULL)
        set_restricted(reply, question);
    return reply;
}

static const struct op *find_op(struct question *question) {
    const json_t *name = json_object_get(question->request, "op");
    const json_t *version = json_object_get(question->request, "v");
    if (!json_is_integer(version) || json_integer_value(version) != WIRE_VERSION) {
        question_refuse(question, "bad_request", "v must be 1", "/v");
        return NULL;
    }
    if (!json_is_string(name)) {
        question_refuse(question, "bad_request", "op must be a text", "/op");
        return NULL;
    }
    for (size_t i = 0; i < sizeof ops / sizeof ops[0]; i++)
        if (strcmp(ops[i].name, json_string_value(name)) == 0)
            return &ops[i];
    question_refuse(question, "unknown_op", "this daemon has no such op", "/op");
    return NULL;
}

static json_t *answer_op(struct question *question, const struct op *op) {
    question->op_name = op->name;
    question->need = op->need;
    if (!admit_op(question) || !members_are_known(question, op) ||
        (question->look != NULL && !look_begin(question->look, question, op->shows)) || !can_be_answered(question, op))
        return NULL;
    return limited_reply(question, op->answer(question));
}

/* The request as an object; NULL after refusing. */
static json_t *read_request(struct question *question, struct text text) {
    json_error_t error;
    if (text.length > QUERY_BYTES_MAX)
        return question_refuse(question, "bad_request", "a request is at most 64 KiB long", NULL);
    json_t *request = json_loadb(text.at, text.length, JSON_REJECT_DUPLICATES, &error);
    if (json_is_object(request))
        return request;
    char message[256];
    snprintf(message, sizeof message, request == NULL ? "not JSON at byte %d" : "a request is one JSON object", error.position);
    json_decref(request);
    return question_refuse(question, "bad_request", message, NULL);
}

/* What came of a question as a text, which the caller frees; NULL when the other thread answers. */
static char *text_of_answer(struct question *question, json_t *reply, size_t *length) {
    char *text = question->text;
    *length = question->text_length;
    if (reply == NULL && text == NULL && question->is_for_the_past && question->refusal == NULL)
        return NULL;
    if (reply == NULL && text == NULL)
        reply =
            question->refusal != NULL ? json_incref(question->refusal) : wire_error("internal", "the question could not be answered", NULL);
    if (reply != NULL)
        text = wire_dump(reply, length);
    json_decref(reply);
    return text;
}

/* The question itself: the last frame. */
static struct text text_of_request(const struct request *request) {
    return request_frame(request, request->frame_count - 1);
}

/* Notes the frame before the question, which comes back with its answer. False when the frames are no question. */
static bool take_correlation(struct request *request) {
    if (request->frame_count != 2)
        return request->frame_count == 1;
    struct text correlation = request_frame(request, 0);
    if (correlation.length == 0 || correlation.length > CORRELATION_MAX)
        return false;
    memcpy(request->from.correlation, correlation.at, correlation.length);
    request->from.correlation_length = correlation.length;
    return true;
}

static bool send_answer(void *socket, const struct return_address *to, struct text answer) {
    struct text correlation = {(const char *)to->correlation, (uint32_t)to->correlation_length};
    if (correlation.length == 0)
        return request_answer(socket, to, answer, TEXT_ABSENT);
    return request_answer(socket, to, correlation, answer);
}

/* Hands the question over; refuses it when too many are there. */
static void ask_the_past(struct question *question, const struct request *request) {
    const struct daemon_state *state = question->state;
    const struct config *config = ledger_config(state->ledger);
    size_t known_length = 0;
    char *known = question->needs_known ? known_to_text(config, &known_length) : NULL;
    char *teams;
    struct past_terms terms = {
        .today = question_today(question),
        .asked_at = INSTANT_NONE,
        .epoch = config->epoch,
        .newest_alert_seq = question->newest_alert_seq,
        .backdated_days = config->backdated_days,
        .known = {known, (uint32_t)known_length},
    };
    teams = asker_to_terms(question->asker, &terms);
    terms.note = question->look;
    terms.note_size = sizeof *question->look;
    if (!past_ask(state->past, &request->from, &terms, text_of_request(request)))
        question_refuse(question, "busy", "as many questions about other days as are taken at once are being answered: ask again", NULL);
    free(known);
    free(teams);
}

struct known_values *question_known(const struct question *question) {
    uint64_t seed;
    randombytes_buf(&seed, sizeof seed);
    return known_from_text(question->terms->known, seed);
}

/* libzmq's own routing ids begin with a zero. Any other was chosen by the peer, and who takes it up next, whoever that is, gets the answers
 * that the one before did not wait for. Where all have the same rights that does no harm. */
static bool has_safe_address(struct question *question, const struct return_address *from) {
    const struct security_config *security = &ledger_config(question->state->ledger)->security;
    if (from->routing_id_length == 0 || from->routing_id[0] == '\0' || security->peer_count + security->local_count == 0)
        return true;
    question_refuse(question, "bad_request", "a routing id of its own could be somebody else's next: who asks leaves it to libzmq", NULL);
    return false;
}

/* By what the configuration in force says of whoever the message came from. */
static json_t *answer_asker(struct question *question, const char *peer, struct asker *asker) {
    const struct access_rights *rights = config_rights(ledger_config(question->state->ledger), ACCESS_QUERY, peer);
    const struct op *op = find_op(question);
    if (op == NULL)
        return NULL;
    question->op_name = op->name;
    look_at_op(question->look, op->name, text_of(peer));
    if (!admit_asker(question, text_of(peer), rights, asker))
        return NULL;
    look_for(question->look, asker->user);
    return answer_op(question, op);
}

/* What is said in the place of an answer that is not in the access log. */
static char *unlogged(size_t *length) {
    json_t *error = wire_error("read_only", LOOK_UNWRITTEN, NULL);
    char *text = wire_dump(error, length);
    json_decref(error);
    return text;
}

/* The reply's text, which the caller frees; NULL when it comes later. */
static char *answer_request(struct request *request, struct daemon_state *state, size_t *length) {
    struct look look = {.is_asked = false};
    struct question question = {.state = state, .look = &look};
    struct asker asker;
    json_t *reply = NULL;
    json_t *object = NULL;
    if (take_correlation(request))
        object = read_request(&question, text_of_request(request));
    else
        question_refuse(&question, "bad_request", "a query is one frame, or a correlation of 1 to 32 bytes and one frame", NULL);
    question.request = object;
    if (object != NULL && has_safe_address(&question, &request->from))
        reply = answer_asker(&question, request->from.peer, &asker);
    if (question.is_for_the_past && question.refusal == NULL)
        ask_the_past(&question, request);
    bool is_asked_of_the_past = question.is_for_the_past && question.refusal == NULL;
    if (!is_asked_of_the_past)
        look_end(&look, &question, reply);
    char *text = text_of_answer(&question, reply, length);
    if (!is_asked_of_the_past && !look_write(&look, state)) {
        free(text);
        text = unlogged(length);
    }
    json_decref(question.refusal);
    json_decref(object);
    return text;
}

/* Whoever asked was let in by the loop, and is judged by the same rights here: what is asked as of an instant is read here first. */
char *query_answer_past(struct chronicle *chronicle, const struct past_terms *terms, struct text request, size_t *length) {
    struct past_terms own = *terms;
    struct asker asker = {.texts = NULL};
    struct look look = {.is_asked = false};
    struct question question = {.chronicle = chronicle, .terms = &own, .asker = asker_from_terms(&asker, terms) ? &asker : NULL};
    json_t *reply = NULL;
    json_t *object = NULL;
    if (chronicle_refresh(chronicle) != JOURNAL_OK)
        question_refuse(&question, "internal", chronicle_failure(chronicle), NULL);
    else
        object = read_request(&question, request);
    question.request = object;
    const struct op *op = object != NULL && argument_asked_at(&question, &own) ? find_op(&question) : NULL;
    if (op != NULL)
        reply = answer_op(&question, op);
    if (terms->note != NULL) {
        memcpy(&look, terms->note, sizeof look);
        look_end(&look, &question, reply);
        memcpy(terms->note, &look, sizeof look);
    }
    char *text = text_of_answer(&question, reply, length);
    json_decref(question.refusal);
    json_decref(object);
    asker_free(&asker);
    return text;
}

bool query_serve(struct query *query, struct daemon_state *state, bool *failed) {
    enum receive_result result = request_receive(query->request, query->socket);
    *failed = result == RECEIVE_FAILED;
    if (result != RECEIVED)
        return false;
    size_t length;
    query->request->from.sockets = query->sockets;
    state->followers = query->followers;
    char *text = answer_request(query->request, state, &length);
    if (text != NULL && !send_answer(query->socket, &query->request->from, (struct text){text, (uint32_t)length}))
        state->queries_dropped++;
    free(text);
    return true;
}

bool query_forward(struct query *query, struct daemon_state *state) {
    struct return_address to;
    struct look look;
    zmq_msg_t note, answer;
    char *instead = NULL;
    zmq_msg_init(&note);
    zmq_msg_init(&answer);
    bool came = past_take(state->past, &to, &note, &answer);
    if (came) {
        struct text text = {zmq_msg_data(&answer), (uint32_t)zmq_msg_size(&answer)};
        size_t length;
        ENSURE(zmq_msg_size(&note) == sizeof look);
        memcpy(&look, zmq_msg_data(&note), sizeof look);
        if (!look_write(&look, state)) {
            instead = unlogged(&length);
            text = (struct text){instead, (uint32_t)length};
        }
        if (to.sockets != query->sockets || !send_answer(query->socket, &to, text))
            state->queries_dropped++;
    }
    free(instead);
    zmq_msg_close(&note);
    zmq_msg_close(&answer);
    return came;
}
