/* Memory for the texts of one history: taken piece by piece, given back all at once. */
#ifndef WAITLIST_LEDGER_ARENA_H
#define WAITLIST_LEDGER_ARENA_H

#include "daemon/core/event.h"

struct arena;

struct arena *arena_create(void);
void arena_destroy(struct arena **arena);
void arena_clear(struct arena *arena);
/* A copy that lives until the arena is cleared; TEXT_ABSENT stays absent. */
struct text arena_text(struct arena *arena, struct text text);
/* Copies every text of the event. */
void arena_event(struct arena *arena, struct event *event);

#endif
