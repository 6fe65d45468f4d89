/* The op about flow: who began to wait, stopped, came back or changed team, period by period. */
#include "daemon/query/ops.h"

#include "daemon/core/flow.h"
#include "daemon/core/memory.h"
#include "daemon/core/rules.h"

#include <stdlib.h>

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

/* One flow of the request: what it asks for, which lives while it is answered. */
struct flow_part {
    bool is_limited;
    struct field_name group_by[GROUP_BY_MAX];
    struct wait_filter filter;
};

static bool read_part(struct question *question, struct flow_part *part, struct flow_request *request) {
    const struct period_limits limits = {question_today(question), 0, "must be today at most: what has not happened has no flow"};
    *request = (struct flow_request){.step = STEP_ALL, .group_by = part->group_by, .filter = &part->filter};
    return argument_period(question, &limits, &request->from, &request->to) && argument_step(question, &request->step) &&
           argument_group_by(question, part->group_by, &request->group_by_count) && argument_filter(question, &part->filter) &&
           filter_is_of_fields(question);
}

static json_t *part_of(const struct question *question, const struct flow_part *asked, const struct flow_table *table,
                       const struct flow_request *request) {
    json_t *part = json_object();
    json_object_set_new(part, "rows", rows_of(table, request));
    json_object_set_new(part, "from", wire_day(request->from));
    json_object_set_new(part, "to", wire_day(request->to));
    json_object_set_new(part, "step", json_string(flow_step_name(request->step)));
    if (asked->is_limited)
        set_restricted(part, question);
    return part;
}

static json_t *count_all(struct question *question, const struct standpoint *standpoint, const struct flow_part *parts,
                         const struct flow_request *requests, size_t count) {
    struct flow_table *tables = memory_new(count, sizeof *tables);
    json_t *reply = NULL;
    if (register_flows(standpoint->reg, requests, count, tables)) {
        reply = wire_reply();
        for (size_t i = 0; i < count; i++)
            question_set_part(reply, question->request, part_of(question, &parts[i], &tables[i], &requests[i]));
        json_object_set_new(reply, "known_at", json_integer((json_int_t)standpoint->known_at));
        json_object_set_new(reply, "journal_seq", json_integer((json_int_t)standpoint->journal_seq));
        set_rule_version(reply, RULES_FLOW);
    } else {
        question_refuse(question, "bad_request", "more than 50,000 rows: group by less, take longer steps, or filter", "/group_by");
    }
    for (size_t i = 0; i < count; i++)
        flow_table_free(&tables[i]);
    free(tables);
    return reply;
}

json_t *op_flow(struct question *question) {
    static const char *const members[] = {"from", "to", "step", "group_by", "filter", NULL};
    struct when when;
    struct standpoint standpoint;
    size_t count = question_parts(question, members);
    struct flow_part *parts = memory_new(count, sizeof *parts);
    struct flow_request *requests = memory_new(count, sizeof *requests);
    bool good = count > 0;
    for (size_t i = 0; good && i < count; i++) {
        const json_t *request = question_enter(question, i);
        good = read_part(question, &parts[i], &requests[i]);
        parts[i].is_limited = question->part_was_limited;
        question->request = request;
    }
    good = good && argument_when(question, &when) && question_stand(question, &when, true, &standpoint);
    json_t *reply = good ? count_all(question, &standpoint, parts, requests, count) : NULL;
    free(requests);
    free(parts);
    return reply;
}
