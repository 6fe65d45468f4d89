/* Interned texts: an open-addressing table of numbers over texts in blocks that never move. */
#include "daemon/core/names.h"

#include "daemon/core/memory.h"

#include <stdlib.h>
#include <string.h>

enum { BLOCK_BYTES = 1 << 20, TEXT_MAX = 65535, FIRST_SLOTS = 64 };

struct slot {
    uint32_t hash;
    uint32_t name; /* 0: free */
};

struct names {
    uint64_t seed;
    struct slot *slots;
    size_t slot_count; /* a power of two */
    char **texts;      /* texts[name - 1]: two bytes of length, the text, a NUL */
    size_t text_capacity;
    uint32_t count;
    char **blocks;
    size_t block_count;
    size_t block_capacity;
    size_t block_used;
    size_t block_size;
};

struct names *names_create(uint64_t seed) {
    struct names *names = memory_new(1, sizeof *names);
    names->seed = seed;
    names->slot_count = FIRST_SLOTS;
    names->slots = memory_new(names->slot_count, sizeof *names->slots);
    return names;
}

void names_destroy(struct names **names) {
    if (*names == NULL)
        return;
    for (size_t i = 0; i < (*names)->block_count; i++)
        free((*names)->blocks[i]);
    free((*names)->blocks);
    free((*names)->texts);
    free((*names)->slots);
    free(*names);
    *names = NULL;
}

struct text names_text(const struct names *names, uint32_t name) {
    if (name == NAME_ABSENT)
        return TEXT_ABSENT;
    uint16_t length;
    memcpy(&length, names->texts[name - 1], sizeof length);
    return (struct text){names->texts[name - 1] + sizeof length, length};
}

/* The slot that holds the text, or the free one where it belongs. */
static size_t slot_of(const struct names *names, struct text text, uint32_t hash) {
    size_t mask = names->slot_count - 1;
    size_t slot = hash & mask;
    while (names->slots[slot].name != NAME_ABSENT) {
        if (names->slots[slot].hash == hash && text_equal(names_text(names, names->slots[slot].name), text))
            return slot;
        slot = (slot + 1) & mask;
    }
    return slot;
}

static void grow_slots(struct names *names) {
    struct slot *old = names->slots;
    size_t old_count = names->slot_count;
    names->slot_count *= 2;
    names->slots = memory_new(names->slot_count, sizeof *names->slots);
    size_t mask = names->slot_count - 1;
    for (size_t i = 0; i < old_count; i++) {
        if (old[i].name == NAME_ABSENT)
            continue;
        size_t slot = old[i].hash & mask;
        while (names->slots[slot].name != NAME_ABSENT)
            slot = (slot + 1) & mask;
        names->slots[slot] = old[i];
    }
    free(old);
}

static char *keep(struct names *names, struct text text) {
    size_t needed = sizeof(uint16_t) + text.length + 1;
    if (names->block_used + needed > names->block_size) {
        names->block_size = BLOCK_BYTES;
        names->block_used = 0;
        memory_reserve((void **)&names->blocks, &names->block_capacity, names->block_count + 1, sizeof *names->blocks);
        names->blocks[names->block_count++] = memory_new(BLOCK_BYTES, 1);
    }
    char *kept = names->blocks[names->block_count - 1] + names->block_used;
    uint16_t length = (uint16_t)text.length;
    memcpy(kept, &length, sizeof length);
    if (text.length > 0)
        memcpy(kept + sizeof length, text.at, text.length);
    kept[sizeof length + text.length] = '\0';
    names->block_used += needed;
    return kept;
}

uint32_t names_intern(struct names *names, struct text text) {
    if (text.at == NULL)
        return NAME_ABSENT;
    ENSURE(text.length <= TEXT_MAX && names->count < UINT32_MAX - 1);
    uint32_t hash = (uint32_t)text_hash(text, names->seed);
    size_t slot = slot_of(names, text, hash);
    if (names->slots[slot].name != NAME_ABSENT)
        return names->slots[slot].name;
    if ((names->count + 1) * (size_t)4 > names->slot_count * 3) {
        grow_slots(names);
        slot = slot_of(names, text, hash);
    }
    memory_reserve((void **)&names->texts, &names->text_capacity, names->count + (size_t)1, sizeof *names->texts);
    names->texts[names->count++] = keep(names, text);
    names->slots[slot] = (struct slot){hash, names->count};
    return names->count;
}

uint32_t names_find(const struct names *names, struct text text) {
    if (text.at == NULL)
        return NAME_ABSENT;
    return names->slots[slot_of(names, text, (uint32_t)text_hash(text, names->seed))].name;
}

uint32_t names_count(const struct names *names) {
    return names->count;
}
