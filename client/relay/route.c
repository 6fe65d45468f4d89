/* What all routes share: the cursor, the questions, the delivery with its retries and its dead letters. */
#include "client/relay/route.h"

#include "client/relay/dead.h"
#include "daemon/config/complain.h"

#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define ASK_TIMEOUT_MS 5000
#define FOLLOWER_PAUSE_MS 1000
#define PAGE_ROWS 1000

bool route_open(struct route *route, const struct relay_settings *settings, size_t index, struct waitlist_client *client, struct log *log,
                const struct stop *stop) {
    const struct route_settings *chosen = &settings->routes[index];

    memset(route, 0, sizeof *route);
    route->settings = settings;
    route->route = chosen;
    route->client = client;
    route->log = log;
    route->stop = stop;
    route->backoff = (struct backoff){.first_ms = chosen->retry_first_ms, .last_ms = chosen->retry_last_s * INT64_C(1000)};
    route->cursor_path = config_text_format("%s/%s.cursor", settings->state, chosen->name);
    route->dead_path = config_text_format("%s/%s.dead", settings->state, chosen->name);
    snprintf(route->report_name, sizeof route->report_name, "%s-%s", settings->name, chosen->name);
    (void)pthread_mutex_init(&route->lock, NULL);
    enum waitlist_status status = chosen->is_digest ? WAITLIST_OK : waitlist_cursor_load(route->cursor_path, &route->committed);

    route->has_cursor = status == WAITLIST_OK && !chosen->is_digest;
    if (status == WAITLIST_INVALID || (status != WAITLIST_OK && errno != ENOENT)) {
        log_line(log, LOG_LEVEL_ERROR, "a cursor cannot be read", LOG_STRING("file", route->cursor_path),
                 LOG_STRING("reason", status == WAITLIST_INVALID ? "it holds no cursor" : strerror(errno)));
        return false;
    }
    if (access(settings->state, W_OK | X_OK) != 0) {
        log_line(log, LOG_LEVEL_ERROR, "the state folder cannot be written", LOG_STRING("folder", settings->state),
                 LOG_STRING("reason", strerror(errno)));
        return false;
    }
    route->sink = chosen->to != TARGET_ALERTMANAGER ? sink_create(chosen, stop, log) : NULL;
    return route->sink != NULL || chosen->to == TARGET_ALERTMANAGER;
}

static void *run(void *context) {
    struct route *route = context;

    route->query = waitlist_query_create(route->client);
    if (route->route->is_digest) {
        route_run_digest(route);
    } else if (route->route->to == TARGET_ALERTMANAGER) {
        route_run_alertmanager(route);
    } else {
        route_run_events(route);
    }
    waitlist_query_destroy(&route->query);
    if (!stop_is_asked(route->stop)) {
        atomic_store(&route->failed, true);
        stop_ask(route->stop);
    }
    return NULL;
}

bool route_start(struct route *route) {
    route->is_started = pthread_create(&route->thread, NULL, run, route) == 0;
    return route->is_started;
}

void route_close(struct route *route) {
    if (route->is_started) {
        (void)pthread_join(route->thread, NULL);
        route->is_started = false;
    }
    sink_destroy(&route->sink);
    free(route->cursor_path);
    free(route->dead_path);
    (void)pthread_mutex_destroy(&route->lock);
}

void route_tell_committed(struct route *route, struct waitlist_cursor *cursor) {
    (void)pthread_mutex_lock(&route->lock);
    *cursor = route->committed;
    (void)pthread_mutex_unlock(&route->lock);
}

uint32_t route_random(void) {
    return randombytes_random();
}

bool route_pause(struct route *route, int retry_after_s) {
    int64_t ms = backoff_next(&route->backoff, route_random());

    if (retry_after_s * INT64_C(1000) > ms) {
        ms = retry_after_s * INT64_C(1000);
    }
    return stop_wait(route->stop, ms);
}

bool route_commit(struct route *route, const struct waitlist_cursor *cursor) {
    if (cursor->seq == route->committed.seq && strcmp(cursor->epoch, route->committed.epoch) == 0) {
        return true;
    }
    while (waitlist_cursor_save(route->cursor_path, cursor) != WAITLIST_OK) {
        (void)log_complaint(route->log, &route->complaint, (uint64_t)stop_now_ms(), LOG_LEVEL_ERROR, "a cursor cannot be written",
                            LOG_STRING("file", route->cursor_path), LOG_STRING("reason", strerror(errno)));
        if (route_pause(route, 0)) {
            return false;
        }
    }
    (void)pthread_mutex_lock(&route->lock);
    route->committed = *cursor;
    (void)pthread_mutex_unlock(&route->lock);
    return true;
}

/* ---- Questions */

json_t *route_ask(struct route *route, json_t *request) {
    char *text = json_dumps(request, JSON_COMPACT);
    json_t *answer = NULL;

    json_decref(request);
    while (text != NULL && answer == NULL && !stop_is_asked(route->stop)) {
        char *reply = NULL;
        enum waitlist_status status = waitlist_query_ask(route->query, text, ASK_TIMEOUT_MS, &reply);

        answer = status == WAITLIST_OK ? json_loads(reply, 0, NULL) : NULL;
        waitlist_free(reply);
        if (answer == NULL) {
            (void)log_complaint(route->log, &route->complaint, (uint64_t)stop_now_ms(), LOG_LEVEL_WARNING, "the daemon does not answer",
                                LOG_STRING("route", route->route->name), LOG_STRING("reason", waitlist_status_text(status)));
            (void)stop_wait(route->stop, FOLLOWER_PAUSE_MS);
        }
    }
    free(text);
    return answer;
}

bool route_ask_now(struct route *route, struct waitlist_cursor *now) {
    json_t *health = route_ask(route, json_pack("{s:i, s:s}", "v", WAITLIST_PROTOCOL_VERSION, "op", WAITLIST_OP_HEALTH));
    const char *epoch = json_string_value(json_object_get(health, "epoch"));

    memset(now, 0, sizeof *now);
    snprintf(now->epoch, sizeof now->epoch, "%s", epoch != NULL ? epoch : "");
    now->seq = (uint64_t)json_integer_value(json_object_get(health, "alert_seq"));
    json_decref(health);
    return now->epoch[0] != '\0';
}

/* One page onto the rows; the seq behind which the next one begins, or 0 after the last. `*changed`: another journal answers. */
static uint64_t take_page(const json_t *page, const struct waitlist_cursor *through, json_t *rows, bool *changed) {
    const char *epoch = json_string_value(json_object_get(page, "epoch"));
    const json_t *found = json_object_get(page, "rows");
    uint64_t next = 0;
    size_t i;
    json_t *row;

    *changed = *changed || (epoch != NULL && strcmp(epoch, through->epoch) != 0);
    json_array_foreach(found, i, row) {
        uint64_t seq = (uint64_t)json_integer_value(json_object_get(row, "seq"));

        if (seq <= through->seq) {
            (void)json_array_append(rows, row);
        }
        next = seq;
    }
    return json_array_size(found) < PAGE_ROWS ? 0 : next;
}

json_t *route_ask_open(struct route *route, struct waitlist_cursor *through) {
    for (;;) {
        json_t *rows = json_array();
        uint64_t since = 0;
        bool changed = false;

        if (!route_ask_now(route, through)) {
            json_decref(rows);
            return NULL;
        }
        do {
            json_t *page = route_ask(route, json_pack("{s:i, s:s, s:s, s:I, s:i}", "v", WAITLIST_PROTOCOL_VERSION, "op", WAITLIST_OP_ALERTS,
                                                      "state", "open", "since", (json_int_t)since, "limit", PAGE_ROWS));

            if (page == NULL) {
                json_decref(rows);
                return NULL;
            }
            since = take_page(page, through, rows, &changed);
            json_decref(page);
        } while (since > 0 && !changed);
        if (!changed) {
            return rows;
        }
        json_decref(rows);
    }
}

bool route_complain(struct route *route, enum waitlist_status status) {
    (void)log_complaint(route->log, &route->complaint, (uint64_t)stop_now_ms(), LOG_LEVEL_WARNING, "following is disturbed",
                        LOG_STRING("route", route->route->name), LOG_STRING("reason", waitlist_status_text(status)));
    return stop_wait(route->stop, FOLLOWER_PAUSE_MS);
}

/* ---- Delivery */

static bool bury(struct route *route, const struct message *message, const char *reason) {
    char at[40];
    time_t now = (time_t)(stop_wall_ms() / 1000);
    struct tm utc;

    gmtime_r(&now, &utc);
    (void)strftime(at, sizeof at, "%Y-%m-%dT%H:%M:%SZ", &utc);
    enum dead_status status = dead_add(route->dead_path, (size_t)route->route->dead_letters, message, reason, at);

    if (status == DEAD_OK) {
        atomic_fetch_add(&route->dead, 1);
        log_line(route->log, LOG_LEVEL_ERROR, "a message is a dead letter now: waitlist-relay --list-dead",
                 LOG_STRING("route", route->route->name), LOG_STRING("id", message->id), LOG_STRING("reason", reason));
        return true;
    }
    (void)log_complaint(route->log, &route->full, (uint64_t)stop_now_ms(), LOG_LEVEL_ERROR,
                        status == DEAD_FULL ? "the dead letters are full: the route waits"
                                            : "a dead letter cannot be written: the route waits",
                        LOG_STRING("route", route->route->name), LOG_STRING("id", message->id), LOG_STRING("reason", reason));
    return false;
}

bool route_deliver(struct route *route, const struct message *message) {
    char reason[REASON_BYTES];

    for (int failures = 0;;) {
        int retry_after_s = 0;
        enum outcome outcome = sink_deliver(route->sink, message, reason, &retry_after_s);

        if (outcome == OUTCOME_DELIVERED) {
            log_settle(route->log, &route->away, "delivered again");
            backoff_settle(&route->backoff);
            atomic_fetch_add(&route->delivered, 1);
            return true;
        }
        failures += outcome == OUTCOME_FAILED;
        bool is_hopeless = outcome == OUTCOME_REJECTED || failures >= route->route->attempts;

        if (outcome == OUTCOME_STOPPED) {
            return false;
        }
        if (is_hopeless && bury(route, message, reason)) {
            backoff_settle(&route->backoff);
            return true;
        }
        if (!is_hopeless) {
            (void)log_complaint(route->log, &route->away, (uint64_t)stop_now_ms(), LOG_LEVEL_WARNING, "not delivered, trying again",
                                LOG_STRING("route", route->route->name), LOG_STRING("reason", reason));
        }
        if (route_pause(route, retry_after_s)) {
            return false;
        }
    }
}
