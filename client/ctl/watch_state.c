/* The live view's rows: grouped, sorted, compared with how it began. */
#include "client/ctl/watch_state.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The position of one queue or total. */
struct kept {
    char pathway[WAITLIST_NAME_BYTES_MAX + 1];
    char team[WAITLIST_NAME_BYTES_MAX + 1];
    int64_t began_with; /* waiting when it was first seen */
    bool seen;          /* in the positions taken last */
    struct watch_row row;
};

struct median {
    char team[WAITLIST_NAME_BYTES_MAX + 1];
    double days;
};

struct watch_state {
    enum watch_grouping grouping;
    enum watch_sorting sorting;
    struct kept *kept; /* ordered by pathway and team, as the positions come */
    size_t kept_count, kept_capacity;
    struct watch_row *rows;
    size_t row_count, row_capacity;
    struct watch_row total;
    bool taken; /* something was taken since the trend began */
    struct median *medians;
    size_t median_count;
    struct watch_ticker ticker;
};

static void *grown(void *memory, size_t count, size_t size, size_t *capacity) {
    if (count < *capacity) {
        return memory;
    }
    *capacity = *capacity == 0 ? 64 : *capacity * 2;
    memory = realloc(memory, *capacity * size);
    if (memory == NULL) {
        abort();
    }
    return memory;
}

struct watch_state *watch_state_create(void) {
    struct watch_state *state = calloc(1, sizeof *state);

    if (state == NULL) {
        abort();
    }
    return state;
}

void watch_state_destroy(struct watch_state **state) {
    if (*state == NULL) {
        return;
    }
    free((*state)->kept);
    free((*state)->rows);
    free((*state)->medians);
    free(*state);
    *state = NULL;
}

static int by_place(const void *a, const void *b) {
    const struct kept *first = a;
    const struct kept *second = b;
    int order = strcmp(first->pathway, second->pathway);

    return order != 0 ? order : strcmp(first->team, second->team);
}

/* Where the queue is kept, or NULL. Only the first `sorted` are in order. */
static struct kept *find(const struct watch_state *state, const char *pathway, const char *team, size_t sorted) {
    struct kept wanted;

    snprintf(wanted.pathway, sizeof wanted.pathway, "%s", pathway);
    snprintf(wanted.team, sizeof wanted.team, "%s", team);
    return sorted == 0 ? NULL : bsearch(&wanted, state->kept, sorted, sizeof wanted, by_place);
}

struct taking {
    struct watch_state *state;
    size_t sorted;
};

static void take_position(void *context, const struct waitlist_position *position) {
    const struct taking *taking = context;
    struct watch_state *state = taking->state;
    struct kept *kept = find(state, position->pathway, position->team, taking->sorted);

    if (kept == NULL) {
        state->kept = grown(state->kept, state->kept_count, sizeof *state->kept, &state->kept_capacity);
        kept = &state->kept[state->kept_count++];
        memset(kept, 0, sizeof *kept);
        snprintf(kept->pathway, sizeof kept->pathway, "%s", position->pathway);
        snprintf(kept->team, sizeof kept->team, "%s", position->team);
        /* A queue that appears later began with nobody. */
        kept->began_with = state->taken ? 0 : position->waiting;
    }
    kept->seen = true;
    kept->row = (struct watch_row){.waiting = position->waiting,
                                   .breach = position->breach,
                                   .due = position->due,
                                   .has_longest = position->has_longest,
                                   .longest = position->longest,
                                   .has_median = position->has_median,
                                   .median = position->median,
                                   .trend = position->waiting - kept->began_with};
    memcpy(kept->row.pathway, kept->pathway, sizeof kept->row.pathway);
    memcpy(kept->row.team, kept->team, sizeof kept->row.team);
}

/* ---- Rows */

static bool is_all(const char *name) {
    return strcmp(name, WAITLIST_TOPIC_ALL) == 0;
}

static struct watch_row *new_row(struct watch_state *state) {
    state->rows = grown(state->rows, state->row_count, sizeof *state->rows, &state->row_capacity);
    return &state->rows[state->row_count++];
}

static void add_to_team(struct watch_state *state, const struct watch_row *queue) {
    for (size_t i = 0; i < state->row_count; i++) {
        struct watch_row *row = &state->rows[i];

        if (strcmp(row->team, queue->team) == 0) {
            row->waiting += queue->waiting;
            row->breach += queue->breach;
            row->due += queue->due;
            row->trend += queue->trend;
            row->longest = queue->has_longest && (!row->has_longest || queue->longest > row->longest) ? queue->longest : row->longest;
            row->has_longest = row->has_longest || queue->has_longest;
            return;
        }
    }
    struct watch_row *row = new_row(state);

    *row = *queue;
    row->pathway[0] = '\0';
    row->has_median = false; /* medians cannot be added up */
    for (size_t i = 0; i < state->median_count; i++) {
        if (strcmp(state->medians[i].team, row->team) == 0) {
            row->has_median = true;
            row->median = state->medians[i].days;
        }
    }
}

static int64_t rank(const struct watch_row *row, enum watch_sorting sorting) {
    switch (sorting) {
    case SORT_BREACH:
        return row->breach;
    case SORT_WAITING:
        return row->waiting;
    case SORT_DUE:
        return row->due;
    case SORT_LONGEST:
        return row->has_longest ? row->longest : -1;
    default:
        return 0;
    }
}

static int compare_rows(const void *a, const void *b, void *context) {
    const struct watch_row *first = a;
    const struct watch_row *second = b;
    const enum watch_sorting *sorting = context;
    int64_t one = rank(first, *sorting);
    int64_t other = rank(second, *sorting);

    if (one != other) {
        return one > other ? -1 : 1;
    }
    int order = strcmp(first->pathway, second->pathway);

    return order != 0 ? order : strcmp(first->team, second->team);
}

static void make_rows(struct watch_state *state) {
    state->row_count = 0;
    memset(&state->total, 0, sizeof state->total);
    for (size_t i = 0; i < state->kept_count; i++) {
        const struct watch_row *row = &state->kept[i].row;
        bool all_pathways = is_all(row->pathway);
        bool all_teams = is_all(row->team);

        if (all_pathways) {
            state->total = *row;
        } else if (!all_teams && state->grouping == GROUP_TEAMS) {
            add_to_team(state, row);
        } else if (state->grouping != GROUP_TEAMS && all_teams == (state->grouping == GROUP_PATHWAYS)) {
            *new_row(state) = *row;
        }
    }
    if (state->row_count > 0) {
        qsort_r(state->rows, state->row_count, sizeof *state->rows, compare_rows, &state->sorting);
    }
}

void watch_state_take(struct watch_state *state, const struct waitlist_positions *positions) {
    struct taking taking = {state, state->kept_count};

    for (size_t i = 0; i < state->kept_count; i++) {
        state->kept[i].seen = false;
    }
    waitlist_positions_each(positions, take_position, &taking);
    for (size_t i = 0; i < state->kept_count; i++) {
        struct kept *kept = &state->kept[i];

        if (!kept->seen) { /* gone: nobody is in it */
            struct watch_row empty = {.trend = -kept->began_with};

            memcpy(empty.pathway, kept->pathway, sizeof empty.pathway);
            memcpy(empty.team, kept->team, sizeof empty.team);
            kept->row = empty;
        }
    }
    state->taken = state->taken || state->kept_count > 0;
    if (state->kept_count > 0) {
        qsort(state->kept, state->kept_count, sizeof *state->kept, by_place);
    }
    make_rows(state);
}

void watch_state_take_medians(struct watch_state *state, const json_t *reply) {
    const json_t *rows = json_object_get(reply, "rows");
    size_t i;
    const json_t *row;

    free(state->medians);
    state->medians = calloc(json_array_size(rows) + 1, sizeof *state->medians);
    state->median_count = 0;
    if (state->medians == NULL) {
        abort();
    }
    json_array_foreach(rows, i, row) {
        const json_t *median = json_object_get(json_object_get(row, "position"), "median");

        if (json_is_number(median)) {
            struct median *kept = &state->medians[state->median_count++];

            snprintf(kept->team, sizeof kept->team, "%s", ctl_text(json_object_get(row, "keys"), "team"));
            kept->days = json_number_value(median);
        }
    }
    make_rows(state);
}

void watch_state_restart(struct watch_state *state, bool all) {
    if (all) {
        state->kept_count = 0;
        state->median_count = 0;
        state->ticker.count = 0;
        state->taken = false;
    }
    for (size_t i = 0; i < state->kept_count; i++) {
        state->kept[i].began_with = state->kept[i].row.waiting;
        state->kept[i].row.trend = 0;
    }
    make_rows(state);
}

/* ---- Alerts */

static const char *or_dash(const char *text) {
    return text != NULL ? text : "-";
}

void watch_state_alert(struct watch_state *state, const struct waitlist_transition *alert) {
    struct watch_ticker *ticker = &state->ticker;
    const char *at = alert->at != NULL && strlen(alert->at) >= 16 ? alert->at : "----------T--:--";

    memmove(ticker->line[1], ticker->line[0], sizeof ticker->line - sizeof ticker->line[0]);
    char level[32] = ""; /* one wait may have an alert a level */
    if (alert->has_level) {
        snprintf(level, sizeof level, "/%lld", (long long)alert->level);
    }
    int length = snprintf(ticker->line[0], sizeof ticker->line[0], "%.10s %.5s %s%s %s %s %s/%s", at, at + 11, alert->rule, level,
                          alert->transition, or_dash(alert->subject), or_dash(alert->pathway), or_dash(alert->team));
    size_t used = length < 0 ? 0 : (size_t)length < sizeof ticker->line[0] ? (size_t)length : sizeof ticker->line[0] - 1;
    if (alert->has_days) {
        snprintf(ticker->line[0] + used, sizeof ticker->line[0] - used, ", %lld of %lld days", (long long)alert->days,
                 (long long)alert->standard);
    }
    ticker->count += ticker->count < WATCH_TICKER_LINES;
}

/* ---- The view's side */

void watch_state_group(struct watch_state *state, enum watch_grouping grouping) {
    state->grouping = grouping;
    make_rows(state);
}

void watch_state_sort(struct watch_state *state, enum watch_sorting sorting) {
    state->sorting = sorting;
    make_rows(state);
}

enum watch_grouping watch_state_grouping(const struct watch_state *state) {
    return state->grouping;
}

enum watch_sorting watch_state_sorting(const struct watch_state *state) {
    return state->sorting;
}

const struct watch_row *watch_state_rows(const struct watch_state *state, size_t *count) {
    *count = state->row_count;
    return state->rows;
}

const struct watch_row *watch_state_total(const struct watch_state *state) {
    return &state->total;
}

const struct watch_ticker *watch_state_ticker(const struct watch_state *state) {
    return &state->ticker;
}
