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

static bool set_keys(struct monitored *monitored, const struct waitlist_keys *keys) {
    monitored->is_secured = keys != NULL && strncmp(monitored->endpoint, "tcp://", 6) == 0;
    return !monitored->is_secured || (zmq_setsockopt(monitored->socket, ZMQ_CURVE_SERVERKEY, keys->server_public, WAITLIST_KEY_SIZE) == 0 &&
                                      zmq_setsockopt(monitored->socket, ZMQ_CURVE_PUBLICKEY, keys->client_public, WAITLIST_KEY_SIZE) == 0 &&
                                      zmq_setsockopt(monitored->socket, ZMQ_CURVE_SECRETKEY, keys->client_secret, WAITLIST_KEY_SIZE) == 0);
}

bool monitored_open(struct monitored *monitored, void *context, int type, const char *endpoint, const struct waitlist_keys *keys,
                    const char *name) {
    char uri[80];

    memset(monitored, 0, sizeof *monitored);
    snprintf(uri, sizeof uri, "inproc://monitor-%s", name);
    monitored->endpoint = endpoint;
    monitored->socket = zmq_socket(context, type);
    monitored->monitor = zmq_socket(context, ZMQ_PAIR);
    if (monitored->socket != NULL && monitored->monitor != NULL && set_options(monitored->socket) && set_keys(monitored, keys) &&
        set_int(monitored->monitor, ZMQ_LINGER, 0) &&
        zmq_socket_monitor(monitored->socket, uri, ZMQ_EVENT_HANDSHAKE_SUCCEEDED | ZMQ_EVENT_DISCONNECTED | HANDSHAKE_EVENTS) == 0 &&
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

/* libzmq has given the connection up, or should: the same socket, with its subscriptions, connects anew. */
static void try_again(struct monitored *monitored) {
    monitored->retry_ms = 0;
    monitored->failures = 0;
    (void)zmq_disconnect(monitored->socket, monitored->endpoint);
    (void)zmq_connect(monitored->socket, monitored->endpoint);
}

static void take_failure(struct monitored *monitored, uint16_t event, uint32_t value, int64_t now_ms) {
    enum handshake_failure failure = handshake_failed(event, value, monitored->is_secured, &monitored->failures);

    if (failure != HANDSHAKE_NO_FAILURE && monitored->retry_ms == 0) {
        monitored->refusal = failure;
        monitored->retry_ms = now_ms + HANDSHAKE_RETRY_MS;
    }
}

enum monitored_news monitored_look(struct monitored *monitored, int64_t now_ms) {
    unsigned char event[6]; /* which one, 16 bits, and a value, 32 bits, in the machine's byte order */
    enum monitored_news news = MONITORED_SAME;
    char address[8];
    uint16_t kind;
    uint32_t value;

    while (zmq_recv(monitored->monitor, event, sizeof event, ZMQ_DONTWAIT) >= (int)sizeof event) {
        (void)zmq_recv(monitored->monitor, address, sizeof address, ZMQ_DONTWAIT);
        memcpy(&kind, event, sizeof kind);
        memcpy(&value, event + sizeof kind, sizeof value);
        if (kind == ZMQ_EVENT_HANDSHAKE_SUCCEEDED) {
            monitored->connected = true;
            monitored->failures = 0;
            monitored->refusal = HANDSHAKE_NO_FAILURE;
            news = news == MONITORED_LOST ? MONITORED_LOST : MONITORED_CONNECTED;
        } else if (kind == ZMQ_EVENT_DISCONNECTED && monitored->connected) {
            monitored->connected = false;
            news = MONITORED_LOST;
        } else if (kind != ZMQ_EVENT_DISCONNECTED) {
            take_failure(monitored, kind, value, now_ms);
        }
    }
    if (monitored->retry_ms != 0 && now_ms >= monitored->retry_ms) {
        try_again(monitored);
    }
    return news;
}
