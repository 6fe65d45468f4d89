/* waitlistctl import: the past of a case system, from its exports. */
#include "client/ctl/ctl.h"
#include "client/import/csv_import.h"
#ifdef WAITLIST_HAVE_CLD
#include "client/import/cld_import.h"
#endif

#include <string.h>

enum { OPTION_MAP = 0x500, OPTION_DRY_RUN, OPTION_REPORT, OPTION_STRICT, OPTION_ACCEPT_DATES };

struct import_arguments {
    struct ctl_context *ctl;
    bool is_cld;
    struct csv_import_options csv;
};

static error_t take_option(int key, char *argument, struct argp_state *state) {
    struct import_arguments *arguments = state->input;

    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = arguments->ctl;
        return 0;
    case OPTION_MAP:
        arguments->csv.map_path = argument;
        return 0;
    case OPTION_DRY_RUN:
        arguments->csv.dry_run = true;
        return 0;
    case OPTION_REPORT:
        arguments->csv.report_path = argument;
        return 0;
    case OPTION_STRICT:
        arguments->csv.strict = true;
        return 0;
    case OPTION_ACCEPT_DATES:
        arguments->csv.accept_dates = true;
        return 0;
    case ARGP_KEY_ARG:
        if (arguments->csv.path != NULL) {
            argp_error(state, "one file at a time");
        }
        arguments->csv.path = argument;
        return 0;
    case ARGP_KEY_END:
        if (arguments->csv.path == NULL) {
            argp_error(state, "which file?");
        } else if (arguments->csv.map_path == NULL && !arguments->is_cld) {
            argp_error(state, "which map? --map=FILE says what the columns mean; the examples are one-row-per-wait.conf and "
                              "one-row-per-event.conf");
        }
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static int import_csv(struct ctl_context *ctl, int argc, char **argv) {
    static const struct argp_option options[] = {
        {"map", OPTION_MAP, "MAP", 0, "what the columns mean (libconfig)", 0},
        {"dry-run", OPTION_DRY_RUN, NULL, 0, "check everything, send nothing; needs no daemon", 0},
        {"report", OPTION_REPORT, "FILE", 0, "write every line that was not taken to this file (CSV; JSON lines with --format=json)", 0},
        {"strict", OPTION_STRICT, NULL, 0, "send nothing unless every row can be taken", 0},
        {"accept-dates", OPTION_ACCEPT_DATES, NULL, 0, "send although a column has dates that only make sense with the month first", 0},
        {0}};
    static const struct argp_child children[] = {{&ctl_global_argp, 0, "Where and how:", 0}, {0}};
    static const struct argp argp = {
        .options = options,
        .parser = take_option,
        .args_doc = "FILE",
        .doc = "Import an export of a case system, by a map of its columns. The whole file is checked first; then the events of every "
               "row that can be taken are sent, and the others are listed with line, column and reason. Importing again is safe.\v"
               "With -c FILE the checks know the daemon's pathways.\n\nExample:\n"
               "  waitlistctl import csv waits.csv --map one-row-per-wait.conf --dry-run\n",
        .children = children};
    struct import_arguments arguments = {.ctl = ctl};

    ctl_parse(&argp, "import csv", argc, argv, &arguments);
    return csv_import_run(ctl, &arguments.csv);
}

#ifdef WAITLIST_HAVE_CLD
static int import_cld(struct ctl_context *ctl, int argc, char **argv) {
    static const struct argp_option options[] = {
        {"map", OPTION_MAP, "MAP", 0, "how the council's data is to be understood (default: import/cld.conf beside the configuration)", 0},
        {"dry-run", OPTION_DRY_RUN, NULL, 0, "check everything, send nothing; needs no daemon", 0},
        {0}};
    static const struct argp_child children[] = {{&ctl_global_argp, 0, "Where and how:", 0}, {0}};
    static const struct argp argp = {.options = options,
                                     .parser = take_option,
                                     .args_doc = "FILE",
                                     .doc =
                                         "Import Client Level Data, releases 1 and 2: the waits that are over. It cannot yield the queue "
                                         "that is open. Importing again is safe.\v"
                                         "Example:\n  waitlistctl import cld cld.csv --dry-run\n",
                                     .children = children};
    struct import_arguments arguments = {.ctl = ctl, .is_cld = true};

    ctl_parse(&argp, "import cld", argc, argv, &arguments);
    const struct cld_import_options chosen = {
        .path = arguments.csv.path, .map_path = arguments.csv.map_path, .dry_run = arguments.csv.dry_run};

    return cld_import_run(ctl, &chosen);
}
#endif

static const struct {
    const char *name;
    int (*run)(struct ctl_context *ctl, int argc, char **argv);
} kinds[] = {
    {"csv", import_csv},
#ifdef WAITLIST_HAVE_CLD
    {"cld", import_cld},
#endif
};
#define KIND_COUNT (sizeof kinds / sizeof kinds[0])

static error_t take_kind(int key, char *argument, struct argp_state *state) {
    struct import_arguments *arguments = state->input;

    (void)argument;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = arguments->ctl;
        return 0;
    case ARGP_KEY_ARG:
        argp_error(state, "there is no import of that kind; there are: csv%s", KIND_COUNT > 1 ? ", cld" : "");
        return 0;
    case ARGP_KEY_NO_ARGS:
        argp_error(state, "import what? csv%s", KIND_COUNT > 1 ? " or cld" : "");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

int command_import(struct ctl_context *ctl, int argc, char **argv) {
    static const struct argp_child children[] = {{&ctl_global_argp, 0, "Where and how:", 0}, {0}};
    static const struct argp argp = {.parser = take_kind,
                                     .args_doc = "KIND FILE [OPTION...]",
                                     .doc = "Import the past of a case system. 'waitlistctl import csv --help' tells about one kind.\v"
                                            "Kinds:\n  csv   any export, by a map of its columns\n"
#ifdef WAITLIST_HAVE_CLD
                                            "  cld   Client Level Data\n"
#endif
                                            "\nExample:\n  waitlistctl import csv waits.csv --map one-row-per-wait.conf --dry-run\n",
                                     .children = children};
    struct import_arguments arguments = {.ctl = ctl};

    for (size_t i = 0; argc > 1 && i < KIND_COUNT; i++) {
        if (strcmp(argv[1], kinds[i].name) == 0) {
            return kinds[i].run(ctl, argc - 1, argv + 1);
        }
    }
    ctl_parse(&argp, "import", argc, argv, &arguments);
    return CTL_USAGE;
}
