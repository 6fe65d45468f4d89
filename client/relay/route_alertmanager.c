/* A route that keeps an Alertmanager in the picture: what is open is sent again and again, what is over is sent once more as resolved. The
 * cursor moves when all changes before it were taken. */
#include "client/relay/firing.h"
#include "client/relay/route.h"

#include "daemon/config/complain.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WAIT_MS 1000
#define TURN_TRANSITIONS 1000 /* taken before changes are sent */
#define API_PATH "/api/v2/alerts"

struct manager {
    struct route *route;
    struct waitlist_follower *follower;
    struct firing *firing;
    struct http *http;
    int64_t not_before_ms; /* the target failed: not again before */
};

static char *api_url(const char *url) {
    size_t length = strlen(url);

    while (length > 0 && url[length - 1] == '/') {
        length--;
    }
    return config_text_format("%.*s%s", (int)length, url, API_PATH);
}

static bool load_open(struct manager *manager, struct waitlist_cursor *through) {
    json_t *open = route_ask_open(manager->route, through);
    size_t i;
    json_t *row;

    if (open == NULL) {
        return false;
    }
    firing_begin(manager->firing);
    json_array_foreach(open, i, row) {
        firing_open(manager->firing, row);
    }
    firing_settle(manager->firing);
    json_decref(open);
    return true;
}

static bool change_journal(struct manager *manager) {
    struct waitlist_cursor old, now;

    waitlist_follower_cursor(manager->follower, &old);
    if (!load_open(manager, &now)) {
        return false;
    }
    log_line(manager->route->log, LOG_LEVEL_ERROR, "the daemon keeps another journal than the one followed",
             LOG_STRING("route", manager->route->route->name), LOG_STRING("followed", old.epoch), LOG_COUNT("through", old.seq),
             LOG_STRING("now", now.epoch), LOG_COUNT("after", now.seq));
    waitlist_follower_restart(manager->follower, &now);
    return true;
}

/* Takes what has come; false when the relay ends. */
static bool take(struct manager *manager) {
    for (int taken = 0; taken < TURN_TRANSITIONS; taken++) {
        struct waitlist_transition transition;
        enum waitlist_status status = waitlist_follower_next(manager->follower, 0, &transition);

        if (status == WAITLIST_OK) {
            json_t *row = json_loads(transition.json, 0, NULL);

            firing_take(manager->firing, row, stop_now_ms());
            json_decref(row);
        } else if (status == WAITLIST_EPOCH_CHANGED) {
            return change_journal(manager);
        } else {
            return status == WAITLIST_TIMEOUT || status == WAITLIST_INTERRUPTED || !route_complain(manager->route, status);
        }
    }
    return true;
}

/* One request; false when the relay ends. */
static bool post(struct manager *manager, const char *page) {
    static const char *const headers[] = {"Content-Type: application/json", NULL};
    struct route *route = manager->route;
    char reason[REASON_BYTES];
    int retry_after_s = 0;
    enum outcome outcome = http_post(manager->http, headers, page, strlen(page), reason, &retry_after_s);
    /* Some of the page was not to its taste; it took the others, and is sent all of them again while they are open. */
    bool is_taken = outcome == OUTCOME_DELIVERED || (outcome == OUTCOME_REJECTED && strncmp(reason, "HTTP 400", 8) == 0);

    if (outcome != OUTCOME_DELIVERED && outcome != OUTCOME_STOPPED) {
        (void)log_complaint(route->log, &route->away, (uint64_t)stop_now_ms(), LOG_LEVEL_WARNING, "Alertmanager did not take alerts",
                            LOG_STRING("route", route->route->name), LOG_STRING("reason", reason));
    }
    if (!is_taken) {
        int64_t ms = backoff_next(&route->backoff, route_random());

        manager->not_before_ms = stop_now_ms() + (retry_after_s * INT64_C(1000) > ms ? retry_after_s * INT64_C(1000) : ms);
        return outcome != OUTCOME_STOPPED;
    }
    if (outcome == OUTCOME_DELIVERED) {
        log_settle(route->log, &route->away, "delivered again");
        atomic_fetch_add(&route->delivered, 1);
    }
    backoff_settle(&route->backoff);
    firing_sent(manager->firing, stop_now_ms());
    return true;
}

/* Sends what is due; when nothing is left the cursor moves. */
static bool send(struct manager *manager) {
    int64_t now_ms = stop_now_ms();

    while (now_ms >= manager->not_before_ms) {
        char *page = firing_page(manager->firing, now_ms, stop_wall_ms());

        if (page == NULL) {
            struct waitlist_cursor cursor;

            waitlist_follower_cursor(manager->follower, &cursor);
            return route_commit(manager->route, &cursor);
        }
        bool went_on = post(manager, page);

        free(page);
        if (!went_on) {
            return false;
        }
        now_ms = stop_now_ms();
    }
    return true;
}

/* False when the relay ends. */
static bool fill_up(struct manager *manager) {
    struct waitlist_cursor through;

    return !firing_has_room_again(manager->firing) || load_open(manager, &through);
}

static void wait(struct manager *manager) {
    int64_t now_ms = stop_now_ms();
    int64_t due_ms = firing_due(manager->firing, now_ms);

    if (due_ms < manager->not_before_ms) {
        due_ms = manager->not_before_ms;
    }
    int64_t left = due_ms - now_ms;

    (void)waitlist_wait(manager->follower, NULL, manager->route->stop->descriptor, (int)(left < 0 ? 0 : left < WAIT_MS ? left : WAIT_MS));
}

void route_run_alertmanager(struct route *route) {
    struct manager manager = {.route = route, .firing = firing_create(route->settings, route->route)};
    struct waitlist_cursor now, cursor = route->committed;
    char *url = api_url(route->route->url);

    manager.http = http_create(url, route->route, route->stop);
    if (manager.http == NULL) {
        log_line(route->log, LOG_LEVEL_ERROR, "a route cannot begin: its url or token cannot be used",
                 LOG_STRING("route", route->route->name));
    } else if (load_open(&manager, &now)) {
        manager.follower = waitlist_follower_create(route->client, route->has_cursor ? &cursor : &now, NULL);
        while (!stop_is_asked(route->stop) && take(&manager) && send(&manager) && fill_up(&manager)) {
            wait(&manager);
        }
    }
    waitlist_follower_destroy(&manager.follower);
    http_destroy(&manager.http);
    firing_destroy(&manager.firing);
    free(url);
}
