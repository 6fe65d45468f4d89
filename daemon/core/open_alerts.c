/* Open alerts: at the end of a turn, what holds now is compared with what is open, and the difference becomes transitions. */
#include "daemon/core/register_internal.h"

#include "daemon/core/memory.h"

#include <string.h>

static struct alert_transition *push(struct waiting_register *reg) {
    if (reg->transitions_taken) {
        reg->transition_count = 0;
        reg->transitions_taken = false;
    }
    memory_reserve((void **)&reg->transitions, &reg->transition_capacity, reg->transition_count + 1, sizeof *reg->transitions);
    return &reg->transitions[reg->transition_count++];
}

/* Appends a transition of an alert as it stands, numbered and chained to the subject's previous one. */
static struct alert_transition *record_transition(struct waiting_register *reg, uint32_t alert, enum alert_change change,
                                                  const struct clock_reading *reading, instant_t now) {
    struct alert_node *node = &reg->alerts[alert];
    struct record *record = register_record(reg, node->wait);
    struct alert_transition *transition = push(reg);
    *transition = node->raised;
    transition->alert_seq = reg->next_alert_seq++;
    transition->previous_alert_seq = record->newest_alert_seq;
    transition->change = change;
    transition->team = names_text(reg->names, node->team);
    transition->from_team = TEXT_ABSENT;
    transition->days = reading->days;
    if (reading->status != STATUS_NONE)
        transition->standard = reading->standard;
    transition->at = now;
    record->newest_alert_seq = transition->alert_seq;
    return transition;
}

static uint32_t new_alert(struct waiting_register *reg, uint32_t wait) {
    uint32_t alert = reg->free_alert;
    if (alert != 0) {
        reg->free_alert = reg->alerts[alert].next;
    } else {
        memory_reserve((void **)&reg->alerts, &reg->alert_capacity, reg->alert_count + 2, sizeof *reg->alerts);
        alert = (uint32_t)++reg->alert_count;
    }
    struct record *record = register_record(reg, wait);
    reg->alerts[alert] = (struct alert_node){.wait = wait, .next = record->first_alert, .open = true};
    record->first_alert = alert;
    reg->open_alerts++;
    return alert;
}

static void free_alert(struct waiting_register *reg, uint32_t alert) {
    struct record *record = register_record(reg, reg->alerts[alert].wait);
    uint32_t *link = &record->first_alert;
    while (*link != alert)
        link = &reg->alerts[*link].next;
    *link = reg->alerts[alert].next;
    reg->alerts[alert].open = false;
    reg->alerts[alert].next = reg->free_alert;
    reg->free_alert = alert;
    reg->open_alerts--;
}

static uint32_t find_alert(const struct waiting_register *reg, uint32_t wait, enum alert_rule rule, int32_t level) {
    uint32_t alert = register_record(reg, wait)->first_alert;
    while (alert != 0 && (reg->alerts[alert].raised.rule != rule || reg->alerts[alert].raised.level != level))
        alert = reg->alerts[alert].next;
    return alert;
}

static struct look_back look_back(const struct waiting_register *reg) {
    return (struct look_back){&reg->fold, reg->eras, reg->era_count};
}

/* The first day of the run on which the condition holds; the history is read only where the clock alone cannot tell. */
static day_t occurred_on(struct waiting_register *reg, const struct record *record, const struct clock_reading *reading,
                         const struct alert_condition *condition) {
    day_t reached =
        clock_day_reaching(reading, register_pathway(reg, record), reg->calendar, alert_threshold(condition, reading->standard));
    day_t changed = record->state.changed_on;
    if (reg->eras[reg->era_count - 1].from > changed)
        changed = reg->eras[reg->era_count - 1].from;
    if (reached > changed && reached <= reg->today)
        return reached;
    struct wait_history history = register_load_history(reg, record);
    struct look_back back = look_back(reg);
    day_t first = alert_run_start(&back, &history, condition, reg->today);
    return first != DAY_NONE ? first : reg->today;
}

static void raise_alert(struct waiting_register *reg, uint32_t wait, const struct clock_reading *reading,
                        const struct alert_condition *condition, instant_t now) {
    const struct record *record = register_record(reg, wait);
    day_t first = occurred_on(reg, record, reading, condition);
    uint32_t alert = new_alert(reg, wait);
    struct alert_node *node = &reg->alerts[alert];
    node->team = record->state.team;
    node->raised = (struct alert_transition){
        .alert_seq = reg->next_alert_seq,
        .raised_seq = reg->next_alert_seq,
        .change = ALERT_RAISED,
        .rule = condition->rule,
        .level = condition->level,
        .severity = condition->severity,
        .subject = names_text(reg->subjects, wait),
        .pathway = names_text(reg->pathway_names, record->state.pathway + 1U),
        .days = reading->days,
        .standard = reading->standard,
        .occurred_on = first,
        .at = now,
        .late = first < reg->today,
    };
    record_transition(reg, alert, ALERT_RAISED, reading, now);
}

/* A referral to another pathway took the place of the one that was retracted: the alert was about a wait that never was. */
static bool is_of_another_pathway(const struct waiting_register *reg, const struct alert_node *node) {
    const struct wait_state *state = &register_record(reg, node->wait)->state;
    return state->stage != STAGE_NONE && !text_equal(node->raised.pathway, names_text(reg->pathway_names, state->pathway + 1U));
}

static bool never_held(struct waiting_register *reg, const struct touched *touched, const struct alert_node *node,
                       const struct clock_reading *reading) {
    const struct record *record = register_record(reg, touched->wait);
    if ((record->flags & RECORD_EXCLUDED) || is_of_another_pathway(reg, node))
        return true;
    if (!node->is_doubtful)
        return false;
    /* Whoever had stopped waiting before that day did not wait on it, whatever came before: if the same policy was in force. */
    if (reading->status == STATUS_ENDED && reading->stop < node->raised.occurred_on &&
        reg->eras[reg->era_count - 1].from < node->raised.occurred_on)
        return true;
    struct wait_history history = register_load_history(reg, record);
    struct look_back back = look_back(reg);
    struct alert_condition condition = {node->raised.rule, node->raised.level, node->raised.severity};
    return !alert_held_on(&back, &history, &condition, node->raised.occurred_on);
}

static enum alert_reason reason_of(struct waiting_register *reg, const struct touched *touched, const struct alert_node *node,
                                   const struct clock_reading *reading) {
    if (never_held(reg, touched, node, reading))
        return ALERT_REASON_CORRECTED;
    const struct record *record = register_record(reg, touched->wait);
    if (reading->status == STATUS_ENDED)
        return record->state.stage == STAGE_CLOSED && !reading->stopped_on_started ? ALERT_REASON_CLOSED : ALERT_REASON_COMPLETED;
    if (node->raised.rule == ALERT_APPROACHING && reading->breach)
        return ALERT_REASON_BREACHED;
    if (node->raised.rule == ALERT_APPROACHING && reading->is_frozen)
        return ALERT_REASON_PAUSED;
    return reading->standard != node->raised.standard ? ALERT_REASON_STANDARD_CHANGED : ALERT_REASON_CLEARED;
}

static bool still_holds(const struct waiting_register *reg, const struct alert_node *node, const struct alert_condition *conditions,
                        size_t count, const struct clock_reading *reading) {
    if (is_of_another_pathway(reg, node))
        return false;
    for (size_t i = 0; i < count; i++)
        if (conditions[i].rule == node->raised.rule && conditions[i].level == node->raised.level)
            return alert_holds(&conditions[i], reading);
    return false;
}

static void move_alert(struct waiting_register *reg, uint32_t alert, uint32_t team, const struct clock_reading *reading, instant_t now) {
    uint32_t from = reg->alerts[alert].team;
    reg->alerts[alert].team = team;
    record_transition(reg, alert, ALERT_MOVED, reading, now)->from_team = names_text(reg->names, from);
}

void register_settle_alerts(struct waiting_register *reg, const struct touched *touched, instant_t now) {
    const struct record *record = register_record(reg, touched->wait);
    struct alert_condition conditions[ALERT_CONDITIONS_MAX];
    size_t count = 0;
    struct clock_reading reading;
    register_read_clock(reg, record, &reading);
    if (reading.status == STATUS_WAITING)
        count = alert_conditions(register_pathway(reg, record), reading.standard, conditions);
    uint32_t next;
    for (uint32_t alert = record->first_alert; alert != 0; alert = next) {
        next = reg->alerts[alert].next;
        if (record->state.team != reg->alerts[alert].team && record->state.team != NAME_ABSENT)
            move_alert(reg, alert, record->state.team, &reading, now);
        if (touched->refold || touched->from_day <= reg->alerts[alert].raised.occurred_on)
            reg->alerts[alert].is_doubtful = true;
        if (still_holds(reg, &reg->alerts[alert], conditions, count, &reading))
            continue;
        enum alert_reason reason = reason_of(reg, touched, &reg->alerts[alert], &reading);
        record_transition(reg, alert, ALERT_RESOLVED, &reading, now)->reason = reason;
        free_alert(reg, alert);
    }
    for (size_t i = 0; reg->raise && i < count; i++)
        if (alert_holds(&conditions[i], &reading) && find_alert(reg, touched->wait, conditions[i].rule, conditions[i].level) == 0)
            raise_alert(reg, touched->wait, &reading, &conditions[i], now);
}

void register_replay_alert(struct waiting_register *reg, const struct alert_transition *transition) {
    ENSURE(!reg->live);
    uint32_t wait = register_wait_of(reg, transition->subject);
    uint32_t alert = find_alert(reg, wait, transition->rule, transition->level);
    register_record(reg, wait)->newest_alert_seq = transition->alert_seq;
    if (transition->change == ALERT_RESOLVED) {
        if (alert != 0)
            free_alert(reg, alert);
        return;
    }
    if (alert == 0)
        alert = new_alert(reg, wait);
    struct alert_node *node = &reg->alerts[alert];
    enum alert_change change = transition->change;
    if (change == ALERT_RAISED || node->raised.raised_seq == 0)
        node->raised = *transition;
    node->raised.change = ALERT_RAISED;
    node->raised.subject = names_text(reg->subjects, wait);
    node->raised.pathway = names_text(reg->pathway_names, names_intern(reg->pathway_names, transition->pathway));
    node->raised.team = node->raised.from_team = TEXT_ABSENT;
    node->team = names_intern(reg->names, transition->team);
}

void register_each_open_alert(const struct waiting_register *reg, void (*each)(void *context, const struct alert_transition *alert),
                              void *context) {
    for (uint32_t alert = 1; alert <= reg->alert_count; alert++) {
        if (!reg->alerts[alert].open)
            continue;
        struct alert_transition view = reg->alerts[alert].raised;
        view.team = names_text(reg->names, reg->alerts[alert].team);
        each(context, &view);
    }
}
