/* One socket to one of several endpoints. ZeroMQ mends connections by itself and in silence; what was under way is then lost, so a
 * monitor tells of it. */
#include "client/lib/internal.h"

#include "daemon/security/handshake.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* A peer that answers no ping for so long is taken for gone: a cut cable says nothing by itself. */
#define PING_INTERVAL_MS 2000
#define PING_TIMEOUT_MS 6000
#define RECONNECT_FIRST_MS 50
#define RECONNECT_LAST_MS 1000
/* A message of the daemon is never larger: 1,000 rows of a page, or a snapshot of all topics. */
#define MESSAGE_BYTES_MAX (64 * 1024 * 1024)
#define LINKS_MAX 8
#define URI_EVENT_BYTES 512

void link_init(struct link *link, struct waitlist_client *client, const struct endpoints *endpoints, int type, int queue,
               const char *const *topics) {
    memset(link, 0, sizeof *link);
    link->client = client;
    link->endpoints = endpoints;
    link->type = type;
    link->queue = queue;
    link->topics = topics;
}

static bool set_int(void *socket, int option, int value) {
    return zmq_setsockopt(socket, option, &value, sizeof value) == 0;
}

/* Keys are for TCP: who reaches an IPC socket was let in by its mode. */
static bool set_keys(struct link *link) {
    const struct waitlist_keys *keys = &link->client->keys;

    link->is_secured = link->client->has_keys && strncmp(link->endpoints->uri[link->current], "tcp://", 6) == 0;
    return !link->is_secured || (zmq_setsockopt(link->socket, ZMQ_CURVE_SERVERKEY, keys->server_public, WAITLIST_KEY_SIZE) == 0 &&
                                 zmq_setsockopt(link->socket, ZMQ_CURVE_PUBLICKEY, keys->client_public, WAITLIST_KEY_SIZE) == 0 &&
                                 zmq_setsockopt(link->socket, ZMQ_CURVE_SECRETKEY, keys->client_secret, WAITLIST_KEY_SIZE) == 0);
}

static bool set_options(struct link *link) {
    int64_t largest = MESSAGE_BYTES_MAX;
    void *socket = link->socket;

    if (!set_int(socket, ZMQ_LINGER, 0) || !set_int(socket, ZMQ_SNDHWM, link->queue) || !set_int(socket, ZMQ_RCVHWM, link->queue) ||
        !set_int(socket, ZMQ_RECONNECT_IVL, RECONNECT_FIRST_MS) || !set_int(socket, ZMQ_RECONNECT_IVL_MAX, RECONNECT_LAST_MS) ||
        !set_int(socket, ZMQ_HEARTBEAT_IVL, PING_INTERVAL_MS) || !set_int(socket, ZMQ_HEARTBEAT_TIMEOUT, PING_TIMEOUT_MS) ||
        !set_int(socket, ZMQ_IPV6, 1) || zmq_setsockopt(socket, ZMQ_MAXMSGSIZE, &largest, sizeof largest) != 0) {
        return false;
    }
    for (const char *const *topic = link->topics; topic != NULL && *topic != NULL; topic++) {
        if (zmq_setsockopt(socket, ZMQ_SUBSCRIBE, *topic, strlen(*topic)) != 0) {
            return false;
        }
    }
    return true;
}

static bool start_monitor(struct link *link) {
    char name[64];

    snprintf(name, sizeof name, "inproc://waitlist-link-%lu", atomic_fetch_add(&link->client->links, 1));
    if (zmq_socket_monitor(link->socket, name, ZMQ_EVENT_HANDSHAKE_SUCCEEDED | ZMQ_EVENT_DISCONNECTED | HANDSHAKE_EVENTS) != 0) {
        return false;
    }
    link->monitor = zmq_socket(link->client->context, ZMQ_PAIR);
    return link->monitor != NULL && set_int(link->monitor, ZMQ_LINGER, 0) && zmq_connect(link->monitor, name) == 0;
}

static void note_refusal(struct link *link, enum waitlist_status why) {
    bool is_last = link->current + 1 == link->endpoints->count;

    if (link->retry_at != 0) {
        return; /* said already of this socket */
    }
    link->retry_at = client_now() + (is_last ? HANDSHAKE_RETRY_MS : 0);
    if (why != WAITLIST_OK) {
        link->refusal = why;
        link->refusal_is_news = is_last;
    }
}

bool link_open(struct link *link) {
    if (link->socket != NULL) {
        return true;
    }
    link->connected = false;
    link->failures = 0;
    link->retry_at = 0;
    link->opened_at = client_now();
    link->socket = zmq_socket(link->client->context, link->type);
    if (link->socket == NULL) {
        return false;
    }
    const char *uri = link->endpoints->uri[link->current];
    bool is_allowed = link->client->has_keys || handshake_may_be_plain(uri);

    if (!set_options(link) || !set_keys(link) || !start_monitor(link) || (is_allowed && zmq_connect(link->socket, uri) != 0)) {
        int reason = errno;

        link_close(link);
        errno = reason;
        return false;
    }
    if (!is_allowed) {
        note_refusal(link, WAITLIST_KEY_NEEDED); /* nothing leaves this machine for everybody to read */
    }
    return true;
}

void link_close(struct link *link) {
    if (link->socket != NULL) {
        (void)zmq_socket_monitor(link->socket, NULL, 0);
        (void)zmq_close(link->socket);
        link->socket = NULL;
    }
    if (link->monitor != NULL) {
        (void)zmq_close(link->monitor);
        link->monitor = NULL;
    }
    link->connected = false;
}

bool link_next(struct link *link) {
    link_close(link);
    link->current = (link->current + 1) % link->endpoints->count;
    return link_open(link);
}

static void take_failure(struct link *link, uint16_t event, uint32_t value) {
    static const enum waitlist_status statuses[] = {[HANDSHAKE_KEY_REFUSED] = WAITLIST_KEY_REFUSED,
                                                    [HANDSHAKE_KEY_NEEDED] = WAITLIST_KEY_NEEDED,
                                                    [HANDSHAKE_SERVER_KEY_WRONG] = WAITLIST_SERVER_KEY_WRONG,
                                                    [HANDSHAKE_SERVER_WITHOUT_KEY] = WAITLIST_SERVER_WITHOUT_KEY,
                                                    [HANDSHAKE_OTHER_PROGRAM] = WAITLIST_OK};
    enum handshake_failure failure = handshake_failed(event, value, link->is_secured, &link->failures);

    if (failure != HANDSHAKE_NO_FAILURE) {
        note_refusal(link, statuses[failure]);
    }
}

bool link_is_due(const struct link *link) {
    return link->retry_at != 0 && client_now() >= link->retry_at;
}

enum waitlist_status link_refused(struct link *link) {
    bool is_news = link->refusal_is_news;

    link->refusal_is_news = false;
    return is_news ? link->refusal : WAITLIST_OK;
}

bool link_is_refusal(enum waitlist_status status) {
    return status == WAITLIST_KEY_REFUSED || status == WAITLIST_KEY_NEEDED || status == WAITLIST_SERVER_KEY_WRONG ||
           status == WAITLIST_SERVER_WITHOUT_KEY;
}

bool link_lost(struct link *link) {
    bool lost = false;

    while (link->monitor != NULL) {
        unsigned char event[6]; /* the event, 16 bits, and a value, 32 bits, in the machine's byte order */
        char address[URI_EVENT_BYTES];
        uint16_t kind;
        uint32_t value;

        if (zmq_recv(link->monitor, event, sizeof event, ZMQ_DONTWAIT) < (int)sizeof event) {
            break;
        }
        (void)zmq_recv(link->monitor, address, sizeof address, ZMQ_DONTWAIT);
        memcpy(&kind, event, sizeof kind);
        memcpy(&value, event + sizeof kind, sizeof value);
        if (kind == ZMQ_EVENT_HANDSHAKE_SUCCEEDED) {
            link->connected = true;
            link->failures = 0;
            link->refusal = WAITLIST_OK;
            link->refusal_is_news = false;
        } else if (kind == ZMQ_EVENT_DISCONNECTED) {
            lost = lost || link->connected;
            link->connected = false;
        } else {
            take_failure(link, kind, value);
        }
    }
    return lost;
}

enum waitlist_status link_wait(struct link *const links[], size_t count, int fd, int timeout_ms) {
    zmq_pollitem_t items[2 * LINKS_MAX + 1];
    int polled = 0;

    CLIENT_CHECK(count <= LINKS_MAX);
    for (size_t i = 0; i < count; i++) {
        if (links[i]->socket != NULL) {
            items[polled++] = (zmq_pollitem_t){.socket = links[i]->socket, .events = ZMQ_POLLIN};
            items[polled++] = (zmq_pollitem_t){.socket = links[i]->monitor, .events = ZMQ_POLLIN};
        }
    }
    if (fd >= 0) {
        items[polled++] = (zmq_pollitem_t){.fd = fd, .events = ZMQ_POLLIN};
    }
    int ready = zmq_poll(items, polled, timeout_ms);

    if (ready < 0) {
        return errno == EINTR ? WAITLIST_INTERRUPTED : WAITLIST_SYSTEM;
    }
    return ready > 0 ? WAITLIST_OK : WAITLIST_TIMEOUT;
}

size_t link_receive(struct link *link, zmq_msg_t *frames, size_t maximum) {
    size_t count = 0;
    bool more = link->socket != NULL;

    while (more) {
        zmq_msg_t spare;
        zmq_msg_t *frame = count < maximum ? &frames[count] : &spare;

        CLIENT_CHECK(zmq_msg_init(frame) == 0);
        /* The first frame is there or not; the others of a message come with it. */
        if (zmq_msg_recv(frame, link->socket, ZMQ_DONTWAIT) < 0) {
            (void)zmq_msg_close(frame);
            break;
        }
        more = zmq_msg_more(frame) != 0;
        if (frame == &spare) {
            (void)zmq_msg_close(&spare);
        }
        count++;
    }
    return count;
}

void link_release(zmq_msg_t *frames, size_t count, size_t maximum) {
    for (size_t i = 0; i < count && i < maximum; i++) {
        (void)zmq_msg_close(&frames[i]);
    }
}
