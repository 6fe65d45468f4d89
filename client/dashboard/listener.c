/* From "127.0.0.1:8090" to a socket that listens. */
#include "client/dashboard/listener.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define BACKLOG 1024

union address {
    struct sockaddr any;
    struct sockaddr_in four;
    struct sockaddr_in6 six;
};

static bool take_port(const char *text, unsigned *port) {
    char *end;
    unsigned long number = strtoul(text, &end, 10);

    *port = (unsigned)number;
    return text[0] >= '0' && text[0] <= '9' && *end == '\0' && number <= 65535;
}

/* Fills the address; its size, or 0 when the text is none. */
static socklen_t parse(struct listener *listener, const char *text, union address *address) {
    const char *colon = strrchr(text, ':');
    size_t length = colon == NULL ? 0 : (size_t)(colon - text);
    char bare[LISTENER_ADDRESS_SIZE];

    memset(address, 0, sizeof *address);
    if (length == 0 || length >= sizeof listener->host || !take_port(colon + 1, &listener->port)) {
        return 0;
    }
    memcpy(listener->host, text, length);
    listener->host[length] = '\0';
    if (inet_pton(AF_INET, listener->host, &address->four.sin_addr) == 1) {
        address->four.sin_family = AF_INET;
        address->four.sin_port = htons((uint16_t)listener->port);
        listener->is_loopback = ntohl(address->four.sin_addr.s_addr) >> 24 == IN_LOOPBACKNET;
        return sizeof address->four;
    }
    snprintf(bare, sizeof bare, "%.*s", length > 2 ? (int)length - 2 : 0, listener->host + 1);
    if (listener->host[0] == '[' && listener->host[length - 1] == ']' && inet_pton(AF_INET6, bare, &address->six.sin6_addr) == 1) {
        address->six.sin6_family = AF_INET6;
        address->six.sin6_port = htons((uint16_t)listener->port);
        listener->is_loopback = IN6_IS_ADDR_LOOPBACK(&address->six.sin6_addr);
        return sizeof address->six;
    }
    return 0;
}

bool listener_open(struct listener *listener, const char *text, const char **reason) {
    union address address;
    socklen_t size;
    int on = 1;

    memset(listener, 0, sizeof *listener);
    size = parse(listener, text, &address);
    if (size == 0) {
        *reason = "it is not a numeric address and a port, as 127.0.0.1:8090";
        return false;
    }
    listener->descriptor = socket(address.any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (listener->descriptor < 0) {
        *reason = strerror(errno);
        return false;
    }
    if (setsockopt(listener->descriptor, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0 ||
        bind(listener->descriptor, &address.any, size) != 0 || listen(listener->descriptor, BACKLOG) != 0 ||
        getsockname(listener->descriptor, &address.any, &size) != 0) {
        *reason = strerror(errno);
        (void)close(listener->descriptor);
        return false;
    }
    listener->port = ntohs(address.any.sa_family == AF_INET ? address.four.sin_port : address.six.sin6_port);
    return true;
}
