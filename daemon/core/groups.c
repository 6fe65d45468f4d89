/* A table of tallies by key. */
#include "daemon/core/groups.h"

#include "daemon/core/memory.h"

#include <stdlib.h>
#include <string.h>

enum { FIRST_SLOTS = 64 };

struct groups {
    struct group *groups;
    size_t count;
    size_t capacity;
    uint32_t *slots; /* group number + 1; 0: free */
    size_t slot_count;
};

struct groups *groups_create(void) {
    struct groups *groups = memory_new(1, sizeof *groups);
    groups->slot_count = FIRST_SLOTS;
    groups->slots = memory_new(groups->slot_count, sizeof *groups->slots);
    return groups;
}

void groups_destroy(struct groups **groups) {
    if (*groups == NULL)
        return;
    for (size_t i = 0; i < (*groups)->count; i++)
        tally_destroy(&(*groups)->groups[i].tally);
    free((*groups)->groups);
    free((*groups)->slots);
    free(*groups);
    *groups = NULL;
}

static size_t slot_of(const struct groups *groups, const struct group_key *key) {
    size_t mask = groups->slot_count - 1;
    size_t slot = text_hash((struct text){(const char *)key, sizeof *key}, 0) & mask;
    while (groups->slots[slot] != 0 && memcmp(&groups->groups[groups->slots[slot] - 1].key, key, sizeof *key) != 0)
        slot = (slot + 1) & mask;
    return slot;
}

static void grow_slots(struct groups *groups) {
    free(groups->slots);
    groups->slot_count *= 2;
    groups->slots = memory_new(groups->slot_count, sizeof *groups->slots);
    for (size_t i = 0; i < groups->count; i++)
        groups->slots[slot_of(groups, &groups->groups[i].key)] = (uint32_t)(i + 1);
}

uint32_t groups_of(struct groups *groups, const struct group_key *key) {
    size_t slot = slot_of(groups, key);
    if (groups->slots[slot] != 0)
        return groups->slots[slot] - 1;
    ENSURE(groups->count < UINT32_MAX - 1);
    memory_reserve((void **)&groups->groups, &groups->capacity, groups->count + 1, sizeof *groups->groups);
    groups->groups[groups->count] = (struct group){*key, tally_create()};
    groups->slots[slot] = (uint32_t)++groups->count;
    if (groups->count * 4 > groups->slot_count * 3)
        grow_slots(groups);
    return (uint32_t)(groups->count - 1);
}

size_t groups_count(const struct groups *groups) {
    return groups->count;
}

const struct group *groups_at(const struct groups *groups, uint32_t group) {
    return &groups->groups[group];
}

size_t groups_bytes(const struct groups *groups) {
    size_t bytes = groups->capacity * sizeof *groups->groups + groups->slot_count * sizeof *groups->slots;
    for (size_t i = 0; i < groups->count; i++)
        bytes += tally_bytes(groups->groups[i].tally);
    return bytes;
}
