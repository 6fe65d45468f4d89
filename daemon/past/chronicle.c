/* The chronicle: events and policies out of a reader of the journal, and the register last asked for. */
#include "daemon/past/chronicle.h"

#include "daemon/config/config.h"
#include "daemon/core/archive.h"
#include "daemon/core/memory.h"
#include "daemon/ingest/envelope.h"
#include "daemon/journal/kept.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Events read in one go: a read that never ends would keep the writer from emptying its write-ahead file. */
enum { EVENTS_A_READ = 65536, FAILURE_SIZE = 256 };

struct kept_policy {
    struct policy policy;
    struct holidays holidays;
    struct calendar *calendar; /* NULL until somebody asks for a day of it */
    day_t from;
    uint64_t after_seq;
    instant_t at; /* when it was written */
};

struct chronicle {
    char *journal_path;
    struct calendar *midnights; /* without holidays: from it every policy's calendar is made */
    const atomic_bool *stop;
    struct journal *journal; /* NULL: empty */
    struct archive *archive;
    struct envelope *envelope;
    uint64_t hash_seed;
    struct kept_policy *policies; /* as journalled, by rising day */
    size_t policy_count;
    size_t policy_capacity;
    uint64_t last_policy;     /* its record */
    uint64_t last_redaction;  /* that was known when the journal was opened: a later one means to forget and read again */
    size_t policies_in_sight; /* those that chronicle_look_from lets be seen; 0: all */
    struct waiting_register *reg;
    day_t reg_as_at;
    uint64_t reg_known_at;
    size_t left_to_read;
    bool damaged;
    char failure[FAILURE_SIZE];
};

struct chronicle *chronicle_create(const char *journal_path, const struct calendar *calendar, const atomic_bool *stop) {
    struct chronicle *chronicle = memory_new(1, sizeof *chronicle);
    size_t size = strlen(journal_path) + 1;
    chronicle->journal_path = memory_new(size, 1);
    memcpy(chronicle->journal_path, journal_path, size);
    chronicle->midnights = calendar_with_holidays(calendar, NULL, 0);
    chronicle->stop = stop;
    return chronicle;
}

static void forget_register(struct chronicle *chronicle) {
    register_destroy(&chronicle->reg);
}

static void forget_policies(struct chronicle *chronicle) {
    while (chronicle->policy_count > 0) {
        struct kept_policy *kept = &chronicle->policies[--chronicle->policy_count];
        holidays_clear(&kept->holidays);
        calendar_destroy(&kept->calendar);
    }
    chronicle->last_policy = 0;
    chronicle->policies_in_sight = 0;
}

void chronicle_forget(struct chronicle *chronicle) {
    forget_register(chronicle);
    forget_policies(chronicle);
    archive_destroy(&chronicle->archive);
    envelope_destroy(&chronicle->envelope);
    journal_close(&chronicle->journal);
}

void chronicle_destroy(struct chronicle **chronicle) {
    if (*chronicle == NULL)
        return;
    chronicle_forget(*chronicle);
    calendar_destroy(&(*chronicle)->midnights);
    free((*chronicle)->policies);
    free((*chronicle)->journal_path);
    free(*chronicle);
    *chronicle = NULL;
}

bool chronicle_is_empty(const struct chronicle *chronicle) {
    return chronicle->journal == NULL;
}

const char *chronicle_failure(const struct chronicle *chronicle) {
    return chronicle->failure;
}

struct journal *chronicle_journal(const struct chronicle *chronicle) {
    return chronicle->journal;
}

/* The record of the newest redaction, 0 without one. */
static enum journal_status read_last_redaction(struct chronicle *chronicle, uint64_t *record_id) {
    struct journal_record last;
    enum journal_status status = journal_last_record(chronicle->journal, JOURNAL_RECORD_REDACTION, &last);
    *record_id = status == JOURNAL_OK ? last.record_id : 0;
    return status == JOURNAL_NOT_FOUND ? JOURNAL_OK : status;
}

static enum journal_status open_journal(struct chronicle *chronicle) {
    enum journal_status status = journal_open_reader(chronicle->journal_path, &chronicle->journal, chronicle->failure);
    if (status != JOURNAL_OK)
        return status;
    randombytes_buf(&chronicle->hash_seed, sizeof chronicle->hash_seed);
    chronicle->archive = archive_create(chronicle->hash_seed);
    chronicle->envelope = envelope_create();
    return read_last_redaction(chronicle, &chronicle->last_redaction);
}

static bool keep_policy(void *context, const struct journal_record *record) {
    struct chronicle *chronicle = context;
    memory_reserve((void **)&chronicle->policies, &chronicle->policy_capacity, chronicle->policy_count + 1, sizeof *chronicle->policies);
    struct kept_policy *kept = &chronicle->policies[chronicle->policy_count];
    memset(kept, 0, sizeof *kept);
    if (!policy_from_json(record->body, &kept->policy, &kept->holidays, &kept->from)) {
        chronicle->damaged = true;
        return false;
    }
    kept->after_seq = record->after_seq;
    kept->at = record->at;
    chronicle->policy_count++;
    chronicle->last_policy = record->record_id;
    return true;
}

static enum journal_status read_policies(struct chronicle *chronicle) {
    struct journal_record last;
    enum journal_status status = journal_last_record(chronicle->journal, JOURNAL_RECORD_POLICY, &last);
    if (status != JOURNAL_OK || last.record_id == chronicle->last_policy)
        return status;
    forget_register(chronicle);
    forget_policies(chronicle);
    return journal_each_record(chronicle->journal, JOURNAL_RECORD_POLICY, keep_policy, chronicle);
}

/* What of an event the chain covers. */
static bool kept_of(void *context, struct text bytes, char *buffer, struct text *kept) {
    struct chronicle *chronicle = context;
    struct event event;
    if (!envelope_decode(chronicle->envelope, bytes, &event))
        return false;
    *kept = kept_write(&event, buffer);
    return true;
}

static bool keep_event(void *context, const struct journal_event *stored) {
    struct chronicle *chronicle = context;
    struct event event;
    if (!envelope_decode(chronicle->envelope, stored->bytes, &event)) {
        chronicle->damaged = true;
        return false;
    }
    archive_add(chronicle->archive, &event, stored->seq, stored->received);
    return --chronicle->left_to_read > 0;
}

static enum journal_status read_events(struct chronicle *chronicle) {
    enum journal_status status = JOURNAL_OK;
    while (status == JOURNAL_OK && !chronicle->damaged && archive_count(chronicle->archive) < journal_last_seq(chronicle->journal)) {
        if (atomic_load(chronicle->stop)) {
            snprintf(chronicle->failure, sizeof chronicle->failure, "the daemon ends");
            return JOURNAL_FAILED;
        }
        chronicle->left_to_read = EVENTS_A_READ;
        status = journal_each_event(chronicle->journal, archive_count(chronicle->archive) + 1, keep_event, chronicle);
    }
    return status;
}

/* The policies come last: those of every event that was read are then there. */
static enum journal_status read_on(struct chronicle *chronicle) {
    enum journal_status status = journal_refresh(chronicle->journal);
    if (status == JOURNAL_OK)
        status = read_events(chronicle);
    if (status == JOURNAL_OK)
        status = read_policies(chronicle);
    return chronicle->damaged ? JOURNAL_CORRUPT : status;
}

/* What was erased since must be in no answer, nor stay in memory. */
static enum journal_status forget_what_was_redacted(struct chronicle *chronicle) {
    uint64_t newest = 0;
    if (chronicle->journal == NULL)
        return JOURNAL_OK;
    enum journal_status status = read_last_redaction(chronicle, &newest);
    if (status == JOURNAL_OK && newest != chronicle->last_redaction)
        chronicle_forget(chronicle);
    return status;
}

enum journal_status chronicle_refresh(struct chronicle *chronicle) {
    chronicle->failure[0] = '\0';
    chronicle->damaged = false;
    enum journal_status status = forget_what_was_redacted(chronicle);
    if (status == JOURNAL_OK && chronicle->journal == NULL)
        status = open_journal(chronicle);
    if (status != JOURNAL_OK)
        return status;
    status = read_on(chronicle);
    if (status != JOURNAL_OK) {
        if (chronicle->failure[0] == '\0')
            snprintf(chronicle->failure, sizeof chronicle->failure, "%s",
                     status == JOURNAL_CORRUPT ? "the journal is damaged" : journal_failure(chronicle->journal));
        chronicle_forget(chronicle);
    }
    return status;
}

/* How many policies are seen: all, until somebody looks from an instant. */
static size_t in_sight(const struct chronicle *chronicle) {
    return chronicle->policies_in_sight > 0 ? chronicle->policies_in_sight : chronicle->policy_count;
}

bool chronicle_look_from(struct chronicle *chronicle, instant_t instant) {
    size_t count = 0;
    while (count < chronicle->policy_count && (instant == INSTANT_NONE || chronicle->policies[count].at <= instant))
        count++;
    if (count == 0)
        return false;
    if (count != in_sight(chronicle))
        forget_register(chronicle);
    chronicle->policies_in_sight = count;
    return true;
}

day_t chronicle_day_of(const struct chronicle *chronicle, instant_t instant) {
    return calendar_day_of(chronicle->midnights, instant);
}

size_t chronicle_policy_count(const struct chronicle *chronicle) {
    return in_sight(chronicle);
}

void chronicle_policy(const struct chronicle *chronicle, size_t place, struct chronicle_policy *policy) {
    const struct kept_policy *kept = &chronicle->policies[place];
    *policy = (struct chronicle_policy){&kept->policy, &kept->holidays, kept->from, kept->after_seq, kept->at};
}

enum journal_status chronicle_chain_at(struct chronicle *chronicle, uint64_t seq, struct chain_digest *head) {
    return journal_chain_at(chronicle->journal, seq, kept_of, chronicle, head);
}

/* The place of the policy in force at the end of a day; the first one applies to all days before it too. */
static size_t policy_on(const struct chronicle *chronicle, day_t day) {
    size_t place = 0;
    for (size_t i = 1; i < in_sight(chronicle); i++)
        if (chronicle->policies[i].from <= day)
            place = i;
    return place;
}

const struct calendar *chronicle_calendar(struct chronicle *chronicle, day_t day) {
    struct kept_policy *kept = &chronicle->policies[policy_on(chronicle, day)];
    if (kept->calendar == NULL)
        kept->calendar = calendar_with_holidays(chronicle->midnights, kept->holidays.at, kept->holidays.count);
    return kept->calendar;
}

/* A question about a day by some knowledge, in the archive's terms. The eras are freed by the caller. */
static struct recall recall_of(struct chronicle *chronicle, day_t as_at, uint64_t known_at, struct policy_era **eras) {
    *eras = memory_new(in_sight(chronicle), sizeof **eras);
    for (size_t i = 0; i < in_sight(chronicle); i++)
        (*eras)[i] = (struct policy_era){i == 0 ? DAY_NONE : chronicle->policies[i].from, &chronicle->policies[i].policy};
    return (struct recall){
        .calendar = chronicle_calendar(chronicle, as_at),
        .eras = *eras,
        .era_count = in_sight(chronicle),
        .known_at = known_at,
        .as_at = as_at,
    };
}

struct waiting_register *chronicle_register(struct chronicle *chronicle, day_t as_at, uint64_t known_at) {
    if (chronicle->reg != NULL && chronicle->reg_as_at == as_at && chronicle->reg_known_at == known_at)
        return chronicle->reg;
    forget_register(chronicle);
    struct policy_era *eras;
    struct recall recall = recall_of(chronicle, as_at, known_at, &eras);
    chronicle->reg = archive_recall(chronicle->archive, &recall);
    chronicle->reg_as_at = as_at;
    chronicle->reg_known_at = known_at;
    free(eras);
    return chronicle->reg;
}

struct walker {
    struct chronicle *chronicle;
    bool (*each)(void *context, day_t day, struct waiting_register *reg);
    void *context;
    bool ended;
};

static const struct calendar *calendar_on(void *context, day_t day) {
    return chronicle_calendar(((const struct walker *)context)->chronicle, day);
}

static bool visit_day(void *context, day_t day, struct waiting_register *reg) {
    struct walker *walker = context;
    walker->ended = atomic_load(walker->chronicle->stop) || !walker->each(walker->context, day, reg);
    return !walker->ended;
}

bool chronicle_walk(struct chronicle *chronicle, day_t from, day_t to, uint64_t known_at,
                    bool (*each)(void *context, day_t day, struct waiting_register *reg), void *context) {
    struct walker walker = {chronicle, each, context, false};
    struct policy_era *eras;
    struct walk walk = {
        .recall = recall_of(chronicle, from, known_at, &eras), .to = to, .calendar_on = calendar_on, .each = visit_day, .context = &walker};
    archive_walk(chronicle->archive, &walk);
    free(eras);
    return !walker.ended;
}

void chronicle_restate(struct chronicle *chronicle, day_t day, uint64_t reported_at, uint64_t known_at, const struct wait_filter *filter,
                       struct restatement *restatement) {
    struct policy_era *eras;
    struct recall recall = recall_of(chronicle, day, known_at, &eras);
    archive_restate(chronicle->archive, &recall, reported_at, filter, restatement);
    free(eras);
}

void chronicle_event(const struct chronicle *chronicle, uint64_t seq, struct history_event *event) {
    archive_event(chronicle->archive, seq, event);
}
