/* Checks of retractions (rules, section 4): the identity they name alone decides, whenever and wherever they arrive. */
#include "tests/unit/core_world.h"

#include "daemon/core/retraction.h"

static uint64_t exceptions(struct world *world) {
    struct register_figures figures;

    register_figures(world_register(world), &figures);
    return figures.exceptions;
}

START_TEST(what_was_retracted_never_happened) {
    struct world *world = world_create("2025-05-01");

    REFER(world, "w1", .on = "2025-04-01");
    ALLOCATE(world, "w1", .on = "2025-04-10", .id = "wrong");
    ck_assert_str_eq(world_brief(world, "w1"), "waiting allocated 30/28 breach no_contact");
    RETRACT(world, "w1", .on = "2025-05-01", .retracts = "wrong");
    ck_assert_str_eq(world_brief(world, "w1"), "waiting unallocated 30/28 breach no_contact");
    ck_assert_str_eq(world_effects(world, "w1"), "applied retracted applied");
    ck_assert_str_eq(world_brief_at(world, "w1", "2025-04-15"), "waiting unallocated 14/28");
    ck_assert_uint_eq(exceptions(world), 0);
    world_destroy(&world);
}
END_TEST

START_TEST(its_own_subject_and_time_do_not_matter) {
    struct world *world = world_create("2025-05-01");

    REFER(world, "w1", .on = "2025-04-01");
    COMPLETE(world, "w1", .on = "2025-04-10", .id = "wrong");
    RETRACT(world, "elsewhere", .on = "2025-01-01", .retracts = "wrong");
    ck_assert_str_eq(world_brief(world, "w1"), "waiting unallocated 30/28 breach no_contact");
    ck_assert_str_eq(world_effects(world, "w1"), "applied retracted");
    ck_assert_str_eq(world_effects(world, "elsewhere"), "applied");
    ck_assert_str_eq(world_brief(world, "elsewhere"), "no referral");
    world_destroy(&world);
}
END_TEST

START_TEST(it_may_arrive_first) {
    struct world *world = world_create("2025-05-01");

    RETRACT(world, "elsewhere", .on = "2025-04-01", .retracts = "wrong");
    ck_assert_str_eq(world_effects(world, "elsewhere"), "retracts_unknown");
    ck_assert_uint_eq(world_view(world, "elsewhere").exceptions, 1);
    REFER(world, "w1", .on = "2025-04-01");
    COMPLETE(world, "w1", .on = "2025-04-10", .id = "wrong");
    ck_assert_str_eq(world_brief(world, "w1"), "waiting unallocated 30/28 breach no_contact");
    ck_assert_str_eq(world_effects(world, "elsewhere"), "applied");
    ck_assert_uint_eq(exceptions(world), 0);
    world_destroy(&world);
}
END_TEST

START_TEST(in_one_turn_it_may_come_before_its_target) {
    struct world *world = world_create("2025-05-01");

    world_hold(world);
    RETRACT(world, "w1", .on = "2025-04-11", .retracts = "wrong");
    REFER(world, "w1", .on = "2025-04-01");
    COMPLETE(world, "w1", .on = "2025-04-10", .id = "wrong");
    world_settle(world);
    ck_assert_str_eq(world_brief(world, "w1"), "waiting unallocated 30/28 breach no_contact");
    ck_assert_uint_eq(exceptions(world), 0);
    world_destroy(&world);
}
END_TEST

/* In a replay the history already holds what comes later. */
START_TEST(a_replay_takes_each_in_its_turn) {
    struct world *world = world_create(NULL);

    RETRACT(world, "elsewhere", .on = "2025-04-01", .retracts = "wrong");
    RETRACT(world, "elsewhere", .on = "2025-04-01", .retracts = "also");
    REFER(world, "w1", .on = "2025-04-01");
    COMPLETE(world, "w1", .on = "2025-04-10", .id = "wrong");
    RETRACT(world, "elsewhere", .on = "2025-04-02", .retracts = "none", .id = "also");
    PAUSE(world, "w1", .on = "2025-04-12", .id = "pause");
    RETRACT(world, "w1", .on = "2025-04-13", .retracts = "pause");
    for (int i = 0; i < 2; i++) {
        world_restart(world, "2025-05-01", true);
        ck_assert_str_eq(world_brief(world, "w1"), "waiting unallocated 30/28 breach no_contact");
        ck_assert_str_eq(world_effects(world, "w1"), "applied retracted retracted applied");
        ck_assert_str_eq(world_effects(world, "elsewhere"), "applied cannot_retract retracts_unknown");
        ck_assert_uint_eq(exceptions(world), 2);
    }
    world_destroy(&world);
}
END_TEST

START_TEST(the_source_is_part_of_the_identity) {
    struct world *world = world_create("2025-05-01");

    REFER(world, "w1", .on = "2025-04-01");
    COMPLETE(world, "w1", .on = "2025-04-10", .source = "b", .id = "same");
    RETRACT(world, "w1", .on = "2025-04-11", .retracts = "same"); /* of source "council" */
    ck_assert_str_eq(world_brief(world, "w1"), "ended completed 9/28");
    ck_assert_str_eq(world_effects(world, "w1"), "applied applied retracts_unknown");
    RETRACT(world, "w1", .on = "2025-04-12", .retracts = "same", .retracts_source = "b");
    ck_assert_str_eq(world_brief(world, "w1"), "waiting unallocated 30/28 breach no_contact");
    ck_assert_uint_eq(world_view(world, "w1").exceptions, 1);
    world_destroy(&world);
}
END_TEST

START_TEST(twice_is_as_once) {
    struct world *world = world_create("2025-05-01");

    REFER(world, "w1", .on = "2025-04-01");
    RETRACT(world, "w1", .on = "2025-04-11", .retracts = "wrong");
    RETRACT(world, "w2", .on = "2025-04-11", .retracts = "wrong");
    ck_assert_uint_eq(exceptions(world), 2);
    COMPLETE(world, "w1", .on = "2025-04-10", .id = "wrong");
    ck_assert_uint_eq(exceptions(world), 0);
    RETRACT(world, "w3", .on = "2025-04-12", .retracts = "wrong");
    ck_assert_uint_eq(exceptions(world), 0);
    ck_assert_str_eq(world_effects(world, "w1"), "applied retracted applied");
    ck_assert_str_eq(world_effects(world, "w2"), "applied");
    ck_assert_str_eq(world_effects(world, "w3"), "applied");
    ck_assert_str_eq(world_brief(world, "w1"), "waiting unallocated 30/28 breach no_contact");
    world_destroy(&world);
}
END_TEST

START_TEST(a_retraction_cannot_be_retracted) {
    struct world *world = world_create("2025-05-01");

    REFER(world, "w1", .on = "2025-04-01");
    COMPLETE(world, "w1", .on = "2025-04-10", .id = "wrong");
    RETRACT(world, "w1", .on = "2025-04-11", .retracts = "wrong", .id = "first");
    RETRACT(world, "w1", .on = "2025-04-12", .retracts = "first");
    ck_assert_str_eq(world_brief(world, "w1"), "waiting unallocated 30/28 breach no_contact");
    ck_assert_str_eq(world_effects(world, "w1"), "applied retracted applied cannot_retract");
    ck_assert_uint_eq(world_view(world, "w1").exceptions, 1);
    RETRACT(world, "w1", .on = "2025-04-13", .retracts = "first");
    ck_assert_uint_eq(world_view(world, "w1").exceptions, 2);
    world_destroy(&world);
}
END_TEST

START_TEST(nor_by_one_that_came_before_it) {
    struct world *world = world_create("2025-05-01");

    RETRACT(world, "w1", .on = "2025-04-12", .retracts = "first");
    ck_assert_str_eq(world_effects(world, "w1"), "retracts_unknown");
    COMPLETE(world, "w1", .on = "2025-04-10", .id = "wrong");
    REFER(world, "w1", .on = "2025-04-01");
    RETRACT(world, "w1", .on = "2025-04-11", .retracts = "wrong", .id = "first");
    ck_assert_str_eq(world_effects(world, "w1"), "applied retracted applied cannot_retract");
    ck_assert_uint_eq(world_view(world, "w1").exceptions, 1); /* another one than before */
    world_destroy(&world);
}
END_TEST

START_TEST(one_that_names_itself_cannot) {
    struct world *world = world_create("2025-05-01");

    RETRACT(world, "w1", .on = "2025-04-12", .retracts = "self", .id = "self");
    ck_assert_str_eq(world_effects(world, "w1"), "cannot_retract");
    ck_assert_uint_eq(world_view(world, "w1").exceptions, 1);
    world_destroy(&world);
}
END_TEST

START_TEST(a_retracted_end_was_no_exclusion) {
    struct world *world = world_create("2025-05-01");

    REFER(world, "w1", .on = "2025-04-01");
    CLOSE(world, "w1", .on = "2025-04-10", .reason = "duplicate", .id = "wrong");
    ck_assert_str_eq(world_brief(world, "w1"), "excluded closed 9/28");
    RETRACT(world, "w1", .on = "2025-04-11", .retracts = "wrong");
    ck_assert_str_eq(world_brief(world, "w1"), "waiting unallocated 30/28 breach no_contact");
    ck_assert_uint_eq(world_position(world_register(world), NULL).waiting, 1);
    world_destroy(&world);
}
END_TEST

START_TEST(the_second_referral_takes_the_retracted_ones_place) {
    struct world *world = world_create("2025-05-01");

    REFER(world, "w1", .on = "2025-04-01", .id = "wrong", .pathway = "review");
    REFER(world, "w1", .on = "2025-04-05", .pathway = "excluding", .team = "B");
    COMPLETE(world, "w1", .on = "2025-04-20");
    ck_assert_str_eq(world_effects(world, "w1"), "applied duplicate_referral wrong_completion");
    RETRACT(world, "w1", .on = "2025-05-01", .retracts = "wrong");
    ck_assert_str_eq(world_effects(world, "w1"), "retracted applied applied applied");
    ck_assert_str_eq(world_brief(world, "w1"), "ended completed 15/28");
    ck_assert_uint_eq(world_position(world_register(world), NULL).waiting, 0);
    world_destroy(&world);
}
END_TEST

static void count_waits(void *context, uint32_t wait) {
    *(uint32_t *)context += wait;
}

static void resolve_nobody(void *context) {
    retractions_resolve(context, text_of("s"), text_of("nobody"), RETRACTION_TAKES, count_waits, NULL);
}

START_TEST(the_table_remembers_who_named_what) {
    struct retractions *retractions = retractions_create(1);
    uint32_t sum = 0;

    ck_assert_int_eq(retractions_kind(retractions, text_of("s"), text_of("x")), RETRACTION_NONE);
    retractions_add(retractions, text_of("s"), text_of("x"), RETRACTION_UNKNOWN, 3);
    retractions_add(retractions, text_of("s"), text_of("x"), RETRACTION_UNKNOWN, 4);
    ck_assert_int_eq(retractions_kind(retractions, text_of("s"), text_of("x")), RETRACTION_UNKNOWN);
    ck_assert_int_eq(retractions_kind(retractions, text_of("s"), text_of("y")), RETRACTION_NONE);
    retractions_resolve(retractions, text_of("s"), text_of("x"), RETRACTION_TAKES, count_waits, &sum);
    ck_assert_uint_eq(sum, 7);
    ck_assert_int_eq(retractions_kind(retractions, text_of("s"), text_of("x")), RETRACTION_TAKES);
    ck_assert(world_breaks(resolve_nobody, retractions));
    /* Source and id do not run into each other. */
    retractions_add(retractions, text_of("ab"), text_of("c"), RETRACTION_CANNOT, 1);
    ck_assert_int_eq(retractions_kind(retractions, text_of("a"), text_of("bc")), RETRACTION_NONE);
    retractions_destroy(&retractions);
    ck_assert_ptr_null(retractions);
    retractions_destroy(&retractions);
}
END_TEST

int main(void) {
    const TTest *const tests[] = {what_was_retracted_never_happened,
                                  its_own_subject_and_time_do_not_matter,
                                  it_may_arrive_first,
                                  in_one_turn_it_may_come_before_its_target,
                                  a_replay_takes_each_in_its_turn,
                                  the_source_is_part_of_the_identity,
                                  twice_is_as_once,
                                  a_retraction_cannot_be_retracted,
                                  nor_by_one_that_came_before_it,
                                  one_that_names_itself_cannot,
                                  a_retracted_end_was_no_exclusion,
                                  the_second_referral_takes_the_retracted_ones_place,
                                  the_table_remembers_who_named_what,
                                  NULL};

    return world_run("retraction", tests);
}
