/* Grouping by team. Of each alert (rule, level, wait) the first and the last transition of the batch are compared: raised and resolved
 * again, or resolved and raised again, leaves things as they were, so it is counted as passing and told to nobody. The log keeps it all. */
#include "client/relay/batch.h"

#include "daemon/core/memory.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct batch {
    const struct relay_settings *settings;
    const struct route_settings *route;
    json_t **rows;
    size_t count, capacity;
    int64_t due_ms;
    json_t *teams; /* by name and whether late: an array of rows; made by the first batch_next */
    void *at;      /* the team that is next */
};

struct batch *batch_create(const struct relay_settings *settings, const struct route_settings *route) {
    struct batch *batch = memory_new(1, sizeof *batch);

    batch->settings = settings;
    batch->route = route;
    batch->due_ms = INT64_MAX;
    return batch;
}

void batch_clear(struct batch *batch) {
    for (size_t i = 0; i < batch->count; i++) {
        json_decref(batch->rows[i]);
    }
    batch->count = 0;
    batch->due_ms = INT64_MAX;
    json_decref(batch->teams);
    batch->teams = NULL;
    batch->at = NULL;
}

void batch_destroy(struct batch **batch) {
    if (*batch == NULL) {
        return;
    }
    batch_clear(*batch);
    free((*batch)->rows);
    free(*batch);
    *batch = NULL;
}

bool batch_add(struct batch *batch, const json_t *row, int64_t due_ms) {
    memory_reserve((void **)&batch->rows, &batch->capacity, batch->count + 1, sizeof *batch->rows);
    batch->rows[batch->count++] = json_incref((json_t *)(uintptr_t)row);
    if (due_ms < batch->due_ms) {
        batch->due_ms = due_ms;
    }
    return batch->count < BATCH_ROWS_MAX;
}

size_t batch_count(const struct batch *batch) {
    return batch->count;
}

int64_t batch_due(const struct batch *batch) {
    return batch->due_ms;
}

static const char *member(const json_t *row, const char *name) {
    const char *text = json_string_value(json_object_get(row, name));

    return text != NULL ? text : "";
}

static bool is(const json_t *row, const char *transition) {
    return strcmp(member(row, "transition"), transition) == 0;
}

static json_t *array_of(json_t *object, const char *key) {
    json_t *array = json_object_get(object, key);

    if (array == NULL) {
        array = json_array();
        ENSURE(json_object_set_new(object, key, array) == 0);
    }
    return array;
}

/* The histories of this batch, one an alert. */
static json_t *by_alert(const struct batch *batch) {
    json_t *alerts = json_object();

    for (size_t i = 0; i < batch->count; i++) {
        const json_t *row = batch->rows[i];
        const json_t *level = json_object_get(row, "level");
        char key[512];

        snprintf(key, sizeof key, "%s %lld %s", member(row, "rule"), json_is_integer(level) ? (long long)json_integer_value(level) : -1,
                 member(row, "subject"));
        ENSURE(json_array_append(array_of(alerts, key), batch->rows[i]) == 0);
    }
    return alerts;
}

/* As it was before: nobody needs to know. */
static bool is_passing(const json_t *history) {
    size_t count = json_array_size(history);
    const json_t *first = json_array_get(history, 0), *last = json_array_get(history, count - 1);

    return count > 1 && ((is(first, "raised") && is(last, "resolved")) || (is(first, "resolved") && is(last, "raised")));
}

static int compare_rows(const void *left, const void *right) {
    json_int_t a = json_integer_value(json_object_get(*(json_t *const *)left, "seq"));
    json_int_t b = json_integer_value(json_object_get(*(json_t *const *)right, "seq"));

    return (a > b) - (a < b);
}

/* A raised alert is late when the daemon says so; what becomes of it later is news like any other. */
static bool is_late(const json_t *row) {
    return is(row, "raised") && json_is_true(json_object_get(row, "late"));
}

static void add_to_team(json_t *teams, json_t *row, bool passing) {
    char key[160];

    snprintf(key, sizeof key, "%s\t%s", member(row, "team"), is_late(row) && !passing ? "late" : "now");
    json_t *group = json_object_get(teams, key);

    if (group == NULL) {
        group = json_pack("{s:[], s:i}", "rows", "passing", 0);
        ENSURE(group != NULL && json_object_set_new(teams, key, group) == 0);
    }
    if (passing) {
        ENSURE(json_object_set_new(group, "passing", json_integer(json_integer_value(json_object_get(group, "passing")) + 1)) == 0);
    } else {
        ENSURE(json_array_append(json_object_get(group, "rows"), row) == 0);
    }
}

static json_t *by_team(const struct batch *batch) {
    json_t *alerts = by_alert(batch), *teams = json_object(), *history, *row;
    json_t **news = memory_new(batch->count + 1, sizeof(json_t *));
    size_t count = 0, i;
    const char *key;

    json_object_foreach(alerts, key, history) {
        bool passing = is_passing(history);

        json_array_foreach(history, i, row) {
            if (passing && i + 1 == json_array_size(history)) {
                add_to_team(teams, row, true); /* once an alert */
            } else if (!passing) {
                news[count++] = row;
            }
        }
    }
    if (count > 1) {
        qsort(news, count, sizeof *news, compare_rows);
    }
    for (i = 0; i < count; i++) {
        add_to_team(teams, news[i], false);
    }
    free(news);
    json_decref(alerts);
    return teams;
}

static void count_up(json_t *counts, const char *name) {
    json_t *count = json_object_get(counts, name);

    ENSURE(json_object_set_new(counts, name, json_integer(json_integer_value(count) + 1)) == 0);
}

static json_t *data_of(const struct batch *batch, const json_t *group, const char *why) {
    json_t *rows = json_object_get(group, "rows"), *told = json_array(), *transitions = json_object(), *rules = json_object();
    const json_t *first = json_array_get(rows, 0);
    size_t count = json_array_size(rows), i;
    const json_t *row;

    json_array_foreach(rows, i, row) {
        ENSURE(json_array_append_new(told, message_row(batch->settings, batch->route, row)) == 0);
        count_up(transitions, member(row, "transition"));
        count_up(rules, member(row, "rule"));
    }
    return json_pack("{s:O?, s:b, s:s?, s:I, s:I, s:I, s:O, s:o, s:o, s:o}", "team", json_object_get(first, "team"), "late",
                     (int)is_late(first), "why", why, "count", (json_int_t)count, "from_seq",
                     json_integer_value(json_object_get(first, "seq")), "through_seq",
                     json_integer_value(json_object_get(json_array_get(rows, count - 1), "seq")), "passing",
                     json_object_get(group, "passing"), "transitions", transitions, "rules", rules, "alerts", told);
}

bool batch_next(struct batch *batch, const char *epoch, const char *why, struct message *message) {
    if (batch->teams == NULL) {
        batch->teams = by_team(batch);
        batch->at = json_object_iter(batch->teams);
    }
    while (batch->at != NULL) {
        const json_t *group = json_object_iter_value(batch->at);
        json_t *rows = json_object_get(group, "rows");

        batch->at = json_object_iter_next(batch->teams, batch->at);
        if (json_array_size(rows) == 0) {
            continue; /* only what came and went */
        }
        json_t *data = data_of(batch, group, why);
        const json_t *last = json_array_get(rows, json_array_size(rows) - 1);
        const char *team = json_string_value(json_object_get(data, "team"));
        char id[MESSAGE_ID_BYTES];

        snprintf(id, sizeof id, "%s:%lld-%lld:%s%s", epoch, (long long)json_integer_value(json_object_get(data, "from_seq")),
                 (long long)json_integer_value(json_object_get(data, "through_seq")), team != NULL ? team : "-",
                 json_is_true(json_object_get(data, "late")) ? ":late" : "");
        message_make(message, batch->settings, MESSAGE_TYPE_ALERTS, id, team, member(last, "at"),
                     (uint64_t)json_integer_value(json_object_get(last, "seq")), data);
        return true;
    }
    return false;
}

void batch_rewind(struct batch *batch) {
    json_decref(batch->teams);
    batch->teams = NULL;
    batch->at = NULL;
}
