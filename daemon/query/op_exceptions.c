/* The op exceptions: what contradicts, with the events involved, page by page. */
#include "daemon/query/ops.h"

#include "daemon/core/rules.h"

#include <stdlib.h>
#include <string.h>

enum {
    EXCEPTIONS_LIMIT_DEFAULT = 100,
    ALL_CODES = (1U << FINDING_CODE_COUNT) - 1,
    EXCEPTION_CODES = (1U << FINDING_ENDED_BEFORE_START) - 1,
    WARNING_CODES = ALL_CODES - EXCEPTION_CODES
};

struct asked_filter {
    struct exceptions_filter filter;
    unsigned kinds; /* codes; 0: not said */
};

static bool refuse_at(struct question *question, const char *message, const char *pointer) {
    question_refuse(question, "bad_request", message, pointer);
    return false;
}

static bool take_code(struct question *question, const json_t *value, const char *pointer, void *context) {
    struct asked_filter *asked = context;
    for (int code = 0; json_is_string(value) && code < FINDING_CODE_COUNT; code++)
        if (strcmp(json_string_value(value), finding_name((enum finding_code)code)) == 0) {
            asked->filter.codes |= 1U << code;
            return true;
        }
    return refuse_at(question, "must be the code of an exception or a warning", pointer);
}

static bool take_kind(struct question *question, const json_t *value, const char *pointer, void *context) {
    static const struct {
        const char *name;
        unsigned codes;
    } kinds[] = {{"exception", EXCEPTION_CODES}, {"warning", WARNING_CODES}, {"all", ALL_CODES}};
    struct asked_filter *asked = context;
    for (size_t i = 0; json_is_string(value) && i < sizeof kinds / sizeof kinds[0]; i++)
        if (strcmp(json_string_value(value), kinds[i].name) == 0) {
            asked->kinds |= kinds[i].codes;
            return true;
        }
    return refuse_at(question, "must be exception, warning or all", pointer);
}

static bool take_value(struct question *question, const json_t *value, const char *pointer, void *context) {
    struct value_list *list = context;
    if (!json_is_string(value))
        return refuse_at(question, "must be a text or a list of texts", pointer);
    list->at[list->count++] = (struct text){json_string_value(value), (uint32_t)json_string_length(value)};
    return true;
}

static bool take_member(struct question *question, const char *name, const json_t *value, struct asked_filter *asked) {
    const struct {
        const char *name;
        bool (*take)(struct question *question, const json_t *value, const char *pointer, void *context);
        void *context;
    } members[] = {
        {"code", take_code, asked},
        {"kind", take_kind, asked},
        {"source", take_value, &asked->filter.sources},
        {"pathway", take_value, &asked->filter.pathways},
        {"team", take_value, &asked->filter.teams},
        {"subject", take_value, &asked->filter.subjects},
    };
    char pointer[POINTER_SIZE];
    argument_pointer(pointer, "/filter", name);
    for (size_t i = 0; i < sizeof members / sizeof members[0]; i++)
        if (strcmp(name, members[i].name) == 0)
            return argument_each_value(question, value, pointer, members[i].take, members[i].context);
    return refuse_at(question, "must be code, source, pathway, team, subject or kind", pointer);
}

/* Exceptions unless a kind or a code is asked for. */
static bool argument_exceptions_filter(struct question *question, struct exceptions_filter *filter) {
    struct asked_filter asked = {.kinds = 0};
    const json_t *object = json_object_get(question->request, "filter");
    const char *name;
    json_t *value;
    if (object != NULL && !json_is_object(object))
        return refuse_at(question, "must be an object", "/filter");
    json_object_foreach((json_t *)(uintptr_t)object, name, value) {
        if (!take_member(question, name, value, &asked))
            return false;
    }
    if (asked.filter.codes == 0)
        asked.filter.codes = asked.kinds == 0 ? EXCEPTION_CODES : asked.kinds;
    else if (asked.kinds != 0 && (asked.filter.codes &= asked.kinds) == 0)
        return refuse_at(question, "none of the codes is of that kind", "/filter/kind");
    *filter = asked.filter;
    if (question_limits(question))
        question_limit_values(question, filter->teams.at, &filter->teams.count);
    return true;
}

static bool argument_place(struct question *question, struct exceptions_request *request, struct exception_place *place) {
    struct text cursor = TEXT_ABSENT;
    const json_t *value = json_object_get(question->request, "cursor");
    if (value == NULL || json_is_null(value))
        return true;
    if (!argument_text(question, "cursor", &cursor))
        return false;
    request->after = place;
    return cursor_to_exception(cursor, place) || refuse_at(question, "is no cursor of this list", "/cursor");
}

static json_t *json_of_event(const struct involved_event *event) {
    json_t *object = json_object();
    json_object_set_new(object, "seq", json_integer((json_int_t)event->seq));
    json_object_set_new(object, "subject", wire_text(event->subject));
    json_object_set_new(object, "source", wire_text(event->source));
    json_object_set_new(object, "id", wire_text(event->id));
    json_object_set_new(object, "type", json_string(event_type_name(event->type)));
    json_object_set_new(object, "time", wire_instant(event->time));
    json_object_set_new(object, "received", wire_instant(event->received));
    return object;
}

/* Whether the event that a row contradicts may be shown: it may be another wait's, of another team. */
static bool sees_involved(const struct question *question, const struct waiting_register *reg, const struct exception_row *row) {
    struct wait_view view;
    if (!question->was_limited || text_equal(row->involved.subject, row->subject))
        return true;
    uint32_t wait = register_find(reg, row->involved.subject);
    return wait != 0 && register_view(reg, wait, &view) && question_sees(question, view.team);
}

static json_t *json_of_row(const struct question *question, const struct waiting_register *reg, const struct exception_row *row) {
    bool has_unknown = row->code == FINDING_UNKNOWN_VALUE;
    char field[KNOWN_FIELD_SIZE];
    json_t *object = json_object();
    json_t *involved = json_array();
    if (has_unknown)
        known_field_name(&row->unknown, field);
    if (row->involved.seq != 0 && sees_involved(question, reg, row))
        json_array_append_new(involved, json_of_event(&row->involved));
    json_object_set_new(object, "subject", wire_text(row->subject));
    json_object_set_new(object, "pathway", wire_text(row->pathway));
    json_object_set_new(object, "team", wire_text(row->team));
    json_object_set_new(object, "kind", json_string(finding_is_warning(row->code) ? "warning" : "exception"));
    json_object_set_new(object, "code", json_string(finding_name(row->code)));
    json_object_set_new(object, "field", has_unknown ? json_string(field) : json_null());
    json_object_set_new(object, "value", has_unknown ? wire_text(row->unknown.value) : json_null());
    json_object_set_new(object, "age_days", json_integer(row->age_days));
    json_object_set_new(object, "excluded", json_boolean(row->excluded));
    json_object_set_new(object, "event", json_of_event(&row->event));
    json_object_set_new(object, "involved", involved);
    return object;
}

static json_t *json_of_counts(const struct counts *counts, const char *name) {
    struct counted_text *top;
    size_t count = counts_top(counts, EXCEPTIONS_COUNTED_MAX, &top);
    json_t *rows = json_array();
    for (size_t i = 0; i < count; i++) {
        json_t *row = json_object();
        json_object_set_new(row, name, wire_text(top[i].text));
        json_object_set_new(row, "count", json_integer((json_int_t)top[i].count));
        json_array_append_new(rows, row);
    }
    free(top);
    return rows;
}

static json_t *json_of_ages(const struct exceptions_page *page) {
    json_t *rows = json_array();
    for (size_t i = 0; i < EXCEPTION_AGES; i++) {
        json_t *row = json_object();
        json_object_set_new(row, "from_days", json_integer(i == 0 ? 0 : exception_ages[i - 1] + 1));
        json_object_set_new(row, "to_days", i < EXCEPTION_AGES - 1 ? json_integer(exception_ages[i]) : json_null());
        json_object_set_new(row, "count", json_integer((json_int_t)page->by_age[i]));
        json_array_append_new(rows, row);
    }
    return rows;
}

static json_t *reply_of(const struct question *question, const struct waiting_register *reg, const struct exceptions_page *page,
                        unsigned codes) {
    json_t *reply = wire_reply();
    json_t *counts = json_object();
    json_t *by_code = json_object();
    json_t *rows = json_array();
    json_t *next = json_null();
    for (int code = 0; code < FINDING_CODE_COUNT; code++)
        if (codes & 1U << code)
            json_object_set_new(by_code, finding_name((enum finding_code)code), json_integer((json_int_t)page->by_code[code]));
    json_object_set_new(counts, "code", by_code);
    json_object_set_new(counts, "source", json_of_counts(page->by_source, "source"));
    json_object_set_new(counts, "sources_total", json_integer((json_int_t)counts_distinct(page->by_source)));
    json_object_set_new(counts, "team", json_of_counts(page->by_team, "team"));
    json_object_set_new(counts, "teams_total", json_integer((json_int_t)counts_distinct(page->by_team)));
    json_object_set_new(counts, "age", json_of_ages(page));
    for (size_t i = 0; i < page->row_count; i++)
        json_array_append_new(rows, json_of_row(question, reg, &page->rows[i]));
    if (page->more) {
        char *cursor = cursor_of_exception(&page->rows[page->row_count - 1].place);
        next = json_string(cursor);
        free(cursor);
    }
    json_object_set_new(reply, "count", json_integer((json_int_t)page->count));
    json_object_set_new(reply, "counts", counts);
    json_object_set_new(reply, "rows", rows);
    json_object_set_new(reply, "next", next);
    return reply;
}

json_t *op_exceptions(struct question *question) {
    struct exceptions_filter filter;
    struct when when;
    struct standpoint standpoint;
    struct exception_place place;
    struct exceptions_request request = {.filter = &filter};
    int64_t limit = EXCEPTIONS_LIMIT_DEFAULT;
    if (!argument_exceptions_filter(question, &filter) || !argument_number(question, "limit", 1, EXCEPTIONS_LIMIT_MAX, &limit) ||
        !argument_place(question, &request, &place) || !argument_when(question, &when))
        return NULL;
    question->needs_known = (filter.codes & WARNING_CODES) != 0;
    if (!question_stand(question, &when, true, &standpoint))
        return NULL;
    struct known_values *known = question->needs_known ? question_known(question) : NULL;
    request.known = known;
    request.backdated_days = question->terms->backdated_days;
    request.limit = (size_t)limit;
    struct exceptions_page *page = register_exceptions(standpoint.reg, &request);
    json_t *reply = reply_of(question, standpoint.reg, page, filter.codes);
    set_standpoint(reply, &standpoint);
    set_rule_version(reply, RULES_EXCEPTIONS);
    exceptions_free(&page);
    known_values_destroy(&known);
    return reply;
}
