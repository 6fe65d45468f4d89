/* The ops about people waiting: a page of waits, and one wait with its whole history. */
#include "daemon/query/ops.h"

#include "daemon/core/memory.h"
#include "daemon/core/rules.h"

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

json_t *op_waits(struct question *question) {
    struct wait_filter filter;
    struct when when;
    struct standpoint standpoint;
    struct waits_request request = {.filter = &filter};
    struct sort_place after;
    struct text cursor = TEXT_ABSENT;
    char buffer[CURSOR_BUFFER_SIZE];
    int64_t limit = WAITS_LIMIT_DEFAULT;
    if (!argument_filter(question, &filter) || !argument_sort(question, &request) ||
        !argument_number(question, "limit", 1, WAITS_LIMIT_MAX, &limit) || !argument_when(question, &when))
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
    if (!question_stand(question, &when, false, &standpoint))
        return NULL;
    struct waits_page *page = memory_new(1, sizeof *page);
    register_waits(standpoint.reg, &request, page);
    json_t *reply = page_reply(standpoint.reg, &request, page);
    free(page);
    set_standpoint(reply, &standpoint);
    set_rule_version(reply, RULES_POSITION);
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

/* Who is limited to teams looks at an earlier day with the eyes of the team of that day: what came later may be another's. */
static bool is_shown(const struct question *question, const struct standpoint *standpoint, const struct event_outcome *outcome) {
    return !question->was_limited || !standpoint->is_past || outcome->effect == EFFECT_APPLIED ||
           outcome->event->event.time < calendar_day_start(standpoint->calendar, standpoint->as_at + 1);
}

/* The last events in fold order: nobody has thousands, but a subject that a sender uses for everything must not hold ingest up. */
static void set_events(const struct question *question, json_t *reply, const struct standpoint *standpoint, uint32_t wait) {
    const struct event_outcome *outcomes;
    size_t count = register_outcomes(standpoint->reg, wait, &outcomes), total = 0;
    json_t *rows = json_array();
    for (size_t i = 0; i < count; i++)
        total += is_shown(question, standpoint, &outcomes[i]);
    for (size_t i = 0, place = 0; i < count; i++)
        if (is_shown(question, standpoint, &outcomes[i]) && place++ + QUERY_EVENTS_MAX >= total)
            json_array_append_new(rows, event_row(standpoint->journal, &outcomes[i]));
    json_object_set_new(reply, "events", rows);
    json_object_set_new(reply, "events_total", json_integer((json_int_t)total));
}

/* Whether the log held the transition at the end of the day asked for, by what was known. */
static bool is_told(const struct standpoint *standpoint, const struct journal_alert *alert, const json_t *transition) {
    const json_t *at = json_object_get(transition, "at");
    instant_t instant;
    if (!standpoint->is_past)
        return true;
    if (alert->after_seq > standpoint->known_at ||
        !instant_parse((struct text){json_string_value(at), (uint32_t)json_string_length(at)}, &instant))
        return false;
    return (standpoint->known_instant == INSTANT_NONE || instant <= standpoint->known_instant) &&
           calendar_day_of(standpoint->calendar, instant) <= standpoint->as_at;
}

/* The last transitions of the wait's alerts, oldest first. */
static json_t *alerts_of(const struct standpoint *standpoint, uint64_t newest_alert_seq) {
    struct journal_alert alert;
    json_t *newest_first = json_array();
    for (uint64_t seq = newest_alert_seq; seq != 0 && json_array_size(newest_first) < QUERY_ALERTS_MAX; seq = alert.previous_alert_seq) {
        if (journal_read_alert(standpoint->journal, seq, &alert) != JOURNAL_OK)
            break;
        json_t *transition = json_loadb(alert.body.at, alert.body.length, 0, NULL);
        if (is_told(standpoint, &alert, transition))
            json_array_append(newest_first, transition);
        json_decref(transition);
    }
    json_t *rows = json_array();
    for (size_t i = json_array_size(newest_first); i > 0; i--)
        json_array_append(rows, json_array_get(newest_first, i - 1));
    json_decref(newest_first);
    return rows;
}

/* The log belongs to the live register: the other has no alerts of its own. */
static uint64_t newest_alert_of(const struct question *question, struct text subject) {
    struct wait_view view;
    if (question->chronicle != NULL)
        return question->terms->newest_alert_seq;
    const struct waiting_register *reg = ledger_register(question->state->ledger);
    uint32_t wait = register_find(reg, subject);
    if (wait == 0)
        return 0;
    register_view(reg, wait, &view);
    return view.newest_alert_seq;
}

json_t *op_wait(struct question *question) {
    struct text subject = TEXT_ABSENT;
    struct wait_view view;
    struct when when;
    struct standpoint standpoint;
    if (!argument_text(question, "subject", &subject) || !argument_when(question, &when))
        return NULL;
    if (subject.at == NULL)
        return question_refuse(question, "bad_request", "subject is required", "/subject");
    question->newest_alert_seq = newest_alert_of(question, subject);
    if (!question_stand(question, &when, false, &standpoint))
        return NULL;
    uint32_t wait = register_find(standpoint.reg, subject);
    bool has_referral = wait != 0 && register_newest_seq(standpoint.reg, wait) != 0 && register_view(standpoint.reg, wait, &view);
    bool is_hidden = question_limits(question) && !(has_referral && question_sees(question, view.team));
    if (wait == 0 || register_newest_seq(standpoint.reg, wait) == 0 || is_hidden)
        return question_refuse(question, "not_found", "no event of this subject was accepted", "/subject");
    json_t *reply = wire_reply();
    json_object_set_new(reply, "wait", has_referral ? wire_wait(&view) : json_null());
    set_events(question, reply, &standpoint, wait);
    json_object_set_new(reply, "alerts", alerts_of(&standpoint, question->newest_alert_seq));
    set_standpoint(reply, &standpoint);
    set_rule_version(reply, RULES_POSITION);
    return reply;
}
