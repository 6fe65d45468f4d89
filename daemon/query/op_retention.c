/* The op retention: which waits are older than they may be kept, and their redaction, piece by piece. */
#include "daemon/query/ops.h"

#include "daemon/core/memory.h"

#include <stdlib.h>

enum { WAITS_MAX = 1000, WAITS_UNLESS_SAID = 50, SUBJECTS_SHOWN = 20 };

/* What was found of one pathway and one year in which waits ended. */
struct row {
    struct text pathway;
    int year;
    uint64_t waits;
    uint64_t events;
};

struct retaining {
    struct retention_search search;
    struct text by;
    struct text reason;
    bool dry_run;
    uint64_t waits;
    uint64_t events;
    day_t oldest;
    day_t newest;
    json_t *subjects;
    size_t row_count;
    struct row rows[WAITS_MAX]; /* one a wait at most */
    size_t redacted;            /* as many as the search found */
};

static struct row *row_of(struct retaining *retaining, const struct wait_end *end) {
    int year, month, date;
    day_to_civil(end->ended, &year, &month, &date);
    for (size_t i = 0; i < retaining->row_count; i++)
        if (retaining->rows[i].year == year && text_equal(retaining->rows[i].pathway, end->pathway))
            return &retaining->rows[i];
    ENSURE(retaining->row_count < WAITS_MAX);
    struct row *row = &retaining->rows[retaining->row_count++];
    *row = (struct row){end->pathway, year, 0, 0};
    return row;
}

/* A wait that is redacted in several pieces is counted with its last. */
static void count_found(void *context, const struct retention_found *found) {
    struct retaining *retaining = context;
    const struct wait_end *end = found->end;
    struct row *row = row_of(retaining, end);
    uint64_t events = found->whole ? found->events : retaining->search.count;
    retaining->waits += found->whole;
    retaining->events += events;
    row->waits += found->whole;
    row->events += events;
    if (retaining->oldest == DAY_NONE || end->ended < retaining->oldest)
        retaining->oldest = end->ended;
    if (retaining->newest == DAY_NONE || end->ended > retaining->newest)
        retaining->newest = end->ended;
    if (retaining->dry_run && json_array_size(retaining->subjects) < SUBJECTS_SHOWN)
        json_array_append_new(retaining->subjects, wire_text(end->subject));
}

static bool read_arguments(struct question *question, struct retaining *retaining) {
    const json_t *dry_run = json_object_get(question->request, "dry_run");
    int64_t limit = WAITS_UNLESS_SAID, after = 0;
    retaining->dry_run = json_is_true(dry_run);
    if (dry_run != NULL && !json_is_boolean(dry_run)) {
        question_refuse(question, "bad_request", "must be true or false", "/dry_run");
        return false;
    }
    if (!argument_number(question, "limit", 1, WAITS_MAX, &limit) || !argument_number(question, "after", 0, UINT32_MAX, &after))
        return false;
    retaining->search.waits_max = (size_t)limit;
    retaining->search.after = (uint32_t)after;
    retaining->search.only_counts = retaining->dry_run;
    return retaining->dry_run ||
           (argument_by(question, &retaining->by) && argument_note(question, "reason", ARGUMENT_REASON_MAX, true, &retaining->reason));
}

static enum journal_status redact(void *context, struct ledger *ledger) {
    struct retaining *retaining = context;
    return ledger_retention_redact(ledger, &retaining->search, retaining->by, retaining->reason, &retaining->redacted);
}

static json_t *rows_of(const struct retaining *retaining) {
    json_t *rows = json_array();
    for (size_t i = 0; i < retaining->row_count; i++) {
        json_t *row = json_object();
        json_object_set_new(row, "pathway", wire_text(retaining->rows[i].pathway));
        json_object_set_new(row, "year", json_integer(retaining->rows[i].year));
        json_object_set_new(row, "waits", json_integer((json_int_t)retaining->rows[i].waits));
        json_object_set_new(row, "events", json_integer((json_int_t)retaining->rows[i].events));
        json_array_append_new(rows, row);
    }
    return rows;
}

static json_t *reply_of(const struct retaining *retaining, struct ledger *ledger) {
    const struct retention_search *search = &retaining->search;
    const struct journal *journal = ledger_journal(ledger);
    json_t *reply = wire_reply();
    json_object_set_new(reply, "dry_run", json_boolean(retaining->dry_run));
    json_object_set_new(reply, "retention_years", json_integer(ledger_config(ledger)->retention_years));
    json_object_set_new(reply, "before", wire_day(search->before));
    json_object_set_new(reply, "waits", json_integer((json_int_t)retaining->waits));
    json_object_set_new(reply, "events", json_integer((json_int_t)retaining->events));
    json_object_set_new(reply, "oldest_end", wire_day(retaining->oldest));
    json_object_set_new(reply, "newest_end", wire_day(retaining->newest));
    json_object_set_new(reply, "rows", rows_of(retaining));
    json_object_set(reply, "subjects", retaining->subjects);
    json_object_set_new(reply, "next", search->is_over ? json_null() : json_integer(search->reached));
    json_object_set_new(reply, "of", json_integer(register_wait_count(ledger_register(ledger))));
    json_object_set_new(reply, "erased", json_boolean(journal_is_scrubbed(journal)));
    json_object_set_new(reply, "journal_seq", json_integer((json_int_t)journal_last_seq(journal)));
    return reply;
}

static json_t *search_and_reply(struct question *question, struct retaining *retaining) {
    struct daemon_state *state = question->state;
    int years = ledger_config(state->ledger)->retention_years;
    enum journal_status status = JOURNAL_OK;
    if (!read_arguments(question, retaining))
        return NULL;
    if (years == 0)
        return question_refuse(question, "conflict", "privacy.retention_years is 0: waits are kept for ever", NULL);
    retaining->search.before = day_years_before(register_today(ledger_register(state->ledger)), years);
    status = ledger_retention_search(state->ledger, &retaining->search);
    if (status == JOURNAL_OK && retaining->search.count > 0)
        status = state->change_journal(state->context, redact, retaining);
    if (status == JOURNAL_FULL)
        return question_refuse(question, "read_only", "the journal's disk is full: nothing was changed, try again later", NULL);
    if (status != JOURNAL_OK)
        return question_refuse(question, "internal", "the journal failed", NULL);
    return reply_of(retaining, state->ledger);
}

json_t *op_retention(struct question *question) {
    struct retaining *retaining = memory_new(1, sizeof *retaining);
    retaining->subjects = json_array();
    retaining->oldest = retaining->newest = DAY_NONE;
    retaining->search.found = count_found;
    retaining->search.context = retaining;
    json_t *reply = search_and_reply(question, retaining);
    json_decref(retaining->subjects);
    free(retaining);
    return reply;
}
