/* Flow (rules, section 6): who began to wait, stopped, came back or changed team between two days, as known now. */
#ifndef WAITLIST_CORE_FLOW_H
#define WAITLIST_CORE_FLOW_H

#include "daemon/core/selection.h"

enum flow_kind { FLOW_STARTED, FLOW_COMPLETED, FLOW_CLOSED, FLOW_REOPENED, FLOW_TRANSFERRED_IN, FLOW_TRANSFERRED_OUT, FLOW_CONTACT };

/* One transition of one wait. */
struct flow_transition {
    enum flow_kind kind;
    day_t day;                      /* on which it counts */
    const struct wait_state *state; /* whose values it belongs to: at the end of the day, of a transfer out at the end of the day before */
    int32_t days;                   /* of FLOW_COMPLETED: waited by the end of that day, in the pathway's unit */
    bool within_standard;           /* of FLOW_COMPLETED */
    uint32_t reason;                /* of FLOW_CLOSED: its name */
};

/* Calls `each` for every transition of the wait that counts from `from` to `to` inclusive, by rising day. A wait that is excluded has none.
 */
void flow_of_wait(const struct look_back *look_back, const struct wait_history *history, day_t from, day_t to,
                  void (*each)(void *context, const struct flow_transition *transition), void *context);

enum flow_step { STEP_DAY, STEP_WEEK, STEP_MONTH, STEP_QUARTER, STEP_ALL };
#define FLOW_STEP_COUNT (STEP_ALL + 1)
const char *flow_step_name(enum flow_step step);
/* The last day of the period that `day` lies in: weeks end on Sunday, quarters in March, June, September and December. `to` for STEP_ALL.
 */
day_t flow_period_end(enum flow_step step, day_t day, day_t to);

#define FLOW_REASONS_MAX 16
#define FLOW_ROWS_MAX 50000

struct flow_reason {
    struct text reason;
    uint32_t count;
};

struct flow {
    uint32_t started;
    uint32_t completed;
    uint32_t completed_within_standard;
    uint32_t closed;
    uint32_t reopened;
    uint32_t transferred_in;
    uint32_t transferred_out;
    uint32_t contacts;
    uint32_t n; /* the completed, whose days the statistics are of; POSITION_NULL without any */
    int32_t longest;
    int32_t median_tenths;
    int32_t mean_tenths;
    int32_t p90;
    size_t reason_count;
    struct flow_reason reasons[FLOW_REASONS_MAX]; /* by their names as bytes */
};

struct flow_row {
    day_t from;
    day_t to;
    struct text keys[GROUP_BY_MAX]; /* borrowed from the register; "unknown" where there is no value */
    struct flow flow;
};

struct flow_request {
    day_t from;
    day_t to; /* not before `from` */
    enum flow_step step;
    const struct field_name *group_by;
    size_t group_by_count;
    const struct wait_filter *filter; /* fields and subject_prefix only: everything else tells of one day */
};

struct flow_table {
    struct flow_row *rows; /* by period, then by their keys as bytes; without group_by every period has a row */
    size_t row_count;
};

/* Reads the history of every wait. False when there would be more than FLOW_ROWS_MAX rows. The caller frees with flow_table_free. */
bool register_flow(struct waiting_register *reg, const struct flow_request *request, struct flow_table *table);
/* Several of them at once, each history being read once. False when one of them would have too many rows: then there is no table. */
bool register_flows(struct waiting_register *reg, const struct flow_request *requests, size_t count, struct flow_table *tables);
void flow_table_free(struct flow_table *table);

#endif
