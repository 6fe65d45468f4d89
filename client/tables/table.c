/* Tables: aligned for people, RFC 4180 for programs. */
#include "client/tables/table.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

struct cell {
    char *text; /* NULL: absent */
    bool is_number;
};

struct table {
    const struct column *columns;
    size_t column_count;
    struct cell *cells;
    size_t count, capacity;
    size_t totals_at; /* row; SIZE_MAX: none */
};

struct table *table_create(const struct column *columns, size_t count) {
    struct table *table = calloc(1, sizeof *table);

    if (table == NULL || count == 0) {
        abort();
    }
    table->columns = columns;
    table->column_count = count;
    table->totals_at = SIZE_MAX;
    return table;
}

void table_destroy(struct table **table) {
    if (*table == NULL) {
        return;
    }
    for (size_t i = 0; i < (*table)->count; i++) {
        free((*table)->cells[i].text);
    }
    free((*table)->cells);
    free(*table);
    *table = NULL;
}

void table_title(const char *name, char *title, size_t size) {
    snprintf(title, size, "%s", name);
    for (char *at = title; *at != '\0'; at++) {
        *at = (char)(*at >= 'a' && *at <= 'z' ? *at - 'a' + 'A' : *at == '_' ? ' ' : *at);
    }
}

/* Takes the text. */
static void add(struct table *table, char *text, bool is_number) {
    if (table->count == table->capacity) {
        table->capacity = table->capacity == 0 ? 256 : table->capacity * 2;
        table->cells = realloc(table->cells, table->capacity * sizeof *table->cells);
        if (table->cells == NULL) {
            abort();
        }
    }
    table->cells[table->count++] = (struct cell){text, is_number};
}

void table_text(struct table *table, const char *text) {
    add(table, text != NULL ? strdup(text) : NULL, false);
}

/* {"deprivation":"1"} as deprivation=1;… */
static char *join_members(const json_t *object) {
    char *joined = NULL;
    size_t size = 0;
    FILE *stream = open_memstream(&joined, &size);
    const char *key;
    json_t *value;
    const char *between = "";

    if (stream == NULL) {
        abort();
    }
    json_object_foreach((json_t *)(uintptr_t)object, key, value) {
        fprintf(stream, "%s%s=%s", between, key, json_is_string(value) ? json_string_value(value) : "");
        between = ";";
    }
    fclose(stream);
    return joined;
}

void table_json(struct table *table, const json_t *value) {
    if (json_is_string(value)) {
        add(table, strdup(json_string_value(value)), false);
    } else if (json_is_boolean(value)) {
        add(table, strdup(json_is_true(value) ? "yes" : "no"), false);
    } else if (json_is_object(value)) {
        add(table, join_members(value), false);
    } else if (json_is_number(value)) {
        /* 15 digits are more than any day or count has, and hide that 24.8 is not quite 24.8 in binary. */
        add(table, json_dumps(value, JSON_ENCODE_ANY | JSON_REAL_PRECISION(15)), true);
    } else {
        add(table, NULL, false);
    }
}

size_t table_rows(const struct table *table) {
    return table->column_count > 0 ? table->count / table->column_count : 0;
}

void table_totals(struct table *table) {
    table->totals_at = table_rows(table);
}

/* The next character; its bytes, or 1 and the replacement character when it is none or would move the cursor. */
static size_t next_character(const char *at, wchar_t *character) {
    mbstate_t state = {0};
    size_t size = mbrtowc(character, at, strlen(at), &state);

    if (size == 0 || size > strlen(at)) {
        *character = L'\xFFFD';
        return 1;
    }
    if (wcwidth(*character) < 0) {
        *character = L'\xFFFD';
    }
    return size;
}

size_t table_width(const char *text) {
    size_t width = 0;
    wchar_t character;

    for (const char *at = text; *at != '\0'; at += next_character(at, &character)) {
        (void)next_character(at, &character);
        width += (size_t)wcwidth(character);
    }
    return width;
}

size_t table_put_safely(const char *text, FILE *out) {
    size_t width = 0;
    wchar_t character;

    for (const char *at = text; *at != '\0';) {
        size_t size = next_character(at, &character);

        if (character == L'\xFFFD') {
            fputs("\xEF\xBF\xBD", out);
        } else {
            (void)fwrite(at, 1, size, out); /* main asks ferror at the end */
        }
        width += (size_t)wcwidth(character);
        at += size;
    }
    return width;
}

static const char *shown(const struct cell *cell) {
    return cell->text != NULL ? cell->text : "-";
}

static void put_padded(const char *text, size_t width, bool right, bool last, FILE *out) {
    size_t own = table_width(text);
    int padding = own < width ? (int)(width - own) : 0;

    if (right) {
        fprintf(out, "%*s", padding, "");
    }
    (void)table_put_safely(text, out);
    if (!right && !last) {
        fprintf(out, "%*s", padding, "");
    }
    fputs(last ? "\n" : "  ", out);
}

static void print_terminal(const struct table *table, FILE *out) {
    size_t *widths = calloc(table->column_count, sizeof *widths);
    size_t rows = table_rows(table);
    size_t line = 0;
    size_t last = 0;
    bool is_titled = false; /* pairs of a name and a value need no heading */

    if (widths == NULL) {
        abort();
    }
    for (size_t c = 0; c < table->column_count; c++) {
        if (table->columns[c].look == COLUMN_CSV_ONLY) {
            continue;
        }
        widths[c] = table_width(table->columns[c].title);
        for (size_t r = 0; r < rows; r++) {
            size_t width = table_width(shown(&table->cells[r * table->column_count + c]));

            widths[c] = width > widths[c] ? width : widths[c];
        }
        line += widths[c] + 2;
        is_titled = is_titled || table->columns[c].title[0] != '\0';
        last = c;
    }
    for (size_t c = 0; c <= last && is_titled; c++) {
        if (table->columns[c].look != COLUMN_CSV_ONLY) {
            put_padded(table->columns[c].title, widths[c], table->columns[c].look == COLUMN_NUMBER, c == last, out);
        }
    }
    for (size_t r = 0; r < rows; r++) {
        if (r == table->totals_at) {
            for (size_t i = 2; i < line; i++) {
                fputc('-', out);
            }
            fputc('\n', out);
        }
        for (size_t c = 0; c <= last; c++) {
            if (table->columns[c].look != COLUMN_CSV_ONLY) {
                put_padded(shown(&table->cells[r * table->column_count + c]), widths[c], table->columns[c].look == COLUMN_NUMBER, c == last,
                           out);
            }
        }
    }
    free(widths);
}

static void put_csv(const char *text, bool is_number, FILE *out) {
    bool formula = !is_number && text[0] != '\0' && strchr("=+-@\t\r", text[0]) != NULL;
    bool quoted = formula || strpbrk(text, ",\"\r\n") != NULL;

    if (quoted) {
        fputc('"', out);
    }
    if (formula) {
        fputc('\'', out);
    }
    for (const char *at = text; *at != '\0'; at++) {
        fputs(*at == '"' ? "\"" : "", out);
        fputc(*at, out);
    }
    if (quoted) {
        fputc('"', out);
    }
}

static void print_csv(const struct table *table, bool has_heading, FILE *out) {
    for (size_t c = 0; has_heading && c < table->column_count; c++) {
        put_csv(table->columns[c].name, false, out);
        fputs(c + 1 < table->column_count ? "," : "\r\n", out);
    }
    const struct cell *cell = table->cells;

    for (size_t rows = table_rows(table); rows > 0; rows--) {
        for (size_t c = 0; c < table->column_count; c++, cell++) {
            if (cell->text != NULL) {
                put_csv(cell->text, cell->is_number, out);
            }
            fputs(c + 1 < table->column_count ? "," : "\r\n", out);
        }
    }
}

void table_print(const struct table *table, enum table_format format, FILE *out) {
    if (format == FORMAT_CSV || format == FORMAT_CSV_ROWS) {
        print_csv(table, format == FORMAT_CSV, out);
    } else {
        print_terminal(table, out);
    }
}
