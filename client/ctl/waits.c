/* waitlistctl waits and wait: the people who wait, and one of them with his history. */
#include "client/ctl/query_options.h"
#include "client/tables/answers.h"

#include <stdio.h>
#include <string.h>

/* "Who waits" is not who has waited, unless --filter status=… says so. */
static void only_waiting(json_t *request) {
    json_t *filter = json_object_get(request, "filter");

    if (filter == NULL) {
        filter = json_object();
        json_object_set_new(request, "filter", filter);
    }
    if (json_object_get(filter, "status") == NULL) {
        json_object_set_new(filter, "status", json_string("waiting"));
    }
}

int command_waits(struct ctl_context *ctl, int argc, char **argv) {
    static const struct argp_option options[] = {
        QUERY_OPTION_FILTER, QUERY_OPTION_SORT, QUERY_OPTION_LIMIT, QUERY_OPTION_CURSOR, QUERY_OPTION_AS_AT, QUERY_OPTION_KNOWN_AT, {0}};
    static const struct argp_child children[] = {{&ctl_global_argp, 0, "Where and how:", 0}, {0}};
    static const struct argp argp = {
        .options = options,
        .parser = query_take_option,
        .doc = "The people who wait, longest first unless sorted otherwise; --filter status=ended (scheduled, excluded) "
               "shows others.\v"
               "Example:\n  waitlistctl waits --filter team=north --filter breach=true --sort -risk --limit 20\n",
        .children = children};
    struct query_options query;
    json_t *reply;

    query_begin(&query, ctl, WAITLIST_OP_WAITS);
    ctl_parse(&argp, "waits", argc, argv, &query);
    only_waiting(query.request);
    int code = ctl_ask(ctl, query.request, &reply);

    if (reply == NULL) {
        return code;
    }
    const json_t *rows = json_object_get(reply, "rows");
    const char *next = json_string_value(json_object_get(reply, "next"));

    if (ctl->format == FORMAT_TABLE && json_array_size(rows) == 0) {
        query_print_empty(&query, "no such waits");
    } else {
        answers_waits(rows, reply, ctl->format, stdout);
    }
    if (ctl->format == FORMAT_TABLE && json_array_size(rows) > 0) {
        printf("\n%zu of %lld shown, rule version %lld", json_array_size(rows), (long long)ctl_int(reply, "count"),
               (long long)ctl_int(reply, "rule_version"));
        printf(next != NULL ? "; the next page: --cursor %s\n" : "\n", next);
        puts("OF: the standard; TO BREACH: days until the first day in breach, negative when that is past");
    } else if (next != NULL) {
        ctl_complain("there is more: --cursor %s", next); /* on stderr: CSV has no place for it */
    }
    json_decref(reply);
    return code;
}

/* ---- One wait */

static void print_wait(const json_t *wait, const json_t *rule_version) {
    static const char *const names[] = {"subject",    "pathway",     "team",         "district",   "client_group",   "priority",
                                        "impact",     "likelihood",  "dimensions",   "person",     "worker",         "stage",
                                        "status",     "start",       "stop",         "reason",     "outcome",        "days",
                                        "gross_days", "paused_days", "is_paused",    "standard",   "days_to_breach", "breach",
                                        "due",        "breach_on",   "last_contact", "no_contact", "exceptions",     "last_event_at"};
    static const struct column columns[] = {{"name", "", COLUMN_TEXT}, {"value", "", COLUMN_TEXT}};
    struct table *table = table_create(columns, 2);

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        table_text(table, names[i]);
        table_json(table, json_object_get(wait, names[i]));
    }
    table_text(table, "rule_version");
    table_json(table, rule_version);
    table_print(table, FORMAT_TABLE, stdout);
    table_destroy(&table);
}

static void print_section(const char *title, const char *nothing, const struct column *columns, size_t count, const json_t *rows) {
    printf("\n%s\n", title);
    if (json_array_size(rows) == 0) {
        puts(nothing);
        return;
    }
    struct table *table = table_create(columns, count);
    size_t i;
    const json_t *row;

    json_array_foreach(rows, i, row) {
        for (size_t c = 0; c < count; c++) {
            table_json(table, json_object_get(row, columns[c].name));
        }
    }
    table_print(table, FORMAT_TABLE, stdout);
    table_destroy(&table);
}

static void print_history(const json_t *reply) {
    static const struct column events[] = {{"seq", "SEQ", COLUMN_NUMBER},         {"time", "TIME", COLUMN_TEXT},
                                           {"received", "RECEIVED", COLUMN_TEXT}, {"type", "EVENT", COLUMN_TEXT},
                                           {"effect", "EFFECT", COLUMN_TEXT},     {"exception", "EXCEPTION", COLUMN_TEXT}};
    static const struct column alerts[] = {{"seq", "SEQ", COLUMN_NUMBER},       {"at", "AT", COLUMN_TEXT},
                                           {"transition", "WHAT", COLUMN_TEXT}, {"rule", "RULE", COLUMN_TEXT},
                                           {"level", "LEVEL", COLUMN_NUMBER},   {"occurred_on", "OCCURRED", COLUMN_TEXT},
                                           {"reason", "REASON", COLUMN_TEXT}};

    print_wait(json_object_get(reply, "wait"), json_object_get(reply, "rule_version"));
    print_section("Events, in the order in which they count:", "none", events, sizeof events / sizeof events[0],
                  json_object_get(reply, "events"));
    print_section("Alerts:", "none", alerts, sizeof alerts / sizeof alerts[0], json_object_get(reply, "alerts"));
}

struct wait_arguments {
    struct query_options query; /* first: what query_take_option gets is this */
    bool has_subject;
};

static error_t take_wait_argument(int key, char *argument, struct argp_state *state) {
    struct wait_arguments *arguments = state->input;

    switch (key) {
    case ARGP_KEY_ARG:
        if (arguments->has_subject) {
            argp_error(state, "one wait at a time");
        }
        json_object_set_new(arguments->query.request, "subject", json_string(argument));
        arguments->has_subject = true;
        return 0;
    case ARGP_KEY_END:
        if (!arguments->has_subject) {
            argp_error(state, "which wait?");
        }
        return 0;
    default:
        return query_take_option(key, argument, state);
    }
}

int command_wait(struct ctl_context *ctl, int argc, char **argv) {
    static const struct argp_option options[] = {QUERY_OPTION_AS_AT, QUERY_OPTION_KNOWN_AT, {0}};
    static const struct argp_child children[] = {{&ctl_global_argp, 0, "Where and how:", 0}, {0}};
    static const struct argp argp = {.options = options,
                                     .parser = take_wait_argument,
                                     .args_doc = "SUBJECT",
                                     .doc = "One wait: how it stands, its events with what each did, its alerts.\v"
                                            "Example:\n  waitlistctl wait W-1041\n",
                                     .children = children};
    struct wait_arguments arguments = {.has_subject = false};
    json_t *reply;

    query_begin(&arguments.query, ctl, WAITLIST_OP_WAIT);
    ctl_parse(&argp, "wait", argc, argv, &arguments);
    int code = ctl_ask(ctl, arguments.query.request, &reply);

    if (reply == NULL) {
        return code;
    }
    if (ctl->format == FORMAT_CSV) {
        json_t *rows = json_pack("[O]", json_object_get(reply, "wait"));
        answers_waits(rows, reply, FORMAT_CSV, stdout);
        json_decref(rows);
    } else {
        print_history(reply);
    }
    json_decref(reply);
    return code;
}
