/* The ops about positions: summary and snapshot. */
#include "daemon/query/ops.h"

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

json_t *op_summary(struct question *question) {
    struct field_name group_by[GROUP_BY_MAX];
    size_t group_by_count;
    struct wait_filter filter;
    struct when when;
    struct standpoint standpoint;
    struct summary summary;
    if (!argument_group_by(question, group_by, &group_by_count) || !argument_filter(question, &filter) || !argument_when(question, &when) ||
        !question_stand(question, &when, false, &standpoint))
        return NULL;
    if (!register_summary(standpoint.reg, group_by, group_by_count, &filter, &summary))
        return question_refuse(question, "bad_request", "more than 20,000 groups: group by less, or filter", "/group_by");
    json_t *reply = wire_reply();
    json_object_set_new(reply, "rows", rows_of(&summary, group_by, group_by_count));
    json_object_set_new(reply, "total", wire_position(&summary.total));
    set_standpoint(reply, &standpoint);
    json_object_set_new(reply, "basis", json_string("known"));
    summary_free(&summary);
    return reply;
}

static void add_open_alert(void *context, const struct alert_transition *alert) {
    json_array_append_new(context, wire_transition(alert));
}

json_t *op_snapshot(struct question *question) {
    const struct daemon_state *state = question->state;
    struct journal *journal = ledger_journal(state->ledger);
    json_t *alerts = json_array();
    register_each_open_alert(ledger_register(state->ledger), add_open_alert, alerts);
    json_t *reply = wire_reply();
    json_object_set_new(reply, "positions", publisher_snapshot(state->publisher, state->ledger));
    json_object_set_new(reply, "alerts", alerts);
    json_object_set_new(reply, "epoch", json_string(journal_epoch(journal)));
    json_object_set_new(reply, "journal_seq", json_integer((json_int_t)journal_last_seq(journal)));
    json_object_set_new(reply, "alert_seq", json_integer((json_int_t)journal_last_alert_seq(journal)));
    json_object_set_new(reply, "pub", json_integer((json_int_t)publisher_count(state->publisher)));
    json_object_set_new(reply, "now", wire_instant(state->now));
    json_object_set_new(reply, "today", wire_day(register_today(ledger_register(state->ledger))));
    return reply;
}
