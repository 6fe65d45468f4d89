/* A route that tells each team its morning list once a day, at a local time by the daemon's clock. Which day was told last stands in a file
 * ROUTE.digest; a relay that was away at the time tells when it is back. */
#include "client/digest/digest.h"
#include "client/relay/route.h"
#include "daemon/config/complain.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define LOOK_MS 1000
#define CATCH_UP_DAYS 14 /* further back nothing is new */
#define TEAMS_MAX 10000

/* The digest's days are kept as a cursor is: the epoch is a fixed word, the seq the day's number YYYYMMDD. */
#define DAY_EPOCH "digest"

static json_t *ask(void *context, json_t *request) {
    return route_ask(context, request);
}

/* The daemon's day and minute of the day in the configured time zone. False when the relay ends. */
static bool ask_time(struct route *route, char day[16], int *minute) {
    json_t *health = route_ask(route, json_pack("{s:i, s:s}", "v", WAITLIST_PROTOCOL_VERSION, "op", WAITLIST_OP_HEALTH));
    const char *now = json_string_value(json_object_get(health, "now"));
    struct tm utc = {0}, local;
    bool is_known = now != NULL && strptime(now, "%Y-%m-%dT%H:%M", &utc) != NULL;

    if (is_known) {
        time_t at = timegm(&utc);

        localtime_r(&at, &local);
        *minute = local.tm_hour * 60 + local.tm_min;
        (void)strftime(day, 16, "%Y-%m-%d", &local);
    }
    json_decref(health);
    return is_known;
}

static uint64_t day_number(const char *day) {
    struct tm parsed = {0};

    (void)strptime(day, "%Y-%m-%d", &parsed);
    return ((uint64_t)parsed.tm_year + 1900) * 10000 + ((uint64_t)parsed.tm_mon + 1) * 100 + (uint64_t)parsed.tm_mday;
}

/* Teams as matched, or all who have anybody waiting. */
static json_t *teams_of(struct route *route) {
    const struct word_list *wanted = &route->route->match.team;
    json_t *teams = json_array();

    for (size_t i = 0; i < wanted->count; i++) {
        (void)json_array_append_new(teams, json_string(wanted->at[i]));
    }
    if (wanted->count > 0) {
        return teams;
    }
    json_t *summary =
        route_ask(route, json_pack("{s:i, s:s, s:[s]}", "v", WAITLIST_PROTOCOL_VERSION, "op", WAITLIST_OP_SUMMARY, "group_by", "team"));
    size_t i;
    const json_t *row;

    json_array_foreach(json_object_get(summary, "rows"), i, row) {
        json_t *team = json_object_get(json_object_get(row, "keys"), "team");

        if (i < TEAMS_MAX && json_is_string(team) && strcmp(json_string_value(team), "unknown") != 0) {
            (void)json_array_append(teams, team);
        }
    }
    json_decref(summary);
    return teams;
}

static void set_form(json_t *extra, const char *name, char *text) {
    (void)json_object_set_new(extra, name, json_string(text));
    free(text);
}

/* False when the relay ends, or the daemon refused a question (said). */
static bool tell_team(struct route *route, const char *team, const char *since, const char *day) {
    bool hides_team = false;
    json_t *digest = digest_compose(ask, route, team, since, route->route->references, &hides_team);
    struct message message;
    char id[MESSAGE_ID_BYTES], name[128];

    if (hides_team) {
        log_line(route->log, LOG_LEVEL_ERROR, "the daemon shows this relay nobody of the team: add it to the teams of its key or endpoint",
                 LOG_STRING("team", team));
    }
    if (digest == NULL) {
        return false;
    }
    snprintf(id, sizeof id, "digest:%s:%s", day, team);
    snprintf(name, sizeof name, "%s-%s", day, team);
    message_make(&message, route->settings, MESSAGE_TYPE_DIGEST, id, team, json_string_value(json_object_get(digest, "at")), 0,
                 json_incref(digest));
    if (route->route->to == TARGET_FOLDER) {
        message.extra = json_pack("{s:s}", "name", name);
        set_form(message.extra, "json", json_dumps(digest, JSON_INDENT(2)));
        set_form(message.extra, "text", digest_text(digest));
        set_form(message.extra, "html", digest_html(digest));
    }
    bool delivered = route_deliver(route, &message);

    message_clear(&message);
    json_decref(digest);
    return delivered;
}

static bool tell_day(struct route *route, const char *last, const char *day) {
    char since[16], earliest[16];
    bool has_last = last[0] != '\0' && digest_day_add(last, 1, since) && digest_day_add(day, -CATCH_UP_DAYS, earliest);
    json_t *teams = teams_of(route);
    bool delivered = true;
    size_t i;
    const json_t *team;

    if (has_last && strcmp(since, earliest) < 0) {
        snprintf(since, sizeof since, "%s", earliest);
    }
    json_array_foreach(teams, i, team) {
        delivered = delivered && tell_team(route, json_string_value(team), has_last ? since : NULL, day);
    }
    json_decref(teams);
    return delivered && !stop_is_asked(route->stop);
}

/* "" where none was told yet. */
static bool read_last(struct route *route, const char *path, char last[16]) {
    struct waitlist_cursor cursor;
    enum waitlist_status status = waitlist_cursor_load(path, &cursor);

    last[0] = '\0';
    if (status == WAITLIST_OK && strcmp(cursor.epoch, DAY_EPOCH) == 0 && cursor.seq < 100000000) {
        snprintf(last, 16, "%04d-%02d-%02d", (int)(cursor.seq / 10000), (int)(cursor.seq / 100 % 100), (int)(cursor.seq % 100));
        return true;
    }
    if (status == WAITLIST_SYSTEM && errno == ENOENT) {
        return true;
    }
    log_line(route->log, LOG_LEVEL_ERROR, "the day of the last digest cannot be read", LOG_STRING("file", path));
    return false;
}

static bool note_day(struct route *route, const char *path, const char *day) {
    struct waitlist_cursor cursor = {DAY_EPOCH, day_number(day)};

    while (waitlist_cursor_save(path, &cursor) != WAITLIST_OK) {
        (void)log_complaint(route->log, &route->complaint, (uint64_t)stop_now_ms(), LOG_LEVEL_ERROR, "the day of a digest cannot be noted",
                            LOG_STRING("file", path), LOG_STRING("reason", strerror(errno)));
        if (route_pause(route, 0)) {
            return false;
        }
    }
    return true;
}

void route_run_digest(struct route *route) {
    char *path = config_text_format("%s/%s.digest", route->settings->state, route->route->name);
    char last[16], day[16];
    int minute = 0;

    if (read_last(route, path, last)) {
        while (!stop_is_asked(route->stop)) {
            if (ask_time(route, day, &minute) && minute >= route->route->at_minute && strcmp(day, last) > 0 && tell_day(route, last, day) &&
                note_day(route, path, day)) {
                snprintf(last, sizeof last, "%s", day);
                log_line(route->log, LOG_LEVEL_NOTICE, "the day's digests are delivered", LOG_STRING("route", route->route->name),
                         LOG_STRING("day", day));
            }
            (void)stop_wait(route->stop, LOOK_MS);
        }
    }
    free(path);
}
