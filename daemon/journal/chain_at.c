/* The head of the hash chain behind one event of the past, from the link or seal before its segment and what the segment holds. */
#include "daemon/journal/journal_internal.h"
#include "daemon/journal/kept.h"

#include <string.h>

static enum journal_status prepare(struct journal *journal, const char *sql, uint64_t seq, sqlite3_stmt **statement) {
    enum journal_status status =
        store_status(&journal->store, sqlite3_prepare_v2(journal->store.database, sql, -1, statement, NULL), "reading the chain");

    if (status == JOURNAL_OK)
        bind_number(*statement, 1, (int64_t)seq);
    return status;
}

/* The seal's head of the segment that ends before the event `first_seq`; the first head of the chain when none does. */
static enum journal_status sealed_head_before(struct journal *journal, uint64_t first_seq, struct chain_digest *head) {
    static const char sql[] = "SELECT first_seq, count, received, body,"
                              " coalesce(seal, (SELECT seal FROM old_seal WHERE old_seal.first_seq = segment.first_seq))"
                              " FROM segment WHERE first_seq < ?1 ORDER BY first_seq DESC LIMIT 1";
    sqlite3_stmt *statement = NULL;
    struct segment segment;
    enum journal_status status = journal_first_head(&journal->store, head);
    int code;

    if (status == JOURNAL_OK)
        status = prepare(journal, sql, first_seq, &statement);
    if (status == JOURNAL_OK && (code = sqlite3_step(statement)) != SQLITE_DONE) {
        status = store_status(&journal->store, code, "reading the chain");
        if (status == JOURNAL_OK && journal_row_segment(statement, &segment)) {
            struct seal seal = journal_row_seal(statement, &segment);
            if (seal_fits(&seal) && seal_is_whole(&seal))
                seal_head(&seal, head);
            else
                status = journal_damaged(journal, "the seal is damaged of the events from", segment.first_seq);
        }
    }
    (void)sqlite3_finalize(statement);
    return status;
}

/* What was written directly behind an event has a link with the head there. */
struct links {
    sqlite3_stmt *statement;
    bool more;
};

static enum journal_status next_link(struct journal *journal, struct links *links) {
    int code = sqlite3_step(links->statement);

    links->more = code == SQLITE_ROW;
    return store_status(&journal->store, code, "reading the chain");
}

/* The head behind everything that was written before the event `seq`, when a link tells it. */
static enum journal_status follow_links(struct journal *journal, struct links *links, uint64_t seq, struct chain_digest *head) {
    enum journal_status status = JOURNAL_OK;

    while (status == JOURNAL_OK && links->more && (uint64_t)sqlite3_column_int64(links->statement, 0) < seq) {
        if (sqlite3_column_bytes(links->statement, 1) == CHAIN_DIGEST_SIZE)
            memcpy(head->bytes, sqlite3_column_blob(links->statement, 1), CHAIN_DIGEST_SIZE);
        status = next_link(journal, links);
    }
    return status;
}

/* One event of the segment; false when it cannot be read. */
static bool add_event(struct chain *chain, const struct segment *segment, const struct seal *seal, uint32_t index, journal_kept *kept,
                      void *context, struct chain_digest *head) {
    struct segment_entry entry = segment_entry(segment, index);
    struct text bytes = segment_bytes(segment, index);
    struct chain_event event = {.seq = segment->first_seq + index, .received = segment->received};
    struct chain_salt salt;
    char buffer[KEPT_SIZE];

    event.previous_seq = entry.distance == 0 ? 0 : event.seq - entry.distance;
    if (!kept(context, bytes, buffer, &event.kept))
        return false;
    if (!seal_erased(seal, index, &event.erasable)) {
        seal_salt(seal, index, &salt);
        chain_erasable(chain, &salt, bytes, &event.erasable);
    }
    chain_add_event(chain, head, &event);
    return seal_has_mark(seal, index, head);
}

/* Links stand before the segment, and within it where a turn wrote a record between two events. */
static enum journal_status open_links(struct journal *journal, uint64_t first_seq, uint64_t seq, struct links *links) {
    static const char sql[] = "SELECT after_seq, head FROM link WHERE after_seq >= ?1 AND after_seq < ?2 ORDER BY place";
    enum journal_status status = prepare(journal, sql, first_seq - 1, &links->statement);

    if (status != JOURNAL_OK)
        return status;
    bind_number(links->statement, 2, (int64_t)seq);
    return next_link(journal, links);
}

static enum journal_status head_within(struct journal *journal, const struct segment *segment, const struct seal *seal, uint64_t seq,
                                       journal_kept *kept, void *context, struct chain_digest *head) {
    struct links links = {NULL, false};
    struct chain *chain = chain_create();
    enum journal_status status = sealed_head_before(journal, segment->first_seq, head);
    bool good = segment_is_whole(segment) && seal_fits(seal);

    if (status == JOURNAL_OK)
        status = open_links(journal, segment->first_seq, seq, &links);
    for (uint32_t i = 0; status == JOURNAL_OK && good && segment->first_seq + i <= seq; i++) {
        status = follow_links(journal, &links, segment->first_seq + i, head);
        good = status == JOURNAL_OK && add_event(chain, segment, seal, i, kept, context, head);
    }
    (void)sqlite3_finalize(links.statement);
    chain_destroy(&chain);
    return good || status != JOURNAL_OK ? status : journal_damaged(journal, "the chain does not fit the events up to", seq);
}

enum journal_status journal_chain_at(struct journal *journal, uint64_t seq, journal_kept *kept, void *context, struct chain_digest *head) {
    static const char sql[] = "SELECT first_seq, count, received, body,"
                              " coalesce(seal, (SELECT seal FROM old_seal WHERE old_seal.first_seq = segment.first_seq))"
                              " FROM segment WHERE first_seq <= ?1 ORDER BY first_seq DESC LIMIT 1";
    sqlite3_stmt *statement = NULL;
    struct segment segment;
    enum journal_status status;

    if (seq == 0)
        return journal_first_head(&journal->store, head);
    if (seq > journal->committed.last_seq)
        return JOURNAL_NOT_FOUND;
    status = prepare(journal, sql, seq, &statement);
    if (status == JOURNAL_OK)
        status = store_status(&journal->store, sqlite3_step(statement), "reading the chain");
    if (status == JOURNAL_OK && (!journal_row_segment(statement, &segment) || !segment_fits(&segment)))
        status = journal_damaged(journal, "the segment is damaged of the event", seq);
    if (status == JOURNAL_OK) {
        struct seal seal = journal_row_seal(statement, &segment);
        status = head_within(journal, &segment, &seal, seq, kept, context, head);
    }
    (void)sqlite3_finalize(statement);
    return status;
}
