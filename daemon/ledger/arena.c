/* Memory for the texts of one history. */
#include "daemon/ledger/arena.h"

#include "daemon/core/memory.h"

#include <stdlib.h>
#include <string.h>

enum { BLOCK_BYTES = 1 << 18, KEPT_BLOCKS = 4 };

struct arena {
    char **blocks;
    size_t count;
    size_t capacity;
    size_t block; /* the one in use */
    size_t used;  /* of it */
};

struct arena *arena_create(void) {
    return memory_new(1, sizeof(struct arena));
}

void arena_destroy(struct arena **arena) {
    if (*arena == NULL)
        return;
    for (size_t i = 0; i < (*arena)->count; i++)
        free((*arena)->blocks[i]);
    free((*arena)->blocks);
    free(*arena);
    *arena = NULL;
}

void arena_clear(struct arena *arena) {
    while (arena->count > KEPT_BLOCKS)
        free(arena->blocks[--arena->count]);
    arena->block = arena->used = 0;
}

static char *take(struct arena *arena, size_t bytes) {
    ENSURE(bytes <= BLOCK_BYTES);
    if (arena->used + bytes > BLOCK_BYTES) {
        arena->block++;
        arena->used = 0;
    }
    if (arena->block >= arena->count) {
        memory_reserve((void **)&arena->blocks, &arena->capacity, arena->count + 1, sizeof *arena->blocks);
        arena->blocks[arena->count++] = memory_new(BLOCK_BYTES, 1);
    }
    char *taken = arena->blocks[arena->block] + arena->used;
    arena->used += bytes;
    return taken;
}

struct text arena_text(struct arena *arena, struct text text) {
    if (text.at == NULL)
        return TEXT_ABSENT;
    char *copy = take(arena, text.length + (size_t)1);
    memcpy(copy, text.at, text.length);
    copy[text.length] = '\0';
    return (struct text){copy, text.length};
}

void arena_event(struct arena *arena, struct event *event) {
    struct text *texts[] = {&event->source, &event->id,     &event->subject,  &event->sequence,        &event->pathway,
                            &event->team,   &event->person, &event->district, &event->client_group,    &event->worker,
                            &event->reason, &event->method, &event->outcome,  &event->retracts_source, &event->retracts_id};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        *texts[i] = arena_text(arena, *texts[i]);
    for (uint8_t i = 0; i < event->dimension_count; i++) {
        event->dimensions[i].name = arena_text(arena, event->dimensions[i].name);
        event->dimensions[i].value = arena_text(arena, event->dimensions[i].value);
    }
}
