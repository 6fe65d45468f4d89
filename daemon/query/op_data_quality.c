/* The op data_quality: how good what was recorded is, in figures. */
#include "daemon/query/ops.h"

#include "daemon/core/quality.h"
#include "daemon/core/rules.h"

static void set(json_t *object, const char *name, json_t *value) {
    json_object_set_new(object, name, value);
}

static void set_count(json_t *object, const char *name, uint64_t count) {
    json_object_set_new(object, name, json_integer((json_int_t)count));
}

static bool argument_received(struct question *question, struct quality_request *request) {
    request->from = request->to = DAY_NONE;
    if (!argument_day(question, "from", &request->from) || !argument_day(question, "to", &request->to))
        return false;
    if (request->from == DAY_NONE || request->to == DAY_NONE || request->from <= request->to)
        return true;
    question_refuse(question, "bad_request", "must not be before from", "/to");
    return false;
}

/* Codes from `first` to `last`, that one left out, and how many in all. */
static json_t *json_of_codes(const uint64_t *by_code, enum finding_code first, enum finding_code last) {
    uint64_t count = 0;
    json_t *codes = json_object();
    json_t *object = json_object();
    for (enum finding_code code = first; code < last; code++) {
        count += by_code[code];
        set_count(codes, finding_name(code), by_code[code]);
    }
    set_count(object, "count", count);
    set(object, "code", codes);
    return object;
}

static void set_findings(json_t *object, const uint64_t *by_code) {
    set(object, "exceptions", json_of_codes(by_code, FINDING_DUPLICATE_REFERRAL, FINDING_ENDED_BEFORE_START));
    set(object, "warnings", json_of_codes(by_code, FINDING_ENDED_BEFORE_START, FINDING_CODE_COUNT));
}

static json_t *json_of_lateness(const struct lateness *lateness) {
    json_t *object = json_object();
    set_count(object, "n", lateness->n);
    set(object, "median", wire_tenths(lateness->median_tenths));
    set(object, "p90", lateness->p90 == POSITION_NULL ? json_null() : json_integer(lateness->p90));
    set_count(object, "over_14_days", lateness->late);
    set(object, "over_14_days_percent", wire_tenths(lateness->late_percent_tenths));
    return object;
}

static json_t *json_of_sources(const struct quality *quality) {
    json_t *rows = json_array();
    for (size_t i = 0; i < quality->source_count; i++) {
        const struct source_quality *source = &quality->sources[i];
        json_t *row = json_object();
        set(row, "source", wire_text(source->source));
        set_count(row, "events", source->events);
        set_count(row, "retracted", source->retracted);
        set(row, "first_event", wire_instant(source->first_event));
        set(row, "last_event", wire_instant(source->last_event));
        set(row, "first_received", wire_instant(source->first_received));
        set(row, "last_received", wire_instant(source->last_received));
        set_findings(row, source->by_code);
        set(row, "lateness", json_of_lateness(&source->lateness));
        json_array_append_new(rows, row);
    }
    return rows;
}

static json_t *json_of_values(const struct quality *quality) {
    json_t *object = json_object();
    json_t *rows = json_array();
    for (size_t i = 0; i < quality->value_count; i++) {
        json_t *row = json_object();
        set(row, "field", wire_text(quality->values[i].field));
        set(row, "value", wire_text(quality->values[i].value));
        set_count(row, "count", quality->values[i].count);
        json_array_append_new(rows, row);
    }
    set_count(object, "count", quality->by_code[FINDING_UNKNOWN_VALUE]);
    set_count(object, "distinct", quality->value_total);
    set(object, "rows", rows);
    return object;
}

static json_t *json_of_doubles(const struct quality *quality) {
    json_t *object = json_object();
    json_t *rows = json_array();
    for (size_t i = 0; i < quality->double_count; i++) {
        const struct double_wait *found = &quality->doubles[i];
        json_t *row = json_object();
        set(row, "person", wire_text(found->person));
        set(row, "pathway", wire_text(found->pathway));
        set(row, "subject", wire_text(found->subject));
        set(row, "first_subject", wire_text(found->other));
        json_array_append_new(rows, row);
    }
    set_count(object, "count", quality->by_code[FINDING_SAME_PERSON_TWICE]);
    set(object, "rows", rows);
    return object;
}

static json_t *json_of_filled(const struct filled *filled) {
    json_t *object = json_object();
    set_count(object, "with", filled->with);
    set_count(object, "of", filled->of);
    set(object, "percent", wire_tenths(filled->percent_tenths));
    return object;
}

static json_t *json_of_completeness(const struct quality *quality) {
    json_t *rows = json_array();
    for (size_t i = 0; i < quality->completeness_count; i++) {
        const struct completeness *table = &quality->completeness[i];
        json_t *row = json_object();
        json_t *fields = json_object();
        json_t *dimensions = json_object();
        for (int field = 0; field < QUALITY_FIELD_COUNT; field++)
            set(fields, quality_field_name((enum quality_field)field), json_of_filled(&table->fields[field]));
        for (size_t dimension = 0; dimension < quality->dimension_count; dimension++)
            json_object_setn_new(dimensions, quality->dimensions[dimension].at, quality->dimensions[dimension].length,
                                 json_of_filled(&table->dimensions[dimension]));
        set(row, "pathway", wire_text(table->pathway));
        set_count(row, "waits", table->waits);
        set(row, "fields", fields);
        set(row, "dimensions", dimensions);
        json_array_append_new(rows, row);
    }
    return rows;
}

static json_t *json_of_quarantine(const struct journal *journal) {
    const struct journal_quarantine_figures *figures = journal_quarantine_figures(journal);
    json_t *object = json_object();
    json_t *codes = json_object();
    for (size_t i = 0; i < figures->count; i++)
        if (figures->at[i].of[QUARANTINE_WAITING] > 0)
            set_count(codes, figures->at[i].code, figures->at[i].of[QUARANTINE_WAITING]);
    set_count(object, "count", journal_quarantine_count(journal));
    set(object, "code", codes);
    return object;
}

static json_t *reply_of(const struct quality *quality, const struct quality_request *request) {
    json_t *reply = wire_reply();
    json_t *excluded = json_object();
    set(reply, "from", wire_day(request->from));
    set(reply, "to", wire_day(request->to));
    set(reply, "backdated_days", json_integer(request->backdated_days));
    set_findings(reply, quality->by_code);
    set(reply, "lateness", json_of_lateness(&quality->lateness));
    set(reply, "sources", json_of_sources(quality));
    set_count(reply, "sources_total", quality->source_total);
    set(reply, "unknown_values", json_of_values(quality));
    set(reply, "same_person_twice", json_of_doubles(quality));
    set(reply, "completeness", json_of_completeness(quality));
    set_count(reply, "dimensions_total", quality->dimension_total);
    set_count(reply, "without_referral", quality->without_referral);
    set_count(excluded, "duplicate", quality->excluded_duplicate);
    set_count(excluded, "recorded_in_error", quality->excluded_in_error);
    set(reply, "excluded", excluded);
    return reply;
}

json_t *op_data_quality(struct question *question) {
    struct when when;
    struct standpoint standpoint;
    struct quality_request request;
    if (!argument_received(question, &request) || !argument_when(question, &when))
        return NULL;
    question->needs_known = true;
    if (!question_stand(question, &when, true, &standpoint))
        return NULL;
    struct known_values *known = question_known(question);
    request.known = known;
    request.backdated_days = question->terms->backdated_days;
    struct quality *quality = register_quality(standpoint.reg, &request);
    json_t *reply = reply_of(quality, &request);
    quality_free(&quality);
    known_values_destroy(&known);
    set_standpoint(reply, &standpoint);
    set_rule_version(reply, RULES_DATA_QUALITY);
    set(reply, "quarantine", json_of_quarantine(standpoint.journal));
    return reply;
}
