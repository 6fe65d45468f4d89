/* waitlistctl backup: has the daemon make a backup of its journal, and waits until it was checked. */
#include "client/ctl/ctl.h"
#include "client/tables/table.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define POLL_MS 200

enum { OPTION_WITH_KEY = 0x400 };

struct backup_arguments {
    struct ctl_context *ctl;
    const char *path;
    bool with_key;
};

static const struct argp_option options[] = {
    {"with-key", OPTION_WITH_KEY, NULL, 0, "also copies the key of the personal data's hashes, to PATH.key; keep the two apart", 0}, {0}};

static error_t take_option(int key, char *argument, struct argp_state *state) {
    struct backup_arguments *arguments = state->input;

    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = arguments->ctl;
        return 0;
    case OPTION_WITH_KEY:
        arguments->with_key = true;
        return 0;
    case ARGP_KEY_ARG:
        if (arguments->path != NULL) {
            argp_error(state, "one backup at a time");
        }
        arguments->path = argument;
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

/* Asks without printing; NULL after the complaint, with the exit code in `code`. */
static json_t *ask(struct ctl_context *ctl, json_t *request, int *code) {
    enum table_format format = ctl->format;
    json_t *reply;

    ctl->format = FORMAT_TABLE;
    *code = ctl_ask(ctl, request, &reply);
    ctl->format = format;
    return reply;
}

/* The folder of a path is the daemon's when both names lead to the same place, or are the same name where we cannot look. */
static bool is_folder(const char *path, size_t length, const char *directory) {
    char *folder = strndup(length == 0 ? "/" : path, length == 0 ? 1 : length);

    if (folder == NULL) {
        abort();
    }
    char *here = realpath(folder, NULL);
    char *there = realpath(directory, NULL);
    bool same = strcmp(here != NULL ? here : folder, there != NULL ? there : directory) == 0;

    free(there);
    free(here);
    free(folder);
    return same;
}

/* The name that the daemon is told; NULL after the complaint. */
static const char *name_of(const struct backup_arguments *arguments, const char *directory, char *made, size_t size) {
    time_t now = time(NULL);
    struct tm utc;

    if (arguments->path == NULL) {
        (void)gmtime_r(&now, &utc);
        (void)strftime(made, size, "journal-%Y%m%dT%H%M%SZ.db", &utc);
        return made;
    }
    const char *slash = strrchr(arguments->path, '/');

    if (slash == NULL) {
        return arguments->path;
    }
    if (!is_folder(arguments->path, (size_t)(slash - arguments->path), directory)) {
        ctl_complain("the daemon writes backups only into %s (journal.backup_directory): name one there, and copy it from there",
                     directory);
        return NULL;
    }
    return slash + 1;
}

static void show_progress(const json_t *status) {
    const json_t *progress = json_object_get(status, "progress");

    if (isatty(STDERR_FILENO)) {
        fprintf(stderr, "\r%-8s %3.0f %%", ctl_text(status, "state"), 100 * json_number_value(progress));
    }
}

static bool is_under_way(const json_t *status) {
    const char *state = ctl_text(status, "state");

    return strcmp(state, "copying") == 0 || strcmp(state, "checking") == 0;
}

/* Waits for the end of the backup; the last status, or NULL after the complaint. */
static json_t *follow(struct ctl_context *ctl, json_t *status, int *code) {
    while (status != NULL && is_under_way(status)) {
        const struct timespec pause = {0, POLL_MS * 1000000L};

        show_progress(status);
        json_decref(status);
        (void)nanosleep(&pause, NULL);
        status = ask(ctl, json_pack("{s:i, s:s}", "v", WAITLIST_PROTOCOL_VERSION, "op", WAITLIST_OP_BACKUP_STATUS), code);
    }
    if (isatty(STDERR_FILENO)) {
        fputs("\r             \r", stderr);
    }
    return status;
}

static void print_done(const json_t *status) {
    const char *directory = ctl_text(status, "directory"), *name = ctl_text(status, "name");

    printf("%s/%s: made and checked; %" PRId64 " events, %" PRId64 " alert transitions, %.1f MB\n", directory, name,
           ctl_int(status, "journal_seq"), ctl_int(status, "alert_seq"), (double)ctl_int(status, "bytes") / 1e6);
    if (json_is_true(json_object_get(status, "with_key"))) {
        printf("%s/%s.key: the key of the personal data's hashes; keep it apart from the backup\n", directory, name);
    }
}

static void print_as(struct ctl_context *ctl, const json_t *status) {
    static const struct column columns[] = {{"name", "NAME", COLUMN_TEXT},
                                            {"directory", "DIRECTORY", COLUMN_TEXT},
                                            {"epoch", "EPOCH", COLUMN_TEXT},
                                            {"journal_seq", "JOURNAL SEQ", COLUMN_NUMBER},
                                            {"alert_seq", "ALERT SEQ", COLUMN_NUMBER},
                                            {"bytes", "BYTES", COLUMN_NUMBER}};

    if (ctl->format == FORMAT_JSON) {
        (void)json_dumpf(status, stdout, JSON_COMPACT);
        putchar('\n');
    } else if (ctl->format == FORMAT_CSV) {
        struct table *table = table_create(columns, sizeof columns / sizeof *columns);

        for (size_t i = 0; i < sizeof columns / sizeof *columns; i++) {
            table_json(table, json_object_get(status, columns[i].name));
        }
        table_print(table, FORMAT_CSV, stdout);
        table_destroy(&table);
    } else {
        print_done(status);
    }
}

static int back_up(const struct backup_arguments *arguments) {
    char made[64];
    int code;
    json_t *status = ask(arguments->ctl, json_pack("{s:i, s:s}", "v", WAITLIST_PROTOCOL_VERSION, "op", WAITLIST_OP_BACKUP_STATUS), &code);

    if (status == NULL) {
        return code;
    }
    const char *name = name_of(arguments, ctl_text(status, "directory"), made, sizeof made);

    json_decref(status);
    if (name == NULL) {
        return CTL_REFUSED;
    }
    status = ask(arguments->ctl,
                 json_pack("{s:i, s:s, s:s, s:b}", "v", WAITLIST_PROTOCOL_VERSION, "op", WAITLIST_OP_BACKUP, "name", name, "with_key",
                           arguments->with_key),
                 &code);
    status = follow(arguments->ctl, status, &code);
    if (status == NULL) {
        return code;
    }
    if (strcmp(ctl_text(status, "name"), name) != 0) {
        ctl_complain("another backup was begun since: the daemon's log says what became of %s", name);
        code = CTL_REFUSED;
    } else if (strcmp(ctl_text(status, "state"), "done") != 0) {
        ctl_complain("no backup was made: %s", ctl_text(status, "message"));
        code = CTL_REFUSED;
    } else {
        print_as(arguments->ctl, status);
    }
    json_decref(status);
    return code;
}

int command_backup(struct ctl_context *ctl, int argc, char **argv) {
    static const struct argp_child children[] = {{&ctl_global_argp, 0, "Where and how:", 0}, {0}};
    static const struct argp argp = {
        .options = options,
        .parser = take_option,
        .args_doc = "[PATH]",
        .doc =
            "Have the running daemon make a backup of its journal, and wait until it was checked.\v"
            "The daemon writes it, as its own user, into the folder journal.backup_directory of its host; events go on meanwhile. PATH is "
            "a new name in that folder; without it the name has the date. Nothing is ever overwritten.\n\n"
            "Example:\n  waitlistctl backup before-upgrade.db\n",
        .children = children};
    struct backup_arguments arguments = {.ctl = ctl};

    ctl_parse(&argp, "backup", argc, argv, &arguments);
    return back_up(&arguments);
}
