/* Checks of the list of exceptions: every code with the event that it contradicts, warnings, the filter, the counts and the pages. */
#include "tests/unit/core_world.h"

#include "daemon/core/exceptions.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    SHOWN_BYTES = 1 << 14,
    EXCEPTIONS = (1 << FINDING_ENDED_BEFORE_START) - 1,
    ALL = (1 << FINDING_CODE_COUNT) - 1,
    NEVER_LATE = 100000
};

struct shown {
    char text[SHOWN_BYTES];
    size_t length;
};

__attribute__((format(printf, 2, 3))) static void put(struct shown *shown, const char *format, ...) {
    va_list arguments;

    va_start(arguments, format);
    int length = vsnprintf(shown->text + shown->length, sizeof shown->text - shown->length, format, arguments);
    va_end(arguments);
    ck_assert_int_ge(length, 0);
    shown->length += (size_t)length;
    ck_assert_uint_lt(shown->length, sizeof shown->text);
}

static void put_text(struct shown *shown, struct text text) {
    put(shown, "%.*s", text.at == NULL ? 1 : (int)text.length, text.at == NULL ? "-" : text.at);
}

/* "w1 needs_assessment/A after_end 12 days seq 3 against w1 2": the involved event last, "excluded" and an unknown value behind it. */
static void put_row(struct shown *shown, const struct exception_row *row) {
    char field[KNOWN_FIELD_SIZE];

    put_text(shown, row->subject);
    put(shown, " ");
    put_text(shown, row->pathway);
    put(shown, "/");
    put_text(shown, row->team);
    put(shown, " %s %d days seq %u", finding_name(row->code), row->age_days, (unsigned)row->event.seq);
    ck_assert(text_equal(row->event.subject, row->subject));
    ck_assert_uint_eq(row->event.seq, row->place.seq);
    if (row->involved.seq != 0) {
        put(shown, " against ");
        put_text(shown, row->involved.subject);
        put(shown, " %u", (unsigned)row->involved.seq);
    }
    if (row->excluded)
        put(shown, " excluded");
    if (row->code == FINDING_UNKNOWN_VALUE) {
        ck_assert_uint_eq(known_field_name(&row->unknown, field), strlen(field));
        put(shown, " %s=", field);
        put_text(shown, row->unknown.value);
    }
    put(shown, "\n");
}

static void expect_request(struct waiting_register *reg, const struct exceptions_request *request, const char *expected) {
    struct shown *shown = calloc(1, sizeof *shown);
    struct exceptions_page *page = register_exceptions(reg, request);

    ck_assert_ptr_nonnull(shown);
    for (size_t i = 0; i < page->row_count; i++)
        put_row(shown, &page->rows[i]);
    ck_assert_str_eq(shown->text, expected);
    exceptions_free(&page);
    exceptions_free(&page); /* of nothing is nothing */
    free(shown);
}

static void expect_in(struct waiting_register *reg, const char *expected) {
    struct exceptions_filter filter = {.codes = EXCEPTIONS};
    struct exceptions_request request = {.filter = &filter, .limit = EXCEPTIONS_LIMIT_MAX};

    expect_request(reg, &request, expected);
}

static void expect(struct world *world, const char *expected) {
    expect_in(world_register(world), expected);
}

/* The same with the warnings. */
static void expect_all(struct waiting_register *reg, const struct known_values *known, int32_t backdated_days, const char *expected) {
    struct exceptions_filter filter = {.codes = ALL};
    struct exceptions_request request = {
        .filter = &filter, .known = known, .backdated_days = backdated_days, .limit = EXCEPTIONS_LIMIT_MAX};

    expect_request(reg, &request, expected);
}

static void add(struct known_values *known, enum known_kind kind, const char *name) {
    known_values_add(known, kind, TEXT_ABSENT, text_of(name));
}

START_TEST(each_exception_names_the_event_it_contradicts) {
    struct world *world = world_create("2025-05-01");

    expect(world, "");
    REFER(world, "w", .on = "2025-04-01");
    UNALLOCATE(world, "w", .on = "2025-04-02");
    RESUME(world, "w", .on = "2025-04-03");
    REOPEN(world, "w", .on = "2025-04-04");
    REFER(world, "w", .on = "2025-04-05", .team = "B");
    PAUSE(world, "w", .on = "2025-04-06");
    RESUME(world, "w", .on = "2025-04-07");
    PAUSE(world, "w", .on = "2025-04-08");
    PAUSE(world, "w", .on = "2025-04-09");
    START(world, "w", .on = "2025-04-10");
    START(world, "w", .on = "2025-04-11");
    SEND(world, EVENT_REVIEW_COMPLETED, "w", .on = "2025-04-12");
    COMPLETE(world, "w", .on = "2025-04-13");
    CONTACT(world, "w", .on = "2025-04-14");
    REOPEN(world, "w", .on = "2025-04-15");
    PAUSE(world, "w", .on = "2025-04-16");
    START(world, "w", .on = "2025-04-17");
    START(world, "w", .on = "2025-04-18");
    CLOSE(world, "w", .on = "2025-04-19");
    REFER(world, "w", .on = "2025-04-20");
    CLOSE(world, "w", .on = "2025-04-21");
    CONTACT(world, "other", .on = "2025-04-22");
    expect(world, "w needs_assessment/A not_allocated 29 days seq 2\n"
                  "w needs_assessment/A not_paused 28 days seq 3\n"
                  "w needs_assessment/A not_ended 27 days seq 4\n"
                  "w needs_assessment/A duplicate_referral 26 days seq 5 against w 1\n"
                  "w needs_assessment/A already_paused 22 days seq 9 against w 8\n"
                  "w needs_assessment/A already_started 20 days seq 11 against w 10\n"
                  "w needs_assessment/A wrong_completion 19 days seq 12 against w 1\n"
                  "w needs_assessment/A after_end 17 days seq 14 against w 13\n"
                  "w needs_assessment/A already_started 13 days seq 18 against w 17\n"
                  "w needs_assessment/A duplicate_referral 11 days seq 20 against w 1\n"
                  "w needs_assessment/A after_end 10 days seq 21 against w 19\n"
                  "other -/- no_referral 9 days seq 22\n");
    world_destroy(&world);
}
END_TEST

START_TEST(each_completing_type_is_an_end) {
    struct world *world = world_create("2025-05-01");

    REFER(world, "w", .on = "2025-04-01", .pathway = "review");
    SEND(world, EVENT_REVIEW_COMPLETED, "w", .on = "2025-04-12");
    SEND(world, EVENT_SERVICE_STARTED, "w", .on = "2025-04-13");
    expect(world, "w review/A after_end 18 days seq 3 against w 2\n");
    world_destroy(&world);
}
END_TEST

START_TEST(retractions_name_what_they_cannot_retract) {
    struct world *world = world_create("2025-05-01");

    REFER(world, "w", .on = "2025-04-01");
    CONTACT(world, "w", .on = "2025-04-02", .id = "contact");
    RETRACT(world, "w", .on = "2025-04-03", .id = "first", .retracts = "contact");
    RETRACT(world, "x", .on = "2025-04-04", .id = "second", .retracts = "first");
    RETRACT(world, "y", .on = "2025-04-05", .id = "third", .retracts = "nothing");
    RETRACT(world, "z", .on = "2025-06-05", .id = "ahead", .retracts = "nothing");
    expect(world, "x -/- cannot_retract 27 days seq 4 against w 3\n"
                  "y -/- retracts_unknown 26 days seq 5\n"
                  "z -/- retracts_unknown 0 days seq 6\n");
    CONTACT(world, "w", .on = "2025-04-20", .id = "nothing");
    expect(world, "x -/- cannot_retract 27 days seq 4 against w 3\n");
    world_destroy(&world);
}
END_TEST

START_TEST(what_heals_disappears) {
    struct world *world = world_create("2025-05-01");

    ALLOCATE(world, "w", .on = "2025-04-10");
    CONTACT(world, "w", .on = "2025-04-12");
    expect(world, "w -/- no_referral 21 days seq 1\nw -/- no_referral 19 days seq 2\n");
    REFER(world, "w", .on = "2025-04-11", .id = "late");
    expect(world, "w needs_assessment/A no_referral 21 days seq 1\n");
    REFER(world, "w", .on = "2025-04-01", .team = "B");
    expect(world, "w needs_assessment/B duplicate_referral 20 days seq 3 against w 4\n");
    RETRACT(world, "w", .on = "2025-05-01", .retracts = "late");
    expect(world, "");
    world_destroy(&world);
}
END_TEST

START_TEST(what_lies_ahead_is_no_exception_yet) {
    struct world *world = world_create("2025-05-01");

    REFER(world, "w", .on = "2025-04-01");
    CLOSE(world, "w", .on = "2025-04-10", .reason = "duplicate");
    CONTACT(world, "w", .on = "2025-04-20");
    expect_in(world_register_at(world, "2025-04-19"), "");
    expect_in(world_register_at(world, "2025-04-20"), "w needs_assessment/A after_end 0 days seq 3 against w 2 excluded\n");
    expect(world, "w needs_assessment/A after_end 11 days seq 3 against w 2 excluded\n");
    world_destroy(&world);
}
END_TEST

START_TEST(ends_before_the_start_are_warned_of) {
    struct world *world = world_create("2025-07-01");
    struct known_values *known = known_values_create(1);

    REFER(world, "ended", .on = "2025-04-01", .clock_start = "2025-06-01", .person = "a");
    COMPLETE(world, "ended", .on = "2025-05-20");
    REFER(world, "started", .on = "2025-04-01", .clock_start = "2025-06-01", .pathway = "started", .person = "b");
    START(world, "started", .on = "2025-05-21");
    COMPLETE(world, "started", .on = "2025-06-20");
    REFER(world, "in time", .on = "2025-04-01", .clock_start = "2025-06-01", .person = "c");
    COMPLETE(world, "in time", .on = "2025-06-01");
    expect_all(world_register(world), known, NEVER_LATE,
               "ended needs_assessment/A ended_before_start 42 days seq 2 against ended 1\n"
               "started started/A ended_before_start 41 days seq 4 against started 3\n");
    REOPEN(world, "ended", .on = "2025-05-25");
    expect_all(world_register(world), known, NEVER_LATE, "started started/A ended_before_start 41 days seq 4 against started 3\n");
    known_values_destroy(&known);
    known_values_destroy(&known);
    world_destroy(&world);
}
END_TEST

START_TEST(what_comes_late_is_backdated) {
    struct world *world = world_create("2025-05-01");
    struct known_values *known = known_values_create(1);

    REFER(world, "w", .on = "2025-04-16", .person = "a");
    REFER(world, "x", .on = "2025-04-30", .clock_start = "2025-04-17", .person = "b");
    CONTACT(world, "w", .on = "2025-04-17", .id = "gone");
    CONTACT(world, "none", .on = "2025-04-01");
    RETRACT(world, "w", .on = "2025-01-01", .retracts = "gone");
    CONTACT(world, "w", .on = "2025-05-09");
    expect_all(world_register(world), known, 14,
               "none -/- no_referral 30 days seq 4\nnone -/- backdated 30 days seq 4\nw needs_assessment/A backdated 15 days seq 1\n");
    expect_all(world_register(world), known, 13,
               "none -/- no_referral 30 days seq 4\nnone -/- backdated 30 days seq 4\nw needs_assessment/A backdated 15 days seq 1\n"
               "x needs_assessment/A backdated 14 days seq 2\n");
    known_values_destroy(&known);
    world_destroy(&world);
}
END_TEST

START_TEST(values_that_nobody_listed_are_unknown) {
    struct world *world = world_create("2025-05-01");
    struct known_values *known = known_values_create(1);

    REFER(world, "w", .on = "2025-04-01", .team = "B", .district = "Burnley", .client_group = "older", .dimensions = "x=1;y=2;z=3");
    TRANSFER(world, "w", .on = "2025-04-02", .team = "unknown", .district = "unknown");
    TRANSFER(world, "w", .on = "2025-04-03", .team = "A");
    expect_all(world_register(world), known, NEVER_LATE, "");
    add(known, KNOWN_TEAM, "A");
    add(known, KNOWN_DISTRICT, "Lancaster");
    add(known, KNOWN_CLIENT_GROUP, "carer");
    add(known, KNOWN_DIMENSION, "x");
    add(known, KNOWN_DIMENSION, "y");
    known_values_add(known, KNOWN_DIMENSION_VALUE, text_of("y"), text_of("1"));
    expect_all(world_register(world), known, NEVER_LATE,
               "w needs_assessment/A unknown_value 30 days seq 1 team=B\n"
               "w needs_assessment/A unknown_value 30 days seq 1 district=Burnley\n"
               "w needs_assessment/A unknown_value 30 days seq 1 client_group=older\n"
               "w needs_assessment/A unknown_value 30 days seq 1 dimension.y=2\n"
               "w needs_assessment/A unknown_value 30 days seq 1 dimension=z\n");
    add(known, KNOWN_TEAM, "B");
    add(known, KNOWN_DISTRICT, "Burnley");
    add(known, KNOWN_CLIENT_GROUP, "older");
    add(known, KNOWN_DIMENSION, "z");
    known_values_add(known, KNOWN_DIMENSION_VALUE, text_of("y"), text_of("2"));
    expect_all(world_register(world), known, NEVER_LATE, "");
    known_values_destroy(&known);
    world_destroy(&world);
}
END_TEST

START_TEST(a_person_who_waits_twice_on_one_pathway) {
    struct world *world = world_create("2025-05-01");
    struct known_values *known = known_values_create(1);

    REFER(world, "third", .on = "2025-04-12", .person = "p");
    REFER(world, "first", .on = "2025-04-10", .person = "p");
    REFER(world, "second", .on = "2025-04-11", .id = "the second", .person = "p", .clock_start = "2025-06-01");
    REFER(world, "alone", .on = "2025-04-10", .person = "q");
    REFER(world, "review", .on = "2025-04-10", .person = "p", .pathway = "review");
    REFER(world, "error", .on = "2025-04-09", .person = "p");
    CLOSE(world, "error", .on = "2025-04-10", .reason = "recorded_in_error");
    REFER(world, "ended", .on = "2025-04-09", .person = "p");
    COMPLETE(world, "ended", .on = "2025-04-30");
    expect_all(world_register(world), known, NEVER_LATE,
               "second needs_assessment/A same_person_twice 20 days seq 3 against first 2\n"
               "third needs_assessment/A same_person_twice 19 days seq 1 against first 2\n");
    COMPLETE(world, "first", .on = "2025-04-30");
    expect_all(world_register(world), known, NEVER_LATE, "third needs_assessment/A same_person_twice 19 days seq 1 against second 3\n");
    CLOSE(world, "third", .on = "2025-04-30");
    expect_all(world_register(world), known, NEVER_LATE, "");
    REOPEN(world, "third", .on = "2025-04-30");
    RETRACT(world, "second", .on = "2025-05-01", .retracts = "the second");
    REFER(world, "same instant", .on = "2025-04-12", .person = "p");
    expect_all(world_register(world), known, NEVER_LATE,
               "same instant needs_assessment/A same_person_twice 19 days seq 14 against third 1\n");
    known_values_destroy(&known);
    world_destroy(&world);
}
END_TEST

static struct value_list only(const char *first, const char *second) {
    return (struct value_list){second == NULL ? 1 : 2, {text_of(first), text_of(second)}};
}

START_TEST(filters_choose) {
    struct world *world = world_create("2025-05-01");
    struct exceptions_filter filter = {.codes = EXCEPTIONS};
    struct exceptions_request request = {.filter = &filter, .limit = EXCEPTIONS_LIMIT_MAX};
    const char *a = "a needs_assessment/A not_paused 21 days seq 2\n";
    const char *b = "b review/B not_paused 20 days seq 4\n";
    const char *c = "c -/- no_referral 19 days seq 5\n";
    char both[200];

    REFER(world, "a", .on = "2025-04-01");
    RESUME(world, "a", .on = "2025-04-10");
    REFER(world, "b", .on = "2025-04-01", .team = "B", .pathway = "review");
    RESUME(world, "b", .on = "2025-04-11", .source = "elsewhere");
    RESUME(world, "c", .on = "2025-04-12");
    filter.codes = 1U << FINDING_NO_REFERRAL;
    expect_request(world_register(world), &request, c);
    filter = (struct exceptions_filter){.codes = EXCEPTIONS, .sources = only("elsewhere", NULL)};
    expect_request(world_register(world), &request, b);
    filter = (struct exceptions_filter){.codes = EXCEPTIONS, .pathways = only("needs_assessment", NULL)};
    expect_request(world_register(world), &request, a);
    filter = (struct exceptions_filter){.codes = EXCEPTIONS, .teams = only("unknown", "B")};
    snprintf(both, sizeof both, "%s%s", b, c);
    expect_request(world_register(world), &request, both);
    filter = (struct exceptions_filter){.codes = EXCEPTIONS, .subjects = only("c", "nobody")};
    expect_request(world_register(world), &request, c);
    filter.subjects = only("c", "c");
    expect_request(world_register(world), &request, c);
    /* With warnings every wait is looked at, for what it shares with others. */
    struct known_values *known = known_values_create(1);
    filter.codes = ALL;
    request.known = known;
    request.backdated_days = 18;
    expect_request(world_register(world), &request, "c -/- no_referral 19 days seq 5\nc -/- backdated 19 days seq 5\n");
    known_values_destroy(&known);
    world_destroy(&world);
}
END_TEST

START_TEST(counts_are_of_all_that_pass) {
    struct world *world = world_create("2025-05-01");
    struct exceptions_filter filter = {.codes = EXCEPTIONS};
    struct exceptions_request request = {.filter = &filter, .limit = 1};
    static const char *const days[] = {"2025-05-01", "2025-04-24", "2025-04-23", "2025-04-03", "2025-04-02", "2025-02-06", "2025-02-05"};

    REFER(world, "w", .on = "2025-01-01");
    for (size_t i = 0; i < sizeof days / sizeof days[0]; i++)
        RESUME(world, "w", .on = days[i], .source = i < 3 ? "b" : "a");
    CONTACT(world, "x", .on = "2025-05-01", .source = "c");
    struct exceptions_page *page = register_exceptions(world_register(world), &request);
    ck_assert_uint_eq(page->count, 8);
    ck_assert_uint_eq(page->row_count, 1);
    ck_assert(page->more);
    ck_assert_uint_eq(page->by_code[FINDING_NOT_PAUSED], 7);
    ck_assert_uint_eq(page->by_code[FINDING_NO_REFERRAL], 1);
    ck_assert_uint_eq(page->by_age[0], 3);
    ck_assert_uint_eq(page->by_age[1], 2);
    ck_assert_uint_eq(page->by_age[2], 2);
    ck_assert_uint_eq(page->by_age[3], 1);
    struct counted_text *top;
    ck_assert_uint_eq(counts_top(page->by_source, 2, &top), 2);
    ck_assert_uint_eq(counts_distinct(page->by_source), 3);
    ck_assert(text_is(top[0].text, "a") && top[0].count == 4);
    ck_assert(text_is(top[1].text, "b") && top[1].count == 3);
    free(top);
    ck_assert_uint_eq(counts_top(page->by_team, 9, &top), 2);
    ck_assert(text_is(top[1].text, "unknown") && top[1].count == 1);
    free(top);
    exceptions_free(&page);
    world_destroy(&world);
}
END_TEST

START_TEST(pages_follow_each_other) {
    struct world *world = world_create("2025-05-01");
    struct exceptions_filter filter = {.codes = EXCEPTIONS};
    struct exception_place place;
    struct shown *whole = calloc(1, sizeof *whole), *paged = calloc(1, sizeof *paged);
    struct exceptions_request request = {.filter = &filter, .limit = EXCEPTIONS_LIMIT_MAX};

    ck_assert(whole != NULL && paged != NULL);
    for (int i = 0; i < 60; i++) {
        char subject[16], day[DATE_SIZE];
        snprintf(subject, sizeof subject, "w%d", i % 7);
        date_format(world_day_of("2025-04-01") + (i * 37) % 23, day);
        RESUME(world, subject, .on = day);
    }
    struct exceptions_page *page = register_exceptions(world_register(world), &request);
    ck_assert(!page->more);
    ck_assert_uint_eq(page->row_count, 60);
    for (size_t i = 0; i < page->row_count; i++)
        put_row(whole, &page->rows[i]);
    exceptions_free(&page);
    request.limit = 7;
    for (bool more = true; more;) {
        page = register_exceptions(world_register(world), &request);
        ck_assert_uint_eq(page->count, 60);
        for (size_t i = 0; i < page->row_count; i++)
            put_row(paged, &page->rows[i]);
        place = page->rows[page->row_count - 1].place;
        request.after = &place;
        more = page->more;
        exceptions_free(&page);
    }
    ck_assert_str_eq(paged->text, whole->text);
    free(whole);
    free(paged);
    world_destroy(&world);
}
END_TEST

static void add_value_of_nothing(void *known) {
    known_values_add(known, KNOWN_DIMENSION_VALUE, text_of("x"), text_of("1"));
}

START_TEST(texts_are_counted) {
    struct counts *counts = counts_create(1);
    struct counted_text *top;

    ck_assert_uint_eq(counts_top(counts, 3, &top), 0);
    free(top);
    for (int i = 0; i < 200; i++) {
        char text[8];
        snprintf(text, sizeof text, "t%d", i % 100);
        counts_add(counts, text_of(text));
    }
    counts_add(counts, text_of("t50"));
    ck_assert_uint_eq(counts_distinct(counts), 100);
    ck_assert_uint_eq(counts_top(counts, 3, &top), 3);
    ck_assert(text_is(top[0].text, "t50") && top[0].count == 3);
    ck_assert(text_is(top[1].text, "t0") && text_is(top[2].text, "t1") && top[2].count == 2);
    free(top);
    counts_destroy(&counts);
    counts_destroy(&counts);
}
END_TEST

START_TEST(values_belong_to_a_dimension) {
    struct known_values *known = known_values_create(1);

    ck_assert(world_breaks(add_value_of_nothing, known));
    add(known, KNOWN_DIMENSION, "y");
    ck_assert(world_breaks(add_value_of_nothing, known));
    ck_assert_uint_eq(known_dimension_count(known), 1);
    ck_assert(text_is(known_dimension_at(known, 0), "y"));
    known_values_destroy(&known);
}
END_TEST

int main(void) {
    const TTest *const tests[] = {each_exception_names_the_event_it_contradicts,
                                  each_completing_type_is_an_end,
                                  retractions_name_what_they_cannot_retract,
                                  what_heals_disappears,
                                  what_lies_ahead_is_no_exception_yet,
                                  ends_before_the_start_are_warned_of,
                                  what_comes_late_is_backdated,
                                  values_that_nobody_listed_are_unknown,
                                  a_person_who_waits_twice_on_one_pathway,
                                  filters_choose,
                                  counts_are_of_all_that_pass,
                                  pages_follow_each_other,
                                  texts_are_counted,
                                  values_belong_to_a_dimension,
                                  NULL};
    return world_run("exceptions", tests);
}
