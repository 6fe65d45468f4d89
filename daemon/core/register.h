/* The register: every wait of the council as it stands today, its counters and its open alerts; the one implementation of the rules.
 *
 * Life: register_create, register_replay_event / register_replay_alert over the journal in seq order, register_begin with today;
 * then for each turn register_accept for every accepted event and one register_settle; at each local midnight register_advance.
 * No I/O and no clock: histories are asked for through `struct history_source`, today and now are arguments. Not thread-safe. */
#ifndef WAITLIST_CORE_REGISTER_H
#define WAITLIST_CORE_REGISTER_H

#include "daemon/core/alert.h"
#include "daemon/core/position.h"

struct waiting_register;

#define WAITS_A_BREATH 256

/* How the register asks for accepted events; answers must hold what was accepted up to now, the open turn included. */
struct history_source {
    void *context;
    /* Every accepted event of the wait whose newest one is `newest_seq`, in any order; the array and its texts are valid until the next
     * call. */
    size_t (*load)(void *context, uint64_t newest_seq, const struct history_event **events);
    /* The accepted event with this identity; false when there is none. Valid as above. */
    bool (*find)(void *context, struct text source, struct text id, struct history_event *event);
};

/* All borrowed for the register's life, but the policies, which are copied. */
struct register_setup {
    const struct calendar *calendar;
    const struct policy_era *eras; /* the policies so far by rising day, at least one; the last is in force. Copied. */
    size_t era_count;
    struct history_source history;
    uint64_t hash_seed;  /* random, against chosen collisions */
    bool without_alerts; /* a register of the past: nothing is raised or resolved */
    /* Work over many waits tells that it goes on, every WAITS_A_BREATH of them; it may not touch the register. May be NULL. */
    void (*breathe)(void *context);
    void *breathe_context;
};

struct waiting_register *register_create(const struct register_setup *setup);
void register_destroy(struct waiting_register **reg);

/* The wait of a subject, from 1; made when unknown. */
uint32_t register_wait_of(struct waiting_register *reg, struct text subject);
/* The same, 0 when unknown. */
uint32_t register_find(const struct waiting_register *reg, struct text subject);
/* Events of the wait say other things than they did: it is folded anew with the turn, and the person's reference that was kept is
 * overwritten. */
void register_reread(struct waiting_register *reg, uint32_t wait);
/* The seq of the wait's newest accepted event, 0 without any: what the journal chains the next one to. */
uint64_t register_newest_seq(const struct waiting_register *reg, uint32_t wait);

/* One transition of one alert (rules, section 8). Texts are borrowed from the register and stay valid. Where the rule is about no wait, the
 * subject names what it is about, and pathway and team may be absent. */
#define ALERT_VALUE_NONE INT32_MIN
struct alert_transition {
    uint64_t alert_seq;
    uint64_t raised_seq;         /* names the alert: the seq of its first transition */
    uint64_t previous_alert_seq; /* of the same subject; 0: none */
    enum alert_change change;
    enum alert_rule rule;
    int32_t level; /* ALERT_LEVEL_NONE: none */
    enum severity severity;
    enum alert_reason reason;
    struct text subject;
    struct text pathway;
    struct text team;
    struct text from_team; /* of `moved`; else absent */
    int32_t days;          /* of a rule that is about no wait: what was measured, ALERT_VALUE_NONE: nothing */
    int32_t standard;      /* today's, as `days`; of a rule that is about no wait: the limit */
    day_t occurred_on;
    instant_t at;
    bool late; /* raised on a later day than it occurred */
    /* Of `acknowledged` and `overdue`, and of an open alert: its newest acknowledgement. `by` is absent where nobody acknowledged it; then
     * none of the others counts. */
    struct text by;
    struct text note;  /* absent: none */
    day_t expected_by; /* DAY_NONE: not said */
    instant_t acknowledged_at;
    bool is_overdue;
};

/* Replay: what the journal holds, in seq order, before register_begin. */
void register_replay_event(struct waiting_register *reg, const struct event *event, uint64_t seq);
/* Before the first replayed event: register_begin will be told this day, which lies before the newest events. They are then not folded;
 * `goes_on`: but made ready for register_advance to come to their days, which takes longer. */
void register_replay_until(struct waiting_register *reg, day_t today, bool goes_on);
void register_replay_alert(struct waiting_register *reg, const struct alert_transition *transition);
/* The number that the next alert transition gets; set from the journal before register_begin. */
void register_set_next_alert_seq(struct waiting_register *reg, uint64_t alert_seq);

/* Ends the replay: counts every wait as of `today` and settles what alerts hold now and what no longer does.
 * `raise`: false resolves only (a policy that is about to be replaced). */
void register_begin(struct waiting_register *reg, day_t today, instant_t now, bool raise);
/* Told of each day that ends while the register goes on, before the next one begins: counts are those of the end of register_today, the
 * open alerts those of the last settling. It reads and changes nothing. */
struct day_watch {
    void (*ended)(void *context, struct waiting_register *reg);
    void *context;
};
/* The same with every day from `first` to `today` counted on the way. `watch` may be NULL. */
void register_begin_from(struct waiting_register *reg, day_t first, day_t today, instant_t now, bool raise, const struct day_watch *watch);

/* Takes one accepted event; its effects show after register_settle. */
void register_accept(struct waiting_register *reg, const struct event *event, uint64_t seq);
/* Ends a turn: counts and alerts follow everything accepted since the last time. */
void register_settle(struct waiting_register *reg, instant_t now);
/* Begins the next local day, `today` + 1, and settles. Work only for the waits that cross a threshold. */
void register_advance(struct waiting_register *reg, instant_t now);
/* The same over several days that were slept through: only what holds on the last of them is raised (rules, section 8). `watch` may be
 * NULL. */
void register_advance_to(struct waiting_register *reg, day_t today, instant_t now, const struct day_watch *watch);
/* What is about no wait and holds now: a feed that is silent, a quarantine or a queue over its limit. Texts are copied. No two have the
 * same rule and subject. */
struct standing_condition {
    enum alert_rule rule;
    enum severity severity;
    struct text subject;
    struct text pathway; /* absent: of none */
    struct text team;
    int32_t value; /* ALERT_VALUE_NONE: nothing was measured */
    int32_t limit;
    day_t occurred_on; /* today at most */
};
#define STANDING_SUBJECT_MAX 256
/* Raises and resolves the difference between these, which are all that hold, and what is open. */
void register_settle_standing(struct waiting_register *reg, const struct standing_condition *holding, size_t count, instant_t now);
/* Whether an alert of the rule about the subject is open. */
bool register_is_standing(const struct waiting_register *reg, enum alert_rule rule, struct text subject);
/* Whether there are transitions that register_take_transitions has not given yet. */
bool register_has_transitions(const struct waiting_register *reg);

/* Somebody deals with an open alert. The caller has checked the texts; they are copied. */
#define ACKNOWLEDGED_BY_MAX 128
#define ACKNOWLEDGED_NOTE_MAX 500
#define ACKNOWLEDGED_DAYS_MAX 366 /* how far ahead `expected_by` may lie */
struct acknowledgement {
    enum alert_rule rule;
    struct text subject;
    uint64_t raised_seq; /* names the alert */
    struct text by;
    struct text note;  /* absent: none */
    day_t expected_by; /* DAY_NONE: not said */
};
enum acknowledge_result {
    ACKNOWLEDGE_TAKEN,
    ACKNOWLEDGE_REPEATED, /* the newest acknowledgement says the same: nothing was changed */
    ACKNOWLEDGE_BAD_DAY,  /* expected_by is past or too far ahead: nothing was changed */
    ACKNOWLEDGE_NOT_OPEN  /* the wait has no such open alert: nothing was changed */
};
/* Its transition is the next one of this turn, which register_settle must end. `*alert_seq`: of the transition, also when it is repeated.
 */
enum acknowledge_result register_acknowledge(struct waiting_register *reg, const struct acknowledgement *acknowledgement, instant_t now,
                                             uint64_t *alert_seq);
/* A new policy from today on; every wait is counted again. Refused (false) when a pathway that has waits is missing: its name is in
 * `missing`; or, `missing` being absent, when there were more pathways over time than can be told apart. */
bool register_set_policy(struct waiting_register *reg, const struct policy *policy, const struct calendar *calendar, instant_t now,
                         struct text *missing);

/* The transitions since the last call, in alert seq order; borrowed until the next call that changes the register. */
const struct alert_transition *register_take_transitions(struct waiting_register *reg, size_t *count);

day_t register_today(const struct waiting_register *reg);
const struct policy *register_policy(const struct waiting_register *reg);
uint64_t register_next_alert_seq(const struct waiting_register *reg);

struct register_figures {
    uint64_t waits; /* with a referral */
    uint64_t open;  /* waiting or scheduled */
    uint64_t open_alerts;
    uint64_t exceptions;
    uint64_t queues;
    uint64_t cells;
    uint64_t refolds;             /* histories read since the start */
    uint64_t touched_at_midnight; /* waits looked at by the last register_advance */
};
void register_figures(const struct waiting_register *reg, struct register_figures *figures);

/* One wait, as queries show it (docs/protocol.md, Shapes). Texts are borrowed from the register and stay valid. */
struct wait_view {
    struct text subject;
    struct text pathway;
    struct text team;
    struct text district;
    struct text client_group;
    struct text person;
    struct text worker;
    struct text dimensions; /* "name=value;…" */
    struct text reason;
    struct text outcome;
    uint8_t priority;
    uint8_t impact;
    uint8_t likelihood;
    enum stage stage;
    struct clock_reading clock;
    bool has_days_to_breach; /* it waits or is scheduled */
    int32_t days_to_breach;
    day_t breach_on;
    day_t last_contact;
    bool no_contact;
    uint32_t exceptions;
    instant_t last_event_at;
    uint64_t newest_seq;
    uint64_t newest_alert_seq;
};
/* False when the wait has no referral (then only subject, exceptions and the seqs are filled in). */
bool register_view(const struct waiting_register *reg, uint32_t wait, struct wait_view *view);

/* A wait that is over, for the rule of retention (rules, section 3). */
struct wait_end {
    struct text subject; /* borrowed, as of a view */
    struct text pathway;
    day_t ended;
    uint64_t newest_seq;
};
/* How many waits there are, those without a referral too: they are numbered from 1. */
uint32_t register_wait_count(const struct waiting_register *reg);
/* Whether the wait ended before the day, and nothing was recorded of it on that day or later, or is still to come. */
bool register_ended_before(const struct waiting_register *reg, uint32_t wait, day_t before, struct wait_end *end);

/* One event of a wait and what it did, in fold order; retractions among them at their place by time. */
struct event_outcome {
    const struct history_event *event;
    enum effect effect;
};
/* How many; `*outcomes` is valid until the next call that changes the register or asks for a history. */
size_t register_outcomes(struct waiting_register *reg, uint32_t wait, const struct event_outcome **outcomes);

/* Calls `each` for every open alert, in no promised order: its raising transition, with the team and severity that it has now and its
 * newest acknowledgement; texts borrowed. */
void register_each_open_alert(const struct waiting_register *reg, void (*each)(void *context, const struct alert_transition *alert),
                              void *context);

/* Queues: pathway × team, numbered from 0 in order of appearance. */
size_t register_queue_count(const struct waiting_register *reg);
void register_queue_names(const struct waiting_register *reg, size_t queue, struct text *pathway, struct text *team);
void register_queue_position(const struct waiting_register *reg, size_t queue, struct position *position);
/* Numbers of the queues that changed since the last call, by an event or a midnight; borrowed until the next change. */
const uint32_t *register_take_changed_queues(struct waiting_register *reg, size_t *count);

#endif
