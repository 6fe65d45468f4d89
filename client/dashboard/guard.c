/* Names by which the gateway may be called, and origins that may change something. */
#include "client/dashboard/guard.h"

#include "daemon/core/memory.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define BETWEEN ", \t"

struct guard {
    char *names; /* ended by NULs, an empty one at the end; NULL: every name */
};

static void add(char **out, const char *name, size_t size) {
    memcpy(*out, name, size);
    *out += size;
    *(*out)++ = '\0';
}

struct guard *guard_create(const char *address, bool is_loopback, const char *host_names) {
    static const char *const always[] = {"localhost", "127.0.0.1", "[::1]"};
    struct guard *guard = memory_new(1, sizeof *guard);
    const char *at = host_names == NULL ? "" : host_names + strspn(host_names, BETWEEN);
    char *out;

    if (!is_loopback && *at == '\0') {
        return guard;
    }
    guard->names = memory_new(strlen(address) + 2 * strlen(at) + 64, 1);
    out = guard->names;
    for (size_t i = 0; i < sizeof always / sizeof always[0]; i++) {
        add(&out, always[i], strlen(always[i]));
    }
    add(&out, address, strlen(address));
    while (*at != '\0') {
        size_t size = strcspn(at, BETWEEN);

        add(&out, at, size);
        at += size;
        at += strspn(at, BETWEEN);
    }
    return guard;
}

void guard_destroy(struct guard **guard) {
    if (*guard == NULL) {
        return;
    }
    free((*guard)->names);
    free(*guard);
    *guard = NULL;
}

/* The length of "name" in "name:8090" and of "[::1]" in "[::1]:8090". */
static size_t name_length(const char *host) {
    const char *bracket = host[0] == '[' ? strchr(host, ']') : NULL;

    return bracket != NULL ? (size_t)(bracket - host) + 1 : strcspn(host, ":");
}

bool guard_knows_host(const struct guard *guard, const char *host) {
    if (host == NULL || host[0] == '\0') {
        return false;
    }
    size_t size = name_length(host);
    const char *rest = host + size;

    if (*rest != '\0' && (*rest != ':' || rest[1 + strspn(rest + 1, "0123456789")] != '\0')) {
        return false;
    }
    if (guard->names == NULL) {
        return true;
    }
    for (const char *name = guard->names; *name != '\0'; name += strlen(name) + 1) {
        if (strlen(name) == size && strncasecmp(name, host, size) == 0) {
            return true;
        }
    }
    return false;
}

bool guard_is_own_origin(const char *fetch_site, const char *origin, const char *host, bool must_say) {
    if (fetch_site != NULL) {
        return strcmp(fetch_site, "same-origin") == 0;
    }
    if (origin == NULL) {
        return !must_say; /* every browser says one of the two with a POST */
    }
    const char *name = strstr(origin, "://");

    return name != NULL && host != NULL && strcasecmp(name + 3, host) == 0;
}
