/* Prints the report of an import: for people, as one JSON object, or as CSV with one row a line not taken. */
#include "client/import/cld_report.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "client/tables/table.h"
#include "daemon/core/memory.h"

#define LISTED_LINES_MAX 10000

static const char *const length_names[CLD_LENGTH_COUNT] = {"request_to_assessment_start", "request_to_assessment_end",
                                                           "assessment_start_to_end"};
static const char limits[] = "Client Level Data holds finished events only: what was imported is history and throughput. It has no open "
                             "requests, so it says nothing about who is waiting now, how long, or how many are in breach.";

void cld_report_init(struct cld_report *report, struct cld_store *store, const struct cld_map *map, bool dry_run) {
    *report = (struct cld_report){.store = store, .map = map, .dry_run = dry_run};
    for (size_t i = 0; i < CLD_LENGTH_COUNT; i++) {
        days_init(&report->lengths[i]);
    }
    send_report_init(&report->refused);
}

void cld_report_clear(struct cld_report *report) {
    for (size_t i = 0; i < CLD_LENGTH_COUNT; i++) {
        days_destroy(&report->lengths[i]);
    }
    send_report_clear(&report->refused);
}

void cld_report_wait(struct cld_report *report, const struct cld_wait *wait, size_t events) {
    const struct cld_record *assessment = wait->assessment;

    report->events += events;
    report->by_rule[!wait->classified ? 0 : assessment != NULL && assessment->rule != 0 ? assessment->rule : wait->request->rule]++;
    report->unclassified_closed += !wait->classified && assessment == NULL;
    report->unclassified_assessed += !wait->classified && assessment != NULL;
    if (wait->pathway[0] == '\0' || assessment == NULL) {
        report->closed += wait->pathway[0] != '\0';
        return;
    }
    report->assessed++;
    days_add(&report->lengths[CLD_TO_START], assessment->start - wait->request->start);
    days_add(&report->lengths[CLD_TO_END], assessment->end - wait->request->start);
    days_add(&report->lengths[CLD_START_TO_END], assessment->end - assessment->start);
}

uint64_t cld_report_faults(const struct cld_report *report) {
    uint64_t faults = 0;

    for (int reason = CLD_TAKEN + 1; reason <= CLD_LAST_FAULT; reason++) {
        faults += cld_store_skip_count(report->store, (enum cld_reason)reason);
    }
    return faults;
}

/* ---- Lines not taken */

static const char *line_text(const struct cld_store *store, const struct cld_skipped *line) {
    const char *fault = cld_store_csv_fault(store, line);

    return fault[0] != '\0' ? fault : cld_reason_text((enum cld_reason)line->reason);
}

static void add_line(struct table *table, const struct cld_store *store, const struct cld_skipped *line) {
    json_t *number = json_integer(line->line);
    json_t *column = line->column > 0 ? json_integer(line->column) : json_null();

    table_text(table, cld_store_file(store, line->file)->path);
    table_json(table, number);
    table_json(table, column);
    table_text(table, cld_reason_code((enum cld_reason)line->reason));
    table_text(table, line_text(store, line));
    json_decref(number);
    json_decref(column);
}

static const struct column line_columns[] = {{"file", "FILE", COLUMN_CSV_ONLY},
                                             {"line", "LINE", COLUMN_NUMBER},
                                             {"column", "COLUMN", COLUMN_NUMBER},
                                             {"code", "CODE", COLUMN_TEXT},
                                             {"message", "WHY", COLUMN_TEXT}};

static void print_line_table(struct cld_store *store, FILE *out) {
    struct table *table = table_create(line_columns, 5);
    const struct cld_skipped *line;
    uint64_t shown = 0;
    uint64_t faults = 0;

    while ((line = cld_store_next_skipped(store)) != NULL) {
        if (line->reason <= CLD_LAST_FAULT && faults++ < LISTED_LINES_MAX) {
            add_line(table, store, line);
            shown++;
        }
    }
    if (shown > 0) {
        fputs("\nLines at fault:\n", out);
        table_print(table, FORMAT_TABLE, out);
    }
    if (faults > shown) {
        fprintf(out, "%" PRIu64 " further lines are not listed here; --format csv lists every one\n", faults - shown);
    }
    table_destroy(&table);
}

static void print_csv_text(const char *text, FILE *out) {
    fputc('"', out);
    for (const char *at = text; *at != '\0'; at++) {
        fputs(*at == '"' ? "\"\"" : (const char[]){*at, '\0'}, out);
    }
    fputc('"', out);
}

/* Line by line: there can be as many as the file has. */
static void print_line_csv(struct cld_store *store, FILE *out) {
    const struct cld_skipped *line;

    fputs("file,line,column,code,message\r\n", out);
    while ((line = cld_store_next_skipped(store)) != NULL) {
        print_csv_text(cld_store_file(store, line->file)->path, out);
        fprintf(out, ",%u,", line->line);
        if (line->column > 0) {
            fprintf(out, "%u", line->column);
        }
        fprintf(out, ",%s,", cld_reason_code((enum cld_reason)line->reason));
        print_csv_text(line_text(store, line), out);
        fputs("\r\n", out);
    }
}

static void print_json_text(const char *text, FILE *out) {
    json_t *string = json_string(text);
    char *encoded = string != NULL ? json_dumps(string, JSON_ENCODE_ANY) : NULL;

    fputs(encoded != NULL ? encoded : "null", out);
    free(encoded);
    json_decref(string);
}

void cld_report_lines(struct cld_store *store, enum table_format format, FILE *out) {
    const struct cld_skipped *line;
    const char *separator = "";

    cld_store_begin_skipped(store);
    if (format == FORMAT_TABLE) {
        print_line_table(store, out);
        return;
    }
    if (format == FORMAT_CSV) {
        print_line_csv(store, out);
        return;
    }
    while ((line = cld_store_next_skipped(store)) != NULL) {
        fprintf(out, "%s{\"file\":%u,\"line\":%u,\"column\":", separator, (unsigned)line->file, line->line);
        if (line->column > 0) {
            fprintf(out, "%u", line->column);
        } else {
            fputs("null", out);
        }
        fprintf(out, ",\"code\":\"%s\",\"message\":", cld_reason_code((enum cld_reason)line->reason));
        print_json_text(line_text(store, line), out);
        fputc('}', out);
        separator = ",";
    }
}

void cld_report_reasons(const struct cld_store *store, bool faults, FILE *out) {
    int first = faults ? CLD_TAKEN + 1 : CLD_LAST_FAULT + 1;
    int last = faults ? CLD_LAST_FAULT : CLD_REASON_COUNT - 1;

    for (int reason = first; reason <= last; reason++) {
        uint64_t count = cld_store_skip_count(store, (enum cld_reason)reason);

        if (count > 0) {
            fprintf(out, "  %10" PRIu64 "  %-20s %s\n", count, cld_reason_code((enum cld_reason)reason),
                    cld_reason_text((enum cld_reason)reason));
        }
    }
}

/* ---- For people */

static void print_waits(const struct cld_report *report) {
    const struct cld_map *map = report->map;

    printf("Finished waits %s: %" PRIu64 " (rule version %d)\n", report->dry_run ? "that an import would make" : "made from the file",
           report->assessed + report->closed, CLD_RULE_VERSION);
    printf("  %10" PRIu64 "  ended with an assessment\n  %10" PRIu64 "  were closed without one\n", report->assessed, report->closed);
    for (size_t i = 1; i <= map->rule_count; i++) {
        printf("  %10" PRIu64 "  on %s by rule %zu of the map\n", report->by_rule[i], map->rules[i - 1].pathway, i);
    }
    printf("  %10" PRIu64 "  could not be classified: %" PRIu64 " with an assessment (on %s), %" PRIu64 " closed without one (on %s)\n",
           report->by_rule[0], report->unclassified_assessed, map->unclassified[0] != '\0' ? map->unclassified : "no pathway: not imported",
           report->unclassified_closed, map->closed_requests[0] != '\0' ? map->closed_requests : "no pathway: not imported");
    if (report->assessed > 0) {
        printf("\nMedian days of those assessed: %g from request to start of the assessment, %g from request to its end, %g from its start "
               "to its end\n",
               days_median(&report->lengths[CLD_TO_START]), days_median(&report->lengths[CLD_TO_END]),
               days_median(&report->lengths[CLD_START_TO_END]));
    }
}

static void print_cautions(const struct cld_file *file) {
    const struct {
        uint64_t count;
        const char *text;
    } cautions[] = {
        {file->no_birth, "rows taken have no date of birth: no client group"},
        {file->bad_birth, "rows taken have a date of birth that cannot be read: no client group"},
        {file->invalid_nhs_number, "rows taken have an NHS number that is none: their person is known by the council's identifier"},
        {file->unknown_route, "requests taken have a route of access that is in neither release's list"}};

    for (size_t i = 0; i < sizeof cautions / sizeof cautions[0]; i++) {
        if (cautions[i].count > 0) {
            printf("  %10" PRIu64 "  %s\n", cautions[i].count, cautions[i].text);
        }
    }
}

static void print_table(struct cld_report *report, bool done) {
    const struct cld_file *file = cld_store_file(report->store, 0);
    const struct waitlist_sender_totals *totals = &report->totals;

    print_waits(report);
    printf("\nRows of the file: %" PRIu64 ", of %" PRIu64 " people\n", file->rows, cld_store_person_count(report->store));
    print_cautions(file);
    puts("\nRows that give no wait, though nothing is wrong with them:");
    cld_report_reasons(report->store, false, stdout);
    if (cld_report_faults(report) > 0) {
        puts("\nRows at fault, not taken:");
        cld_report_reasons(report->store, true, stdout);
        cld_report_lines(report->store, FORMAT_TABLE, stdout);
    }
    putchar('\n');
    if (report->dry_run) {
        printf("Dry run: nothing was sent; %" PRIu64 " events would be.\n", report->events);
    } else {
        bool all = report->complete && totals->pending == 0 && totals->refused == 0;

        send_report_print(&report->refused, totals, done || (all && totals->quarantined == 0), FORMAT_TABLE);
    }
    printf("\n%s\n", limits);
}

/* ---- For programs */

static void add_waits(json_t *object, const char *pathway, uint64_t waits) {
    json_int_t before = json_integer_value(json_object_get(object, pathway));

    if (pathway[0] != '\0') {
        json_object_set_new(object, pathway, json_integer(before + (json_int_t)waits));
    }
}

static json_t *by_pathway(const struct cld_report *report) {
    json_t *object = json_object();

    add_waits(object, report->map->unclassified, report->unclassified_assessed);
    add_waits(object, report->map->closed_requests, report->unclassified_closed);
    for (size_t i = 1; i <= report->map->rule_count; i++) {
        add_waits(object, report->map->rules[i - 1].pathway, report->by_rule[i]);
    }
    return object;
}

static json_t *medians(const struct cld_report *report) {
    json_t *object = json_object();

    for (size_t i = 0; i < CLD_LENGTH_COUNT; i++) {
        json_object_set_new(object, length_names[i], report->assessed > 0 ? json_real(days_median(&report->lengths[i])) : json_null());
    }
    return object;
}

static json_t *not_taken(const struct cld_store *store) {
    json_t *object = json_object();

    for (int reason = CLD_TAKEN + 1; reason < CLD_REASON_COUNT; reason++) {
        uint64_t count = cld_store_skip_count(store, (enum cld_reason)reason);

        if (count > 0) {
            json_object_set_new(object, cld_reason_code((enum cld_reason)reason), json_integer((json_int_t)count));
        }
    }
    return object;
}

/* The lines go out one by one, so that a long list needs no memory; all else is one object around them. */
static void print_json(struct cld_report *report, bool done) {
    const struct waitlist_sender_totals *totals = &report->totals;
    const struct cld_file *file = cld_store_file(report->store, 0);
    json_t *object =
        json_pack("{s:b, s:b, s:i, s:I, s:I, s:{s:I, s:I, s:I, s:I, s:o}, s:o, s:o, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:O, s:I, s:s}",
                  "done", done, "dry_run", report->dry_run, "rule_version", CLD_RULE_VERSION, "rows", (json_int_t)file->rows, "people",
                  (json_int_t)cld_store_person_count(report->store), "waits", "assessed", (json_int_t)report->assessed, "closed",
                  (json_int_t)report->closed, "unclassified_assessed", (json_int_t)report->unclassified_assessed, "unclassified_closed",
                  (json_int_t)report->unclassified_closed, "by_pathway", by_pathway(report), "median_days", medians(report), "not_taken",
                  not_taken(report->store), "events", (json_int_t)report->events, "accepted", (json_int_t)totals->accepted, "duplicates",
                  (json_int_t)totals->duplicates, "quarantined", (json_int_t)totals->quarantined, "refused", (json_int_t)totals->refused,
                  "not_answered", (json_int_t)totals->pending, "seq", (json_int_t)totals->seq, "quarantined_lines", report->refused.rows,
                  "quarantined_lines_left_out", (json_int_t)report->refused.left_out, "limits", limits);
    char *text = json_dumps(object, JSON_COMPACT);

    ENSURE(text != NULL);
    text[strlen(text) - 1] = '\0';
    fputs(text, stdout);
    fputs(",\"lines\":[", stdout);
    cld_report_lines(report->store, FORMAT_JSON, stdout);
    puts("]}");
    free(text);
    json_decref(object);
}

void cld_report_print(struct cld_report *report, bool done, enum table_format format) {
    if (format == FORMAT_JSON) {
        print_json(report, done);
    } else if (format == FORMAT_CSV) {
        cld_report_lines(report->store, FORMAT_CSV, stdout);
        for (size_t i = 0; i < json_array_size(report->refused.rows); i++) {
            const json_t *row = json_array_get(report->refused.rows, i);

            printf("\"%s\",%lld,,%s,\"%s\"\r\n", cld_store_file(report->store, 0)->path, (long long)ctl_int(row, "line"),
                   ctl_text(row, "code"), ctl_text(row, "message"));
        }
    } else {
        print_table(report, done);
    }
}
