/* Evidence about the records themselves: what contradicts, how complete and how late they are; the alerts; the standards; the answers that
 * are asked for most. */
#include "client/evidence/collect.h"

#include "daemon/core/memory.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static const struct evidence_column quality_columns[] = {
    {"kind", "Kind",
     "exception: a record that contradicts others and has no effect; warning: one that has effect but looks wrong; excluded: "
     "waits that count nowhere.",
     EVIDENCE_TEXT, NULL, NULL},
    {"code", "What", "The code of the rules, section 4.", EVIDENCE_TEXT, NULL, NULL},
    {"records", "Records", "How many there are, of everything recorded up to the end of the period.", EVIDENCE_COUNT, NULL, NULL},
};
static const struct evidence_shape quality_shape = {
    "data_quality",
    "What is wrong in the records",
    "Records that contradict others, and waits that were taken out because they were recorded in error or twice. Of all pathways.",
    "data_quality",
    quality_columns,
    sizeof quality_columns / sizeof quality_columns[0],
    false};

static const struct evidence_column completeness_columns[] = {
    {"pathway", "Pathway", "What is waited for; all: everything.", EVIDENCE_TEXT, NULL, NULL},
    {"field", "Field", "What was to be recorded.", EVIDENCE_TEXT, NULL, NULL},
    {"with", "Recorded", "Waits in which it has a value.", EVIDENCE_COUNT, NULL, NULL},
    {"of", "Of", "Waits in which it should have one.", EVIDENCE_COUNT, NULL, NULL},
    {"percent", "Recorded, %", "Of the waits in which it should.", EVIDENCE_PERCENT, "with", "of"},
};
static const struct evidence_shape completeness_shape = {
    "completeness", "How complete the records are", "Of all waits that were ever referred, ended or not, up to the end of the period.",
    "data_quality", completeness_columns,           sizeof completeness_columns / sizeof completeness_columns[0],
    false};

static const struct evidence_column lateness_columns[] = {
    {"source", "Source", "The system that sent the records; all: every one.", EVIDENCE_TEXT, NULL, NULL},
    {"records", "Records", "Received in the period.", EVIDENCE_COUNT, NULL, NULL},
    {"median", "Median days late", "From the day that a record is about to the day it arrived.", EVIDENCE_MEDIAN, "records", NULL},
    {"p90", "90th percentile", "Nine in ten arrived no later.", EVIDENCE_EXTREME, "records", NULL},
    {"over_14_days", "Over 14 days late", "Records that arrived more than 14 days after the day they are about.", EVIDENCE_COUNT, NULL,
     NULL},
    {"over_14_days_percent", "Over 14 days late, %", "Of the records.", EVIDENCE_PERCENT, "over_14_days", "records"},
};
static const struct evidence_shape lateness_shape = {"lateness",
                                                     "How late the records came",
                                                     "Of the records that were received in the period, of all pathways.",
                                                     "data_quality",
                                                     lateness_columns,
                                                     sizeof lateness_columns / sizeof lateness_columns[0],
                                                     false};

static const struct evidence_column alert_columns[] = {
    {"pathway", "Pathway", "What is waited for.", EVIDENCE_TEXT, NULL, NULL},
    {"rule", "Rule", "approaching: few days are left; breach: the standard is passed; escalation: by far.", EVIDENCE_TEXT, NULL, NULL},
    {"raised", "Raised", "Alerts raised in the period.", EVIDENCE_COUNT, NULL, NULL},
    {"late", "Raised late", "Of them, raised on a later day than that on which the condition began.", EVIDENCE_COUNT, NULL, NULL},
    {"resolved", "Resolved", "Of them, those that had ended by what is known.", EVIDENCE_COUNT, NULL, NULL},
    {"acknowledged", "Acknowledged", "Of them, those that somebody acknowledged.", EVIDENCE_COUNT, NULL, NULL},
    {"acknowledged_percent", "Acknowledged, %", "Of those raised.", EVIDENCE_PERCENT, "acknowledged", "raised"},
    {"median_hours", "Median hours to acknowledgement", "Half of the acknowledged took no longer from being raised.", EVIDENCE_MEDIAN,
     "acknowledged", NULL},
    {"longest_hours", "Longest, hours", "The most hours from being raised to being acknowledged, begun hours counted.", EVIDENCE_EXTREME,
     "acknowledged", NULL},
};
static const struct evidence_shape alert_shape = {
    "alerts",   "Alerts",      "Alerts raised in the period, and how long it took until somebody acknowledged them.",
    "position", alert_columns, sizeof alert_columns / sizeof alert_columns[0],
    false};

static const struct evidence_column standard_columns[] = {
    {"from_day", "In force from", "The first day of this policy; days before the first policy are judged by the first.", EVIDENCE_DAY, NULL,
     NULL},
    {"pathway", "Pathway", "What is waited for.", EVIDENCE_TEXT, NULL, NULL},
    {"standard_days", "Standard, days", "Who has waited more is over the standard. It is the council's own: the law sets no limit.",
     EVIDENCE_NUMBER, NULL, NULL},
    {"priority_1", "Priority 1", "Another standard for this priority.", EVIDENCE_NUMBER, NULL, NULL},
    {"priority_2", "Priority 2", "Another standard for this priority.", EVIDENCE_NUMBER, NULL, NULL},
    {"priority_3", "Priority 3", "Another standard for this priority.", EVIDENCE_NUMBER, NULL, NULL},
    {"priority_4", "Priority 4", "Another standard for this priority.", EVIDENCE_NUMBER, NULL, NULL},
    {"unit", "Unit", "calendar_days, or working_days: Monday to Friday without bank holidays.", EVIDENCE_TEXT, NULL, NULL},
    {"pauses", "Pauses", "count: paused days count; exclude: they do not.", EVIDENCE_TEXT, NULL, NULL},
    {"clock_stops_on", "Clock stops on", "ended, or started: when the assessment starts.", EVIDENCE_TEXT, NULL, NULL},
    {"completes_on", "Completed by", "The event that completes the wait.", EVIDENCE_TEXT, NULL, NULL},
    {"contact_days", "Contact interval, days", "How long somebody waiting may go without contact; priorities may have their own.",
     EVIDENCE_NUMBER, NULL, NULL},
};
static const struct evidence_shape standard_shape = {
    "standards",
    "The standards that applied",
    "What the council had decided, from the journal: each day is judged by the standards in force on it.",
    "position",
    standard_columns,
    sizeof standard_columns / sizeof standard_columns[0],
    false};

static const struct evidence_column foi_columns[] = {
    {"pathway", "Pathway", "What is waited for; all: everything.", EVIDENCE_TEXT, NULL, NULL},
    {"day", "Day", "At the end of this day: the end of the period.", EVIDENCE_DAY, NULL, NULL},
    {"waiting", "How many are waiting", "Referred, the clock has started and has not stopped.", EVIDENCE_COUNT, NULL, NULL},
    {"median", "Median wait, days", "Half of those waiting have waited no longer.", EVIDENCE_MEDIAN, "waiting", NULL},
    {"longest", "Longest wait, days", "The single longest wait of those waiting.", EVIDENCE_EXTREME, "waiting", NULL},
    {"from_day", "Period from", "The first day of the period.", EVIDENCE_DAY, NULL, NULL},
    {"completed", "Completed", "Waits completed in the period.", EVIDENCE_COUNT, NULL, NULL},
    {"completed_mean", "Mean days to completion", "Of the completed.", EVIDENCE_MEDIAN, "completed", NULL},
    {"completed_median", "Median days to completion", "Of the completed.", EVIDENCE_MEDIAN, "completed", NULL},
    {"died", "Deaths while waiting", "People whose wait ended in the period because they died.", EVIDENCE_COUNT, NULL, NULL},
};
static const struct evidence_shape foi_shape = {"foi",
                                                "The questions asked most",
                                                "What is asked under the Freedom of Information Act again and again, in one table.",
                                                "position",
                                                foi_columns,
                                                sizeof foi_columns / sizeof foi_columns[0],
                                                false};

/* ---- Data quality */

static void add_code(struct evidence_table *table, const char *kind, const char *code, const json_t *records) {
    evidence_row(table);
    evidence_text(table, "kind", kind);
    evidence_text(table, "code", code);
    collect_cell(table, "records", records);
}

/* Without the warnings that depend on what the configuration of the moment lists as known. */
static void add_codes(struct evidence_table *table, const json_t *reply) {
    const json_t *warnings = json_object_get(json_object_get(reply, "warnings"), "code");
    const char *code;
    json_t *count;

    json_object_foreach(json_object_get(json_object_get(reply, "exceptions"), "code"), code, count) {
        add_code(table, "exception", code, count);
    }
    add_code(table, "warning", "ended_before_start", json_object_get(warnings, "ended_before_start"));
    add_code(table, "warning", "same_person_twice", json_object_get(warnings, "same_person_twice"));
    json_object_foreach(json_object_get(reply, "excluded"), code, count) {
        add_code(table, "excluded", code, count);
    }
    add_code(table, "excluded", "without_referral", json_object_get(reply, "without_referral"));
}

static void add_fields(struct evidence_table *table, const json_t *row, const char *kind) {
    const char *field;
    json_t *value;

    json_object_foreach(json_object_get(row, kind), field, value) {
        const char *pathway = collect_text(row, "pathway");

        evidence_row(table);
        evidence_text(table, "pathway", pathway[0] == '\0' ? "all" : pathway);
        evidence_text(table, "field", field);
        collect_cell(table, "with", json_object_get(value, "with"));
        collect_cell(table, "of", json_object_get(value, "of"));
        evidence_derive(table, evidence_table_rows(table) - 1);
    }
}

static void add_lateness(struct evidence_table *table, const char *source, const json_t *lateness) {
    if (json_integer_value(json_object_get(lateness, "n")) == 0) {
        return;
    }
    evidence_row(table);
    evidence_text(table, "source", source);
    collect_cell(table, "records", json_object_get(lateness, "n"));
    collect_cell(table, "median", json_object_get(lateness, "median"));
    collect_cell(table, "p90", json_object_get(lateness, "p90"));
    collect_cell(table, "over_14_days", json_object_get(lateness, "over_14_days"));
    evidence_derive(table, evidence_table_rows(table) - 1);
}

void collect_quality(struct collector *collector) {
    if (collector->has_failed) {
        return;
    }
    const struct evidence_parameters *parameters = &collector->evidence->parameters;
    struct evidence_table *codes = collect_table(collector, &quality_shape), *fields = collect_table(collector, &completeness_shape);
    struct evidence_table *lateness = collect_table(collector, &lateness_shape);
    const json_t *whole = collector->quality;
    json_t *period =
        collect_ask_of_all(collector, json_pack("{s:s, s:o, s:o, s:o}", "op", "data_quality", "as_at", collect_day(parameters->to), "from",
                                                collect_day(parameters->from), "to", collect_day(parameters->to)));
    size_t i;
    const json_t *row;

    add_codes(codes, whole);
    json_array_foreach(json_object_get(whole, "completeness"), i, row) {
        add_fields(fields, row, "fields");
        add_fields(fields, row, "dimensions");
    }
    add_lateness(lateness, "all", json_object_get(period, "lateness"));
    json_array_foreach(json_object_get(period, "sources"), i, row) {
        add_lateness(lateness, collect_text(row, "source"), json_object_get(row, "lateness"));
    }
    json_decref(period);
}

/* ---- Alerts */

static bool is_chosen(const struct evidence_parameters *parameters, const char *pathway) {
    bool is = parameters->pathway_count == 0;

    for (size_t i = 0; i < parameters->pathway_count; i++) {
        is = is || strcmp(parameters->pathways[i], pathway) == 0;
    }
    return is;
}

void collect_alerts(struct collector *collector) {
    static const char *const members[] = {"pathway", "rule", "raised", "late", "resolved", "acknowledged", "median_hours", "longest_hours"};

    if (collector->has_failed) {
        return;
    }
    const struct evidence_parameters *parameters = &collector->evidence->parameters;
    struct evidence_table *table = collect_table(collector, &alert_shape);
    json_t *reply = collect_ask_of_all(collector, json_pack("{s:s, s:o, s:o}", "op", "alert_figures", "from", collect_day(parameters->from),
                                                            "to", collect_day(parameters->to)));
    size_t i;
    const json_t *row;

    json_array_foreach(json_object_get(reply, "rows"), i, row) {
        if (!is_chosen(parameters, collect_text(row, "pathway"))) {
            continue;
        }
        evidence_row(table);
        for (size_t m = 0; m < sizeof members / sizeof members[0]; m++) {
            collect_cell(table, members[m], json_object_get(row, members[m]));
        }
        evidence_derive(table, evidence_table_rows(table) - 1);
    }
    json_decref(reply);
}

/* ---- Standards */

static void add_standard(struct evidence_table *table, const json_t *row, const json_t *pathway) {
    static const char *const members[] = {"standard_days", "unit", "pauses", "clock_stops_on", "completes_on"};
    const json_t *by_priority = json_object_get(pathway, "standard_by_priority");
    const json_t *contact = json_object_get(json_object_get(row, "policy"), "contact");

    evidence_row(table);
    collect_cell(table, "from_day", json_object_get(row, "from"));
    collect_cell(table, "pathway", json_object_get(pathway, "name"));
    for (size_t i = 0; i < sizeof members / sizeof members[0]; i++) {
        collect_cell(table, members[i], json_object_get(pathway, members[i]));
    }
    for (char priority = '1'; priority <= '4'; priority++) {
        const char name[2] = {priority, '\0'}, column[] = {'p', 'r', 'i', 'o', 'r', 'i', 't', 'y', '_', priority, '\0'};
        collect_cell(table, column, json_object_get(by_priority, name));
    }
    collect_cell(table, "contact_days", json_object_get(contact, "interval_days"));
}

void collect_standards(struct collector *collector) {
    if (collector->has_failed) {
        return;
    }
    const struct evidence_parameters *parameters = &collector->evidence->parameters;
    struct evidence_table *table = collect_table(collector, &standard_shape);
    size_t i, j;
    const json_t *row, *pathway;

    json_array_foreach(json_object_get(collector->evidence->ground, "rows"), i, row) {
        json_array_foreach(json_object_get(json_object_get(row, "policy"), "pathways"), j, pathway) {
            if (is_chosen(parameters, collect_text(pathway, "name"))) {
                add_standard(table, row, pathway);
            }
        }
    }
}

/* ---- The questions asked most */

static const struct evidence_cell *cell_of(const struct evidence_table *table, size_t row, const char *column) {
    return evidence_table_look(table, row, evidence_column_place(evidence_table_shape(table), column));
}

/* Takes the cells of the row of all, or of this pathway, in which `column` has this value. */
static void take_cells(struct evidence_table *foi, const struct evidence_table *from, size_t row, const char *const (*pairs)[2],
                       size_t count) {
    for (size_t i = 0; i < count; i++) {
        evidence_copy(foi, pairs[i][0], cell_of(from, row, pairs[i][1]));
    }
}

static bool is_of(const struct evidence_table *table, size_t row, const char *breakdown, const char *group) {
    return strcmp(cell_of(table, row, "breakdown")->text, breakdown) == 0 && strcmp(cell_of(table, row, "group")->text, group) == 0;
}

static void add_answers(struct collector *collector, struct evidence_table *foi, const char *breakdown, const char *group) {
    static const char *const of_position[][2] = {{"waiting", "waiting"}, {"median", "median"}, {"longest", "longest"}};
    static const char *const of_completed[][2] = {{"completed", "completed"}, {"completed_mean", "mean"}, {"completed_median", "median"}};
    struct evidence *evidence = collector->evidence;
    const struct evidence_table *position = evidence_table_named(evidence, "position"), *deaths = evidence_table_named(evidence, "deaths");
    const struct evidence_table *completed = evidence_table_named(evidence, "completed");
    day_t to = evidence->parameters.to;

    evidence_row(foi);
    evidence_text(foi, "pathway", group);
    evidence_number(foi, "day", to);
    evidence_number(foi, "from_day", evidence->parameters.from);
    evidence_number(foi, "waiting", 0);
    evidence_number(foi, "completed", 0);
    evidence_number(foi, "died", 0);
    for (size_t row = 0; row < evidence_table_rows(position); row++) {
        if (cell_of(position, row, "day")->number == to && is_of(position, row, breakdown, group)) {
            take_cells(foi, position, row, of_position, sizeof of_position / sizeof of_position[0]);
        }
    }
    for (size_t row = 0; row < evidence_table_rows(completed); row++) {
        if (is_of(completed, row, breakdown, group)) {
            take_cells(foi, completed, row, of_completed, sizeof of_completed / sizeof of_completed[0]);
        }
    }
    for (size_t row = 0; row < evidence_table_rows(deaths); row++) {
        if (strcmp(cell_of(deaths, row, "period")->text, "whole") == 0 && strcmp(cell_of(deaths, row, "pathway")->text, group) == 0) {
            evidence_copy(foi, "died", cell_of(deaths, row, "died"));
        }
    }
}

/* A row of all, and one of each pathway of the last policy. */
void collect_foi(struct collector *collector) {
    if (collector->has_failed) {
        return;
    }
    struct evidence_table *foi = collect_table(collector, &foi_shape);
    const json_t *rows = json_object_get(collector->evidence->ground, "rows");
    const json_t *last = json_object_get(json_array_get(rows, json_array_size(rows) - 1), "policy");
    size_t i;
    const json_t *pathway;

    add_answers(collector, foi, "all", "all");
    json_array_foreach(json_object_get(last, "pathways"), i, pathway) {
        if (is_chosen(&collector->evidence->parameters, collect_text(pathway, "name"))) {
            add_answers(collector, foi, "pathway", collect_text(pathway, "name"));
        }
    }
}
