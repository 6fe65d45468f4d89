/* The op that holds what was reported against what is known: the difference day by day, group by group, and who and what explains it. */
#include "daemon/query/ops.h"

#include "daemon/core/memory.h"
#include "daemon/core/rules.h"
#include "daemon/reported/reported.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DAYS_MAX = 366, ROWS_MAX = 50000, CHANGES_DEFAULT = 100, CHANGES_MAX = 1000, EVENTS_OF_A_CHANGE_MAX = 100 };

/* A day that was reported. Of what was, only the day at hand is read: a year of a large council's groups is half a gigabyte. */
struct reported_day {
    day_t day;
    uint64_t seq;
    instant_t at;
    bool reconstructed;
    uint32_t rule_version;
    const struct summary *summary;
};

struct restating {
    struct question *question;
    struct journal *journal;
    struct field_name group_by[GROUP_BY_MAX];
    size_t group_by_count;
    struct wait_filter filter;
    day_t from;
    day_t to;
    uint64_t known_at;
    int64_t limit;
    struct reported_day *days;
    size_t day_count;
    size_t day_capacity;
    size_t next_day; /* of the walk over what is known */
    enum reported_status status;
    enum journal_status journal_status; /* of reading the report of a day */
    bool unreadable;
    bool overflow;
    json_t *rows;
    json_t *totals;
    json_t *changes;
    uint64_t changes_total;
};

/* The summary that the report tells, its texts valid while it lives; false with a reason in `restating`. */
static bool read_summary(struct restating *restating, struct text body, struct reported **reported, struct summary *summary) {
    *reported = reported_read(body);
    restating->unreadable = *reported == NULL;
    if (restating->unreadable)
        return false;
    restating->status = reported_summary(*reported, restating->group_by, restating->group_by_count, &restating->filter, summary);
    if (restating->status != REPORTED_OK)
        reported_destroy(reported);
    return restating->status == REPORTED_OK;
}

static void free_summary(struct reported **reported, struct summary *summary) {
    summary_free(summary);
    reported_destroy(reported);
}

/* The first tells at once whether what is asked for is reported at all. */
static bool keep_report(void *context, const struct journal_report *report) {
    struct restating *restating = context;
    struct reported *reported;
    struct summary summary;
    if (!question_knows(restating->question, report->at))
        return true;
    if (restating->day_count == 0) {
        if (!read_summary(restating, report->body, &reported, &summary))
            return false;
        free_summary(&reported, &summary);
    }
    memory_reserve((void **)&restating->days, &restating->day_capacity, restating->day_count + 1, sizeof *restating->days);
    restating->days[restating->day_count++] = (struct reported_day){.day = report->day,
                                                                    .seq = report->after_seq,
                                                                    .at = report->at,
                                                                    .reconstructed = report->reconstructed,
                                                                    .rule_version = report->rule_version};
    return true;
}

static json_t *compared(day_t day, const struct position *reported, const struct position *known) {
    json_t *row = json_object();
    json_object_set_new(row, "day", wire_day(day));
    json_object_set_new(row, "reported", wire_position(reported));
    json_object_set_new(row, "known", wire_position(known));
    json_object_set_new(row, "difference", wire_difference(known, reported));
    return row;
}

static int compare_keys(const struct restating *restating, const struct summary_row *a, const struct summary_row *b) {
    int order = 0;
    for (size_t i = 0; order == 0 && i < restating->group_by_count; i++)
        order = text_compare(a->keys[i], b->keys[i]);
    return order;
}

/* A group in which nobody waited: a position all the same, so that there is a difference. */
static struct position nobody_like(const struct position *other) {
    struct position position = {
        .longest = POSITION_NULL, .median_tenths = POSITION_NULL, .mean_tenths = POSITION_NULL, .p90 = POSITION_NULL};
    position.band_count = other->band_count;
    return position;
}

/* The groups of both sides, which are in the order of their keys. */
static void compare_groups(struct restating *restating, const struct reported_day *day, const struct summary *known) {
    const struct summary *reported = day->summary;
    size_t i = 0, j = 0;
    while (restating->group_by_count > 0 && (i < reported->row_count || j < known->row_count)) {
        int order = i == reported->row_count ? 1
                    : j == known->row_count  ? -1
                                             : compare_keys(restating, &reported->rows[i], &known->rows[j]);
        const struct summary_row *keyed = order <= 0 ? &reported->rows[i] : &known->rows[j];
        struct position nobody = nobody_like(&keyed->position);
        json_t *row =
            compared(day->day, order <= 0 ? &reported->rows[i].position : &nobody, order >= 0 ? &known->rows[j].position : &nobody);
        json_object_set_new(row, "keys", keys_of(restating->group_by, keyed->keys, restating->group_by_count));
        json_array_append_new(restating->rows, row);
        i += order <= 0;
        j += order >= 0;
    }
}

/* Whether those who count otherwise make up the whole difference: else the policy or the rules are others than when it was reported. */
static bool is_explained(const struct reported_day *day, const struct position *known, struct restatement *restatement,
                         const struct wait_filter *filter) {
    struct summary before, now;
    bool explained = register_summary(restatement->reported, NULL, 0, filter, &before);
    explained = register_summary(restatement->known, NULL, 0, filter, &now) && explained;
    json_t *parts = wire_difference(&now.total, &before.total);
    json_t *whole = wire_difference(known, &day->summary->total);
    static const char *const counts[] = {"waiting", "unallocated", "allocated", "in_progress", "paused",
                                         "breach",  "due",         "scheduled", "no_contact",  "bands"};
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++)
        explained = explained && json_equal(json_object_get(parts, counts[i]), json_object_get(whole, counts[i]));
    json_decref(parts);
    json_decref(whole);
    summary_free(&before);
    summary_free(&now);
    return explained;
}

/* A wait on one side as it stands there; null where there is none, and where it is of a team that may not be shown. */
static json_t *side_of(const struct question *question, const struct waiting_register *reg, uint32_t wait) {
    struct wait_view view;
    bool is_shown = wait != 0 && register_view(reg, wait, &view) && question_sees(question, view.team);
    return is_shown ? wire_wait(&view) : json_null();
}

static json_t *event_of(const struct chronicle *chronicle, uint64_t seq) {
    struct history_event event;
    chronicle_event(chronicle, seq, &event);
    json_t *row = json_object();
    json_object_set_new(row, "seq", json_integer((json_int_t)seq));
    json_object_set_new(row, "received", wire_instant(event.received));
    json_object_set_new(row, "type", json_string(event_type_name(event.event.type)));
    json_object_set_new(row, "time", wire_instant(event.event.time));
    json_object_set_new(row, "source", wire_text(event.event.source));
    json_object_set_new(row, "id", wire_text(event.event.id));
    return row;
}

static json_t *change_of(const struct restating *restating, day_t day, const struct restatement *restatement, size_t number) {
    const struct question *question = restating->question;
    const struct restated_wait *wait = &restatement->waits[number];
    json_t *change = json_object();
    json_t *events = json_array();
    json_t *known = side_of(question, restatement->known, wait->known);
    /* What happened to it since is for the team that it is of now. */
    size_t event_count = question->was_limited && json_is_null(known) ? 0 : wait->event_count;
    for (size_t i = 0; i < event_count && i < EVENTS_OF_A_CHANGE_MAX; i++)
        json_array_append_new(events, event_of(restating->question->chronicle, restatement->event_seqs[wait->first_event + i]));
    json_object_set_new(change, "day", wire_day(day));
    json_object_set_new(change, "subject", wire_text(wait->subject));
    json_object_set_new(change, "reported", side_of(question, restatement->reported, wait->reported));
    json_object_set_new(change, "known", known);
    json_object_set_new(change, "events", events);
    json_object_set_new(change, "events_total", json_integer((json_int_t)event_count));
    return change;
}

static void explain(struct restating *restating, const struct reported_day *day, const struct position *known) {
    struct restatement restatement;
    chronicle_restate(restating->question->chronicle, day->day, day->seq, restating->known_at, &restating->filter, &restatement);
    for (size_t i = 0; i < restatement.wait_count && (int64_t)json_array_size(restating->changes) < restating->limit; i++)
        json_array_append_new(restating->changes, change_of(restating, day->day, &restatement, i));
    restating->changes_total += restatement.wait_count;
    json_t *total = compared(day->day, &day->summary->total, known);
    json_object_set_new(total, "reported_seq", json_integer((json_int_t)day->seq));
    json_object_set_new(total, "reported_at", wire_instant(day->at));
    json_object_set_new(total, "reconstructed", json_boolean(day->reconstructed));
    json_object_set_new(total, "reported_rule_version", json_integer((json_int_t)day->rule_version));
    json_object_set_new(total, "changes_total", json_integer((json_int_t)restatement.wait_count));
    json_object_set_new(total, "explained", json_boolean(is_explained(day, known, &restatement, &restating->filter)));
    json_array_append_new(restating->totals, total);
    restatement_free(&restatement);
}

static void compare_day(struct restating *restating, const struct reported_day *day, struct waiting_register *reg) {
    struct summary known;
    bool fits = register_summary(reg, restating->group_by, restating->group_by_count, &restating->filter, &known);
    if (fits) {
        compare_groups(restating, day, &known);
        explain(restating, day, &known.total);
    }
    restating->overflow = !fits || json_array_size(restating->rows) > ROWS_MAX;
    summary_free(&known);
}

static bool restate_day(void *context, day_t today, struct waiting_register *reg) {
    struct restating *restating = context;
    struct journal_report report;
    struct reported *reported;
    struct summary summary;
    if (restating->next_day == restating->day_count || restating->days[restating->next_day].day != today)
        return true;
    struct reported_day *day = &restating->days[restating->next_day++];
    restating->journal_status = journal_read_report(restating->journal, today, &report);
    if (restating->journal_status != JOURNAL_OK || !read_summary(restating, report.body, &reported, &summary))
        return false;
    day->summary = &summary;
    compare_day(restating, day, reg);
    day->summary = NULL;
    free_summary(&reported, &summary);
    return !restating->overflow;
}

/* `day`, or `from` and `to`. */
static bool argument_days(struct question *question, struct restating *restating) {
    const struct period_limits limits = {question_today(question) - 1, DAYS_MAX, "must lie before today: today is not reported yet"};
    day_t day = DAY_NONE;
    if (!argument_day(question, "day", &day))
        return false;
    if (day == DAY_NONE)
        return argument_period(question, &limits, &restating->from, &restating->to);
    restating->from = restating->to = day;
    if (json_object_get(question->request, "from") != NULL || json_object_get(question->request, "to") != NULL)
        question_refuse(question, "bad_request", "either day, or from and to", "/day");
    else if (day > limits.last)
        question_refuse(question, "bad_request", limits.beyond, "/day");
    else
        return true;
    return false;
}

static void refuse_without_reports(struct question *question, const struct journal *journal) {
    char first[DATE_SIZE], last[DATE_SIZE], message[160];
    if (journal_first_report_day(journal) == DAY_NONE) {
        question_refuse(question, "not_found", "nothing is reported yet: the first day is when its midnight has passed", NULL);
        return;
    }
    date_format(journal_first_report_day(journal), first);
    date_format(journal_last_report_day(journal), last);
    snprintf(message, sizeof message, "nothing was reported then: there are reports from %s to %s", first, last);
    question_refuse(question, "not_found", message, NULL);
}

/* Whether what was read can be used; false after refusing. */
static bool reports_are_there(const struct restating *restating, enum journal_status status) {
    struct question *question = restating->question;
    if (status != JOURNAL_OK)
        question_refuse(question, "internal", journal_failure(restating->journal), NULL);
    else if (restating->unreadable)
        question_refuse(question, "internal", "a report of the journal cannot be read", NULL);
    else if (restating->status != REPORTED_OK)
        refuse_unreported_groups(question, restating->status);
    else
        return true;
    return false;
}

/* The days asked for that were reported; false after refusing. */
static bool read_reports(struct restating *restating) {
    struct question *question = restating->question;
    if (!reports_are_there(restating, journal_each_report(restating->journal, restating->from, restating->to, keep_report, restating)))
        return false;
    if (restating->day_count == 0)
        refuse_without_reports(question, restating->journal);
    else if (restating->known_at < restating->days[restating->day_count - 1].seq)
        question_refuse(question, "bad_request", "must not lie before what was known when the last of the days was reported", "/known_at");
    else
        return true;
    return false;
}

static json_t *reply_of(const struct restating *restating, const struct standpoint *standpoint) {
    json_t *reply = wire_reply();
    json_object_set(reply, "rows", restating->rows);
    json_object_set(reply, "totals", restating->totals);
    json_object_set(reply, "changes", restating->changes);
    json_object_set_new(reply, "changes_total", json_integer((json_int_t)restating->changes_total));
    json_object_set_new(reply, "from", wire_day(restating->from));
    json_object_set_new(reply, "to", wire_day(restating->to));
    json_object_set_new(reply, "known_at", json_integer((json_int_t)standpoint->known_at));
    json_object_set_new(reply, "journal_seq", json_integer((json_int_t)standpoint->journal_seq));
    set_rule_version(reply, RULES_POSITION);
    return reply;
}

static json_t *restate(struct restating *restating, const struct standpoint *standpoint) {
    struct question *question = restating->question;
    json_t *reply = NULL;
    restating->journal = standpoint->journal;
    if (!read_reports(restating))
        return NULL;
    restating->rows = json_array();
    restating->totals = json_array();
    restating->changes = json_array();
    if (chronicle_walk(question->chronicle, restating->days[0].day, restating->days[restating->day_count - 1].day, standpoint->known_at,
                       restate_day, restating))
        reply = reply_of(restating, standpoint);
    else if (restating->overflow)
        question_refuse(question, "bad_request", "more than 50,000 rows: group by less, filter, or ask for fewer days", "/group_by");
    else if (reports_are_there(restating, restating->journal_status))
        question_refuse(question, "busy", "the daemon ends: ask again when it is back", NULL);
    json_decref(restating->rows);
    json_decref(restating->totals);
    json_decref(restating->changes);
    return reply;
}

json_t *op_restatement(struct question *question) {
    struct when when;
    struct standpoint standpoint;
    struct restating restating = {.question = question, .limit = CHANGES_DEFAULT};
    if (!argument_days(question, &restating) || !argument_group_by(question, restating.group_by, &restating.group_by_count) ||
        !argument_filter(question, &restating.filter) || !argument_when_known(question, &when) ||
        !argument_number(question, "limit", 0, CHANGES_MAX, &restating.limit) || !question_look_back(question, &when, &standpoint))
        return NULL;
    restating.known_at = standpoint.known_at;
    json_t *reply = restate(&restating, &standpoint);
    free(restating.days);
    return reply;
}
