/* A ZeroMQ socket that connects to one endpoint of the daemon, and what its monitor says about the connection. */
#ifndef WAITLIST_DASHBOARD_MONITORED_H
#define WAITLIST_DASHBOARD_MONITORED_H

#include "daemon/security/handshake.h"

#include <stdbool.h>
#include <stdint.h>
#include <waitlist/client.h>
#include <zmq.h>

struct monitored {
    void *socket;
    void *monitor;
    const char *endpoint;
    bool connected;
    bool is_secured;
    unsigned failures;              /* of the handshake, as handshake_failed counts them */
    enum handshake_failure refusal; /* why there is no connection, as far as keys are the reason */
    int64_t retry_ms;               /* when the endpoint is tried anew; 0: libzmq tries by itself */
};

enum monitored_news { MONITORED_SAME, MONITORED_CONNECTED, MONITORED_LOST };

/* Connects in the background, and again for ever. `keys` (NULL: none) are for a tcp:// endpoint, and copied; `endpoint` is borrowed.
 * `name` tells monitors apart, one for each socket of a context. False with errno. */
bool monitored_open(struct monitored *monitored, void *context, int type, const char *endpoint, const struct waitlist_keys *keys,
                    const char *name);
void monitored_close(struct monitored *monitored);
/* Takes what the monitor says, and tries again where keys were refused, every other second if it is called. LOST also when the connection
 * was made again meanwhile: what was under way is gone. */
enum monitored_news monitored_look(struct monitored *monitored, int64_t now_ms);

#endif
