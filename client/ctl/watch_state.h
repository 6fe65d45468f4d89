/* What the live view knows: the queues as they are and as they were when it was opened, and the last alerts. No terminal here. */
#ifndef WAITLIST_CTL_WATCH_STATE_H
#define WAITLIST_CTL_WATCH_STATE_H

#include "client/ctl/ctl.h"

enum watch_grouping { GROUP_QUEUES, GROUP_TEAMS, GROUP_PATHWAYS, GROUP_COUNT };
enum watch_sorting { SORT_BREACH, SORT_WAITING, SORT_DUE, SORT_LONGEST, SORT_NAME, SORT_COUNT };

struct watch_row {
    char pathway[WAITLIST_NAME_BYTES_MAX + 1];
    char team[WAITLIST_NAME_BYTES_MAX + 1];
    int64_t waiting, breach, due;
    int64_t trend; /* waiting now less waiting when the view was opened */
    bool has_longest, has_median;
    int64_t longest;
    double median;
};

#define WATCH_TICKER_LINES 20
struct watch_ticker {
    char line[WATCH_TICKER_LINES][160]; /* the newest first */
    size_t count;
};

struct watch_state;

struct watch_state *watch_state_create(void);
void watch_state_destroy(struct watch_state **state);

/* The rows are made anew from the positions; what is seen for the first time is where its trend begins. */
void watch_state_take(struct watch_state *state, const struct waitlist_positions *positions);
/* The medians of teams over several pathways: the reply of `summary` by team. */
void watch_state_take_medians(struct watch_state *state, const json_t *reply);
void watch_state_alert(struct watch_state *state, const struct waitlist_transition *alert);
/* The trend begins again; with `all` the alerts are forgotten too (another journal). */
void watch_state_restart(struct watch_state *state, bool all);

void watch_state_group(struct watch_state *state, enum watch_grouping grouping);
void watch_state_sort(struct watch_state *state, enum watch_sorting sorting);
enum watch_grouping watch_state_grouping(const struct watch_state *state);
enum watch_sorting watch_state_sorting(const struct watch_state *state);

/* In the order chosen; borrowed until the next change. */
const struct watch_row *watch_state_rows(const struct watch_state *state, size_t *count);
const struct watch_row *watch_state_total(const struct watch_state *state);
const struct watch_ticker *watch_state_ticker(const struct watch_state *state);

#endif
