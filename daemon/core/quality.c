/* Figures of data quality: what the pass over all waits tells, counted by source, by value and by field. */
#include "daemon/core/quality.h"
#include "daemon/core/register_internal.h"
#include "daemon/core/selection.h"

#include "daemon/core/memory.h"

#include <stdlib.h>
#include <string.h>

enum { DOUBLE_AND_TENTHS = 2000, VALUE_KEY_SIZE = KNOWN_FIELD_SIZE + 1 + NAME_MAX_BYTES };

const char *quality_field_name(enum quality_field field) {
    static const char *const names[QUALITY_FIELD_COUNT] = {"district",   "client_group", "priority", "impact",
                                                           "likelihood", "clock_start",  "worker"};
    return names[field];
}

/* How late one event came. */
struct late_event {
    uint32_t source;
    int32_t days;
};

struct found_double {
    uint64_t seq;
    uint32_t wait;
    uint32_t other;
};

struct quality_walk {
    struct waiting_register *reg;
    const struct quality_request *request;
    struct quality *quality;
    struct source_quality *sources; /* by number - 1 */
    size_t source_capacity;
    struct late_event *late;
    size_t late_count;
    size_t late_capacity;
    struct found_double *doubles;
    size_t double_count;
    size_t double_capacity;
    struct completeness *tables; /* of all, then by the pathway's number */
    uint32_t bare_wait;          /* the last one found to have events without a referral */
};

/* Per cent to one decimal, half up, in tenths. */
static int32_t percent_tenths(uint64_t part, uint64_t whole) {
    return whole == 0 ? POSITION_NULL : (int32_t)((part * DOUBLE_AND_TENTHS + whole) / (2 * whole));
}

static bool is_in_period(const struct quality_walk *walk, instant_t received) {
    const struct quality_request *request = walk->request;
    day_t day = calendar_day_of(walk->reg->calendar, received);
    return (request->from == DAY_NONE || day >= request->from) && (request->to == DAY_NONE || day <= request->to);
}

/* The number of the source; made when it is new. */
static uint32_t source_of(struct quality_walk *walk, struct text source) {
    uint32_t before = names_count(walk->quality->source_names);
    uint32_t number = names_intern(walk->quality->source_names, source);
    if (number > before) {
        memory_reserve((void **)&walk->sources, &walk->source_capacity, number, sizeof *walk->sources);
        walk->sources[number - 1] = (struct source_quality){.source = names_text(walk->quality->source_names, number),
                                                            .first_event = INT64_MAX,
                                                            .last_event = INSTANT_NONE,
                                                            .first_received = INT64_MAX,
                                                            .last_received = INSTANT_NONE};
    }
    return number;
}

static void widen(instant_t *first, instant_t *last, instant_t instant) {
    if (instant < *first)
        *first = instant;
    if (instant > *last)
        *last = instant;
}

static void take_event(void *context, const struct recorded_event *recorded) {
    struct quality_walk *walk = context;
    const struct history_event *event = recorded->event;
    if (!is_in_period(walk, event->received))
        return;
    uint32_t number = source_of(walk, event->event.source);
    struct source_quality *source = &walk->sources[number - 1];
    source->events++;
    widen(&source->first_event, &source->last_event, event->event.time);
    widen(&source->first_received, &source->last_received, event->received);
    if (recorded->effect == EFFECT_RETRACTED)
        source->retracted++;
    if (!recorded_tells(recorded))
        return;
    int32_t days = calendar_day_of(walk->reg->calendar, event->received) - recorded->day;
    memory_reserve((void **)&walk->late, &walk->late_capacity, walk->late_count + 1, sizeof *walk->late);
    walk->late[walk->late_count++] = (struct late_event){number, days > 0 ? days : 0};
}

static void count_unknown(struct quality_walk *walk, const struct unknown_value *unknown) {
    char key[VALUE_KEY_SIZE];
    size_t length = known_field_name(unknown, key);
    ENSURE(unknown->value.length <= NAME_MAX_BYTES);
    key[length++] = ' '; /* no name holds one */
    memcpy(key + length, unknown->value.at, unknown->value.length);
    counts_add(walk->quality->value_counts, (struct text){key, (uint32_t)length + unknown->value.length});
}

static void take_finding(void *context, const struct finding *finding) {
    struct quality_walk *walk = context;
    if (!is_in_period(walk, finding->received))
        return;
    walk->quality->by_code[finding->code]++;
    walk->sources[source_of(walk, finding->source) - 1].by_code[finding->code]++;
    if (finding->code == FINDING_NO_REFERRAL)
        walk->bare_wait = finding->wait;
    if (finding->code == FINDING_UNKNOWN_VALUE)
        count_unknown(walk, &finding->unknown);
    if (finding->code != FINDING_SAME_PERSON_TWICE)
        return;
    memory_reserve((void **)&walk->doubles, &walk->double_capacity, walk->double_count + 1, sizeof *walk->doubles);
    walk->doubles[walk->double_count++] = (struct found_double){finding->seq, finding->wait, finding->involved_wait};
}

/* A wait that is excluded may be so by an event of a later day than the register's. */
static void count_excluded(struct quality_walk *walk, uint32_t wait) {
    struct waiting_register *reg = walk->reg;
    struct wait_state final;
    struct wait_history history = register_load_history(reg, register_record(reg, wait));
    wait_state_init(&final);
    for (size_t i = 0; i < history.count; i++) {
        const struct event *event = &history.events[i]->event;
        wait_state_apply(&final, event, calendar_day_of(reg->calendar, event_effective_time(event, reg->calendar)), &reg->fold);
    }
    if (text_is(names_text(reg->names, final.end_code), "duplicate"))
        walk->quality->excluded_duplicate++;
    else
        walk->quality->excluded_in_error++;
}

static void count_filled(struct filled *filled, bool is_given) {
    filled->of++;
    filled->with += is_given;
}

static void count_dimensions(struct quality_walk *walk, struct completeness *table, const struct wait_state *state) {
    struct text text = names_text(walk->reg->names, state->dimensions);
    const char *at = text.at;
    const char *end = at == NULL ? NULL : at + text.length;
    while (at < end) {
        const char *equals = memchr(at, '=', (size_t)(end - at));
        const char *semicolon = memchr(equals, ';', (size_t)(end - equals));
        const char *stop = semicolon == NULL ? end : semicolon;
        uint32_t number = names_intern(walk->quality->dimension_names, (struct text){at, (uint32_t)(equals - at)});
        bool is_given = !text_is((struct text){equals + 1, (uint32_t)(stop - equals - 1)}, KEY_UNKNOWN);
        if (number <= QUALITY_DIMENSIONS_MAX)
            table->dimensions[number - 1].with += is_given;
        at = stop + 1;
    }
}

/* A value that a sender calls "unknown" is none (rules, section 6). */
static bool is_given(const struct waiting_register *reg, uint32_t name) {
    return name != NAME_ABSENT && !text_is(names_text(reg->names, name), KEY_UNKNOWN);
}

static void count_fields(struct quality_walk *walk, struct completeness *table, const struct wait_state *state,
                         const struct event *referral) {
    const struct waiting_register *reg = walk->reg;
    table->waits++;
    count_filled(&table->fields[QUALITY_DISTRICT], is_given(reg, state->district));
    count_filled(&table->fields[QUALITY_CLIENT_GROUP], is_given(reg, state->client_group));
    count_filled(&table->fields[QUALITY_PRIORITY], state->priority != 0);
    count_filled(&table->fields[QUALITY_IMPACT], state->impact != 0);
    count_filled(&table->fields[QUALITY_LIKELIHOOD], state->likelihood != 0);
    count_filled(&table->fields[QUALITY_CLOCK_START], referral->clock_start != DAY_NONE);
    if (state->stage == STAGE_ALLOCATED || state->stage == STAGE_IN_PROGRESS)
        count_filled(&table->fields[QUALITY_WORKER], is_given(reg, state->worker));
    count_dimensions(walk, table, state);
}

static void take_wait(void *context, const struct recorded_wait *recorded) {
    struct quality_walk *walk = context;
    const struct record *record = register_record(walk->reg, recorded->wait);
    if (recorded->referral == NULL) {
        walk->quality->without_referral += walk->bare_wait == recorded->wait;
        return;
    }
    if (!is_in_period(walk, recorded->referral->received))
        return;
    if (record->flags & RECORD_EXCLUDED) {
        count_excluded(walk, recorded->wait);
        return;
    }
    count_fields(walk, &walk->tables[0], &record->state, &recorded->referral->event);
    count_fields(walk, &walk->tables[record->state.pathway + 1], &record->state, &recorded->referral->event);
}

static int compare_late(const void *left, const void *right) {
    const struct late_event *a = left;
    const struct late_event *b = right;
    return (a->source > b->source) - (a->source < b->source);
}

static void measure(const struct quality_walk *walk, const struct late_event *late, size_t count, struct position_builder *builder,
                    struct lateness *lateness) {
    struct position position;
    position_builder_clear(builder);
    *lateness = (struct lateness){.n = count};
    for (size_t i = 0; i < count; i++) {
        position_builder_add_days(builder, late[i].days, 1);
        lateness->late += late[i].days > QUALITY_LATE_DAYS;
    }
    position_builder_finish(builder, register_policy(walk->reg), &position);
    lateness->median_tenths = position.median_tenths;
    lateness->p90 = position.p90;
    lateness->late_percent_tenths = percent_tenths(lateness->late, count);
}

static int compare_sources(const void *left, const void *right) {
    const struct source_quality *a = left;
    const struct source_quality *b = right;
    if (a->events != b->events)
        return a->events > b->events ? -1 : 1;
    return text_compare(a->source, b->source);
}

static void finish_sources(struct quality_walk *walk) {
    struct quality *quality = walk->quality;
    struct position_builder *builder = position_builder_create();
    size_t next = 0;
    quality->source_total = names_count(quality->source_names);
    if (walk->late_count > 1)
        qsort(walk->late, walk->late_count, sizeof *walk->late, compare_late);
    measure(walk, walk->late, walk->late_count, builder, &quality->lateness);
    for (size_t i = 0; i < quality->source_total; i++) {
        size_t first = next;
        while (next < walk->late_count && walk->late[next].source == i + 1)
            next++;
        measure(walk, walk->late == NULL ? NULL : walk->late + first, next - first, builder, &walk->sources[i].lateness);
    }
    position_builder_destroy(&builder);
    if (quality->source_total > 1)
        qsort(walk->sources, quality->source_total, sizeof *walk->sources, compare_sources);
    quality->source_count = quality->source_total < QUALITY_SOURCES_MAX ? quality->source_total : QUALITY_SOURCES_MAX;
    quality->sources = walk->sources;
}

static void finish_values(struct quality *quality) {
    struct counted_text *top;
    quality->value_total = counts_distinct(quality->value_counts);
    quality->value_count = counts_top(quality->value_counts, QUALITY_VALUES_MAX, &top);
    quality->values = memory_new(quality->value_count, sizeof *quality->values);
    for (size_t i = 0; i < quality->value_count; i++) {
        const char *space = memchr(top[i].text.at, ' ', top[i].text.length);
        uint32_t length = (uint32_t)(space - top[i].text.at);
        quality->values[i] = (struct value_quality){{top[i].text.at, length}, {space + 1, top[i].text.length - length - 1}, top[i].count};
    }
    free(top);
}

static int compare_doubles(const void *left, const void *right) {
    const struct found_double *a = left;
    const struct found_double *b = right;
    return (a->seq > b->seq) - (a->seq < b->seq);
}

static void finish_doubles(struct quality_walk *walk) {
    const struct waiting_register *reg = walk->reg;
    struct quality *quality = walk->quality;
    if (walk->double_count > 1)
        qsort(walk->doubles, walk->double_count, sizeof *walk->doubles, compare_doubles);
    quality->double_count = walk->double_count < QUALITY_DOUBLES_MAX ? walk->double_count : QUALITY_DOUBLES_MAX;
    quality->doubles = memory_new(quality->double_count, sizeof *quality->doubles);
    for (size_t i = 0; i < quality->double_count; i++) {
        const struct found_double *found = &walk->doubles[i];
        const struct wait_state *state = &register_record(reg, found->wait)->state;
        quality->doubles[i] =
            (struct double_wait){found->seq, texts_at(reg->people, state->person), names_text(reg->pathway_names, state->pathway + 1U),
                                 names_text(reg->subjects, found->wait), names_text(reg->subjects, found->other)};
    }
}

static void finish_table(const struct quality *quality, struct completeness *table) {
    for (size_t i = 0; i < QUALITY_FIELD_COUNT; i++)
        table->fields[i].percent_tenths = percent_tenths(table->fields[i].with, table->fields[i].of);
    for (size_t i = 0; i < quality->dimension_count; i++) {
        table->dimensions[i].of = table->waits;
        table->dimensions[i].percent_tenths = percent_tenths(table->dimensions[i].with, table->waits);
    }
}

static int compare_tables(const void *left, const void *right) {
    return text_compare(((const struct completeness *)left)->pathway, ((const struct completeness *)right)->pathway);
}

static void finish_completeness(struct quality_walk *walk) {
    struct quality *quality = walk->quality;
    size_t count = 1;
    quality->dimension_total = names_count(quality->dimension_names);
    quality->dimension_count = quality->dimension_total < QUALITY_DIMENSIONS_MAX ? quality->dimension_total : QUALITY_DIMENSIONS_MAX;
    for (uint32_t i = 0; i < quality->dimension_count; i++)
        quality->dimensions[i] = names_text(quality->dimension_names, i + 1);
    finish_table(quality, &walk->tables[0]);
    for (uint32_t number = 1; number <= names_count(walk->reg->pathway_names); number++) {
        if (walk->tables[number].waits == 0)
            continue;
        walk->tables[count] = walk->tables[number];
        walk->tables[count].pathway = names_text(walk->reg->pathway_names, number);
        finish_table(quality, &walk->tables[count++]);
    }
    if (count > 2)
        qsort(walk->tables + 1, count - 1, sizeof *walk->tables, compare_tables);
    quality->completeness = walk->tables;
    quality->completeness_count = count;
}

struct quality *register_quality(struct waiting_register *reg, const struct quality_request *request) {
    struct quality *quality = memory_new(1, sizeof *quality);
    struct quality_walk walk = {.reg = reg, .request = request, .quality = quality};
    quality->source_names = names_create(reg->hash_seed);
    quality->dimension_names = names_create(reg->hash_seed);
    quality->value_counts = counts_create(reg->hash_seed);
    for (size_t i = 0; i < known_dimension_count(request->known); i++)
        names_intern(quality->dimension_names, known_dimension_at(request->known, i));
    walk.tables = memory_new(1 + PATHWAYS_EVER_MAX, sizeof *walk.tables);
    register_findings(reg, &(struct findings_request){
                               .known = request->known,
                               .backdated_days = request->backdated_days,
                               .context = &walk,
                               .finding = take_finding,
                               .event = take_event,
                               .wait = take_wait,
                           });
    finish_sources(&walk);
    finish_values(quality);
    finish_doubles(&walk);
    finish_completeness(&walk);
    free(walk.late);
    free(walk.doubles);
    return quality;
}

void quality_free(struct quality **pointer) {
    struct quality *quality = *pointer;
    if (quality == NULL)
        return;
    names_destroy(&quality->source_names);
    names_destroy(&quality->dimension_names);
    counts_destroy(&quality->value_counts);
    free(quality->sources);
    free(quality->values);
    free(quality->doubles);
    free(quality->completeness);
    free(quality);
    *pointer = NULL;
}
