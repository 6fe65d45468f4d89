/* Transitions that wait to be told together: one message a team, and nothing about what came and went meanwhile. */
#ifndef WAITLIST_RELAY_BATCH_H
#define WAITLIST_RELAY_BATCH_H

#include "client/relay/message.h"

/* Then it is told at once, so that the memory of a route stays bounded. */
#define BATCH_ROWS_MAX 5000

struct batch;

struct batch *batch_create(const struct relay_settings *settings, const struct route_settings *route);
void batch_destroy(struct batch **batch);

/* Borrows nothing. `due_ms`: when it is to be told at the latest; the first one counts. False when it is full now. */
bool batch_add(struct batch *batch, const json_t *row, int64_t due_ms);
size_t batch_count(const struct batch *batch);
/* INT64_MAX while it is empty. */
int64_t batch_due(const struct batch *batch);

/* The next team's message, in the order of teams; false when all were given. `epoch`: of the rows. `why`: NULL, or what the message says
 * that it was made for. After the last one call batch_clear. */
bool batch_next(struct batch *batch, const char *epoch, const char *why, struct message *message);
/* Begin again with the first team: the last messages were not delivered. */
void batch_rewind(struct batch *batch);
void batch_clear(struct batch *batch);

#endif
