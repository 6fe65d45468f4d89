/* A route that tells of each transition, or of groups of them, to a webhook or a command. The cursor moves when all before it is delivered,
 * so whoever is killed in between tells again, under the same ids. */
#include "client/relay/batch.h"
#include "client/relay/route.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WAIT_MS 1000
#define COMMIT_MS 1000 /* what nobody is told of moves the cursor this often at most */

struct events {
    struct route *route;
    struct waitlist_follower *follower;
    struct batch *batch;
    char epoch[WAITLIST_EPOCH_BYTES + 1]; /* of what is being delivered */
    int64_t committed_ms;
};

/* Everything up to where the follower is was delivered, or was nobody's. */
static bool commit(struct events *events) {
    struct waitlist_cursor cursor;

    if (batch_count(events->batch) > 0) {
        return true; /* what waits is not delivered */
    }
    waitlist_follower_cursor(events->follower, &cursor);
    events->committed_ms = stop_now_ms();
    return route_commit(events->route, &cursor);
}

static bool flush(struct events *events, const char *why) {
    struct message message;
    bool delivered = true;

    while (delivered && batch_next(events->batch, events->epoch, why, &message)) {
        delivered = route_deliver(events->route, &message);
        message_clear(&message);
    }
    if (delivered) {
        batch_clear(events->batch);
    }
    return delivered;
}

static bool tell_one(struct events *events, const json_t *row) {
    struct message message;

    message_of_transition(&message, events->route->settings, events->route->route, events->epoch, row);
    bool delivered = route_deliver(events->route, &message);

    message_clear(&message);
    return delivered;
}

static bool is_late(const json_t *row) {
    const char *transition = json_string_value(json_object_get(row, "transition"));

    return transition != NULL && strcmp(transition, "raised") == 0 && json_is_true(json_object_get(row, "late"));
}

static bool take(struct events *events, const struct waitlist_transition *transition) {
    const struct route_settings *route = events->route->route;
    json_t *row = json_loads(transition->json, 0, NULL);
    struct waitlist_cursor cursor;
    bool went_on = true;

    if (!message_matches(&route->match, row)) {
        json_decref(row);
        return true;
    }
    waitlist_follower_cursor(events->follower, &cursor);
    snprintf(events->epoch, sizeof events->epoch, "%s", cursor.epoch);
    int wait_s = is_late(row) && route->late_wait_s > route->group_wait_s ? route->late_wait_s : route->group_wait_s;

    if (wait_s > 0) {
        bool has_room = batch_add(events->batch, row, stop_now_ms() + wait_s * INT64_C(1000));

        went_on = has_room || (flush(events, NULL) && commit(events));
    } else {
        went_on = tell_one(events, row) && commit(events);
    }
    json_decref(row);
    return went_on;
}

/* The daemon keeps another journal: said, with what is open in it, and followed from there. */
static bool change_journal(struct events *events) {
    struct route *route = events->route;
    struct waitlist_cursor old, now;
    struct message message;
    char id[MESSAGE_ID_BYTES];

    if (!flush(events, NULL)) {
        return false;
    }
    waitlist_follower_cursor(events->follower, &old);
    json_t *open = route_ask_open(route, &now);

    if (open == NULL) {
        return false;
    }
    log_line(route->log, LOG_LEVEL_ERROR, "the daemon keeps another journal than the one followed", LOG_STRING("route", route->route->name),
             LOG_STRING("followed", old.epoch), LOG_COUNT("through", old.seq), LOG_STRING("now", now.epoch), LOG_COUNT("after", now.seq));
    snprintf(id, sizeof id, "%s:journal", now.epoch);
    message_make(&message, route->settings, MESSAGE_TYPE_JOURNAL, id, now.epoch, NULL, 0,
                 json_pack("{s:s, s:I, s:s, s:I, s:I}", "followed_epoch", old.epoch, "followed_through", (json_int_t)old.seq, "epoch",
                           now.epoch, "follows_after", (json_int_t)now.seq, "open_alerts", (json_int_t)json_array_size(open)));
    bool told = route_deliver(route, &message);
    size_t i;
    json_t *row;

    message_clear(&message);
    snprintf(events->epoch, sizeof events->epoch, "%s", now.epoch);
    json_array_foreach(open, i, row) {
        if (told && message_matches(&route->route->match, row) && !batch_add(events->batch, row, 0)) {
            told = flush(events, "another_journal");
        }
    }
    json_decref(open);
    told = told && flush(events, "another_journal");
    if (told) {
        waitlist_follower_restart(events->follower, &now);
    }
    return told && route_commit(route, &now);
}

/* One step; false when the relay ends. */
static bool step(struct events *events) {
    struct waitlist_transition transition;
    int64_t now_ms = stop_now_ms();

    if (batch_due(events->batch) <= now_ms && !(flush(events, NULL) && commit(events))) {
        return false;
    }
    enum waitlist_status status = waitlist_follower_next(events->follower, 0, &transition);

    switch (status) {
    case WAITLIST_OK:
        return take(events, &transition) && (stop_now_ms() - events->committed_ms < COMMIT_MS || commit(events));
    case WAITLIST_TIMEOUT:
    case WAITLIST_INTERRUPTED: {
        int64_t left = batch_due(events->batch) - now_ms;

        if (now_ms - events->committed_ms >= COMMIT_MS && !commit(events)) {
            return false;
        }
        (void)waitlist_wait(events->follower, NULL, events->route->stop->descriptor,
                            (int)(left < WAIT_MS ? (left < 0 ? 0 : left) : WAIT_MS));
        return true;
    }
    case WAITLIST_EPOCH_CHANGED:
        return change_journal(events);
    default:
        return !route_complain(events->route, status);
    }
}

void route_run_events(struct route *route) {
    struct waitlist_cursor cursor = route->committed;
    struct events events = {.route = route, .batch = batch_create(route->settings, route->route)};

    if (!route->has_cursor && route_ask_now(route, &cursor)) {
        (void)route_commit(route, &cursor);
    }
    if (!stop_is_asked(route->stop)) {
        events.follower = waitlist_follower_create(route->client, &cursor, NULL);
        while (events.follower != NULL && !stop_is_asked(route->stop) && step(&events)) {
        }
    }
    waitlist_follower_destroy(&events.follower);
    batch_destroy(&events.batch);
}
