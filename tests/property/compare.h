/* Holding a register against the oracle: waits, queues, alerts, transitions, outcomes and queries. */
#ifndef WAITLIST_TESTS_COMPARE_H
#define WAITLIST_TESTS_COMPARE_H

#include "daemon/core/selection.h"
#include "tests/property/run.h"

/* Every wait view against the snapshot. */
void compare_waits(const struct waiting_register *reg, const struct oracle *oracle, const struct snapshot *snapshot,
                   struct verdict *verdict);
void compare_position(const struct position *position, const struct oracle_position *expected, size_t band_count, const char *what,
                      struct verdict *verdict);
/* Every queue, and that none is missing. */
void compare_queues(const struct waiting_register *reg, const struct snapshot *snapshot, struct verdict *verdict);
/* Law 8: an alert is open if and only if its condition holds. */
void compare_open_alerts(const struct waiting_register *reg, const struct snapshot *snapshot, const struct tracked_alerts *tracked,
                         struct verdict *verdict);
/* What each event of each wait did, and in which order. */
void compare_outcomes(struct waiting_register *reg, const struct oracle *oracle, const struct memory_journal *journal, day_t today,
                      struct verdict *verdict);
void compare_figures(const struct waiting_register *reg, const struct snapshot *snapshot, const struct tracked_alerts *tracked,
                     struct verdict *verdict);

/* Takes the register's transitions and holds each against the rules of section 8; follows them in `tracked`. */
struct transition_check {
    const struct oracle *oracle;
    const struct snapshot *snapshot;
    instant_t now;
    uint64_t next_alert_seq;
    struct tracked_alerts *tracked;
};
const struct alert_transition *compare_transitions(struct waiting_register *reg, struct transition_check *check, size_t *count,
                                                   struct verdict *verdict);

/* One random summary, distribution and listing. */
void compare_random_summary(struct waiting_register *reg, const struct snapshot *snapshot, struct random *random, struct verdict *verdict);
void compare_random_distribution(struct waiting_register *reg, const struct snapshot *snapshot, struct random *random,
                                 struct verdict *verdict);
void compare_random_listing(struct waiting_register *reg, const struct snapshot *snapshot, struct random *random, struct verdict *verdict);
/* Law 5, from the register alone: the parts of each grouping add up to its total, and all totals are the same. */
void compare_parts(struct waiting_register *reg, struct verdict *verdict);

#endif
