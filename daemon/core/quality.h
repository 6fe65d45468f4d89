/* The quality of what was recorded (rules, section 4): findings by code and source, lateness, unknown values, completeness. */
#ifndef WAITLIST_CORE_QUALITY_H
#define WAITLIST_CORE_QUALITY_H

#include "daemon/core/counts.h"
#include "daemon/core/findings.h"
#include "daemon/core/position.h"

#define QUALITY_SOURCES_MAX 1000  /* shown: those with the most events */
#define QUALITY_VALUES_MAX 1000   /* unknown values shown: the most frequent */
#define QUALITY_DOUBLES_MAX 1000  /* waits of one person shown: the first of the journal */
#define QUALITY_DIMENSIONS_MAX 64 /* whose completeness is counted: those listed, then those met first */
#define QUALITY_LATE_DAYS 14

/* Days between what happened and its arrival. POSITION_NULL where n is 0. */
struct lateness {
    uint64_t n;
    int32_t median_tenths;
    int32_t p90;
    uint64_t late; /* more than QUALITY_LATE_DAYS */
    int32_t late_percent_tenths;
};

struct source_quality {
    struct text source;
    uint64_t events;    /* accepted */
    uint64_t retracted; /* of them */
    instant_t first_event;
    instant_t last_event;
    instant_t first_received;
    instant_t last_received;
    uint64_t by_code[FINDING_CODE_COUNT];
    struct lateness lateness;
};

struct value_quality {
    struct text field; /* known_field_name */
    struct text value;
    uint64_t count; /* of events */
};

/* A person's further wait on a pathway. */
struct double_wait {
    uint64_t seq; /* of its referral */
    struct text person;
    struct text pathway;
    struct text subject;
    struct text other; /* the subject of the first one */
};

enum quality_field {
    QUALITY_DISTRICT,
    QUALITY_CLIENT_GROUP,
    QUALITY_PRIORITY,
    QUALITY_IMPACT,
    QUALITY_LIKELIHOOD,
    QUALITY_CLOCK_START,
    QUALITY_WORKER, /* of those allocated or in progress */
    QUALITY_FIELD_COUNT
};
const char *quality_field_name(enum quality_field field);

struct filled {
    uint32_t with;
    uint32_t of;
    int32_t percent_tenths; /* POSITION_NULL where `of` is 0 */
};

struct completeness {
    struct text pathway; /* absent: of all */
    uint32_t waits;
    struct filled fields[QUALITY_FIELD_COUNT];
    struct filled dimensions[QUALITY_DIMENSIONS_MAX];
};

struct quality_request {
    const struct known_values *known;
    int32_t backdated_days;
    day_t from; /* what was received from this day, */
    day_t to;   /* to this day; DAY_NONE: no end */
};

/* Texts are borrowed from the register, or live as long as this. */
struct quality {
    uint64_t by_code[FINDING_CODE_COUNT];
    struct lateness lateness;
    size_t source_count;
    size_t source_total;
    struct source_quality *sources;
    size_t value_count;
    size_t value_total; /* how many different ones */
    struct value_quality *values;
    size_t double_count;
    struct double_wait *doubles;
    size_t dimension_count;
    size_t dimension_total;
    struct text dimensions[QUALITY_DIMENSIONS_MAX];
    size_t completeness_count;
    struct completeness *completeness; /* of all, then by pathway in the order of their names */
    uint64_t without_referral;
    uint64_t excluded_in_error;
    uint64_t excluded_duplicate;
    struct names *source_names; /* what the texts above live in */
    struct names *dimension_names;
    struct counts *value_counts;
};

/* The caller frees with quality_free. */
struct quality *register_quality(struct waiting_register *reg, const struct quality_request *request);
void quality_free(struct quality **quality);

#endif
