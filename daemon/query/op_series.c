/* The op about many days: the position at the end of every day, week, month or quarter, for charts. */
#include "daemon/query/ops.h"

#include "daemon/core/memory.h"
#include "daemon/core/rules.h"
#include "daemon/reported/reported.h"

#include <stdlib.h>

enum { SERIES_ROWS_MAX = 50000, SERIES_DAYS_MAX = 3660 };

/* One grouping and filter of the positions. */
struct series_part {
    bool is_limited;
    struct field_name group_by[GROUP_BY_MAX];
    size_t group_by_count;
    struct wait_filter filter;
    json_t *rows;
    json_t *totals;
};

struct series {
    const struct question *question;
    struct series_part *parts;
    size_t part_count;
    day_t from;
    day_t to;
    enum flow_step step;
    bool is_reported;
    size_t row_count; /* of all parts */
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
static bool add_day(struct series *series, struct series_part *part, day_t day, const struct summary *summary) {
    for (size_t i = 0; i < summary->row_count && part->group_by_count > 0; i++) {
        json_t *row = row_of(day, &summary->rows[i].position);
        json_object_set_new(row, "keys", keys_of(part->group_by, summary->rows[i].keys, part->group_by_count));
        json_array_append_new(part->rows, row);
    }
    json_array_append_new(part->totals, row_of(day, &summary->total));
    series->row_count += part->group_by_count > 0 ? summary->row_count : 0;
    series->overflow = series->row_count > SERIES_ROWS_MAX;
    return !series->overflow;
}

static bool add_known_day(void *context, day_t day, struct waiting_register *reg) {
    struct series *series = context;
    bool goes_on = true;
    for (size_t i = 0; goes_on && i < series->part_count && is_shown(series, day); i++) {
        struct series_part *part = &series->parts[i];
        struct summary summary;
        series->overflow = !register_summary(reg, part->group_by, part->group_by_count, &part->filter, &summary);
        goes_on = !series->overflow && add_day(series, part, day, &summary);
        summary_free(&summary);
    }
    return goes_on;
}

static bool add_reported_part(struct series *series, struct series_part *part, day_t day, struct reported *reported) {
    struct summary summary;
    series->status = reported_summary(reported, part->group_by, part->group_by_count, &part->filter, &summary);
    bool goes_on = series->status == REPORTED_OK && add_day(series, part, day, &summary);
    if (series->status == REPORTED_OK)
        summary_free(&summary);
    return goes_on;
}

static bool add_reported_day(void *context, const struct journal_report *report) {
    struct series *series = context;
    bool goes_on = true;
    if (!is_shown(series, report->day) || !question_knows(series->question, report->at))
        return true;
    struct reported *reported = reported_read(report->body);
    series->unreadable = reported == NULL;
    for (size_t i = 0; goes_on && reported != NULL && i < series->part_count; i++)
        goes_on = add_reported_part(series, &series->parts[i], report->day, reported);
    reported_destroy(&reported);
    return goes_on && !series->unreadable;
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
    for (size_t i = 0; i < series->part_count; i++) {
        json_t *part = json_pack("{s:O, s:O}", "rows", series->parts[i].rows, "totals", series->parts[i].totals);
        if (series->parts[i].is_limited)
            set_restricted(part, series->question);
        question_set_part(reply, series->question->request, part);
    }
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

static bool read_parts(struct question *question, struct series *series) {
    bool good = series->part_count > 0;
    for (size_t i = 0; good && i < series->part_count; i++) {
        struct series_part *part = &series->parts[i];
        const json_t *request = question_enter(question, i);
        good = argument_group_by(question, part->group_by, &part->group_by_count) && argument_filter(question, &part->filter);
        part->is_limited = question->part_was_limited;
        question->request = request;
    }
    return good;
}

static json_t *answer(struct question *question, struct series *series, const struct standpoint *standpoint) {
    for (size_t i = 0; i < series->part_count; i++) {
        series->parts[i].rows = json_array();
        series->parts[i].totals = json_array();
    }
    json_t *reply = add_days(question, series, standpoint) ? reply_of(series, standpoint) : NULL;
    for (size_t i = 0; i < series->part_count; i++) {
        json_decref(series->parts[i].rows);
        json_decref(series->parts[i].totals);
    }
    return reply;
}

json_t *op_series(struct question *question) {
    static const char *const members[] = {"group_by", "filter", NULL};
    struct when when;
    struct standpoint standpoint;
    struct series series = {.question = question, .step = STEP_DAY, .status = REPORTED_OK};
    const struct period_limits limits = {question_today(question) + DAYS_AHEAD_MAX, SERIES_DAYS_MAX, "must be 366 days ahead at most"};
    json_t *reply = NULL;
    series.part_count = question_parts(question, members);
    series.parts = memory_new(series.part_count, sizeof *series.parts);
    if (argument_period(question, &limits, &series.from, &series.to) && argument_step(question, &series.step) &&
        read_parts(question, &series) && argument_when_known(question, &when) && argument_basis(question, &series.is_reported) &&
        basis_fits(question, &series, &when) && question_look_back(question, &when, &standpoint))
        reply = answer(question, &series, &standpoint);
    free(series.parts);
    return reply;
}
