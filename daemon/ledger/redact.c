/* Redaction of accepted events (rules, section 3): who it was about is erased, what every count needs stays. */
#include "daemon/ledger/ledger_internal.h"

#include "daemon/core/memory.h"
#include "daemon/journal/kept.h"

#include <stdlib.h>
#include <string.h>

/* A large journal on a slow disk takes longer to look through than the watchdog waits. */
enum { EVENTS_A_BREATH = 4096 };

/* What is to be redacted, gathered in any order. */
struct gathering {
    struct ledger *ledger;
    struct text person; /* of a search */
    uint32_t *waits;    /* of that person, some twice */
    size_t wait_count;
    size_t wait_capacity;
    uint64_t *seqs;
    size_t count;
    size_t capacity;
    bool too_many;
};

static bool gather(struct gathering *gathering, uint64_t seq) {
    if (gathering->count == LEDGER_REDACTION_MAX) {
        gathering->too_many = true;
        return false;
    }
    memory_reserve((void **)&gathering->seqs, &gathering->capacity, gathering->count + 1, sizeof *gathering->seqs);
    gathering->seqs[gathering->count++] = seq;
    return true;
}

static enum journal_status gather_wait(struct gathering *gathering, uint32_t wait) {
    enum journal_status status = JOURNAL_OK;
    struct journal_event stored;
    for (uint64_t seq = register_newest_seq(gathering->ledger->reg, wait); seq != 0 && status == JOURNAL_OK; seq = stored.previous_seq) {
        if (!gather(gathering, seq))
            break;
        status = journal_read_event(gathering->ledger->journal, seq, &stored);
    }
    return status;
}

/* Whether the bytes may hold the text: as it is, or with something escaped. */
static bool may_hold(struct text bytes, struct text text) {
    return memmem(bytes.at, bytes.length, text.at, text.length) != NULL || memchr(bytes.at, '\\', bytes.length) != NULL;
}

static bool look_for_person(void *context, const struct journal_event *stored) {
    struct gathering *gathering = context;
    struct event event;
    if (stored->seq % EVENTS_A_BREATH == 0)
        ledger_tell_alive(gathering->ledger);
    if (!may_hold(stored->bytes, gathering->person))
        return true;
    if (!envelope_decode(gathering->ledger->archive, stored->bytes, &event)) {
        gathering->ledger->damaged = true;
        return false;
    }
    if (!text_equal(event.person, gathering->person))
        return true;
    memory_reserve((void **)&gathering->waits, &gathering->wait_capacity, gathering->wait_count + 1, sizeof *gathering->waits);
    gathering->waits[gathering->wait_count++] = register_wait_of(gathering->ledger->reg, event.subject);
    return gathering->wait_count < LEDGER_REDACTION_MAX;
}

static enum journal_status gather_person(struct gathering *gathering) {
    enum journal_status status = journal_each_event(gathering->ledger->journal, 1, look_for_person, gathering);
    if (gathering->ledger->damaged)
        return JOURNAL_CORRUPT;
    for (size_t i = 0; i < gathering->wait_count && status == JOURNAL_OK; i++)
        status = gather_wait(gathering, gathering->waits[i]);
    return status;
}

static void gather_named(struct gathering *gathering, const struct redaction *redaction, struct redaction_result *result) {
    struct ledger *ledger = gathering->ledger;
    for (size_t i = 0; i < redaction->name_count; i++) {
        const struct event_name *name = &redaction->names[i];
        struct journal_event stored;
        uint64_t seq =
            ledger_find_identity(ledger, name->source, name->id, identity_fingerprint(ledger->identities, name->source, name->id), &stored);
        if (seq == 0)
            result->not_found++;
        else if (!gather(gathering, seq))
            return;
    }
}

int ledger_compare_seqs(const void *left, const void *right) {
    uint64_t a = *(const uint64_t *)left, b = *(const uint64_t *)right;
    return (a > b) - (a < b);
}

static void sort_and_unite(struct gathering *gathering) {
    size_t kept = 0;
    if (gathering->count > 1)
        qsort(gathering->seqs, gathering->count, sizeof *gathering->seqs, ledger_compare_seqs);
    for (size_t i = 0; i < gathering->count; i++)
        if (kept == 0 || gathering->seqs[kept - 1] != gathering->seqs[i])
            gathering->seqs[kept++] = gathering->seqs[i];
    gathering->count = kept;
}

/* ---- The event without its personal part */

static void put(json_t *object, const char *name, struct text text) {
    if (text.at != NULL)
        json_object_set_new(object, name, wire_text(text));
}

static void put_level(json_t *object, const char *name, uint8_t level) {
    if (level != 0)
        json_object_set_new(object, name, json_integer(level));
}

static json_t *data_of(const struct event *event) {
    json_t *data = json_object();
    put(data, "pathway", event->pathway);
    put(data, "team", event->team);
    put(data, "person", event->person.at == NULL ? TEXT_ABSENT : text_of(EVENT_REDACTED));
    put(data, "worker", event->worker.at == NULL ? TEXT_ABSENT : text_of(EVENT_REDACTED));
    put(data, "district", event->district);
    put(data, "client_group", event->client_group);
    put(data, "reason", event->reason);
    put(data, "method", event->method);
    put(data, "outcome", event->outcome);
    if (event->clock_start != DAY_NONE)
        json_object_set_new(data, "clock_start", wire_day(event->clock_start));
    put_level(data, "priority", event->priority);
    put_level(data, "impact", event->impact);
    put_level(data, "likelihood", event->likelihood);
    put(data, "id", event->retracts_id);
    put(data, "source", event->retracts_source);
    if (event->dimension_count == 0)
        return data;
    json_t *dimensions = json_object();
    for (uint32_t i = 0; i < event->dimension_count; i++) {
        json_t *value = wire_text(event->dimensions[i].value);
        json_object_setn_new(dimensions, event->dimensions[i].name.at, event->dimensions[i].name.length, value);
    }
    json_object_set_new(data, "dimensions", dimensions);
    return data;
}

/* The caller frees the text. It decodes to the same kept part, or the chain would break: that would be our bug. */
static struct text redacted_text(struct ledger *ledger, const struct event *event) {
    char before[KEPT_SIZE], after[KEPT_SIZE];
    struct text kept = kept_write(event, before);
    struct event again;
    size_t length;
    json_t *object = json_object();
    json_object_set_new(object, "specversion", json_string("1.0"));
    put(object, "id", event->id);
    put(object, "source", event->source);
    put(object, "type", text_of(event_type_name(event->type)));
    put(object, "subject", event->subject);
    json_object_set_new(object, "time", wire_instant(event->time));
    put(object, "sequence", event->sequence);
    json_object_set_new(object, "data", data_of(event));
    char *text = wire_dump(object, &length);
    json_decref(object);
    ENSURE(envelope_decode(ledger->archive, (struct text){text, (uint32_t)length}, &again) && text_equal(kept_write(&again, after), kept));
    return (struct text){text, (uint32_t)length};
}

/* ---- The act */

static void append_act(struct ledger *ledger, struct text by, struct text reason, const struct journal_redaction *events, size_t count) {
    json_t *record = json_object();
    json_t *ranges = json_array();
    size_t length;
    for (size_t i = 0; i < count;) {
        size_t end = i + 1;
        while (end < count && events[end].seq == events[end - 1].seq + 1)
            end++;
        json_array_append_new(ranges, json_pack("[I,I]", (json_int_t)events[i].seq, (json_int_t)events[end - 1].seq));
        i = end;
    }
    json_object_set_new(record, "by", wire_text(by));
    json_object_set_new(record, "reason", wire_text(reason));
    json_object_set_new(record, "count", json_integer((json_int_t)count));
    json_object_set_new(record, "seqs", ranges);
    char *text = wire_dump(record, &length);
    journal_append_record(ledger->journal, JOURNAL_RECORD_REDACTION, (struct text){text, (uint32_t)length});
    free(text);
    json_decref(record);
}

enum journal_status ledger_redact_events(struct ledger *ledger, struct text by, struct text reason, const uint64_t *seqs, size_t count,
                                         struct redaction_result *result) {
    struct journal_redaction *events = memory_new(count, sizeof *events);
    uint32_t *waits = memory_new(count, sizeof *waits);
    enum journal_status status = JOURNAL_OK;
    for (size_t i = 0; i < count && status == JOURNAL_OK; i++) {
        struct journal_event stored;
        struct event event;
        status = journal_read_event(ledger->journal, seqs[i], &stored);
        if (status != JOURNAL_OK)
            break;
        if (stored.redacted) {
            result->already++;
            continue;
        }
        if (!envelope_decode(ledger->intake, stored.bytes, &event)) {
            status = JOURNAL_CORRUPT;
            break;
        }
        waits[result->redacted] = register_wait_of(ledger->reg, event.subject);
        events[result->redacted++] = (struct journal_redaction){seqs[i], redacted_text(ledger, &event)};
    }
    if (status == JOURNAL_OK && result->redacted > 0) {
        journal_redact(ledger->journal, events, result->redacted);
        append_act(ledger, by, reason, events, result->redacted);
        ledger_read_redaction(ledger);
        for (size_t i = 0; i < result->redacted; i++)
            register_reread(ledger->reg, waits[i]);
    }
    for (size_t i = 0; i < result->redacted; i++)
        free((char *)(uintptr_t)events[i].bytes.at);
    free(events);
    free(waits);
    return status;
}

enum journal_status ledger_redact(struct ledger *ledger, const struct redaction *redaction, struct redaction_result *result) {
    struct gathering gathering = {.ledger = ledger, .person = redaction->person};
    enum journal_status status = JOURNAL_OK;
    uint32_t wait = redaction->subject.at == NULL ? 0 : register_find(ledger->reg, redaction->subject);
    *result = (struct redaction_result){.redacted = 0};
    if (redaction->person.at != NULL)
        status = gather_person(&gathering);
    else if (wait != 0)
        status = gather_wait(&gathering, wait);
    gather_named(&gathering, redaction, result);
    result->too_many = gathering.too_many;
    sort_and_unite(&gathering);
    if (status == JOURNAL_OK && !gathering.too_many)
        status = ledger_redact_events(ledger, redaction->by, redaction->reason, gathering.seqs, gathering.count, result);
    free(gathering.seqs);
    free(gathering.waits);
    return status;
}
