/* The seal of a segment: what the hash chain keeps beside a segment's events; how it is laid out, written and read. Knows no database.
 *
 * Layout, all numbers little-endian:
 *   per event: 16 bytes salt (zeros once the event was redacted), the first 4 bytes of the head after it
 *   u32 how many events were redacted; for each: u32 index, 32 bytes digest of what was erased
 *   32 bytes head after the last event
 *   u64 XXH3 of everything before it, seeded with the first seq */
#ifndef WAITLIST_JOURNAL_SEAL_H
#define WAITLIST_JOURNAL_SEAL_H

#include "daemon/journal/chain.h"

#define SEAL_ENTRY_SIZE (CHAIN_SALT_SIZE + CHAIN_MARK_SIZE)
#define SEAL_FIXED_SIZE (4U + CHAIN_DIGEST_SIZE + 8U)

/* Borrowed from whoever holds its bytes. */
struct seal {
    uint64_t first_seq;
    uint32_t count; /* events */
    const unsigned char *bytes;
    size_t size;
};

/* Whether the sizes fit, so that it can be read at all; and whether it is as it was written. The others may be asked only when it fits. */
bool seal_fits(const struct seal *seal);
bool seal_is_whole(const struct seal *seal);
void seal_salt(const struct seal *seal, uint32_t index, struct chain_salt *salt);
/* Whether the head after the event begins as was noted beside it. */
bool seal_has_mark(const struct seal *seal, uint32_t index, const struct chain_digest *head);
/* Of a redacted event: the digest of what was erased; else false. */
bool seal_erased(const struct seal *seal, uint32_t index, struct chain_digest *digest);
void seal_head(const struct seal *seal, struct chain_digest *head);

/* Writes a seal piece by piece: each event in order, then the end. */
size_t seal_size(uint32_t count, uint32_t erased);
void seal_put_event(unsigned char *bytes, uint32_t index, const struct chain_salt *salt, const struct chain_digest *head);
void seal_put_end(unsigned char *bytes, uint64_t first_seq, uint32_t count, const struct chain_digest *head);

/* A copy, freed by the caller, in which the event's salt is gone and its digest stands instead. */
unsigned char *seal_with_erased(const struct seal *seal, uint32_t index, const struct chain_digest *digest, size_t *size);

#endif
