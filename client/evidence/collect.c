/* Collecting evidence: asking, pinned to one knowledge, and what the tables have in common. */
#include "client/evidence/collect.h"

#include "daemon/core/memory.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- Asking */

void collect_fail(struct collector *collector, const char *format, ...) {
    va_list arguments;

    if (collector->has_failed) {
        return;
    }
    collector->has_failed = true;
    va_start(arguments, format);
    (void)vsnprintf(collector->message, EVIDENCE_MESSAGE_SIZE, format, arguments);
    va_end(arguments);
}

static json_t *ask(struct collector *collector, json_t *request) {
    json_t *reply = NULL;

    if (!collector->has_failed) {
        if (collector->progress != NULL) {
            collector->progress(collector->progress_context, collector->asked, COLLECT_QUESTIONS);
        }
        collector->asked++;
        reply = collector->source->ask(collector->source->context, request, collector->message);
        collector->has_failed = reply == NULL;
    }
    json_decref(request);
    return reply;
}

static void pin(const struct collector *collector, json_t *request) {
    const json_t *ground = collector->evidence->ground;

    if (strcmp(collect_text(request, "basis"), "reported") != 0) { /* which is by what was known when it was */
        json_object_set(request, "known_at", json_object_get(ground, "known_at"));
    }
    json_object_set(request, "asked_at", json_object_get(ground, "asked_at"));
}

json_t *collect_ask_of_all(struct collector *collector, json_t *request) {
    pin(collector, request);
    return ask(collector, request);
}

json_t *collect_ask(struct collector *collector, json_t *request) {
    const struct evidence_parameters *parameters = &collector->evidence->parameters;

    if (parameters->pathway_count > 0) {
        json_t *filter = json_object_get(request, "filter");
        json_t *pathways = json_array();

        for (size_t i = 0; i < parameters->pathway_count; i++) {
            json_array_append_new(pathways, json_string(parameters->pathways[i]));
        }
        if (filter == NULL) {
            filter = json_object();
            json_object_set_new(request, "filter", filter);
        }
        json_object_set_new(filter, "pathway", pathways);
    }
    return collect_ask_of_all(collector, request);
}

/* ---- Cells */

json_t *collect_day(day_t day) {
    char date[DATE_SIZE];

    date_format(day, date);
    return json_string(date);
}

day_t collect_day_of(const json_t *text) {
    day_t day = DAY_NONE;

    if (json_is_string(text) && json_string_length(text) >= DATE_SIZE - 1) {
        (void)date_parse((struct text){json_string_value(text), DATE_SIZE - 1}, &day);
    }
    return day;
}

const char *collect_text(const json_t *object, const char *member) {
    const char *text = json_string_value(json_object_get(object, member));

    return text != NULL ? text : "";
}

void collect_cell(struct evidence_table *table, const char *column, const json_t *value) {
    const struct evidence_shape *shape = evidence_table_shape(table);
    enum evidence_kind kind = shape->columns[evidence_column_place(shape, column)].kind;

    if (json_is_string(value) && kind == EVIDENCE_DAY) {
        evidence_number(table, column, collect_day_of(value));
    } else if (json_is_string(value)) {
        evidence_text(table, column, json_string_value(value));
    } else if (json_is_number(value)) {
        bool in_tenths = kind == EVIDENCE_MEDIAN || kind == EVIDENCE_PERCENT || kind == EVIDENCE_GROWTH;
        evidence_number(table, column, in_tenths ? llround(json_number_value(value) * 10) : json_integer_value(value));
    } else if (json_is_boolean(value)) {
        evidence_text(table, column, json_is_true(value) ? "yes" : "no");
    }
}

struct evidence_table *collect_table_of(struct collector *collector, const struct evidence_shape *shape, int rule_version) {
    struct evidence *evidence = collector->evidence;

    ENSURE(evidence->table_count < COLLECT_TABLES_MAX);
    evidence->tables[evidence->table_count] = evidence_table_create(shape, rule_version);
    return evidence->tables[evidence->table_count++];
}

struct evidence_table *collect_table(struct collector *collector, const struct evidence_shape *shape) {
    const json_t *versions = json_object_get(collector->evidence->ground, "rule_versions");

    return collect_table_of(collector, shape, (int)json_integer_value(json_object_get(versions, shape->figure)));
}

json_t *breakdown_fields(const struct breakdown *breakdown) {
    json_t *fields = json_array();

    for (size_t i = 0; i < 2 && breakdown->fields[i] != NULL; i++) {
        json_array_append_new(fields, json_string(breakdown->fields[i]));
    }
    return fields;
}

void breakdown_cells(struct evidence_table *table, const struct breakdown *breakdown, const json_t *keys) {
    evidence_text(table, "breakdown", breakdown->name);
    evidence_text(table, "group", breakdown->fields[0] == NULL ? "all" : collect_text(keys, breakdown->fields[0]));
    if (breakdown->fields[0] != NULL && breakdown->fields[1] != NULL) {
        evidence_text(table, "subgroup", collect_text(keys, breakdown->fields[1]));
    }
}

/* ---- What it stands on */

static bool has_pathway(const json_t *ground, const char *name) {
    size_t i, j;
    const json_t *row, *pathway;

    json_array_foreach(json_object_get(ground, "rows"), i, row) {
        json_array_foreach(json_object_get(json_object_get(row, "policy"), "pathways"), j, pathway) {
            if (strcmp(collect_text(pathway, "name"), name) == 0) {
                return true;
            }
        }
    }
    return false;
}

static void check_pathways(struct collector *collector) {
    const struct evidence_parameters *parameters = &collector->evidence->parameters;

    for (size_t i = 0; i < parameters->pathway_count; i++) {
        if (!has_pathway(collector->evidence->ground, parameters->pathways[i])) {
            collect_fail(collector, "no policy of the journal has a pathway \"%s\"", parameters->pathways[i]);
        }
    }
}

static void find_ground(struct collector *collector) {
    const struct evidence_parameters *parameters = &collector->evidence->parameters;
    json_t *request = json_pack("{s:s}", "op", "policies");

    if (parameters->known_at != NULL) {
        json_object_set(request, "known_at", (json_t *)(uintptr_t)parameters->known_at);
    }
    if (parameters->asked_at != NULL) {
        json_object_set(request, "asked_at", (json_t *)(uintptr_t)parameters->asked_at);
    }
    collector->evidence->ground = ask(collector, request);
}

/* The first day of which anything was recorded, and the dimensions that events carry. */
static void look_at_records(struct collector *collector) {
    json_t *reply = collect_ask_of_all(
        collector, json_pack("{s:s, s:o}", "op", "data_quality", "as_at", collect_day(collector->evidence->parameters.to)));
    const json_t *whole = json_array_get(json_object_get(reply, "completeness"), 0);
    const char *name;
    size_t i;
    json_t *value;

    collector->quality = reply;
    collector->first_day = DAY_NONE;
    json_array_foreach(json_object_get(reply, "sources"), i, value) {
        day_t day = collect_day_of(json_object_get(value, "first_event"));

        if (day != DAY_NONE && (collector->first_day == DAY_NONE || day < collector->first_day)) {
            collector->first_day = day;
        }
    }
    json_object_foreach(json_object_get(whole, "dimensions"), name, value) {
        if (collector->dimension_count < COLLECT_DIMENSIONS_MAX) {
            snprintf(collector->dimensions[collector->dimension_count++], COLLECT_NAME_SIZE, "dimension.%s", name);
        }
    }
}

static void check_days(struct collector *collector) {
    const struct evidence_parameters *parameters = &collector->evidence->parameters;
    day_t today = collect_day_of(json_object_get(collector->evidence->ground, "today"));
    char date[DATE_SIZE], limit[DATE_SIZE];

    if (collector->has_failed) {
        return;
    }
    date_format(parameters->to, date);
    date_format(today, limit);
    if (parameters->to > today) {
        collect_fail(collector, "%s lies behind the journal: the last day that is known is %s", date, limit);
        return;
    }
    look_at_records(collector);
    if (collector->has_failed) {
        return;
    }
    date_format(parameters->from, date);
    if (collector->first_day == DAY_NONE) {
        collect_fail(collector, "nothing was recorded in the journal by then");
    } else if (parameters->from < collector->first_day) {
        date_format(collector->first_day, limit);
        collect_fail(collector, "%s lies before the journal: the first day of which anything was recorded is %s", date, limit);
    }
}

void collect_begin(struct collector *collector) {
    find_ground(collector);
    check_pathways(collector);
    check_days(collector);
}

/* ---- All */

struct evidence *evidence_collect(const struct evidence_source *source, const struct evidence_parameters *parameters,
                                  evidence_progress *progress, void *progress_context, char message[EVIDENCE_MESSAGE_SIZE]) {
    struct evidence *evidence = memory_new(1, sizeof *evidence);
    struct collector collector = {
        .source = source, .evidence = evidence, .progress = progress, .progress_context = progress_context, .message = message};

    evidence->parameters = *parameters;
    message[0] = '\0';
    collect_begin(&collector);
    collect_positions(&collector);
    collect_flows(&collector);
    collect_people(&collector);
    collect_quality(&collector);
    collect_alerts(&collector);
    collect_standards(&collector);
    collect_foi(&collector);
    collect_national(&collector);
    json_decref(collector.quality);
    if (collector.has_failed) {
        evidence_destroy(&evidence);
    }
    return evidence;
}

void evidence_destroy(struct evidence **evidence) {
    if (*evidence == NULL) {
        return;
    }
    for (size_t i = 0; i < (*evidence)->table_count; i++) {
        evidence_table_destroy(&(*evidence)->tables[i]);
    }
    json_decref((*evidence)->ground);
    free(*evidence);
    *evidence = NULL;
}

const json_t *evidence_ground(const struct evidence *evidence) {
    return evidence->ground;
}

const struct evidence_parameters *evidence_parameters(const struct evidence *evidence) {
    return &evidence->parameters;
}

bool evidence_lacks_national(const struct evidence *evidence) {
    return evidence->lacks_national;
}

size_t evidence_table_count(const struct evidence *evidence) {
    return evidence->table_count;
}

struct evidence_table *evidence_table_at(const struct evidence *evidence, size_t place) {
    ENSURE(place < evidence->table_count);
    return evidence->tables[place];
}

struct evidence_table *evidence_table_named(const struct evidence *evidence, const char *name) {
    for (size_t i = 0; i < evidence->table_count; i++) {
        if (strcmp(evidence_table_shape(evidence->tables[i])->name, name) == 0) {
            return evidence->tables[i];
        }
    }
    return NULL;
}

const char *evidence_label(struct evidence *evidence, const char *kind, const char *name) {
    const char *label = json_string_value(json_object_get(json_object_get(evidence->parameters.labels, kind), name));

    if (label != NULL) {
        return label;
    }
    snprintf(evidence->label, sizeof evidence->label, "%s", name);
    for (char *at = evidence->label; *at != '\0'; at++) {
        *at = (char)(*at == '_' ? ' ' : *at);
    }
    if (evidence->label[0] >= 'a' && evidence->label[0] <= 'z') {
        evidence->label[0] = (char)(evidence->label[0] - 'a' + 'A');
    }
    return evidence->label;
}
