/* Checks of borrowed texts, interned names, events' names and order, and the policy's look-ups. */
#include "tests/unit/core_world.h"

#include "daemon/core/memory.h"
#include "daemon/core/names.h"
#include "daemon/core/texts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

START_TEST(texts_compare_as_bytes) {
    ck_assert(text_equal(TEXT_ABSENT, text_of("")));
    ck_assert(text_is(text_of("abc"), "abc"));
    ck_assert(!text_is(text_of("abc"), "abd"));
    ck_assert(!text_is(text_of("abc"), "ab"));
    ck_assert(text_is(text_of(NULL), NULL));
    ck_assert_int_lt(text_compare(text_of("ab"), text_of("abc")), 0);
    ck_assert_int_gt(text_compare(text_of("b"), text_of("abc")), 0);
    ck_assert_int_eq(text_compare(TEXT_ABSENT, text_of("")), 0);
    ck_assert_int_lt(text_compare(TEXT_ABSENT, text_of("a")), 0);
    ck_assert_int_lt(text_compare(text_of("Z"), text_of("a")), 0);
    ck_assert_int_lt(text_compare(text_of("z"), text_of("\xc3\xa9")), 0);
}
END_TEST

START_TEST(hashes_follow_every_byte_and_the_seed) {
    char text[32] = "abcdefghijklmnopqrstuvwxyz01234";

    for (uint32_t length = 1; length < sizeof text; length++) {
        struct text whole = {text, length};
        uint64_t before = text_hash(whole, 1);
        ck_assert_uint_eq(text_hash(whole, 1), before);
        ck_assert_uint_ne(text_hash(whole, 2), before);
        text[length - 1] ^= 1;
        ck_assert_uint_ne(text_hash(whole, 1), before);
        text[length - 1] ^= 1;
        ck_assert_uint_ne(text_hash((struct text){text, length - 1}, 1), before);
    }
}
END_TEST

START_TEST(a_name_is_kept_once) {
    struct names *names = names_create(1);

    ck_assert_uint_eq(names_intern(names, TEXT_ABSENT), NAME_ABSENT);
    ck_assert_uint_eq(names_find(names, TEXT_ABSENT), NAME_ABSENT);
    ck_assert_uint_eq(names_find(names, text_of("Burnley")), NAME_ABSENT);
    ck_assert_uint_eq(names_intern(names, text_of("Burnley")), 1);
    ck_assert_uint_eq(names_intern(names, text_of("")), 2);
    ck_assert_uint_eq(names_intern(names, text_of("Burnley")), 1);
    ck_assert_uint_eq(names_find(names, text_of("Burnley")), 1);
    ck_assert_uint_eq(names_find(names, text_of("")), 2);
    ck_assert_uint_eq(names_count(names), 2);
    ck_assert_str_eq(names_text(names, 1).at, "Burnley");
    ck_assert_uint_eq(names_text(names, 1).length, 7);
    ck_assert_ptr_null(names_text(names, NAME_ABSENT).at);
    names_destroy(&names);
    ck_assert_ptr_null(names);
    names_destroy(&names);
}
END_TEST

/* More than one block and many growths of the table; texts must stay where they are. */
START_TEST(many_names_stay_where_they_are) {
    enum { COUNT = 40000 };
    struct names *names = names_create(7);
    const char **first = memory_new(COUNT, sizeof *first);
    char text[64];

    for (uint32_t i = 0; i < COUNT; i++) {
        snprintf(text, sizeof text, "worker-%u-of-the-council-of-lancashire", i);
        ck_assert_uint_eq(names_intern(names, text_of(text)), i + 1);
        first[i] = names_text(names, i + 1).at;
    }
    for (uint32_t i = 0; i < COUNT; i++) {
        snprintf(text, sizeof text, "worker-%u-of-the-council-of-lancashire", i);
        ck_assert_uint_eq(names_find(names, text_of(text)), i + 1);
        ck_assert_ptr_eq(names_text(names, i + 1).at, first[i]);
        ck_assert_str_eq(first[i], text);
    }
    free(first);
    names_destroy(&names);
}
END_TEST

static void intern_too_long(void *context) {
    static const char text[70000];

    names_intern(context, (struct text){text, sizeof text});
}

START_TEST(a_text_beyond_the_limit_is_our_own_bug) {
    struct names *names = names_create(1);

    ck_assert(world_breaks(intern_too_long, names));
    names_destroy(&names);
}
END_TEST

static void resize_beyond_memory(void *context) {
    memory_resize(context, SIZE_MAX, 2);
}

START_TEST(memory_grows_or_the_process_ends) {
    void *block = NULL;
    size_t capacity = 0;

    memory_reserve(&block, &capacity, 0, 4);
    ck_assert_ptr_null(block);
    memory_reserve(&block, &capacity, 1, 4);
    ck_assert_uint_eq(capacity, 8);
    memory_reserve(&block, &capacity, 9, 4);
    ck_assert_uint_eq(capacity, 12);
    memory_reserve(&block, &capacity, 100, 4);
    ck_assert_uint_eq(capacity, 100);
    ck_assert(world_breaks(resize_beyond_memory, block));
    block = memory_resize(block, 0, 4);
    ck_assert_ptr_nonnull(block);
    free(block);
    block = memory_new(0, 4);
    ck_assert_ptr_nonnull(block);
    free(block);
}
END_TEST

START_TEST(types_have_names_and_ranks) {
    static const struct {
        const char *name;
        int rank;
    } table[] = {{"asc.referral.received", 0},  {"asc.referral.triaged", 1},     {"asc.wait.transferred", 2}, {"asc.wait.unallocated", 3},
                 {"asc.wait.allocated", 4},     {"asc.wait.paused", 5},          {"asc.wait.resumed", 6},     {"asc.contact.made", 7},
                 {"asc.assessment.started", 8}, {"asc.assessment.completed", 9}, {"asc.review.completed", 9}, {"asc.service.started", 9},
                 {"asc.wait.closed", 10},       {"asc.wait.reopened", 11}};

    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        enum event_type type = event_type_of(text_of(table[i].name));
        ck_assert_int_lt(type, EVENT_RETRACTED);
        ck_assert_str_eq(event_type_name(type), table[i].name);
        ck_assert_int_eq(event_type_rank(type), table[i].rank);
    }
    ck_assert_int_eq(event_type_of(text_of("asc.event.retracted")), EVENT_RETRACTED);
    ck_assert_int_eq(event_type_of(text_of("asc.event.invented")), EVENT_TYPE_COUNT);
    ck_assert_int_eq(event_type_of(TEXT_ABSENT), EVENT_TYPE_COUNT);
}
END_TEST

START_TEST(the_effective_time_of_a_referral_is_the_earlier) {
    struct calendar *calendar = world_calendar_create();
    struct event event = {.type = EVENT_REFERRAL_RECEIVED, .time = world_instant_of("2025-04-10T08:00:00Z"), .clock_start = DAY_NONE};

    ck_assert_int_eq(event_effective_time(&event, calendar), event.time);
    event.clock_start = world_day_of("2025-04-01");
    ck_assert_int_eq(event_effective_time(&event, calendar), world_instant_of("2025-03-31T23:00:00Z"));
    event.clock_start = world_day_of("2025-04-11");
    ck_assert_int_eq(event_effective_time(&event, calendar), event.time);
    event.type = EVENT_WAIT_PAUSED;
    event.clock_start = world_day_of("2025-04-01");
    ck_assert_int_eq(event_effective_time(&event, calendar), event.time);
    calendar_destroy(&calendar);
}
END_TEST

START_TEST(fold_order_is_time_sequence_rank_source_id) {
    struct calendar *calendar = world_calendar_create();
    struct event base = {.type = EVENT_WAIT_PAUSED,
                         .time = world_instant_of("2025-04-10T08:00:00Z"),
                         .source = text_of("b"),
                         .id = text_of("b"),
                         .clock_start = DAY_NONE};
    struct event other = base;

    ck_assert_int_eq(event_compare(&base, &other, calendar), 0);
    other.id = text_of("c");
    ck_assert_int_lt(event_compare(&base, &other, calendar), 0);
    other.source = text_of("a");
    ck_assert_int_gt(event_compare(&base, &other, calendar), 0);
    other.type = EVENT_WAIT_RESUMED;
    ck_assert_int_lt(event_compare(&base, &other, calendar), 0);
    base.sequence = text_of("1");
    ck_assert_int_gt(event_compare(&base, &other, calendar), 0);
    other.sequence = text_of("10");
    ck_assert_int_lt(event_compare(&base, &other, calendar), 0);
    base.time++;
    ck_assert_int_gt(event_compare(&base, &other, calendar), 0);
    ck_assert_int_lt(event_compare(&other, &base, calendar), 0);
    calendar_destroy(&calendar);
}
END_TEST

START_TEST(a_policy_answers_by_name_and_priority) {
    struct policy policy;

    world_policy(&policy);
    policy.contact_by_priority[2] = 7;
    ck_assert_int_eq(policy_pathway_index(&policy, text_of("needs_assessment")), 0);
    ck_assert_int_eq(policy_pathway_index(&policy, text_of("needs")), -1);
    const struct pathway_policy *pathway = world_pathway(&policy, "prioritised");
    ck_assert_int_eq(policy_standard(pathway, 0), 28);
    ck_assert_int_eq(policy_standard(pathway, 1), 2);
    ck_assert_int_eq(policy_standard(pathway, 2), 28);
    ck_assert_int_eq(policy_contact_interval(&policy, 0), 28);
    ck_assert_int_eq(policy_contact_interval(&policy, 2), 7);
    ck_assert_int_eq(policy_contact_interval(&policy, 4), 28);
}
END_TEST

/* Every member counts: the daemon journals a policy whenever it is not equal to the last one. */
START_TEST(policies_differ_by_every_member) {
    struct policy policies[20];
    size_t count = sizeof policies / sizeof policies[0];
    struct policy original;

    world_policy(&original);
    for (size_t i = 0; i < count; i++)
        policies[i] = original;
    ck_assert(policy_equal(&original, &policies[0]));
    policies[0].pathway_count--;
    policies[1].contact_interval_days++;
    policies[2].band_count--;
    policies[3].pathways[1].name[0] = 'E';
    policies[4].pathways[1].standard_days++;
    policies[5].pathways[2].standard_by_priority[4] = 3;
    policies[6].pathways[2].unit = UNIT_WORKING_DAYS;
    policies[7].pathways[1].pauses = PAUSES_COUNT;
    policies[8].pathways[1].stops_on = STOP_ON_STARTED;
    policies[9].pathways[1].completes_on = EVENT_SERVICE_STARTED;
    policies[10].pathways[1].approaching.enabled = false;
    policies[11].pathways[1].approaching.severity = SEVERITY_CRITICAL;
    policies[12].pathways[1].approaching.level_count = 1;
    policies[13].pathways[1].approaching.levels[1] = 2;
    policies[14].pathways[1].breach.enabled = false;
    policies[15].pathways[1].escalation.levels[2] = 183;
    policies[16].contact_by_priority[1] = 1;
    policies[17].bands[5]++;
    policies[18].pathways[7].standard_by_priority[1] = 1;
    policies[19].bands[0]--;
    for (size_t i = 0; i < count; i++)
        ck_assert_msg(!policy_equal(&original, &policies[i]), "policy %zu counts as equal", i);
}
END_TEST

START_TEST(codes_are_the_documents_words) {
    static const char *const stages[] = {"", "unallocated", "allocated", "in_progress", "completed", "closed"};
    static const char *const statuses[] = {"", "waiting", "scheduled", "ended", "excluded"};
    static const char *const effects[] = {"applied",          "duplicate_referral", "no_referral",     "after_end",        "not_allocated",
                                          "already_paused",   "not_paused",         "already_started", "wrong_completion", "not_ended",
                                          "retracts_unknown", "cannot_retract",     "retracted",       "pending"};

    for (int i = 0; i < STAGE_COUNT; i++)
        ck_assert_str_eq(stage_name((enum stage)i), stages[i]);
    for (int i = 0; i < STATUS_COUNT; i++)
        ck_assert_str_eq(status_name((enum status)i), statuses[i]);
    for (int i = 0; i < EFFECT_COUNT; i++) {
        ck_assert_str_eq(effect_name((enum effect)i), effects[i]);
        bool harmless = i == EFFECT_APPLIED || i == EFFECT_RETRACTED || i == EFFECT_PENDING;
        ck_assert(effect_is_exception((enum effect)i) != harmless);
    }
}
END_TEST

START_TEST(texts_are_kept_as_often_as_they_come) {
    struct texts *texts = texts_create();
    char longest[TEXTS_LENGTH_MAX];

    memset(longest, 'x', sizeof longest);
    uint32_t first = texts_keep(texts, text_of("p-1")), again = texts_keep(texts, text_of("p-1"));
    ck_assert_uint_ne(first, 0);
    ck_assert_uint_ne(first, again);
    for (int i = 0; i < 20; i++) /* over several blocks */
        ck_assert_uint_eq(texts_at(texts, texts_keep(texts, (struct text){longest, sizeof longest})).length, sizeof longest);
    ck_assert(text_is(texts_at(texts, first), "p-1"));
    ck_assert(text_is(texts_at(texts, again), "p-1"));
    ck_assert(text_is(texts_at(texts, texts_keep(texts, text_of(""))), ""));
    ck_assert_ptr_null(texts_at(texts, 0).at);
    texts_destroy(&texts);
    texts_destroy(&texts);
}
END_TEST

int main(void) {
    const TTest *const tests[] = {texts_compare_as_bytes,
                                  hashes_follow_every_byte_and_the_seed,
                                  a_name_is_kept_once,
                                  many_names_stay_where_they_are,
                                  a_text_beyond_the_limit_is_our_own_bug,
                                  memory_grows_or_the_process_ends,
                                  types_have_names_and_ranks,
                                  the_effective_time_of_a_referral_is_the_earlier,
                                  fold_order_is_time_sequence_rank_source_id,
                                  a_policy_answers_by_name_and_priority,
                                  policies_differ_by_every_member,
                                  codes_are_the_documents_words,
                                  texts_are_kept_as_often_as_they_come,
                                  NULL};

    return world_run("names", tests);
}
