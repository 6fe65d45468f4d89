/* What libzmq's monitor tells the side that connects about a handshake of keys that failed; shared by every client. */
#ifndef WAITLIST_SECURITY_HANDSHAKE_H
#define WAITLIST_SECURITY_HANDSHAKE_H

#include <stdbool.h>
#include <stdint.h>
#include <zmq.h>

/* The events of the monitor that handshake_failed reads. */
#define HANDSHAKE_EVENTS (ZMQ_EVENT_HANDSHAKE_FAILED_AUTH | ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL | ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL)
/* After a refusal the daemon's list of keys may have been mended: milliseconds until it is worth another try. */
#define HANDSHAKE_RETRY_MS 2000

enum handshake_failure {
    HANDSHAKE_NO_FAILURE,         /* or not yet: it is tried on */
    HANDSHAKE_KEY_REFUSED,        /* the daemon does not accept this key */
    HANDSHAKE_KEY_NEEDED,         /* the daemon wants a key, and this side has none */
    HANDSHAKE_SERVER_KEY_WRONG,   /* what answers there has not the key by which the daemon is known */
    HANDSHAKE_SERVER_WITHOUT_KEY, /* what answers there has none */
    HANDSHAKE_OTHER_PROGRAM       /* what answers there is no ZeroMQ socket of the kind */
};

/* `is_secured`: this side uses keys. `*failures` counts handshakes in a row that came to nothing without a reason; set it to 0 with each
 * new socket and when one succeeds. After any failure, and only then, this connection must be made anew to be tried again: libzmq
 * itself gives it up for good after most of them. */
enum handshake_failure handshake_failed(uint16_t event, uint32_t value, bool is_secured, unsigned *failures);

/* A short English sentence without a full stop; never NULL. */
const char *handshake_text(enum handshake_failure failure);

/* Whether a connection without keys may be made to this endpoint: what cannot leave the machine. */
bool handshake_may_be_plain(const char *uri);

#endif
