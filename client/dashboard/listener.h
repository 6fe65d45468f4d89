/* The listening socket. */
#ifndef WAITLIST_DASHBOARD_LISTENER_H
#define WAITLIST_DASHBOARD_LISTENER_H

#include <stdbool.h>

#define LISTENER_ADDRESS_SIZE 64

struct listener {
    int descriptor;
    char host[LISTENER_ADDRESS_SIZE]; /* "127.0.0.1", "[::1]" */
    unsigned port;                    /* as it came out, where 0 was asked for */
    bool is_loopback;
};

/* Listens on "127.0.0.1:8090" or "[::1]:0". False with a reason, a static text or errno's. */
bool listener_open(struct listener *listener, const char *address, const char **reason);

#endif
