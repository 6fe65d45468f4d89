/* The op alert.ack: somebody deals with an open alert. */
#include "daemon/query/ops.h"

struct acknowledging {
    struct acknowledgement asked;
    struct acknowledged result;
};

static enum journal_status acknowledge(void *context, struct ledger *ledger) {
    struct acknowledging *acknowledging = context;
    return ledger_acknowledge(ledger, &acknowledging->asked, &acknowledging->result);
}

static json_t *refuse_outcome(struct question *question, enum acknowledge_outcome outcome) {
    switch (outcome) {
    case ACKNOWLEDGED_UNKNOWN:
        return question_refuse(question, "not_found", "there is no alert of this name", "/alert_id");
    case ACKNOWLEDGED_BAD_DAY:
        return question_refuse(question, "bad_request", "must be a day from today to 366 days ahead", "/expected_by");
    default:
        return question_refuse(question, "conflict", "this alert is resolved: if its condition holds again, that is a new alert",
                               "/alert_id");
    }
}

/* The transition as it was journalled. */
static json_t *reply_of(struct question *question, const struct acknowledged *result) {
    struct journal *journal = ledger_journal(question->state->ledger);
    struct journal_alert stored;
    if (journal_read_alert(journal, result->alert_seq, &stored) != JOURNAL_OK)
        return question_refuse(question, "internal", journal_failure(journal), NULL);
    json_t *reply = wire_reply();
    json_object_set_new(reply, "transition", json_loadb(stored.body.at, stored.body.length, 0, NULL));
    json_object_set_new(reply, "repeated", json_boolean(result->outcome == ACKNOWLEDGED_BEFORE));
    return reply;
}

json_t *op_alert_ack(struct question *question) {
    struct daemon_state *state = question->state;
    struct acknowledging acknowledging = {.asked = {.expected_by = DAY_NONE}};
    struct acknowledgement *asked = &acknowledging.asked;
    struct text alert_id = TEXT_ABSENT;
    if (!argument_text(question, "alert_id", &alert_id) || !argument_note(question, "by", ACKNOWLEDGED_BY_MAX, true, &asked->by) ||
        !argument_note(question, "note", ACKNOWLEDGED_NOTE_MAX, false, &asked->note) ||
        !argument_day(question, "expected_by", &asked->expected_by))
        return NULL;
    if (alert_id.at == NULL)
        return question_refuse(question, "bad_request", "must be an alert's name, as a104", "/alert_id");
    asked->raised_seq = wire_raised_seq(alert_id);
    enum journal_status status = state->change_journal(state->context, acknowledge, &acknowledging);
    if (status == JOURNAL_FULL)
        return question_refuse(question, "read_only", "the journal's disk is full: nothing was changed, try again later", NULL);
    if (status != JOURNAL_OK)
        return question_refuse(question, "internal", "the journal failed", NULL);
    enum acknowledge_outcome outcome = acknowledging.result.outcome;
    if (outcome != ACKNOWLEDGED_NOW && outcome != ACKNOWLEDGED_BEFORE)
        return refuse_outcome(question, outcome);
    return reply_of(question, &acknowledging.result);
}
