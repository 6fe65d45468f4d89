/* The messages of a route that could not be delivered and never will be by themselves: a file that is listed and tried again by hand. */
#ifndef WAITLIST_RELAY_DEAD_H
#define WAITLIST_RELAY_DEAD_H

#include "client/relay/message.h"

/* Bytes of one route's list. */
#define DEAD_BYTES_MAX (64 * 1024 * 1024)

enum dead_status {
    DEAD_OK,
    DEAD_FULL,  /* a limit is reached; nothing was written */
    DEAD_FAILED /* errno says why */
};

/* Durable when it returns OK. Several processes may use one list. */
enum dead_status dead_add(const char *path, size_t letters_max, const struct message *message, const char *reason, const char *at);
/* {"id","at","reason","event"} each, the oldest first; NULL with errno when it cannot be read. No file: an empty array. */
json_t *dead_list(const char *path);
/* The letter of this id goes. */
enum dead_status dead_remove(const char *path, const char *id);

#endif
