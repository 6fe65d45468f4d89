/* What became of an import, for people and for programs. */
#include "client/import/csv_report.h"
#include "client/tables/table.h"
#include "daemon/core/memory.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct csv_report {
    const char *path;
    FILE *file;
    bool as_json;
    json_t *lines;
    json_t *notes;
    uint64_t count;
};

static const struct column columns[] = {{"line", "LINE", COLUMN_NUMBER},     {"last_line", "TO LINE", COLUMN_CSV_ONLY},
                                        {"column", "COLUMN", COLUMN_NUMBER}, {"header", "HEADER", COLUMN_TEXT},
                                        {"code", "CODE", COLUMN_TEXT},       {"message", "WHY", COLUMN_TEXT}};
#define COLUMN_COUNT (sizeof columns / sizeof columns[0])

struct csv_report *csv_report_create(const char *path, enum table_format format) {
    FILE *file = path != NULL ? fopen(path, "we") : NULL;

    if (path != NULL && file == NULL) {
        ctl_complain("%s: %s", path, strerror(errno));
        return NULL;
    }
    struct csv_report *report = memory_new(1, sizeof *report);

    *report =
        (struct csv_report){.path = path, .file = file, .as_json = format == FORMAT_JSON, .lines = json_array(), .notes = json_array()};
    if (file != NULL && !report->as_json) {
        fputs("line,last_line,column,header,code,message\r\n", file);
    }
    return report;
}

void csv_report_destroy(struct csv_report **report) {
    if (*report == NULL) {
        return;
    }
    if ((*report)->file != NULL) {
        fclose((*report)->file);
    }
    json_decref((*report)->lines);
    json_decref((*report)->notes);
    free(*report);
    *report = NULL;
}

static json_t *text_or_null(const char *text) {
    json_t *string = text != NULL ? json_string(text) : NULL;

    return string != NULL ? string : json_null();
}

/* As the tables of waitlistctl write it: what a spreadsheet would take for a formula gets a ' in front. */
static void put_quoted(FILE *file, const char *text) {
    fputs(text[0] != '\0' && strchr("=+-@\t\r", text[0]) != NULL ? "\"'" : "\"", file);
    for (const char *at = text; *at != '\0'; at++) {
        fputs(*at == '"' ? "\"" : "", file);
        fputc(*at, file);
    }
    fputc('"', file);
}

static void write_line(struct csv_report *report, const struct report_line *line, const json_t *row) {
    if (report->as_json) {
        (void)json_dumpf(row, report->file, JSON_COMPACT); /* ferror is asked at the end */
        fputc('\n', report->file);
        return;
    }
    fprintf(report->file, "%" PRIu64 ",%" PRIu64 ",", line->line, line->last_line);
    if (line->column > 0) {
        fprintf(report->file, "%" PRIu64, line->column);
    }
    fputc(',', report->file);
    put_quoted(report->file, line->header != NULL ? line->header : "");
    fprintf(report->file, ",%s,", line->code);
    put_quoted(report->file, line->message);
    fputs("\r\n", report->file);
}

void csv_report_add(struct csv_report *report, const struct report_line *line) {
    json_t *row = json_pack("{s:I, s:I, s:o, s:o, s:o, s:o}", "line", (json_int_t)line->line, "last_line", (json_int_t)line->last_line,
                            "column", line->column > 0 ? json_integer((json_int_t)line->column) : json_null(), "header",
                            text_or_null(line->header), "code", text_or_null(line->code), "message", text_or_null(line->message));

    ENSURE(row != NULL);
    report->count++;
    if (report->file != NULL) {
        write_line(report, line, row);
    }
    if (report->count <= REPORT_LINES_MAX) {
        ENSURE(json_array_append(report->lines, row) == 0);
    }
    json_decref(row);
}

void csv_report_note(struct csv_report *report, const char *format, ...) {
    va_list arguments;

    va_start(arguments, format);
    json_t *note = json_vsprintf(format, arguments);

    va_end(arguments);
    if (note != NULL) { /* NULL: a header that is no UTF-8 cannot be, but nothing is lost with it */
        ENSURE(json_array_append_new(report->notes, note) == 0);
    }
}

static json_t *count_of(uint64_t count) {
    return json_integer((json_int_t)count);
}

static void print_json(const struct csv_report *report, const struct import_sums *sums) {
    const struct waitlist_sender_totals *totals = &sums->totals;
    json_t *events = json_object();
    uint64_t kept = json_array_size(report->lines);

    for (int type = 0; type < EVENT_TYPE_COUNT; type++) {
        if (sums->events[type] > 0) {
            json_object_set_new(events, event_type_name((enum event_type)type), count_of(sums->events[type]));
        }
    }
    json_t *sent = !sums->sent ? json_null()
                               : json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "submitted", count_of(totals->submitted), "accepted",
                                           count_of(totals->accepted), "duplicates", count_of(totals->duplicates), "quarantined",
                                           count_of(totals->quarantined), "refused", count_of(totals->refused), "not_answered",
                                           count_of(totals->pending), "seq", count_of(totals->seq));
    json_t *object = json_pack("{s:b, s:b, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:O, s:o, s:O}", "done", sums->done, "dry_run", sums->dry_run,
                               "rows", count_of(sums->rows), "taken", count_of(sums->taken), "without_events", count_of(sums->nothing),
                               "not_taken", count_of(sums->not_taken), "repeated", count_of(sums->again), "events", events, "sent", sent,
                               "lines", report->lines, "lines_left_out", count_of(report->count - kept), "notes", report->notes);
    char *text = object != NULL ? json_dumps(object, JSON_COMPACT) : NULL;

    puts(text != NULL ? text : "{}");
    free(text);
    json_decref(object);
}

static void print_lines(const struct csv_report *report, enum table_format format) {
    struct table *table = table_create(columns, COLUMN_COUNT);
    size_t most = format == FORMAT_TABLE && report->file != NULL ? REPORT_LINES_SHOWN : REPORT_LINES_MAX;
    size_t i;
    const json_t *row;

    json_array_foreach(report->lines, i, row) {
        for (size_t c = 0; i < most && c < COLUMN_COUNT; c++) {
            table_json(table, json_object_get(row, columns[c].name));
        }
    }
    if (format == FORMAT_CSV || table_rows(table) > 0) {
        table_print(table, format, stdout);
    }
    uint64_t shown = table_rows(table);

    table_destroy(&table);
    if (report->count > shown && report->file == NULL) {
        ctl_complain("%" PRIu64 " further lines are not listed; --report=FILE writes all of them", report->count - shown);
    } else if (report->count > shown) {
        ctl_complain("%" PRIu64 " further lines are in %s", report->count - shown, report->path);
    }
}

static void print_sums(const struct csv_report *report, const struct import_sums *sums) {
    const struct waitlist_sender_totals *totals = &sums->totals;
    uint64_t events = 0;

    for (int type = 0; type < EVENT_TYPE_COUNT; type++) {
        events += sums->events[type];
    }
    printf("%s%s: %" PRIu64 " rows, of which %" PRIu64 " %s and %" PRIu64 " %s; %" PRIu64 " events\n", report->count > 0 ? "\n" : "",
           sums->headline, sums->rows, sums->taken, sums->dry_run ? "would be taken" : "were taken", sums->not_taken,
           sums->dry_run ? "would not" : "were not", events);
    for (int type = 0; type < EVENT_TYPE_COUNT; type++) {
        if (sums->events[type] > 0) {
            printf("  %-26s %10" PRIu64 "\n", event_type_name((enum event_type)type), sums->events[type]);
        }
    }
    if (sums->nothing > 0) {
        printf("  the map wants nothing of %" PRIu64 " of the rows\n", sums->nothing);
    }
    if (sums->again > 0) {
        printf("  %" PRIu64 " of the events say the same as one before in the file\n", sums->again);
    }
    if (sums->sent) {
        printf("sent: %" PRIu64 " accepted, %" PRIu64 " duplicates, %" PRIu64 " quarantined, %" PRIu64 " refused", totals->accepted,
               totals->duplicates, totals->quarantined, totals->refused);
        if (totals->pending > 0) {
            printf(", %" PRIu64 " not answered (importing the file again is safe)", totals->pending);
        }
        printf("; journal seq %" PRIu64 "\n", totals->seq);
    }
}

bool csv_report_print(struct csv_report *report, const struct import_sums *sums, enum table_format format) {
    size_t i;
    const json_t *note;

    if (format == FORMAT_JSON) {
        print_json(report, sums);
    } else {
        print_lines(report, format);
    }
    json_array_foreach(report->notes, i, note) {
        if (format != FORMAT_JSON) {
            ctl_complain("%s", json_string_value(note));
        }
    }
    if (format == FORMAT_TABLE) {
        print_sums(report, sums);
    }
    if (report->file != NULL && (fflush(report->file) != 0 || ferror(report->file))) {
        ctl_complain("%s: the report could not be written", report->path);
        return false;
    }
    return true;
}
