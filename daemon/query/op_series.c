/* The op about many days: the position at the end of every day, week, month or quarter, for charts. */
#include "daemon/query/ops.h"

#include "daemon/core/rules.h"

enum { SERIES_ROWS_MAX = 50000, SERIES_DAYS_MAX = 3660 };

struct series {
    struct field_name group_by[GROUP_BY_MAX];
    size_t group_by_count;
    struct wait_filter filter;
    day_t from;
    day_t to;
    enum flow_step step;
    json_t *rows;
    json_t *totals;
    bool overflow;
};

static json_t *row_of(day_t day, const struct position *position) {
    json_t *row = json_object();
    json_object_set_new(row, "day", wire_day(day));
    json_object_set_new(row, "position", wire_position(position));
    return row;
}

static bool add_day(void *context, day_t day, struct waiting_register *reg) {
    struct series *series = context;
    struct summary summary;
    if (flow_period_end(series->step, day, series->to) != day)
        return true;
    if (!register_summary(reg, series->group_by, series->group_by_count, &series->filter, &summary) ||
        json_array_size(series->rows) + summary.row_count > SERIES_ROWS_MAX) {
        series->overflow = true;
        summary_free(&summary);
        return false;
    }
    for (size_t i = 0; i < summary.row_count && series->group_by_count > 0; i++) {
        json_t *row = row_of(day, &summary.rows[i].position);
        json_object_set_new(row, "keys", keys_of(series->group_by, summary.rows[i].keys, series->group_by_count));
        json_array_append_new(series->rows, row);
    }
    json_array_append_new(series->totals, row_of(day, &summary.total));
    summary_free(&summary);
    return true;
}

static json_t *reply_of(const struct series *series, const struct standpoint *standpoint) {
    json_t *reply = wire_reply();
    json_object_set(reply, "rows", series->rows);
    json_object_set(reply, "totals", series->totals);
    json_object_set_new(reply, "from", wire_day(series->from));
    json_object_set_new(reply, "to", wire_day(series->to));
    json_object_set_new(reply, "step", json_string(flow_step_name(series->step)));
    json_object_set_new(reply, "known_at", json_integer((json_int_t)standpoint->known_at));
    json_object_set_new(reply, "journal_seq", json_integer((json_int_t)standpoint->journal_seq));
    set_rule_version(reply, RULES_POSITION);
    return reply;
}

json_t *op_series(struct question *question) {
    struct when when;
    struct standpoint standpoint;
    struct series series = {.step = STEP_DAY};
    const struct period_limits limits = {question_today(question) + DAYS_AHEAD_MAX, SERIES_DAYS_MAX, "must be 366 days ahead at most"};
    if (!argument_period(question, &limits, &series.from, &series.to) || !argument_step(question, &series.step) ||
        !argument_group_by(question, series.group_by, &series.group_by_count) || !argument_filter(question, &series.filter) ||
        !argument_when(question, &when) || !question_look_back(question, &when, &standpoint))
        return NULL;
    series.rows = json_array();
    series.totals = json_array();
    json_t *reply = NULL;
    if (chronicle_walk(question->chronicle, series.from, series.to, standpoint.known_at, add_day, &series))
        reply = reply_of(&series, &standpoint);
    else if (series.overflow)
        question_refuse(question, "bad_request", "more than 50,000 rows: group by less, take longer steps, or filter", "/group_by");
    else
        question_refuse(question, "busy", "the daemon ends: ask again when it is back", NULL);
    json_decref(series.rows);
    json_decref(series.totals);
    return reply;
}
