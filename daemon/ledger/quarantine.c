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

/* Its bytes are not read: as no source is known of them, no number was spared in them. */
static void still_too_large(struct ledger *ledger, const struct journal_quarantined *row, struct quarantine_result *result) {
    *result = (struct quarantine_result){.outcome = OUTCOME_REJECTED, .rejection.code = REJECT_TOO_LARGE};
    snprintf(result->rejection.message, sizeof result->rejection.message, "the event is longer than %d bytes", EVENT_BYTES_MAX);
    const struct journal_rejection why = {.code = reject_code_name(REJECT_TOO_LARGE), .message = result->rejection.message, .pointer = ""};
    journal_settle_quarantined(ledger->journal, row->id, row->state, &why);
}

/* It failed again. Of a source that may no longer send numbers as references, its bytes may hold some. */
static void reject_again(struct ledger *ledger, const struct journal_quarantined *row, const struct rejection *rejection,
                         struct text source) {
    struct kept_rejection kept;
    ledger_keep_rejected(ledger, row->bytes, source, rejection, &kept);
    if (!kept.rejection.scrubbed)
        kept.rejection.bytes = TEXT_ABSENT; /* they stay as they are */
    journal_settle_quarantined(ledger->journal, row->id, row->state, &kept.rejection);
    ledger_forget_rejected(&kept);
}

static void judge_again(struct ledger *ledger, struct journal_quarantined *row, struct quarantine_result *result) {
    struct event event;
    struct admission admission;
    char *copy = memory_new((size_t)row->bytes.length + 1, 1); /* the journal lends the bytes until it is read again */
    if (row->bytes.length > 0)
        memcpy(copy, row->bytes.at, row->bytes.length);
    row->bytes.at = copy;
    ledger_judge(ledger, row->bytes, &admission, &event);
    if (admission.verdict == VERDICT_QUARANTINED) {
        *result = (struct quarantine_result){.outcome = OUTCOME_REJECTED, .rejection = admission.rejection};
        reject_again(ledger, row, &admission.rejection, event.source);
    } else {
        *result = (struct quarantine_result){.seq = admission.seq};
        result->outcome = admission.verdict == VERDICT_ACCEPTED ? OUTCOME_ACCEPTED : OUTCOME_DUPLICATE;
        journal_settle_quarantined(ledger->journal, row->id, QUARANTINE_RETRIED, NULL);
    }
    free(copy);
}

enum journal_status ledger_quarantine_retry(struct ledger *ledger, uint64_t id, const struct quarantine_act *act,
                                            struct quarantine_result *result) {
    struct journal_quarantined row;
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
        still_too_large(ledger, &row, result);
    else
        judge_again(ledger, &row, result);
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
