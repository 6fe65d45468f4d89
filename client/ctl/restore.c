/* waitlistctl restore: puts a backup in the journal's place, or accepts what lies there, under a new epoch; the daemon must not run. */
#include "daemon/journal/restore.h"
#include "client/ctl/ctl.h"
#include "client/tables/table.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { OPTION_ACCEPT = 0x400, OPTION_DRY_RUN };

struct restore_arguments {
    struct ctl_context *ctl;
    const char *paths[2];
    size_t count;
    bool accept, dry_run;
};

static const struct argp_option options[] = {
    {"accept", OPTION_ACCEPT, NULL, 0, "go on with the journal that lies there, though it is an older copy or another one", 0},
    {"dry-run", OPTION_DRY_RUN, NULL, 0, "check, and say what would be lost, but change nothing", 0},
    {0}};

static error_t take_option(int key, char *argument, struct argp_state *state) {
    struct restore_arguments *arguments = state->input;

    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = arguments->ctl;
        return 0;
    case OPTION_ACCEPT:
        arguments->accept = true;
        return 0;
    case OPTION_DRY_RUN:
        arguments->dry_run = true;
        return 0;
    case ARGP_KEY_ARG:
        if (arguments->count == 2) {
            argp_error(state, "too many arguments");
        }
        arguments->paths[arguments->count++] = argument;
        return 0;
    case ARGP_KEY_END:
        if (arguments->accept && arguments->count > 1) {
            argp_error(state, "--accept takes the journal alone");
        }
        if (!arguments->accept && arguments->count == 0) {
            argp_error(state, "which backup?");
        }
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static bool tell_progress(void *context, enum journal_work work, uint64_t done, uint64_t total) {
    static const char *const doing[] = {
        [JOURNAL_COPIES] = "copying", [JOURNAL_CHECKS_EVENTS] = "checking events", [JOURNAL_CHECKS_PAGES] = "checking pages"};

    (void)context;
    if (isatty(STDERR_FILENO) && total > 0) {
        fprintf(stderr, "\r%-16s %3.0f %%", doing[work], 100.0 * (double)done / (double)total);
    }
    return true;
}

static void print_sound(const struct restore_arguments *arguments, const struct journal_summary *summary) {
    char received[INSTANT_SIZE] = "";

    if (summary->last_received != INSTANT_NONE) {
        instant_format(summary->last_received, received);
    }
    printf("%s is sound: %llu events%s%s, %llu alert transitions, %llu reported days\n", arguments->paths[0],
           (unsigned long long)summary->last_seq, received[0] != '\0' ? ", the last received " : "", received,
           (unsigned long long)summary->last_alert_seq, (unsigned long long)summary->reports);
}

static uint64_t beyond(uint64_t before, uint64_t after) {
    return before > after ? before - after : 0;
}

static void print_loss(const struct journal_restored *restored, bool dry_run) {
    const struct highwater_mark *before = &restored->before;
    uint64_t events = beyond(before->last_seq, restored->restored.last_seq);
    uint64_t alerts = beyond(before->last_alert_seq, restored->restored.last_alert_seq);
    uint64_t records = beyond(before->last_place, restored->restored.last_place);

    if (!restored->knows_before) {
        puts("nothing is known of a journal that was here before");
        return;
    }
    printf("the journal here had come to event %llu and alert transition %llu\n", (unsigned long long)before->last_seq,
           (unsigned long long)before->last_alert_seq);
    if (strcmp(before->epoch, restored->restored.epoch) != 0) {
        puts("it was another journal (another epoch), so its numbers say nothing about this one");
    } else if (events + alerts + records == 0) {
        puts("nothing that it had is missing from this one");
    } else if (events + alerts == 0) {
        printf("%s missing: %llu records that came after; what was redacted since must be redacted again\n", dry_run ? "would be" : "now",
               (unsigned long long)records);
    } else {
        printf("%s missing: %llu events (seq %llu to %llu) and %llu alert transitions that came after; "
               "have the senders send these days again: "
               "what is there already is a duplicate and changes nothing; what was redacted since must be redacted again\n",
               dry_run ? "would be" : "now", (unsigned long long)events, (unsigned long long)restored->restored.last_seq + 1,
               (unsigned long long)before->last_seq, (unsigned long long)alerts);
    }
}

static void print_result(const struct restore_arguments *arguments, const char *journal, const struct journal_restored *restored) {
    if (!arguments->accept) {
        print_sound(arguments, &restored->restored);
    }
    print_loss(restored, arguments->dry_run);
    if (arguments->dry_run) {
        puts("dry run: nothing was changed");
        return;
    }
    printf("done: %s has the new epoch %s\n", journal, restored->epoch);
    if (restored->aside[0] != '\0') {
        printf("what was there is kept: %s\n", restored->aside);
    }
    if (restored->key == JOURNAL_KEY_COPIED) {
        puts("the key beside the backup was put beside the journal, which had none");
    } else if (restored->key == JOURNAL_KEY_NONE) {
        puts("there is no key, here or beside the backup: the daemon makes a new one, so personal data that comes again gets other hashes");
    }
    puts("start the daemon; subscribers see another epoch and read its alerts from the beginning");
}

static void print_json(const char *journal, const struct journal_restored *restored, bool dry_run) {
    json_t *result = json_pack("{s:s, s:b, s:s, s:I, s:I, s:I}", "journal", journal, "dry_run", dry_run, "epoch_before",
                               restored->restored.epoch, "journal_seq", (json_int_t)restored->restored.last_seq, "alert_seq",
                               (json_int_t)restored->restored.last_alert_seq, "reported_days", (json_int_t)restored->restored.reports);

    json_object_set_new(result, "epoch", dry_run ? json_null() : json_string(restored->epoch));
    json_object_set_new(result, "kept_as", restored->aside[0] != '\0' ? json_string(restored->aside) : json_null());
    json_object_set_new(result, "was",
                        !restored->knows_before
                            ? json_null()
                            : json_pack("{s:s, s:I, s:I}", "epoch", restored->before.epoch, "journal_seq",
                                        (json_int_t)restored->before.last_seq, "alert_seq", (json_int_t)restored->before.last_alert_seq));
    (void)json_dumpf(result, stdout, JSON_COMPACT);
    putchar('\n');
    json_decref(result);
}

int command_restore(struct ctl_context *ctl, int argc, char **argv) {
    static const struct argp_child children[] = {{&ctl_global_argp, 0, "Where and how:", 0}, {0}};
    static const struct argp argp = {
        .options = options,
        .parser = take_option,
        .args_doc = "BACKUP [JOURNAL]\n--accept [JOURNAL]",
        .doc = "Put a backup in the place of the journal, under a new epoch; the daemon must be stopped.\v"
               "JOURNAL is taken from the configuration (-c) unless it is given. The backup is copied and checked before anything is "
               "touched, and "
               "what was there is kept beside it. Run it as the daemon's user, or as root.\n\n"
               "Example:\n  waitlistctl restore /var/lib/waitlistd/backups/before-upgrade.db --dry-run\n",
        .children = children};
    struct restore_arguments arguments = {.ctl = ctl};
    struct journal_restored restored;
    struct timespec now;
    char message[256];

    ctl_parse(&argp, "restore", argc, argv, &arguments);
    if (ctl->format == FORMAT_CSV) {
        ctl_complain("--format csv is for tables: choose table or json");
        return CTL_USAGE;
    }
    const char *given = arguments.paths[arguments.accept ? 0 : 1];
    char *journal = given != NULL ? strdup(given) : ctl_journal_path(ctl);

    if (journal == NULL) {
        return CTL_USAGE;
    }
    (void)clock_gettime(CLOCK_REALTIME, &now);
    const struct journal_restore setup = {.backup = arguments.accept ? NULL : arguments.paths[0],
                                          .journal = journal,
                                          .dry_run = arguments.dry_run,
                                          .now = now.tv_sec * 1000 + now.tv_nsec / 1000000,
                                          .progress = tell_progress};
    enum journal_status status = journal_restore(&setup, &restored, message);

    if (isatty(STDERR_FILENO)) {
        fputs("\r                      \r", stderr);
    }
    if (status != JOURNAL_OK) {
        ctl_complain("nothing was restored: %s", message);
    } else if (ctl->format == FORMAT_JSON) {
        print_json(journal, &restored, arguments.dry_run);
    } else {
        print_result(&arguments, journal, &restored);
    }
    free(journal);
    return status == JOURNAL_OK ? CTL_DONE : CTL_REFUSED;
}
