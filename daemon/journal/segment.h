/* A segment: some of one turn's events in one row of the journal; how its body is laid out, packed and read. Knows no database.
 *
 * Body, all numbers little-endian; layout 2 is layout 1 where the highest bit of an end says that the event was redacted:
 *   the events' bytes, one after the other, as they were received
 *   per event: u32 end of its bytes, u32 distance to the wait's event before it (seq - previous_seq; 0: none)
 *   u32 layout, u64 XXH3 of everything before it, seeded with that of (first_seq, count, received) */
#ifndef WAITLIST_JOURNAL_SEGMENT_H
#define WAITLIST_JOURNAL_SEGMENT_H

#include "daemon/journal/linker.h"
#include "daemon/journal/seal.h"

/* A segment is borrowed from whoever holds its body. */
struct segment {
    uint64_t first_seq;
    uint32_t count;
    instant_t received;
    const unsigned char *body;
    size_t size;
};

struct segment_entry {
    uint32_t start; /* of the event's bytes in the body */
    uint32_t end;
    uint32_t distance;
    bool redacted;
};

/* Whether layout and sizes fit, so that it can be read at all, and the distances may be; the two below may be asked only then. Whether it
 * is whole: its checksum too. */
bool segment_fits(const struct segment *segment);
bool segment_is_whole(const struct segment *segment);
struct segment_entry segment_entry(const struct segment *segment, uint32_t index);
struct text segment_bytes(const struct segment *segment, uint32_t index);
/* A copy of the body, freed by the caller, in which the event has other bytes and counts as redacted. Only of a whole segment. */
unsigned char *segment_with_redacted(const struct segment *segment, uint32_t index, struct text bytes, size_t *size);

/* Packs the events of a turn into segments, each of a size that the last page of the table can hold whole, so that a page is filled
 * whatever the size of the turns, and reading one event back is reading one page. */
struct packer;

#define SEGMENT_EVENT_MAX (1U << 20) /* bytes; the rules allow 16 KiB */

struct packer *packer_create(void);
void packer_destroy(struct packer **packer);
/* Begins a turn. `room` is what packer_room gave at the end of the last turn that was kept, 0 when it is not known. */
void packer_begin(struct packer *packer, uint64_t first_seq, instant_t received, uint32_t room);
/* `previous_seq` is smaller than the event's own seq, by less than 2^32. `salt`: of the hash chain, for the seal. */
void packer_add(struct packer *packer, struct text bytes, uint64_t previous_seq, const struct chain_salt *salt);
uint32_t packer_event_count(const struct packer *packer);
/* The event `index` of the turn, valid until the next call on the packer; its previous_seq. */
struct text packer_bytes(const struct packer *packer, uint32_t index);
uint64_t packer_previous_seq(const struct packer *packer, uint32_t index);
/* Ends the last segment and seals all of them by the heads after the turn's events, which the linker has made; they are valid until
 * packer_begin. */
void packer_finish(struct packer *packer, struct linker *linker);
uint32_t packer_segment_count(const struct packer *packer);
struct segment packer_segment(const struct packer *packer, uint32_t index);
struct seal packer_seal(const struct packer *packer, uint32_t index);
/* Bytes left in the last page of the table after packer_finish. */
uint32_t packer_room(const struct packer *packer);

#endif
