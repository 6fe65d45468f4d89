/* Checking a whole journal against its hash chain, in pieces, so that no read keeps a daemon from emptying its write-ahead file. */
#include "daemon/journal/verify.h"

#include "daemon/journal/journal_internal.h"
#include "daemon/journal/kept.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SEGMENTS_A_READ = 512, LINKS_A_READ = 512, PROGRESS_EVERY = 16384 };

struct link {
    uint64_t place;
    enum chain_kind what;
    int64_t key;
    uint64_t after_seq;
    bool has_head;
    struct chain_digest head;
};

/* Seqs from the first to the last. */
struct range {
    uint64_t from;
    uint64_t to;
};

struct verifier {
    struct store store;
    const struct verify_options *options;
    struct verify_result *result;
    struct chain *chain;
    struct act_reader reader;
    sqlite3_stmt *segments;
    sqlite3_stmt *link_rows;
    uint64_t last_seq; /* what there was when it began; what came since is left out */
    uint64_t last_place;
    int64_t last_keys[CHAIN_REPORT + 1];
    struct chain_digest head;
    uint64_t seq; /* the last event checked */
    int64_t row;  /* the key of the segment last read */
    int64_t keys[CHAIN_REPORT + 1];
    uint64_t counts[CHAIN_REPORT + 1];
    struct link links[LINKS_A_READ];
    size_t link_count;
    size_t link_next;
    uint64_t place; /* of the last link read */
    bool known_met;
    struct range *journalled; /* what redactions were journalled, in the order of the journal */
    size_t journalled_count;
    size_t journalled_capacity;
    uint64_t *redacted; /* what is redacted, by rising seq */
    size_t redacted_count;
    size_t redacted_capacity;
};

static const char *const act_names[] = {[CHAIN_ALERT] = "alert", [CHAIN_RECORD] = "record", [CHAIN_REPORT] = "report of day"};

/* Notes the first fault. */
static bool fault(struct verifier *verifier, uint64_t seq, const char *format, ...) __attribute__((format(printf, 3, 4)));

static bool fault(struct verifier *verifier, uint64_t seq, const char *format, ...) {
    va_list arguments;

    if (verifier->result->fault[0] != '\0')
        return false;
    va_start(arguments, format);
    (void)vsnprintf(verifier->result->fault, sizeof verifier->result->fault, format, arguments);
    va_end(arguments);
    verifier->result->bad_seq = seq;
    return false;
}

static bool is_well(const struct verifier *verifier) {
    return verifier->result->fault[0] == '\0';
}

static enum journal_status prepare(struct verifier *verifier, const char *sql, sqlite3_stmt **statement) {
    return store_status(&verifier->store, sqlite3_prepare_v2(verifier->store.database, sql, -1, statement, NULL), "reading the journal");
}

static enum journal_status read_bounds(struct verifier *verifier) {
    static const char sql[] = "SELECT (SELECT first_seq + count - 1 FROM segment ORDER BY first_seq DESC LIMIT 1),"
                              " (SELECT max(place) FROM link), (SELECT max(alert_seq) FROM alert), (SELECT max(record_id) FROM record),"
                              " (SELECT max(day) FROM report)";
    sqlite3_stmt *statement = NULL;
    enum journal_status status = prepare(verifier, sql, &statement);
    int code;

    if (status != JOURNAL_OK)
        return status;
    code = sqlite3_step(statement);
    status = store_status(&verifier->store, code, "reading the journal");
    if (code == SQLITE_ROW) {
        verifier->last_seq = (uint64_t)sqlite3_column_int64(statement, 0);
        verifier->last_place = (uint64_t)sqlite3_column_int64(statement, 1);
        for (int what = CHAIN_ALERT; what <= CHAIN_REPORT; what++)
            verifier->last_keys[what] =
                sqlite3_column_type(statement, what + 1) == SQLITE_NULL ? INT64_MIN : sqlite3_column_int64(statement, what + 1);
    }
    (void)sqlite3_finalize(statement);
    return status;
}

/* A head that was noted elsewhere is met when the chain has it behind the event that was noted with it. */
static void compare_known(struct verifier *verifier) {
    const struct verify_options *options = verifier->options;

    if (options->known_head != NULL && options->known_seq == verifier->seq && chain_digest_equal(options->known_head, &verifier->head))
        verifier->known_met = true;
}

/* ---- Links */

static enum journal_status read_links(struct verifier *verifier) {
    enum journal_status status = JOURNAL_OK;
    int code;

    verifier->link_count = 0;
    verifier->link_next = 0;
    (void)sqlite3_bind_int64(verifier->link_rows, 1, (int64_t)verifier->place);
    (void)sqlite3_bind_int64(verifier->link_rows, 2, (int64_t)verifier->last_place);
    while (verifier->link_count < LINKS_A_READ && (code = sqlite3_step(verifier->link_rows)) != SQLITE_DONE) {
        struct link *link = &verifier->links[verifier->link_count];
        status = store_status(&verifier->store, code, "reading the chain");
        if (status != JOURNAL_OK)
            break;
        link->place = (uint64_t)sqlite3_column_int64(verifier->link_rows, 0);
        link->what = (enum chain_kind)sqlite3_column_int(verifier->link_rows, 1);
        link->key = sqlite3_column_int64(verifier->link_rows, 2);
        link->after_seq = (uint64_t)sqlite3_column_int64(verifier->link_rows, 3);
        link->has_head = sqlite3_column_bytes(verifier->link_rows, 4) == CHAIN_DIGEST_SIZE;
        if (link->has_head)
            memcpy(link->head.bytes, sqlite3_column_blob(verifier->link_rows, 4), CHAIN_DIGEST_SIZE);
        verifier->place = link->place;
        verifier->link_count++;
    }
    (void)sqlite3_reset(verifier->link_rows);
    return status;
}

/* The next link; NULL behind the last. */
static const struct link *next_link(struct verifier *verifier, enum journal_status *status) {
    if (verifier->link_next == verifier->link_count && verifier->place < verifier->last_place)
        *status = read_links(verifier);
    return verifier->link_next < verifier->link_count ? &verifier->links[verifier->link_next] : NULL;
}

/* A record of a redaction ends with its ranges: "seqs":[[4,7],[9,9]]} */
static void note_redaction(struct verifier *verifier, struct text body) {
    static const char name[] = "\"seqs\":[";
    const char *at = body.at, *next;

    while ((next = strstr(at, name)) != NULL)
        at = next + sizeof name - 1;
    while (*at == '[' || *at == ',') {
        struct range range = {0, 0};
        void *ranges = verifier->journalled;
        char *end;
        range.from = strtoull(at + strspn(at, "[,"), &end, 10);
        if (*end == ',')
            range.to = strtoull(end + 1, &end, 10);
        if (*end != ']')
            return;
        memory_reserve(&ranges, &verifier->journalled_capacity, verifier->journalled_count + 1, sizeof range);
        verifier->journalled = ranges;
        verifier->journalled[verifier->journalled_count++] = range;
        at = end + 1;
    }
}

static void note_redacted(struct verifier *verifier, uint64_t seq) {
    void *redacted = verifier->redacted;

    memory_reserve(&redacted, &verifier->redacted_capacity, verifier->redacted_count + 1, sizeof seq);
    verifier->redacted = redacted;
    verifier->redacted[verifier->redacted_count++] = seq;
    verifier->result->redacted++;
}

static int compare_ranges(const void *left, const void *right) {
    const struct range *a = left, *b = right;

    return (a->from > b->from) - (a->from < b->from);
}

/* The daemon may have redacted what was still to be read: its records came after the last one looked at. */
static enum journal_status note_later_redactions(struct verifier *verifier) {
    sqlite3_stmt *statement = NULL;
    enum journal_status status = prepare(verifier, "SELECT body FROM record WHERE kind = ?1 AND record_id > ?2", &statement);
    int code = SQLITE_DONE;

    if (status != JOURNAL_OK)
        return status;
    bind_text(statement, 1, text_of(JOURNAL_RECORD_REDACTION));
    bind_number(statement, 2, verifier->last_keys[CHAIN_RECORD]);
    while ((code = sqlite3_step(statement)) == SQLITE_ROW)
        note_redaction(verifier, row_text(statement, 0));
    status = store_status(&verifier->store, code, "reading records");
    (void)sqlite3_finalize(statement);
    return status;
}

/* What is redacted without a record was erased behind the daemon's back. */
static void check_redactions(struct verifier *verifier) {
    size_t at = 0;

    if (verifier->journalled_count > 1)
        qsort(verifier->journalled, verifier->journalled_count, sizeof *verifier->journalled, compare_ranges);
    for (size_t i = 0; i < verifier->redacted_count; i++) {
        while (at < verifier->journalled_count && verifier->journalled[at].to < verifier->redacted[i])
            at++;
        if (at == verifier->journalled_count || verifier->journalled[at].from > verifier->redacted[i]) {
            (void)fault(verifier, verifier->redacted[i], "the event is redacted, and no record says so");
            return;
        }
    }
}

/* Each kind is chained in the order of its keys, alerts without a gap. */
static bool link_is_in_order(struct verifier *verifier, const struct link *link) {
    if (link->what < CHAIN_ALERT || link->what > CHAIN_REPORT)
        return fault(verifier, verifier->seq, "link %llu of the chain is of no known kind", (unsigned long long)link->place);
    if (link->what == CHAIN_ALERT && link->key != verifier->keys[CHAIN_ALERT] + 1)
        return fault(verifier, verifier->seq, "alert %lld is missing from the chain", (long long)verifier->keys[CHAIN_ALERT] + 1);
    if (verifier->counts[link->what] > 0 && link->key <= verifier->keys[link->what])
        return fault(verifier, verifier->seq, "%s %lld stands in the chain twice or out of its order", act_names[link->what],
                     (long long)link->key);
    return true;
}

static enum journal_status check_link(struct verifier *verifier, const struct link *link) {
    struct chain_act act = {.what = link->what, .key = link->key};
    enum journal_status status;

    if (!link_is_in_order(verifier, link))
        return JOURNAL_OK;
    status = act_read(&verifier->reader, &act);
    if (status == JOURNAL_NOT_FOUND) {
        (void)fault(verifier, verifier->seq, "%s %lld, written after this event, is missing", act_names[link->what], (long long)link->key);
        return JOURNAL_OK;
    }
    if (status != JOURNAL_OK)
        return status;
    verifier->keys[link->what] = link->key;
    verifier->counts[link->what]++;
    chain_add_act(verifier->chain, &verifier->head, &act);
    if (!link->has_head || !chain_digest_equal(&verifier->head, &link->head) || act.after_seq != link->after_seq)
        (void)fault(verifier, verifier->seq, "%s %lld, written after this event, or its link is not as it was written",
                    act_names[link->what], (long long)link->key);
    if (act.what == CHAIN_RECORD && text_is(act.kind, JOURNAL_RECORD_REDACTION))
        note_redaction(verifier, act.body);
    compare_known(verifier);
    return JOURNAL_OK;
}

/* Everything that was written before the event `seq`. */
static enum journal_status check_links_before(struct verifier *verifier, uint64_t seq) {
    enum journal_status status = JOURNAL_OK;
    const struct link *link;

    while (is_well(verifier) && (link = next_link(verifier, &status)) != NULL && status == JOURNAL_OK && link->after_seq < seq) {
        verifier->link_next++;
        status = check_link(verifier, link);
    }
    return status;
}

/* ---- Events */

static enum journal_status check_event(struct verifier *verifier, const struct segment *segment, const struct seal *seal, uint32_t index) {
    struct segment_entry entry = segment_entry(segment, index);
    struct text bytes = segment_bytes(segment, index);
    struct chain_event event = {.seq = segment->first_seq + index, .received = segment->received};
    struct chain_salt salt;
    char kept[KEPT_SIZE];
    enum journal_status status = check_links_before(verifier, event.seq);

    if (status != JOURNAL_OK || !is_well(verifier))
        return status;
    event.previous_seq = entry.distance == 0 ? 0 : event.seq - entry.distance;
    if (!verifier->options->kept(verifier->options->context, bytes, kept, &event.kept)) {
        (void)fault(verifier, event.seq, "the event is not as it was written: it cannot be read");
        return JOURNAL_OK;
    }
    if (seal_erased(seal, index, &event.erasable) != entry.redacted) {
        (void)fault(verifier, event.seq, "the event is redacted in its segment or in its seal, but not in both");
        return JOURNAL_OK;
    }
    if (entry.redacted) {
        note_redacted(verifier, event.seq);
    } else {
        seal_salt(seal, index, &salt);
        chain_erasable(verifier->chain, &salt, bytes, &event.erasable);
    }
    chain_add_event(verifier->chain, &verifier->head, &event);
    if (!seal_has_mark(seal, index, &verifier->head))
        (void)fault(verifier, event.seq, "the event or its seal is not as it was written");
    verifier->seq = event.seq;
    compare_known(verifier);
    if (event.seq % PROGRESS_EVERY == 0 && verifier->options->progress != NULL)
        verifier->options->progress(verifier->options->context, event.seq, verifier->last_seq);
    return JOURNAL_OK;
}

/* Event by event first, so that what was changed is named; the checksums say the rest. */
static enum journal_status check_segment(struct verifier *verifier, const struct segment *segment, const struct seal *seal) {
    uint64_t first = segment->first_seq;
    struct chain_digest head;
    enum journal_status status = JOURNAL_OK;

    if (first != verifier->seq + 1) {
        (void)fault(verifier, verifier->seq + 1, first > verifier->seq + 1 ? "events are missing before %llu" : "event %llu is there twice",
                    (unsigned long long)first);
        return JOURNAL_OK;
    }
    if (!segment_fits(segment) || !seal_fits(seal)) {
        (void)fault(verifier, first, "the segment of the events %llu to %llu is damaged or its seal is missing", (unsigned long long)first,
                    (unsigned long long)(first + segment->count - 1));
        return JOURNAL_OK;
    }
    for (uint32_t i = 0; i < segment->count && status == JOURNAL_OK && is_well(verifier); i++)
        status = check_event(verifier, segment, seal, i);
    if (status != JOURNAL_OK || !is_well(verifier))
        return status;
    seal_head(seal, &head);
    if (!chain_digest_equal(&head, &verifier->head) || !seal_is_whole(seal))
        (void)fault(verifier, verifier->seq, "the seal of the events %llu to %llu is not as it was written", (unsigned long long)first,
                    (unsigned long long)verifier->seq);
    else if (!segment_is_whole(segment))
        (void)fault(verifier, first, "the segment of the events %llu to %llu is damaged: its checksum", (unsigned long long)first,
                    (unsigned long long)verifier->seq);
    return JOURNAL_OK;
}

/* One read; `*more` is false when there are no further segments. */
static enum journal_status check_segments(struct verifier *verifier, bool *more) {
    enum journal_status status = JOURNAL_OK;
    struct segment segment;
    int code = SQLITE_DONE;
    int read = 0;

    (void)sqlite3_bind_int64(verifier->segments, 1, verifier->row);
    (void)sqlite3_bind_int64(verifier->segments, 2, (int64_t)verifier->last_seq);
    while (read < SEGMENTS_A_READ && status == JOURNAL_OK && is_well(verifier) && (code = sqlite3_step(verifier->segments)) == SQLITE_ROW) {
        read++;
        verifier->row = sqlite3_column_int64(verifier->segments, 0);
        if (journal_row_segment(verifier->segments, &segment)) {
            struct seal seal = journal_row_seal(verifier->segments, &segment);
            status = check_segment(verifier, &segment, &seal);
        } else {
            (void)fault(verifier, verifier->seq + 1, "the segment with this event is damaged");
        }
    }
    if (status == JOURNAL_OK && code != SQLITE_ROW)
        status = store_status(&verifier->store, code, "reading events");
    (void)sqlite3_reset(verifier->segments);
    *more = code == SQLITE_ROW && read == SEGMENTS_A_READ;
    return status;
}

/* ---- All */

/* What stands in a table without a link was put there later. */
static enum journal_status check_nothing_is_added(struct verifier *verifier) {
    static const char *const counting[] = {
        [CHAIN_ALERT] = "SELECT count(*) FROM alert WHERE alert_seq <= ?1",
        [CHAIN_RECORD] = "SELECT count(*) FROM record WHERE record_id <= ?1",
        [CHAIN_REPORT] = "SELECT count(*) FROM report WHERE day <= ?1",
    };
    enum journal_status status = JOURNAL_OK;

    for (int what = CHAIN_ALERT; what <= CHAIN_REPORT && status == JOURNAL_OK; what++) {
        sqlite3_stmt *statement = NULL;
        int code;
        status = prepare(verifier, counting[what], &statement);
        if (status != JOURNAL_OK)
            return status;
        (void)sqlite3_bind_int64(statement, 1, verifier->last_keys[what]);
        code = sqlite3_step(statement);
        status = store_status(&verifier->store, code, "reading the journal");
        if (code == SQLITE_ROW && (uint64_t)sqlite3_column_int64(statement, 0) != verifier->counts[what])
            (void)fault(verifier, verifier->seq, "there are %lld rows of the kind %s, and the chain has %llu",
                        (long long)sqlite3_column_int64(statement, 0), what == CHAIN_REPORT ? "report" : act_names[what],
                        (unsigned long long)verifier->counts[what]);
        (void)sqlite3_finalize(statement);
    }
    return status;
}

static enum journal_status prepare_all(struct verifier *verifier) {
    enum journal_status status = read_bounds(verifier);

    if (status == JOURNAL_OK)
        status = journal_first_head(&verifier->store, &verifier->head);
    if (status == JOURNAL_OK)
        status = act_reader_open(&verifier->reader, &verifier->store);
    if (status == JOURNAL_OK)
        status = prepare(verifier,
                         "SELECT first_seq, count, received, body,"
                         " coalesce(seal, (SELECT seal FROM old_seal WHERE old_seal.first_seq = segment.first_seq))"
                         " FROM segment WHERE first_seq > ?1 AND first_seq <= ?2 ORDER BY first_seq",
                         &verifier->segments);
    if (status == JOURNAL_OK)
        status = prepare(verifier, "SELECT place, what, key, after_seq, head FROM link WHERE place > ?1 AND place <= ?2 ORDER BY place",
                         &verifier->link_rows);
    return status;
}

static enum journal_status check_all(struct verifier *verifier) {
    enum journal_status status = JOURNAL_OK;
    bool more = true;

    compare_known(verifier);
    while (more && status == JOURNAL_OK && is_well(verifier))
        status = check_segments(verifier, &more);
    if (status == JOURNAL_OK && is_well(verifier) && verifier->seq < verifier->last_seq)
        (void)fault(verifier, verifier->seq + 1, "the event is missing");
    if (status == JOURNAL_OK)
        status = check_links_before(verifier, UINT64_MAX);
    if (status == JOURNAL_OK && is_well(verifier))
        status = check_nothing_is_added(verifier);
    if (status == JOURNAL_OK && is_well(verifier) && verifier->redacted_count > 0)
        status = note_later_redactions(verifier);
    if (status == JOURNAL_OK && is_well(verifier))
        check_redactions(verifier);
    if (status == JOURNAL_OK && verifier->options->known_head != NULL && !verifier->known_met && is_well(verifier))
        (void)fault(verifier, verifier->options->known_seq,
                    verifier->options->known_seq > verifier->seq
                        ? "the journal ends before the event at which the head was noted"
                        : "the head that was noted at this event is not on the chain: something up to here was changed since");
    return status;
}

enum journal_status journal_verify(const char *path, const struct verify_options *options, struct verify_result *result,
                                   char message[256]) {
    struct verifier verifier = {.options = options, .result = result, .row = INT64_MIN};
    enum journal_status status = store_open_reader(&verifier.store, path);

    *result = (struct verify_result){.bad_seq = 0};
    message[0] = '\0';
    verifier.chain = chain_create();
    if (status == JOURNAL_OK)
        status = prepare_all(&verifier);
    if (status == JOURNAL_OK)
        status = check_all(&verifier);
    result->events = verifier.seq;
    result->alerts = verifier.counts[CHAIN_ALERT];
    result->records = verifier.counts[CHAIN_RECORD];
    result->reports = verifier.counts[CHAIN_REPORT];
    result->head = verifier.head;
    if (status != JOURNAL_OK)
        memcpy(message, verifier.store.message, STORE_MESSAGE_SIZE);
    act_reader_close(&verifier.reader);
    (void)sqlite3_finalize(verifier.segments);
    (void)sqlite3_finalize(verifier.link_rows);
    chain_destroy(&verifier.chain);
    free(verifier.journalled);
    free(verifier.redacted);
    store_close(&verifier.store);
    return status;
}
