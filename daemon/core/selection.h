/* Choosing, grouping and sorting waits for a query (docs/protocol.md, Query, `group_by`, `filter`, `sort`). */
#ifndef WAITLIST_CORE_SELECTION_H
#define WAITLIST_CORE_SELECTION_H

#include "daemon/core/register.h"

enum wait_field {
    FIELD_PATHWAY,
    FIELD_TEAM,
    FIELD_DISTRICT,
    FIELD_CLIENT_GROUP,
    FIELD_PRIORITY,
    FIELD_STAGE,
    FIELD_IMPACT,
    FIELD_LIKELIHOOD,
    FIELD_WORKER,
    FIELD_DIMENSION
};

/* A field, and of FIELD_DIMENSION the dimension's name. */
struct field_name {
    enum wait_field field;
    struct text dimension;
};
/* "pathway", "dimension.deprivation" …; false when it is none. The dimension's text is borrowed from `name`. */
bool field_name_of(struct text name, struct field_name *field);

#define GROUP_BY_MAX 4
#define FILTER_FIELDS_ASKED_MAX 16
#define FILTER_FIELDS_MAX (FILTER_FIELDS_ASKED_MAX + 1) /* and the teams to which the asker is limited */
#define FILTER_VALUES_MAX 64
#define SUMMARY_ROWS_MAX 20000
#define WAITS_LIMIT_MAX 1000
#define KEY_UNKNOWN "unknown" /* shown and asked for where a wait has no value */

enum choice { CHOICE_ANY, CHOICE_NO, CHOICE_YES };

struct field_filter {
    struct field_name name;
    size_t value_count;
    struct text values[FILTER_VALUES_MAX];
};

/* A wait passes when every part passes; an empty filter (all zero) lets every wait with a referral pass. */
struct wait_filter {
    size_t field_count;
    struct field_filter fields[FILTER_FIELDS_MAX];
    enum choice breach;
    enum choice due;
    enum choice paused;
    enum choice no_contact;
    bool has_min_days;
    bool has_max_days;
    int32_t min_days;
    int32_t max_days;
    unsigned statuses; /* bits 1 << enum status; 0: any */
    struct text subject_prefix;
};

struct summary_row {
    struct text keys[GROUP_BY_MAX]; /* borrowed from the register; "unknown" where there is no value */
    struct position position;
};

struct summary {
    struct summary_row *rows; /* by their keys as bytes; groups in which nobody waits or is scheduled are left out */
    size_t row_count;
    struct position total;
};

/* False when there are more than SUMMARY_ROWS_MAX groups. The caller frees with summary_free. Waits that ended are not counted. */
bool register_summary(struct waiting_register *reg, const struct field_name *group_by, size_t group_by_count,
                      const struct wait_filter *filter, struct summary *summary);
void summary_free(struct summary *summary);

enum wait_sort { SORT_DAYS, SORT_DAYS_TO_BREACH, SORT_RISK, SORT_PRIORITY, SORT_LAST_CONTACT, SORT_SUBJECT };
#define WAIT_SORT_COUNT (SORT_SUBJECT + 1)
const char *wait_sort_name(enum wait_sort sort);

/* Where a wait stands in the order asked for; also the cursor of the next page. */
struct sort_place {
    bool is_null; /* nulls come last in both directions */
    int64_t value;
    struct text subject; /* ties, as bytes */
};

struct waits_request {
    const struct wait_filter *filter;
    enum wait_sort sort;
    bool descending;
    size_t limit;                   /* 1 to WAITS_LIMIT_MAX */
    const struct sort_place *after; /* NULL: from the beginning */
};

struct waits_page {
    uint64_t count; /* waits that pass the filter, on all pages */
    size_t row_count;
    bool more;
    uint32_t waits[WAITS_LIMIT_MAX];
    struct sort_place last; /* of the last row; its subject is borrowed from the register */
};

void register_waits(const struct waiting_register *reg, const struct waits_request *request, struct waits_page *page);

#endif
