/* Checks of positions (rules, section 6): counts, bands and statistics of days. */
#include "tests/unit/core_world.h"

#include <string.h>

static struct position position_of(const int32_t *days, size_t count) {
    struct position_builder *builder = position_builder_create();
    struct position position;
    struct policy policy;

    world_policy(&policy);
    for (size_t i = 0; i < count; i++)
        position_builder_add_days(builder, days[i], 1);
    position_builder_finish(builder, &policy, &position);
    position_builder_destroy(&builder);
    ck_assert_ptr_null(builder);
    position_builder_destroy(&builder);
    return position;
}

#define POSITION_OF(...) position_of((const int32_t[]){__VA_ARGS__}, sizeof((const int32_t[]){__VA_ARGS__}) / sizeof(int32_t))

START_TEST(nobody_has_no_statistics) {
    struct position position = position_of(NULL, 0);

    ck_assert_int_eq(position.longest, POSITION_NULL);
    ck_assert_int_eq(position.median_tenths, POSITION_NULL);
    ck_assert_int_eq(position.mean_tenths, POSITION_NULL);
    ck_assert_int_eq(position.p90, POSITION_NULL);
    ck_assert_uint_eq(position.band_count, 7);
    for (size_t i = 0; i < position.band_count; i++)
        ck_assert_uint_eq(position.bands[i], 0);
}
END_TEST

START_TEST(the_median_is_the_mean_of_the_middle_two) {
    ck_assert_int_eq(POSITION_OF(0).median_tenths, 0);
    ck_assert_int_eq(POSITION_OF(7).median_tenths, 70);
    ck_assert_int_eq(POSITION_OF(7, 8).median_tenths, 75);
    ck_assert_int_eq(POSITION_OF(9, 1, 5).median_tenths, 50);
    ck_assert_int_eq(POSITION_OF(40, 10, 29, 20).median_tenths, 245);
    ck_assert_int_eq(POSITION_OF(3, 3, 3, 100).median_tenths, 30);
}
END_TEST

START_TEST(the_mean_has_one_decimal_half_up) {
    ck_assert_int_eq(POSITION_OF(10, 20, 29, 40).mean_tenths, 248); /* 24.75 */
    ck_assert_int_eq(POSITION_OF(1, 0, 0).mean_tenths, 3);          /* 0.333 */
    ck_assert_int_eq(POSITION_OF(1, 1, 0).mean_tenths, 7);          /* 0.667 */
    ck_assert_int_eq(POSITION_OF(1, 0, 0, 0).mean_tenths, 3);       /* 0.25 */
    ck_assert_int_eq(POSITION_OF(1, 0, 0, 0, 0, 0, 0, 0).mean_tenths, 1);
    ck_assert_int_eq(POSITION_OF(5).mean_tenths, 50);
}
END_TEST

START_TEST(p90_is_the_nearest_rank) {
    ck_assert_int_eq(POSITION_OF(5).p90, 5);
    ck_assert_int_eq(POSITION_OF(1, 2).p90, 2);
    ck_assert_int_eq(POSITION_OF(1, 2, 3, 4, 5, 6, 7, 8, 9, 10).p90, 9);
    ck_assert_int_eq(POSITION_OF(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11).p90, 10);
    ck_assert_int_eq(POSITION_OF(1, 2, 3, 4, 5, 6, 7, 8, 9).p90, 9);
    ck_assert_int_eq(POSITION_OF(10, 20, 29, 40).longest, 40);
}
END_TEST

START_TEST(bands_hold_their_upper_edge) {
    static const uint32_t expected[] = {2, 2, 2, 2, 2, 2, 2};
    struct position position = POSITION_OF(0, 7, 8, 14, 15, 28, 29, 42, 43, 84, 85, 182, 183, 3000);

    for (size_t i = 0; i < position.band_count; i++)
        ck_assert_uint_eq(position.bands[i], expected[i]);
}
END_TEST

START_TEST(the_builder_starts_anew) {
    struct position_builder *builder = position_builder_create();
    struct position position;
    struct policy policy;

    world_policy(&policy);
    position_builder_clear(builder);
    position_builder_add_days(builder, 500, 3);
    position_builder_counts(builder)->waiting = 3;
    position_builder_finish(builder, &policy, &position);
    ck_assert_uint_eq(position.waiting, 3);
    ck_assert_int_eq(position.longest, 500);
    position_builder_clear(builder);
    position_builder_add_days(builder, 2, 1);
    position_builder_finish(builder, &policy, &position);
    ck_assert_uint_eq(position.waiting, 0);
    ck_assert_int_eq(position.longest, 2);
    ck_assert_int_eq(position.mean_tenths, 20);
    position_builder_destroy(&builder);
}
END_TEST

static void add_negative_days(void *context) {
    position_builder_add_days(context, -1, 1);
}

START_TEST(nobody_waits_less_than_nothing) {
    struct position_builder *builder = position_builder_create();

    ck_assert(world_breaks(add_negative_days, builder));
    position_builder_destroy(&builder);
}
END_TEST

START_TEST(every_wait_is_counted_where_it_stands) {
    struct world *world = world_create("2025-05-01");

    REFER(world, "unallocated", .on = "2025-04-25");
    REFER(world, "allocated", .on = "2025-04-20");
    ALLOCATE(world, "allocated", .on = "2025-04-21");
    REFER(world, "in_progress", .on = "2025-04-06");
    START(world, "in_progress", .on = "2025-04-30");
    CONTACT(world, "in_progress", .on = "2025-04-30");
    REFER(world, "paused", .on = "2025-03-01");
    PAUSE(world, "paused", .on = "2025-03-02");
    REFER(world, "frozen", .on = "2025-03-01", .pathway = "excluding");
    PAUSE(world, "frozen", .on = "2025-03-21");
    REFER(world, "scheduled", .on = "2025-05-01", .clock_start = "2025-06-01");
    REFER(world, "ended", .on = "2025-04-01");
    COMPLETE(world, "ended", .on = "2025-04-20");
    struct position position = world_position(world_register(world), NULL);
    ck_assert_uint_eq(position.waiting, 5);
    ck_assert_uint_eq(position.unallocated, 3);
    ck_assert_uint_eq(position.allocated, 1);
    ck_assert_uint_eq(position.in_progress, 1);
    ck_assert_uint_eq(position.paused, 2);
    ck_assert_uint_eq(position.breach, 1);
    ck_assert_uint_eq(position.due, 1); /* in progress, 25 days; the frozen one waits 20 and stays there */
    ck_assert_uint_eq(position.scheduled, 1);
    ck_assert_uint_eq(position.no_contact, 2);
    ck_assert_int_eq(position.longest, 61);
    ck_assert_int_eq(position.median_tenths, 200);
    ck_assert_uint_eq(position.bands[0], 1);
    ck_assert_uint_eq(position.bands[1], 1);
    ck_assert_uint_eq(position.bands[2], 2);
    ck_assert_uint_eq(position.bands[4], 1);
    world_destroy(&world);
}
END_TEST

int main(void) {
    const TTest *const tests[] = {nobody_has_no_statistics,
                                  the_median_is_the_mean_of_the_middle_two,
                                  the_mean_has_one_decimal_half_up,
                                  p90_is_the_nearest_rank,
                                  bands_hold_their_upper_edge,
                                  the_builder_starts_anew,
                                  nobody_waits_less_than_nothing,
                                  every_wait_is_counted_where_it_stands,
                                  NULL};

    return world_run("position", tests);
}
