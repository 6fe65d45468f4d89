/* The national waiting-time measure: the method of the Department of Health and Social Care, version 1.1, from Client Level Data, beside
 * our own measure of the same people (docs/cld.md goes through the method rule by rule). */
#ifndef WAITLIST_IMPORT_DHSC_H
#define WAITLIST_IMPORT_DHSC_H

#include "client/import/cld.h"
#include "daemon/core/rules.h"

#define DHSC_METHOD_VERSION "1.1"
#define DHSC_METHOD_DATE "2026-05-19"
/* Our reading of that method, and our own measure beside it. */
#define DHSC_READING_VERSION RULES_DHSC
#define DHSC_OWN_RULE_VERSION RULES_DHSC_OWN
#define DHSC_OWN_STANDARD_DAYS 28

#define DHSC_FIRST_RESPONSE_NAME "Wait time to first response"

enum dhsc_metric { DHSC_FIRST_RESPONSE, DHSC_FIRST_SERVICE };
const char *dhsc_metric_name(enum dhsc_metric metric); /* as DHSC writes it */

/* Why a request is in no figure (the rule's number in brackets). The first that applies counts. */
enum dhsc_verdict {
    DHSC_COUNTED,
    DHSC_NOT_SERVICE_USER,  /* (2) */
    DHSC_TOO_EARLY,         /* (2) before 1 April 2023 */
    DHSC_UNDER_25,          /* (2) */
    DHSC_AGE_UNKNOWN,       /* (2) */
    DHSC_EXISTING_CLIENT,   /* (3) */
    DHSC_NO_FURTHER_ACTION, /* (4) or admitted to hospital */
    DHSC_NO_OUTCOME,        /* (4) */
    DHSC_OVERLAPS,          /* (9) an earlier request keeps the clock */
    DHSC_NOTHING_FOLLOWS,   /* (7) neither assessment nor service yet */
    DHSC_VERDICT_COUNT
};
const char *dhsc_verdict_code(enum dhsc_verdict verdict);
const char *dhsc_verdict_text(enum dhsc_verdict verdict);

/* A request that passed rules 1 to 4; its records live until the sink returns. */
struct dhsc_request {
    const struct cld_record *request, *response, *service; /* NULL: none */
    int32_t to_response, to_service;                       /* days; -1: none */
    enum dhsc_verdict verdict;                             /* COUNTED, OVERLAPS or NOTHING_FOLLOWS */
};
typedef void (*dhsc_sink)(void *context, const struct dhsc_request *request);

/* The events of one person stand in memory together. What has more of them is no person, and counts nowhere: its lines are noted as
 * CLD_NO_ONE_PERSON. */
#define DHSC_PERSON_EVENTS_MAX 100000

/* Our own measure (rules, section 5 and 6): calendar days from the request to the end of the assessment that was its first response. */
struct dhsc_own {
    uint64_t n, within_standard;
    double median, mean; /* meaningless while n is 0, as the two below */
    int32_t p90, longest;
};

struct dhsc_row {
    const char *la_code; /* borrowed from the store */
    enum dhsc_metric metric;
    day_t from, to; /* the quarter in which the response, or the service, started */
    enum cld_band band;
    double median; /* days, interpolated */
    uint64_t n;
    uint64_t all_requests, all_assessments, all_services;              /* that started in the quarter, in the method's timeline (13) */
    uint64_t by_request, by_assessment, by_service, at_short, at_long; /* of first responses */
    uint64_t by_type[CLD_OTHER_SHORT_TERM + 1];                        /* of first services, by enum cld_service */
    struct dhsc_own own;                                               /* of first responses */
};

struct dhsc;

/* Goes through a settled store, made CLD_FOR_DHSC, which outlives the result; `sink` (NULL: none) gets every request. NULL when the
 * temporary file failed: `message` says why. Memory: below 16 MiB, whatever the number of records. */
struct dhsc *dhsc_compute(struct cld_store *store, dhsc_sink sink, void *context, char message[CLD_MESSAGE_BYTES]);
void dhsc_destroy(struct dhsc **dhsc);

/* By LA code, metric, quarter, band. */
const struct dhsc_row *dhsc_rows(const struct dhsc *dhsc, size_t *count);
uint64_t dhsc_verdict_count(const struct dhsc *dhsc, enum dhsc_verdict verdict); /* requests */

#endif
