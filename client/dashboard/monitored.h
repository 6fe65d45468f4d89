/* A ZeroMQ socket that connects to one endpoint of the daemon, and what its monitor says about the connection. */
#ifndef WAITLIST_DASHBOARD_MONITORED_H
#define WAITLIST_DASHBOARD_MONITORED_H

#include <stdbool.h>
#include <zmq.h>

struct monitored {
    void *socket;
    void *monitor;
    bool connected;
};

enum monitored_news { MONITORED_SAME, MONITORED_CONNECTED, MONITORED_LOST };

/* Connects in the background, and again for ever. `name` tells monitors apart, one for each socket of a context. False with errno. */
bool monitored_open(struct monitored *monitored, void *context, int type, const char *endpoint, const char *name);
void monitored_close(struct monitored *monitored);
/* Takes what the monitor says. LOST also when the connection was made again meanwhile: what was under way is gone. */
enum monitored_news monitored_look(struct monitored *monitored);

#endif
