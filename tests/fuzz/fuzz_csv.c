/* Any bytes as the map of an import and as the file it is for: rows are refused with a place, or become events that are valid JSON.
 *
 * The input: the map, the byte 1E, the file; without that byte it is a file, read by the delivered example's map. */
#include "client/import/build.h"
#include "client/import/check.h"
#include "daemon/core/memory.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/place.h"

#include <fcntl.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { ROWS_MAX = 200 };

struct tools {
    struct calendar *calendar;
    unsigned char *example;
    size_t example_size;
};

static const struct tools *tools_once(void) {
    static struct tools tools;
    if (tools.calendar == NULL) {
        static const struct holidays none = {0, NULL};
        static const char key[] = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff\n";
        ENSURE(setenv("TZ", "Europe/London", 1) == 0);
        tools.calendar = config_calendar_of("Europe/London", &none, NULL, NULL);
        tools.example = place_read(FUZZ_CONFIG "/import/one-row-per-wait.conf", &tools.example_size);
        place_write("import.key", key, sizeof key - 1);
    }
    return &tools;
}

static void count_line(void *context, const char *line) {
    size_t *lines = context;
    ENSURE(line[0] != '\0');
    ++*lines;
}

static void check_events(const struct builder *builder) {
    for (size_t i = 0; i < builder_count(builder); i++) {
        struct text event = builder_event(builder, i)->json;
        json_t *json = json_loadb(event.at, event.length, JSON_REJECT_DUPLICATES, NULL);
        ENSURE(json_is_object(json) && builder_event(builder, i)->id.length > 0);
        json_decref(json);
    }
}

static void check_problem(const struct csv_table *table, const struct import_problem *problem, size_t cells) {
    uint64_t line, column;
    ENSURE(problem->code != NULL && memchr(problem->message, '\0', sizeof problem->message) != NULL);
    ENSURE(problem->column == MAP_NO_COLUMN || problem->column <= cells);
    if (problem->column != MAP_NO_COLUMN) {
        csv_table_place(table, problem->column, &line, &column);
        ENSURE(line > 0 && column > 0);
    }
}

static void take_row(struct csv_table *table, struct builder *builder, struct checker *checker, const struct csv_row *row, size_t columns) {
    struct import_problem problem = {.column = MAP_NO_COLUMN};
    size_t again = 0;
    enum build_result result = builder_row(builder, row, &problem);
    if (result == BUILD_EVENTS) {
        check_events(builder);
        if (!checker_row(checker, builder, row->line, &again, &problem))
            result = BUILD_PROBLEM;
    }
    if (result == BUILD_PROBLEM)
        check_problem(table, &problem, row->count > columns ? row->count : columns);
}

static void check_row(const struct csv_row *row) {
    ENSURE(row->line > 0 && row->last_line >= row->line && row->count > 0 && row->count <= CSV_CELLS_MAX);
    for (size_t i = 0; i < row->count; i++)
        ENSURE(row->cells[i].at[row->cells[i].length] == '\0' && strlen(row->cells[i].at) == row->cells[i].length);
}

static void read_rows(struct csv_table *table, struct import_map *map, const struct tools *tools, size_t columns) {
    struct csv_row row;
    struct csv_fault fault;
    struct builder *builder = builder_create(map, tools->calendar, columns);
    struct checker *checker = checker_create(NULL, tools->calendar, (instant_t)1748779200000);
    enum csv_result result = CSV_ROW;
    for (int rows = 0; rows < ROWS_MAX && (result == CSV_ROW || result == CSV_BAD_ROW); rows++) {
        result = csv_table_next(table, &row, &fault);
        if (result == CSV_ROW) {
            check_row(&row);
            take_row(table, builder, checker, &row, columns);
        } else if (result == CSV_BAD_ROW) {
            ENSURE(fault.line > 0 && fault.message[0] != '\0');
        }
    }
    checker_destroy(&checker);
    builder_destroy(&builder);
}

static void read_file(struct import_map *map, const struct tools *tools, int file) {
    struct csv_options options = map->file;
    struct csv_row row;
    struct csv_fault fault;
    size_t complaints = 0;
    options.stop = -1;
    struct csv_table *table = csv_table_create(file, &options);
    if (csv_table_next(table, &row, &fault) == CSV_ROW) {
        size_t columns = row.count;
        bool *used = memory_new(columns, sizeof *used);
        bool bound = map_bind(map, row.cells, columns, used, count_line, &complaints);
        ENSURE(bound == (complaints == 0));
        if (bound)
            read_rows(table, map, tools, columns);
        free(used);
    }
    csv_table_destroy(&table);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    const struct tools *tools = tools_once();
    const unsigned char *at = data;
    struct piece map_text, rows;
    size_t complaints = 0;
    if (memmem(data, size, "@include", 8) != NULL)
        return 0; /* would read whatever is on this machine */
    place_piece(&at, data + size, 0x1e, &map_text);
    rows = (struct piece){at, at == NULL ? 0 : (size_t)(data + size - at)};
    if (at == NULL) {
        rows = map_text;
        map_text = (struct piece){tools->example, tools->example_size};
    }
    struct import_map *map = map_load(place_write("map.conf", map_text.at, map_text.size), count_line, &complaints);
    ENSURE((map == NULL) == (complaints > 0));
    if (map != NULL) {
        int file = open(place_write("rows.csv", rows.at, rows.size), O_RDONLY | O_CLOEXEC);
        ENSURE(file >= 0);
        read_file(map, tools, file);
        close(file);
    }
    map_destroy(&map);
    return 0;
}
