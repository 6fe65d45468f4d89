/* The linker: makes the links of a turn's events, in a thread of its own while the turn goes on, as far as it has many.
 *
 * Two digests an event are an eighth of all that is done for it, and nobody needs them before the turn's first alert or its end. Few events
 * are linked by whoever asks for the head, so that a single one waits for no other thread; so are all where there is only one processor. */
#ifndef WAITLIST_JOURNAL_LINKER_H
#define WAITLIST_JOURNAL_LINKER_H

#include "daemon/journal/chain.h"

struct linker;

struct linker *linker_create(void);
void linker_destroy(struct linker **linker);

/* Begins a turn behind `head`; what the last one left undone is given up. */
void linker_begin(struct linker *linker, const struct chain_digest *head);
/* Everything is copied; `event->erasable` is made here of `salt` and `bytes`. */
void linker_add_event(struct linker *linker, const struct chain_event *event, const struct chain_salt *salt, struct text bytes);
/* The head after all that was added, valid until the next call. Both wait for the thread. */
const struct chain_digest *linker_head(struct linker *linker);
const struct chain_digest *linker_add_act(struct linker *linker, const struct chain_act *act);
/* After linker_head: the head after the turn's event `index`, counted from 0. */
const struct chain_digest *linker_event_head(struct linker *linker, uint32_t index);

#endif
