/* A table that can be shown on a terminal or written as CSV: the same cells, two looks. */
#ifndef WAITLIST_TABLES_TABLE_H
#define WAITLIST_TABLES_TABLE_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/* How an answer is shown. Pages of one CSV file behind the first have no heading. */
enum table_format { FORMAT_TABLE, FORMAT_JSON, FORMAT_CSV, FORMAT_CSV_ROWS };

enum column_look { COLUMN_TEXT, COLUMN_NUMBER, COLUMN_CSV_ONLY };

struct column {
    const char *name;  /* the protocol's, in CSV */
    const char *title; /* on the terminal */
    enum column_look look;
};

struct table;

/* `columns` must outlive the table. */
struct table *table_create(const struct column *columns, size_t count);
void table_destroy(struct table **table);
/* Cells in the order of the columns; a new row begins by itself. */
void table_text(struct table *table, const char *text);    /* NULL: absent */
void table_json(struct table *table, const json_t *value); /* any value; null is absent */
/* The rows from here on are totals: set off on the terminal. */
void table_totals(struct table *table);
size_t table_rows(const struct table *table);

/* RFC 4180, CR LF; texts that a spreadsheet would take for a formula (= + - @ first) get a ' in front. */
void table_print(const struct table *table, enum table_format format, FILE *out);

/* A protocol's name as a column's title: "client_group" gives "CLIENT GROUP". */
void table_title(const char *name, char *title, size_t size);

/* One text as a terminal may show it: valid UTF-8 without control characters. How many columns it takes. */
size_t table_put_safely(const char *text, FILE *out);
size_t table_width(const char *text);

#endif
