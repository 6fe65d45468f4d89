/* Evidence about who began to wait, was completed or left, month by month and against the year before. */
#include "client/evidence/collect.h"

#include "daemon/core/memory.h"

#include <stdio.h>
#include <string.h>

static const struct breakdown breakdowns[] = {
    {"all", {NULL, NULL}},
    {"pathway", {"pathway", NULL}},
    {"team", {"team", NULL}},
    {"district", {"district", NULL}},
    {"client_group", {"client_group", NULL}},
    {"pathway_and_client_group", {"pathway", "client_group"}},
};
#define BREAKDOWN_COUNT (sizeof breakdowns / sizeof breakdowns[0])

#define PERIOD_COLUMNS                                                                                                                     \
    {"period",      "Period", "month: of a calendar month, or what of it lies in the period; whole: of the whole period.",                 \
     EVIDENCE_TEXT, NULL,     NULL},                                                                                                       \
        {"from_day", "From", "The first day, included.", EVIDENCE_DAY, NULL, NULL}, {                                                      \
        "to_day", "To", "The last day, included.", EVIDENCE_DAY, NULL, NULL                                                                \
    }

static const struct evidence_column flow_columns[] = {
    PERIOD_COLUMNS,
    BREAKDOWN_COLUMNS,
    {"started", "Started", "People whose wait began.", EVIDENCE_COUNT, NULL, NULL},
    {"started_year_before", "Started, year before", "In the same days a year before; none where nothing was recorded of them.",
     EVIDENCE_COUNT, NULL, NULL},
    {"started_change_percent", "Change, %", "Of the year before.", EVIDENCE_GROWTH, "started", "started_year_before"},
    {"completed", "Completed", "Waits that ended with what was waited for.", EVIDENCE_COUNT, NULL, NULL},
    {"completed_year_before", "Completed, year before", "In the same days a year before; none where nothing was recorded of them.",
     EVIDENCE_COUNT, NULL, NULL},
    {"completed_change_percent", "Change, %", "Of the year before.", EVIDENCE_GROWTH, "completed", "completed_year_before"},
    {"closed", "Removed", "Waits that ended otherwise: withdrawn, moved away, died and so on.", EVIDENCE_COUNT, NULL, NULL},
    {"reopened", "Reopened", "Ends that were taken back, so that the person waits again.", EVIDENCE_COUNT, NULL, NULL},
    {"transferred_in", "Transferred in", "People who were waiting and came from another team.", EVIDENCE_COUNT, NULL, NULL},
    {"transferred_out", "Transferred out", "People who were waiting and went to another team.", EVIDENCE_COUNT, NULL, NULL},
    {"contacts", "Contacts", "Contacts made with people.", EVIDENCE_COUNT, NULL, NULL},
};
static const struct evidence_shape flow_shape = {
    "flow",
    "Who started, was completed and left",
    "By month and in all, beside the same days a year before. A month that the period cuts is counted for the days that lie in it.",
    "flow",
    flow_columns,
    sizeof flow_columns / sizeof flow_columns[0],
    false};

static const struct evidence_column completed_columns[] = {
    {"from_day", "From", "The first day, included.", EVIDENCE_DAY, NULL, NULL},
    {"to_day", "To", "The last day, included.", EVIDENCE_DAY, NULL, NULL},
    BREAKDOWN_COLUMNS,
    {"completed", "Completed", "Waits that ended in the period with what was waited for.", EVIDENCE_COUNT, NULL, NULL},
    {"within_standard", "Within standard", "Of the completed, those whose days were no more than the standard of the day.", EVIDENCE_COUNT,
     NULL, NULL},
    {"within_standard_percent", "Within standard, %", "Of the completed.", EVIDENCE_PERCENT, "within_standard", "completed"},
    {"median", "Median days", "Half of the completed had waited no longer.", EVIDENCE_MEDIAN, "completed", NULL},
    {"mean", "Mean days", "The days that the completed had waited, divided by how many they are.", EVIDENCE_MEDIAN, "completed", NULL},
    {"p90", "90th percentile", "Nine in ten of the completed had waited no longer.", EVIDENCE_EXTREME, "completed", NULL},
    {"longest", "Longest", "The most days that anybody completed had waited.", EVIDENCE_EXTREME, "completed", NULL},
};
static const struct evidence_shape completed_shape = {
    "completed",
    "How long the completed had waited",
    "Of the waits that were completed in the period. While old cases are cleared these figures rise, and while they are left they fall: "
    "read them beside those who are still waiting.",
    "flow",
    completed_columns,
    sizeof completed_columns / sizeof completed_columns[0],
    false};

static const struct evidence_column removal_columns[] = {
    {"from_day", "From", "The first day, included.", EVIDENCE_DAY, NULL, NULL},
    {"to_day", "To", "The last day, included.", EVIDENCE_DAY, NULL, NULL},
    {"pathway", "Pathway", "What was waited for; all: everything.", EVIDENCE_TEXT, NULL, NULL},
    {"reason", "Reason", "Why the wait ended without what was waited for. Deaths are in a table of their own.", EVIDENCE_TEXT, NULL, NULL},
    {"removed", "Removed", "Waits that ended in the period for this reason.", EVIDENCE_COUNT, NULL, NULL},
};
static const struct evidence_shape removal_shape = {
    "removals",
    "Removed for other reasons",
    "Waits that ended without what was waited for, by reason, other than deaths. A removal is no completion and clears nobody's breach.",
    "flow",
    removal_columns,
    sizeof removal_columns / sizeof removal_columns[0],
    false};

static const struct evidence_column death_columns[] = {
    PERIOD_COLUMNS,
    {"pathway", "Pathway", "What was waited for; all: everything.", EVIDENCE_TEXT, NULL, NULL},
    {"died", "Died while waiting", "People whose wait ended because they died.", EVIDENCE_COUNT, NULL, NULL},
};
static const struct evidence_shape death_shape = {
    "deaths", "Deaths while waiting", "People who died while they waited. It says nothing about the cause.",
    "flow",   death_columns,          sizeof death_columns / sizeof death_columns[0],
    false};

struct flows {
    struct collector *collector;
    struct evidence_table *flow;
    struct evidence_table *completed;
    struct evidence_table *removals;
    struct evidence_table *deaths;
};

/* The same date a year before; 28 February for 29 February. */
static day_t year_before(day_t day) {
    int year, month, date;

    day_to_civil(day, &year, &month, &date);
    return day_from_civil(year - 1, month, month == 2 && date == 29 ? 28 : date);
}

/* The last day of the period a year before that ends on `day`: of a February that ends, the whole of it. */
static day_t year_before_end(day_t day) {
    return year_before(day + 1) - 1;
}

/* Four parts for each breakdown: the months, the whole period, and both of the year before. */
enum { PARTS_A_BREAKDOWN = 4 };

static json_t *part_of(const struct evidence_parameters *parameters, const struct breakdown *breakdown, day_t from, day_t to,
                       const char *step) {
    json_t *pathways = json_array(), *filter = json_object();

    for (size_t i = 0; i < parameters->pathway_count; i++) {
        json_array_append_new(pathways, json_string(parameters->pathways[i]));
    }
    if (parameters->pathway_count > 0) {
        json_object_set(filter, "pathway", pathways);
    }
    json_decref(pathways);
    return json_pack("{s:o, s:o, s:s, s:o, s:o}", "from", collect_day(from), "to", collect_day(to), "step", step, "group_by",
                     breakdown_fields(breakdown), "filter", filter);
}

/* One question, so that each history is read once. */
static json_t *ask_flows(struct collector *collector, bool has_before) {
    const struct evidence_parameters *parameters = &collector->evidence->parameters;
    day_t before_from = has_before ? year_before(parameters->from) : parameters->from;
    day_t before_to = has_before ? year_before_end(parameters->to) : parameters->to;
    json_t *each = json_array();

    for (size_t b = 0; b < BREAKDOWN_COUNT; b++) {
        json_array_append_new(each, part_of(parameters, &breakdowns[b], parameters->from, parameters->to, "month"));
        json_array_append_new(each, part_of(parameters, &breakdowns[b], parameters->from, parameters->to, "all"));
        json_array_append_new(each, part_of(parameters, &breakdowns[b], before_from, before_to, "month"));
        json_array_append_new(each, part_of(parameters, &breakdowns[b], before_from, before_to, "all"));
    }
    return collect_ask_of_all(collector, json_pack("{s:s, s:o}", "op", "flow", "each", each));
}

/* The flow of the same group in the same days a year before; NULL when there is none. */
static const json_t *same_a_year_before(const json_t *before, const json_t *row) {
    day_t to = year_before_end(collect_day_of(json_object_get(row, "to")));
    size_t i;
    const json_t *other;

    json_array_foreach(json_object_get(before, "rows"), i, other) {
        if (collect_day_of(json_object_get(other, "to")) == to &&
            json_equal(json_object_get(other, "keys"), json_object_get(row, "keys"))) {
            return json_object_get(other, "flow");
        }
    }
    return NULL;
}

static void set_period(struct evidence_table *table, const json_t *row) {
    collect_cell(table, "from_day", json_object_get(row, "from"));
    collect_cell(table, "to_day", json_object_get(row, "to"));
}

static void add_flow(struct evidence_table *table, const struct breakdown *breakdown, const char *period, const json_t *row,
                     const json_t *before) {
    static const char *const members[] = {"started", "completed", "closed", "reopened", "transferred_in", "transferred_out", "contacts"};
    const json_t *flow = json_object_get(row, "flow");

    evidence_row(table);
    evidence_text(table, "period", period);
    set_period(table, row);
    breakdown_cells(table, breakdown, json_object_get(row, "keys"));
    for (size_t i = 0; i < sizeof members / sizeof members[0]; i++) {
        collect_cell(table, members[i], json_object_get(flow, members[i]));
    }
    if (before != NULL) {
        const json_t *other = same_a_year_before(before, row);

        evidence_number(table, "started_year_before", json_integer_value(json_object_get(other, "started")));
        evidence_number(table, "completed_year_before", json_integer_value(json_object_get(other, "completed")));
    }
    evidence_derive(table, evidence_table_rows(table) - 1);
}

static void add_completed(struct evidence_table *table, const struct breakdown *breakdown, const json_t *row) {
    static const char *const members[] = {"completed", "median", "mean", "p90", "longest"};
    const json_t *flow = json_object_get(row, "flow");

    evidence_row(table);
    set_period(table, row);
    breakdown_cells(table, breakdown, json_object_get(row, "keys"));
    for (size_t i = 0; i < sizeof members / sizeof members[0]; i++) {
        collect_cell(table, members[i], json_object_get(flow, members[i]));
    }
    collect_cell(table, "within_standard", json_object_get(flow, "completed_within_standard"));
    evidence_derive(table, evidence_table_rows(table) - 1);
}

static const char *pathway_of(const json_t *row) {
    const char *pathway = collect_text(json_object_get(row, "keys"), "pathway");

    return pathway[0] == '\0' ? "all" : pathway;
}

static void add_removals(struct evidence_table *table, const json_t *row) {
    const char *reason;
    json_t *count;

    json_object_foreach(json_object_get(json_object_get(row, "flow"), "closed_by_reason"), reason, count) {
        if (strcmp(reason, "died") != 0) {
            evidence_row(table);
            set_period(table, row);
            evidence_text(table, "pathway", pathway_of(row));
            evidence_text(table, "reason", reason);
            collect_cell(table, "removed", count);
        }
    }
}

static void add_deaths(struct evidence_table *table, const char *period, const json_t *row) {
    const json_t *died = json_object_get(json_object_get(json_object_get(row, "flow"), "closed_by_reason"), "died");

    evidence_row(table);
    evidence_text(table, "period", period);
    set_period(table, row);
    evidence_text(table, "pathway", pathway_of(row));
    evidence_number(table, "died", json_integer_value(died));
}

/* One breakdown by one step, with the year before where there was one. */
static void add_step(struct flows *flows, const struct breakdown *breakdown, bool is_whole, const json_t *part, const json_t *before) {
    const char *period = is_whole ? "whole" : "month";
    bool by_pathway = breakdown->fields[0] == NULL || (strcmp(breakdown->fields[0], "pathway") == 0 && breakdown->fields[1] == NULL);
    size_t i;
    const json_t *row;

    json_array_foreach(json_object_get(part, "rows"), i, row) {
        add_flow(flows->flow, breakdown, period, row, before);
        if (is_whole) {
            add_completed(flows->completed, breakdown, row);
        }
        if (is_whole && by_pathway) {
            add_removals(flows->removals, row);
        }
        if (by_pathway) {
            add_deaths(flows->deaths, period, row);
        }
    }
}

void collect_flows(struct collector *collector) {
    if (collector->has_failed) {
        return;
    }
    struct flows flows = {.collector = collector, .flow = collect_table(collector, &flow_shape)};
    bool has_before = year_before(collector->evidence->parameters.from) >= collector->first_day;
    json_t *reply = ask_flows(collector, has_before);
    const json_t *each = json_object_get(reply, "each");

    flows.completed = collect_table(collector, &completed_shape);
    flows.removals = collect_table(collector, &removal_shape);
    flows.deaths = collect_table(collector, &death_shape);
    for (size_t b = 0; b < BREAKDOWN_COUNT; b++) {
        size_t first = b * PARTS_A_BREAKDOWN;

        add_step(&flows, &breakdowns[b], false, json_array_get(each, first), has_before ? json_array_get(each, first + 2) : NULL);
        add_step(&flows, &breakdowns[b], true, json_array_get(each, first + 1), has_before ? json_array_get(each, first + 3) : NULL);
    }
    json_decref(reply);
}
