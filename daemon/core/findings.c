/* Finding exceptions and warnings: one pass over the waits, each event with what it met. */
#include "daemon/core/findings.h"
#include "daemon/core/register_internal.h"

#include "daemon/core/memory.h"

#include <stdlib.h>

_Static_assert((int)FINDING_CANNOT_RETRACT == EFFECT_CANNOT_RETRACT - EFFECT_DUPLICATE_REFERRAL, "the exceptions are those of enum effect");

const char *finding_name(enum finding_code code) {
    static const char *const warnings[] = {"ended_before_start", "backdated", "unknown_value", "same_person_twice"};
    if (!finding_is_warning(code))
        return effect_name((enum effect)(EFFECT_DUPLICATE_REFERRAL + (int)code));
    return warnings[code - FINDING_ENDED_BEFORE_START];
}

bool finding_is_warning(enum finding_code code) {
    return code >= FINDING_ENDED_BEFORE_START;
}

bool recorded_tells(const struct recorded_event *recorded) {
    return recorded->event->event.type != EVENT_RETRACTED && recorded->effect != EFFECT_RETRACTED && recorded->effect != EFFECT_PENDING;
}

/* The referral of somebody who waits. */
struct open_wait {
    instant_t effective_time;
    instant_t received;
    uint64_t seq;
    uint32_t wait;
    uint32_t person;
    uint32_t source;
    day_t day;
    uint8_t pathway;
};

struct finding_walk {
    struct waiting_register *reg;
    const struct findings_request *request;
    struct names *people;  /* of the open waits */
    struct names *sources; /* of their referrals */
    struct open_wait *open;
    size_t open_count;
    size_t open_capacity;
};

/* What the events of a wait have led to so far: the newest event of each kind that still holds. */
struct standing {
    const struct history_event *referral;
    const struct history_event *pause;
    const struct history_event *start;
    const struct history_event *end;
};

static void follow(struct standing *standing, const struct history_event *event) {
    switch (event->event.type) {
    case EVENT_REFERRAL_RECEIVED:
        standing->referral = event;
        break;
    case EVENT_WAIT_PAUSED:
        standing->pause = event;
        break;
    case EVENT_WAIT_RESUMED:
        standing->pause = NULL;
        break;
    case EVENT_ASSESSMENT_STARTED:
        standing->start = event;
        break;
    case EVENT_ASSESSMENT_COMPLETED:
    case EVENT_REVIEW_COMPLETED:
    case EVENT_SERVICE_STARTED:
    case EVENT_WAIT_CLOSED:
        standing->end = event;
        standing->pause = NULL;
        break;
    case EVENT_WAIT_REOPENED:
        standing->start = standing->end = NULL;
        break;
    default:
        break;
    }
}

static const struct history_event *contradicted(const struct standing *standing, enum effect effect) {
    switch (effect) {
    case EFFECT_DUPLICATE_REFERRAL:
    case EFFECT_WRONG_COMPLETION:
        return standing->referral;
    case EFFECT_AFTER_END:
        return standing->end;
    case EFFECT_ALREADY_PAUSED:
        return standing->pause;
    case EFFECT_ALREADY_STARTED:
        return standing->start;
    default:
        return NULL;
    }
}

static bool is_excluded(const struct waiting_register *reg, uint32_t wait) {
    return (register_record(reg, wait)->flags & RECORD_EXCLUDED) != 0;
}

static struct finding finding_of(const struct finding_walk *walk, enum finding_code code, const struct recorded_event *recorded) {
    const struct history_event *event = recorded->event;
    return (struct finding){
        .code = code,
        .wait = recorded->wait,
        .excluded = is_excluded(walk->reg, recorded->wait),
        .effective_time = event_effective_time(&event->event, walk->reg->calendar),
        .day = recorded->day,
        .seq = event->seq,
        .received = event->received,
        .source = event->event.source,
    };
}

static void tell(const struct finding_walk *walk, const struct finding *finding) {
    walk->request->finding(walk->request->context, finding);
}

static void tell_exception(const struct finding_walk *walk, const struct recorded_event *recorded, const struct standing *standing) {
    struct finding finding = finding_of(walk, (enum finding_code)((int)recorded->effect - EFFECT_DUPLICATE_REFERRAL), recorded);
    const struct history_event *involved = contradicted(standing, recorded->effect);
    if (involved != NULL) {
        finding.involved_wait = recorded->wait;
        finding.involved_seq = involved->seq;
    }
    tell(walk, &finding);
}

static void tell_warnings(const struct finding_walk *walk, const struct recorded_event *recorded) {
    const struct history_event *event = recorded->event;
    if (calendar_day_of(walk->reg->calendar, event->received) - recorded->day > walk->request->backdated_days) {
        struct finding finding = finding_of(walk, FINDING_BACKDATED, recorded);
        tell(walk, &finding);
    }
    for (uint32_t part = 0; part < EVENT_VALUES_MAX; part++) {
        struct unknown_value unknown;
        if (!known_values_miss(walk->request->known, &event->event, part, &unknown))
            continue;
        struct finding finding = finding_of(walk, FINDING_UNKNOWN_VALUE, recorded);
        finding.part = part;
        finding.unknown = unknown;
        tell(walk, &finding);
    }
}

static struct recorded_event recorded_of(const struct finding_walk *walk, uint32_t wait, const struct history_event *event,
                                         enum effect effect) {
    const struct calendar *calendar = walk->reg->calendar;
    return (struct recorded_event){wait, event, effect, calendar_day_of(calendar, event_effective_time(&event->event, calendar))};
}

static void warn_of_early_end(const struct finding_walk *walk, uint32_t wait, const struct standing *standing,
                              const struct clock_reading *reading) {
    const struct history_event *stop = reading->stopped_on_started ? standing->start : standing->end;
    struct recorded_event recorded = recorded_of(walk, wait, stop, EFFECT_APPLIED);
    struct finding finding = finding_of(walk, FINDING_ENDED_BEFORE_START, &recorded);
    finding.involved_wait = wait;
    finding.involved_seq = standing->referral->seq;
    tell(walk, &finding);
}

/* People whose reference was redacted cannot be told apart. */
static void keep_open(struct finding_walk *walk, uint32_t wait, const struct history_event *referral) {
    const struct wait_state *state = &register_record(walk->reg, wait)->state;
    if (text_is(texts_at(walk->reg->people, state->person), EVENT_REDACTED))
        return;
    struct recorded_event recorded = recorded_of(walk, wait, referral, EFFECT_APPLIED);
    memory_reserve((void **)&walk->open, &walk->open_capacity, walk->open_count + 1, sizeof *walk->open);
    walk->open[walk->open_count++] = (struct open_wait){
        .effective_time = event_effective_time(&referral->event, walk->reg->calendar),
        .received = referral->received,
        .seq = referral->seq,
        .wait = wait,
        .person = names_intern(walk->people, texts_at(walk->reg->people, state->person)),
        .source = names_intern(walk->sources, referral->event.source),
        .day = recorded.day,
        .pathway = state->pathway,
    };
}

static void walk_wait(struct finding_walk *walk, uint32_t wait) {
    const struct findings_request *request = walk->request;
    const struct event_outcome *outcomes;
    struct standing standing = {NULL, NULL, NULL, NULL};
    struct clock_reading reading;
    size_t count = register_outcomes(walk->reg, wait, &outcomes);
    for (size_t i = 0; i < count; i++) {
        struct recorded_event recorded = recorded_of(walk, wait, outcomes[i].event, outcomes[i].effect);
        if (request->event != NULL)
            request->event(request->context, &recorded);
        if (effect_is_exception(recorded.effect))
            tell_exception(walk, &recorded, &standing);
        else if (recorded.effect == EFFECT_APPLIED)
            follow(&standing, recorded.event);
        if (request->known != NULL && recorded_tells(&recorded))
            tell_warnings(walk, &recorded);
    }
    register_read_clock(walk->reg, register_record(walk->reg, wait), &reading);
    if (request->known != NULL && reading.ended_before_start)
        warn_of_early_end(walk, wait, &standing, &reading);
    if (request->known != NULL && (reading.status == STATUS_WAITING || reading.status == STATUS_SCHEDULED))
        keep_open(walk, wait, standing.referral);
    if (request->wait != NULL)
        request->wait(request->context, &(struct recorded_wait){wait, standing.referral});
}

static int compare_open(const void *left, const void *right) {
    const struct open_wait *a = left;
    const struct open_wait *b = right;
    if (a->person != b->person)
        return a->person < b->person ? -1 : 1;
    if (a->pathway != b->pathway)
        return a->pathway < b->pathway ? -1 : 1;
    if (a->effective_time != b->effective_time)
        return a->effective_time < b->effective_time ? -1 : 1;
    return (a->seq > b->seq) - (a->seq < b->seq);
}

/* Each open wait of a person behind the first one on the pathway. */
static void tell_doubles(struct finding_walk *walk) {
    const struct open_wait *first = walk->open;
    if (walk->open_count > 1)
        qsort(walk->open, walk->open_count, sizeof *walk->open, compare_open);
    for (size_t i = 1; i < walk->open_count; i++) {
        const struct open_wait *open = &walk->open[i];
        if (open->person != first->person || open->pathway != first->pathway) {
            first = open;
            continue;
        }
        tell(walk, &(struct finding){.code = FINDING_SAME_PERSON_TWICE,
                                     .wait = open->wait,
                                     .effective_time = open->effective_time,
                                     .day = open->day,
                                     .seq = open->seq,
                                     .received = open->received,
                                     .source = names_text(walk->sources, open->source),
                                     .involved_wait = first->wait,
                                     .involved_seq = first->seq});
    }
}

/* The same subject twice in the request is one wait. */
static bool was_asked_before(const struct findings_request *request, size_t index) {
    for (size_t i = 0; i < index; i++)
        if (text_equal(request->subjects[i], request->subjects[index]))
            return true;
    return false;
}

void register_findings(struct waiting_register *reg, const struct findings_request *request) {
    struct finding_walk walk = {.reg = reg, .request = request};
    bool of_few = request->subjects != NULL && request->known == NULL;
    walk.people = names_create(reg->hash_seed);
    walk.sources = names_create(reg->hash_seed);
    for (size_t i = 0; of_few && i < request->subject_count; i++) {
        uint32_t wait = register_find(reg, request->subjects[i]);
        if (wait != 0 && register_record(reg, wait)->newest_seq != 0 && !was_asked_before(request, i))
            walk_wait(&walk, wait);
    }
    for (uint32_t wait = 1; !of_few && wait <= register_count(reg); wait++)
        if (register_record(reg, wait)->newest_seq != 0)
            walk_wait(&walk, wait);
    tell_doubles(&walk);
    names_destroy(&walk.people);
    names_destroy(&walk.sources);
    free(walk.open);
}
