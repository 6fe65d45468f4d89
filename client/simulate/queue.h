/* One stream's people, and the management of a day: who is dealt with, who gets a worker, so that the queue follows its targets. */
#ifndef WAITLIST_SIMULATE_QUEUE_H
#define WAITLIST_SIMULATE_QUEUE_H

#include "client/simulate/journey.h"

struct index_list {
    uint32_t *at;
    size_t count;
    size_t capacity;
};

/* Who can be dealt with today; `ready` means in progress. */
enum { LIST_OVERDUE, LIST_LONG_READY, LIST_LONG_OTHER, LIST_SHORT_READY, LIST_SHORT_OTHER, LIST_COUNT };

struct queue {
    enum stream stream;
    struct wait *at;
    size_t count;
    size_t capacity;
    double surplus;                /* referrals expected and not come: drawn back within weeks */
    double drift;                  /* of the size around its target, a part of one */
    double ends_a_day;             /* of late */
    double long_part;              /* of the ends of late, those of long waits */
    int32_t team_pace[TEAM_COUNT]; /* per cent: some teams are slower than others */
    struct index_list lists[LIST_COUNT];
};

void queue_start(struct queue *queue, enum stream stream, struct random *random);
void queue_free(struct queue *queue);

struct wait *queue_add(struct queue *queue, const struct wait *wait);
void queue_remove(struct queue *queue, size_t index);

/* Waiting at the end of `day`: how many, as the daemon has heard by then and as it really is, added up (so twice the mean of both). */
struct queue_count {
    int32_t twice_waiting;
    int32_t twice_long;
    int32_t scheduled;
};
struct queue_count queue_count_at(const struct queue *queue, day_t day);

/* Ends waits so that the queue reaches its target of the day. `plan` is for the stream of reviews. */
void queue_deal_with(struct queue *queue, struct journal_of_events *events, struct review_plan *plan, day_t day);
/* Gives workers: to the urgent at once, else so that enough are in progress for the days to come. */
void queue_allocate(struct queue *queue, struct journal_of_events *events, day_t day);

/* Whether the wait really waits at the end of `day`. */
bool wait_is_open(const struct wait *wait, day_t day);
bool wait_is_paused(const struct wait *wait, day_t day);
int32_t wait_days(const struct wait *wait, day_t day);

#endif
