/* How many wait by completed week waited, and how many of those longer than their standard: what a histogram is drawn from. */
#ifndef WAITLIST_CORE_DISTRIBUTION_H
#define WAITLIST_CORE_DISTRIBUTION_H

#include "daemon/core/selection.h"

#define DISTRIBUTION_ROW_DAYS 7
#define DISTRIBUTION_ROWS_MAX 520 /* ten years; the last row then has everybody who waits longer */

struct distribution_row {
    uint32_t count;
    uint32_t over_standard; /* of them, in breach */
};

/* A standard that somebody who was counted is held against. */
struct distribution_standard {
    int32_t days;
    enum day_unit unit;
    uint32_t count;
};

struct distribution {
    struct distribution_row rows[DISTRIBUTION_ROWS_MAX]; /* row i: those who wait 7 i to 7 i + 6 days */
    size_t row_count;                                    /* the last row has somebody; 0: nobody waits */
    bool is_open;                                        /* the last row has no end */
    struct distribution_row total;
    struct distribution_standard *standards; /* by unit, then days */
    size_t standard_count;
    size_t standard_capacity;
};

/* Of those who wait and pass the filter. From the counters where these tell enough, else from the single waits, as register_summary. The
 * caller frees with distribution_free. */
void register_distribution(const struct waiting_register *reg, const struct wait_filter *filter, struct distribution *distribution);
void distribution_free(struct distribution *distribution);

#endif
