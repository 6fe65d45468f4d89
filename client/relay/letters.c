/* Dead letters are sent once more, in their order, with the ids they had; what is delivered leaves the list. */
#include "client/relay/letters.h"

#include "client/relay/dead.h"
#include "client/relay/sink.h"
#include "daemon/config/complain.h"
#include "daemon/core/memory.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef bool letter_act(const struct route_settings *route, struct sink *sink, const char *path, const json_t *letter);

static bool print_letter(const struct route_settings *route, struct sink *sink, const char *path, const json_t *letter) {
    json_t *shown = json_pack("{s:s}", "route", route->name);

    (void)sink;
    (void)path;
    ENSURE(json_object_update(shown, (json_t *)(uintptr_t)letter) == 0);
    bool printed = json_dumpf(shown, stdout, JSON_COMPACT) == 0 && putchar('\n') != EOF;

    json_decref(shown);
    return printed;
}

static bool retry_letter(const struct route_settings *route, struct sink *sink, const char *path, const json_t *letter) {
    const char *id = json_string_value(json_object_get(letter, "id"));
    struct message message = {.text = json_dumps(json_object_get(letter, "event"), JSON_COMPACT)};
    char reason[REASON_BYTES] = "it cannot be read";
    int retry_after_s = 0;
    bool delivered = false;

    snprintf(message.id, sizeof message.id, "%s", id != NULL ? id : "");
    if (id != NULL && message.text != NULL) {
        delivered = sink_deliver(sink, &message, reason, &retry_after_s) == OUTCOME_DELIVERED;
    }
    if (delivered && dead_remove(path, id) != DEAD_OK) {
        snprintf(reason, sizeof reason, "delivered, but not taken off the list: %s", strerror(errno));
        delivered = false;
    }
    printf("%s %s: %s\n", route->name, message.id, delivered ? "delivered" : reason);
    message_clear(&message);
    return delivered;
}

static bool each_letter(const struct relay_settings *settings, const struct route_settings *route, struct sink *sink, letter_act *act) {
    char *path = config_text_format("%s/%s.dead", settings->state, route->name);
    json_t *letters = dead_list(path);
    bool all_done = letters != NULL;
    size_t i;
    const json_t *letter;

    if (letters == NULL) {
        fprintf(stderr, "waitlist-relay: %s: %s\n", path, strerror(errno));
    }
    json_array_foreach(letters, i, letter) {
        all_done = act(route, sink, path, letter) && all_done;
    }
    json_decref(letters);
    free(path);
    return all_done;
}

static int each_route(const struct relay_settings *settings, const char *wanted, bool delivers, letter_act *act) {
    struct log *log = log_create(STDERR_FILENO, LOG_LEVEL_NOTICE, log_prefix_for(STDERR_FILENO));
    struct stop stop;
    bool all_done = stop_open(&stop), is_known = wanted == NULL;

    for (size_t i = 0; all_done && i < settings->route_count; i++) {
        const struct route_settings *route = &settings->routes[i];

        if ((wanted != NULL && strcmp(wanted, route->name) != 0) || (route->to != TARGET_WEBHOOK && route->to != TARGET_COMMAND)) {
            continue;
        }
        struct sink *sink = delivers ? sink_create(route, &stop, log) : NULL;

        is_known = true;
        all_done = (!delivers || sink != NULL) && each_letter(settings, route, sink, act) && all_done;
        sink_destroy(&sink);
    }
    if (!is_known) {
        fprintf(stderr, "waitlist-relay: there is no route %s with dead letters\n", wanted);
        all_done = false;
    }
    stop_close(&stop);
    log_destroy(&log);
    return all_done ? EXIT_SUCCESS : EXIT_FAILURE;
}

int letters_list(const struct relay_settings *settings, const char *route) {
    return each_route(settings, route, false, print_letter);
}

int letters_retry(const struct relay_settings *settings, const char *route) {
    return each_route(settings, route, true, retry_letter);
}
