/* waitlistctl retention: redacts waits that ended longer ago than they may be kept; what is counted stays. */
#include "client/ctl/ctl.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { OPTION_DRY_RUN = 0x800, OPTION_BY, OPTION_REASON, OPTION_LIMIT };
enum { SUBJECTS_SHOWN = 20, WAITS_A_TURN_MAX = 1000 };

struct retention_choice {
    struct ctl_context *ctl;
    const char *by, *reason;
    bool dry_run;
    long limit; /* 0: the daemon's own */
};

/* What all turns came to. */
struct retained {
    json_t *last; /* the reply of the last turn, NULL before it */
    json_t *rows, *subjects;
    json_t *oldest, *newest;
    int64_t waits, events, turns;
};

static error_t take_option(int key, char *argument, struct argp_state *state) {
    struct retention_choice *choice = state->input;
    char *end;

    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = choice->ctl;
        return 0;
    case OPTION_DRY_RUN:
        choice->dry_run = true;
        return 0;
    case OPTION_BY:
        choice->by = argument;
        return 0;
    case OPTION_REASON:
        choice->reason = argument;
        return 0;
    case OPTION_LIMIT:
        choice->limit = strtol(argument, &end, 10);
        if (*end != '\0' || choice->limit < 1 || choice->limit > WAITS_A_TURN_MAX) {
            argp_error(state, "--limit takes a number from 1 to %d", WAITS_A_TURN_MAX);
        }
        return 0;
    case ARGP_KEY_ARG:
        argp_error(state, "there is nothing to say beside options");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

/* ---- Adding up */

/* Instants and dates are compared as texts. */
static void keep_extreme(json_t **kept, const json_t *day, int sign) {
    const char *before = json_string_value(*kept), *now = json_string_value(day);

    if (now != NULL && (before == NULL || sign * strcmp(now, before) > 0)) {
        json_decref(*kept);
        *kept = json_string(now);
    }
}

static json_t *find_row(json_t *rows, const json_t *wanted) {
    size_t i;
    json_t *row;

    json_array_foreach(rows, i, row) {
        if (ctl_int(row, "year") == ctl_int(wanted, "year") && strcmp(ctl_text(row, "pathway"), ctl_text(wanted, "pathway")) == 0) {
            return row;
        }
    }
    return NULL;
}

static void add_row(json_t *rows, json_t *more) {
    static const char *const sums[] = {"waits", "events"};
    json_t *row = find_row(rows, more);

    if (row == NULL) {
        json_array_append(rows, more);
        return;
    }
    for (size_t i = 0; i < sizeof sums / sizeof sums[0]; i++) {
        json_object_set_new(row, sums[i], json_integer(ctl_int(row, sums[i]) + ctl_int(more, sums[i])));
    }
}

static void add_reply(struct retained *retained, json_t *reply) {
    size_t i;
    json_t *value;

    json_array_foreach(json_object_get(reply, "rows"), i, value) {
        add_row(retained->rows, value);
    }
    json_array_foreach(json_object_get(reply, "subjects"), i, value) {
        if (json_array_size(retained->subjects) < SUBJECTS_SHOWN) {
            json_array_append(retained->subjects, value);
        }
    }
    keep_extreme(&retained->oldest, json_object_get(reply, "oldest_end"), -1);
    keep_extreme(&retained->newest, json_object_get(reply, "newest_end"), 1);
    retained->waits += ctl_int(reply, "waits");
    retained->events += ctl_int(reply, "events");
    retained->turns++;
    json_decref(retained->last);
    retained->last = reply;
}

/* ---- Showing */

static int by_year_and_pathway(const void *left, const void *right) {
    const json_t *a = *(json_t *const *)left, *b = *(json_t *const *)right;
    int64_t years = ctl_int(a, "year") - ctl_int(b, "year");

    return years != 0 ? (years > 0 ? 1 : -1) : strcmp(ctl_text(a, "pathway"), ctl_text(b, "pathway"));
}

static json_t *sorted(json_t *rows) {
    size_t count = json_array_size(rows);
    json_t **list = calloc(count + 1, sizeof *list);
    json_t *in_order = json_array();

    if (list == NULL || in_order == NULL) {
        abort();
    }
    for (size_t i = 0; i < count; i++) {
        list[i] = json_array_get(rows, i);
    }
    qsort(list, count, sizeof *list, by_year_and_pathway);
    for (size_t i = 0; i < count; i++) {
        json_array_append(in_order, list[i]);
    }
    free(list);
    return in_order;
}

static void print_json(const struct retained *retained, bool dry_run, json_t *rows) {
    json_t *all =
        json_pack("{s:b, s:O, s:O, s:I, s:I, s:O?, s:O?, s:O, s:O, s:I, s:O, s:O}", "dry_run", dry_run, "retention_years",
                  json_object_get(retained->last, "retention_years"), "before", json_object_get(retained->last, "before"), "waits",
                  (json_int_t)retained->waits, "events", (json_int_t)retained->events, "oldest_end", retained->oldest, "newest_end",
                  retained->newest, "rows", rows, "subjects", retained->subjects, "turns", (json_int_t)retained->turns, "erased",
                  json_object_get(retained->last, "erased"), "journal_seq", json_object_get(retained->last, "journal_seq"));
    char *text = json_dumps(all, JSON_COMPACT);

    puts(text != NULL ? text : "{}");
    free(text);
    json_decref(all);
}

static void print_table(const struct retained *retained, json_t *rows, enum table_format format) {
    static const struct column columns[] = {{"year", "ENDED IN", COLUMN_TEXT},
                                            {"pathway", "PATHWAY", COLUMN_TEXT},
                                            {"waits", "WAITS", COLUMN_NUMBER},
                                            {"events", "EVENTS", COLUMN_NUMBER}};
    struct table *table = table_create(columns, sizeof columns / sizeof columns[0]);
    size_t i;
    json_t *row;

    json_array_foreach(rows, i, row) {
        for (size_t column = 0; column < sizeof columns / sizeof columns[0]; column++) {
            table_json(table, json_object_get(row, columns[column].name));
        }
    }
    if (format == FORMAT_TABLE) {
        json_t *waits = json_integer(retained->waits), *events = json_integer(retained->events);

        table_totals(table);
        table_text(table, "total");
        table_text(table, "");
        table_json(table, waits);
        table_json(table, events);
        json_decref(waits);
        json_decref(events);
    }
    table_print(table, format, stdout);
    table_destroy(&table);
}

static void print_for_people(const struct retained *retained, bool dry_run, json_t *rows) {
    size_t i;
    json_t *subject;

    printf("Waits that ended before %s, %lld years ago\n\n", ctl_text(retained->last, "before"),
           (long long)ctl_int(retained->last, "retention_years"));
    if (retained->events == 0) {
        puts(dry_run ? "none is left to redact" : "none was left to redact");
        return;
    }
    print_table(retained, rows, FORMAT_TABLE);
    printf("\nThe first of them ended on %s, the last on %s.\n", json_string_value(retained->oldest), json_string_value(retained->newest));
    if (!dry_run) {
        puts("They are redacted. Backups made before still hold who they were about.");
        return;
    }
    fputs("Nothing was changed. Among them:", stdout);
    json_array_foreach(retained->subjects, i, subject) {
        putchar(' ');
        (void)table_put_safely(json_string_value(subject), stdout);
    }
    putchar('\n');
}

static void print(const struct retained *retained, const struct retention_choice *choice) {
    json_t *rows = sorted(retained->rows);

    if (choice->ctl->format == FORMAT_JSON) {
        print_json(retained, choice->dry_run, rows);
    } else if (choice->ctl->format == FORMAT_TABLE) {
        print_for_people(retained, choice->dry_run, rows);
    } else {
        print_table(retained, rows, choice->ctl->format);
    }
    json_decref(rows);
}

/* ---- Asking */

static json_t *request_of(const struct retention_choice *choice, const json_t *after) {
    json_t *request = json_pack("{s:i, s:s, s:b}", "v", WAITLIST_PROTOCOL_VERSION, "op", WAITLIST_OP_RETENTION, "dry_run", choice->dry_run);

    if (after != NULL) {
        json_object_set(request, "after", (json_t *)(uintptr_t)after);
    }
    if (choice->limit > 0) {
        json_object_set_new(request, "limit", json_integer(choice->limit));
    }
    if (!choice->dry_run && (json_object_set_new(request, "by", json_string(choice->by)) != 0 ||
                             json_object_set_new(request, "reason", json_string(choice->reason)) != 0)) {
        json_decref(request);
        return NULL;
    }
    return request;
}

static void show_progress(const struct retained *retained) {
    int64_t of = ctl_int(retained->last, "of");

    if (isatty(STDERR_FILENO) == 1) {
        fprintf(stderr, "\r%3.0f %%, %lld waits ", 100.0 * (double)ctl_int(retained->last, "next") / (double)(of > 0 ? of : 1),
                (long long)retained->waits);
    }
}

/* All turns; each is durable when it is answered, so that an end in between leaves the rest to the next run. */
static int go_through(const struct retention_choice *choice, struct retained *retained) {
    const json_t *next = NULL;

    do {
        json_t *request = request_of(choice, next), *reply;

        if (request == NULL) {
            ctl_complain("the name and the reason must be UTF-8");
            return CTL_USAGE;
        }
        int code = ctl_ask_quietly(choice->ctl, request, &reply);

        if (code != CTL_DONE) {
            return code;
        }
        add_reply(retained, reply);
        show_progress(retained);
        next = json_object_get(retained->last, "next");
    } while (!json_is_null(next));
    return CTL_DONE;
}

static int retain(struct retention_choice *choice) {
    struct retained retained = {.rows = json_array(), .subjects = json_array()};

    choice->by = choice->by != NULL ? choice->by : ctl_login_name();
    choice->reason = choice->reason != NULL ? choice->reason : "the rule of retention";
    if (choice->by == NULL && !choice->dry_run) {
        ctl_complain("who does this? Say --by");
        return CTL_USAGE;
    }
    int code = go_through(choice, &retained);

    if (isatty(STDERR_FILENO) == 1 && retained.last != NULL) {
        fputs("\r                              \r", stderr);
    }
    if (code == CTL_DONE) {
        print(&retained, choice);
    } else if (retained.turns > 0 && !choice->dry_run) {
        ctl_complain("%lld waits were redacted before that; run it again for the others", (long long)retained.waits);
    }
    json_decref(retained.last);
    json_decref(retained.rows);
    json_decref(retained.subjects);
    json_decref(retained.oldest);
    json_decref(retained.newest);
    return code;
}

int command_retention(struct ctl_context *ctl, int argc, char **argv) {
    static const struct argp_child children[] = {{&ctl_global_argp, 0, "Where and how:", 0}, {0}};
    static const struct argp_option options[] = {{"dry-run", OPTION_DRY_RUN, NULL, 0, "only tell what would be redacted", 0},
                                                 {"by", OPTION_BY, "NAME", 0, "who, unless the name of the login", 0},
                                                 {"reason", OPTION_REASON, "TEXT", 0, "why (the rule of retention): kept for ever", 0},
                                                 {"limit", OPTION_LIMIT, "N", 0, "waits in one turn of the daemon, 1 to 1000 (50)", 0},
                                                 {0}};
    static const struct argp argp = {
        .parser = take_option,
        .options = options,
        .doc = "Redact every wait that ended longer ago than privacy.retention_years: who it was about is erased, what is counted stays. "
               "It cannot be undone.\v"
               "Example:\n  waitlistctl retention --dry-run\n",
        .children = children};
    struct retention_choice choice = {.ctl = ctl};

    ctl_parse(&argp, "retention", argc, argv, &choice);
    return retain(&choice);
}
