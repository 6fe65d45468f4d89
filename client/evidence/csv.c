/* Tables of evidence as CSV: tidy, one observation a row, dates as YYYY-MM-DD, an empty cell where there is no figure. */
#include "client/evidence/files.h"

#include <stdio.h>
#include <string.h>

/* RFC 4180; a text that a spreadsheet would take for a formula gets an apostrophe in front. */
static void put_cell(struct evidence_text *csv, const char *text, bool is_text) {
    bool is_formula = is_text && text[0] != '\0' && strchr("=+-@\t\r", text[0]) != NULL;
    bool quoted = is_formula || strpbrk(text, ",\"\r\n") != NULL;

    if (!quoted) {
        evidence_put(csv, text);
        return;
    }
    evidence_put(csv, is_formula ? "\"'" : "\"");
    for (const char *at = text; *at != '\0'; at++) {
        const char piece[3] = {*at, *at == '"' ? '"' : '\0', '\0'};
        evidence_put(csv, piece);
    }
    evidence_put(csv, "\"");
}

void evidence_csv(const struct evidence_table *table, struct evidence_text *text) {
    const struct evidence_shape *shape = evidence_table_shape(table);
    char buffer[EVIDENCE_CELL_SIZE];

    for (size_t column = 0; column < shape->column_count; column++) {
        evidence_print(text, "%s%s", column == 0 ? "" : ",", shape->columns[column].name);
    }
    evidence_put(text, "\r\n");
    for (size_t row = 0; row < evidence_table_rows(table); row++) {
        for (size_t column = 0; column < shape->column_count; column++) {
            const struct evidence_column *described = &shape->columns[column];
            const struct evidence_cell *cell = evidence_table_look(table, row, column);

            evidence_put(text, column == 0 ? "" : ",");
            put_cell(text, evidence_cell_text(described, cell, buffer), described->kind == EVIDENCE_TEXT);
        }
        evidence_put(text, "\r\n");
    }
}

static const char *unit_of(enum evidence_kind kind) {
    static const char *const units[] = {[EVIDENCE_TEXT] = "text",    [EVIDENCE_DAY] = "date",        [EVIDENCE_COUNT] = "count",
                                        [EVIDENCE_CHANGE] = "count", [EVIDENCE_PERCENT] = "percent", [EVIDENCE_GROWTH] = "percent",
                                        [EVIDENCE_MEDIAN] = "days",  [EVIDENCE_EXTREME] = "days",    [EVIDENCE_NUMBER] = "number"};

    return units[kind];
}

static void put_dictionary(struct evidence *evidence, struct evidence_text *text) {
    evidence_put(text, "table,column,title,unit,definition,rules,rule_version\r\n");
    for (size_t i = 0; i < evidence_table_count(evidence); i++) {
        const struct evidence_table *table = evidence_table_at(evidence, i);
        const struct evidence_shape *shape = evidence_table_shape(table);

        for (size_t column = 0; column < shape->column_count; column++) {
            const struct evidence_column *described = &shape->columns[column];

            evidence_print(text, "%s,%s,", shape->name, described->name);
            put_cell(text, described->title, true);
            evidence_print(text, ",%s,", unit_of(described->kind));
            put_cell(text, described->definition, true);
            evidence_print(text, ",%s,%d\r\n", shape->figure, evidence_table_rule_version(table));
        }
    }
}

void evidence_csv_files(struct evidence *evidence, struct evidence_files *files) {
    struct evidence_text text = {NULL, 0, 0};

    for (size_t i = 0; i < evidence_table_count(evidence); i++) {
        const struct evidence_table *table = evidence_table_at(evidence, i);
        char name[80];

        snprintf(name, sizeof name, "%s.csv", evidence_table_shape(table)->name);
        evidence_csv(table, &text);
        evidence_files_take(files, name, &text);
    }
    put_dictionary(evidence, &text);
    evidence_files_take(files, "columns.csv", &text);
}
