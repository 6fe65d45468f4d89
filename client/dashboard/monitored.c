/* A connection to the daemon that mends itself, and tells. */
#include "client/dashboard/monitored.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

/* A peer that answers no ping for so long is taken for gone: a cut cable says nothing by itself. */
#define PING_INTERVAL_MS 1000
#define PING_TIMEOUT_MS 4000
#define RECONNECT_FIRST_MS 20
#define RECONNECT_LAST_MS 500
#define MESSAGE_BYTES_MAX (256 * 1024 * 1024)

static bool set_int(void *socket, int option, int value) {
    return zmq_setsockopt(socket, option, &value, sizeof value) == 0;
}

static bool set_options(void *socket) {
    int64_t largest = MESSAGE_BYTES_MAX;

    return set_int(socket, ZMQ_LINGER, 0) && set_int(socket, ZMQ_RECONNECT_IVL, RECONNECT_FIRST_MS) &&
           set_int(socket, ZMQ_RECONNECT_IVL_MAX, RECONNECT_LAST_MS) && set_int(socket, ZMQ_HEARTBEAT_IVL, PING_INTERVAL_MS) &&
           set_int(socket, ZMQ_HEARTBEAT_TIMEOUT, PING_TIMEOUT_MS) && set_int(socket, ZMQ_IPV6, 1) && set_int(socket, ZMQ_IMMEDIATE, 1) &&
           zmq_setsockopt(socket, ZMQ_MAXMSGSIZE, &largest, sizeof largest) == 0;
}

bool monitored_open(struct monitored *monitored, void *context, int type, const char *endpoint, const char *name) {
    char uri[80];

    memset(monitored, 0, sizeof *monitored);
    snprintf(uri, sizeof uri, "inproc://monitor-%s", name);
    monitored->socket = zmq_socket(context, type);
    monitored->monitor = zmq_socket(context, ZMQ_PAIR);
    if (monitored->socket != NULL && monitored->monitor != NULL && set_options(monitored->socket) &&
        set_int(monitored->monitor, ZMQ_LINGER, 0) &&
        zmq_socket_monitor(monitored->socket, uri, ZMQ_EVENT_HANDSHAKE_SUCCEEDED | ZMQ_EVENT_DISCONNECTED) == 0 &&
        zmq_connect(monitored->monitor, uri) == 0 && zmq_connect(monitored->socket, endpoint) == 0) {
        return true;
    }
    int reason = errno;

    monitored_close(monitored);
    errno = reason;
    return false;
}

void monitored_close(struct monitored *monitored) {
    if (monitored->socket != NULL) {
        (void)zmq_socket_monitor(monitored->socket, NULL, 0);
        (void)zmq_close(monitored->socket);
    }
    if (monitored->monitor != NULL) {
        (void)zmq_close(monitored->monitor);
    }
    memset(monitored, 0, sizeof *monitored);
}

enum monitored_news monitored_look(struct monitored *monitored) {
    unsigned char event[6]; /* which one, 16 bits, and a value, 32 bits, in the machine's byte order */
    enum monitored_news news = MONITORED_SAME;
    char address[8];
    uint16_t kind;

    while (zmq_recv(monitored->monitor, event, sizeof event, ZMQ_DONTWAIT) >= (int)sizeof kind) {
        (void)zmq_recv(monitored->monitor, address, sizeof address, ZMQ_DONTWAIT);
        memcpy(&kind, event, sizeof kind);
        if (kind == ZMQ_EVENT_HANDSHAKE_SUCCEEDED) {
            monitored->connected = true;
            news = news == MONITORED_LOST ? MONITORED_LOST : MONITORED_CONNECTED;
        } else if (kind == ZMQ_EVENT_DISCONNECTED && monitored->connected) {
            monitored->connected = false;
            news = MONITORED_LOST;
        }
    }
    return news;
}
