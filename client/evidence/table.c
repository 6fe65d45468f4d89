/* Tables of evidence: cells in rows, and what is derived from them. */
#include "client/evidence/table.h"

#include "daemon/core/memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct evidence_table {
    const struct evidence_shape *shape;
    int rule_version;
    struct evidence_cell *cells; /* row by row */
    size_t row_count;
    size_t capacity; /* of cells */
};

struct evidence_table *evidence_table_create(const struct evidence_shape *shape, int rule_version) {
    struct evidence_table *table = memory_new(1, sizeof *table);

    ENSURE(shape->column_count <= EVIDENCE_COLUMNS_MAX);
    table->shape = shape;
    table->rule_version = rule_version;
    return table;
}

void evidence_table_destroy(struct evidence_table **table) {
    if (*table == NULL) {
        return;
    }
    for (size_t i = 0; i < (*table)->row_count * (*table)->shape->column_count; i++) {
        free((*table)->cells[i].text);
    }
    free((*table)->cells);
    free(*table);
    *table = NULL;
}

const struct evidence_shape *evidence_table_shape(const struct evidence_table *table) {
    return table->shape;
}

int evidence_table_rule_version(const struct evidence_table *table) {
    return table->rule_version;
}

size_t evidence_table_rows(const struct evidence_table *table) {
    return table->row_count;
}

struct evidence_cell *evidence_table_cell(struct evidence_table *table, size_t row, size_t column) {
    ENSURE(row < table->row_count && column < table->shape->column_count);
    return &table->cells[row * table->shape->column_count + column];
}

const struct evidence_cell *evidence_table_look(const struct evidence_table *table, size_t row, size_t column) {
    ENSURE(row < table->row_count && column < table->shape->column_count);
    return &table->cells[row * table->shape->column_count + column];
}

size_t evidence_column_place(const struct evidence_shape *shape, const char *name) {
    size_t place = 0;

    while (place < shape->column_count && strcmp(shape->columns[place].name, name) != 0) {
        place++;
    }
    ENSURE(place < shape->column_count);
    return place;
}

void evidence_row(struct evidence_table *table) {
    size_t columns = table->shape->column_count, first = table->row_count * columns;

    memory_reserve((void **)&table->cells, &table->capacity, first + columns, sizeof *table->cells);
    for (size_t i = 0; i < columns; i++) {
        table->cells[first + i] = (struct evidence_cell){.state = EVIDENCE_NONE};
    }
    table->row_count++;
}

static struct evidence_cell *last_cell(struct evidence_table *table, const char *column) {
    return evidence_table_cell(table, table->row_count - 1, evidence_column_place(table->shape, column));
}

void evidence_text(struct evidence_table *table, const char *column, const char *text) {
    struct evidence_cell *cell = last_cell(table, column);

    if (text == NULL) {
        return;
    }
    free(cell->text);
    cell->text = strdup(text);
    ENSURE(cell->text != NULL);
    cell->state = EVIDENCE_VALUE;
}

void evidence_number(struct evidence_table *table, const char *column, int64_t number) {
    struct evidence_cell *cell = last_cell(table, column);

    cell->state = EVIDENCE_VALUE;
    cell->number = number;
}

void evidence_copy(struct evidence_table *table, const char *column, const struct evidence_cell *cell) {
    struct evidence_cell *target = last_cell(table, column);

    target->state = cell->state;
    target->number = cell->number;
    if (cell->text != NULL) {
        evidence_text(table, column, cell->text);
        target->state = cell->state;
    }
}

int64_t evidence_percent(int64_t part, int64_t whole) {
    int64_t doubled = 2 * 1000 * part, half = doubled < 0 ? -whole : whole;

    return (doubled + half) / (2 * whole);
}

/* The value of a count of the row; false when it has none. */
static bool value_of(const struct evidence_table *table, size_t row, const char *column, int64_t *value) {
    const struct evidence_cell *cell = evidence_table_look(table, row, evidence_column_place(table->shape, column));

    *value = cell->number;
    return cell->state == EVIDENCE_VALUE;
}

void evidence_derive(struct evidence_table *table, size_t row) {
    for (size_t i = 0; i < table->shape->column_count; i++) {
        const struct evidence_column *column = &table->shape->columns[i];
        struct evidence_cell *cell = evidence_table_cell(table, row, i);
        bool is_derived = column->kind == EVIDENCE_PERCENT || column->kind == EVIDENCE_GROWTH || column->kind == EVIDENCE_CHANGE;
        int64_t later, earlier;

        if (!is_derived || column->of == NULL) {
            continue;
        }
        cell->state = EVIDENCE_NONE;
        if (!value_of(table, row, column->of, &later) || !value_of(table, row, column->base, &earlier)) {
            continue;
        }
        if (column->kind == EVIDENCE_CHANGE) {
            *cell = (struct evidence_cell){.state = EVIDENCE_VALUE, .number = later - earlier};
        } else if (earlier != 0) {
            int64_t part = column->kind == EVIDENCE_PERCENT ? later : later - earlier;
            *cell = (struct evidence_cell){.state = EVIDENCE_VALUE, .number = evidence_percent(part, earlier)};
        }
    }
}

/* One decimal, none where it is 0 for the kinds that are mostly whole. */
static const char *print_tenths(int64_t tenths, char buffer[EVIDENCE_CELL_SIZE]) {
    int64_t size = tenths < 0 ? -tenths : tenths;

    snprintf(buffer, EVIDENCE_CELL_SIZE, "%s%lld.%lld", tenths < 0 ? "-" : "", (long long)(size / 10), (long long)(size % 10));
    return buffer;
}

const char *evidence_cell_text(const struct evidence_column *column, const struct evidence_cell *cell, char buffer[EVIDENCE_CELL_SIZE]) {
    if (cell->state == EVIDENCE_NONE) {
        return "";
    }
    if (cell->state == EVIDENCE_HIDDEN) {
        return "*";
    }
    if (cell->state == EVIDENCE_BAND || column->kind == EVIDENCE_TEXT) {
        return cell->text;
    }
    switch (column->kind) {
    case EVIDENCE_DAY:
        date_format((day_t)cell->number, buffer);
        return buffer;
    case EVIDENCE_PERCENT:
    case EVIDENCE_GROWTH:
    case EVIDENCE_MEDIAN:
        return print_tenths(cell->number, buffer);
    default:
        snprintf(buffer, EVIDENCE_CELL_SIZE, "%lld", (long long)cell->number);
        return buffer;
    }
}
