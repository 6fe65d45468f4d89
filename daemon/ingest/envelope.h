/* From bytes to a checked event: JSON limits, CloudEvents attributes, the vocabulary of each type (rules, sections 2 and 3). */
#ifndef WAITLIST_INGEST_ENVELOPE_H
#define WAITLIST_INGEST_ENVELOPE_H

#include "daemon/core/policy.h"

#define EVENT_BYTES_MAX 16384
#define EVENT_NESTING_MAX 8

/* In the order of the checks. */
enum reject_code {
    REJECT_NONE,
    REJECT_TOO_LARGE,
    REJECT_NOT_JSON,
    REJECT_BAD_ENVELOPE,
    REJECT_ID_CONFLICT,
    REJECT_UNKNOWN_TYPE,
    REJECT_PERSONAL_DATA,
    REJECT_BAD_DATA,
    REJECT_UNKNOWN_PATHWAY,
    REJECT_TIME_IN_FUTURE,
    REJECT_TIME_TOO_OLD,
    REJECT_CODE_COUNT
};

const char *reject_code_name(enum reject_code code);

/* Why an event was not accepted; message and pointer are NUL-terminated, pointer may be "" (the whole event). Never holds a value of
 * the event. */
struct rejection {
    enum reject_code code;
    char message[160];
    char pointer[160];
};

/* What validation must know beside the event. Borrowed during the call. */
struct intake_rules {
    const struct policy *policy;
    const struct calendar *calendar;
    day_t epoch; /* clock_start and time are not before it */
    int64_t max_future_skew_ms;
    const struct text *numeric_sources; /* sources exempted from the NHS number check */
    size_t numeric_source_count;
};

/* A parser with its scratch memory; not thread-safe, reusable for ever. Texts of an event stay valid until its next call. */
struct envelope;

struct envelope *envelope_create(void);
void envelope_destroy(struct envelope **envelope);

/* Step 1: size, JSON, CloudEvents attributes; fills type (EVENT_TYPE_COUNT when unknown), source, id, subject, time, sequence.
 * False with too_large, not_json or bad_envelope. `event->source` and `event->id` are TEXT_ABSENT when they could not be read. */
bool envelope_parse(struct envelope *envelope, struct text bytes, struct event *event, struct rejection *rejection);
/* Step 2, on the bytes last parsed: unknown_type, personal_data, bad_data, unknown_pathway, time_in_future, time_too_old, in this order;
 * fills the rest of the event. */
bool envelope_validate(struct envelope *envelope, const struct intake_rules *rules, instant_t now, struct event *event,
                       struct rejection *rejection);

/* An event accepted before, read from the journal: parsed without the checks. False only when the bytes are damaged. */
bool envelope_decode(struct envelope *envelope, struct text bytes, struct event *event);

/* Whether two accepted or acceptable events say the same: type, subject, instant and `data` as parsed values
 * (members in any order, numbers by value). Rules, section 3, "duplicate". Does not disturb the event last parsed. */
bool envelope_same(struct envelope *envelope, struct text a, struct text b);

/* Splits one events frame (docs/protocol.md, Ingest) and calls `each` for every event in it, in order: a frame that as a whole is one JSON
 * object is one event, else one event a line (blank lines skipped, CR LF allowed). `each` returns false to stop.
 * Returns how many events were seen. */
size_t envelope_split(struct envelope *envelope, struct text frame, bool (*each)(void *context, struct text event), void *context);

#endif
