/* The answers that count: positions, flows, days, what was reported, and how good what was recorded is. */
#include "client/tables/answers.h"

#include "client/tables/layout.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *text(const json_t *object, const char *name) {
    const char *found = json_string_value(json_object_get(object, name));

    return found != NULL ? found : "";
}

static long long whole(const json_t *object, const char *name) {
    return json_integer_value(json_object_get(object, name));
}

void answers_summary(const json_t *reply, const json_t *group_by, enum table_format format, FILE *out) {
    const json_t *rows = json_object_get(reply, "rows");
    const json_t *total = json_object_get(reply, "total");
    const json_t *rule_version = json_object_get(reply, "rule_version");
    struct layout layout = {0};
    size_t i;
    const json_t *row;

    layout_keys(&layout, group_by);
    layout_position(&layout, total);
    struct table *table = table_create(layout.columns, layout.count);

    json_array_foreach(rows, i, row) {
        layout_add_keys(&layout, table, json_object_get(row, "keys"));
        layout_add_position(&layout, table, json_object_get(row, "position"), rule_version);
    }
    if (format == FORMAT_TABLE) {
        table_totals(table); /* a spreadsheet makes its own, and would count these twice */
        for (size_t k = 0; k < layout.key_count; k++) {
            table_text(table, k == 0 ? "total" : "");
        }
        layout_add_position(&layout, table, total, rule_version);
    }
    table_print(table, format, out);
    table_destroy(&table);
}

static const struct column flow_measures[] = {
    {"started", "STARTED", COLUMN_NUMBER},
    {"completed", "COMPL.", COLUMN_NUMBER},
    {"completed_within_standard", "IN TIME", COLUMN_NUMBER},
    {"closed", "CLOSED", COLUMN_NUMBER},
    {"closed_by_reason", "", COLUMN_CSV_ONLY},
    {"reopened", "REOP.", COLUMN_NUMBER},
    {"transferred_in", "TRANSF. IN", COLUMN_CSV_ONLY},
    {"transferred_out", "TRANSF. OUT", COLUMN_CSV_ONLY},
    {"contacts", "CONTACT", COLUMN_NUMBER},
    {"n", "", COLUMN_CSV_ONLY},
    {"median", "MEDIAN", COLUMN_NUMBER},
    {"mean", "MEAN", COLUMN_CSV_ONLY},
    {"p90", "P90", COLUMN_NUMBER},
    {"longest", "LONGEST", COLUMN_NUMBER},
};
#define FLOW_MEASURE_COUNT (sizeof flow_measures / sizeof flow_measures[0])

/* {"died":2,"declined":1} as died=2;declined=1 */
static void add_reasons(struct table *table, const json_t *reasons) {
    char *joined = NULL;
    size_t size = 0;
    FILE *stream = open_memstream(&joined, &size);
    const char *reason, *between = "";
    json_t *count;

    if (stream == NULL) {
        abort();
    }
    json_object_foreach((json_t *)(uintptr_t)reasons, reason, count) {
        fprintf(stream, "%s%s=%lld", between, reason, (long long)json_integer_value(count));
        between = ";";
    }
    fclose(stream);
    table_text(table, joined);
    free(joined);
}

void answers_flow(const json_t *reply, const json_t *group_by, enum table_format format, FILE *out) {
    static const struct column period[] = {{"from", "FROM", COLUMN_TEXT}, {"to", "TO", COLUMN_CSV_ONLY}};
    static const struct column version = {"rule_version", "", COLUMN_CSV_ONLY};
    const json_t *rows = json_object_get(reply, "rows");
    struct layout layout = {0};
    size_t i;
    const json_t *row;

    layout_columns(&layout, period, 2);
    layout_keys(&layout, group_by);
    layout_columns(&layout, flow_measures, FLOW_MEASURE_COUNT);
    layout_columns(&layout, &version, 1);
    struct table *table = table_create(layout.columns, layout.count);

    json_array_foreach(rows, i, row) {
        const json_t *flow = json_object_get(row, "flow");

        table_json(table, json_object_get(row, "from"));
        table_json(table, json_object_get(row, "to"));
        layout_add_keys(&layout, table, json_object_get(row, "keys"));
        for (size_t m = 0; m < FLOW_MEASURE_COUNT; m++) {
            const json_t *value = json_object_get(flow, flow_measures[m].name);

            if (json_is_object(value)) {
                add_reasons(table, value);
            } else {
                table_json(table, value);
            }
        }
        table_json(table, json_object_get(reply, "rule_version"));
    }
    table_print(table, format, out);
    table_destroy(&table);
}

void answers_series(const json_t *reply, const json_t *group_by, enum table_format format, FILE *out) {
    const json_t *rows = json_object_get(reply, json_array_size(group_by) == 0 ? "totals" : "rows");
    const json_t *rule_version = json_object_get(reply, "rule_version");
    static const struct column day[] = {{"day", "DAY", COLUMN_TEXT}};
    struct layout layout = {0};
    size_t i;
    const json_t *row;

    layout_columns(&layout, day, 1);
    layout_keys(&layout, group_by);
    layout_position(&layout, json_object_get(json_array_get(rows, 0), "position"));
    struct table *table = table_create(layout.columns, layout.count);

    json_array_foreach(rows, i, row) {
        table_json(table, json_object_get(row, "day"));
        layout_add_keys(&layout, table, json_object_get(row, "keys"));
        layout_add_position(&layout, table, json_object_get(row, "position"), rule_version);
    }
    table_print(table, format, out);
    table_destroy(&table);
}

/* How long the row is, as people say it: "28 to 34", or "3633 and more". */
static void days_of(const json_t *row, char *text, size_t size) {
    if (json_is_null(json_object_get(row, "to_days"))) {
        snprintf(text, size, "%lld and more", (long long)whole(row, "from_days"));
    } else {
        snprintf(text, size, "%lld to %lld", (long long)whole(row, "from_days"), (long long)whole(row, "to_days"));
    }
}

void answers_distribution(const json_t *reply, enum table_format format, FILE *out) {
    static const struct column in_table[] = {
        {"days", "DAYS WAITED", COLUMN_TEXT}, {"count", "WAITING", COLUMN_NUMBER}, {"over_standard", "OVER STANDARD", COLUMN_NUMBER}};
    static const struct column in_csv[] = {{"from_days", "", COLUMN_NUMBER},
                                           {"to_days", "", COLUMN_NUMBER},
                                           {"count", "", COLUMN_NUMBER},
                                           {"over_standard", "", COLUMN_NUMBER},
                                           {"rule_version", "", COLUMN_NUMBER}};
    const json_t *total = json_object_get(reply, "total");
    bool is_table = format == FORMAT_TABLE;
    struct table *table = is_table ? table_create(in_table, 3) : table_create(in_csv, 5);
    char days[48];
    size_t i;
    const json_t *row;

    json_array_foreach(json_object_get(reply, "rows"), i, row) {
        if (is_table) {
            days_of(row, days, sizeof days);
            table_text(table, days);
        } else {
            table_json(table, json_object_get(row, "from_days"));
            table_json(table, json_object_get(row, "to_days"));
        }
        table_json(table, json_object_get(row, "count"));
        table_json(table, json_object_get(row, "over_standard"));
        if (!is_table) {
            table_json(table, json_object_get(reply, "rule_version"));
        }
    }
    if (is_table) {
        table_totals(table);
        table_text(table, "total");
        table_json(table, json_object_get(total, "count"));
        table_json(table, json_object_get(total, "over_standard"));
    }
    table_print(table, format, out);
    table_destroy(&table);
}

static const char *const sides[] = {"reported", "known", "difference"};
static const struct {
    const char *name;
    const char *title; /* NULL: in CSV only */
} compared_measures[] = {{"waiting", "WAITING"}, {"breach", "BREACH"},  {"median", "MEDIAN"}, {"due", NULL},        {"unallocated", NULL},
                         {"allocated", NULL},    {"in_progress", NULL}, {"paused", NULL},     {"no_contact", NULL}, {"scheduled", NULL},
                         {"longest", NULL},      {"mean", NULL},        {"p90", NULL}};
#define SIDE_COUNT (sizeof sides / sizeof sides[0])
#define COMPARED_MEASURE_COUNT (sizeof compared_measures / sizeof compared_measures[0])

/* By what rules and when a day's figures were reported, and by what rules they are known; in CSV only. */
static const char *const origins[] = {"reported_at", "reported_seq", "reconstructed", "reported_rule_version", "rule_version"};
#define ORIGIN_COUNT (sizeof origins / sizeof origins[0])

/* Three columns of each measure: as reported, as known, and the difference. Bands are left to JSON. */
struct compared_columns {
    struct layout layout;
    char names[COMPARED_MEASURE_COUNT][SIDE_COUNT][40];
};

static void lay_out_compared(struct compared_columns *columns, const json_t *group_by) {
    static const char *const titles[] = {NULL, "NOW", "+/-"};

    layout_columns(&columns->layout, &(struct column){"day", "DAY", COLUMN_TEXT}, 1);
    layout_keys(&columns->layout, group_by);
    for (size_t i = 0; i < COMPARED_MEASURE_COUNT; i++) {
        enum column_look look = compared_measures[i].title == NULL ? COLUMN_CSV_ONLY : COLUMN_NUMBER;

        for (size_t side = 0; side < SIDE_COUNT; side++) {
            snprintf(columns->names[i][side], sizeof columns->names[i][side], "%s_%s", compared_measures[i].name, sides[side]);
            layout_columns(&columns->layout,
                           &(struct column){columns->names[i][side], side == 0 ? compared_measures[i].title : titles[side], look}, 1);
        }
    }
    for (size_t i = 0; i < ORIGIN_COUNT; i++) {
        layout_columns(&columns->layout, &(struct column){origins[i], "", COLUMN_CSV_ONLY}, 1);
    }
}

/* The total of a row's day, which says how the day was reported. */
static const json_t *total_of(const json_t *reply, const char *day) {
    size_t i;
    const json_t *total;

    json_array_foreach(json_object_get(reply, "totals"), i, total) {
        if (strcmp(text(total, "day"), day) == 0) {
            return total;
        }
    }
    return NULL;
}

static void add_compared(const struct layout *layout, struct table *table, const json_t *row, const json_t *reply) {
    const json_t *total = total_of(reply, text(row, "day"));

    table_json(table, json_object_get(row, "day"));
    layout_add_keys(layout, table, json_object_get(row, "keys"));
    for (size_t i = 0; i < COMPARED_MEASURE_COUNT; i++) {
        for (size_t side = 0; side < SIDE_COUNT; side++) {
            table_json(table, json_object_get(json_object_get(row, sides[side]), compared_measures[i].name));
        }
    }
    for (size_t i = 0; i + 1 < ORIGIN_COUNT; i++) {
        table_json(table, json_object_get(total, origins[i]));
    }
    table_json(table, json_object_get(reply, "rule_version"));
}

void answers_restatement(const json_t *reply, const json_t *group_by, enum table_format format, FILE *out) {
    const json_t *rows = json_object_get(reply, json_array_size(group_by) == 0 ? "totals" : "rows");
    struct compared_columns columns = {0};
    size_t i;
    const json_t *row;

    lay_out_compared(&columns, group_by);
    struct table *table = table_create(columns.layout.columns, columns.layout.count);

    json_array_foreach(rows, i, row) {
        add_compared(&columns.layout, table, row, reply);
    }
    table_print(table, format, out);
    table_destroy(&table);
}
