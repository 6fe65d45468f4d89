/* The journal: turns, what they append, and reading it back. */
#include "daemon/journal/journal_internal.h"

#include "daemon/core/memory.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DEFAULT_CACHE_BYTES ((size_t)64 << 20)
#define READER_CACHE_BYTES ((size_t)4 << 20) /* who reads the past keeps events in a smaller form */

/* Pages of 16 KiB in the write-ahead file at which journal_tidy moves them, and at which a commit does so itself. */
#define CHECKPOINT_PAGES 128
#define CHECKPOINT_PAGES_FORCED 512

/* A value of the table `meta`, of exactly `length` bytes. */
static enum journal_status read_meta(struct store *store, const char *name, char *value, int length) {
    sqlite3_stmt *statement = NULL;
    int code = sqlite3_prepare_v2(store->database, "SELECT value FROM meta WHERE name = ?1", -1, &statement, NULL);
    char doing[64];
    enum journal_status status;

    (void)snprintf(doing, sizeof doing, "reading the %s", name);
    if (code == SQLITE_OK)
        code = sqlite3_bind_text(statement, 1, name, -1, SQLITE_STATIC);
    if (code == SQLITE_OK)
        code = sqlite3_step(statement);
    status = store_status(store, code, doing);
    if (code == SQLITE_ROW && sqlite3_column_bytes(statement, 0) == length)
        memcpy(value, sqlite3_column_text(statement, 0), (size_t)length);
    else if (status == JOURNAL_OK)
        status = store_status(store, SQLITE_CORRUPT, doing);
    (void)sqlite3_finalize(statement);
    return status;
}

enum journal_status journal_first_head(struct store *store, struct chain_digest *head) {
    char text[CHAIN_TEXT_SIZE];
    enum journal_status status = read_meta(store, "chain", text, CHAIN_TEXT_SIZE - 1);

    if (status == JOURNAL_OK && !chain_digest_parse((struct text){text, CHAIN_TEXT_SIZE - 1}, head))
        status = store_status(store, SQLITE_CORRUPT, "reading the chain");
    return status;
}

bool journal_row_segment(sqlite3_stmt *statement, struct segment *segment) {
    int64_t first_seq = sqlite3_column_int64(statement, 0);
    int64_t count = sqlite3_column_int64(statement, 1);

    if (first_seq <= 0 || count <= 0 || count > UINT32_MAX)
        return false;
    segment->first_seq = (uint64_t)first_seq;
    segment->count = (uint32_t)count;
    segment->received = sqlite3_column_int64(statement, 2);
    segment->body = sqlite3_column_blob(statement, 3);
    segment->size = (size_t)sqlite3_column_bytes(statement, 3);
    return segment->body != NULL;
}

struct seal journal_row_seal(sqlite3_stmt *statement, const struct segment *segment) {
    const unsigned char *bytes = sqlite3_column_blob(statement, 4);

    return (struct seal){segment->first_seq, segment->count, bytes, (size_t)sqlite3_column_bytes(statement, 4)};
}

/* False when the segment is damaged. */
static bool row_segment(sqlite3_stmt *statement, struct segment *segment) {
    return journal_row_segment(statement, segment) && segment_is_whole(segment);
}

enum journal_status journal_damaged(struct journal *journal, const char *what, uint64_t number) {
    (void)snprintf(journal->store.message, sizeof journal->store.message, "the journal is damaged: %s %llu", what,
                   (unsigned long long)number);
    return JOURNAL_CORRUPT;
}

static enum journal_status read_last_segment(struct journal *journal) {
    sqlite3_stmt *statement = store_prepared(&journal->store, STORE_READ_LAST_SEGMENT);
    struct segment segment;
    enum journal_status status;
    int code = sqlite3_step(statement);

    status = store_status(&journal->store, code, "reading the last events");
    if (code == SQLITE_ROW && row_segment(statement, &segment)) {
        struct seal seal = journal_row_seal(statement, &segment);
        journal->now.last_seq = segment.first_seq + segment.count - 1;
        journal->now.last_received = segment.received;
        if (seal_is_whole(&seal))
            seal_head(&seal, &journal->now.head);
        else
            status = journal_damaged(journal, "the seal of segment", segment.first_seq);
    } else if (code == SQLITE_ROW) {
        status = journal_damaged(journal, "segment", (uint64_t)sqlite3_column_int64(statement, 0));
    }
    (void)sqlite3_reset(statement);
    return status;
}

/* The newest link of the chain; its head is the chain's unless an event came after it. */
static enum journal_status read_last_link(struct journal *journal) {
    sqlite3_stmt *statement = store_prepared(&journal->store, STORE_READ_LAST_LINK);
    int code = sqlite3_step(statement);
    enum journal_status status = store_status(&journal->store, code, "reading the chain");

    if (code == SQLITE_ROW) {
        journal->now.last_place = (uint64_t)sqlite3_column_int64(statement, 0);
        if (sqlite3_column_bytes(statement, 2) != CHAIN_DIGEST_SIZE)
            status = journal_damaged(journal, "link", journal->now.last_place);
        else if ((uint64_t)sqlite3_column_int64(statement, 1) >= journal->now.last_seq)
            memcpy(journal->now.head.bytes, sqlite3_column_blob(statement, 2), CHAIN_DIGEST_SIZE);
    }
    (void)sqlite3_reset(statement);
    return status;
}

static enum journal_status read_state(struct journal *journal) {
    int64_t last_alert_seq = 0, first_report_day = DAY_NONE, last_report_day = DAY_NONE;
    enum journal_status status = read_meta(&journal->store, "epoch", journal->epoch, EPOCH_LENGTH);

    journal->now.last_received = INSTANT_NONE;
    if (status == JOURNAL_OK)
        status = journal_first_head(&journal->store, &journal->now.head);
    if (status == JOURNAL_OK)
        status = read_last_segment(journal);
    if (status == JOURNAL_OK)
        status = read_last_link(journal);
    if (status == JOURNAL_OK)
        status = store_number(&journal->store, "SELECT coalesce(max(alert_seq), 0) FROM alert", &last_alert_seq);
    if (status == JOURNAL_OK)
        status = journal_read_figures(journal);
    if (status == JOURNAL_OK)
        status = store_number(&journal->store, "SELECT day FROM report ORDER BY day LIMIT 1", &first_report_day);
    if (status == JOURNAL_OK)
        status = store_number(&journal->store, "SELECT day FROM report ORDER BY day DESC LIMIT 1", &last_report_day);
    journal->now.last_alert_seq = (uint64_t)last_alert_seq;
    journal->now.first_report_day = (day_t)first_report_day;
    journal->now.last_report_day = (day_t)last_report_day;
    journal->committed = journal->now;
    return status;
}

enum journal_status journal_open(const char *path, struct journal **journal, char message[256]) {
    return journal_open_with(path, &(struct journal_options){0}, journal, message);
}

static enum journal_status make_chain(struct store *store, void *context) {
    return upgrade_make_chain(store, context);
}

enum journal_status journal_open_with(const char *path, const struct journal_options *options, struct journal **journal,
                                      char message[256]) {
    struct journal *opened = memory_new(1, sizeof *opened);
    struct journal_options copy = *options;
    enum journal_status status = journal_expect(opened, path);

    opened->store.make_chain = make_chain;
    opened->store.context = &copy;
    opened->store.lock = -1;
    if (status == JOURNAL_OK)
        status = store_open(&opened->store, path);
    opened->store.context = NULL;
    opened->scrub_due = opened->scrub_waited = opened->store.holds_old; /* of an earlier run, which may have redacted */
    opened->chain = chain_create();
    opened->linker = linker_create();
    opened->packer = packer_create();
    opened->cache = cache_create(options->cache_bytes != 0 ? options->cache_bytes : DEFAULT_CACHE_BYTES);
    if (status == JOURNAL_OK)
        status = read_state(opened);
    if (status == JOURNAL_OK)
        status = journal_compare(opened, path);
    message[0] = '\0';
    if (status != JOURNAL_OK) {
        memcpy(message, opened->store.message, STORE_MESSAGE_SIZE);
        journal_close(&opened);
    }
    *journal = opened;
    return status;
}

void journal_limit_cache(struct journal *journal, size_t cache_bytes) {
    ENSURE(journal->reading == 0);
    cache_limit(journal->cache, cache_bytes);
}

enum journal_status journal_open_reader(const char *path, struct journal **journal, char message[256]) {
    struct journal *opened = memory_new(1, sizeof *opened);
    enum journal_status status = store_open_reader(&opened->store, path);

    opened->is_reader = true;
    opened->packer = packer_create();
    opened->cache = cache_create(READER_CACHE_BYTES);
    if (status == JOURNAL_OK)
        status = read_state(opened);
    message[0] = '\0';
    if (status != JOURNAL_OK) {
        memcpy(message, opened->store.message, STORE_MESSAGE_SIZE);
        journal_close(&opened);
    }
    *journal = opened;
    return status;
}

enum journal_status journal_refresh(struct journal *journal) {
    ENSURE(journal->is_reader && journal->reading == 0);
    return read_state(journal);
}

void journal_close(struct journal **journal) {
    if (*journal == NULL)
        return;
    ENSURE((*journal)->reading == 0);
    packer_destroy(&(*journal)->packer);
    cache_destroy(&(*journal)->cache);
    linker_destroy(&(*journal)->linker);
    chain_destroy(&(*journal)->chain);
    highwater_close(&(*journal)->highwater);
    store_close(&(*journal)->store);
    free((*journal)->copy);
    free(*journal);
    *journal = NULL;
}

const char *journal_failure(const struct journal *journal) {
    return journal->store.message;
}

const char *journal_epoch(const struct journal *journal) {
    return journal->epoch;
}

uint64_t journal_last_seq(const struct journal *journal) {
    return journal->now.last_seq;
}

uint64_t journal_last_alert_seq(const struct journal *journal) {
    return journal->now.last_alert_seq;
}

instant_t journal_last_received(const struct journal *journal) {
    return journal->now.last_received;
}

day_t journal_first_report_day(const struct journal *journal) {
    return journal->now.first_report_day;
}

day_t journal_last_report_day(const struct journal *journal) {
    return journal->now.last_report_day;
}

const struct chain_digest *journal_chain(const struct journal *journal) {
    return journal->turn_open ? linker_head(journal->linker) : &journal->now.head;
}

void journal_begin(struct journal *journal, instant_t now) {
    ENSURE(!journal->is_reader && !journal->turn_open);
    journal->turn_open = true;
    journal->turn_status = JOURNAL_OK;
    journal->turn_received = now > journal->now.last_received ? now : journal->now.last_received;
    journal->committed = journal->now;
    packer_begin(journal->packer, journal->now.last_seq + 1, journal->turn_received, journal->now.room);
    linker_begin(journal->linker, &journal->now.head);
}

void journal_note(struct journal *journal, enum journal_status status) {
    if (journal->turn_status == JOURNAL_OK)
        journal->turn_status = status;
}

bool journal_ready_to_write(struct journal *journal) {
    ENSURE(journal->turn_open);
    if (journal->turn_status == JOURNAL_OK && !journal->in_transaction) {
        journal_note(journal, store_run(&journal->store, "BEGIN IMMEDIATE", "beginning a turn"));
        journal->in_transaction = journal->turn_status == JOURNAL_OK;
    }
    return journal->turn_status == JOURNAL_OK;
}

static void take_salt(struct journal *journal, struct chain_salt *salt) {
    if (journal->salts_left == 0) {
        randombytes_buf(journal->salts, sizeof journal->salts);
        journal->salts_left = JOURNAL_SALTS;
    }
    *salt = journal->salts[--journal->salts_left];
    journal->salts[journal->salts_left] = (struct chain_salt){{0}}; /* it stays in the file alone, where it can be erased */
}

uint64_t journal_append_event(struct journal *journal, struct text bytes, struct text kept, uint64_t previous_seq) {
    struct chain_event event = {.seq = journal->now.last_seq + 1, .previous_seq = previous_seq, .kept = kept};
    struct chain_salt salt;

    ENSURE(journal->turn_open);
    event.received = journal->turn_received;
    take_salt(journal, &salt);
    linker_add_event(journal->linker, &event, &salt, bytes);
    packer_add(journal->packer, bytes, previous_seq, &salt);
    journal->now.last_received = journal->turn_received;
    return ++journal->now.last_seq;
}

/* Chains what was just written. */
static void add_link(struct journal *journal, const struct chain_act *act) {
    if (journal->turn_status != JOURNAL_OK)
        return;
    const struct chain_digest *head = linker_add_act(journal->linker, act);
    journal_note(journal, journal_insert_link(&journal->store, store_prepared(&journal->store, STORE_INSERT_LINK),
                                              ++journal->now.last_place, act, head));
}

void journal_append_alert(struct journal *journal, uint64_t alert_seq, uint64_t previous_alert_seq, struct text body) {
    sqlite3_stmt *statement = store_prepared(&journal->store, STORE_INSERT_ALERT);
    struct chain_act act = {.what = CHAIN_ALERT,
                            .key = (int64_t)alert_seq,
                            .after_seq = journal->now.last_seq,
                            .numbers = {(int64_t)previous_alert_seq},
                            .body = body};

    ENSURE(alert_seq == journal->now.last_alert_seq + 1 && previous_alert_seq < alert_seq && body.at != NULL);
    journal->now.last_alert_seq = alert_seq;
    if (!journal_ready_to_write(journal))
        return;
    bind_number(statement, 1, (int64_t)alert_seq);
    bind_number(statement, 2, (int64_t)previous_alert_seq);
    bind_number(statement, 3, (int64_t)journal->now.last_seq);
    bind_text(statement, 4, body);
    journal_note(journal, store_finish(&journal->store, statement, "writing an alert"));
    add_link(journal, &act);
}

void journal_append_record(struct journal *journal, const char *kind, struct text body) {
    sqlite3_stmt *statement = store_prepared(&journal->store, STORE_INSERT_RECORD);
    struct chain_act act = {
        .what = CHAIN_RECORD, .after_seq = journal->now.last_seq, .numbers = {journal->turn_received}, .kind = text_of(kind), .body = body};

    ENSURE(body.at != NULL);
    if (!journal_ready_to_write(journal))
        return;
    bind_number(statement, 1, (int64_t)journal->now.last_seq);
    bind_number(statement, 2, journal->turn_received);
    bind_text(statement, 3, act.kind);
    bind_text(statement, 4, body);
    journal_note(journal, store_finish(&journal->store, statement, "writing a record"));
    act.key = sqlite3_last_insert_rowid(journal->store.database);
    add_link(journal, &act);
}

void journal_append_report(struct journal *journal, const struct journal_report *report) {
    sqlite3_stmt *statement = store_prepared(&journal->store, STORE_INSERT_REPORT);
    struct chain_act act = {.what = CHAIN_REPORT,
                            .key = report->day,
                            .after_seq = journal->now.last_seq,
                            .numbers = {journal->turn_received, report->reconstructed ? 1 : 0, report->rule_version},
                            .body = report->body};

    ENSURE(report->day > journal->now.last_report_day && report->body.at != NULL);
    if (journal->now.last_report_day == DAY_NONE)
        journal->now.first_report_day = report->day;
    journal->now.last_report_day = report->day;
    if (!journal_ready_to_write(journal))
        return;
    bind_number(statement, 1, report->day);
    bind_number(statement, 2, (int64_t)journal->now.last_seq);
    bind_number(statement, 3, journal->turn_received);
    bind_number(statement, 4, act.numbers[1]);
    bind_number(statement, 5, act.numbers[2]);
    bind_text(statement, 6, report->body);
    journal_note(journal, store_finish(&journal->store, statement, "writing a reported position"));
    add_link(journal, &act);
}

static void write_segments(struct journal *journal) {
    sqlite3_stmt *statement = store_prepared(&journal->store, STORE_INSERT_SEGMENT);

    for (uint32_t i = 0; i < packer_segment_count(journal->packer) && journal->turn_status == JOURNAL_OK; i++) {
        struct segment segment = packer_segment(journal->packer, i);
        bind_number(statement, 1, (int64_t)segment.first_seq);
        bind_number(statement, 2, segment.count);
        bind_number(statement, 3, segment.received);
        bind_blob(statement, 4, segment.body, segment.size);
        struct seal seal = packer_seal(journal->packer, i);
        bind_blob(statement, 5, seal.bytes, seal.size);
        journal_note(journal, store_finish(&journal->store, statement, "writing events"));
    }
}

/* Ends the turn as if it had never begun. A rollback that fails leaves nothing stored either, but the connection is of no more use. */
static enum journal_status undo(struct journal *journal) {
    enum journal_status status = JOURNAL_OK;

    if (journal->in_transaction && sqlite3_get_autocommit(journal->store.database) == 0)
        status = store_run(&journal->store, "ROLLBACK", "rolling a turn back");
    journal->in_transaction = false;
    journal->turn_open = false;
    if (journal->redacts)
        cache_forget(journal->cache);
    journal->redacts = false;
    journal->now = journal->committed;
    packer_begin(journal->packer, journal->now.last_seq + 1, journal->now.last_received, journal->now.room);
    return status;
}

enum journal_status journal_commit(struct journal *journal) {
    enum journal_status status;

    ENSURE(journal->turn_open && journal->reading == 0);
    journal->now.head = *linker_head(journal->linker);
    packer_finish(journal->packer, journal->linker);
    if (packer_segment_count(journal->packer) > 0 && journal_ready_to_write(journal))
        write_segments(journal);
    if (journal->in_transaction && journal->turn_status == JOURNAL_OK)
        journal_note(journal, store_run(&journal->store, "COMMIT", "committing a turn"));
    if (journal->turn_status != JOURNAL_OK) {
        status = journal->turn_status;
        return undo(journal) == JOURNAL_OK ? status : JOURNAL_FAILED;
    }
    journal->in_transaction = false;
    journal->turn_open = false;
    journal->scrub_due = journal->scrub_due || journal->redacts;
    journal->redacts = false;
    journal->now.room = packer_room(journal->packer);
    for (uint32_t i = 0; i < packer_segment_count(journal->packer); i++) {
        struct segment segment = packer_segment(journal->packer, i);
        cache_pass(journal->cache, &segment);
    }
    packer_begin(journal->packer, journal->now.last_seq + 1, journal->now.last_received, journal->now.room);
    status = journal_reached(journal);
    return status == JOURNAL_OK && journal->store.wal_pages >= CHECKPOINT_PAGES_FORCED ? store_checkpoint(&journal->store) : status;
}

void journal_rollback(struct journal *journal) {
    ENSURE(journal->turn_open && journal->reading == 0);
    ENSURE(undo(journal) == JOURNAL_OK);
}

enum journal_status journal_tidy(struct journal *journal) {
    ENSURE(!journal->is_reader && !journal->turn_open && journal->reading == 0);
    if (!highwater_tidy(journal->highwater))
        return journal_highwater_failed(journal);
    if (journal->scrub_due) {
        bool emptied = false;
        enum journal_status status = store_empty_write_ahead(&journal->store, !journal->scrub_waited, &emptied);
        journal->scrub_due = !emptied;
        journal->scrub_waited = !emptied; /* a backup reads for long: it is waited for once, and not in every turn */
        return status;
    }
    return journal->store.wal_pages >= CHECKPOINT_PAGES ? store_checkpoint(&journal->store) : JOURNAL_OK;
}

bool journal_is_scrubbed(const struct journal *journal) {
    return !journal->scrub_due;
}

uint32_t journal_limit_pages(struct journal *journal, uint32_t pages) {
    const uint32_t largest = 1073741823; /* SQLite's own limit */
    char sql[64];
    int64_t in_force = 0;

    (void)snprintf(sql, sizeof sql, "PRAGMA max_page_count = %u", pages == 0 || pages > largest ? largest : pages);
    (void)store_number(&journal->store, sql, &in_force);
    return in_force >= largest ? 0 : (uint32_t)in_force;
}

/* Reads the block of events around `seq` into the cache. */
static enum journal_status load_block(struct journal *journal, uint64_t seq) {
    sqlite3_stmt *statement = store_prepared(&journal->store, STORE_READ_SEGMENTS);
    uint64_t first_seq, last_seq;
    struct segment segment;
    enum journal_status status = JOURNAL_OK;
    int code;

    cache_block_of(seq, &first_seq, &last_seq);
    bind_number(statement, 1, (int64_t)first_seq);
    bind_number(statement, 2, (int64_t)last_seq);
    cache_load_begin(journal->cache, seq);
    while (status == JOURNAL_OK && (code = sqlite3_step(statement)) != SQLITE_DONE) {
        status = store_status(&journal->store, code, "reading events");
        if (status == JOURNAL_OK && !row_segment(statement, &segment))
            status = journal_damaged(journal, "segment", (uint64_t)sqlite3_column_int64(statement, 0));
        if (status == JOURNAL_OK)
            cache_load_segment(journal->cache, &segment);
    }
    (void)sqlite3_reset(statement);
    cache_load_end(journal->cache);
    return status;
}

/* The last seq of the segment that holds `seq`, and when it was received. */
static enum journal_status read_received(struct journal *journal, uint64_t seq, uint64_t *last_seq, instant_t *received) {
    sqlite3_stmt *statement = store_prepared(&journal->store, STORE_READ_RECEIVED);
    enum journal_status status;
    int code;

    bind_number(statement, 1, (int64_t)seq);
    code = sqlite3_step(statement);
    status = store_status(&journal->store, code, "reading when events were received");
    if (code == SQLITE_ROW) {
        *last_seq = (uint64_t)(sqlite3_column_int64(statement, 0) + sqlite3_column_int64(statement, 1) - 1);
        *received = sqlite3_column_int64(statement, 2);
    }
    if (status == JOURNAL_OK && (code != SQLITE_ROW || *last_seq < seq))
        status = journal_damaged(journal, "there is no event", seq);
    (void)sqlite3_reset(statement);
    return status;
}

enum journal_status journal_seq_at(struct journal *journal, instant_t instant, uint64_t *seq) {
    uint64_t low = 0;                                                                               /* received by then */
    uint64_t high = (journal->turn_open ? journal->committed.last_seq : journal->now.last_seq) + 1; /* not received by then */
    enum journal_status status = JOURNAL_OK;

    while (status == JOURNAL_OK && high - low > 1) {
        uint64_t middle = low + (high - low) / 2, last_seq = 0;
        instant_t received = INSTANT_NONE;
        status = read_received(journal, middle, &last_seq, &received);
        if (status == JOURNAL_OK && received <= instant)
            low = last_seq < high ? last_seq : high - 1;
        else
            high = middle;
    }
    *seq = low;
    return status;
}

enum journal_status journal_read_event(struct journal *journal, uint64_t seq, struct journal_event *event) {
    uint64_t stored = journal->turn_open ? journal->committed.last_seq : journal->now.last_seq;
    enum journal_status status;

    if (seq == 0 || seq > journal->now.last_seq)
        return JOURNAL_NOT_FOUND;
    if (seq > stored) {
        uint32_t index = (uint32_t)(seq - stored - 1);
        *event = (struct journal_event){seq, packer_previous_seq(journal->packer, index), journal->turn_received,
                                        packer_bytes(journal->packer, index), false};
        return JOURNAL_OK;
    }
    if (cache_find(journal->cache, seq, event))
        return JOURNAL_OK;
    status = load_block(journal, seq);
    if (status == JOURNAL_OK && !cache_find(journal->cache, seq, event))
        status = journal_damaged(journal, "there is no event", seq);
    return status;
}

/* Hands the segment's events from `from_seq` on to `each`; false when that wanted no more. */
static bool each_of_segment(const struct segment *segment, uint64_t from_seq,
                            bool (*each)(void *context, const struct journal_event *event), void *context) {
    uint32_t first = from_seq > segment->first_seq ? (uint32_t)(from_seq - segment->first_seq) : 0;

    for (uint32_t i = first; i < segment->count; i++) {
        struct segment_entry entry = segment_entry(segment, i);
        uint64_t seq = segment->first_seq + i;
        struct journal_event event = {seq,
                                      entry.distance == 0 ? 0 : seq - entry.distance,
                                      segment->received,
                                      {(const char *)segment->body + entry.start, entry.end - entry.start},
                                      entry.redacted};
        if (!each(context, &event))
            return false;
    }
    return true;
}

enum journal_status journal_each_event(struct journal *journal, uint64_t from_seq,
                                       bool (*each)(void *context, const struct journal_event *event), void *context) {
    uint64_t stored = journal->turn_open ? journal->committed.last_seq : journal->now.last_seq;
    uint64_t expected = 0; /* of the next segment; 0: any up to from_seq */
    sqlite3_stmt *statement = NULL;
    struct segment segment;
    enum journal_status status;
    bool more = true;
    int code;

    from_seq = from_seq == 0 ? 1 : from_seq;
    if (from_seq > stored)
        return JOURNAL_OK;
    /* A statement of its own, because `each` may read events. */
    status =
        store_status(&journal->store, sqlite3_prepare_v2(journal->store.database, store_sql(STORE_READ_SEGMENTS), -1, &statement, NULL),
                     "reading events");
    if (status != JOURNAL_OK)
        return status;
    bind_number(statement, 1, (int64_t)from_seq);
    bind_number(statement, 2, (int64_t)stored);
    journal->reading++;
    while (status == JOURNAL_OK && more && (code = sqlite3_step(statement)) != SQLITE_DONE) {
        status = store_status(&journal->store, code, "reading events");
        if (status != JOURNAL_OK)
            break;
        if (!row_segment(statement, &segment) || (expected == 0 ? segment.first_seq > from_seq : segment.first_seq != expected)) {
            status = journal_damaged(journal, "segment", (uint64_t)sqlite3_column_int64(statement, 0));
            break;
        }
        expected = segment.first_seq + segment.count;
        cache_pass(journal->cache, &segment);
        more = each_of_segment(&segment, from_seq, each, context);
    }
    if (status == JOURNAL_OK && more && expected != stored + 1)
        status = journal_damaged(journal, "the events end before", stored);
    journal->reading--;
    (void)sqlite3_finalize(statement);
    return status;
}

struct text journal_copy_text(struct journal *journal, size_t at, sqlite3_stmt *statement, int column) {
    const unsigned char *text = sqlite3_column_text(statement, column);
    size_t length = (size_t)sqlite3_column_bytes(statement, column);

    if (length > 0)
        memcpy(journal->copy + at, text, length);
    return (struct text){journal->copy + at, (uint32_t)length};
}

void journal_reserve_copy(struct journal *journal, int bytes) {
    void *copy = journal->copy;

    memory_reserve(&copy, &journal->copy_capacity, (size_t)bytes + 1, 1);
    journal->copy = copy;
}

enum journal_status journal_read_alert(struct journal *journal, uint64_t alert_seq, struct journal_alert *alert) {
    sqlite3_stmt *statement = store_prepared(&journal->store, STORE_READ_ALERT);
    enum journal_status status;
    int code;

    if (alert_seq == 0 || alert_seq > journal->now.last_alert_seq)
        return JOURNAL_NOT_FOUND;
    bind_number(statement, 1, (int64_t)alert_seq);
    code = sqlite3_step(statement);
    status = store_status(&journal->store, code, "reading an alert");
    if (code == SQLITE_ROW) {
        journal_reserve_copy(journal, sqlite3_column_bytes(statement, 1));
        alert->alert_seq = alert_seq;
        alert->previous_alert_seq = (uint64_t)sqlite3_column_int64(statement, 0);
        alert->after_seq = (uint64_t)sqlite3_column_int64(statement, 2);
        alert->body = journal_copy_text(journal, 0, statement, 1);
    } else if (status == JOURNAL_OK) {
        status = journal_damaged(journal, "there is no alert", alert_seq);
    }
    (void)sqlite3_reset(statement);
    return status;
}

enum journal_status journal_each_alert(struct journal *journal, uint64_t after_alert_seq,
                                       bool (*each)(void *context, const struct journal_alert *alert), void *context) {
    static const char sql[] = "SELECT alert_seq, previous_alert_seq, body, after_seq FROM alert WHERE alert_seq > ?1 ORDER BY alert_seq";
    sqlite3_stmt *statement = NULL;
    enum journal_status status =
        store_status(&journal->store, sqlite3_prepare_v2(journal->store.database, sql, -1, &statement, NULL), "reading alerts");
    uint64_t expected = after_alert_seq + 1;
    bool more = true;
    int code;

    if (status != JOURNAL_OK || after_alert_seq >= journal->now.last_alert_seq) {
        (void)sqlite3_finalize(statement);
        return status;
    }
    bind_number(statement, 1, (int64_t)after_alert_seq);
    journal->reading++;
    while (status == JOURNAL_OK && more && (code = sqlite3_step(statement)) != SQLITE_DONE) {
        status = store_status(&journal->store, code, "reading alerts");
        if (status == JOURNAL_OK && sqlite3_column_int64(statement, 0) != (int64_t)expected)
            status = journal_damaged(journal, "there is no alert", expected);
        if (status == JOURNAL_OK) {
            struct journal_alert alert = {expected++, (uint64_t)sqlite3_column_int64(statement, 1),
                                          (uint64_t)sqlite3_column_int64(statement, 3), row_text(statement, 2)};
            more = each(context, &alert);
        }
    }
    journal->reading--;
    (void)sqlite3_finalize(statement);
    return status;
}

static struct journal_record row_record(sqlite3_stmt *statement) {
    return (struct journal_record){(uint64_t)sqlite3_column_int64(statement, 0), (uint64_t)sqlite3_column_int64(statement, 1),
                                   sqlite3_column_int64(statement, 2), row_text(statement, 3), row_text(statement, 4)};
}

/* Hands on the records that the statement finds, and ends it. */
static enum journal_status each_record(struct journal *journal, sqlite3_stmt *statement,
                                       bool (*each)(void *context, const struct journal_record *record), void *context) {
    enum journal_status status = JOURNAL_OK;
    bool more = true;
    int code;

    journal->reading++;
    while (status == JOURNAL_OK && more && (code = sqlite3_step(statement)) != SQLITE_DONE) {
        status = store_status(&journal->store, code, "reading records");
        if (status == JOURNAL_OK) {
            struct journal_record record = row_record(statement);
            more = each(context, &record);
        }
    }
    journal->reading--;
    (void)sqlite3_finalize(statement);
    return status;
}

enum journal_status journal_each_record(struct journal *journal, const char *kind,
                                        bool (*each)(void *context, const struct journal_record *record), void *context) {
    static const char sql[] = "SELECT record_id, after_seq, at, kind, body FROM record WHERE kind = ?1 ORDER BY record_id";
    sqlite3_stmt *statement = NULL;
    enum journal_status status =
        store_status(&journal->store, sqlite3_prepare_v2(journal->store.database, sql, -1, &statement, NULL), "reading records");

    if (status != JOURNAL_OK)
        return status;
    bind_text(statement, 1, (struct text){kind, (uint32_t)strlen(kind)});
    return each_record(journal, statement, each, context);
}

enum journal_status journal_each_quarantine_act(struct journal *journal, uint64_t id,
                                                bool (*each)(void *context, const struct journal_record *record), void *context) {
    sqlite3_stmt *statement = NULL;
    char begin[40]; /* of the records' JSON, as the index has it */
    enum journal_status status =
        store_status(&journal->store, sqlite3_prepare_v2(journal->store.database, store_sql(STORE_QUARANTINE_ACTS), -1, &statement, NULL),
                     "reading records");

    if (status != JOURNAL_OK)
        return status;
    (void)snprintf(begin, sizeof begin, "{\"id\":%llu,", (unsigned long long)id);
    bind_text(statement, 1, text_of(begin));
    return each_record(journal, statement, each, context);
}

enum journal_status journal_last_record(struct journal *journal, const char *kind, struct journal_record *record) {
    sqlite3_stmt *statement = store_prepared(&journal->store, STORE_LAST_RECORD);
    enum journal_status status;
    int code;

    bind_text(statement, 1, (struct text){kind, (uint32_t)strlen(kind)});
    code = sqlite3_step(statement);
    status = code == SQLITE_DONE ? JOURNAL_NOT_FOUND : store_status(&journal->store, code, "reading a record");
    if (code == SQLITE_ROW) {
        journal_reserve_copy(journal, sqlite3_column_bytes(statement, 3) + sqlite3_column_bytes(statement, 4));
        *record = row_record(statement);
        record->kind = journal_copy_text(journal, 0, statement, 3);
        record->body = journal_copy_text(journal, record->kind.length, statement, 4);
    }
    (void)sqlite3_reset(statement);
    return status;
}

static struct journal_report row_report(sqlite3_stmt *statement) {
    return (struct journal_report){
        .day = (day_t)sqlite3_column_int64(statement, 0),
        .after_seq = (uint64_t)sqlite3_column_int64(statement, 1),
        .at = sqlite3_column_int64(statement, 2),
        .reconstructed = sqlite3_column_int64(statement, 3) != 0,
        .rule_version = (uint32_t)sqlite3_column_int64(statement, 4),
        .body = row_text(statement, 5),
    };
}

enum journal_status journal_read_report(struct journal *journal, day_t day, struct journal_report *report) {
    sqlite3_stmt *statement = store_prepared(&journal->store, STORE_READ_REPORT);
    enum journal_status status;
    int code;

    bind_number(statement, 1, day);
    bind_number(statement, 2, day);
    code = sqlite3_step(statement);
    status = code == SQLITE_DONE ? JOURNAL_NOT_FOUND : store_status(&journal->store, code, "reading a reported position");
    if (code == SQLITE_ROW) {
        journal_reserve_copy(journal, sqlite3_column_bytes(statement, 5));
        *report = row_report(statement);
        report->body = journal_copy_text(journal, 0, statement, 5);
    }
    (void)sqlite3_reset(statement);
    return status;
}

enum journal_status journal_each_report(struct journal *journal, day_t from, day_t to,
                                        bool (*each)(void *context, const struct journal_report *report), void *context) {
    sqlite3_stmt *statement = NULL;
    enum journal_status status =
        store_status(&journal->store, sqlite3_prepare_v2(journal->store.database, store_sql(STORE_READ_REPORT), -1, &statement, NULL),
                     "reading reported positions");
    bool more = true;
    int code;

    if (status != JOURNAL_OK)
        return status;
    bind_number(statement, 1, from);
    bind_number(statement, 2, to);
    journal->reading++;
    while (status == JOURNAL_OK && more && (code = sqlite3_step(statement)) != SQLITE_DONE) {
        status = store_status(&journal->store, code, "reading reported positions");
        if (status == JOURNAL_OK) {
            struct journal_report report = row_report(statement);
            more = each(context, &report);
        }
    }
    journal->reading--;
    (void)sqlite3_finalize(statement);
    return status;
}
