/* The events of one wait: when they happen, when they arrive, and what goes wrong on the way. */
#include "client/simulate/journey.h"

#include "client/simulate/british.h"
#include "daemon/core/memory.h"

#define LATE_PART_OF_COUNTED 0.012 /* of referrals and ends; with the others it makes 2 per cent of all */
#define LATE_PART_OF_OTHERS 0.028
#define LATE_DAYS_MAX 30
#define LATE_DAYS_MAX_OF_COUNTED 6
#define DUPLICATE_PART 0.01
#define OFFICE_OPENS (8 * HOUR_MS + 30 * MINUTE_MS)
#define OFFICE_MINUTES 500
#define WORKERS_PER_TEAM 30
#define NUMBERS_PER_PERSON_SHIFT 16

static uint64_t draw_bits(struct journal_of_events *events) {
    return random_next(&events->random);
}

static struct record_identity draw_identity(struct journal_of_events *events) {
    uint64_t high = draw_bits(events);
    return (struct record_identity){high, draw_bits(events)};
}

static enum pathway pathway_of(const struct wait *wait) {
    return demand_streams[wait->stream].pathway;
}

/* Some time in office hours, after the wait's last event. */
static instant_t next_time(struct journal_of_events *events, const struct wait *wait, day_t day) {
    int64_t of_day =
        OFFICE_OPENS + random_below(&events->random, OFFICE_MINUTES) * MINUTE_MS + random_below(&events->random, 60) * SECOND_MS;
    instant_t time = british_instant(day, of_day);
    if (wait->last_time != INSTANT_NONE && time <= wait->last_time) {
        time = wait->last_time + (1 + random_below(&events->random, 20)) * MINUTE_MS;
    }
    return time;
}

/* The feed from the case system runs every few minutes; what somebody types in days later comes with that day's office hours. */
static instant_t next_arrival(struct journal_of_events *events, instant_t time, int32_t days_late) {
    if (days_late == 0) {
        return time + 5 * SECOND_MS + random_below(&events->random, 900) * SECOND_MS;
    }
    return british_instant(british_day(time) + days_late, 9 * HOUR_MS + random_below(&events->random, 8 * 3600) * SECOND_MS);
}

static bool is_counted(uint8_t type) {
    switch (type) {
    case EVENT_REFERRAL_RECEIVED:
    case EVENT_ASSESSMENT_COMPLETED:
    case EVENT_REVIEW_COMPLETED:
    case EVENT_SERVICE_STARTED:
    case EVENT_WAIT_CLOSED:
        return true;
    default:
        return false;
    }
}

static int32_t draw_days_late(struct journal_of_events *events, uint8_t type) {
    if (is_counted(type)) {
        return random_chance(&events->random, LATE_PART_OF_COUNTED)
                   ? 1 + random_geometric(&events->random, 0.45, LATE_DAYS_MAX_OF_COUNTED - 1)
                   : 0;
    }
    if (type != EVENT_CONTACT_MADE && type != EVENT_WAIT_ALLOCATED && type != EVENT_REFERRAL_TRIAGED) {
        return 0;
    }
    return random_chance(&events->random, LATE_PART_OF_OTHERS) ? 1 + random_geometric(&events->random, 0.18, LATE_DAYS_MAX - 1) : 0;
}

static void send(struct journal_of_events *events, struct record *record) {
    if (events->silent) {
        return;
    }
    record->order = events->order++;
    pending_push(&events->pending, record);
    if (random_chance(&events->random, DUPLICATE_PART)) { /* the same bytes once more: an impatient sender */
        struct record again = *record;
        again.order = events->order++;
        again.arrival += (1 + random_below(&events->random, 90)) * MINUTE_MS;
        pending_push(&events->pending, &again);
    }
}

/* An event of the wait, with its time drawn and everything said that its type says. */
static struct record draft(struct journal_of_events *events, struct wait *wait, enum event_type type, day_t day) {
    wait->last_time = next_time(events, wait, day);
    struct record record = {
        .time = wait->last_time,
        .identity = draw_identity(events),
        .number = wait->number,
        .person = wait->person,
        .worker = wait->worker,
        .type = (uint8_t)type,
        .pathway = (uint8_t)pathway_of(wait),
        .team = wait->team,
        .district = wait->district,
        .client_group = wait->client_group,
        .priority = wait->priority,
        .impact = wait->impact,
        .likelihood = wait->likelihood,
        .deprivation = wait->deprivation,
        .code = (uint8_t)random_below(&events->random, record_code_count(type)),
        .clock_start = DAY_NONE,
    };
    if (record.pathway == PATHWAY_DOLS) { /* a register of dates: local midnight, and a number for the order */
        record.sequence = ++events->sequence;
        record.says_date_only = true;
    }
    return record;
}

/* Sends the draft, late or on time; the day of its arrival. A register of dates still sends when the office does. */
static day_t dispatch(struct journal_of_events *events, struct record *record, int32_t days_late) {
    record->arrival = next_arrival(events, record->time, days_late);
    if (record->says_date_only) {
        record->time = british_instant(british_day(record->time), 0);
    }
    send(events, record);
    return british_day(record->arrival);
}

static day_t tell(struct journal_of_events *events, struct wait *wait, enum event_type type, day_t day) {
    struct record record = draft(events, wait, type, day);
    return dispatch(events, &record, draw_days_late(events, record.type));
}

static struct record draft_referral(struct journal_of_events *events, struct wait *wait, day_t day) {
    struct record record = draft(events, wait, EVENT_REFERRAL_RECEIVED, day);
    wait->referral = record.identity;
    record.priority = wait->said_priority;
    if (wait->said_priority == 0) {
        record.impact = 0;
        record.likelihood = 0;
    }
    if (wait->start != wait->referred) {
        record.clock_start = wait->start;
    }
    return record;
}

day_t journey_referred(struct journal_of_events *events, struct wait *wait, day_t day) {
    struct record record = draft_referral(events, wait, day);
    return dispatch(events, &record, draw_days_late(events, record.type));
}

void journey_triaged(struct journal_of_events *events, struct wait *wait, day_t day) {
    wait->triage = DAY_NONE;
    wait->said_priority = wait->priority;
    tell(events, wait, EVENT_REFERRAL_TRIAGED, day);
}

void journey_allocated(struct journal_of_events *events, struct wait *wait, day_t day) {
    wait->worker = (uint16_t)(wait->team * WORKERS_PER_TEAM + random_between(&events->random, 1, WORKERS_PER_TEAM));
    wait->stage = STAGE_ALLOCATED;
    wait->allocated = day;
    tell(events, wait, EVENT_WAIT_ALLOCATED, day);
}

void journey_unallocated(struct journal_of_events *events, struct wait *wait, day_t day) {
    wait->worker = 0;
    wait->stage = STAGE_UNALLOCATED;
    tell(events, wait, EVENT_WAIT_UNALLOCATED, day);
}

void journey_transferred(struct journal_of_events *events, struct wait *wait, day_t day) {
    int8_t first_team;
    size_t teams = council_teams_of(pathway_of(wait), &first_team);
    ENSURE(teams > 1);
    int32_t step = random_between(&events->random, 1, (int32_t)teams - 1);
    wait->team = (int8_t)(first_team + (wait->team - first_team + step) % (int32_t)teams);
    if (wait->team < DISTRICT_COUNT) {
        wait->district = wait->team;
    }
    wait->worker = 0;
    wait->stage = STAGE_UNALLOCATED;
    tell(events, wait, EVENT_WAIT_TRANSFERRED, day);
}

void journey_started(struct journal_of_events *events, struct wait *wait, day_t day) {
    wait->stage = STAGE_IN_PROGRESS;
    wait->started = day;
    tell(events, wait, EVENT_ASSESSMENT_STARTED, day);
}

void journey_paused(struct journal_of_events *events, struct wait *wait, day_t day) {
    wait->paused_from = day;
    tell(events, wait, EVENT_WAIT_PAUSED, day);
}

void journey_resumed(struct journal_of_events *events, struct wait *wait, day_t day) {
    wait->paused_to = day;
    tell(events, wait, EVENT_WAIT_RESUMED, day);
}

void journey_contacted(struct journal_of_events *events, struct wait *wait, day_t day) {
    wait->last_contact = day;
    tell(events, wait, EVENT_CONTACT_MADE, day);
}

void journey_reopened(struct journal_of_events *events, struct wait *wait, day_t day) {
    wait->worker = 0;
    wait->stage = STAGE_UNALLOCATED;
    tell(events, wait, EVENT_WAIT_REOPENED, day);
}

static enum event_type completing_type(const struct wait *wait) {
    return event_type_of(text_of(council_pathways[pathway_of(wait)].completing_type));
}

day_t journey_completed(struct journal_of_events *events, struct wait *wait, day_t day) {
    return tell(events, wait, completing_type(wait), day);
}

day_t journey_closed(struct journal_of_events *events, struct wait *wait, day_t day, enum close_reason reason) {
    struct record record = draft(events, wait, EVENT_WAIT_CLOSED, day);
    record.code = (uint8_t)reason;
    return dispatch(events, &record, draw_days_late(events, record.type));
}

static day_t retract(struct journal_of_events *events, struct wait *wait, const struct record *target, day_t day) {
    instant_t last_time = wait->last_time;
    struct record record = draft(events, wait, EVENT_RETRACTED, day);
    wait->last_time = last_time; /* a retraction is no step of the wait: what follows may be earlier */
    record.retracts = target->identity;
    if (record.time <= target->arrival) {
        record.time = target->arrival + MINUTE_MS;
    }
    return dispatch(events, &record, 0);
}

static day_t next_working_day(day_t day) {
    do {
        day++;
    } while (!british_working_day(day));
    return day;
}

day_t journey_completed_wrongly(struct journal_of_events *events, struct wait *wait, day_t day) {
    instant_t before = wait->last_time;
    struct record record = draft(events, wait, completing_type(wait), day);
    dispatch(events, &record, 0);
    wait->last_time = before;
    day_t noticed = day;
    for (int32_t days = random_between(&events->random, 1, 4); days > 0; days--) {
        noticed = next_working_day(noticed);
    }
    return retract(events, wait, &record, noticed);
}

day_t journey_completed_and_corrected(struct journal_of_events *events, struct wait *wait, day_t day) {
    instant_t before = wait->last_time;
    struct record wrong = draft(events, wait, completing_type(wait), day);
    day_t told = dispatch(events, &wrong, 0);
    retract(events, wait, &wrong, day);
    wait->last_time = before;
    struct record right = draft(events, wait, completing_type(wait), day);
    right.time = wrong.time;
    right.code = (uint8_t)((wrong.code + 1) % record_code_count(right.type));
    right.arrival = wrong.arrival + (20 + random_below(&events->random, 40)) * MINUTE_MS;
    send(events, &right);
    wait->last_time = wrong.time;
    return told;
}

void journey_referral_corrected(struct journal_of_events *events, struct wait *wait, day_t day) {
    instant_t last_time = wait->last_time;
    struct record target = {.identity = wait->referral, .arrival = INSTANT_NONE};
    instant_t first_time = british_instant(wait->referred, OFFICE_OPENS - 20 * MINUTE_MS);
    retract(events, wait, &target, day);
    wait->deprivation = (uint8_t)(1 + wait->deprivation % DEPRIVATION_COUNT);
    wait->impact = (uint8_t)(1 + wait->impact % 5);
    struct record record = draft_referral(events, wait, day);
    instant_t sent = record.time;
    record.time = first_time;
    record.arrival = sent + 15 * MINUTE_MS;
    if (record.says_date_only) {
        record.time = british_instant(wait->referred, 0);
    }
    send(events, &record);
    wait->last_time = last_time;
}

/* Sends one event of the past at the import; `at` is its own time. */
static void import_event(struct journal_of_events *events, struct wait *wait, enum event_type type, day_t day, instant_t arrival) {
    struct record record = draft(events, wait, type, day);
    record.arrival = arrival;
    if (record.says_date_only) {
        record.time = british_instant(british_day(record.time), 0);
    }
    send(events, &record);
}

struct step {
    day_t day;
    enum event_type type;
};

static void add_step(struct step *steps, size_t *count, day_t day, enum event_type type) {
    size_t at = (*count)++;
    for (; at > 0 && steps[at - 1].day > day; at--) {
        steps[at] = steps[at - 1];
    }
    steps[at] = (struct step){day, type};
}

size_t journey_imported(struct journal_of_events *events, struct wait *wait, day_t day, instant_t arrival) {
    struct step steps[8];
    size_t count = 0;
    if (wait->triage == DAY_NONE) {
        wait->said_priority = wait->priority;
    }
    if (wait->stage >= STAGE_ALLOCATED) {
        add_step(steps, &count, wait->allocated, EVENT_WAIT_ALLOCATED);
    }
    if (wait->stage == STAGE_IN_PROGRESS) {
        add_step(steps, &count, wait->started, EVENT_ASSESSMENT_STARTED);
    }
    if (wait->paused_from != DAY_NONE) {
        add_step(steps, &count, wait->paused_from, EVENT_WAIT_PAUSED);
        if (wait->paused_to < day) {
            add_step(steps, &count, wait->paused_to, EVENT_WAIT_RESUMED);
        }
    }
    if (wait->last_contact != DAY_NONE) {
        add_step(steps, &count, wait->last_contact, EVENT_CONTACT_MADE);
    }
    wait->last_time = INSTANT_NONE;
    struct record referral = draft_referral(events, wait, wait->referred);
    referral.arrival = arrival;
    if (referral.says_date_only) {
        referral.time = british_instant(wait->referred, 0);
    }
    send(events, &referral);
    for (size_t i = 0; i < count; i++) {
        import_event(events, wait, steps[i].type, steps[i].day, arrival);
    }
    return count + 1;
}
