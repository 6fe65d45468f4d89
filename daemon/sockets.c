/* The three sockets of the daemon. */
#include "daemon/sockets.h"

#include "daemon/intake/intake.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <zmq.h>

enum {
    LINGER_MS = 1000,
    QUERY_QUEUE = 64,
    /* Answers that a peer may leave unread; then they are dropped and counted. Those about events are small and come 4,096 a turn; one
     * about everything that waits can be megabytes. */
    INGEST_ANSWER_QUEUE = 16384,
    QUERY_ANSWER_QUEUE = 128,
    IPC_UMASK = 0117 /* leaves 0660 */
};

static bool set_option(void *socket, int option, int value) {
    return zmq_setsockopt(socket, option, &value, sizeof value) == 0;
}

static bool set_options(struct sockets *sockets, const struct config *config) {
    int64_t largest = INTAKE_MESSAGE_BYTES_MAX;
    void *all[] = {sockets->ingest, sockets->publish, sockets->query};
    for (size_t i = 0; i < 3; i++)
        if (!set_option(all[i], ZMQ_LINGER, LINGER_MS) || !set_option(all[i], ZMQ_IPV6, 1) ||
            zmq_setsockopt(all[i], ZMQ_MAXMSGSIZE, &largest, sizeof largest) != 0)
            return false;
    return set_option(sockets->ingest, ZMQ_ROUTER_MANDATORY, 1) && set_option(sockets->ingest, ZMQ_RCVHWM, config->requests_waiting) &&
           set_option(sockets->ingest, ZMQ_SNDHWM, INGEST_ANSWER_QUEUE) && set_option(sockets->query, ZMQ_ROUTER_MANDATORY, 1) &&
           set_option(sockets->query, ZMQ_RCVHWM, QUERY_QUEUE) && set_option(sockets->query, ZMQ_SNDHWM, QUERY_ANSWER_QUEUE) &&
           set_option(sockets->publish, ZMQ_SNDHWM, config->publications_waiting);
}

/* libzmq keeps for each endpoint the options as they are when it is bound. */
static bool bind_endpoint(void *socket, enum access_socket kind, const char *endpoint) {
    char domain[ZAP_DOMAIN_SIZE];
    zap_domain(domain, kind, false, endpoint);
    return zmq_setsockopt(socket, ZMQ_ZAP_DOMAIN, domain, strlen(domain)) == 0 && zmq_bind(socket, endpoint) == 0;
}

static bool bind_all(void *socket, enum access_socket kind, const struct endpoint_list *endpoints, char message[SOCKETS_MESSAGE_SIZE]) {
    mode_t before = umask(IPC_UMASK);
    bool bound = true;
    for (size_t i = 0; bound && i < endpoints->count; i++) {
        bound = bind_endpoint(socket, kind, endpoints->uri[i]);
        if (!bound)
            snprintf(message, SOCKETS_MESSAGE_SIZE, "cannot bind %.180s: %s", endpoints->uri[i], zmq_strerror(errno));
    }
    umask(before);
    return bound;
}

bool sockets_open(struct sockets *sockets, const struct config *config, char message[SOCKETS_MESSAGE_SIZE]) {
    memset(sockets, 0, sizeof *sockets);
    snprintf(message, SOCKETS_MESSAGE_SIZE, "cannot make the sockets: %s", zmq_strerror(errno));
    sockets->context = zmq_ctx_new();
    sockets->zap = zap_create(sockets->context);
    sockets->ingest = zmq_socket(sockets->context, ZMQ_ROUTER);
    sockets->publish = zmq_socket(sockets->context, ZMQ_XPUB);
    sockets->query = zmq_socket(sockets->context, ZMQ_ROUTER);
    bool opened = sockets->zap != NULL && sockets->ingest != NULL && sockets->publish != NULL && sockets->query != NULL &&
                  set_options(sockets, config) && bind_all(sockets->publish, ACCESS_PUBLISH, &config->publish, message) &&
                  bind_all(sockets->query, ACCESS_QUERY, &config->query, message) &&
                  bind_all(sockets->ingest, ACCESS_INGEST, &config->ingest, message);
    if (!opened)
        sockets_close(sockets);
    return opened;
}

void sockets_close(struct sockets *sockets) {
    void *all[] = {sockets->ingest, sockets->publish, sockets->query};
    for (size_t i = 0; i < 3; i++)
        if (all[i] != NULL)
            zmq_close(all[i]);
    zap_destroy(&sockets->zap);
    if (sockets->context != NULL)
        zmq_ctx_term(sockets->context);
    memset(sockets, 0, sizeof *sockets);
}
