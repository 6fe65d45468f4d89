/* Checks of summaries and listings: every field, every filter, every sort, pages and ties. */
#include "tests/unit/core_world.h"

#include "daemon/core/distribution.h"
#include "daemon/core/memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Seven waits on 10 May 2025, six of them running. */
static struct world *populated(void) {
    struct world *world = world_create("2025-05-10");

    REFER(world, "ann", .on = "2025-04-01", .team = "A", .district = "Burnley", .client_group = "older", .priority = 1, .impact = 5,
          .likelihood = 4, .dimensions = "deprivation=1;language=en");
    ALLOCATE(world, "ann", .on = "2025-04-02", .worker = "w-1");
    CONTACT(world, "ann", .on = "2025-05-01");
    REFER(world, "bob", .on = "2025-04-15", .team = "A", .district = "Wyre", .priority = 2, .impact = 2, .likelihood = 2);
    START(world, "bob", .on = "2025-05-01");
    CONTACT(world, "bob", .on = "2025-04-20");
    REFER(world, "cat", .on = "2025-05-01", .team = "B", .district = "Burnley", .client_group = "younger", .priority = 1,
          .dimensions = "deprivation=10");
    PAUSE(world, "cat", .on = "2025-05-02");
    REFER(world, "dan", .on = "2025-05-01", .team = "B", .clock_start = "2025-06-01", .impact = 5, .likelihood = 4);
    REFER(world, "eve", .on = "2025-03-01", .team = "A", .pathway = "excluding");
    PAUSE(world, "eve", .on = "2025-03-11");
    REFER(world, "fay", .on = "2025-04-15", .team = "B", .pathway = "review");
    REFER(world, "gus", .on = "2025-04-01", .team = "A", .priority = 3);
    COMPLETE(world, "gus", .on = "2025-04-20");
    return world;
}

START_TEST(names_of_fields) {
    static const char *const known[] = {"pathway", "team",   "district",   "client_group", "priority",
                                        "stage",   "impact", "likelihood", "worker"};
    struct field_name field;

    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        ck_assert(field_name_of(text_of(known[i]), &field));
        ck_assert_int_eq(field.field, (int)i);
    }
    ck_assert(field_name_of(text_of("dimension.deprivation"), &field));
    ck_assert_int_eq(field.field, FIELD_DIMENSION);
    ck_assert(text_is(field.dimension, "deprivation"));
    ck_assert(!field_name_of(text_of("dimension."), &field));
    ck_assert(!field_name_of(text_of("dimensions"), &field));
    ck_assert(!field_name_of(text_of("person"), &field));
    ck_assert(!field_name_of(TEXT_ABSENT, &field));
    ck_assert_str_eq(wait_sort_name(SORT_DAYS), "days");
    ck_assert_str_eq(wait_sort_name(SORT_DAYS_TO_BREACH), "days_to_breach");
    ck_assert_str_eq(wait_sort_name(SORT_RISK), "risk");
    ck_assert_str_eq(wait_sort_name(SORT_PRIORITY), "priority");
    ck_assert_str_eq(wait_sort_name(SORT_LAST_CONTACT), "last_contact");
    ck_assert_str_eq(wait_sort_name(SORT_SUBJECT), "subject");
}
END_TEST

START_TEST(a_summary_by_every_field) {
    static const struct {
        const char *fields;
        const char *rows;
    } table[] = {
        {"", " 5\n"},
        {"pathway", "excluding 1\nneeds_assessment 3\nreview 1\n"},
        {"team", "A 3\nB 2\n"},
        {"pathway team", "excluding/A 1\nneeds_assessment/A 2\nneeds_assessment/B 1\nreview/B 1\n"},
        {"district", "Burnley 2\nWyre 1\nunknown 2\n"},
        {"client_group", "older 1\nunknown 3\nyounger 1\n"},
        {"priority", "1 2\n2 1\nunknown 2\n"},
        {"stage", "allocated 1\nin_progress 1\nunallocated 3\n"},
        {"impact", "2 1\n5 1\nunknown 3\n"},
        {"likelihood", "2 1\n4 1\nunknown 3\n"},
        {"impact likelihood", "2/2 1\n5/4 1\nunknown/unknown 3\n"},
        {"worker", "unknown 4\nw-1 1\n"},
        {"dimension.deprivation", "1 1\n10 1\nunknown 3\n"},
        {"dimension.language", "en 1\nunknown 4\n"},
        {"dimension.lang", "unknown 5\n"},
        {"priority stage team district", "1/allocated/A/Burnley 1\n1/unallocated/B/Burnley 1\n2/in_progress/A/Wyre 1\n"
                                         "unknown/unallocated/A/unknown 1\nunknown/unallocated/B/unknown 1\n"},
    };
    struct world *world = populated();

    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
        ck_assert_str_eq(world_rows(world, table[i].fields, NULL), table[i].rows);
    world_destroy(&world);
}
END_TEST

/* "3x28 1w5: 0:1/0 …": the standards with how many, then of each week that has somebody the count and how many are over. */
static const char *distributed(struct world *world, const struct wait_filter *filter) {
    static char text[400];
    struct distribution distribution;
    size_t length = 0;

    register_distribution(world_register(world), filter, &distribution);
    text[0] = '\0';
    for (size_t i = 0; i < distribution.standard_count; i++)
        length += (size_t)snprintf(text + length, sizeof text - length, "%u%c%d ", distribution.standards[i].count,
                                   distribution.standards[i].unit == UNIT_WORKING_DAYS ? 'w' : 'x', distribution.standards[i].days);
    for (size_t i = 0; i < distribution.row_count; i++)
        if (distribution.rows[i].count > 0 || i + 1 == distribution.row_count)
            length += (size_t)snprintf(text + length, sizeof text - length, "%zu:%u/%u ", i, distribution.rows[i].count,
                                       distribution.rows[i].over_standard);
    snprintf(text + length, sizeof text - length, "%u/%u%s", distribution.total.count, distribution.total.over_standard,
             distribution.is_open ? " open" : "");
    distribution_free(&distribution);
    return text;
}

START_TEST(a_distribution_by_completed_week) {
    static const struct wait_filter everyone;
    struct wait_filter overdue = {.breach = CHOICE_YES};
    struct world *world = populated();

    /* ann 39 days, bob 25, cat 9, eve 10 (stands still), fay 25 */
    ck_assert_str_eq(distributed(world, &everyone), "5x28 1:2/0 3:2/0 5:1/1 5/1");
    ck_assert_str_eq(distributed(world, &overdue), "1x28 5:1/1 1/1");
    struct wait_filter in_time = {.breach = CHOICE_NO}; /* dan, who is scheduled, does not wait */
    ck_assert_str_eq(distributed(world, &in_time), "4x28 1:2/0 3:2/0 4/0");
    struct wait_filter team = world_filter("team", "A");
    ck_assert_str_eq(distributed(world, &team), "3x28 1:1/0 3:1/0 5:1/1 3/1");
    struct wait_filter district = world_filter("district", "Burnley");
    ck_assert_str_eq(distributed(world, &district), "2x28 1:1/0 5:1/1 2/1");
    struct wait_filter nobody = world_filter("team", "Z");
    ck_assert_str_eq(distributed(world, &nobody), "0/0");
    REFER(world, "hal", .on = "2025-04-24", .team = "A", .pathway = "working");
    REFER(world, "ida", .on = "2025-04-24", .team = "A", .pathway = "prioritised", .priority = 3);
    ck_assert_str_eq(distributed(world, &everyone), "1x14 5x28 1w5 1:3/1 2:1/1 3:2/0 5:1/1 7/3");
    world_destroy(&world);
}
END_TEST

START_TEST(a_distribution_has_an_open_end) {
    static const struct wait_filter everyone;
    struct world *world = world_create("2025-05-10");

    REFER(world, "old", .on = "2025-05-09", .clock_start = "2015-05-31"); /* 3632 days */
    ck_assert_str_eq(distributed(world, &everyone), "1x28 518:1/1 1/1");
    REFER(world, "older", .on = "2025-05-09", .clock_start = "2015-05-30");
    ck_assert_str_eq(distributed(world, &everyone), "2x28 518:1/1 519:1/1 2/2 open");
    REFER(world, "oldest", .on = "2025-05-09", .clock_start = "1999-01-01");
    ck_assert_str_eq(distributed(world, &everyone), "3x28 518:1/1 519:2/2 3/3 open");
    world_destroy(&world);
}
END_TEST

START_TEST(empty_groups_are_left_out) {
    struct world *world = populated();

    COMPLETE(world, "bob", .on = "2025-05-10");
    ck_assert_str_eq(world_rows(world, "district", NULL), "Burnley 2\nunknown 2\n");
    ck_assert_str_eq(world_rows(world, "pathway team", NULL), "excluding/A 1\nneeds_assessment/A 1\nneeds_assessment/B 1\nreview/B 1\n");
    struct wait_filter nobody = world_filter("team", "Z");
    ck_assert_str_eq(world_rows(world, "team", &nobody), "");
    ck_assert_str_eq(world_rows(world, "worker", &nobody), "");
    ck_assert_int_eq(world_position(world_register(world), &nobody).longest, POSITION_NULL);
    world_destroy(&world);
}
END_TEST

START_TEST(a_value_sent_as_unknown_is_one_of_the_missing) {
    struct world *world = world_create("2025-05-10");

    REFER(world, "w1", .on = "2025-05-01", .district = "unknown", .dimensions = "zone=unknown");
    REFER(world, "w2", .on = "2025-05-01", .team = "unknown");
    REFER(world, "w3", .on = "2025-05-01", .team = "A", .client_group = "unknown");
    ALLOCATE(world, "w3", .on = "2025-05-01", .worker = "unknown");
    ck_assert_str_eq(world_rows(world, "district", NULL), "unknown 3\n");
    ck_assert_str_eq(world_rows(world, "team", NULL), "A 2\nunknown 1\n");
    ck_assert_str_eq(world_rows(world, "client_group", NULL), "unknown 3\n");
    ck_assert_str_eq(world_rows(world, "worker", NULL), "unknown 3\n");
    ck_assert_str_eq(world_rows(world, "dimension.zone", NULL), "unknown 3\n");
    struct wait_filter filter = world_filter("district", "unknown");
    ck_assert_uint_eq(world_position(world_register(world), &filter).waiting, 3);
    world_destroy(&world);
}
END_TEST

START_TEST(filters_by_every_field) {
    static const struct {
        const char *field;
        const char *value;
        uint32_t waiting;
    } table[] = {
        {"pathway", "needs_assessment", 3},
        {"pathway", "nowhere", 0},
        {"pathway", "unknown", 0},
        {"team", "A", 3},
        {"team", "B", 2},
        {"team", "Burnley", 0},
        {"team", "unknown", 0},
        {"district", "Burnley", 2},
        {"district", "unknown", 2},
        {"client_group", "older", 1},
        {"client_group", "unknown", 3},
        {"priority", "1", 2},
        {"priority", "unknown", 2},
        {"priority", "9", 0},
        {"priority", "12", 0},
        {"priority", "x", 0},
        {"stage", "in_progress", 1},
        {"stage", "unallocated", 3},
        {"stage", "completed", 0},
        {"stage", "elsewhere", 0},
        {"impact", "5", 1},
        {"impact", "unknown", 3},
        {"likelihood", "2", 1},
        {"worker", "w-1", 1},
        {"worker", "unknown", 4},
        {"worker", "w-2", 0},
        {"dimension.deprivation", "1", 1},
        {"dimension.deprivation", "10", 1},
        {"dimension.deprivation", "unknown", 3},
        {"dimension.none", "1", 0},
    };
    struct world *world = populated();

    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        struct wait_filter filter = world_filter(table[i].field, table[i].value);
        uint32_t waiting = world_position(world_register(world), &filter).waiting;
        ck_assert_msg(waiting == table[i].waiting, "%s=%s: %u", table[i].field, table[i].value, waiting);
        /* The same from the single waits as from the counters. */
        filter.statuses = 1U << STATUS_WAITING;
        ck_assert_uint_eq(world_position(world_register(world), &filter).waiting, table[i].waiting);
    }
    world_destroy(&world);
}
END_TEST

START_TEST(several_values_are_any_and_several_fields_all) {
    struct world *world = populated();
    struct wait_filter filter = world_filter("priority", "1");

    filter.fields[0].values[filter.fields[0].value_count++] = text_of("unknown");
    ck_assert_uint_eq(world_position(world_register(world), &filter).waiting, 4);
    ck_assert(field_name_of(text_of("team"), &filter.fields[1].name));
    filter.fields[1].values[0] = text_of("C");
    filter.fields[1].values[1] = text_of("B");
    filter.fields[1].value_count = 2;
    filter.field_count = 2;
    ck_assert_uint_eq(world_position(world_register(world), &filter).waiting, 2);
    ck_assert_uint_eq(world_position(world_register(world), &filter).scheduled, 1);
    filter.has_min_days = true;
    filter.min_days = 9;
    ck_assert_uint_eq(world_position(world_register(world), &filter).waiting, 2);
    ck_assert_uint_eq(world_position(world_register(world), &filter).scheduled, 0);
    filter.fields[1].value_count = 0;
    ck_assert_uint_eq(world_position(world_register(world), &filter).waiting, 0);
    world_destroy(&world);
}
END_TEST

static const char *listed(struct world *world, const struct wait_filter *filter, enum wait_sort sort, bool descending) {
    static char text[512];
    struct waits_page *page = memory_new(1, sizeof *page);
    struct waits_request request = {filter, sort, descending, WAITS_LIMIT_MAX, NULL};

    text[0] = '\0';
    register_waits(world_register(world), &request, page);
    ck_assert_uint_eq(page->count, page->row_count);
    ck_assert(!page->more);
    for (size_t i = 0; i < page->row_count; i++) {
        struct wait_view view;
        ck_assert(register_view(world_register(world), page->waits[i], &view));
        snprintf(text + strlen(text), sizeof text - strlen(text), "%s%s", i > 0 ? " " : "", view.subject.at);
    }
    free(page);
    return text;
}

START_TEST(the_other_filters) {
    struct world *world = populated();
    struct wait_filter filter;

    filter = (struct wait_filter){.breach = CHOICE_YES};
    ck_assert_str_eq(listed(world, &filter, SORT_SUBJECT, false), "ann");
    filter = (struct wait_filter){.breach = CHOICE_NO};
    ck_assert_str_eq(listed(world, &filter, SORT_SUBJECT, false), "bob cat dan eve fay gus");
    filter = (struct wait_filter){.due = CHOICE_YES};
    ck_assert_str_eq(listed(world, &filter, SORT_SUBJECT, false), "bob fay");
    filter = (struct wait_filter){.due = CHOICE_NO};
    ck_assert_str_eq(listed(world, &filter, SORT_SUBJECT, false), "ann cat dan eve gus");
    filter = (struct wait_filter){.paused = CHOICE_YES};
    ck_assert_str_eq(listed(world, &filter, SORT_SUBJECT, false), "cat eve");
    filter = (struct wait_filter){.no_contact = CHOICE_YES};
    ck_assert_str_eq(listed(world, &filter, SORT_SUBJECT, false), "eve");
    filter = (struct wait_filter){.no_contact = CHOICE_NO, .statuses = 1U << STATUS_WAITING};
    ck_assert_str_eq(listed(world, &filter, SORT_SUBJECT, false), "ann bob cat fay");
    filter = (struct wait_filter){.has_min_days = true, .min_days = 25};
    ck_assert_str_eq(listed(world, &filter, SORT_SUBJECT, false), "ann bob fay");
    filter = (struct wait_filter){.has_max_days = true, .max_days = 10};
    ck_assert_str_eq(listed(world, &filter, SORT_SUBJECT, false), "cat dan eve");
    filter = (struct wait_filter){.statuses = 1U << STATUS_ENDED | 1U << STATUS_SCHEDULED};
    ck_assert_str_eq(listed(world, &filter, SORT_SUBJECT, false), "dan gus");
    filter = (struct wait_filter){.statuses = 1U << STATUS_SCHEDULED};
    ck_assert_str_eq(listed(world, &filter, SORT_SUBJECT, false), "dan");
    filter = (struct wait_filter){.subject_prefix = text_of("ca")};
    ck_assert_str_eq(listed(world, &filter, SORT_SUBJECT, false), "cat");
    filter = (struct wait_filter){.subject_prefix = text_of("cats")};
    ck_assert_str_eq(listed(world, &filter, SORT_SUBJECT, false), "");
    filter = world_filter("team", "B");
    filter.statuses = 1U << STATUS_WAITING | 1U << STATUS_SCHEDULED;
    ck_assert_str_eq(listed(world, &filter, SORT_SUBJECT, false), "cat dan fay");
    ALLOCATE(world, "hal", .on = "2025-05-01"); /* without a referral it is on no list */
    CLOSE(world, "fay", .on = "2025-05-10", .reason = "duplicate");
    filter = (struct wait_filter){0};
    ck_assert_str_eq(listed(world, &filter, SORT_SUBJECT, false), "ann bob cat dan eve fay gus");
    filter.statuses = 1U << STATUS_EXCLUDED;
    ck_assert_str_eq(listed(world, &filter, SORT_SUBJECT, false), "fay");
    world_destroy(&world);
}
END_TEST

START_TEST(a_filtered_summary_reads_the_single_waits) {
    struct world *world = populated();
    struct wait_filter filter = {.paused = CHOICE_YES};

    ck_assert_str_eq(world_rows(world, "team", &filter), "A 1\nB 1\n");
    filter = (struct wait_filter){.has_max_days = true, .max_days = 25};
    struct position position = world_position(world_register(world), &filter);
    ck_assert_uint_eq(position.waiting, 4);
    ck_assert_uint_eq(position.scheduled, 1);
    ck_assert_uint_eq(position.paused, 2);
    ck_assert_uint_eq(position.unallocated, 3);
    ck_assert_uint_eq(position.in_progress, 1);
    ck_assert_uint_eq(position.due, 2);
    ck_assert_uint_eq(position.breach, 0);
    ck_assert_uint_eq(position.no_contact, 1);
    ck_assert_int_eq(position.longest, 25);
    filter = (struct wait_filter){.breach = CHOICE_YES};
    position = world_position(world_register(world), &filter);
    ck_assert_uint_eq(position.allocated, 1);
    ck_assert_uint_eq(position.breach, 1);
    ck_assert_int_eq(position.longest, 39);
    world_destroy(&world);
}
END_TEST

/* The three ways to count give one answer. */
START_TEST(counters_and_single_waits_agree) {
    struct world *world = populated();
    struct wait_filter everybody = {.statuses = 1U << STATUS_WAITING | 1U << STATUS_SCHEDULED};

    for (int day = 0; day < 3; day++) {
        struct position total = world_position(world_register(world), NULL);
        struct position single = world_position(world_register(world), &everybody);
        ck_assert_mem_eq(&total, &single, sizeof total);
        uint32_t waiting = 0, breach = 0;
        for (size_t queue = 0; queue < register_queue_count(world_register(world)); queue++) {
            struct position position;
            register_queue_position(world_register(world), queue, &position);
            waiting += position.waiting;
            breach += position.breach;
        }
        ck_assert_uint_eq(waiting, total.waiting);
        ck_assert_uint_eq(breach, total.breach);
        world_advance(world, day == 0 ? "2025-05-11" : day == 1 ? "2025-06-05" : "2025-09-01");
    }
    world_destroy(&world);
}
END_TEST

START_TEST(listings_in_every_order) {
    static const struct {
        enum wait_sort sort;
        const char *rising;
        const char *falling;
    } table[] = {
        {SORT_DAYS, "dan cat eve gus bob fay ann", "ann bob fay gus eve cat dan"},
        {SORT_DAYS_TO_BREACH, "ann bob fay eve cat dan gus", "dan cat eve bob fay ann gus"},
        {SORT_RISK, "bob ann dan cat eve fay gus", "ann dan bob cat eve fay gus"},
        {SORT_PRIORITY, "ann cat bob gus dan eve fay", "gus bob ann cat dan eve fay"},
        {SORT_LAST_CONTACT, "bob ann cat dan eve fay gus", "ann bob cat dan eve fay gus"},
        {SORT_SUBJECT, "ann bob cat dan eve fay gus", "gus fay eve dan cat bob ann"},
    };
    struct world *world = populated();
    struct wait_filter everything = {0};

    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        ck_assert_str_eq(listed(world, &everything, table[i].sort, false), table[i].rising);
        ck_assert_str_eq(listed(world, &everything, table[i].sort, true), table[i].falling);
    }
    world_destroy(&world);
}
END_TEST

/* Page by page, in pages of each size, gives the whole listing once, ties and nulls included. */
START_TEST(pages_join_without_a_gap) {
    struct world *world = world_create("2025-05-10");
    enum { WAITS = 60 };
    char subject[16];
    struct wait_filter everything = {0};
    struct waits_page *whole = memory_new(1, sizeof *whole);
    struct waits_page *page = memory_new(1, sizeof *page);

    for (int i = 0; i < WAITS; i++) {
        snprintf(subject, sizeof subject, "w%02d", (i * 37) % WAITS);
        REFER(world, subject, .on = i % 3 == 0 ? "2025-04-01" : "2025-04-20", .priority = (uint8_t)(i % 4));
    }
    for (int sort = 0; sort < WAIT_SORT_COUNT; sort++)
        for (int descending = 0; descending < 2; descending++)
            for (size_t limit = 1; limit <= WAITS + 1; limit += 7) {
                struct waits_request request = {&everything, (enum wait_sort)sort, descending == 1, WAITS_LIMIT_MAX, NULL};
                register_waits(world_register(world), &request, whole);
                ck_assert_uint_eq(whole->row_count, WAITS);
                request.limit = limit;
                struct sort_place cursor;
                size_t seen = 0;
                do {
                    register_waits(world_register(world), &request, page);
                    ck_assert_uint_eq(page->count, WAITS);
                    ck_assert_uint_le(page->row_count, limit);
                    ck_assert_mem_eq(page->waits, whole->waits + seen, page->row_count * sizeof page->waits[0]);
                    seen += page->row_count;
                    cursor = page->last;
                    request.after = &cursor;
                } while (page->more);
                ck_assert_uint_eq(seen, WAITS);
            }
    free(page);
    free(whole);
    world_destroy(&world);
}
END_TEST

START_TEST(a_cursor_stays_good_when_its_wait_is_gone) {
    struct world *world = populated();
    struct wait_filter running = {.statuses = 1U << STATUS_WAITING};
    struct waits_page *page = memory_new(1, sizeof *page);
    struct waits_request request = {&running, SORT_DAYS, true, 2, NULL};

    register_waits(world_register(world), &request, page);
    ck_assert_uint_eq(page->row_count, 2); /* ann, bob */
    ck_assert(page->more);
    struct sort_place cursor = page->last;
    COMPLETE(world, "bob", .on = "2025-05-10");
    request.after = &cursor;
    register_waits(world_register(world), &request, page);
    ck_assert_uint_eq(page->count, 4);
    ck_assert_uint_eq(page->row_count, 2);
    ck_assert_uint_eq(page->waits[0], register_find(world_register(world), text_of("fay")));
    ck_assert_uint_eq(page->waits[1], register_find(world_register(world), text_of("eve")));
    free(page);
    world_destroy(&world);
}
END_TEST

START_TEST(a_summary_has_a_limit) {
    struct world *world = world_create("2025-05-10");
    struct wait_filter everything = {0};
    struct field_name worker;
    struct summary summary;
    char subject[32], name[32];

    ck_assert(field_name_of(text_of("worker"), &worker));
    world_hold(world);
    for (int i = 0; i < SUMMARY_ROWS_MAX; i++) {
        snprintf(subject, sizeof subject, "w%05d", i);
        snprintf(name, sizeof name, "worker-%05d", i);
        REFER(world, subject, .time = "2025-05-01T08:00:00Z");
        ALLOCATE(world, subject, .time = "2025-05-01T08:00:01Z", .worker = name);
    }
    world_settle(world);
    ck_assert(register_summary(world_register(world), &worker, 1, &everything, &summary));
    ck_assert_uint_eq(summary.row_count, SUMMARY_ROWS_MAX);
    ck_assert_str_eq(summary.rows[0].keys[0].at, "worker-00000");
    ck_assert_uint_eq(summary.rows[SUMMARY_ROWS_MAX - 1].position.waiting, 1);
    summary_free(&summary);
    ck_assert_ptr_null(summary.rows);
    REFER(world, "one more", .on = "2025-05-01");
    ck_assert(!register_summary(world_register(world), &worker, 1, &everything, &summary));
    ck_assert_ptr_null(summary.rows);
    ck_assert_uint_eq(world_position(world_register(world), NULL).waiting, SUMMARY_ROWS_MAX + 1);
    world_destroy(&world);
}
END_TEST

/* Groups kept as counters have the same limit: more cells than rows may be asked for. */
START_TEST(a_summary_from_counters_has_it_too) {
    struct world *world = world_create("2025-05-10");
    struct wait_filter everything = {0};
    struct field_name district;
    struct summary summary;
    char subject[32], name[32];

    ck_assert(field_name_of(text_of("district"), &district));
    world_hold(world);
    for (int i = 0; i <= SUMMARY_ROWS_MAX; i++) {
        snprintf(subject, sizeof subject, "w%05d", i);
        snprintf(name, sizeof name, "district-%05d", i);
        REFER(world, subject, .time = "2025-05-01T08:00:00Z", .district = name);
    }
    world_settle(world);
    ck_assert(!register_summary(world_register(world), &district, 1, &everything, &summary));
    ck_assert_uint_eq(world_position(world_register(world), NULL).waiting, SUMMARY_ROWS_MAX + 1);
    world_destroy(&world);
}
END_TEST

static void ask_for_no_rows(void *context) {
    struct wait_filter everything = {0};
    struct waits_request request = {&everything, SORT_DAYS, true, 0, NULL};
    static struct waits_page page;

    register_waits(context, &request, &page);
}

START_TEST(a_page_of_no_rows_is_our_own_bug) {
    struct world *world = populated();

    ck_assert(world_breaks(ask_for_no_rows, world_register(world)));
    world_destroy(&world);
}
END_TEST

int main(void) {
    const TTest *const tests[] = {names_of_fields,
                                  a_summary_by_every_field,
                                  a_distribution_by_completed_week,
                                  a_distribution_has_an_open_end,
                                  empty_groups_are_left_out,
                                  a_value_sent_as_unknown_is_one_of_the_missing,
                                  filters_by_every_field,
                                  several_values_are_any_and_several_fields_all,
                                  the_other_filters,
                                  a_filtered_summary_reads_the_single_waits,
                                  counters_and_single_waits_agree,
                                  listings_in_every_order,
                                  pages_join_without_a_gap,
                                  a_cursor_stays_good_when_its_wait_is_gone,
                                  a_summary_has_a_limit,
                                  a_summary_from_counters_has_it_too,
                                  a_page_of_no_rows_is_our_own_bug,
                                  NULL};

    return world_run("selection", tests);
}
