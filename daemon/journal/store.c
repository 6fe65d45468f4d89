/* The journal's file as an SQLite database in WAL mode, every commit synced. */
#include "daemon/journal/store.h"

#include "daemon/core/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define APPLICATION_ID 0x776c6a31 /* "wlj1" in the file's header, by which file(1) and we know a journal */
#define SCHEMA_VERSION 3
#define FILE_MODE 0640
#define BUSY_MS 2000 /* for so long a lock of another process is waited for */

#define TEXT_OF_NUMBER(number) #number
#define TEXT_OF(number) TEXT_OF_NUMBER(number)

/* The page size must be chosen before the first page is written. */
static const char settings_of_new_file[] = "PRAGMA page_size = 16384;";

/* synchronous=FULL: an acknowledged event survives a power cut. A small cache: the file only grows at its end. Checkpoints are ours,
 * because SQLite's own one hides its errors. The limit gives the disk back what one large turn made of the write-ahead file. What is
 * replaced in the quarantine is overwritten; nothing else is ever changed, so that this costs nothing. */
static const char settings[] = "PRAGMA synchronous = FULL;"
                               "PRAGMA cache_size = -16384;"
                               "PRAGMA wal_autocheckpoint = 0;"
                               "PRAGMA journal_size_limit = 67108864;"
                               "PRAGMA temp_store = MEMORY;"
                               "PRAGMA secure_delete = ON;"
                               "PRAGMA trusted_schema = OFF;";

/* Since version 2. What was reported stays: the triggers hold for whoever opens the file, whatever program it is. The one on INSERT keeps
 * REPLACE from changing a row, and the days in order. */
#define REPORT_TABLE                                                                                                                       \
    "CREATE TABLE report (day INTEGER PRIMARY KEY, after_seq INTEGER NOT NULL, at INTEGER NOT NULL,"                                       \
    " reconstructed INTEGER NOT NULL CHECK (reconstructed IN (0, 1)), rule_version INTEGER NOT NULL, body TEXT NOT NULL) STRICT;"          \
    "CREATE TRIGGER report_is_never_changed BEFORE UPDATE ON report"                                                                       \
    " BEGIN SELECT raise(ABORT, 'a reported position is never changed'); END;"                                                             \
    "CREATE TRIGGER report_is_never_deleted BEFORE DELETE ON report"                                                                       \
    " BEGIN SELECT raise(ABORT, 'a reported position is never deleted'); END;"                                                             \
    "CREATE TRIGGER report_is_of_a_later_day BEFORE INSERT ON report WHEN new.day <= (SELECT max(day) FROM report)"                        \
    " BEGIN SELECT raise(ABORT, 'a position was reported for this day or a later one'); END;"

/* Since version 3. How many are quarantined, by code and state, and what was done about one, without reading all of them. */
#define QUARANTINE_INDEXES                                                                                                                 \
    "CREATE INDEX IF NOT EXISTS quarantine_by_code ON quarantine (code, state);"                                                           \
    "CREATE INDEX IF NOT EXISTS record_of_quarantined ON record (substr(body, 1, instr(body, ','))) WHERE kind = 'quarantine';"

/* Since version 3: the hash chain. `link` has a row for everything that it covers but events; these carry it in their segment's seal, those
 * from before version 3 in `old_seal`. Its first head is random and stays when the epoch changes. */
#define CHAIN_TABLES                                                                                                                       \
    "CREATE TABLE link (place INTEGER PRIMARY KEY, what INTEGER NOT NULL, key INTEGER NOT NULL, after_seq INTEGER NOT NULL,"               \
    " head BLOB NOT NULL) STRICT;"                                                                                                         \
    "CREATE TABLE old_seal (first_seq INTEGER PRIMARY KEY, seal BLOB NOT NULL) STRICT;"                                                    \
    "INSERT INTO meta (name, value) VALUES ('chain', lower(hex(randomblob(32))));"

static const char schema[] =
    "BEGIN IMMEDIATE;"
    "CREATE TABLE meta (name TEXT NOT NULL PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;"
    "CREATE TABLE segment (first_seq INTEGER PRIMARY KEY, count INTEGER NOT NULL, received INTEGER NOT NULL, body BLOB NOT NULL,"
    " seal BLOB) STRICT;"
    "CREATE TABLE alert (alert_seq INTEGER PRIMARY KEY, previous_alert_seq INTEGER NOT NULL, after_seq INTEGER NOT NULL,"
    " body TEXT NOT NULL) STRICT;"
    "CREATE TABLE record (record_id INTEGER PRIMARY KEY, after_seq INTEGER NOT NULL, at INTEGER NOT NULL, kind TEXT NOT NULL,"
    " body TEXT NOT NULL) STRICT;"
    "CREATE INDEX record_by_kind ON record (kind);"
    "CREATE TABLE quarantine (id INTEGER PRIMARY KEY, first_received INTEGER NOT NULL, last_received INTEGER NOT NULL,"
    " times INTEGER NOT NULL, code TEXT NOT NULL, message TEXT NOT NULL, pointer TEXT, source TEXT, scrubbed INTEGER NOT NULL,"
    " digest BLOB NOT NULL UNIQUE, bytes BLOB NOT NULL,"
    " state TEXT NOT NULL CHECK (state IN ('waiting', 'retried', 'discarded'))) STRICT;"
    "CREATE INDEX quarantine_waiting ON quarantine (id) WHERE state = 'waiting';" REPORT_TABLE QUARANTINE_INDEXES CHAIN_TABLES
    "PRAGMA application_id = " TEXT_OF(APPLICATION_ID) ";"
                                                       "PRAGMA user_version = " TEXT_OF(SCHEMA_VERSION) ";";

static const char to_version_2[] = REPORT_TABLE;
static const char to_version_3[] = QUARANTINE_INDEXES "ALTER TABLE segment ADD COLUMN seal BLOB;" CHAIN_TABLES;

/* length() of bytes does not read them. */
#define QUARANTINE_COLUMNS "id, first_received, last_received, times, code, message, pointer, source, scrubbed, length(bytes)"

static const char *const statement_texts[STORE_STATEMENT_COUNT] = {
    [STORE_INSERT_SEGMENT] = "INSERT INTO segment (first_seq, count, received, body, seal) VALUES (?1, ?2, ?3, ?4, ?5)",
    [STORE_INSERT_ALERT] = "INSERT INTO alert (alert_seq, previous_alert_seq, after_seq, body) VALUES (?1, ?2, ?3, ?4)",
    [STORE_INSERT_RECORD] = "INSERT INTO record (after_seq, at, kind, body) VALUES (?1, ?2, ?3, ?4)",
    [STORE_FIND_QUARANTINE] = "SELECT id, bytes FROM quarantine WHERE digest = ?1",
    [STORE_INSERT_QUARANTINE] = "INSERT INTO quarantine (first_received, last_received, times, code, message, pointer, source, scrubbed,"
                                " digest, bytes, state) VALUES (?1, ?1, 1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, 'waiting')",
    [STORE_COUNT_QUARANTINE] = "UPDATE quarantine SET times = times + 1, last_received = ?2 WHERE id = ?1",
    [STORE_INSERT_REPORT] = "INSERT INTO report (day, after_seq, at, reconstructed, rule_version, body) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    [STORE_SETTLE_QUARANTINE] = "UPDATE quarantine SET state = ?2, code = coalesce(?3, code), message = coalesce(?4, message),"
                                " pointer = CASE WHEN ?3 IS NULL THEN pointer ELSE ?5 END WHERE id = ?1",
    [STORE_SCRUB_QUARANTINE] = "UPDATE quarantine SET scrubbed = 1, digest = ?2, bytes = ?3 WHERE id = ?1",
    [STORE_INSERT_LINK] = "INSERT INTO link (place, what, key, after_seq, head) VALUES (?1, ?2, ?3, ?4, ?5)",
    [STORE_REWRITE_SEGMENT] = "UPDATE segment SET body = ?2, seal = ?3 WHERE first_seq = ?1",
    [STORE_DELETE_OLD_SEAL] = "DELETE FROM old_seal WHERE first_seq = ?1",
    [STORE_READ_SEGMENTS] = "SELECT first_seq, count, received, body FROM segment"
                            " WHERE first_seq >= (SELECT max(first_seq) FROM segment WHERE first_seq <= ?1) AND first_seq <= ?2"
                            " ORDER BY first_seq",
    [STORE_READ_RECEIVED] = "SELECT first_seq, count, received FROM segment WHERE first_seq <= ?1 ORDER BY first_seq DESC LIMIT 1",
    [STORE_READ_LAST_SEGMENT] = "SELECT first_seq, count, received, body,"
                                " coalesce(seal, (SELECT seal FROM old_seal WHERE old_seal.first_seq = segment.first_seq))"
                                " FROM segment ORDER BY first_seq DESC LIMIT 1",
    [STORE_READ_LAST_LINK] = "SELECT place, after_seq, head FROM link ORDER BY place DESC LIMIT 1",
    [STORE_READ_SEALED] = "SELECT first_seq, count, received, body,"
                          " coalesce(seal, (SELECT seal FROM old_seal WHERE old_seal.first_seq = segment.first_seq))"
                          " FROM segment WHERE first_seq <= ?1 ORDER BY first_seq DESC LIMIT 1",
    [STORE_READ_ALERT] = "SELECT previous_alert_seq, body, after_seq FROM alert WHERE alert_seq = ?1",
    [STORE_LAST_RECORD] = "SELECT record_id, after_seq, at, kind, body FROM record WHERE kind = ?1 ORDER BY record_id DESC LIMIT 1",
    [STORE_READ_REPORT] =
        "SELECT day, after_seq, at, reconstructed, rule_version, body FROM report WHERE day BETWEEN ?1 AND ?2 ORDER BY day",
    [STORE_QUARANTINE_ACTS] = "SELECT record_id, after_seq, at, kind, body FROM record"
                              " WHERE kind = 'quarantine' AND substr(body, 1, instr(body, ',')) = ?1 ORDER BY record_id",
    [STORE_READ_QUARANTINE] =
        "SELECT " QUARANTINE_COLUMNS ", state, CASE WHEN length(bytes) <= ?2 THEN bytes END FROM quarantine WHERE id = ?1",
    [STORE_LIST_QUARANTINE] = "SELECT " QUARANTINE_COLUMNS ", state FROM quarantine WHERE id > ?1 ORDER BY id",
    [STORE_LIST_WAITING] = "SELECT " QUARANTINE_COLUMNS ", 'waiting' FROM quarantine WHERE id > ?1 AND state = 'waiting' ORDER BY id",
};

static enum journal_status fail(struct store *store, enum journal_status status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static enum journal_status fail(struct store *store, enum journal_status status, const char *format, ...) {
    va_list arguments;

    va_start(arguments, format);
    (void)vsnprintf(store->message, sizeof store->message, format, arguments);
    va_end(arguments);
    return status;
}

static enum journal_status fail_by_errno(struct store *store, const char *doing, const char *path) {
    int reason = errno;

    return fail(store, reason == ENOSPC || reason == EDQUOT ? JOURNAL_FULL : JOURNAL_FAILED, "%s: %s: %s", path, doing, strerror(reason));
}

enum journal_status store_status(struct store *store, int code, const char *doing) {
    int reason = store->database != NULL && (code & 0xff) == SQLITE_IOERR ? sqlite3_system_errno(store->database) : 0;
    enum journal_status status = JOURNAL_FAILED;

    switch (code & 0xff) {
    case SQLITE_OK:
    case SQLITE_ROW:
    case SQLITE_DONE:
        return JOURNAL_OK;
    case SQLITE_FULL:
        status = JOURNAL_FULL;
        break;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
        status = JOURNAL_CORRUPT;
        break;
    case SQLITE_IOERR:
        if (reason == ENOSPC || reason == EDQUOT)
            status = JOURNAL_FULL;
        break;
    default:
        break;
    }
    return fail(store, status, "%s: %s (SQLite code %d)%s%s", doing,
                store->database != NULL ? sqlite3_errmsg(store->database) : sqlite3_errstr(code), code, reason != 0 ? ": " : "",
                reason != 0 ? strerror(reason) : "");
}

enum journal_status store_run(struct store *store, const char *sql, const char *doing) {
    return store_status(store, sqlite3_exec(store->database, sql, NULL, NULL, NULL), doing);
}

const char *store_sql(enum store_statement which) {
    return statement_texts[which];
}

sqlite3_stmt *store_prepared(struct store *store, enum store_statement which) {
    return store->statements[which];
}

enum journal_status store_finish(struct store *store, sqlite3_stmt *statement, const char *doing) {
    enum journal_status status = store_status(store, sqlite3_step(statement), doing);

    (void)sqlite3_reset(statement); /* tells only once more what the step said */
    return status;
}

enum journal_status store_number(struct store *store, const char *sql, int64_t *number) {
    sqlite3_stmt *statement = NULL;
    int code = sqlite3_prepare_v2(store->database, sql, -1, &statement, NULL);
    enum journal_status status;

    if (code == SQLITE_OK)
        code = sqlite3_step(statement);
    status = store_status(store, code, "reading the journal's state");
    if (code == SQLITE_ROW)
        *number = sqlite3_column_int64(statement, 0);
    (void)sqlite3_finalize(statement);
    return status;
}

/* Opens, syncs and closes what may be there. */
static enum journal_status sync_path(struct store *store, const char *path, int flags) {
    int descriptor = open(path, flags | O_CLOEXEC);
    enum journal_status status = JOURNAL_OK;

    if (descriptor < 0)
        return errno == ENOENT ? JOURNAL_OK : fail_by_errno(store, "cannot open", path);
    if (fsync(descriptor) != 0)
        status = fail_by_errno(store, "cannot sync", path);
    if (close(descriptor) != 0 && status == JOURNAL_OK)
        status = fail_by_errno(store, "cannot close", path);
    return status;
}

static char *joined(const char *first, const char *second) {
    size_t length = strlen(first);
    char *whole = memory_new(length + strlen(second) + 1, 1);

    memcpy(whole, first, length);
    memcpy(whole + length, second, strlen(second) + 1);
    return whole;
}

enum journal_status store_take_lock(struct store *store, const char *path) {
    char *name = joined(path, ".lock");
    enum journal_status status = JOURNAL_OK;

    store->lock = open(name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, FILE_MODE);
    if (store->lock < 0)
        status = fail_by_errno(store, "cannot open", name);
    else if (flock(store->lock, LOCK_EX | LOCK_NB) != 0)
        status = errno == EWOULDBLOCK ? fail(store, JOURNAL_LOCKED, "%s: another process has the journal open for writing", path)
                                      : fail_by_errno(store, "cannot lock", name);
    free(name);
    return status;
}

/* Makes the file if there is none, and syncs all that an earlier run may have left in the page cache only. It must happen before SQLite
 * opens the file: closing any descriptor of it gives up the locks that SQLite holds on it in this process. */
static enum journal_status prepare_files(struct store *store, const char *path) {
    int descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, FILE_MODE);
    const char *slash = strrchr(path, '/');
    char *write_ahead = joined(path, "-wal");
    char *directory = joined(path, "");
    enum journal_status status = JOURNAL_OK;
    struct stat about;

    directory[slash == path ? 1 : slash - path] = '\0';
    if (descriptor < 0)
        status = fail_by_errno(store, "cannot open", path);
    else if (fstat(descriptor, &about) != 0)
        status = fail_by_errno(store, "cannot be examined", path);
    else if (!S_ISREG(about.st_mode))
        status = fail(store, JOURNAL_CORRUPT, "%s: is no file", path);
    else if (fsync(descriptor) != 0)
        status = fail_by_errno(store, "cannot sync", path);
    if (descriptor >= 0 && close(descriptor) != 0 && status == JOURNAL_OK)
        status = fail_by_errno(store, "cannot close", path);
    if (status == JOURNAL_OK)
        status = sync_path(store, write_ahead, O_RDONLY);
    if (status == JOURNAL_OK)
        status = sync_path(store, directory, O_RDONLY | O_DIRECTORY);
    free(write_ahead);
    free(directory);
    return status;
}

static enum journal_status create_schema(struct store *store) {
    unsigned char random[16];
    char epoch[2 * sizeof random + 1];
    char sql[128];
    enum journal_status status = store_run(store, schema, "making the journal");

    if (status == JOURNAL_OK) {
        randombytes_buf(random, sizeof random);
        (void)snprintf(sql, sizeof sql, "INSERT INTO meta (name, value) VALUES ('epoch', '%s'); COMMIT;",
                       sodium_bin2hex(epoch, sizeof epoch, random, sizeof random));
        status = store_run(store, sql, "making the journal");
    }
    return status;
}

/* Whether the file is a journal that this release knows, and of which version, or an empty one that is to become a journal: version 0.
 * Changes nothing. */
enum journal_status store_recognise(struct store *store, const char *path, int64_t *its_version) {
    int64_t application = 0, version = 0, tables = 0;
    enum journal_status status = store_number(store, "PRAGMA application_id", &application);

    if (status == JOURNAL_OK)
        status = store_number(store, "PRAGMA user_version", &version);
    if (status == JOURNAL_OK)
        status = store_number(store, "SELECT count(*) FROM sqlite_schema", &tables);
    if (status != JOURNAL_OK)
        return status;
    *its_version = version;
    if (application == 0 && version == 0 && tables == 0)
        return JOURNAL_OK;
    if (application != APPLICATION_ID)
        return fail(store, JOURNAL_CORRUPT, "%s: is a database but no journal (application id %lld)", path, (long long)application);
    if (version > SCHEMA_VERSION)
        return fail(store, JOURNAL_NEWER, "%s: is a journal of version %lld; this release knows version %d", path, (long long)version,
                    SCHEMA_VERSION);
    if (version < 1)
        return fail(store, JOURNAL_CORRUPT, "%s: is a journal of version %lld, which never was", path, (long long)version);
    return JOURNAL_OK;
}

static enum journal_status use_write_ahead(struct store *store) {
    sqlite3_stmt *statement = NULL;
    int code = sqlite3_prepare_v2(store->database, "PRAGMA journal_mode = WAL", -1, &statement, NULL);
    enum journal_status status;

    if (code == SQLITE_OK)
        code = sqlite3_step(statement);
    status = store_status(store, code, "turning write-ahead logging on");
    if (status == JOURNAL_OK && sqlite3_stricmp((const char *)sqlite3_column_text(statement, 0), "wal") != 0)
        status = fail(store, JOURNAL_FAILED, "the file system does not allow write-ahead logging");
    (void)sqlite3_finalize(statement);
    return status;
}

/* SQLite tells after each commit how many pages the write-ahead file holds; it does not tell which of them were moved already. */
static int after_commit(void *context, sqlite3 *database, const char *name, int pages) {
    struct store *store = context;

    (void)database;
    (void)name;
    store->moved_pages = pages < store->moved_pages ? 0 : store->moved_pages;
    store->wal_pages = pages - store->moved_pages;
    return SQLITE_OK;
}

enum journal_status store_checkpoint(struct store *store) {
    int held = 0, moved = 0;
    int code = sqlite3_wal_checkpoint_v2(store->database, NULL, SQLITE_CHECKPOINT_PASSIVE, &held, &moved);

    /* Somebody reading the old pages puts it off, as a full disk does: what was committed is safe where it is. */
    if ((code & 0xff) == SQLITE_BUSY || store_status(store, code, "moving commits to the main file") == JOURNAL_FULL)
        return JOURNAL_OK;
    store->wal_pages = held > moved ? held - moved : 0;
    store->moved_pages = moved > 0 ? moved : 0;
    return store_status(store, code, "moving commits to the main file");
}

enum journal_status store_empty_write_ahead(struct store *store, bool waits, bool *emptied) {
    int held = -1;
    int code;
    enum journal_status status;

    (void)sqlite3_busy_timeout(store->database, waits ? BUSY_MS : 0);
    code = sqlite3_wal_checkpoint_v2(store->database, NULL, SQLITE_CHECKPOINT_TRUNCATE, &held, NULL);
    status = (code & 0xff) == SQLITE_BUSY ? JOURNAL_OK : store_status(store, code, "emptying the write-ahead file");
    (void)sqlite3_busy_timeout(store->database, BUSY_MS);
    *emptied = code == SQLITE_OK && held == 0;
    if (*emptied)
        store->wal_pages = store->moved_pages = 0;
    return status == JOURNAL_FULL ? JOURNAL_OK : status;
}

/* Prepares this statement and those behind it. */
static enum journal_status prepare_from(struct store *store, enum store_statement first) {
    enum journal_status status = JOURNAL_OK;

    for (int i = (int)first; i < STORE_STATEMENT_COUNT && status == JOURNAL_OK; i++)
        status = store_status(
            store, sqlite3_prepare_v3(store->database, statement_texts[i], -1, SQLITE_PREPARE_PERSISTENT, &store->statements[i], NULL),
            "preparing a statement");
    return status;
}

/* One transaction: a start that is cut off leaves the journal of the older version. */
static enum journal_status bring_up(struct store *store, int64_t version) {
    enum journal_status status = store_run(store, "BEGIN IMMEDIATE", "bringing the journal to a newer version");

    if (status == JOURNAL_OK && version < 2)
        status = store_run(store, to_version_2, "bringing the journal to version 2");
    if (status == JOURNAL_OK && version < 3)
        status = store_run(store, to_version_3, "bringing the journal to version 3");
    if (status == JOURNAL_OK && version < 3)
        status = store->make_chain(store, store->context);
    if (status == JOURNAL_OK)
        status = store_run(store, "PRAGMA user_version = " TEXT_OF(SCHEMA_VERSION) "; COMMIT", "bringing the journal to a newer version");
    if (status != JOURNAL_OK && store->database != NULL && sqlite3_get_autocommit(store->database) == 0)
        (void)sqlite3_exec(store->database, "ROLLBACK", NULL, NULL, NULL); /* the message stays that of the failure */
    return status;
}

static enum journal_status open_database(struct store *store, const char *path, const char *file_system) {
    const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE | SQLITE_OPEN_EXRESCODE;
    int64_t version = 0;
    bool emptied = false;
    enum journal_status status = store_status(store, sqlite3_open_v2(path, &store->database, flags, file_system), "opening the journal");

    if (status == JOURNAL_OK)
        status = store_status(store, sqlite3_busy_timeout(store->database, BUSY_MS), "opening the journal");
    if (status == JOURNAL_OK)
        status = store_recognise(store, path, &version);
    if (status == JOURNAL_OK && version == 0)
        status = store_run(store, settings_of_new_file, "making the journal");
    if (status == JOURNAL_OK)
        status = use_write_ahead(store);
    if (status == JOURNAL_OK)
        status = store_run(store, settings, "setting the journal up");
    if (status == JOURNAL_OK && version == 0)
        status = create_schema(store);
    if (status == JOURNAL_OK && version > 0 && version < SCHEMA_VERSION)
        status = bring_up(store, version);
    if (status == JOURNAL_OK) {
        (void)sqlite3_wal_hook(store->database, after_commit, store);
        status = store_empty_write_ahead(store, true, &emptied);
        store->holds_old = !emptied;
    }
    return status == JOURNAL_OK ? prepare_from(store, STORE_INSERT_SEGMENT) : status;
}

static enum journal_status open_database_to_read(struct store *store, const char *path) {
    const int flags = SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE | SQLITE_OPEN_EXRESCODE;
    int64_t version = 0;
    enum journal_status status = store_status(store, sqlite3_open_v2(path, &store->database, flags, NULL), "opening the journal");

    if (status == JOURNAL_OK)
        status = store_status(store, sqlite3_busy_timeout(store->database, BUSY_MS), "opening the journal");
    if (status == JOURNAL_OK)
        status = store_recognise(store, path, &version);
    if (status == JOURNAL_OK && version == 0)
        status = fail(store, JOURNAL_NOT_FOUND, "%s: no journal was made here yet", path);
    if (status == JOURNAL_OK && version < SCHEMA_VERSION)
        status = fail(store, JOURNAL_FAILED, "%s: is a journal of version %lld, until the daemon that writes it brings it to version %d",
                      path, (long long)version, SCHEMA_VERSION);
    return status == JOURNAL_OK ? prepare_from(store, STORE_READ_SEGMENTS) : status;
}

static void close_database(struct store *store) {
    for (int i = 0; i < STORE_STATEMENT_COUNT; i++) {
        (void)sqlite3_finalize(store->statements[i]);
        store->statements[i] = NULL;
    }
    (void)sqlite3_close(store->database);
    store->database = NULL;
}

enum journal_status store_open(struct store *store, const char *path) {
    char *plain = joined(path[0] == '/' ? "" : "./", path); /* SQLite gives names like ":memory:" a meaning of their own */
    enum journal_status status;

    store->lock = -1;
    if (sodium_init() < 0)
        status = fail(store, JOURNAL_FAILED, "there is no source of random numbers");
    else
        status = store_take_lock(store, plain);
    if (status == JOURNAL_OK)
        status = prepare_files(store, plain);
    if (status == JOURNAL_OK)
        status = open_database(store, plain, NULL);
    if (status == JOURNAL_FULL) {
        /* On a full disk there is no room for the index of the write-ahead file. "unix-excl" keeps it in memory, for this process alone. */
        close_database(store);
        status = open_database(store, plain, "unix-excl");
    }
    free(plain);
    return status;
}

enum journal_status store_open_reader(struct store *store, const char *path) {
    char *plain = joined(path[0] == '/' ? "" : "./", path);
    enum journal_status status;

    store->lock = -1;
    if (access(plain, F_OK) == 0) {
        status = open_database_to_read(store, plain);
    } else {
        bool missing = errno == ENOENT;
        status = fail_by_errno(store, "cannot open", plain);
        status = missing ? JOURNAL_NOT_FOUND : status;
    }
    free(plain);
    return status;
}

void store_close(struct store *store) {
    close_database(store);
    if (store->lock >= 0)
        (void)close(store->lock);
    store->lock = -1;
}
