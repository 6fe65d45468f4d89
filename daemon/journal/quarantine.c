/* The quarantine: what was rejected, once, what became of it, and how many there are. */
#include "daemon/journal/journal_internal.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DIGEST_SIZE 16      /* BLAKE2b-128 */
#define BYTES_OF_LOOK 16384 /* a row of more counts for several rows */

static const char *const state_names[QUARANTINE_STATE_COUNT] = {
    [QUARANTINE_WAITING] = "waiting",
    [QUARANTINE_RETRIED] = "retried",
    [QUARANTINE_DISCARDED] = "discarded",
};

const char *quarantine_state_name(enum quarantine_state state) {
    return state_names[state];
}

/* ---- How many there are */

/* The figures of a code, which are begun when it is new. */
static struct journal_code_figures *figures_of(struct journal *journal, struct text code) {
    struct journal_quarantine_figures *figures = &journal->now.quarantine;
    struct journal_code_figures *last = &figures->at[JOURNAL_CODES_MAX - 1];

    for (size_t i = 0; i < figures->count; i++)
        if (text_is(code, figures->at[i].code))
            return &figures->at[i];
    if (figures->count < JOURNAL_CODES_MAX && code.length < sizeof last->code) {
        struct journal_code_figures *fresh = &figures->at[figures->count++];
        *fresh = (struct journal_code_figures){0};
        memcpy(fresh->code, code.at, code.length);
        return fresh;
    }
    figures->count = JOURNAL_CODES_MAX;
    memcpy(last->code, "other", sizeof "other");
    return last;
}

static bool state_of(struct text name, enum quarantine_state *state) {
    for (*state = QUARANTINE_WAITING; *state < QUARANTINE_STATE_COUNT; (*state)++)
        if (text_is(name, state_names[*state]))
            return true;
    return false;
}

enum journal_status journal_read_figures(struct journal *journal) {
    static const char sql[] = "SELECT code, state, count(*) FROM quarantine GROUP BY code, state";
    sqlite3_stmt *statement = NULL;
    enum journal_status status =
        store_status(&journal->store, sqlite3_prepare_v2(journal->store.database, sql, -1, &statement, NULL), "counting the quarantine");
    enum quarantine_state state;
    int code;

    journal->now.quarantine = (struct journal_quarantine_figures){.count = 0};
    while (status == JOURNAL_OK && (code = sqlite3_step(statement)) != SQLITE_DONE) {
        status = store_status(&journal->store, code, "counting the quarantine");
        if (status == JOURNAL_OK && state_of(row_text(statement, 1), &state))
            figures_of(journal, row_text(statement, 0))->of[state] += (uint64_t)sqlite3_column_int64(statement, 2);
    }
    (void)sqlite3_finalize(statement);
    return status;
}

const struct journal_quarantine_figures *journal_quarantine_figures(const struct journal *journal) {
    return &journal->now.quarantine;
}

uint64_t journal_quarantine_count(const struct journal *journal) {
    uint64_t count = 0;

    for (size_t i = 0; i < journal->now.quarantine.count; i++)
        count += journal->now.quarantine.at[i].of[QUARANTINE_WAITING];
    return count;
}

/* ---- Writing */

/* The id of the row that holds the same bytes, 0 without one. Two different rejections with one digest do not happen: then the row is
 * damaged. */
static int64_t find_quarantined(struct journal *journal, const unsigned char digest[DIGEST_SIZE], struct text bytes) {
    sqlite3_stmt *statement = store_prepared(&journal->store, STORE_FIND_QUARANTINE);
    int64_t id = 0;
    int code;

    bind_blob(statement, 1, digest, DIGEST_SIZE);
    code = sqlite3_step(statement);
    journal_note(journal, store_status(&journal->store, code, "reading the quarantine"));
    if (code == SQLITE_ROW) {
        id = sqlite3_column_int64(statement, 0);
        if ((size_t)sqlite3_column_bytes(statement, 1) != bytes.length ||
            (bytes.length > 0 && memcmp(sqlite3_column_blob(statement, 1), bytes.at, bytes.length) != 0))
            journal_note(journal, journal_damaged(journal, "quarantine", (uint64_t)id));
    }
    (void)sqlite3_reset(statement);
    return id;
}

void journal_quarantine(struct journal *journal, const struct journal_rejection *rejection) {
    unsigned char digest[DIGEST_SIZE];
    sqlite3_stmt *statement;
    int64_t id;

    if (!journal_ready_to_write(journal))
        return;
    (void)crypto_generichash(digest, sizeof digest, (const unsigned char *)rejection->bytes.at, rejection->bytes.length, NULL, 0);
    id = find_quarantined(journal, digest, rejection->bytes);
    if (journal->turn_status != JOURNAL_OK)
        return;
    if (id != 0) {
        statement = store_prepared(&journal->store, STORE_COUNT_QUARANTINE);
        bind_number(statement, 1, id);
        bind_number(statement, 2, journal->turn_received);
    } else {
        statement = store_prepared(&journal->store, STORE_INSERT_QUARANTINE);
        bind_number(statement, 1, journal->turn_received);
        bind_text(statement, 2, text_of(rejection->code));
        bind_text(statement, 3, text_of(rejection->message));
        bind_text(statement, 4, text_of(rejection->pointer));
        bind_text(statement, 5, rejection->source);
        bind_number(statement, 6, rejection->scrubbed ? 1 : 0);
        bind_blob(statement, 7, digest, sizeof digest);
        bind_blob(statement, 8, rejection->bytes.at, rejection->bytes.length);
        figures_of(journal, text_of(rejection->code))->of[QUARANTINE_WAITING]++;
    }
    journal_note(journal, store_finish(&journal->store, statement, "writing to the quarantine"));
}

/* Of rows that come to hold the same bytes the first stays the one that is found by them. */
static void digest_of_scrubbed(struct journal *journal, uint64_t id, struct text bytes, unsigned char digest[DIGEST_SIZE]) {
    (void)crypto_generichash(digest, DIGEST_SIZE, (const unsigned char *)bytes.at, bytes.length, NULL, 0);
    if (find_quarantined(journal, digest, bytes) == 0)
        return;
    crypto_generichash_state state;
    (void)crypto_generichash_init(&state, NULL, 0, DIGEST_SIZE);
    (void)crypto_generichash_update(&state, digest, DIGEST_SIZE);
    (void)crypto_generichash_update(&state, (const unsigned char *)&id, sizeof id);
    (void)crypto_generichash_final(&state, digest, DIGEST_SIZE);
}

/* Other bytes for the row; those that it held are overwritten, as the settings of the store demand. */
static void replace_bytes(struct journal *journal, uint64_t id, struct text bytes) {
    unsigned char digest[DIGEST_SIZE];
    sqlite3_stmt *statement = store_prepared(&journal->store, STORE_SCRUB_QUARANTINE);

    digest_of_scrubbed(journal, id, bytes, digest);
    bind_number(statement, 1, (int64_t)id);
    bind_blob(statement, 2, digest, sizeof digest);
    bind_blob(statement, 3, bytes.at, bytes.length);
    journal_note(journal, store_finish(&journal->store, statement, "replacing personal data"));
}

void journal_settle_quarantined(struct journal *journal, uint64_t id, enum quarantine_state state, const struct journal_rejection *why) {
    sqlite3_stmt *statement = store_prepared(&journal->store, STORE_SETTLE_QUARANTINE);
    struct journal_quarantined before;
    enum journal_status status;

    if (!journal_ready_to_write(journal))
        return;
    status = journal_read_quarantined(journal, id, 0, &before);
    ENSURE(status != JOURNAL_NOT_FOUND);
    journal_note(journal, status);
    if (status != JOURNAL_OK)
        return;
    figures_of(journal, before.code)->of[before.state]--;
    figures_of(journal, why == NULL ? before.code : text_of(why->code))->of[state]++;
    bind_number(statement, 1, (int64_t)id);
    bind_text(statement, 2, text_of(state_names[state]));
    bind_text(statement, 3, why == NULL ? TEXT_ABSENT : text_of(why->code));
    bind_text(statement, 4, why == NULL ? TEXT_ABSENT : text_of(why->message));
    bind_text(statement, 5, why == NULL ? TEXT_ABSENT : text_of(why->pointer));
    journal_note(journal, store_finish(&journal->store, statement, "settling what is quarantined"));
    if (why != NULL && why->scrubbed)
        replace_bytes(journal, id, why->bytes);
}

/* ---- Reading */

static struct text text_or_null(sqlite3_stmt *statement, int column) {
    return sqlite3_column_type(statement, column) == SQLITE_NULL ? TEXT_ABSENT : row_text(statement, column);
}

/* The row that the statement stands on; its texts are valid until the next step. False when it is damaged. */
static bool row_quarantined(sqlite3_stmt *statement, struct journal_quarantined *row) {
    *row = (struct journal_quarantined){
        .id = (uint64_t)sqlite3_column_int64(statement, 0),
        .first_received = sqlite3_column_int64(statement, 1),
        .last_received = sqlite3_column_int64(statement, 2),
        .times = (uint64_t)sqlite3_column_int64(statement, 3),
        .code = row_text(statement, 4),
        .message = row_text(statement, 5),
        .pointer = text_or_null(statement, 6),
        .source = text_or_null(statement, 7),
        .scrubbed = sqlite3_column_int64(statement, 8) != 0,
        .size = (uint64_t)sqlite3_column_int64(statement, 9),
    };
    return state_of(row_text(statement, 10), &row->state);
}

/* Moves a text behind those already in the journal's copy, which has room for it. */
static void keep(struct journal *journal, struct text *text, size_t *used) {
    if (text->at == NULL)
        return;
    if (text->length > 0)
        memcpy(journal->copy + *used, text->at, text->length);
    text->at = journal->copy + *used;
    *used += text->length;
}

static void keep_texts(struct journal *journal, struct journal_quarantined *row) {
    size_t used = 0;

    journal_reserve_copy(journal,
                         (int)(row->code.length + row->message.length + row->pointer.length + row->source.length + row->bytes.length));
    keep(journal, &row->code, &used);
    keep(journal, &row->message, &used);
    keep(journal, &row->pointer, &used);
    keep(journal, &row->source, &used);
    keep(journal, &row->bytes, &used);
}

enum journal_status journal_read_quarantined(struct journal *journal, uint64_t id, uint64_t bytes_max, struct journal_quarantined *row) {
    sqlite3_stmt *statement = store_prepared(&journal->store, STORE_READ_QUARANTINE);
    enum journal_status status;
    int code;

    if (id > INT64_MAX)
        return JOURNAL_NOT_FOUND;
    bind_number(statement, 1, (int64_t)id);
    bind_number(statement, 2, bytes_max > INT64_MAX ? INT64_MAX : (int64_t)bytes_max);
    code = sqlite3_step(statement);
    status = code == SQLITE_DONE ? JOURNAL_NOT_FOUND : store_status(&journal->store, code, "reading the quarantine");
    if (code == SQLITE_ROW && !row_quarantined(statement, row))
        status = journal_damaged(journal, "quarantine", id);
    if (code == SQLITE_ROW && status == JOURNAL_OK) {
        if (sqlite3_column_type(statement, 11) != SQLITE_NULL) {
            const char *bytes = sqlite3_column_blob(statement, 11);
            row->bytes = (struct text){bytes == NULL ? "" : bytes, (uint32_t)sqlite3_column_bytes(statement, 11)};
        }
        keep_texts(journal, row);
    }
    (void)sqlite3_reset(statement);
    return status;
}

static bool passes(const struct journal_quarantine_filter *filter, const struct journal_quarantined *row) {
    return (!filter->one_state || row->state == filter->state) && (filter->code.at == NULL || text_equal(filter->code, row->code)) &&
           (filter->source.at == NULL || (row->source.at != NULL && text_equal(filter->source, row->source))) &&
           !(filter->not_scrubbed && row->scrubbed);
}

enum journal_status journal_each_quarantined(struct journal *journal, const struct journal_quarantine_filter *filter,
                                             bool (*each)(void *context, const struct journal_quarantined *row), void *context,
                                             uint64_t *next) {
    bool waiting_only = filter->one_state && filter->state == QUARANTINE_WAITING;
    const char *sql = store_sql(waiting_only ? STORE_LIST_WAITING : STORE_LIST_QUARANTINE);
    sqlite3_stmt *statement = NULL;
    enum journal_status status;
    uint64_t last = filter->after_id, looked_at = 0;
    bool more = true;
    int code;

    *next = 0;
    if (filter->after_id > INT64_MAX) /* no id is so large */
        return JOURNAL_OK;
    status =
        store_status(&journal->store, sqlite3_prepare_v2(journal->store.database, sql, -1, &statement, NULL), "reading the quarantine");
    if (status != JOURNAL_OK)
        return status;
    bind_number(statement, 1, (int64_t)filter->after_id);
    journal->reading++;
    while (status == JOURNAL_OK && more && (code = sqlite3_step(statement)) != SQLITE_DONE) {
        struct journal_quarantined row;
        status = store_status(&journal->store, code, "reading the quarantine");
        if (status == JOURNAL_OK && !row_quarantined(statement, &row))
            status = journal_damaged(journal, "quarantine", (uint64_t)sqlite3_column_int64(statement, 0));
        if (status != JOURNAL_OK)
            break;
        more = looked_at < JOURNAL_LOOK_MAX && (!passes(filter, &row) || each(context, &row));
        looked_at += 1 + row.size / BYTES_OF_LOOK;
        if (more)
            last = row.id;
        else
            *next = last;
    }
    journal->reading--;
    (void)sqlite3_finalize(statement);
    return status;
}
