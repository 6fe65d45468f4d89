/* Rebuilding from the journal, and reading the history of one wait from it. */
#include "daemon/ledger/ledger_internal.h"

#include "daemon/core/memory.h"

#include <sodium.h>
#include <stdlib.h>

/* Events or alerts read in one go: a read that does not end keeps the writer from emptying its write-ahead file, and a thread of the lowest
 * priority may have to wait for the processor in the midst of it. */
enum { READ_AT_ONCE = 2048 };

/* A history of more events than are kept gives its memory back when the next one is read: each takes some 800 bytes. */
enum { PROGRESS_EVERY = 16384, ALERTS_A_BREATH = 4096, HISTORY_KEPT = 4096 };

void ledger_keep_policy(struct ledger *ledger, const struct policy *policy, struct holidays *holidays, day_t from) {
    memory_reserve((void **)&ledger->policies, &ledger->policy_capacity, ledger->policy_count + 1, sizeof *ledger->policies);
    ledger->policies[ledger->policy_count++] = (struct kept_policy){*policy, *holidays, from};
    *holidays = (struct holidays){0, NULL};
}

static bool keep_record(void *context, const struct journal_record *record) {
    struct ledger *ledger = context;
    struct policy policy;
    struct holidays holidays;
    day_t from;
    if (!policy_from_json(record->body, &policy, &holidays, &from)) {
        ledger->damaged = true;
        return false;
    }
    /* Each is kept, also where a later one applies from the same day: an event accepted between them may name a pathway of the first. */
    ledger_keep_policy(ledger, &policy, &holidays, from);
    return true;
}

void ledger_forget_policies(struct ledger *ledger) {
    while (ledger->policy_count > 0)
        holidays_clear(&ledger->policies[--ledger->policy_count].holidays);
}

bool ledger_is_stopped(const atomic_bool *stop) {
    return stop != NULL && atomic_load(stop);
}

static enum journal_status damaged_or(const struct ledger *ledger, enum journal_status status) {
    return ledger->damaged ? JOURNAL_CORRUPT : status;
}

enum journal_status ledger_read_policies(struct ledger *ledger) {
    ledger_forget_policies(ledger);
    return damaged_or(ledger, journal_each_record(ledger->journal, JOURNAL_RECORD_POLICY, keep_record, ledger));
}

struct identity_question {
    struct ledger *ledger;
    struct text source;
    struct text id;
    struct journal_event *stored;
};

static bool confirm_identity(void *context, uint64_t seq) {
    const struct identity_question *question = context;
    struct event event;
    if (journal_read_event(question->ledger->journal, seq, question->stored) != JOURNAL_OK)
        return false;
    return envelope_decode(question->ledger->archive, question->stored->bytes, &event) && text_equal(event.source, question->source) &&
           text_equal(event.id, question->id);
}

uint64_t ledger_find_identity(struct ledger *ledger, struct text source, struct text id, uint64_t fingerprint,
                              struct journal_event *stored) {
    struct identity_question question = {ledger, source, id, stored};
    return identity_find(ledger->identities, fingerprint, confirm_identity, &question);
}

/* What cannot be read ends the process, since a wrong number would be worse; a replay beside it is given up. */
static bool history_fails(struct ledger *ledger) {
    ENSURE(ledger->stop != NULL);
    ledger->damaged = true;
    return false;
}

/* One stored event into the arena. */
static bool take_history_event(struct ledger *ledger, const struct journal_event *stored, struct history_event *out) {
    out->seq = stored->seq;
    out->received = stored->received;
    if (!envelope_decode(ledger->archive, stored->bytes, &out->event))
        return history_fails(ledger);
    arena_event(ledger->arena, &out->event);
    return true;
}

static bool read_history_event(struct ledger *ledger, uint64_t seq, struct journal_event *stored) {
    return journal_read_event(ledger->journal, seq, stored) == JOURNAL_OK || history_fails(ledger);
}

static size_t load_history(void *context, uint64_t newest_seq, const struct history_event **events) {
    struct ledger *ledger = context;
    size_t count = 0;
    arena_clear(ledger->arena);
    if (ledger->history_capacity > HISTORY_KEPT) {
        free(ledger->history);
        ledger->history = NULL;
        ledger->history_capacity = 0;
    }
    for (uint64_t seq = newest_seq; seq != 0;) {
        struct journal_event stored;
        memory_reserve((void **)&ledger->history, &ledger->history_capacity, count + 1, sizeof *ledger->history);
        if (!read_history_event(ledger, seq, &stored) || !take_history_event(ledger, &stored, &ledger->history[count]))
            break;
        count++;
        seq = stored.previous_seq;
    }
    *events = ledger->history;
    return count;
}

static bool find_event(void *context, struct text source, struct text id, struct history_event *event) {
    struct ledger *ledger = context;
    struct journal_event stored;
    uint64_t fingerprint = identity_fingerprint(ledger->identities, source, id);
    if (ledger_find_identity(ledger, source, id, fingerprint, &stored) == 0)
        return false;
    arena_clear(ledger->arena);
    return take_history_event(ledger, &stored, event);
}

void ledger_tell_alive(void *context) {
    const struct ledger *ledger = context;
    if (ledger->progress != NULL)
        ledger->progress(ledger->progress_context, LEDGER_COUNTS_WAITS, 0, 0);
}

static void make_register(struct ledger *ledger) {
    struct policy_era *eras = memory_new(ledger->policy_count, sizeof *eras);
    for (size_t i = 0; i < ledger->policy_count; i++)
        eras[i] = (struct policy_era){i == 0 ? DAY_NONE : ledger->policies[i].from, &ledger->policies[i].policy};
    struct register_setup setup = {
        .calendar = ledger->calendar,
        .eras = eras,
        .era_count = ledger->policy_count,
        .history = {ledger, load_history, find_event},
        .hash_seed = ledger->hash_seed,
        .breathe = ledger_tell_alive,
        .breathe_context = ledger,
    };
    register_destroy(&ledger->reg);
    ledger->reg = register_create(&setup);
    free(eras);
}

static bool replay_event(void *context, const struct journal_event *stored) {
    struct ledger *ledger = context;
    struct event event;
    if (!envelope_decode(ledger->intake, stored->bytes, &event)) {
        ledger->damaged = true;
        return false;
    }
    identity_add(ledger->identities, identity_fingerprint(ledger->identities, event.source, event.id), stored->seq);
    sources_note(ledger->sources, event.source, event.time, stored->received);
    register_replay_event(ledger->reg, &event, stored->seq);
    if (stored->seq % PROGRESS_EVERY == 0 && ledger->progress != NULL)
        ledger->progress(ledger->progress_context, LEDGER_READS_EVENTS, stored->seq, journal_last_seq(ledger->journal));
    ledger->replayed_seq = stored->seq;
    pace_rest(ledger->pace);
    return !ledger->damaged && --ledger->left_to_read > 0;
}

static bool replay_alert(void *context, const struct journal_alert *stored) {
    struct ledger *ledger = context;
    struct alert_transition transition;
    bool read = transition_read(ledger->transition_parser, stored->body, &transition);
    if (stored->alert_seq % ALERTS_A_BREATH == 0)
        ledger_tell_alive(ledger);
    if (read)
        register_replay_alert(ledger->reg, &transition);
    else
        ledger->damaged = true;
    ledger->replayed_alert_seq = stored->alert_seq;
    pace_rest(ledger->pace);
    /* A reader meets alerts that were committed after the events it knows of. */
    return read && stored->alert_seq < journal_last_alert_seq(ledger->journal) && --ledger->left_to_read > 0;
}

void ledger_make_anew(struct ledger *ledger) {
    ledger->watching = NULL;
    make_register(ledger);
    identity_destroy(&ledger->identities);
    ledger->identities = identity_create(ledger->hash_seed);
    sources_destroy(&ledger->sources);
    ledger->sources = sources_create(ledger->hash_seed);
}

/* What was committed, without the open turn's. */
static enum journal_status replay_on(struct ledger *ledger) {
    enum journal_status status = JOURNAL_OK;
    uint64_t before;
    do {
        before = ledger->replayed_seq;
        ledger->left_to_read = READ_AT_ONCE;
        status = journal_each_event(ledger->journal, before + 1, replay_event, ledger);
    } while (status == JOURNAL_OK && !ledger->damaged && ledger->replayed_seq > before && !ledger_is_stopped(ledger->stop));
    while (status == JOURNAL_OK && !ledger->damaged && ledger->replayed_alert_seq < journal_last_alert_seq(ledger->journal) &&
           !ledger_is_stopped(ledger->stop)) {
        ledger->left_to_read = READ_AT_ONCE;
        status = journal_each_alert(ledger->journal, ledger->replayed_alert_seq, replay_alert, ledger);
    }
    return status == JOURNAL_OK && ledger_is_stopped(ledger->stop) ? JOURNAL_FAILED : status;
}

void ledger_read_redaction(struct ledger *ledger) {
    struct journal_record record;
    bool any = journal_last_record(ledger->journal, JOURNAL_RECORD_REDACTION, &record) == JOURNAL_OK;
    ledger->redaction = any ? record.record_id : 0;
}

enum journal_status ledger_replay(struct ledger *ledger) {
    ledger_read_redaction(ledger);
    if (!checkpoint_read(ledger, &ledger->checkpoint, ledger->news.ignored)) {
        randombytes_buf(&ledger->hash_seed, sizeof ledger->hash_seed);
        ledger_make_anew(ledger);
    }
    ledger->news.from_seq = ledger->replayed_seq = ledger->checkpoint.seq;
    ledger->replayed_alert_seq = ledger->checkpoint.alert_seq;
    enum journal_status status = replay_on(ledger);
    register_set_next_alert_seq(ledger->reg, journal_last_alert_seq(ledger->journal) + 1);
    return damaged_or(ledger, status);
}
