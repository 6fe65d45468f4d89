/* A register driven by a history beside the oracle: a journal in memory, an admission that drops known identities, and a verdict. */
#ifndef WAITLIST_TESTS_RUN_H
#define WAITLIST_TESTS_RUN_H

#include "daemon/core/register.h"
#include "tests/property/generator.h"
#include "tests/property/oracle.h"

#define ALERT_LOG_MAX 20000
#define TRACKED_MAX 400
#define QUEUES_MAX 64

/* The first thing that was wrong. */
struct verdict {
    bool failed;
    const char *format; /* tells what kind of failure it is */
    char text[1000];
};

__attribute__((format(printf, 2, 3))) void verdict_fail(struct verdict *verdict, const char *format, ...);

/* The accepted events in seq order. What it hands out is a copy that is gone with the next call, as the register's contract has it. */
struct memory_journal {
    size_t count;
    size_t visible; /* how many of them `find` sees */
    struct history_event events[HISTORY_EVENTS_MAX];
    struct history_event *handed_out;
    char *texts;
};

/* An alert that is open as the transitions tell it. */
struct tracked_alert {
    struct alert_transition raised;
    struct text team;
    enum severity severity;
    struct acknowledgement acknowledged; /* the newest one; `by` is absent without any */
    instant_t acknowledged_at;
    bool is_untold;  /* its transition is still to come */
    bool is_overdue; /* it was raised to the next severity for it */
};

struct tracked_alerts {
    size_t count;
    struct tracked_alert alerts[TRACKED_MAX];
};

/* Every wait at the end of one day as the oracle has it. */
struct snapshot {
    day_t today;
    const struct policy *policy;
    size_t count;
    struct text subjects[HISTORY_WAITS_MAX];
    struct oracle_wait waits[HISTORY_WAITS_MAX];
    uint32_t exceptions[HISTORY_WAITS_MAX];
};

struct run {
    const struct world *world;
    const struct history *history;
    struct verdict *verdict;
    struct oracle *oracle;
    struct waiting_register *reg;
    struct memory_journal journal;
    size_t era_count;
    struct policy_era eras[HISTORY_POLICIES_MAX + 1]; /* and one for a start with a new policy */
    day_t today;
    instant_t now;
    struct snapshot snapshot;
    struct tracked_alerts tracked;
    uint64_t next_alert_seq;
    size_t alert_count;
    struct alert_transition alert_log[ALERT_LOG_MAX];
    size_t log_after[ALERT_LOG_MAX]; /* how many events were accepted before the transition */
    size_t queue_count;
    struct position queues[QUEUES_MAX]; /* as they were last seen */
};

/* A register over the journal, with the run's policies so far, that has not begun. */
struct waiting_register *run_new_register(const struct run *run, struct memory_journal *journal);
void journal_clear(struct memory_journal *journal); /* frees what it handed out */
/* Appends the event unless its identity is known. The seq it got; 0: a duplicate. */
uint64_t journal_admit(struct memory_journal *journal, const struct event *event);
/* What the register is given: a copy that is spoiled after the call. */
void journal_give(struct memory_journal *journal, uint64_t seq, struct waiting_register *reg,
                  void (*take)(struct waiting_register *reg, const struct event *event, uint64_t seq));

void run_begin(struct run *run, const struct world *world, const struct history *history, struct verdict *verdict);
void run_end(struct run *run);
/* One step of the history. False when the step cannot be: an event too far in the future. */
bool run_step(struct run *run, const struct step *step);
/* Makes the oracle's snapshot of the day. */
void run_snapshot(const struct run *run, day_t day, struct snapshot *snapshot);
void snapshot_make(const struct oracle *oracle, day_t day, struct snapshot *snapshot);
void run_add_era(struct run *run, const struct policy *policy);

#endif
