/* The body of a segment, and its seal: packing a turn's events, checking and reading what was stored. */
#include "daemon/journal/segment.h"

#include "daemon/core/memory.h"

#include <endian.h>
#include <stdlib.h>
#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#define LAYOUT 1U
#define LAYOUT_WITH_REDACTED 2U
#define REDACTED_BIT 0x80000000U /* of an end, in the second layout */
#define ENTRY_SIZE 8U            /* end, distance */
#define TRAILER_SIZE 12U         /* layout, checksum */

/* What SQLite's file format leaves for rows in a table's page of 16 KiB (its header is 8 bytes), what a row costs beside body and seal
 * (cell pointer 2, payload size 3, rowid up to 5, record header 9, count 2, received 6; rounded up), and how large both may be that a page
 * takes them whole: the payload may have usable size - 35. Too small an estimate of these would cost space, nothing else. */
#define PAGE_ROOM 16376U
#define ROW_COST 28U
#define BODY_MAX 16330U
#define EVENT_COST (ENTRY_SIZE + SEAL_ENTRY_SIZE)     /* beside the event's bytes */
#define SEGMENT_COST (TRAILER_SIZE + SEAL_FIXED_SIZE) /* beside its events */

static uint32_t load_u32(const unsigned char *at) {
    uint32_t value;

    memcpy(&value, at, sizeof value);
    return le32toh(value);
}

static uint64_t load_u64(const unsigned char *at) {
    uint64_t value;

    memcpy(&value, at, sizeof value);
    return le64toh(value);
}

static void store_u32(unsigned char *at, uint32_t value) {
    value = htole32(value);
    memcpy(at, &value, sizeof value);
}

static void store_u64(unsigned char *at, uint64_t value) {
    value = htole64(value);
    memcpy(at, &value, sizeof value);
}

static uint64_t checksum(const struct segment *segment) {
    unsigned char head[24];

    store_u64(head, segment->first_seq);
    store_u64(head + 8, segment->count);
    store_u64(head + 16, (uint64_t)segment->received);
    return XXH3_64bits_withSeed(segment->body, segment->size - sizeof(uint64_t), XXH3_64bits(head, sizeof head));
}

static const unsigned char *entries_of(const struct segment *segment) {
    return segment->body + segment->size - TRAILER_SIZE - (size_t)segment->count * ENTRY_SIZE;
}

static uint32_t layout_of(const struct segment *segment) {
    return load_u32(segment->body + segment->size - TRAILER_SIZE);
}

/* Of the end in an entry: where the event's bytes end. */
static uint32_t end_at(const struct segment *segment, const unsigned char *entry) {
    uint32_t end = load_u32(entry);

    return layout_of(segment) == LAYOUT_WITH_REDACTED ? end & ~REDACTED_BIT : end;
}

bool segment_fits(const struct segment *segment) {
    size_t table = (size_t)segment->count * ENTRY_SIZE + TRAILER_SIZE;
    const unsigned char *entries;
    uint32_t end = 0;

    if (segment->first_seq == 0 || segment->count == 0 || segment->size < table || segment->size >= REDACTED_BIT)
        return false;
    if (layout_of(segment) != LAYOUT && layout_of(segment) != LAYOUT_WITH_REDACTED)
        return false;
    entries = entries_of(segment);
    for (uint32_t i = 0; i < segment->count; i++) {
        uint32_t next = end_at(segment, entries + (size_t)i * ENTRY_SIZE);
        if (next < end || load_u32(entries + (size_t)i * ENTRY_SIZE + 4) >= segment->first_seq + i)
            return false;
        end = next;
    }
    return end == segment->size - table;
}

bool segment_is_whole(const struct segment *segment) {
    size_t table = (size_t)segment->count * ENTRY_SIZE + TRAILER_SIZE;

    return segment->size >= table && load_u64(segment->body + segment->size - sizeof(uint64_t)) == checksum(segment) &&
           segment_fits(segment);
}

struct segment_entry segment_entry(const struct segment *segment, uint32_t index) {
    const unsigned char *at = entries_of(segment) + (size_t)index * ENTRY_SIZE;

    return (struct segment_entry){index == 0 ? 0 : end_at(segment, at - ENTRY_SIZE), end_at(segment, at), load_u32(at + 4),
                                  layout_of(segment) == LAYOUT_WITH_REDACTED && (load_u32(at) & REDACTED_BIT) != 0};
}

struct text segment_bytes(const struct segment *segment, uint32_t index) {
    struct segment_entry entry = segment_entry(segment, index);

    return (struct text){(const char *)segment->body + entry.start, entry.end - entry.start};
}

unsigned char *segment_with_redacted(const struct segment *segment, uint32_t index, struct text bytes, size_t *size) {
    struct segment_entry old = segment_entry(segment, index);
    size_t before = segment->size - (old.end - old.start);
    unsigned char *body = memory_new(before + bytes.length + 1, 1);
    unsigned char *at = body + old.start;
    struct segment copy = *segment;

    memcpy(body, segment->body, old.start);
    memcpy(at, bytes.at, bytes.length);
    memcpy(at + bytes.length, segment->body + old.end, segment->size - old.end);
    copy.body = body;
    copy.size = *size = before + bytes.length;
    at = body + copy.size - TRAILER_SIZE - (size_t)copy.count * ENTRY_SIZE;
    for (uint32_t i = 0; i < copy.count; i++, at += ENTRY_SIZE) {
        struct segment_entry entry = segment_entry(segment, i);
        uint32_t end = i < index ? entry.end : entry.end - (old.end - old.start) + bytes.length;
        store_u32(at, i == index || entry.redacted ? end | REDACTED_BIT : end);
    }
    store_u32(at, LAYOUT_WITH_REDACTED);
    store_u64(at + 4, checksum(&copy));
    return body;
}

struct packed_event {
    size_t at; /* in the packer's bytes */
    uint32_t length;
    uint32_t distance;
    struct chain_salt salt;
};

struct packed_segment {
    size_t at; /* in the packer's bytes */
    size_t size;
    size_t seal_at; /* in the packer's seals */
    size_t seal_size;
    uint32_t first; /* index of its first event */
    uint32_t count;
};

/* `bytes` holds the bodies of the turn's segments one behind the other; the last one has no table yet. */
struct packer {
    unsigned char *bytes;
    size_t length;
    size_t capacity;
    unsigned char *seals;
    size_t seals_length;
    size_t seals_capacity;
    struct packed_event *events;
    size_t event_count;
    size_t event_capacity;
    struct packed_segment *segments;
    size_t segment_count;
    size_t segment_capacity;
    size_t start;   /* where the open segment begins */
    uint32_t first; /* its first event */
    uint32_t limit; /* how large its body and seal may get */
    uint32_t room;
    uint64_t first_seq;
    instant_t received;
};

static void reserve_bytes(struct packer *packer, size_t more) {
    void *bytes = packer->bytes;

    memory_reserve(&bytes, &packer->capacity, packer->length + more, 1);
    packer->bytes = bytes;
}

struct packer *packer_create(void) {
    struct packer *packer = memory_new(1, sizeof *packer);

    reserve_bytes(packer, 1); /* so that an empty event's bytes have an address */
    return packer;
}

void packer_destroy(struct packer **packer) {
    if (*packer == NULL)
        return;
    free((*packer)->bytes);
    free((*packer)->seals);
    free((*packer)->events);
    free((*packer)->segments);
    free(*packer);
    *packer = NULL;
}

void packer_begin(struct packer *packer, uint64_t first_seq, instant_t received, uint32_t room) {
    packer->length = 0;
    packer->seals_length = 0;
    packer->event_count = 0;
    packer->segment_count = 0;
    packer->start = 0;
    packer->first = 0;
    packer->limit = 0;
    packer->room = room;
    packer->first_seq = first_seq;
    packer->received = received;
}

/* Writes the table and the trailer of the open segment, if it holds any event. */
static void close_segment(struct packer *packer) {
    uint32_t count = (uint32_t)packer->event_count - packer->first;
    struct segment segment = {packer->first_seq + packer->first, count, packer->received, NULL, 0};
    void *segments = packer->segments;
    size_t seal;
    unsigned char *at;
    uint32_t cost;

    if (count == 0)
        return;
    reserve_bytes(packer, (size_t)count * ENTRY_SIZE + TRAILER_SIZE);
    at = packer->bytes + packer->length;
    for (size_t i = packer->first; i < packer->event_count; i++, at += ENTRY_SIZE) {
        const struct packed_event *event = &packer->events[i];
        store_u32(at, (uint32_t)(event->at + event->length - packer->start));
        store_u32(at + 4, event->distance);
    }
    store_u32(at, LAYOUT);
    packer->length += (size_t)count * ENTRY_SIZE + TRAILER_SIZE;
    segment.body = packer->bytes + packer->start;
    segment.size = packer->length - packer->start;
    store_u64(at + 4, checksum(&segment));

    seal = seal_size(count, 0);
    memory_reserve(&segments, &packer->segment_capacity, packer->segment_count + 1, sizeof *packer->segments);
    packer->segments = segments;
    packer->segments[packer->segment_count++] =
        (struct packed_segment){packer->start, segment.size, packer->seals_length, seal, packer->first, count};
    packer->seals_length += seal;
    cost = segment.size + seal > BODY_MAX ? PAGE_ROOM : (uint32_t)(segment.size + seal) + ROW_COST;
    packer->room = (packer->room >= cost ? packer->room : PAGE_ROOM) - cost;
    packer->start = packer->length;
    packer->first = (uint32_t)packer->event_count;
}

/* How large the next segment's body and seal may get when its first event has `length` bytes: what is left of the last page, or a page. */
static uint32_t limit_for(const struct packer *packer, uint32_t length) {
    uint32_t left = packer->room > ROW_COST ? packer->room - ROW_COST : 0;

    if (left < length + EVENT_COST + SEGMENT_COST || left > BODY_MAX)
        return BODY_MAX;
    return left;
}

void packer_add(struct packer *packer, struct text bytes, uint64_t previous_seq, const struct chain_salt *salt) {
    uint64_t seq = packer->first_seq + packer->event_count;
    size_t count = packer->event_count - packer->first;
    size_t grown = packer->length - packer->start + bytes.length + (count + 1) * EVENT_COST + SEGMENT_COST;
    void *events = packer->events;

    ENSURE(bytes.length <= SEGMENT_EVENT_MAX && previous_seq < seq && (previous_seq == 0 || seq - previous_seq <= UINT32_MAX));
    ENSURE(packer->event_count < UINT32_MAX);
    if (count > 0 && grown > packer->limit) {
        close_segment(packer);
        count = 0;
    }
    if (count == 0)
        packer->limit = limit_for(packer, bytes.length);
    reserve_bytes(packer, bytes.length);
    if (bytes.length > 0)
        memcpy(packer->bytes + packer->length, bytes.at, bytes.length);
    memory_reserve(&events, &packer->event_capacity, packer->event_count + 1, sizeof *packer->events);
    packer->events = events;
    packer->events[packer->event_count++] =
        (struct packed_event){packer->length, bytes.length, previous_seq == 0 ? 0 : (uint32_t)(seq - previous_seq), *salt};
    packer->length += bytes.length;
}

uint32_t packer_event_count(const struct packer *packer) {
    return (uint32_t)packer->event_count;
}

struct text packer_bytes(const struct packer *packer, uint32_t index) {
    return (struct text){(const char *)packer->bytes + packer->events[index].at, packer->events[index].length};
}

uint64_t packer_previous_seq(const struct packer *packer, uint32_t index) {
    uint32_t distance = packer->events[index].distance;

    return distance == 0 ? 0 : packer->first_seq + index - distance;
}

static void write_seal(const struct packer *packer, const struct packed_segment *segment, struct linker *linker) {
    unsigned char *at = packer->seals + segment->seal_at;
    uint32_t end = segment->first + segment->count;

    for (uint32_t i = segment->first; i < end; i++)
        seal_put_event(at, i - segment->first, &packer->events[i].salt, linker_event_head(linker, i));
    seal_put_end(at, packer->first_seq + segment->first, segment->count, linker_event_head(linker, end - 1));
}

void packer_finish(struct packer *packer, struct linker *linker) {
    void *seals = packer->seals;

    close_segment(packer);
    memory_reserve(&seals, &packer->seals_capacity, packer->seals_length, 1);
    packer->seals = seals;
    for (size_t i = 0; i < packer->segment_count; i++)
        write_seal(packer, &packer->segments[i], linker);
}

uint32_t packer_segment_count(const struct packer *packer) {
    return (uint32_t)packer->segment_count;
}

struct segment packer_segment(const struct packer *packer, uint32_t index) {
    const struct packed_segment *packed = &packer->segments[index];

    return (struct segment){packer->first_seq + packed->first, packed->count, packer->received, packer->bytes + packed->at, packed->size};
}

struct seal packer_seal(const struct packer *packer, uint32_t index) {
    const struct packed_segment *packed = &packer->segments[index];

    return (struct seal){packer->first_seq + packed->first, packed->count, packer->seals + packed->seal_at, packed->seal_size};
}

uint32_t packer_room(const struct packer *packer) {
    return packer->room;
}
