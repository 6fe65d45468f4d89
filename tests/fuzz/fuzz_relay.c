/* Any bytes as the relay's configuration: refused with a reason, or settings within their limits. */
#include "client/relay/settings.h"
#include "daemon/core/memory.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/place.h"

#include <string.h>

static void count_line(void *context, const char *line) {
    size_t *lines = context;
    ENSURE(line[0] != '\0');
    ++*lines;
}

static void check_route(const struct route_settings *route) {
    ENSURE(route->name != NULL && route->name[0] != '\0' && strchr(route->name, '/') == NULL);
    ENSURE(route->command.count <= RELAY_WORDS_MAX && route->timeout_s > 0 && route->attempts > 0);
    for (size_t i = 0; i < route->command.count; i++)
        ENSURE(route->command.at[i] != NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    size_t lines = 0;
    if (memmem(data, size, "@include", 8) != NULL)
        return 0; /* would read whatever is on this machine */
    struct relay_settings *settings = relay_settings_load(place_write("conf", data, size), count_line, &lines);
    ENSURE((settings == NULL) == (lines > 0));
    if (settings == NULL)
        return 0;
    ENSURE(settings->route_count <= RELAY_ROUTES_MAX);
    for (size_t i = 0; i < settings->route_count; i++)
        check_route(&settings->routes[i]);
    relay_settings_destroy(&settings);
    return 0;
}
