/* The three sockets of the daemon, made and bound as the configuration says. */
#ifndef WAITLIST_SOCKETS_H
#define WAITLIST_SOCKETS_H

#include "daemon/config/config.h"
#include "daemon/security/keyfile.h"
#include "daemon/security/zap.h"

struct sockets {
    void *context;
    struct zap *zap; /* says who comes in through each of them */
    void *ingest;    /* ROUTER */
    void *publish;   /* XPUB, with ZMQ_XPUB_MANUAL */
    void *monitor;   /* PAIR: the connections of the publishing socket that began and ended */
    void *query;     /* ROUTER */
    bool has_key;
    struct keyfile_pair pair; /* the daemon's; libzmq keeps its secret in memory too, for as long as the sockets are there */
};

#define SOCKETS_MESSAGE_SIZE (KEYFILE_MESSAGE_SIZE + 64)
/* How long sockets_reopen waits for the system to give an endpoint back that the socket before still holds. */
#define SOCKETS_REOPEN_MS 5000

/* What only this host can say of a configuration: that the daemon's key can be read, and that there are the groups of IPC endpoints.
 * False with a reason. `pair` may be NULL; it is wiped by the caller. */
bool sockets_check(const struct config *config, struct keyfile_pair *pair, char message[SOCKETS_MESSAGE_SIZE]);

/* Reads the key and binds every endpoint: TCP ones with CURVE when there is a key, IPC ones with the mode and group of their entry in
 * security.local, or 0660 and the daemon's. False with a reason; what was made is closed again. */
bool sockets_open(struct sockets *sockets, const struct config *config, char message[SOCKETS_MESSAGE_SIZE]);
/* The sockets anew (`all`: the three of them; else the publishing one), on the same endpoints and with the same key: every connection ends.
 * What is on its way has a second to leave; who is still let in comes back by itself. False with a reason when an endpoint cannot be bound
 * within SOCKETS_REOPEN_MS: nothing can be done then but to end. */
bool sockets_reopen(struct sockets *sockets, const struct config *config, bool all, char message[SOCKETS_MESSAGE_SIZE]);
/* Gives answers on their way a second to leave. */
void sockets_close(struct sockets *sockets);

#endif
