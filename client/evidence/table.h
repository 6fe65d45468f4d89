/* A table of evidence: what its columns mean, and its cells as numbers, days and texts. Every form of a pack (CSV, workbook, report) and
 * the control of disclosure work on these and on nothing else. */
#ifndef WAITLIST_EVIDENCE_TABLE_H
#define WAITLIST_EVIDENCE_TABLE_H

#include "daemon/core/calendar.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define EVIDENCE_COLUMNS_MAX 32

enum evidence_kind {
    EVIDENCE_TEXT,
    EVIDENCE_DAY,     /* a day_t */
    EVIDENCE_COUNT,   /* of people, or of things that happened to people */
    EVIDENCE_CHANGE,  /* a count less another */
    EVIDENCE_PERCENT, /* tenths of a per cent, of one count of another */
    EVIDENCE_GROWTH,  /* tenths of a per cent, of a change of a count */
    EVIDENCE_MEDIAN,  /* tenths of a day: a median or a mean of people's days */
    EVIDENCE_EXTREME, /* days: a longest or a 90th percentile */
    EVIDENCE_NUMBER   /* tells nothing of people: a standard, an edge, a priority */
};

/* Static, as written in the program. `of`, `base`: names of columns of the same table. */
struct evidence_column {
    const char *name;       /* in CSV */
    const char *title;      /* for people */
    const char *definition; /* one sentence */
    enum evidence_kind kind;
    const char *of;   /* PERCENT: the count that is a part; GROWTH, CHANGE: the later count; MEDIAN, EXTREME: the count of people */
    const char *base; /* PERCENT: the whole; GROWTH, CHANGE: the earlier count */
};

enum evidence_state {
    EVIDENCE_VALUE,
    EVIDENCE_NONE,   /* there is no such figure */
    EVIDENCE_HIDDEN, /* there is one, and it is not told: "*" */
    EVIDENCE_BAND    /* told as a band: the text */
};

struct evidence_cell {
    enum evidence_state state;
    int64_t number; /* by its column's kind */
    char *text;     /* TEXT, and BAND; owned by the table */
};

/* What a table is; static. */
struct evidence_shape {
    const char *name;   /* of its file and sheet: letters, digits, _ */
    const char *title;  /* for people */
    const char *about;  /* what it shows and how it is to be read, in a sentence or two */
    const char *figure; /* under which name of the rule versions its figures stand: "position", "flow" … */
    const struct evidence_column *columns;
    size_t column_count;
    bool is_of_cases; /* a row is one person's wait: left out where the pack is published */
};

struct evidence_table;

struct evidence_table *evidence_table_create(const struct evidence_shape *shape, int rule_version);
void evidence_table_destroy(struct evidence_table **table);
const struct evidence_shape *evidence_table_shape(const struct evidence_table *table);
int evidence_table_rule_version(const struct evidence_table *table);
size_t evidence_table_rows(const struct evidence_table *table);
struct evidence_cell *evidence_table_cell(struct evidence_table *table, size_t row, size_t column);
const struct evidence_cell *evidence_table_look(const struct evidence_table *table, size_t row, size_t column);
/* The place of a column; the table has it. */
size_t evidence_column_place(const struct evidence_shape *shape, const char *name);

/* Begins a row whose cells are all EVIDENCE_NONE; the cells below are of the last row. */
void evidence_row(struct evidence_table *table);
void evidence_text(struct evidence_table *table, const char *column, const char *text); /* NULL: none */
void evidence_number(struct evidence_table *table, const char *column, int64_t number);
/* A cell as another cell of the same kind. */
void evidence_copy(struct evidence_table *table, const char *column, const struct evidence_cell *cell);
/* The percentage, growth and change columns of the last row, from the counts that they name. */
void evidence_derive(struct evidence_table *table, size_t row);

/* A cell as it stands in CSV: "" for none, "*", dates as YYYY-MM-DD, tenths with one decimal. */
#define EVIDENCE_CELL_SIZE 64
const char *evidence_cell_text(const struct evidence_column *column, const struct evidence_cell *cell, char buffer[EVIDENCE_CELL_SIZE]);

/* Tenths of a per cent, half rounded up (away from zero below it); `whole` is not 0. */
int64_t evidence_percent(int64_t part, int64_t whole);

#endif
