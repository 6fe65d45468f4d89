/* What a council has decided: look-ups in a policy. */
#include "daemon/core/policy.h"

const char *day_unit_name(enum day_unit unit) {
    return unit == UNIT_WORKING_DAYS ? "working_days" : "calendar_days";
}

int policy_pathway_index(const struct policy *policy, struct text name) {
    for (size_t i = 0; i < policy->pathway_count; i++)
        if (text_is(name, policy->pathways[i].name))
            return (int)i;
    return -1;
}

int32_t policy_standard(const struct pathway_policy *pathway, uint8_t priority) {
    int32_t own = pathway->standard_by_priority[priority];
    return priority != 0 && own != 0 ? own : pathway->standard_days;
}

int32_t policy_contact_interval(const struct policy *policy, uint8_t priority) {
    int32_t own = policy->contact_by_priority[priority];
    return priority != 0 && own != 0 ? own : policy->contact_interval_days;
}

static bool levels_equal(const struct alert_rule_policy *a, const struct alert_rule_policy *b) {
    if (a->enabled != b->enabled || a->severity != b->severity || a->level_count != b->level_count)
        return false;
    for (uint8_t i = 0; i < a->level_count; i++)
        if (a->levels[i] != b->levels[i])
            return false;
    return true;
}

static bool pathway_equal(const struct pathway_policy *a, const struct pathway_policy *b) {
    for (int priority = 1; priority < PRIORITY_COUNT; priority++)
        if (a->standard_by_priority[priority] != b->standard_by_priority[priority])
            return false;
    return text_equal(text_of(a->name), text_of(b->name)) && a->standard_days == b->standard_days && a->unit == b->unit &&
           a->pauses == b->pauses && a->stops_on == b->stops_on && a->completes_on == b->completes_on &&
           levels_equal(&a->approaching, &b->approaching) && levels_equal(&a->breach, &b->breach) &&
           levels_equal(&a->escalation, &b->escalation) && levels_equal(&a->contact_overdue, &b->contact_overdue);
}

bool policy_equal(const struct policy *a, const struct policy *b) {
    if (a->pathway_count != b->pathway_count || a->contact_interval_days != b->contact_interval_days || a->band_count != b->band_count)
        return false;
    for (size_t i = 0; i < a->pathway_count; i++)
        if (!pathway_equal(&a->pathways[i], &b->pathways[i]))
            return false;
    for (int priority = 1; priority < PRIORITY_COUNT; priority++)
        if (a->contact_by_priority[priority] != b->contact_by_priority[priority])
            return false;
    for (size_t i = 0; i < a->band_count; i++)
        if (a->bands[i] != b->bands[i])
            return false;
    return true;
}
