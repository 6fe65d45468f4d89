/* What a council has decided (rules, section 7, "policy"): standards, units, pauses, stop rules, contact intervals, bands, alert levels. */
#ifndef WAITLIST_CORE_POLICY_H
#define WAITLIST_CORE_POLICY_H

#include "daemon/core/event.h"

#define NAME_MAX_BYTES 64
#define POLICY_PATHWAYS_MAX 64
#define POLICY_LEVELS_MAX 8
#define POLICY_BANDS_MAX 15 /* upper edges; one more band is above the last */
#define PRIORITY_COUNT 5    /* 0 = unknown, 1-4 */

enum day_unit { UNIT_CALENDAR_DAYS, UNIT_WORKING_DAYS };
const char *day_unit_name(enum day_unit unit);
enum clock_stop { STOP_ON_END, STOP_ON_STARTED };
enum pause_rule { PAUSES_COUNT, PAUSES_EXCLUDE };

/* In order of rising gravity. */
enum severity { SEVERITY_INFO, SEVERITY_WARNING, SEVERITY_HIGH, SEVERITY_CRITICAL };

struct alert_rule_policy {
    bool enabled;
    uint8_t level_count; /* `approaching` and `escalation` only */
    enum severity severity;
    int32_t levels[POLICY_LEVELS_MAX]; /* days in the pathway's unit, 1-3650, distinct */
};

struct pathway_policy {
    char name[NAME_MAX_BYTES + 1];
    int32_t standard_days;                        /* 1-3650, in the pathway's unit */
    int32_t standard_by_priority[PRIORITY_COUNT]; /* 0 = standard_days; index 0 is not used */
    enum day_unit unit;
    enum pause_rule pauses;
    enum clock_stop stops_on;
    enum event_type completes_on; /* one of the three completing types */
    struct alert_rule_policy approaching;
    struct alert_rule_policy breach;
    struct alert_rule_policy escalation;
    struct alert_rule_policy contact_overdue;
};

struct policy {
    size_t pathway_count;
    struct pathway_policy pathways[POLICY_PATHWAYS_MAX];
    int32_t contact_interval_days;               /* 1-3650 calendar days */
    int32_t contact_by_priority[PRIORITY_COUNT]; /* 0 = contact_interval_days */
    size_t band_count;                           /* number of upper edges */
    int32_t bands[POLICY_BANDS_MAX];             /* rising */
};

/* The index of a pathway by its name, or -1. */
int policy_pathway_index(const struct policy *policy, struct text name);
int32_t policy_standard(const struct pathway_policy *pathway, uint8_t priority);
int32_t policy_contact_interval(const struct policy *policy, uint8_t priority);
bool policy_equal(const struct policy *a, const struct policy *b);

#endif
