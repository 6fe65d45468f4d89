/* The ops about people waiting: a page of waits, and one wait with its whole history. */
#include "daemon/query/ops.h"

#include "daemon/core/memory.h"

#include <stdlib.h>

enum { WAITS_LIMIT_DEFAULT = 100 };

static bool argument_sort(struct question *question, struct waits_request *request) {
    struct text sort = text_of("-days");
    if (!argument_text(question, "sort", &sort))
        return false;
    request->descending = sort.length > 0 && sort.at[0] == '-';
    struct text name = request->descending ? (struct text){sort.at + 1, sort.length - 1} : sort;
    for (int i = 0; i < WAIT_SORT_COUNT; i++)
        if (text_is(name, wait_sort_name((enum wait_sort)i))) {
            request->sort = (enum wait_sort)i;
            return true;
        }
    question_refuse(question, "bad_request",
                    "must be days, days_to_breach, risk, priority, last_contact or subject, with - in front for descending", "/sort");
    return false;
}

static json_t *page_reply(const struct waiting_register *reg, const struct waits_request *request, const struct waits_page *page) {
    json_t *rows = json_array();
    for (size_t i = 0; i < page->row_count; i++) {
        struct wait_view view;
        register_view(reg, page->waits[i], &view);
        json_array_append_new(rows, wire_wait(&view));
    }
    json_t *next = json_null();
    if (page->more) {
        char *cursor = cursor_encode(request->sort, request->descending, &page->last);
        next = json_string(cursor);
        free(cursor);
    }
    json_t *reply = wire_reply();
    json_object_set_new(reply, "rows", rows);
    json_object_set_new(reply, "next", next);
    json_object_set_new(reply, "count", json_integer((json_int_t)page->count));
    return reply;
}

static void set_when(json_t *reply, const struct question *question) {
    struct ledger *ledger = question->state->ledger;
    json_object_set_new(reply, "as_at", wire_day(register_today(ledger_register(ledger))));
    json_object_set_new(reply, "journal_seq", json_integer((json_int_t)journal_last_seq(ledger_journal(ledger))));
}

json_t *op_waits(struct question *question) {
    const struct waiting_register *reg = ledger_register(question->state->ledger);
    struct wait_filter filter;
    struct waits_request request = {.filter = &filter};
    struct sort_place after;
    struct text cursor = TEXT_ABSENT;
    char buffer[CURSOR_BUFFER_SIZE];
    int64_t limit = WAITS_LIMIT_DEFAULT;
    if (!argument_filter(question, &filter) || !argument_sort(question, &request) ||
        !argument_number(question, "limit", 1, WAITS_LIMIT_MAX, &limit) || !arguments_are_of_today(question))
        return NULL;
    request.limit = (size_t)limit;
    if (json_is_string(json_object_get(question->request, "cursor"))) {
        argument_text(question, "cursor", &cursor);
        if (!cursor_decode(cursor, request.sort, request.descending, &after, buffer))
            return question_refuse(question, "bad_request", "is no cursor of this sort", "/cursor");
        request.after = &after;
    } else if (json_object_get(question->request, "cursor") != NULL && !json_is_null(json_object_get(question->request, "cursor"))) {
        return question_refuse(question, "bad_request", "must be a text or null", "/cursor");
    }
    struct waits_page *page = memory_new(1, sizeof *page);
    register_waits(reg, &request, page);
    json_t *reply = page_reply(reg, &request, page);
    free(page);
    set_when(reply, question);
    return reply;
}

static json_t *event_row(struct journal *journal, const struct event_outcome *outcome) {
    const struct history_event *event = outcome->event;
    struct journal_event stored;
    json_t *whole = NULL;
    if (journal_read_event(journal, event->seq, &stored) == JOURNAL_OK) {
        whole = json_loadb(stored.bytes.at, stored.bytes.length, 0, NULL);
        if (whole == NULL) /* whole numbers from 2^63 on are accepted, but jansson has none */
            whole = json_loadb(stored.bytes.at, stored.bytes.length, JSON_DECODE_INT_AS_REAL, NULL);
    }
    json_t *row = json_object();
    bool is_exception = effect_is_exception(outcome->effect);
    json_object_set_new(row, "seq", json_integer((json_int_t)event->seq));
    json_object_set_new(row, "received", wire_instant(event->received));
    json_object_set_new(row, "type", json_string(event_type_name(event->event.type)));
    json_object_set_new(row, "time", wire_instant(event->event.time));
    json_object_set_new(row, "source", wire_text(event->event.source));
    json_object_set_new(row, "id", wire_text(event->event.id));
    json_object_set(row, "data", json_object_get(whole, "data"));
    json_object_set_new(row, "effect", is_exception ? json_null() : json_string(effect_name(outcome->effect)));
    json_object_set_new(row, "exception", is_exception ? json_string(effect_name(outcome->effect)) : json_null());
    json_decref(whole);
    return row;
}

/* The last events in fold order: nobody has thousands, but a subject that a sender uses for everything must not hold ingest up. */
static void set_events(json_t *reply, struct ledger *ledger, uint32_t wait) {
    const struct event_outcome *outcomes;
    size_t count = register_outcomes(ledger_register(ledger), wait, &outcomes);
    json_t *rows = json_array();
    for (size_t i = count > QUERY_EVENTS_MAX ? count - QUERY_EVENTS_MAX : 0; i < count; i++)
        json_array_append_new(rows, event_row(ledger_journal(ledger), &outcomes[i]));
    json_object_set_new(reply, "events", rows);
    json_object_set_new(reply, "events_total", json_integer((json_int_t)count));
}

/* The last transitions of the wait's alerts, oldest first. */
static json_t *alerts_of(struct journal *journal, uint64_t newest_alert_seq) {
    struct journal_alert alert;
    json_t *newest_first = json_array();
    for (uint64_t seq = newest_alert_seq; seq != 0 && json_array_size(newest_first) < QUERY_ALERTS_MAX; seq = alert.previous_alert_seq) {
        if (journal_read_alert(journal, seq, &alert) != JOURNAL_OK)
            break;
        json_array_append_new(newest_first, json_loadb(alert.body.at, alert.body.length, 0, NULL));
    }
    json_t *rows = json_array();
    for (size_t i = json_array_size(newest_first); i > 0; i--)
        json_array_append(rows, json_array_get(newest_first, i - 1));
    json_decref(newest_first);
    return rows;
}

json_t *op_wait(struct question *question) {
    struct ledger *ledger = question->state->ledger;
    struct text subject = TEXT_ABSENT;
    struct wait_view view;
    if (!argument_text(question, "subject", &subject) || !arguments_are_of_today(question))
        return NULL;
    if (subject.at == NULL)
        return question_refuse(question, "bad_request", "subject is required", "/subject");
    uint32_t wait = register_find(ledger_register(ledger), subject);
    if (wait == 0 || register_newest_seq(ledger_register(ledger), wait) == 0)
        return question_refuse(question, "not_found", "no event of this subject was accepted", "/subject");
    bool has_referral = register_view(ledger_register(ledger), wait, &view);
    json_t *reply = wire_reply();
    json_object_set_new(reply, "wait", has_referral ? wire_wait(&view) : json_null());
    set_events(reply, ledger, wait);
    json_object_set_new(reply, "alerts", alerts_of(ledger_journal(ledger), view.newest_alert_seq));
    set_when(reply, question);
    return reply;
}
