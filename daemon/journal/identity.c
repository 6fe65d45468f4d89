/* The identities of accepted events: shards of sorted open-addressing tables, eight bytes a slot, that grow one shard at a time. */
#include "daemon/journal/identity.h"

#include "daemon/core/memory.h"

#include <stdlib.h>
#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

/* A slot is tag << SEQ_BITS | seq; 0 is empty. The tag is also what says where the slot belongs (its home), so a shard can grow without
 * the fingerprint. 36 bits of seq last for 68 billion events; 10 bits of shard and 28 of tag let one new event in 6,000 meet a stranger
 * at 10 million events (10,000 a shard / 2^28 tags, over all slots), and each stranger costs one read of the journal. */
#define SHARD_BITS 10
#define SHARD_COUNT (1U << SHARD_BITS)
#define TAG_BITS 28
#define SEQ_BITS 36
#define SEQ_MAX ((UINT64_C(1) << SEQ_BITS) - 1)

/* A shard is filled to 7/8 and then grows by a quarter: between 0.70 and 0.875 full, so 9.7 to 12.2 bytes an event with its tail. */
#define SHARD_FIRST_CAPACITY 16

/* How many of the newest identities can be forgotten without looking through all shards: a few turns. */
#define RECENT_COUNT 8192

/* The slots are in rising order with gaps, none of them before its home. Behind `capacity` lies a tail, into which the last cluster may
 * run over, so that nothing wraps round. */
struct shard {
    uint64_t *slots;
    uint32_t capacity;
    uint32_t count;
};

struct recent {
    uint64_t slot;
    uint32_t shard;
};

struct identity_set {
    struct shard shards[SHARD_COUNT];
    struct recent recent[RECENT_COUNT]; /* a ring, in the order of adding */
    uint64_t recent_end;                /* how many were ever put into the ring, less those taken back */
    uint64_t recent_begin;              /* those before it were overwritten */
    uint64_t *spare;                    /* the slots of a shard while it grows */
    size_t spare_capacity;
    uint64_t seed;
    uint64_t count;
    uint64_t last_seq;
};

static uint32_t shard_of(uint64_t fingerprint) {
    return (uint32_t)(fingerprint >> (64 - SHARD_BITS));
}

static uint64_t tag_of(uint64_t fingerprint) {
    return (fingerprint >> (64 - SHARD_BITS - TAG_BITS)) & ((UINT64_C(1) << TAG_BITS) - 1);
}

static uint32_t home_of(uint64_t tag, uint32_t capacity) {
    return (uint32_t)((tag * capacity) >> TAG_BITS);
}

static uint32_t slot_count(uint32_t capacity) {
    return capacity == 0 ? 0 : capacity + capacity / 32 + 16;
}

/* Lays the `count` sorted slots out in the emptied shard; false when its tail is too short for them. */
static bool spread(struct shard *shard, const uint64_t *sorted, uint32_t count) {
    uint32_t end = slot_count(shard->capacity);
    uint32_t next = 0;

    for (uint32_t i = 0; i < count; i++) {
        uint32_t home = home_of(sorted[i] >> SEQ_BITS, shard->capacity);
        uint32_t at = home > next ? home : next;
        if (at >= end)
            return false;
        shard->slots[at] = sorted[i];
        next = at + 1;
    }
    return true;
}

static void grow(struct identity_set *set, struct shard *shard) {
    void *spare = set->spare;
    uint32_t count = 0;

    memory_reserve(&spare, &set->spare_capacity, shard->count, sizeof *set->spare);
    set->spare = spare;
    for (uint32_t i = 0; i < slot_count(shard->capacity); i++)
        if (shard->slots[i] != 0)
            set->spare[count++] = shard->slots[i];
    ENSURE(count == shard->count);
    do {
        uint32_t capacity = shard->capacity < SHARD_FIRST_CAPACITY ? SHARD_FIRST_CAPACITY : shard->capacity + shard->capacity / 4;
        ENSURE(capacity > shard->capacity && capacity < UINT32_MAX / 2);
        shard->capacity = capacity;
        shard->slots = memory_resize(shard->slots, slot_count(capacity), sizeof *shard->slots);
        memset(shard->slots, 0, slot_count(capacity) * sizeof *shard->slots);
    } while (!spread(shard, set->spare, count));
}

/* Puts the slot behind all that are smaller, moving what follows up to the next gap; false when there is no gap before the end. */
static bool insert(struct shard *shard, uint64_t slot) {
    uint32_t end = slot_count(shard->capacity);
    uint32_t at = home_of(slot >> SEQ_BITS, shard->capacity);
    uint32_t gap;

    while (at < end && shard->slots[at] != 0 && shard->slots[at] < slot)
        at++;
    for (gap = at; gap < end && shard->slots[gap] != 0; gap++)
        ;
    if (gap >= end)
        return false;
    memmove(shard->slots + at + 1, shard->slots + at, (gap - at) * sizeof *shard->slots);
    shard->slots[at] = slot;
    return true;
}

/* Empties slot `at` and moves those back that had been pushed away from their homes. */
static void erase(struct shard *shard, uint32_t at) {
    uint32_t end = slot_count(shard->capacity);

    for (; at + 1 < end; at++) {
        uint64_t next = shard->slots[at + 1];
        if (next == 0 || home_of(next >> SEQ_BITS, shard->capacity) > at)
            break;
        shard->slots[at] = next;
    }
    shard->slots[at] = 0;
    shard->count--;
}

static void erase_slot(struct shard *shard, uint64_t slot) {
    uint32_t at = home_of(slot >> SEQ_BITS, shard->capacity);

    while (shard->slots[at] != slot) {
        ENSURE(shard->slots[at] != 0 && at + 1 < slot_count(shard->capacity));
        at++;
    }
    erase(shard, at);
}

struct identity_set *identity_create(uint64_t seed) {
    struct identity_set *set = memory_new(1, sizeof *set);

    set->seed = seed;
    return set;
}

void identity_destroy(struct identity_set **set) {
    if (*set == NULL)
        return;
    for (uint32_t i = 0; i < SHARD_COUNT; i++)
        free((*set)->shards[i].slots);
    free((*set)->spare);
    free(*set);
    *set = NULL;
}

uint64_t identity_fingerprint(const struct identity_set *set, struct text source, struct text id) {
    /* The source's hash is the seed of the id's, so that no two pairs are the same run of bytes. */
    return XXH3_64bits_withSeed(id.at, id.length, XXH3_64bits_withSeed(source.at, source.length, set->seed));
}

void identity_add(struct identity_set *set, uint64_t fingerprint, uint64_t seq) {
    struct shard *shard = &set->shards[shard_of(fingerprint)];
    uint64_t slot = tag_of(fingerprint) << SEQ_BITS | seq;

    ENSURE(seq > set->last_seq && seq <= SEQ_MAX);
    if (shard->count >= shard->capacity - shard->capacity / 8)
        grow(set, shard);
    while (!insert(shard, slot))
        grow(set, shard);
    shard->count++;
    set->count++;
    set->last_seq = seq;
    set->recent[set->recent_end % RECENT_COUNT] = (struct recent){slot, shard_of(fingerprint)};
    set->recent_end++;
    if (set->recent_end - set->recent_begin > RECENT_COUNT)
        set->recent_begin = set->recent_end - RECENT_COUNT;
}

uint64_t identity_find(const struct identity_set *set, uint64_t fingerprint, bool (*confirm)(void *context, uint64_t seq), void *context) {
    const struct shard *shard = &set->shards[shard_of(fingerprint)];
    uint64_t tag = tag_of(fingerprint);
    uint32_t end = slot_count(shard->capacity);

    for (uint32_t at = home_of(tag, shard->capacity); at < end && shard->slots[at] != 0; at++) {
        uint64_t found = shard->slots[at] >> SEQ_BITS;
        if (found > tag)
            break;
        if (found == tag && confirm(context, shard->slots[at] & SEQ_MAX))
            return shard->slots[at] & SEQ_MAX;
    }
    return 0;
}

/* For more than the ring remembers: looks at every slot. */
static void forget_by_scan(struct identity_set *set, uint64_t seq) {
    for (uint32_t i = 0; i < SHARD_COUNT; i++) {
        struct shard *shard = &set->shards[i];
        for (uint32_t at = slot_count(shard->capacity); at-- > 0;) {
            if (shard->slots[at] != 0 && (shard->slots[at] & SEQ_MAX) > seq) {
                erase(shard, at);
                set->count--;
            }
        }
    }
}

void identity_forget_after(struct identity_set *set, uint64_t seq) {
    while (set->last_seq > seq && set->recent_end > set->recent_begin) {
        const struct recent *newest = &set->recent[(set->recent_end - 1) % RECENT_COUNT];
        if ((newest->slot & SEQ_MAX) <= seq) {
            set->last_seq = newest->slot & SEQ_MAX;
            return;
        }
        erase_slot(&set->shards[newest->shard], newest->slot);
        set->count--;
        set->recent_end--;
    }
    if (set->last_seq > seq) {
        forget_by_scan(set, seq);
        set->last_seq = seq;
    }
}

uint64_t identity_count(const struct identity_set *set) {
    return set->count;
}

size_t identity_bytes(const struct identity_set *set) {
    size_t bytes = sizeof *set + set->spare_capacity * sizeof *set->spare;

    for (uint32_t i = 0; i < SHARD_COUNT; i++)
        bytes += slot_count(set->shards[i].capacity) * sizeof *set->shards[i].slots;
    return bytes;
}

void identity_save(const struct identity_set *set, struct bytes_out *out) {
    for (uint32_t i = 0; i < SHARD_COUNT; i++) {
        const struct shard *shard = &set->shards[i];
        bytes_put_u32(out, shard->count);
        for (uint32_t at = 0; at < slot_count(shard->capacity); at++)
            if (shard->slots[at] != 0)
                bytes_put_u64(out, shard->slots[at]);
    }
}

/* The slots of a shard in rising order, none of them beyond `seq`. */
static bool load_slots(struct identity_set *set, struct bytes_in *in, uint32_t count, uint64_t seq) {
    uint64_t before = 0;
    for (uint32_t i = 0; i < count; i++) {
        void *spare = set->spare;
        uint64_t slot = bytes_get_u64(in);
        if (slot <= before || (slot & SEQ_MAX) == 0 || (slot & SEQ_MAX) > seq)
            return false;
        memory_reserve(&spare, &set->spare_capacity, i + (size_t)1, sizeof *set->spare);
        set->spare = spare;
        set->spare[i] = before = slot;
    }
    return !in->failed;
}

/* As many fingerprints that are alike as would make a shard much larger than it needs to be do not come about by chance. */
static bool make_shard(struct shard *shard, const uint64_t *sorted, uint32_t count) {
    uint64_t capacity = count + (uint64_t)count / 4 + SHARD_FIRST_CAPACITY;
    for (uint64_t limit = 4 * capacity; capacity < limit && capacity < UINT32_MAX / 2; capacity += capacity / 4) {
        free(shard->slots);
        shard->capacity = (uint32_t)capacity;
        shard->slots = memory_new(slot_count(shard->capacity), sizeof *shard->slots);
        if (spread(shard, sorted, count)) {
            shard->count = count;
            return true;
        }
    }
    return false;
}

bool identity_load(struct identity_set *set, struct bytes_in *in, uint64_t seq) {
    ENSURE(set->count == 0);
    for (uint32_t i = 0; i < SHARD_COUNT; i++) {
        uint32_t count = bytes_get_u32(in);
        if (!load_slots(set, in, count, seq) || (count > 0 && !make_shard(&set->shards[i], set->spare, count)))
            return false;
        set->count += count;
    }
    set->last_seq = seq;
    return !in->failed && set->count == seq && seq <= SEQ_MAX;
}
