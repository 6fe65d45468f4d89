/* Who sends: per source how many events were accepted, the latest of them and when something last came in. */
#ifndef WAITLIST_LEDGER_SOURCES_H
#define WAITLIST_LEDGER_SOURCES_H

#include "daemon/core/bytes.h"
#include "daemon/core/event.h"

struct sources;

struct source_figures {
    struct text source; /* borrowed from the sources */
    uint64_t events;
    instant_t last_event; /* the latest `time` */
    instant_t last_received;
};

struct sources *sources_create(uint64_t hash_seed);
void sources_destroy(struct sources **sources);
void sources_note(struct sources *sources, struct text source, instant_t time, instant_t received);
/* The place of a source, from 0; SIZE_MAX when nothing was heard of it. */
size_t sources_find(const struct sources *sources, struct text source);
size_t sources_count(const struct sources *sources);
void sources_at(const struct sources *sources, size_t index, struct source_figures *figures);

void sources_save(const struct sources *sources, struct bytes_out *out);
/* Into sources that hold nothing yet. What is refused leaves `in->failed`. */
void sources_load(struct sources *sources, struct bytes_in *in);

#endif
