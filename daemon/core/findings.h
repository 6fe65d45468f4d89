/* Findings (rules, section 4): every exception and every warning of every wait, with the event that each contradicts. */
#ifndef WAITLIST_CORE_FINDINGS_H
#define WAITLIST_CORE_FINDINGS_H

#include "daemon/core/known.h"
#include "daemon/core/register.h"

enum finding_code {
    FINDING_DUPLICATE_REFERRAL, /* the exceptions, in the order of enum effect */
    FINDING_NO_REFERRAL,
    FINDING_AFTER_END,
    FINDING_NOT_ALLOCATED,
    FINDING_ALREADY_PAUSED,
    FINDING_NOT_PAUSED,
    FINDING_ALREADY_STARTED,
    FINDING_WRONG_COMPLETION,
    FINDING_NOT_ENDED,
    FINDING_RETRACTS_UNKNOWN,
    FINDING_CANNOT_RETRACT,
    FINDING_ENDED_BEFORE_START, /* the warnings */
    FINDING_BACKDATED,
    FINDING_UNKNOWN_VALUE,
    FINDING_SAME_PERSON_TWICE,
    FINDING_CODE_COUNT
};

const char *finding_name(enum finding_code code);
bool finding_is_warning(enum finding_code code);

/* One finding; texts are borrowed for the call. */
struct finding {
    enum finding_code code;
    uint32_t wait;
    bool excluded;            /* the wait counts in no measure */
    instant_t effective_time; /* of the event that it is about */
    day_t day;                /* the same as a day; of FINDING_SAME_PERSON_TWICE that of the later referral */
    uint64_t seq;
    instant_t received;
    struct text source;
    /* The event that it contradicts, 0 where there is none. FINDING_CANNOT_RETRACT has one too: the event that it names. */
    uint32_t involved_wait;
    uint64_t involved_seq;
    uint32_t part;                /* of FINDING_UNKNOWN_VALUE: the number of the event's value (known.h), else 0 */
    struct unknown_value unknown; /* of FINDING_UNKNOWN_VALUE */
};

/* An event that was recorded, retracted or not, on its way through the waits. */
struct recorded_event {
    uint32_t wait;
    const struct history_event *event;
    enum effect effect;
    day_t day; /* its effective one */
};

/* Whether it tells of something that happened up to the register's day: a retraction does not, its own time does not matter. */
bool recorded_tells(const struct recorded_event *recorded);

/* A wait, after its events. */
struct recorded_wait {
    uint32_t wait;
    const struct history_event *referral; /* that opened it; NULL without any */
};

struct findings_request {
    const struct known_values *known; /* NULL: exceptions only */
    int32_t backdated_days;           /* an event that was received more days than this after its day is backdated */
    const struct text *subjects;      /* only of these waits, where there are no warnings to find; NULL: of all */
    size_t subject_count;
    void *context;
    void (*finding)(void *context, const struct finding *finding);    /* in no promised order */
    void (*event)(void *context, const struct recorded_event *event); /* may be NULL */
    void (*wait)(void *context, const struct recorded_wait *wait);    /* may be NULL; may ask for histories */
};

/* Reads the history of every wait, as it stands at the end of the register's day. */
void register_findings(struct waiting_register *reg, const struct findings_request *request);

#endif
