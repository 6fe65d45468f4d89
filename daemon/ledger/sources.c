/* Who sends. */
#include "daemon/ledger/sources.h"

#include "daemon/core/memory.h"
#include "daemon/core/names.h"

#include <stdlib.h>

struct sources {
    struct names *names;
    struct source_figures *figures;
    size_t capacity;
};

struct sources *sources_create(uint64_t hash_seed) {
    struct sources *sources = memory_new(1, sizeof *sources);
    sources->names = names_create(hash_seed);
    return sources;
}

void sources_destroy(struct sources **sources) {
    if (*sources == NULL)
        return;
    names_destroy(&(*sources)->names);
    free((*sources)->figures);
    free(*sources);
    *sources = NULL;
}

void sources_note(struct sources *sources, struct text source, instant_t time, instant_t received) {
    uint32_t known = names_count(sources->names);
    uint32_t number = names_intern(sources->names, source);
    if (number > known) {
        memory_reserve((void **)&sources->figures, &sources->capacity, number, sizeof *sources->figures);
        sources->figures[number - 1] = (struct source_figures){names_text(sources->names, number), 0, INSTANT_NONE, INSTANT_NONE};
    }
    struct source_figures *figures = &sources->figures[number - 1];
    figures->events++;
    if (time > figures->last_event)
        figures->last_event = time;
    if (received > figures->last_received)
        figures->last_received = received;
}

size_t sources_count(const struct sources *sources) {
    return names_count(sources->names);
}

void sources_at(const struct sources *sources, size_t index, struct source_figures *figures) {
    *figures = sources->figures[index];
}
