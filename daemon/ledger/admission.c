/* One event through all checks of the rules, section 3, in their order: into the journal, into quarantine, or known already. */
#include "daemon/ledger/ledger_internal.h"

#include "daemon/journal/kept.h"

#include <stdio.h>
#include <stdlib.h>

static bool numeric_allowed(const struct ledger *ledger, struct text source) {
    for (size_t i = 0; i < ledger->numeric_source_count; i++)
        if (text_equal(ledger->numeric_sources[i], source))
            return true;
    return false;
}

/* What is well formed and refused for the moment, the configuration or another event keeps all that it may hold once it is accepted;
 * whatever else comes is no event of the rules, and may hold anything in any place. */
static enum personal_care care_of(enum reject_code code) {
    switch (code) {
    case REJECT_ID_CONFLICT:
    case REJECT_UNKNOWN_PATHWAY:
    case REJECT_TIME_IN_FUTURE:
    case REJECT_TIME_TOO_OLD:
        return PERSONAL_IN_EVENT;
    default:
        return PERSONAL_ANYWHERE;
    }
}

void ledger_keep_rejected(const struct ledger *ledger, struct text bytes, struct text source, const struct rejection *rejection,
                          struct kept_rejection *kept) {
    size_t length;
    kept->scrubbed = personal_scrub(bytes, care_of(rejection->code), numeric_allowed(ledger, source), ledger->personal_key, &length);
    /* A pointer is made of names of members, which are the sender's. */
    bool pointer_may_stay = !personal_is_in_note(text_of(rejection->pointer));
    kept->rejection = (struct journal_rejection){
        .code = reject_code_name(rejection->code),
        .message = rejection->message,
        .pointer = pointer_may_stay ? rejection->pointer : "",
        .source = source,
        .bytes = kept->scrubbed == NULL ? bytes : (struct text){kept->scrubbed, (uint32_t)length},
        .scrubbed = kept->scrubbed != NULL,
    };
}

void ledger_forget_rejected(struct kept_rejection *kept) {
    free(kept->scrubbed);
}

static uint64_t accept(struct ledger *ledger, struct text bytes, const struct event *event, uint64_t fingerprint) {
    uint32_t wait = register_wait_of(ledger->reg, event->subject);
    char kept[KEPT_SIZE];
    uint64_t seq = journal_append_event(ledger->journal, bytes, kept_write(event, kept), register_newest_seq(ledger->reg, wait));
    identity_add(ledger->identities, fingerprint, seq);
    sources_note(ledger->sources, event->source, event->time, ledger->now);
    register_accept(ledger->reg, event, seq);
    return seq;
}

/* Step 2 of the checks: an identity accepted before is a duplicate when it says the same, else a conflict. */
static enum verdict judge_known(struct ledger *ledger, struct text bytes, const struct journal_event *stored, struct rejection *rejection) {
    /* Of a redacted event nobody can tell any more what else it said, and to keep what comes now would bring it back. */
    if (stored->redacted || envelope_same(ledger->archive, bytes, stored->bytes))
        return VERDICT_DUPLICATE;
    rejection->code = REJECT_ID_CONFLICT;
    snprintf(rejection->message, sizeof rejection->message, "an event with this source and id was accepted with other content (seq %llu)",
             (unsigned long long)stored->seq);
    snprintf(rejection->pointer, sizeof rejection->pointer, "/id");
    return VERDICT_QUARANTINED;
}

void ledger_judge(struct ledger *ledger, struct text bytes, struct admission *admission, struct event *event) {
    const struct intake_rules rules = {
        .policy = register_policy(ledger->reg),
        .calendar = ledger->calendar,
        .epoch = ledger->config->epoch,
        .max_future_skew_ms = (int64_t)ledger->config->max_future_skew_s * 1000,
        .numeric_sources = ledger->numeric_sources,
        .numeric_source_count = ledger->numeric_source_count,
    };
    struct journal_event stored;
    uint64_t fingerprint = 0;
    *admission = (struct admission){.verdict = VERDICT_ACCEPTED, .rejection.code = REJECT_NONE};
    if (!envelope_parse(ledger->intake, bytes, event, &admission->rejection)) {
        admission->verdict = VERDICT_QUARANTINED;
    } else {
        fingerprint = identity_fingerprint(ledger->identities, event->source, event->id);
        admission->seq = ledger_find_identity(ledger, event->source, event->id, fingerprint, &stored);
        if (admission->seq != 0)
            admission->verdict = judge_known(ledger, bytes, &stored, &admission->rejection);
        else if (!envelope_validate(ledger->intake, &rules, ledger->now, event, &admission->rejection))
            admission->verdict = VERDICT_QUARANTINED;
    }
    if (admission->verdict == VERDICT_ACCEPTED)
        admission->seq = accept(ledger, bytes, event, fingerprint);
    if (admission->verdict == VERDICT_QUARANTINED)
        admission->id = event->id;
}

void ledger_admit(struct ledger *ledger, struct text bytes, struct admission *admission) {
    struct event event;
    struct kept_rejection kept;
    ledger_judge(ledger, bytes, admission, &event);
    if (admission->verdict != VERDICT_QUARANTINED)
        return;
    ledger_keep_rejected(ledger, bytes, event.source, &admission->rejection, &kept);
    journal_quarantine(ledger->journal, &kept.rejection);
    ledger_forget_rejected(&kept);
}
