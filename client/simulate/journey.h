/* One person's wait in the simulated county, and the events that tell of it: on time, late, twice, or wrong and put right. */
#ifndef WAITLIST_SIMULATE_JOURNEY_H
#define WAITLIST_SIMULATE_JOURNEY_H

#include "client/simulate/demand.h"
#include "client/simulate/pending.h"

enum stage { STAGE_UNALLOCATED, STAGE_ALLOCATED, STAGE_IN_PROGRESS };

struct wait {
    uint64_t number;
    uint64_t person;
    struct record_identity referral; /* of the referral event now valid */
    instant_t last_time;             /* of its last event: the next is later */
    day_t referred;
    day_t start;     /* clock start */
    day_t told_from; /* the day on which the referral arrives */
    day_t ended;     /* DAY_NONE while it is open; also when it never ended but was said to */
    day_t told_end;  /* the day on which its end arrives, DAY_NONE while none is under way */
    day_t untold;    /* the day on which a wrong end is taken back; DAY_NONE when none is */
    day_t removed;   /* the day on which it will be closed as a duplicate or an error; DAY_NONE for a real one */
    day_t triage;    /* DAY_NONE once done */
    day_t allocated;
    day_t started;
    day_t paused_from; /* DAY_NONE when it never paused; one pause a wait */
    day_t paused_to;   /* when that pause ends or ended */
    day_t contact;     /* the next one */
    day_t last_contact;
    day_t reopens;    /* DAY_NONE, or when an ended wait comes back */
    int32_t patience; /* days after which it is dealt with whatever else waits, per cent of the longest wait */
    uint16_t worker;
    uint8_t stream; /* enum stream */
    uint8_t stage;
    int8_t team;
    int8_t district;
    int8_t client_group;
    uint8_t priority;
    uint8_t said_priority; /* on the referral; 0: only triage tells */
    uint8_t impact;
    uint8_t likelihood;
    uint8_t deprivation;
    bool stopped; /* the clock stopped at the start; only the completion is missing */
};

/* Where events go, and all that is counted over all waits. */
struct journal_of_events {
    struct random random;
    struct pending pending;
    uint32_t order;
    uint32_t sequence; /* of the register that knows dates only */
    uint64_t waits;
    bool silent; /* before the council's first day nothing is sent */
};

/* Local office hours, and the arrival of what is reported late. Every one makes an event on `day`; the wait's own facts are given. */
day_t journey_referred(struct journal_of_events *events, struct wait *wait, day_t day);
void journey_triaged(struct journal_of_events *events, struct wait *wait, day_t day);
void journey_allocated(struct journal_of_events *events, struct wait *wait, day_t day);
void journey_unallocated(struct journal_of_events *events, struct wait *wait, day_t day);
void journey_transferred(struct journal_of_events *events, struct wait *wait, day_t day);
void journey_started(struct journal_of_events *events, struct wait *wait, day_t day);
void journey_paused(struct journal_of_events *events, struct wait *wait, day_t day);
void journey_resumed(struct journal_of_events *events, struct wait *wait, day_t day);
void journey_contacted(struct journal_of_events *events, struct wait *wait, day_t day);
void journey_reopened(struct journal_of_events *events, struct wait *wait, day_t day);
/* Ends; return the day on which the council's system hears of it. */
day_t journey_completed(struct journal_of_events *events, struct wait *wait, day_t day);
day_t journey_closed(struct journal_of_events *events, struct wait *wait, day_t day, enum close_reason reason);
/* A completion that never was: told on `day`, taken back on the day returned. The wait goes on. */
day_t journey_completed_wrongly(struct journal_of_events *events, struct wait *wait, day_t day);
/* A completion with a wrong outcome, taken back and sent again right; the day it is heard of. */
day_t journey_completed_and_corrected(struct journal_of_events *events, struct wait *wait, day_t day);
/* The referral had a wrong district or score: it is taken back and sent again. */
void journey_referral_corrected(struct journal_of_events *events, struct wait *wait, day_t day);
/* All that is known of an open wait, sent at `arrival` by the first import; returns how many events. */
size_t journey_imported(struct journal_of_events *events, struct wait *wait, day_t day, instant_t arrival);

#endif
