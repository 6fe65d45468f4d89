/* Acknowledging an alert: from its name to the wait it is about, and the transition that tells of it. */
#include "daemon/ledger/ledger_internal.h"

/* The transition that raised the alert; JOURNAL_NOT_FOUND when none of this seq did. */
static enum journal_status read_raised(struct ledger *ledger, uint64_t raised_seq, struct alert_transition *raised) {
    struct journal_alert stored;
    if (raised_seq == 0)
        return JOURNAL_NOT_FOUND;
    enum journal_status status = journal_read_alert(ledger->journal, raised_seq, &stored);
    if (status != JOURNAL_OK)
        return status;
    if (!transition_read(ledger->transition_parser, stored.body, raised))
        return JOURNAL_CORRUPT;
    return raised->change == ALERT_RAISED ? JOURNAL_OK : JOURNAL_NOT_FOUND;
}

enum journal_status ledger_alert_team(struct ledger *ledger, uint64_t raised_seq, struct text *team) {
    struct alert_transition raised;
    struct wait_view view;
    *team = TEXT_ABSENT;
    enum journal_status status = read_raised(ledger, raised_seq, &raised);
    if (status != JOURNAL_OK)
        return status;
    if (!alert_rule_is_about_waits(raised.rule)) {
        *team = raised.team;
        return JOURNAL_OK;
    }
    uint32_t wait = register_find(ledger->reg, raised.subject);
    if (wait != 0 && register_view(ledger->reg, wait, &view))
        *team = view.team;
    return JOURNAL_OK;
}

enum journal_status ledger_acknowledge(struct ledger *ledger, const struct acknowledgement *asked, struct acknowledged *result) {
    static const enum acknowledge_outcome outcomes[] = {[ACKNOWLEDGE_TAKEN] = ACKNOWLEDGED_NOW,
                                                        [ACKNOWLEDGE_REPEATED] = ACKNOWLEDGED_BEFORE,
                                                        [ACKNOWLEDGE_BAD_DAY] = ACKNOWLEDGED_BAD_DAY,
                                                        [ACKNOWLEDGE_NOT_OPEN] = ACKNOWLEDGED_RESOLVED};
    struct alert_transition raised;
    *result = (struct acknowledged){.outcome = ACKNOWLEDGED_UNKNOWN};
    enum journal_status status = read_raised(ledger, asked->raised_seq, &raised);
    if (status != JOURNAL_OK)
        return status == JOURNAL_NOT_FOUND ? JOURNAL_OK : status;
    struct acknowledgement known = *asked;
    known.rule = raised.rule;
    known.subject = raised.subject;
    result->outcome = outcomes[register_acknowledge(ledger->reg, &known, ledger->now, &result->alert_seq)];
    return JOURNAL_OK;
}
