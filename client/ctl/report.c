/* waitlistctl report: figures that others define, made from files. */
#include "client/ctl/report_kpi.h"
#include "client/ctl/send.h"
#include "client/import/cld_report.h"
#include "client/import/dhsc.h"
#include "client/tables/table.h"

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "daemon/core/memory.h"

/* ---- dhsc-waiting-times */

enum { OPTION_FROM = 0x400, OPTION_ENCODING };

struct dhsc_arguments {
    struct ctl_context *ctl;
    const char *paths[CLD_FILES_MAX];
    size_t path_count;
    day_t from;
    enum csv_encoding encoding;
};

static const char *const service_names[] = {"lts_nursing", "lts_residential", "lts_community", "lts_prison",
                                            "sts_st_max",  "sts_ongoing",     "sts_other"};
#define SERVICE_COUNT (sizeof service_names / sizeof service_names[0])

static const struct column dhsc_columns[] = {{"metric", "WAIT TIME TO", COLUMN_TEXT},
                                             {"la_code", "LA", COLUMN_TEXT},
                                             {"quarter_from", "", COLUMN_CSV_ONLY},
                                             {"quarter_to", "", COLUMN_CSV_ONLY},
                                             {"quarter", "QUARTER", COLUMN_TEXT},
                                             {"age_band", "AGE", COLUMN_TEXT},
                                             {"median", "MEDIAN", COLUMN_NUMBER},
                                             {"n", "N", COLUMN_NUMBER},
                                             {"method_version", "", COLUMN_CSV_ONLY},
                                             {"reading_version", "", COLUMN_CSV_ONLY},
                                             {"own_median", "OWN MED.", COLUMN_NUMBER},
                                             {"own_n", "OWN N", COLUMN_NUMBER},
                                             {"own_mean", "MEAN", COLUMN_CSV_ONLY},
                                             {"own_p90", "P90", COLUMN_NUMBER},
                                             {"own_longest", "", COLUMN_CSV_ONLY},
                                             {"own_within_standard", "WITHIN 28", COLUMN_NUMBER},
                                             {"own_standard_days", "", COLUMN_CSV_ONLY},
                                             {"own_rule_version", "", COLUMN_CSV_ONLY},
                                             {"all_request_count", "", COLUMN_CSV_ONLY},
                                             {"all_assessment_count", "", COLUMN_CSV_ONLY},
                                             {"all_service_count", "", COLUMN_CSV_ONLY},
                                             {"response_event_request", "", COLUMN_CSV_ONLY},
                                             {"response_event_assessment", "", COLUMN_CSV_ONLY},
                                             {"response_event_service", "", COLUMN_CSV_ONLY},
                                             {"at_short", "", COLUMN_CSV_ONLY},
                                             {"at_long", "", COLUMN_CSV_ONLY},
                                             {"lts_nursing", "", COLUMN_CSV_ONLY},
                                             {"lts_residential", "", COLUMN_CSV_ONLY},
                                             {"lts_community", "", COLUMN_CSV_ONLY},
                                             {"lts_prison", "", COLUMN_CSV_ONLY},
                                             {"sts_st_max", "", COLUMN_CSV_ONLY},
                                             {"sts_ongoing", "", COLUMN_CSV_ONLY},
                                             {"sts_other", "", COLUMN_CSV_ONLY}};
#define DHSC_COLUMN_COUNT (sizeof dhsc_columns / sizeof dhsc_columns[0])

static error_t take_dhsc_option(int key, char *argument, struct argp_state *state) {
    struct dhsc_arguments *arguments = state->input;

    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = arguments->ctl;
        return 0;
    case OPTION_FROM:
        if (!date_parse(text_of(argument), &arguments->from)) {
            argp_error(state, "--from is a date like 2024-04-01, not '%s'", argument);
        }
        return 0;
    case OPTION_ENCODING:
        if (strcmp(argument, "utf-8") != 0 && strcmp(argument, "windows-1252") != 0) {
            argp_error(state, "--encoding is utf-8 or windows-1252, not '%s'", argument);
        }
        arguments->encoding = argument[0] == 'w' ? CSV_WINDOWS_1252 : CSV_UTF_8;
        return 0;
    case ARGP_KEY_ARG:
        if (arguments->path_count == CLD_FILES_MAX) {
            argp_error(state, "at most %d files", CLD_FILES_MAX);
        }
        arguments->paths[arguments->path_count++] = argument;
        return 0;
    case ARGP_KEY_END:
        if (arguments->path_count == 0) {
            argp_error(state, "which file?");
        }
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

/* DHSC's label: "01 Apr 24 - 30 Jun 24". */
static void quarter_label(const struct dhsc_row *row, char label[32]) {
    static const char *const months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    int year[2];
    int month[2];
    int date[2];

    day_to_civil(row->from, &year[0], &month[0], &date[0]);
    day_to_civil(row->to, &year[1], &month[1], &date[1]);
    snprintf(label, 32, "%02d %s %02d - %02d %s %02d", date[0], months[month[0] - 1], year[0] % 100, date[1], months[month[1] - 1],
             year[1] % 100);
}

static void set_integer(json_t *object, const char *name, uint64_t value) {
    json_object_set_new(object, name, json_integer((json_int_t)value));
}

static void set_own(json_t *object, const struct dhsc_row *row) {
    const struct dhsc_own *own = &row->own;
    bool any = own->n > 0;

    /* Our own measure ends with an assessment: it has no counterpart to the wait for a service. */
    set_integer(object, "own_n", own->n);
    json_object_set_new(object, "own_median", any ? json_real(own->median) : json_null());
    json_object_set_new(object, "own_mean", any ? json_real(own->mean) : json_null());
    json_object_set_new(object, "own_p90", any ? json_integer(own->p90) : json_null());
    json_object_set_new(object, "own_longest", any ? json_integer(own->longest) : json_null());
    json_object_set_new(object, "own_within_standard", any ? json_integer((json_int_t)own->within_standard) : json_null());
    set_integer(object, "own_standard_days", DHSC_OWN_STANDARD_DAYS);
    set_integer(object, "own_rule_version", DHSC_OWN_RULE_VERSION);
}

/* One row by the names of the columns. */
static json_t *row_object(const struct dhsc_row *row) {
    bool is_response = row->metric == DHSC_FIRST_RESPONSE;
    char label[32];
    char from[DATE_SIZE];
    char to[DATE_SIZE];

    quarter_label(row, label);
    date_format(row->from, from);
    date_format(row->to, to);
    json_t *object = json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:f, s:I, s:s, s:i}", "metric", dhsc_metric_name(row->metric), "la_code",
                               row->la_code, "quarter_from", from, "quarter_to", to, "quarter", label, "age_band",
                               row->band == CLD_25_TO_64 ? "25 to 64" : "65 and above", "median", row->median, "n", (json_int_t)row->n,
                               "method_version", DHSC_METHOD_VERSION, "reading_version", DHSC_READING_VERSION);

    ENSURE(object != NULL);
    set_own(object, row);
    set_integer(object, "all_request_count", row->all_requests);
    set_integer(object, "all_assessment_count", row->all_assessments);
    set_integer(object, "all_service_count", row->all_services);
    if (is_response) {
        set_integer(object, "response_event_request", row->by_request);
        set_integer(object, "response_event_assessment", row->by_assessment);
        set_integer(object, "response_event_service", row->by_service);
        set_integer(object, "at_short", row->at_short);
        set_integer(object, "at_long", row->at_long);
    }
    for (size_t i = 0; i < SERVICE_COUNT && !is_response; i++) {
        set_integer(object, service_names[i], row->by_type[i]);
    }
    return object;
}

static json_t *rows_from(const struct dhsc *dhsc, day_t from) {
    json_t *rows = json_array();
    size_t count;
    const struct dhsc_row *row = dhsc_rows(dhsc, &count);

    for (size_t i = 0; i < count; i++) {
        if (row[i].from >= from) {
            json_array_append_new(rows, row_object(&row[i]));
        }
    }
    return rows;
}

static json_t *verdicts(const struct dhsc *dhsc) {
    json_t *object = json_object();

    for (int i = 0; i < DHSC_VERDICT_COUNT; i++) {
        set_integer(object, dhsc_verdict_code((enum dhsc_verdict)i), dhsc_verdict_count(dhsc, (enum dhsc_verdict)i));
    }
    return object;
}

static json_t *not_taken(const struct cld_store *store) {
    json_t *object = json_object();

    for (int i = CLD_TAKEN + 1; i < CLD_REASON_COUNT; i++) {
        if (cld_store_skip_count(store, (enum cld_reason)i) > 0) {
            set_integer(object, cld_reason_code((enum cld_reason)i), cld_store_skip_count(store, (enum cld_reason)i));
        }
    }
    return object;
}

static uint64_t rows_read(const struct cld_store *store) {
    uint64_t rows = 0;

    for (size_t i = 0; i < cld_store_file_count(store); i++) {
        rows += cld_store_file(store, i)->rows;
    }
    return rows;
}

static void print_dhsc_json(const struct dhsc *dhsc, const struct cld_store *store, json_t *rows) {
    json_t *object =
        json_pack("{s:s, s:{s:s, s:s, s:i}, s:{s:s, s:i, s:i}, s:O, s:o, s:I, s:I, s:o}", "report", "dhsc-waiting-times", "method",
                  "version", DHSC_METHOD_VERSION, "dated", DHSC_METHOD_DATE, "reading_version", DHSC_READING_VERSION, "own", "measure",
                  "calendar days from the request to the end of the assessment", "standard_days", DHSC_OWN_STANDARD_DAYS, "rule_version",
                  DHSC_OWN_RULE_VERSION, "rows", rows, "requests", verdicts(dhsc), "lines", (json_int_t)rows_read(store), "people",
                  (json_int_t)cld_store_person_count(store), "not_taken", not_taken(store));
    char *text = json_dumps(object, JSON_COMPACT | JSON_REAL_PRECISION(15));

    ENSURE(text != NULL);
    puts(text);
    free(text);
    json_decref(object);
}

static void print_dhsc_rows(const json_t *rows, enum table_format format) {
    static const char prefix[] = "Wait time to "; /* the same before every row: for programs only */
    struct table *table = table_create(dhsc_columns, DHSC_COLUMN_COUNT);
    size_t i;
    const json_t *row;

    json_array_foreach(rows, i, row) {
        const char *metric = ctl_text(row, "metric");
        bool is_shortened = format == FORMAT_TABLE && strncmp(metric, prefix, sizeof prefix - 1) == 0;

        table_text(table, is_shortened ? metric + sizeof prefix - 1 : metric);
        for (size_t c = 1; c < DHSC_COLUMN_COUNT; c++) {
            table_json(table, json_object_get(row, dhsc_columns[c].name));
        }
    }
    table_print(table, format, stdout);
    table_destroy(&table);
}

static void print_dhsc_table(const struct dhsc *dhsc, const struct cld_store *store, const json_t *rows) {
    printf("DHSC waiting times, method %s of %s (our reading: version %d).\nMedian calendar days by the quarter in which the response, or "
           "the service, started.\nOWN: the same people, from the request to the end of that assessment (rule version %d); P90 and\n"
           "WITHIN 28 days are theirs.\n\n",
           DHSC_METHOD_VERSION, DHSC_METHOD_DATE, DHSC_READING_VERSION, DHSC_OWN_RULE_VERSION);
    if (json_array_size(rows) == 0) {
        puts("no wait was identified");
    } else {
        print_dhsc_rows(rows, FORMAT_TABLE);
    }
    printf("\nRequests, by what became of them (%" PRIu64 " lines read):\n", rows_read(store));
    for (int i = 0; i < DHSC_VERDICT_COUNT; i++) {
        uint64_t count = dhsc_verdict_count(dhsc, (enum dhsc_verdict)i);

        if (count > 0) {
            printf("  %10" PRIu64 "  %s\n", count, dhsc_verdict_text((enum dhsc_verdict)i));
        }
    }
    puts("\nLines that the method does not use:");
    cld_report_reasons(store, false, stdout);
    cld_report_reasons(store, true, stdout);
    puts("\nOnly finished waits are counted. While old cases are cleared the median rises, while they are left it falls: read it beside "
         "the people who are still waiting.");
}

struct reading {
    struct progress progress;
};

static void show_reading(void *context, uint64_t bytes, uint64_t rows) {
    struct reading *reading = context;

    progress_draw(&reading->progress, (int64_t)bytes, rows, "");
}

static int read_files(struct cld_store *store, const struct dhsc_arguments *arguments) {
    char message[CLD_MESSAGE_BYTES];

    for (size_t i = 0; i < arguments->path_count; i++) {
        struct reading reading;
        struct stat file;
        bool has_size = stat(arguments->paths[i], &file) == 0 && S_ISREG(file.st_mode);

        progress_begin(&reading.progress, has_size ? (int64_t)file.st_size : 0);
        reading.progress.what = "rows read";
        enum cld_read result = cld_read_file(store, arguments->paths[i], -1, show_reading, &reading, message);

        progress_end(&reading.progress);
        if (result != CLD_READ_DONE) {
            ctl_complain("%s: %s", arguments->paths[i], message);
            return cld_store_file_count(store) == i ? CTL_USAGE : CTL_REFUSED;
        }
    }
    if (!cld_store_settle(store)) {
        ctl_complain("%s", cld_store_message(store));
        return CTL_REFUSED;
    }
    return CTL_DONE;
}

static int print_dhsc(struct cld_store *store, day_t from, enum table_format format) {
    char message[CLD_MESSAGE_BYTES];
    struct dhsc *dhsc = dhsc_compute(store, NULL, NULL, message);

    if (dhsc == NULL) {
        ctl_complain("%s; nothing was computed", message);
        return CTL_REFUSED;
    }
    json_t *rows = rows_from(dhsc, from);

    if (format == FORMAT_JSON) {
        print_dhsc_json(dhsc, store, rows);
    } else if (format == FORMAT_CSV) {
        print_dhsc_rows(rows, FORMAT_CSV);
    } else {
        print_dhsc_table(dhsc, store, rows);
    }
    json_decref(rows);
    dhsc_destroy(&dhsc);
    return CTL_DONE;
}

static int report_dhsc(struct ctl_context *ctl, int argc, char **argv) {
    static const struct argp_option options[] = {
        {"from", OPTION_FROM, "DATE", 0, "the first quarter shown (default 2024-04-01, as on DHSC's dashboard)", 0},
        {"encoding", OPTION_ENCODING, "utf-8|windows-1252", 0, "of the files (default utf-8)", 0},
        {0}};
    static const struct argp_child children[] = {{&ctl_global_argp, 0, "Where and how:", 0}, {0}};
    static const struct argp argp = {
        .options = options,
        .parser = take_dhsc_option,
        .args_doc = "FILE...",
        .doc = "The national waiting times (DHSC's method, version " DHSC_METHOD_VERSION ") from Client Level Data files, by quarter and "
               "age band, beside our own measure of the same people. Of several files the later one is the newer submission. Nothing is "
               "sent or stored.\v"
               "Example:\n  waitlistctl report dhsc-waiting-times cld-2024-25.csv cld-2025-26-q1.csv\n",
        .children = children};
    struct dhsc_arguments arguments = {.ctl = ctl, .from = day_from_civil(2024, 4, 1)};

    ctl_parse(&argp, "report dhsc-waiting-times", argc, argv, &arguments);
    struct cld_store *store = cld_store_create(CLD_FOR_DHSC, NULL);

    cld_store_encoding(store, arguments.encoding);
    int code = read_files(store, &arguments);

    if (code == CTL_DONE) {
        code = print_dhsc(store, arguments.from, ctl->format);
    }
    cld_store_destroy(&store);
    return code;
}

/* ---- The reports */

static const struct ctl_command reports[] = {
    {"dhsc-waiting-times", report_dhsc, "the national measure from Client Level Data"},
    {"kpi", report_kpi, "the measures of a financial quarter that the configuration defines"},
};
#define REPORT_COUNT (sizeof reports / sizeof reports[0])

static error_t take_report_word(int key, char *argument, struct argp_state *state) {
    if (key == ARGP_KEY_INIT) {
        state->child_inputs[0] = state->input;
        return 0;
    }
    if (key == ARGP_KEY_ARG) {
        argp_error(state, "there is no report '%s'", argument);
    }
    if (key == ARGP_KEY_NO_ARGS) {
        argp_error(state, "which report?");
    }
    return ARGP_ERR_UNKNOWN;
}

int command_report(struct ctl_context *ctl, int argc, char **argv) {
    static const struct argp_child children[] = {{&ctl_global_argp, 0, "Where and how:", 0}, {0}};
    static const struct argp argp = {.parser = take_report_word,
                                     .args_doc = "dhsc-waiting-times|kpi [OPTION...]",
                                     .doc = "Reports. 'waitlistctl report REPORT --help' tells about one of them.\v"
                                            "Reports:\n  dhsc-waiting-times  the national measure from Client Level Data\n"
                                            "  kpi                 the measures of a financial quarter\n\n"
                                            "Example:\n  waitlistctl report kpi --quarter 2025-Q1\n",
                                     .children = children};

    for (size_t i = 0; i < REPORT_COUNT && argc > 1; i++) {
        if (strcmp(argv[1], reports[i].name) == 0) {
            return reports[i].run(ctl, argc - 1, argv + 1);
        }
    }
    ctl_parse(&argp, "report", argc, argv, ctl);
    return CTL_USAGE;
}
