/* The op about alerts: the log behind a seq, or what is open now. */
#include "daemon/query/ops.h"

#include "daemon/core/memory.h"
#include "daemon/ledger/transition.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const filter_names[] = {"rule", "level", "subject", "pathway", "team", "severity", "transition"};

/* The reply is put together from the journalled texts as they are: a follower that catches up asks for many pages. */
struct alert_question {
    const struct question *asked;
    const json_t *filter; /* NULL: every alert */
    bool is_limited;      /* to the asker's teams */
    struct json_parser *parser;
    char *text;
    size_t used;
    size_t capacity;
    size_t row_count;
    size_t limit;
    uint64_t since;
    uint64_t through;
    size_t looked_at;
};

static void append(struct alert_question *question, const char *at, size_t length) {
    memory_reserve((void **)&question->text, &question->capacity, question->used + length + 1, 1);
    memcpy(question->text + question->used, at, length);
    question->used += length;
    question->text[question->used] = '\0';
}

static void append_row(struct alert_question *question, struct text row) {
    if (question->row_count++ > 0)
        append(question, ",", 1);
    append(question, row.at, row.length);
}

static bool is_wanted_text(const json_t *wanted, struct text value) {
    if (json_is_null(wanted))
        return value.at == NULL;
    return json_is_string(wanted) && text_equal(value, (struct text){json_string_value(wanted), (uint32_t)json_string_length(wanted)});
}

/* A wait that moved belongs to both teams: who follows only one must see it leave and see it come. */
static bool is_wanted(const json_t *wanted, const char *name, const struct alert_transition *transition) {
    if (strcmp(name, "level") == 0)
        return transition->level == ALERT_LEVEL_NONE ? json_is_null(wanted)
                                                     : json_is_integer(wanted) && json_integer_value(wanted) == transition->level;
    if (strcmp(name, "rule") == 0)
        return is_wanted_text(wanted, text_of(alert_rule_name(transition->rule)));
    if (strcmp(name, "subject") == 0)
        return is_wanted_text(wanted, transition->subject);
    if (strcmp(name, "pathway") == 0)
        return is_wanted_text(wanted, transition->pathway);
    if (strcmp(name, "severity") == 0)
        return is_wanted_text(wanted, text_of(severity_name(transition->severity)));
    if (strcmp(name, "transition") == 0)
        return is_wanted_text(wanted, text_of(alert_change_name(transition->change)));
    return is_wanted_text(wanted, transition->team) || (transition->from_team.at != NULL && is_wanted_text(wanted, transition->from_team));
}

/* Whether it may be shown: a move to both teams, as to who follows one of them. */
static bool is_seen(const struct alert_question *question, const struct alert_transition *transition) {
    return !question->is_limited || question_sees(question->asked, transition->team) ||
           question_sees(question->asked, transition->from_team);
}

static bool passes(const struct alert_question *question, const struct alert_transition *transition) {
    const json_t *filter = question->filter;
    const char *name;
    json_t *wanted;
    if (!is_seen(question, transition))
        return false;
    if (filter == NULL)
        return true;
    json_object_foreach((json_t *)(uintptr_t)filter, name, wanted) {
        bool fits = !json_is_array(wanted) && is_wanted(wanted, name, transition);
        for (size_t i = 0; !fits && json_is_array(wanted) && i < json_array_size(wanted); i++)
            fits = is_wanted(json_array_get(wanted, i), name, transition);
        if (!fits)
            return false;
    }
    return true;
}

static bool take_logged(void *context, const struct journal_alert *alert) {
    struct alert_question *question = context;
    struct alert_transition transition;
    if (question->row_count == question->limit || question->looked_at == QUERY_ALERTS_SCAN_MAX)
        return false;
    if ((question->filter == NULL && question->asked->chronicle == NULL && !question->is_limited) ||
        (transition_read(question->parser, alert->body, &transition) && question_knows(question->asked, transition.at) &&
         passes(question, &transition)))
        append_row(question, alert->body);
    question->looked_at++;
    question->through = alert->alert_seq;
    return true;
}

struct open_list {
    struct alert_transition *at;
    size_t count;
    size_t capacity;
    uint64_t since;
};

static void take_open(void *context, const struct alert_transition *alert) {
    struct open_list *list = context;
    if (alert->alert_seq <= list->since)
        return;
    memory_reserve((void **)&list->at, &list->capacity, list->count + 1, sizeof *list->at);
    list->at[list->count++] = *alert;
}

static int compare_alerts(const void *left, const void *right) {
    const struct alert_transition *a = left;
    const struct alert_transition *b = right;
    return (a->alert_seq > b->alert_seq) - (a->alert_seq < b->alert_seq);
}

/* Open alerts by the seq that raised them; a full page ends at its last row, so that the next one goes on behind it. */
static void take_all_open(struct ledger *ledger, struct alert_question *question) {
    struct open_list list = {.since = question->since};
    register_each_open_alert(ledger_register(ledger), take_open, &list);
    if (list.count > 1)
        qsort(list.at, list.count, sizeof *list.at, compare_alerts);
    question->through = journal_last_alert_seq(ledger_journal(ledger));
    for (size_t i = 0; i < list.count; i++) {
        char text[WIRE_TRANSITION_SIZE];
        if (question->row_count == question->limit) {
            question->through = list.at[i - 1].alert_seq;
            break;
        }
        if (passes(question, &list.at[i]))
            append_row(question, (struct text){text, (uint32_t)wire_open_alert_text(&list.at[i], text)});
    }
    free(list.at);
}

/* ---- What is open by the log alone, where there is no register that was there when it was written */

struct open_log {
    const struct question *asked;
    struct json_parser *parser;
    json_t *open; /* by rule, level and subject: as wire_open_alert shows it */
};

static json_t *opened(struct text body) {
    json_t *open = json_loadb(body.at, body.length, 0, NULL);
    json_object_set_new(open, "acknowledged_at", json_null());
    json_object_set_new(open, "overdue", json_false());
    return open;
}

static void change_open(json_t *open, const struct alert_transition *transition) {
    json_object_set_new(open, "team", wire_text(transition->team));
    json_object_set_new(open, "severity", json_string(severity_name(transition->severity)));
    if (transition->change == ALERT_OVERDUE)
        json_object_set_new(open, "overdue", json_true());
    if (transition->change != ALERT_ACKNOWLEDGED)
        return;
    json_object_set_new(open, "by", wire_text(transition->by));
    json_object_set_new(open, "note", wire_text(transition->note));
    json_object_set_new(open, "expected_by", wire_day(transition->expected_by));
    json_object_set_new(open, "acknowledged_at", wire_instant(transition->at));
    json_object_set_new(open, "overdue", json_false());
}

static bool follow_log(void *context, const struct journal_alert *alert) {
    struct open_log *log = context;
    struct alert_transition transition;
    if (!transition_read(log->parser, alert->body, &transition) || !question_knows(log->asked, transition.at))
        return true;
    json_t *name = json_sprintf("%d %d %.*s", transition.rule, transition.level, (int)transition.subject.length, transition.subject.at);
    json_t *raised = json_object_get(log->open, json_string_value(name));
    if (transition.change == ALERT_RESOLVED)
        json_object_del(log->open, json_string_value(name));
    else if (raised != NULL)
        change_open(raised, &transition);
    else
        json_object_set_new(log->open, json_string_value(name), opened(alert->body));
    json_decref(name);
    return true;
}

static int compare_raised(const void *left, const void *right) {
    json_int_t a = json_integer_value(json_object_get(*(json_t *const *)left, "seq"));
    json_int_t b = json_integer_value(json_object_get(*(json_t *const *)right, "seq"));
    return (a > b) - (a < b);
}

static void append_open(struct alert_question *question, json_t *const *raised, size_t count) {
    for (size_t i = 0; i < count; i++) {
        struct alert_transition transition;
        uint64_t seq = (uint64_t)json_integer_value(json_object_get(raised[i], "seq"));
        size_t length;
        if (seq <= question->since)
            continue;
        if (question->row_count == question->limit) {
            question->through = (uint64_t)json_integer_value(json_object_get(raised[i - 1], "seq"));
            break;
        }
        char *text = wire_dump(raised[i], &length);
        struct text body = {text, (uint32_t)length};
        if (transition_read(question->parser, body, &transition) && passes(question, &transition))
            append_row(question, body);
        free(text);
    }
}

static enum journal_status take_open_by_log(struct journal *journal, struct alert_question *question) {
    struct open_log log = {question->asked, question->parser, json_object()};
    enum journal_status status = journal_each_alert(journal, 0, follow_log, &log);
    size_t count = 0;
    json_t **raised = memory_new(json_object_size(log.open), sizeof(json_t *));
    const char *name;
    json_t *value;
    json_object_foreach(log.open, name, value) {
        raised[count++] = value;
    }
    if (count > 1)
        qsort(raised, count, sizeof(json_t *), compare_raised);
    question->through = journal_last_alert_seq(journal);
    append_open(question, raised, count);
    free(raised);
    json_decref(log.open);
    return status;
}

static bool filter_is_known(struct question *question, const json_t *filter) {
    char pointer[POINTER_SIZE];
    const char *name;
    json_t *value;
    if (filter == NULL)
        return true;
    if (!json_is_object(filter)) {
        question_refuse(question, "bad_request", "must be an object", "/filter");
        return false;
    }
    json_object_foreach((json_t *)(uintptr_t)filter, name, value) {
        bool known = false;
        for (size_t i = 0; i < sizeof filter_names / sizeof filter_names[0]; i++)
            known = known || strcmp(filter_names[i], name) == 0;
        if (!known) {
            argument_pointer(pointer, "/filter", name);
            question_refuse(question, "bad_request", "alerts are filtered by rule, level, subject, pathway, team, severity or transition",
                            pointer);
            return false;
        }
    }
    return true;
}

static void append_end(struct alert_question *rows, const char *epoch) {
    char end[96];
    int length = snprintf(end, sizeof end, "],\"through\":%llu,\"epoch\":\"%s\"", (unsigned long long)rows->through, epoch);
    append(rows, end, (size_t)length);
    if (rows->is_limited) {
        json_t *member = json_object();
        set_restricted(member, rows->asked);
        char *text = wire_dump(member, &(size_t){0}); /* {"restricted_to":[…]}: all of it but the first brace */
        text[0] = ',';
        append(rows, text, strlen(text));
        free(text);
        json_decref(member);
    } else {
        append(rows, "}", 1);
    }
}

json_t *op_alerts(struct question *question) {
    struct journal *journal = question_journal(question);
    int64_t since = 0, limit = QUERY_ALERTS_MAX;
    struct text state = text_of("all");
    const json_t *filter = json_object_get(question->request, "filter");
    if (!argument_number(question, "since", 0, INT64_MAX, &since) || !argument_number(question, "limit", 1, QUERY_ALERTS_MAX, &limit) ||
        !argument_text(question, "state", &state) || !filter_is_known(question, filter))
        return NULL;
    bool open_only = text_is(state, "open");
    if (!open_only && !text_is(state, "all"))
        return question_refuse(question, "bad_request", "must be open or all", "/state");
    static const char start[] = "{\"v\":1,\"ok\":true,\"rows\":[";
    struct alert_question rows = {
        .asked = question, .filter = filter, .limit = (size_t)limit, .since = (uint64_t)since, .through = (uint64_t)since};
    rows.is_limited = question_limits(question);
    rows.parser = json_parser_create(WIRE_TRANSITION_SIZE, TRANSITION_NESTING_MAX);
    append(&rows, start, sizeof start - 1);
    enum journal_status status = JOURNAL_OK;
    if (open_only && question->chronicle != NULL)
        status = take_open_by_log(journal, &rows);
    else if (open_only)
        take_all_open(question->state->ledger, &rows);
    else
        status = journal_each_alert(journal, (uint64_t)since, take_logged, &rows);
    json_parser_destroy(&rows.parser);
    if (status != JOURNAL_OK) {
        free(rows.text);
        return question_refuse(question, "internal", "the alert log could not be read", NULL);
    }
    append_end(&rows, journal_epoch(journal));
    question->text = rows.text;
    question->text_length = rows.used;
    question->text_rows = (int64_t)rows.row_count;
    return NULL;
}
