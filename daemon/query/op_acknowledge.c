/* The op alert.ack: somebody deals with an open alert. */
#include "daemon/query/ops.h"

static const char no_such_alert[] = "there is no alert of this name";

struct acknowledging {
    struct acknowledgement asked;
    struct acknowledged result;
};

static enum journal_status acknowledge(void *context, struct ledger *ledger) {
    struct acknowledging *acknowledging = context;
    return ledger_acknowledge(ledger, &acknowledging->asked, &acknowledging->result);
}

/* The alert of a team that he may not see is to him one that never was; one that he sees, as an analyst also does, but not deals with, is
 * refused. False after refusing. */
static bool may_acknowledge(struct question *question, uint64_t raised_seq) {
    struct ledger *ledger = question->state->ledger;
    const struct asker *asker = question->asker;
    struct text team;
    if (asker_may(asker, ASKER_EVERYTHING))
        return true;
    enum journal_status status = ledger_alert_team(ledger, raised_seq, &team);
    if (status != JOURNAL_OK && status != JOURNAL_NOT_FOUND)
        question_refuse(question, "internal", "the alert could not be read", NULL);
    else if (status == JOURNAL_NOT_FOUND || !question_sees(question, team))
        question_refuse(question, "not_found", no_such_alert, "/alert_id");
    else if (!access_acts_for_team(&asker->rights, team))
        question_refuse(question, "forbidden", "the alert is not of a team that you manage", "/alert_id");
    else
        return true;
    return false;
}

static json_t *refuse_outcome(struct question *question, enum acknowledge_outcome outcome) {
    switch (outcome) {
    case ACKNOWLEDGED_UNKNOWN:
        return question_refuse(question, "not_found", no_such_alert, "/alert_id");
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
    if (!argument_text(question, "alert_id", &alert_id) || !argument_by(question, &asked->by) ||
        !argument_note(question, "note", ACKNOWLEDGED_NOTE_MAX, false, &asked->note) ||
        !argument_day(question, "expected_by", &asked->expected_by))
        return NULL;
    if (alert_id.at == NULL)
        return question_refuse(question, "bad_request", "must be an alert's name, as a104", "/alert_id");
    asked->raised_seq = wire_raised_seq(alert_id);
    if (!may_acknowledge(question, asked->raised_seq))
        return NULL;
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
