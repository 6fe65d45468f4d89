/* Checks of the archive: events come back as they were, and any day by any knowledge is what the live register showed then. */
#include "tests/unit/core_world.h"

#include "daemon/core/archive.h"
#include "daemon/core/flow.h"

#include <stdio.h>
#include <string.h>

enum { MANY = 9000, SOURCES = 600 };

static struct archive *archive_of(const struct world *world) {
    struct archive *archive = archive_create(7);

    for (uint64_t seq = 1; seq <= world_event_count(world); seq++)
        archive_add(archive, &world_event(world, seq)->event, seq, world_event(world, seq)->received);
    return archive;
}

static struct waiting_register *recall_on(const struct world *world, struct archive *archive, const char *day, uint64_t known_at) {
    struct recall recall = {.calendar = world_calendar(world), .known_at = known_at, .as_at = world_day_of(day)};

    recall.eras = world_eras(world, &recall.era_count);
    return archive_recall(archive, &recall);
}

/* The wait on a day, by the first `known_at` events; 0: by all. */
static void expect(struct world *world, const char *subject, const char *day, uint64_t known_at, const char *expected) {
    struct archive *archive = archive_of(world);
    struct waiting_register *reg = recall_on(world, archive, day, known_at == 0 ? archive_count(archive) : known_at);

    ck_assert_int_eq(register_today(reg), world_day_of(day));
    ck_assert_str_eq(world_brief_in(world, reg, subject), expected);
    register_destroy(&reg);
    archive_destroy(&archive);
}

static void assert_same_text(struct text actual, struct text expected) {
    ck_assert_int_eq(actual.at == NULL, expected.at == NULL);
    ck_assert(text_equal(actual, expected));
}

static void assert_same_event(const struct event *actual, const struct event *expected) {
    const struct text pairs[][2] = {{actual->source, expected->source},
                                    {actual->id, expected->id},
                                    {actual->subject, expected->subject},
                                    {actual->sequence, expected->sequence},
                                    {actual->pathway, expected->pathway},
                                    {actual->team, expected->team},
                                    {actual->person, expected->person},
                                    {actual->district, expected->district},
                                    {actual->client_group, expected->client_group},
                                    {actual->worker, expected->worker},
                                    {actual->reason, expected->reason},
                                    {actual->method, expected->method},
                                    {actual->outcome, expected->outcome},
                                    {actual->retracts_source, expected->retracts_source},
                                    {actual->retracts_id, expected->retracts_id}};

    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++)
        assert_same_text(pairs[i][0], pairs[i][1]);
    ck_assert_int_eq(actual->type, expected->type);
    ck_assert_int_eq(actual->time, expected->time);
    ck_assert_int_eq(actual->clock_start, expected->clock_start);
    ck_assert_uint_eq(actual->priority, expected->priority);
    ck_assert_uint_eq(actual->impact, expected->impact);
    ck_assert_uint_eq(actual->likelihood, expected->likelihood);
    ck_assert_uint_eq(actual->dimension_count, expected->dimension_count);
    for (size_t i = 0; i < expected->dimension_count; i++) {
        assert_same_text(actual->dimensions[i].name, expected->dimensions[i].name);
        assert_same_text(actual->dimensions[i].value, expected->dimensions[i].value);
    }
}

/* An event of the type with everything that its type may have. */
static struct event full_event(enum event_type type) {
    struct event event = {.type = type,
                          .time = 1743500000123,
                          .source = text_of("lcs"),
                          .id = text_of("id"),
                          .subject = text_of("w/1"),
                          .clock_start = DAY_NONE};

    switch (type) {
    case EVENT_REFERRAL_RECEIVED:
        event.pathway = text_of("needs_assessment");
        event.team = text_of("A");
        event.person = text_of("person-1");
        event.clock_start = world_day_of("2025-03-01");
        event.priority = 4;
        event.impact = 5;
        event.likelihood = 3;
        event.sequence = text_of("0001");
        break;
    case EVENT_WAIT_TRANSFERRED:
        event.team = text_of("B");
        event.district = text_of("Wyre");
        break;
    case EVENT_WAIT_ALLOCATED:
        event.worker = text_of("kim");
        break;
    case EVENT_CONTACT_MADE:
        event.method = text_of("phone");
        break;
    case EVENT_ASSESSMENT_COMPLETED:
    case EVENT_REVIEW_COMPLETED:
    case EVENT_SERVICE_STARTED:
        event.outcome = text_of("eligible");
        break;
    case EVENT_WAIT_PAUSED:
    case EVENT_WAIT_CLOSED:
    case EVENT_WAIT_REOPENED:
        event.reason = text_of("other");
        break;
    case EVENT_RETRACTED:
        event.retracts_source = text_of("mosaic");
        event.retracts_id = text_of("another");
        break;
    default:
        break;
    }
    return event;
}

START_TEST(events_of_every_type) {
    struct archive *archive = archive_create(1);
    struct history_event kept;

    for (int type = 0; type < EVENT_TYPE_COUNT; type++) {
        struct event event = full_event((enum event_type)type);
        archive_add(archive, &event, (uint64_t)type + 1, 1743500009999 + type);
    }
    ck_assert_uint_eq(archive_count(archive), EVENT_TYPE_COUNT);
    for (int type = 0; type < EVENT_TYPE_COUNT; type++) {
        struct event event = full_event((enum event_type)type);
        archive_event(archive, (uint64_t)type + 1, &kept);
        assert_same_event(&kept.event, &event);
        ck_assert_uint_eq(kept.seq, (uint64_t)type + 1);
        ck_assert_int_eq(kept.received, 1743500009999 + type);
    }
    archive_destroy(&archive);
    ck_assert_ptr_null(archive);
    archive_destroy(&archive);
}
END_TEST

START_TEST(dimensions_of_any_length) {
    struct archive *archive = archive_create(1);
    struct event event = full_event(EVENT_REFERRAL_TRIAGED);
    static char names[EVENT_DIMENSIONS_MAX][NAME_MAX_BYTES + 1];
    struct history_event kept;

    archive_add(archive, &event, 1, 0);
    event.client_group = text_of("older");
    for (event.dimension_count = 0; event.dimension_count < EVENT_DIMENSIONS_MAX; event.dimension_count++) {
        char *name = names[event.dimension_count];
        memset(name, 'z', NAME_MAX_BYTES);
        name[0] = (char)('p' - event.dimension_count); /* in no order of their own */
        event.dimensions[event.dimension_count] = (struct event_dimension){text_of(name), text_of(name)};
    }
    archive_add(archive, &event, 2, 0);
    event.dimension_count = 1;
    event.dimensions[0] = (struct event_dimension){text_of("a"), text_of("1")};
    archive_add(archive, &event, 3, 0);
    archive_event(archive, 3, &kept);
    assert_same_event(&kept.event, &event);
    archive_event(archive, 1, &kept);
    ck_assert_uint_eq(kept.event.dimension_count, 0);
    archive_event(archive, 2, &kept);
    ck_assert_uint_eq(kept.event.dimension_count, EVENT_DIMENSIONS_MAX);
    for (size_t i = 0; i < EVENT_DIMENSIONS_MAX; i++) {
        assert_same_text(kept.event.dimensions[i].name, text_of(names[i]));
        assert_same_text(kept.event.dimensions[i].value, text_of(names[i]));
    }
    archive_destroy(&archive);
}
END_TEST

/* As many that every table grows; each finds itself and its wait's others. */
START_TEST(very_many_events) {
    struct world *world = world_create("2025-07-01");
    struct archive *archive = archive_create(3);
    struct event event = full_event(EVENT_REFERRAL_RECEIVED);
    char id[129], subject[24];
    struct history_event kept;
    size_t empty = archive_bytes(archive);

    for (uint32_t i = 0; i < MANY; i++) {
        snprintf(id, sizeof id, "%0128u", i);
        snprintf(subject, sizeof subject, "w/%u", i % (MANY / 3));
        event.id = text_of(id);
        event.subject = text_of(subject);
        event.type = i < MANY / 3 ? EVENT_REFERRAL_RECEIVED : EVENT_CONTACT_MADE;
        archive_add(archive, &event, i + 1, i);
    }
    ck_assert_uint_ge(archive_bytes(archive), empty + MANY * 128);
    for (uint32_t i = 0; i < MANY; i += 7) {
        snprintf(id, sizeof id, "%0128u", i);
        archive_event(archive, i + 1, &kept);
        ck_assert(text_is(kept.event.id, id));
    }
    event = full_event(EVENT_RETRACTED);
    event.id = text_of("wrong");
    event.subject = text_of("elsewhere");
    snprintf(id, sizeof id, "%0128u", 2 * MANY / 3); /* a contact of w/0 */
    event.retracts_id = text_of(id);
    event.retracts_source = text_of("lcs");
    archive_add(archive, &event, MANY + 1, 0);
    struct waiting_register *reg = recall_on(world, archive, "2025-07-01", MANY + 1);
    const struct event_outcome *outcomes;
    ck_assert_uint_eq(register_outcomes(reg, register_find(reg, text_of("w/0")), &outcomes), 3);
    ck_assert_uint_eq(register_outcomes(reg, register_find(reg, text_of("w/2999")), &outcomes), 3);
    for (size_t i = 0; i < 3; i++)
        ck_assert_int_eq(outcomes[i].effect, EFFECT_APPLIED);
    register_outcomes(reg, register_find(reg, text_of("w/0")), &outcomes);
    ck_assert_int_eq(outcomes[2].effect, EFFECT_RETRACTED);
    register_destroy(&reg);
    archive_destroy(&archive);
    world_destroy(&world);
}
END_TEST

/* An identity is a source and an id: half of the sources sent the id that every one of them retracts. */
START_TEST(one_id_of_many_sources) {
    struct world *world = world_create("2025-07-01");
    struct archive *archive = archive_create(3);
    struct event event = full_event(EVENT_CONTACT_MADE);
    struct event retraction = full_event(EVENT_RETRACTED);
    const struct event_outcome *outcomes;
    char source[24], id[24];

    retraction.subject = text_of("elsewhere");
    retraction.retracts_id = text_of("wrong");
    for (uint64_t i = 0; i < SOURCES; i++) {
        snprintf(source, sizeof source, "s%llu", (unsigned long long)i);
        event.source = text_of(source);
        event.id = text_of(i < SOURCES / 2 ? "wrong" : "right");
        archive_add(archive, &event, i + 1, 0);
    }
    for (uint64_t i = 0; i < SOURCES; i++) {
        snprintf(source, sizeof source, "s%llu", (unsigned long long)i);
        snprintf(id, sizeof id, "%llu", (unsigned long long)i);
        retraction.id = text_of(id);
        retraction.retracts_source = text_of(source);
        archive_add(archive, &retraction, SOURCES + i + 1, 0);
    }
    struct waiting_register *reg = recall_on(world, archive, "2025-07-01", 2 * SOURCES);
    ck_assert_uint_eq(register_outcomes(reg, register_find(reg, text_of("w/1")), &outcomes), SOURCES);
    for (size_t i = 0; i < SOURCES; i++)
        ck_assert_int_eq(outcomes[i].effect, text_is(outcomes[i].event->event.id, "wrong") ? EFFECT_RETRACTED : EFFECT_NO_REFERRAL);
    ck_assert_uint_eq(register_outcomes(reg, register_find(reg, text_of("elsewhere")), &outcomes), SOURCES);
    for (size_t i = 0; i < SOURCES; i++)
        ck_assert_int_eq(outcomes[i].effect, outcomes[i].event->seq <= SOURCES + SOURCES / 2 ? EFFECT_APPLIED : EFFECT_RETRACTS_UNKNOWN);
    register_destroy(&reg);
    archive_destroy(&archive);
    world_destroy(&world);
}
END_TEST

static void add_out_of_turn(void *context) {
    struct event event = full_event(EVENT_CONTACT_MADE);

    archive_add(context, &event, 3, 0);
}

struct too_much {
    struct world *world;
    struct archive *archive;
};

static void know_too_much(void *context) {
    const struct too_much *too_much = context;

    recall_on(too_much->world, too_much->archive, "2025-07-01", archive_count(too_much->archive) + 1);
}

START_TEST(what_must_not_be_asked) {
    struct world *world = world_create("2025-07-01");
    struct archive *archive = archive_create(1);

    ck_assert(world_breaks(add_out_of_turn, archive));
    archive_destroy(&archive);
    archive = archive_create(1);
    ck_assert(world_breaks(know_too_much, &(struct too_much){world, archive}));
    archive_destroy(&archive);
    world_destroy(&world);
}
END_TEST

START_TEST(a_past_day_as_known_now) {
    struct world *world = world_create("2025-07-01");

    REFER(world, "w", .on = "2025-04-01");
    ALLOCATE(world, "w", .on = "2025-04-10");
    PAUSE(world, "w", .on = "2025-04-20");
    COMPLETE(world, "w", .on = "2025-05-05");
    REOPEN(world, "w", .on = "2025-05-20");
    expect(world, "w", "2025-03-31", 0, "no referral");
    expect(world, "w", "2025-04-01", 0, "waiting unallocated 0/28");
    expect(world, "w", "2025-04-09", 0, "waiting unallocated 8/28");
    expect(world, "w", "2025-04-10", 0, "waiting allocated 9/28");
    expect(world, "w", "2025-04-25", 0, "waiting allocated 24/28 due paused");
    expect(world, "w", "2025-05-04", 0, "waiting allocated 33/28 breach paused no_contact");
    expect(world, "w", "2025-05-05", 0, "ended completed 34/28");
    expect(world, "w", "2025-05-20", 0, "waiting unallocated 49/28 breach no_contact");
    expect(world, "w", "2025-05-20", 1, "waiting unallocated 49/28 breach no_contact");
    expect(world, "w", "2025-05-20", 4, "ended completed 34/28");
    expect(world, "other", "2025-05-20", 0, "unknown");
    world_destroy(&world);
}
END_TEST

/* Each day as it was shown at its end, whatever came later. */
START_TEST(a_past_day_as_known_then) {
    static const char *const days[] = {"2025-04-02", "2025-04-08", "2025-04-15", "2025-04-30", "2025-05-10", "2025-05-20"};
    enum { DAYS = sizeof days / sizeof days[0] };
    struct world *world = world_create("2025-04-01");
    char shown[DAYS][256];
    uint64_t known[DAYS];

    for (size_t i = 0; i < DAYS; i++) {
        world_advance(world, days[i]);
        if (i == 0)
            REFER(world, "w", .on = days[i], .clock_start = "2025-03-25");
        if (i == 1)
            COMPLETE(world, "w", .on = "2025-04-05", .id = "mistake"); /* late */
        if (i == 2)
            RETRACT(world, "w", .on = days[i], .retracts = "mistake");
        if (i == 3)
            PAUSE(world, "w", .on = "2025-04-01"); /* late */
        if (i == 4)
            TRANSFER(world, "w", .on = days[i], .team = "B");
        if (i == 5)
            CLOSE(world, "w", .on = days[i], .reason = "recorded_in_error");
        known[i] = world_event_count(world);
        snprintf(shown[i], sizeof shown[i], "%s", world_brief(world, "w"));
    }
    ck_assert_str_eq(shown[1], "ended completed 11/28");
    ck_assert_str_eq(shown[2], "waiting unallocated 21/28");
    for (size_t i = 0; i < DAYS; i++)
        expect(world, "w", days[i], known[i], shown[i]);
    expect(world, "w", "2025-04-08", known[2], "waiting unallocated 14/28");
    expect(world, "w", "2025-04-08", known[4], "waiting unallocated 14/28 paused");
    expect(world, "w", "2025-04-08", known[5], "excluded unallocated 14/28");
    world_destroy(&world);
}
END_TEST

START_TEST(a_day_to_come) {
    struct world *world = world_create("2025-07-01");

    REFER(world, "w", .on = "2025-06-20");
    REFER(world, "planned", .on = "2025-06-20", .clock_start = "2026-06-01");
    REFER(world, "tomorrow", .on = "2025-07-02", .pathway = "excluding");
    REFER(world, "ended", .on = "2025-06-20");
    COMPLETE(world, "ended", .on = "2025-06-25");
    expect(world, "w", "2025-07-08", 0, "waiting unallocated 18/28");
    expect(world, "w", "2025-07-12", 0, "waiting unallocated 22/28 due");
    expect(world, "w", "2026-07-02", 0, "waiting unallocated 377/28 breach no_contact");
    expect(world, "planned", "2026-05-31", 0, "scheduled unallocated 0/28");
    expect(world, "planned", "2026-07-02", 0, "waiting unallocated 31/28 breach no_contact");
    expect(world, "tomorrow", "2025-07-01", 0, "no referral");
    expect(world, "tomorrow", "2025-07-02", 0, "waiting unallocated 0/28");
    expect(world, "ended", "2026-07-02", 0, "ended completed 5/28");
    world_destroy(&world);
}
END_TEST

/* Before the first policy the first one, after that the day's own; a wait on a pathway that came later is judged by its first rules. */
START_TEST(standards_of_the_day) {
    struct policy first, second, third;
    struct world *world = world_create(NULL);

    world_policy(&second);
    third = first = second;
    snprintf(world_pathway(&first, "review")->name, NAME_MAX_BYTES, "%s", "another");
    world_pathway(&first, "needs_assessment")->standard_days = 10;
    world_pathway(&second, "needs_assessment")->standard_days = 20;
    world_pathway(&second, "review")->standard_days = 3;
    world_pathway(&second, "needs_assessment")->completes_on = EVENT_REVIEW_COMPLETED;
    world_pathway(&third, "review")->standard_days = 4;
    const struct policy_era eras[] = {
        {world_day_of("2025-04-10"), &first}, {world_day_of("2025-05-01"), &second}, {world_day_of("2025-06-01"), &third}};
    world_set_eras(world, eras, 3);
    REFER(world, "w", .on = "2025-04-01");
    REFER(world, "new", .on = "2025-04-01", .pathway = "review");
    SEND(world, EVENT_REVIEW_COMPLETED, "w", .on = "2025-04-29");
    expect(world, "w", "2025-04-08", 0, "waiting unallocated 7/10 due");
    expect(world, "w", "2025-04-12", 0, "waiting unallocated 11/10 breach");
    expect(world, "w", "2025-04-30", 0, "waiting unallocated 29/10 breach no_contact");
    expect(world, "w", "2025-05-01", 0, "ended completed 28/20");
    expect(world, "w", "2025-06-01", 0, "waiting unallocated 61/28 breach no_contact");
    expect(world, "new", "2025-04-02", 0, "waiting unallocated 1/3 due");
    expect(world, "new", "2025-05-01", 0, "waiting unallocated 30/3 breach no_contact");
    expect(world, "new", "2025-06-01", 0, "waiting unallocated 61/4 breach no_contact");
    world_destroy(&world);
}
END_TEST

/* A completion before the first policy is judged by that one, also where later policies are known. */
START_TEST(flow_before_the_first_policy) {
    struct policy first, second;
    struct world *world = world_create(NULL);
    struct wait_filter everyone = {0};
    struct flow_request request = {world_day_of("2025-01-01"), world_day_of("2025-01-31"), STEP_ALL, NULL, 0, &everyone};
    struct flow_table table;

    world_policy(&first);
    second = first;
    world_pathway(&second, "needs_assessment")->standard_days = 3;
    const struct policy_era eras[] = {{world_day_of("2025-04-10"), &first}, {world_day_of("2025-05-01"), &second}};
    world_set_eras(world, eras, 2);
    REFER(world, "w", .on = "2025-01-01");
    COMPLETE(world, "w", .on = "2025-01-21");
    struct archive *archive = archive_of(world);
    struct waiting_register *reg = recall_on(world, archive, "2025-04-20", 2);
    ck_assert(register_flow(reg, &request, &table));
    ck_assert_uint_eq(table.row_count, 1);
    ck_assert_uint_eq(table.rows[0].flow.completed, 1);
    ck_assert_uint_eq(table.rows[0].flow.completed_within_standard, 1);
    ck_assert_int_eq(table.rows[0].flow.longest, 20);
    flow_table_free(&table);
    register_destroy(&reg);
    archive_destroy(&archive);
    world_destroy(&world);
}
END_TEST

/* Over all the events as known, those behind the day asked for too. */
START_TEST(removed_later_on) {
    struct world *world = world_create("2025-07-01");

    REFER(world, "error", .on = "2025-04-01");
    CLOSE(world, "error", .on = "2025-06-20", .reason = "recorded_in_error");
    expect(world, "error", "2025-04-10", 0, "excluded unallocated 9/28");
    expect(world, "error", "2025-04-10", 1, "waiting unallocated 9/28");
    REOPEN(world, "error", .on = "2025-06-25");
    expect(world, "error", "2025-04-10", 0, "waiting unallocated 9/28");
    expect(world, "error", "2025-06-21", 0, "ended closed 80/28");
    /* A retraction has the history folded before the end that comes before the removal is known. */
    CONTACT(world, "w", .on = "2025-04-01", .id = "early");
    REFER(world, "w", .on = "2025-04-01");
    CLOSE(world, "w", .on = "2025-06-20", .reason = "duplicate");
    RETRACT(world, "w", .on = "2025-06-20", .retracts = "early");
    COMPLETE(world, "w", .on = "2025-06-19");
    expect(world, "w", "2025-04-10", world_event_count(world) - 1, "excluded unallocated 9/28");
    expect(world, "w", "2025-04-10", 0, "waiting unallocated 9/28");
    world_destroy(&world);
}
END_TEST

START_TEST(retractions_by_what_was_known) {
    struct world *world = world_create("2025-07-01");
    struct archive *archive;
    const struct event_outcome *outcomes;

    REFER(world, "w", .on = "2025-04-01");
    RETRACT(world, "w", .on = "2025-04-02", .retracts = "later");
    RETRACT(world, "w", .on = "2025-04-02", .retracts = "later", .retracts_source = "nobody");
    COMPLETE(world, "w", .on = "2025-04-03", .id = "later");
    archive = archive_of(world);
    for (uint64_t known_at = 3; known_at <= 4; known_at++) {
        struct waiting_register *reg = recall_on(world, archive, "2025-05-01", known_at);
        ck_assert_str_eq(world_brief_in(world, reg, "w"), "waiting unallocated 30/28 breach no_contact");
        ck_assert_uint_eq(register_outcomes(reg, register_find(reg, text_of("w")), &outcomes), known_at);
        ck_assert_int_eq(outcomes[1].effect, known_at == 4 ? EFFECT_APPLIED : EFFECT_RETRACTS_UNKNOWN);
        ck_assert_int_eq(outcomes[2].effect, EFFECT_RETRACTS_UNKNOWN);
        register_destroy(&reg);
    }
    archive_destroy(&archive);
    world_destroy(&world);
}
END_TEST

START_TEST(nothing_known) {
    struct world *world = world_create("2025-07-01");
    struct register_figures figures;

    REFER(world, "w", .on = "2025-04-01");
    struct archive *archive = archive_of(world);
    struct waiting_register *reg = recall_on(world, archive, "2025-05-01", 0);
    register_figures(reg, &figures);
    ck_assert_uint_eq(figures.waits, 0);
    ck_assert_uint_eq(world_position(reg, NULL).waiting, 0);
    register_destroy(&reg);
    reg = recall_on(world, archive, "2025-05-01", 1);
    register_figures(reg, &figures);
    ck_assert_uint_eq(figures.waits, 1);
    ck_assert_uint_eq(figures.open_alerts, 0);
    ck_assert_uint_eq(world_position(reg, NULL).breach, 1);
    register_destroy(&reg);
    archive_destroy(&archive);
    world_destroy(&world);
}
END_TEST

int main(void) {
    const TTest *const tests[] = {events_of_every_type,
                                  dimensions_of_any_length,
                                  very_many_events,
                                  one_id_of_many_sources,
                                  what_must_not_be_asked,
                                  a_past_day_as_known_now,
                                  a_past_day_as_known_then,
                                  a_day_to_come,
                                  standards_of_the_day,
                                  flow_before_the_first_policy,
                                  removed_later_on,
                                  retractions_by_what_was_known,
                                  nothing_known,
                                  NULL};

    return world_run("archive", tests);
}
