/* The ops about what is quarantined: listing it, showing one with its bytes and what was done, retrying and discarding. */
#include "daemon/query/ops.h"

#include "daemon/core/memory.h"
#include "daemon/ingest/json.h"
#include "daemon/ingest/personal.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Bytes kept of who acted and why, and shown of what an event says of itself. */
enum { SHOWN_MAX = 256, NESTING_ANY = 64, MESSAGE_SIZE = 320 };

/* ---- Arguments */

static bool refuse(struct question *question, const char *message, const char *pointer) {
    question_refuse(question, "bad_request", message, pointer);
    return false;
}

/* A code of rules, section 3; a mistyped one must not look like an empty quarantine. */
static bool argument_code(struct question *question, struct text *code) {
    char message[MESSAGE_SIZE] = "must be one of";
    if (!argument_text(question, "code", code))
        return false;
    if (code->at == NULL)
        return true;
    for (int i = REJECT_NONE + 1; i < REJECT_CODE_COUNT; i++) {
        const char *name = reject_code_name((enum reject_code)i);
        size_t used = strlen(message);
        if (text_is(*code, name))
            return true;
        snprintf(message + used, sizeof message - used, "%s %s", i == REJECT_NONE + 1 ? "" : ",", name);
    }
    return refuse(question, message, "/code");
}

static bool argument_state(struct question *question, struct journal_quarantine_filter *filter) {
    struct text name = text_of(quarantine_state_name(QUARANTINE_WAITING));
    if (!argument_text(question, "state", &name))
        return false;
    filter->one_state = !text_is(name, "all");
    for (int state = QUARANTINE_WAITING; state < QUARANTINE_STATE_COUNT; state++) {
        filter->state = (enum quarantine_state)state;
        if (!filter->one_state || text_is(name, quarantine_state_name(filter->state)))
            return true;
    }
    return refuse(question, "must be waiting, retried, discarded or all", "/state");
}

/* ---- Rows */

struct listing {
    struct journal *journal;
    struct json_parser *parser;
    json_t *rows;
    size_t limit;
    enum journal_status status;
};

/* What the bytes say at the top, as far as they can be read. */
static void set_named(json_t *row, struct json_parser *parser, struct text bytes) {
    static const struct {
        const char *attribute;
        const char *member;
    } shown[] = {{"id", "event_id"}, {"subject", "subject"}, {"type", "type"}};
    struct json_value root, value;
    struct json_cursor cursor;
    struct text name, text;
    for (size_t i = 0; i < sizeof shown / sizeof shown[0]; i++)
        json_object_set_new(row, shown[i].member, json_null());
    if (bytes.at == NULL || json_parser_read(parser, bytes, &root) != JSON_FAULT_NONE || !json_members_start(root, &cursor))
        return;
    while (json_members_next(&cursor, &name, &value))
        for (size_t i = 0; i < sizeof shown / sizeof shown[0]; i++)
            if (text_is(name, shown[i].attribute) && json_value_text(value, &text) && text.length <= SHOWN_MAX)
                json_object_set_new(row, shown[i].member, wire_text(text));
}

static json_t *text_or_null(struct text text) {
    return text.length == 0 ? json_null() : wire_text(text);
}

/* `row` with its bytes, unless they are too many to be an event. */
static json_t *row_of(const struct journal_quarantined *row, struct json_parser *parser) {
    json_t *object = json_object();
    json_object_set_new(object, "id", json_integer((json_int_t)row->id));
    json_object_set_new(object, "state", json_string(quarantine_state_name(row->state)));
    json_object_set_new(object, "code", wire_text(row->code));
    json_object_set_new(object, "message", wire_text(row->message));
    json_object_set_new(object, "pointer", text_or_null(row->pointer));
    json_object_set_new(object, "source", wire_text(row->source));
    set_named(object, parser, row->bytes.length > EVENT_BYTES_MAX ? TEXT_ABSENT : row->bytes);
    json_object_set_new(object, "first_received", wire_instant(row->first_received));
    json_object_set_new(object, "last_received", wire_instant(row->last_received));
    json_object_set_new(object, "times", json_integer((json_int_t)row->times));
    json_object_set_new(object, "scrubbed", json_boolean(row->scrubbed));
    json_object_set_new(object, "bytes", json_integer((json_int_t)row->size));
    return object;
}

static bool take_row(void *context, const struct journal_quarantined *found) {
    struct listing *listing = context;
    struct journal_quarantined row;
    if (json_array_size(listing->rows) == listing->limit)
        return false;
    listing->status = journal_read_quarantined(listing->journal, found->id, EVENT_BYTES_MAX, &row);
    if (listing->status == JOURNAL_OK)
        json_array_append_new(listing->rows, row_of(&row, listing->parser));
    return listing->status == JOURNAL_OK;
}

static json_t *counts_of(const struct journal *journal) {
    const struct journal_quarantine_figures *figures = journal_quarantine_figures(journal);
    json_t *counts = json_object();
    for (int code = REJECT_NONE + 1; code < REJECT_CODE_COUNT; code++)
        for (size_t i = 0; i < figures->count; i++)
            if (strcmp(figures->at[i].code, reject_code_name((enum reject_code)code)) == 0) {
                json_t *of_code = json_object();
                for (int state = QUARANTINE_WAITING; state < QUARANTINE_STATE_COUNT; state++)
                    json_object_set_new(of_code, quarantine_state_name((enum quarantine_state)state),
                                        json_integer((json_int_t)figures->at[i].of[state]));
                json_object_set_new(counts, figures->at[i].code, of_code);
            }
    return counts;
}

static json_t *next_of(uint64_t next) {
    return next == 0 ? json_null() : json_integer((json_int_t)next);
}

static json_t *unreadable(struct question *question) {
    return question_refuse(question, "internal", "the quarantine could not be read", NULL);
}

static json_t *list(struct question *question, const struct journal_quarantine_filter *filter, size_t limit) {
    struct journal *journal = question_journal(question);
    struct listing listing = {.journal = journal, .rows = json_array(), .limit = limit, .status = JOURNAL_OK};
    uint64_t next;
    listing.parser = json_parser_create(EVENT_BYTES_MAX, NESTING_ANY);
    enum journal_status status = journal_each_quarantined(journal, filter, take_row, &listing, &next);
    json_parser_destroy(&listing.parser);
    if (status != JOURNAL_OK || listing.status != JOURNAL_OK) {
        json_decref(listing.rows);
        return unreadable(question);
    }
    json_t *reply = wire_reply();
    json_object_set_new(reply, "rows", listing.rows);
    json_object_set_new(reply, "next", next_of(next));
    json_object_set_new(reply, "waiting", json_integer((json_int_t)journal_quarantine_count(journal)));
    json_object_set_new(reply, "counts", counts_of(journal));
    return reply;
}

/* ---- One of them */

static bool take_act(void *context, const struct journal_record *record) {
    json_t *acts = context;
    json_t *act = json_loadb(record->body.at, record->body.length, 0, NULL);
    if (!json_is_object(act) || json_array_size(acts) == QUERY_QUARANTINE_ACTS_MAX) {
        json_decref(act);
        return json_is_object(act);
    }
    json_object_del(act, "id"); /* which is told by the row */
    json_object_set_new(act, "at", wire_instant(record->at));
    json_object_set_new(act, "after_seq", json_integer((json_int_t)record->after_seq));
    json_array_append_new(acts, act);
    return true;
}

static void set_base64(json_t *reply, struct text bytes) {
    size_t size = sodium_base64_ENCODED_LEN(bytes.length, sodium_base64_VARIANT_ORIGINAL);
    char *encoded = memory_new(size, 1);
    sodium_bin2base64(encoded, size, (const unsigned char *)bytes.at, bytes.length, sodium_base64_VARIANT_ORIGINAL);
    json_object_set_new(reply, "raw_base64", json_string(encoded));
    free(encoded);
}

/* Text where the bytes are one that every reader of JSON takes; else base64. */
static void set_raw(json_t *reply, struct text bytes) {
    struct text shown = {bytes.at, bytes.length > QUERY_RAW_MAX ? QUERY_RAW_MAX : bytes.length};
    json_t *text = memchr(shown.at, '\0', shown.length) != NULL ? NULL : json_stringn(shown.at, shown.length);
    json_object_set_new(reply, "raw", text != NULL ? text : json_null());
    json_object_set_new(reply, "raw_base64", json_null());
    if (text == NULL)
        set_base64(reply, shown);
    json_object_set_new(reply, "raw_cut", json_boolean(shown.length < bytes.length));
}

static json_t *show(struct question *question, uint64_t id) {
    struct journal *journal = question_journal(question);
    struct journal_quarantined row;
    enum journal_status status = journal_read_quarantined(journal, id, UINT64_MAX, &row);
    if (status == JOURNAL_NOT_FOUND)
        return question_refuse(question, "not_found", "nothing was quarantined under this id", "/id");
    if (status != JOURNAL_OK)
        return unreadable(question);
    struct json_parser *parser = json_parser_create(EVENT_BYTES_MAX, NESTING_ANY);
    json_t *reply = wire_reply();
    json_object_set_new(reply, "rows", json_pack("[o]", row_of(&row, parser)));
    set_raw(reply, row.bytes);
    json_parser_destroy(&parser);
    json_t *acts = json_array();
    json_object_set_new(reply, "acts", acts);
    status = journal_each_quarantine_act(journal, id, take_act, acts);
    if (status != JOURNAL_OK) {
        json_decref(reply);
        return unreadable(question);
    }
    json_object_set_new(reply, "next", json_null());
    json_object_set_new(reply, "waiting", json_integer((json_int_t)journal_quarantine_count(journal)));
    json_object_set_new(reply, "counts", counts_of(journal));
    return reply;
}

json_t *op_quarantine(struct question *question) {
    struct journal_quarantine_filter filter = {.code = TEXT_ABSENT, .source = TEXT_ABSENT};
    int64_t id = 0, limit = 100, after = 0;
    if (!argument_number(question, "id", 1, INT64_MAX, &id) || !argument_number(question, "limit", 1, QUERY_QUARANTINE_MAX, &limit) ||
        !argument_number(question, "after", 0, INT64_MAX, &after) || !argument_state(question, &filter) ||
        !argument_code(question, &filter.code) || !argument_text(question, "source", &filter.source))
        return NULL;
    if (id != 0 && json_object_size(question->request) > (json_object_get(question->request, "on_behalf_of") == NULL ? 3U : 4U))
        return question_refuse(question, "bad_request", "id goes with no other member", "/id");
    filter.after_id = (uint64_t)after;
    return id != 0 ? show(question, (uint64_t)id) : list(question, &filter, (size_t)limit);
}

/* ---- Acts */

struct acting {
    bool discards;
    struct quarantine_act act;
    struct text code; /* absent: the ids are given */
    uint64_t after;
    uint64_t ids[QUERY_QUARANTINE_MAX];
    struct quarantine_result results[QUERY_QUARANTINE_MAX];
    size_t count;
    uint64_t next;
};

static bool take_id(void *context, const struct journal_quarantined *row) {
    struct acting *acting = context;
    if (acting->count == QUERY_QUARANTINE_MAX)
        return false;
    acting->ids[acting->count++] = row->id;
    return true;
}

static enum journal_status act_on_all(void *context, struct ledger *ledger) {
    struct acting *acting = context;
    enum journal_status status = JOURNAL_OK;
    if (acting->code.at != NULL) {
        const struct journal_quarantine_filter filter = {
            .after_id = acting->after,
            .one_state = true,
            .state = QUARANTINE_WAITING,
            .code = acting->code,
            .not_scrubbed = !acting->discards,
        };
        status = journal_each_quarantined(ledger_journal(ledger), &filter, take_id, acting, &acting->next);
    }
    for (size_t i = 0; i < acting->count && status == JOURNAL_OK; i++)
        status = acting->discards ? ledger_quarantine_discard(ledger, acting->ids[i], &acting->act, &acting->results[i])
                                  : ledger_quarantine_retry(ledger, acting->ids[i], &acting->act, &acting->results[i]);
    return status;
}

/* Why nothing was done, or why it failed again; NULL: it is done. */
static const char *message_of(const struct quarantine_result *result) {
    switch (result->outcome) {
    case OUTCOME_REJECTED:
        return result->rejection.message;
    case OUTCOME_SCRUBBED:
        return "personal data was replaced in it: it can only be sent again put right, or discarded";
    case OUTCOME_RETRIED:
        return "it was retried and is an event: it can only be retracted";
    case OUTCOME_NOT_FOUND:
        return "nothing was quarantined under this id";
    default:
        return NULL;
    }
}

static json_t *result_of(uint64_t id, const struct quarantine_result *result) {
    const struct rejection *rejection = &result->rejection;
    bool rejected = result->outcome == OUTCOME_REJECTED;
    json_t *row = json_object();
    json_object_set_new(row, "id", json_integer((json_int_t)id));
    json_object_set_new(row, "outcome", json_string(quarantine_outcome_name(result->outcome)));
    json_object_set_new(row, "seq", result->seq == 0 ? json_null() : json_integer((json_int_t)result->seq));
    json_object_set_new(row, "code", rejected ? json_string(reject_code_name(rejection->code)) : json_null());
    json_object_set_new(row, "message", wire_text(text_of(message_of(result))));
    json_object_set_new(row, "pointer", rejected ? text_or_null(text_of(rejection->pointer)) : json_null());
    return row;
}

static uint64_t still_waiting(const struct journal *journal, struct text code) {
    const struct journal_quarantine_figures *figures = journal_quarantine_figures(journal);
    for (size_t i = 0; code.at != NULL && i < figures->count; i++)
        if (text_is(code, figures->at[i].code))
            return figures->at[i].of[QUARANTINE_WAITING];
    return 0;
}

static bool is_done(enum quarantine_outcome outcome) {
    return outcome == OUTCOME_ACCEPTED || outcome == OUTCOME_DUPLICATE || outcome == OUTCOME_DISCARDED;
}

static json_t *reply_of(const struct acting *acting, const struct journal *journal) {
    json_t *reply = wire_reply();
    json_t *rows = json_array();
    size_t done = 0;
    for (size_t i = 0; i < acting->count; i++) {
        json_array_append_new(rows, result_of(acting->ids[i], &acting->results[i]));
        done += is_done(acting->results[i].outcome) ? 1 : 0;
    }
    json_object_set_new(reply, "rows", rows);
    json_object_set_new(reply, "done", json_integer((json_int_t)done));
    json_object_set_new(reply, "not_done", json_integer((json_int_t)(acting->count - done)));
    json_object_set_new(reply, "next", next_of(acting->next));
    json_object_set_new(reply, "remaining",
                        acting->code.at == NULL ? json_null() : json_integer((json_int_t)still_waiting(journal, acting->code)));
    json_object_set_new(reply, "waiting", json_integer((json_int_t)journal_quarantine_count(journal)));
    json_object_set_new(reply, "seq", json_integer((json_int_t)journal_last_seq(journal)));
    return reply;
}

/* Either the ids, or a code with the place behind which to go on. */
static bool argument_which(struct question *question, struct acting *acting) {
    const json_t *ids = json_object_get(question->request, "ids");
    int64_t after = 0;
    if (!argument_code(question, &acting->code) || !argument_number(question, "after", 0, INT64_MAX, &after))
        return false;
    acting->after = (uint64_t)after;
    if ((ids == NULL) == (acting->code.at == NULL))
        return refuse(question, "either ids or a code must be given", "/ids");
    if (ids == NULL)
        return true;
    if (json_object_get(question->request, "after") != NULL)
        return refuse(question, "goes with a code", "/after");
    if (!json_is_array(ids) || json_array_size(ids) == 0 || json_array_size(ids) > QUERY_QUARANTINE_MAX)
        return refuse(question, "must be a list of 1 to 1,000 ids", "/ids");
    for (size_t i = 0; i < json_array_size(ids); i++) {
        char pointer[32];
        const json_t *id = json_array_get(ids, i);
        snprintf(pointer, sizeof pointer, "/ids/%zu", i);
        if (!json_is_integer(id) || json_integer_value(id) < 1)
            return refuse(question, "must be an id, as the op quarantine lists them", pointer);
        acting->ids[acting->count++] = (uint64_t)json_integer_value(id);
    }
    return true;
}

static json_t *act_and_reply(struct question *question, struct acting *acting) {
    struct daemon_state *state = question->state;
    if (!argument_which(question, acting) || !argument_by(question, &acting->act.by) ||
        !argument_note(question, "reason", ARGUMENT_REASON_MAX, acting->discards, &acting->act.reason))
        return NULL;
    enum journal_status status = state->change_journal(state->context, act_on_all, acting);
    if (status == JOURNAL_FULL)
        return question_refuse(question, "read_only", "the journal's disk is full: nothing was changed, try again later", NULL);
    if (status != JOURNAL_OK)
        return question_refuse(question, "internal", "the journal failed", NULL);
    return reply_of(acting, ledger_journal(state->ledger));
}

static json_t *act(struct question *question, bool discards) {
    struct acting *acting = memory_new(1, sizeof *acting);
    acting->discards = discards;
    json_t *reply = act_and_reply(question, acting);
    free(acting);
    return reply;
}

json_t *op_quarantine_retry(struct question *question) {
    return act(question, false);
}

json_t *op_quarantine_discard(struct question *question) {
    return act(question, true);
}
