/* waitlistctl report kpi: the measures of a financial quarter, as the configuration defines them. */
#include "client/ctl/report_kpi.h"

#include "client/ctl/source.h"
#include "client/evidence/kpi.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { OPTION_QUARTER = 0xb00, OPTION_KNOWN_AT, OPTION_OUT, OPTION_PUBLISH };

struct kpi_arguments {
    struct ctl_context *ctl;
    struct kpi_quarter quarter;
    bool has_quarter;
    json_t *known_at;
    const char *out;
    bool publish;
};

static bool ends_with(const char *text, const char *end) {
    size_t length = strlen(text), size = strlen(end);

    return length > size && strcmp(text + length - size, end) == 0;
}

static error_t take_option(int key, char *argument, struct argp_state *state) {
    struct kpi_arguments *arguments = state->input;

    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = arguments->ctl;
        return 0;
    case OPTION_QUARTER:
        if (!kpi_quarter_parse(argument, &arguments->quarter)) {
            argp_error(state, "--quarter is a financial quarter like 2025-Q1 (April to June 2025), not '%s'", argument);
        }
        arguments->has_quarter = true;
        return 0;
    case OPTION_KNOWN_AT:
        source_take_known_at(state, argument, &arguments->known_at);
        return 0;
    case OPTION_OUT:
        if (!ends_with(argument, ".html") && !ends_with(argument, ".xlsx") && !ends_with(argument, ".json")) {
            argp_error(state, "--out is a file that ends with .html, .xlsx or .json, not '%s'", argument);
        }
        arguments->out = argument;
        return 0;
    case OPTION_PUBLISH:
        arguments->publish = true;
        return 0;
    case ARGP_KEY_END:
        if (!arguments->has_quarter) {
            argp_error(state, "which quarter? --quarter 2025-Q1 is April to June 2025");
        }
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static char *json_text(struct kpi_report *report) {
    json_t *object = kpi_json(report);
    char *text = json_dumps(object, JSON_COMPACT | JSON_REAL_PRECISION(15));

    if (text == NULL) {
        abort();
    }
    json_decref(object);
    return text;
}

/* The report as a file of its own, under the name that --out has without its folder. */
static bool make_file(const struct kpi_arguments *arguments, struct kpi_report *report, struct evidence_files *files,
                      char message[EVIDENCE_MESSAGE_SIZE]) {
    struct evidence_text text = {NULL, 0, 0};

    if (ends_with(arguments->out, ".xlsx")) {
        return kpi_workbook(report, files, message);
    }
    if (ends_with(arguments->out, ".html")) {
        kpi_page(report, &text);
    } else {
        char *json = json_text(report);

        evidence_print(&text, "%s\n", json);
        free(json);
    }
    evidence_files_take(files, "report", &text);
    return true;
}

static int write_file(const struct kpi_arguments *arguments, struct kpi_report *report) {
    struct evidence_files files = {.count = 0};
    char message[EVIDENCE_MESSAGE_SIZE];
    bool stored = make_file(arguments, report, &files, message) && evidence_store_file(&files.at[0], arguments->out, message);

    if (!stored) {
        ctl_complain("%s; nothing was written", message);
    } else if (arguments->ctl->format == FORMAT_TABLE) {
        printf("%s: %zu kB\n", arguments->out, (files.at[0].size + 1023) / 1024);
    }
    evidence_files_clear(&files);
    return stored ? CTL_DONE : CTL_REFUSED;
}

static const char *cell_text(const struct evidence_table *table, size_t row, const char *column, char buffer[EVIDENCE_CELL_SIZE]) {
    const struct evidence_shape *shape = evidence_table_shape(table);
    size_t place = evidence_column_place(shape, column);

    return evidence_cell_text(&shape->columns[place], evidence_table_look(table, row, place), buffer);
}

static void print_report(const struct kpi_arguments *arguments, struct kpi_report *report) {
    const struct evidence_table *table = kpi_table(report);
    char buffer[EVIDENCE_CELL_SIZE];

    if (arguments->ctl->format == FORMAT_JSON) {
        char *text = json_text(report);

        puts(text);
        free(text);
    } else if (arguments->ctl->format == FORMAT_CSV) {
        struct evidence_text text = {NULL, 0, 0};

        evidence_csv(table, &text);
        fputs(text.at, stdout);
        evidence_text_free(&text);
    } else {
        for (size_t row = 0; row < evidence_table_rows(table); row++) {
            printf("%s%s\n", row == 0 ? "" : "\n", cell_text(table, row, "label", buffer));
            printf("  %s\n", cell_text(table, row, "commentary", buffer));
        }
    }
}

static int report_with(struct kpi_arguments *arguments, const struct config *config) {
    struct evidence_source source;
    struct source asked;
    char message[EVIDENCE_MESSAGE_SIZE];

    if (!source_open(&asked, arguments->ctl, &source)) {
        return arguments->ctl->journal != NULL ? CTL_REFUSED : CTL_USAGE;
    }
    bool may = source_permits(&source, "kpi", kpi_quarter_from(&arguments->quarter), kpi_quarter_to(&arguments->quarter),
                              arguments->known_at, message);
    struct kpi_report *report =
        may ? kpi_collect(&source, config, &arguments->quarter, arguments->known_at, arguments->publish, message) : NULL;

    if (report == NULL) {
        ctl_complain("%s", message);
        return asked.code;
    }
    int code = CTL_DONE;

    if (arguments->out != NULL) {
        code = write_file(arguments, report);
    } else {
        print_report(arguments, report);
    }
    kpi_destroy(&report);
    return code;
}

int report_kpi(struct ctl_context *ctl, int argc, char **argv) {
    static const struct argp_option options[] = {
        {"quarter", OPTION_QUARTER, "YYYY-QN", 0, "the financial quarter: 2025-Q1 is April to June 2025", 0},
        {"known-at", OPTION_KNOWN_AT, "SEQ|INSTANT", 0, "by what was known then", 0},
        {"publish", OPTION_PUBLISH, NULL, 0, "for publication: small counts are hidden, the others rounded", 0},
        {"out", OPTION_OUT, "FILE", 0, "write a new file: .html, .xlsx or .json", 0},
        {0}};
    static const struct argp_child children[] = {{&ctl_global_argp, 0, "Where and how:", 0}, {0}};
    static const struct argp argp = {
        .options = options,
        .parser = take_option,
        .doc = "The measures of a financial quarter that the configuration defines (kpis): value, target, met or not, direction "
               "of travel, the "
               "same quarter last year and the range of the last eight quarters, with a sentence on each.\v"
               "Example:\n  waitlistctl report kpi --quarter 2025-Q1 --out q1.html\n",
        .children = children};
    struct kpi_arguments arguments = {.ctl = ctl};

    ctl_parse(&argp, "report kpi", argc, argv, &arguments);
    struct config *config = config_load(ctl->config_path != NULL ? ctl->config_path : DEFAULT_CONFIG, ctl_complain_line, NULL);
    int code = config == NULL ? CTL_REFUSED : report_with(&arguments, config);

    config_free(&config);
    json_decref(arguments.known_at);
    return code;
}
