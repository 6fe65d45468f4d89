/* Checks of the counters by clock-start day, against a plain count of the same waits, and of the groups that hold them. */
#include "tests/unit/core_world.h"

#include "daemon/core/groups.h"

enum { TODAY = 20179 }; /* 2025-04-01 */

static struct contribution waiting_since(int32_t days, int32_t standard) {
    return (struct contribution){.status = STATUS_WAITING,
                                 .stage = STAGE_UNALLOCATED,
                                 .key = TODAY - days,
                                 .standard = standard,
                                 .contact_base = TODAY - days,
                                 .contact_interval = 28};
}

static struct position collected(const struct tally *tally, const struct calendar *calendar, day_t today) {
    struct position_builder *builder = position_builder_create();
    struct position position;
    struct policy policy;

    world_policy(&policy);
    tally_collect(tally, calendar, UNIT_CALENDAR_DAYS, today, builder);
    position_builder_finish(builder, &policy, &position);
    position_builder_destroy(&builder);
    return position;
}

START_TEST(one_wait_grows_older_without_being_counted_again) {
    struct calendar *calendar = world_calendar_create();
    struct tally *tally = tally_create();
    struct contribution wait = waiting_since(0, 28);

    ck_assert(tally_is_empty(tally));
    tally_add(tally, &wait);
    ck_assert(!tally_is_empty(tally));
    for (int day = 0; day < 60; day++) {
        struct position position = collected(tally, calendar, TODAY + day);
        ck_assert_uint_eq(position.waiting, 1);
        ck_assert_int_eq(position.longest, day);
        ck_assert_uint_eq(position.breach, day > 28);
        ck_assert_uint_eq(position.due, day > 21 && day <= 28);
        ck_assert_uint_eq(position.no_contact, day > 28);
    }
    tally_remove(tally, &wait);
    ck_assert(tally_is_empty(tally));
    ck_assert_uint_eq(collected(tally, calendar, TODAY).waiting, 0);
    ck_assert_int_eq(collected(tally, calendar, TODAY).longest, POSITION_NULL);
    tally_destroy(&tally);
    ck_assert_ptr_null(tally);
    tally_destroy(&tally);
    calendar_destroy(&calendar);
}
END_TEST

START_TEST(who_stands_still_keeps_his_days) {
    struct calendar *calendar = world_calendar_create();
    struct tally *tally = tally_create();
    struct contribution below = waiting_since(0, 28);
    struct contribution above = below;
    struct contribution scheduled = {.status = STATUS_SCHEDULED};
    struct contribution ended = {.status = STATUS_ENDED};

    below.is_paused = below.is_frozen = above.is_paused = above.is_frozen = true;
    below.key = 25; /* days, not a day */
    above.key = 30;
    tally_add(tally, &below);
    tally_add(tally, &above);
    tally_add(tally, &ended);
    struct position position = collected(tally, calendar, TODAY + 100);
    ck_assert_uint_eq(position.waiting, 2);
    ck_assert_uint_eq(position.paused, 2);
    ck_assert_uint_eq(position.breach, 1);
    ck_assert_uint_eq(position.due, 0);
    ck_assert_int_eq(position.longest, 30);
    tally_remove(tally, &below);
    tally_remove(tally, &above);
    ck_assert(tally_is_empty(tally));
    tally_add(tally, &scheduled);
    ck_assert(!tally_is_empty(tally));
    ck_assert_uint_eq(collected(tally, calendar, TODAY).scheduled, 1);
    tally_remove(tally, &scheduled);
    ck_assert(tally_is_empty(tally));
    tally_destroy(&tally);
    calendar_destroy(&calendar);
}
END_TEST

static void remove_a_stranger(void *context) {
    struct contribution stranger = waiting_since(3, 28);

    tally_remove(context, &stranger);
}

START_TEST(who_was_not_counted_cannot_leave) {
    struct tally *tally = tally_create();

    ck_assert(world_breaks(remove_a_stranger, tally));
    tally_destroy(&tally);
}
END_TEST

/* A thousand waits come and go in a fixed scramble; what remains is counted plainly. */
START_TEST(counters_equal_a_plain_count) {
    enum { WAITS = 1000 };
    static const int32_t standards[] = {2, 14, 28};
    struct calendar *calendar = world_calendar_create();
    struct tally *tally = tally_create();
    struct contribution waits[WAITS];
    uint32_t number = 12345;

    for (int i = 0; i < WAITS; i++) {
        number = number * 1664525 + 1013904223;
        waits[i] = waiting_since((int32_t)(number >> 16) % 60, standards[number % 3]);
        waits[i].stage = (uint8_t)(STAGE_UNALLOCATED + i % 3);
        tally_add(tally, &waits[i]);
    }
    size_t full = tally_bytes(tally);
    ck_assert_uint_gt(full, 0);
    for (int i = 0; i < WAITS; i += 3)
        tally_remove(tally, &waits[i]);
    struct position position = collected(tally, calendar, TODAY);
    uint32_t breach = 0, due = 0, waiting = 0, late = 0, unallocated = 0;
    for (int i = 0; i < WAITS; i++) {
        int32_t days = TODAY - waits[i].key;
        if (i % 3 == 0)
            continue;
        waiting++;
        breach += days > waits[i].standard;
        due += days <= waits[i].standard && days + 7 > waits[i].standard;
        late += days > 28;
        unallocated += waits[i].stage == STAGE_UNALLOCATED;
    }
    ck_assert_uint_eq(position.waiting, waiting);
    ck_assert_uint_eq(position.breach, breach);
    ck_assert_uint_eq(position.due, due);
    ck_assert_uint_eq(position.no_contact, late);
    ck_assert_uint_eq(position.unallocated, unallocated);
    ck_assert_uint_eq(tally_bytes(tally), full); /* room is kept for those who come next */
    tally_destroy(&tally);
    calendar_destroy(&calendar);
}
END_TEST

START_TEST(groups_are_found_by_their_key) {
    enum { GROUPS = 1000 };
    struct groups *groups = groups_create();

    for (uint32_t i = 0; i < GROUPS; i++) {
        struct group_key key = {.team = i, .pathway = (uint8_t)(i % 7)};
        ck_assert_uint_eq(groups_of(groups, &key), i);
    }
    size_t bytes = groups_bytes(groups);
    ck_assert_uint_gt(bytes, GROUPS * sizeof(struct group_key));
    for (uint32_t i = 0; i < GROUPS; i++) {
        struct group_key key = {.team = i, .pathway = (uint8_t)(i % 7)};
        ck_assert_uint_eq(groups_of(groups, &key), i);
        ck_assert_uint_eq(groups_at(groups, i)->key.team, i);
        ck_assert(tally_is_empty(groups_at(groups, i)->tally));
    }
    ck_assert_uint_eq(groups_count(groups), GROUPS);
    ck_assert_uint_eq(groups_bytes(groups), bytes);
    groups_destroy(&groups);
    ck_assert_ptr_null(groups);
    groups_destroy(&groups);
}
END_TEST

int main(void) {
    const TTest *const tests[] = {one_wait_grows_older_without_being_counted_again,
                                  who_stands_still_keeps_his_days,
                                  who_was_not_counted_cannot_leave,
                                  counters_equal_a_plain_count,
                                  groups_are_found_by_their_key,
                                  NULL};

    return world_run("tally", tests);
}
