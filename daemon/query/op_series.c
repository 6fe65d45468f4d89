/* The op about many days: the position at the end of every day, week, month or quarter, for charts. */
#include "daemon/query/ops.h"

#include "daemon/core/rules.h"
#include "daemon/reported/reported.h"

enum { SERIES_ROWS_MAX = 50000, SERIES_DAYS_MAX = 3660 };

struct series {
    const struct question *question;
    struct field_name group_by[GROUP_BY_MAX];
    size_t group_by_count;
    struct wait_filter filter;
    day_t from;
    day_t to;
    enum flow_step step;
    bool is_reported;
    json_t *rows;
    json_t *totals;
    bool overflow;
    bool unreadable;
    enum reported_status status; /* of the reports */
};

static bool is_shown(const struct series *series, day_t day) {
    return flow_period_end(series->step, day, series->to) == day;
}

static json_t *row_of(day_t day, const struct position *position) {
    json_t *row = json_object();
    json_object_set_new(row, "day", wire_day(day));
    json_object_set_new(row, "position", wire_position(position));
    return row;
}

/* False when the rows became too many. */
static bool add_day(struct series *series, day_t day, const struct summary *summary) {
    for (size_t i = 0; i < summary->row_count && series->group_by_count > 0; i++) {
        json_t *row = row_of(day, &summary->rows[i].position);
        json_object_set_new(row, "keys", keys_of(series->group_by, summary->rows[i].keys, series->group_by_count));
        json_array_append_new(series->rows, row);
    }
    json_array_append_new(series->totals, row_of(day, &summary->total));
    series->overflow = json_array_size(series->rows) > SERIES_ROWS_MAX;
    return !series->overflow;
}

static bool add_known_day(void *context, day_t day, struct waiting_register *reg) {
    struct series *series = context;
    struct summary summary;
    if (!is_shown(series, day))
        return true;
    series->overflow = !register_summary(reg, series->group_by, series->group_by_count, &series->filter, &summary);
    bool goes_on = !series->overflow && add_day(series, day, &summary);
    summary_free(&summary);
    return goes_on;
}

static bool add_reported_day(void *context, const struct journal_report *report) {
    struct series *series = context;
    struct summary summary;
    if (!is_shown(series, report->day) || !question_knows(series->question, report->at))
        return true;
    struct reported *reported = reported_read(report->body);
    series->unreadable = reported == NULL;
    if (series->unreadable)
        return false;
    series->status = reported_summary(reported, series->group_by, series->group_by_count, &series->filter, &summary);
    bool goes_on = series->status == REPORTED_OK && add_day(series, report->day, &summary);
    if (series->status == REPORTED_OK)
        summary_free(&summary);
    reported_destroy(&reported);
    return goes_on;
}

/* False after refusing. */
static bool add_days(struct question *question, struct series *series, const struct standpoint *standpoint) {
    bool done = true;
    if (!series->is_reported)
        done = chronicle_walk(question->chronicle, series->from, series->to, standpoint->known_at, add_known_day, series);
    else if (journal_each_report(standpoint->journal, series->from, series->to, add_reported_day, series) != JOURNAL_OK)
        question_refuse(question, "internal", journal_failure(standpoint->journal), NULL);
    if (series->overflow)
        question_refuse(question, "bad_request", "more than 50,000 rows: group by less, take longer steps, or filter", "/group_by");
    else if (series->unreadable)
        question_refuse(question, "internal", "a report of the journal cannot be read", NULL);
    else if (series->status != REPORTED_OK)
        refuse_unreported_groups(question, series->status);
    else if (!done)
        question_refuse(question, "busy", "the daemon ends: ask again when it is back", NULL);
    return question->refusal == NULL;
}

static json_t *reply_of(const struct series *series, const struct standpoint *standpoint) {
    json_t *reply = wire_reply();
    json_object_set(reply, "rows", series->rows);
    json_object_set(reply, "totals", series->totals);
    json_object_set_new(reply, "from", wire_day(series->from));
    json_object_set_new(reply, "to", wire_day(series->to));
    json_object_set_new(reply, "step", json_string(flow_step_name(series->step)));
    json_object_set_new(reply, "basis", json_string(series->is_reported ? "reported" : "known"));
    json_object_set_new(reply, "known_at", series->is_reported ? json_null() : json_integer((json_int_t)standpoint->known_at));
    json_object_set_new(reply, "journal_seq", json_integer((json_int_t)standpoint->journal_seq));
    set_rule_version(reply, RULES_POSITION);
    return reply;
}

static bool basis_fits(struct question *question, const struct series *series, const struct when *when) {
    if (series->is_reported && when->has_known_at)
        question_refuse(question, "bad_request", "what was reported is what was known then: the basis \"reported\" takes no known_at",
                        "/known_at");
    return question->refusal == NULL;
}

json_t *op_series(struct question *question) {
    struct when when;
    struct standpoint standpoint;
    struct series series = {.question = question, .step = STEP_DAY, .status = REPORTED_OK};
    const struct period_limits limits = {question_today(question) + DAYS_AHEAD_MAX, SERIES_DAYS_MAX, "must be 366 days ahead at most"};
    if (!argument_period(question, &limits, &series.from, &series.to) || !argument_step(question, &series.step) ||
        !argument_group_by(question, series.group_by, &series.group_by_count) || !argument_filter(question, &series.filter) ||
        !argument_when_known(question, &when) || !argument_basis(question, &series.is_reported) || !basis_fits(question, &series, &when) ||
        !question_look_back(question, &when, &standpoint))
        return NULL;
    series.rows = json_array();
    series.totals = json_array();
    json_t *reply = add_days(question, &series, &standpoint) ? reply_of(&series, &standpoint) : NULL;
    json_decref(series.rows);
    json_decref(series.totals);
    return reply;
}
