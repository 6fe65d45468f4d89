/* The three sockets of the daemon, made and bound as the configuration says. */
#ifndef WAITLIST_SOCKETS_H
#define WAITLIST_SOCKETS_H

#include "daemon/config/config.h"
#include "daemon/security/zap.h"

struct sockets {
    void *context;
    struct zap *zap; /* says who comes in through each of them */
    void *ingest;    /* ROUTER */
    void *publish;   /* XPUB */
    void *query;     /* ROUTER */
};

#define SOCKETS_MESSAGE_SIZE 320

/* Binds every endpoint; IPC sockets get mode 0660. False with a reason; what was made is closed again. */
bool sockets_open(struct sockets *sockets, const struct config *config, char message[SOCKETS_MESSAGE_SIZE]);
/* Gives answers on their way a second to leave. */
void sockets_close(struct sockets *sockets);

#endif
