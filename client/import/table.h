/* Reading CSV (RFC 4180) as a stream of rows, with the line and column of everything that is wrong in it. */
#ifndef WAITLIST_IMPORT_TABLE_H
#define WAITLIST_IMPORT_TABLE_H

#include "daemon/core/text.h"

/* A record longer than this is taken for one whose quotation mark was never closed. */
#define CSV_RECORD_BYTES_MAX 262144
#define CSV_CELLS_MAX 4096

enum csv_encoding { CSV_UTF_8, CSV_WINDOWS_1252 };

struct csv_options {
    char delimiter; /* 0: a comma */
    enum csv_encoding encoding;
    int stop; /* a descriptor that becomes readable when reading must end (signalfd); -1: none */
};

/* Lines are those of the file, from 1, as an editor counts them; columns are characters of that line, from 1. */
struct csv_fault {
    uint64_t line;
    uint64_t column; /* 0: the line as a whole */
    char message[240];
};

/* Cells are UTF-8 without NUL, without their quotation marks, ended by a NUL behind their length, and live until the next row is read. */
struct csv_row {
    uint64_t line, last_line; /* they differ when a quoted cell holds line ends */
    size_t count;
    const struct text *cells;
};

enum csv_result {
    CSV_ROW,
    CSV_BAD_ROW,    /* `fault` says why this record cannot be read; the next call goes on with the line after its first one */
    CSV_END,        /* the file is over */
    CSV_UNREADABLE, /* `fault` says why nothing more can be read (line 0: the system's error) */
    CSV_STOPPED     /* options.stop became readable */
};

struct csv_table;

/* `input` is an open descriptor that stays the caller's; it is read from where it stands. Memory: below 2 MiB, whatever the file's size. */
struct csv_table *csv_table_create(int input, const struct csv_options *options);
void csv_table_destroy(struct csv_table **table);

/* The next row: the first is the header, if the file has one. Blank lines are passed over, a UTF-8 byte order mark at the start too; LF and
 * CR LF end a line. A row may have any number of cells: whether that fits the header is the caller's to say. With CSV_BAD_ROW row->line
 * and row->last_line are set and there are no cells. */
enum csv_result csv_table_next(struct csv_table *table, struct csv_row *row, struct csv_fault *fault);

/* Where a cell of the row last read begins (its quotation mark, if it has one). A cell beyond the last: the end of the record. */
void csv_table_place(const struct csv_table *table, size_t cell, uint64_t *line, uint64_t *column);
/* Bytes of the file that are done with, for a progress bar. */
uint64_t csv_table_bytes(const struct csv_table *table);

/* Without blanks (space, tab, no-break space) before and behind. */
struct text csv_trim(struct text text);

#endif
