/* Who sends. */
#include "daemon/ledger/sources.h"

#include "daemon/core/memory.h"
#include "daemon/core/names.h"

#include <stdlib.h>

struct sources {
    struct names *names;
    struct source_figures *figures;
    size_t capacity;
    uint32_t noted; /* last */
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
    bool again = sources->noted != NAME_ABSENT && text_equal(names_text(sources->names, sources->noted), source);
    uint32_t number = again ? sources->noted : names_intern(sources->names, source);
    sources->noted = number;
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

size_t sources_find(const struct sources *sources, struct text source) {
    uint32_t number = names_find(sources->names, source);
    return number == NAME_ABSENT ? SIZE_MAX : number - 1;
}

size_t sources_count(const struct sources *sources) {
    return names_count(sources->names);
}

void sources_at(const struct sources *sources, size_t index, struct source_figures *figures) {
    *figures = sources->figures[index];
}

void sources_save(const struct sources *sources, struct bytes_out *out) {
    names_save(sources->names, out);
    for (size_t i = 0; i < sources_count(sources); i++) {
        bytes_put_u64(out, sources->figures[i].events);
        bytes_put_i64(out, sources->figures[i].last_event);
        bytes_put_i64(out, sources->figures[i].last_received);
    }
}

static bool is_instant(instant_t instant) {
    static const instant_t latest = 253402300799999; /* the end of the year 9999: later ones cannot be written */
    return instant == INSTANT_NONE || (instant >= 0 && instant <= latest);
}

void sources_load(struct sources *sources, struct bytes_in *in) {
    names_load(sources->names, in);
    size_t count = sources_count(sources);
    sources->figures = memory_new(count, sizeof *sources->figures);
    sources->capacity = count;
    for (size_t i = 0; i < count && !in->failed; i++) {
        struct source_figures *figures = &sources->figures[i];
        figures->source = names_text(sources->names, (uint32_t)i + 1);
        figures->events = bytes_get_u64(in);
        figures->last_event = bytes_get_i64(in);
        figures->last_received = bytes_get_i64(in);
        in->failed = in->failed || !is_instant(figures->last_event) || !is_instant(figures->last_received);
    }
}
