/* Alerts about waits: each condition is an interval of days waited, so the days on which it holds follow from the clock. */
#include "daemon/core/alert.h"

const char *alert_rule_name(enum alert_rule rule) {
    static const char *const names[ALERT_RULE_COUNT] = {"approaching", "breach",     "escalation", "contact_overdue",
                                                        "feed_silent", "quarantine", "queue_limit"};
    return names[rule];
}

bool alert_rule_is_about_waits(enum alert_rule rule) {
    return rule <= ALERT_CONTACT_OVERDUE;
}

const char *alert_change_name(enum alert_change change) {
    static const char *const names[ALERT_CHANGE_COUNT] = {"raised", "acknowledged", "overdue", "moved", "resolved"};
    return names[change];
}

const char *alert_reason_name(enum alert_reason reason) {
    static const char *const names[ALERT_REASON_COUNT] = {"",         "corrected", "completed",        "closed",
                                                          "breached", "paused",    "standard_changed", "cleared"};
    return names[reason];
}

const char *severity_name(enum severity severity) {
    static const char *const names[] = {"info", "warning", "high", "critical"};
    return names[severity];
}

enum alert_rule alert_rule_of(struct text name) {
    int rule = 0;
    while (rule < ALERT_RULE_COUNT && !text_is(name, alert_rule_name((enum alert_rule)rule)))
        rule++;
    return (enum alert_rule)rule;
}

enum alert_change alert_change_of(struct text name) {
    int change = 0;
    while (change < ALERT_CHANGE_COUNT && !text_is(name, alert_change_name((enum alert_change)change)))
        change++;
    return (enum alert_change)change;
}

size_t alert_conditions(const struct pathway_policy *pathway, int32_t standard, struct alert_condition conditions[ALERT_CONDITIONS_MAX]) {
    size_t count = 0;
    const struct alert_rule_policy *rule = &pathway->approaching;
    for (uint8_t i = 0; rule->enabled && i < rule->level_count; i++)
        if (rule->levels[i] < standard)
            conditions[count++] = (struct alert_condition){ALERT_APPROACHING, rule->levels[i], rule->severity};
    if (pathway->breach.enabled)
        conditions[count++] = (struct alert_condition){ALERT_BREACH, ALERT_LEVEL_NONE, pathway->breach.severity};
    rule = &pathway->escalation;
    for (uint8_t i = 0; rule->enabled && i < rule->level_count; i++)
        if (rule->levels[i] > standard)
            conditions[count++] = (struct alert_condition){ALERT_ESCALATION, rule->levels[i], rule->severity};
    if (pathway->contact_overdue.enabled)
        conditions[count++] = (struct alert_condition){ALERT_CONTACT_OVERDUE, ALERT_LEVEL_NONE, pathway->contact_overdue.severity};
    return count;
}

int32_t alert_threshold(const struct alert_condition *condition, int32_t standard) {
    switch (condition->rule) {
    case ALERT_APPROACHING:
        return standard + 1 - condition->level;
    case ALERT_BREACH:
        return standard + 1;
    default:
        return condition->level + 1;
    }
}

day_t alert_day_of(const struct alert_condition *condition, const struct clock_reading *reading, const struct pathway_policy *pathway,
                   const struct calendar *calendar) {
    if (condition->rule == ALERT_CONTACT_OVERDUE)
        return reading->contact_base + reading->contact_interval + 1;
    return clock_day_reaching(reading, pathway, calendar, alert_threshold(condition, reading->standard));
}

/* Whether the standard lets the condition exist at all. */
static bool applies(const struct alert_condition *condition, int32_t standard) {
    if (condition->rule == ALERT_APPROACHING)
        return condition->level < standard;
    return condition->rule != ALERT_ESCALATION || condition->level > standard;
}

bool alert_holds(const struct alert_condition *condition, const struct clock_reading *reading) {
    if (condition->rule == ALERT_CONTACT_OVERDUE)
        return clock_has_no_contact(reading);
    if (reading->status != STATUS_WAITING || !applies(condition, reading->standard) ||
        reading->days < alert_threshold(condition, reading->standard))
        return false;
    return condition->rule != ALERT_APPROACHING || (!reading->breach && !reading->is_frozen);
}

/* The next day after today on which days waited begin or end some condition. */
static day_t next_day_of_clock(const struct clock_reading *reading, const struct pathway_policy *pathway, const struct calendar *calendar,
                               const struct alert_condition *conditions, size_t count, day_t today) {
    int32_t next = INT32_MAX;
    for (size_t i = 0; i < count; i++) {
        int32_t threshold = alert_threshold(&conditions[i], reading->standard);
        if (conditions[i].rule != ALERT_CONTACT_OVERDUE && threshold > reading->days && threshold < next)
            next = threshold;
    }
    /* Where the breach rule is switched off, an `approaching` alert must still end on the day of the breach. */
    int32_t breach = reading->standard + 1;
    if (breach > reading->days && breach < next)
        next = breach;
    if (next == INT32_MAX || reading->is_frozen)
        return DAY_NONE;
    day_t day = clock_day_reaching(reading, pathway, calendar, next);
    return day > today ? day : today + 1;
}

day_t alert_next_day(const struct clock_reading *reading, const struct pathway_policy *pathway, const struct calendar *calendar,
                     day_t today) {
    struct alert_condition conditions[ALERT_CONDITIONS_MAX];
    size_t count = alert_conditions(pathway, reading->standard, conditions);
    day_t day = next_day_of_clock(reading, pathway, calendar, conditions, count, today);
    day_t contact = reading->contact_base + reading->contact_interval + 1;
    bool comes = pathway->contact_overdue.enabled && contact > today;
    return comes && (day == DAY_NONE || contact < day) ? contact : day;
}

/* A stretch of days over which neither the wait's events nor the policy change. */
struct stretch {
    day_t from;
    day_t to;
    const struct pathway_policy *pathway;
    int32_t contact_interval;
};

/* The days of the stretch on which the condition holds: one interval, because days only rise. False when there is none. */
static bool days_of_condition(const struct wait_state *state, const struct stretch *stretch, const struct calendar *calendar,
                              const struct alert_condition *condition, day_t *first, day_t *last) {
    struct clock_reading reading;
    clock_read(state, false, stretch->pathway, calendar, stretch->to, &reading);
    reading.contact_interval = stretch->contact_interval;
    if (reading.status != STATUS_WAITING || !applies(condition, reading.standard))
        return false;
    if (condition->rule == ALERT_APPROACHING && reading.is_frozen)
        return false;
    *first = alert_day_of(condition, &reading, stretch->pathway, calendar);
    if (*first == DAY_NONE)
        return false;
    if (*first < stretch->from)
        *first = stretch->from;
    *last = stretch->to;
    if (condition->rule == ALERT_APPROACHING) {
        day_t breach = clock_day_reaching(&reading, stretch->pathway, calendar, reading.standard + 1);
        if (breach != DAY_NONE && breach - 1 < *last)
            *last = breach - 1;
    }
    return *first <= *last;
}

/* The run of days on which the condition held that reaches to the last day looked at; `first` is DAY_NONE outside a run. */
struct run {
    day_t first;
    day_t last;
};

static void extend_run(struct run *run, const struct wait_state *state, const struct stretch *stretch, const struct calendar *calendar,
                       const struct alert_condition *condition) {
    day_t first, last;
    if (!days_of_condition(state, stretch, calendar, condition, &first, &last))
        return;
    bool continues = run->first != DAY_NONE && run->last == first - 1;
    if (!continues)
        run->first = first;
    run->last = last;
}

const struct pathway_policy *alert_earliest_pathway(const struct look_back *look_back, struct text name) {
    size_t i = 0;
    while (policy_pathway_index(look_back->eras[i].policy, name) < 0)
        i++; /* one of them has it: there would be no such wait */
    return &look_back->eras[i].policy->pathways[policy_pathway_index(look_back->eras[i].policy, name)];
}

/* Extends the run over the days from `from` to `to` in stretches of one policy each. */
static void extend_over_eras(struct run *run, const struct look_back *look_back, const struct wait_state *state, day_t from, day_t to,
                             const struct alert_condition *condition) {
    if (state->stage == STAGE_NONE)
        return;
    struct text name = text_of(look_back->fold->pathways[state->pathway]->name);
    const struct pathway_policy *pathway = alert_earliest_pathway(look_back, name);
    for (size_t i = 0; i < look_back->era_count; i++) {
        const struct policy *policy = look_back->eras[i].policy;
        day_t era_from = i == 0 ? from : look_back->eras[i].from;
        day_t era_to = i + 1 < look_back->era_count ? look_back->eras[i + 1].from - 1 : to;
        int index = policy_pathway_index(policy, name);
        if (index >= 0) /* else its last rules go on */
            pathway = &policy->pathways[index];
        struct stretch stretch = {era_from > from ? era_from : from, era_to < to ? era_to : to, pathway,
                                  policy_contact_interval(policy, state->priority)};
        if (stretch.from <= stretch.to)
            extend_run(run, state, &stretch, look_back->fold->calendar, condition);
    }
}

static day_t day_of_event(const struct look_back *look_back, const struct history_event *event) {
    return calendar_day_of(look_back->fold->calendar, event_effective_time(&event->event, look_back->fold->calendar));
}

static bool is_excluded(const struct look_back *look_back, const struct wait_history *history) {
    struct wait_state state;
    wait_state_init(&state);
    for (size_t i = 0; i < history->count; i++) {
        const struct history_event *event = history->events[i];
        wait_state_apply(&state, &event->event, day_of_event(look_back, event), look_back->fold);
    }
    return wait_state_is_excluded(&state, look_back->fold->names);
}

/* Folds the history day by day up to `until` and returns the last run. */
static struct run last_run(const struct look_back *look_back, const struct wait_history *history, const struct alert_condition *condition,
                           day_t until) {
    struct run run = {DAY_NONE, DAY_NONE};
    struct wait_state state;
    wait_state_init(&state);
    if (is_excluded(look_back, history))
        return run;
    day_t since = DAY_NONE;
    for (size_t i = 0; i < history->count; i++) {
        const struct event *event = &history->events[i]->event;
        day_t day = day_of_event(look_back, history->events[i]);
        if (day > until)
            break;
        if (since != DAY_NONE && day > since)
            extend_over_eras(&run, look_back, &state, since, day - 1, condition);
        since = day;
        wait_state_apply(&state, event, day, look_back->fold);
    }
    if (since != DAY_NONE)
        extend_over_eras(&run, look_back, &state, since, until, condition);
    return run;
}

day_t alert_run_start(const struct look_back *look_back, const struct wait_history *history, const struct alert_condition *condition,
                      day_t today) {
    struct run run = last_run(look_back, history, condition, today);
    return run.last == today ? run.first : DAY_NONE;
}

/* The day within a stretch without events that ends on `last` on which the threshold was reached, if it was. The wait runs today, so
 * whatever stopped its clock before was taken back by a reopening: the days go on as if it had never stopped. */
static day_t reached_by(const struct look_back *look_back, const struct wait_state *state, int32_t threshold, day_t last) {
    struct clock_reading reading;
    if (state->stage == STAGE_NONE)
        return DAY_NONE;
    const struct pathway_policy *pathway = look_back->fold->pathways[state->pathway];
    struct wait_state running = *state;
    running.started = running.ended = DAY_NONE;
    clock_read(&running, false, pathway, look_back->fold->calendar, last, &reading);
    if (reading.status != STATUS_WAITING || reading.days < threshold)
        return DAY_NONE;
    return clock_day_reaching(&reading, pathway, look_back->fold->calendar, threshold);
}

day_t alert_day_reached(const struct look_back *look_back, const struct wait_history *history, int32_t threshold, day_t today) {
    struct wait_state state;
    wait_state_init(&state);
    day_t reached = DAY_NONE;
    for (size_t i = 0; i < history->count && reached == DAY_NONE; i++) {
        day_t day = day_of_event(look_back, history->events[i]);
        if (day > today)
            break;
        reached = reached_by(look_back, &state, threshold, day - 1);
        wait_state_apply(&state, &history->events[i]->event, day, look_back->fold);
    }
    return reached != DAY_NONE ? reached : reached_by(look_back, &state, threshold, today);
}

/* Whether the condition holds in this state at some moment of `day`, under each policy that was in force on it. */
static bool holds_under_policies(const struct look_back *look_back, const struct wait_state *state, const struct alert_condition *condition,
                                 day_t day) {
    if (state->stage == STAGE_NONE)
        return false;
    struct text name = text_of(look_back->fold->pathways[state->pathway]->name);
    const struct pathway_policy *pathway = alert_earliest_pathway(look_back, name);
    for (size_t i = 0; i < look_back->era_count; i++) {
        bool began = i == 0 || look_back->eras[i].from <= day;
        bool lasted = i + 1 == look_back->era_count || look_back->eras[i + 1].from >= day;
        int index = policy_pathway_index(look_back->eras[i].policy, name);
        if (index >= 0)
            pathway = &look_back->eras[i].policy->pathways[index];
        if (!began || !lasted)
            continue;
        struct clock_reading reading;
        clock_read(state, false, pathway, look_back->fold->calendar, day, &reading);
        reading.contact_interval = policy_contact_interval(look_back->eras[i].policy, state->priority);
        if (alert_holds(condition, &reading))
            return true;
    }
    return false;
}

bool alert_held_on(const struct look_back *look_back, const struct wait_history *history, const struct alert_condition *condition,
                   day_t day) {
    struct wait_state state;
    wait_state_init(&state);
    if (is_excluded(look_back, history))
        return false;
    bool held = false;
    for (size_t i = 0; i < history->count && !held; i++) {
        day_t its_day = day_of_event(look_back, history->events[i]);
        if (its_day > day)
            break;
        if (its_day == day)
            held = holds_under_policies(look_back, &state, condition, day);
        wait_state_apply(&state, &history->events[i]->event, its_day, look_back->fold);
    }
    return held || holds_under_policies(look_back, &state, condition, day);
}
