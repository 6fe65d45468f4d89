/* The CSV reader: one record at a time out of a bounded buffer, decoded beside it so that the bytes stay for positions and second tries. */
#include "client/import/table.h"
#include "daemon/core/memory.h"

#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CHUNK_BYTES 65536
/* A character of Windows-1252 takes at most three bytes of UTF-8; and a NUL behind each cell. */
#define DECODED_BYTES (3 * (size_t)(CSV_RECORD_BYTES_MAX + CHUNK_BYTES) + CSV_CELLS_MAX + 4)

struct csv_table {
    struct csv_options options;
    int input;
    bool begun, over;   /* the mark at the start has been looked for; the input has ended */
    bool skipping;      /* the rest of a line that is too long */
    unsigned char *raw; /* CSV_RECORD_BYTES_MAX + CHUNK_BYTES, of which [at, filled) is not done with */
    size_t at, filled;
    uint64_t line;     /* of raw[at] */
    uint64_t consumed; /* bytes before raw[0] */
    /* The record last read: raw[record, record + record_size), which begins on record_line. */
    size_t record, record_size;
    uint64_t record_line;
    char *decoded;
    struct text cells[CSV_CELLS_MAX];
    size_t starts[CSV_CELLS_MAX]; /* in the record */
    size_t count;
};

/* How far one look at a record came. */
enum look { LOOK_WHOLE, LOOK_MORE, LOOK_FAULT };

struct scan {
    size_t at;  /* in raw */
    size_t out; /* in decoded */
};

struct csv_table *csv_table_create(int input, const struct csv_options *options) {
    struct csv_table *table = memory_new(1, sizeof *table);

    table->options = *options;
    table->options.delimiter = options->delimiter == '\0' ? ',' : options->delimiter;
    table->input = input;
    table->line = 1;
    table->raw = memory_new(CSV_RECORD_BYTES_MAX + CHUNK_BYTES, 1);
    table->decoded = memory_new(DECODED_BYTES, 1);
    return table;
}

void csv_table_destroy(struct csv_table **table) {
    if (*table == NULL) {
        return;
    }
    free((*table)->raw);
    free((*table)->decoded);
    free(*table);
    *table = NULL;
}

uint64_t csv_table_bytes(const struct csv_table *table) {
    return table->consumed + table->at;
}

/* ---- Places */

static void place_of(const struct csv_table *table, size_t begin, uint64_t begin_line, size_t at, uint64_t *line, uint64_t *column) {
    *line = begin_line;
    *column = 1;
    for (size_t i = begin; i < at; i++) {
        bool inside = table->options.encoding == CSV_UTF_8 && (table->raw[i] & 0xC0) == 0x80;

        if (table->raw[i] == '\n') {
            (*line)++;
            *column = 1;
        } else if (!inside) {
            (*column)++;
        }
    }
}

void csv_table_place(const struct csv_table *table, size_t cell, uint64_t *line, uint64_t *column) {
    size_t offset = cell < table->count ? table->starts[cell] : table->record_size;

    place_of(table, table->record, table->record_line, table->record + offset, line, column);
}

__attribute__((format(printf, 4, 5))) static enum look complain(const struct csv_table *table, struct csv_fault *fault, size_t at,
                                                                const char *format, ...) {
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(fault->message, sizeof fault->message, format, arguments);
    va_end(arguments);
    place_of(table, table->at, table->line, at, &fault->line, &fault->column);
    return LOOK_FAULT;
}

/* ---- Characters */

/* Windows-1252 where it differs from Latin-1: 0x80 to 0x9F; 0: no character (table of the Unicode Consortium, CP1252). */
static const uint16_t upper[32] = {0x20AC, 0,      0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021, 0x02C6, 0x2030, 0x0160,
                                   0x2039, 0x0152, 0,      0x017D, 0,      0,      0x2018, 0x2019, 0x201C, 0x201D, 0x2022,
                                   0x2013, 0x2014, 0x02DC, 0x2122, 0x0161, 0x203A, 0x0153, 0,      0x017E, 0x0178};

static size_t put_character(char *out, uint32_t character) {
    if (character < 0x80) {
        out[0] = (char)character;
        return 1;
    }
    if (character < 0x800) {
        out[0] = (char)(0xC0 | character >> 6);
        out[1] = (char)(0x80 | (character & 0x3F));
        return 2;
    }
    out[0] = (char)(0xE0 | character >> 12);
    out[1] = (char)(0x80 | (character >> 6 & 0x3F));
    out[2] = (char)(0x80 | (character & 0x3F));
    return 3;
}

/* The bytes of the UTF-8 character at `at`, 0 when there is none; well-formed as in table 3-7 of the Unicode standard. */
static size_t utf8_size(const unsigned char *at, size_t left) {
    unsigned char first = at[0];
    size_t size = first >= 0xC2 && first <= 0xDF ? 2 : (first & 0xF0) == 0xE0 ? 3 : first >= 0xF0 && first <= 0xF4 ? 4 : 0;

    if (size == 0 || size > left) {
        return 0;
    }
    unsigned char low = first == 0xE0 ? 0xA0 : first == 0xF0 ? 0x90 : 0x80;
    unsigned char high = first == 0xED ? 0x9F : first == 0xF4 ? 0x8F : 0xBF;

    if (at[1] < low || at[1] > high) {
        return 0;
    }
    for (size_t i = 2; i < size; i++) {
        if ((at[i] & 0xC0) != 0x80) {
            return 0;
        }
    }
    return size;
}

/* One character from above ASCII. */
static enum look take_upper(const struct csv_table *table, struct scan *scan, struct csv_fault *fault) {
    unsigned char byte = table->raw[scan->at];
    uint32_t character = byte >= 0xA0 ? byte : upper[byte - 0x80];

    if (table->options.encoding == CSV_WINDOWS_1252) {
        if (character == 0) {
            return complain(table, fault, scan->at, "the byte 0x%02X is no character of Windows-1252", byte);
        }
        scan->out += put_character(table->decoded + scan->out, character);
        scan->at++;
        return LOOK_WHOLE;
    }
    size_t size = utf8_size(table->raw + scan->at, table->filled - scan->at);

    if (size > 0) {
        memcpy(table->decoded + scan->out, table->raw + scan->at, size);
        scan->at += size;
        scan->out += size;
        return LOOK_WHOLE;
    }
    if (table->filled - scan->at < 4 && !table->over) {
        return LOOK_MORE;
    }
    char shown[4] = "";

    put_character(shown, character == 0 ? '?' : character);
    return complain(table, fault, scan->at,
                    "the byte 0x%02X is no UTF-8; in Windows-1252 it is '%s': if the whole file is, its encoding is \"windows-1252\"", byte,
                    shown);
}

/* ---- Cells */

static enum look take_quoted(struct csv_table *table, struct scan *scan, struct csv_fault *fault) {
    size_t opened = scan->at++;

    for (;;) {
        if (scan->at >= table->filled) {
            if (!table->over) {
                return LOOK_MORE;
            }
            return complain(table, fault, opened, "the quotation mark that opens here is never closed");
        }
        unsigned char byte = table->raw[scan->at];

        if (byte == '\0') {
            return complain(table, fault, scan->at, "a NUL byte");
        }
        if (byte >= 0x80) {
            enum look look = take_upper(table, scan, fault);

            if (look != LOOK_WHOLE) {
                return look;
            }
            continue;
        }
        if (byte == '"') {
            if (scan->at + 1 >= table->filled && !table->over) {
                return LOOK_MORE;
            }
            if (scan->at + 1 >= table->filled || table->raw[scan->at + 1] != '"') {
                scan->at++;
                return LOOK_WHOLE;
            }
            scan->at++;
        }
        table->decoded[scan->out++] = (char)byte;
        scan->at++;
    }
}

static bool ends_cell(const struct csv_table *table, unsigned char byte) {
    return byte == (unsigned char)table->options.delimiter || byte == '\n' || byte == '\r';
}

static enum look take_plain(struct csv_table *table, struct scan *scan, struct csv_fault *fault) {
    while (scan->at < table->filled && !ends_cell(table, table->raw[scan->at])) {
        unsigned char byte = table->raw[scan->at];

        if (byte == '"') {
            return complain(table, fault, scan->at, "a quotation mark inside a cell that is not quoted");
        }
        if (byte == '\0') {
            return complain(table, fault, scan->at, "a NUL byte");
        }
        if (byte >= 0x80) {
            enum look look = take_upper(table, scan, fault);

            if (look != LOOK_WHOLE) {
                return look;
            }
            continue;
        }
        table->decoded[scan->out++] = (char)byte;
        scan->at++;
    }
    return scan->at < table->filled || table->over ? LOOK_WHOLE : LOOK_MORE;
}

/* What stands behind a cell: a delimiter, a line end, or the end of the file. `*last` when the record ends with it. */
static enum look take_separator(struct csv_table *table, struct scan *scan, bool *last, struct csv_fault *fault) {
    *last = true;
    if (scan->at >= table->filled) {
        return table->over ? LOOK_WHOLE : LOOK_MORE;
    }
    unsigned char byte = table->raw[scan->at];

    if (byte == (unsigned char)table->options.delimiter) {
        *last = false;
        scan->at++;
        return LOOK_WHOLE;
    }
    if (byte == '\n') {
        return LOOK_WHOLE;
    }
    if (byte != '\r') {
        return complain(table, fault, scan->at, "more text behind the quotation mark that ends the cell: one is missing or not doubled");
    }
    if (scan->at + 1 >= table->filled) {
        return table->over ? LOOK_WHOLE : LOOK_MORE;
    }
    if (table->raw[scan->at + 1] != '\n') {
        return complain(table, fault, scan->at, "a carriage return that ends no line");
    }
    return LOOK_WHOLE;
}

/* One record from raw[at]. `*end`: behind its last byte, at the line end. */
static enum look look_at_record(struct csv_table *table, size_t *end, struct csv_fault *fault) {
    struct scan scan = {.at = table->at, .out = 0};
    bool last = false;

    table->count = 0;
    while (!last) {
        if (table->count == CSV_CELLS_MAX) {
            return complain(table, fault, scan.at, "more than %d cells", CSV_CELLS_MAX);
        }
        size_t begin = scan.out;
        bool quoted = scan.at < table->filled && table->raw[scan.at] == '"';

        table->starts[table->count] = scan.at - table->at;
        enum look look = quoted ? take_quoted(table, &scan, fault) : take_plain(table, &scan, fault);

        if (look == LOOK_WHOLE) {
            table->cells[table->count++] = (struct text){table->decoded + begin, (uint32_t)(scan.out - begin)};
            table->decoded[scan.out++] = '\0';
            look = take_separator(table, &scan, &last, fault);
        }
        if (look != LOOK_WHOLE) {
            return look;
        }
    }
    *end = scan.at;
    return LOOK_WHOLE;
}

/* ---- The file */

/* Reads on; false when reading must end, and then `*result` says why. */
static bool read_more(struct csv_table *table, enum csv_result *result, struct csv_fault *fault) {
    struct pollfd ready[2] = {{.fd = table->input, .events = POLLIN}, {.fd = table->options.stop, .events = POLLIN}};

    if (table->at > 0) {
        memmove(table->raw, table->raw + table->at, table->filled - table->at);
        table->consumed += table->at;
        table->filled -= table->at;
        table->at = 0;
    }
    if (poll(ready, 2, -1) > 0 && (ready[1].revents & POLLIN) != 0) {
        *result = CSV_STOPPED;
        return false;
    }
    ssize_t got = read(table->input, table->raw + table->filled, CHUNK_BYTES);

    if (got < 0 && errno != EINTR && errno != EAGAIN) {
        *fault = (struct csv_fault){0};
        snprintf(fault->message, sizeof fault->message, "%s", strerror(errno));
        *result = CSV_UNREADABLE;
        return false;
    }
    table->filled += got > 0 ? (size_t)got : 0;
    table->over = got == 0;
    return true;
}

static bool unreadable(struct csv_fault *fault, const char *message) {
    fault->line = fault->column = 1;
    snprintf(fault->message, sizeof fault->message, "%s", message);
    return false;
}

/* What the first bytes say about the encoding. */
static bool begin(struct csv_table *table, struct csv_fault *fault) {
    const unsigned char *raw = table->raw;

    table->begun = true;
    if (table->filled >= 2 && ((raw[0] == 0xFF && raw[1] == 0xFE) || (raw[0] == 0xFE && raw[1] == 0xFF))) {
        return unreadable(fault, "the file is UTF-16 (\"Unicode text\"); save it as CSV UTF-8");
    }
    if (table->filled >= 4 && memcmp(raw, "PK\003\004", 4) == 0) {
        return unreadable(fault, "the file is a spreadsheet or another zip archive; save it as CSV UTF-8");
    }
    if (table->filled >= 3 && memcmp(raw, "\xEF\xBB\xBF", 3) == 0) {
        if (table->options.encoding == CSV_WINDOWS_1252) {
            return unreadable(fault, "the file begins with the mark of UTF-8, but is said to be Windows-1252");
        }
        table->at = 3;
    }
    return true;
}

/* Goes behind the line end that stands at `end`, if one does. */
static void step_over(struct csv_table *table, size_t end) {
    for (size_t i = table->at; i < end; i++) {
        table->line += table->raw[i] == '\n';
    }
    end += end < table->filled && table->raw[end] == '\r';
    if (end < table->filled && table->raw[end] == '\n') {
        end++;
        table->line++;
    }
    table->at = end;
}

/* Goes behind the first line of what is left, so that reading goes on there; what is too long is passed over as it comes. */
static void skip_line(struct csv_table *table) {
    const unsigned char *found = memchr(table->raw + table->at, '\n', table->filled - table->at);

    table->skipping = found == NULL && !table->over;
    table->line += found != NULL;
    table->at = found != NULL ? (size_t)(found - table->raw) + 1 : table->filled;
}

static enum csv_result give_row(struct csv_table *table, size_t end, struct csv_row *row) {
    table->record = table->at;
    table->record_size = end - table->at;
    table->record_line = table->line;
    row->line = row->last_line = table->line;
    for (size_t i = table->at; i < end; i++) {
        row->last_line += table->raw[i] == '\n';
    }
    step_over(table, end);
    row->count = table->count;
    row->cells = table->cells;
    return CSV_ROW;
}

static enum csv_result give_fault(struct csv_table *table, struct csv_row *row) {
    *row = (struct csv_row){.line = table->line, .last_line = table->line};
    table->count = 0;
    skip_line(table);
    return CSV_BAD_ROW;
}

/* A record that fills the buffer and does not end. */
static void note_runaway(struct csv_table *table, struct csv_fault *fault) {
    size_t at = table->at + (table->count < CSV_CELLS_MAX ? table->starts[table->count] : 0);

    if (table->raw[at] == '"') {
        complain(table, fault, at, "the quotation mark that opens here is not closed within %d bytes", CSV_RECORD_BYTES_MAX);
    } else {
        complain(table, fault, table->at, "a line of more than %d bytes", CSV_RECORD_BYTES_MAX);
    }
}

enum csv_result csv_table_next(struct csv_table *table, struct csv_row *row, struct csv_fault *fault) {
    enum csv_result result = CSV_END;
    size_t end = 0;

    *row = (struct csv_row){0};
    for (;;) {
        if (!table->begun && (table->filled >= 4 || table->over) && !begin(table, fault)) {
            return CSV_UNREADABLE;
        }
        if (table->skipping) {
            skip_line(table);
        }
        if (table->at == table->filled && table->over) {
            return CSV_END;
        }
        enum look look = !table->begun || table->at == table->filled ? LOOK_MORE : look_at_record(table, &end, fault);

        if (look == LOOK_WHOLE && end == table->at) {
            step_over(table, end);
            continue;
        }
        if (look == LOOK_WHOLE) {
            return give_row(table, end, row);
        }
        if (look == LOOK_MORE && table->filled - table->at > CSV_RECORD_BYTES_MAX) {
            note_runaway(table, fault);
            look = LOOK_FAULT;
        }
        if (look == LOOK_FAULT) {
            return give_fault(table, row);
        }
        if (!read_more(table, &result, fault)) {
            return result;
        }
    }
}

struct text csv_trim(struct text text) {
    static const char blanks[] = " \t";

    for (;;) {
        if (text.length >= 1 && memchr(blanks, text.at[0], 2) != NULL) {
            text = (struct text){text.at + 1, text.length - 1};
        } else if (text.length >= 2 && memcmp(text.at, "\xC2\xA0", 2) == 0) {
            text = (struct text){text.at + 2, text.length - 2};
        } else {
            break;
        }
    }
    for (;;) {
        if (text.length >= 1 && memchr(blanks, text.at[text.length - 1], 2) != NULL) {
            text.length--;
        } else if (text.length >= 2 && memcmp(text.at + text.length - 2, "\xC2\xA0", 2) == 0) {
            text.length -= 2;
        } else {
            break;
        }
    }
    return text;
}
