/* The rules of a wait once more, as naively as they can be written: every answer is recomputed from the list of accepted events.
 * It shares nothing with the daemon's core but struct event, struct policy (as data) and the table of midnights. */
#ifndef WAITLIST_TESTS_ORACLE_H
#define WAITLIST_TESTS_ORACLE_H

#include "daemon/core/policy.h"

#define ORACLE_DIMENSIONS_MAX 16
#define ORACLE_PAUSES_MAX 64
#define ORACLE_CONDITIONS_MAX (2 * POLICY_LEVELS_MAX + 3)
#define ORACLE_BANDS_MAX (POLICY_BANDS_MAX + 1)

enum oracle_stage { ORACLE_UNALLOCATED, ORACLE_ALLOCATED, ORACLE_IN_PROGRESS, ORACLE_COMPLETED, ORACLE_CLOSED };
enum oracle_status { ORACLE_NO_WAIT, ORACLE_SCHEDULED, ORACLE_WAITING, ORACLE_ENDED, ORACLE_EXCLUDED };
enum oracle_rule { ORACLE_APPROACHING, ORACLE_BREACH, ORACLE_ESCALATION, ORACLE_CONTACT_OVERDUE };

/* What the fold makes of an accepted event. */
enum oracle_effect {
    ORACLE_TAKES_EFFECT,
    ORACLE_NEVER_HAPPENED, /* retracted */
    ORACLE_DUPLICATE_REFERRAL,
    ORACLE_NO_REFERRAL,
    ORACLE_AFTER_END,
    ORACLE_NOT_ALLOCATED,
    ORACLE_ALREADY_PAUSED,
    ORACLE_NOT_PAUSED,
    ORACLE_ALREADY_STARTED,
    ORACLE_WRONG_COMPLETION,
    ORACLE_NOT_ENDED,
    ORACLE_RETRACTS_UNKNOWN,
    ORACLE_CANNOT_RETRACT
};

struct oracle_pause {
    day_t from;
    day_t to; /* DAY_NONE while it is open */
};

/* One wait at the end of a day. */
struct oracle_wait {
    enum oracle_status status;
    enum oracle_stage stage;
    struct text referred_to;
    int pathway; /* its index in the policy */
    struct text person;
    struct text team;
    struct text district;
    struct text client_group;
    struct text worker;
    int priority;
    int impact;
    int likelihood;
    size_t dimension_count;
    struct event_dimension dimensions[ORACLE_DIMENSIONS_MAX];
    day_t start;
    day_t started;
    day_t ended;
    day_t stop;
    bool stopped_by_start; /* by an assessment that started, not by the end behind it */
    struct text reason;    /* of the closing */
    struct text outcome;   /* of the completion */
    day_t last_contact;
    bool is_paused;
    size_t pause_count;
    struct oracle_pause pauses[ORACLE_PAUSES_MAX];
    instant_t last_event_at;     /* the latest `time` of its events that happened, whether they took effect or not */
    const struct policy *policy; /* in force at the end of the day */

    int32_t gross;
    int32_t paused_days;
    int32_t net;
    int32_t days;
    int32_t standard;
    bool breach;
    bool due;
    bool no_contact;
};

struct oracle_condition {
    enum oracle_rule rule;
    int32_t level; /* 0 for a rule without levels */
};

/* A position (rules, section 6). The statistics are null where waiting is 0. */
struct oracle_position {
    uint32_t waiting;
    uint32_t unallocated;
    uint32_t allocated;
    uint32_t in_progress;
    uint32_t paused;
    uint32_t breach;
    uint32_t due;
    uint32_t scheduled;
    uint32_t no_contact;
    int32_t longest;
    int32_t median_doubled;
    int32_t mean_tenths;
    int32_t p90;
    uint32_t bands[ORACLE_BANDS_MAX];
};

struct oracle;

/* Borrows the tables (with their midnights and holidays) and the calendar for its life. */
struct oracle *oracle_create(const struct calendar *calendar, const struct calendar_tables *tables);
void oracle_destroy(struct oracle **oracle);
/* The policy in force from the end of the day `from` on; the first one whatever its day also before. In rising order of `from`; borrowed.
 */
void oracle_add_policy(struct oracle *oracle, day_t from, const struct policy *policy);
const struct policy *oracle_policy_on(const struct oracle *oracle, day_t day);
size_t oracle_policy_changes_on(const struct oracle *oracle, day_t day);

/* Takes the event into the list; its texts are borrowed. The index of the event. An identity already in the list is a duplicate: SIZE_MAX.
 */
size_t oracle_accept(struct oracle *oracle, const struct event *event);
/* What would have been said of the day by somebody who knew the first events only, and no policy that began later. */
struct oracle *oracle_of_past(const struct oracle *oracle, size_t event_count, day_t day);
size_t oracle_event_count(const struct oracle *oracle);
const struct event *oracle_event(const struct oracle *oracle, size_t index);
day_t oracle_event_day(const struct oracle *oracle, size_t index); /* of its effective time */
instant_t oracle_event_effective(const struct oracle *oracle, size_t index);
/* What became of the event, over all the events as known and whatever the day. */
enum oracle_effect oracle_effect_of(const struct oracle *oracle, size_t index);
/* Its place among the events of its wait in fold order, retracted ones and retractions left out; SIZE_MAX for those. */
size_t oracle_fold_place(const struct oracle *oracle, size_t index);
const char *oracle_effect_name(enum oracle_effect effect);

/* The distinct subjects of the accepted events, in the order of their bytes. */
size_t oracle_subject_count(const struct oracle *oracle);
struct text oracle_subject(const struct oracle *oracle, size_t index);

/* The wait at the end of the day. */
void oracle_measure(const struct oracle *oracle, struct text subject, day_t day, struct oracle_wait *wait);
/* The state after the first `limit` of its events up to the day, with the status that the newest policy gives it; nothing is counted. */
void oracle_stand(const struct oracle *oracle, struct text subject, day_t day, size_t limit, struct oracle_wait *wait);
/* The number of days that the clock of this state would show on another day if nothing happens until then. */
int32_t oracle_days_on(const struct oracle *oracle, const struct oracle_wait *wait, day_t day);
/* The conditions of switched-on rules that hold for the state at the end of the day. How many. */
size_t oracle_conditions(const struct oracle_wait *wait, struct oracle_condition out[ORACLE_CONDITIONS_MAX]);
/* Whether the condition holds on the day, be its rule switched on or off. */
bool oracle_condition_holds(const struct oracle *oracle, struct text subject, struct oracle_condition condition, day_t day);
/* Whether the condition held at some moment of the day: as it began, after each of its events, by each policy that was in force on it. */
bool oracle_condition_held_within(const struct oracle *oracle, struct text subject, struct oracle_condition condition, day_t day);
/* The first day of the unbroken run of days up to `day` on which the condition holds; DAY_NONE when it does not hold on `day`. */
day_t oracle_occurred_on(const struct oracle *oracle, struct text subject, struct oracle_condition condition, day_t day);

/* One transition (rules, section 6, "Flow"), found by looking at the wait after each of its events and at the end of each day. */
enum oracle_transition_kind {
    ORACLE_FLOW_STARTED,
    ORACLE_FLOW_COMPLETED,
    ORACLE_FLOW_CLOSED,
    ORACLE_FLOW_REOPENED,
    ORACLE_FLOW_TRANSFERRED_IN,
    ORACLE_FLOW_TRANSFERRED_OUT,
    ORACLE_FLOW_CONTACT
};
struct oracle_transition {
    enum oracle_transition_kind kind;
    day_t day;       /* on which it counts */
    day_t values_on; /* the end of this day says whom it belongs to, how long they waited and by which standard */
    struct text reason;
};
/* The transitions of the wait that count from `from` to `to`, in no promised order. How many; more than `size` are our own mistake. */
size_t oracle_flow(const struct oracle *oracle, struct text subject, day_t from, day_t to, struct oracle_transition *out, size_t size);

/* Longest, median, mean, p90 and bands of n days (n > 0), which are sorted. */
void oracle_statistics(const struct policy *policy, int32_t *days, size_t n, struct oracle_position *position);
/* The position of these waits, all measured on one day. */
void oracle_position(const struct policy *policy, const struct oracle_wait *const *waits, size_t count, struct oracle_position *position);

#endif
