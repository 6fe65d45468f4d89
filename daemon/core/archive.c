/* The archive: every accepted event in memory, small, grouped by wait. */
#include "daemon/core/archive.h"

#include "daemon/core/memory.h"
#include "daemon/core/names.h"

#include <stdlib.h>
#include <string.h>

enum { BLOCK_BYTES = 1 << 20, FIRST_SLOTS = 1024, DIMENSIONS_TEXT_MAX = EVENT_DIMENSIONS_MAX * 2 * (NAME_MAX_BYTES + 1) };

/* One event; texts are numbers of the archive's names but the id, of which there are as many as events. */
struct kept_event {
    instant_t time;
    instant_t received;
    const char *id;
    uint32_t id_length;
    uint32_t subject;
    uint32_t previous; /* the wait's event before it, as its seq; 0: none */
    uint32_t source;
    uint32_t sequence;
    uint32_t pathway;
    uint32_t team;   /* of a retraction: the source that it names */
    uint32_t person; /* of a retraction: the id that it names */
    uint32_t district;
    uint32_t client_group;
    uint32_t code; /* worker, reason, method or outcome: no type has two of them */
    uint32_t dimensions;
    day_t clock_start;
    uint8_t type;
    uint8_t priority;
    uint8_t impact;
    uint8_t likelihood;
};

struct archive {
    uint64_t hash_seed;
    struct names *names;
    struct kept_event *events; /* by seq - 1 */
    size_t count;
    size_t capacity;
    uint32_t *newest; /* by the subject's number - 1: the seq of its newest event */
    size_t newest_capacity;
    uint32_t *identities; /* open addressing: seqs by the hash of source and id; 0: free */
    size_t slot_count;
    char **blocks; /* of ids */
    size_t block_count;
    size_t block_capacity;
    size_t block_used;
    uint32_t *retractions; /* their seqs */
    size_t retraction_count;
    size_t retraction_capacity;
    struct history_event *history;
    size_t history_capacity;
};

struct archive *archive_create(uint64_t hash_seed) {
    struct archive *archive = memory_new(1, sizeof *archive);
    archive->hash_seed = hash_seed;
    archive->names = names_create(hash_seed);
    archive->slot_count = FIRST_SLOTS;
    archive->identities = memory_new(FIRST_SLOTS, sizeof *archive->identities);
    archive->block_used = BLOCK_BYTES;
    return archive;
}

void archive_destroy(struct archive **archive) {
    if (*archive == NULL)
        return;
    for (size_t i = 0; i < (*archive)->block_count; i++)
        free((*archive)->blocks[i]);
    names_destroy(&(*archive)->names);
    free((*archive)->blocks);
    free((*archive)->events);
    free((*archive)->newest);
    free((*archive)->identities);
    free((*archive)->retractions);
    free((*archive)->history);
    free(*archive);
    *archive = NULL;
}

uint64_t archive_count(const struct archive *archive) {
    return archive->count;
}

struct text archive_subject(const struct archive *archive, uint32_t wait) {
    return names_text(archive->names, wait);
}

struct glance archive_glance(const struct archive *archive, uint64_t seq) {
    const struct kept_event *event = &archive->events[seq - 1];
    return (struct glance){event->time, event->subject, (enum event_type)event->type};
}

size_t archive_bytes(const struct archive *archive) {
    return archive->capacity * sizeof *archive->events + archive->slot_count * sizeof *archive->identities +
           archive->block_count * (size_t)BLOCK_BYTES + archive->newest_capacity * sizeof *archive->newest;
}

static const char *keep_id(struct archive *archive, struct text id) {
    if (archive->block_used + id.length > BLOCK_BYTES) {
        memory_reserve((void **)&archive->blocks, &archive->block_capacity, archive->block_count + 1, sizeof *archive->blocks);
        archive->blocks[archive->block_count++] = memory_new(BLOCK_BYTES, 1);
        archive->block_used = 0;
    }
    char *kept = archive->blocks[archive->block_count - 1] + archive->block_used;
    memcpy(kept, id.at, id.length);
    archive->block_used += id.length;
    return kept;
}

static struct text id_of(const struct kept_event *event) {
    return (struct text){event->id, event->id_length};
}

/* The slot of an identity, or the free one where it belongs. */
static size_t identity_slot(const struct archive *archive, uint32_t source, struct text id) {
    size_t mask = archive->slot_count - 1;
    size_t slot = text_hash(id, archive->hash_seed ^ source) & mask;
    while (archive->identities[slot] != 0) {
        const struct kept_event *event = &archive->events[archive->identities[slot] - 1];
        if (event->source == source && text_equal(id_of(event), id))
            break;
        slot = (slot + 1) & mask;
    }
    return slot;
}

static void add_identity(struct archive *archive, uint32_t seq) {
    const struct kept_event *event = &archive->events[seq - 1];
    archive->identities[identity_slot(archive, event->source, id_of(event))] = seq;
    if (archive->count * 4 < archive->slot_count * 3)
        return;
    free(archive->identities);
    archive->slot_count *= 2;
    archive->identities = memory_new(archive->slot_count, sizeof *archive->identities);
    for (size_t i = 0; i < archive->count; i++)
        archive->identities[identity_slot(archive, archive->events[i].source, id_of(&archive->events[i]))] = (uint32_t)(i + 1);
}

static uint32_t keep_dimensions(struct archive *archive, const struct event *event) {
    char text[DIMENSIONS_TEXT_MAX];
    uint32_t length = 0;
    for (uint8_t i = 0; i < event->dimension_count; i++) {
        const struct event_dimension *dimension = &event->dimensions[i];
        memcpy(text + length, dimension->name.at, dimension->name.length);
        length += dimension->name.length;
        text[length++] = '=';
        memcpy(text + length, dimension->value.at, dimension->value.length);
        length += dimension->value.length;
        text[length++] = ';';
    }
    return event->dimension_count == 0 ? NAME_ABSENT : names_intern(archive->names, (struct text){text, length});
}

static struct text code_of(const struct event *event) {
    const struct text codes[] = {event->worker, event->reason, event->method, event->outcome};
    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++)
        if (codes[i].at != NULL)
            return codes[i];
    return TEXT_ABSENT;
}

/* The seq of the subject's event before, and `seq` from now on. */
static uint32_t take_place(struct archive *archive, uint32_t subject, uint32_t seq) {
    size_t before = archive->newest_capacity;
    memory_reserve((void **)&archive->newest, &archive->newest_capacity, subject, sizeof *archive->newest);
    if (archive->newest_capacity > before)
        memset(&archive->newest[before], 0, (archive->newest_capacity - before) * sizeof *archive->newest);
    uint32_t previous = archive->newest[subject - 1];
    archive->newest[subject - 1] = seq;
    return previous;
}

void archive_add(struct archive *archive, const struct event *event, uint64_t seq, instant_t received) {
    struct names *names = archive->names;
    bool retraction = event->type == EVENT_RETRACTED;
    ENSURE(seq == archive->count + 1 && seq < UINT32_MAX);
    uint32_t subject = names_intern(names, event->subject);
    memory_reserve((void **)&archive->events, &archive->capacity, archive->count + 1, sizeof *archive->events);
    archive->events[archive->count++] = (struct kept_event){
        .time = event->time,
        .received = received,
        .id = keep_id(archive, event->id),
        .id_length = event->id.length,
        .subject = subject,
        .previous = take_place(archive, subject, (uint32_t)seq),
        .source = names_intern(names, event->source),
        .sequence = names_intern(names, event->sequence),
        .pathway = names_intern(names, event->pathway),
        .team = names_intern(names, retraction ? event->retracts_source : event->team),
        .person = names_intern(names, retraction ? event->retracts_id : event->person),
        .district = names_intern(names, event->district),
        .client_group = names_intern(names, event->client_group),
        .code = names_intern(names, code_of(event)),
        .dimensions = keep_dimensions(archive, event),
        .clock_start = event->clock_start,
        .type = (uint8_t)event->type,
        .priority = event->priority,
        .impact = event->impact,
        .likelihood = event->likelihood,
    };
    add_identity(archive, (uint32_t)seq);
    if (retraction) {
        memory_reserve((void **)&archive->retractions, &archive->retraction_capacity, archive->retraction_count + 1,
                       sizeof *archive->retractions);
        archive->retractions[archive->retraction_count++] = (uint32_t)seq;
    }
}

uint32_t archive_wait_retracted(const struct archive *archive, uint64_t seq) {
    const struct kept_event *retraction = &archive->events[seq - 1];
    struct text id = names_text(archive->names, retraction->person);
    uint32_t target = archive->identities[identity_slot(archive, retraction->team, id)];
    return target == 0 ? 0 : archive->events[target - 1].subject;
}

static void read_dimensions(struct text text, struct event *event) {
    const char *at = text.at;
    const char *end = at + text.length;
    while (at < end) {
        const char *equals = memchr(at, '=', (size_t)(end - at));
        const char *stop = memchr(equals, ';', (size_t)(end - equals));
        event->dimensions[event->dimension_count++] =
            (struct event_dimension){{at, (uint32_t)(equals - at)}, {equals + 1, (uint32_t)(stop - equals - 1)}};
        at = stop + 1;
    }
}

static void set_code(struct event *event, struct text code) {
    switch (event->type) {
    case EVENT_WAIT_ALLOCATED:
        event->worker = code;
        break;
    case EVENT_CONTACT_MADE:
        event->method = code;
        break;
    case EVENT_ASSESSMENT_COMPLETED:
    case EVENT_REVIEW_COMPLETED:
    case EVENT_SERVICE_STARTED:
        event->outcome = code;
        break;
    default:
        event->reason = code;
        break;
    }
}

void archive_event(const struct archive *archive, uint64_t seq, struct history_event *out) {
    const struct kept_event *kept = &archive->events[seq - 1];
    const struct names *names = archive->names;
    struct event *event = &out->event;
    memset(event, 0, offsetof(struct event, dimensions));
    event->retracts_source = event->retracts_id = TEXT_ABSENT;
    out->seq = seq;
    out->received = kept->received;
    event->type = (enum event_type)kept->type;
    event->time = kept->time;
    event->source = names_text(names, kept->source);
    event->id = id_of(kept);
    event->subject = names_text(names, kept->subject);
    event->sequence = names_text(names, kept->sequence);
    event->clock_start = kept->clock_start;
    event->priority = kept->priority;
    event->impact = kept->impact;
    event->likelihood = kept->likelihood;
    if (event->type == EVENT_RETRACTED) {
        event->retracts_source = names_text(names, kept->team);
        event->retracts_id = names_text(names, kept->person);
        return;
    }
    event->pathway = names_text(names, kept->pathway);
    event->team = names_text(names, kept->team);
    event->person = names_text(names, kept->person);
    event->district = names_text(names, kept->district);
    event->client_group = names_text(names, kept->client_group);
    set_code(event, names_text(names, kept->code));
    if (kept->dimensions != NAME_ABSENT)
        read_dimensions(names_text(names, kept->dimensions), event);
}

static size_t load_history(void *context, uint64_t newest_seq, const struct history_event **events) {
    struct archive *archive = context;
    size_t count = 0;
    for (uint64_t seq = newest_seq; seq != 0; seq = archive->events[seq - 1].previous) {
        memory_reserve((void **)&archive->history, &archive->history_capacity, count + 1, sizeof *archive->history);
        archive_event(archive, seq, &archive->history[count++]);
    }
    *events = archive->history;
    return count;
}

/* What comes later than what is known is found too: the register looks at the seq. */
static bool find_event(void *context, struct text source, struct text id, struct history_event *event) {
    struct archive *archive = context;
    uint32_t source_number = names_find(archive->names, source);
    uint32_t seq = source_number == NAME_ABSENT ? 0 : archive->identities[identity_slot(archive, source_number, id)];
    if (seq == 0)
        return false;
    archive_event(archive, seq, event);
    return true;
}

/* The policies in force up to the day, the last one last; before them the later ones, whose pathways need a rule where no earlier one had
 * any. */
static struct policy_era *eras_of(const struct recall *recall) {
    struct policy_era *eras = memory_new(recall->era_count, sizeof *eras);
    size_t count = 0;
    for (size_t i = recall->era_count; i > 1; i--)
        if (recall->eras[i - 1].from > recall->as_at)
            eras[count++] = (struct policy_era){DAY_NONE, recall->eras[i - 1].policy};
    for (size_t i = 0; i < recall->era_count; i++)
        if (i == 0 || recall->eras[i].from <= recall->as_at)
            eras[count++] = (struct policy_era){i == 0 ? DAY_NONE : recall->eras[i].from, recall->eras[i].policy};
    return eras;
}

static int compare_seqs(const void *left, const void *right) {
    uint32_t a = *(const uint32_t *)left;
    uint32_t b = *(const uint32_t *)right;
    return (a > b) - (a < b);
}

struct seqs {
    uint32_t *at;
    size_t count;
    size_t capacity;
};

static void push_seq(struct seqs *seqs, uint32_t seq) {
    memory_reserve((void **)&seqs->at, &seqs->capacity, seqs->count + 1, sizeof *seqs->at);
    seqs->at[seqs->count++] = seq;
}

/* What the chosen waits are made of, in the order of arrival: their events, and the retractions that belong to other waits but name one. */
static struct seqs events_of_waits(const struct archive *archive, const struct recall *recall) {
    struct seqs seqs = {0};
    bool *chosen = memory_new(archive->newest_capacity + 1, sizeof *chosen);
    for (size_t i = 0; i < recall->wait_count; i++) {
        chosen[recall->waits[i]] = true;
        for (uint32_t seq = archive->newest[recall->waits[i] - 1]; seq != 0; seq = archive->events[seq - 1].previous)
            if (seq <= recall->known_at)
                push_seq(&seqs, seq);
    }
    for (size_t i = 0; i < archive->retraction_count && archive->retractions[i] <= recall->known_at; i++)
        if (chosen[archive_wait_retracted(archive, archive->retractions[i])] &&
            !chosen[archive->events[archive->retractions[i] - 1].subject])
            push_seq(&seqs, archive->retractions[i]);
    if (seqs.count > 1)
        qsort(seqs.at, seqs.count, sizeof *seqs.at, compare_seqs);
    free(chosen);
    return seqs;
}

static void replay(struct archive *archive, const struct recall *recall, struct waiting_register *reg) {
    struct history_event event;
    if (recall->waits == NULL) {
        for (uint64_t seq = 1; seq <= recall->known_at; seq++) {
            archive_event(archive, seq, &event);
            register_replay_event(reg, &event.event, seq);
        }
        return;
    }
    struct seqs seqs = events_of_waits(archive, recall);
    for (size_t i = 0; i < seqs.count; i++) {
        archive_event(archive, seqs.at[i], &event);
        register_replay_event(reg, &event.event, seqs.at[i]);
    }
    free(seqs.at);
}

struct waiting_register *archive_recall(struct archive *archive, const struct recall *recall) {
    ENSURE(recall->known_at <= archive->count && recall->era_count > 0);
    struct policy_era *eras = eras_of(recall);
    struct register_setup setup = {
        .calendar = recall->calendar,
        .eras = eras,
        .era_count = recall->era_count,
        .history = {archive, load_history, find_event},
        .hash_seed = archive->hash_seed,
        .without_alerts = true,
    };
    struct waiting_register *reg = register_create(&setup);
    register_replay_until(reg, recall->as_at, recall->goes_on);
    replay(archive, recall, reg);
    register_begin(reg, recall->as_at, INSTANT_NONE, false);
    free(eras);
    return reg;
}

/* The last day, up to `to`, to which the policies in force on `day` apply. */
static day_t last_day_under(const struct recall *recall, day_t day, day_t to) {
    for (size_t i = 1; i < recall->era_count; i++)
        if (recall->eras[i].from > day && recall->eras[i].from <= to)
            to = recall->eras[i].from - 1;
    return to;
}

void archive_walk(struct archive *archive, const struct walk *walk) {
    struct recall recall = walk->recall;
    bool goes_on = true;
    while (goes_on && recall.as_at <= walk->to) {
        day_t last = last_day_under(&recall, recall.as_at, walk->to);
        recall.calendar = walk->calendar_on(walk->context, recall.as_at);
        recall.goes_on = recall.as_at < last;
        struct waiting_register *reg = archive_recall(archive, &recall);
        goes_on = walk->each(walk->context, recall.as_at, reg);
        while (goes_on && register_today(reg) < last) {
            register_advance(reg, INSTANT_NONE);
            goes_on = walk->each(walk->context, register_today(reg), reg);
        }
        register_destroy(&reg);
        recall.as_at = last + 1;
    }
}
