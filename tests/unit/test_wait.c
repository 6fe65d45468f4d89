/* Checks of folding one wait: every cell of the table of the rules, section 4, through the register. */
#include "tests/unit/core_world.h"

#include <stdio.h>
#include <string.h>

#define DAY_OF_EVENT "2025-04-20"

/* A wait referred on 1 April, looked at on 20 April. */
static struct world *open_world(void) {
    struct world *world = world_create(DAY_OF_EVENT);

    REFER(world, "w1", .on = "2025-04-01", .team = "A", .district = "Burnley", .client_group = "older", .priority = 2, .impact = 3,
          .likelihood = 4, .dimensions = "deprivation=1");
    return world;
}

static void send(struct world *world, enum event_type type) {
    SEND(world, type, "w1", .on = DAY_OF_EVENT, .team = "B", .priority = 1, .district = "Chorley");
}

/* Sends an event that must have no effect but its exception. */
static void refused(struct world *world, enum event_type type, const char *effect) {
    char fields[1024], days[256], brief[256];
    uint32_t exceptions = world_view(world, "w1").exceptions;

    snprintf(fields, sizeof fields, "%s", world_fields(world, "w1"));
    snprintf(days, sizeof days, "%s", world_days(world, "w1"));
    snprintf(brief, sizeof brief, "%s", world_brief(world, "w1"));
    send(world, type);
    const char *effects = world_effects(world, "w1");
    ck_assert_uint_ge(strlen(effects), strlen(effect));
    ck_assert_msg(strstr(effects, effect) != NULL, "%s: %s, not %s", event_type_name(type), effects, effect);
    ck_assert_str_eq(world_fields(world, "w1"), fields);
    ck_assert_str_eq(world_days(world, "w1"), days);
    ck_assert_str_eq(world_brief(world, "w1"), brief);
    ck_assert_uint_eq(world_view(world, "w1").exceptions, exceptions + 1);
}

START_TEST(before_the_referral_nothing_takes_effect) {
    for (int type = EVENT_REFERRAL_TRIAGED; type <= EVENT_WAIT_REOPENED; type++) {
        struct world *world = world_create(DAY_OF_EVENT);
        send(world, (enum event_type)type);
        ck_assert_str_eq(world_effects(world, "w1"), "no_referral");
        ck_assert_str_eq(world_brief(world, "w1"), "no referral");
        ck_assert_uint_eq(world_view(world, "w1").exceptions, 1);
        ck_assert_uint_eq(world_view(world, "w1").newest_seq, 1);
        world_destroy(&world);
    }
}
END_TEST

START_TEST(after_the_end_only_a_reopening_takes_effect) {
    static const enum event_type ends[] = {EVENT_ASSESSMENT_COMPLETED, EVENT_WAIT_CLOSED};

    for (int end = 0; end < 2; end++)
        for (int type = EVENT_REFERRAL_RECEIVED; type < EVENT_WAIT_REOPENED; type++) {
            struct world *world = open_world();
            SEND(world, ends[end], "w1", .on = "2025-04-15");
            refused(world, (enum event_type)type, type == EVENT_REFERRAL_RECEIVED ? "duplicate_referral" : "after_end");
            world_destroy(&world);
        }
}
END_TEST

START_TEST(a_referral_opens) {
    struct world *world = open_world();

    ck_assert_str_eq(world_brief(world, "w1"), "waiting unallocated 19/28");
    ck_assert_str_eq(world_fields(world, "w1"), "A Burnley older person-1 - P2 I3 L4 deprivation=1");
    ck_assert_str_eq(world_days(world, "w1"), "2025-04-01..- gross 19 paused 0 contact - reason - outcome -");
    refused(world, EVENT_REFERRAL_RECEIVED, "applied duplicate_referral");
    REFER(world, "w2", .on = "2025-04-02");
    ck_assert_str_eq(world_fields(world, "w2"), "A - - person-1 - P0 I0 L0 -");
    world_destroy(&world);
}
END_TEST

START_TEST(of_two_referrals_the_earlier_opens) {
    struct world *world = world_create(DAY_OF_EVENT);

    REFER(world, "w1", .on = "2025-04-05", .team = "late");
    REFER(world, "w1", .on = "2025-04-04", .team = "early");
    ck_assert_str_eq(world_effects(world, "w1"), "applied duplicate_referral");
    ck_assert_str_eq(world_brief(world, "w1"), "waiting unallocated 16/28");
    REFER(world, "w1", .on = "2025-04-06", .clock_start = "2025-04-02", .team = "earliest");
    ck_assert_str_eq(world_fields(world, "w1"), "earliest - - person-1 - P0 I0 L0 -");
    ck_assert_str_eq(world_brief(world, "w1"), "waiting unallocated 18/28");
    world_destroy(&world);
}
END_TEST

START_TEST(triage_sets_the_fields_given) {
    struct world *world = open_world();

    TRIAGE(world, "w1", .on = "2025-04-02", .priority = 1);
    ck_assert_str_eq(world_fields(world, "w1"), "A Burnley older person-1 - P1 I3 L4 deprivation=1");
    TRIAGE(world, "w1", .on = "2025-04-03", .impact = 5);
    TRIAGE(world, "w1", .on = "2025-04-03", .likelihood = 1);
    TRIAGE(world, "w1", .on = "2025-04-03", .client_group = "younger");
    TRIAGE(world, "w1", .on = "2025-04-03", .district = "Wyre");
    ck_assert_str_eq(world_fields(world, "w1"), "A Wyre younger person-1 - P1 I5 L1 deprivation=1");
    ck_assert_uint_eq(world_view(world, "w1").exceptions, 0);
    world_destroy(&world);
}
END_TEST

START_TEST(dimensions_merge_by_name) {
    struct world *world = open_world();

    TRIAGE(world, "w1", .on = "2025-04-02", .dimensions = "ethnicity=b;access=a");
    ck_assert_str_eq(world_fields(world, "w1"), "A Burnley older person-1 - P2 I3 L4 access=a;deprivation=1;ethnicity=b");
    TRIAGE(world, "w1", .on = "2025-04-03", .dimensions = "zone=z;deprivation=10");
    ck_assert_str_eq(world_fields(world, "w1"), "A Burnley older person-1 - P2 I3 L4 access=a;deprivation=10;ethnicity=b;zone=z");
    /* One that comes late but happened earlier does not overwrite what was said after it. */
    TRIAGE(world, "w1", .on = "2025-04-02", .dimensions = "zone=y;deprivation=2;bed=1");
    ck_assert_str_eq(world_fields(world, "w1"), "A Burnley older person-1 - P2 I3 L4 access=a;bed=1;deprivation=10;ethnicity=b;zone=z");
    world_destroy(&world);
}
END_TEST

START_TEST(a_wait_has_at_most_sixteen_dimensions) {
    struct world *world = open_world();

    TRIAGE(world, "w1", .on = "2025-04-02",
           .dimensions = "n01=a;n02=a;n03=a;n04=a;n05=a;n06=a;n07=a;n08=a;n09=a;n10=a;n11=a;n12=a;n13=a;n14=a;n15=a");
    TRIAGE(world, "w1", .on = "2025-04-03", .dimensions = "n00=b;n15=b;n16=b");
    ck_assert_str_eq(world_fields(world, "w1"), "A Burnley older person-1 - P2 I3 L4 deprivation=1;n01=a;n02=a;n03=a;n04=a;n05=a;n06=a;"
                                                "n07=a;n08=a;n09=a;n10=a;n11=a;n12=a;n13=a;n14=a;n15=b");
    world_destroy(&world);
}
END_TEST

START_TEST(a_transfer_sets_the_team_and_clears_the_worker) {
    struct world *world = open_world();

    TRANSFER(world, "w1", .on = "2025-04-02", .team = "B");
    ck_assert_str_eq(world_fields(world, "w1"), "B Burnley older person-1 - P2 I3 L4 deprivation=1");
    ALLOCATE(world, "w1", .on = "2025-04-03");
    ck_assert_str_eq(world_brief(world, "w1"), "waiting allocated 19/28");
    TRANSFER(world, "w1", .on = "2025-04-04", .team = "C", .district = "Wyre");
    ck_assert_str_eq(world_fields(world, "w1"), "C Wyre older person-1 - P2 I3 L4 deprivation=1");
    ck_assert_str_eq(world_brief(world, "w1"), "waiting unallocated 19/28");
    START(world, "w1", .on = "2025-04-05");
    ALLOCATE(world, "w1", .on = "2025-04-06");
    TRANSFER(world, "w1", .on = "2025-04-07", .team = "A");
    ck_assert_str_eq(world_fields(world, "w1"), "A Wyre older person-1 - P2 I3 L4 deprivation=1");
    ck_assert_str_eq(world_brief(world, "w1"), "waiting in_progress 19/28");
    ck_assert_uint_eq(world_view(world, "w1").exceptions, 0);
    world_destroy(&world);
}
END_TEST

START_TEST(unallocated_clears_the_worker) {
    struct world *world = open_world();

    refused(world, EVENT_WAIT_UNALLOCATED, "applied not_allocated");
    world_destroy(&world);
    world = open_world();
    ALLOCATE(world, "w1", .on = "2025-04-03", .worker = "w-7");
    ck_assert_str_eq(world_fields(world, "w1"), "A Burnley older person-1 w-7 P2 I3 L4 deprivation=1");
    UNALLOCATE(world, "w1", .on = "2025-04-04");
    ck_assert_str_eq(world_brief(world, "w1"), "waiting unallocated 19/28");
    ck_assert_str_eq(world_fields(world, "w1"), "A Burnley older person-1 - P2 I3 L4 deprivation=1");
    START(world, "w1", .on = "2025-04-05");
    refused(world, EVENT_WAIT_UNALLOCATED, "applied applied applied applied not_allocated");
    world_destroy(&world);
    world = open_world();
    START(world, "w1", .on = "2025-04-05");
    ALLOCATE(world, "w1", .on = "2025-04-06", .worker = "w-8");
    UNALLOCATE(world, "w1", .on = "2025-04-07");
    ck_assert_str_eq(world_brief(world, "w1"), "waiting in_progress 19/28");
    ck_assert_str_eq(world_fields(world, "w1"), "A Burnley older person-1 - P2 I3 L4 deprivation=1");
    world_destroy(&world);
}
END_TEST

START_TEST(allocated_sets_the_worker) {
    struct world *world = open_world();

    ALLOCATE(world, "w1", .on = "2025-04-03", .worker = "w-7");
    ALLOCATE(world, "w1", .on = "2025-04-04", .worker = "w-8");
    ck_assert_str_eq(world_brief(world, "w1"), "waiting allocated 19/28");
    ck_assert_str_eq(world_fields(world, "w1"), "A Burnley older person-1 w-8 P2 I3 L4 deprivation=1");
    START(world, "w1", .on = "2025-04-05");
    ALLOCATE(world, "w1", .on = "2025-04-06", .worker = "w-9");
    ck_assert_str_eq(world_brief(world, "w1"), "waiting in_progress 19/28");
    ck_assert_str_eq(world_fields(world, "w1"), "A Burnley older person-1 w-9 P2 I3 L4 deprivation=1");
    world_destroy(&world);
}
END_TEST

START_TEST(pauses_open_and_close_on_their_days) {
    struct world *world = open_world();

    refused(world, EVENT_WAIT_RESUMED, "applied not_paused");
    world_destroy(&world);
    world = open_world();
    PAUSE(world, "w1", .on = "2025-04-05");
    ck_assert_str_eq(world_brief(world, "w1"), "waiting unallocated 19/28 paused");
    ck_assert_str_eq(world_days(world, "w1"), "2025-04-01..- gross 19 paused 15 contact - reason - outcome -");
    refused(world, EVENT_WAIT_PAUSED, "already_paused");
    RESUME(world, "w1", .on = "2025-04-08");
    /* The order by time heals what was refused before. */
    ck_assert_str_eq(world_effects(world, "w1"), "applied applied applied applied");
    ck_assert_str_eq(world_brief(world, "w1"), "waiting unallocated 19/28 paused");
    ck_assert_str_eq(world_days(world, "w1"), "2025-04-01..- gross 19 paused 3 contact - reason - outcome -");
    world_destroy(&world);
}
END_TEST

START_TEST(contact_is_the_last_one_by_time) {
    struct world *world = open_world();

    CONTACT(world, "w1", .on = "2025-04-10");
    CONTACT(world, "w1", .on = "2025-04-05");
    ck_assert_str_eq(world_days(world, "w1"), "2025-04-01..- gross 19 paused 0 contact 2025-04-10 reason - outcome -");
    ck_assert_str_eq(world_brief(world, "w1"), "waiting unallocated 19/28");
    world_destroy(&world);
}
END_TEST

START_TEST(an_assessment_starts_once) {
    struct world *world = open_world();

    START(world, "w1", .on = "2025-04-05");
    ck_assert_str_eq(world_brief(world, "w1"), "waiting in_progress 19/28");
    refused(world, EVENT_ASSESSMENT_STARTED, "applied applied already_started");
    world_destroy(&world);
}
END_TEST

START_TEST(the_pathways_completion_ends) {
    struct world *world = open_world();

    refused(world, EVENT_REVIEW_COMPLETED, "wrong_completion");
    refused(world, EVENT_SERVICE_STARTED, "wrong_completion wrong_completion");
    COMPLETE(world, "w1", .on = "2025-04-15", .outcome = "support_plan");
    ck_assert_str_eq(world_brief(world, "w1"), "ended completed 14/28");
    ck_assert_str_eq(world_days(world, "w1"), "2025-04-01..2025-04-15 gross 14 paused 0 contact - reason - outcome support_plan");
    REFER(world, "r", .on = "2025-04-01", .pathway = "review");
    COMPLETE(world, "r", .on = "2025-04-02");
    SEND(world, EVENT_REVIEW_COMPLETED, "r", .on = "2025-04-03");
    ck_assert_str_eq(world_effects(world, "r"), "applied wrong_completion applied");
    ck_assert_str_eq(world_brief(world, "r"), "ended completed 2/28");
    world_destroy(&world);
}
END_TEST

START_TEST(closing_ends_with_its_reason) {
    struct world *world = open_world();

    CLOSE(world, "w1", .on = "2025-04-15", .reason = "moved_away");
    ck_assert_str_eq(world_brief(world, "w1"), "ended closed 14/28");
    ck_assert_str_eq(world_days(world, "w1"), "2025-04-01..2025-04-15 gross 14 paused 0 contact - reason moved_away outcome -");
    world_destroy(&world);
}
END_TEST

START_TEST(an_end_closes_an_open_pause) {
    struct world *world = open_world();

    PAUSE(world, "w1", .on = "2025-04-05");
    COMPLETE(world, "w1", .on = "2025-04-10");
    ck_assert_str_eq(world_brief(world, "w1"), "ended completed 9/28");
    ck_assert_str_eq(world_days(world, "w1"), "2025-04-01..2025-04-10 gross 9 paused 5 contact - reason - outcome -");
    REOPEN(world, "w1", .on = "2025-04-12");
    ck_assert_str_eq(world_brief(world, "w1"), "waiting unallocated 19/28");
    ck_assert_str_eq(world_days(world, "w1"), "2025-04-01..- gross 19 paused 5 contact - reason - outcome -");
    RESUME(world, "w1", .on = "2025-04-13");
    ck_assert_str_eq(world_effects(world, "w1"), "applied applied applied applied not_paused");
    world_destroy(&world);
}
END_TEST

START_TEST(reopened_is_as_if_it_had_never_stopped) {
    static const enum event_type ends[] = {EVENT_ASSESSMENT_COMPLETED, EVENT_WAIT_CLOSED};

    for (int end = 0; end < 2; end++) {
        struct world *world = open_world();
        refused(world, EVENT_WAIT_REOPENED, "applied not_ended");
        ALLOCATE(world, "w1", .on = "2025-04-03");
        CONTACT(world, "w1", .on = "2025-04-04");
        START(world, "w1", .on = "2025-04-05");
        SEND(world, ends[end], "w1", .on = "2025-04-10", .outcome = "done");
        REOPEN(world, "w1", .on = "2025-04-12");
        ck_assert_str_eq(world_brief(world, "w1"), "waiting unallocated 19/28");
        ck_assert_str_eq(world_fields(world, "w1"), "A Burnley older person-1 - P2 I3 L4 deprivation=1");
        ck_assert_str_eq(world_days(world, "w1"), "2025-04-01..- gross 19 paused 0 contact 2025-04-04 reason - outcome -");
        START(world, "w1", .on = "2025-04-13");
        ck_assert_str_eq(world_brief(world, "w1"), "waiting in_progress 19/28");
        world_destroy(&world);
    }
}
END_TEST

START_TEST(recorded_in_error_and_duplicate_count_nowhere) {
    static const char *const reasons[] = {"recorded_in_error", "duplicate", "other", "died", "signposted"};

    for (size_t i = 0; i < sizeof reasons / sizeof reasons[0]; i++) {
        struct world *world = open_world();
        CLOSE(world, "w1", .on = "2025-04-15", .reason = reasons[i]);
        bool excluded = i < 2;
        ck_assert_str_eq(world_brief(world, "w1"), excluded ? "excluded closed 14/28" : "ended closed 14/28");
        ck_assert_uint_eq(world_position(world_register_at(world, "2025-04-10"), NULL).waiting, excluded ? 0 : 1);
        REOPEN(world, "w1", .on = "2025-04-16");
        ck_assert_str_eq(world_brief(world, "w1"), "waiting unallocated 19/28");
        ck_assert_uint_eq(world_position(world_register_at(world, "2025-04-10"), NULL).waiting, 1);
        world_destroy(&world);
    }
}
END_TEST

START_TEST(a_wait_closed_again_for_another_reason_counts) {
    struct world *world = open_world();

    CLOSE(world, "w1", .on = "2025-04-15", .reason = "duplicate");
    REOPEN(world, "w1", .on = "2025-04-16");
    COMPLETE(world, "w1", .on = "2025-04-17");
    ck_assert_str_eq(world_brief(world, "w1"), "ended completed 16/28");
    ck_assert_str_eq(world_days(world, "w1"), "2025-04-01..2025-04-17 gross 16 paused 0 contact - reason - outcome -");
    world_destroy(&world);
}
END_TEST

/* Date-only times: rank decides unless the sender says the order. */
START_TEST(a_sequence_overrules_the_rank) {
    static const char midnight[] = "2025-04-05T00:00:00+01:00";
    struct world *world = open_world();

    COMPLETE(world, "w1", .time = midnight, .sequence = "1");
    REOPEN(world, "w1", .time = midnight, .sequence = "2");
    PAUSE(world, "w1", .time = midnight, .sequence = "3");
    ck_assert_str_eq(world_effects(world, "w1"), "applied applied applied applied");
    ck_assert_str_eq(world_brief(world, "w1"), "waiting unallocated 19/28 paused");
    ALLOCATE(world, "w1", .time = midnight, .sequence = "15");
    ck_assert_str_eq(world_effects(world, "w1"), "applied applied after_end applied applied");
    ALLOCATE(world, "w1", .time = midnight);
    ck_assert_str_eq(world_effects(world, "w1"), "applied applied applied after_end applied applied");
    world_destroy(&world);
}
END_TEST

START_TEST(ties_go_by_source_and_id) {
    struct world *world = open_world();

    TRANSFER(world, "w1", .on = "2025-04-05", .team = "first", .source = "b", .id = "1");
    TRANSFER(world, "w1", .on = "2025-04-05", .team = "second", .source = "a", .id = "2");
    ck_assert_str_eq(world_fields(world, "w1"), "first Burnley older person-1 - P2 I3 L4 deprivation=1");
    TRANSFER(world, "w1", .on = "2025-04-05", .team = "third", .source = "b", .id = "10");
    TRANSFER(world, "w1", .on = "2025-04-05", .team = "fourth", .source = "b", .id = "0");
    ck_assert_str_eq(world_fields(world, "w1"), "third Burnley older person-1 - P2 I3 L4 deprivation=1");
    world_destroy(&world);
}
END_TEST

START_TEST(last_event_at_is_the_latest_time) {
    struct world *world = open_world();

    CONTACT(world, "w1", .on = "2025-04-10");
    CONTACT(world, "w1", .on = "2025-04-05");
    ck_assert_int_eq(world_view(world, "w1").last_event_at, world_instant_of("2025-04-10T08:00:00Z"));
    REFER(world, "w2", .on = "2025-04-12", .clock_start = "2025-04-01");
    ALLOCATE(world, "w2", .on = "2025-04-05");
    ck_assert_int_eq(world_view(world, "w2").last_event_at, world_instant_of("2025-04-12T08:00:00Z"));
    world_destroy(&world);
}
END_TEST

START_TEST(an_event_of_a_later_day_waits_for_it) {
    struct world *world = open_world();

    COMPLETE(world, "w1", .time = "2025-04-20T23:02:00Z"); /* three minutes past midnight in summer time */
    ck_assert_str_eq(world_effects(world, "w1"), "applied pending");
    ck_assert_str_eq(world_brief(world, "w1"), "waiting unallocated 19/28");
    REFER(world, "w2", .time = "2025-04-20T23:02:00Z");
    ck_assert_str_eq(world_brief(world, "w2"), "no referral");
    CONTACT(world, "w1", .on = "2025-04-19");
    ck_assert_str_eq(world_effects(world, "w1"), "applied applied pending");
    world_advance(world, "2025-04-21");
    ck_assert_str_eq(world_brief(world, "w1"), "ended completed 20/28");
    ck_assert_str_eq(world_brief(world, "w2"), "waiting unallocated 0/28");
    ck_assert_uint_eq(world_position(world_register(world), NULL).waiting, 1);
    world_destroy(&world);
}
END_TEST

static void apply_retraction(void *context) {
    struct event event = {.type = EVENT_RETRACTED};
    struct wait_state state;

    wait_state_init(&state);
    wait_state_apply(&state, &event, 0, context);
}

START_TEST(a_retraction_is_not_folded) {
    struct fold fold = {0};

    ck_assert(world_breaks(apply_retraction, &fold));
}
END_TEST

START_TEST(exceptions_are_counted_up_to_the_limit) {
    struct wait_state state;
    struct fold fold = {0};
    struct event event = {.type = EVENT_WAIT_PAUSED};

    wait_state_init(&state);
    for (int i = 0; i < UINT16_MAX + 10; i++)
        ck_assert_int_eq(wait_state_apply(&state, &event, 0, &fold), EFFECT_NO_REFERRAL);
    ck_assert_uint_eq(state.exceptions, UINT16_MAX);
}
END_TEST

int main(void) {
    const TTest *const tests[] = {before_the_referral_nothing_takes_effect,
                                  after_the_end_only_a_reopening_takes_effect,
                                  a_referral_opens,
                                  of_two_referrals_the_earlier_opens,
                                  triage_sets_the_fields_given,
                                  dimensions_merge_by_name,
                                  a_wait_has_at_most_sixteen_dimensions,
                                  a_transfer_sets_the_team_and_clears_the_worker,
                                  unallocated_clears_the_worker,
                                  allocated_sets_the_worker,
                                  pauses_open_and_close_on_their_days,
                                  contact_is_the_last_one_by_time,
                                  an_assessment_starts_once,
                                  the_pathways_completion_ends,
                                  closing_ends_with_its_reason,
                                  an_end_closes_an_open_pause,
                                  reopened_is_as_if_it_had_never_stopped,
                                  recorded_in_error_and_duplicate_count_nowhere,
                                  a_wait_closed_again_for_another_reason_counts,
                                  a_sequence_overrules_the_rank,
                                  ties_go_by_source_and_id,
                                  last_event_at_is_the_latest_time,
                                  an_event_of_a_later_day_waits_for_it,
                                  a_retraction_is_not_folded,
                                  exceptions_are_counted_up_to_the_limit,
                                  NULL};

    return world_run("wait", tests);
}
