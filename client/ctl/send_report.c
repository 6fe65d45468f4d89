/* What became of a file that was sent, for people and for programs; and the bar while it is on its way. */
#include "client/ctl/send.h"
#include "client/tables/table.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#define DRAW_EVERY_MS 200
#define BAR_WIDTH 24

void send_report_init(struct send_report *report) {
    *report = (struct send_report){.rows = json_array()};
}

void send_report_clear(struct send_report *report) {
    json_decref(report->rows);
    report->rows = NULL;
}

/* The texts come from the daemon, but an id was the sender's: it may be no UTF-8. */
static json_t *text_or_null(const char *text) {
    json_t *string = json_string(text);

    return string != NULL ? string : json_null();
}

void send_report_add(struct send_report *report, uint64_t line, uint64_t last_line, const struct waitlist_quarantined *why) {
    if (json_array_size(report->rows) >= SEND_REPORT_ROWS_MAX) {
        report->left_out++;
        return;
    }
    json_t *row = json_pack("{s:I, s:I, s:o, s:o, s:o, s:o}", "line", (json_int_t)line, "last_line", (json_int_t)last_line, "id",
                            text_or_null(why->id), "code", text_or_null(why->code), "pointer", text_or_null(why->pointer), "message",
                            text_or_null(why->message));

    if (row == NULL || json_array_append_new(report->rows, row) != 0) {
        abort();
    }
}

static void print_json(const struct send_report *report, const struct waitlist_sender_totals *totals, bool done) {
    json_t *object = json_pack(
        "{s:b, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:O, s:I}", "done", done, "submitted", (json_int_t)totals->submitted, "accepted",
        (json_int_t)totals->accepted, "duplicates", (json_int_t)totals->duplicates, "quarantined", (json_int_t)totals->quarantined,
        "refused", (json_int_t)totals->refused, "too_long", (json_int_t)report->too_long, "not_answered", (json_int_t)totals->pending,
        "seq", (json_int_t)totals->seq, "lines", report->rows, "lines_left_out", (json_int_t)report->left_out);
    char *text = json_dumps(object, JSON_COMPACT);

    puts(text != NULL ? text : "{}");
    free(text);
    json_decref(object);
}

static void print_rows(const struct send_report *report, enum table_format format) {
    static const struct column columns[] = {{"line", "LINE", COLUMN_NUMBER}, {"last_line", "TO LINE", COLUMN_NUMBER},
                                            {"code", "CODE", COLUMN_TEXT},   {"pointer", "WHERE", COLUMN_TEXT},
                                            {"id", "EVENT", COLUMN_TEXT},    {"message", "WHY", COLUMN_TEXT}};
    struct table *table = table_create(columns, 6);
    size_t i;
    const json_t *row;

    json_array_foreach(report->rows, i, row) {
        for (size_t c = 0; c < 6; c++) {
            table_json(table, json_object_get(row, columns[c].name));
        }
    }
    if (format == FORMAT_CSV || table_rows(table) > 0) {
        table_print(table, format, stdout);
    }
    table_destroy(&table);
}

void send_report_print(const struct send_report *report, const struct waitlist_sender_totals *totals, bool done, enum table_format format) {
    if (format == FORMAT_JSON) {
        print_json(report, totals, done);
        return;
    }
    print_rows(report, format);
    if (report->left_out > 0) {
        ctl_complain("%" PRIu64 " further lines are not listed; the daemon's quarantine has them", report->left_out);
    }
    if (format == FORMAT_CSV) {
        return;
    }
    bool durable = done || (totals->pending == 0 && totals->refused == 0 && report->too_long == 0);
    const char *headline = done ? "all durable" : durable ? "all durable, not all accepted" : "NOT ALL DURABLE";

    printf("%s%s: %" PRIu64 " events sent, %" PRIu64 " accepted, %" PRIu64 " duplicates, %" PRIu64 " quarantined, %" PRIu64 " refused",
           json_array_size(report->rows) > 0 ? "\n" : "", headline, totals->submitted, totals->accepted, totals->duplicates,
           totals->quarantined, totals->refused);
    if (report->too_long > 0) {
        printf(", %" PRIu64 " too long to send", report->too_long);
    }
    if (totals->pending > 0) {
        printf(", %" PRIu64 " not answered (sending the file again is safe)", totals->pending);
    }
    printf("; journal seq %" PRIu64 "\n", totals->seq);
}

/* ---- Progress */

int64_t ctl_now(void) {
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void progress_begin(struct progress *progress, int64_t total) {
    *progress = (struct progress){.shown = isatty(STDERR_FILENO) == 1, .began_at = ctl_now(), .total = total, .what = "events durable"};
}

static void draw_bar(double share, int64_t left_s) {
    int filled = (int)(share * BAR_WIDTH);

    fputc('[', stderr);
    for (int i = 0; i < BAR_WIDTH; i++) {
        fputc(i < filled ? '#' : '.', stderr);
    }
    fprintf(stderr, "] %3.0f %%  %" PRId64 ":%02" PRId64 " left  ", share * 100, left_s / 60, left_s % 60);
}

void progress_draw(struct progress *progress, int64_t done, uint64_t events, const char *note) {
    int64_t now = ctl_now();

    if (!progress->shown || now - progress->drawn_at < DRAW_EVERY_MS) {
        return;
    }
    double seconds = (double)(now - progress->began_at) / 1000.0;

    progress->drawn_at = now;
    fputs("\r\033[K", stderr);
    if (progress->total > 0 && done > 0) {
        double share = done < progress->total ? (double)done / (double)progress->total : 1.0;

        draw_bar(share, (int64_t)(seconds / share - seconds));
    }
    fprintf(stderr, "%" PRIu64 " %s, %.0f/s %s", events, progress->what, seconds > 0 ? (double)events / seconds : 0.0, note);
    (void)fflush(stderr);
}

void progress_end(struct progress *progress) {
    if (progress->shown && progress->drawn_at != 0) {
        fputs("\r\033[K", stderr);
    }
}
