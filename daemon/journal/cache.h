/* Events that were read or written lately, ready to be read again: blocks of 16 neighbours, limited in bytes, the least used leaving first.
 */
#ifndef WAITLIST_JOURNAL_CACHE_H
#define WAITLIST_JOURNAL_CACHE_H

#include "daemon/journal/journal.h"
#include "daemon/journal/segment.h"

struct cache;

struct cache *cache_create(size_t limit_bytes);
void cache_destroy(struct cache **cache);

/* Another limit from now on; what is above it leaves at once. */
void cache_limit(struct cache *cache, size_t limit_bytes);

/* False when the event is not held. The bytes are valid until the next call that is not cache_find. */
bool cache_find(struct cache *cache, uint64_t seq, struct journal_event *event);
/* A whole segment that was just committed or is being read in order: what fills a block is kept. */
void cache_pass(struct cache *cache, const struct segment *segment);

/* For the block of one event that was missed: its first and last seq; then each segment that holds some of them, in order; then the end. */
void cache_block_of(uint64_t seq, uint64_t *first_seq, uint64_t *last_seq);
void cache_load_begin(struct cache *cache, uint64_t seq);
void cache_load_segment(struct cache *cache, const struct segment *segment);
void cache_load_end(struct cache *cache);

/* Forgets everything: what is stored has changed. */
void cache_forget(struct cache *cache);

size_t cache_bytes(const struct cache *cache);

#endif
