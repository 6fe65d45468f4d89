/* The synthetic council: the same seed gives the same bytes, arrivals never run backwards, the shares of late and doubled events hold. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/simulate/british.h"
#include "client/simulate/demand.h"
#include "client/simulate/pending.h"
#include "client/simulate/random.h"
#include "client/simulate/simulate.h"

/* FNV-1a over everything that came out, and what was counted on the way. */
struct outcome {
    uint64_t hash;
    uint64_t events;
    uint64_t bytes;
    uint64_t referrals;
    uint64_t ends;
    uint64_t reopenings;
    uint64_t out_of_order;
};

static bool holds(const struct simulated_event *event, const char *text) {
    return memmem(event->bytes, event->length, text, strlen(text)) != NULL;
}

static instant_t time_in(const struct simulated_event *event) {
    const char *mark = memmem(event->bytes, event->length, "\"time\":\"", 8);
    ck_assert_ptr_nonnull(mark);
    const char *end = memchr(mark + 8, '"', 40);
    instant_t time = INSTANT_NONE;
    ck_assert(instant_parse((struct text){mark + 8, (uint32_t)(end - mark - 8)}, &time));
    return time;
}

static struct outcome run(const struct simulate_options *options) {
    ck_assert_ptr_null(simulate_check(options));
    struct outcome outcome = {.hash = UINT64_C(0xcbf29ce484222325)};
    struct simulation *simulation = simulate_create(options);
    struct simulated_event event;
    instant_t last_arrival = INSTANT_NONE;
    instant_t last_time = INSTANT_NONE;
    while (simulate_next(simulation, &event)) {
        ck_assert_int_ge(event.arrival, last_arrival);
        last_arrival = event.arrival;
        instant_t time = time_in(&event);
        ck_assert_int_le(time, event.arrival);
        outcome.out_of_order += time < last_time;
        last_time = time;
        ck_assert(event.bytes[0] == '{' && event.bytes[event.length - 1] == '}');
        ck_assert_ptr_null(memchr(event.bytes, '\n', event.length));
        ck_assert_ptr_null(memchr(event.bytes, '@', event.length));
        for (size_t i = 0; i < event.length; i++) {
            outcome.hash = (outcome.hash ^ (unsigned char)event.bytes[i]) * UINT64_C(0x100000001b3);
        }
        outcome.events++;
        outcome.bytes += event.length;
        outcome.referrals += holds(&event, "asc.referral.received");
        outcome.reopenings += holds(&event, "asc.wait.reopened");
        outcome.ends += holds(&event, ".completed\"") || holds(&event, "asc.wait.closed") || holds(&event, "asc.service.started");
    }
    ck_assert(simulate_progress(simulation) > 0.99);
    simulate_destroy(&simulation);
    ck_assert_ptr_null(simulation);
    return outcome;
}

static struct simulate_options defaults(enum simulate_scenario scenario) {
    struct simulate_options options;
    simulate_default(scenario, &options);
    return options;
}

START_TEST(same_seed_same_bytes) {
    struct simulate_options options = defaults(_i == 0 ? SIMULATE_LANCASHIRE_2025 : SIMULATE_LOAD);
    options.until = day_from_civil(2024, 1, 31);
    options.events = 50000;
    struct outcome first = run(&options);
    struct outcome again = run(&options);
    ck_assert_uint_eq(first.hash, again.hash);
    ck_assert_uint_eq(first.bytes, again.bytes);
    options.seed = 2;
    struct outcome other = run(&options);
    ck_assert_uint_ne(first.hash, other.hash);
}
END_TEST

START_TEST(load_has_the_size_asked_for) {
    struct simulate_options options = defaults(SIMULATE_LOAD);
    options.events = 202000;
    struct outcome outcome = run(&options);
    ck_assert_uint_eq(outcome.events, 202000);
    double mean = (double)outcome.bytes / (double)outcome.events;
    ck_assert_msg(mean > 330 && mean < 365, "mean length %f", mean);
    /* 200,000 originals of 20 a wait: 10,000 referrals, each of them sent twice with one chance in a hundred. */
    ck_assert_uint_ge(outcome.referrals, 10000);
    ck_assert_uint_le(outcome.referrals, 10200);
    ck_assert_uint_ge(outcome.out_of_order, 2000);
}
END_TEST

START_TEST(load_leaves_waits_open) {
    struct simulate_options options = defaults(SIMULATE_LOAD);
    options.open_waits = 20000;
    options.events_per_wait = 3;
    struct outcome outcome = run(&options);
    ck_assert_uint_eq(outcome.ends, 0);
    ck_assert_uint_ge(outcome.referrals, 20000);
    ck_assert_uint_eq(outcome.events, 60600);
}
END_TEST

START_TEST(load_refuses_what_cannot_be) {
    struct simulate_options options = defaults(SIMULATE_LOAD);
    options.events = 100;
    options.open_waits = 200;
    ck_assert_ptr_nonnull(simulate_check(&options));
    options.open_waits = 0;
    options.events_per_wait = SIMULATE_EVENTS_PER_WAIT_MAX + 1;
    ck_assert_ptr_nonnull(simulate_check(&options));
    options.events_per_wait = 0;
    ck_assert_ptr_null(simulate_check(&options));
    options.until = options.begin;
    ck_assert_ptr_nonnull(simulate_check(&options));
}
END_TEST

/* Sizes at the edges: a single event, a single wait, one event a wait. */
START_TEST(load_works_in_any_size) {
    for (uint32_t steps = 1; steps <= SIMULATE_EVENTS_PER_WAIT_MAX; steps += 3) {
        struct simulate_options options = defaults(SIMULATE_LOAD);
        options.seed = steps;
        options.events_per_wait = steps;
        options.events = 1 + steps * 7;
        ck_assert_uint_eq(run(&options).events, options.events);
    }
}
END_TEST

START_TEST(county_goes_on_where_it_stopped) {
    struct simulate_options options = defaults(SIMULATE_LANCASHIRE_2025);
    options.until = day_from_civil(2023, 12, 31);
    struct simulate_options shorter = options;
    shorter.until = day_from_civil(2023, 11, 15);
    struct simulation *whole = simulate_create(&options);
    struct simulation *part = simulate_create(&shorter);
    struct simulated_event a, b;
    instant_t end = british_instant(shorter.until + 1, 0);
    while (simulate_next(part, &a)) {
        ck_assert(simulate_next(whole, &b));
        ck_assert_uint_eq(a.length, b.length);
        ck_assert_mem_eq(a.bytes, b.bytes, a.length);
        ck_assert_int_lt(a.arrival, end);
    }
    ck_assert(simulate_next(whole, &b));
    ck_assert_int_ge(b.arrival, end);
    simulate_destroy(&part);
    simulate_destroy(&whole);
}
END_TEST

START_TEST(county_has_forty_thousand_requests_a_year) {
    struct simulate_options options = defaults(SIMULATE_LANCASHIRE_2025);
    options.until = day_from_civil(2024, 3, 31); /* half a year, after the import of ten thousand who wait already */
    struct outcome outcome = run(&options);
    ck_assert_msg(outcome.events > 150000 && outcome.events < 400000, "%lu events", (unsigned long)outcome.events);
    ck_assert_msg(outcome.referrals > 28000 && outcome.referrals < 34000, "%lu referrals", (unsigned long)outcome.referrals);
    ck_assert_uint_gt(outcome.reopenings, 3);
    ck_assert_uint_gt(outcome.out_of_order, outcome.events / 10);
}
END_TEST

START_TEST(county_refuses_what_cannot_be) {
    struct simulate_options options = defaults(SIMULATE_LANCASHIRE_2025);
    options.begin = day_from_civil(2023, 3, 31);
    ck_assert_ptr_nonnull(simulate_check(&options));
    options.begin = day_from_civil(2023, 4, 1);
    ck_assert_ptr_null(simulate_check(&options));
    options.until = options.begin - 1;
    ck_assert_ptr_nonnull(simulate_check(&options));
    options.until = day_from_civil(2028, 4, 1);
    ck_assert_ptr_nonnull(simulate_check(&options));
}
END_TEST

START_TEST(bank_holidays_are_those_of_the_gazette) {
    static const int holidays[][3] = {{2023, 12, 25}, {2023, 12, 26}, {2024, 1, 1},   {2024, 3, 29},  {2024, 4, 1},   {2024, 5, 6},
                                      {2024, 5, 27},  {2024, 8, 26},  {2024, 12, 25}, {2024, 12, 26}, {2025, 1, 1},   {2025, 4, 18},
                                      {2025, 4, 21},  {2025, 5, 5},   {2025, 5, 26},  {2025, 8, 25},  {2025, 12, 25}, {2025, 12, 26},
                                      {2026, 12, 25}, {2026, 12, 28}, {2027, 12, 27}, {2027, 12, 28}, {2028, 1, 3}};
    for (size_t i = 0; i < sizeof(holidays) / sizeof(holidays[0]); i++) {
        day_t day = day_from_civil(holidays[i][0], holidays[i][1], holidays[i][2]);
        ck_assert_msg(british_bank_holiday(day), "%d-%d-%d", holidays[i][0], holidays[i][1], holidays[i][2]);
    }
    int count = 0;
    for (day_t day = day_from_civil(2024, 1, 1); day < day_from_civil(2026, 1, 1); day++) {
        count += british_bank_holiday(day);
    }
    ck_assert_int_eq(count, 16);
}
END_TEST

START_TEST(summer_time_changes_on_its_sundays) {
    day_t spring = day_from_civil(2025, 3, 30), autumn = day_from_civil(2025, 10, 26);
    ck_assert_int_eq(british_offset_hours(spring * DAY_MS + HOUR_MS - 1), 0);
    ck_assert_int_eq(british_offset_hours(spring * DAY_MS + HOUR_MS), 1);
    ck_assert_int_eq(british_offset_hours(autumn * DAY_MS + HOUR_MS - 1), 1);
    ck_assert_int_eq(british_offset_hours(autumn * DAY_MS + HOUR_MS), 0);
    for (day_t day = spring - 3; day < autumn + 3; day++) {
        ck_assert_int_eq(british_day(british_instant(day, 0)), day);
        ck_assert_int_eq(british_day(british_instant(day, 0) - 1), day - 1);
        ck_assert_int_eq(british_day(british_instant(day, 23 * HOUR_MS)), day);
    }
}
END_TEST

START_TEST(pending_gives_the_earliest_first) {
    struct random random;
    random_seed(&random, 7);
    struct pending pending = {NULL, 0, 0};
    for (uint32_t i = 0; i < 5000; i++) {
        struct record record = {.arrival = random_below(&random, 500), .order = i};
        pending_push(&pending, &record);
    }
    instant_t arrival = -1;
    uint32_t order = 0;
    for (uint32_t i = 0; i < 5000; i++) {
        const struct record *first = pending_first(&pending);
        ck_assert(first->arrival > arrival || (first->arrival == arrival && first->order > order));
        arrival = first->arrival;
        order = first->order;
        pending_pop(&pending);
    }
    ck_assert_ptr_null(pending_first(&pending));
    pending_free(&pending);
}
END_TEST

START_TEST(random_numbers_have_their_means) {
    struct random random;
    random_seed(&random, 3);
    double poisson = 0, large = 0, normal = 0, squares = 0, geometric = 0;
    const int draws = 200000;
    for (int i = 0; i < draws; i++) {
        poisson += random_poisson(&random, 4.5);
        large += random_poisson(&random, 75.0);
        double value = random_normal(&random);
        normal += value;
        squares += value * value;
        geometric += random_geometric(&random, 0.25, 1000);
        int32_t between = random_between(&random, -2, 3);
        ck_assert(between >= -2 && between <= 3);
    }
    ck_assert_double_eq_tol(poisson / draws, 4.5, 0.05);
    ck_assert_double_eq_tol(large / draws, 75.0, 0.2);
    ck_assert_double_eq_tol(normal / draws, 0.0, 0.02);
    ck_assert_double_eq_tol(squares / draws, 1.0, 0.02);
    ck_assert_double_eq_tol(geometric / draws, 3.0, 0.05);
}
END_TEST

START_TEST(targets_meet_the_published_figures) {
    struct demand_point april = demand_target(STREAM_NEEDS_OLDER, day_from_civil(2025, 4, 30));
    struct demand_point july = demand_target(STREAM_NEEDS_OLDER, day_from_civil(2025, 7, 31));
    ck_assert_int_eq(april.waiting, 1850);
    ck_assert_int_eq(july.waiting, 1075);
    ck_assert_double_eq_tol((double)july.waiting_long / april.waiting_long, 0.52, 0.001);
    april = demand_target(STREAM_OT, day_from_civil(2025, 4, 30));
    july = demand_target(STREAM_OT, day_from_civil(2025, 7, 31));
    ck_assert_int_eq(april.waiting_long, 2 * july.waiting_long);
    double year = 0;
    for (int stream = 0; stream < STREAM_COUNT; stream++) {
        for (day_t day = day_from_civil(2024, 1, 1); day < day_from_civil(2025, 1, 1); day++) {
            year += demand_referrals((enum stream)stream, day);
        }
    }
    ck_assert_double_eq_tol(year, 41000, 3000);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("simulate");
    TCase *numbers = tcase_create("numbers");
    tcase_add_test(numbers, bank_holidays_are_those_of_the_gazette);
    tcase_add_test(numbers, summer_time_changes_on_its_sundays);
    tcase_add_test(numbers, pending_gives_the_earliest_first);
    tcase_add_test(numbers, random_numbers_have_their_means);
    tcase_add_test(numbers, targets_meet_the_published_figures);
    suite_add_tcase(suite, numbers);
    TCase *streams = tcase_create("streams");
    tcase_set_timeout(streams, 100);
    tcase_add_loop_test(streams, same_seed_same_bytes, 0, 2);
    tcase_add_test(streams, load_has_the_size_asked_for);
    tcase_add_test(streams, load_leaves_waits_open);
    tcase_add_test(streams, load_refuses_what_cannot_be);
    tcase_add_test(streams, load_works_in_any_size);
    tcase_add_test(streams, county_goes_on_where_it_stopped);
    tcase_add_test(streams, county_has_forty_thousand_requests_a_year);
    tcase_add_test(streams, county_refuses_what_cannot_be);
    suite_add_tcase(suite, streams);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
