/* The pack as a workbook: a sheet a table with real dates and numbers, and native charts. */
#include "client/evidence/report.h"

#include "daemon/core/memory.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <xlsxwriter.h>

/* Rows above the first of a table: its title, what it is about, an empty one, the headings. */
enum { ROW_TITLE, ROW_ABOUT, ROW_MARK, ROW_HEAD, ROW_FIRST };
enum { SHEET_ROWS_MAX = 1000000, TEXT_WIDTH = 24, NUMBER_WIDTH = 13 };

/* Any fixed instant does: the file must not tell when it was made. 1 January 2000. */
#define CREATED ((time_t)946684800)

struct workbook {
    struct evidence *evidence;
    lxw_workbook *book;
    lxw_format *title, *about, *mark, *head, *date, *count, *tenths, *percent, *star;
};

static lxw_format *format_of(lxw_workbook *book, const char *number) {
    lxw_format *format = workbook_add_format(book);

    if (number != NULL) {
        format_set_num_format(format, number);
    }
    return format;
}

static void make_formats(struct workbook *workbook) {
    workbook->title = format_of(workbook->book, NULL);
    format_set_bold(workbook->title);
    format_set_font_size(workbook->title, 14);
    workbook->about = format_of(workbook->book, NULL);
    workbook->mark = format_of(workbook->book, NULL);
    format_set_bold(workbook->mark);
    format_set_font_color(workbook->mark, 0xD4351C);
    workbook->head = format_of(workbook->book, NULL);
    format_set_bold(workbook->head);
    format_set_text_wrap(workbook->head);
    format_set_bottom(workbook->head, LXW_BORDER_THIN);
    format_set_align(workbook->head, LXW_ALIGN_VERTICAL_TOP);
    workbook->date = format_of(workbook->book, "yyyy-mm-dd");
    workbook->count = format_of(workbook->book, "#,##0");
    workbook->tenths = format_of(workbook->book, "#,##0.0");
    workbook->percent = format_of(workbook->book, "0.0%");
    workbook->star = format_of(workbook->book, NULL);
    format_set_align(workbook->star, LXW_ALIGN_RIGHT);
}

static void write_date(struct workbook *workbook, lxw_worksheet *sheet, lxw_row_t row, lxw_col_t column, day_t day) {
    lxw_datetime date = {0};
    int year, month, of_month;

    day_to_civil(day, &year, &month, &of_month);
    date.year = year;
    date.month = month;
    date.day = of_month;
    worksheet_write_datetime(sheet, row, column, &date, workbook->date);
}

static void write_cell(struct workbook *workbook, lxw_worksheet *sheet, lxw_row_t row, lxw_col_t column, enum evidence_kind kind,
                       const struct evidence_cell *cell) {
    if (cell->state == EVIDENCE_NONE) {
        return;
    }
    if (cell->state == EVIDENCE_HIDDEN || cell->state == EVIDENCE_BAND) {
        worksheet_write_string(sheet, row, column, cell->state == EVIDENCE_HIDDEN ? "*" : cell->text, workbook->star);
        return;
    }
    switch (kind) {
    case EVIDENCE_TEXT:
        worksheet_write_string(sheet, row, column, cell->text, NULL);
        return;
    case EVIDENCE_DAY:
        write_date(workbook, sheet, row, column, (day_t)cell->number);
        return;
    case EVIDENCE_PERCENT:
    case EVIDENCE_GROWTH:
        worksheet_write_number(sheet, row, column, (double)cell->number / 1000, workbook->percent);
        return;
    case EVIDENCE_MEDIAN:
        worksheet_write_number(sheet, row, column, (double)cell->number / 10, workbook->tenths);
        return;
    default:
        worksheet_write_number(sheet, row, column, (double)cell->number, workbook->count);
        return;
    }
}

static void write_head(struct workbook *workbook, lxw_worksheet *sheet, const struct evidence_shape *shape) {
    for (size_t i = 0; i < shape->column_count; i++) {
        bool is_text = shape->columns[i].kind == EVIDENCE_TEXT;

        worksheet_set_column(sheet, (lxw_col_t)i, (lxw_col_t)i, is_text ? TEXT_WIDTH : NUMBER_WIDTH, NULL);
        worksheet_write_string(sheet, ROW_HEAD, (lxw_col_t)i, shape->columns[i].title, workbook->head);
        worksheet_write_comment(sheet, ROW_HEAD, (lxw_col_t)i, shape->columns[i].definition);
    }
}

static bool is_published(const struct workbook *workbook) {
    return evidence_parameters(workbook->evidence)->publish;
}

static void set_page(struct workbook *workbook, lxw_worksheet *sheet) {
    worksheet_set_landscape(sheet);
    worksheet_set_paper(sheet, 9); /* A4 */
    worksheet_fit_to_pages(sheet, 1, 0);
    worksheet_repeat_rows(sheet, ROW_HEAD, ROW_HEAD);
    worksheet_set_footer(sheet, is_published(workbook) ? "&L&A&RPage &P of &N" : "&L&A&C" EVIDENCE_SENSITIVE "&RPage &P of &N");
}

static void write_table(struct workbook *workbook, const struct evidence_table *table) {
    const struct evidence_shape *shape = evidence_table_shape(table);
    lxw_worksheet *sheet = workbook_add_worksheet(workbook->book, shape->name);
    size_t rows = evidence_table_rows(table) < SHEET_ROWS_MAX ? evidence_table_rows(table) : SHEET_ROWS_MAX;

    worksheet_write_string(sheet, ROW_TITLE, 0, shape->title, workbook->title);
    worksheet_write_string(sheet, ROW_ABOUT, 0, shape->about, workbook->about);
    if (!is_published(workbook)) {
        worksheet_write_string(sheet, ROW_MARK, 0, EVIDENCE_SENSITIVE, workbook->mark);
    }
    write_head(workbook, sheet, shape);
    for (size_t row = 0; row < rows; row++) {
        for (size_t column = 0; column < shape->column_count; column++) {
            write_cell(workbook, sheet, (lxw_row_t)(ROW_FIRST + row), (lxw_col_t)column, shape->columns[column].kind,
                       evidence_table_look(table, row, column));
        }
    }
    if (rows < evidence_table_rows(table)) {
        worksheet_write_string(sheet, (lxw_row_t)(ROW_FIRST + rows), 0, "… further rows are in the CSV file: a sheet has no room for them",
                               workbook->mark);
    }
    worksheet_freeze_panes(sheet, ROW_FIRST, 0);
    if (rows > 0) {
        worksheet_autofilter(sheet, ROW_HEAD, 0, (lxw_row_t)(ROW_HEAD + rows), (lxw_col_t)(shape->column_count - 1));
    }
    set_page(workbook, sheet);
}

/* ---- Charts */

/* The rows of a table that follow each other and have these texts in these columns; a day of DAY_NONE: any. */
struct span {
    lxw_row_t first;
    lxw_row_t last;
    bool found;
};

static struct span span_of(const struct evidence_table *table, const char *period, const char *breakdown, day_t day) {
    const struct evidence_shape *shape = evidence_table_shape(table);
    struct span span = {0, 0, false};

    for (size_t row = 0; row < evidence_table_rows(table) && row < SHEET_ROWS_MAX; row++) {
        bool fits =
            strcmp(evidence_table_look(table, row, evidence_column_place(shape, "breakdown"))->text, breakdown) == 0 &&
            (period == NULL || strcmp(evidence_table_look(table, row, evidence_column_place(shape, "period"))->text, period) == 0) &&
            (day == DAY_NONE || evidence_table_look(table, row, evidence_column_place(shape, "day"))->number == day);
        if (fits && !span.found) {
            span = (struct span){(lxw_row_t)(ROW_FIRST + row), (lxw_row_t)(ROW_FIRST + row), true};
        } else if (fits) {
            span.last = (lxw_row_t)(ROW_FIRST + row);
        } else if (span.found) {
            break;
        }
    }
    return span;
}

static void add_series(lxw_chart *chart, const struct evidence_table *table, const struct span *span, const char *categories,
                       const char *values) {
    const struct evidence_shape *shape = evidence_table_shape(table);
    lxw_col_t category = (lxw_col_t)evidence_column_place(shape, categories), value = (lxw_col_t)evidence_column_place(shape, values);
    lxw_chart_series *series = chart_add_series(chart, NULL, NULL);

    chart_series_set_categories(series, shape->name, span->first, category, span->last, category);
    chart_series_set_values(series, shape->name, span->first, value, span->last, value);
    chart_series_set_name(series, shape->columns[value].title);
}

static void add_chart(struct workbook *workbook, lxw_worksheet *sheet, lxw_row_t at, uint8_t type, const char *title,
                      const char *table_name, const struct span *span, const char *const columns[3]) {
    const struct evidence_table *table = evidence_table_named(workbook->evidence, table_name);
    lxw_chart *chart = workbook_add_chart(workbook->book, type);
    lxw_chart_options options = {.x_scale = 2, .y_scale = 1.4, .description = (char *)(uintptr_t)title};

    add_series(chart, table, span, columns[0], columns[1]);
    add_series(chart, table, span, columns[0], columns[2]);
    chart_title_set_name(chart, title);
    chart_axis_set_num_format(chart->x_axis, "yyyy-mm-dd");
    worksheet_insert_chart_opt(sheet, at, 0, chart, &options);
}

static void write_charts(struct workbook *workbook) {
    static const char *const of_days[] = {"day", "waiting", "over_standard"}, *const of_groups[] = {"group", "waiting", "over_standard"};
    static const char *const of_months[] = {"to_day", "started", "completed"};
    const struct evidence_table *position = evidence_table_named(workbook->evidence, "position");
    const struct evidence_table *flow = evidence_table_named(workbook->evidence, "flow");

    if (position == NULL || flow == NULL) {
        return; /* of a report that has other tables */
    }
    struct span days = span_of(position, NULL, "all", DAY_NONE);
    struct span pathways = span_of(position, NULL, "pathway", evidence_parameters(workbook->evidence)->to);
    struct span months = span_of(flow, "month", "all", DAY_NONE);
    lxw_worksheet *sheet = workbook_add_worksheet(workbook->book, "charts");

    worksheet_write_string(sheet, 0, 0, "Charts of the tables behind", workbook->title);
    if (!is_published(workbook)) {
        worksheet_write_string(sheet, 1, 0, EVIDENCE_SENSITIVE, workbook->mark);
    }
    if (days.found) {
        add_chart(workbook, sheet, 3, LXW_CHART_LINE, "Waiting at the start, month ends and the end", "position", &days, of_days);
    }
    if (pathways.found) {
        add_chart(workbook, sheet, 26, LXW_CHART_BAR, "Waiting at the end, by pathway", "position", &pathways, of_groups);
    }
    if (months.found) {
        add_chart(workbook, sheet, 49, LXW_CHART_COLUMN, "Started and completed, by month", "flow", &months, of_months);
    }
    worksheet_set_landscape(sheet);
    worksheet_set_paper(sheet, 9); /* A4 */
    worksheet_fit_to_pages(sheet, 1, 0);
    worksheet_set_footer(sheet, is_published(workbook) ? "&L&A" : "&L&A&C" EVIDENCE_SENSITIVE);
}

static void write_contents(struct workbook *workbook) {
    const struct evidence_parameters *parameters = evidence_parameters(workbook->evidence);
    lxw_worksheet *sheet = workbook_add_worksheet(workbook->book, "contents");
    lxw_row_t row = 7;

    worksheet_set_column(sheet, 0, 1, TEXT_WIDTH, NULL);
    worksheet_write_string(sheet, 0, 0, parameters->council != NULL ? parameters->council : "Waiting lists: evidence", workbook->title);
    if (!is_published(workbook)) {
        worksheet_write_string(sheet, 1, 0, EVIDENCE_SENSITIVE, workbook->mark);
    }
    worksheet_write_string(sheet, 3, 0, "From", NULL);
    write_date(workbook, sheet, 3, 1, parameters->from);
    worksheet_write_string(sheet, 4, 0, "To", NULL);
    write_date(workbook, sheet, 4, 1, parameters->to);
    worksheet_write_string(sheet, 5, 0, "As known at", NULL);
    worksheet_write_string(sheet, 5, 1, json_string_value(json_object_get(evidence_ground(workbook->evidence), "asked_at")), NULL);
    for (size_t i = 0; i < evidence_table_count(workbook->evidence); i++) {
        const struct evidence_shape *shape = evidence_table_shape(evidence_table_at(workbook->evidence, i));
        char link[64];

        snprintf(link, sizeof link, "internal:'%s'!A1", shape->name);
        worksheet_write_url_opt(sheet, row, 0, link, NULL, shape->name, NULL);
        worksheet_write_string(sheet, row++, 1, shape->title, NULL);
    }
    worksheet_set_footer(sheet, is_published(workbook) ? "&L&A" : "&L&A&C" EVIDENCE_SENSITIVE);
}

static lxw_error write_book(struct evidence *evidence, const char *path, char *folder) {
    lxw_workbook_options options = {.constant_memory = LXW_FALSE, .tmpdir = folder};
    struct workbook workbook = {.evidence = evidence, .book = workbook_new_opt(path, &options)};
    lxw_doc_properties properties = {.title = "Waiting lists: evidence", .author = "waitlistctl " WAITLIST_VERSION, .created = CREATED};

    ENSURE(workbook.book != NULL);
    workbook_set_properties(workbook.book, &properties);
    make_formats(&workbook);
    write_contents(&workbook);
    write_charts(&workbook);
    for (size_t i = 0; i < evidence_table_count(evidence); i++) {
        write_table(&workbook, evidence_table_at(evidence, i));
    }
    return workbook_close(workbook.book);
}

static bool read_back(const char *path, struct evidence_files *files) {
    FILE *file = fopen(path, "rb");
    struct evidence_text text = {NULL, 0, 0};
    char buffer[65536];
    size_t got;

    if (file == NULL) {
        return false;
    }
    while ((got = fread(buffer, 1, sizeof buffer, file)) > 0) {
        memory_reserve((void **)&text.at, &text.capacity, text.length + got + 1, 1);
        memcpy(text.at + text.length, buffer, got);
        text.length += got;
        text.at[text.length] = '\0';
    }
    /* The library does not look whether what it wrote, also to temporary files of its own, found room. */
    bool good = ferror(file) == 0 && evidence_zip_is_whole(text.at, text.length);

    (void)fclose(file);
    if (good) {
        evidence_files_take(files, "evidence.xlsx", &text);
    }
    free(text.at);
    return good;
}

bool evidence_workbook(struct evidence *evidence, struct evidence_files *files, char message[EVIDENCE_MESSAGE_SIZE]) {
    const char *folder = getenv("TMPDIR");
    char made[4096], path[4096 + 16];

    if (snprintf(made, sizeof made, "%s/waitlist-XXXXXX", folder != NULL ? folder : "/tmp") >= (int)sizeof made || mkdtemp(made) == NULL) {
        snprintf(message, EVIDENCE_MESSAGE_SIZE, "no folder for temporary files: %s", strerror(errno));
        return false;
    }
    snprintf(path, sizeof path, "%s/evidence.xlsx", made);
    lxw_error error = write_book(evidence, path, made);
    bool good = error == LXW_NO_ERROR && read_back(path, files);

    if (!good) {
        snprintf(message, EVIDENCE_MESSAGE_SIZE, "the workbook could not be made: %s",
                 error != LXW_NO_ERROR ? lxw_strerror(error) : "the folder for temporary files has no room");
    }
    (void)unlink(path);
    (void)rmdir(made);
    return good;
}
