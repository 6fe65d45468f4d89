/* The columns of a table whose rows have keys and figures. */
#include "client/tables/layout.h"

#include <stdio.h>

static const struct column measures[] = {
    {"waiting", "WAITING", COLUMN_NUMBER},      {"breach", "BREACH", COLUMN_NUMBER},       {"due", "DUE", COLUMN_NUMBER},
    {"unallocated", "UNALLOC.", COLUMN_NUMBER}, {"allocated", "ALLOC.", COLUMN_CSV_ONLY},  {"in_progress", "IN PROGR.", COLUMN_CSV_ONLY},
    {"paused", "PAUSED", COLUMN_CSV_ONLY},      {"no_contact", "NO CONT.", COLUMN_NUMBER}, {"longest", "LONGEST", COLUMN_NUMBER},
    {"median", "MEDIAN", COLUMN_NUMBER},        {"mean", "MEAN", COLUMN_CSV_ONLY},         {"p90", "P90", COLUMN_CSV_ONLY},
    {"scheduled", "SCHED.", COLUMN_CSV_ONLY}};
#define MEASURE_COUNT (sizeof measures / sizeof measures[0])

void layout_columns(struct layout *layout, const struct column *columns, size_t count) {
    for (size_t i = 0; i < count && layout->count < LAYOUT_COLUMNS_MAX; i++) {
        layout->columns[layout->count++] = columns[i];
    }
}

void layout_keys(struct layout *layout, const json_t *group_by) {
    size_t i;
    const json_t *name;

    json_array_foreach(group_by, i, name) {
        if (layout->key_count < LAYOUT_KEYS_MAX) {
            char *title = layout->titles[layout->key_count];

            layout->keys[layout->key_count++] = json_string_value(name);
            table_title(json_string_value(name), title, sizeof layout->titles[0]);
            layout_columns(layout, &(struct column){json_string_value(name), title, COLUMN_TEXT}, 1);
        }
    }
}

void layout_position(struct layout *layout, const json_t *position) {
    size_t bands = json_array_size(json_object_get(position, "bands"));

    layout_columns(layout, measures, MEASURE_COUNT);
    layout->band_count = bands > WAITLIST_BANDS_MAX ? WAITLIST_BANDS_MAX : bands;
    for (size_t i = 0; i < layout->band_count; i++) {
        snprintf(layout->band_names[i], sizeof layout->band_names[i], "band_%zu", i + 1);
        layout_columns(layout, &(struct column){layout->band_names[i], "", COLUMN_CSV_ONLY}, 1);
    }
    layout_columns(layout, &(struct column){"rule_version", "", COLUMN_CSV_ONLY}, 1);
}

void layout_add_keys(const struct layout *layout, struct table *table, const json_t *keys) {
    for (size_t i = 0; i < layout->key_count; i++) {
        table_json(table, json_object_get(keys, layout->keys[i]));
    }
}

void layout_add_position(const struct layout *layout, struct table *table, const json_t *position, const json_t *rule_version) {
    for (size_t i = 0; i < MEASURE_COUNT; i++) {
        table_json(table, json_object_get(position, measures[i].name));
    }
    for (size_t i = 0; i < layout->band_count; i++) {
        table_json(table, json_array_get(json_object_get(position, "bands"), i));
    }
    table_json(table, rule_version);
}
