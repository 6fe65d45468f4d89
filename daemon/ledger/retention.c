/* The rule of retention: finding waits that ended long ago, and redacting them piece by piece. */
#include "daemon/ledger/ledger_internal.h"

#include <stdlib.h>

enum { EVENTS_A_BREATH = 4096 };

/* The events of one wait that are not redacted yet, as far as there is room for their seqs. */
static enum journal_status gather(struct ledger *ledger, uint64_t newest_seq, struct retention_search *search, uint64_t *looked,
                                  uint64_t *unredacted) {
    enum journal_status status = JOURNAL_OK;
    struct journal_event stored;
    *unredacted = 0;
    for (uint64_t seq = newest_seq; seq != 0 && status == JOURNAL_OK; seq = stored.previous_seq) {
        status = journal_read_event(ledger->journal, seq, &stored);
        if (++*looked % EVENTS_A_BREATH == 0)
            ledger_tell_alive(ledger);
        if (status != JOURNAL_OK || stored.redacted)
            continue;
        if (!search->only_counts && search->count < LEDGER_REDACTION_MAX)
            search->seqs[search->count++] = seq;
        ++*unredacted;
    }
    return status;
}

/* One wait. `*is_done`: false when it has no place in this piece any more, or only a part of it has. */
static enum journal_status search_wait(struct ledger *ledger, const struct wait_end *end, struct retention_search *search, uint64_t *looked,
                                       size_t *waits, bool *is_done) {
    size_t before = search->count;
    struct retention_found found = {.end = end};
    enum journal_status status = gather(ledger, end->newest_seq, search, looked, &found.events);
    found.whole = search->only_counts || search->count - before == found.events;
    if (status != JOURNAL_OK || found.events == 0)
        return status;
    *is_done = found.whole;
    if (!found.whole && before > 0) {
        search->count = before; /* it begins the next piece */
        return status;
    }
    ++*waits;
    search->found(search->context, &found);
    return status;
}

enum journal_status ledger_retention_search(struct ledger *ledger, struct retention_search *search) {
    enum journal_status status = JOURNAL_OK;
    uint32_t waits = register_wait_count(ledger->reg);
    uint64_t looked = 0;
    size_t found = 0;
    bool is_done = true;
    search->count = 0;
    search->reached = search->after;
    while (search->reached < waits && found < search->waits_max && looked < LEDGER_RETENTION_LOOKS && status == JOURNAL_OK) {
        struct wait_end end;
        if (register_ended_before(ledger->reg, search->reached + 1, search->before, &end))
            status = search_wait(ledger, &end, search, &looked, &found, &is_done);
        if (!is_done)
            break;
        search->reached++;
    }
    search->is_over = status == JOURNAL_OK && search->reached >= waits;
    qsort(search->seqs, search->count, sizeof *search->seqs, ledger_compare_seqs);
    return status;
}

enum journal_status ledger_retention_redact(struct ledger *ledger, const struct retention_search *search, struct text by,
                                            struct text reason, size_t *count) {
    struct redaction_result result = {.redacted = 0};
    enum journal_status status = ledger_redact_events(ledger, by, reason, search->seqs, search->count, &result);
    *count = result.redacted;
    return status;
}
