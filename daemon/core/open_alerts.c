/* Open alerts: at the end of a turn, what holds now is compared with what is open, and the difference becomes transitions. */
#include "daemon/core/register_internal.h"

#include "daemon/core/memory.h"

#include <string.h>

struct alert_transition *register_push_transition(struct waiting_register *reg) {
    if (reg->transitions_taken) {
        reg->transition_count = 0;
        reg->transitions_taken = false;
    }
    memory_reserve((void **)&reg->transitions, &reg->transition_capacity, reg->transition_count + 1, sizeof *reg->transitions);
    return &reg->transitions[reg->transition_count++];
}

struct alert_node *register_alert(const struct waiting_register *reg, uint32_t alert) {
    return &reg->alert_pages[(alert - 1) / ALERTS_A_PAGE][(alert - 1) % ALERTS_A_PAGE];
}

/* The transition that raised the alert, but with the team that it has now. */
static void show_node(const struct waiting_register *reg, const struct alert_node *node, struct alert_transition *shown) {
    *shown = (struct alert_transition){
        .alert_seq = node->raised_seq,
        .raised_seq = node->raised_seq,
        .change = ALERT_RAISED,
        .rule = (enum alert_rule)node->rule,
        .level = node->level,
        .severity = (enum severity)node->severity,
        .subject = names_text(reg->subjects, node->wait),
        .pathway = names_text(reg->pathway_names, node->pathway + 1U),
        .team = names_text(reg->names, node->team),
        .days = node->days,
        .standard = node->standard,
        .occurred_on = node->occurred_on,
        .at = node->at,
        .late = node->late,
    };
}

struct alert_transition *register_record_transition(struct waiting_register *reg, const struct alert_node *node, enum alert_change change,
                                                    const struct clock_reading *reading, instant_t now) {
    struct record *record = register_record(reg, node->wait);
    struct alert_transition *transition = register_push_transition(reg);
    show_node(reg, node, transition);
    transition->alert_seq = reg->next_alert_seq++;
    transition->previous_alert_seq = record->newest_alert_seq;
    transition->change = change;
    transition->days = reading->days;
    if (reading->status != STATUS_NONE)
        transition->standard = reading->standard;
    transition->at = now;
    ENSURE(transition->alert_seq <= UINT32_MAX);
    record->newest_alert_seq = (uint32_t)transition->alert_seq;
    return transition;
}

static uint32_t take_free_alert(struct waiting_register *reg) {
    uint32_t alert = reg->free_alert;
    if (alert != 0) {
        reg->free_alert = register_alert(reg, alert)->next;
        return alert;
    }
    if (reg->alert_count == reg->alert_page_count * ALERTS_A_PAGE) {
        memory_reserve((void **)&reg->alert_pages, &reg->alert_page_capacity, reg->alert_page_count + 1, sizeof *reg->alert_pages);
        reg->alert_pages[reg->alert_page_count++] = memory_new(ALERTS_A_PAGE, sizeof(struct alert_node));
    }
    return (uint32_t)++reg->alert_count;
}

struct alert_node *register_open_alert(struct waiting_register *reg, const struct alert_node *node) {
    struct record *record = register_record(reg, node->wait);
    uint32_t alert = take_free_alert(reg);
    struct alert_node *opened = register_alert(reg, alert);
    *opened = *node;
    opened->next = record->first_alert;
    record->first_alert = alert;
    reg->open_alerts++;
    return opened;
}

static void free_alert(struct waiting_register *reg, uint32_t alert) {
    struct alert_node *node = register_alert(reg, alert);
    struct record *record = register_record(reg, node->wait);
    uint32_t *link = &record->first_alert;
    while (*link != alert)
        link = &register_alert(reg, *link)->next;
    *link = node->next;
    register_forget_acknowledgement(reg, node);
    node->raised_seq = 0;
    node->next = reg->free_alert;
    reg->free_alert = alert;
    reg->open_alerts--;
}

static uint32_t find_alert(const struct waiting_register *reg, uint32_t wait, enum alert_rule rule, int32_t level) {
    uint32_t alert = register_record(reg, wait)->first_alert;
    while (alert != 0 && (register_alert(reg, alert)->rule != rule || register_alert(reg, alert)->level != level))
        alert = register_alert(reg, alert)->next;
    return alert;
}

static struct look_back look_back(const struct waiting_register *reg) {
    return (struct look_back){&reg->fold, reg->eras, reg->era_count};
}

/* The first day of the run on which the condition holds; the history is read only where the clock alone cannot tell. */
static day_t occurred_on(struct waiting_register *reg, const struct record *record, const struct clock_reading *reading,
                         const struct alert_condition *condition) {
    day_t reached = alert_day_of(condition, reading, register_pathway(reg, record), reg->calendar);
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
    const struct alert_node raised = {
        .raised_seq = reg->next_alert_seq,
        .at = now,
        .wait = wait,
        .team = record->state.team,
        .days = reading->days,
        .standard = reading->standard,
        .level = condition->level,
        .occurred_on = first,
        .pathway = record->state.pathway,
        .rule = (uint8_t)condition->rule,
        .severity = condition->severity & 0xf,
        .late = first < reg->today,
    };
    register_record_transition(reg, register_open_alert(reg, &raised), ALERT_RAISED, reading, now);
}

/* A referral to another pathway took the place of the one that was retracted: the alert was about a wait that never was. */
static bool is_of_another_pathway(const struct waiting_register *reg, const struct alert_node *node) {
    const struct wait_state *state = &register_record(reg, node->wait)->state;
    return state->stage != STAGE_NONE && node->pathway != state->pathway;
}

static bool never_held(struct waiting_register *reg, const struct touched *touched, const struct alert_node *node,
                       const struct clock_reading *reading) {
    const struct record *record = register_record(reg, touched->wait);
    if ((record->flags & RECORD_EXCLUDED) || is_of_another_pathway(reg, node))
        return true;
    if (!node->is_doubtful)
        return false;
    /* Whoever had stopped waiting before that day did not wait on it, whatever came before: if the same policy was in force. */
    if (reading->status == STATUS_ENDED && reading->stop < node->occurred_on && reg->eras[reg->era_count - 1].from < node->occurred_on)
        return true;
    struct wait_history history = register_load_history(reg, record);
    struct look_back back = look_back(reg);
    struct alert_condition condition = {(enum alert_rule)node->rule, node->level, (enum severity)node->severity};
    return !alert_held_on(&back, &history, &condition, node->occurred_on);
}

static enum alert_reason reason_of(struct waiting_register *reg, const struct touched *touched, const struct alert_node *node,
                                   const struct clock_reading *reading) {
    if (never_held(reg, touched, node, reading))
        return ALERT_REASON_CORRECTED;
    const struct record *record = register_record(reg, touched->wait);
    if (reading->status == STATUS_ENDED)
        return record->state.stage == STAGE_CLOSED && !reading->stopped_on_started ? ALERT_REASON_CLOSED : ALERT_REASON_COMPLETED;
    if (node->rule == ALERT_APPROACHING && reading->breach)
        return ALERT_REASON_BREACHED;
    if (node->rule == ALERT_APPROACHING && reading->is_frozen)
        return ALERT_REASON_PAUSED;
    bool is_by_standard = node->rule != ALERT_CONTACT_OVERDUE;
    return is_by_standard && reading->standard != node->standard ? ALERT_REASON_STANDARD_CHANGED : ALERT_REASON_CLEARED;
}

static bool still_holds(const struct waiting_register *reg, const struct alert_node *node, const struct alert_condition *conditions,
                        size_t count, const struct clock_reading *reading) {
    if (is_of_another_pathway(reg, node))
        return false;
    for (size_t i = 0; i < count; i++)
        if (conditions[i].rule == node->rule && conditions[i].level == node->level)
            return alert_holds(&conditions[i], reading);
    return false;
}

static void move_alert(struct waiting_register *reg, uint32_t alert, uint32_t team, const struct clock_reading *reading, instant_t now) {
    struct alert_node *node = register_alert(reg, alert);
    uint32_t from = node->team;
    node->team = team;
    register_record_transition(reg, node, ALERT_MOVED, reading, now)->from_team = names_text(reg->names, from);
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
        struct alert_node *node = register_alert(reg, alert);
        next = node->next;
        if (record->state.team != node->team && record->state.team != NAME_ABSENT)
            move_alert(reg, alert, record->state.team, &reading, now);
        if (touched->refold || touched->from_day <= node->occurred_on)
            node->is_doubtful = true;
        if (still_holds(reg, node, conditions, count, &reading)) {
            if (register_make_overdue(reg, node))
                register_show_acknowledgement(reg, node, register_record_transition(reg, node, ALERT_OVERDUE, &reading, now));
            continue;
        }
        enum alert_reason reason = reason_of(reg, touched, node, &reading);
        register_record_transition(reg, node, ALERT_RESOLVED, &reading, now)->reason = reason;
        free_alert(reg, alert);
    }
    for (size_t i = 0; reg->raise && i < count; i++)
        if (alert_holds(&conditions[i], &reading) && find_alert(reg, touched->wait, conditions[i].rule, conditions[i].level) == 0)
            raise_alert(reg, touched->wait, &reading, &conditions[i], now);
}

void register_replay_alert(struct waiting_register *reg, const struct alert_transition *transition) {
    ENSURE(!reg->live && transition->alert_seq <= UINT32_MAX);
    if (!alert_rule_is_about_waits(transition->rule)) {
        register_replay_standing(reg, transition);
        return;
    }
    uint32_t wait = register_wait_of(reg, transition->subject);
    uint32_t alert = find_alert(reg, wait, transition->rule, transition->level);
    register_record(reg, wait)->newest_alert_seq = (uint32_t)transition->alert_seq;
    if (transition->change == ALERT_RESOLVED) {
        if (alert != 0)
            free_alert(reg, alert);
        return;
    }
    if (alert != 0) {
        register_alert(reg, alert)->team = names_intern(reg->names, transition->team);
        register_replay_acknowledgement(reg, register_alert(reg, alert), transition);
        return;
    }
    const struct alert_node raised = {
        .raised_seq = transition->raised_seq,
        .at = transition->at,
        .wait = wait,
        .team = names_intern(reg->names, transition->team),
        .days = transition->days,
        .standard = transition->standard,
        .level = transition->level,
        .occurred_on = transition->occurred_on,
        .pathway = (uint8_t)(names_intern(reg->pathway_names, transition->pathway) - 1),
        .rule = (uint8_t)transition->rule,
        .severity = transition->severity & 0xf,
        .late = transition->late,
    };
    register_open_alert(reg, &raised);
}

void register_each_open_alert(const struct waiting_register *reg, void (*each)(void *context, const struct alert_transition *alert),
                              void *context) {
    for (uint32_t alert = 1; alert <= reg->alert_count; alert++) {
        struct alert_transition shown;
        if (register_alert(reg, alert)->raised_seq == 0)
            continue;
        show_node(reg, register_alert(reg, alert), &shown);
        register_show_acknowledgement(reg, register_alert(reg, alert), &shown);
        each(context, &shown);
    }
    for (size_t i = 0; i < reg->standing_count; i++) {
        struct alert_transition shown;
        register_show_standing(reg, &reg->standing[i], &shown);
        register_show_acknowledgement(reg, &reg->standing[i].node, &shown);
        each(context, &shown);
    }
}
