/* A table of alerts by rule, level and wait. Alertmanager forgets an alert that is not sent again before its endsAt, so a relay that ends
 * leaves nothing burning for ever, and one that starts again fills its table from the daemon's open alerts.
 *
 * A resolve that may be taken back (the wait was paused, a condition cleared) is held for hold_s: raised again in that time, the alert
 * simply goes on. Final ones (completed, closed, corrected …) are told at once. */
#include "client/relay/firing.h"

#include "daemon/core/memory.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum phase { PHASE_FIRING, PHASE_HELD, PHASE_RESOLVED };

struct alert {
    char
        *row; /* the transition that made it what it is now, as text: a county has tens of thousands, and a tree takes five times as much */
    char *key, *alert_id;
    int64_t started_ms; /* time of day at which Alertmanager was first told; 0: not yet */
    bool late;
    uint64_t seq;
    enum phase phase;
    int64_t due_ms;
    int64_t held_until_ms;
    bool seen; /* since firing_begin */
};

struct firing {
    const struct relay_settings *settings;
    const struct route_settings *route;
    json_t *places; /* by key: the index in alerts */
    struct alert *alerts;
    size_t count, capacity;
    size_t page[FIRING_PAGE];
    size_t page_count;
    size_t walked; /* behind the last page that was sent, where it was full */
    uint64_t left_out;
    int64_t left_out_due_ms;
    bool page_tells_left_out;
};

struct firing *firing_create(const struct relay_settings *settings, const struct route_settings *route) {
    struct firing *firing = memory_new(1, sizeof *firing);

    firing->settings = settings;
    firing->route = route;
    firing->places = json_object();
    ENSURE(firing->places != NULL);
    return firing;
}

static void clear_alert(struct alert *alert) {
    free(alert->row);
    free(alert->key);
    free(alert->alert_id);
}

void firing_destroy(struct firing **firing) {
    if (*firing == NULL) {
        return;
    }
    for (size_t i = 0; i < (*firing)->count; i++) {
        clear_alert(&(*firing)->alerts[i]);
    }
    free((*firing)->alerts);
    json_decref((*firing)->places);
    free(*firing);
    *firing = NULL;
}

size_t firing_count(const struct firing *firing) {
    return firing->count;
}

bool firing_has_room_again(const struct firing *firing) {
    return firing->left_out > 0 && firing->count < FIRING_MAX - FIRING_MAX / 10;
}

static const char *member(const json_t *row, const char *name) {
    return json_string_value(json_object_get(row, name));
}

static bool is(const json_t *row, const char *name, const char *value) {
    const char *text = member(row, name);

    return text != NULL && strcmp(text, value) == 0;
}

static char *copy(const char *text) {
    char *copied = strdup(text != NULL ? text : "");

    ENSURE(copied != NULL);
    return copied;
}

static char *text_of_row(const json_t *row) {
    char *text = json_dumps(row, JSON_COMPACT);

    ENSURE(text != NULL);
    return text;
}

#define KEY_BYTES 512

static void key_of(const json_t *row, char key[KEY_BYTES]) {
    const json_t *level = json_object_get(row, "level");
    const char *subject = member(row, "subject");

    snprintf(key, KEY_BYTES, "%s %lld %s", member(row, "rule"), json_is_integer(level) ? (long long)json_integer_value(level) : -1,
             subject != NULL ? subject : "");
}

static struct alert *find(const struct firing *firing, const char *key) {
    const json_t *place = json_object_get(firing->places, key);

    return place != NULL ? &firing->alerts[json_integer_value(place)] : NULL;
}

static struct alert *add(struct firing *firing, const char *key, const json_t *row) {
    if (firing->count == FIRING_MAX) {
        firing->left_out++;
        return NULL;
    }
    memory_reserve((void **)&firing->alerts, &firing->capacity, firing->count + 1, sizeof *firing->alerts);
    struct alert *alert = &firing->alerts[firing->count];

    ENSURE(json_object_set_new(firing->places, key, json_integer((json_int_t)firing->count)) == 0);
    firing->count++;
    *alert = (struct alert){.row = text_of_row(row),
                            .key = copy(key),
                            .alert_id = copy(member(row, "alert_id")),
                            .late = json_is_true(json_object_get(row, "late")),
                            .seq = (uint64_t)json_integer_value(json_object_get(row, "seq")),
                            .seen = true};
    return alert;
}

/* The last one takes the place of one that goes. */
static void remove_alert(struct firing *firing, size_t index) {
    json_object_del(firing->places, firing->alerts[index].key);
    clear_alert(&firing->alerts[index]);
    firing->count--;
    if (index != firing->count) {
        firing->alerts[index] = firing->alerts[firing->count];
        json_integer_set(json_object_get(firing->places, firing->alerts[index].key), (json_int_t)index);
    }
}

static void set_row(struct alert *alert, const json_t *row) {
    free(alert->row);
    alert->row = text_of_row(row);
    alert->seq = (uint64_t)json_integer_value(json_object_get(row, "seq"));
}

/* What Alertmanager knows by other labels is over: it is resolved under those, and goes on under new ones. */
static struct alert *end_old_labels(struct firing *firing, const char *key, int64_t now_ms) {
    char old[KEY_BYTES + 32];
    struct alert *alert = find(firing, key);

    snprintf(old, sizeof old, "%s until %" PRIu64, key, alert->seq);
    json_t *row = json_loads(alert->row, 0, NULL);
    struct alert *ended = add(firing, old, row); /* may move the table */

    json_decref(row);
    alert = find(firing, key);
    if (ended != NULL) {
        free(ended->alert_id);
        ended->alert_id = copy(alert->alert_id);
        ended->started_ms = alert->started_ms;
        ended->late = alert->late;
        ended->phase = PHASE_RESOLVED;
        ended->due_ms = now_ms;
    }
    return alert;
}

static bool may_come_back(const json_t *row) {
    return is(row, "reason", "paused") || is(row, "reason", "cleared") || is(row, "reason", "standard_changed");
}

static void resolve(const struct firing *firing, struct alert *alert, const json_t *row, int64_t now_ms) {
    alert->seq = (uint64_t)json_integer_value(json_object_get(row, "seq"));
    if (firing->route->hold_s > 0 && may_come_back(row)) {
        alert->phase = PHASE_HELD;
        alert->held_until_ms = now_ms + firing->route->hold_s * INT64_C(1000);
        return; /* it goes on as it was told last */
    }
    alert->phase = PHASE_RESOLVED;
    alert->due_ms = now_ms;
}

static bool same_labels(const struct alert *alert, const json_t *row) {
    json_t *old = json_loads(alert->row, 0, NULL);
    bool same = json_equal(json_object_get(old, "team"), json_object_get(row, "team")) &&
                json_equal(json_object_get(old, "severity"), json_object_get(row, "severity"));

    json_decref(old);
    return same;
}

/* Where it is now decides; what happened to it does not, so an alert that went to another team is not this team's any more. */
static bool is_ours(const struct firing *firing, const json_t *row) {
    struct route_match match = firing->route->match;
    json_t *now = json_copy((json_t *)(uintptr_t)row);

    json_object_del(now, "from_team");
    bool matches = message_matches(&match, now);

    json_decref(now);
    return matches;
}

void firing_open(struct firing *firing, const json_t *row) {
    char key[KEY_BYTES];

    key_of(row, key);
    struct alert *alert = find(firing, key);

    if (!is_ours(firing, row)) {
        return;
    }
    if (alert == NULL) {
        (void)add(firing, key, row);
    } else {
        alert->seen = true;
    }
}

/* An alert that is known goes on, perhaps under another name, team or severity. */
static void go_on(struct firing *firing, const char *key, const json_t *row, int64_t now_ms) {
    struct alert *alert = find(firing, key);

    if (alert->phase == PHASE_RESOLVED) {
        /* Raised anew before the resolve was sent: that goes out under the old name, and this one begins under its own. */
        alert = end_old_labels(firing, key, now_ms);
        free(alert->alert_id);
        alert->alert_id = copy(member(row, "alert_id"));
        alert->late = json_is_true(json_object_get(row, "late"));
    } else if (!same_labels(alert, row)) {
        alert = end_old_labels(firing, key, now_ms);
    }
    alert->phase = PHASE_FIRING;
    alert->due_ms = now_ms;
    set_row(alert, row);
}

void firing_take(struct firing *firing, const json_t *row, int64_t now_ms) {
    char key[KEY_BYTES];

    key_of(row, key);
    struct alert *alert = find(firing, key);
    bool is_over = is(row, "transition", "resolved");

    if (alert == NULL) {
        alert = is_ours(firing, row) ? add(firing, key, row) : NULL;
        if (alert != NULL && is_over) {
            alert->phase = PHASE_RESOLVED; /* it was over before this relay began; Alertmanager may still have it */
        }
    } else if ((uint64_t)json_integer_value(json_object_get(row, "seq")) <= alert->seq) {
        return; /* the daemon listed it as open, so this is its past */
    } else if (is_over) {
        resolve(firing, alert, row, now_ms);
    } else if (is_ours(firing, row)) {
        go_on(firing, key, row, now_ms);
    } else {
        /* To where this route does not look. */
        alert->phase = PHASE_RESOLVED;
        alert->due_ms = now_ms;
        alert->seq = (uint64_t)json_integer_value(json_object_get(row, "seq"));
    }
}

void firing_begin(struct firing *firing) {
    firing->left_out = 0;
    for (size_t i = 0; i < firing->count; i++) {
        firing->alerts[i].seen = false;
    }
}

void firing_settle(struct firing *firing) {
    for (size_t i = 0; i < firing->count; i++) {
        struct alert *alert = &firing->alerts[i];

        if (!alert->seen && alert->phase != PHASE_RESOLVED) {
            alert->phase = PHASE_RESOLVED;
            alert->due_ms = 0;
        }
    }
}

/* ---- What Alertmanager is told */

static int64_t due_of(const struct alert *alert) {
    return alert->phase == PHASE_HELD && alert->held_until_ms < alert->due_ms ? alert->held_until_ms : alert->due_ms;
}

int64_t firing_due(const struct firing *firing, int64_t now_ms) {
    int64_t due = firing->left_out > 0 ? firing->left_out_due_ms : INT64_MAX;

    (void)now_ms;
    for (size_t i = 0; i < firing->count; i++) {
        int64_t one = due_of(&firing->alerts[i]);

        due = one < due ? one : due;
    }
    return due;
}

static void instant_text(int64_t wall_ms, char out[40]) {
    time_t seconds = (time_t)(wall_ms / 1000);
    struct tm utc;

    gmtime_r(&seconds, &utc);
    size_t length = strftime(out, 32, "%Y-%m-%dT%H:%M:%S", &utc);

    snprintf(out + length, 40 - length, ".%03dZ", (int)(wall_ms % 1000));
}

/* "contact_overdue" is WaitlistContactOverdue. */
static void alert_name(const char *rule, char out[80]) {
    size_t used = (size_t)snprintf(out, 80, "Waitlist");
    bool capital = true;

    for (; rule != NULL && *rule != '\0' && used < 79; rule++) {
        if (*rule == '_') {
            capital = true;
            continue;
        }
        out[used++] = (char)(capital && *rule >= 'a' && *rule <= 'z' ? *rule - 'a' + 'A' : *rule);
        capital = false;
    }
    out[used] = '\0';
}

static void set(json_t *object, const char *name, const char *text) {
    if (text != NULL && text[0] != '\0') {
        ENSURE(json_object_set_new(object, name, json_string(text)) == 0);
    }
}

static void set_number(json_t *object, const char *name, const json_t *number) {
    char text[32];

    if (json_is_integer(number)) {
        snprintf(text, sizeof text, "%lld", (long long)json_integer_value(number));
        set(object, name, text);
    }
}

static json_t *labels_of(const struct alert *alert, const json_t *told) {
    json_t *labels = json_object();
    char name[80];

    alert_name(member(told, "rule"), name);
    set(labels, "alertname", name);
    set(labels, "alert", alert->alert_id);
    set(labels, "rule", member(told, "rule"));
    set(labels, "severity", member(told, "severity"));
    set(labels, "pathway", member(told, "pathway"));
    set(labels, "team", member(told, "team"));
    set(labels, "subject", member(told, "subject"));
    set_number(labels, "level", json_object_get(told, "level"));
    set(labels, "late", alert->late ? "true" : "false");
    return labels;
}

static json_t *annotations_of(const json_t *told) {
    json_t *annotations = json_object();
    char summary[512];
    const char *pathway = member(told, "pathway"), *team = member(told, "team"), *subject = member(told, "subject");

    if (message_is_about_a_wait(told)) {
        snprintf(summary, sizeof summary, "%s%s%s, team %s: %s, waited %lld days of %lld", pathway != NULL ? pathway : "-",
                 subject != NULL ? ", wait " : "", subject != NULL ? subject : "", team != NULL ? team : "-", member(told, "rule"),
                 (long long)json_integer_value(json_object_get(told, "days")),
                 (long long)json_integer_value(json_object_get(told, "standard")));
    } else {
        const json_t *value = json_object_get(told, "value"), *limit = json_object_get(told, "limit");
        int used = snprintf(summary, sizeof summary, "%s: %.300s", member(told, "rule"), subject != NULL ? subject : "-");

        if (json_is_integer(value) && json_is_integer(limit)) {
            snprintf(summary + used, sizeof summary - (size_t)used, ", %lld at a limit of %lld", (long long)json_integer_value(value),
                     (long long)json_integer_value(limit));
        }
    }
    set(annotations, "summary", summary);
    set(annotations, "occurred_on", member(told, "occurred_on"));
    set(annotations, "at", member(told, "at"));
    set_number(annotations, "days", json_object_get(told, "days"));
    set_number(annotations, "standard", json_object_get(told, "standard"));
    set_number(annotations, "value", json_object_get(told, "value"));
    set_number(annotations, "limit", json_object_get(told, "limit"));
    set(annotations, "acknowledged", is(told, "transition", "acknowledged") ? "true" : NULL);
    set(annotations, "acknowledged_by", member(told, "by"));
    set(annotations, "note", member(told, "note"));
    set(annotations, "expected_by", member(told, "expected_by"));
    return annotations;
}

/* startsAt is when Alertmanager first hears of it: its group_wait counts from there, and would not be kept for an alert that began long
 * ago. When it was raised and on which day it began to hold stand in the annotations. */
static json_t *entry_of(const struct firing *firing, struct alert *alert, int64_t wall_ms) {
    json_t *row = json_loads(alert->row, 0, NULL);
    json_t *told = message_row(firing->settings, firing->route, row);
    char starts[40], ends[40];
    int64_t life_ms = alert->phase == PHASE_RESOLVED ? 0 : firing->route->resend_s * INT64_C(4000);

    /* A clock that was set back must not make it end before it begins: that would be refused. */
    if (alert->started_ms == 0 || alert->started_ms > wall_ms) {
        alert->started_ms = wall_ms;
    }
    instant_text(alert->started_ms, starts);
    instant_text(wall_ms + life_ms, ends);
    json_t *entry = json_pack("{s:o, s:o, s:s, s:s}", "labels", labels_of(alert, told), "annotations", annotations_of(told), "startsAt",
                              starts, "endsAt", ends);

    ENSURE(entry != NULL);
    set(entry, "generatorURL", member(told, "link"));
    json_decref(told);
    json_decref(row);
    return entry;
}

static json_t *left_out_entry(const struct firing *firing, int64_t wall_ms) {
    char ends[40], summary[200];

    instant_text(wall_ms + firing->route->resend_s * INT64_C(4000), ends);
    snprintf(summary, sizeof summary, "%" PRIu64 " open alerts are not shown here: route %s tells of %d at most", firing->left_out,
             firing->route->name, FIRING_MAX);
    return json_pack("{s:{s:s, s:s, s:s}, s:{s:s}, s:s}", "labels", "alertname", "WaitlistAlertsLeftOut", "severity", "warning", "route",
                     firing->route->name, "annotations", "summary", summary, "endsAt", ends);
}

static void add_due(struct firing *firing, json_t *page, size_t from, int64_t now_ms, int64_t wall_ms) {
    for (size_t i = from; i < firing->count && firing->page_count < FIRING_PAGE; i++) {
        struct alert *alert = &firing->alerts[i];

        if (due_of(alert) > now_ms) {
            continue;
        }
        if (alert->phase == PHASE_HELD && alert->held_until_ms <= now_ms) {
            alert->phase = PHASE_RESOLVED;
        }
        ENSURE(json_array_append_new(page, entry_of(firing, alert, wall_ms)) == 0);
        firing->page[firing->page_count++] = i;
    }
}

char *firing_page(struct firing *firing, int64_t now_ms, int64_t wall_ms) {
    json_t *page = json_array();
    char *text = NULL;

    firing->page_count = 0;
    firing->page_tells_left_out = firing->left_out > 0 && firing->left_out_due_ms <= now_ms;
    /* From where the last page ended, so that many pages are one walk; then from the beginning. Never both in one page: firing_sent
     * needs its places to rise. */
    add_due(firing, page, firing->walked, now_ms, wall_ms);
    if (firing->page_count == 0) {
        add_due(firing, page, 0, now_ms, wall_ms);
    }
    if (firing->page_tells_left_out) {
        ENSURE(json_array_append_new(page, left_out_entry(firing, wall_ms)) == 0);
    }
    if (json_array_size(page) > 0) {
        text = json_dumps(page, JSON_COMPACT);
        ENSURE(text != NULL);
    }
    json_decref(page);
    return text;
}

void firing_sent(struct firing *firing, int64_t now_ms) {
    int64_t again_ms = now_ms + firing->route->resend_s * INT64_C(1000);

    firing->left_out_due_ms = firing->page_tells_left_out ? again_ms : firing->left_out_due_ms;
    firing->walked = firing->page_count == FIRING_PAGE ? firing->page[FIRING_PAGE - 1] + 1 : 0;
    /* From behind, so that the one that takes the place of one that goes is not one of the page that is still to be looked at. */
    for (size_t p = firing->page_count; p > 0; p--) {
        struct alert *alert = &firing->alerts[firing->page[p - 1]];

        if (alert->phase == PHASE_RESOLVED) {
            remove_alert(firing, firing->page[p - 1]);
        } else {
            alert->due_ms = again_ms;
        }
    }
    firing->page_count = 0;
}
