/* Acts on what is quarantined (rules, section 3): retried through all checks, or discarded; journalled with who did it. */
#include "daemon/ledger/ledger_internal.h"

#include "daemon/core/memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *quarantine_outcome_name(enum quarantine_outcome outcome) {
    static const char *const names[OUTCOME_COUNT] = {
        [OUTCOME_ACCEPTED] = "accepted",   [OUTCOME_DUPLICATE] = "duplicate", [OUTCOME_REJECTED] = "rejected",
        [OUTCOME_DISCARDED] = "discarded", [OUTCOME_SCRUBBED] = "scrubbed",   [OUTCOME_RETRIED] = "retried",
        [OUTCOME_NOT_FOUND] = "not_found",
    };
    return names[outcome];
}

static void append_act(struct ledger *ledger, const char *name, uint64_t id, const struct quarantine_act *act,
                       const struct quarantine_result *result) {
    json_t *record = json_object();
    size_t length;
    bool rejected = result->outcome == OUTCOME_REJECTED;
    json_object_set_new(record, "id", json_integer((json_int_t)id)); /* first: by it the journal finds them */
    json_object_set_new(record, "act", json_string(name));
    json_object_set_new(record, "by", wire_text(act->by));
    json_object_set_new(record, "reason", wire_text(act->reason));
    json_object_set_new(record, "outcome", json_string(quarantine_outcome_name(result->outcome)));
    json_object_set_new(record, "seq", result->seq == 0 ? json_null() : json_integer((json_int_t)result->seq));
    json_object_set_new(record, "code", rejected ? json_string(reject_code_name(result->rejection.code)) : json_null());
    char *text = wire_dump(record, &length);
    journal_append_record(ledger->journal, JOURNAL_RECORD_QUARANTINE, (struct text){text, (uint32_t)length});
    free(text);
    json_decref(record);
}

/* Judges a copy: the checks read the journal, which lends the bytes only until then. */
static void judge_copy(struct ledger *ledger, struct text bytes, struct admission *admission) {
    struct event event;
    char *copy = memory_new((size_t)bytes.length + 1, 1);
    if (bytes.length > 0)
        memcpy(copy, bytes.at, bytes.length);
    ledger_judge(ledger, (struct text){copy, bytes.length}, admission, &event);
    free(copy);
}

static void too_large(struct admission *admission) {
    *admission = (struct admission){.verdict = VERDICT_QUARANTINED, .rejection.code = REJECT_TOO_LARGE};
    snprintf(admission->rejection.message, sizeof admission->rejection.message, "the event is longer than %d bytes", EVENT_BYTES_MAX);
}

static void settle(struct ledger *ledger, uint64_t id, enum quarantine_state before, const struct admission *admission,
                   struct quarantine_result *result) {
    if (admission->verdict == VERDICT_QUARANTINED) {
        const struct journal_rejection why = {
            .code = reject_code_name(admission->rejection.code),
            .message = admission->rejection.message,
            .pointer = admission->rejection.pointer,
        };
        *result = (struct quarantine_result){.outcome = OUTCOME_REJECTED, .rejection = admission->rejection};
        journal_settle_quarantined(ledger->journal, id, before, &why);
    } else {
        *result = (struct quarantine_result){.seq = admission->seq};
        result->outcome = admission->verdict == VERDICT_ACCEPTED ? OUTCOME_ACCEPTED : OUTCOME_DUPLICATE;
        journal_settle_quarantined(ledger->journal, id, QUARANTINE_RETRIED, NULL);
    }
}

enum journal_status ledger_quarantine_retry(struct ledger *ledger, uint64_t id, const struct quarantine_act *act,
                                            struct quarantine_result *result) {
    struct journal_quarantined row;
    struct admission admission;
    enum journal_status status = journal_read_quarantined(ledger->journal, id, EVENT_BYTES_MAX, &row);
    if (status == JOURNAL_NOT_FOUND) {
        *result = (struct quarantine_result){.outcome = OUTCOME_NOT_FOUND};
        return JOURNAL_OK;
    }
    if (status != JOURNAL_OK)
        return status;
    if (row.scrubbed) {
        *result = (struct quarantine_result){.outcome = OUTCOME_SCRUBBED};
        return JOURNAL_OK;
    }
    if (row.bytes.at == NULL)
        too_large(&admission);
    else
        judge_copy(ledger, row.bytes, &admission);
    settle(ledger, id, row.state, &admission, result);
    append_act(ledger, "retry", id, act, result);
    return JOURNAL_OK;
}

enum journal_status ledger_quarantine_discard(struct ledger *ledger, uint64_t id, const struct quarantine_act *act,
                                              struct quarantine_result *result) {
    struct journal_quarantined row;
    enum journal_status status = journal_read_quarantined(ledger->journal, id, 0, &row);
    if (status != JOURNAL_OK && status != JOURNAL_NOT_FOUND)
        return status;
    *result = (struct quarantine_result){.outcome = status == JOURNAL_NOT_FOUND       ? OUTCOME_NOT_FOUND
                                                    : row.state == QUARANTINE_RETRIED ? OUTCOME_RETRIED
                                                                                      : OUTCOME_DISCARDED};
    if (result->outcome == OUTCOME_DISCARDED) {
        journal_settle_quarantined(ledger->journal, id, QUARANTINE_DISCARDED, NULL);
        append_act(ledger, "discard", id, act, result);
    }
    return JOURNAL_OK;
}
