/* What the files of the journal share; nobody else includes it. */
#ifndef WAITLIST_JOURNAL_JOURNAL_INTERNAL_H
#define WAITLIST_JOURNAL_JOURNAL_INTERNAL_H

#include "daemon/core/memory.h"
#include "daemon/journal/cache.h"
#include "daemon/journal/segment.h"
#include "daemon/journal/store.h"

#define EPOCH_LENGTH 32

/* What a turn changes and a rollback brings back. */
struct counts {
    uint64_t last_seq;
    uint64_t last_alert_seq;
    struct journal_quarantine_figures quarantine;
    instant_t last_received;
    day_t first_report_day;
    day_t last_report_day;
    uint32_t room; /* see packer_begin */
};

struct journal {
    struct store store;
    char epoch[EPOCH_LENGTH + 1];
    struct counts now;
    struct counts committed; /* as before the open turn */
    bool turn_open;
    bool in_transaction;
    enum journal_status turn_status; /* the first failure of the open turn */
    instant_t turn_received;
    struct packer *packer; /* the events of the open turn */
    struct cache *cache;
    char *copy; /* the texts that a read hands out */
    size_t copy_capacity;
    bool is_reader;
    unsigned reading; /* how many journal_each_… are under way */
};

/* Notes the turn's first failure; journal_commit tells it. */
void journal_note(struct journal *journal, enum journal_status status);
/* Everything but events is written at once, inside the transaction that the first of them opens. False when the turn has failed. */
bool journal_ready_to_write(struct journal *journal);
/* JOURNAL_CORRUPT, with "WHAT NUMBER" as what is damaged. */
enum journal_status journal_damaged(struct journal *journal, const char *what, uint64_t number);
/* Room for so many bytes in the journal's copy; then a column's text copied to `at` in it. */
void journal_reserve_copy(struct journal *journal, int bytes);
struct text journal_copy_text(struct journal *journal, size_t at, sqlite3_stmt *statement, int column);

/* quarantine.c: counts what is there. */
enum journal_status journal_read_figures(struct journal *journal);

/* SQLite keeps no copy: the text outlives the statement's run. Binding itself cannot fail but for memory and our own mistakes. */
static inline void bind_text(sqlite3_stmt *statement, int column, struct text text) {
    ENSURE(sqlite3_bind_text64(statement, column, text.at, text.length, SQLITE_STATIC, SQLITE_UTF8) == SQLITE_OK);
}

static inline void bind_blob(sqlite3_stmt *statement, int column, const void *bytes, size_t size) {
    ENSURE(sqlite3_bind_blob64(statement, column, size > 0 ? bytes : "", size, SQLITE_STATIC) == SQLITE_OK);
}

static inline void bind_number(sqlite3_stmt *statement, int column, int64_t number) {
    ENSURE(sqlite3_bind_int64(statement, column, number) == SQLITE_OK);
}

static inline struct text row_text(sqlite3_stmt *statement, int column) {
    const char *at = (const char *)sqlite3_column_text(statement, column);

    return (struct text){at, (uint32_t)sqlite3_column_bytes(statement, column)};
}

#endif
