/* The management of a queue. The targets of a day hold for the mean of two counts: what the daemon can know that evening, and what it
 * will know when all late records are in. So both stay within half their difference, a handful of people, of the target. */
#include "client/simulate/queue.h"

#include <stdlib.h>

#include "client/simulate/british.h"
#include "daemon/core/memory.h"

#define DRIFT_DEVIATION 0.003
#define DRIFT_KEPT 0.92
#define STEADY_DAYS 10    /* so long before and after a published date the drift fades */
#define DETERMINED_DAYS 4 /* so long before it no day's work is too much */
#define PIPELINE_DAYS 9.0 /* working days of ends that are allocated or in progress */
#define REVIEWS_LONG_PART 0.72
#define WRONG_COMPLETION_PART 0.004
#define CORRECTED_COMPLETION_PART 0.004
#define REOPENED_PART 0.005
#define REVIEWS_FILL_UNTIL 20230401
#define UNLIMITED 100000

void queue_start(struct queue *queue, enum stream stream, struct random *random) {
    *queue = (struct queue){.stream = stream, .long_part = 0.6};
    queue->ends_a_day = demand_streams[stream].referrals_a_year / 253.0;
    for (int team = 0; team < TEAM_COUNT; team++) {
        queue->team_pace[team] = random_between(random, 85, 115);
    }
}

void queue_free(struct queue *queue) {
    free(queue->at);
    for (int list = 0; list < LIST_COUNT; list++) {
        free(queue->lists[list].at);
    }
    *queue = (struct queue){.stream = queue->stream};
}

struct wait *queue_add(struct queue *queue, const struct wait *wait) {
    void *block = queue->at;
    memory_reserve(&block, &queue->capacity, queue->count + 1, sizeof(*queue->at));
    queue->at = block;
    queue->at[queue->count] = *wait;
    return &queue->at[queue->count++];
}

void queue_remove(struct queue *queue, size_t index) {
    ENSURE(index < queue->count);
    queue->at[index] = queue->at[--queue->count];
}

bool wait_is_open(const struct wait *wait, day_t day) {
    return wait->ended == DAY_NONE && !wait->stopped && wait->start <= day;
}

bool wait_is_paused(const struct wait *wait, day_t day) {
    return wait->paused_from != DAY_NONE && wait->paused_from <= day && day < wait->paused_to;
}

int32_t wait_days(const struct wait *wait, day_t day) {
    int32_t days = day - wait->start;
    if (demand_streams[wait->stream].pauses_excluded && wait->paused_from != DAY_NONE) {
        days -= (day < wait->paused_to ? day : wait->paused_to) - wait->paused_from;
    }
    return days;
}

static bool is_taken_for_ended(const struct wait *wait, day_t day) {
    return wait->untold != DAY_NONE && day < wait->untold;
}

static bool is_told_open(const struct wait *wait, day_t day) {
    if (wait->told_from > day || wait->start > day || wait->stopped || is_taken_for_ended(wait, day)) {
        return false;
    }
    return wait->ended == DAY_NONE || wait->told_end > day;
}

static int32_t weight_at(const struct wait *wait, day_t day) {
    return is_told_open(wait, day) + (wait_is_open(wait, day) && wait->removed == DAY_NONE);
}

struct queue_count queue_count_at(const struct queue *queue, day_t day) {
    struct queue_count count = {0, 0, 0};
    int32_t long_after = demand_streams[queue->stream].long_after;
    for (size_t i = 0; i < queue->count; i++) {
        const struct wait *wait = &queue->at[i];
        int32_t weight = weight_at(wait, day);
        count.twice_waiting += weight;
        count.twice_long += wait_days(wait, day) > long_after ? weight : 0;
        count.scheduled += wait->start > day;
    }
    return count;
}

static void list_add(struct index_list *list, size_t index) {
    void *block = list->at;
    memory_reserve(&block, &list->capacity, list->count + 1, sizeof(*list->at));
    list->at = block;
    list->at[list->count++] = (uint32_t)index;
}

static bool can_be_dealt_with(const struct wait *wait, day_t day) {
    return wait_is_open(wait, day) && wait->removed == DAY_NONE && wait->told_from <= day && !is_taken_for_ended(wait, day) &&
           !wait_is_paused(wait, day);
}

static void sort_out(struct queue *queue, day_t day) {
    const struct stream_fact *fact = &demand_streams[queue->stream];
    int32_t longest = demand_longest(queue->stream, day);
    for (int list = 0; list < LIST_COUNT; list++) {
        queue->lists[list].count = 0;
    }
    for (size_t i = 0; i < queue->count; i++) {
        const struct wait *wait = &queue->at[i];
        if (!can_be_dealt_with(wait, day)) {
            continue;
        }
        bool ready = wait->stage == STAGE_IN_PROGRESS;
        if ((day - wait->start) * 100 >= wait->patience * longest) {
            list_add(&queue->lists[LIST_OVERDUE], i);
        } else if (wait_days(wait, day) > fact->long_after) {
            list_add(&queue->lists[ready ? LIST_LONG_READY : LIST_LONG_OTHER], i);
        } else {
            list_add(&queue->lists[ready ? LIST_SHORT_READY : LIST_SHORT_OTHER], i);
        }
    }
}

/* How loudly a wait asks for attention: its days, by how near it lives to the teams' attention, its team and its priority. */
static int64_t urgency(const struct queue *queue, const struct wait *wait, day_t day) {
    static const int32_t by_priority[5] = {100, 160, 125, 100, 90};
    int64_t days = day - wait->start + 5;
    return days * (80 + 8 * wait->deprivation) * queue->team_pace[wait->team] * by_priority[wait->priority];
}

/* Takes the most urgent of a few drawn at random out of a list that is not empty. */
static size_t take_from(struct queue *queue, struct random *random, struct index_list *list, int draws, day_t day) {
    size_t best = random_below(random, (uint32_t)list->count);
    for (int i = 1; i < draws; i++) {
        size_t other = random_below(random, (uint32_t)list->count);
        if (urgency(queue, &queue->at[list->at[other]], day) > urgency(queue, &queue->at[list->at[best]], day)) {
            best = other;
        }
    }
    size_t index = list->at[best];
    list->at[best] = list->at[--list->count];
    return index;
}

static enum close_reason draw_reason(struct random *random) {
    /* Per cent: every sixth withdraws, more than a third die; national figures for older people are of this order. */
    static const struct {
        int32_t up_to;
        enum close_reason reason;
    } shares[] = {
        {34, REASON_DIED},        {50, REASON_WITHDRAWN},  {62, REASON_DECLINED},   {72, REASON_ADMITTED}, {80, REASON_SIGNPOSTED},
        {87, REASON_SELF_FUNDED}, {93, REASON_NHS_FUNDED}, {97, REASON_MOVED_AWAY}, {100, REASON_OTHER},
    };
    int32_t percent = random_between(random, 0, 99);
    size_t i = 0;
    while (percent >= shares[i].up_to) {
        i++;
    }
    return shares[i].reason;
}

/* Brings a wait to the stage from which it can be completed: somebody urgent may be seen within the day. */
static void make_ready(struct journal_of_events *events, struct wait *wait, day_t day) {
    if (wait->triage != DAY_NONE) {
        journey_triaged(events, wait, day);
    }
    if (wait->stage == STAGE_UNALLOCATED) {
        journey_allocated(events, wait, day);
    }
}

static void complete(struct journal_of_events *events, struct wait *wait, day_t day) {
    make_ready(events, wait, day);
    if (wait->stage == STAGE_ALLOCATED) {
        journey_started(events, wait, day);
    }
    if (wait->stream == STREAM_TRIAGE) { /* its clock stops here; the completion follows in the days after */
        wait->stopped = true;
        return;
    }
    wait->ended = day;
    if (random_chance(&events->random, CORRECTED_COMPLETION_PART)) {
        wait->told_end = journey_completed_and_corrected(events, wait, day);
        return;
    }
    wait->told_end = journey_completed(events, wait, day);
    bool may_return = wait->stream != STREAM_REVIEW && wait->stream != STREAM_DOLS && wait->stream != STREAM_CARE_START;
    if (may_return && random_chance(&events->random, REOPENED_PART)) {
        wait->reopens = wait->told_end + random_between(&events->random, 4, 30);
    }
}

static void close_wait(struct journal_of_events *events, struct wait *wait, day_t day) {
    wait->ended = day;
    wait->told_end = journey_closed(events, wait, day, draw_reason(&events->random));
}

/* Somebody ticks the wrong box: the wait looks completed until it is noticed. */
static void complete_wrongly(struct journal_of_events *events, struct wait *wait, day_t day) {
    wait->untold = journey_completed_wrongly(events, wait, day);
}

/* Ends one wait of the given lists, the first preferred; false when both are empty. Keeps the count of the day up to date. */
static bool end_one(struct queue *queue, struct journal_of_events *events, int ready, int other, day_t day, bool may_close,
                    struct queue_count *count) {
    const struct stream_fact *fact = &demand_streams[queue->stream];
    struct random *random = &events->random;
    bool closes = may_close && random_chance(random, fact->closed_part);
    struct index_list *first = &queue->lists[closes ? other : ready]; /* those who withdraw or die have mostly seen nobody yet */
    struct index_list *second = &queue->lists[closes ? ready : other];
    struct index_list *list = first->count > 0 ? first : second;
    if (list->count == 0) {
        return false;
    }
    struct wait *wait = &queue->at[take_from(queue, random, list, closes ? 1 : 2, day)];
    bool is_long = wait_days(wait, day) > fact->long_after;
    int32_t before = weight_at(wait, day);
    if (closes) {
        close_wait(events, wait, day);
    } else if (queue->stream != STREAM_TRIAGE && wait->stage == STAGE_IN_PROGRESS && random_chance(random, WRONG_COMPLETION_PART)) {
        complete_wrongly(events, wait, day);
    } else {
        complete(events, wait, day);
    }
    int32_t freed = before - weight_at(wait, day);
    count->twice_waiting -= freed;
    count->twice_long -= is_long ? freed : 0;
    return true;
}

static struct demand_point target_of(struct queue *queue, struct random *random, day_t day) {
    struct demand_point target = demand_target(queue->stream, day);
    int32_t near = demand_days_to_published(day);
    queue->drift = queue->drift * DRIFT_KEPT + DRIFT_DEVIATION * random_normal(random);
    double drift = near >= STEADY_DAYS ? queue->drift : queue->drift * near / STEADY_DAYS;
    target.waiting += (int32_t)(target.waiting * drift);
    target.waiting_long += (int32_t)(target.waiting_long * drift);
    return target;
}

static void follow_targets(struct queue *queue, struct journal_of_events *events, day_t day) {
    struct demand_point target = target_of(queue, &events->random, day);
    struct queue_count count = queue_count_at(queue, day);
    int32_t work = demand_streams[queue->stream].referrals_a_year * 2 / 253 + 4;
    int32_t left = demand_days_to_published(day) <= DETERMINED_DAYS ? UNLIMITED : work;
    int32_t begun_with = left;
    while (left > 0 && end_one(queue, events, LIST_OVERDUE, LIST_OVERDUE, day, false, &count)) {
        left--;
    }
    while (left > 0 && count.twice_long > 2 * target.waiting_long &&
           end_one(queue, events, LIST_LONG_READY, LIST_LONG_OTHER, day, true, &count)) {
        left--;
    }
    int32_t long_ends = begun_with - left;
    while (left > 0 && count.twice_waiting > 2 * target.waiting) {
        if (!end_one(queue, events, LIST_SHORT_READY, LIST_SHORT_OTHER, day, true, &count) &&
            !end_one(queue, events, LIST_LONG_READY, LIST_LONG_OTHER, day, true, &count)) {
            break;
        }
        left--;
    }
    int32_t ends = begun_with - left;
    queue->ends_a_day += (ends - queue->ends_a_day) * 0.05;
    if (ends > 0) {
        queue->long_part += ((double)long_ends / ends - queue->long_part) * 0.05;
    }
}

/* While the simulation fills up, reviews wait until the queue has its size; afterwards the plan alone counts. */
static int32_t reviews_wanted(struct queue *queue, struct journal_of_events *events, struct review_plan *plan, day_t day) {
    int32_t planned = demand_reviews_today(plan, day, &events->random);
    if (day >= day_from_civil(REVIEWS_FILL_UNTIL / 10000, REVIEWS_FILL_UNTIL / 100 % 100, REVIEWS_FILL_UNTIL % 100)) {
        return planned;
    }
    struct queue_count count = queue_count_at(queue, day);
    int32_t over = count.twice_waiting / 2 - demand_target(queue->stream, day).waiting;
    return over <= 0 ? 0 : over < 2 * planned ? over : 2 * planned;
}

static void follow_plan(struct queue *queue, struct journal_of_events *events, struct review_plan *plan, day_t day) {
    struct random *random = &events->random;
    int32_t wanted = reviews_wanted(queue, events, plan, day);
    queue->ends_a_day += (wanted - queue->ends_a_day) * 0.05;
    queue->long_part = REVIEWS_LONG_PART;
    for (int32_t done = 0; done < wanted; done++) {
        bool is_long = random_chance(random, REVIEWS_LONG_PART);
        int ready = is_long ? LIST_LONG_READY : LIST_SHORT_READY;
        int other = is_long ? LIST_LONG_OTHER : LIST_SHORT_OTHER;
        int32_t before = plan->done;
        while (plan->done == before) { /* a completion that will be taken back is none */
            size_t list = queue->lists[LIST_OVERDUE].count > 0 ? LIST_OVERDUE
                          : queue->lists[ready].count > 0      ? (size_t)ready
                                                               : (size_t)other;
            if (queue->lists[list].count == 0) {
                return;
            }
            struct wait *wait = &queue->at[take_from(queue, random, &queue->lists[list], 2, day)];
            if (wait->stage == STAGE_IN_PROGRESS && random_chance(random, WRONG_COMPLETION_PART)) {
                complete_wrongly(events, wait, day);
            } else {
                complete(events, wait, day);
                plan->done++;
            }
        }
    }
    double closures = queue->ends_a_day * demand_streams[queue->stream].closed_part;
    for (int32_t i = random_poisson(random, closures); i > 0 && queue->lists[LIST_LONG_OTHER].count > 0; i--) {
        close_wait(events, &queue->at[take_from(queue, random, &queue->lists[LIST_LONG_OTHER], 1, day)], day);
    }
}

void queue_deal_with(struct queue *queue, struct journal_of_events *events, struct review_plan *plan, day_t day) {
    sort_out(queue, day);
    if (queue->stream == STREAM_REVIEW) {
        follow_plan(queue, events, plan, day);
    } else {
        follow_targets(queue, events, day);
    }
}

void queue_allocate(struct queue *queue, struct journal_of_events *events, day_t day) {
    struct random *random = &events->random;
    struct index_list *longer = &queue->lists[LIST_LONG_OTHER];
    struct index_list *shorter = &queue->lists[LIST_SHORT_OTHER];
    int32_t long_after = demand_streams[queue->stream].long_after;
    longer->count = 0;
    shorter->count = 0;
    int32_t pipeline = 0;
    for (size_t i = 0; i < queue->count; i++) {
        struct wait *wait = &queue->at[i];
        if (!can_be_dealt_with(wait, day)) {
            continue;
        }
        double at_once = wait->priority == 1 ? 0.9 : wait->priority == 2 ? 0.06 : 0.0;
        if (wait->stage == STAGE_UNALLOCATED && at_once > 0 && random_chance(random, at_once)) {
            make_ready(events, wait, day);
        }
        if (wait->stage == STAGE_UNALLOCATED) {
            list_add(wait_days(wait, day) > long_after ? longer : shorter, i);
        } else {
            pipeline++;
        }
    }
    int32_t wanted = (int32_t)(queue->ends_a_day * PIPELINE_DAYS) - pipeline;
    int32_t most = (int32_t)(2.0 * queue->ends_a_day) + 3;
    for (int32_t i = wanted < most ? wanted : most; i > 0; i--) {
        struct index_list *list = random_chance(random, queue->long_part) ? longer : shorter;
        if (list->count > 0) {
            make_ready(events, &queue->at[take_from(queue, random, list, 4, day)], day);
        }
    }
}
