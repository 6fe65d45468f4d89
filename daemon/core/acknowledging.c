/* Acknowledged alerts: who deals with one, until when, and what comes of it when that day has passed (rules, section 8). */
#include "daemon/core/register_internal.h"

#include "daemon/core/memory.h"

static struct acknowledgement_node *acknowledgement_of(const struct waiting_register *reg, const struct alert_node *node) {
    return node->acknowledgement == 0 ? NULL : &reg->acknowledgements[node->acknowledgement - 1];
}

void register_note_acknowledgement(struct waiting_register *reg, struct alert_node *node, const struct acknowledgement_node *noted) {
    if (node->acknowledgement == 0 && reg->free_acknowledgement != 0) {
        node->acknowledgement = reg->free_acknowledgement;
        reg->free_acknowledgement = reg->acknowledgements[node->acknowledgement - 1].next;
    } else if (node->acknowledgement == 0) {
        memory_reserve((void **)&reg->acknowledgements, &reg->acknowledgement_capacity, reg->acknowledgement_count + 1,
                       sizeof *reg->acknowledgements);
        node->acknowledgement = (uint32_t)++reg->acknowledgement_count;
    }
    *acknowledgement_of(reg, node) = *noted;
}

void register_forget_acknowledgement(struct waiting_register *reg, struct alert_node *node) {
    if (node->acknowledgement == 0)
        return;
    acknowledgement_of(reg, node)->next = reg->free_acknowledgement;
    reg->free_acknowledgement = node->acknowledgement;
    node->acknowledgement = 0;
}

void register_show_acknowledgement(const struct waiting_register *reg, const struct alert_node *node, struct alert_transition *shown) {
    const struct acknowledgement_node *noted = acknowledgement_of(reg, node);
    if (noted == NULL)
        return;
    shown->by = texts_at(reg->notes, noted->by);
    shown->note = texts_at(reg->notes, noted->note);
    shown->expected_by = noted->expected_by;
    shown->acknowledged_at = noted->at;
    shown->is_overdue = noted->is_overdue;
}

void register_replay_acknowledgement(struct waiting_register *reg, struct alert_node *node, const struct alert_transition *transition) {
    node->severity = transition->severity & 0xf;
    if (transition->change == ALERT_OVERDUE && node->acknowledgement != 0)
        acknowledgement_of(reg, node)->is_overdue = true;
    if (transition->change != ALERT_ACKNOWLEDGED || transition->by.at == NULL)
        return;
    register_note_acknowledgement(reg, node,
                                  &(struct acknowledgement_node){
                                      .alert_seq = transition->alert_seq,
                                      .at = transition->at,
                                      .by = texts_keep(reg->notes, transition->by),
                                      .note = transition->note.at == NULL ? 0 : texts_keep(reg->notes, transition->note),
                                      .expected_by = transition->expected_by,
                                  });
}

static struct alert_node *find_of_wait(const struct waiting_register *reg, struct text subject, uint64_t raised_seq) {
    uint32_t wait = register_find(reg, subject);
    uint32_t alert = wait == 0 ? 0 : register_record(reg, wait)->first_alert;
    while (alert != 0 && register_alert(reg, alert)->raised_seq != raised_seq)
        alert = register_alert(reg, alert)->next;
    return alert == 0 ? NULL : register_alert(reg, alert);
}

/* The alert as it stands, and where it is about no wait that too. */
static struct alert_node *find_open(const struct waiting_register *reg, const struct acknowledgement *acknowledgement,
                                    struct standing_alert **standing) {
    *standing = NULL;
    if (alert_rule_is_about_waits(acknowledgement->rule))
        return find_of_wait(reg, acknowledgement->subject, acknowledgement->raised_seq);
    *standing = register_find_standing(reg, acknowledgement->rule, acknowledgement->subject);
    return *standing != NULL && (*standing)->node.raised_seq == acknowledgement->raised_seq ? &(*standing)->node : NULL;
}

static struct alert_transition *record_acknowledged(struct waiting_register *reg, const struct alert_node *node,
                                                    const struct standing_alert *standing, instant_t now) {
    struct clock_reading reading;
    if (standing != NULL)
        return register_record_standing(reg, standing, ALERT_ACKNOWLEDGED, now);
    register_read_clock(reg, register_record(reg, node->wait), &reading);
    return register_record_transition(reg, node, ALERT_ACKNOWLEDGED, &reading, now);
}

static bool says_the_same(const struct waiting_register *reg, const struct acknowledgement_node *noted,
                          const struct acknowledgement *acknowledgement) {
    struct text note = texts_at(reg->notes, noted->note);
    return noted->expected_by == acknowledgement->expected_by && text_equal(texts_at(reg->notes, noted->by), acknowledgement->by) &&
           (note.at == NULL) == (acknowledgement->note.at == NULL) && text_equal(note, acknowledgement->note);
}

enum acknowledge_result register_acknowledge(struct waiting_register *reg, const struct acknowledgement *acknowledgement, instant_t now,
                                             uint64_t *alert_seq) {
    ENSURE(reg->live && acknowledgement->by.at != NULL);
    struct standing_alert *standing;
    struct alert_node *node = find_open(reg, acknowledgement, &standing);
    day_t expected_by = acknowledgement->expected_by;
    if (node == NULL)
        return ACKNOWLEDGE_NOT_OPEN;
    const struct acknowledgement_node *before = acknowledgement_of(reg, node);
    if (before != NULL && says_the_same(reg, before, acknowledgement)) {
        *alert_seq = before->alert_seq;
        return ACKNOWLEDGE_REPEATED;
    }
    if (expected_by != DAY_NONE && (expected_by < reg->today || expected_by > reg->today + ACKNOWLEDGED_DAYS_MAX))
        return ACKNOWLEDGE_BAD_DAY;
    struct alert_transition *transition = record_acknowledged(reg, node, standing, now);
    register_note_acknowledgement(reg, node,
                                  &(struct acknowledgement_node){
                                      .alert_seq = transition->alert_seq,
                                      .at = now,
                                      .by = texts_keep(reg->notes, acknowledgement->by),
                                      .note = acknowledgement->note.at == NULL ? 0 : texts_keep(reg->notes, acknowledgement->note),
                                      .expected_by = expected_by,
                                  });
    register_show_acknowledgement(reg, node, transition);
    if (standing == NULL)
        register_touch(reg, node->wait, INT32_MAX); /* its next day in the agenda is another */
    *alert_seq = transition->alert_seq;
    return ACKNOWLEDGE_TAKEN;
}

bool register_make_overdue(struct waiting_register *reg, struct alert_node *node) {
    struct acknowledgement_node *noted = acknowledgement_of(reg, node);
    if (noted == NULL || noted->is_overdue || noted->expected_by == DAY_NONE || noted->expected_by >= reg->today || !reg->raise)
        return false;
    noted->is_overdue = true;
    if (node->severity < SEVERITY_CRITICAL)
        node->severity = (node->severity + 1U) & 0xf;
    return true;
}

day_t register_next_overdue(const struct waiting_register *reg, const struct record *record) {
    day_t next = DAY_NONE;
    for (uint32_t alert = record->first_alert; alert != 0; alert = register_alert(reg, alert)->next) {
        const struct acknowledgement_node *noted = acknowledgement_of(reg, register_alert(reg, alert));
        /* What is over by today is settled with this turn, after the wait is counted. */
        if (noted == NULL || noted->is_overdue || noted->expected_by == DAY_NONE || noted->expected_by < reg->today)
            continue;
        if (next == DAY_NONE || noted->expected_by + 1 < next)
            next = noted->expected_by + 1;
    }
    return next;
}
