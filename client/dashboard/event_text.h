/* One event of a stream as server-sent events have it. */
#ifndef WAITLIST_DASHBOARD_EVENT_TEXT_H
#define WAITLIST_DASHBOARD_EVENT_TEXT_H

#include "client/dashboard/ring.h"

#include <jansson.h>

#define EVENT_ID_SIZE 96 /* an epoch of up to 64 bytes, a colon, a seq */

/* The text, which the caller frees with free(). `id` may be NULL; `data` NULL: only the id, which a browser keeps without telling anybody.
 * `data` has no line ends. */
char *event_text(const char *name, const char *id, const char *data, size_t data_size, size_t *size);

/* "EPOCH:SEQ", up to which alert everything was said. */
void event_id(char id[EVENT_ID_SIZE], const char *epoch, uint64_t seq);
/* False when the text is no such id. */
bool event_id_parse(const char *id, char epoch[EVENT_ID_SIZE], uint64_t *seq);

/* The event of one transition, as the daemon gave it; NULL when it is none. Fills whom it is for, and its seq. */
char *event_of_transition(const json_t *transition, const char *epoch, struct frame_scope *scope, uint64_t *seq, size_t *size);

#endif
