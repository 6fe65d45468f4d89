/* One simulated event before it is written, and how it becomes a CloudEvents object in JSON. */
#ifndef WAITLIST_SIMULATE_RECORD_H
#define WAITLIST_SIMULATE_RECORD_H

#include "client/simulate/council.h"
#include "daemon/core/event.h"

#define RECORD_BYTES_MAX 1024

enum close_reason {
    REASON_WITHDRAWN,
    REASON_DECLINED,
    REASON_DIED,
    REASON_MOVED_AWAY,
    REASON_NHS_FUNDED,
    REASON_SELF_FUNDED,
    REASON_SIGNPOSTED,
    REASON_ADMITTED,
    REASON_DUPLICATE,
    REASON_RECORDED_IN_ERROR,
    REASON_OTHER,
    CLOSE_REASON_COUNT
};

/* An identity is drawn, never counted, so that two records never share one; the words are the halves of a UUID (version 4). */
struct record_identity {
    uint64_t high;
    uint64_t low;
};

/* What an event says. Only the members of its type are written; `priority` 0, `district` -1 and the like are left out. */
struct record {
    instant_t arrival; /* when the sender hands it over */
    instant_t time;
    struct record_identity identity;
    struct record_identity retracts; /* of a retraction */
    uint64_t number;                 /* of the wait, below 10^9 */
    uint64_t person;
    uint32_t order; /* of creation: settles equal arrivals */
    uint16_t worker;
    uint8_t type; /* enum event_type */
    uint8_t pathway;
    int8_t team;
    int8_t district;
    int8_t client_group;
    uint8_t priority;
    uint8_t impact;
    uint8_t likelihood;
    uint8_t deprivation; /* 1-5 */
    uint8_t code;        /* reason, method or outcome: an index into the list of the type */
    day_t clock_start;   /* DAY_NONE when the referral's own day is meant */
    uint32_t sequence;   /* 0: none; else the sender's order within a date-only time */
    bool says_date_only; /* `time` is local midnight, written with its offset */
};

/* How many codes a type's list has; the index must lie below. */
uint8_t record_code_count(enum event_type type);

/* `traced` adds what a message broker adds on the way (`dataschema`, `traceparent`). The date last written is kept. */
struct record_writer {
    day_t date_day;
    bool traced;
    char date_text[DATE_SIZE];
};
void record_writer_start(struct record_writer *writer, bool traced);
/* Writes the event without a line end; returns its length. */
size_t record_write(struct record_writer *writer, const struct record *record, char out[RECORD_BYTES_MAX]);

#endif
