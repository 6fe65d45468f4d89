/* Control of disclosure: the cells of a pack that is published. */
#include "client/evidence/disclose.h"

#include "client/evidence/collect.h"
#include "client/evidence/quantity.h"
#include "daemon/core/memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const int64_t edges[] = {7, 14, 28, 42, 84, 182, 365};
#define EDGE_COUNT (sizeof edges / sizeof edges[0])

static void drop_cases(struct evidence *evidence) {
    size_t kept = 0;

    for (size_t i = 0; i < evidence->table_count; i++) {
        if (evidence_table_shape(evidence->tables[i])->is_of_cases) {
            evidence_table_destroy(&evidence->tables[i]);
        } else {
            evidence->tables[kept++] = evidence->tables[i];
        }
    }
    evidence->table_count = kept;
}

static const struct evidence_cell *people_of(const struct evidence_table *table, size_t row, const struct evidence_column *column) {
    return evidence_table_look(table, row, evidence_column_place(evidence_table_shape(table), column->of));
}

static void hide(struct evidence_cell *cell) {
    free(cell->text);
    *cell = (struct evidence_cell){.state = EVIDENCE_HIDDEN};
}

int64_t disclose_rounded(int64_t count) {
    return (count + DISCLOSE_ROUND_TO / 2) / DISCLOSE_ROUND_TO * DISCLOSE_ROUND_TO;
}

void disclose_band(int64_t days, char text[EVIDENCE_CELL_SIZE]) {
    size_t band = 0;

    while (band < EDGE_COUNT && days > edges[band]) {
        band++;
    }
    if (band == EDGE_COUNT) {
        snprintf(text, EVIDENCE_CELL_SIZE, "over %lld", (long long)edges[EDGE_COUNT - 1]);
    } else {
        snprintf(text, EVIDENCE_CELL_SIZE, "%lld to %lld", band == 0 ? 0LL : (long long)edges[band - 1] + 1, (long long)edges[band]);
    }
}

static void tell_band(struct evidence_cell *cell) {
    char text[EVIDENCE_CELL_SIZE];

    disclose_band(cell->number, text);
    *cell = (struct evidence_cell){.state = EVIDENCE_BAND, .text = strdup(text)};
    ENSURE(cell->text != NULL);
}

/* Statistics, while the counts are still the true ones. */
static void change_statistics(struct evidence_table *table, size_t row, const struct quantities *quantities) {
    const struct evidence_shape *shape = evidence_table_shape(table);

    for (size_t i = 0; i < shape->column_count; i++) {
        const struct evidence_column *column = &shape->columns[i];
        struct evidence_cell *cell = evidence_table_cell(table, row, i);
        struct quantity_name name;
        char buffer[QUANTITY_KEY_SIZE];

        if (cell->state != EVIDENCE_VALUE || (column->kind != EVIDENCE_MEDIAN && column->kind != EVIDENCE_EXTREME)) {
            continue;
        }
        const struct evidence_cell *people = people_of(table, row, column);
        bool is_known = quantity_name_of(table, row, evidence_column_place(shape, column->of), &name, buffer);

        if (people->number <= DISCLOSE_HIDDEN_MAX || (is_known && quantities_is_hidden(quantities, &name))) {
            hide(cell);
        } else if (column->kind == EVIDENCE_EXTREME) {
            tell_band(cell);
        }
    }
}

static void change_counts(struct evidence_table *table, size_t row, const struct quantities *quantities) {
    const struct evidence_shape *shape = evidence_table_shape(table);

    for (size_t i = 0; i < shape->column_count; i++) {
        struct evidence_cell *cell = evidence_table_cell(table, row, i);
        struct quantity_name name;
        char buffer[QUANTITY_KEY_SIZE];

        if (cell->state != EVIDENCE_VALUE || shape->columns[i].kind != EVIDENCE_COUNT) {
            continue;
        }
        ENSURE(quantity_name_of(table, row, i, &name, buffer)); /* what nobody ties must not be told */
        if (quantities_is_hidden(quantities, &name)) {
            hide(cell);
        } else {
            cell->number = disclose_rounded(cell->number);
        }
    }
}

static bool is_hidden(const struct evidence_table *table, size_t row, const char *column) {
    return evidence_table_look(table, row, evidence_column_place(evidence_table_shape(table), column))->state == EVIDENCE_HIDDEN;
}

/* From the counts that are told; where one of them is hidden, so is what was made of it. */
static void change_derived(struct evidence_table *table, size_t row) {
    const struct evidence_shape *shape = evidence_table_shape(table);

    evidence_derive(table, row);
    for (size_t i = 0; i < shape->column_count; i++) {
        const struct evidence_column *column = &shape->columns[i];
        bool is_derived = column->kind == EVIDENCE_PERCENT || column->kind == EVIDENCE_GROWTH || column->kind == EVIDENCE_CHANGE;

        if (is_derived && column->of != NULL && (is_hidden(table, row, column->of) || is_hidden(table, row, column->base))) {
            hide(evidence_table_cell(table, row, i));
        }
    }
}

void evidence_disclose(struct evidence *evidence) {
    drop_cases(evidence);
    struct quantities *quantities = quantities_create(evidence);

    quantities_protect(quantities);
    for (size_t t = 0; t < evidence->table_count; t++) {
        struct evidence_table *table = evidence->tables[t];

        for (size_t row = 0; row < evidence_table_rows(table); row++) {
            change_statistics(table, row, quantities);
            change_counts(table, row, quantities);
            change_derived(table, row);
        }
    }
    quantities_destroy(&quantities);
}
