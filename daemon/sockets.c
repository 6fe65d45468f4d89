/* The three sockets of the daemon. */
#include "daemon/sockets.h"

#include "daemon/core/memory.h"
#include "daemon/intake/intake.h"
#include "daemon/publish/subscriptions.h"

#include <errno.h>
#include <grp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include <zmq.h>

enum {
    LINGER_MS = 1000,
    QUERY_QUEUE = 64,
    /* Answers that a peer may leave unread; then they are dropped and counted. Those about events are small and come 4,096 a turn; one
     * about everything that waits can be megabytes. */
    INGEST_ANSWER_QUEUE = 16384,
    QUERY_ANSWER_QUEUE = 128,
    HANDSHAKE_MS = 30000, /* of a connection that does not get done with it; slow turns of the loop are part of it */
    REOPEN_PAUSE_MS = 20,
    MONITOR_ENDPOINT_SIZE = 48,
    IPC_UMASK = 0177 /* nobody but the owner, until group and mode are as they should be */
};
static const char ipc_prefix[] = "ipc://", tcp_prefix[] = "tcp://";

static bool set_option(void *socket, int option, int value) {
    return zmq_setsockopt(socket, option, &value, sizeof value) == 0;
}

static bool set_shared_options(void *socket, int64_t largest_frame) {
    return set_option(socket, ZMQ_LINGER, LINGER_MS) && set_option(socket, ZMQ_IPV6, 1) &&
           set_option(socket, ZMQ_HANDSHAKE_IVL, HANDSHAKE_MS) &&
           zmq_setsockopt(socket, ZMQ_MAXMSGSIZE, &largest_frame, sizeof largest_frame) == 0;
}

static bool set_router_options(void *socket, int requests, int answers) {
    return set_shared_options(socket, INTAKE_MESSAGE_BYTES_MAX) && set_option(socket, ZMQ_ROUTER_MANDATORY, 1) &&
           set_option(socket, ZMQ_RCVHWM, requests) && set_option(socket, ZMQ_SNDHWM, answers);
}

static bool set_publish_options(void *socket, const struct config *config) {
    return set_shared_options(socket, SUBSCRIPTION_BYTES_MAX) && set_option(socket, ZMQ_SNDHWM, config->publications_waiting) &&
           set_option(socket, ZMQ_XPUB_MANUAL, 1);
}

static bool has_prefix(const char *endpoint, const char *prefix) {
    return strncmp(endpoint, prefix, strlen(prefix)) == 0;
}

/* False when there is none, or the system cannot say. */
static bool find_group(const char *name, gid_t *group) {
    struct group entry, *found = NULL;
    size_t size = 1 << 16;
    char *buffer = memory_new(size, 1);
    bool is_there = getgrnam_r(name, &entry, buffer, size, &found) == 0 && found != NULL;
    if (is_there)
        *group = entry.gr_gid;
    free(buffer);
    return is_there;
}

bool sockets_check(const struct config *config, struct keyfile_pair *pair, char message[SOCKETS_MESSAGE_SIZE]) {
    const struct security_config *security = &config->security;
    char reason[KEYFILE_MESSAGE_SIZE];
    struct keyfile_pair own = {"", ""};
    bool is_sound = true;
    for (size_t i = 0; is_sound && i < security->local_count; i++) {
        gid_t group;
        is_sound = security->local[i].group == NULL || find_group(security->local[i].group, &group);
        if (!is_sound)
            snprintf(message, SOCKETS_MESSAGE_SIZE, "security.local[].group: this host has no group \"%s\"", security->local[i].group);
    }
    if (is_sound && security->secret_key != NULL) {
        is_sound = keyfile_read_pair(security->secret_key, &own, reason);
        if (!is_sound)
            snprintf(message, SOCKETS_MESSAGE_SIZE, "security.secret_key: %s", reason);
    }
    if (pair != NULL)
        *pair = own;
    keyfile_forget(&own);
    return is_sound;
}

/* Who may connect to the file of an IPC endpoint. */
static bool guard_file(const char *path, const struct access_entry *entry, char message[SOCKETS_MESSAGE_SIZE]) {
    static const mode_t modes[] = {[ACCESS_0600] = 0600, [ACCESS_0660] = 0660, [ACCESS_0666] = 0666};
    const char *name = entry == NULL ? NULL : entry->group;
    gid_t group;
    if (name != NULL && (!find_group(name, &group) || chown(path, (uid_t)-1, group) != 0)) {
        snprintf(message, SOCKETS_MESSAGE_SIZE, "cannot give %.120s to the group %.40s: the daemon's account must be one of its members",
                 path, name);
        return false;
    }
    if (chmod(path, modes[entry == NULL ? ACCESS_0660 : entry->mode]) != 0) {
        snprintf(message, SOCKETS_MESSAGE_SIZE, "cannot set the mode of %.180s: %s", path, strerror(errno));
        return false;
    }
    return true;
}

/* libzmq keeps for each endpoint the options as they are when it is bound. */
static bool bind_endpoint(const struct sockets *sockets, void *socket, enum access_socket kind, const char *endpoint) {
    char domain[ZAP_DOMAIN_SIZE];
    bool with_curve = sockets->has_key && has_prefix(endpoint, tcp_prefix);
    zap_domain(domain, kind, with_curve, endpoint);
    return zmq_setsockopt(socket, ZMQ_ZAP_DOMAIN, domain, strlen(domain)) == 0 && set_option(socket, ZMQ_CURVE_SERVER, with_curve) &&
           (!with_curve || zmq_setsockopt(socket, ZMQ_CURVE_SECRETKEY, sockets->pair.secret_key, KEYFILE_KEY_SIZE) == 0) &&
           zmq_bind(socket, endpoint) == 0;
}

static int64_t monotonic_ms(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static bool bind_all(const struct sockets *sockets, void *socket, enum access_socket kind, const struct endpoint_list *endpoints,
                     const struct config *config, int64_t until_ms, char message[SOCKETS_MESSAGE_SIZE]) {
    for (size_t i = 0; i < endpoints->count; i++) {
        const char *endpoint = endpoints->uri[i];
        mode_t before = umask(IPC_UMASK);
        bool bound = bind_endpoint(sockets, socket, kind, endpoint);
        while (!bound && errno == EADDRINUSE && monotonic_ms() < until_ms) {
            (void)poll(NULL, 0, REOPEN_PAUSE_MS);
            bound = bind_endpoint(sockets, socket, kind, endpoint);
        }
        int error = errno;
        umask(before);
        if (!bound) {
            snprintf(message, SOCKETS_MESSAGE_SIZE, "cannot bind %.180s: %s", endpoint, zmq_strerror(error));
            return false;
        }
        const struct access_entry *entry = access_find_endpoint(config->security.local, config->security.local_count, endpoint);
        if (has_prefix(endpoint, ipc_prefix) && !guard_file(endpoint + strlen(ipc_prefix), entry, message))
            return false;
    }
    return true;
}

/* Before the socket is bound, so that it tells of every connection. */
static void *monitor_of(void *context, void *socket) {
    char endpoint[MONITOR_ENDPOINT_SIZE];
    void *monitor = zmq_socket(context, ZMQ_PAIR);
    snprintf(endpoint, sizeof endpoint, "inproc://monitor-%p", monitor);
    /* Without a limit: at one, libzmq would stop serving every connection until somebody reads. Each connection leaves two small messages,
     * which are read at least once a second. */
    if (monitor == NULL || !set_option(monitor, ZMQ_RCVHWM, 0) ||
        zmq_socket_monitor(socket, endpoint, ZMQ_EVENT_ACCEPTED | ZMQ_EVENT_DISCONNECTED) != 0 || zmq_connect(monitor, endpoint) != 0) {
        if (monitor != NULL)
            zmq_close(monitor);
        return NULL;
    }
    return monitor;
}

static bool make_publish(struct sockets *sockets, const struct config *config, int64_t until_ms, char message[SOCKETS_MESSAGE_SIZE]) {
    sockets->publish = zmq_socket(sockets->context, ZMQ_XPUB);
    sockets->monitor = sockets->publish == NULL ? NULL : monitor_of(sockets->context, sockets->publish);
    if (sockets->monitor == NULL || !set_publish_options(sockets->publish, config)) {
        snprintf(message, SOCKETS_MESSAGE_SIZE, "cannot make the publishing socket: %s", zmq_strerror(errno));
        return false;
    }
    return bind_all(sockets, sockets->publish, ACCESS_PUBLISH, &config->publish, config, until_ms, message);
}

/* `until_ms`: how long an endpoint may be in use. */
static bool make_all(struct sockets *sockets, const struct config *config, int64_t until_ms, char message[SOCKETS_MESSAGE_SIZE]) {
    if (!make_publish(sockets, config, until_ms, message))
        return false;
    sockets->ingest = zmq_socket(sockets->context, ZMQ_ROUTER);
    sockets->query = zmq_socket(sockets->context, ZMQ_ROUTER);
    if (sockets->ingest == NULL || sockets->query == NULL ||
        !set_router_options(sockets->ingest, config->requests_waiting, INGEST_ANSWER_QUEUE) ||
        !set_router_options(sockets->query, QUERY_QUEUE, QUERY_ANSWER_QUEUE)) {
        snprintf(message, SOCKETS_MESSAGE_SIZE, "cannot make the sockets: %s", zmq_strerror(errno));
        return false;
    }
    return bind_all(sockets, sockets->query, ACCESS_QUERY, &config->query, config, until_ms, message) &&
           bind_all(sockets, sockets->ingest, ACCESS_INGEST, &config->ingest, config, until_ms, message);
}

static void close_socket(void **socket) {
    if (*socket != NULL)
        zmq_close(*socket);
    *socket = NULL;
}

static void close_publish(struct sockets *sockets) {
    if (sockets->monitor != NULL)
        (void)zmq_socket_monitor(sockets->publish, NULL, 0);
    close_socket(&sockets->monitor);
    close_socket(&sockets->publish);
}

static void close_all(struct sockets *sockets) {
    close_socket(&sockets->ingest);
    close_socket(&sockets->query);
    close_publish(sockets);
}

bool sockets_open(struct sockets *sockets, const struct config *config, char message[SOCKETS_MESSAGE_SIZE]) {
    memset(sockets, 0, sizeof *sockets);
    if (!sockets_check(config, &sockets->pair, message))
        return false;
    sockets->has_key = config->security.secret_key != NULL;
    sockets->context = zmq_ctx_new();
    sockets->zap = sockets->context == NULL ? NULL : zap_create(sockets->context);
    bool opened = sockets->zap != NULL;
    if (!opened)
        snprintf(message, SOCKETS_MESSAGE_SIZE, "cannot make the sockets: %s", zmq_strerror(errno));
    opened = opened && make_all(sockets, config, 0, message);
    if (!opened)
        sockets_close(sockets);
    return opened;
}

bool sockets_reopen(struct sockets *sockets, const struct config *config, bool all, char message[SOCKETS_MESSAGE_SIZE]) {
    int64_t until_ms = monotonic_ms() + SOCKETS_REOPEN_MS;
    if (all)
        close_all(sockets);
    else
        close_publish(sockets);
    return all ? make_all(sockets, config, until_ms, message) : make_publish(sockets, config, until_ms, message);
}

void sockets_close(struct sockets *sockets) {
    close_all(sockets);
    zap_destroy(&sockets->zap);
    if (sockets->context != NULL)
        zmq_ctx_term(sockets->context);
    keyfile_forget(&sockets->pair);
    memset(sockets, 0, sizeof *sockets);
}
