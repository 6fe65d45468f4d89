/* Redaction: other bytes in the place of stored events, which keep their place in the hash chain by the digest of what is erased. */
#include "daemon/journal/journal_internal.h"

#include <stdlib.h>
#include <string.h>

/* A segment on its way to its new form; `body` and `seal` are copies. */
struct rewriting {
    struct segment segment;
    struct seal seal;
    unsigned char *body;
    unsigned char *bytes_of_seal;
};

static void clear(struct rewriting *rewriting) {
    free(rewriting->body);
    free(rewriting->bytes_of_seal);
}

static unsigned char *copied(const unsigned char *bytes, size_t size) {
    unsigned char *copy = memory_new(size, 1);

    memcpy(copy, bytes, size);
    return copy;
}

/* The segment that holds the event, whole, with its seal. */
static enum journal_status load(struct journal *journal, uint64_t seq, struct rewriting *rewriting) {
    sqlite3_stmt *statement = store_prepared(&journal->store, STORE_READ_SEALED);
    enum journal_status status;
    int code;

    *rewriting = (struct rewriting){.body = NULL};
    bind_number(statement, 1, (int64_t)seq);
    code = sqlite3_step(statement);
    status = store_status(&journal->store, code, "reading a segment");
    if (status == JOURNAL_OK) {
        if (code != SQLITE_ROW || !journal_row_segment(statement, &rewriting->segment) || !segment_is_whole(&rewriting->segment) ||
            seq - rewriting->segment.first_seq >= rewriting->segment.count)
            status = journal_damaged(journal, "the segment of event", seq);
    }
    if (status == JOURNAL_OK) {
        rewriting->seal = journal_row_seal(statement, &rewriting->segment);
        if (!seal_is_whole(&rewriting->seal))
            status = journal_damaged(journal, "the seal of event", seq);
    }
    if (status == JOURNAL_OK) {
        rewriting->segment.body = rewriting->body = copied(rewriting->segment.body, rewriting->segment.size);
        rewriting->seal.bytes = rewriting->bytes_of_seal = copied(rewriting->seal.bytes, rewriting->seal.size);
    }
    (void)sqlite3_reset(statement);
    return status;
}

static void rewrite(struct journal *journal, struct rewriting *rewriting, const struct journal_redaction *event) {
    uint32_t index = (uint32_t)(event->seq - rewriting->segment.first_seq);
    unsigned char *body, *seal;
    size_t body_size, size_of_seal;
    struct chain_salt salt;
    struct chain_digest digest;

    ENSURE(!segment_entry(&rewriting->segment, index).redacted);
    seal_salt(&rewriting->seal, index, &salt);
    chain_erasable(journal->chain, &salt, segment_bytes(&rewriting->segment, index), &digest);
    seal = seal_with_erased(&rewriting->seal, index, &digest, &size_of_seal);
    body = segment_with_redacted(&rewriting->segment, index, event->bytes, &body_size);
    clear(rewriting);
    rewriting->segment.body = rewriting->body = body;
    rewriting->segment.size = body_size;
    rewriting->seal.bytes = rewriting->bytes_of_seal = seal;
    rewriting->seal.size = size_of_seal;
}

static enum journal_status store_rewritten(struct journal *journal, const struct rewriting *rewriting) {
    sqlite3_stmt *statement = store_prepared(&journal->store, STORE_REWRITE_SEGMENT);
    enum journal_status status;

    bind_number(statement, 1, (int64_t)rewriting->segment.first_seq);
    bind_blob(statement, 2, rewriting->segment.body, rewriting->segment.size);
    bind_blob(statement, 3, rewriting->seal.bytes, rewriting->seal.size);
    status = store_finish(&journal->store, statement, "redacting events");
    if (status != JOURNAL_OK)
        return status;
    statement = store_prepared(&journal->store, STORE_DELETE_OLD_SEAL);
    bind_number(statement, 1, (int64_t)rewriting->segment.first_seq);
    return store_finish(&journal->store, statement, "redacting events");
}

void journal_redact(struct journal *journal, const struct journal_redaction *events, size_t count) {
    enum journal_status status = JOURNAL_OK;
    size_t i = 0;

    ENSURE(journal->reading == 0);
    if (!journal_ready_to_write(journal))
        return;
    journal->redacts = true;
    while (i < count && status == JOURNAL_OK) {
        struct rewriting rewriting;
        status = load(journal, events[i].seq, &rewriting);
        if (status == JOURNAL_OK) {
            uint64_t end = rewriting.segment.first_seq + rewriting.segment.count;
            while (i < count && events[i].seq < end)
                rewrite(journal, &rewriting, &events[i++]);
            status = store_rewritten(journal, &rewriting);
        }
        clear(&rewriting);
    }
    cache_forget(journal->cache);
    journal_note(journal, status);
}
