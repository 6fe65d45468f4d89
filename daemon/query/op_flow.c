/* The op about flow: who began to wait, stopped, came back or changed team, period by period. */
#include "daemon/query/ops.h"

#include "daemon/core/flow.h"
#include "daemon/core/rules.h"

/* A flow is of many days: what tells of one of them chooses nothing. */
static bool filter_is_of_fields(struct question *question) {
    static const char *const of_one_day[] = {"breach", "due", "paused", "no_contact", "min_days", "max_days", "status"};
    for (size_t i = 0; i < sizeof of_one_day / sizeof of_one_day[0]; i++)
        if (json_object_get(json_object_get(question->request, "filter"), of_one_day[i]) != NULL) {
            char pointer[POINTER_SIZE];
            argument_pointer(pointer, "/filter", of_one_day[i]);
            question_refuse(question, "bad_request", "tells of one day: a flow is filtered by fields and subject_prefix", pointer);
            return false;
        }
    return true;
}

static json_t *rows_of(const struct flow_table *table, const struct flow_request *request) {
    json_t *rows = json_array();
    for (size_t i = 0; i < table->row_count; i++) {
        json_t *row = json_object();
        json_object_set_new(row, "from", wire_day(table->rows[i].from));
        json_object_set_new(row, "to", wire_day(table->rows[i].to));
        json_object_set_new(row, "keys", keys_of(request->group_by, table->rows[i].keys, request->group_by_count));
        json_object_set_new(row, "flow", wire_flow(&table->rows[i].flow));
        json_array_append_new(rows, row);
    }
    return rows;
}

json_t *op_flow(struct question *question) {
    struct field_name group_by[GROUP_BY_MAX];
    struct wait_filter filter;
    struct when when;
    struct standpoint standpoint;
    struct flow_table table;
    struct flow_request request = {.step = STEP_ALL, .group_by = group_by, .filter = &filter};
    const struct period_limits limits = {question_today(question), 0, "must be today at most: what has not happened has no flow"};
    if (!argument_period(question, &limits, &request.from, &request.to) || !argument_step(question, &request.step) ||
        !argument_group_by(question, group_by, &request.group_by_count) || !argument_filter(question, &filter) ||
        !filter_is_of_fields(question) || !argument_when(question, &when) || !question_stand(question, &when, true, &standpoint))
        return NULL;
    if (!register_flow(standpoint.reg, &request, &table))
        return question_refuse(question, "bad_request", "more than 50,000 rows: group by less, take longer steps, or filter", "/group_by");
    json_t *reply = wire_reply();
    json_object_set_new(reply, "rows", rows_of(&table, &request));
    json_object_set_new(reply, "from", wire_day(request.from));
    json_object_set_new(reply, "to", wire_day(request.to));
    json_object_set_new(reply, "step", json_string(flow_step_name(request.step)));
    json_object_set_new(reply, "known_at", json_integer((json_int_t)standpoint.known_at));
    json_object_set_new(reply, "journal_seq", json_integer((json_int_t)standpoint.journal_seq));
    set_rule_version(reply, RULES_FLOW);
    flow_table_free(&table);
    return reply;
}
