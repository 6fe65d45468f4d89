/* What the files of the journal share; nobody else includes it. */
#ifndef WAITLIST_JOURNAL_JOURNAL_INTERNAL_H
#define WAITLIST_JOURNAL_JOURNAL_INTERNAL_H

#include "daemon/core/memory.h"
#include "daemon/journal/cache.h"
#include "daemon/journal/highwater.h"
#include "daemon/journal/linker.h"
#include "daemon/journal/segment.h"
#include "daemon/journal/store.h"

#define EPOCH_LENGTH 32
#define JOURNAL_SALTS 64 /* drawn at once: a single one costs five times as much */

/* What a turn changes and a rollback brings back. */
struct counts {
    uint64_t last_seq;
    uint64_t last_alert_seq;
    struct journal_quarantine_figures quarantine;
    uint64_t last_place;      /* in the table `link` */
    struct chain_digest head; /* while a turn is open, that from before it: the linker has the new one */
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
    struct linker *linker; /* of the open turn; NULL of a reader */
    struct chain *chain;   /* for what a redaction rewrites */
    struct chain_salt salts[JOURNAL_SALTS];
    size_t salts_left;
    char *copy; /* the texts that a read hands out */
    size_t copy_capacity;
    bool is_reader;
    bool redacts;                /* the open turn did */
    bool scrub_waited;           /* in vain, for a reader, since that turn */
    bool scrub_due;              /* a committed turn did, and the write-ahead file may still hold what was erased */
    unsigned reading;            /* how many journal_each_… are under way */
    struct highwater *highwater; /* NULL of a reader */
    const char *notice;
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

/* rollback.c: a start without a journal where there was one, and one on an older or another journal, are refused; after that the file is
 * there and open. Then, after each commit. */
enum journal_status journal_expect(struct journal *journal, const char *path);
enum journal_status journal_compare(struct journal *journal, const char *path);
enum journal_status journal_reached(struct journal *journal);
enum journal_status journal_highwater_failed(struct journal *journal);

/* quarantine.c: counts what is there. */
enum journal_status journal_read_figures(struct journal *journal);

/* The segment in the columns first_seq, count, received, body of the row that the statement stands on, unchecked; false when its numbers
 * cannot be. Its body is valid until the statement's next step. */
bool journal_row_segment(sqlite3_stmt *statement, struct segment *segment);
/* The seal in the fifth column, unchecked. */
struct seal journal_row_seal(sqlite3_stmt *statement, const struct segment *segment);

/* The first head of the chain. */
enum journal_status journal_first_head(struct store *store, struct chain_digest *head);

/* acts.c: reads what the chain covers beside events. */
struct act_reader {
    struct store *store;
    sqlite3_stmt *statements[CHAIN_REPORT + 1];
};

enum journal_status act_reader_open(struct act_reader *reader, struct store *store);
void act_reader_close(struct act_reader *reader);
/* Fills numbers and texts of the act with this `what` and `key`; its texts are valid until the next call with the same `what`.
 * JOURNAL_NOT_FOUND when there is none. */
enum journal_status act_read(struct act_reader *reader, struct chain_act *act);
/* Writes a link of the chain. */
enum journal_status journal_insert_link(struct store *store, sqlite3_stmt *statement, uint64_t place, const struct chain_act *act,
                                        const struct chain_digest *head);

/* Makes the chain of a journal from before version 3. */
enum journal_status upgrade_make_chain(struct store *store, const struct journal_options *options);

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
