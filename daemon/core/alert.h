/* Alerts (rules, section 8): their names, and of those about waits the conditions, their thresholds, and the days on which a wait met them.
 */
#ifndef WAITLIST_CORE_ALERT_H
#define WAITLIST_CORE_ALERT_H

#include "daemon/core/clock.h"

/* The rules about waits, then those about the council's feeds, its quarantine and its queues. */
enum alert_rule {
    ALERT_APPROACHING,
    ALERT_BREACH,
    ALERT_ESCALATION,
    ALERT_CONTACT_OVERDUE,
    ALERT_FEED_SILENT,
    ALERT_QUARANTINE,
    ALERT_QUEUE_LIMIT
};
#define ALERT_RULE_COUNT (ALERT_QUEUE_LIMIT + 1)
#define ALERT_LEVEL_NONE 0 /* of `breach` and `contact_overdue` */
#define ALERT_CONDITIONS_MAX (2 + 2 * POLICY_LEVELS_MAX)

enum alert_change { ALERT_RAISED, ALERT_ACKNOWLEDGED, ALERT_OVERDUE, ALERT_MOVED, ALERT_RESOLVED };
#define ALERT_CHANGE_COUNT (ALERT_RESOLVED + 1)

enum alert_reason {
    ALERT_REASON_NONE,
    ALERT_REASON_CORRECTED,
    ALERT_REASON_COMPLETED,
    ALERT_REASON_CLOSED,
    ALERT_REASON_BREACHED,
    ALERT_REASON_PAUSED,
    ALERT_REASON_STANDARD_CHANGED,
    ALERT_REASON_CLEARED
};
#define ALERT_REASON_COUNT (ALERT_REASON_CLEARED + 1)

bool alert_rule_is_about_waits(enum alert_rule rule);
const char *alert_rule_name(enum alert_rule rule);
const char *alert_change_name(enum alert_change change);
const char *alert_reason_name(enum alert_reason reason); /* "" for ALERT_REASON_NONE */
const char *severity_name(enum severity severity);
/* The value of a name, or the COUNT of its kind when unknown (ALERT_REASON_COUNT …). */
enum alert_rule alert_rule_of(struct text name);
enum alert_change alert_change_of(struct text name);

/* One rule at one level. */
struct alert_condition {
    enum alert_rule rule;
    int32_t level; /* ALERT_LEVEL_NONE where the rule has none */
    enum severity severity;
};

/* The enabled conditions that make sense for a standard: `approaching` levels below it, `escalation` levels above it. Returns how many. */
size_t alert_conditions(const struct pathway_policy *pathway, int32_t standard, struct alert_condition conditions[ALERT_CONDITIONS_MAX]);
/* The fewest days waited at which the condition holds; not of `contact_overdue`. */
int32_t alert_threshold(const struct alert_condition *condition, int32_t standard);
/* The first day on which the condition holds if nothing happens, however long ago; DAY_NONE: on none. */
day_t alert_day_of(const struct alert_condition *condition, const struct clock_reading *reading, const struct pathway_policy *pathway,
                   const struct calendar *calendar);
/* Whether the condition holds for a wait, as its clock reads. */
bool alert_holds(const struct alert_condition *condition, const struct clock_reading *reading);
/* The next day after `today` on which some condition begins to hold if nothing happens, or DAY_NONE. */
day_t alert_next_day(const struct clock_reading *reading, const struct pathway_policy *pathway, const struct calendar *calendar,
                     day_t today);

/* A policy and the first day on which it is in force. */
struct policy_era {
    day_t from; /* DAY_NONE: from the beginning */
    const struct policy *policy;
};

/* A wait's accepted, not retracted events in fold order. */
struct wait_history {
    const struct history_event *const *events;
    size_t count;
};

/* What looking back needs. Borrowed. `eras` in rising order of `from`, at least one. `fold` uses the policy in force now. */
struct look_back {
    const struct fold *fold;
    const struct policy_era *eras;
    size_t era_count;
};

/* The rules of a wait's pathway under the first policy that has it: they are those of the days before, too. */
const struct pathway_policy *alert_earliest_pathway(const struct look_back *look_back, struct text name);
/* The first day of the unbroken run of days up to `today` on which the condition held, as the history now tells; DAY_NONE when it does not
 * hold today. */
day_t alert_run_start(const struct look_back *look_back, const struct wait_history *history, const struct alert_condition *condition,
                      day_t today);
/* The first day on which the wait had counted `threshold` days, by the policy in force now; DAY_NONE when it has not up to `today`. */
day_t alert_day_reached(const struct look_back *look_back, const struct wait_history *history, int32_t threshold, day_t today);
/* Whether the condition held at some moment of `day`, as the history now tells: who is assessed in the morning was in breach at midnight.
 */
bool alert_held_on(const struct look_back *look_back, const struct wait_history *history, const struct alert_condition *condition,
                   day_t day);

#endif
