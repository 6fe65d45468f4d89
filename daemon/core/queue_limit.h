/* Limits of queues (rules, section 8, `queue_limit`): a measure reaches its limit, until it is at its lower one. */
#ifndef WAITLIST_CORE_QUEUE_LIMIT_H
#define WAITLIST_CORE_QUEUE_LIMIT_H

#include "daemon/core/register.h"

enum queue_measure {
    MEASURE_WAITING,
    MEASURE_UNALLOCATED,
    MEASURE_ALLOCATED,
    MEASURE_IN_PROGRESS,
    MEASURE_PAUSED,
    MEASURE_BREACH,
    MEASURE_DUE,
    MEASURE_SCHEDULED,
    MEASURE_NO_CONTACT,
    MEASURE_LONGEST /* days; 0 where nobody waits */
};

struct queue_limit {
    struct text name;    /* the alert's subject */
    struct text pathway; /* absent: all of them */
    struct text team;    /* the same */
    enum queue_measure measure;
    int32_t limit;     /* 1 at least */
    int32_t clears_at; /* below the limit */
};

/* The measure of all queues of the pathway and team together, as counted by the last settling. */
int32_t register_queue_measure(const struct waiting_register *reg, const struct queue_limit *limit);
/* Whether the condition holds: the limit is reached, or it was and the measure has not come down to the lower one. */
bool register_queue_limit_holds(const struct waiting_register *reg, const struct queue_limit *limit, int32_t *value);

#endif
