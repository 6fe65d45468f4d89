/* The op about flow: who began to wait, stopped, came back or changed team, period by period. */
#include "daemon/query/ops.h"

#include "daemon/core/flow.h"

static bool argument_step(struct question *question, enum flow_step *step) {
    struct text name = text_of(flow_step_name(STEP_ALL));
    if (!argument_text(question, "step", &name))
        return false;
    for (int i = 0; i < FLOW_STEP_COUNT; i++)
        if (text_is(name, flow_step_name((enum flow_step)i))) {
            *step = (enum flow_step)i;
            return true;
        }
    question_refuse(question, "bad_request", "must be day, week, month, quarter or all", "/step");
    return false;
}

static bool argument_period(struct question *question, struct flow_request *request) {
    request->from = request->to = DAY_NONE;
    if (!argument_day(question, "from", &request->from) || !argument_day(question, "to", &request->to))
        return false;
    day_t epoch = question->chronicle != NULL ? question->terms->epoch : ledger_config(question->state->ledger)->epoch;
    if (request->from == DAY_NONE)
        question_refuse(question, "bad_request", "from is required", "/from");
    else if (request->to == DAY_NONE)
        question_refuse(question, "bad_request", "to is required", "/to");
    else if (request->from < epoch)
        question_refuse(question, "bad_request", "must not be before council.epoch", "/from");
    else if (request->to > question_today(question))
        question_refuse(question, "bad_request", "must be today at most: what has not happened has no flow", "/to");
    else if (request->to < request->from)
        question_refuse(question, "bad_request", "must not be before from", "/to");
    else
        return true;
    return false;
}

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
    struct flow_request request = {.group_by = group_by, .filter = &filter};
    if (!argument_period(question, &request) || !argument_step(question, &request.step) ||
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
    flow_table_free(&table);
    return reply;
}
