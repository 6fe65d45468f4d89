/* The CSV reader: RFC 4180, and the line and column of everything that is not. */
#include "client/import/table.h"

#include <check.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

struct reading {
    int input;
    struct csv_table *table;
    struct csv_row row;
    struct csv_fault fault;
};

static int file_of(const char *bytes, size_t size) {
    int file = memfd_create("csv", MFD_CLOEXEC);

    ck_assert_int_ge(file, 0);
    ck_assert_int_eq(write(file, bytes, size), (ssize_t)size);
    ck_assert_int_eq(lseek(file, 0, SEEK_SET), 0);
    return file;
}

static struct reading reading_of(const char *bytes, size_t size, char delimiter, enum csv_encoding encoding) {
    struct reading reading = {.input = file_of(bytes, size)};
    const struct csv_options options = {.delimiter = delimiter, .encoding = encoding, .stop = -1};

    reading.table = csv_table_create(reading.input, &options);
    return reading;
}

static struct reading reading_text(const char *text) {
    return reading_of(text, strlen(text), '\0', CSV_UTF_8);
}

static void end(struct reading *reading) {
    csv_table_destroy(&reading->table);
    close(reading->input);
}

static enum csv_result next(struct reading *reading) {
    return csv_table_next(reading->table, &reading->row, &reading->fault);
}

/* The cells joined by '|'. */
static const char *joined(const struct reading *reading) {
    static char line[1024];
    size_t used = 0;

    for (size_t i = 0; i < reading->row.count; i++) {
        const struct text cell = reading->row.cells[i];

        ck_assert_uint_eq((unsigned char)cell.at[cell.length], 0);
        used += (size_t)snprintf(line + used, sizeof line - used, "%s%.*s", i > 0 ? "|" : "", (int)cell.length, cell.at);
    }
    return line;
}

#define EXPECT_ROW(reading, number, last, text)                                                                                            \
    do {                                                                                                                                   \
        ck_assert_int_eq(next(reading), CSV_ROW);                                                                                          \
        ck_assert_uint_eq((reading)->row.line, number);                                                                                    \
        ck_assert_uint_eq((reading)->row.last_line, last);                                                                                 \
        ck_assert_str_eq(joined(reading), text);                                                                                           \
    } while (0)
#define EXPECT_FAULT(reading, number, at, part)                                                                                            \
    do {                                                                                                                                   \
        ck_assert_int_eq(next(reading), CSV_BAD_ROW);                                                                                      \
        ck_assert_uint_eq((reading)->fault.line, number);                                                                                  \
        ck_assert_uint_eq((reading)->fault.column, at);                                                                                    \
        ck_assert_msg(strstr((reading)->fault.message, part) != NULL, "%s", (reading)->fault.message);                                     \
    } while (0)

START_TEST(rows_and_cells) {
    static const char text[] = "a,b,c\n1,,\"x, \"\"y\"\"\"\n\n,,\nlast,\"\",end";
    struct reading reading = reading_text(text);

    EXPECT_ROW(&reading, 1, 1, "a|b|c");
    EXPECT_ROW(&reading, 2, 2, "1||x, \"y\"");
    EXPECT_ROW(&reading, 4, 4, "||");
    EXPECT_ROW(&reading, 5, 5, "last||end");
    ck_assert_int_eq(next(&reading), CSV_END);
    ck_assert_int_eq(next(&reading), CSV_END);
    ck_assert_uint_eq(csv_table_bytes(reading.table), sizeof text - 1);
    end(&reading);
}
END_TEST

START_TEST(line_ends_and_marks) {
    struct reading reading = reading_text("\xEF\xBB\xBF"
                                          "a,b\r\n1,\"two\r\nlines\"\r\n\r\n2,x\r\n3,y\r");

    EXPECT_ROW(&reading, 1, 1, "a|b");
    EXPECT_ROW(&reading, 2, 3, "1|two\r\nlines");
    EXPECT_ROW(&reading, 5, 5, "2|x");
    EXPECT_ROW(&reading, 6, 6, "3|y");
    ck_assert_int_eq(next(&reading), CSV_END);
    end(&reading);
}
END_TEST

START_TEST(other_delimiters) {
    static const char delimiters[] = {';', '\t', '|'};

    for (size_t i = 0; i < sizeof delimiters; i++) {
        char text[] = "a_b,c_\"d_e\"\n";

        for (char *at = strchr(text, '_'); at != NULL; at = strchr(at, '_')) {
            *at = delimiters[i];
        }
        struct reading reading = reading_of(text, strlen(text), delimiters[i], CSV_UTF_8);

        ck_assert_int_eq(next(&reading), CSV_ROW);
        ck_assert_uint_eq(reading.row.count, 3);
        ck_assert(text_is(reading.row.cells[1], "b,c"));
        end(&reading);
    }
}
END_TEST

START_TEST(places_of_cells) {
    struct reading reading = reading_text("h\n\xC3\xA9\xE2\x82\xAC,b,\"x\ny\",z\n");
    uint64_t line, column;

    ck_assert_int_eq(next(&reading), CSV_ROW);
    ck_assert_int_eq(next(&reading), CSV_ROW);
    csv_table_place(reading.table, 1, &line, &column);
    ck_assert_uint_eq(line, 2);
    ck_assert_uint_eq(column, 4);
    csv_table_place(reading.table, 3, &line, &column);
    ck_assert_uint_eq(line, 3);
    ck_assert_uint_eq(column, 4);
    csv_table_place(reading.table, 9, &line, &column);
    ck_assert_uint_eq(line, 3);
    ck_assert_uint_eq(column, 5);
    end(&reading);
}
END_TEST

START_TEST(broken_quotes_spoil_their_line_alone) {
    struct reading reading = reading_text("a,b\n1,\"x\"y\n2,ok\n3,z\"z\"\n4,ok\n5,\"open\n6,ok\n");

    EXPECT_ROW(&reading, 1, 1, "a|b");
    EXPECT_FAULT(&reading, 2, 6, "behind the quotation mark");
    EXPECT_ROW(&reading, 3, 3, "2|ok");
    EXPECT_FAULT(&reading, 4, 4, "inside a cell that is not quoted");
    EXPECT_ROW(&reading, 5, 5, "4|ok");
    EXPECT_FAULT(&reading, 6, 3, "never closed");
    ck_assert_uint_eq(reading.row.line, 6);
    EXPECT_ROW(&reading, 7, 7, "6|ok");
    ck_assert_int_eq(next(&reading), CSV_END);
    end(&reading);
}
END_TEST

/* An opening quotation mark that is closed by the next one, lines later. */
START_TEST(a_quote_closed_by_another) {
    struct reading reading = reading_text("1,\"open,x\n2,\"quoted\",y\n3,ok,z\n");

    EXPECT_FAULT(&reading, 2, 4, "behind the quotation mark");
    ck_assert_uint_eq(reading.row.line, 1);
    EXPECT_ROW(&reading, 2, 2, "2|quoted|y");
    EXPECT_ROW(&reading, 3, 3, "3|ok|z");
    end(&reading);
}
END_TEST

START_TEST(nul_and_lone_carriage_return) {
    struct reading reading = reading_of("a\0b\n\"c\0\"\nd\re\nf\n", 15, ',', CSV_UTF_8);

    EXPECT_FAULT(&reading, 1, 2, "NUL");
    EXPECT_FAULT(&reading, 2, 3, "NUL");
    EXPECT_FAULT(&reading, 3, 2, "carriage return");
    EXPECT_ROW(&reading, 4, 4, "f");
    end(&reading);
}
END_TEST

START_TEST(bytes_that_are_no_utf8) {
    struct reading reading = reading_text("name\nJos\xE9\n\"Ren\xE9\"\nJos\xC3\xA9\n\xED\xA0\x80\n\xC0\x80\n\xF5\x80\x80\x80\nx\xE2\x82");

    EXPECT_ROW(&reading, 1, 1, "name");
    EXPECT_FAULT(&reading, 2, 4, "0xE9 is no UTF-8; in Windows-1252 it is '\xC3\xA9'");
    EXPECT_FAULT(&reading, 3, 5, "0xE9");
    EXPECT_ROW(&reading, 4, 4, "Jos\xC3\xA9");
    EXPECT_FAULT(&reading, 5, 1, "0xED");
    EXPECT_FAULT(&reading, 6, 1, "0xC0");
    EXPECT_FAULT(&reading, 7, 1, "0xF5");
    EXPECT_FAULT(&reading, 8, 2, "0xE2");
    ck_assert_int_eq(next(&reading), CSV_END);
    end(&reading);
}
END_TEST

START_TEST(windows_1252) {
    const char *text = "\x80 5,\xA3 3\nJos\xE9,\"\x93q\x94\"\nx,\x81\nz\n";
    struct reading reading = reading_of(text, strlen(text), ',', CSV_WINDOWS_1252);

    EXPECT_ROW(&reading, 1, 1, "\xE2\x82\xAC 5|\xC2\xA3 3");
    EXPECT_ROW(&reading, 2, 2, "Jos\xC3\xA9|\xE2\x80\x9Cq\xE2\x80\x9D");
    EXPECT_FAULT(&reading, 3, 3, "0x81 is no character of Windows-1252");
    EXPECT_ROW(&reading, 4, 4, "z");
    end(&reading);
}
END_TEST

START_TEST(what_is_no_csv) {
    static const struct {
        const char *bytes;
        size_t size;
        enum csv_encoding encoding;
        const char *part;
    } cases[] = {{"\xFF\xFE"
                  "a\0",
                  4, CSV_UTF_8, "UTF-16"},
                 {"PK\003\004rest", 8, CSV_UTF_8, "spreadsheet"},
                 {"\xEF\xBB\xBF"
                  "a",
                  4, CSV_WINDOWS_1252, "said to be Windows-1252"}};

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct reading reading = reading_of(cases[i].bytes, cases[i].size, ',', cases[i].encoding);

        ck_assert_int_eq(next(&reading), CSV_UNREADABLE);
        ck_assert_uint_eq(reading.fault.line, 1);
        ck_assert_msg(strstr(reading.fault.message, cases[i].part) != NULL, "%s", reading.fault.message);
        end(&reading);
    }
}
END_TEST

START_TEST(empty_files) {
    static const char *const texts[] = {"", "\n", "\r\n\r\n", "\xEF\xBB\xBF"};

    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct reading reading = reading_text(texts[i]);

        ck_assert_int_eq(next(&reading), CSV_END);
        end(&reading);
    }
}
END_TEST

START_TEST(a_descriptor_that_cannot_be_read) {
    const struct csv_options options = {.stop = -1};
    struct csv_row row;
    struct csv_fault fault;
    int folder = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    ck_assert_int_ge(folder, 0);
    struct csv_table *table = csv_table_create(folder, &options);

    ck_assert_int_eq(csv_table_next(table, &row, &fault), CSV_UNREADABLE);
    ck_assert_uint_eq(fault.line, 0);
    ck_assert_str_eq(fault.message, "Is a directory");
    csv_table_destroy(&table);
    close(folder);
}
END_TEST

START_TEST(stopped_by_another_descriptor) {
    int idle[2], stop[2];

    ck_assert_int_eq(pipe(idle), 0);
    ck_assert_int_eq(pipe(stop), 0);
    const struct csv_options options = {.stop = stop[0]};
    struct csv_table *table = csv_table_create(idle[0], &options);
    struct csv_row row;
    struct csv_fault fault;

    ck_assert_int_eq(write(idle[1], "a\nbc", 4), 4);
    ck_assert_int_eq(csv_table_next(table, &row, &fault), CSV_ROW);
    ck_assert_int_eq(write(stop[1], "!", 1), 1);
    ck_assert_int_eq(csv_table_next(table, &row, &fault), CSV_STOPPED);
    csv_table_destroy(&table);
    for (int i = 0; i < 2; i++) {
        close(idle[i]);
        close(stop[i]);
    }
}
END_TEST

/* Whatever the pieces in which a pipe gives them, the rows are the same. */
START_TEST(byte_by_byte) {
    static const char text[] = "\xEF\xBB\xBF"
                               "a,\"b\"\"\r\n\",\xE2\x82\xAC\r\n\r\nx,\"y\",z\r\n";
    const struct csv_options options = {.stop = -1};
    int ends[2];
    struct csv_fault fault;
    struct csv_row row = {0};

    for (size_t piece = 1; piece < sizeof text; piece++) {
        ck_assert_int_eq(pipe(ends), 0);
        pid_t writer = fork();

        ck_assert_int_ge(writer, 0);
        if (writer == 0) {
            for (size_t at = 0; at < sizeof text - 1; at += piece) {
                size_t size = sizeof text - 1 - at < piece ? sizeof text - 1 - at : piece;

                if (write(ends[1], text + at, size) != (ssize_t)size) {
                    _exit(1);
                }
            }
            _exit(0);
        }
        close(ends[1]);
        struct csv_table *table = csv_table_create(ends[0], &options);

        ck_assert_int_eq(csv_table_next(table, &row, &fault), CSV_ROW);
        ck_assert_uint_eq(row.count, 3);
        ck_assert(text_is(row.cells[1], "b\"\r\n"));
        ck_assert(text_is(row.cells[2], "\xE2\x82\xAC"));
        ck_assert_int_eq(csv_table_next(table, &row, &fault), CSV_ROW);
        ck_assert_uint_eq(row.line, 4);
        ck_assert(text_is(row.cells[2], "z"));
        ck_assert_int_eq(csv_table_next(table, &row, &fault), CSV_END);
        csv_table_destroy(&table);
        close(ends[0]);
    }
}
END_TEST

static char *filled(char *at, char with, size_t count) {
    memset(at, with, count);
    return at + count;
}

START_TEST(long_lines_and_runaway_quotes) {
    size_t size = 4 * CSV_RECORD_BYTES_MAX;
    char *bytes = malloc(size);
    char *at = stpcpy(bytes, "a,b\n1,\"open\n2,ok\n");

    at = filled(at, 'x', CSV_RECORD_BYTES_MAX * 2);
    at = stpcpy(at, "\n4,ok\n");
    struct reading reading = reading_of(bytes, (size_t)(at - bytes), ',', CSV_UTF_8);

    EXPECT_ROW(&reading, 1, 1, "a|b");
    EXPECT_FAULT(&reading, 2, 3, "not closed within 262144 bytes");
    EXPECT_ROW(&reading, 3, 3, "2|ok");
    EXPECT_FAULT(&reading, 4, 1, "a line of more than 262144 bytes");
    EXPECT_ROW(&reading, 5, 5, "4|ok");
    ck_assert_int_eq(next(&reading), CSV_END);
    end(&reading);
    free(bytes);
}
END_TEST

START_TEST(too_many_cells) {
    char *bytes = malloc(CSV_CELLS_MAX + 8);
    char *at = filled(bytes, ',', CSV_CELLS_MAX);

    at = stpcpy(at, "\nok\n");
    struct reading reading = reading_of(bytes, (size_t)(at - bytes), ',', CSV_UTF_8);

    EXPECT_FAULT(&reading, 1, CSV_CELLS_MAX + 1, "more than 4096 cells");
    EXPECT_ROW(&reading, 2, 2, "ok");
    end(&reading);
    free(bytes);
}
END_TEST

START_TEST(trimmed) {
    ck_assert(text_is(csv_trim(text_of(" \t a b \xC2\xA0")), "a b"));
    ck_assert(text_is(csv_trim(text_of("\xC2\xA0 ")), ""));
    ck_assert(text_is(csv_trim(text_of("\xC3\xA0")), "\xC3\xA0"));
}
END_TEST

/* Random bytes near the grammar: every call ends, lines rise, places lie in the file. */
START_TEST(rubbish) {
    static const char pieces[][5] = {"\"", ",", "\n", "\r\n", "\r", "a", "\"\"", "\xC3\xA9", "\xE9", "\xE2\x82", " ", "\xEF\xBB\xBF"};
    uint64_t state = 0x9E3779B97F4A7C15U;

    for (int round = 0; round < 3000; round++) {
        char bytes[256] = "";
        size_t size = 0;

        for (int i = 0; i < 40; i++) {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            const char *piece = pieces[state % (sizeof pieces / sizeof pieces[0])];

            memcpy(bytes + size, piece, strlen(piece));
            size += strlen(piece);
        }
        struct reading reading = reading_of(bytes, size, ',', round % 2 == 0 ? CSV_UTF_8 : CSV_WINDOWS_1252);
        uint64_t line = 0;
        enum csv_result result = next(&reading);

        for (int calls = 0; result == CSV_ROW || result == CSV_BAD_ROW; calls++) {
            ck_assert_int_lt(calls, 50);
            ck_assert_uint_gt(reading.row.line, line);
            ck_assert_uint_ge(reading.row.last_line, reading.row.line);
            line = reading.row.line;
            result = next(&reading);
        }
        ck_assert(result == CSV_END || result == CSV_UNREADABLE);
        ck_assert_uint_le(csv_table_bytes(reading.table), size);
        end(&reading);
    }
}
END_TEST

int main(void) {
    Suite *suite = suite_create("csv_table");
    TCase *tests = tcase_create("csv_table");

    tcase_add_test(tests, rows_and_cells);
    tcase_add_test(tests, line_ends_and_marks);
    tcase_add_test(tests, other_delimiters);
    tcase_add_test(tests, places_of_cells);
    tcase_add_test(tests, broken_quotes_spoil_their_line_alone);
    tcase_add_test(tests, a_quote_closed_by_another);
    tcase_add_test(tests, nul_and_lone_carriage_return);
    tcase_add_test(tests, bytes_that_are_no_utf8);
    tcase_add_test(tests, windows_1252);
    tcase_add_test(tests, what_is_no_csv);
    tcase_add_test(tests, empty_files);
    tcase_add_test(tests, a_descriptor_that_cannot_be_read);
    tcase_add_test(tests, stopped_by_another_descriptor);
    tcase_add_test(tests, byte_by_byte);
    tcase_add_test(tests, long_lines_and_runaway_quotes);
    tcase_add_test(tests, too_many_cells);
    tcase_add_test(tests, trimmed);
    tcase_add_test(tests, rubbish);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);

    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);

    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
