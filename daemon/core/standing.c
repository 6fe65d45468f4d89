/* Alerts that are about no wait: what holds of feeds, quarantine and queues, as it is told, is compared with what is open. */
#include "daemon/core/register_internal.h"

#include "daemon/core/memory.h"

#include <string.h>

/* One name for rule and subject. */
static struct text name_of(enum alert_rule rule, struct text subject, char out[STANDING_SUBJECT_MAX + 1]) {
    ENSURE(subject.length > 0 && subject.length <= STANDING_SUBJECT_MAX);
    out[0] = (char)('A' + (char)rule);
    memcpy(out + 1, subject.at, subject.length);
    return (struct text){out, subject.length + 1};
}

struct standing_alert *register_find_standing(const struct waiting_register *reg, enum alert_rule rule, struct text subject) {
    char text[STANDING_SUBJECT_MAX + 1];
    uint32_t name = names_find(reg->standing_names, name_of(rule, subject, text));
    bool is_open = name != NAME_ABSENT && reg->standing_places[name] != 0;
    return is_open ? &reg->standing[reg->standing_places[name] - 1] : NULL;
}

bool register_is_standing(const struct waiting_register *reg, enum alert_rule rule, struct text subject) {
    return register_find_standing(reg, rule, subject) != NULL;
}

static uint32_t keep(struct waiting_register *reg, struct text text) {
    return text.at == NULL ? 0 : texts_keep(reg->notes, text);
}

struct standing_alert *register_open_standing(struct waiting_register *reg, const struct alert_node *node, struct text subject,
                                              struct text pathway, struct text team) {
    char text[STANDING_SUBJECT_MAX + 1];
    uint32_t name = names_intern(reg->standing_names, name_of((enum alert_rule)node->rule, subject, text));
    size_t before = reg->standing_place_capacity;
    memory_reserve((void **)&reg->standing_places, &reg->standing_place_capacity, name + (size_t)1, sizeof *reg->standing_places);
    if (reg->standing_place_capacity > before)
        memset(&reg->standing_places[before], 0, (reg->standing_place_capacity - before) * sizeof *reg->standing_places);
    memory_reserve((void **)&reg->standing, &reg->standing_capacity, reg->standing_count + 1, sizeof *reg->standing);
    reg->standing[reg->standing_count] = (struct standing_alert){
        .node = *node, .name = name, .subject = keep(reg, subject), .pathway = keep(reg, pathway), .team = keep(reg, team), .holds = true};
    reg->standing_places[name] = (uint32_t)++reg->standing_count;
    return &reg->standing[reg->standing_count - 1];
}

static void close_standing(struct waiting_register *reg, size_t place) {
    struct standing_alert *alert = &reg->standing[place];
    register_forget_acknowledgement(reg, &alert->node);
    reg->standing_places[alert->name] = 0;
    *alert = reg->standing[--reg->standing_count];
    if (place < reg->standing_count)
        reg->standing_places[alert->name] = (uint32_t)place + 1;
}

void register_show_standing(const struct waiting_register *reg, const struct standing_alert *alert, struct alert_transition *shown) {
    const struct alert_node *node = &alert->node;
    *shown = (struct alert_transition){
        .alert_seq = node->raised_seq,
        .raised_seq = node->raised_seq,
        .change = ALERT_RAISED,
        .rule = (enum alert_rule)node->rule,
        .level = node->level,
        .severity = (enum severity)node->severity,
        .subject = texts_at(reg->notes, alert->subject),
        .pathway = texts_at(reg->notes, alert->pathway),
        .team = texts_at(reg->notes, alert->team),
        .days = node->days,
        .standard = node->standard,
        .occurred_on = node->occurred_on,
        .at = node->at,
        .late = node->late,
    };
}

struct alert_transition *register_record_standing(struct waiting_register *reg, const struct standing_alert *alert,
                                                  enum alert_change change, instant_t now) {
    struct alert_transition *transition = register_push_transition(reg);
    register_show_standing(reg, alert, transition);
    transition->alert_seq = reg->next_alert_seq++;
    transition->change = change;
    transition->at = now;
    ENSURE(transition->alert_seq <= UINT32_MAX);
    return transition;
}

static void raise_standing(struct waiting_register *reg, const struct standing_condition *condition, instant_t now) {
    const struct alert_node raised = {
        .raised_seq = reg->next_alert_seq,
        .at = now,
        .days = condition->value,
        .standard = condition->limit,
        .level = ALERT_LEVEL_NONE,
        .occurred_on = condition->occurred_on,
        .rule = (uint8_t)condition->rule,
        .severity = condition->severity & 0xf,
        .late = condition->occurred_on < reg->today,
    };
    const struct standing_alert *alert = register_open_standing(reg, &raised, condition->subject, condition->pathway, condition->team);
    register_record_standing(reg, alert, ALERT_RAISED, now);
}

static void resolve_standing(struct waiting_register *reg, instant_t now) {
    for (size_t i = reg->standing_count; i-- > 0;) {
        if (reg->standing[i].holds)
            continue;
        register_record_standing(reg, &reg->standing[i], ALERT_RESOLVED, now)->reason = ALERT_REASON_CLEARED;
        close_standing(reg, i);
    }
}

void register_settle_standing(struct waiting_register *reg, const struct standing_condition *holding, size_t count, instant_t now) {
    ENSURE(reg->live && !reg->without_alerts);
    for (size_t i = 0; i < reg->standing_count; i++)
        reg->standing[i].holds = false;
    for (size_t i = 0; i < count; i++) {
        struct standing_alert *open = register_find_standing(reg, holding[i].rule, holding[i].subject);
        if (open != NULL)
            open->holds = true;
    }
    resolve_standing(reg, now);
    for (size_t i = 0; i < count; i++)
        if (!register_is_standing(reg, holding[i].rule, holding[i].subject))
            raise_standing(reg, &holding[i], now);
    for (size_t i = 0; i < reg->standing_count; i++)
        if (register_make_overdue(reg, &reg->standing[i].node))
            register_show_acknowledgement(reg, &reg->standing[i].node,
                                          register_record_standing(reg, &reg->standing[i], ALERT_OVERDUE, now));
}

void register_replay_standing(struct waiting_register *reg, const struct alert_transition *transition) {
    struct standing_alert *open = register_find_standing(reg, transition->rule, transition->subject);
    if (transition->change == ALERT_RESOLVED) {
        if (open != NULL)
            close_standing(reg, (size_t)(open - reg->standing));
        return;
    }
    if (open != NULL) {
        register_replay_acknowledgement(reg, &open->node, transition);
        return;
    }
    const struct alert_node raised = {
        .raised_seq = transition->raised_seq,
        .at = transition->at,
        .days = transition->days,
        .standard = transition->standard,
        .level = transition->level,
        .occurred_on = transition->occurred_on,
        .rule = (uint8_t)transition->rule,
        .severity = transition->severity & 0xf,
        .late = transition->late,
    };
    register_open_standing(reg, &raised, transition->subject, transition->pathway, transition->team);
}
