/* The op about how alerts were dealt with: of those raised in a period, how many were acknowledged and how fast, from the log. */
#include "daemon/query/ops.h"

#include "daemon/core/memory.h"
#include "daemon/ledger/transition.h"

#include <stdlib.h>
#include <string.h>

enum { ROWS_MAX = 4096, MS_AN_HOUR = 3600000, TENTH_OF_AN_HOUR_MS = 360000 };

/* Alerts of one pathway and rule. */
struct alert_figures {
    char pathway[NAME_MAX_BYTES + 1];
    enum alert_rule rule;
    uint64_t raised;
    uint64_t late;
    uint64_t resolved;
    int64_t *waited_ms; /* until each acknowledgement */
    size_t acknowledged;
    size_t capacity;
};

struct alert_log {
    struct question *question;
    struct json_parser *parser;
    day_t from;
    day_t to;
    struct alert_figures rows[ROWS_MAX];
    size_t row_count;
    struct raised_alert {
        instant_t at;
        uint16_t row;
        bool is_acknowledged;
    } * raised; /* by alert seq; a row of ROWS_MAX: not raised in the period */
    size_t raised_capacity;
    bool overflow;
};

static uint16_t row_of(struct alert_log *log, const struct alert_transition *transition) {
    size_t row = 0;
    while (row < log->row_count && !(log->rows[row].rule == transition->rule && text_is(transition->pathway, log->rows[row].pathway)))
        row++;
    log->overflow = row == ROWS_MAX || transition->pathway.length > NAME_MAX_BYTES;
    if (log->overflow)
        return ROWS_MAX;
    if (row == log->row_count) {
        log->row_count++;
        memcpy(log->rows[row].pathway, transition->pathway.at, transition->pathway.length);
        log->rows[row].rule = transition->rule;
    }
    return (uint16_t)row;
}

static void note_raised(struct alert_log *log, const struct alert_transition *transition) {
    size_t before = log->raised_capacity;
    day_t day = chronicle_day_of(log->question->chronicle, transition->at);
    memory_reserve((void **)&log->raised, &log->raised_capacity, (size_t)transition->alert_seq + 1, sizeof *log->raised);
    for (size_t i = before; i < log->raised_capacity; i++)
        log->raised[i] = (struct raised_alert){INSTANT_NONE, ROWS_MAX, false};
    if (day < log->from || day > log->to)
        return;
    uint16_t row = row_of(log, transition);
    if (log->overflow)
        return;
    log->raised[transition->alert_seq] = (struct raised_alert){transition->at, row, false};
    log->rows[row].raised++;
    log->rows[row].late += transition->late;
}

/* An alert is acknowledged once: whoever comes later changes nothing of how long it took. */
static void note_acknowledged(struct alert_log *log, const struct alert_transition *transition) {
    struct raised_alert *raised = &log->raised[transition->raised_seq];
    struct alert_figures *row = &log->rows[raised->row];
    if (raised->is_acknowledged)
        return;
    raised->is_acknowledged = true;
    memory_reserve((void **)&row->waited_ms, &row->capacity, row->acknowledged + 1, sizeof *row->waited_ms);
    row->waited_ms[row->acknowledged++] = transition->at > raised->at ? transition->at - raised->at : 0;
}

static bool take_transition(void *context, const struct journal_alert *alert) {
    struct alert_log *log = context;
    struct alert_transition transition;
    if (!transition_read(log->parser, alert->body, &transition) || !question_knows(log->question, transition.at))
        return true;
    if (transition.change == ALERT_RAISED)
        note_raised(log, &transition);
    else if (transition.raised_seq < log->raised_capacity && log->raised[transition.raised_seq].row != ROWS_MAX) {
        if (transition.change == ALERT_ACKNOWLEDGED)
            note_acknowledged(log, &transition);
        else if (transition.change == ALERT_RESOLVED)
            log->rows[log->raised[transition.raised_seq].row].resolved++;
    }
    return !log->overflow;
}

static int compare_times(const void *left, const void *right) {
    int64_t a = *(const int64_t *)left, b = *(const int64_t *)right;
    return (a > b) - (a < b);
}

static int compare_rows(const void *left, const void *right) {
    const struct alert_figures *a = left, *b = right;
    int order = strcmp(a->pathway, b->pathway);
    return order != 0 ? order : (int)a->rule - (int)b->rule;
}

/* Tenths of an hour, half rounded up. */
static json_t *median_of(struct alert_figures *row) {
    if (row->acknowledged == 0)
        return json_null();
    qsort(row->waited_ms, row->acknowledged, sizeof *row->waited_ms, compare_times);
    int64_t middle = (row->waited_ms[(row->acknowledged - 1) / 2] + row->waited_ms[row->acknowledged / 2]) / 2;
    return wire_tenths((int32_t)((middle + TENTH_OF_AN_HOUR_MS / 2) / TENTH_OF_AN_HOUR_MS));
}

static json_t *row_json(struct alert_figures *row) {
    json_t *object = json_object();
    json_object_set_new(object, "pathway", json_string(row->pathway));
    json_object_set_new(object, "rule", json_string(alert_rule_name(row->rule)));
    json_object_set_new(object, "raised", json_integer((json_int_t)row->raised));
    json_object_set_new(object, "late", json_integer((json_int_t)row->late));
    json_object_set_new(object, "resolved", json_integer((json_int_t)row->resolved));
    json_object_set_new(object, "acknowledged", json_integer((json_int_t)row->acknowledged));
    json_object_set_new(object, "median_hours", median_of(row));
    json_object_set_new(object, "longest_hours",
                        row->acknowledged == 0 ? json_null()
                                               : json_integer((row->waited_ms[row->acknowledged - 1] + MS_AN_HOUR - 1) / MS_AN_HOUR));
    return object;
}

static json_t *reply_of(struct alert_log *log, const struct standpoint *standpoint) {
    json_t *rows = json_array();
    if (log->row_count > 1)
        qsort(log->rows, log->row_count, sizeof log->rows[0], compare_rows);
    for (size_t i = 0; i < log->row_count; i++)
        json_array_append_new(rows, row_json(&log->rows[i]));
    json_t *reply = wire_reply();
    json_object_set_new(reply, "rows", rows);
    json_object_set_new(reply, "from", wire_day(log->from));
    json_object_set_new(reply, "to", wire_day(log->to));
    json_object_set_new(reply, "journal_seq", json_integer((json_int_t)standpoint->journal_seq));
    return reply;
}

json_t *op_alert_figures(struct question *question) {
    struct when when;
    struct standpoint standpoint;
    struct alert_log *log = memory_new(1, sizeof *log);
    json_t *reply = NULL;
    const struct period_limits limits = {question_today(question), 0, "must be today at most: what has not happened raised no alert"};
    log->question = question;
    if (argument_period(question, &limits, &log->from, &log->to) && argument_when_known(question, &when) &&
        question_look_back(question, &when, &standpoint)) {
        log->parser = json_parser_create(WIRE_TRANSITION_SIZE, TRANSITION_NESTING_MAX);
        if (journal_each_alert(standpoint.journal, 0, take_transition, log) != JOURNAL_OK)
            question_refuse(question, "internal", "the alert log could not be read", NULL);
        else if (log->overflow)
            question_refuse(question, "internal", "the log has more pathways than there can be", NULL);
        else
            reply = reply_of(log, &standpoint);
        json_parser_destroy(&log->parser);
    }
    for (size_t i = 0; i < log->row_count; i++)
        free(log->rows[i].waited_ms);
    free(log->raised);
    free(log);
    return reply;
}
