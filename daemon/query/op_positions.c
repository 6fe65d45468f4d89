/* The ops about positions: summary and snapshot. */
#include "daemon/query/ops.h"

#include "daemon/core/rules.h"
#include "daemon/reported/reported.h"

#include <stdio.h>

static void set_field_key(json_t *keys, const struct field_name *field, struct text value) {
    static const char *const names[FIELD_DIMENSION] = {"pathway", "team",   "district",   "client_group", "priority",
                                                       "stage",   "impact", "likelihood", "worker"};
    if (field->field != FIELD_DIMENSION) {
        json_object_set_new(keys, names[field->field], wire_text(value));
        return;
    }
    json_t *name = json_sprintf("dimension.%.*s", (int)field->dimension.length, field->dimension.at);
    json_object_set_new(keys, json_string_value(name), wire_text(value));
    json_decref(name);
}

json_t *keys_of(const struct field_name *group_by, const struct text *values, size_t count) {
    json_t *keys = json_object();
    for (size_t i = 0; i < count; i++)
        set_field_key(keys, &group_by[i], values[i]);
    return keys;
}

static json_t *rows_of(const struct summary *summary, const struct field_name *group_by, size_t group_by_count) {
    json_t *rows = json_array();
    for (size_t i = 0; i < summary->row_count; i++) {
        json_t *row = json_object();
        json_object_set_new(row, "keys", keys_of(group_by, summary->rows[i].keys, group_by_count));
        json_object_set_new(row, "position", wire_position(&summary->rows[i].position));
        json_array_append_new(rows, row);
    }
    return rows;
}

json_t *refuse_unreported_groups(struct question *question, enum reported_status status) {
    return question_refuse(question, "bad_request", reported_message(status), status == REPORTED_OTHER_FILTER ? "/filter" : "/group_by");
}

static json_t *refuse_unreported_day(struct question *question, const struct journal *journal, day_t day) {
    char its[DATE_SIZE], first[DATE_SIZE], last[DATE_SIZE], message[160];
    date_format(day, its);
    if (journal_last_report_day(journal) == DAY_NONE) {
        snprintf(message, sizeof message, "nothing was reported for %s: no day has been reported yet", its);
        return question_refuse(question, "not_found", message, "/as_at");
    }
    date_format(journal_first_report_day(journal), first);
    date_format(journal_last_report_day(journal), last);
    snprintf(message, sizeof message, "nothing was reported for %s: the first day reported is %s, the last %s", its, first, last);
    return question_refuse(question, "not_found", message, "/as_at");
}

static json_t *reported_reply(const struct summary *summary, const struct field_name *group_by, size_t group_by_count,
                              const struct journal_report *report, uint64_t journal_seq) {
    json_t *reply = wire_reply();
    json_object_set_new(reply, "rows", rows_of(summary, group_by, group_by_count));
    json_object_set_new(reply, "total", wire_position(&summary->total));
    json_object_set_new(reply, "as_at", wire_day(report->day));
    json_object_set_new(reply, "known_at", json_integer((json_int_t)report->after_seq));
    json_object_set_new(reply, "journal_seq", json_integer((json_int_t)journal_seq));
    json_object_set_new(reply, "basis", json_string("reported"));
    json_object_set_new(reply, "reconstructed", json_boolean(report->reconstructed));
    json_object_set_new(reply, "reported_at", wire_instant(report->at));
    set_rule_version(reply, report->rule_version);
    return reply;
}

/* One row of the journal: answered where it is asked. */
static json_t *answer_reported(struct question *question, const struct field_name *group_by, size_t group_by_count,
                               const struct wait_filter *filter, day_t day) {
    struct journal *journal = question_journal(question);
    struct journal_report report;
    struct summary summary;
    enum journal_status status = journal_read_report(journal, day, &report);
    if (status == JOURNAL_NOT_FOUND || (status == JOURNAL_OK && !question_knows(question, report.at)))
        return refuse_unreported_day(question, journal, day);
    if (status != JOURNAL_OK)
        return question_refuse(question, "internal", journal_failure(journal), NULL);
    struct reported *reported = reported_read(report.body);
    if (reported == NULL)
        return question_refuse(question, "internal", "the report of this day cannot be read", NULL);
    enum reported_status told = reported_summary(reported, group_by, group_by_count, filter, &summary);
    json_t *reply = NULL;
    if (told == REPORTED_OK) {
        reply = reported_reply(&summary, group_by, group_by_count, &report, journal_last_seq(journal));
        summary_free(&summary);
    } else {
        refuse_unreported_groups(question, told);
    }
    reported_destroy(&reported);
    return reply;
}

json_t *op_summary(struct question *question) {
    struct field_name group_by[GROUP_BY_MAX];
    size_t group_by_count;
    struct wait_filter filter;
    struct when when;
    struct standpoint standpoint;
    struct summary summary;
    if (!argument_group_by(question, group_by, &group_by_count) || !argument_filter(question, &filter) || !argument_when(question, &when))
        return NULL;
    if (when.is_reported)
        return answer_reported(question, group_by, group_by_count, &filter, when.as_at);
    if (!question_stand(question, &when, false, &standpoint))
        return NULL;
    if (!register_summary(standpoint.reg, group_by, group_by_count, &filter, &summary))
        return question_refuse(question, "bad_request", "more than 20,000 groups: group by less, or filter", "/group_by");
    json_t *reply = wire_reply();
    json_object_set_new(reply, "rows", rows_of(&summary, group_by, group_by_count));
    json_object_set_new(reply, "total", wire_position(&summary.total));
    set_standpoint(reply, &standpoint);
    json_object_set_new(reply, "basis", json_string("known"));
    set_rule_version(reply, RULES_POSITION);
    summary_free(&summary);
    return reply;
}

/* Those that may be shown. */
struct open_alerts {
    const struct question *question;
    json_t *rows;
};

static void add_open_alert(void *context, const struct alert_transition *alert) {
    struct open_alerts *alerts = context;
    if (question_sees(alerts->question, alert->team))
        json_array_append_new(alerts->rows, wire_open_alert(alert));
}

json_t *op_snapshot(struct question *question) {
    const struct daemon_state *state = question->state;
    struct journal *journal = ledger_journal(state->ledger);
    struct open_alerts alerts = {question, json_array()};
    (void)question_limits(question);
    if (asker_may(question->asker, ASKER_PEOPLE))
        register_each_open_alert(ledger_register(state->ledger), add_open_alert, &alerts);
    json_t *reply = wire_reply();
    json_object_set_new(reply, "positions", publisher_snapshot(state->publisher, state->ledger));
    json_object_set_new(reply, "alerts", alerts.rows);
    json_object_set_new(reply, "epoch", json_string(journal_epoch(journal)));
    json_object_set_new(reply, "journal_seq", json_integer((json_int_t)journal_last_seq(journal)));
    json_object_set_new(reply, "alert_seq", json_integer((json_int_t)journal_last_alert_seq(journal)));
    json_object_set_new(reply, "pub", json_integer((json_int_t)publisher_count(state->publisher)));
    json_object_set_new(reply, "now", wire_instant(state->now));
    json_object_set_new(reply, "today", wire_day(register_today(ledger_register(state->ledger))));
    set_rule_version(reply, RULES_POSITION);
    return reply;
}
