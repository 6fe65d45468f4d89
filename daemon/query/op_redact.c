/* The op redact: erases who accepted events were about. */
#include "daemon/query/ops.h"

#include "daemon/core/memory.h"

#include <stdlib.h>

struct redacting {
    struct redaction redaction;
    struct redaction_result result;
    struct event_name names[QUERY_REDACT_MAX];
};

static enum journal_status redact(void *context, struct ledger *ledger) {
    struct redacting *redacting = context;
    return ledger_redact(ledger, &redacting->redaction, &redacting->result);
}

static bool refuse(struct question *question, const char *message, const char *pointer) {
    question_refuse(question, "bad_request", message, pointer);
    return false;
}

static struct text member_text(const json_t *object, const char *name) {
    const json_t *value = json_object_get(object, name);
    return json_is_string(value) ? (struct text){json_string_value(value), (uint32_t)json_string_length(value)} : TEXT_ABSENT;
}

static bool argument_events(struct question *question, struct redacting *redacting) {
    const json_t *list = json_object_get(question->request, "events");
    if (list == NULL)
        return true;
    if (!json_is_array(list) || json_array_size(list) == 0 || json_array_size(list) > QUERY_REDACT_MAX)
        return refuse(question, "must be a list of 1 to 500 events, each with source and id", "/events");
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *event = json_array_get(list, i);
        struct event_name *name = &redacting->names[redacting->redaction.name_count++];
        *name = (struct event_name){member_text(event, "source"), member_text(event, "id")};
        if (name->source.at == NULL || name->id.at == NULL || json_object_size(event) != 2)
            return refuse(question, "each must be an object of source and id", "/events");
    }
    return true;
}

static bool argument_which(struct question *question, struct redacting *redacting) {
    struct redaction *redaction = &redacting->redaction;
    redaction->names = redacting->names;
    if (!argument_events(question, redacting) || !argument_text(question, "subject", &redaction->subject) ||
        !argument_text(question, "person", &redaction->person))
        return false;
    int given = (redaction->name_count > 0) + (redaction->subject.at != NULL) + (redaction->person.at != NULL);
    if (given != 1)
        return refuse(question, "one of events, subject and person must be given", "/events");
    if (redaction->person.at != NULL && (redaction->person.length == 0 || text_is(redaction->person, EVENT_REDACTED)))
        return refuse(question, "must be a reference that is not redacted yet", "/person");
    return true;
}

static json_t *reply_of(const struct redacting *redacting, const struct journal *journal) {
    json_t *reply = wire_reply();
    json_object_set_new(reply, "redacted", json_integer((json_int_t)redacting->result.redacted));
    json_object_set_new(reply, "already", json_integer((json_int_t)redacting->result.already));
    json_object_set_new(reply, "not_found", json_integer((json_int_t)redacting->result.not_found));
    json_object_set_new(reply, "erased", json_boolean(journal_is_scrubbed(journal)));
    json_object_set_new(reply, "journal_seq", json_integer((json_int_t)journal_last_seq(journal)));
    return reply;
}

static json_t *act_and_reply(struct question *question, struct redacting *redacting) {
    struct daemon_state *state = question->state;
    if (!argument_which(question, redacting) || !argument_by(question, &redacting->redaction.by) ||
        !argument_note(question, "reason", ARGUMENT_REASON_MAX, true, &redacting->redaction.reason))
        return NULL;
    enum journal_status status = state->change_journal(state->context, redact, redacting);
    if (status == JOURNAL_FULL)
        return question_refuse(question, "read_only", "the journal's disk is full: nothing was changed, try again later", NULL);
    if (status != JOURNAL_OK)
        return question_refuse(question, "internal", "the journal failed", NULL);
    if (redacting->result.too_many)
        return question_refuse(question, "bad_request", "these are more than 10,000 events: name them in parts", NULL);
    if (redacting->redaction.name_count == 0 && redacting->result.redacted + redacting->result.already == 0)
        return question_refuse(question, "not_found", "no event is about this",
                               redacting->redaction.person.at != NULL ? "/person" : "/subject");
    return reply_of(redacting, ledger_journal(state->ledger));
}

json_t *op_redact(struct question *question) {
    struct redacting *redacting = memory_new(1, sizeof *redacting);
    json_t *reply = act_and_reply(question, redacting);
    free(redacting);
    return reply;
}
