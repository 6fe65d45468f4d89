/* Checks of the journal's turns: what they store, how it is read back, what a rollback and a full disk leave. */
#include "daemon/journal/journal.h"

#include "tests/seeded.h"
#include "tests/unit/journal_fixture.h"

#include <check.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

static char message[256]; /* of journal_open_with */

START_TEST(a_new_journal_is_empty) {
    struct journal *journal = opened();
    struct journal_event event;
    struct journal_alert alert;
    struct journal_record record;
    struct listing listing = {0};
    struct stat about;

    ck_assert_uint_eq(journal_last_seq(journal), 0);
    ck_assert_uint_eq(journal_last_alert_seq(journal), 0);
    ck_assert_uint_eq(journal_quarantine_count(journal), 0);
    ck_assert_int_eq(journal_last_received(journal), INSTANT_NONE);
    ck_assert_int_eq(journal_read_event(journal, 0, &event), JOURNAL_NOT_FOUND);
    ck_assert_int_eq(journal_read_event(journal, 1, &event), JOURNAL_NOT_FOUND);
    ck_assert_int_eq(journal_read_alert(journal, 0, &alert), JOURNAL_NOT_FOUND);
    ck_assert_int_eq(journal_read_alert(journal, 1, &alert), JOURNAL_NOT_FOUND);
    ck_assert_int_eq(journal_last_record(journal, JOURNAL_RECORD_POLICY, &record), JOURNAL_NOT_FOUND);
    ck_assert_int_eq(journal_each_event(journal, 1, list_event, &listing), JOURNAL_OK);
    ck_assert_int_eq(journal_each_alert(journal, 0, list_alert, &listing), JOURNAL_OK);
    ck_assert_int_eq(journal_each_record(journal, JOURNAL_RECORD_DAY, list_record, &listing), JOURNAL_OK);
    ck_assert_uint_eq(listing.count, 0);
    ck_assert_int_eq(stat(fixture_path(""), &about), 0);
    ck_assert_int_eq(about.st_mode & 07777, 0640);
    journal_close(&journal);
    ck_assert_ptr_null(journal);
    journal_close(&journal);
    ck_assert_int_eq(number("SELECT count(*) FROM pragma_application_id WHERE application_id = 0x776c6a31"), 1);
    ck_assert_int_eq(number("SELECT user_version FROM pragma_user_version"), 3);
    ck_assert_int_eq(number("SELECT page_size FROM pragma_page_size"), 16384);
}
END_TEST

START_TEST(the_epoch_is_random_and_stays) {
    struct journal *journal = opened();
    char epoch[33];

    ck_assert_uint_eq(strlen(journal_epoch(journal)), 32);
    ck_assert_uint_eq(strspn(journal_epoch(journal), "0123456789abcdef"), 32);
    memcpy(epoch, journal_epoch(journal), sizeof epoch);
    journal_close(&journal);
    journal = opened();
    ck_assert_str_eq(journal_epoch(journal), epoch);
    journal_close(&journal);
    ck_assert_int_eq(unlink(fixture_path("")), 0);
    journal = opened();
    ck_assert_str_ne(journal_epoch(journal), epoch);
    journal_close(&journal);
}
END_TEST

START_TEST(events_are_read_back_before_and_after_the_commit_and_a_restart) {
    struct journal *journal = opened();
    struct listing listing = {0};

    journal_begin(journal, NOON);
    ck_assert_uint_eq(append(journal, "a", 0), 1);
    ck_assert_uint_eq(append(journal, "", 0), 2);
    ck_assert_uint_eq(append(journal, "ccc", 1), 3);
    ck_assert_uint_eq(journal_last_seq(journal), 3);
    ck_assert_int_eq(journal_last_received(journal), NOON);
    check_event(journal, 1, "a", 0, NOON);
    check_event(journal, 2, "", 0, NOON);
    check_event(journal, 3, "ccc", 1, NOON);
    ck_assert_int_eq(journal_each_event(journal, 1, list_event, &listing), JOURNAL_OK);
    ck_assert_uint_eq(listing.count, 0);
    commit(journal);
    journal_begin(journal, NOON + 5);
    ck_assert_uint_eq(append(journal, "dd", 3), 4);
    check_event(journal, 1, "a", 0, NOON);
    check_event(journal, 4, "dd", 3, NOON + 5);
    commit(journal);
    for (int round = 0; round < 2; round++) {
        struct listing all = {0}, some = {0}, first = {.stop_after = 1}, none = {0};
        check_event(journal, 4, "dd", 3, NOON + 5);
        check_event(journal, 3, "ccc", 1, NOON);
        check_event(journal, 2, "", 0, NOON);
        check_event(journal, 1, "a", 0, NOON);
        ck_assert_uint_eq(journal_last_seq(journal), 4);
        ck_assert_int_eq(journal_last_received(journal), NOON + 5);
        ck_assert_int_eq(journal_each_event(journal, 0, list_event, &all), JOURNAL_OK);
        ck_assert_str_eq(all.text, "a,,ccc,dd");
        ck_assert_int_eq(journal_each_event(journal, 3, list_event, &some), JOURNAL_OK);
        ck_assert_str_eq(some.text, "ccc,dd");
        ck_assert_int_eq(journal_each_event(journal, 2, list_event, &first), JOURNAL_OK);
        ck_assert_uint_eq(first.count, 1);
        ck_assert_int_eq(journal_each_event(journal, 5, list_event, &none), JOURNAL_OK);
        ck_assert_uint_eq(none.count, 0);
        journal_close(&journal);
        journal = opened();
    }
    journal_close(&journal);
}
END_TEST

START_TEST(received_time_never_runs_backwards) {
    struct journal *journal = opened();

    commit_one(journal, "a");
    journal_begin(journal, NOON - 1000);
    append(journal, "b", 0);
    commit(journal);
    journal_close(&journal);
    journal = opened();
    journal_begin(journal, NOON - 2000);
    ck_assert_int_eq(journal_last_received(journal), NOON);
    append(journal, "c", 0);
    commit(journal);
    check_event(journal, 2, "b", 0, NOON);
    check_event(journal, 3, "c", 0, NOON);
    journal_close(&journal);
}
END_TEST

static void append_one_of_each(struct journal *journal) {
    struct journal_rejection rejection = {"bad_data", "team is required", "/data/team", text_of("urn:las"), text_of("{}"), false};

    append(journal, "lost", 0);
    journal_append_alert(journal, journal_last_alert_seq(journal) + 1, 0, text_of("{\"lost\":1}"));
    journal_append_record(journal, JOURNAL_RECORD_DAY, text_of("lost"));
    journal_quarantine(journal, &rejection);
}

START_TEST(a_rolled_back_turn_never_was) {
    struct journal *journal = opened();

    for (int round = 0; round < 3; round++) {
        struct listing listing = {0};
        struct journal_alert alert;
        journal_begin(journal, NOON + 99);
        if (round > 0) /* a turn with nothing in it is one too */
            append_one_of_each(journal);
        journal_rollback(journal);
        ck_assert_uint_eq(journal_last_seq(journal), (uint64_t)round);
        ck_assert_uint_eq(journal_last_alert_seq(journal), 0);
        ck_assert_uint_eq(journal_quarantine_count(journal), 0);
        ck_assert_int_eq(journal_last_received(journal), round == 0 ? INSTANT_NONE : NOON);
        ck_assert_int_eq(journal_read_alert(journal, 1, &alert), JOURNAL_NOT_FOUND);
        ck_assert_int_eq(journal_each_record(journal, JOURNAL_RECORD_DAY, list_record, &listing), JOURNAL_OK);
        ck_assert_int_eq(journal_each_event(journal, (uint64_t)round + 1, list_event, &listing), JOURNAL_OK);
        ck_assert_uint_eq(listing.count, 0);
        commit_one(journal, "kept");
        check_event(journal, (uint64_t)round + 1, "kept", 0, NOON);
    }
    journal_begin(journal, NOON);
    commit(journal);
    ck_assert_uint_eq(journal_last_seq(journal), 3);
    journal_close(&journal);
}
END_TEST

struct reading {
    struct journal *journal;
    uint64_t last;
};

static bool reads_while_listing(void *context, const struct journal_event *event) {
    struct reading *reading = context;
    struct journal_event other;

    for (uint64_t seq = event->previous_seq; seq != 0; seq = other.previous_seq) {
        ck_assert_int_eq(journal_read_event(reading->journal, seq, &other), JOURNAL_OK);
        ck_assert_uint_eq(other.seq, seq);
        ck_assert_uint_eq((unsigned char)other.bytes.at[0], seq & 0xff);
    }
    ck_assert_uint_eq((unsigned char)event->bytes.at[0], event->seq & 0xff);
    ck_assert_uint_eq(event->seq, reading->last + 1);
    reading->last = event->seq;
    return true;
}

START_TEST(a_chain_can_be_read_while_all_events_are_listed) {
    struct journal *journal = NULL;
    struct journal_options options = {.cache_bytes = 20000};
    struct reading reading = {0};
    char bytes[300] = {0};

    ck_assert_int_eq(journal_open_with(fixture_path(""), &options, &journal, message), JOURNAL_OK);
    for (uint64_t seq = 1; seq <= 2000;) {
        journal_begin(journal, NOON);
        for (int i = 0; i < 77; i++, seq++) {
            bytes[0] = (char)seq;
            ck_assert_uint_eq(journal_append_event(journal, (struct text){bytes, sizeof bytes}, TEXT_ABSENT, seq > 150 ? seq - 150 : 0),
                              seq);
        }
        commit(journal);
        ck_assert_int_eq(journal_tidy(journal), JOURNAL_OK);
    }
    reading.journal = journal;
    ck_assert_int_eq(journal_each_event(journal, 1, reads_while_listing, &reading), JOURNAL_OK);
    ck_assert_uint_eq(reading.last, journal_last_seq(journal));
    journal_close(&journal);
}
END_TEST

START_TEST(what_was_committed_or_listed_is_read_from_memory) {
    struct journal *journal = opened();
    struct journal_event event;
    struct listing listing = {0};

    fill(journal, 10, 8);
    fill(journal, 1, 80);
    tamper("DELETE FROM segment");
    for (uint64_t seq = 160; seq > 0; seq--)
        ck_assert_int_eq(journal_read_event(journal, seq, &event), JOURNAL_OK);
    journal_close(&journal);
    ck_assert_int_eq(unlink(fixture_path("")), 0);
    ck_assert_int_eq(unlink(fixture_path(".highwater")), 0);
    journal = opened();
    fill(journal, 10, 16);
    journal_close(&journal);
    journal = opened();
    ck_assert_int_eq(journal_each_event(journal, 1, list_event, &listing), JOURNAL_OK);
    ck_assert_uint_eq(listing.count, 160);
    tamper("DELETE FROM segment");
    for (uint64_t seq = 160; seq > 0; seq--)
        ck_assert_int_eq(journal_read_event(journal, seq, &event), JOURNAL_OK);
    journal_close(&journal);
}
END_TEST

START_TEST(alerts_are_gapless_and_chained) {
    struct journal *journal = opened();

    journal_begin(journal, NOON);
    append(journal, "a", 0);
    journal_append_alert(journal, 1, 0, text_of("one"));
    journal_append_alert(journal, 2, 1, text_of("two"));
    ck_assert_uint_eq(journal_last_alert_seq(journal), 2);
    commit(journal);
    journal_begin(journal, NOON);
    journal_append_alert(journal, 3, 1, text_of(""));
    commit(journal);
    for (int round = 0; round < 2; round++) {
        struct journal_alert alert;
        struct listing all = {0}, some = {0}, first = {.stop_after = 1}, none = {0};
        ck_assert_uint_eq(journal_last_alert_seq(journal), 3);
        ck_assert_int_eq(journal_read_alert(journal, 2, &alert), JOURNAL_OK);
        ck_assert_uint_eq(alert.alert_seq, 2);
        ck_assert_uint_eq(alert.previous_alert_seq, 1);
        ck_assert(text_is(alert.body, "two"));
        ck_assert_int_eq(journal_read_alert(journal, 3, &alert), JOURNAL_OK);
        ck_assert(text_is(alert.body, "") && alert.body.at != NULL);
        ck_assert_int_eq(journal_read_alert(journal, 4, &alert), JOURNAL_NOT_FOUND);
        ck_assert_int_eq(journal_each_alert(journal, 0, list_alert, &all), JOURNAL_OK);
        ck_assert_str_eq(all.text, "one,two,");
        ck_assert_int_eq(journal_each_alert(journal, 1, list_alert, &some), JOURNAL_OK);
        ck_assert_uint_eq(some.count, 2);
        ck_assert_int_eq(journal_each_alert(journal, 0, list_alert, &first), JOURNAL_OK);
        ck_assert_str_eq(first.text, "one");
        ck_assert_int_eq(journal_each_alert(journal, 3, list_alert, &none), JOURNAL_OK);
        ck_assert_uint_eq(none.count, 0);
        journal_close(&journal);
        journal = opened();
    }
    journal_close(&journal);
    ck_assert_int_eq(number("SELECT sum(after_seq) FROM alert"), 3);
}
END_TEST

START_TEST(records_are_listed_by_kind_and_the_newest_is_known) {
    struct journal *journal = opened();
    struct listing days = {0}, policies = {.stop_after = 1};
    struct journal_record record;

    journal_begin(journal, NOON);
    journal_append_record(journal, JOURNAL_RECORD_POLICY, text_of("p1"));
    append(journal, "a", 0);
    journal_append_record(journal, JOURNAL_RECORD_DAY, text_of("d1"));
    commit(journal);
    journal_begin(journal, NOON + 1);
    journal_append_record(journal, JOURNAL_RECORD_DAY, text_of("d2"));
    journal_append_record(journal, JOURNAL_RECORD_POLICY, text_of("p2"));
    commit(journal);
    ck_assert_int_eq(journal_last_record(journal, JOURNAL_RECORD_DAY, &record), JOURNAL_OK);
    ck_assert(text_is(record.kind, JOURNAL_RECORD_DAY) && text_is(record.body, "d2"));
    ck_assert_uint_eq(record.record_id, 3);
    ck_assert_uint_eq(record.after_seq, 1);
    ck_assert_int_eq(record.at, NOON + 1);
    ck_assert_int_eq(journal_last_record(journal, "other", &record), JOURNAL_NOT_FOUND);
    ck_assert_int_eq(journal_each_record(journal, JOURNAL_RECORD_DAY, list_record, &days), JOURNAL_OK);
    ck_assert_str_eq(days.text, "d1,d2");
    ck_assert_int_eq(journal_each_record(journal, JOURNAL_RECORD_POLICY, list_record, &policies), JOURNAL_OK);
    ck_assert_str_eq(policies.text, "p1");
    journal_close(&journal);
}
END_TEST

START_TEST(the_same_rejected_bytes_are_kept_once_and_counted) {
    struct journal *journal = opened();
    struct journal_rejection rejection = {"bad_data", "team is required", "/data/team", text_of("urn:las"), text_of("{\"a\":1}"), false};
    struct journal_rejection empty = {"not_json", "empty", NULL, TEXT_ABSENT, text_of(""), false};
    struct journal_rejection personal = {"personal_data", "an NHS number", "/subject", text_of("urn:las"), text_of("{\"a\":2}"), true};

    journal_begin(journal, NOON);
    journal_quarantine(journal, &rejection);
    journal_quarantine(journal, &rejection);
    journal_quarantine(journal, &empty);
    ck_assert_uint_eq(journal_quarantine_count(journal), 2);
    commit(journal);
    journal_close(&journal);
    journal = opened();
    ck_assert_uint_eq(journal_quarantine_count(journal), 2);
    journal_begin(journal, NOON + 7);
    journal_quarantine(journal, &rejection);
    journal_quarantine(journal, &personal);
    journal_quarantine(journal, &empty);
    ck_assert_uint_eq(journal_quarantine_count(journal), 3);
    commit(journal);
    ck_assert_uint_eq(journal_last_seq(journal), 0);
    journal_close(&journal);
    ck_assert_int_eq(number("SELECT times FROM quarantine WHERE bytes = CAST('{\"a\":1}' AS BLOB) AND code = 'bad_data'"
                            " AND pointer = '/data/team' AND source = 'urn:las' AND scrubbed = 0 AND state = 'waiting'"),
                     3);
    ck_assert_int_eq(number("SELECT last_received - first_received FROM quarantine WHERE code = 'bad_data'"), 7);
    ck_assert_int_eq(number("SELECT times FROM quarantine WHERE length(bytes) = 0 AND pointer IS NULL AND source IS NULL"), 2);
    ck_assert_int_eq(number("SELECT scrubbed FROM quarantine WHERE message = 'an NHS number'"), 1);
}
END_TEST

START_TEST(a_full_disk_undoes_the_turn_and_room_lets_it_go_on) {
    struct journal *journal = opened();
    char bytes[10000];
    uint32_t limit;
    int committed = 0;
    enum journal_status status;

    memset(bytes, 'x', sizeof bytes);
    limit = journal_limit_pages(journal, 1);
    ck_assert_uint_gt(limit, 1);
    ck_assert_uint_eq(journal_limit_pages(journal, limit + 8), limit + 8);
    do {
        uint64_t seq = journal_last_seq(journal), alert_seq = journal_last_alert_seq(journal);
        instant_t received = journal_last_received(journal);
        journal_begin(journal, NOON + committed);
        journal_append_alert(journal, alert_seq + 1, 0, text_of("{}"));
        journal_append_record(journal, JOURNAL_RECORD_DAY, text_of("d"));
        for (int i = 0; i < 2; i++)
            journal_append_event(journal, (struct text){bytes, sizeof bytes}, TEXT_ABSENT, 0);
        status = journal_commit(journal);
        if (status == JOURNAL_OK) {
            committed++;
        } else {
            ck_assert_int_eq(status, JOURNAL_FULL);
            ck_assert_str_ne(journal_failure(journal), "");
            ck_assert_uint_eq(journal_last_seq(journal), seq);
            ck_assert_uint_eq(journal_last_alert_seq(journal), alert_seq);
            ck_assert_int_eq(journal_last_received(journal), received);
        }
    } while (status == JOURNAL_OK);
    ck_assert_int_gt(committed, 0);
    /* An alert too large for what is left fails at once; the rest of the turn is not tried. */
    journal_begin(journal, NOON);
    journal_append_alert(journal, (uint64_t)committed + 1, 0, (struct text){bytes, sizeof bytes});
    journal_append_alert(journal, (uint64_t)committed + 2, 0, (struct text){bytes, sizeof bytes});
    append_one_of_each(journal);
    ck_assert_int_eq(journal_commit(journal), JOURNAL_FULL);
    ck_assert_uint_eq(journal_last_alert_seq(journal), (uint64_t)committed);
    ck_assert_uint_eq(journal_quarantine_count(journal), 0);
    ck_assert_uint_eq(journal_limit_pages(journal, 0), 0);
    journal_begin(journal, NOON + 500);
    append(journal, "after", 1);
    journal_append_alert(journal, (uint64_t)committed + 1, 0, text_of("{}"));
    commit(journal);
    check_event(journal, 2 * (uint64_t)committed + 1, "after", 1, NOON + 500);
    journal_close(&journal);
    ck_assert_int_eq(number("SELECT count(*) FROM record"), committed);
    ck_assert_int_eq(number("SELECT max(alert_seq) = count(*) FROM alert"), 1);
    journal = opened();
    check_event(journal, 2 * (uint64_t)committed + 1, "after", 1, NOON + 500);
    journal_close(&journal);
}
END_TEST

START_TEST(a_write_that_fails_otherwise_ends_the_matter) {
    struct journal *journal = opened();
    struct rlimit none = {4096, RLIM_INFINITY};
    struct rlimit before;

    commit_one(journal, "a");
    ck_assert_ptr_ne(signal(SIGXFSZ, SIG_IGN), SIG_ERR);
    ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &before), 0);
    none.rlim_max = before.rlim_max;
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &none), 0);
    journal_begin(journal, NOON);
    append(journal, "b", 0);
    ck_assert_int_eq(journal_commit(journal), JOURNAL_FAILED);
    ck_assert_str_ne(journal_failure(journal), "");
    ck_assert_uint_eq(journal_last_seq(journal), 1);
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &before), 0);
    journal_close(&journal);
    journal = opened();
    ck_assert_uint_eq(journal_last_seq(journal), 1);
    journal_close(&journal);
}
END_TEST

START_TEST(the_write_ahead_file_stays_small_with_and_without_tidying) {
    struct journal *journal = opened();
    char bytes[16000] = {0};

    for (int tidying = 0; tidying < 2; tidying++) {
        for (int turn = 0; turn < 1500; turn++) {
            journal_begin(journal, NOON);
            journal_append_event(journal, (struct text){bytes, sizeof bytes}, TEXT_ABSENT, 0);
            commit(journal);
            if (tidying == 1)
                ck_assert_int_eq(journal_tidy(journal), JOURNAL_OK);
        }
        ck_assert_int_lt(size_of(fixture_path("-wal")), tidying == 1 ? 16 << 20 : 32 << 20);
        journal_close(&journal);
        ck_assert_int_eq(size_of(fixture_path("-wal")), -1);
        journal = opened();
    }
    journal_close(&journal);
}
END_TEST

/* Disk space of 347-byte events. In a turn of its own each carries a head of the chain, a checksum and a row. */
START_TEST(an_event_of_347_bytes_takes_at_most_400) {
    static const int sizes[] = {1024, 100, 46, 23, 7, 1};
    struct journal *journal = opened();
    off_t before;
    uint64_t events;

    fill(journal, 4, 100);
    events = journal_last_seq(journal);
    journal_close(&journal);
    before = size_of(fixture_path(""));
    journal = opened();
    fill(journal, 6000 / sizes[_i], sizes[_i]);
    events = journal_last_seq(journal) - events;
    journal_close(&journal);
    printf("turns of %d: %.1f bytes an event\n", sizes[_i], (double)(size_of(fixture_path("")) - before) / (double)events);
    ck_assert_int_le(size_of(fixture_path("")) - before, (off_t)((sizes[_i] == 1 ? 460 : 400) * events));
}
END_TEST

/* What a random event must be: its length, filling and distance follow from its number. */
#define WALK_EVENTS 8000

struct expected {
    uint32_t length;
    uint64_t previous_seq;
    instant_t received;
    char filling;
};

struct walk {
    uint64_t state;
    struct expected *events; /* [seq] */
    struct journal *journal;
    uint64_t committed;
    instant_t now;
};

static uint32_t random_length(uint64_t *state) {
    switch (draw(state) % 40) {
    case 0:
        return 0;
    case 1:
        return (uint32_t)(16200 + draw(state) % 400); /* around what a page takes */
    case 2:
        return (uint32_t)(draw(state) % 60000);
    default:
        return (uint32_t)(draw(state) % 700);
    }
}

static void walk_append(struct walk *walk, uint32_t length) {
    static char bytes[60000];
    uint64_t seq = journal_last_seq(walk->journal) + 1;
    struct expected *expected = &walk->events[seq];

    *expected = (struct expected){length, draw(&walk->state) % seq, walk->now, (char)draw(&walk->state)};
    memset(bytes, expected->filling, length);
    ck_assert_uint_eq(journal_append_event(walk->journal, (struct text){bytes, length}, TEXT_ABSENT, expected->previous_seq), seq);
}

static void walk_check(const struct walk *walk, const struct journal_event *event) {
    const struct expected *expected = &walk->events[event->seq];

    ck_assert_uint_eq(event->bytes.length, expected->length);
    ck_assert_uint_eq(event->previous_seq, expected->previous_seq);
    ck_assert_int_eq(event->received, expected->received);
    for (uint32_t i = 0; i < event->bytes.length; i += 1 + event->bytes.length / 16)
        ck_assert_int_eq(event->bytes.at[i], expected->filling);
}

static bool walk_each(void *context, const struct journal_event *event) {
    struct walk *walk = context;

    ck_assert_uint_eq(event->seq, ++walk->committed);
    walk_check(walk, event);
    return true;
}

static void walk_reopen(struct walk *walk) {
    struct journal_options options = {.cache_bytes = 1 + draw(&walk->state) % 200000};

    journal_close(&walk->journal);
    ck_assert_int_eq(journal_open_with(fixture_path(""), &options, &walk->journal, message), JOURNAL_OK);
    ck_assert_uint_eq(journal_last_seq(walk->journal), walk->committed);
}

START_TEST(any_walk_of_turns_equals_a_plain_list) {
    struct walk walk = {.state = seed_of_run(), .now = NOON};
    struct journal_event event;

    walk.events = calloc(WALK_EVENTS + 1, sizeof *walk.events);
    ck_assert_ptr_nonnull(walk.events);
    walk_reopen(&walk);
    while (walk.committed < WALK_EVENTS - 300) {
        uint64_t events = draw(&walk.state) % 4 == 0 ? draw(&walk.state) % 300 : draw(&walk.state) % 5;
        walk.now += (instant_t)(draw(&walk.state) % 3);
        journal_begin(walk.journal, walk.now);
        for (uint64_t i = 0; i < events; i++)
            walk_append(&walk, random_length(&walk.state));
        for (int look = 0; look < 10 && journal_last_seq(walk.journal) > 0; look++) {
            ck_assert_int_eq(journal_read_event(walk.journal, 1 + draw(&walk.state) % journal_last_seq(walk.journal), &event), JOURNAL_OK);
            walk_check(&walk, &event);
        }
        if (draw(&walk.state) % 10 == 0) {
            journal_rollback(walk.journal);
            ck_assert_uint_eq(journal_last_seq(walk.journal), walk.committed);
        } else {
            commit(walk.journal);
            walk.committed += events;
        }
        if (draw(&walk.state) % 40 == 0)
            walk_reopen(&walk);
    }
    walk.committed = 0;
    ck_assert_int_eq(journal_each_event(walk.journal, 1, walk_each, &walk), JOURNAL_OK);
    ck_assert_uint_eq(walk.committed, journal_last_seq(walk.journal));
    journal_close(&walk.journal);
    free(walk.events);
}
END_TEST

static void add_checks_of_turns(Suite *suite) {
    TCase *checks = tcase_create("turns");

    tcase_add_checked_fixture(checks, make_directory, remove_directory);
    tcase_set_timeout(checks, 100);
    tcase_add_test(checks, a_new_journal_is_empty);
    tcase_add_test(checks, the_epoch_is_random_and_stays);
    tcase_add_test(checks, events_are_read_back_before_and_after_the_commit_and_a_restart);
    tcase_add_test(checks, received_time_never_runs_backwards);
    tcase_add_test(checks, a_rolled_back_turn_never_was);
    tcase_add_test(checks, a_chain_can_be_read_while_all_events_are_listed);
    tcase_add_test(checks, what_was_committed_or_listed_is_read_from_memory);
    tcase_add_test(checks, alerts_are_gapless_and_chained);
    tcase_add_test(checks, records_are_listed_by_kind_and_the_newest_is_known);
    tcase_add_test(checks, the_same_rejected_bytes_are_kept_once_and_counted);
    tcase_add_test(checks, a_full_disk_undoes_the_turn_and_room_lets_it_go_on);
    tcase_add_test(checks, a_write_that_fails_otherwise_ends_the_matter);
    tcase_add_test(checks, the_write_ahead_file_stays_small_with_and_without_tidying);
    tcase_add_loop_test(checks, an_event_of_347_bytes_takes_at_most_400, 0, 6);
    tcase_add_test(checks, any_walk_of_turns_equals_a_plain_list);
    suite_add_tcase(suite, checks);
}

int main(void) {
    Suite *suite = suite_create("journal");
    SRunner *runner = srunner_create(suite);
    int failed;

    add_checks_of_turns(suite);
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
