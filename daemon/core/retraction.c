/* Which identities were retracted. */
#include "daemon/core/retraction.h"

#include "daemon/core/memory.h"

#include <stdlib.h>
#include <string.h>

enum { IDENTITY_MAX = 256 + 1 + 128 };

struct entry {
    enum retraction_kind kind;
    uint32_t *waits; /* of the retractions that name it */
    size_t wait_count;
    size_t wait_capacity;
};

struct retractions {
    struct names *identities;
    struct entry *entries; /* by the identity's number - 1 */
    size_t capacity;
};

struct retractions *retractions_create(uint64_t seed) {
    struct retractions *retractions = memory_new(1, sizeof *retractions);
    retractions->identities = names_create(seed);
    return retractions;
}

void retractions_destroy(struct retractions **retractions) {
    if (*retractions == NULL)
        return;
    for (uint32_t i = 0; i < names_count((*retractions)->identities); i++)
        free((*retractions)->entries[i].waits);
    free((*retractions)->entries);
    names_destroy(&(*retractions)->identities);
    free(*retractions);
    *retractions = NULL;
}

/* Source, NUL, id: no event holds a NUL, so that no two identities look the same. */
static struct text identity_text(struct text source, struct text id, char out[IDENTITY_MAX]) {
    ENSURE(source.length + 1 + id.length <= IDENTITY_MAX);
    memcpy(out, source.at, source.length);
    out[source.length] = '\0';
    memcpy(out + source.length + 1, id.at, id.length);
    return (struct text){out, source.length + 1 + id.length};
}

static struct entry *find(const struct retractions *retractions, struct text source, struct text id) {
    char buffer[IDENTITY_MAX];
    if (names_count(retractions->identities) == 0)
        return NULL;
    uint32_t number = names_find(retractions->identities, identity_text(source, id, buffer));
    return number == NAME_ABSENT ? NULL : &retractions->entries[number - 1];
}

enum retraction_kind retractions_kind(const struct retractions *retractions, struct text source, struct text id) {
    const struct entry *entry = find(retractions, source, id);
    return entry == NULL ? RETRACTION_NONE : entry->kind;
}

void retractions_add(struct retractions *retractions, struct text source, struct text id, enum retraction_kind kind, uint32_t wait) {
    char buffer[IDENTITY_MAX];
    uint32_t known = names_count(retractions->identities);
    uint32_t number = names_intern(retractions->identities, identity_text(source, id, buffer));
    if (number > known) {
        memory_reserve((void **)&retractions->entries, &retractions->capacity, number, sizeof *retractions->entries);
        retractions->entries[number - 1] = (struct entry){.kind = kind};
    }
    struct entry *entry = &retractions->entries[number - 1];
    memory_reserve((void **)&entry->waits, &entry->wait_capacity, entry->wait_count + 1, sizeof *entry->waits);
    entry->waits[entry->wait_count++] = wait;
}

void retractions_resolve(struct retractions *retractions, struct text source, struct text id, enum retraction_kind kind,
                         void (*each)(void *context, uint32_t wait), void *context) {
    struct entry *entry = find(retractions, source, id);
    ENSURE(entry != NULL && entry->kind == RETRACTION_UNKNOWN);
    entry->kind = kind;
    for (size_t i = 0; each != NULL && i < entry->wait_count; i++)
        each(context, entry->waits[i]);
}

void retractions_save(const struct retractions *retractions, struct bytes_out *out) {
    names_save(retractions->identities, out);
    for (uint32_t i = 0; i < names_count(retractions->identities); i++) {
        const struct entry *entry = &retractions->entries[i];
        bytes_put_u8(out, (uint8_t)entry->kind);
        bytes_put_u32(out, (uint32_t)entry->wait_count);
        for (size_t j = 0; j < entry->wait_count; j++)
            bytes_put_u32(out, entry->waits[j]);
    }
}

static void load_entry(struct entry *entry, struct bytes_in *in, uint32_t wait_count) {
    uint8_t kind = bytes_get_u8(in);
    uint32_t count = bytes_get_u32(in);
    entry->kind = (enum retraction_kind)kind;
    in->failed = in->failed || kind == RETRACTION_NONE || kind > RETRACTION_TAKES;
    for (uint32_t i = 0; i < count && !in->failed; i++) {
        uint32_t wait = bytes_get_u32(in);
        in->failed = in->failed || wait == 0 || wait > wait_count;
        memory_reserve((void **)&entry->waits, &entry->wait_capacity, entry->wait_count + 1, sizeof *entry->waits);
        entry->waits[entry->wait_count++] = wait;
    }
}

void retractions_load(struct retractions *retractions, struct bytes_in *in, uint32_t wait_count) {
    names_load(retractions->identities, in);
    uint32_t count = names_count(retractions->identities);
    retractions->entries = memory_new(count, sizeof *retractions->entries);
    retractions->capacity = count;
    for (uint32_t i = 0; i < count && !in->failed; i++)
        load_entry(&retractions->entries[i], in, wait_count);
}
