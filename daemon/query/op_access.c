/* The op access: who looked at whom, from the access log, a page at a time. */
#include "daemon/query/ops.h"

#include "daemon/core/memory.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { ACCESS_LIMIT_DEFAULT = 100, ACCESS_LIMIT_MAX = 1000 };

/* A day of the council's or an instant; of a day the first moment, or the last. */
static bool argument_moment(struct question *question, const char *name, bool is_end, instant_t *instant) {
    const struct calendar *calendar = ledger_calendar(question->state->ledger);
    struct text text = TEXT_ABSENT;
    char pointer[POINTER_SIZE];
    day_t day;
    *instant = INSTANT_NONE;
    if (!argument_text(question, name, &text))
        return false;
    if (text.at == NULL || instant_parse(text, instant))
        return true;
    if (date_parse(text, &day)) {
        *instant = is_end ? calendar_day_start(calendar, day + 1) - 1 : calendar_day_start(calendar, day);
        return true;
    }
    argument_pointer(pointer, "", name);
    question_refuse(question, "bad_request", "must be a day, as 2025-04-30, or an instant, as 2025-04-30T23:00:00Z", pointer);
    return false;
}

static bool argument_outcome(struct question *question, enum trail_outcome *outcome) {
    struct text text = TEXT_ABSENT;
    *outcome = TRAIL_OUTCOME_COUNT;
    if (!argument_text(question, "outcome", &text))
        return false;
    if (text.at == NULL)
        return true;
    *outcome = trail_outcome_of(text);
    if (*outcome != TRAIL_OUTCOME_COUNT)
        return true;
    question_refuse(question, "bad_request", "must be ok, denied, not_found, refused or failed", "/outcome");
    return false;
}

static bool argument_order(struct question *question, bool *oldest_first) {
    struct text text = text_of("newest");
    if (!argument_text(question, "order", &text))
        return false;
    *oldest_first = text_is(text, "oldest");
    if (*oldest_first || text_is(text, "newest"))
        return true;
    question_refuse(question, "bad_request", "must be newest or oldest, which come first", "/order");
    return false;
}

static bool argument_place(struct question *question, struct trail_query *query) {
    struct text text = TEXT_ABSENT;
    if (json_is_null(json_object_get(question->request, "cursor")))
        return true;
    if (!argument_text(question, "cursor", &text))
        return false;
    if (text.at == NULL || cursor_to_access(text, query->oldest_first, &query->place))
        return true;
    question_refuse(question, "bad_request", "is no cursor of this order", "/cursor");
    return false;
}

static bool argument_query(struct question *question, struct trail_query *query) {
    int64_t limit = ACCESS_LIMIT_DEFAULT;
    *query = (struct trail_query){.bytes = TRAIL_READ_BYTES};
    if (!argument_moment(question, "from", false, &query->from) || !argument_moment(question, "to", true, &query->to) ||
        !argument_text(question, "user", &query->user) || !argument_text(question, "peer", &query->peer) ||
        !argument_text(question, "of", &query->op) || !argument_text(question, "subject", &query->subject) ||
        !argument_outcome(question, &query->outcome) || !argument_order(question, &query->oldest_first) ||
        !argument_number(question, "limit", 1, ACCESS_LIMIT_MAX, &limit) || !argument_place(question, query))
        return false;
    query->limit = (size_t)limit;
    return true;
}

struct access_rows {
    json_t *rows;
    uint64_t unreadable;
};

/* What somebody changed in a file may be no JSON any more. */
static void take_entry(void *context, struct text line, const struct trail_parts *parts) {
    struct access_rows *rows = context;
    json_t *row = json_loadb(line.at, line.length, JSON_REJECT_DUPLICATES, NULL);
    (void)parts;
    if (row == NULL)
        rows->unreadable++;
    else
        json_array_append_new(rows->rows, row);
}

json_t *op_access(struct question *question) {
    struct trail *trail = question->state->trail;
    struct trail_query query;
    struct trail_reading reading;
    struct trail_figures figures;
    struct access_rows rows = {.rows = NULL};
    char subject[LOOK_REFERENCE_SIZE], user[LOOK_REFERENCE_SIZE];
    if (!argument_query(question, &query))
        return NULL;
    query.subject = look_reference(question, query.subject, subject);
    query.user = look_user(question->state, query.user, user);
    rows.rows = json_array();
    if (!trail_read(trail_directory(trail), &query, take_entry, &rows, &reading)) {
        json_decref(rows.rows);
        return question_refuse(question, "internal", "the access log could not be read", NULL);
    }
    json_t *next = json_null();
    if (!reading.is_complete) {
        char *cursor = cursor_of_access(query.oldest_first, &reading.place);
        next = json_string(cursor);
        free(cursor);
    }
    trail_figures(trail, &figures);
    json_t *reply = wire_reply();
    json_object_set_new(reply, "rows", rows.rows);
    json_object_set_new(reply, "next", next);
    json_object_set_new(reply, "unreadable", json_integer((json_int_t)(reading.unreadable + rows.unreadable)));
    json_object_set_new(reply, "entries", json_integer((json_int_t)figures.entries));
    json_object_set_new(reply, "chain", json_string(figures.head));
    return reply;
}
