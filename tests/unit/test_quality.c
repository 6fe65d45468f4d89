/* Checks of the figures of data quality: each of them, its period, its limits, and what it is of nothing. */
#include "tests/unit/core_world.h"

#include "daemon/core/quality.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct quality *measured(struct waiting_register *reg, const struct known_values *known) {
    return register_quality(reg, &(struct quality_request){known, 14, DAY_NONE, DAY_NONE});
}

static void expect_lateness(const struct lateness *lateness, uint64_t n, int32_t median_tenths, int32_t p90, uint64_t late,
                            int32_t percent_tenths) {
    ck_assert_uint_eq(lateness->n, n);
    ck_assert_int_eq(lateness->median_tenths, median_tenths);
    ck_assert_int_eq(lateness->p90, p90);
    ck_assert_uint_eq(lateness->late, late);
    ck_assert_int_eq(lateness->late_percent_tenths, percent_tenths);
}

static void expect_filled(const struct filled *filled, uint32_t with, uint32_t of, int32_t percent_tenths) {
    ck_assert_uint_eq(filled->with, with);
    ck_assert_uint_eq(filled->of, of);
    ck_assert_int_eq(filled->percent_tenths, percent_tenths);
}

START_TEST(of_nothing_every_figure_is_null) {
    struct world *world = world_create("2025-05-01");
    struct known_values *known = known_values_create(1);
    struct quality *quality = measured(world_register(world), known);

    for (int code = 0; code < FINDING_CODE_COUNT; code++)
        ck_assert_uint_eq(quality->by_code[code], 0);
    expect_lateness(&quality->lateness, 0, POSITION_NULL, POSITION_NULL, 0, POSITION_NULL);
    ck_assert_uint_eq(quality->source_count + quality->source_total + quality->value_count + quality->value_total, 0);
    ck_assert_uint_eq(quality->double_count + quality->dimension_count + quality->dimension_total, 0);
    ck_assert_uint_eq(quality->without_referral + quality->excluded_in_error + quality->excluded_duplicate, 0);
    ck_assert_uint_eq(quality->completeness_count, 1);
    ck_assert_ptr_null(quality->completeness[0].pathway.at);
    ck_assert_uint_eq(quality->completeness[0].waits, 0);
    for (int field = 0; field < QUALITY_FIELD_COUNT; field++)
        expect_filled(&quality->completeness[0].fields[field], 0, 0, POSITION_NULL);
    quality_free(&quality);
    quality_free(&quality);
    known_values_destroy(&known);
    world_destroy(&world);
}
END_TEST

START_TEST(lateness_of_each_source_and_of_all) {
    struct world *world = world_create("2025-05-01");
    struct known_values *known = known_values_create(1);

    REFER(world, "w", .on = "2025-04-01", .source = "b", .id = "1"); /* 30 days */
    CONTACT(world, "w", .on = "2025-04-16", .source = "b");          /* 15 */
    CONTACT(world, "w", .on = "2025-04-17", .source = "b");          /* 14 */
    CONTACT(world, "w", .on = "2025-05-01", .source = "b");          /* 0 */
    CONTACT(world, "w", .on = "2025-04-28", .source = "a");          /* 3 */
    CONTACT(world, "w", .on = "2025-04-27", .source = "a", .id = "gone");
    RETRACT(world, "w", .on = "2025-01-01", .source = "a", .retracts = "gone");
    CONTACT(world, "w", .on = "2025-05-09", .source = "c"); /* not yet */
    struct quality *quality = measured(world_register(world), known);
    expect_lateness(&quality->lateness, 5, 140, 30, 2, 400);
    ck_assert_uint_eq(quality->source_total, 3);
    ck_assert_uint_eq(quality->source_count, 3);
    const struct source_quality *b = &quality->sources[0], *a = &quality->sources[1], *c = &quality->sources[2];
    ck_assert(text_is(b->source, "b") && text_is(a->source, "a") && text_is(c->source, "c"));
    expect_lateness(&b->lateness, 4, 145, 30, 2, 500);
    expect_lateness(&a->lateness, 1, 30, 3, 0, 0);
    expect_lateness(&c->lateness, 0, POSITION_NULL, POSITION_NULL, 0, POSITION_NULL);
    ck_assert_uint_eq(b->events, 4);
    ck_assert_uint_eq(a->events, 3);
    ck_assert_uint_eq(a->retracted, 1);
    ck_assert_uint_eq(c->events, 1);
    ck_assert_int_eq(b->first_event, world_event(world, 1)->event.time);
    ck_assert_int_eq(b->last_event, world_event(world, 4)->event.time);
    ck_assert_int_eq(a->first_event, world_event(world, 7)->event.time);
    ck_assert_int_eq(b->first_received, world_event(world, 1)->received);
    ck_assert_int_eq(b->last_received, world_event(world, 1)->received);
    ck_assert_uint_eq(quality->by_code[FINDING_BACKDATED], 2);
    ck_assert_uint_eq(b->by_code[FINDING_BACKDATED], 2);
    quality_free(&quality);
    known_values_destroy(&known);
    world_destroy(&world);
}
END_TEST

START_TEST(a_period_is_of_what_was_received) {
    struct world *world = world_create("2025-04-01");
    struct known_values *known = known_values_create(1);
    struct quality_request request = {known, 14, DAY_NONE, DAY_NONE};
    static const struct {
        const char *from;
        const char *to;
        uint64_t events;
        uint32_t waits;
        uint64_t exceptions;
        uint64_t excluded;
    } periods[] = {{NULL, NULL, 5, 1, 1, 1},
                   {NULL, "2025-04-01", 1, 1, 0, 0},
                   {"2025-04-02", NULL, 4, 0, 1, 1},
                   {"2025-04-02", "2025-04-09", 0, 0, 0, 0},
                   {"2025-04-10", "2025-04-10", 2, 0, 1, 0},
                   {"2025-04-11", "2025-04-30", 2, 0, 0, 1}};

    REFER(world, "w", .on = "2025-04-01");
    world_advance(world, "2025-04-10");
    CONTACT(world, "w", .on = "2025-04-10");
    RESUME(world, "w", .on = "2025-04-02");
    world_advance(world, "2025-04-20");
    REFER(world, "x", .on = "2025-04-03");
    CLOSE(world, "x", .on = "2025-04-04", .reason = "recorded_in_error");
    for (size_t i = 0; i < sizeof periods / sizeof periods[0]; i++) {
        request.from = periods[i].from == NULL ? DAY_NONE : world_day_of(periods[i].from);
        request.to = periods[i].to == NULL ? DAY_NONE : world_day_of(periods[i].to);
        struct quality *quality = register_quality(world_register(world), &request);
        ck_assert_uint_eq(quality->source_count == 0 ? 0 : quality->sources[0].events, periods[i].events);
        ck_assert_uint_eq(quality->completeness[0].waits, periods[i].waits);
        ck_assert_uint_eq(quality->by_code[FINDING_NOT_PAUSED], periods[i].exceptions);
        ck_assert_uint_eq(quality->excluded_in_error, periods[i].excluded);
        quality_free(&quality);
    }
    known_values_destroy(&known);
    world_destroy(&world);
}
END_TEST

START_TEST(completeness_of_each_field_and_pathway) {
    struct world *world = world_create("2025-05-01");
    struct known_values *known = known_values_create(1);

    known_values_add(known, KNOWN_DIMENSION, TEXT_ABSENT, text_of("listed"));
    REFER(world, "a", .on = "2025-04-01", .pathway = "started", .district = "d", .client_group = "unknown", .priority = 2, .person = "a",
          .dimensions = "listed=1;other=unknown", .clock_start = "2025-04-01");
    REFER(world, "b", .on = "2025-04-01", .person = "b");
    TRIAGE(world, "b", .on = "2025-04-02", .client_group = "g", .impact = 3, .likelihood = 4, .dimensions = "other=1");
    ALLOCATE(world, "b", .on = "2025-04-03");
    REFER(world, "c", .on = "2025-04-01", .person = "c");
    START(world, "c", .on = "2025-04-02");
    REFER(world, "d", .on = "2025-04-01", .district = "d", .person = "d");
    CLOSE(world, "d", .on = "2025-04-02", .reason = "duplicate");
    REFER(world, "e", .on = "2025-04-01", .district = "d", .person = "e");
    CLOSE(world, "e", .on = "2025-05-05", .reason = "recorded_in_error");
    CONTACT(world, "bare", .on = "2025-04-02");
    CONTACT(world, "bare", .on = "2025-04-03");
    CONTACT(world, "ahead", .on = "2025-05-03");
    struct quality *quality = measured(world_register(world), known);
    ck_assert_uint_eq(quality->completeness_count, 3);
    ck_assert_uint_eq(quality->dimension_count, 2);
    ck_assert(text_is(quality->dimensions[0], "listed") && text_is(quality->dimensions[1], "other"));
    const struct completeness *all = &quality->completeness[0], *needs = &quality->completeness[1], *started = &quality->completeness[2];
    ck_assert(text_is(needs->pathway, "needs_assessment") && text_is(started->pathway, "started"));
    ck_assert_uint_eq(all->waits, 3);
    ck_assert_uint_eq(needs->waits, 2);
    ck_assert_uint_eq(started->waits, 1);
    expect_filled(&all->fields[QUALITY_DISTRICT], 1, 3, 333);
    expect_filled(&all->fields[QUALITY_CLIENT_GROUP], 1, 3, 333);
    expect_filled(&all->fields[QUALITY_PRIORITY], 1, 3, 333);
    expect_filled(&all->fields[QUALITY_IMPACT], 1, 3, 333);
    expect_filled(&all->fields[QUALITY_LIKELIHOOD], 1, 3, 333);
    expect_filled(&all->fields[QUALITY_CLOCK_START], 1, 3, 333);
    expect_filled(&all->fields[QUALITY_WORKER], 1, 2, 500);
    expect_filled(&all->dimensions[0], 1, 3, 333);
    expect_filled(&all->dimensions[1], 1, 3, 333);
    expect_filled(&needs->fields[QUALITY_CLIENT_GROUP], 1, 2, 500);
    expect_filled(&needs->dimensions[0], 0, 2, 0);
    expect_filled(&started->fields[QUALITY_CLIENT_GROUP], 0, 1, 0);
    expect_filled(&started->fields[QUALITY_CLOCK_START], 1, 1, 1000);
    expect_filled(&started->fields[QUALITY_WORKER], 0, 0, POSITION_NULL);
    ck_assert_uint_eq(quality->excluded_duplicate, 1);
    ck_assert_uint_eq(quality->excluded_in_error, 1);
    ck_assert_uint_eq(quality->without_referral, 1);
    ck_assert_str_eq(quality_field_name(QUALITY_WORKER), "worker");
    quality_free(&quality);
    known_values_destroy(&known);
    world_destroy(&world);
}
END_TEST

START_TEST(unknown_values_by_their_number) {
    struct world *world = world_create("2025-05-01");
    struct known_values *known = known_values_create(1);

    known_values_add(known, KNOWN_TEAM, TEXT_ABSENT, text_of("A"));
    known_values_add(known, KNOWN_DIMENSION, TEXT_ABSENT, text_of("x"));
    known_values_add(known, KNOWN_DIMENSION_VALUE, text_of("x"), text_of("1"));
    REFER(world, "w", .on = "2025-04-01", .team = "B", .dimensions = "x=2");
    TRANSFER(world, "w", .on = "2025-04-02", .team = "C");
    TRANSFER(world, "w", .on = "2025-04-03", .team = "B");
    TRANSFER(world, "w", .on = "2025-04-04", .team = "A");
    struct quality *quality = measured(world_register(world), known);
    ck_assert_uint_eq(quality->by_code[FINDING_UNKNOWN_VALUE], 4);
    ck_assert_uint_eq(quality->value_total, 3);
    ck_assert_uint_eq(quality->value_count, 3);
    ck_assert(text_is(quality->values[0].field, "team") && text_is(quality->values[0].value, "B") && quality->values[0].count == 2);
    ck_assert(text_is(quality->values[1].field, "dimension.x") && text_is(quality->values[1].value, "2"));
    ck_assert(text_is(quality->values[2].field, "team") && text_is(quality->values[2].value, "C") && quality->values[2].count == 1);
    quality_free(&quality);
    known_values_destroy(&known);
    world_destroy(&world);
}
END_TEST

/* More of everything than is shown. */
START_TEST(beyond_each_limit_things_are_counted) {
    enum { MANY = 1005 };
    struct world *world = world_create("2025-05-01");
    struct known_values *known = known_values_create(1);

    known_values_add(known, KNOWN_TEAM, TEXT_ABSENT, text_of("A"));
    world_hold(world);
    for (int i = 0; i < MANY; i++) {
        char subject[16], team[16], source[16], dimension[32];
        snprintf(subject, sizeof subject, "w%d", i);
        snprintf(team, sizeof team, "T%d", i);
        snprintf(source, sizeof source, "s%d", i);
        snprintf(dimension, sizeof dimension, "d%d=1", i < 70 ? i : 0);
        REFER(world, subject, .on = "2025-04-01", .team = team, .source = source, .person = "p", .dimensions = dimension);
    }
    world_settle(world);
    struct quality *quality = measured(world_register(world), known);
    ck_assert_uint_eq(quality->source_total, MANY);
    ck_assert_uint_eq(quality->source_count, QUALITY_SOURCES_MAX);
    ck_assert_uint_eq(quality->value_total, MANY);
    ck_assert_uint_eq(quality->value_count, QUALITY_VALUES_MAX);
    ck_assert_uint_eq(quality->by_code[FINDING_SAME_PERSON_TWICE], MANY - 1);
    ck_assert_uint_eq(quality->double_count, QUALITY_DOUBLES_MAX);
    ck_assert_uint_eq(quality->dimension_total, 70);
    ck_assert_uint_eq(quality->dimension_count, QUALITY_DIMENSIONS_MAX);
    expect_filled(&quality->completeness[0].dimensions[QUALITY_DIMENSIONS_MAX - 1], 1, MANY, 1);
    const struct double_wait *first = &quality->doubles[0];
    ck_assert(text_is(first->subject, "w1") && text_is(first->other, "w0") && text_is(first->person, "p"));
    ck_assert(text_is(first->pathway, "needs_assessment"));
    ck_assert_uint_eq(first->seq, 2);
    quality_free(&quality);
    known_values_destroy(&known);
    world_destroy(&world);
}
END_TEST

int main(void) {
    const TTest *const tests[] = {of_nothing_every_figure_is_null,
                                  lateness_of_each_source_and_of_all,
                                  a_period_is_of_what_was_received,
                                  completeness_of_each_field_and_pathway,
                                  unknown_values_by_their_number,
                                  beyond_each_limit_things_are_counted,
                                  NULL};
    return world_run("quality", tests);
}
