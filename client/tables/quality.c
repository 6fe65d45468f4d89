/* The answers that are one value a row: the figures of data quality, and how the daemon is. */
#include "client/tables/answers.h"

#include <stdio.h>
#include <string.h>

static const char *text(const json_t *object, const char *name) {
    const char *found = json_string_value(json_object_get(object, name));

    return found != NULL ? found : "";
}

static const json_t *member(const json_t *object, const char *first, const char *second) {
    return json_object_get(json_object_get(object, first), second);
}

/* A row a figure. */
static void add_figure(struct table *table, const char *section, const char *of, const char *figure, const json_t *value) {
    table_text(table, section);
    table_text(table, of);
    table_text(table, figure);
    table_json(table, value);
}

/* Every number and text of an object as a figure. */
static void add_figures(struct table *table, const char *section, const char *of, const json_t *object) {
    const char *name;
    json_t *value;

    json_object_foreach((json_t *)(uintptr_t)object, name, value) {
        bool is_envelope = strcmp(name, "v") == 0 || strcmp(name, "ok") == 0; /* of the answer, not figures */

        if (!json_is_array(value) && !json_is_object(value) && !is_envelope) {
            add_figure(table, section, of, name, value);
        }
    }
}

static void add_sources(struct table *table, const json_t *sources) {
    size_t i;
    const json_t *source;

    json_array_foreach(sources, i, source) {
        const char *name = text(source, "source");

        add_figures(table, "sources", name, source);
        add_figures(table, "sources.exceptions", name, member(source, "exceptions", "code"));
        add_figures(table, "sources.warnings", name, member(source, "warnings", "code"));
        add_figures(table, "sources.lateness", name, json_object_get(source, "lateness"));
    }
}

static void add_completeness(struct table *table, const json_t *rows) {
    static const char *const kinds[][2] = {{"fields", ""}, {"dimensions", "dimension."}};
    static const char *const figures[] = {"with", "of", "percent"};
    size_t i;
    const json_t *row;

    json_array_foreach(rows, i, row) {
        const char *name, *pathway = json_string_value(json_object_get(row, "pathway"));
        json_t *filled;

        for (size_t k = 0; k < 2; k++) {
            json_object_foreach(json_object_get(row, kinds[k][0]), name, filled) {
                for (size_t f = 0; f < 3; f++) {
                    char figure[128];

                    snprintf(figure, sizeof figure, "%s%s.%s", kinds[k][1], name, figures[f]);
                    add_figure(table, "completeness", pathway, figure, json_object_get(filled, figures[f]));
                }
            }
        }
    }
}

void answers_data_quality(const json_t *reply, enum table_format format, FILE *out) {
    static const struct column columns[] = {
        {"section", "", COLUMN_TEXT}, {"of", "", COLUMN_TEXT}, {"figure", "", COLUMN_TEXT}, {"value", "", COLUMN_TEXT}};
    static const char *const coded[] = {"exceptions", "warnings", "quarantine"};
    size_t i;
    const json_t *row;
    struct table *table = table_create(columns, 4);

    add_figures(table, "report", NULL, reply);
    for (size_t c = 0; c < 3; c++) {
        add_figures(table, coded[c], NULL, member(reply, coded[c], "code"));
    }
    add_figures(table, "lateness", NULL, json_object_get(reply, "lateness"));
    add_sources(table, json_object_get(reply, "sources"));
    json_array_foreach(member(reply, "unknown_values", "rows"), i, row) {
        add_figure(table, "unknown_values", text(row, "field"), text(row, "value"), json_object_get(row, "count"));
    }
    json_array_foreach(member(reply, "same_person_twice", "rows"), i, row) {
        add_figure(table, "same_person_twice", text(row, "pathway"), text(row, "subject"), json_object_get(row, "first_subject"));
    }
    add_completeness(table, json_object_get(reply, "completeness"));
    add_figures(table, "excluded", NULL, json_object_get(reply, "excluded"));
    table_print(table, format, out);
    table_destroy(&table);
}

/* Every value under its path: sources.1.events, counters.requests. */
static void add_values(struct table *table, const char *path, const json_t *value) {
    char below[160];
    const char *name;
    json_t *member;
    size_t i;

    if (json_is_object(value)) {
        json_object_foreach((json_t *)(uintptr_t)value, name, member) {
            snprintf(below, sizeof below, "%s%s%s", path, path[0] != '\0' ? "." : "", name);
            add_values(table, below, member);
        }
    } else if (json_is_array(value)) {
        json_array_foreach(value, i, member) {
            snprintf(below, sizeof below, "%s.%zu", path, i + 1);
            add_values(table, below, member);
        }
    } else {
        table_text(table, path);
        table_json(table, value);
    }
}

/* One row a value: a list of sources beside them would make a table of two shapes. */
void answers_health(const json_t *reply, enum table_format format, FILE *out) {
    static const struct column columns[] = {{"name", "NAME", COLUMN_TEXT}, {"value", "VALUE", COLUMN_TEXT}};
    struct table *table = table_create(columns, 2);

    add_values(table, "", reply);
    table_print(table, format, out);
    table_destroy(&table);
}
