/* waitlistctl: the command line of waitlistd. Finds the command, hands it the rest of the line, ends with its exit code. */
#include "client/ctl/ctl.h"
#include "daemon/system/secrecy.h"

#include <langinfo.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct ctl_command commands[] = {
    {"status", command_status, "how the daemon is: clock, journal, sources, complaints"},
    {"summary", command_summary, "how many wait, by pathway, team, district …"},
    {"distribution", command_distribution, "how many wait by completed week waited, for a histogram"},
    {"flow", command_flow, "who began to wait, was completed or closed, day by day or month by month"},
    {"series", command_series, "the position of every day, week, month or quarter, for a chart"},
    {"restatement", command_restatement, "what was reported, what is known now, and what explains the difference"},
    {"waits", command_waits, "the people who wait, longest first"},
    {"wait", command_wait, "one wait: how it stands, its events, its alerts"},
    {"exceptions", command_exceptions, "what was recorded and contradicts, with the events involved"},
    {"data-quality", command_data_quality, "how late, complete and consistent what was recorded is"},
    {"watch", command_watch, "live view of the queues, to be left open"},
    {"alerts", command_alerts, "who is about to breach or has; --follow goes on"},
    {"digest", command_digest, "a team's morning list: new breaches, due this week, no contact"},
    {"ack", command_ack, "say that somebody deals with an open alert, and until when"},
    {"quarantine", command_quarantine, "what could not be accepted: list, show, retry, discard"},
    {"send", command_send, "send events (one JSON object a line) until all are durable"},
#ifdef WAITLIST_HAVE_IMPORT
    {"import", command_import, "bring in the past from an export of a case system"},
#endif
#ifdef WAITLIST_HAVE_SIMULATE
    {"simulate", command_simulate, "write or send a synthetic council's events"},
#endif
#ifdef WAITLIST_HAVE_CLD
    {"report", command_report, "the national waiting times, and the measures of a quarter"},
#endif
    {"export", command_export, "write a pack of evidence for an inspector"},
    {"keygen", command_keygen, "make a key that signs packs, or a pair for encryption"},
    {"token", command_token, "who may use the dashboard: make, list and remove tokens"},
    {"redact", command_redact, "erase who accepted events were about"},
    {"retention", command_retention, "erase who waits were about that ended long ago"},
    {"access", command_access, "who looked at which wait, list or export, and what was denied"},
    {"verify", command_verify, "check a journal's file, a pack of evidence or an access log"},
    {"backup", command_backup, "have the daemon make a backup of its journal"},
    {"restore", command_restore, "put a backup in the journal's place, under a new epoch"},
    {"completion", command_completion, "print the completion script of a shell"},
};
#define COMMAND_COUNT (sizeof commands / sizeof commands[0])

struct choice {
    struct ctl_context *ctl;
    int command_at; /* in argv; 0: none */
};

static error_t take_word(int key, char *argument, struct argp_state *state) {
    struct choice *choice = state->input;

    (void)argument;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = choice->ctl;
        return 0;
    case ARGP_KEY_ARG:
        choice->command_at = state->next - 1;
        state->next = state->argc; /* the rest is the command's */
        return 0;
    case ARGP_KEY_NO_ARGS:
        argp_error(state, "which command?");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

/* The commands under the usage line: argp knows no commands. */
static char *describe_commands(int key, const char *text, void *input) {
    (void)input;
    if (key != ARGP_KEY_HELP_POST_DOC) {
        return (char *)(uintptr_t)text;
    }
    size_t size = 0;
    char *described = NULL;
    FILE *stream = open_memstream(&described, &size);

    if (stream == NULL) {
        return (char *)(uintptr_t)text;
    }
    fputs("Commands:\n", stream);
    for (size_t i = 0; i < COMMAND_COUNT; i++) {
        fprintf(stream, "  %-12s %s\n", commands[i].name, commands[i].summary);
    }
    fputs(text, stream);
    fclose(stream);
    return described;
}

/* Names and labels are UTF-8 whatever the terminal's language is set to. */
static void choose_locale(void) {
    if (setlocale(LC_CTYPE, "") == NULL || strcmp(nl_langinfo(CODESET), "UTF-8") != 0) {
        (void)setlocale(LC_CTYPE, "C.UTF-8");
    }
}

static int run(struct ctl_context *ctl, int argc, char **argv) {
    for (size_t i = 0; i < COMMAND_COUNT; i++) {
        if (strcmp(argv[0], commands[i].name) == 0) {
            return commands[i].run(ctl, argc, argv);
        }
    }
    ctl_complain("there is no command '%s'; 'waitlistctl --help' lists them", argv[0]);
    return CTL_USAGE;
}

int main(int argc, char **argv) {
    static const struct argp_child children[] = {{&ctl_global_argp, 0, "Where the daemon is, and how to answer:", 0}, {0}};
    static const struct argp argp = {
        .parser = take_word,
        .args_doc = "COMMAND [OPTION...]",
        .doc = "Ask and feed waitlistd, the waiting-list monitor.\v"
               "'waitlistctl COMMAND --help' tells about one command. Exit codes: 0 done, 1 refused or not all done, 2 wrong usage, "
               "3 the daemon cannot be reached.\n\nExample:\n  waitlistctl summary --group-by pathway,team --filter district=lancaster\n",
        .children = children,
        .help_filter = describe_commands};
    struct ctl_context ctl = {.timeout_ms = 30000};
    struct choice choice = {.ctl = &ctl};

    secrecy_begin("waitlistctl"); /* some commands read keys */
    choose_locale();
    argp_program_version = "waitlistctl " WAITLIST_VERSION;
    argp_err_exit_status = CTL_USAGE;
    (void)argp_parse(&argp, argc, argv, ARGP_IN_ORDER, NULL, &choice);
    int code = ctl_take_behalf(&ctl) ? run(&ctl, argc - choice.command_at, argv + choice.command_at) : CTL_USAGE;

    ctl_context_clear(&ctl);
    if (fflush(stdout) != 0 || ferror(stdout)) {
        ctl_complain("the output could not be written");
        code = code == CTL_DONE ? CTL_REFUSED : code;
    }
    return code;
}
