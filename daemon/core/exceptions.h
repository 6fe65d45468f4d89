/* The list of exceptions (rules, section 4): what was found that a filter lets pass, counted, and one page of it with the events involved.
 */
#ifndef WAITLIST_CORE_EXCEPTIONS_H
#define WAITLIST_CORE_EXCEPTIONS_H

#include "daemon/core/counts.h"
#include "daemon/core/findings.h"
#include "daemon/core/selection.h"

#define EXCEPTIONS_LIMIT_MAX 1000
#define EXCEPTIONS_COUNTED_MAX 1000 /* sources, and teams, that are counted one by one: the most frequent */
#define EXCEPTION_AGES 4

/* The last day of each age, in days since the event's day; the last age has none. */
extern const int32_t exception_ages[EXCEPTION_AGES - 1];

struct value_list {
    size_t count; /* 0: any */
    struct text at[FILTER_VALUES_MAX];
};

struct exceptions_filter {
    unsigned codes; /* bits 1 << enum finding_code; at least one */
    struct value_list sources;
    struct value_list pathways; /* of the wait; KEY_UNKNOWN where it has no referral */
    struct value_list teams;    /* the same */
    struct value_list subjects;
};

/* Where a finding stands in the order of the list; also the cursor of the next page. */
struct exception_place {
    instant_t effective_time;
    uint64_t seq;
    uint32_t ordinal; /* of the findings of one event */
};

struct exceptions_request {
    const struct exceptions_filter *filter;
    const struct known_values *known; /* may be NULL where no warning is asked for */
    int32_t backdated_days;
    size_t limit;                        /* 1 to EXCEPTIONS_LIMIT_MAX */
    const struct exception_place *after; /* NULL: from the beginning */
};

struct involved_event {
    uint64_t seq; /* 0: none */
    enum event_type type;
    instant_t time;
    instant_t received;
    struct text subject;
    struct text source;
    struct text id;
};

struct exception_row {
    struct exception_place place;
    enum finding_code code;
    bool excluded;
    int32_t age_days; /* since the event's day, 0 at least */
    uint32_t wait;
    struct text subject; /* borrowed from the register, as pathway and team: absent without a referral */
    struct text pathway;
    struct text team;
    struct unknown_value unknown; /* of FINDING_UNKNOWN_VALUE */
    uint32_t part;
    uint32_t involved_wait;
    struct involved_event event;
    struct involved_event involved;
};

struct exceptions_page {
    uint64_t count; /* of all pages */
    uint64_t by_code[FINDING_CODE_COUNT];
    uint64_t by_age[EXCEPTION_AGES];
    struct counts *by_source;
    struct counts *by_team; /* KEY_UNKNOWN: no referral */
    size_t row_count;
    bool more;
    struct texts *texts;                             /* of the rows' events */
    struct exception_row rows[EXCEPTIONS_LIMIT_MAX]; /* the oldest event first, then by seq */
};

/* The caller frees with exceptions_free. */
struct exceptions_page *register_exceptions(struct waiting_register *reg, const struct exceptions_request *request);
void exceptions_free(struct exceptions_page **page);

#endif
