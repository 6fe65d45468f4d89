/* The op about alerts: the log behind a seq, or what is open now. */
#include "daemon/query/ops.h"

#include "daemon/core/memory.h"

#include <stdlib.h>
#include <string.h>

static const char *const filter_names[] = {"rule", "level", "subject", "pathway", "team", "severity", "transition"};

struct alert_question {
    const json_t *filter; /* NULL: every alert */
    json_t *rows;
    size_t limit;
    uint64_t since;
    uint64_t through;
    size_t looked_at;
};

static bool value_passes(const json_t *wanted, const json_t *value) {
    if (!json_is_array(wanted))
        return json_equal(wanted, value) == 1;
    for (size_t i = 0; i < json_array_size(wanted); i++)
        if (json_equal(json_array_get(wanted, i), value) == 1)
            return true;
    return false;
}

/* A wait that moved belongs to both teams: who follows only one must see it leave and see it come. */
static bool team_passes(const json_t *wanted, const json_t *row) {
    return value_passes(wanted, json_object_get(row, "team")) ||
           (!json_is_null(json_object_get(row, "from_team")) && value_passes(wanted, json_object_get(row, "from_team")));
}

static bool passes(const json_t *filter, const json_t *row) {
    const char *name;
    json_t *wanted;
    if (filter == NULL)
        return true;
    json_object_foreach((json_t *)(uintptr_t)filter, name, wanted) {
        bool fits = strcmp(name, "team") == 0 ? team_passes(wanted, row) : value_passes(wanted, json_object_get(row, name));
        if (!fits)
            return false;
    }
    return true;
}

static bool take_logged(void *context, const struct journal_alert *alert) {
    struct alert_question *question = context;
    if (json_array_size(question->rows) == question->limit || question->looked_at == QUERY_ALERTS_SCAN_MAX)
        return false;
    json_t *row = json_loadb(alert->body.at, alert->body.length, 0, NULL);
    if (row != NULL && passes(question->filter, row))
        json_array_append(question->rows, row);
    json_decref(row);
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
        if (json_array_size(question->rows) == question->limit) {
            question->through = list.at[i - 1].alert_seq;
            break;
        }
        json_t *row = wire_transition(&list.at[i]);
        if (passes(question->filter, row))
            json_array_append(question->rows, row);
        json_decref(row);
    }
    free(list.at);
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

json_t *op_alerts(struct question *question) {
    struct ledger *ledger = question->state->ledger;
    int64_t since = 0, limit = QUERY_ALERTS_MAX;
    struct text state = text_of("all");
    const json_t *filter = json_object_get(question->request, "filter");
    if (!argument_number(question, "since", 0, INT64_MAX, &since) || !argument_number(question, "limit", 1, QUERY_ALERTS_MAX, &limit) ||
        !argument_text(question, "state", &state) || !filter_is_known(question, filter))
        return NULL;
    bool open_only = text_is(state, "open");
    if (!open_only && !text_is(state, "all"))
        return question_refuse(question, "bad_request", "must be open or all", "/state");
    struct alert_question rows = {.filter = filter, .rows = json_array(), .limit = (size_t)limit, .since = (uint64_t)since};
    rows.through = (uint64_t)since;
    if (open_only) {
        take_all_open(ledger, &rows);
    } else if (journal_each_alert(ledger_journal(ledger), (uint64_t)since, take_logged, &rows) != JOURNAL_OK) {
        json_decref(rows.rows);
        return question_refuse(question, "internal", "the alert log could not be read", NULL);
    }
    json_t *reply = wire_reply();
    json_object_set_new(reply, "rows", rows.rows);
    json_object_set_new(reply, "through", json_integer((json_int_t)rows.through));
    json_object_set_new(reply, "epoch", json_string(journal_epoch(ledger_journal(ledger))));
    return reply;
}
