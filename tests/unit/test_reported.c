/* Checks of reported positions: what is read back out of the text is what summary says of the register that it was made from. */
#include "daemon/reported/reported.h"

#include "tests/unit/core_world.h"

#include "daemon/core/memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const names[] = {"pathway", "team", "district", "client_group", "priority"};
enum { NAMES = sizeof names / sizeof names[0] };

/* Two hundred waits over every value of the fields that are reported, some of them ended, scheduled or paused. */
static struct world *populated(void) {
    static const char *const pathways[] = {"needs_assessment", "review", "working", "excluding"};
    static const char *const teams[] = {"A", "B", "C"};
    static const char *const districts[] = {NULL, "Burnley", "unknown", "Wyre", "Chorley"};
    static const char *const client_groups[] = {"older", NULL, "younger"};
    struct world *world = world_create("2025-05-10");
    char subject[16], day[12];

    for (int i = 0; i < 200; i++) {
        (void)snprintf(subject, sizeof subject, "w-%d", i);
        (void)snprintf(day, sizeof day, "2025-%02d-%02d", 1 + i % 5, 1 + i % 9);
        REFER(world, subject, .on = day, .pathway = pathways[i % 4], .team = teams[i % 3], .district = districts[i % 5],
              .client_group = client_groups[i * 7 % 3], .clock_start = i % 11 == 0 ? "2025-06-01" : NULL);
        if (i % 4 == 1)
            ALLOCATE(world, subject, .on = "2025-05-09");
        if (i % 7 == 2)
            PAUSE(world, subject, .on = "2025-05-09");
        if (i % 10 == 3)
            CLOSE(world, subject, .on = "2025-05-10");
    }
    return world;
}

static struct reported *reported_of(struct world *world) {
    size_t length;
    char *text = reported_text(world_register(world), 1, &length);
    struct reported *reported = reported_read((struct text){text, (uint32_t)length});

    ck_assert_uint_eq(length, strlen(text));
    ck_assert_msg(reported != NULL, "%s", text);
    free(text);
    return reported;
}

static void same_position(const struct position *a, const struct position *b) {
    ck_assert_uint_eq(a->waiting, b->waiting);
    ck_assert_uint_eq(a->unallocated, b->unallocated);
    ck_assert_uint_eq(a->allocated, b->allocated);
    ck_assert_uint_eq(a->in_progress, b->in_progress);
    ck_assert_uint_eq(a->paused, b->paused);
    ck_assert_uint_eq(a->breach, b->breach);
    ck_assert_uint_eq(a->due, b->due);
    ck_assert_uint_eq(a->scheduled, b->scheduled);
    ck_assert_uint_eq(a->no_contact, b->no_contact);
    ck_assert_int_eq(a->longest, b->longest);
    ck_assert_int_eq(a->median_tenths, b->median_tenths);
    ck_assert_int_eq(a->mean_tenths, b->mean_tenths);
    ck_assert_int_eq(a->p90, b->p90);
    ck_assert_uint_eq(a->band_count, b->band_count);
    for (size_t i = 0; i < a->band_count; i++)
        ck_assert_uint_eq(a->bands[i], b->bands[i]);
}

static void same(const struct summary *a, const struct summary *b, size_t keys) {
    ck_assert_uint_eq(a->row_count, b->row_count);
    same_position(&a->total, &b->total);
    for (size_t i = 0; i < a->row_count; i++) {
        for (size_t key = 0; key < keys; key++)
            ck_assert(text_equal(a->rows[i].keys[key], b->rows[i].keys[key]));
        same_position(&a->rows[i].position, &b->rows[i].position);
    }
}

/* Asks both; true when it is reported. */
static bool compare(struct world *world, const struct reported *reported, const struct field_name *group_by, size_t count,
                    const struct wait_filter *filter) {
    struct summary known, told;
    enum reported_status status = reported_summary(reported, group_by, count, filter, &told);

    if (status != REPORTED_OK)
        return false;
    ck_assert(register_summary(world_register(world), group_by, count, filter, &known));
    same(&known, &told, count);
    summary_free(&known);
    summary_free(&told);
    return true;
}

static size_t compare_filters(struct world *world, const struct reported *reported, const struct field_name *group_by, size_t count) {
    static const char *const values[NAMES] = {"review", "B", "unknown", "older", "1"};
    struct wait_filter filter = {0};
    size_t told = compare(world, reported, group_by, count, &filter);

    for (size_t first = 0; first < NAMES; first++) {
        filter = world_filter(names[first], values[first]);
        told += compare(world, reported, group_by, count, &filter);
        for (size_t second = 0; second < NAMES; second++) {
            struct wait_filter two = filter;
            two.fields[two.field_count++] = world_filter(names[second], values[second]).fields[0];
            if (second != first)
                told += compare(world, reported, group_by, count, &two);
        }
    }
    return told;
}

/* Counted by hand: for no grouping 5 kinds of filter, of which 3 in two orders, and none; and so on. */
START_TEST(what_is_reported_is_what_summary_says) {
    struct world *world = populated();
    struct reported *reported = reported_of(world);
    size_t told[3] = {0, 0, 0};

    told[0] = compare_filters(world, reported, NULL, 0);
    for (size_t first = 0; first < NAMES; first++) {
        struct field_name group_by[GROUP_BY_MAX];
        ck_assert(field_name_of(text_of(names[first]), &group_by[0]));
        told[1] += compare_filters(world, reported, group_by, 1);
        for (size_t second = 0; second < NAMES; second++) {
            ck_assert(field_name_of(text_of(names[second]), &group_by[1]));
            if (second != first)
                told[2] += compare_filters(world, reported, group_by, 2);
        }
    }
    ck_assert_uint_eq(told[0], 1 + 2 + 3 * 2);
    /* by pathway: all, pathway, team, 3 pairs twice; by team: all, team, pathway, the pair twice; by the others: pathway, their pair twice
     */
    ck_assert_uint_eq(told[1], (3 + 6) + (3 + 2) + 2 * (1 + 2));
    /* pathway and team in two orders: all, either, the pair twice; with each of the others: all, pathway, the pair twice */
    ck_assert_uint_eq(told[2], 2 * (3 + 2) + 2 * 2 * (2 + 2));
    reported_destroy(&reported);
    world_destroy(&world);
}
END_TEST

START_TEST(an_empty_council_reports_nobody) {
    struct world *world = world_create("2025-05-10");
    struct reported *reported = reported_of(world);
    struct field_name group_by[1] = {{FIELD_PATHWAY, TEXT_ABSENT}};
    struct wait_filter filter = world_filter("team", "A");

    ck_assert(compare(world, reported, group_by, 0, &(struct wait_filter){0}));
    ck_assert(compare(world, reported, group_by, 1, &(struct wait_filter){0}));
    ck_assert(compare(world, reported, group_by, 1, &filter));
    reported_destroy(&reported);
    world_destroy(&world);
}
END_TEST

START_TEST(what_is_not_reported_is_refused) {
    struct world *world = populated();
    struct reported *reported = reported_of(world);
    struct field_name by_district[1] = {{FIELD_DISTRICT, TEXT_ABSENT}};
    struct field_name by_pathway[1] = {{FIELD_PATHWAY, TEXT_ABSENT}};
    struct wait_filter filter = {0};
    struct summary summary;

    ck_assert_int_eq(reported_summary(reported, by_district, 1, &filter, &summary), REPORTED_OTHER_FIELDS);
    filter = world_filter("district", "Wyre");
    ck_assert_int_eq(reported_summary(reported, by_pathway, 1, &filter, &summary), REPORTED_OTHER_FILTER);
    filter = world_filter("team", "A");
    filter.fields[0].values[filter.fields[0].value_count++] = text_of("B");
    ck_assert_int_eq(reported_summary(reported, NULL, 0, &filter, &summary), REPORTED_OTHER_FILTER);
    filter = (struct wait_filter){.breach = CHOICE_YES};
    ck_assert_int_eq(reported_summary(reported, NULL, 0, &filter, &summary), REPORTED_OTHER_FILTER);
    filter = world_filter("dimension.language", "en");
    ck_assert_int_eq(reported_summary(reported, NULL, 0, &filter, &summary), REPORTED_OTHER_FIELDS);
    ck_assert_ptr_nonnull(strstr(reported_message(REPORTED_OTHER_FIELDS), "client_group"));
    ck_assert_ptr_nonnull(strstr(reported_message(REPORTED_OTHER_FILTER), "client_group"));
    ck_assert_str_eq(reported_message(REPORTED_OK), "");
    reported_destroy(&reported);
    world_destroy(&world);
}
END_TEST

START_TEST(a_kind_of_too_many_groups_is_left_out) {
    struct world *world = world_create("2025-05-10");
    struct field_name by_team[1] = {{FIELD_TEAM, TEXT_ABSENT}};
    struct field_name by_pathway[1] = {{FIELD_PATHWAY, TEXT_ABSENT}};
    struct wait_filter everybody = {0};
    struct summary summary;
    char subject[16];

    world_hold(world);
    for (int i = 0; i <= SUMMARY_ROWS_MAX; i++) {
        (void)snprintf(subject, sizeof subject, "w-%d", i);
        REFER(world, subject, .on = "2025-05-01", .team = subject);
    }
    world_settle(world);
    struct reported *reported = reported_of(world);
    ck_assert_int_eq(reported_summary(reported, by_team, 1, &everybody, &summary), REPORTED_TOO_MANY_GROUPS);
    ck_assert_ptr_nonnull(strstr(reported_message(REPORTED_TOO_MANY_GROUPS), "20,000"));
    ck_assert(compare(world, reported, by_pathway, 1, &everybody));
    reported_destroy(&reported);
    world_destroy(&world);
}
END_TEST

/* Cut anywhere, or with any one byte changed, a text is read or refused, and what is read can be asked. */
START_TEST(a_damaged_text_is_refused_or_read) {
    struct world *world = world_create("2025-05-10");
    struct wait_filter everybody = {0};
    struct field_name by_team[1] = {{FIELD_TEAM, TEXT_ABSENT}};
    size_t length;

    REFER(world, "w-1", .on = "2025-05-01");
    char *text = reported_text(world_register(world), 1, &length);
    for (size_t i = 0; i < length; i++) {
        struct reported *reported = reported_read((struct text){text, (uint32_t)i});
        ck_assert_ptr_null(reported);
        for (const char *byte = "0-]\"{n"; *byte != '\0'; byte++) {
            struct summary summary;
            char before = text[i];
            text[i] = *byte;
            reported = reported_read((struct text){text, (uint32_t)length});
            if (reported != NULL && reported_summary(reported, by_team, 1, &everybody, &summary) == REPORTED_OK)
                summary_free(&summary);
            reported_destroy(&reported);
            text[i] = before;
        }
    }
    free(text);
    world_destroy(&world);
}
END_TEST

int main(void) {
    const TTest *const tests[] = {what_is_reported_is_what_summary_says, an_empty_council_reports_nobody,   what_is_not_reported_is_refused,
                                  a_kind_of_too_many_groups_is_left_out, a_damaged_text_is_refused_or_read, NULL};

    return world_run("reported", tests);
}
