/* The op about what the figures stand on: which journal, how much of it is known, the head of its chain there, and its policies. */
#include "daemon/query/ops.h"

#include "daemon/config/config.h"
#include "daemon/core/rules.h"

#include <stdlib.h>

/* When this record of the journal was written; `instant` unless it is later. */
static instant_t later_of_record(struct journal *journal, const char *kind, instant_t instant) {
    struct journal_record record;
    if (journal_last_record(journal, kind, &record) == JOURNAL_OK && record.at > instant)
        return record.at;
    return instant;
}

/* The last instant at which something was written that decides a figure. */
static instant_t newest_instant(struct journal *journal) {
    instant_t newest = journal_last_received(journal);
    struct journal_alert alert;
    instant_t at;
    newest = later_of_record(journal, JOURNAL_RECORD_DAY, newest);
    newest = later_of_record(journal, JOURNAL_RECORD_POLICY, newest);
    if (journal_last_alert_seq(journal) > 0 && journal_read_alert(journal, journal_last_alert_seq(journal), &alert) == JOURNAL_OK) {
        json_t *transition = json_loadb(alert.body.at, alert.body.length, 0, NULL);
        const json_t *text = json_object_get(transition, "at");
        if (json_is_string(text) && instant_parse((struct text){json_string_value(text), (uint32_t)json_string_length(text)}, &at) &&
            at > newest)
            newest = at;
        json_decref(transition);
    }
    return newest;
}

/* The last instant at which this seq was the newest, so that days which passed without an event count as known. */
static instant_t last_instant_of(struct journal *journal, uint64_t seq, instant_t newest) {
    struct journal_event next;
    if (journal_read_event(journal, seq + 1, &next) != JOURNAL_OK)
        return newest;
    struct journal_event last;
    bool same_turn = seq > 0 && journal_read_event(journal, seq, &last) == JOURNAL_OK && last.received >= next.received;
    return same_turn ? next.received : next.received - 1;
}

static json_t *row_of(const struct chronicle_policy *policy) {
    char *text = policy_to_json(policy->policy, policy->holidays, policy->from);
    json_t *row = json_object();
    json_object_set_new(row, "from", wire_day(policy->from));
    json_object_set_new(row, "at", wire_instant(policy->at));
    json_object_set_new(row, "after_seq", json_integer((json_int_t)policy->after_seq));
    json_object_set_new(row, "policy", json_loads(text, 0, NULL));
    free(text);
    return row;
}

static json_t *rows_of(struct chronicle *chronicle) {
    json_t *rows = json_array();
    for (size_t i = 0; i < chronicle_policy_count(chronicle); i++) {
        struct chronicle_policy policy;
        chronicle_policy(chronicle, i, &policy);
        json_array_append_new(rows, row_of(&policy));
    }
    return rows;
}

static json_t *versions(void) {
    return json_pack("{s:i, s:i, s:i, s:i}", "position", RULES_POSITION, "flow", RULES_FLOW, "exceptions", RULES_EXCEPTIONS, "data_quality",
                     RULES_DATA_QUALITY);
}

static json_t *zone_of(struct journal *journal) {
    struct journal_record record;
    return journal_last_record(journal, JOURNAL_RECORD_ZONE, &record) == JOURNAL_OK ? wire_text(record.body) : json_null();
}

/* Days that were reported by then. */
struct reported_days {
    const struct question *question;
    day_t first;
    day_t last;
};

static bool take_report(void *context, const struct journal_report *report) {
    struct reported_days *days = context;
    if (!question_knows(days->question, report->at))
        return true;
    if (days->first == DAY_NONE)
        days->first = report->day;
    days->last = report->day;
    return true;
}

static void set_reported(json_t *reply, const struct question *question, struct journal *journal) {
    struct reported_days days = {question, DAY_NONE, DAY_NONE};
    if (journal_first_report_day(journal) != DAY_NONE)
        (void)journal_each_report(journal, journal_first_report_day(journal), journal_last_report_day(journal), take_report, &days);
    json_object_set_new(reply, "first_report_day", wire_day(days.first));
    json_object_set_new(reply, "last_report_day", wire_day(days.last));
}

/* The instant that the answer is about: as asked for, but not behind the journal's newest; of a seq not before the first policy either. */
static instant_t instant_of(const struct question *question, const struct when *when, const struct standpoint *standpoint) {
    struct chronicle_policy first;
    instant_t newest = newest_instant(standpoint->journal);
    instant_t asked = question->terms->asked_at;
    if (asked == INSTANT_NONE && when->known_instant != INSTANT_NONE)
        asked = when->known_instant;
    if (asked == INSTANT_NONE && when->has_known_at) {
        chronicle_policy(question->chronicle, 0, &first);
        asked = last_instant_of(standpoint->journal, standpoint->known_at, newest);
        asked = asked < first.at ? first.at : asked;
    }
    return asked != INSTANT_NONE && asked < newest ? asked : newest;
}

json_t *op_policies(struct question *question) {
    struct when when;
    struct standpoint standpoint;
    struct chain_digest head;
    char chain[CHAIN_TEXT_SIZE];
    if (!argument_when_known(question, &when) || !question_look_back(question, &when, &standpoint))
        return NULL;
    instant_t asked_at = instant_of(question, &when, &standpoint);
    if (!chronicle_look_from(question->chronicle, asked_at))
        return question_refuse(question, "bad_request", "lies before the journal began", "/known_at");
    if (chronicle_chain_at(question->chronicle, standpoint.known_at, &head) != JOURNAL_OK)
        return question_refuse(question, "internal", journal_failure(standpoint.journal), NULL);
    struct past_terms terms = *question->terms;
    terms.asked_at = asked_at;
    question->terms = &terms;
    chain_digest_format(&head, chain);
    json_t *reply = wire_reply();
    json_object_set_new(reply, "rows", rows_of(question->chronicle));
    json_object_set_new(reply, "epoch", json_string(journal_epoch(standpoint.journal)));
    json_object_set_new(reply, "timezone", zone_of(standpoint.journal));
    json_object_set_new(reply, "known_at", json_integer((json_int_t)standpoint.known_at));
    json_object_set_new(reply, "journal_seq", json_integer((json_int_t)standpoint.journal_seq));
    json_object_set_new(reply, "asked_at", wire_instant(asked_at));
    json_object_set_new(reply, "today", wire_day(chronicle_day_of(question->chronicle, asked_at)));
    json_object_set_new(reply, "chain", json_string(chain));
    set_reported(reply, question, standpoint.journal);
    json_object_set_new(reply, "version", json_string(WAITLIST_VERSION));
    json_object_set_new(reply, "rule_versions", versions());
    return reply;
}
