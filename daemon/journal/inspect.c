/* A whole look at a journal that nobody writes. */
#include "daemon/journal/inspect.h"

#include "daemon/core/memory.h"
#include "daemon/journal/segment.h"
#include "daemon/journal/store.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

struct inspection {
    struct store store;
    const char *path;
    journal_progress *progress;
    void *context;
    struct journal_summary *summary;
};

static enum journal_status broken(struct inspection *inspection, enum journal_status status, const char *what, const char *why) {
    (void)snprintf(inspection->store.message, sizeof inspection->store.message, "%s: %s", what, why);
    return status;
}

static bool wants_more(const struct inspection *inspection, enum journal_work work, uint64_t done, uint64_t total) {
    return inspection->progress == NULL || inspection->progress(inspection->context, work, done, total);
}

/* Also called by SQLite now and then, which ends what it is at when the answer is not 0. */
static int stop_asked(void *context) {
    return wants_more(context, JOURNAL_CHECKS_PAGES, 0, 0) ? 0 : 1;
}

/* A file without a write-ahead file is read as it lies, so that nothing is made beside it and a folder that may only be read will do. */
static char *address_of(const char *path) {
    size_t length = strlen(path);
    char *address = memory_new(3 * length + 32, 1);
    char *write_ahead = memory_new(length + 8, 1);
    struct stat about;
    size_t at;

    (void)snprintf(write_ahead, length + 8, "%s-wal", path);
    at = (size_t)sprintf(address, "file:%s", path[0] == '/' ? "" : "./");
    for (const char *from = path; *from != '\0'; from++)
        at += (size_t)sprintf(address + at, *from == '%' || *from == '?' || *from == '#' ? "%%%02x" : "%c", (unsigned char)*from);
    if (stat(write_ahead, &about) != 0 || about.st_size == 0)
        (void)sprintf(address + at, "?immutable=1");
    free(write_ahead);
    return address;
}

static enum journal_status open_at_rest(struct inspection *inspection) {
    const int flags = SQLITE_OPEN_READONLY | SQLITE_OPEN_URI | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE | SQLITE_OPEN_EXRESCODE;
    struct stat about;
    int64_t version;
    enum journal_status status;
    char *address;

    inspection->store.lock = -1;
    if (stat(inspection->path, &about) != 0)
        return broken(inspection, errno == ENOENT ? JOURNAL_NOT_FOUND : JOURNAL_FAILED, inspection->path, strerror(errno));
    if (!S_ISREG(about.st_mode))
        return broken(inspection, JOURNAL_CORRUPT, inspection->path, "is no file");
    address = address_of(inspection->path);
    status = store_status(&inspection->store, sqlite3_open_v2(address, &inspection->store.database, flags, NULL), "opening the journal");
    free(address);
    if (status == JOURNAL_OK)
        status = store_recognise(&inspection->store, inspection->path, &version);
    if (status == JOURNAL_OK && version == 0)
        return broken(inspection, JOURNAL_NOT_FOUND, inspection->path, "is empty: no journal was made here yet");
    if (status == JOURNAL_OK)
        inspection->summary->version = (int)version;
    return status;
}

static enum journal_status read_epoch(struct inspection *inspection) {
    sqlite3_stmt *statement = NULL;
    int code = sqlite3_prepare_v2(inspection->store.database, "SELECT value FROM meta WHERE name = 'epoch'", -1, &statement, NULL);
    enum journal_status status;

    if (code == SQLITE_OK)
        code = sqlite3_step(statement);
    status = store_status(&inspection->store, code, "reading the epoch");
    if (status == JOURNAL_OK && (code != SQLITE_ROW || sqlite3_column_bytes(statement, 0) != 32))
        status = broken(inspection, JOURNAL_CORRUPT, inspection->path, "has no epoch");
    if (status == JOURNAL_OK)
        memcpy(inspection->summary->epoch, sqlite3_column_text(statement, 0), 33);
    (void)sqlite3_finalize(statement);
    return status;
}

static enum journal_status summarise(struct inspection *inspection) {
    struct journal_summary *summary = inspection->summary;
    int64_t last_seq = 0, received = INSTANT_NONE, alerts = 0, quarantined = 0, reports = 0, last_day = DAY_NONE, place = 0, pages = 0,
            page_size = 0;
    const struct {
        const char *sql;
        int64_t *number;
        int since; /* the version */
    } figures[] = {
        {"SELECT first_seq + count - 1 FROM segment ORDER BY first_seq DESC LIMIT 1", &last_seq, 1},
        {"SELECT received FROM segment ORDER BY first_seq DESC LIMIT 1", &received, 1},
        {"SELECT coalesce(max(alert_seq), 0) FROM alert", &alerts, 1},
        {"SELECT count(*) FROM quarantine", &quarantined, 1},
        {"SELECT count(*) FROM report", &reports, 2},
        {"SELECT day FROM report ORDER BY day DESC LIMIT 1", &last_day, 2},
        {"SELECT coalesce(max(place), 0) FROM link", &place, 3},
        {"PRAGMA page_count", &pages, 1},
        {"PRAGMA page_size", &page_size, 1},
    };
    enum journal_status status = read_epoch(inspection);

    for (size_t i = 0; i < sizeof figures / sizeof *figures && status == JOURNAL_OK; i++)
        if (summary->version >= figures[i].since)
            status = store_number(&inspection->store, figures[i].sql, figures[i].number);
    summary->last_seq = (uint64_t)last_seq;
    summary->last_alert_seq = (uint64_t)alerts;
    summary->last_received = received;
    summary->quarantined = (uint64_t)quarantined;
    summary->reports = (uint64_t)reports;
    summary->last_report_day = (day_t)last_day;
    summary->last_place = (uint64_t)place;
    summary->bytes = (uint64_t)(pages * page_size);
    return status;
}

static enum journal_status check_segment(struct inspection *inspection, sqlite3_stmt *statement, uint64_t *last_seq) {
    int64_t first_seq = sqlite3_column_int64(statement, 0), count = sqlite3_column_int64(statement, 1);
    struct segment segment = {(uint64_t)first_seq, (uint32_t)count, sqlite3_column_int64(statement, 2), NULL, 0};
    char what[64];

    segment.body = sqlite3_column_blob(statement, 3);
    segment.size = (size_t)sqlite3_column_bytes(statement, 3);
    (void)snprintf(what, sizeof what, "the events from seq %llu on", (unsigned long long)*last_seq + 1);
    if (segment.first_seq != *last_seq + 1)
        return broken(inspection, JOURNAL_CORRUPT, what, "are missing");
    if (count <= 0 || count > UINT32_MAX || segment.body == NULL || !segment_is_whole(&segment))
        return broken(inspection, JOURNAL_CORRUPT, what, "are damaged");
    *last_seq += (uint64_t)count;
    return JOURNAL_OK;
}

static enum journal_status check_events(struct inspection *inspection) {
    static const char sql[] = "SELECT first_seq, count, received, body FROM segment ORDER BY first_seq";
    sqlite3_stmt *statement = NULL;
    uint64_t last_seq = 0, told = 0;
    enum journal_status status = store_status(&inspection->store, sqlite3_prepare_v2(inspection->store.database, sql, -1, &statement, NULL),
                                              "reading the journal's events");
    int code;

    while (status == JOURNAL_OK && (code = sqlite3_step(statement)) != SQLITE_DONE) {
        status = store_status(&inspection->store, code, "reading the journal's events");
        if (status == JOURNAL_OK)
            status = check_segment(inspection, statement, &last_seq);
        if (status == JOURNAL_OK && last_seq - told >= 4096) {
            told = last_seq;
            if (!wants_more(inspection, JOURNAL_CHECKS_EVENTS, last_seq, inspection->summary->last_seq))
                status = JOURNAL_STOPPED;
        }
    }
    (void)sqlite3_finalize(statement);
    return status;
}

static enum journal_status check_alerts(struct inspection *inspection) {
    int64_t count = 0;
    enum journal_status status = store_number(&inspection->store, "SELECT count(*) FROM alert WHERE alert_seq > 0", &count);

    if (status == JOURNAL_OK && (uint64_t)count != inspection->summary->last_alert_seq)
        return broken(inspection, JOURNAL_CORRUPT, inspection->path, "an alert transition is missing");
    return status;
}

/* SQLite's own look at every page, every index and every constraint. */
static enum journal_status check_pages(struct inspection *inspection) {
    sqlite3_stmt *statement = NULL;
    enum journal_status status;
    int code;

    sqlite3_progress_handler(inspection->store.database, 1000, stop_asked, inspection);
    code = sqlite3_prepare_v2(inspection->store.database, "PRAGMA integrity_check(1)", -1, &statement, NULL);
    if (code == SQLITE_OK)
        code = sqlite3_step(statement);
    if ((code & 0xff) == SQLITE_INTERRUPT) {
        status = JOURNAL_STOPPED;
    } else {
        status = store_status(&inspection->store, code, "checking every page");
        if (status == JOURNAL_OK && (code != SQLITE_ROW || strcmp((const char *)sqlite3_column_text(statement, 0), "ok") != 0))
            status = broken(inspection, JOURNAL_CORRUPT, "checking every page",
                            code == SQLITE_ROW ? (const char *)sqlite3_column_text(statement, 0) : "no answer");
    }
    (void)sqlite3_finalize(statement);
    return status;
}

static enum journal_status inspect(struct inspection *inspection, bool whole, char message[256]) {
    enum journal_status status;

    *inspection->summary = (struct journal_summary){.last_received = INSTANT_NONE, .last_report_day = DAY_NONE};
    status = open_at_rest(inspection);
    if (status == JOURNAL_OK)
        status = summarise(inspection);
    if (status == JOURNAL_OK && whole)
        status = check_events(inspection);
    if (status == JOURNAL_OK && whole)
        status = check_alerts(inspection);
    if (status == JOURNAL_OK && whole)
        status = check_pages(inspection);
    store_close(&inspection->store);
    message[0] = '\0';
    if (status == JOURNAL_STOPPED)
        (void)snprintf(message, 256, "the check was given up");
    else if (status != JOURNAL_OK)
        memcpy(message, inspection->store.message, STORE_MESSAGE_SIZE);
    return status;
}

enum journal_status journal_summarise(const char *path, struct journal_summary *summary, char message[256]) {
    struct inspection inspection = {.path = path, .summary = summary};

    return inspect(&inspection, false, message);
}

enum journal_status journal_inspect(const char *path, journal_progress *progress, void *context, struct journal_summary *summary,
                                    char message[256]) {
    struct inspection inspection = {.path = path, .progress = progress, .context = context, .summary = summary};

    return inspect(&inspection, true, message);
}
