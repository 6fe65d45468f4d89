/* Checks of the register: turns, replay, midnights, policies and queues. */
#include "tests/unit/core_world.h"

#include "daemon/core/memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct register_figures figures_of(struct world *world) {
    struct register_figures figures;

    register_figures(world_register(world), &figures);
    return figures;
}

START_TEST(an_unknown_subject_is_no_wait) {
    struct world *world = world_create("2025-04-01");

    ck_assert_uint_eq(register_find(world_register(world), text_of("w1")), 0);
    REFER(world, "w1", .on = "2025-04-01");
    ck_assert_uint_eq(register_find(world_register(world), text_of("w1")), 1);
    ck_assert_uint_eq(register_wait_of(world_register(world), text_of("w1")), 1);
    ck_assert_uint_eq(register_newest_seq(world_register(world), 1), 1);
    ALLOCATE(world, "w1", .on = "2025-04-01");
    ck_assert_uint_eq(register_newest_seq(world_register(world), 1), 2);
    uint32_t other = register_wait_of(world_register(world), text_of("w2"));
    ck_assert_uint_eq(other, 2);
    ck_assert_uint_eq(register_newest_seq(world_register(world), other), 0);
    ck_assert_str_eq(world_effects(world, "w2"), "");
    ck_assert_int_eq(world_view(world, "w2").last_contact, DAY_NONE);
    world_destroy(&world);
}
END_TEST

START_TEST(a_wait_that_is_read_again_forgets_its_person) {
    struct world *world = world_create("2025-04-10");

    REFER(world, "w1", .on = "2025-04-01", .person = "p1");
    CONTACT(world, "w1", .on = "2025-04-02");
    struct text before = world_view(world, "w1").person;
    ck_assert(text_is(before, "p1"));
    world_hold(world);
    register_reread(world_register(world), 1);
    register_reread(world_register(world), 1); /* twice in a turn is once */
    ck_assert_int_eq(before.at[0], '\0');
    world_settle(world);
    ck_assert(text_is(world_view(world, "w1").person, "p1")); /* as its history says */
    ck_assert_uint_eq(figures_of(world).refolds, 1);
    ck_assert_uint_eq(world_position(world_register(world), NULL).waiting, 1);
    world_destroy(&world);
}
END_TEST

START_TEST(a_turn_shows_when_it_is_settled) {
    struct world *world = world_create("2025-04-10");

    world_hold(world);
    REFER(world, "w1", .on = "2025-04-01");
    ALLOCATE(world, "w1", .on = "2025-04-02");
    ALLOCATE(world, "w1", .on = "2025-04-01");             /* at its own instant, after the referral */
    ALLOCATE(world, "w1", .time = "2025-04-01T07:00:00Z"); /* before the referral */
    ck_assert_uint_eq(world_position(world_register(world), NULL).waiting, 0);
    world_settle(world);
    ck_assert_uint_eq(world_position(world_register(world), NULL).waiting, 1);
    ck_assert_str_eq(world_effects(world, "w1"), "no_referral applied applied applied");
    ck_assert_uint_eq(figures_of(world).refolds, 1); /* one a turn, however many came late */
    world_destroy(&world);
}
END_TEST

START_TEST(events_in_order_are_never_read_again) {
    struct world *world = world_create("2025-04-10");

    REFER(world, "w1", .on = "2025-04-01");
    ALLOCATE(world, "w1", .on = "2025-04-01"); /* a higher rank at the same instant */
    PAUSE(world, "w1", .on = "2025-04-02");
    ck_assert_uint_eq(figures_of(world).refolds, 0);
    CONTACT(world, "w1", .on = "2025-04-03", .sequence = "1");
    ck_assert_uint_eq(figures_of(world).refolds, 0);
    START(world, "w1", .on = "2025-04-03"); /* no sequence comes before any */
    ck_assert_uint_eq(figures_of(world).refolds, 1);
    ck_assert_str_eq(world_effects(world, "w1"), "applied applied applied applied applied");
    ck_assert_str_eq(world_brief(world, "w1"), "waiting in_progress 9/28 paused");
    world_destroy(&world);
}
END_TEST

START_TEST(figures_count_what_is_there) {
    struct world *world = world_create("2025-05-10");

    REFER(world, "w1", .on = "2025-04-01");
    REFER(world, "w2", .on = "2025-05-01", .team = "B");
    REFER(world, "w3", .on = "2025-05-01", .clock_start = "2025-06-01", .priority = 2);
    REFER(world, "w4", .on = "2025-04-01");
    COMPLETE(world, "w4", .on = "2025-04-02");
    ALLOCATE(world, "w5", .on = "2025-04-02");
    struct register_figures figures = figures_of(world);
    ck_assert_uint_eq(figures.waits, 4);
    ck_assert_uint_eq(figures.open, 3);
    ck_assert_uint_eq(figures.open_alerts, 1);
    ck_assert_uint_eq(figures.exceptions, 1);
    ck_assert_uint_eq(figures.queues, 2);
    ck_assert_uint_eq(figures.cells, 3);
    ck_assert_int_eq(register_today(world_register(world)), world_day_of("2025-05-10"));
    world_destroy(&world);
}
END_TEST

static bool ended_before(struct world *world, const char *subject, const char *day, struct wait_end *end) {
    return register_ended_before(world_register(world), register_find(world_register(world), text_of(subject)), world_day_of(day), end);
}

START_TEST(waits_that_ended_before_a_day) {
    struct world *world = world_create("2025-05-10");
    struct wait_end end;

    REFER(world, "completed", .on = "2025-04-01");
    COMPLETE(world, "completed", .on = "2025-04-10");
    ck_assert(!ended_before(world, "completed", "2025-04-10", &end)); /* the day itself is not before it */
    ck_assert(ended_before(world, "completed", "2025-04-11", &end));
    ck_assert(text_is(end.subject, "completed") && text_is(end.pathway, "needs_assessment"));
    ck_assert_int_eq(end.ended, world_day_of("2025-04-10"));
    ck_assert_uint_eq(end.newest_seq, 2);
    CONTACT(world, "completed", .on = "2025-04-20"); /* without effect, but somebody wrote it down */
    ck_assert(!ended_before(world, "completed", "2025-04-20", &end));
    ck_assert(ended_before(world, "completed", "2025-04-21", &end));
    REFER(world, "mistake", .on = "2025-04-01");
    CLOSE(world, "mistake", .on = "2025-04-02", .reason = "recorded_in_error");
    ck_assert(ended_before(world, "mistake", "2025-04-03", &end)); /* which counts nowhere */
    REFER(world, "reopened", .on = "2025-04-01");
    CLOSE(world, "reopened", .on = "2025-04-02");
    ck_assert(ended_before(world, "reopened", "2025-05-01", &end));
    REOPEN(world, "reopened", .on = "2025-04-03");
    ck_assert(!ended_before(world, "reopened", "2025-05-01", &end));
    REFER(world, "started", .on = "2025-04-01", .pathway = "started");
    START(world, "started", .on = "2025-04-02"); /* its clock has stopped, and it goes on */
    ck_assert(!ended_before(world, "started", "2025-05-01", &end));
    CONTACT(world, "nobody", .on = "2025-04-02"); /* never referred */
    ck_assert(!ended_before(world, "nobody", "2025-05-01", &end));
    REFER(world, "to come", .on = "2025-04-01");
    CLOSE(world, "to come", .on = "2025-04-02");
    REOPEN(world, "to come", .on = "2025-05-11");
    ck_assert(!ended_before(world, "to come", "2025-05-01", &end));
    ck_assert_uint_eq(register_wait_count(world_register(world)), 6);
    world_destroy(&world);
}
END_TEST

START_TEST(queues_tell_what_changed) {
    struct world *world = world_create("2025-04-01");
    struct text pathway, team;
    size_t count;

    REFER(world, "w1", .on = "2025-04-01");
    REFER(world, "w2", .on = "2025-04-01", .team = "B");
    ck_assert_uint_eq(register_queue_count(world_register(world)), 2);
    register_queue_names(world_register(world), 1, &pathway, &team);
    ck_assert_str_eq(pathway.at, "needs_assessment");
    ck_assert_str_eq(team.at, "B");
    register_take_changed_queues(world_register(world), &count);
    ck_assert_uint_eq(count, 2);
    register_take_changed_queues(world_register(world), &count);
    ck_assert_uint_eq(count, 0);
    ALLOCATE(world, "w2", .on = "2025-04-01");
    CONTACT(world, "w2", .on = "2025-04-01");
    const uint32_t *changed = register_take_changed_queues(world_register(world), &count);
    ck_assert_uint_eq(count, 1);
    ck_assert_uint_eq(changed[0], 1);
    struct position position;
    register_queue_position(world_register(world), 1, &position);
    ck_assert_uint_eq(position.waiting, 1);
    ck_assert_uint_eq(position.allocated, 1);
    TRANSFER(world, "w2", .time = "2025-04-01T12:00:00Z", .team = "A");
    register_take_changed_queues(world_register(world), &count);
    ck_assert_uint_eq(count, 2);
    register_queue_position(world_register(world), 1, &position);
    ck_assert_uint_eq(position.waiting, 0);
    /* At midnight everybody is a day older; a queue of nobody is not. */
    world_advance(world, "2025-04-02");
    register_take_changed_queues(world_register(world), &count);
    ck_assert_uint_eq(count, 1);
    world_advance(world, "2025-04-04");
    register_take_changed_queues(world_register(world), &count);
    ck_assert_uint_eq(count, 1);
    world_destroy(&world);
}
END_TEST

/* The order in which members leave a queue must not disturb those that stay. */
START_TEST(members_come_and_go) {
    enum { WAITS = 50 };
    struct world *world = world_create("2025-04-20");
    char subject[16];

    for (int i = 0; i < WAITS; i++) {
        snprintf(subject, sizeof subject, "w%02d", i);
        REFER(world, subject, .on = i % 2 == 0 ? "2025-04-01" : "2025-04-02");
    }
    for (int i = 0; i < WAITS; i += 3) {
        snprintf(subject, sizeof subject, "w%02d", i);
        COMPLETE(world, subject, .on = "2025-04-20");
    }
    ck_assert_uint_eq(world_position(world_register(world), NULL).waiting, WAITS - (WAITS + 2) / 3);
    ck_assert_uint_eq(figures_of(world).open, WAITS - (WAITS + 2) / 3);
    struct wait_filter prefix = {.subject_prefix = text_of("w1")};
    ck_assert_uint_eq(world_position(world_register(world), &prefix).waiting, 7); /* without 12, 15 and 18 */
    world_advance(world, "2025-05-02");
    ck_assert_uint_eq(world_position(world_register(world), NULL).breach, WAITS - (WAITS + 2) / 3);
    world_destroy(&world);
}
END_TEST

/* Out of order, retracted, with sequences, and more events than are read again one by one. */
START_TEST(a_replay_gives_what_the_days_gave) {
    struct world *world = world_create("2025-05-10");
    char before[1024], days[256], fields[1024];
    char id[16];

    for (int i = 0; i < 600; i++) {
        snprintf(id, sizeof id, "c-%03d", i);
        CONTACT(world, "busy", .on = i % 2 == 0 ? "2025-04-20" : "2025-04-10", .id = id, .sequence = i % 5 == 0 ? "s" : NULL);
    }
    REFER(world, "busy", .on = "2025-04-01");
    RETRACT(world, "busy", .on = "2025-04-20", .retracts = "c-598");
    ALLOCATE(world, "busy", .on = "2025-04-02");
    REFER(world, "late", .on = "2025-04-12");
    REFER(world, "late", .on = "2025-04-10", .team = "B", .sequence = "1");
    TRIAGE(world, "late", .on = "2025-04-11", .priority = 2, .dimensions = "a=b");
    snprintf(before, sizeof before, "%s|%s", world_brief(world, "busy"), world_open_alerts(world));
    snprintf(days, sizeof days, "%s", world_days(world, "busy"));
    snprintf(fields, sizeof fields, "%s", world_fields(world, "late"));
    ck_assert_str_eq(days, "2025-04-01..- gross 39 paused 0 contact 2025-04-20 reason - outcome -");
    ck_assert_str_eq(fields, "B - - person-1 - P2 I0 L0 a=b");
    world_restart(world, "2025-05-10", true);
    char after[1024];
    snprintf(after, sizeof after, "%s|%s", world_brief(world, "busy"), world_open_alerts(world));
    ck_assert_str_eq(after, before);
    ck_assert_str_eq(world_days(world, "busy"), days);
    ck_assert_str_eq(world_fields(world, "late"), fields);
    ck_assert_uint_eq(world_view(world, "busy").exceptions, 0);
    ck_assert_uint_eq(world_view(world, "late").exceptions, 1);
    world_destroy(&world);
}
END_TEST

/* A new pathway's rules; a waits' ending type; contact and bands. */
START_TEST(a_policy_counts_everybody_again) {
    struct world *world = world_create("2025-04-20");
    struct policy policy;
    struct text missing;

    REFER(world, "w1", .on = "2025-04-01");
    ALLOCATE(world, "w2", .on = "2025-04-01");
    SEND(world, EVENT_REVIEW_COMPLETED, "w1", .on = "2025-04-10");
    ck_assert_str_eq(world_effects(world, "w1"), "applied wrong_completion");
    world_policy(&policy);
    world_pathway(&policy, "needs_assessment")->completes_on = EVENT_REVIEW_COMPLETED;
    ck_assert(world_set_policy(world, &policy, &missing));
    ck_assert_str_eq(world_brief(world, "w1"), "ended completed 9/28");
    ck_assert_uint_eq(world_view(world, "w1").exceptions, 0);
    world_pathway(&policy, "needs_assessment")->completes_on = EVENT_ASSESSMENT_COMPLETED;
    world_pathway(&policy, "needs_assessment")->standard_days = 10;
    policy.contact_interval_days = 5;
    policy.band_count = 1;
    ck_assert(world_set_policy(world, &policy, &missing));
    ck_assert_str_eq(world_brief(world, "w1"), "waiting unallocated 19/10 breach no_contact");
    struct position position = world_position(world_register(world), NULL);
    ck_assert_uint_eq(position.breach, 1);
    ck_assert_uint_eq(position.no_contact, 1);
    ck_assert_uint_eq(position.band_count, 2);
    ck_assert_uint_eq(position.bands[1], 1);
    ck_assert_ptr_nonnull(register_policy(world_register(world)));
    ck_assert_int_eq(register_policy(world_register(world))->contact_interval_days, 5);
    world_destroy(&world);
}
END_TEST

START_TEST(a_pathway_with_waits_cannot_go) {
    struct world *world = world_create("2025-04-20");
    struct policy policy;
    struct text missing = TEXT_ABSENT;

    REFER(world, "w1", .on = "2025-04-01", .pathway = "started_excluding", .id = "wrong");
    COMPLETE(world, "w1", .on = "2025-04-02");
    world_policy(&policy);
    policy.pathway_count--; /* started_excluding is the last */
    ck_assert(!world_set_policy(world, &policy, &missing));
    ck_assert_str_eq(missing.at, "started_excluding");
    ck_assert_str_eq(world_brief(world, "w1"), "ended completed 1/28");
    RETRACT(world, "w1", .on = "2025-04-20", .retracts = "wrong");
    ck_assert(world_set_policy(world, &policy, &missing));
    /* What was retracted is still in the journal, and is folded on the way when it is replayed. */
    world_restart(world, "2025-04-20", true);
    ck_assert_str_eq(world_brief(world, "w1"), "no referral");
    world_destroy(&world);
}
END_TEST

/* A referral that had no effect may still be the one that counts, when its pathway is no longer configured: its last rules hold. */
START_TEST(a_pathway_that_went_keeps_its_last_rules) {
    struct world *world = world_create("2025-05-20");
    struct policy policy;
    struct text missing;

    REFER(world, "w1", .on = "2025-04-01", .clock_start = "2025-06-01", .id = "wrong");
    REFER(world, "w1", .on = "2025-04-02", .pathway = "started_excluding", .team = "B");
    world_policy(&policy);
    policy.pathway_count--;
    ck_assert(world_set_policy(world, &policy, &missing));
    world_alerts(world);
    RETRACT(world, "w1", .on = "2025-05-20", .retracts = "wrong");
    ck_assert_str_eq(world_brief(world, "w1"), "waiting unallocated 48/28 breach no_contact");
    ck_assert_str_eq(world_rows(world, "pathway team", NULL), "started_excluding/B 1\n");
    ck_assert_str_eq(world_open_alerts(world), "breach w1 B 2025-05-01\nescalation/42 w1 B 2025-05-15\n");
    world_restart(world, "2025-05-20", true);
    ck_assert_str_eq(world_brief(world, "w1"), "waiting unallocated 48/28 breach no_contact");
    world_destroy(&world);
}
END_TEST

/* A holiday that is proclaimed late counts in the pauses that are over too. */
START_TEST(a_new_calendar_counts_everybody_again) {
    struct world *world = world_create("2025-05-16");
    struct calendar *plain = world_calendar_create();
    enum { DAYS = 30000 };
    instant_t *midnights = memory_new(DAYS, sizeof *midnights);
    day_t holidays[] = {world_day_of("2025-05-07"), world_day_of("2025-05-13")};
    struct register_figures before, after;
    struct text missing;
    struct policy policy;

    for (day_t day = 0; day < DAYS; day++)
        midnights[day] =
            calendar_day_start(plain, day < calendar_last_day(plain) ? day : calendar_last_day(plain)) + (day > 36500 ? day : 0);
    struct calendar_tables tables = {midnights, DAYS, holidays, 2};
    struct calendar *proclaimed = calendar_create(&tables);
    REFER(world, "w1", .on = "2025-05-05", .pathway = "working_excluding"); /* a Monday */
    PAUSE(world, "w1", .on = "2025-05-06");
    RESUME(world, "w1", .on = "2025-05-08");
    REFER(world, "w2", .on = "2025-05-14", .pathway = "working");
    ck_assert_str_eq(world_brief(world, "w1"), "waiting unallocated 7/5 breach"); /* 6, 9, 12 to 16 May */
    world_policy(&policy);
    register_figures(world_register(world), &before);
    ck_assert(register_set_policy(world_register(world), &policy, proclaimed, 0, &missing));
    register_figures(world_register(world), &after);
    ck_assert_uint_eq(after.refolds, before.refolds + 1);                         /* nothing of w2 was folded with the calendar */
    ck_assert_str_eq(world_brief(world, "w1"), "waiting unallocated 6/5 breach"); /* without the 13th; the 7th was paused */
    ck_assert_uint_eq(world_position(world_register(world), NULL).breach, 1);
    ck_assert_str_eq(world_brief(world, "w2"), "waiting unallocated 2/5 due"); /* 15 and 16 May */
    world_destroy(&world);
    calendar_destroy(&proclaimed);
    calendar_destroy(&plain);
    free(midnights);
}
END_TEST

/* The world's calendar up to `last`, and one holiday after it. */
static struct calendar *calendar_with_holiday_after(const struct calendar *plain, day_t last, day_t holiday) {
    enum { HOLIDAYS_MAX = 64 };
    size_t days = (size_t)calendar_last_day(plain) + 1, count = 0;
    instant_t *midnights = memory_new(days, sizeof *midnights);
    day_t holidays[HOLIDAYS_MAX];

    for (day_t day = 0; day <= calendar_last_day(plain); day++)
        midnights[day] = calendar_day_start(plain, day);
    for (day_t day = 1; day <= last; day++)
        if (day_of_week(day) < 5 && calendar_working_index(plain, day) == calendar_working_index(plain, day - 1))
            holidays[count++] = day;
    holidays[count++] = holiday;
    struct calendar_tables tables = {midnights, days, holidays, count};
    struct calendar *calendar = calendar_create(&tables);
    free(midnights);
    return calendar;
}

/* Next year's holidays, as every council adds them once a year: no history is read for them. */
START_TEST(holidays_to_come_fold_nobody_anew) {
    struct world *world = world_create("2025-05-16");
    struct calendar *plain = world_calendar_create();
    struct calendar *extended = calendar_with_holiday_after(plain, world_day_of("2025-05-16"), world_day_of("2025-05-19"));
    struct register_figures before, after;
    struct text missing;
    struct policy policy;

    REFER(world, "w1", .on = "2025-05-05", .pathway = "working_excluding");
    PAUSE(world, "w1", .on = "2025-05-06");
    RESUME(world, "w1", .on = "2025-05-08");
    world_policy(&policy);
    register_figures(world_register(world), &before);
    ck_assert(register_set_policy(world_register(world), &policy, extended, 0, &missing));
    register_figures(world_register(world), &after);
    ck_assert_uint_eq(after.refolds, before.refolds);
    ck_assert_str_eq(world_brief(world, "w1"), "waiting unallocated 7/5 breach");
    for (int day = 17; day <= 19; day++)
        register_advance(world_register(world), 0);
    ck_assert_str_eq(world_brief(world, "w1"), "waiting unallocated 7/5 breach"); /* Monday the 19th does not count */
    register_advance(world_register(world), 0);
    ck_assert_str_eq(world_brief(world, "w1"), "waiting unallocated 8/5 breach");
    world_destroy(&world);
    calendar_destroy(&extended);
    calendar_destroy(&plain);
}
END_TEST

START_TEST(where_the_calendar_ends_nothing_breaks) {
    struct world *world = world_create("2069-12-20");

    REFER(world, "w1", .on = "2069-12-20");
    REFER(world, "w2", .on = "2069-12-20", .pathway = "working");
    world_advance(world, "2069-12-31");
    ck_assert_str_eq(world_brief(world, "w1"), "waiting unallocated 11/28");
    ck_assert_str_eq(world_brief(world, "w2"), "waiting unallocated 7/5 breach");
    REFER(world, "w3", .on = "2069-12-31");
    ck_assert_str_eq(world_brief(world, "w3"), "waiting unallocated 0/28");
    world_destroy(&world);
}
END_TEST

/* More waits than one page holds. */
START_TEST(many_waits_have_room) {
    enum { WAITS = 9000 };
    struct world *world = world_create("2025-04-20");
    char subject[16];

    world_hold(world);
    for (int i = 0; i < WAITS; i++) {
        snprintf(subject, sizeof subject, "w%04d", i);
        REFER(world, subject, .on = "2025-04-01");
    }
    world_settle(world);
    ck_assert_uint_eq(world_position(world_register(world), NULL).waiting, WAITS);
    ck_assert_str_eq(world_brief(world, "w8999"), "waiting unallocated 19/28");
    world_destroy(&world);
}
END_TEST

/* More events in one wait than its counter holds. */
START_TEST(a_wait_of_very_many_events) {
    enum { EVENTS = 66000 };
    struct policy policy;
    struct policy_era era = {DAY_NONE, &policy};
    struct calendar *calendar = world_calendar_create();
    struct register_setup setup = {calendar, &era, 1, {NULL, NULL, NULL}, 1, false, NULL, NULL};
    struct event event = {.type = EVENT_REFERRAL_RECEIVED,
                          .time = world_instant_of("2025-04-01T08:00:00Z"),
                          .source = text_of("council"),
                          .id = text_of("e"),
                          .subject = text_of("w1"),
                          .pathway = text_of("needs_assessment"),
                          .team = text_of("A"),
                          .clock_start = DAY_NONE};

    world_policy(&policy);
    struct waiting_register *reg = register_create(&setup);
    register_replay_event(reg, &event, 1);
    event.type = EVENT_CONTACT_MADE;
    for (uint64_t seq = 2; seq <= EVENTS; seq++) {
        event.time++;
        register_replay_event(reg, &event, seq);
    }
    register_begin(reg, world_day_of("2025-04-02"), 0, true);
    struct wait_view view;
    ck_assert(register_view(reg, 1, &view));
    ck_assert_uint_eq(view.newest_seq, EVENTS);
    ck_assert_int_eq(view.last_event_at, event.time);
    register_destroy(&reg);
    register_destroy(&reg);
    calendar_destroy(&calendar);
}
END_TEST

/* What stood at the end of each day that was passed over. */
struct ended_days {
    size_t count;
    day_t days[8];
    struct position positions[8];
};

static void note_day(void *context, struct waiting_register *reg) {
    struct ended_days *ended = context;
    ended->days[ended->count] = register_today(reg);
    ended->positions[ended->count++] = world_position(reg, NULL);
}

/* One passes its standard on 30 April, one begins on 1 May, one was closed by an event of 2 May that came early. */
START_TEST(every_day_passed_over_is_told_as_it_ends) {
    static const uint32_t waiting[5] = {2, 2, 2, 3, 2}, breach[5] = {0, 0, 1, 1, 1}, scheduled[5] = {1, 1, 1, 0, 0};
    struct world *world = world_create("2025-04-28");
    struct ended_days ended = {0};
    const struct day_watch watch = {note_day, &ended};

    REFER(world, "breaches", .on = "2025-04-01");
    REFER(world, "begins", .on = "2025-04-28", .clock_start = "2025-05-01");
    REFER(world, "ends", .on = "2025-04-20");
    CLOSE(world, "ends", .on = "2025-05-02");
    world_alerts(world);
    register_advance_to(world_register(world), world_day_of("2025-05-03"), 1000, &watch);
    ck_assert_uint_eq(ended.count, 5);
    for (size_t i = 0; i < ended.count; i++) {
        ck_assert_int_eq(ended.days[i], world_day_of("2025-04-28") + (day_t)i);
        ck_assert_uint_eq(ended.positions[i].waiting, waiting[i]);
        ck_assert_uint_eq(ended.positions[i].breach, breach[i]);
        ck_assert_uint_eq(ended.positions[i].scheduled, scheduled[i]);
    }
    ck_assert_str_eq(world_open_alerts(world), "breach breaches A 2025-04-30\n");
    world_destroy(&world);
}
END_TEST

static void count_breath(void *context) {
    ++*(unsigned *)context;
}

START_TEST(work_over_many_waits_breathes) {
    enum { WAITS = 3 * WAITS_A_BREATH };
    unsigned breaths = 0;
    struct policy policy;
    struct policy_era era = {DAY_NONE, &policy};
    struct calendar *calendar = world_calendar_create();
    struct register_setup setup = {calendar, &era, 1, {NULL, NULL, NULL}, 1, false, count_breath, &breaths};
    struct event event = {.type = EVENT_REFERRAL_RECEIVED,
                          .time = world_instant_of("2025-04-01T08:00:00Z"),
                          .source = text_of("council"),
                          .id = text_of("e"),
                          .pathway = text_of("needs_assessment"),
                          .team = text_of("A"),
                          .clock_start = DAY_NONE};
    char subject[16];

    world_policy(&policy);
    struct waiting_register *reg = register_create(&setup);
    for (uint64_t seq = 1; seq <= WAITS; seq++) {
        snprintf(subject, sizeof subject, "w%llu", (unsigned long long)seq);
        event.subject = text_of(subject);
        register_replay_event(reg, &event, seq);
    }
    ck_assert_uint_eq(breaths, 0);
    register_begin(reg, world_day_of("2025-04-01"), 0, true);
    ck_assert_uint_eq(breaths, 6); /* they are counted, then their alerts are settled */
    struct text missing;
    ck_assert(register_set_policy(reg, &policy, calendar, 0, &missing));
    ck_assert_uint_eq(breaths, 12);
    register_advance_to(reg, world_day_of("2025-04-30"), 0, NULL);
    ck_assert_uint_ge(breaths, 15);
    register_destroy(&reg);
    calendar_destroy(&calendar);
}
END_TEST

static void advance_before_the_beginning(void *context) {
    register_advance(context, 0);
}

static void begin_twice(void *context) {
    register_begin(context, 20000, 0, true);
}

static void replay_after_the_beginning(void *context) {
    struct event event = {.type = EVENT_CONTACT_MADE, .subject = text_of("w1")};

    register_replay_event(context, &event, 100);
}

START_TEST(the_order_of_life_is_kept) {
    struct world *world = world_create("2025-04-01");

    ck_assert(world_breaks(begin_twice, world_register(world)));
    ck_assert(world_breaks(replay_after_the_beginning, world_register(world)));
    struct policy policy;
    world_policy(&policy);
    struct policy_era era = {DAY_NONE, &policy};
    struct calendar *calendar = world_calendar_create();
    struct register_setup setup = {calendar, &era, 1, {NULL, NULL, NULL}, 1, false, NULL, NULL};
    struct waiting_register *reg = register_create(&setup);
    ck_assert(world_breaks(advance_before_the_beginning, reg));
    register_destroy(&reg);
    calendar_destroy(&calendar);
    world_destroy(&world);
}
END_TEST

int main(void) {
    const TTest *const tests[] = {an_unknown_subject_is_no_wait,
                                  a_wait_that_is_read_again_forgets_its_person,
                                  a_turn_shows_when_it_is_settled,
                                  events_in_order_are_never_read_again,
                                  figures_count_what_is_there,
                                  waits_that_ended_before_a_day,
                                  queues_tell_what_changed,
                                  members_come_and_go,
                                  a_replay_gives_what_the_days_gave,
                                  a_policy_counts_everybody_again,
                                  a_pathway_with_waits_cannot_go,
                                  a_pathway_that_went_keeps_its_last_rules,
                                  a_new_calendar_counts_everybody_again,
                                  holidays_to_come_fold_nobody_anew,
                                  where_the_calendar_ends_nothing_breaks,
                                  many_waits_have_room,
                                  work_over_many_waits_breathes,
                                  a_wait_of_very_many_events,
                                  every_day_passed_over_is_told_as_it_ends,
                                  the_order_of_life_is_kept,
                                  NULL};

    return world_run("register", tests);
}
