/* The 21 worked examples of the rules, section 10, by their numbers. */
#include "tests/unit/core_world.h"

static uint32_t waiting_in(struct waiting_register *reg, const char *team) {
    struct wait_filter filter = world_filter("team", team);

    return world_position(reg, &filter).waiting;
}

START_TEST(example_01) {
    struct world *world = world_create("2025-04-01");

    REFER(world, "w1", .on = "2025-04-01");
    world_advance(world, "2025-04-29");
    ck_assert_str_eq(world_brief(world, "w1"), "waiting unallocated 28/28 due");
    ck_assert_int_eq(world_view(world, "w1").breach_on, world_day_of("2025-04-30"));
    ck_assert_int_eq(world_view(world, "w1").days_to_breach, 1);
    ck_assert_str_eq(world_alerts(world), "raised approaching/7 w1 A 22/28 2025-04-23\n"
                                          "raised approaching/1 w1 A 28/28 2025-04-29\n");
    world_advance(world, "2025-04-30");
    ck_assert_str_eq(world_brief(world, "w1"), "waiting unallocated 29/28 breach no_contact");
    ck_assert_str_eq(world_alerts(world), "resolved approaching/1 w1 A 29/28 2025-04-29 breached\n"
                                          "resolved approaching/7 w1 A 29/28 2025-04-23 breached\n"
                                          "raised breach w1 A 29/28 2025-04-30\n");
    ck_assert_uint_eq(world_position(world_register(world), NULL).breach, 1);
    world_destroy(&world);
}
END_TEST

START_TEST(example_02) {
    struct world *world = world_create("2025-04-30");

    REFER(world, "w1", .on = "2025-04-01");
    ck_assert_uint_eq(world_position(world_register(world), NULL).waiting, 1);
    COMPLETE(world, "w1", .on = "2025-04-30");
    ck_assert_str_eq(world_brief(world, "w1"), "ended completed 29/28");
    ck_assert_int_eq(world_view(world, "w1").clock.stop, world_day_of("2025-04-30"));
    ck_assert_int_gt(world_view(world, "w1").clock.days, world_view(world, "w1").clock.standard);
    ck_assert_uint_eq(world_position(world_register(world), NULL).waiting, 0);
    ck_assert_str_eq(world_brief_at(world, "w1", "2025-04-29"), "waiting unallocated 28/28 due");
    ck_assert_uint_eq(world_position(world_register_at(world, "2025-04-29"), NULL).due, 1);
    world_destroy(&world);
}
END_TEST

START_TEST(example_03) {
    struct world *world = world_create("2025-03-31");

    REFER(world, "w1", .time = "2025-03-30T23:30:00Z");
    ck_assert_int_eq(world_view(world, "w1").clock.start, world_day_of("2025-03-31"));
    ck_assert_str_eq(world_brief(world, "w1"), "waiting unallocated 0/28");
    world_destroy(&world);
}
END_TEST

START_TEST(example_04) {
    struct world *world = world_create("2024-02-01");

    REFER(world, "w1", .on = "2024-02-01");
    world_advance(world, "2024-02-29");
    ck_assert_str_eq(world_brief(world, "w1"), "waiting unallocated 28/28 due");
    world_advance(world, "2024-03-01");
    ck_assert_str_eq(world_brief(world, "w1"), "waiting unallocated 29/28 breach no_contact");
    world_destroy(&world);
}
END_TEST

START_TEST(example_05) {
    struct world *world = world_create("2025-04-10");

    REFER(world, "w1", .on = "2025-04-10", .clock_start = "2025-04-01");
    ALLOCATE(world, "w1", .on = "2025-04-05");
    ck_assert_str_eq(world_effects(world, "w1"), "applied applied");
    ck_assert_uint_eq(world_view(world, "w1").exceptions, 0);
    ck_assert_str_eq(world_brief_at(world, "w1", "2025-04-07"), "waiting allocated 6/28");
    world_destroy(&world);
}
END_TEST

START_TEST(example_06) {
    struct world *world = world_create("2025-04-05");
    struct register_figures figures;

    ALLOCATE(world, "w1", .on = "2025-04-05");
    ck_assert_str_eq(world_effects(world, "w1"), "no_referral");
    ck_assert_uint_eq(world_view(world, "w1").exceptions, 1);
    ck_assert_str_eq(world_brief(world, "w1"), "no referral");
    REFER(world, "w1", .on = "2025-04-01");
    ck_assert_str_eq(world_effects(world, "w1"), "applied applied");
    ck_assert_uint_eq(world_view(world, "w1").exceptions, 0);
    ck_assert_str_eq(world_brief(world, "w1"), "waiting allocated 4/28");
    register_figures(world_register(world), &figures);
    ck_assert_uint_eq(figures.exceptions, 0);
    world_destroy(&world);
}
END_TEST

START_TEST(example_07) {
    static const char *const pathways[] = {"needs_assessment", "excluding"};
    struct world *world = world_create("2025-04-01");

    for (int i = 0; i < 2; i++) {
        REFER(world, pathways[i], .on = "2025-04-01", .pathway = pathways[i]);
        PAUSE(world, pathways[i], .on = "2025-04-10");
        RESUME(world, pathways[i], .on = "2025-04-20");
    }
    world_advance(world, "2025-05-05");
    for (int i = 0; i < 2; i++) {
        struct wait_view view = world_view(world, pathways[i]);
        ck_assert_int_eq(view.clock.gross_days, 34);
        ck_assert_int_eq(view.clock.paused_days, 10);
    }
    ck_assert_str_eq(world_brief(world, "needs_assessment"), "waiting unallocated 34/28 breach no_contact");
    ck_assert_str_eq(world_brief(world, "excluding"), "waiting unallocated 24/28 due no_contact");
    world_destroy(&world);
}
END_TEST

START_TEST(example_08) {
    struct world *world = world_create("2025-04-01");

    REFER(world, "w1", .on = "2025-04-01", .pathway = "excluding");
    world_advance(world, "2025-04-10");
    PAUSE(world, "w1", .on = "2025-04-10");
    world_advance(world, "2025-05-05");
    struct wait_view view = world_view(world, "w1");
    ck_assert_int_eq(view.clock.gross_days, 34);
    ck_assert_int_eq(view.clock.gross_days - view.clock.paused_days, 9);
    ck_assert_str_eq(world_brief(world, "w1"), "waiting unallocated 9/28 paused no_contact");
    ck_assert_int_eq(view.breach_on, DAY_NONE);
    ck_assert_str_eq(world_alerts(world), "");
    world_destroy(&world);
}
END_TEST

START_TEST(example_09) {
    struct world *world = world_create("2025-04-01");

    REFER(world, "w1", .on = "2025-04-01");
    world_advance(world, "2025-04-11");
    COMPLETE(world, "w1", .on = "2025-04-11");
    world_advance(world, "2025-04-15");
    ck_assert_str_eq(world_brief(world, "w1"), "ended completed 10/28");
    world_advance(world, "2025-04-21");
    REOPEN(world, "w1", .on = "2025-04-21");
    world_advance(world, "2025-05-01");
    ck_assert_str_eq(world_brief(world, "w1"), "waiting unallocated 30/28 breach no_contact");
    ck_assert_str_eq(world_brief_at(world, "w1", "2025-04-15"), "ended completed 10/28");
    ck_assert_str_eq(world_open_alerts(world), "breach w1 A 2025-04-30\n");
    world_destroy(&world);
}
END_TEST

START_TEST(example_10) {
    struct world *world = world_create("2025-04-01");

    REFER(world, "w1", .on = "2025-04-01", .pathway = "started");
    world_advance(world, "2025-04-09");
    START(world, "w1", .on = "2025-04-09");
    world_advance(world, "2025-04-20");
    ck_assert_str_eq(world_brief(world, "w1"), "ended in_progress 8/28");
    ck_assert_uint_eq(world_position(world_register(world), NULL).waiting, 0);
    world_destroy(&world);
}
END_TEST

START_TEST(example_11) {
    struct world *world = world_create("2025-04-01");

    REFER(world, "w1", .on = "2025-04-01", .team = "A");
    world_advance(world, "2025-04-03");
    ALLOCATE(world, "w1", .on = "2025-04-03");
    world_advance(world, "2025-04-05");
    ck_assert_uint_eq(waiting_in(world_register(world), "A"), 1);
    ck_assert_str_eq(world_brief(world, "w1"), "waiting allocated 4/28");
    world_advance(world, "2025-04-10");
    TRANSFER(world, "w1", .on = "2025-04-10", .team = "B");
    world_advance(world, "2025-04-12");
    ck_assert_uint_eq(waiting_in(world_register(world), "A"), 0);
    ck_assert_uint_eq(waiting_in(world_register(world), "B"), 1);
    ck_assert_str_eq(world_brief(world, "w1"), "waiting unallocated 11/28");
    ck_assert_int_eq(world_view(world, "w1").clock.start, world_day_of("2025-04-01"));
    ck_assert_uint_eq(waiting_in(world_register_at(world, "2025-04-05"), "A"), 1);
    world_destroy(&world);
}
END_TEST

START_TEST(example_12) {
    struct world *world = world_create("2025-04-01");

    REFER(world, "w1", .on = "2025-04-01");
    world_advance(world, "2025-04-20");
    ck_assert_uint_eq(world_position(world_register(world), NULL).waiting, 1);
    CLOSE(world, "w1", .on = "2025-04-20", .reason = "recorded_in_error");
    ck_assert_str_eq(world_brief(world, "w1"), "excluded closed 19/28");
    ck_assert_uint_eq(world_position(world_register(world), NULL).waiting, 0);
    struct position before = world_position(world_register_at(world, "2025-04-10"), NULL);
    ck_assert_uint_eq(before.waiting, 0);
    ck_assert_uint_eq(before.scheduled, 0);
    world_destroy(&world);
}
END_TEST

START_TEST(example_13) {
    struct world *world = world_create("2025-04-01");

    REFER(world, "w1", .on = "2025-04-01");
    world_advance(world, "2025-04-20");
    COMPLETE(world, "w1", .on = "2025-04-20", .id = "wrong");
    world_advance(world, "2025-05-01");
    ck_assert_str_eq(world_brief(world, "w1"), "ended completed 19/28");
    RETRACT(world, "w1", .on = "2025-05-01", .retracts = "wrong");
    ck_assert_str_eq(world_brief(world, "w1"), "waiting unallocated 30/28 breach no_contact");
    ck_assert_str_eq(world_effects(world, "w1"), "applied retracted applied");
    ck_assert_str_eq(world_alerts(world), "raised breach w1 A 30/28 2025-04-30 late\n");
    world_destroy(&world);
}
END_TEST

START_TEST(example_14) {
    struct world *world = world_create("2025-01-10");

    REFER(world, "w1", .on = "2025-01-10", .clock_start = "2025-06-01");
    world_advance(world, "2025-05-31");
    ck_assert_str_eq(world_brief(world, "w1"), "scheduled unallocated 0/28");
    ck_assert_uint_eq(world_position(world_register(world), NULL).scheduled, 1);
    ck_assert_uint_eq(world_position(world_register(world), NULL).waiting, 0);
    world_advance(world, "2025-06-01");
    ck_assert_str_eq(world_brief(world, "w1"), "waiting unallocated 0/28");
    ck_assert_uint_eq(world_position(world_register(world), NULL).scheduled, 0);
    world_advance(world, "2025-06-30");
    ck_assert_str_eq(world_brief(world, "w1"), "waiting unallocated 29/28 breach no_contact");
    world_destroy(&world);
}
END_TEST

START_TEST(example_15) {
    struct world *world = world_create("2025-01-10");

    REFER(world, "w1", .on = "2025-01-10", .clock_start = "2025-06-01");
    world_advance(world, "2025-05-20");
    COMPLETE(world, "w1", .on = "2025-05-20");
    world_advance(world, "2025-06-01");
    ck_assert_str_eq(world_brief(world, "w1"), "ended completed 0/28 early");
    ck_assert_int_eq(world_view(world, "w1").clock.stop, world_day_of("2025-05-20"));
    ck_assert_uint_eq(world_position(world_register(world), NULL).scheduled, 0);
    ck_assert_uint_eq(world_view(world, "w1").exceptions, 0);
    world_destroy(&world);
}
END_TEST

START_TEST(example_16) {
    static const char midnight[] = "2025-04-01T00:00:00+01:00";
    struct world *world = world_create("2025-04-01");

    COMPLETE(world, "w1", .time = midnight);
    ALLOCATE(world, "w1", .time = midnight);
    REFER(world, "w1", .time = midnight);
    ck_assert_str_eq(world_effects(world, "w1"), "applied applied applied");
    ck_assert_str_eq(world_brief(world, "w1"), "ended completed 0/28");
    REFER(world, "w2", .time = midnight);
    ALLOCATE(world, "w2", .time = midnight);
    COMPLETE(world, "w2", .time = midnight);
    ck_assert_str_eq(world_effects(world, "w2"), "applied applied applied");
    ck_assert_str_eq(world_brief(world, "w2"), "ended completed 0/28");
    world_destroy(&world);
}
END_TEST

START_TEST(example_17) {
    struct world *world = world_create("2025-04-07");

    REFER(world, "w1", .on = "2025-04-01");
    RESUME(world, "w1", .on = "2025-04-03");
    COMPLETE(world, "w1", .on = "2025-04-05");
    CONTACT(world, "w1", .on = "2025-04-06");
    ck_assert_str_eq(world_brief(world, "w1"), "ended completed 4/28");
    ck_assert_str_eq(world_effects(world, "w1"), "applied not_paused applied after_end");
    ck_assert_uint_eq(world_view(world, "w1").exceptions, 2);
    world_destroy(&world);
}
END_TEST

START_TEST(example_18) {
    struct world *world = world_create("2025-04-17");

    REFER(world, "w1", .on = "2025-04-17", .pathway = "working");
    world_advance(world, "2025-04-28");
    ck_assert_str_eq(world_brief(world, "w1"), "waiting unallocated 5/5 due");
    world_advance(world, "2025-04-29");
    ck_assert_str_eq(world_brief(world, "w1"), "waiting unallocated 6/5 breach");
    ck_assert_int_eq(world_view(world, "w1").clock.gross_days, 12);
    ck_assert_str_eq(world_open_alerts(world), "breach w1 A 2025-04-29\n");
    world_destroy(&world);
}
END_TEST

START_TEST(example_19) {
    struct world *world = world_create("2025-05-11");

    REFER(world, "w1", .on = "2025-05-01");
    REFER(world, "w2", .on = "2025-04-21");
    REFER(world, "w3", .on = "2025-04-12");
    REFER(world, "w4", .on = "2025-04-01");
    struct position position = world_position(world_register(world), NULL);
    ck_assert_uint_eq(position.waiting, 4);
    ck_assert_int_eq(position.median_tenths, 245);
    ck_assert_int_eq(position.mean_tenths, 248);
    ck_assert_int_eq(position.p90, 40);
    ck_assert_int_eq(position.longest, 40);
    ck_assert_uint_eq(position.breach, 2);
    world_destroy(&world);
}
END_TEST

START_TEST(example_20) {
    struct world *world = world_create("2025-04-01");

    REFER(world, "w1", .on = "2025-04-01", .pathway = "prioritised", .priority = 3);
    world_advance(world, "2025-04-03");
    ck_assert_str_eq(world_brief(world, "w1"), "waiting unallocated 2/14");
    world_advance(world, "2025-04-04");
    ck_assert_str_eq(world_alerts(world), "");
    TRIAGE(world, "w1", .on = "2025-04-04", .priority = 1);
    ck_assert_str_eq(world_brief(world, "w1"), "waiting unallocated 3/2 breach");
    ck_assert_str_eq(world_alerts(world), "raised breach w1 A 3/2 2025-04-04\n");
    ck_assert_str_eq(world_brief_at(world, "w1", "2025-04-03"), "waiting unallocated 2/14");
    world_destroy(&world);
}
END_TEST

START_TEST(example_21) {
    static const char *const days[] = {"2025-04-10", "2025-04-11", "2025-04-12", "2025-04-13", "2025-04-14"};
    struct world *world = world_create("2025-04-07");

    REFER(world, "w1", .on = "2025-04-07", .pathway = "working_excluding");
    world_advance(world, "2025-04-09");
    ck_assert_str_eq(world_brief(world, "w1"), "waiting unallocated 2/5 due");
    PAUSE(world, "w1", .on = "2025-04-09");
    ck_assert_str_eq(world_brief(world, "w1"), "waiting unallocated 2/5 paused");
    for (size_t i = 0; i < sizeof days / sizeof days[0]; i++) {
        world_advance(world, days[i]);
        ck_assert_str_eq(world_brief(world, "w1"), "waiting unallocated 2/5 paused");
    }
    world_destroy(&world);
}
END_TEST

int main(void) {
    const TTest *const tests[] = {example_01, example_02, example_03, example_04, example_05, example_06, example_07, example_08,
                                  example_09, example_10, example_11, example_12, example_13, example_14, example_15, example_16,
                                  example_17, example_18, example_19, example_20, example_21, NULL};

    return world_run("examples", tests);
}
