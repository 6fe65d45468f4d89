/* Acknowledging an alert: from its name to the wait it is about, and the transition that tells of it. */
#include "daemon/ledger/ledger_internal.h"

enum journal_status ledger_acknowledge(struct ledger *ledger, const struct acknowledgement *asked, struct acknowledged *result) {
    static const enum acknowledge_outcome outcomes[] = {[ACKNOWLEDGE_TAKEN] = ACKNOWLEDGED_NOW,
                                                        [ACKNOWLEDGE_REPEATED] = ACKNOWLEDGED_BEFORE,
                                                        [ACKNOWLEDGE_BAD_DAY] = ACKNOWLEDGED_BAD_DAY,
                                                        [ACKNOWLEDGE_NOT_OPEN] = ACKNOWLEDGED_RESOLVED};
    struct journal_alert stored;
    struct alert_transition raised;
    *result = (struct acknowledged){.outcome = ACKNOWLEDGED_UNKNOWN};
    if (asked->raised_seq == 0)
        return JOURNAL_OK;
    enum journal_status status = journal_read_alert(ledger->journal, asked->raised_seq, &stored);
    if (status != JOURNAL_OK)
        return status == JOURNAL_NOT_FOUND ? JOURNAL_OK : status;
    if (!transition_read(ledger->transition_parser, stored.body, &raised))
        return JOURNAL_CORRUPT;
    if (raised.change != ALERT_RAISED)
        return JOURNAL_OK;
    struct acknowledgement known = *asked;
    known.rule = raised.rule;
    known.subject = raised.subject;
    result->outcome = outcomes[register_acknowledge(ledger->reg, &known, ledger->now, &result->alert_seq)];
    return JOURNAL_OK;
}
