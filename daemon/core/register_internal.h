/* What the files of the register share; nobody else includes it. */
#ifndef WAITLIST_CORE_REGISTER_INTERNAL_H
#define WAITLIST_CORE_REGISTER_INTERNAL_H

#include "daemon/core/groups.h"
#include "daemon/core/register.h"
#include "daemon/core/retraction.h"
#include "daemon/core/texts.h"

#define RECORDS_A_PAGE 4096
#define ALERTS_A_PAGE 1024
#define GROUP_NONE UINT32_MAX
#define PATHWAYS_EVER_MAX 254
#define EVENTS_COUNTED_MAX UINT16_MAX

enum record_flag {
    RECORD_COUNTED = 1,      /* its contribution is in the tallies */
    RECORD_HAS_SEQUENCE = 2, /* some event had a `sequence`: ties in time must be refolded */
    RECORD_HAS_FUTURE = 4,   /* some accepted event's day has not begun */
    RECORD_EXCLUDED = 8,     /* its final state counts in no measure */
    RECORD_STALE = 16,       /* replay left the refold for register_begin */
    RECORD_TOUCHED = 32,     /* it is in the touched list, at wake_next */
    RECORD_REACHES_BACK = 64 /* some folded event's effective time lies before its `time`: the last place in fold order is not known */
};

/* One wait. Waits are numbered from 1; links between them use 0 for none. */
struct record {
    struct wait_state state;
    uint32_t newest_seq; /* an archive of 2^32 events has no room in memory either */
    uint32_t newest_alert_seq;
    uint32_t queue;
    uint32_t cell;
    uint32_t member_place; /* in its queue's members */
    uint32_t wake_next;    /* in the agenda; of a touched wait its place in the touched list */
    uint32_t wake_previous;
    day_t wake_day; /* DAY_NONE: not in the agenda */
    uint32_t first_alert;
    uint16_t event_count; /* saturates */
    uint16_t retraction_exceptions;
    uint8_t last_rank;
    uint8_t flags;
};

/* A wait that this turn changed. */
struct touched {
    uint32_t wait;
    day_t from_day; /* the earliest effective day of what came in; INT32_MAX: nothing but time passed */
    bool refold;
};

/* An open alert as it was raised. */
struct alert_node {
    uint64_t raised_seq; /* 0: free */
    instant_t at;
    uint32_t wait;
    uint32_t next;            /* of the same wait; of a free one the next free one */
    uint32_t team;            /* today's */
    uint32_t acknowledgement; /* 0: none */
    int32_t days;
    int32_t standard;
    int32_t level;
    day_t occurred_on;
    uint8_t pathway;
    uint8_t rule;
    uint8_t severity : 4;
    uint8_t late : 1;
    uint8_t is_doubtful : 1; /* what has become known since it was raised may say that it never held on its day */
};

/* The newest acknowledgement of an open alert, numbered from 1. */
struct acknowledgement_node {
    uint64_t alert_seq; /* of its transition */
    instant_t at;
    uint32_t by; /* in the register's notes */
    uint32_t note;
    day_t expected_by;
    bool is_overdue; /* it was raised to the next severity for it */
    uint32_t next;   /* of a free one the next free one */
};

/* An open alert that is about no wait: `node.wait` is 0, `node.days` what was measured, `node.standard` the limit. The texts are in the
 * register's notes. */
struct standing_alert {
    struct alert_node node;
    uint32_t name; /* in standing_names: of rule and subject */
    uint32_t subject;
    uint32_t pathway;
    uint32_t team;
    bool holds;
};

/* A wait in the list of its queue, with what tells its days without a look at the wait. */
struct member {
    uint32_t wait;
    int32_t key; /* while it runs, of its clock (clock.h); else its days */
    uint8_t status;
    bool runs; /* its days grow with every day of its unit */
};

/* Every wait of a queue: those waiting or scheduled, and apart from them those that ended or are excluded. */
struct members {
    struct member *open;
    size_t open_count;
    size_t open_capacity;
    uint32_t *past; /* waits: nobody watches the days of those */
    size_t past_count;
    size_t past_capacity;
    bool changed;
};

struct sorted_event {
    instant_t effective_time;
    const struct history_event *event;
};

struct waiting_register {
    const struct calendar *calendar;
    struct history_source history;
    void (*breathe)(void *context);
    void *breathe_context;
    uint64_t hash_seed;
    struct policy_era *eras; /* the last is in force */
    size_t era_count;
    size_t era_capacity;
    struct policy **policies; /* every policy ever in force, owned: a pathway that is gone keeps its last definition */
    size_t policy_count;
    size_t policy_capacity;
    struct names *names;    /* teams, districts, workers, people … */
    struct names *subjects; /* a wait's number is its subject's */
    uint32_t wait_asked;    /* the last one that was asked for by its subject */
    struct texts *people;   /* each wait's own: most people wait for one thing */
    uint32_t person_before; /* of the wait being folded anew: its number is used again where the person is the same */
    struct names *pathway_names;
    const struct pathway_policy *pathways[PATHWAYS_EVER_MAX]; /* the last rules of each pathway, by its number */
    struct fold fold;                                         /* for looking back: keeps nobody */
    struct fold keeping_fold;                                 /* for the records */
    struct record **pages;
    size_t page_count;
    size_t page_capacity;
    uint64_t *pathway_waits; /* waits with a referral, by pathway number */
    struct groups *queues;
    struct members *members; /* by queue */
    size_t member_capacity;
    uint32_t *changed_queues;
    size_t changed_count;
    size_t changed_capacity;
    struct groups *cells;
    struct retractions *retractions;
    day_t today; /* INT32_MAX during replay: nothing is in the future */
    bool live;
    uint32_t *wake_heads; /* by day - wake_base */
    day_t wake_base;
    size_t wake_days;
    size_t wake_capacity;
    struct touched *touched;
    size_t touched_count;
    size_t touched_capacity;
    uint32_t *woken; /* waits that days passed over have changed, whose alerts are not settled yet; some twice */
    size_t woken_count;
    size_t woken_capacity;
    struct alert_node **alert_pages; /* alerts from 1; free ones chained through `next` */
    size_t alert_page_count;
    size_t alert_page_capacity;
    size_t alert_count;
    uint32_t free_alert;
    uint64_t open_alerts;
    struct acknowledgement_node *acknowledgements;
    size_t acknowledgement_count;
    size_t acknowledgement_capacity;
    uint32_t free_acknowledgement;
    struct texts *notes;             /* who acknowledged, and their notes: as few as people write */
    struct standing_alert *standing; /* in no order */
    size_t standing_count;
    size_t standing_capacity;
    struct names *standing_names;
    uint32_t *standing_places; /* by name: its place in `standing` and one; 0: not open */
    size_t standing_place_capacity;
    uint64_t next_alert_seq;
    struct alert_transition *transitions;
    size_t transition_count;
    size_t transition_capacity;
    bool transitions_taken;
    struct sorted_event *sorted; /* the history last loaded */
    const struct history_event **sorted_events;
    uint64_t sorted_seq; /* the newest seq of the history that is at hand for alerts; 0: none */
    size_t sorted_count;
    size_t sorted_capacity;
    size_t sorted_events_capacity;
    struct event_outcome *outcomes;
    size_t outcome_capacity;
    struct position_builder *builder;
    uint64_t refolds;
    uint64_t touched_at_midnight;
    day_t next_event_day; /* of the wait that was folded last: the first day whose events were left out */
    bool raise;
    bool without_alerts;
    bool goes_on; /* a replay makes later events ready for the days to come */
};

struct record *register_record(const struct waiting_register *reg, uint32_t wait);
uint32_t register_count(const struct waiting_register *reg);
/* The records of subjects that were taken up at once. */
void register_make_records(struct waiting_register *reg);
const struct pathway_policy *register_pathway(const struct waiting_register *reg, const struct record *record);
void register_read_clock(const struct waiting_register *reg, const struct record *record, struct clock_reading *reading);
/* Marks the wait as changed and takes its contribution out of the tallies. */
struct touched *register_touch(struct waiting_register *reg, uint32_t wait, day_t from_day);

/* history.c: the wait's accepted, not retracted events in fold order, in reg->sorted. */
struct wait_history register_load_history(struct waiting_register *reg, const struct record *record);
/* What later events must know of one that was folded. */
void register_note_folded(struct record *record, const struct event *event, instant_t effective_time);
/* Folds the wait anew from its events. */
void register_refold(struct waiting_register *reg, uint32_t wait);

/* open_alerts.c */
struct alert_node *register_alert(const struct waiting_register *reg, uint32_t alert);
/* Opens an alert of the wait with what `node` says of it. */
struct alert_node *register_open_alert(struct waiting_register *reg, const struct alert_node *node);
void register_settle_alerts(struct waiting_register *reg, const struct touched *touched, instant_t now);
/* Appends a transition of an alert as it stands, numbered and chained to the subject's previous one. */
struct alert_transition *register_record_transition(struct waiting_register *reg, const struct alert_node *node, enum alert_change change,
                                                    const struct clock_reading *reading, instant_t now);

struct alert_transition *register_push_transition(struct waiting_register *reg);

/* standing.c */
void register_show_standing(const struct waiting_register *reg, const struct standing_alert *alert, struct alert_transition *shown);
void register_replay_standing(struct waiting_register *reg, const struct alert_transition *transition);
/* Opens one with what `node` says of it. */
struct standing_alert *register_open_standing(struct waiting_register *reg, const struct alert_node *node, struct text subject,
                                              struct text pathway, struct text team);
struct standing_alert *register_find_standing(const struct waiting_register *reg, enum alert_rule rule, struct text subject);
/* Appends a transition of an alert as it stands, numbered. */
struct alert_transition *register_record_standing(struct waiting_register *reg, const struct standing_alert *alert,
                                                  enum alert_change change, instant_t now);

/* acknowledging.c */
/* What the journal says of an alert that is open: its severity, and who deals with it. */
void register_replay_acknowledgement(struct waiting_register *reg, struct alert_node *node, const struct alert_transition *transition);
void register_note_acknowledgement(struct waiting_register *reg, struct alert_node *node, const struct acknowledgement_node *noted);
void register_forget_acknowledgement(struct waiting_register *reg, struct alert_node *node);
/* What the newest acknowledgement says, into a transition; nothing where there is none. */
void register_show_acknowledgement(const struct waiting_register *reg, const struct alert_node *node, struct alert_transition *shown);
/* Raises the alert to the next severity when its acknowledgement expected it to be resolved by a day that is over; whether it did. */
bool register_make_overdue(struct waiting_register *reg, struct alert_node *node);
/* The next day after today on which that happens to an alert of the wait; DAY_NONE: none. */
day_t register_next_overdue(const struct waiting_register *reg, const struct record *record);

/* counting.c: tallies, members, agenda. */
void register_count_wait(struct waiting_register *reg, uint32_t wait);
void register_uncount_wait(struct waiting_register *reg, uint32_t wait);
/* Once for every time that somebody asks. */
void register_note_queue(struct waiting_register *reg, uint32_t queue);
/* Takes the waits that wake on `day` out of the agenda: the first of a chain by wake_next. */
uint32_t register_take_waking(struct waiting_register *reg, day_t day);

#endif
