/* Checks of the hash chain: its digests against published ones, and that whatever is changed in a journal's file is found and named. */
#include "daemon/journal/verify.h"

#include "daemon/core/memory.h"
#include "daemon/journal/kept.h"

#include "tests/unit/journal_fixture.h"

#include <check.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EVENTS 30 /* of the second turn, which is one segment: seqs 4 to 33 */
#define LENGTH 20 /* bytes of each */

static bool keep_all(void *context, struct text bytes, char *buffer, struct text *kept) {
    (void)context;
    memcpy(buffer, bytes.at, bytes.length);
    *kept = (struct text){buffer, bytes.length};
    return true;
}

static struct verify_result verified(const struct chain_digest *known, uint64_t known_seq) {
    struct verify_options options = {.kept = keep_all, .known_head = known, .known_seq = known_seq};
    struct verify_result result;
    char message[256];

    ck_assert_msg(journal_verify(fixture_path(""), &options, &result, message) == JOURNAL_OK, "%s", message);
    return result;
}

static void is_good(void) {
    struct verify_result result = verified(NULL, 0);

    ck_assert_msg(result.fault[0] == '\0', "seq %llu: %s", (unsigned long long)result.bad_seq, result.fault);
    ck_assert_uint_eq(result.bad_seq, 0);
}

/* The fault must be at this seq, and its words must have this in them. */
static void is_bad(uint64_t seq, const char *words) {
    struct verify_result result = verified(NULL, 0);

    ck_assert_msg(strstr(result.fault, words) != NULL && result.fault[0] != '\0', "seq %llu: '%s'", (unsigned long long)result.bad_seq,
                  result.fault);
    ck_assert_msg(result.bad_seq == seq, "seq %llu: '%s'", (unsigned long long)result.bad_seq, result.fault);
}

static void append_numbered(struct journal *journal, uint64_t number) {
    char bytes[64];

    (void)snprintf(bytes, sizeof bytes, "event number %07llu", (unsigned long long)number);
    ck_assert_uint_eq(strlen(bytes), LENGTH);
    journal_append_event(journal, text_of(bytes), text_of(bytes), number > 4 ? number - 2 : 0);
}

/* Three turns: 3 events with a record between them, EVENTS events with alerts, one event with a report, then turns without events. */
static struct chain_digest make_journal(void) {
    struct journal *journal = opened();
    struct journal_report report = {.day = 100, .rule_version = 1, .body = text_of("{\"report\":1}")};
    struct chain_digest head;
    uint64_t number = 0;

    journal_begin(journal, NOON);
    append_numbered(journal, ++number);
    journal_append_record(journal, JOURNAL_RECORD_POLICY, text_of("{\"policy\":1}"));
    append_numbered(journal, ++number);
    append_numbered(journal, ++number);
    commit(journal);
    journal_begin(journal, NOON + 1);
    for (int i = 0; i < EVENTS; i++)
        append_numbered(journal, ++number);
    journal_append_alert(journal, 1, 0, text_of("{\"alert\":1}"));
    journal_append_alert(journal, 2, 1, text_of("{\"alert\":2}"));
    commit(journal);
    journal_begin(journal, NOON + 2);
    append_numbered(journal, ++number);
    journal_append_report(journal, &report);
    commit(journal);
    journal_begin(journal, NOON + 3);
    journal_append_record(journal, JOURNAL_RECORD_DAY, text_of("{\"day\":1}"));
    commit(journal);
    journal_begin(journal, NOON + 4);
    journal_append_alert(journal, 3, 2, text_of("{\"alert\":3}"));
    commit(journal);
    head = *journal_chain(journal);
    journal_close(&journal);
    return head;
}

/* The second example of FIPS 180-4, cut into a salt and a text. */
START_TEST(the_digests_are_sha_256) {
    struct chain *chain = chain_create();
    struct chain_salt salt;
    struct chain_digest digest, parsed;
    char text[CHAIN_TEXT_SIZE];

    memcpy(salt.bytes, "abcdbcdecdefdefg", sizeof salt.bytes);
    chain_erasable(chain, &salt, text_of("efghfghighijhijkijkljklmklmnlmnomnopnopq"), &digest);
    chain_digest_format(&digest, text);
    ck_assert_str_eq(text, "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
    ck_assert(chain_digest_parse(text_of("248D6A61D20638B8E5C026930C3E6039A33CE45964FF2167F6ECEDD419DB06C1"), &parsed));
    ck_assert(chain_digest_equal(&digest, &parsed));
    ck_assert(!chain_digest_parse(text_of("248d6a61"), &parsed));
    ck_assert(!chain_digest_parse(text_of("g48d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"), &parsed));
    ck_assert(!chain_digest_parse(text_of("2/8d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"), &parsed));
    char *many = memory_new(1000000, 1); /* the third example: a million times the letter a */
    memset(many, 'a', 1000000);
    memset(salt.bytes, 'a', sizeof salt.bytes);
    chain_erasable(chain, &salt, (struct text){many, 1000000 - sizeof salt.bytes}, &digest);
    chain_digest_format(&digest, text);
    ck_assert_str_eq(text, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
    free(many);
    chain_destroy(&chain);
    ck_assert_ptr_null(chain);
    chain_destroy(&chain);
}
END_TEST

START_TEST(the_kept_part_holds_every_value_and_no_person) {
    struct event event = {.type = EVENT_REFERRAL_RECEIVED,
                          .time = NOON,
                          .source = text_of("urn:a"),
                          .id = text_of("e-1"),
                          .subject = text_of("w-1"),
                          .pathway = text_of("review"),
                          .team = text_of("north"),
                          .person = text_of("p-1"),
                          .worker = text_of("k-1"),
                          .clock_start = 20000,
                          .priority = 2,
                          .dimension_count = 1,
                          .dimensions = {{text_of("route"), text_of("gp")}}};
    char before[KEPT_SIZE], after[KEPT_SIZE];
    struct text kept = kept_write(&event, before);

    event.person = text_of("somebody else");
    event.worker = TEXT_ABSENT;
    ck_assert(text_equal(kept_write(&event, after), kept));
    event.sequence = (struct text){"", 0}; /* there, and empty */
    ck_assert(!text_equal(kept_write(&event, after), kept));
    event.sequence = TEXT_ABSENT;
    event.priority = 3;
    ck_assert(!text_equal(kept_write(&event, after), kept));
    event.priority = 2;
    event.dimensions[0].value = text_of("self");
    ck_assert(!text_equal(kept_write(&event, after), kept));
    event.dimensions[0].value = text_of("gp");
    event.clock_start = DAY_NONE;
    ck_assert(!text_equal(kept_write(&event, after), kept));
}
END_TEST

START_TEST(an_untouched_journal_is_good) {
    struct chain_digest head = make_journal();
    struct verify_result result = verified(&head, 34);

    ck_assert_str_eq(result.fault, "");
    ck_assert(chain_digest_equal(&result.head, &head));
    ck_assert_uint_eq(result.events, 34);
    ck_assert_uint_eq(result.alerts, 3);
    ck_assert_uint_eq(result.records, 2);
    ck_assert_uint_eq(result.reports, 1);
    ck_assert_uint_eq(result.redacted, 0);
}
END_TEST

START_TEST(an_empty_journal_is_good) {
    struct journal *journal = opened();
    struct chain_digest head = *journal_chain(journal);

    journal_close(&journal);
    ck_assert_str_eq(verified(&head, 0).fault, "");
}
END_TEST

START_TEST(the_head_is_the_same_after_opening_and_as_before_a_rollback) {
    struct chain_digest head = make_journal();
    struct journal *journal = opened();

    ck_assert(chain_digest_equal(journal_chain(journal), &head));
    journal_begin(journal, NOON + 9);
    append_numbered(journal, 35);
    journal_append_record(journal, JOURNAL_RECORD_DAY, text_of("{}"));
    ck_assert(!chain_digest_equal(journal_chain(journal), &head));
    journal_rollback(journal);
    ck_assert(chain_digest_equal(journal_chain(journal), &head));
    journal_begin(journal, NOON + 9);
    append_numbered(journal, 35);
    commit(journal);
    head = *journal_chain(journal);
    journal_close(&journal);
    journal = opened();
    ck_assert(chain_digest_equal(journal_chain(journal), &head));
    journal_close(&journal);
    is_good();
}
END_TEST

/* So many that a thread makes their links; alerts between them wait for it, and a turn that is given up leaves nothing of it behind. */
START_TEST(a_long_turn_is_linked_as_short_ones_are) {
    struct journal *journal = opened();
    uint64_t number = 0;

    for (int turn = 0; turn < 6; turn++) {
        uint64_t before = number;
        struct chain_digest head = *journal_chain(journal);
        journal_begin(journal, NOON + turn);
        for (int i = 0; i < 10000; i++) {
            append_numbered(journal, ++number);
            if (turn == 3 && i % 1111 == 600)
                journal_append_alert(journal, journal_last_alert_seq(journal) + 1, 0, text_of("{\"alert\":1}"));
            if (turn == 4 && i == 700)
                ck_assert(!chain_digest_equal(journal_chain(journal), &head));
        }
        if (turn % 2 == 0) {
            journal_rollback(journal);
            number = before;
            ck_assert(chain_digest_equal(journal_chain(journal), &head));
        } else {
            commit(journal);
        }
    }
    struct chain_digest head = *journal_chain(journal);
    journal_begin(journal, NOON + 9);
    for (int i = 0; i < 1000; i++)
        append_numbered(journal, ++number);
    journal_rollback(journal);
    journal_close(&journal);
    struct verify_result result = verified(&head, 30000);
    ck_assert_str_eq(result.fault, "");
    ck_assert_uint_eq(result.events, 30000);
    ck_assert_uint_eq(result.alerts, 9);
}
END_TEST

static sqlite3_blob *opened_blob(sqlite3 *database, const char *table, const char *column, int64_t row) {
    sqlite3_blob *blob = NULL;

    ck_assert_msg(sqlite3_blob_open(database, "main", table, column, row, 1, &blob) == SQLITE_OK, "%s", sqlite3_errmsg(database));
    return blob;
}

static void flip(const char *column, int offset, unsigned char bit) {
    sqlite3 *database = NULL;
    sqlite3_blob *blob;
    unsigned char byte;

    ck_assert_int_eq(sqlite3_open(fixture_path(""), &database), SQLITE_OK);
    ck_assert_int_eq(sqlite3_exec(database, "PRAGMA synchronous = OFF", NULL, NULL, NULL), SQLITE_OK);
    blob = opened_blob(database, "segment", column, 4);
    ck_assert_int_eq(sqlite3_blob_read(blob, &byte, 1, offset), SQLITE_OK);
    byte ^= bit;
    ck_assert_int_eq(sqlite3_blob_write(blob, &byte, 1, offset), SQLITE_OK);
    ck_assert_int_eq(sqlite3_blob_close(blob), SQLITE_OK);
    ck_assert_int_eq(sqlite3_close(database), SQLITE_OK);
}

/* Which event a byte of the segment or of its seal belongs to; 0: to all. */
static uint64_t event_of_body(int offset) {
    return offset < EVENTS * LENGTH ? 4 + (uint64_t)(offset / LENGTH) : 0;
}

static uint64_t event_of_seal(int offset) {
    return offset < EVENTS * 20 ? 4 + (uint64_t)(offset / 20) : 0;
}

static void check_every_byte(const char *column, int size, uint64_t (*event_of)(int offset)) {
    for (int offset = 0; offset < size; offset++) {
        unsigned char bit = (unsigned char)(1U << (offset % 8));
        uint64_t expected = event_of(offset);
        flip(column, offset, bit);
        struct verify_result result = verified(NULL, 0);
        ck_assert_msg(result.fault[0] != '\0', "%s byte %d", column, offset);
        ck_assert_msg(expected == 0 ? result.bad_seq >= 4 && result.bad_seq <= 33 : result.bad_seq == expected, "%s byte %d: seq %llu: %s",
                      column, offset, (unsigned long long)result.bad_seq, result.fault);
        flip(column, offset, bit);
    }
    is_good();
}

START_TEST(a_flipped_bit_is_found_and_its_event_named) {
    (void)make_journal();
    check_every_byte("body", (int)number("SELECT length(body) FROM segment WHERE first_seq = 4"), event_of_body);
    check_every_byte("seal", (int)number("SELECT length(seal) FROM segment WHERE first_seq = 4"), event_of_seal);
}
END_TEST

/* What somebody with SQLite might do to a whole row, the seq that is then named, and what is said. */
static const struct {
    const char *sql;
    uint64_t seq;
    const char *words;
} changes[] = {
    {"UPDATE segment SET received = received + 1 WHERE first_seq = 4", 4, "not as it was"},
    {"UPDATE segment SET count = count - 1 WHERE first_seq = 4", 4, "damaged"},
    {"UPDATE segment SET seal = NULL WHERE first_seq = 4", 4, "seal is missing"},
    {"UPDATE segment SET seal = (SELECT seal FROM segment WHERE first_seq = 1) WHERE first_seq = 4", 4, "seal"},
    {"DELETE FROM segment WHERE first_seq = 4", 4, "missing"},
    {"DELETE FROM segment WHERE first_seq = 1", 1, "missing"},
    {"DELETE FROM segment WHERE first_seq = 34", 33, "report of day 100"},
    {"INSERT INTO segment SELECT first_seq + 1, count, received, body, seal FROM segment WHERE first_seq = 4", 34, "twice"},
    {"INSERT INTO segment SELECT -4, count, received, body, seal FROM segment WHERE first_seq = 4", 1, "damaged"},
    {"INSERT INTO segment SELECT 35, count, received, body, seal FROM segment WHERE first_seq = 34", 35, "not as it was"},
    {"UPDATE segment SET body = (SELECT body FROM segment AS other WHERE other.first_seq = 35 - segment.first_seq),"
     " seal = (SELECT seal FROM segment AS other WHERE other.first_seq = 35 - segment.first_seq),"
     " count = (SELECT count FROM segment AS other WHERE other.first_seq = 35 - segment.first_seq) WHERE first_seq IN (1, 34)",
     1, "damaged"},
    {"UPDATE alert SET body = '{\"alert\":9}' WHERE alert_seq = 2", 33, "alert 2"},
    {"UPDATE alert SET after_seq = 3 WHERE alert_seq = 2", 33, "alert 2"},
    {"UPDATE alert SET previous_alert_seq = 0 WHERE alert_seq = 2", 33, "alert 2"},
    {"DELETE FROM alert WHERE alert_seq = 1", 33, "alert 1"},
    {"DELETE FROM alert WHERE alert_seq = 3", 34, "alert 3"},
    {"INSERT INTO alert VALUES (4, 3, 34, '{\"alert\":4}')", 34, "kind alert"},
    {"UPDATE record SET body = '{\"policy\":2}' WHERE record_id = 1", 1, "record 1"},
    {"UPDATE record SET kind = 'day' WHERE record_id = 1", 1, "record 1"},
    {"UPDATE record SET at = at + 1 WHERE record_id = 2", 34, "record 2"},
    {"DELETE FROM record WHERE record_id = 2", 34, "record 2"},
    {"INSERT INTO record VALUES (9, 20, 1, 'policy', '{}')", 34, "kind record"},
    {"DROP TRIGGER report_is_never_changed; UPDATE report SET body = '{\"report\":2}'", 34, "report of day 100"},
    {"DROP TRIGGER report_is_never_changed; UPDATE report SET reconstructed = 1", 34, "report of day 100"},
    {"DROP TRIGGER report_is_never_deleted; DELETE FROM report", 34, "report of day 100"},
    {"INSERT INTO report VALUES (101, 34, 1, 0, 1, '{}')", 34, "kind report"},
    {"DELETE FROM link WHERE place = 2", 33, "alert 1 is missing from the chain"},
    {"DELETE FROM link WHERE place = 6", 34, "alert"},
    {"UPDATE link SET head = zeroblob(32) WHERE place = 6", 34, "alert 3"},
    {"UPDATE link SET head = x'00' WHERE place = 6", 34, "alert 3"},
    {"UPDATE link SET what = 7 WHERE place = 5", 34, "no known kind"},
    {"INSERT INTO link SELECT 7, what, key, after_seq, head FROM link WHERE place = 5", 34, "twice"},
    {"UPDATE meta SET value = 'ab' || substr(value, 3) WHERE name = 'chain' AND value NOT LIKE 'ab%';"
     " UPDATE meta SET value = 'cd' || substr(value, 3) WHERE name = 'chain' AND changes() = 0",
     1, "not as it was"},
};

START_TEST(a_changed_row_is_found_and_named) {
    (void)make_journal();
    tamper(changes[_i].sql);
    is_bad(changes[_i].seq, changes[_i].words);
}
END_TEST

/* Two events of one length change places. */
START_TEST(swapped_events_are_found) {
    (void)make_journal();
    flip("body", 6 * LENGTH + LENGTH - 1, '0' ^ '1'); /* event 10 says 11 */
    flip("body", 7 * LENGTH + LENGTH - 1, '0' ^ '1'); /* event 11 says 10 */
    is_bad(10, "not as it was");
}
END_TEST

/* Another journal with the same events, computed from the beginning: good by itself, and found by a head that was noted elsewhere. */
START_TEST(who_computes_the_chain_anew_is_found_by_a_head_noted_elsewhere) {
    struct chain_digest noted = make_journal();
    struct chain_digest other;
    struct verify_result result;

    ck_assert_str_eq(verified(&noted, 34).fault, "");
    result = verified(&noted, 33);
    ck_assert_ptr_nonnull(strstr(result.fault, "not on the chain"));
    ck_assert_uint_eq(result.bad_seq, 33);
    result = verified(&noted, 35);
    ck_assert_ptr_nonnull(strstr(result.fault, "ends before"));
    ck_assert_int_eq(remove(fixture_path("")), 0);
    ck_assert_int_eq(remove(fixture_path(".highwater")), 0);
    other = make_journal();
    ck_assert_str_eq(verified(&other, 34).fault, "");
    ck_assert_ptr_nonnull(strstr(verified(&noted, 34).fault, "not on the chain"));
}
END_TEST

START_TEST(it_is_checked_beside_the_writer) {
    struct journal *journal = opened();
    struct chain_digest head;

    for (int turn = 0; turn < 40; turn++) {
        journal_begin(journal, NOON + turn);
        for (int i = 0; i < 200; i++)
            append_numbered(journal, journal_last_seq(journal) + 1);
        journal_append_record(journal, JOURNAL_RECORD_DAY, text_of("{}"));
        commit(journal);
    }
    head = *journal_chain(journal);
    journal_begin(journal, NOON + 99);
    append_numbered(journal, journal_last_seq(journal) + 1); /* in the open turn: not there yet */
    ck_assert_str_eq(verified(&head, 8000).fault, "");
    journal_rollback(journal);
    journal_close(&journal);
    is_good();
}
END_TEST

static bool keep_number(void *context, struct text bytes, char *buffer, struct text *kept) {
    (void)context;
    memcpy(buffer, bytes.at + bytes.length - 7, 7); /* the digits, which a redaction leaves */
    *kept = (struct text){buffer, 7};
    return true;
}

static void redact(struct journal *journal, uint64_t first, uint64_t last, const char *record) {
    struct journal_redaction events[64];
    char bytes[64][32];
    size_t count = 0;

    for (uint64_t seq = first; seq <= last; seq++, count++) {
        (void)snprintf(bytes[count], sizeof bytes[count], "%s%07llu", seq % 2 == 0 ? "" : "longer than before ", (unsigned long long)seq);
        events[count] = (struct journal_redaction){seq, text_of(bytes[count])};
    }
    journal_redact(journal, events, count);
    journal_append_record(journal, JOURNAL_RECORD_REDACTION, text_of(record));
}

static struct verify_result verified_numbers(void) {
    struct verify_options options = {.kept = keep_number};
    struct verify_result result;
    char message[256];

    ck_assert_msg(journal_verify(fixture_path(""), &options, &result, message) == JOURNAL_OK, "%s", message);
    return result;
}

static void append_secrets(struct journal *journal) {
    char bytes[64];

    for (int turn = 0; turn < 3; turn++) {
        journal_begin(journal, NOON + turn);
        for (int i = 0; i < 60; i++) {
            (void)snprintf(bytes, sizeof bytes, "secret number %07llu", (unsigned long long)journal_last_seq(journal) + 1);
            journal_append_event(journal, text_of(bytes), text_of(bytes + 14), 0);
        }
        commit(journal);
    }
}

static void redacted_are(struct journal *journal, uint64_t first, uint64_t last) {
    struct journal_event event;

    for (uint64_t seq = 1; seq <= 180; seq++) {
        ck_assert_int_eq(journal_read_event(journal, seq, &event), JOURNAL_OK);
        ck_assert_int_eq(event.redacted, seq >= first && seq <= last);
        ck_assert_int_eq(memmem(event.bytes.at, event.bytes.length, "secret", 6) == NULL, event.redacted);
    }
}

START_TEST(redacted_events_keep_the_chain) {
    struct journal *journal = opened();
    struct verify_result result;

    append_secrets(journal);
    redacted_are(journal, 999, 999);
    journal_begin(journal, NOON + 5);
    redact(journal, 50, 100, "{\"seqs\":[[50,100]]}");
    redacted_are(journal, 50, 100);
    journal_rollback(journal);
    redacted_are(journal, 999, 999);
    journal_begin(journal, NOON + 5);
    redact(journal, 50, 100, "{\"seqs\":[[50,100]]}");
    commit(journal);
    ck_assert(!journal_is_scrubbed(journal));
    ck_assert_int_eq(journal_tidy(journal), JOURNAL_OK);
    ck_assert(journal_is_scrubbed(journal));
    ck_assert_int_eq(size_of(fixture_path("-wal")), 0);
    journal_begin(journal, NOON + 6); /* more of a segment that has some; the last one is not in the record */
    redact(journal, 101, 103, "{\"reason\":\"\\\"seqs\\\":[[1,999]]\",\"seqs\":[[101,102]]}");
    commit(journal);
    redacted_are(journal, 50, 103);
    journal_close(&journal);
    journal = opened();
    redacted_are(journal, 50, 103);
    journal_close(&journal);
    result = verified_numbers();
    ck_assert_uint_eq(result.redacted, 54);
    ck_assert_uint_eq(result.bad_seq, 103);
    ck_assert_ptr_nonnull(strstr(result.fault, "no record"));
}
END_TEST

START_TEST(a_reader_puts_the_scrubbing_off) {
    struct journal *journal = opened();
    sqlite3 *reader = NULL;
    sqlite3_stmt *statement = NULL;

    append_secrets(journal);
    ck_assert_int_eq(sqlite3_open_v2(fixture_path(""), &reader, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
    ck_assert_int_eq(sqlite3_prepare_v2(reader, "SELECT body FROM segment", -1, &statement, NULL), SQLITE_OK);
    ck_assert_int_eq(sqlite3_step(statement), SQLITE_ROW);
    journal_begin(journal, NOON + 5);
    redact(journal, 50, 100, "{\"seqs\":[[50,100]]}");
    commit(journal);
    ck_assert_int_eq(journal_tidy(journal), JOURNAL_OK);
    ck_assert(!journal_is_scrubbed(journal));
    ck_assert_int_eq(sqlite3_finalize(statement), SQLITE_OK);
    ck_assert_int_eq(sqlite3_close(reader), SQLITE_OK);
    ck_assert_int_eq(journal_tidy(journal), JOURNAL_OK);
    ck_assert(journal_is_scrubbed(journal));
    journal_close(&journal);
    ck_assert_str_eq(verified_numbers().fault, "");
}
END_TEST

START_TEST(what_is_no_journal_cannot_be_checked) {
    struct verify_options options = {.kept = keep_all};
    struct verify_result result;
    char message[256];

    ck_assert_int_eq(journal_verify(fixture_path(""), &options, &result, message), JOURNAL_NOT_FOUND);
    ck_assert_ptr_nonnull(strstr(message, "cannot open"));
    tamper("CREATE TABLE meta (name TEXT); PRAGMA user_version = 3");
    ck_assert_int_eq(journal_verify(fixture_path(""), &options, &result, message), JOURNAL_CORRUPT);
    ck_assert_ptr_nonnull(strstr(message, "no journal"));
}
END_TEST

static void copy_journal(const char *name) {
    FILE *from = fopen(name, "rb");
    FILE *to = fopen(fixture_path(""), "wb");
    char bytes[65536];
    size_t length;

    ck_assert_msg(from != NULL && to != NULL, "%s", name);
    while ((length = fread(bytes, 1, sizeof bytes, from)) > 0)
        ck_assert_uint_eq(fwrite(bytes, 1, length, to), length);
    ck_assert_int_eq(fclose(from), 0);
    ck_assert_int_eq(fclose(to), 0);
}

START_TEST(an_older_journal_gets_its_chain_when_it_is_opened) {
    static const char *const names[] = {TEST_DATA "/journals/version-1.db", TEST_DATA "/journals/version-2.db"};
    struct journal_options options = {.kept = keep_all};
    struct verify_options checking = {.kept = keep_all};
    struct verify_result result;
    struct journal *journal = NULL;
    char message[256];

    copy_journal(names[_i]);
    ck_assert_int_eq(journal_verify(fixture_path(""), &checking, &result, message), JOURNAL_FAILED);
    ck_assert_ptr_nonnull(strstr(message, "until the daemon"));
    ck_assert_int_eq(journal_open(fixture_path(""), &journal, message), JOURNAL_FAILED);
    ck_assert_ptr_nonnull(strstr(message, "before 3"));
    ck_assert_int_eq(number("PRAGMA user_version"), _i + 1);
    for (int opening = 0; opening < 2; opening++) {
        ck_assert_msg(journal_open_with(fixture_path(""), &options, &journal, message) == JOURNAL_OK, "%s", message);
        append_numbered((journal_begin(journal, NOON * 2), journal), journal_last_seq(journal) + 1);
        commit(journal);
        journal_close(&journal);
        is_good();
    }
    ck_assert_int_eq(number("SELECT count(*) FROM old_seal"), number("SELECT count(*) FROM segment") - 2);
    tamper("UPDATE alert SET body = '{}' WHERE alert_seq = 2");
    is_bad((uint64_t)number("SELECT after_seq FROM alert WHERE alert_seq = 2"), "alert 2");
}
END_TEST

START_TEST(a_damaged_older_journal_gets_no_chain) {
    struct journal_options options = {.kept = keep_all};
    struct journal *journal = NULL;
    char message[256];

    copy_journal(TEST_DATA "/journals/version-2.db");
    tamper("UPDATE segment SET received = received + 1 WHERE first_seq = 1");
    ck_assert_int_eq(journal_open_with(fixture_path(""), &options, &journal, message), JOURNAL_CORRUPT);
    ck_assert_ptr_nonnull(strstr(message, "event 1"));
    ck_assert_int_eq(number("PRAGMA user_version"), 2);
    ck_assert_int_eq(number("SELECT count(*) FROM sqlite_schema WHERE name = 'link'"), 0);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("journal chain");
    TCase *checks = tcase_create("chain");
    SRunner *runner = srunner_create(suite);
    int failed;

    tcase_add_checked_fixture(checks, make_directory, remove_directory);
    tcase_set_timeout(checks, 100);
    tcase_add_test(checks, the_digests_are_sha_256);
    tcase_add_test(checks, the_kept_part_holds_every_value_and_no_person);
    tcase_add_test(checks, an_untouched_journal_is_good);
    tcase_add_test(checks, an_empty_journal_is_good);
    tcase_add_test(checks, the_head_is_the_same_after_opening_and_as_before_a_rollback);
    tcase_add_test(checks, a_long_turn_is_linked_as_short_ones_are);
    tcase_add_test(checks, a_flipped_bit_is_found_and_its_event_named);
    tcase_add_loop_test(checks, a_changed_row_is_found_and_named, 0, sizeof changes / sizeof *changes);
    tcase_add_test(checks, swapped_events_are_found);
    tcase_add_test(checks, who_computes_the_chain_anew_is_found_by_a_head_noted_elsewhere);
    tcase_add_test(checks, it_is_checked_beside_the_writer);
    tcase_add_test(checks, redacted_events_keep_the_chain);
    tcase_add_test(checks, a_reader_puts_the_scrubbing_off);
    tcase_add_test(checks, what_is_no_journal_cannot_be_checked);
    tcase_add_loop_test(checks, an_older_journal_gets_its_chain_when_it_is_opened, 0, 2);
    tcase_add_test(checks, a_damaged_older_journal_gets_no_chain);
    suite_add_tcase(suite, checks);
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
