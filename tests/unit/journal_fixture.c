/* The shared part of the journal's checks. */
#include "tests/unit/journal_fixture.h"

#include <check.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* A directory of its own for each check; the journal's path lies in it. */
static char directory[64];
static char path[96];
static char message[256];

const char *fixture_directory(void) {
    return directory;
}

void make_directory(void) {
    (void)snprintf(directory, sizeof directory, "/tmp/test_journal.XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(directory));
    (void)snprintf(path, sizeof path, "%s/journal.db", directory);
}

const char *fixture_path(const char *suffix) {
    static char name[128];

    (void)snprintf(name, sizeof name, "%s%s", path, suffix);
    return name;
}

void remove_directory(void) {
    static const char *const suffixes[] = {"",     "-wal",  "-shm",        ".lock",           "-journal",
                                           ".key", ".conf", ".checkpoint", ".checkpoint.new", ".highwater"};

    for (size_t i = 0; i < sizeof suffixes / sizeof *suffixes; i++)
        (void)unlink(fixture_path(suffixes[i]));
    ck_assert_int_eq(rmdir(directory), 0);
}

/* The bytes of these checks are no events. */
static bool keep_nothing(void *context, struct text bytes, char *buffer, struct text *kept) {
    (void)context;
    (void)bytes;
    (void)buffer;
    *kept = TEXT_ABSENT;
    return true;
}

struct journal *opened(void) {
    struct journal *journal = NULL;
    struct journal_options options = {.kept = keep_nothing};

    ck_assert_msg(journal_open_with(path, &options, &journal, message) == JOURNAL_OK, "%s", message);
    ck_assert_str_eq(message, "");
    return journal;
}

void refused(enum journal_status expected, const char *reason) {
    struct journal *journal = (struct journal *)message;

    ck_assert_int_eq(journal_open(path, &journal, message), expected);
    ck_assert_ptr_null(journal);
    ck_assert_msg(strstr(message, reason) != NULL, "%s", message);
}

void commit(struct journal *journal) {
    ck_assert_msg(journal_commit(journal) == JOURNAL_OK, "%s", journal_failure(journal));
}

uint64_t append(struct journal *journal, const char *bytes, uint64_t previous_seq) {
    return journal_append_event(journal, text_of(bytes), TEXT_ABSENT, previous_seq);
}

void commit_one(struct journal *journal, const char *bytes) {
    journal_begin(journal, NOON);
    append(journal, bytes, 0);
    commit(journal);
}

void check_event(struct journal *journal, uint64_t seq, const char *bytes, uint64_t previous_seq, instant_t received) {
    struct journal_event event = {0};

    ck_assert_msg(journal_read_event(journal, seq, &event) == JOURNAL_OK, "seq %llu: %s", (unsigned long long)seq,
                  journal_failure(journal));
    ck_assert_uint_eq(event.seq, seq);
    ck_assert_uint_eq(event.previous_seq, previous_seq);
    ck_assert_int_eq(event.received, received);
    ck_assert_msg(text_is(event.bytes, bytes), "seq %llu: %.*s", (unsigned long long)seq, (int)event.bytes.length, event.bytes.at);
}

void tamper(const char *sql) {
    sqlite3 *database = NULL;
    char *reason = NULL;

    ck_assert_int_eq(sqlite3_open(path, &database), SQLITE_OK);
    ck_assert_msg(sqlite3_exec(database, sql, NULL, NULL, &reason) == SQLITE_OK, "%s", reason);
    ck_assert_int_eq(sqlite3_close(database), SQLITE_OK);
}

int64_t number(const char *sql) {
    sqlite3 *database = NULL;
    sqlite3_stmt *statement = NULL;
    int64_t answer;

    ck_assert_int_eq(sqlite3_open_v2(path, &database, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
    ck_assert_int_eq(sqlite3_prepare_v2(database, sql, -1, &statement, NULL), SQLITE_OK);
    ck_assert_int_eq(sqlite3_step(statement), SQLITE_ROW);
    answer = sqlite3_column_int64(statement, 0);
    ck_assert_int_eq(sqlite3_finalize(statement), SQLITE_OK);
    ck_assert_int_eq(sqlite3_close(database), SQLITE_OK);
    return answer;
}

off_t size_of(const char *name) {
    struct stat about;

    return stat(name, &about) == 0 ? about.st_size : -1;
}

static bool list_text(struct listing *listing, struct text text) {
    size_t length = strlen(listing->text);

    (void)snprintf(listing->text + length, sizeof listing->text - length, "%s%.*s", length > 0 ? "," : "", (int)text.length, text.at);
    return ++listing->count != listing->stop_after;
}

bool list_event(void *context, const struct journal_event *event) {
    return list_text(context, event->bytes);
}

bool list_alert(void *context, const struct journal_alert *alert) {
    return list_text(context, alert->body);
}

bool list_record(void *context, const struct journal_record *record) {
    return list_text(context, record->body);
}

void fill(struct journal *journal, int turns, int events) {
    char bytes[347];

    memset(bytes, 'e', sizeof bytes);
    for (int turn = 0; turn < turns; turn++) {
        journal_begin(journal, NOON + turn);
        for (int i = 0; i < events; i++)
            journal_append_event(journal, (struct text){bytes, sizeof bytes}, TEXT_ABSENT, journal_last_seq(journal));
        commit(journal);
        ck_assert_int_eq(journal_tidy(journal), JOURNAL_OK);
    }
}
