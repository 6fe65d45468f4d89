/* The cache of events: a table of blocks by number, and a queue that gives a block which was used a second round before it leaves. */
#include "daemon/journal/cache.h"

#include "daemon/core/memory.h"

#include <stdlib.h>
#include <string.h>

#define BLOCK_EVENTS 16U /* with events of 350 bytes a third of a page of 16 KiB, so that a miss mostly reads one page */

/* The block with number n holds the seqs n*16+1 to n*16+16, or the first `count` of them when it was loaded at the journal's end. */
struct block {
    struct block *next_in_bucket;
    struct block *next; /* in the queue, towards the one that leaves last */
    struct block *previous;
    uint64_t first_seq;
    uint32_t count;
    uint32_t length;
    bool used;         /* since it last came to the queue's head */
    uint16_t redacted; /* one bit an event */
    uint32_t ends[BLOCK_EVENTS];
    uint32_t distances[BLOCK_EVENTS];
    instant_t received[BLOCK_EVENTS];
    char bytes[];
};

/* `passing` and `loading` are under construction and belong to no bucket and no queue; NULL when there is none. */
struct cache {
    struct block **buckets;
    size_t bucket_count; /* a power of two */
    struct block *head;
    struct block *tail;
    struct block *passing;
    struct block *loading;
    uint64_t loading_seq; /* the first seq of `loading` */
    size_t bytes;
    size_t limit;
};

static uint64_t block_start(uint64_t seq) {
    return (seq - 1) / BLOCK_EVENTS * BLOCK_EVENTS + 1;
}

static struct block **bucket_of(const struct cache *cache, uint64_t first_seq) {
    uint64_t hash = (first_seq / BLOCK_EVENTS) * 0x9e3779b97f4a7c15ULL;

    return &cache->buckets[(hash >> 32) & (cache->bucket_count - 1)];
}

static struct block *lookup(const struct cache *cache, uint64_t first_seq) {
    struct block *block = *bucket_of(cache, first_seq);

    while (block != NULL && block->first_seq != first_seq)
        block = block->next_in_bucket;
    return block;
}

static size_t block_size(const struct block *block) {
    return sizeof *block + block->length;
}

struct cache *cache_create(size_t limit_bytes) {
    struct cache *cache = memory_new(1, sizeof *cache);

    cache->bucket_count = 64;
    while (cache->bucket_count < limit_bytes / 4096) /* a block of 16 events of 350 bytes is a little larger */
        cache->bucket_count *= 2;
    cache->buckets = memory_new(cache->bucket_count, sizeof(struct block *));
    cache->limit = limit_bytes;
    return cache;
}

void cache_destroy(struct cache **cache) {
    struct block *next;

    if (*cache == NULL)
        return;
    for (struct block *block = (*cache)->head; block != NULL; block = next) {
        next = block->next;
        free(block);
    }
    free((*cache)->passing);
    free((*cache)->loading);
    free((*cache)->buckets);
    free(*cache);
    *cache = NULL;
}

static void queue_push(struct cache *cache, struct block *block) {
    block->next = NULL;
    block->previous = cache->tail;
    if (cache->tail != NULL)
        cache->tail->next = block;
    else
        cache->head = block;
    cache->tail = block;
}

static void queue_remove(struct cache *cache, struct block *block) {
    if (block->previous != NULL)
        block->previous->next = block->next;
    else
        cache->head = block->next;
    if (block->next != NULL)
        block->next->previous = block->previous;
    else
        cache->tail = block->previous;
}

static void discard(struct cache *cache, struct block *block) {
    struct block **link = bucket_of(cache, block->first_seq);

    while (*link != block)
        link = &(*link)->next_in_bucket;
    *link = block->next_in_bucket;
    queue_remove(cache, block);
    cache->bytes -= block_size(block);
    free(block);
}

/* Lets the least used blocks leave until there is room for so many bytes more. */
static void make_room(struct cache *cache, size_t bytes) {
    while (cache->head != NULL && cache->bytes + bytes > cache->limit) {
        struct block *leaving = cache->head;
        ENSURE(leaving->previous == NULL);
        if (leaving->used) {
            leaving->used = false;
            queue_remove(cache, leaving);
            queue_push(cache, leaving);
        } else {
            discard(cache, leaving);
        }
    }
}

void cache_limit(struct cache *cache, size_t limit_bytes) {
    cache->limit = limit_bytes;
    make_room(cache, 0);
}

/* Takes the block over. One that is larger than the whole cache stays until the next comes. */
static void keep(struct cache *cache, struct block *block) {
    struct block *old = lookup(cache, block->first_seq);
    struct block **bucket = bucket_of(cache, block->first_seq);

    if (old != NULL)
        discard(cache, old);
    make_room(cache, block_size(block));
    block->next_in_bucket = *bucket;
    *bucket = block;
    queue_push(cache, block);
    cache->bytes += block_size(block);
}

/* Adds the segment's events `from` to before `to` to the block under construction, of which they are the next. */
static struct block *extend(struct block *block, const struct segment *segment, uint32_t from, uint32_t to) {
    uint32_t start = segment_entry(segment, from).start;
    uint32_t length = segment_entry(segment, to - 1).end - start;
    uint32_t before = block == NULL ? 0 : block->length;
    bool fresh = block == NULL;

    block = memory_resize(block, sizeof *block + before + length, 1);
    if (fresh) {
        memset(block, 0, sizeof *block);
        block->first_seq = segment->first_seq + from;
    }
    memcpy(block->bytes + before, segment->body + start, length);
    for (uint32_t i = from; i < to; i++, block->count++) {
        struct segment_entry entry = segment_entry(segment, i);
        block->ends[block->count] = before + entry.end - start;
        block->distances[block->count] = entry.distance;
        block->received[block->count] = segment->received;
        if (entry.redacted)
            block->redacted = (uint16_t)(block->redacted | 1U << block->count);
    }
    block->length = before + length;
    return block;
}

bool cache_find(struct cache *cache, uint64_t seq, struct journal_event *event) {
    struct block *block = lookup(cache, block_start(seq));
    uint32_t index = (uint32_t)((seq - 1) % BLOCK_EVENTS);
    uint32_t start;

    if (block == NULL || index >= block->count)
        return false;
    block->used = true;
    start = index == 0 ? 0 : block->ends[index - 1];
    event->seq = seq;
    event->previous_seq = block->distances[index] == 0 ? 0 : seq - block->distances[index];
    event->received = block->received[index];
    event->redacted = (block->redacted >> index & 1) != 0;
    event->bytes = (struct text){block->bytes + start, block->ends[index] - start};
    return true;
}

static void drop_passing(struct cache *cache) {
    free(cache->passing);
    cache->passing = NULL;
}

void cache_pass(struct cache *cache, const struct segment *segment) {
    uint32_t to;

    for (uint32_t from = 0; from < segment->count; from = to) {
        uint64_t seq = segment->first_seq + from;
        uint64_t left_of_block = block_start(seq) + BLOCK_EVENTS - seq;
        struct block *held;
        to = segment->count - from < left_of_block ? segment->count : from + (uint32_t)left_of_block;

        if (cache->passing != NULL && cache->passing->first_seq + cache->passing->count != seq)
            drop_passing(cache);
        if (cache->passing == NULL) {
            if (seq != block_start(seq))
                continue;
            held = lookup(cache, seq);
            if (held != NULL && held->count == BLOCK_EVENTS)
                continue;
        }
        cache->passing = extend(cache->passing, segment, from, to);
        if (cache->passing->count == BLOCK_EVENTS) {
            keep(cache, cache->passing);
            cache->passing = NULL;
        }
    }
}

void cache_block_of(uint64_t seq, uint64_t *first_seq, uint64_t *last_seq) {
    *first_seq = block_start(seq);
    *last_seq = *first_seq + BLOCK_EVENTS - 1;
}

void cache_load_begin(struct cache *cache, uint64_t seq) {
    free(cache->loading);
    cache->loading = NULL;
    cache->loading_seq = block_start(seq);
}

void cache_load_segment(struct cache *cache, const struct segment *segment) {
    uint64_t wanted = cache->loading_seq + (cache->loading == NULL ? 0 : cache->loading->count);
    uint64_t end = cache->loading_seq + BLOCK_EVENTS;
    uint64_t segment_end = segment->first_seq + segment->count;

    if (wanted < segment->first_seq || wanted >= segment_end || wanted >= end)
        return;
    end = end < segment_end ? end : segment_end;
    cache->loading = extend(cache->loading, segment, (uint32_t)(wanted - segment->first_seq), (uint32_t)(end - segment->first_seq));
}

void cache_load_end(struct cache *cache) {
    if (cache->loading != NULL)
        keep(cache, cache->loading);
    cache->loading = NULL;
}

void cache_forget(struct cache *cache) {
    while (cache->head != NULL)
        discard(cache, cache->head);
    drop_passing(cache);
    free(cache->loading);
    cache->loading = NULL;
}

size_t cache_bytes(const struct cache *cache) {
    return cache->bytes;
}
