/* Who comes in: the handler that libzmq asks about each connection before its first message (ZAP 1.0, RFC 27), served by the loop.
 *
 * Whoever is let in gets a name, which libzmq puts on each of its messages as User-Id: with CURVE that of its key in security.peers,
 * through a plain endpoint that of the endpoint in security.local, or ACCESS_LOCAL_NAME. Nobody else comes in. What a socket's endpoint is
 * bound with, zap_domain, tells which endpoint a connection came through.
 *
 * libzmq waits for the answer, and the connection with it, for as long as a turn of the loop takes; one connection asks once, so that no
 * more questions wait here than there are connections. */
#ifndef WAITLIST_SECURITY_ZAP_H
#define WAITLIST_SECURITY_ZAP_H

#include "daemon/security/access.h"

#define ZAP_TURN_MAX 256 /* connections looked at between two turns of ingest */
#define ZAP_DOMAIN_SIZE 256
#define ZAP_KEY_SHOWN 8 /* characters of a key that a log may show */
/* The property of a message that tells one connection of a peer from another (zap_watch.admits). */
#define ZAP_CONNECTION "Connection"

struct zap;

/* Borrowed for the call. */
struct zap_lists {
    size_t peer_count;
    const struct access_entry *peers;
    size_t local_count;
    const struct access_entry *local;
};

/* Told of each connection; each may be NULL. */
struct zap_watch {
    void *context;
    /* Before a known peer is let in: false refuses it all the same; `*connection` is what its messages carry as ZAP_CONNECTION, 0: nothing.
     */
    bool (*admits)(void *context, enum access_socket socket, const char *peer, uint64_t *connection);
    /* Of who is not let in: `about` is how its key begins, if it showed one. */
    access_denied *denied;
};

struct zap_figures {
    uint64_t admitted;
    uint64_t refused;
};

/* `context` of ZeroMQ, borrowed: of all its sockets. NULL with errno when the socket cannot be made, or there is a handler already. To be
 * made before the first endpoint is bound and destroyed after the last one is closed: without a handler libzmq lets plain peers in,
 * nameless. */
struct zap *zap_create(void *context);
void zap_destroy(struct zap **zap);
/* Readable when somebody wants to come in. */
void *zap_socket(const struct zap *zap);
/* Answers up to ZAP_TURN_MAX. False when the socket is broken. */
bool zap_serve(struct zap *zap, const struct zap_lists *lists, const struct zap_watch *watch);
void zap_figures(const struct zap *zap, struct zap_figures *figures);

/* For ZMQ_ZAP_DOMAIN, to be set before the endpoint is bound. Two endpoints never share one. */
void zap_domain(char domain[ZAP_DOMAIN_SIZE], enum access_socket socket, bool with_curve, const char *endpoint);

#endif
