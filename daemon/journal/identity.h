/* Which identities (`source`, `id`) were accepted: a fingerprint table from which every candidate is confirmed in the journal, so it is
 * exact.
 *
 * A UNIQUE index over random text costs four fifths of the throughput; this table costs about 16 bytes and one cache miss an event. */
#ifndef WAITLIST_JOURNAL_IDENTITY_H
#define WAITLIST_JOURNAL_IDENTITY_H

#include "daemon/core/bytes.h"

struct identity_set;

struct identity_set *identity_create(uint64_t seed);
void identity_destroy(struct identity_set **set);

uint64_t identity_fingerprint(const struct identity_set *set, struct text source, struct text id);
/* Adds `seq`, which must be larger than every one added before. Never a stall beyond a millisecond: the table grows by parts. */
void identity_add(struct identity_set *set, uint64_t fingerprint, uint64_t seq);
/* Calls `confirm` for each seq stored under the fingerprint until it returns true; returns that seq, or 0. */
uint64_t identity_find(const struct identity_set *set, uint64_t fingerprint, bool (*confirm)(void *context, uint64_t seq), void *context);
/* Forgets every seq above `seq` (a turn that was rolled back). */
void identity_forget_after(struct identity_set *set, uint64_t seq);
uint64_t identity_count(const struct identity_set *set);
size_t identity_bytes(const struct identity_set *set);

/* All identities: eight bytes each. */
void identity_save(const struct identity_set *set, struct bytes_out *out);
/* Into an empty set made with the seed of the one that was saved; `seq`: the largest that was added. False when that cannot be such a set,
 * which can then only be destroyed. */
bool identity_load(struct identity_set *set, struct bytes_in *in, uint64_t seq);

#endif
