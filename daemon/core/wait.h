/* Folding one wait (rules, section 4): its state as a function of its events in fold order. */
#ifndef WAITLIST_CORE_WAIT_H
#define WAITLIST_CORE_WAIT_H

#include "daemon/core/names.h"
#include "daemon/core/policy.h"

enum stage { STAGE_NONE, STAGE_UNALLOCATED, STAGE_ALLOCATED, STAGE_IN_PROGRESS, STAGE_COMPLETED, STAGE_CLOSED };
#define STAGE_COUNT (STAGE_CLOSED + 1)

/* What an event did: it took effect, or it is recorded as an exception and has none. */
enum effect {
    EFFECT_APPLIED,
    EFFECT_DUPLICATE_REFERRAL,
    EFFECT_NO_REFERRAL,
    EFFECT_AFTER_END,
    EFFECT_NOT_ALLOCATED,
    EFFECT_ALREADY_PAUSED,
    EFFECT_NOT_PAUSED,
    EFFECT_ALREADY_STARTED,
    EFFECT_WRONG_COMPLETION,
    EFFECT_NOT_ENDED,
    EFFECT_RETRACTS_UNKNOWN,
    EFFECT_CANNOT_RETRACT,
    EFFECT_RETRACTED, /* no exception: a later record says that it never happened */
    EFFECT_PENDING,   /* no exception: its day has not begun */
    EFFECT_COUNT
};

const char *stage_name(enum stage stage);    /* "" for STAGE_NONE */
const char *effect_name(enum effect effect); /* the exception's code; "applied", "retracted", "pending" for the others */
bool effect_is_exception(enum effect effect);

/* Names are numbers of the register's `names`; NAME_ABSENT when not given. Days are DAY_NONE when there is none. */
struct wait_state {
    instant_t last_event_at; /* the latest `time` of its events, INSTANT_NONE without any */
    uint32_t person;         /* as the fold's keep_person numbers it; NAME_ABSENT where nobody keeps people */
    uint32_t team;
    uint32_t district;
    uint32_t client_group;
    uint32_t worker;
    uint32_t dimensions; /* "name=value;name=value", sorted by name */
    uint32_t end_code;   /* the reason of a wait that was closed, the outcome of one that was completed */
    day_t start;
    day_t ended;
    day_t started;
    day_t last_contact;
    day_t paused_since; /* the open pause */
    day_t changed_on;   /* the last day on which an event changed what the clock says */
    /* Days of closed pauses after the start, in calendar and in working days; and the same up to the day the assessment started. */
    uint16_t paused_days;
    uint16_t paused_working_days;
    uint16_t paused_days_at_start_of_assessment;
    uint16_t paused_working_days_at_start_of_assessment;
    uint16_t exceptions;
    uint8_t pathway; /* index into the fold's pathways; 0xff before the referral */
    uint8_t priority;
    uint8_t impact;
    uint8_t likelihood;
    uint8_t stage;
};

/* What folding needs beside the events. Borrowed. */
struct fold {
    const struct calendar *calendar;
    struct names *names;
    const struct pathway_policy *const *pathways; /* by the number that pathway_number gives */
    /* The number of a pathway's name; the caller accepted only pathways that it knows. */
    uint8_t (*pathway_number)(const void *context, struct text name);
    const void *context;
    /* Keeps the person's reference and gives its number; NULL: who waits is of no interest. */
    uint32_t (*keep_person)(void *keeper, struct text person);
    void *keeper;
};

void wait_state_init(struct wait_state *state);
/* Applies the next event in fold order; `day` is its effective day. Not for retractions. */
enum effect wait_state_apply(struct wait_state *state, const struct event *event, day_t day, const struct fold *fold);
/* Closed as `recorded_in_error` or `duplicate`: counts in no measure of any date. */
bool wait_state_is_excluded(const struct wait_state *state, const struct names *names);

#endif
