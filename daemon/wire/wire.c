/* The JSON shapes of docs/protocol.md. */
#include "daemon/wire/wire.h"

#include "daemon/core/memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Dumps numbers with as many digits as one decimal of a day needs, so that 24.8 is not shown as 24.800000000000001. */
#define REAL_DIGITS 12

static void set(json_t *object, const char *key, json_t *value) {
    ENSURE(json_object_set_new_nocheck(object, key, value) == 0);
}

json_t *wire_text(struct text text) {
    return text.at == NULL ? json_null() : json_stringn_nocheck(text.at, text.length);
}

json_t *wire_day(day_t day) {
    char text[DATE_SIZE];
    if (day == DAY_NONE)
        return json_null();
    date_format(day, text);
    return json_string_nocheck(text);
}

json_t *wire_instant(instant_t instant) {
    char text[INSTANT_SIZE];
    if (instant == INSTANT_NONE)
        return json_null();
    instant_format(instant, text);
    return json_string_nocheck(text);
}

json_t *wire_tenths(int32_t tenths) {
    if (tenths == POSITION_NULL)
        return json_null();
    return tenths % 10 == 0 ? json_integer(tenths / 10) : json_real(tenths / 10.0);
}

static json_t *optional_number(int32_t number, int32_t absent) {
    return number == absent ? json_null() : json_integer(number);
}

json_t *wire_position(const struct position *position) {
    json_t *object = json_object();
    set(object, "waiting", json_integer(position->waiting));
    set(object, "unallocated", json_integer(position->unallocated));
    set(object, "allocated", json_integer(position->allocated));
    set(object, "in_progress", json_integer(position->in_progress));
    set(object, "paused", json_integer(position->paused));
    set(object, "breach", json_integer(position->breach));
    set(object, "due", json_integer(position->due));
    set(object, "scheduled", json_integer(position->scheduled));
    set(object, "no_contact", json_integer(position->no_contact));
    set(object, "longest", optional_number(position->longest, POSITION_NULL));
    set(object, "median", wire_tenths(position->median_tenths));
    set(object, "mean", wire_tenths(position->mean_tenths));
    set(object, "p90", optional_number(position->p90, POSITION_NULL));
    json_t *bands = json_array();
    for (size_t i = 0; i < position->band_count; i++)
        json_array_append_new(bands, json_integer(position->bands[i]));
    set(object, "bands", bands);
    return object;
}

static json_t *difference_of(int32_t known, int32_t reported) {
    return known == POSITION_NULL || reported == POSITION_NULL ? json_null() : json_integer(known - reported);
}

static json_t *difference_of_tenths(int32_t known, int32_t reported) {
    int32_t tenths = known - reported;
    if (known == POSITION_NULL || reported == POSITION_NULL)
        return json_null();
    return tenths % 10 == 0 ? json_integer(tenths / 10) : json_real(tenths / 10.0);
}

json_t *wire_difference(const struct position *known, const struct position *reported) {
    const struct {
        const char *name;
        uint32_t known;
        uint32_t reported;
    } counts[] = {
        {"waiting", known->waiting, reported->waiting},
        {"unallocated", known->unallocated, reported->unallocated},
        {"allocated", known->allocated, reported->allocated},
        {"in_progress", known->in_progress, reported->in_progress},
        {"paused", known->paused, reported->paused},
        {"breach", known->breach, reported->breach},
        {"due", known->due, reported->due},
        {"scheduled", known->scheduled, reported->scheduled},
        {"no_contact", known->no_contact, reported->no_contact},
    };
    json_t *object = json_object();
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++)
        set(object, counts[i].name, json_integer((json_int_t)counts[i].known - (json_int_t)counts[i].reported));
    set(object, "longest", difference_of(known->longest, reported->longest));
    set(object, "median", difference_of_tenths(known->median_tenths, reported->median_tenths));
    set(object, "mean", difference_of_tenths(known->mean_tenths, reported->mean_tenths));
    set(object, "p90", difference_of(known->p90, reported->p90));
    json_t *bands = known->band_count == reported->band_count ? json_array() : json_null();
    for (size_t i = 0; json_is_array(bands) && i < known->band_count; i++)
        json_array_append_new(bands, json_integer((json_int_t)known->bands[i] - (json_int_t)reported->bands[i]));
    set(object, "bands", bands);
    return object;
}

json_t *wire_flow(const struct flow *flow) {
    json_t *object = json_object();
    json_t *reasons = json_object();
    for (size_t i = 0; i < flow->reason_count; i++)
        ENSURE(json_object_setn_new_nocheck(reasons, flow->reasons[i].reason.at, flow->reasons[i].reason.length,
                                            json_integer(flow->reasons[i].count)) == 0);
    set(object, "started", json_integer(flow->started));
    set(object, "completed", json_integer(flow->completed));
    set(object, "completed_within_standard", json_integer(flow->completed_within_standard));
    set(object, "closed", json_integer(flow->closed));
    set(object, "closed_by_reason", reasons);
    set(object, "reopened", json_integer(flow->reopened));
    set(object, "transferred_in", json_integer(flow->transferred_in));
    set(object, "transferred_out", json_integer(flow->transferred_out));
    set(object, "contacts", json_integer(flow->contacts));
    set(object, "n", json_integer(flow->n));
    set(object, "median", wire_tenths(flow->median_tenths));
    set(object, "mean", wire_tenths(flow->mean_tenths));
    set(object, "p90", optional_number(flow->p90, POSITION_NULL));
    set(object, "longest", optional_number(flow->longest, POSITION_NULL));
    return object;
}

static json_t *dimensions_of(struct text text) {
    json_t *object = json_object();
    const char *at = text.at;
    const char *end = at == NULL ? NULL : at + text.length;
    while (at < end) {
        const char *equals = memchr(at, '=', (size_t)(end - at));
        const char *semicolon = memchr(equals, ';', (size_t)(end - equals));
        const char *stop = semicolon == NULL ? end : semicolon;
        char name[NAME_MAX_BYTES + 1] = "";
        memcpy(name, at, (size_t)(equals - at));
        set(object, name, json_stringn_nocheck(equals + 1, (size_t)(stop - equals - 1)));
        at = stop + 1;
    }
    return object;
}

static void set_clock(json_t *object, const struct wait_view *view) {
    const struct clock_reading *clock = &view->clock;
    set(object, "status", json_string_nocheck(status_name(clock->status)));
    set(object, "start", wire_day(clock->start));
    set(object, "stop", wire_day(clock->stop));
    set(object, "reason", wire_text(view->reason));
    set(object, "outcome", wire_text(view->outcome));
    set(object, "days", json_integer(clock->days));
    set(object, "gross_days", json_integer(clock->gross_days));
    set(object, "paused_days", json_integer(clock->paused_days));
    set(object, "is_paused", json_boolean(clock->is_paused));
    set(object, "standard", json_integer(clock->standard));
    set(object, "days_to_breach", view->has_days_to_breach ? json_integer(view->days_to_breach) : json_null());
    set(object, "breach", json_boolean(clock->breach));
    set(object, "due", json_boolean(clock->due));
    set(object, "breach_on", wire_day(view->breach_on));
}

json_t *wire_wait(const struct wait_view *view) {
    json_t *object = json_object();
    set(object, "subject", wire_text(view->subject));
    set(object, "pathway", wire_text(view->pathway));
    set(object, "team", wire_text(view->team));
    set(object, "district", wire_text(view->district));
    set(object, "client_group", wire_text(view->client_group));
    set(object, "priority", optional_number(view->priority, 0));
    set(object, "impact", optional_number(view->impact, 0));
    set(object, "likelihood", optional_number(view->likelihood, 0));
    set(object, "dimensions", dimensions_of(view->dimensions));
    set(object, "person", wire_text(view->person));
    set(object, "worker", wire_text(view->worker));
    set(object, "stage", json_string_nocheck(stage_name(view->stage)));
    set_clock(object, view);
    set(object, "last_contact", wire_day(view->last_contact));
    set(object, "no_contact", json_boolean(view->no_contact));
    set(object, "exceptions", json_integer(view->exceptions));
    set(object, "last_event_at", wire_instant(view->last_event_at));
    return object;
}

void wire_alert_id(uint64_t raised_seq, char out[ALERT_ID_SIZE]) {
    snprintf(out, ALERT_ID_SIZE, "a%llu", (unsigned long long)raised_seq);
}

uint64_t wire_raised_seq(struct text alert_id) {
    const uint32_t digits_max = 19; /* of a number that fits 64 bits */
    uint64_t seq = 0;
    if (alert_id.length < 2 || alert_id.length > digits_max + 1 || alert_id.at[0] != 'a' || alert_id.at[1] == '0')
        return 0;
    for (uint32_t i = 1; i < alert_id.length; i++) {
        if (alert_id.at[i] < '0' || alert_id.at[i] > '9')
            return 0;
        seq = seq * 10 + (uint64_t)(alert_id.at[i] - '0');
    }
    return seq;
}

/* A number, or null. */
static const char *number_or_null(bool is_there, int32_t number, char out[16]) {
    if (is_there)
        snprintf(out, 16, "%d", (int)number);
    return is_there ? out : "null";
}

/* A name in quotes, or null. */
static const char *quoted(struct text text, char out[NAME_MAX_BYTES + 3]) {
    if (text.at == NULL)
        return "null";
    ENSURE(text.length <= NAME_MAX_BYTES);
    snprintf(out, NAME_MAX_BYTES + 3, "\"%.*s\"", (int)text.length, text.at);
    return out;
}

/* What somebody wrote, without control characters, in quotes; or null. */
static const char *written(struct text text, char *out) {
    size_t used = 0;
    if (text.at == NULL)
        return "null";
    out[used++] = '"';
    for (uint32_t i = 0; i < text.length; i++) {
        if (text.at[i] == '"' || text.at[i] == '\\')
            out[used++] = '\\';
        out[used++] = text.at[i];
    }
    out[used++] = '"';
    out[used] = '\0';
    return out;
}

static const char *quoted_day(day_t day, char out[DATE_SIZE + 2]) {
    char date[DATE_SIZE];
    if (day == DAY_NONE)
        return "null";
    date_format(day, date);
    snprintf(out, DATE_SIZE + 2, "\"%s\"", date);
    return out;
}

/* What a transition says in numbers. */
struct numbers {
    char level[16], days[16], standard[16], value[16], limit[16];
};

size_t wire_transition_text(const struct alert_transition *transition, char out[WIRE_TRANSITION_SIZE]) {
    char alert_id[ALERT_ID_SIZE], occurred_on[DATE_SIZE], at[INSTANT_SIZE], expected_by[DATE_SIZE + 2],
        subject[2 * STANDING_SUBJECT_MAX + 3];
    char pathway[NAME_MAX_BYTES + 3], team[NAME_MAX_BYTES + 3], from_team[NAME_MAX_BYTES + 3], reason[NAME_MAX_BYTES + 3];
    char by[2 * ACKNOWLEDGED_BY_MAX + 3], note[2 * ACKNOWLEDGED_NOTE_MAX + 3];
    struct numbers numbers;
    struct text reason_name = transition->reason == ALERT_REASON_NONE ? TEXT_ABSENT : text_of(alert_reason_name(transition->reason));
    bool of_wait = alert_rule_is_about_waits(transition->rule);
    bool is_measured = !of_wait && transition->days != ALERT_VALUE_NONE;
    ENSURE(transition->by.length <= ACKNOWLEDGED_BY_MAX && transition->note.length <= ACKNOWLEDGED_NOTE_MAX &&
           transition->subject.length <= STANDING_SUBJECT_MAX);
    wire_alert_id(transition->raised_seq, alert_id);
    date_format(transition->occurred_on, occurred_on);
    instant_format(transition->at, at);
    int length = snprintf(
        out, WIRE_TRANSITION_SIZE,
        "{\"seq\":%llu,\"alert_id\":\"%s\",\"transition\":\"%s\",\"rule\":\"%s\",\"level\":%s,\"subject\":%s,"
        "\"pathway\":%s,\"team\":%s,\"from_team\":%s,\"severity\":\"%s\",\"days\":%s,\"standard\":%s,\"value\":%s,\"limit\":%s,"
        "\"occurred_on\":\"%s\",\"at\":\"%s\",\"reason\":%s,\"by\":%s,\"note\":%s,\"expected_by\":%s,\"late\":%s}",
        (unsigned long long)transition->alert_seq, alert_id, alert_change_name(transition->change), alert_rule_name(transition->rule),
        number_or_null(transition->level != ALERT_LEVEL_NONE, transition->level, numbers.level), written(transition->subject, subject),
        quoted(transition->pathway, pathway), quoted(transition->team, team), quoted(transition->from_team, from_team),
        severity_name(transition->severity), number_or_null(of_wait, transition->days, numbers.days),
        number_or_null(of_wait, transition->standard, numbers.standard), number_or_null(is_measured, transition->days, numbers.value),
        number_or_null(!of_wait, transition->standard, numbers.limit), occurred_on, at, quoted(reason_name, reason),
        written(transition->by, by), written(transition->note, note),
        quoted_day(transition->by.at == NULL ? DAY_NONE : transition->expected_by, expected_by), transition->late ? "true" : "false");
    ENSURE(length > 0 && length < WIRE_TRANSITION_SIZE);
    return (size_t)length;
}

size_t wire_open_alert_text(const struct alert_transition *alert, char out[WIRE_TRANSITION_SIZE]) {
    char at[INSTANT_SIZE] = "";
    size_t length = wire_transition_text(alert, out) - 1; /* without the brace at its end */
    bool is_acknowledged = alert->by.at != NULL;
    if (is_acknowledged)
        instant_format(alert->acknowledged_at, at);
    const char *quote = is_acknowledged ? "\"" : "";
    int more = snprintf(out + length, WIRE_TRANSITION_SIZE - length, ",\"acknowledged_at\":%s%s%s,\"overdue\":%s}", quote,
                        is_acknowledged ? at : "null", quote, is_acknowledged && alert->is_overdue ? "true" : "false");
    ENSURE(more > 0 && (size_t)more < WIRE_TRANSITION_SIZE - length);
    return length + (size_t)more;
}

static json_t *read_back(const char *text, size_t length) {
    json_t *json = json_loadb(text, length, 0, NULL);
    ENSURE(json != NULL);
    return json;
}

json_t *wire_transition(const struct alert_transition *transition) {
    char text[WIRE_TRANSITION_SIZE];
    return read_back(text, wire_transition_text(transition, text));
}

json_t *wire_open_alert(const struct alert_transition *alert) {
    char text[WIRE_TRANSITION_SIZE];
    return read_back(text, wire_open_alert_text(alert, text));
}

json_t *wire_reply(void) {
    json_t *reply = json_object();
    set(reply, "v", json_integer(WIRE_VERSION));
    set(reply, "ok", json_true());
    return reply;
}

/* A text of ours that may hold somebody's name, cut at any byte: what is left of a broken last character goes too. */
static json_t *whole_characters(const char *text) {
    json_t *string = NULL;
    for (size_t length = strlen(text); string == NULL; length--)
        string = json_stringn(text, length);
    return string;
}

json_t *wire_error(const char *code, const char *message, const char *pointer) {
    json_t *error = json_object();
    set(error, "code", json_string_nocheck(code));
    set(error, "message", whole_characters(message));
    set(error, "pointer", pointer == NULL ? json_null() : whole_characters(pointer));
    json_t *reply = json_object();
    set(reply, "v", json_integer(WIRE_VERSION));
    set(reply, "ok", json_false());
    set(reply, "error", error);
    return reply;
}

char *wire_dump(const json_t *json, size_t *length) {
    char *text = json_dumps(json, JSON_COMPACT | JSON_REAL_PRECISION(REAL_DIGITS));
    ENSURE(text != NULL);
    *length = strlen(text);
    return text;
}
