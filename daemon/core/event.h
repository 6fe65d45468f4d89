/* One event as the core understands it (rules, section 2): parsed, checked, its texts borrowed from whoever parsed it. */
#ifndef WAITLIST_CORE_EVENT_H
#define WAITLIST_CORE_EVENT_H

#include "daemon/core/calendar.h"

/* In rank order: the value is the rank of the rules' table, but that the three completing types share rank 9. */
enum event_type {
    EVENT_REFERRAL_RECEIVED,
    EVENT_REFERRAL_TRIAGED,
    EVENT_WAIT_TRANSFERRED,
    EVENT_WAIT_UNALLOCATED,
    EVENT_WAIT_ALLOCATED,
    EVENT_WAIT_PAUSED,
    EVENT_WAIT_RESUMED,
    EVENT_CONTACT_MADE,
    EVENT_ASSESSMENT_STARTED,
    EVENT_ASSESSMENT_COMPLETED,
    EVENT_REVIEW_COMPLETED,
    EVENT_SERVICE_STARTED,
    EVENT_WAIT_CLOSED,
    EVENT_WAIT_REOPENED,
    EVENT_RETRACTED,
    EVENT_TYPE_COUNT
};

#define EVENT_DIMENSIONS_MAX 16

/* Stands for a person or a worker whose reference was redacted (rules, section 3). */
#define EVENT_REDACTED "redacted"

struct event_dimension {
    struct text name;
    struct text value;
};

/* Absent texts are TEXT_ABSENT, absent numbers 0, an absent date DAY_NONE. */
struct event {
    enum event_type type;
    instant_t time;
    struct text source;
    struct text id;
    struct text subject;
    struct text sequence;
    struct text pathway;
    struct text team;
    struct text person;
    struct text district;
    struct text client_group;
    struct text worker;
    struct text reason;
    struct text method;
    struct text outcome;
    day_t clock_start;
    uint8_t priority;   /* 1-4 */
    uint8_t impact;     /* 1-5 */
    uint8_t likelihood; /* 1-5 */
    uint8_t dimension_count;
    struct event_dimension dimensions[EVENT_DIMENSIONS_MAX];
    struct text retracts_source; /* of a retraction: the identity it names; the source is filled in when absent */
    struct text retracts_id;
};

/* "asc.referral.received" … ; the type of a name, or EVENT_TYPE_COUNT when unknown. */
const char *event_type_name(enum event_type type);
enum event_type event_type_of(struct text name);
int event_type_rank(enum event_type type);

/* The instant that orders the event (rules, section 2, "Effective time"). */
instant_t event_effective_time(const struct event *event, const struct calendar *calendar);

/* One accepted event of a wait's history. */
struct history_event {
    struct event event;
    uint64_t seq; /* position among accepted events, from 1 */
    instant_t received;
};

/* Fold order: (effective time, sequence, rank, source, id), strings as bytes. As strcmp. */
int event_compare(const struct event *a, const struct event *b, const struct calendar *calendar);

#endif
