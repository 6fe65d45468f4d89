/* Holding the list of exceptions against the oracle: what must be on it is found event by event, by looking at all the others. */
#include "tests/property/exceptions.h"

#include "daemon/core/exceptions.h"
#include "daemon/core/quality.h"

#include <stdlib.h>
#include <string.h>

enum { EXPECTED_MAX = 24 * HISTORY_EVENTS_MAX };
#define NO_EVENT SIZE_MAX

struct expected_finding {
    enum finding_code code;
    instant_t effective_time;
    struct text subject;
    size_t seq;     /* in the journal */
    size_t against; /* the same; 0: nothing */
    size_t order;
    struct text field; /* of an unknown value; of a dimension's value its dimension */
    struct text value;
};

/* What the council knows: some of the names that the histories use; a list that is off knows everything. */
struct known_names {
    bool listed[KNOWN_DIMENSION_VALUE + 1];
    uint64_t seed;
};

struct expecting {
    const struct oracle *oracle;
    const struct memory_journal *journal;
    const struct calendar *calendar;
    day_t day;
    int32_t backdated_days;
    struct known_names names;
    struct expected_finding *rows;
    size_t count;
    size_t told; /* events that tell of something */
};

/* Whether a name is among the listed ones, by lot. */
static bool is_listed(const struct known_names *names, enum known_kind kind, struct text dimension, struct text name) {
    return text_hash(name, names->seed + (uint64_t)kind + text_hash(dimension, 7)) % 3 != 0;
}

static void list_pool(const struct known_names *names, struct known_values *known, enum known_kind kind, struct text dimension,
                      struct pool pool) {
    for (uint32_t i = 0; names->listed[kind] && i < pool.count; i++)
        if (is_listed(names, kind, dimension, text_of(pool.names[i])))
            known_values_add(known, kind, dimension, text_of(pool.names[i]));
}

/* Without a single name on it a list would know everything: then it is off. */
static void settle_list(struct known_names *names, enum known_kind kind, struct pool pool) {
    bool any = false;
    for (uint32_t i = 0; i < pool.count; i++)
        any |= is_listed(names, kind, TEXT_ABSENT, text_of(pool.names[i]));
    names->listed[kind] &= any;
}

static bool any_value_listed(const struct known_names *names, struct text dimension) {
    struct pool pool = generator_values();
    bool any = false;
    for (uint32_t i = 0; i < pool.count; i++)
        any |= is_listed(names, KNOWN_DIMENSION_VALUE, dimension, text_of(pool.names[i]));
    return any && names->listed[KNOWN_DIMENSION_VALUE];
}

static struct known_values *choose_known(struct known_names *names, struct random *random) {
    struct known_values *known = known_values_create(random_next(random));
    struct pool dimensions = generator_dimensions();
    names->seed = random_next(random);
    for (size_t i = 0; i < sizeof names->listed / sizeof names->listed[0]; i++)
        names->listed[i] = random_chance(random, 60);
    settle_list(names, KNOWN_TEAM, generator_teams());
    settle_list(names, KNOWN_DISTRICT, generator_districts());
    settle_list(names, KNOWN_CLIENT_GROUP, generator_groups());
    settle_list(names, KNOWN_DIMENSION, dimensions);
    list_pool(names, known, KNOWN_TEAM, TEXT_ABSENT, generator_teams());
    list_pool(names, known, KNOWN_DISTRICT, TEXT_ABSENT, generator_districts());
    list_pool(names, known, KNOWN_CLIENT_GROUP, TEXT_ABSENT, generator_groups());
    list_pool(names, known, KNOWN_DIMENSION, TEXT_ABSENT, dimensions);
    for (uint32_t i = 0; names->listed[KNOWN_DIMENSION] && i < dimensions.count; i++)
        if (is_listed(names, KNOWN_DIMENSION, TEXT_ABSENT, text_of(dimensions.names[i])))
            list_pool(names, known, KNOWN_DIMENSION_VALUE, text_of(dimensions.names[i]), generator_values());
    return known;
}

static size_t seq_of(const struct expecting *expecting, const struct event *event) {
    for (size_t i = 0; i < expecting->journal->count; i++) {
        const struct event *other = &expecting->journal->events[i].event;
        if (text_equal(other->source, event->source) && text_equal(other->id, event->id))
            return i + 1;
    }
    abort();
}

static struct expected_finding *expect(struct expecting *expecting, enum finding_code code, size_t event, size_t against) {
    const struct oracle *oracle = expecting->oracle;
    struct expected_finding *row = &expecting->rows[expecting->count];
    if (expecting->count == EXPECTED_MAX)
        abort();
    *row = (struct expected_finding){
        .code = code,
        .effective_time = oracle_event_effective(oracle, event),
        .subject = oracle_event(oracle, event)->subject,
        .seq = seq_of(expecting, oracle_event(oracle, event)),
        .against = against == NO_EVENT ? 0 : seq_of(expecting, oracle_event(oracle, against)),
        .order = expecting->count++,
    };
    return row;
}

static bool ends(enum event_type type) {
    return type == EVENT_ASSESSMENT_COMPLETED || type == EVENT_REVIEW_COMPLETED || type == EVENT_SERVICE_STARTED ||
           type == EVENT_WAIT_CLOSED;
}

/* The last event of the wait before the place in fold order that took effect and is of the kind. */
static size_t last_before(const struct expecting *expecting, struct text subject, size_t place, bool (*is_of_kind)(enum event_type type)) {
    const struct oracle *oracle = expecting->oracle;
    size_t found = NO_EVENT;
    for (size_t i = 0; i < oracle_event_count(oracle); i++)
        if (text_equal(oracle_event(oracle, i)->subject, subject) && oracle_fold_place(oracle, i) < place &&
            oracle_event_day(oracle, i) <= expecting->day && oracle_effect_of(oracle, i) == ORACLE_TAKES_EFFECT &&
            is_of_kind(oracle_event(oracle, i)->type) &&
            (found == NO_EVENT || oracle_fold_place(oracle, i) > oracle_fold_place(oracle, found)))
            found = i;
    return found;
}

static bool refers(enum event_type type) {
    return type == EVENT_REFERRAL_RECEIVED;
}

static bool pauses(enum event_type type) {
    return type == EVENT_WAIT_PAUSED;
}

static bool starts(enum event_type type) {
    return type == EVENT_ASSESSMENT_STARTED;
}

static size_t named_by(const struct oracle *oracle, const struct event *retraction) {
    for (size_t i = 0; i < oracle_event_count(oracle); i++)
        if (text_equal(oracle_event(oracle, i)->source, retraction->retracts_source) &&
            text_equal(oracle_event(oracle, i)->id, retraction->retracts_id))
            return i;
    abort();
}

static size_t contradicted(const struct expecting *expecting, size_t index) {
    const struct oracle *oracle = expecting->oracle;
    const struct event *event = oracle_event(oracle, index);
    size_t place = oracle_fold_place(oracle, index);
    switch (oracle_effect_of(oracle, index)) {
    case ORACLE_DUPLICATE_REFERRAL:
    case ORACLE_WRONG_COMPLETION:
        return last_before(expecting, event->subject, place, refers);
    case ORACLE_AFTER_END:
        return last_before(expecting, event->subject, place, ends);
    case ORACLE_ALREADY_PAUSED:
        return last_before(expecting, event->subject, place, pauses);
    case ORACLE_ALREADY_STARTED:
        return last_before(expecting, event->subject, place, starts);
    case ORACLE_CANNOT_RETRACT:
        return named_by(oracle, event);
    default:
        return NO_EVENT;
    }
}

static void expect_value(struct expecting *expecting, size_t event, enum known_kind kind, struct text field, struct text value) {
    if (value.at == NULL || text_is(value, "unknown") || !expecting->names.listed[kind] ||
        is_listed(&expecting->names, kind, kind == KNOWN_DIMENSION_VALUE ? field : TEXT_ABSENT, value))
        return;
    struct expected_finding *row = expect(expecting, FINDING_UNKNOWN_VALUE, event, NO_EVENT);
    row->field = field;
    row->value = value;
}

static void expect_values(struct expecting *expecting, size_t index) {
    const struct event *event = oracle_event(expecting->oracle, index);
    const struct known_names *names = &expecting->names;
    expect_value(expecting, index, KNOWN_TEAM, text_of("team"), event->team);
    expect_value(expecting, index, KNOWN_DISTRICT, text_of("district"), event->district);
    expect_value(expecting, index, KNOWN_CLIENT_GROUP, text_of("client_group"), event->client_group);
    for (uint8_t i = 0; names->listed[KNOWN_DIMENSION] && i < event->dimension_count; i++) {
        const struct event_dimension *dimension = &event->dimensions[i];
        if (!is_listed(names, KNOWN_DIMENSION, TEXT_ABSENT, dimension->name))
            expect_value(expecting, index, KNOWN_DIMENSION, text_of("dimension"), dimension->name);
        else if (any_value_listed(names, dimension->name))
            expect_value(expecting, index, KNOWN_DIMENSION_VALUE, dimension->name, dimension->value);
    }
}

static void expect_of_event(struct expecting *expecting, size_t index) {
    const struct oracle *oracle = expecting->oracle;
    enum oracle_effect effect = oracle_effect_of(oracle, index);
    bool is_retraction = oracle_event(oracle, index)->type == EVENT_RETRACTED;
    day_t day = oracle_event_day(oracle, index);
    if (effect == ORACLE_NEVER_HAPPENED || (!is_retraction && day > expecting->day))
        return;
    if (effect != ORACLE_TAKES_EFFECT)
        expect(expecting, (enum finding_code)((int)effect - ORACLE_DUPLICATE_REFERRAL), index, contradicted(expecting, index));
    if (is_retraction)
        return;
    expecting->told++;
    instant_t received = expecting->journal->events[seq_of(expecting, oracle_event(oracle, index)) - 1].received;
    if (calendar_day_of(expecting->calendar, received) - day > expecting->backdated_days)
        expect(expecting, FINDING_BACKDATED, index, NO_EVENT);
    expect_values(expecting, index);
}

static bool is_open(const struct oracle_wait *wait) {
    return wait->status == ORACLE_WAITING || wait->status == ORACLE_SCHEDULED;
}

static bool is_earlier(const struct expecting *expecting, size_t a, size_t b) {
    const struct oracle *oracle = expecting->oracle;
    if (oracle_event_effective(oracle, a) != oracle_event_effective(oracle, b))
        return oracle_event_effective(oracle, a) < oracle_event_effective(oracle, b);
    return seq_of(expecting, oracle_event(oracle, a)) < seq_of(expecting, oracle_event(oracle, b));
}

/* The earliest referral among the open waits of the same person on the same pathway. */
static size_t first_of_person(const struct expecting *expecting, const struct oracle_wait *wait, size_t own) {
    size_t first = own;
    for (size_t i = 0; i < oracle_subject_count(expecting->oracle); i++) {
        struct text subject = oracle_subject(expecting->oracle, i);
        struct oracle_wait other;
        oracle_measure(expecting->oracle, subject, expecting->day, &other);
        if (!is_open(&other) || !text_equal(other.person, wait->person) || !text_equal(other.referred_to, wait->referred_to))
            continue;
        size_t referral = last_before(expecting, subject, SIZE_MAX, refers);
        if (is_earlier(expecting, referral, first))
            first = referral;
    }
    return first;
}

static void expect_of_wait(struct expecting *expecting, struct text subject) {
    struct oracle_wait wait;
    oracle_measure(expecting->oracle, subject, expecting->day, &wait);
    if (wait.status == ORACLE_NO_WAIT)
        return;
    size_t referral = last_before(expecting, subject, SIZE_MAX, refers);
    if (wait.stop != DAY_NONE && wait.stop < wait.start)
        expect(expecting, FINDING_ENDED_BEFORE_START, last_before(expecting, subject, SIZE_MAX, wait.stopped_by_start ? starts : ends),
               referral);
    size_t first = is_open(&wait) ? first_of_person(expecting, &wait, referral) : referral;
    if (first != referral)
        expect(expecting, FINDING_SAME_PERSON_TWICE, referral, first);
}

static int compare_expected(const void *left, const void *right) {
    const struct expected_finding *a = left;
    const struct expected_finding *b = right;
    if (a->effective_time != b->effective_time)
        return a->effective_time < b->effective_time ? -1 : 1;
    if (a->seq != b->seq)
        return a->seq < b->seq ? -1 : 1;
    if (a->code != b->code)
        return a->code < b->code ? -1 : 1;
    return (a->order > b->order) - (a->order < b->order);
}

static void expect_all(struct expecting *expecting) {
    for (size_t i = 0; i < oracle_event_count(expecting->oracle); i++)
        expect_of_event(expecting, i);
    for (size_t i = 0; i < oracle_subject_count(expecting->oracle); i++)
        expect_of_wait(expecting, oracle_subject(expecting->oracle, i));
    qsort(expecting->rows, expecting->count, sizeof *expecting->rows, compare_expected);
}

static bool is_as_expected(const struct expecting *expecting, const struct exception_row *row, const struct expected_finding *expected) {
    struct oracle_wait wait;
    oracle_measure(expecting->oracle, expected->subject, expecting->day, &wait);
    bool has_wait = wait.status != ORACLE_NO_WAIT;
    bool same = row->code == expected->code && row->event.seq == expected->seq && row->involved.seq == expected->against &&
                text_equal(row->subject, expected->subject) && text_equal(row->event.subject, expected->subject);
    if (has_wait)
        same &= row->excluded == (wait.status == ORACLE_EXCLUDED) && text_equal(row->team, wait.team) &&
                text_equal(row->pathway, wait.referred_to);
    else
        same &= row->team.at == NULL && row->pathway.at == NULL;
    if (row->involved.seq != 0)
        same &= text_equal(row->involved.id, expecting->journal->events[expected->against - 1].event.id);
    if (row->code == FINDING_UNKNOWN_VALUE)
        same &= text_equal(row->unknown.value, expected->value) &&
                (row->unknown.kind != KNOWN_DIMENSION_VALUE || text_equal(row->unknown.dimension, expected->field));
    return same;
}

/* The list page by page beside what is expected of those codes. */
static void compare_pages(struct waiting_register *reg, const struct expecting *expecting, struct exceptions_request *request,
                          struct verdict *verdict) {
    struct exception_place place;
    size_t next = 0, wanted = 0;
    for (size_t i = 0; i < expecting->count; i++)
        wanted += (request->filter->codes >> expecting->rows[i].code) & 1;
    for (bool more = true; more && !verdict->failed;) {
        struct exceptions_page *page = register_exceptions(reg, request);
        if (page->count != wanted)
            verdict_fail(verdict, "%llu exceptions, by the rules %zu", (unsigned long long)page->count, wanted);
        for (size_t i = 0; i < page->row_count && !verdict->failed; i++, next++) {
            while (next < expecting->count && !(request->filter->codes >> expecting->rows[next].code & 1))
                next++;
            if (next >= expecting->count || !is_as_expected(expecting, &page->rows[i], &expecting->rows[next]))
                verdict_fail(verdict, "day %d: exception %s of seq %llu against %llu, by the rules %s of %zu against %zu", expecting->day,
                             finding_name(page->rows[i].code), (unsigned long long)page->rows[i].event.seq,
                             (unsigned long long)page->rows[i].involved.seq,
                             next < expecting->count ? finding_name(expecting->rows[next].code) : "nothing",
                             next < expecting->count ? expecting->rows[next].seq : 0,
                             next < expecting->count ? expecting->rows[next].against : 0);
        }
        more = page->more;
        if (page->row_count > 0)
            place = page->rows[page->row_count - 1].place;
        request->after = &place;
        exceptions_free(&page);
    }
    while (!verdict->failed && next < expecting->count)
        if (request->filter->codes >> expecting->rows[next++].code & 1)
            verdict_fail(verdict, "day %d: the exception %s of %zu is not listed", expecting->day,
                         finding_name(expecting->rows[next - 1].code), expecting->rows[next - 1].seq);
}

/* The figures are those of the list. */
static void compare_quality(struct waiting_register *reg, const struct expecting *expecting, const struct known_values *known,
                            struct verdict *verdict) {
    struct quality *quality = register_quality(reg, &(struct quality_request){known, expecting->backdated_days, DAY_NONE, DAY_NONE});
    uint64_t by_code[FINDING_CODE_COUNT] = {0}, by_sources[FINDING_CODE_COUNT] = {0}, events = 0;
    for (size_t i = 0; i < expecting->count; i++)
        by_code[expecting->rows[i].code]++;
    for (size_t i = 0; i < quality->source_count; i++) {
        events += quality->sources[i].events;
        for (int code = 0; code < FINDING_CODE_COUNT; code++)
            by_sources[code] += quality->sources[i].by_code[code];
    }
    for (int code = 0; code < FINDING_CODE_COUNT; code++)
        if (quality->by_code[code] != by_code[code] || by_sources[code] != by_code[code])
            verdict_fail(verdict, "%s: %llu, in all sources %llu, by the rules %llu", finding_name((enum finding_code)code),
                         (unsigned long long)quality->by_code[code], (unsigned long long)by_sources[code],
                         (unsigned long long)by_code[code]);
    if (quality->lateness.n != expecting->told || events != expecting->journal->count)
        verdict_fail(verdict, "%llu events are late or not, by the rules %zu; %llu of sources, by the journal %zu",
                     (unsigned long long)quality->lateness.n, expecting->told, (unsigned long long)events, expecting->journal->count);
    quality_free(&quality);
}

void compare_exceptions(struct waiting_register *reg, const struct oracle *oracle, const struct memory_journal *journal,
                        const struct calendar *calendar, day_t day, struct random *random, struct verdict *verdict) {
    static const int32_t limits[] = {1, 2, 7, EXCEPTIONS_LIMIT_MAX};
    struct exceptions_filter filter = {.codes = (1U << FINDING_CODE_COUNT) - 1};
    struct expecting expecting = {.oracle = oracle, .journal = journal, .calendar = calendar, .day = day};
    struct known_values *known = choose_known(&expecting.names, random);
    struct exceptions_request request = {.filter = &filter, .known = known};
    expecting.backdated_days = request.backdated_days = random_between(random, 0, 20);
    expecting.rows = calloc(EXPECTED_MAX, sizeof *expecting.rows);
    if (expecting.rows == NULL)
        abort();
    expect_all(&expecting);
    if (random_chance(random, 50))
        filter.codes = 1U + (unsigned)random_next(random) % ((1U << FINDING_CODE_COUNT) - 1);
    request.limit = (size_t)limits[random_below(random, 4)];
    if (request.limit < 7 && expecting.count > 20)
        request.limit = 10; /* each page reads every history */
    compare_pages(reg, &expecting, &request, verdict);
    if (!verdict->failed)
        compare_quality(reg, &expecting, known, verdict);
    known_values_destroy(&known);
    free(expecting.rows);
}
