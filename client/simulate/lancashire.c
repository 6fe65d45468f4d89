/* Scenario `lancashire-2025`: referrals come, lives go on, teams work; what is told of it goes into one stream by order of arrival. */
#include "client/simulate/lancashire.h"

#include <stdlib.h>

#include "client/simulate/british.h"
#include "client/simulate/queue.h"
#include "daemon/core/memory.h"

#define FIRST_DAY 20220401 /* the queues fill and settle before anything is sent */
#define FIRST_BEGIN 20230401
#define LAST_UNTIL 20280331 /* the county is then divided into new councils */
#define TRIAGED_KEPT 256
#define IMPORT_OPENS (6 * HOUR_MS)
#define IMPORT_LASTS (90 * MINUTE_MS)
#define PAUSE_CHANCE 0.0012 /* a working day */
#define TRANSFER_CHANCE 0.0006
#define UNALLOCATED_CHANCE 0.004 /* workers leave and fall ill */
#define STARTED_CHANCE 0.22
#define CORRECTED_CHANCE 0.00015
#define SPURIOUS_PART 0.004
#define BACKDATED_PART 0.04
#define SURPLUS_RETURNED 0.15 /* a day */
#define REVIEW_NOTICE_DAYS 45 /* a review is planned so long before it is due */
#define REVIEW_STEERING 0.03

struct lancashire {
    struct journal_of_events events;
    struct queue queues[STREAM_COUNT];
    struct review_plan reviews;
    day_t today; /* not yet lived */
    day_t begin;
    day_t until;
    uint64_t triaged[TRIAGED_KEPT]; /* people whose triage is done; some of them go on to a needs assessment */
    size_t triaged_count;
    int32_t district_weight;
};

static day_t day_of_number(int32_t date) {
    return day_from_civil(date / 10000, date / 100 % 100, date % 100);
}

const char *lancashire_check(const struct simulate_options *options) {
    if (options->begin < day_of_number(FIRST_BEGIN)) {
        return "this scenario begins on 2023-04-01 or later";
    }
    if (options->until > day_of_number(LAST_UNTIL)) {
        return "this scenario ends on 2028-03-31, when the county is divided into new councils";
    }
    return options->until < options->begin ? "the last day is before the first" : NULL;
}

struct lancashire *lancashire_create(const struct simulate_options *options) {
    struct lancashire *county = memory_new(1, sizeof(*county));
    struct random *random = &county->events.random;
    random_seed(random, options->seed);
    county->events.silent = true;
    for (int stream = 0; stream < STREAM_COUNT; stream++) {
        queue_start(&county->queues[stream], (enum stream)stream, random);
    }
    demand_plan_reviews(&county->reviews, random);
    county->today = day_of_number(FIRST_DAY);
    county->begin = options->begin;
    county->until = options->until;
    for (int district = 0; district < DISTRICT_COUNT; district++) {
        county->district_weight += council_districts[district].weight;
    }
    return county;
}

void lancashire_destroy(struct lancashire **county) {
    for (int stream = 0; stream < STREAM_COUNT; stream++) {
        queue_free(&(*county)->queues[stream]);
    }
    pending_free(&(*county)->events.pending);
    free(*county);
    *county = NULL;
}

static int8_t draw_district(const struct lancashire *county, struct random *random) {
    int32_t left = random_between(random, 0, county->district_weight - 1);
    int8_t district = 0;
    while (left >= council_districts[district].weight) {
        left -= council_districts[district++].weight;
    }
    return district;
}

/* An index drawn by weights that add up to 100. */
static uint8_t draw_percent(struct random *random, const int32_t *weights) {
    int32_t left = random_between(random, 0, 99);
    uint8_t index = 0;
    while (left >= weights[index]) {
        left -= weights[index++];
    }
    return index;
}

static int8_t draw_client_group(enum stream stream, struct random *random) {
    static const int32_t older_percent[STREAM_COUNT] = {
        [STREAM_TRIAGE] = 66,     [STREAM_NEEDS_OLDER] = 100, [STREAM_OT] = 75,           [STREAM_REVIEW] = 62,
        [STREAM_CARE_START] = 76, [STREAM_DOLS] = 82,         [STREAM_SAFEGUARDING] = 62, [STREAM_DISCHARGE] = 86,
    };
    int32_t percent = random_between(random, 0, 99);
    if (stream == STREAM_CARERS || (stream == STREAM_TRIAGE && percent >= 90)) {
        return CLIENT_CARER;
    }
    return percent < older_percent[stream] ? CLIENT_OLDER : CLIENT_WORKING_AGE;
}

static uint8_t draw_priority(enum stream stream, struct random *random) {
    static const int32_t usual[4] = {4, 18, 52, 26};
    static const int32_t safeguarding[4] = {14, 30, 36, 20};
    static const int32_t discharge[4] = {20, 50, 25, 5};
    const int32_t *weights = stream == STREAM_SAFEGUARDING ? safeguarding : stream == STREAM_DISCHARGE ? discharge : usual;
    return (uint8_t)(1 + draw_percent(random, weights));
}

static day_t working_day_from(day_t day) {
    while (!british_working_day(day)) {
        day++;
    }
    return day;
}

static uint64_t draw_person(struct lancashire *county, enum stream stream) {
    struct random *random = &county->events.random;
    bool known = stream == STREAM_NEEDS_OLDER || stream == STREAM_NEEDS_WORKING_AGE;
    if (known && county->triaged_count > 0 && random_chance(random, 0.5)) {
        size_t index = random_below(random, (uint32_t)county->triaged_count);
        uint64_t person = county->triaged[index];
        county->triaged[index] = county->triaged[--county->triaged_count];
        return person;
    }
    return random_next(random) >> 16;
}

static void draw_risk(struct wait *wait, enum stream stream, struct random *random) {
    wait->priority = draw_priority(stream, random);
    int32_t impact = 5 - wait->priority + random_between(random, 0, 2);
    wait->impact = (uint8_t)(impact > 5 ? 5 : impact);
    wait->likelihood = (uint8_t)random_between(random, 1, 5);
    wait->said_priority = random_chance(random, 0.6) ? wait->priority : 0;
}

static void refer_one(struct lancashire *county, enum stream stream, day_t day) {
    struct random *random = &county->events.random;
    int8_t district = draw_district(county, random);
    struct wait wait = {
        .number = ++county->events.waits,
        .person = draw_person(county, stream),
        .last_time = INSTANT_NONE,
        .referred = day,
        .start = day,
        .ended = DAY_NONE,
        .told_end = DAY_NONE,
        .untold = DAY_NONE,
        .removed = DAY_NONE,
        .allocated = DAY_NONE,
        .started = DAY_NONE,
        .paused_from = DAY_NONE,
        .paused_to = DAY_NONE,
        .last_contact = DAY_NONE,
        .reopens = DAY_NONE,
        .stream = (uint8_t)stream,
        .team = council_team_for(demand_streams[stream].pathway, district),
        .district = district,
        .client_group = draw_client_group(stream, random),
        .deprivation = (uint8_t)(1 + draw_percent(random, council_districts[district].deprivation)),
    };
    draw_risk(&wait, stream, random);
    double luck = random_unit(random);
    wait.patience = 100 - (int32_t)(30.0 * luck * luck);
    wait.triage = working_day_from(day + random_between(random, 0, wait.priority <= 2 ? 1 : 4));
    if (stream == STREAM_REVIEW) {
        wait.start = day + REVIEW_NOTICE_DAYS + random_between(random, -15, 15);
        wait.triage = working_day_from(wait.start - random_between(random, 0, 10));
    } else if (random_chance(random, BACKDATED_PART)) {
        wait.start = day - random_between(random, 1, 3);
    }
    if (stream != STREAM_REVIEW && random_chance(random, SPURIOUS_PART)) {
        wait.removed = working_day_from(day + random_between(random, 1, 8));
    }
    wait.contact = wait.start + random_between(random, 3, 30);
    struct wait *added = queue_add(&county->queues[stream], &wait);
    added->told_from = journey_referred(&county->events, added, day);
}

static void refer(struct lancashire *county, enum stream stream, day_t day) {
    struct queue *queue = &county->queues[stream];
    double expected = demand_referrals(stream, day);
    if (stream == STREAM_REVIEW && expected > 0) { /* reviews are planned: as many as keep the number of the overdue where it was */
        struct queue_count count = queue_count_at(queue, day);
        double usual = demand_streams[stream].referrals_a_year / 365.25 * REVIEW_NOTICE_DAYS;
        double missing = demand_target(stream, day).waiting + usual - count.twice_waiting / 2.0 - count.scheduled;
        double steered = expected + missing * REVIEW_STEERING;
        expected = steered < expected / 2 ? expected / 2 : steered > expected * 1.5 ? expected * 1.5 : steered;
    }
    double mean = expected + queue->surplus * SURPLUS_RETURNED;
    int32_t referrals = random_poisson(&county->events.random, mean > 0 ? mean : 0);
    queue->surplus += expected - referrals;
    for (; referrals > 0; referrals--) {
        refer_one(county, stream, day);
    }
}

static int32_t next_contact_after(const struct wait *wait, struct random *random) {
    static const double interval[5] = {28, 7, 14, 28, 28}; /* days by priority, as the configuration has them */
    double days = interval[wait->priority] * demand_streams[wait->stream].contact_every * (0.55 + 0.75 * random_unit(random));
    if (random_chance(random, 0.15)) {
        days *= 2.5; /* forgotten */
    }
    return 1 + (int32_t)days;
}

static void keep_person(struct lancashire *county, uint64_t person) {
    if (county->triaged_count < TRIAGED_KEPT) {
        county->triaged[county->triaged_count++] = person;
    }
}

static void maybe_pause(struct journal_of_events *events, struct wait *wait, day_t day) {
    if (wait->paused_from == DAY_NONE && random_chance(&events->random, PAUSE_CHANCE)) {
        wait->paused_to = working_day_from(day + random_between(&events->random, 4, 25));
        journey_paused(events, wait, day);
    }
}

static void move_or_work(struct journal_of_events *events, struct wait *wait, day_t day) {
    struct random *random = &events->random;
    int8_t first_team;
    if (wait->stage == STAGE_IN_PROGRESS) {
        return;
    }
    if (council_teams_of(demand_streams[wait->stream].pathway, &first_team) > 1 && random_chance(random, TRANSFER_CHANCE)) {
        journey_transferred(events, wait, day);
    } else if (wait->stage == STAGE_ALLOCATED && random_chance(random, UNALLOCATED_CHANCE)) {
        journey_unallocated(events, wait, day);
    } else if (wait->stage == STAGE_ALLOCATED && wait->stream != STREAM_TRIAGE && random_chance(random, STARTED_CHANCE)) {
        journey_started(events, wait, day);
    }
}

/* What happens to an open wait by itself on a working day. */
static void live(struct lancashire *county, struct wait *wait, day_t day) {
    struct journal_of_events *events = &county->events;
    struct random *random = &events->random;
    if (wait->removed != DAY_NONE && wait->removed <= day) {
        wait->ended = day;
        wait->told_end = journey_closed(events, wait, day, random_chance(random, 0.6) ? REASON_DUPLICATE : REASON_RECORDED_IN_ERROR);
        return;
    }
    if (wait->stopped) {
        if (random_chance(random, 0.4)) {
            wait->ended = day;
            wait->told_end = journey_completed(events, wait, day);
            keep_person(county, wait->person);
        }
        return;
    }
    if (wait->paused_to == day) {
        journey_resumed(events, wait, day);
    }
    if (wait->untold != DAY_NONE && wait->untold > day) {
        return;
    }
    if (wait->triage != DAY_NONE && wait->triage <= day && wait->referred < day) {
        journey_triaged(events, wait, day);
    }
    if (wait->start > day) {
        return;
    }
    maybe_pause(events, wait, day);
    if (wait->contact <= day) {
        journey_contacted(events, wait, day);
        wait->contact = day + next_contact_after(wait, random);
    }
    move_or_work(events, wait, day);
    if (wait->told_from < day && wait->stream != STREAM_DOLS && random_chance(random, CORRECTED_CHANCE)) {
        journey_referral_corrected(events, wait, day);
    }
}

static void reopen(struct journal_of_events *events, struct wait *wait, day_t day) {
    journey_reopened(events, wait, day);
    wait->ended = DAY_NONE;
    wait->told_end = DAY_NONE;
    wait->reopens = DAY_NONE;
    wait->contact = day + 3;
}

static void live_all(struct lancashire *county, struct queue *queue, day_t day) {
    bool works = british_working_day(day) || demand_streams[queue->stream].works_weekends;
    for (size_t i = 0; i < queue->count;) {
        struct wait *wait = &queue->at[i];
        if (wait->ended == DAY_NONE) {
            if (works) {
                live(county, wait, day);
            }
        } else if (wait->reopens != DAY_NONE) {
            if (works && wait->reopens <= day) {
                reopen(&county->events, wait, day);
            }
        } else if (wait->told_end < day) {
            queue_remove(queue, i);
            continue;
        }
        i++;
    }
}

/* The council goes live: all who wait are sent as they stand, at dawn; what was under way of the time before is forgotten. */
static void import_all(struct lancashire *county, day_t day) {
    size_t total = 0;
    size_t done = 0;
    county->events.silent = false;
    for (int stream = 0; stream < STREAM_COUNT; stream++) {
        total += county->queues[stream].count;
    }
    for (int stream = 0; stream < STREAM_COUNT; stream++) {
        struct queue *queue = &county->queues[stream];
        for (size_t i = 0; i < queue->count; done++) {
            struct wait *wait = &queue->at[i];
            if (wait->ended != DAY_NONE || wait->stopped) {
                queue_remove(queue, i);
                continue;
            }
            wait->told_from = day;
            wait->untold = DAY_NONE;
            instant_t arrival = british_instant(day, IMPORT_OPENS + IMPORT_LASTS * (int64_t)done / (int64_t)total);
            journey_imported(&county->events, wait, day, arrival);
            i++;
        }
    }
}

static void live_one_day(struct lancashire *county, day_t day) {
    if (day == county->begin) {
        import_all(county, day);
    }
    for (int stream = 0; stream < STREAM_COUNT; stream++) {
        struct queue *queue = &county->queues[stream];
        live_all(county, queue, day);
        refer(county, (enum stream)stream, day);
        if (british_working_day(day) || demand_streams[stream].works_weekends) {
            queue_deal_with(queue, &county->events, &county->reviews, day);
            queue_allocate(queue, &county->events, day);
        }
    }
}

bool lancashire_next(struct lancashire *county, struct record *record) {
    const struct record *first = pending_first(&county->events.pending);
    while (county->today <= county->until && (first == NULL || first->arrival >= british_instant(county->today, 0))) {
        live_one_day(county, county->today++);
        first = pending_first(&county->events.pending);
    }
    if (first == NULL || first->arrival >= british_instant(county->until + 1, 0)) {
        return false;
    }
    *record = *first;
    pending_pop(&county->events.pending);
    return true;
}

double lancashire_progress(const struct lancashire *county) {
    day_t first = county->begin;
    return county->today <= first ? 0.0 : (double)(county->today - first) / (double)(county->until - first + 1);
}
