/* Brings the chain to a journal from before version 3: seals for its segments, and links for all else, in the order of their after_seq. */
#include "daemon/journal/journal_internal.h"

#include "daemon/core/memory.h"
#include "daemon/journal/kept.h"

#include <sodium.h>
#include <stdlib.h>

enum { PROGRESS_EVERY = 65536 };

struct upgrade {
    struct store *store;
    const struct journal_options *options;
    struct chain *chain;
    struct chain_digest head;
    struct act_reader reader;
    sqlite3_stmt *segments;
    sqlite3_stmt *acts;
    sqlite3_stmt *insert_seal;
    sqlite3_stmt *insert_link;
    struct chain_act next; /* not chained yet */
    bool has_next;
    uint64_t place;
    uint64_t last_seq;
    uint64_t total;
    unsigned char *seal;
    size_t seal_capacity;
};

static enum journal_status prepare(struct upgrade *upgrade, const char *sql, sqlite3_stmt **statement) {
    return store_status(upgrade->store, sqlite3_prepare_v2(upgrade->store->database, sql, -1, statement, NULL), "making the chain");
}

static enum journal_status prepare_all(struct upgrade *upgrade) {
    int64_t total = 0;
    enum journal_status status = journal_first_head(upgrade->store, &upgrade->head);

    if (status == JOURNAL_OK)
        status = act_reader_open(&upgrade->reader, upgrade->store);
    if (status == JOURNAL_OK)
        status = prepare(upgrade, "SELECT first_seq, count, received, body FROM segment ORDER BY first_seq", &upgrade->segments);
    if (status == JOURNAL_OK)
        status = prepare(upgrade,
                         "SELECT 1 AS what, alert_seq AS key, after_seq FROM alert"
                         " UNION ALL SELECT 2, record_id, after_seq FROM record"
                         " UNION ALL SELECT 3, day, after_seq FROM report ORDER BY after_seq, what, key",
                         &upgrade->acts);
    if (status == JOURNAL_OK)
        status = prepare(upgrade, "INSERT INTO old_seal (first_seq, seal) VALUES (?1, ?2)", &upgrade->insert_seal);
    if (status == JOURNAL_OK)
        status = prepare(upgrade, store_sql(STORE_INSERT_LINK), &upgrade->insert_link);
    if (status == JOURNAL_OK)
        status = store_number(upgrade->store,
                              "SELECT coalesce((SELECT first_seq + count - 1 FROM segment ORDER BY first_seq DESC LIMIT 1), 0)", &total);
    upgrade->total = (uint64_t)total;
    return status;
}

static enum journal_status take_next_act(struct upgrade *upgrade) {
    int code = sqlite3_step(upgrade->acts);

    upgrade->has_next = code == SQLITE_ROW;
    if (upgrade->has_next)
        upgrade->next = (struct chain_act){.what = (enum chain_kind)sqlite3_column_int(upgrade->acts, 0),
                                           .key = sqlite3_column_int64(upgrade->acts, 1),
                                           .after_seq = (uint64_t)sqlite3_column_int64(upgrade->acts, 2)};
    return store_status(upgrade->store, code, "making the chain");
}

/* Chains everything that was written before the event `seq`. */
static enum journal_status chain_acts_before(struct upgrade *upgrade, uint64_t seq) {
    enum journal_status status = JOURNAL_OK;

    while (status == JOURNAL_OK && upgrade->has_next && upgrade->next.after_seq < seq) {
        status = act_read(&upgrade->reader, &upgrade->next);
        if (status == JOURNAL_OK) {
            chain_add_act(upgrade->chain, &upgrade->head, &upgrade->next);
            status = journal_insert_link(upgrade->store, upgrade->insert_link, ++upgrade->place, &upgrade->next, &upgrade->head);
        }
        if (status == JOURNAL_OK)
            status = take_next_act(upgrade);
    }
    return status;
}

static enum journal_status damaged(struct upgrade *upgrade, uint64_t seq) {
    (void)snprintf(upgrade->store->message, sizeof upgrade->store->message,
                   "the journal is damaged: event %llu cannot be read, so its chain cannot be made", (unsigned long long)seq);
    return JOURNAL_CORRUPT;
}

static enum journal_status chain_event(struct upgrade *upgrade, const struct segment *segment, uint32_t index) {
    uint64_t seq = segment->first_seq + index;
    uint32_t distance = segment_entry(segment, index).distance;
    struct text bytes = segment_bytes(segment, index);
    struct chain_event event = {.seq = seq, .previous_seq = distance == 0 ? 0 : seq - distance, .received = segment->received};
    struct chain_salt salt;
    char kept[KEPT_SIZE];
    enum journal_status status = chain_acts_before(upgrade, seq);

    if (status != JOURNAL_OK)
        return status;
    if (!upgrade->options->kept(upgrade->options->context, bytes, kept, &event.kept))
        return damaged(upgrade, seq);
    randombytes_buf(salt.bytes, sizeof salt.bytes);
    chain_erasable(upgrade->chain, &salt, bytes, &event.erasable);
    chain_add_event(upgrade->chain, &upgrade->head, &event);
    seal_put_event(upgrade->seal, index, &salt, &upgrade->head);
    if (seq % PROGRESS_EVERY == 0 && upgrade->options->progress != NULL)
        upgrade->options->progress(upgrade->options->context, seq, upgrade->total);
    return JOURNAL_OK;
}

static enum journal_status chain_segment(struct upgrade *upgrade, const struct segment *segment) {
    size_t size = seal_size(segment->count, 0);
    void *seal = upgrade->seal;
    enum journal_status status = JOURNAL_OK;

    if (!segment_is_whole(segment) || segment->first_seq != upgrade->last_seq + 1)
        return damaged(upgrade, upgrade->last_seq + 1);
    memory_reserve(&seal, &upgrade->seal_capacity, size, 1);
    upgrade->seal = seal;
    for (uint32_t i = 0; i < segment->count && status == JOURNAL_OK; i++)
        status = chain_event(upgrade, segment, i);
    if (status != JOURNAL_OK)
        return status;
    upgrade->last_seq = segment->first_seq + segment->count - 1;
    seal_put_end(upgrade->seal, segment->first_seq, segment->count, &upgrade->head);
    (void)sqlite3_bind_int64(upgrade->insert_seal, 1, (int64_t)segment->first_seq);
    (void)sqlite3_bind_blob64(upgrade->insert_seal, 2, upgrade->seal, size, SQLITE_STATIC);
    return store_finish(upgrade->store, upgrade->insert_seal, "making the chain");
}

static enum journal_status chain_all(struct upgrade *upgrade) {
    struct segment segment;
    enum journal_status status = take_next_act(upgrade);
    int code = SQLITE_DONE;

    while (status == JOURNAL_OK && (code = sqlite3_step(upgrade->segments)) == SQLITE_ROW)
        status =
            journal_row_segment(upgrade->segments, &segment) ? chain_segment(upgrade, &segment) : damaged(upgrade, upgrade->last_seq + 1);
    if (status == JOURNAL_OK)
        status = store_status(upgrade->store, code, "making the chain");
    return status == JOURNAL_OK ? chain_acts_before(upgrade, UINT64_MAX) : status;
}

enum journal_status upgrade_make_chain(struct store *store, const struct journal_options *options) {
    struct upgrade upgrade = {.store = store, .options = options};
    enum journal_status status;

    if (options->kept == NULL) {
        (void)snprintf(store->message, sizeof store->message, "the journal is of a version before 3: the daemon must open it first");
        return JOURNAL_FAILED;
    }
    upgrade.chain = chain_create();
    status = prepare_all(&upgrade);
    if (status == JOURNAL_OK)
        status = chain_all(&upgrade);
    chain_destroy(&upgrade.chain);
    act_reader_close(&upgrade.reader);
    (void)sqlite3_finalize(upgrade.segments);
    (void)sqlite3_finalize(upgrade.acts);
    (void)sqlite3_finalize(upgrade.insert_seal);
    (void)sqlite3_finalize(upgrade.insert_link);
    free(upgrade.seal);
    return status;
}
