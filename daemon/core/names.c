/* Interned texts: an open-addressing table of numbers over texts that never move. */
#include "daemon/core/names.h"

#include "daemon/core/memory.h"
#include "daemon/core/texts.h"

#include <stdlib.h>

/* The table grows by half when four fifths are full: large tables of people are mostly memory. */
enum { FIRST_SLOTS = 64, FULL_FIFTHS = 4 };

struct slot {
    uint32_t hash;
    uint32_t name; /* 0: free */
};

struct names {
    uint64_t seed;
    struct slot *slots;
    size_t slot_count;
    struct texts *texts;
    uint32_t *numbers; /* numbers[name - 1]: of the text */
    size_t number_capacity;
    uint32_t count;
};

struct names *names_create(uint64_t seed) {
    struct names *names = memory_new(1, sizeof *names);
    names->seed = seed;
    names->slot_count = FIRST_SLOTS;
    names->slots = memory_new(names->slot_count, sizeof *names->slots);
    names->texts = texts_create();
    return names;
}

void names_destroy(struct names **names) {
    if (*names == NULL)
        return;
    texts_destroy(&(*names)->texts);
    free((*names)->numbers);
    free((*names)->slots);
    free(*names);
    *names = NULL;
}

struct text names_text(const struct names *names, uint32_t name) {
    return name == NAME_ABSENT ? TEXT_ABSENT : texts_at(names->texts, names->numbers[name - 1]);
}

/* Where the search for a hash begins: the table's size is no power of two, so the hash is scaled. */
static size_t first_slot(const struct names *names, uint32_t hash) {
    return (size_t)(((uint64_t)hash * names->slot_count) >> 32);
}

static size_t next_slot(const struct names *names, size_t slot) {
    return slot + 1 == names->slot_count ? 0 : slot + 1;
}

/* The slot that holds the text, or the free one where it belongs. */
static size_t slot_of(const struct names *names, struct text text, uint32_t hash) {
    size_t slot = first_slot(names, hash);
    while (names->slots[slot].name != NAME_ABSENT) {
        if (names->slots[slot].hash == hash && text_equal(names_text(names, names->slots[slot].name), text))
            return slot;
        slot = next_slot(names, slot);
    }
    return slot;
}

static void grow_slots(struct names *names) {
    struct slot *old = names->slots;
    size_t old_count = names->slot_count;
    names->slot_count += names->slot_count / 2;
    names->slots = memory_new(names->slot_count, sizeof *names->slots);
    for (size_t i = 0; i < old_count; i++) {
        if (old[i].name == NAME_ABSENT)
            continue;
        size_t slot = first_slot(names, old[i].hash);
        while (names->slots[slot].name != NAME_ABSENT)
            slot = next_slot(names, slot);
        names->slots[slot] = old[i];
    }
    free(old);
}

uint32_t names_intern(struct names *names, struct text text) {
    if (text.at == NULL)
        return NAME_ABSENT;
    ENSURE(names->count < UINT32_MAX - 1);
    uint32_t hash = (uint32_t)text_hash(text, names->seed);
    size_t slot = slot_of(names, text, hash);
    if (names->slots[slot].name != NAME_ABSENT)
        return names->slots[slot].name;
    if ((names->count + (size_t)1) * 5 > names->slot_count * FULL_FIFTHS) {
        grow_slots(names);
        slot = slot_of(names, text, hash);
    }
    memory_reserve((void **)&names->numbers, &names->number_capacity, names->count + (size_t)1, sizeof *names->numbers);
    names->numbers[names->count++] = texts_keep(names->texts, text);
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

void names_save(const struct names *names, struct bytes_out *out) {
    bytes_put_u32(out, names->count);
    for (uint32_t name = 1; name <= names->count; name++)
        bytes_put_text(out, names_text(names, name));
}

void names_load(struct names *names, struct bytes_in *in) {
    ENSURE(names->count == 0);
    uint32_t count = bytes_get_u32(in);
    for (uint32_t name = 1; name <= count && !in->failed; name++)
        in->failed = names_intern(names, bytes_get_text(in)) != name || in->failed; /* one that is there already, or absent */
}
