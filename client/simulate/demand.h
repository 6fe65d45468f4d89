/* What the county's queues are asked to do: referrals a year, size and long waits day by day, the longest wait, the published figures. */
#ifndef WAITLIST_SIMULATE_DEMAND_H
#define WAITLIST_SIMULATE_DEMAND_H

#include "client/simulate/council.h"
#include "client/simulate/random.h"
#include "daemon/core/calendar.h"

/* A stream is a pathway, or that part of one which has published figures of its own. */
enum stream {
    STREAM_TRIAGE,
    STREAM_NEEDS_OLDER,
    STREAM_NEEDS_WORKING_AGE,
    STREAM_OT,
    STREAM_CARERS,
    STREAM_REVIEW,
    STREAM_CARE_START,
    STREAM_DOLS,
    STREAM_SAFEGUARDING,
    STREAM_DISCHARGE,
    STREAM_COUNT
};

#define DEMAND_POINTS_MAX 10

/* At the end of a day: how many wait, and how many of them longer than `long_after` days. Between two points the line is straight. */
struct demand_point {
    int32_t date; /* 20250430 is 30 April 2025; 0 ends the list */
    int32_t waiting;
    int32_t waiting_long;
};

struct stream_fact {
    enum pathway pathway;
    int32_t referrals_a_year;
    int32_t long_after;   /* days; counted without pauses where the pathway excludes them */
    int32_t longest;      /* days; nobody waits much longer */
    double closed_part;   /* of the ends: closed without the thing waited for */
    double contact_every; /* times the interval of the priority */
    double weekend_part;  /* referrals on a free day, as a part of those on a working day */
    bool works_weekends;
    bool pauses_excluded;
    struct demand_point points[DEMAND_POINTS_MAX];
};

extern const struct stream_fact demand_streams[STREAM_COUNT];

/* Referrals to be expected on a day: the year's number spread by season, working days and holidays. */
double demand_referrals(enum stream stream, day_t day);
/* The target of a day, without noise. */
struct demand_point demand_target(enum stream stream, day_t day);
/* Days to the nearest date whose figures are published: 30 April and 31 July 2025. */
int32_t demand_days_to_published(day_t day);
/* The longest wait that is let stand, which fell with the queues from February 2025 on. */
int32_t demand_longest(enum stream stream, day_t day);

/* Completed reviews: fixed for April to July 2024 and 2025, the second 8 per cent over the first; even around a rate otherwise. */
struct review_plan {
    int32_t in_2024;
    int32_t in_2025;
    int32_t year; /* of the period that `done` counts */
    int32_t done;
};
void demand_plan_reviews(struct review_plan *plan, struct random *random);
/* How many reviews to complete on a working day. The caller counts them in `done`; the period's last day makes up the number. */
int32_t demand_reviews_today(struct review_plan *plan, day_t day, struct random *random);

#endif
