/* Checks of keeping a register: it comes back as it was, and bytes that say anything else are refused or do no harm. */
#include "tests/unit/core_world.h"

#include "daemon/core/preserve.h"

#include "daemon/core/memory.h"
#include "daemon/core/register_internal.h"
#include "daemon/core/texts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { STORED_MAX = 1 << 20 };

struct stored {
    unsigned char bytes[STORED_MAX];
    size_t size;
    size_t at;
    bool is_full;
};

static bool store(void *context, const void *bytes, size_t size) {
    struct stored *stored = context;
    if (stored->is_full)
        return false;
    ck_assert_uint_le(stored->size + size, STORED_MAX);
    memcpy(stored->bytes + stored->size, bytes, size);
    stored->size += size;
    return true;
}

static size_t recall(void *context, void *bytes, size_t size) {
    struct stored *stored = context;
    size_t got = stored->size - stored->at < size ? stored->size - stored->at : size;
    memcpy(bytes, stored->bytes + stored->at, got);
    stored->at += got;
    return got;
}

static struct stored *stored_create(void) {
    return memory_new(1, sizeof(struct stored));
}

static bool save(const struct waiting_register *reg, struct stored *stored) {
    struct bytes_out *out = memory_new(1, sizeof *out);
    bytes_out_init(out, store, stored);
    register_save(reg, out);
    bool whole = bytes_finish(out);
    free(out);
    return whole;
}

static enum preserve_result load(struct waiting_register *reg, struct stored *stored, uint64_t seq, uint64_t alert_seq, bool *at_end) {
    struct bytes_in *in = memory_new(1, sizeof *in);
    stored->at = 0;
    bytes_in_init(in, recall, stored);
    enum preserve_result result = register_load(reg, in, seq, alert_seq);
    *at_end = bytes_at_end(in);
    free(in);
    return result;
}

/* The world's events, a register that has replayed them, and what they are read from. */
struct reading {
    struct world *world;
    struct waiting_register *reg;
    struct history_event *events;
    size_t capacity;
};

static size_t load_history(void *context, uint64_t newest_seq, const struct history_event **events) {
    struct reading *reading = context;
    size_t count = 0;
    for (uint64_t seq = newest_seq; seq > 0; seq--) {
        if (!text_equal(world_event(reading->world, seq)->event.subject, world_event(reading->world, newest_seq)->event.subject))
            continue;
        memory_reserve((void **)&reading->events, &reading->capacity, count + 1, sizeof *reading->events);
        reading->events[count++] = *world_event(reading->world, seq);
    }
    *events = reading->events;
    return count;
}

static bool find_event(void *context, struct text source, struct text id, struct history_event *event) {
    struct reading *reading = context;
    for (uint64_t seq = 1; seq <= world_event_count(reading->world); seq++) {
        *event = *world_event(reading->world, seq);
        if (text_equal(event->event.source, source) && text_equal(event->event.id, id))
            return true;
    }
    return false;
}

static struct waiting_register *another(struct reading *reading, const struct policy_era *eras, size_t count) {
    return register_create(&(struct register_setup){.calendar = world_calendar(reading->world),
                                                    .eras = eras,
                                                    .era_count = count,
                                                    .history = {reading, load_history, find_event},
                                                    .hash_seed = 77});
}

static struct waiting_register *another_alike(struct reading *reading) {
    size_t count;
    const struct policy_era *eras = world_eras(reading->world, &count);
    return another(reading, eras, count);
}

static void replay_alert(struct waiting_register *reg, uint64_t seq, enum alert_change change, enum alert_rule rule, int32_t level,
                         const char *subject) {
    register_replay_alert(reg, &(struct alert_transition){
                                   .alert_seq = seq,
                                   .raised_seq = seq,
                                   .change = change,
                                   .rule = rule,
                                   .level = level,
                                   .severity = SEVERITY_WARNING,
                                   .subject = text_of(subject),
                                   .pathway = text_of("needs_assessment"),
                                   .team = text_of("A"),
                                   .days = 29,
                                   .standard = 28,
                                   .occurred_on = world_day_of("2025-04-30"),
                                   .at = world_instant_of("2025-04-30T09:00:00Z"),
                                   .late = level > 0,
                               });
}

/* The day lies before the day on which the tests begin. */
static void replay_acknowledgement(struct waiting_register *reg, uint64_t seq, const char *subject, const char *note) {
    register_replay_alert(reg, &(struct alert_transition){
                                   .alert_seq = seq,
                                   .raised_seq = 1,
                                   .change = ALERT_ACKNOWLEDGED,
                                   .rule = ALERT_BREACH,
                                   .severity = SEVERITY_WARNING,
                                   .subject = text_of(subject),
                                   .pathway = text_of("needs_assessment"),
                                   .team = text_of("A"),
                                   .occurred_on = world_day_of("2025-04-30"),
                                   .at = world_instant_of("2025-05-01T09:00:00Z"),
                                   .by = text_of("jo"),
                                   .note = text_of(note),
                                   .expected_by = world_day_of("2025-05-07"),
                               });
}

static void replay_standing(struct waiting_register *reg, uint64_t seq, enum alert_rule rule, const char *subject, const char *pathway) {
    register_replay_alert(reg, &(struct alert_transition){
                                   .alert_seq = seq,
                                   .raised_seq = seq,
                                   .change = ALERT_RAISED,
                                   .rule = rule,
                                   .severity = SEVERITY_HIGH,
                                   .subject = text_of(subject),
                                   .pathway = text_of(pathway),
                                   .team = text_of(pathway),
                                   .days = 3,
                                   .standard = 120,
                                   .occurred_on = world_day_of("2025-04-30"),
                                   .at = world_instant_of("2025-05-01T09:00:00Z"),
                               });
}

enum { ALERTS = 8 };

/* A replay with something of everything. */
static void send_varied(struct world *world) {
    REFER(world, "w1", .on = "2025-04-01", .person = "p-1", .district = "Burnley", .client_group = "older", .dimensions = "area=n;ward=3");
    TRIAGE(world, "w1", .on = "2025-04-02", .priority = 2, .impact = 3, .likelihood = 4, .dimensions = "area=s");
    PAUSE(world, "w1", .on = "2025-04-03");
    RESUME(world, "w1", .on = "2025-04-05");
    ALLOCATE(world, "w1", .on = "2025-04-06", .sequence = "7");
    REFER(world, "w2", .on = "2025-04-01", .pathway = "working_excluding", .team = "B", .clock_start = "2025-03-20");
    PAUSE(world, "w2", .on = "2025-04-10");
    START(world, "w2", .on = "2025-04-11", .id = "wrong");
    RETRACT(world, "w2", .on = "2025-04-12", .retracts = "wrong");
    RETRACT(world, "w2", .on = "2025-04-12", .retracts = "still-to-come");
    RETRACT(world, "w2", .on = "2025-04-13", .retracts = "still-to-come");
    REFER(world, "w3", .on = "2025-04-01", .person = "p-3");
    CLOSE(world, "w3", .on = "2025-04-02", .reason = "duplicate");
    REFER(world, "w4", .on = "2025-04-01", .pathway = "review", .person = "p-1");
    COMPLETE(world, "w4", .on = "2025-04-02");
    CLOSE(world, "w4", .on = "2025-04-20");
    REOPEN(world, "w4", .on = "2025-04-22");
    START(world, "w4", .on = "2025-04-23");
    CONTACT(world, "w5", .on = "2025-04-02");
    REFER(world, "w6", .on = "2025-04-02");
    for (int i = 0; i < 300; i++) /* so many that a late one waits for the end of the replay */
        CONTACT(world, "w6", .on = "2025-04-20");
    PAUSE(world, "w6", .on = "2025-04-10");
}

static struct reading *replayed(void) {
    struct reading *reading = memory_new(1, sizeof *reading);
    reading->world = world_create(NULL);
    send_varied(reading->world);
    reading->reg = another_alike(reading);
    for (uint64_t seq = 1; seq <= world_event_count(reading->world); seq++)
        register_replay_event(reading->reg, &world_event(reading->world, seq)->event, seq);
    replay_alert(reading->reg, 1, ALERT_RAISED, ALERT_BREACH, ALERT_LEVEL_NONE, "w1");
    replay_alert(reading->reg, 2, ALERT_RAISED, ALERT_APPROACHING, 7, "w1");
    replay_alert(reading->reg, 3, ALERT_RAISED, ALERT_ESCALATION, 42, "w2");
    replay_alert(reading->reg, 4, ALERT_RESOLVED, ALERT_APPROACHING, 7, "w1");
    replay_alert(reading->reg, 5, ALERT_RAISED, ALERT_ESCALATION, 84, "w2");
    replay_acknowledgement(reading->reg, 6, "w1", "visit booked");
    replay_standing(reading->reg, 7, ALERT_FEED_SILENT, "urn:las", NULL);
    replay_standing(reading->reg, 8, ALERT_QUEUE_LIMIT, "needs_assessment/A/waiting", "needs_assessment");
    return reading;
}

static void destroy(struct reading *reading) {
    register_destroy(&reading->reg);
    world_destroy(&reading->world);
    free(reading->events);
    free(reading);
}

static bool same_bytes(const struct stored *a, const struct stored *b) {
    return a->size == b->size && memcmp(a->bytes, b->bytes, a->size) == 0;
}

/* Nothing that a replay goes on with may be forgotten, also what is added to the state some day. */
static void check_same_record(const struct waiting_register *a, const struct waiting_register *b, uint32_t wait) {
    const struct record *first = register_record(a, wait), *second = register_record(b, wait);
    struct wait_state state = first->state;
    ck_assert(text_equal(texts_at(a->people, state.person), texts_at(b->people, second->state.person)));
    state.person = second->state.person;
    ck_assert(memcmp(&state, &second->state, offsetof(struct wait_state, stage) + 1) == 0);
    ck_assert_uint_eq(first->newest_seq, second->newest_seq);
    ck_assert_uint_eq(first->newest_alert_seq, second->newest_alert_seq);
    ck_assert_uint_eq(first->event_count, second->event_count);
    ck_assert_uint_eq(first->retraction_exceptions, second->retraction_exceptions);
    ck_assert_uint_eq(first->last_rank, second->last_rank);
    ck_assert_uint_eq(first->flags, second->flags);
    uint32_t alert = first->first_alert, other = second->first_alert;
    for (; alert != 0 && other != 0; alert = register_alert(a, alert)->next, other = register_alert(b, other)->next) {
        struct alert_node node = *register_alert(a, alert);
        node.next = register_alert(b, other)->next;
        ck_assert(memcmp(&node, register_alert(b, other), sizeof node) == 0);
    }
    ck_assert(alert == 0 && other == 0);
}

START_TEST(a_register_comes_back_as_it_was) {
    struct reading *reading = replayed();
    struct world *world = reading->world;
    struct stored *first = stored_create(), *second = stored_create();
    struct waiting_register *reg = another_alike(reading);
    bool at_end;

    ck_assert(save(reading->reg, first));
    ck_assert_int_eq(load(reg, first, world_event_count(world), ALERTS, &at_end), PRESERVE_LOADED);
    ck_assert(at_end);
    ck_assert(save(reg, second));
    ck_assert(same_bytes(first, second));
    ck_assert_uint_eq(register_count(reg), register_count(reading->reg));
    for (uint32_t wait = 1; wait <= register_count(reg); wait++)
        check_same_record(reading->reg, reg, wait);
    day_t today = world_day_of("2025-05-10");
    register_begin(reg, today, world_instant_of("2025-05-10T09:00:00Z"), true);
    register_begin(reading->reg, today, world_instant_of("2025-05-10T09:00:00Z"), true);
    static const char *const subjects[] = {"w1", "w2", "w3", "w4", "w5", "w6"};
    for (size_t i = 0; i < sizeof subjects / sizeof subjects[0]; i++) {
        char expected[200];
        snprintf(expected, sizeof expected, "%s", world_brief_in(world, reading->reg, subjects[i]));
        ck_assert_str_eq(world_brief_in(world, reg, subjects[i]), expected);
    }
    struct position expected = world_position(reading->reg, NULL), position = world_position(reg, NULL);
    ck_assert_uint_gt(position.waiting, 0);
    ck_assert_uint_eq(position.waiting, expected.waiting);
    ck_assert_uint_eq(position.breach, expected.breach);
    ck_assert_uint_eq(position.paused, expected.paused);
    ck_assert_int_eq(position.longest, expected.longest);
    size_t expected_count, count;
    const struct alert_transition *expected_alerts = register_take_transitions(reading->reg, &expected_count);
    const struct alert_transition *alerts = register_take_transitions(reg, &count);
    ck_assert_uint_eq(count, expected_count);
    ck_assert_uint_gt(count, 0);
    for (size_t i = 0; i < count; i++) {
        ck_assert(text_equal(alerts[i].subject, expected_alerts[i].subject));
        ck_assert_int_eq(alerts[i].change, expected_alerts[i].change);
        ck_assert_int_eq(alerts[i].rule, expected_alerts[i].rule);
        ck_assert_int_eq(alerts[i].level, expected_alerts[i].level);
        ck_assert_uint_eq(alerts[i].previous_alert_seq, expected_alerts[i].previous_alert_seq);
    }
    register_destroy(&reg);
    free(first);
    free(second);
    destroy(reading);
}
END_TEST

START_TEST(an_empty_register_comes_back) {
    struct reading *reading = replayed();
    struct waiting_register *empty = another_alike(reading), *reg = another_alike(reading);
    struct stored *stored = stored_create();
    bool at_end;

    ck_assert(save(empty, stored));
    ck_assert_int_eq(load(reg, stored, 0, 0, &at_end), PRESERVE_LOADED);
    ck_assert(at_end);
    register_destroy(&empty);
    register_destroy(&reg);
    free(stored);
    destroy(reading);
}
END_TEST

/* Whatever was taken up can be asked anything. */
static void use(struct waiting_register *reg) {
    struct wait_view view;
    struct register_figures figures;
    day_t today = world_day_of("2025-05-10");
    register_begin(reg, today, world_instant_of("2025-05-10T09:00:00Z"), true);
    for (int i = 0; i < 3; i++)
        register_advance(reg, world_instant_of("2025-05-11T09:00:00Z") + i);
    register_figures(reg, &figures);
    for (uint32_t wait = 1; wait <= figures.waits; wait++)
        register_view(reg, wait, &view);
    world_position(reg, NULL);
}

START_TEST(damage_is_refused_or_does_no_harm) {
    static const unsigned char spoilings[] = {0x01, 0x80, 0xff};
    struct reading *reading = replayed();
    struct world *world = reading->world;
    struct stored *stored = stored_create();
    size_t refused = 0, taken = 0;
    bool at_end;

    ck_assert(save(reading->reg, stored));
    for (size_t i = 0; i < stored->size * sizeof spoilings; i++) {
        unsigned char *byte = &stored->bytes[i / sizeof spoilings];
        unsigned char before = *byte;
        struct waiting_register *reg = another_alike(reading);
        *byte ^= spoilings[i % sizeof spoilings];
        if (load(reg, stored, world_event_count(world), ALERTS, &at_end) == PRESERVE_LOADED) {
            use(reg);
            taken++;
        } else {
            refused++;
        }
        *byte = before;
        register_destroy(&reg);
    }
    ck_assert_uint_gt(refused, taken);
    free(stored);
    destroy(reading);
}
END_TEST

START_TEST(what_is_cut_off_is_refused) {
    struct reading *reading = replayed();
    struct world *world = reading->world;
    struct stored *stored = stored_create();
    bool at_end;

    ck_assert(save(reading->reg, stored));
    for (size_t whole = stored->size--; stored->size > 0; stored->size--) {
        struct waiting_register *reg = another_alike(reading);
        ck_assert_msg(load(reg, stored, world_event_count(world), ALERTS, &at_end) == PRESERVE_REFUSED, "cut off at %zu of %zu",
                      stored->size, whole);
        ck_assert(!at_end);
        register_destroy(&reg);
    }
    free(stored);
    destroy(reading);
}
END_TEST

START_TEST(what_lies_beyond_the_journal_is_refused) {
    struct reading *reading = replayed();
    struct world *world = reading->world;
    struct stored *stored = stored_create();
    bool at_end;

    ck_assert(save(reading->reg, stored));
    struct waiting_register *reg = another_alike(reading);
    ck_assert_int_eq(load(reg, stored, world_event_count(world) - 1, ALERTS, &at_end), PRESERVE_REFUSED);
    register_destroy(&reg);
    reg = another_alike(reading);
    ck_assert_int_eq(load(reg, stored, world_event_count(world), ALERTS - 1, &at_end), PRESERVE_REFUSED);
    register_destroy(&reg);
    stored->bytes[stored->size++] = 0;
    reg = another_alike(reading);
    ck_assert_int_eq(load(reg, stored, world_event_count(world), ALERTS, &at_end), PRESERVE_LOADED);
    ck_assert(!at_end);
    register_destroy(&reg);
    free(stored);
    destroy(reading);
}
END_TEST

/* Loads what the world saved into a register by this policy and calendar. */
static enum preserve_result load_under(struct reading *reading, struct stored *stored, const struct policy *policy,
                                       const struct calendar *calendar) {
    bool at_end;
    struct policy_era era = {DAY_NONE, policy};
    struct waiting_register *reg = register_create(&(struct register_setup){
        .calendar = calendar, .eras = &era, .era_count = 1, .history = {reading, load_history, find_event}, .hash_seed = 3});
    enum preserve_result result = load(reg, stored, world_event_count(reading->world), ALERTS, &at_end);
    register_destroy(&reg);
    return result;
}

START_TEST(other_rules_are_told_from_the_same) {
    struct reading *reading = replayed();
    struct world *world = reading->world;
    struct stored *stored = stored_create();
    struct policy policy;

    ck_assert(save(reading->reg, stored));
    world_policy(&policy);
    ck_assert_int_eq(load_under(reading, stored, &policy, world_calendar(world)), PRESERVE_LOADED);
    policy.pathways[0].standard_days++; /* changes what is counted, not what is folded */
    policy.pathways[0].stops_on = STOP_ON_STARTED;
    strcpy(policy.pathways[policy.pathway_count].name, "a_new_one");
    policy.pathways[policy.pathway_count].standard_days = 5;
    policy.pathways[policy.pathway_count++].completes_on = EVENT_REVIEW_COMPLETED;
    ck_assert_int_eq(load_under(reading, stored, &policy, world_calendar(world)), PRESERVE_LOADED);
    world_pathway(&policy, "review")->completes_on = EVENT_SERVICE_STARTED;
    ck_assert_int_eq(load_under(reading, stored, &policy, world_calendar(world)), PRESERVE_OTHER_RULES);
    world_policy(&policy);
    strcpy(policy.pathways[2].name, "renamed");
    ck_assert_int_eq(load_under(reading, stored, &policy, world_calendar(world)), PRESERVE_OTHER_RULES);
    world_policy(&policy);
    policy.pathway_count--;
    ck_assert_int_eq(load_under(reading, stored, &policy, world_calendar(world)), PRESERVE_OTHER_RULES);
    world_policy(&policy);
    day_t holiday = world_day_of("2025-04-09");
    struct calendar *other = calendar_with_holidays(world_calendar(world), &holiday, 1);
    ck_assert_int_eq(load_under(reading, stored, &policy, other), PRESERVE_OTHER_RULES);
    calendar_destroy(&other);
    free(stored);
    destroy(reading);
}
END_TEST

START_TEST(a_full_disk_is_noticed) {
    struct reading *reading = replayed();
    struct stored *stored = stored_create();

    stored->is_full = true;
    ck_assert(!save(reading->reg, stored));
    ck_assert_uint_eq(stored->size, 0);
    free(stored);
    destroy(reading);
}
END_TEST

/* A pathway that only an alert names has no rules. */
START_TEST(an_alert_of_an_unknown_pathway_is_kept) {
    struct reading *reading = replayed();
    struct world *world = reading->world;
    struct stored *stored = stored_create();
    struct waiting_register *reg = another_alike(reading);
    bool at_end;

    register_replay_alert(reading->reg, &(struct alert_transition){.alert_seq = 9,
                                                                   .raised_seq = 9,
                                                                   .subject = text_of("w9"),
                                                                   .pathway = text_of("nobody_knows_it"),
                                                                   .team = text_of("A"),
                                                                   .occurred_on = 20000,
                                                                   .at = 1});
    ck_assert(save(reading->reg, stored));
    ck_assert_int_eq(load(reg, stored, world_event_count(world), 9, &at_end), PRESERVE_OTHER_RULES);
    register_destroy(&reg);
    free(stored);
    destroy(reading);
}
END_TEST

/* No event has one; a register that says so was not folded from events. */
START_TEST(a_dimension_that_is_too_long_is_refused) {
    struct reading *reading = replayed();
    struct stored *stored = stored_create();
    struct waiting_register *reg = another_alike(reading);
    bool at_end;

    REFER(reading->world, "w7", .on = "2025-04-01", .dimensions = "area=0123456789012345678901234567890123456789012345678901234567890123x");
    uint64_t seq = world_event_count(reading->world);
    register_replay_event(reading->reg, &world_event(reading->world, seq)->event, seq);
    ck_assert(save(reading->reg, stored));
    ck_assert_int_eq(load(reg, stored, seq, ALERTS, &at_end), PRESERVE_REFUSED);
    register_destroy(&reg);
    free(stored);
    destroy(reading);
}
END_TEST

/* What is longer could not be written as a transition. */
START_TEST(a_note_that_is_too_long_is_refused) {
    static char longest[ACKNOWLEDGED_NOTE_MAX + 2];
    struct reading *reading = replayed();
    struct stored *stored = stored_create();
    bool at_end;

    memset(longest, 'x', ACKNOWLEDGED_NOTE_MAX);
    for (uint64_t seq = ALERTS + 1; seq <= ALERTS + 2; seq++) {
        struct waiting_register *reg = another_alike(reading);
        replay_acknowledgement(reading->reg, seq, "w1", longest);
        stored->size = 0;
        ck_assert(save(reading->reg, stored));
        ck_assert_int_eq(load(reg, stored, world_event_count(reading->world), seq, &at_end),
                         seq == ALERTS + 1 ? PRESERVE_LOADED : PRESERVE_REFUSED);
        register_destroy(&reg);
        longest[ACKNOWLEDGED_NOTE_MAX] = 'x';
    }
    free(stored);
    destroy(reading);
}
END_TEST

START_TEST(numbers_and_texts_keep_their_values) {
    struct stored *stored = stored_create();
    struct bytes_out *out = memory_new(1, sizeof *out);
    struct bytes_in *in = memory_new(1, sizeof *in);
    char longest[TEXTS_LENGTH_MAX];
    static unsigned char many[3 * BYTES_BUFFER], again[3 * BYTES_BUFFER];

    memset(longest, 'x', sizeof longest);
    for (size_t i = 0; i < sizeof many; i++)
        many[i] = (unsigned char)(i * 7 + i / 256);
    bytes_out_init(out, store, stored);
    bytes_put_u8(out, 0xfe);
    bytes_put_u16(out, 0xfedc);
    bytes_put_u32(out, 0xfedcba98);
    bytes_put_u64(out, 0xfedcba9876543210);
    bytes_put_i32(out, INT32_MIN);
    bytes_put_i64(out, INT64_MIN);
    bytes_put_text(out, (struct text){longest, sizeof longest});
    bytes_put_text(out, TEXT_ABSENT);
    bytes_put_text(out, text_of(""));
    bytes_put(out, many, sizeof many);
    bytes_put_u16(out, TEXTS_LENGTH_MAX + 1);
    ck_assert(bytes_finish(out));
    ck_assert_uint_eq(stored->bytes[1], 0xdc); /* little-endian */
    bytes_in_init(in, recall, stored);
    ck_assert_uint_eq(bytes_get_u8(in), 0xfe);
    ck_assert_uint_eq(bytes_get_u16(in), 0xfedc);
    ck_assert_uint_eq(bytes_get_u32(in), 0xfedcba98);
    ck_assert_uint_eq(bytes_get_u64(in), 0xfedcba9876543210);
    ck_assert_int_eq(bytes_get_i32(in), INT32_MIN);
    ck_assert_int_eq(bytes_get_i64(in), INT64_MIN);
    ck_assert(text_equal(bytes_get_text(in), (struct text){longest, sizeof longest}));
    ck_assert_ptr_null(bytes_get_text(in).at);
    struct text empty = bytes_get_text(in);
    ck_assert(empty.at != NULL && empty.length == 0);
    bytes_get(in, again, sizeof again);
    ck_assert(memcmp(many, again, sizeof many) == 0);
    ck_assert(!in->failed);
    ck_assert_ptr_null(bytes_get_text(in).at);
    ck_assert(in->failed);
    ck_assert_uint_eq(bytes_get_u32(in), 0);
    bytes_get(in, again, 10);
    ck_assert(!bytes_at_end(in));
    free(out);
    free(in);
    free(stored);
}
END_TEST

int main(void) {
    const TTest *const tests[] = {a_register_comes_back_as_it_was,
                                  an_empty_register_comes_back,
                                  damage_is_refused_or_does_no_harm,
                                  what_is_cut_off_is_refused,
                                  what_lies_beyond_the_journal_is_refused,
                                  other_rules_are_told_from_the_same,
                                  a_full_disk_is_noticed,
                                  an_alert_of_an_unknown_pathway_is_kept,
                                  a_dimension_that_is_too_long_is_refused,
                                  a_note_that_is_too_long_is_refused,
                                  numbers_and_texts_keep_their_values,
                                  NULL};
    return world_run("preserve", tests);
}
