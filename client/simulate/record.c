/* Writes a simulated event as JSON by hand: a million a second and more, which no JSON library here does. */
#include "client/simulate/record.h"

#include <string.h>

#include "client/simulate/british.h"
#include "client/simulate/random.h"
#include "daemon/core/memory.h"

#define WORKER_DIGITS 4
#define WAIT_DIGITS 9
#define PERSON_HEX_DIGITS 12
#define SEQUENCE_DIGITS 8

static const char *const close_reasons[CLOSE_REASON_COUNT] = {
    [REASON_WITHDRAWN] = "withdrawn",
    [REASON_DECLINED] = "declined",
    [REASON_DIED] = "died",
    [REASON_MOVED_AWAY] = "moved_away",
    [REASON_NHS_FUNDED] = "nhs_funded",
    [REASON_SELF_FUNDED] = "self_funded",
    [REASON_SIGNPOSTED] = "signposted",
    [REASON_ADMITTED] = "admitted_to_hospital",
    [REASON_DUPLICATE] = "duplicate",
    [REASON_RECORDED_IN_ERROR] = "recorded_in_error",
    [REASON_OTHER] = "other",
};
static const char *const pause_reasons[] = {"in_hospital", "person_away", "awaiting_information", "family_request"};
static const char *const methods[] = {"telephone", "letter", "visit", "email", "video"};
static const char *const outcomes[] = {"support_planned", "no_eligible_needs", "equipment_provided", "reablement", "no_change"};
static const char *const reopen_reasons[] = {"needs_changed", "completed_in_error", "person_returned"};

#define COUNT_OF(list) ((uint8_t)(sizeof(list) / sizeof((list)[0])))

uint8_t record_code_count(enum event_type type) {
    switch (type) {
    case EVENT_WAIT_CLOSED:
        return CLOSE_REASON_COUNT;
    case EVENT_WAIT_PAUSED:
        return COUNT_OF(pause_reasons);
    case EVENT_CONTACT_MADE:
        return COUNT_OF(methods);
    case EVENT_ASSESSMENT_COMPLETED:
    case EVENT_REVIEW_COMPLETED:
    case EVENT_SERVICE_STARTED:
        return COUNT_OF(outcomes);
    case EVENT_WAIT_REOPENED:
        return COUNT_OF(reopen_reasons);
    default:
        return 1;
    }
}

static const char hex_digits[] = "0123456789abcdef";

#define PUT_LITERAL(at, literal) put_bytes((at), (literal), sizeof(literal) - 1)

static char *put_bytes(char *at, const char *bytes, size_t length) {
    memcpy(at, bytes, length);
    return at + length;
}

static char *put_text(char *at, const char *text) {
    return put_bytes(at, text, strlen(text));
}

static char *put_hex(char *at, uint64_t value, int digits) {
    for (int i = digits - 1; i >= 0; i--) {
        at[i] = hex_digits[value & 15];
        value >>= 4;
    }
    return at + digits;
}

static char *put_digits(char *at, uint64_t value, int digits) {
    for (int i = digits - 1; i >= 0; i--) {
        at[i] = (char)('0' + value % 10);
        value /= 10;
    }
    return at + digits;
}

/* A UUID as version 4 asks for it: RFC 9562, section 5.4. */
static char *put_uuid(char *at, struct record_identity identity) {
    at = put_hex(at, identity.high >> 32, 8);
    *at++ = '-';
    at = put_hex(at, identity.high >> 16, 4);
    *at++ = '-';
    *at++ = '4';
    at = put_hex(at, identity.high, 3);
    *at++ = '-';
    *at++ = hex_digits[8 + ((identity.low >> 60) & 3)];
    at = put_hex(at, identity.low >> 48, 3);
    *at++ = '-';
    return put_hex(at, identity.low, 12);
}

static char *put_date(struct record_writer *writer, char *at, day_t day) {
    if (day != writer->date_day) {
        writer->date_day = day;
        date_format(day, writer->date_text);
    }
    return put_bytes(at, writer->date_text, DATE_SIZE - 1);
}

static char *put_time(struct record_writer *writer, char *at, const struct record *record) {
    int offset_hours = record->says_date_only ? british_offset_hours(record->time) : 0;
    instant_t local = record->time + offset_hours * HOUR_MS;
    uint64_t of_day = (uint64_t)(local % DAY_MS);
    at = put_date(writer, at, (day_t)(local / DAY_MS));
    *at++ = 'T';
    at = put_digits(at, of_day / (uint64_t)HOUR_MS, 2);
    *at++ = ':';
    at = put_digits(at, of_day / (uint64_t)MINUTE_MS % 60, 2);
    *at++ = ':';
    at = put_digits(at, of_day / (uint64_t)SECOND_MS % 60, 2);
    if (offset_hours == 0) {
        *at++ = 'Z';
        return at;
    }
    return PUT_LITERAL(at, "+01:00");
}

static char *put_member(char *at, const char *name, const char *value) {
    *at++ = ',';
    *at++ = '"';
    at = put_text(at, name);
    at = PUT_LITERAL(at, "\":\"");
    at = put_text(at, value);
    *at++ = '"';
    return at;
}

static char *put_score(char *at, const char *name, uint8_t value) {
    if (value == 0) {
        return at;
    }
    *at++ = ',';
    *at++ = '"';
    at = put_text(at, name);
    *at++ = '"';
    *at++ = ':';
    *at++ = (char)('0' + value);
    return at;
}

static char *put_assessed_risk(char *at, const struct record *record) {
    at = put_score(at, "priority", record->priority);
    at = put_score(at, "impact", record->impact);
    return put_score(at, "likelihood", record->likelihood);
}

static char *put_district(char *at, const struct record *record) {
    return record->district < 0 ? at : put_member(at, "district", council_districts[record->district].name);
}

static char *put_referral(struct record_writer *writer, char *at, const struct record *record) {
    at = put_member(at, "pathway", council_pathways[record->pathway].name);
    at = put_member(at, "team", council_teams[record->team]);
    at = PUT_LITERAL(at, ",\"person\":\"p-");
    at = put_hex(at, record->person, PERSON_HEX_DIGITS);
    *at++ = '"';
    if (record->clock_start != DAY_NONE) {
        at = PUT_LITERAL(at, ",\"clock_start\":\"");
        at = put_date(writer, at, record->clock_start);
        *at++ = '"';
    }
    at = put_district(at, record);
    if (record->client_group >= 0) {
        at = put_member(at, "client_group", council_client_groups[record->client_group]);
    }
    at = put_assessed_risk(at, record);
    if (record->deprivation != 0) {
        at = PUT_LITERAL(at, ",\"dimensions\":{\"deprivation\":\"");
        *at++ = (char)('0' + record->deprivation);
        at = PUT_LITERAL(at, "\"}");
    }
    return at;
}

/* The members of `data`, each with a comma in front; the caller turns the first comma into the brace. */
static char *put_data(struct record_writer *writer, char *at, const struct record *record) {
    switch ((enum event_type)record->type) {
    case EVENT_REFERRAL_RECEIVED:
        return put_referral(writer, at, record);
    case EVENT_REFERRAL_TRIAGED:
        return put_assessed_risk(at, record);
    case EVENT_WAIT_TRANSFERRED:
        return put_district(put_member(at, "team", council_teams[record->team]), record);
    case EVENT_WAIT_ALLOCATED:
        at = PUT_LITERAL(at, ",\"worker\":\"w-");
        at = put_digits(at, record->worker, WORKER_DIGITS);
        *at++ = '"';
        return at;
    case EVENT_WAIT_PAUSED:
        return put_member(at, "reason", pause_reasons[record->code]);
    case EVENT_CONTACT_MADE:
        return put_member(at, "method", methods[record->code]);
    case EVENT_ASSESSMENT_COMPLETED:
    case EVENT_REVIEW_COMPLETED:
    case EVENT_SERVICE_STARTED:
        return put_member(at, "outcome", outcomes[record->code]);
    case EVENT_WAIT_CLOSED:
        return put_member(at, "reason", close_reasons[record->code]);
    case EVENT_WAIT_REOPENED:
        return put_member(at, "reason", reopen_reasons[record->code]);
    case EVENT_RETRACTED:
        at = PUT_LITERAL(at, ",\"id\":\"");
        at = put_uuid(at, record->retracts);
        *at++ = '"';
        return at;
    default:
        return at;
    }
}

/* The trace context of W3C, as the CloudEvents extension for distributed tracing carries it. */
static char *put_trace(char *at, struct record_identity identity) {
    at = PUT_LITERAL(at, "\"dataschema\":\"urn:asc:events:1\",\"traceparent\":\"00-");
    at = put_hex(at, random_mix(identity.high) | 1, 16);
    at = put_hex(at, identity.low, 16);
    *at++ = '-';
    at = put_hex(at, random_mix(identity.low) | 1, 16);
    return PUT_LITERAL(at, "-01\",");
}

void record_writer_start(struct record_writer *writer, bool traced) {
    writer->date_day = DAY_NONE;
    writer->traced = traced;
}

size_t record_write(struct record_writer *writer, const struct record *record, char out[RECORD_BYTES_MAX]) {
    ENSURE(record->code < record_code_count(record->type));
    const struct pathway_fact *pathway = &council_pathways[record->pathway];
    char *at = PUT_LITERAL(out, "{\"specversion\":\"1.0\",\"id\":\"");
    at = put_uuid(at, record->identity);
    at = PUT_LITERAL(at, "\",\"source\":\"");
    at = put_text(at, pathway->source);
    at = PUT_LITERAL(at, "\",\"type\":\"");
    at = put_text(at, event_type_name(record->type));
    at = PUT_LITERAL(at, "\",\"subject\":\"");
    at = put_text(at, pathway->subject_prefix);
    at = put_digits(at, record->number, WAIT_DIGITS);
    at = PUT_LITERAL(at, "\",\"time\":\"");
    at = put_time(writer, at, record);
    at = PUT_LITERAL(at, "\",");
    if (record->sequence != 0) {
        at = PUT_LITERAL(at, "\"sequence\":\"");
        at = put_digits(at, record->sequence, SEQUENCE_DIGITS);
        at = PUT_LITERAL(at, "\",");
    }
    at = PUT_LITERAL(at, "\"datacontenttype\":\"application/json\",");
    if (writer->traced) {
        at = put_trace(at, record->identity);
    }
    at = PUT_LITERAL(at, "\"data\":");
    char *data = at;
    at = put_data(writer, at, record);
    if (at == data) {
        *at++ = '{';
    } else {
        *data = '{';
    }
    at = PUT_LITERAL(at, "}}");
    return (size_t)(at - out);
}
