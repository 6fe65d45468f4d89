/* waitlistctl restatement: what was reported, what is known now, and what came since that explains the difference. */
#include "client/ctl/query_options.h"
#include "client/tables/answers.h"
#include "client/tables/layout.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { EVENTS_SHOWN_MAX = 5 };

static const char *const sides[] = {"reported", "known"};

/* One side of a change in a few words. */
static void print_side(const char *label, const json_t *wait) {
    static const struct {
        const char *member, *words;
    } marks[] = {{"breach", ", in breach"}, {"due", ", due"}, {"is_paused", ", paused"}, {"no_contact", ", no contact"}};
    const char *status = ctl_text(wait, "status");

    printf("    %-9s", label);
    if (json_is_null(wait)) {
        puts("not there");
        return;
    }
    printf("%s, %s, %s", status, ctl_text(wait, "pathway"), ctl_text(wait, "team"));
    if (!json_is_null(json_object_get(wait, "days"))) {
        printf(", %lld of %lld days", (long long)ctl_int(wait, "days"), (long long)ctl_int(wait, "standard"));
    }
    printf(", %s", ctl_text(wait, "stage"));
    for (size_t i = 0; i < sizeof marks / sizeof marks[0]; i++) {
        printf("%s", json_is_true(json_object_get(wait, marks[i].member)) ? marks[i].words : "");
    }
    putchar('\n');
}

static void print_change(const json_t *change) {
    size_t i;
    const json_t *event, *events = json_object_get(change, "events");
    int64_t total = ctl_int(change, "events_total");

    printf("  %s  %s\n", ctl_text(change, "day"), ctl_text(change, "subject"));
    print_side("reported", json_object_get(change, "reported"));
    print_side("known", json_object_get(change, "known"));
    json_array_foreach(events, i, event) {
        if (i < EVENTS_SHOWN_MAX) {
            printf("    seq %lld, received %.10s: %s of %.10s (%s %s)\n", (long long)ctl_int(event, "seq"), ctl_text(event, "received"),
                   ctl_text(event, "type"), ctl_text(event, "time"), ctl_text(event, "source"), ctl_text(event, "id"));
        }
    }
    if (total > EVENTS_SHOWN_MAX) {
        printf("    and %lld more\n", (long long)(total - EVENTS_SHOWN_MAX));
    }
}

static void print_days(const json_t *totals) {
    size_t i;
    const json_t *total;

    json_array_foreach(totals, i, total) {
        if (json_is_true(json_object_get(total, "reconstructed"))) {
            printf("%s was reported later, at seq %lld: the daemon did not run at its midnight\n", ctl_text(total, "day"),
                   (long long)ctl_int(total, "reported_seq"));
        }
        if (json_is_false(json_object_get(total, "explained"))) {
            printf("%s: events alone do not explain the difference; policy or rules are others than then (rule version %lld)\n",
                   ctl_text(total, "day"), (long long)ctl_int(total, "reported_rule_version"));
        }
    }
}

static void print_changes(const json_t *reply) {
    size_t i;
    const json_t *change, *changes = json_object_get(reply, "changes");
    int64_t total = ctl_int(reply, "changes_total");

    printf("\n%lld waits count otherwise%s\n", (long long)total, json_array_size(changes) == 0 ? "" : ", because of what came since:");
    json_array_foreach(changes, i, change) {
        print_change(change);
    }
    if (total > (int64_t)json_array_size(changes)) {
        printf("%lld not shown: a larger --limit, --filter, or a single day shows them\n",
               (long long)(total - (int64_t)json_array_size(changes)));
    }
}

static const char *const wait_members[] = {"status", "pathway", "team",     "district", "client_group", "stage",     "start",
                                           "stop",   "days",    "standard", "breach",   "due",          "is_paused", "no_contact"};
static const char *const event_members[] = {"seq", "received", "type", "time", "source", "id"};
#define WAIT_MEMBER_COUNT (sizeof wait_members / sizeof wait_members[0])
#define EVENT_MEMBER_COUNT (sizeof event_members / sizeof event_members[0])

struct explained_columns {
    struct layout layout;
    char names[2][WAIT_MEMBER_COUNT][40]; /* reported and known */
    char event_names[EVENT_MEMBER_COUNT][40];
};

static void lay_out_explained(struct explained_columns *columns) {
    layout_columns(&columns->layout, (const struct column[]){{"day", "", COLUMN_TEXT}, {"subject", "", COLUMN_TEXT}}, 2);
    for (size_t side = 0; side < 2; side++) {
        for (size_t i = 0; i < WAIT_MEMBER_COUNT; i++) {
            snprintf(columns->names[side][i], sizeof columns->names[side][i], "%s_%s", wait_members[i], sides[side]);
            layout_columns(&columns->layout, &(struct column){columns->names[side][i], "", COLUMN_TEXT}, 1);
        }
    }
    for (size_t i = 0; i < EVENT_MEMBER_COUNT; i++) {
        snprintf(columns->event_names[i], sizeof columns->event_names[i], "event_%s", event_members[i]);
        layout_columns(&columns->layout, &(struct column){columns->event_names[i], "", COLUMN_TEXT}, 1);
    }
    layout_columns(&columns->layout, &(struct column){"rule_version", "", COLUMN_TEXT}, 1);
}

/* `event`: NULL where no event explains the wait. */
static void add_explained(struct table *table, const json_t *change, const json_t *event, const json_t *reply) {
    table_json(table, json_object_get(change, "day"));
    table_json(table, json_object_get(change, "subject"));
    for (size_t side = 0; side < 2; side++) {
        for (size_t i = 0; i < WAIT_MEMBER_COUNT; i++) {
            table_json(table, json_object_get(json_object_get(change, sides[side]), wait_members[i]));
        }
    }
    for (size_t i = 0; i < EVENT_MEMBER_COUNT; i++) {
        table_json(table, json_object_get(event, event_members[i]));
    }
    table_json(table, json_object_get(reply, "rule_version"));
}

/* For a spreadsheet: a row for each wait that counts otherwise and each event that explains it. */
static void print_explanation(const json_t *reply) {
    struct explained_columns columns = {0};
    size_t i, e;
    const json_t *change, *event;

    lay_out_explained(&columns);
    struct table *table = table_create(columns.layout.columns, columns.layout.count);

    json_array_foreach(json_object_get(reply, "changes"), i, change) {
        const json_t *events = json_object_get(change, "events");

        if (json_array_size(events) == 0) {
            add_explained(table, change, NULL, reply);
        }
        json_array_foreach(events, e, event) {
            add_explained(table, change, event, reply);
        }
    }
    table_print(table, FORMAT_CSV, stdout);
    table_destroy(&table);
    int64_t total = ctl_int(reply, "changes_total"), shown = (int64_t)json_array_size(json_object_get(reply, "changes"));

    if (total > shown) {
        ctl_complain("%lld waits more count otherwise: a larger --limit or a --filter shows them", (long long)(total - shown));
    }
}

static void print_reply(const struct ctl_context *ctl, const json_t *reply, const json_t *group_by) {
    if (ctl->format == FORMAT_TABLE) {
        printf("Positions as reported, as known NOW (at seq %lld, rule version %lld), and the difference\n",
               (long long)ctl_int(reply, "known_at"), (long long)ctl_int(reply, "rule_version"));
        print_days(json_object_get(reply, "totals"));
        putchar('\n');
    }
    answers_restatement(reply, group_by, ctl->format, stdout);
    if (ctl->format == FORMAT_TABLE) {
        print_changes(reply);
    }
}

enum { OPTION_EXPLAIN = 0x700 };

struct restatement_arguments {
    struct query_options query; /* first: what query_take_option gets is this */
    bool explain;
};

static error_t take_day(int key, char *argument, struct argp_state *state) {
    struct restatement_arguments *arguments = state->input;
    struct query_options *query = &arguments->query;

    if (key == OPTION_EXPLAIN) {
        arguments->explain = true;
        return 0;
    }
    if (key == ARGP_KEY_ARG && state->arg_num == 0) {
        query_take_date(query, "day", argument, state);
        return 0;
    }
    return query_take_option(key, argument, state);
}

int command_restatement(struct ctl_context *ctl, int argc, char **argv) {
    static const struct argp_option options[] = {
        QUERY_OPTION_FROM,
        QUERY_OPTION_TO,
        QUERY_OPTION_GROUP_BY,
        QUERY_OPTION_FILTER,
        QUERY_OPTION_KNOWN_AT,
        {"limit", OPTION_LIMIT, "N", 0, "at most so many waits that count otherwise, 0 to 1000 (default 100)", 0},
        {"explain", OPTION_EXPLAIN, NULL, 0, "CSV of the waits that count otherwise and the events that explain it, not of the figures", 0},
        {0}};
    static const struct argp_child children[] = {{&ctl_global_argp, 0, "Where and how:", 0}, {0}};
    static const struct argp argp = {
        .options = options,
        .parser = take_day,
        .args_doc = "[YYYY-MM-DD]",
        .doc = "What was reported for a day, or for each day from --from to --to, what is known of it now, the difference, and the waits "
               "and events that explain it. Reported are the total and the groups pathway; team; pathway,team; pathway,district; "
               "pathway,client_group.\v"
               "Example:\n  waitlistctl restatement 2025-07-31 --group-by pathway\n"
               "  waitlistctl --format csv restatement 2025-07-31 --explain --limit 1000\n",
        .children = children};
    struct restatement_arguments arguments = {.explain = false};
    struct query_options *query = &arguments.query;
    json_t *reply;

    query_begin(query, ctl, WAITLIST_OP_RESTATEMENT);
    ctl_parse(&argp, "restatement", argc, argv, &arguments);
    if (arguments.explain && ctl->format != FORMAT_CSV) {
        ctl_complain("--explain goes with --format csv; table and json have the waits and events beside the figures");
        json_decref(query->request);
        return CTL_USAGE;
    }
    if (json_object_get(query->request, "day") == NULL) {
        query_require(query, "from", "restatement wants a day, as 2025-07-31, or --from and --to");
        query_require(query, "to", "restatement wants a day, as 2025-07-31, or --from and --to");
    }
    json_t *group_by = json_incref(json_object_get(query->request, "group_by"));
    int code = ctl_ask(ctl, query->request, &reply);

    if (reply != NULL) {
        if (arguments.explain) {
            print_explanation(reply);
        } else {
            print_reply(ctl, reply, group_by);
        }
        json_decref(reply);
    }
    json_decref(group_by);
    return code;
}
