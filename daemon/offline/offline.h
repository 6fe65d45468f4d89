/* Answers from a journal's file without a daemon, by the handlers that answer a daemon's questions about the past. It only reads, also
 * beside a running daemon.
 *
 * Today is the last day that the journal has begun: what is asked about it is answered as the daemon would on that day. What only a running
 * daemon knows (health, subscriptions) is refused, as is everything that changes something. */
#ifndef WAITLIST_OFFLINE_OFFLINE_H
#define WAITLIST_OFFLINE_OFFLINE_H

#include "daemon/config/config.h"

#define OFFLINE_MESSAGE_SIZE 320

struct offline;

/* `config` says which names are known, how late is backdated, and the epoch; borrowed until offline_close; NULL: no name list, the
 * defaults. NULL with a reason in `message` when there is no journal that can be read. Before a second thread exists: the time zone is
 * read. */
struct offline *offline_open(const char *journal_path, const struct config *config, char message[OFFLINE_MESSAGE_SIZE]);
void offline_close(struct offline **offline);
/* The reply to a request as the query socket would give it (docs/protocol.md, Query); the caller frees it with free(). */
char *offline_ask(struct offline *offline, struct text request, size_t *length);

#endif
