/* The journal's file: taking its lock, opening or making the database in it, the statements, and what SQLite's codes mean to us. */
#ifndef WAITLIST_JOURNAL_STORE_H
#define WAITLIST_JOURNAL_STORE_H

#include "daemon/journal/journal.h"

#include <sqlite3.h>

enum store_statement {
    STORE_INSERT_SEGMENT,
    STORE_INSERT_ALERT,
    STORE_INSERT_RECORD,
    STORE_FIND_QUARANTINE,
    STORE_INSERT_QUARANTINE,
    STORE_COUNT_QUARANTINE,
    STORE_INSERT_REPORT,
    STORE_SETTLE_QUARANTINE,
    STORE_SCRUB_QUARANTINE,
    STORE_INSERT_LINK,
    STORE_REWRITE_SEGMENT,
    STORE_DELETE_OLD_SEAL,
    STORE_READ_SEGMENTS, /* those that hold the seqs ?1 to ?2; from here on statements that only read */
    STORE_READ_RECEIVED, /* when the segment that holds the seq ?1 was received, and which seqs it holds */
    STORE_READ_LAST_SEGMENT,
    STORE_READ_LAST_LINK,
    STORE_READ_SEALED, /* the segment that holds the seq ?1, and its seal */
    STORE_READ_ALERT,
    STORE_LAST_RECORD,
    STORE_READ_REPORT,
    STORE_QUARANTINE_ACTS, /* the records of acts on the quarantined event whose records begin with ?1 */
    STORE_READ_QUARANTINE, /* the row ?1, its bytes only when they are ?2 at most */
    STORE_LIST_QUARANTINE, /* the rows behind the id ?1, without bytes */
    STORE_LIST_WAITING,    /* those of them that wait */
    STORE_STATEMENT_COUNT
};

#define STORE_MESSAGE_SIZE 256

/* Belongs to the journal that opened it; only the files of this room see it. */
struct store {
    sqlite3 *database;
    sqlite3_stmt *statements[STORE_STATEMENT_COUNT];
    int lock;                         /* descriptor of the lock file, -1 without */
    int wal_pages;                    /* of the write-ahead file that no checkpoint has moved yet */
    bool holds_old;                   /* what was in the write-ahead file at opening may still be there */
    int moved_pages;                  /* of the write-ahead file that one has */
    char message[STORE_MESSAGE_SIZE]; /* about the last failure */
    /* Set by whoever opens for writing: makes the chain of a journal from before version 3, inside the transaction that brings it up. */
    enum journal_status (*make_chain)(struct store *store, void *context);
    void *context;
};

/* `store` is zeroed by the caller and may be closed whatever was returned; its message says what failed. */
enum journal_status store_open(struct store *store, const char *path);
/* The same for reading beside the writer: no lock of ours, nothing is made, nothing is written. */
enum journal_status store_open_reader(struct store *store, const char *path);
void store_close(struct store *store);

/* The lock that whoever writes the journal holds; kept in `store->lock` until store_close. */
enum journal_status store_take_lock(struct store *store, const char *path);
/* Of an open database: JOURNAL_OK and its version; 0 for an empty file. */
enum journal_status store_recognise(struct store *store, const char *path, int64_t *version);

/* What a result code of SQLite means; anything but JOURNAL_OK leaves `doing` and SQLite's reason in the message. */
enum journal_status store_status(struct store *store, int code, const char *doing);
/* Runs SQL that gives no rows. */
enum journal_status store_run(struct store *store, const char *sql, const char *doing);
/* A statement for a single use at a time; the caller binds, steps and calls sqlite3_reset. */
const char *store_sql(enum store_statement which); /* for a statement of the caller's own */
sqlite3_stmt *store_prepared(struct store *store, enum store_statement which);
/* Runs a bound statement that gives no rows, and frees it for the next use. */
enum journal_status store_finish(struct store *store, sqlite3_stmt *statement, const char *doing);
/* Runs SQL with one row of one number as its answer. */
enum journal_status store_number(struct store *store, const char *sql, int64_t *number);
/* Moves what was committed from the write-ahead file to the main file, as far as no reader needs it there. */
enum journal_status store_checkpoint(struct store *store);
/* Moves everything and empties the write-ahead file, unless a reader, for which it `waits` two seconds
 * or not at all, or a full disk puts it off. */
enum journal_status store_empty_write_ahead(struct store *store, bool waits, bool *emptied);

#endif
