/* Checks of the quarantine's part of the journal: listing, reading, settling, what was done, and counts that stay right. */
#include "tests/unit/journal_fixture.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void keep(struct journal *journal, const char *code, const char *bytes, const char *source, bool scrubbed) {
    const struct journal_rejection rejection = {code, "a message", "/data", text_of(source), text_of(bytes), scrubbed};

    journal_quarantine(journal, &rejection);
}

/* Five of three codes and two sources: ids 1 to 5. */
static struct journal *with_five(void) {
    struct journal *journal = opened();

    journal_begin(journal, NOON);
    keep(journal, "bad_data", "one", "urn:a", false);
    keep(journal, "not_json", "two", NULL, false);
    keep(journal, "bad_data", "three", "urn:b", false);
    keep(journal, "bad_data", "four", "urn:a", true);
    keep(journal, "too_large", "five", "urn:b", false);
    commit(journal);
    return journal;
}

static uint64_t figure(const struct journal *journal, const char *code, enum quarantine_state state) {
    const struct journal_quarantine_figures *figures = journal_quarantine_figures(journal);

    for (size_t i = 0; i < figures->count; i++)
        if (strcmp(figures->at[i].code, code) == 0)
            return figures->at[i].of[state];
    return 0;
}

/* The ids that a filter lets through, joined with commas, " next N" behind them where there is more. */
struct ids {
    char text[128];
    size_t count;
    size_t stop_after; /* 0: never */
};

static bool take_id(void *context, const struct journal_quarantined *row) {
    struct ids *ids = context;
    size_t used = strlen(ids->text);

    if (ids->stop_after != 0 && ids->count == ids->stop_after)
        return false;
    (void)snprintf(ids->text + used, sizeof ids->text - used, "%s%llu", ids->count++ > 0 ? "," : "", (unsigned long long)row->id);
    return true;
}

static void lists(struct journal *journal, struct journal_quarantine_filter filter, size_t stop_after, const char *expected) {
    struct ids ids = {.stop_after = stop_after};
    uint64_t next = 77;
    size_t used;

    ck_assert_int_eq(journal_each_quarantined(journal, &filter, take_id, &ids, &next), JOURNAL_OK);
    used = strlen(ids.text);
    if (next != 0)
        (void)snprintf(ids.text + used, sizeof ids.text - used, " next %llu", (unsigned long long)next);
    ck_assert_str_eq(ids.text, expected);
}

START_TEST(a_filter_lets_through_what_it_says) {
    struct journal *journal = with_five();

    journal_begin(journal, NOON + 1);
    journal_settle_quarantined(journal, 3, QUARANTINE_DISCARDED, NULL);
    lists(journal, (struct journal_quarantine_filter){0}, 0, "1,2,3,4,5");
    lists(journal, (struct journal_quarantine_filter){.one_state = true}, 0, "1,2,4,5");
    lists(journal, (struct journal_quarantine_filter){.one_state = true, .state = QUARANTINE_DISCARDED}, 0, "3");
    lists(journal, (struct journal_quarantine_filter){.one_state = true, .state = QUARANTINE_RETRIED}, 0, "");
    lists(journal, (struct journal_quarantine_filter){.code = text_of("bad_data")}, 0, "1,3,4");
    lists(journal, (struct journal_quarantine_filter){.source = text_of("urn:b")}, 0, "3,5");
    lists(journal, (struct journal_quarantine_filter){.code = text_of("bad_data"), .not_scrubbed = true}, 0, "1,3");
    lists(journal, (struct journal_quarantine_filter){.after_id = 2}, 0, "3,4,5");
    lists(journal, (struct journal_quarantine_filter){.after_id = UINT64_MAX}, 0, "");
    lists(journal, (struct journal_quarantine_filter){0}, 2, "1,2 next 2");
    lists(journal, (struct journal_quarantine_filter){.after_id = 2}, 3, "3,4,5");
    lists(journal, (struct journal_quarantine_filter){.code = text_of("bad_data")}, 1, "1 next 2"); /* 2 was looked at */
    commit(journal);
    journal_close(&journal);
}
END_TEST

START_TEST(a_look_at_many_rows_ends_and_goes_on) {
    struct journal *journal = opened();
    struct journal_quarantine_filter filter = {.code = text_of("not_json")};
    struct ids ids = {.count = 0};
    uint64_t next;
    char bytes[32];

    journal_begin(journal, NOON);
    for (int i = 1; i <= JOURNAL_LOOK_MAX + 5; i++) {
        (void)snprintf(bytes, sizeof bytes, "event %d", i);
        keep(journal, i == JOURNAL_LOOK_MAX + 2 ? "not_json" : "bad_data", bytes, NULL, false);
    }
    commit(journal);
    ck_assert_int_eq(journal_each_quarantined(journal, &filter, take_id, &ids, &next), JOURNAL_OK);
    ck_assert_str_eq(ids.text, "");
    ck_assert_uint_eq(next, JOURNAL_LOOK_MAX);
    filter.after_id = next;
    ck_assert_int_eq(journal_each_quarantined(journal, &filter, take_id, &ids, &next), JOURNAL_OK);
    ck_assert_str_eq(ids.text, "20002");
    ck_assert_uint_eq(next, 0);
    journal_close(&journal);
}
END_TEST

START_TEST(one_is_read_with_its_bytes_unless_they_are_too_many) {
    struct journal *journal = with_five();
    struct journal_quarantined row;

    ck_assert_int_eq(journal_read_quarantined(journal, 0, 100, &row), JOURNAL_NOT_FOUND);
    ck_assert_int_eq(journal_read_quarantined(journal, 6, 100, &row), JOURNAL_NOT_FOUND);
    ck_assert_int_eq(journal_read_quarantined(journal, UINT64_MAX, 100, &row), JOURNAL_NOT_FOUND);
    ck_assert_int_eq(journal_read_quarantined(journal, 2, UINT64_MAX, &row), JOURNAL_OK);
    ck_assert(text_is(row.code, "not_json") && text_is(row.message, "a message") && text_is(row.pointer, "/data"));
    ck_assert(row.source.at == NULL && text_is(row.bytes, "two") && row.size == 3 && !row.scrubbed && row.times == 1);
    ck_assert(row.state == QUARANTINE_WAITING && row.first_received == NOON && row.last_received == NOON);
    ck_assert_int_eq(journal_read_quarantined(journal, 4, 4, &row), JOURNAL_OK);
    ck_assert(text_is(row.bytes, "four") && row.scrubbed && text_is(row.source, "urn:a"));
    ck_assert_int_eq(journal_read_quarantined(journal, 4, 3, &row), JOURNAL_OK);
    ck_assert(row.bytes.at == NULL && row.size == 4);
    journal_close(&journal);
}
END_TEST

START_TEST(settling_moves_the_counts_with_it) {
    const struct journal_rejection why = {.code = "time_too_old", .message = "too old", .pointer = "/time"};
    struct journal *journal = with_five();
    struct journal_quarantined row;

    journal_begin(journal, NOON + 9);
    journal_settle_quarantined(journal, 1, QUARANTINE_RETRIED, NULL);
    journal_settle_quarantined(journal, 3, QUARANTINE_WAITING, &why);
    journal_settle_quarantined(journal, 5, QUARANTINE_DISCARDED, NULL);
    keep(journal, "too_large", "five", "urn:b", false); /* comes again: it stays discarded, and is counted */
    commit(journal);
    for (int round = 0; round < 2; round++) {
        ck_assert_uint_eq(journal_quarantine_count(journal), 3);
        ck_assert_uint_eq(figure(journal, "bad_data", QUARANTINE_WAITING), 1);
        ck_assert_uint_eq(figure(journal, "bad_data", QUARANTINE_RETRIED), 1);
        ck_assert_uint_eq(figure(journal, "time_too_old", QUARANTINE_WAITING), 1);
        ck_assert_uint_eq(figure(journal, "too_large", QUARANTINE_DISCARDED), 1);
        ck_assert_int_eq(journal_read_quarantined(journal, 3, 100, &row), JOURNAL_OK);
        ck_assert(text_is(row.code, "time_too_old") && text_is(row.message, "too old") && text_is(row.pointer, "/time"));
        ck_assert_int_eq(journal_read_quarantined(journal, 5, 100, &row), JOURNAL_OK);
        ck_assert(row.state == QUARANTINE_DISCARDED && row.times == 2 && row.last_received == NOON + 9);
        ck_assert_int_eq(journal_read_quarantined(journal, 1, 100, &row), JOURNAL_OK);
        ck_assert(row.state == QUARANTINE_RETRIED && text_is(row.code, "bad_data") && row.last_received == NOON);
        journal_close(&journal);
        journal = opened();
    }
    journal_close(&journal);
}
END_TEST

START_TEST(a_rollback_and_a_full_disk_bring_the_counts_back) {
    struct journal *journal = with_five();
    char *large = malloc(1 << 20);

    ck_assert_ptr_nonnull(large);
    memset(large, 'x', 1 << 20);
    journal_begin(journal, NOON + 1);
    journal_settle_quarantined(journal, 1, QUARANTINE_DISCARDED, NULL);
    ck_assert_uint_eq(journal_quarantine_count(journal), 4);
    journal_rollback(journal);
    ck_assert_uint_eq(journal_quarantine_count(journal), 5);
    ck_assert_uint_eq(figure(journal, "bad_data", QUARANTINE_DISCARDED), 0);
    ck_assert_uint_gt(journal_limit_pages(journal, 1), 1);
    journal_begin(journal, NOON + 2);
    journal_settle_quarantined(journal, 2, QUARANTINE_RETRIED, NULL);
    journal_append_event(journal, (struct text){large, 1 << 20}, TEXT_ABSENT, 0);
    ck_assert_int_eq(journal_commit(journal), JOURNAL_FULL);
    ck_assert_uint_eq(journal_quarantine_count(journal), 5);
    ck_assert_uint_eq(figure(journal, "not_json", QUARANTINE_WAITING), 1);
    lists(journal, (struct journal_quarantine_filter){.one_state = true}, 0, "1,2,3,4,5");
    free(large);
    journal_close(&journal);
    ck_assert_int_eq(number("SELECT count(*) FROM quarantine WHERE state = 'waiting'"), 5);
}
END_TEST

START_TEST(more_codes_than_fit_are_counted_together) {
    struct journal *journal = opened();
    char code[40], bytes[16];

    journal_begin(journal, NOON);
    for (int i = 0; i < JOURNAL_CODES_MAX + 4; i++) {
        (void)snprintf(code, sizeof code, "code_%d", i);
        (void)snprintf(bytes, sizeof bytes, "%d", i);
        keep(journal, code, bytes, NULL, false);
    }
    keep(journal, "a_code_that_is_longer_than_any_of_ours", "long", NULL, false);
    commit(journal);
    ck_assert_uint_eq(journal_quarantine_figures(journal)->count, JOURNAL_CODES_MAX);
    ck_assert_uint_eq(figure(journal, "code_3", QUARANTINE_WAITING), 1);
    ck_assert_uint_eq(figure(journal, "other", QUARANTINE_WAITING), 6);
    ck_assert_uint_eq(journal_quarantine_count(journal), JOURNAL_CODES_MAX + 5);
    journal_close(&journal);
}
END_TEST

START_TEST(the_acts_on_one_are_found_by_its_id) {
    struct journal *journal = with_five();
    struct listing listing = {.count = 0};

    journal_begin(journal, NOON);
    journal_append_record(journal, JOURNAL_RECORD_QUARANTINE, text_of("{\"id\":1,\"n\":1}"));
    journal_append_record(journal, JOURNAL_RECORD_QUARANTINE, text_of("{\"id\":11,\"n\":2}"));
    journal_append_record(journal, JOURNAL_RECORD_DAY, text_of("{\"id\":1,\"n\":3}"));
    journal_append_record(journal, JOURNAL_RECORD_QUARANTINE, text_of("{\"id\":1,\"n\":4}"));
    commit(journal);
    ck_assert_int_eq(journal_each_quarantine_act(journal, 1, list_record, &listing), JOURNAL_OK);
    ck_assert_uint_eq(listing.count, 2);
    ck_assert_ptr_nonnull(strstr(listing.text, "\"n\":4"));
    listing = (struct listing){.count = 0};
    ck_assert_int_eq(journal_each_quarantine_act(journal, 2, list_record, &listing), JOURNAL_OK);
    ck_assert_uint_eq(listing.count, 0);
    journal_close(&journal);
}
END_TEST

START_TEST(a_state_that_is_none_is_damage) {
    struct journal *journal = with_five();
    struct journal_quarantined row;
    struct ids ids = {.count = 0};
    uint64_t next;

    journal_close(&journal);
    tamper("PRAGMA ignore_check_constraints = ON; UPDATE quarantine SET state = 'lost' WHERE id = 3");
    journal = opened();
    ck_assert_int_eq(journal_read_quarantined(journal, 3, 100, &row), JOURNAL_CORRUPT);
    ck_assert_int_eq(journal_each_quarantined(journal, &(struct journal_quarantine_filter){0}, take_id, &ids, &next), JOURNAL_CORRUPT);
    ck_assert_str_eq(ids.text, "1,2");
    journal_close(&journal);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("journal quarantine");
    TCase *checks = tcase_create("quarantine");
    SRunner *runner;
    int failed;

    tcase_add_checked_fixture(checks, make_directory, remove_directory);
    tcase_add_test(checks, a_filter_lets_through_what_it_says);
    tcase_add_test(checks, a_look_at_many_rows_ends_and_goes_on);
    tcase_add_test(checks, one_is_read_with_its_bytes_unless_they_are_too_many);
    tcase_add_test(checks, settling_moves_the_counts_with_it);
    tcase_add_test(checks, a_rollback_and_a_full_disk_bring_the_counts_back);
    tcase_add_test(checks, more_codes_than_fit_are_counted_together);
    tcase_add_test(checks, the_acts_on_one_are_found_by_its_id);
    tcase_add_test(checks, a_state_that_is_none_is_damage);
    suite_add_tcase(suite, checks);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
