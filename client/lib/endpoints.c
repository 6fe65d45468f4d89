/* Endpoint lists, and the client that holds them with ZeroMQ's context. */
#include "client/lib/internal.h"

#include "daemon/security/handshake.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* sockaddr_un.sun_path holds 107 bytes and its end; a TCP address is shorter. */
#define URI_BYTES_MAX 256

static bool uri_is_valid(const char *uri) {
    if (strncmp(uri, "ipc://", 6) == 0) {
        return uri[6] != '\0';
    }
    return strncmp(uri, "tcp://", 6) == 0 && strchr(uri + 6, ':') != NULL && uri[6] != ':';
}

bool endpoints_parse(struct endpoints *endpoints, const char *list) {
    const char *at = list;

    endpoints->count = 0;
    while (*(at += strspn(at, ", \t\n")) != '\0') {
        size_t size = strcspn(at, ", \t\n");
        char *uri = client_copy(at, size);

        if (endpoints->count == WAITLIST_ENDPOINTS_MAX || size > URI_BYTES_MAX || !uri_is_valid(uri)) {
            free(uri);
            endpoints_clear(endpoints);
            return false;
        }
        endpoints->uri[endpoints->count++] = uri;
        at += size;
    }
    return endpoints->count > 0;
}

void endpoints_clear(struct endpoints *endpoints) {
    for (size_t i = 0; i < endpoints->count; i++) {
        free(endpoints->uri[i]);
    }
    endpoints->count = 0;
}

bool endpoints_name_is_valid(const char *name) {
    size_t size = strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-");

    return size > 0 && size <= WAITLIST_NAME_BYTES_MAX && name[size] == '\0';
}

static bool parse_or_default(struct endpoints *endpoints, const char *list, const char *socket) {
    char uri[128];

    if (list != NULL) {
        return endpoints_parse(endpoints, list);
    }
    snprintf(uri, sizeof uri, "ipc://" WAITLIST_RUN_DIRECTORY "/%s", socket);
    return endpoints_parse(endpoints, uri);
}

struct waitlist_client *waitlist_client_create(const struct waitlist_endpoints *endpoints) {
    static const struct waitlist_endpoints defaults = {NULL, NULL, NULL};
    struct waitlist_client *client = client_new(sizeof *client);

    if (endpoints == NULL) {
        endpoints = &defaults;
    }
    if (!parse_or_default(&client->ingest, endpoints->ingest, WAITLIST_INGEST_SOCKET) ||
        !parse_or_default(&client->publish, endpoints->publish, WAITLIST_PUBLISH_SOCKET) ||
        !parse_or_default(&client->query, endpoints->query, WAITLIST_QUERY_SOCKET)) {
        waitlist_client_destroy(&client);
        errno = EINVAL;
        return NULL;
    }
    client->context = zmq_ctx_new();
    if (client->context == NULL) {
        int reason = errno;

        waitlist_client_destroy(&client);
        errno = reason;
    }
    return client;
}

struct waitlist_client *waitlist_client_create_in(const char *directory) {
    const char *path = strncmp(directory, "ipc://", 6) == 0 ? directory + 6 : directory;
    char ingest[URI_BYTES_MAX], publish[URI_BYTES_MAX], query[URI_BYTES_MAX];
    struct waitlist_endpoints endpoints = {ingest, publish, query};
    size_t size = strlen(path);

    while (size > 1 && path[size - 1] == '/') {
        size--;
    }
    if (path[0] != '/' || size > URI_BYTES_MAX - 32) {
        errno = EINVAL;
        return NULL;
    }
    snprintf(ingest, sizeof ingest, "ipc://%.*s/" WAITLIST_INGEST_SOCKET, (int)size, path);
    snprintf(publish, sizeof publish, "ipc://%.*s/" WAITLIST_PUBLISH_SOCKET, (int)size, path);
    snprintf(query, sizeof query, "ipc://%.*s/" WAITLIST_QUERY_SOCKET, (int)size, path);
    return waitlist_client_create(&endpoints);
}

void waitlist_client_destroy(struct waitlist_client **client) {
    if (*client == NULL) {
        return;
    }
    if ((*client)->context != NULL) {
        while (zmq_ctx_term((*client)->context) != 0 && errno == EINTR) {
        }
    }
    endpoints_clear(&(*client)->ingest);
    endpoints_clear(&(*client)->publish);
    endpoints_clear(&(*client)->query);
    waitlist_keys_forget(&(*client)->keys);
    free(*client);
    *client = NULL;
}

const char *waitlist_version(void) {
    return WAITLIST_VERSION;
}

const char *waitlist_status_text(enum waitlist_status status) {
    switch (status) {
    case WAITLIST_OK:
        return "done";
    case WAITLIST_TIMEOUT:
        return "the time given is over";
    case WAITLIST_INTERRUPTED:
        return "interrupted by a signal";
    case WAITLIST_UNREACHABLE:
        return "the daemon cannot be reached";
    case WAITLIST_NO_REPLY:
        return "the daemon was reached but did not answer in time";
    case WAITLIST_REFUSED:
        return "the daemon refused";
    case WAITLIST_FULL:
        return "no room: a limit is reached";
    case WAITLIST_INVALID:
        return "an argument cannot be used";
    case WAITLIST_BAD_REPLY:
        return "the answer is not of this protocol";
    case WAITLIST_EPOCH_CHANGED:
        return "the daemon keeps another journal than before";
    case WAITLIST_SYSTEM:
        return "the operating system refused";
    case WAITLIST_KEY_REFUSED:
        return handshake_text(HANDSHAKE_KEY_REFUSED);
    case WAITLIST_KEY_NEEDED:
        return handshake_text(HANDSHAKE_KEY_NEEDED);
    case WAITLIST_SERVER_KEY_WRONG:
        return handshake_text(HANDSHAKE_SERVER_KEY_WRONG);
    case WAITLIST_SERVER_WITHOUT_KEY:
        return handshake_text(HANDSHAKE_SERVER_WITHOUT_KEY);
    }
    return "unknown status";
}
